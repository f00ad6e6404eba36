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
        std::fs::read(folder.path().join(BLOCKS_NAME)).unwrap()
    })
}

fn open(bytes: &[u8], committed: u64) -> (tempfile::TempDir, Result<(BlockFile, Option<TornTail>), StoreError>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(BLOCKS_NAME), bytes).unwrap();
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
    assert!(matches!(BlockFile::open(folder.path(), 0), Err(StoreError::InUse { .. })));
    assert!(!file.is_empty());
    drop(file);
    assert!(matches!(BlockFile::create(folder.path()), Err(StoreError::Exists { .. })));
    assert!(open(MAGIC, 0).1.unwrap().0.is_empty());
}

/// A founding that was interrupted at any byte goes on; nothing else is taken for one.
#[test]
fn a_founding_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(BLOCKS_NAME);
    let bytes = || std::fs::read(&path).unwrap();
    for length in 0..=MAGIC.len() {
        std::fs::write(&path, &MAGIC[..length]).unwrap();
        assert!(BlockFile::create(folder.path()).unwrap().is_empty() && bytes() == MAGIC);
    }
    assert_eq!(BlockFile::create_with_genesis(folder.path(), b"genesis").unwrap().len(), 1);
    let whole = bytes();
    for length in 0..=whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(BlockFile::create_with_genesis(folder.path(), b"genesis").unwrap().len(), 1);
        assert!(bytes() == whole, "{length}");
    }
    let other = |file: &[u8]| {
        std::fs::write(&path, file).unwrap();
        let refused = BlockFile::create_with_genesis(folder.path(), b"genesis");
        assert!(matches!(refused, Err(StoreError::Exists { .. } | StoreError::Damaged(_))), "{refused:?}");
        assert!(bytes() == file);
    };
    other(image());
    other(&image()[..image().len() - 1]);
    other(&[&whole[..], b"torn"].concat());
    other(&[&b"another file"[..], &whole].concat());
    let first = whole.len() - SUM - b"genesis".len();
    other(&[&whole[..first], b"Genesis", &checksum(0, b"Genesis").0[..]].concat());
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
        assert_eq!(std::fs::metadata(folder.path().join(BLOCKS_NAME)).unwrap().len(), offset);
        assert_eq!(damage(&whole[..length], kept + 1), Damage::Missing(kept));
    }
    for length in 0..MAGIC.len() {
        assert_eq!(damage(&whole[..length], 0), Damage::Magic);
    }
}

/// Zeros can be the length of a write that never came, in whole or in part; with an append behind them they are damage.
#[test]
fn zeros_behind_the_last_block() {
    let zeros = |n| [image(), &vec![0; n]].concat();
    let append = [&Head { length: 1, number: 5, first: true }.to_bytes()[..], &[9], &checksum(5, &[9]).0].concat();
    for n in [HEAD, 9000] {
        assert!(open(&zeros(n), 4).1.unwrap().1.is_some());
        assert!(open(&[&zeros(n)[..], &[1]].concat(), 4).1.unwrap().1.is_some());
        assert_eq!(damage(&[&zeros(n)[..], &append].concat(), 4), Damage::Head(4));
    }
}

#[test]
fn no_record_is_longer_than_the_limit() {
    let headed = |length| [image(), &Head { length, number: 4, first: true }.to_bytes()].concat();
    assert_eq!(damage(&headed(BLOCK_BYTES_LIMIT), 5), Damage::Missing(4));
    assert_eq!(damage(&headed(BLOCK_BYTES_LIMIT + 1), 5), Damage::Head(4));
}

/// Reading alone neither cuts a torn tail nor lets anything be appended.
#[test]
fn read_only() {
    let (folder, _) = open(image(), 4);
    let path = folder.path().join(BLOCKS_NAME);
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
    std::fs::write(folder.path().join(BLOCKS_NAME), bytes).unwrap();
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

/// Three blocks in one append behind the first, and where each ends.
fn together() -> (Vec<u8>, [usize; 4]) {
    let folder = tempfile::tempdir().unwrap();
    let mut file = BlockFile::create(folder.path()).unwrap();
    let contents: [&[u8]; 4] = [b"genesis", &[1; 40], &[2; 70], &[3; 50]];
    file.append(contents[0]).unwrap();
    file.append_all(&contents[1..]).unwrap();
    let mut end = MAGIC.len();
    let ends = contents.map(|content| {
        end += HEAD + content.len() + SUM;
        end
    });
    (std::fs::read(folder.path().join(BLOCKS_NAME)).unwrap(), ends)
}

/// A loss of power leaves any part of an append that was not synced: records behind one that is not whole, in whole or in
/// part, and zeros. They are cut off with it.
#[test]
fn a_later_record_of_an_append_is_whole_and_an_earlier_one_is_not() {
    let (whole, ends) = together();
    for n in 1..4 {
        for at in ends[n - 1]..ends[n] {
            for lost in [at..at + 1, at..ends[n], ends[n - 1]..at + 1] {
                let mut bytes = whole.clone();
                bytes[lost].fill(0);
                if bytes == whole {
                    continue; // what was lost was zero
                }
                let kept = n as u64;
                let tail = TornTail { number: kept, offset: ends[n - 1] as u64, bytes: (ends[3] - ends[n - 1]) as u64 };
                let (_folder, opened) = open(&bytes, 1);
                let (mut file, torn) = opened.unwrap();
                assert_eq!((file.len(), torn), (kept, Some(tail)), "byte {at}");
                file.append(b"other").unwrap();
                assert!(matches!(damage(&bytes, kept + 1), Damage::Head(m) | Damage::Content(m) if m == kept));
            }
        }
    }
}

/// Once another append stands behind it, an append was on the disk: then nothing of it is cut off.
#[test]
fn an_append_behind_which_another_begins_is_never_a_torn_tail() {
    let (whole, ends) = together();
    let (folder, opened) = open(&whole, 1);
    opened.unwrap().0.append(b"the next append").unwrap();
    let whole = std::fs::read(folder.path().join(BLOCKS_NAME)).unwrap();
    for at in ends[0]..ends[3] {
        let mut bytes = whole.clone();
        bytes[at] ^= 4;
        let n = ends.iter().filter(|end| **end <= at).count();
        let expected = if at < ends[n - 1] + HEAD { Damage::Head(n as u64) } else { Damage::Content(n as u64) };
        assert_eq!(damage(&bytes, 1), expected, "byte {at}");
    }
}

/// Heads of appends inside a block that is not whole: however many there are, the answer comes soon, and is no cut.
#[test]
fn heads_inside_a_torn_block_are_not_followed_for_ever() {
    let content = Head { length: 300_000, number: 9, first: true }.to_bytes().repeat(30_000);
    let folder = tempfile::tempdir().unwrap();
    let mut file = BlockFile::create(folder.path()).unwrap();
    file.append(b"genesis").unwrap();
    file.append(&content).unwrap();
    drop(file);
    let path = folder.path().join(BLOCKS_NAME);
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.len() - content.len() - SUM - 1; // the end of its head
    bytes[at] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(BlockFile::open(folder.path(), 1), Err(StoreError::Damaged(Damage::Head(1)))));
}

mod salvaged {
    use super::*;
    use salvage::Salvage;

    /// The numbers that are found in a file of these bytes, with the contents of each.
    fn found(bytes: &[u8]) -> Vec<(u64, Vec<Vec<u8>>)> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(BLOCKS_NAME), bytes).unwrap();
        let file = Salvage::scan(folder.path()).unwrap();
        let contents = |number| file.read(number).unwrap().into_iter().map(|(_, content)| content).collect();
        file.numbers().map(|number| (number, contents(number))).collect()
    }

    fn all() -> Vec<(u64, Vec<Vec<u8>>)> {
        (0..).zip(CONTENTS.map(|content| vec![content.to_vec()])).collect()
    }

    /// The image, cut behind block 0.
    fn halves() -> (&'static [u8], &'static [u8]) {
        image().split_at(MAGIC.len() + HEAD + CONTENTS[0].len() + SUM)
    }

    /// At the borders of what is searched at once, too.
    #[test]
    fn whole_records_are_found_behind_garbage() {
        let (first, rest) = halves();
        for at in [0, 1, 65_516, 65_517, 65_535, 65_536, 65_537, 140_000] {
            assert_eq!(found(&[first, &vec![0xff; at], rest].concat()), all(), "{at}");
        }
        assert_eq!(found(&image()[..image().len() - 1]), all()[..3]);
        assert_eq!(found(b""), []);
    }

    #[test]
    fn a_record_counts_with_its_content_alone() {
        let mut bytes = image().to_vec();
        bytes[halves().0.len() + 2 * (HEAD + SUM)] ^= 1; // in block 2
        assert_eq!(found(&bytes), [&all()[..2], &all()[3..]].concat());
    }

    /// A transaction can hold what looks like the head of a record.
    #[test]
    fn a_head_alone_hides_nothing() {
        let (first, rest) = halves();
        assert_eq!(found(&[first, &Head { length: 30, number: 9, first: true }.to_bytes(), rest].concat()), all());
    }

    /// A file whose record 1 is full of heads with long contents and is damaged, with 1 MiB of records behind, and its bytes.
    fn full_of_heads(bytes: usize) -> (tempfile::TempDir, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let mut file = BlockFile::create(folder.path()).unwrap();
        file.append(b"genesis").unwrap();
        let heads = Head { length: 1 << 20, number: 9, first: true }.to_bytes().repeat(bytes / HEAD);
        file.append(&heads).unwrap();
        (0..16).for_each(|n| file.append(&vec![n; 1 << 16]).unwrap());
        let bytes = std::fs::read(folder.path().join(BLOCKS_NAME)).unwrap();
        (folder, bytes)
    }

    /// Where the content of a record is damaged, nothing inside it is followed, and all records behind it are found at once.
    #[test]
    fn heads_inside_a_damaged_record_are_not_followed() {
        let begun = std::time::Instant::now();
        for size in [64 << 10, 256 << 10, 1 << 20] {
            let (_folder, mut bytes) = full_of_heads(size);
            let at = MAGIC.len() + HEAD + b"genesis".len() + SUM + HEAD + size / 2;
            bytes[at] ^= 1;
            let numbers: Vec<u64> = found(&bytes).into_iter().map(|(number, _)| number).collect();
            assert_eq!(numbers, [&[0][..], &(2..18).collect::<Vec<_>>()].concat(), "{size}");
        }
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    }

    /// Where the head of a record is damaged, the search ends after some contents, and says that there may be more.
    #[test]
    fn heads_behind_a_damaged_head_are_not_followed_for_ever() {
        let begun = std::time::Instant::now();
        let (folder, mut bytes) = full_of_heads(256 << 10);
        let last = bytes.len() - (HEAD + (1 << 16) + SUM);
        bytes[MAGIC.len() + HEAD + b"genesis".len() + SUM] ^= 1;
        std::fs::write(folder.path().join(BLOCKS_NAME), &bytes).unwrap();
        let file = Salvage::scan(folder.path()).unwrap();
        assert!(!file.searched());
        assert_eq!(file.read(0).unwrap().len(), 1);
        let content = &bytes[last + HEAD..bytes.len() - SUM];
        assert!(file.ends_with(17, content).unwrap() && !file.ends_with(16, content).unwrap());
        assert!(!file.ends_with(17, &[content, &[0]].concat()).unwrap());
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
        // Some heads alone hide nothing.
        let (folder, mut bytes) = full_of_heads(2 * HEAD);
        bytes[MAGIC.len() + HEAD + b"genesis".len() + SUM] ^= 1;
        std::fs::write(folder.path().join(BLOCKS_NAME), &bytes).unwrap();
        let file = Salvage::scan(folder.path()).unwrap();
        assert!(file.searched());
        assert_eq!(file.numbers().collect::<Vec<_>>(), [&[0][..], &(2..18).collect::<Vec<_>>()].concat());
    }

    #[test]
    fn block_0_is_found_at_the_beginning_alone() {
        let twice = [image(), &image()[MAGIC.len()..]].concat();
        let mut expected = all();
        for (_, contents) in &mut expected[1..] {
            contents.push(contents[0].clone());
        }
        assert_eq!(found(&twice), expected);
    }

    #[test]
    fn a_file_that_is_not_there_has_nothing_and_one_that_cannot_be_opened_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Salvage::scan(folder.path()).unwrap().numbers().count(), 0);
        std::fs::write(folder.path().join("file"), b"").unwrap();
        assert!(matches!(Salvage::scan(&folder.path().join("file")), Err(StoreError::Io { action: "open", .. })));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Where nothing is known to be committed, only the last append can pass for a torn tail, and that is reported; a flipped
    /// length never swallows the blocks behind it.
    #[test]
    fn flips_without_a_savepoint(at in 0..image().len(), flip in 1_u8..) {
        let mut bytes = image().to_vec();
        bytes[at] ^= flip;
        let last = image().len() - (HEAD + b"last".len() + SUM);
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
