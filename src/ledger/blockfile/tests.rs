use super::*;
use proptest::prelude::*;
use std::sync::OnceLock;

const CONTENTS: [&[u8]; 4] = [b"genesis", b"", &[7; 300], b"last"];

/// The bytes of a file with the four contents.
fn image() -> &'static [u8] {
    static IMAGE: OnceLock<Vec<u8>> = OnceLock::new();
    IMAGE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let mut file = BlockFile::create(folder.path()).unwrap();
        for content in CONTENTS {
            file.append(content).unwrap();
        }
        std::fs::read(folder.path().join(FILE_NAME)).unwrap()
    })
}

fn open(bytes: &[u8], committed: u64) -> (tempfile::TempDir, Result<(BlockFile, Option<TornTail>), StoreError>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(FILE_NAME), bytes).unwrap();
    let opened = BlockFile::open(folder.path(), committed);
    (folder, opened)
}

fn damage(bytes: &[u8], committed: u64) -> Damage {
    match open(bytes, committed).1 {
        Err(StoreError::Damaged(damage)) => damage,
        other => panic!("{other:?}"),
    }
}

#[test]
fn appends_and_reads_back() {
    let (folder, opened) = open(image(), 4);
    let (mut file, torn) = opened.unwrap();
    assert_eq!((file.len(), torn), (4, None));
    file.append(b"more").unwrap();
    for (number, content) in (0..).zip(CONTENTS.iter().chain(&[&b"more"[..]])) {
        assert_eq!(file.read(number).unwrap(), *content);
    }
    assert!(matches!(file.read(5), Err(StoreError::NoSuchBlock { number: 5 })));
    assert!(matches!(file.read(u64::MAX), Err(StoreError::NoSuchBlock { .. })));
    assert!(matches!(BlockFile::create(folder.path()), Err(StoreError::Exists { .. })));
}

/// Cut anywhere, the file is damaged where blocks were committed, and otherwise ends with the last whole block.
#[test]
fn every_torn_tail() {
    let whole = image();
    let ends: Vec<usize> = CONTENTS
        .iter()
        .scan(MAGIC.len(), |end, content| {
            *end += HEAD + content.len() + SUM;
            Some(*end)
        })
        .collect();
    for length in MAGIC.len()..whole.len() {
        let kept = ends.iter().filter(|end| **end <= length).count() as u64;
        let (folder, opened) = open(&whole[..length], kept);
        let (file, torn) = opened.unwrap();
        let offset = ends.iter().rfind(|end| **end <= length).copied().unwrap_or(MAGIC.len()) as u64;
        let bytes = length as u64 - offset;
        assert_eq!(torn, (bytes > 0).then_some(TornTail { number: kept, offset, bytes }));
        assert_eq!(file.len(), kept);
        assert_eq!(std::fs::metadata(folder.path().join(FILE_NAME)).unwrap().len(), offset);
        assert_eq!(damage(&whole[..length], kept + 1), Damage::Missing(kept));
    }
    for length in 0..MAGIC.len() {
        assert_eq!(damage(&whole[..length], 0), Damage::Magic);
    }
}

/// Reading alone neither cuts a torn tail nor lets anything be appended.
#[test]
fn read_only() {
    let (folder, _) = open(image(), 4);
    let path = folder.path().join(FILE_NAME);
    let torn = [image(), b"torn"].concat();
    std::fs::write(&path, &torn).unwrap();
    let (mut file, tail) = BlockFile::open_read_only(folder.path(), 4).unwrap();
    assert_eq!(tail, Some(TornTail { number: 4, offset: image().len() as u64, bytes: 4 }));
    assert!(file.append(b"x").is_err());
    assert_eq!(std::fs::read(&path).unwrap(), torn);
}

/// Damage that comes while the file is open is found by the next read.
#[test]
fn damage_under_an_open_file() {
    let (folder, opened) = open(image(), 4);
    let (file, _) = opened.unwrap();
    let mut bytes = image().to_vec();
    bytes[MAGIC.len() + HEAD] ^= 1;
    std::fs::write(folder.path().join(FILE_NAME), bytes).unwrap();
    assert!(matches!(file.read(0), Err(StoreError::Damaged(Damage::Content(0)))));
}

/// Any flipped bits in any byte of committed blocks are damage to the very block that holds the byte.
#[test]
fn every_flipped_byte_of_committed_blocks() {
    let mut starts = vec![MAGIC.len()];
    starts.extend(CONTENTS.iter().scan(MAGIC.len(), |end, content| {
        *end += HEAD + content.len() + SUM;
        Some(*end)
    }));
    for at in 0..image().len() {
        let mut bytes = image().to_vec();
        bytes[at] ^= 0x40;
        let block = starts.iter().rposition(|start| *start <= at);
        let expected = match block {
            None => Damage::Magic,
            Some(n) if at < starts[n] + HEAD => Damage::Head(n as u64),
            Some(n) => Damage::Content(n as u64),
        };
        assert_eq!(damage(&bytes, 4), expected, "byte {at}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Where nothing is known to be committed, only the content of the last block can pass for a torn tail, and that is
    /// reported; a flipped length never swallows the blocks behind it.
    #[test]
    fn flips_without_a_savepoint(at in 0..image().len(), flip in 1_u8..) {
        let mut bytes = image().to_vec();
        bytes[at] ^= flip;
        let last = image().len() - (b"last".len() + SUM);
        match open(&bytes, 0).1 {
            Err(StoreError::Damaged(_)) => prop_assert!(at < last),
            Ok((file, Some(torn))) => prop_assert_eq!((at >= last, file.len(), torn.number), (true, 3, 3)),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn any_file(bytes in prop::collection::vec(any::<u8>(), 0..200), committed in 0_u64..3) {
        let bytes = [MAGIC, &bytes].concat();
        if let Ok((file, torn)) = open(&bytes, committed).1 {
            prop_assert!(file.len() >= committed);
            prop_assert!(torn.is_some() || bytes.len() == MAGIC.len());
        }
    }
}
