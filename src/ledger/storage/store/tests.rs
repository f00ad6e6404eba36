use super::*;
use crate::hash::Digest;
use crate::ledger::error::Damage;
use crate::ledger::format::proposal::TxId;
use crate::ledger::format::rwset::{Entry, Version};
use crate::ledger::format::verdict::{BlockVerdict, Code, Outcome};
use crate::ledger::state::view::Committed;
use crate::ledger::storage::state_db::{STATE_NAME, database_error};
use crate::ledger::storage::verdicts::VERDICTS_NAME;
use std::io::ErrorKind;

/// Stands for a block that writes `key` and has a transaction of its own.
fn step(store: &mut PeerStore, number: u64, key: &str) -> Result<(), StoreError> {
    let version = Version { block: number, tx: 0 };
    let value = number.to_be_bytes().to_vec();
    let verdict = BlockVerdict {
        codes: vec![Code::Valid],
        txids: [(txid(number), Outcome { version, code: Code::Valid })].into(),
        updates: [(key.to_owned(), Entry { version, value })].into(),
    };
    store.apply(verdict.into(), savepoint(number))
}

fn savepoint(number: u64) -> Savepoint {
    Savepoint { height: number + 1, tip: Digest([1; 32]), commit_hash: txid(number).0 }
}

fn txid(number: u64) -> TxId {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    TxId(Digest(bytes))
}

/// A new store that checkpoints after this many bytes.
fn store(folder: &Path, checkpoint: usize) -> PeerStore {
    BlockFile::create(folder).unwrap();
    let mut store = PeerStore::open(folder).unwrap().0;
    store.threshold = checkpoint;
    store
}

fn in_the_file(store: &PeerStore) -> Option<u64> {
    store.database.tables().unwrap().savepoint().unwrap().map(|savepoint| savepoint.height)
}

#[test]
fn whatever_is_in_the_file_a_snapshot_shows_the_same() {
    for checkpoint in [1, 400, usize::MAX] {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path(), checkpoint);
        let empty = store.snapshot().unwrap();
        for number in 0..40 {
            step(&mut store, number, &format!("{}/{}", number % 2, number % 7)).unwrap();
            let snapshot = store.snapshot().unwrap();
            assert_eq!(snapshot.savepoint(), Some(savepoint(number)));
            assert!(snapshot.knows(&txid(number)).unwrap() && !snapshot.knows(&txid(number + 1)).unwrap());
            let entry = snapshot.entry(&format!("{}/{}", number % 2, number % 7)).unwrap().unwrap();
            assert_eq!((entry.version.block, entry.value), (number, number.to_be_bytes().to_vec()));
        }
        let snapshot = store.snapshot().unwrap();
        let blocks = |prefix| {
            let found = snapshot.scan(prefix).unwrap().into_iter();
            found.map(|(key, entry)| (key, entry.version.block)).collect::<Vec<_>>()
        };
        let last = |key: &str, block| (key.to_owned(), block);
        assert_eq!(
            blocks("1/"),
            [("1/0", 35), ("1/1", 29), ("1/2", 37), ("1/3", 31), ("1/4", 39), ("1/5", 33), ("1/6", 27)]
                .map(|(key, block)| last(key, block))
        );
        assert_eq!((blocks("").len(), blocks("2").len()), (14, 0));
        let txids = snapshot.outcomes().unwrap();
        assert!(txids.iter().map(|(known, _)| *known).eq((0..40).map(txid)));
        assert_eq!(snapshot.outcome(&txid(3)).unwrap().unwrap().version.block, 3);
        // One that was taken before shows what it showed.
        assert!(empty.scan("").unwrap().is_empty() && empty.outcomes().unwrap().is_empty());
        assert_eq!((empty.savepoint(), empty.entry("1/1").unwrap()), (None, None));
        assert_eq!(empty.outcome(&txid(0)).unwrap(), None);
    }
}

#[test]
fn the_file_is_written_when_there_is_enough_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path(), 8 * 235);
    for number in 0..7 {
        step(&mut store, number, "key").unwrap();
        assert_eq!((in_the_file(&store), store.running.is_some()), (None, false), "{number}");
        assert_eq!(store.recent.bytes() as u64, (number + 1) * (3 + 8 + 128 + 96));
    }
    step(&mut store, 7, "key").unwrap();
    let held = store.snapshot().unwrap();
    assert!(store.running.is_some() && store.recent.bytes() == 0);
    // What the next blocks change stands over what is on its way.
    step(&mut store, 8, "key").unwrap();
    assert_eq!(store.snapshot().unwrap().entry("key").unwrap().unwrap().version.block, 8);
    assert_eq!(held.entry("key").unwrap().unwrap().version.block, 7);
    store.wait_checkpoint().unwrap();
    assert_eq!((in_the_file(&store), store.savepoint().unwrap().height), (Some(8), 9));
    store.checkpoint().unwrap();
    assert_eq!(in_the_file(&store), Some(9));
}

#[test]
fn a_store_that_is_closed_has_all_of_its_state_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = store(folder.path(), usize::MAX);
    step(&mut first, 0, "key").unwrap();
    assert_eq!(in_the_file(&first), None);
    drop(first);
    let state = StateDb::open(folder.path()).unwrap();
    assert_eq!(state.tables().unwrap().savepoint().unwrap(), Some(savepoint(0)));
}

fn metadata(number: u8) -> Metadata {
    Metadata { codes: vec![Code::Valid; number.into()], commit_hash: Digest([number; 32]) }
}

/// A file of three records, and where the records begin and end.
fn three(folder: &Path) -> (Vec<u8>, Vec<usize>) {
    let mut verdicts = VerdictFile::open(folder, 0).unwrap();
    let mut ends = vec![verdicts.end()];
    for number in 0..3 {
        verdicts.append(&metadata(number)).unwrap();
        ends.push(verdicts.end());
    }
    verdicts.sync().unwrap();
    let ends = ends.into_iter().map(|end| usize::try_from(end).unwrap()).collect();
    (std::fs::read(folder.join(VERDICTS_NAME)).unwrap(), ends)
}

#[test]
fn verdicts_are_read_back() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(read_verdicts(folder.path()).unwrap(), []);
    let (whole, ends) = three(folder.path());
    assert_eq!((whole.len(), ends[0]), (ends[3], 19));
    assert_eq!(read_verdicts(folder.path()).unwrap(), [0, 1, 2].map(metadata));
    let verdicts = VerdictFile::open(folder.path(), 3).unwrap();
    for number in 0..3 {
        assert_eq!(verdicts.read(number.into()).unwrap(), Some(metadata(number)));
    }
    assert_eq!((verdicts.read(3).unwrap(), verdicts.read(u64::MAX).unwrap()), (None, None));
    // Damage that comes while the file is open is found by the next read.
    let mut flipped = whole.clone();
    flipped[ends[1] + 20] ^= 1;
    std::fs::write(folder.path().join(VERDICTS_NAME), flipped).unwrap();
    assert!(matches!(verdicts.read(1), Err(StoreError::Damaged(Damage::Verdicts(1)))));
    assert!(matches!(read_verdicts(&folder.path().join(VERDICTS_NAME)), Err(StoreError::Io { .. })));
}

/// Cut or flipped at any byte, the file counts up to there. What the state needs is named; the rest is written again.
#[test]
fn verdicts_that_are_not_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, ends) = three(folder.path());
    let path = folder.path().join(VERDICTS_NAME);
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        for damaged in [flipped, whole[..at].to_vec()] {
            std::fs::write(&path, &damaged).unwrap();
            let left = ends.iter().filter(|end| **end <= at).count().saturating_sub(1) as u64;
            assert_eq!(read_verdicts(folder.path()).unwrap().len() as u64, left, "{at}");
            let named = VerdictFile::open(folder.path(), left + 1).unwrap_err();
            assert!(matches!(named, StoreError::Damaged(Damage::Verdicts(n)) if n == left), "{at}: {named}");
            assert!(std::fs::read(&path).unwrap() == damaged, "a file that is refused is left as it is");
            let mut verdicts = VerdictFile::open(folder.path(), left).unwrap();
            assert_eq!(verdicts.len(), left);
            (0..3).filter(|n| u64::from(*n) >= left).for_each(|n| verdicts.append(&metadata(n)).unwrap());
            assert!(std::fs::read(&path).unwrap() == whole, "{at}");
        }
    }
    std::fs::write(&path, [&whole[..], &[7; 200]].concat()).unwrap();
    assert_eq!(VerdictFile::open(folder.path(), 3).unwrap().len(), 3);
    assert!(std::fs::read(&path).unwrap() == whole, "what is behind is cut off");
    // A file of zeros, as a loss of power leaves it, and one of something else.
    for other in [&[0; 500][..], b"phi-pre blocks 1\n"] {
        std::fs::write(&path, other).unwrap();
        assert_eq!(VerdictFile::open(folder.path(), 0).unwrap().len(), 0);
        assert!(std::fs::read(&path).unwrap() == whole[..ends[0]]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn verdicts_for_which_there_is_no_room_do_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, _) = three(folder.path());
    let mut verdicts = VerdictFile::open(folder.path(), 3).unwrap();
    verdicts.file = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    assert!(matches!(verdicts.append(&metadata(3)), Err(StoreError::Io { action: "write", .. })));
    assert_eq!((verdicts.len(), verdicts.end()), (3, whole.len() as u64));
}

/// The verdicts are on the disk before a state that needs them: a checkpoint that cannot have that fails.
#[cfg(target_os = "linux")]
#[test]
fn a_checkpoint_waits_for_the_verdicts() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path(), usize::MAX);
    step(&mut store, 0, "key").unwrap();
    let file = std::fs::File::open("/dev/null").unwrap();
    let verdicts = std::mem::replace(&mut store.verdicts.file, file);
    let refused = store.checkpoint().unwrap_err(); // what is no file cannot be synced
    assert!(matches!(&refused, StoreError::Io { action: "sync", .. }), "{refused}");
    assert_eq!(in_the_file(&store), None);
    store.verdicts.file = verdicts;
    store.checkpoint().unwrap();
    assert_eq!(in_the_file(&store), Some(1));
}

#[test]
fn a_damaged_state_is_told_from_one_that_cannot_be_read() {
    for (kind, damaged) in
        [(ErrorKind::InvalidData, true), (ErrorKind::UnexpectedEof, true), (ErrorKind::PermissionDenied, false)]
    {
        let error = database_error(Path::new(STATE_NAME))(redb::Error::Io(kind.into()));
        assert_eq!(matches!(error, StoreError::StateDamaged { .. }), damaged, "{error}");
    }
}
