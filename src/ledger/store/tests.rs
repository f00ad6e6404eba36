use super::*;
use crate::ledger::proposal::TxId;
use crate::ledger::state::{Committed, Entry, Version};
use crate::ledger::validation::{Code, Outcome, Verdict};
use std::io::ErrorKind;

/// Stands for a block that writes `key` and has a transaction of its own.
fn step(store: &mut Store, number: u64, key: &str) -> Result<(), StoreError> {
    let version = Version { block: number, tx: 0 };
    let value = number.to_be_bytes().to_vec();
    let verdict = Verdict {
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
fn store(folder: &Path, checkpoint: usize) -> Store {
    let (blocks, state) = (BlockFile::create(folder).unwrap(), StateFile::open(folder).unwrap());
    let mut store = Store::with(folder, blocks, state, None).unwrap();
    store.checkpoint = checkpoint;
    store
}

fn in_the_file(store: &Store) -> Option<u64> {
    store.state.tables().unwrap().savepoint().unwrap().map(|savepoint| savepoint.height)
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
        assert_eq!((in_the_file(&store), store.leaving.is_some()), (None, false), "{number}");
        assert_eq!(store.recent.bytes() as u64, (number + 1) * (3 + 8 + 128 + 96));
    }
    step(&mut store, 7, "key").unwrap();
    let held = store.snapshot().unwrap();
    assert!(store.leaving.is_some() && store.recent.bytes() == 0);
    // What the next blocks change stands over what is on its way.
    step(&mut store, 8, "key").unwrap();
    assert_eq!(store.snapshot().unwrap().entry("key").unwrap().unwrap().version.block, 8);
    assert_eq!(held.entry("key").unwrap().unwrap().version.block, 7);
    store.settle().unwrap();
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
    let state = StateFile::open(folder.path()).unwrap();
    assert_eq!(state.tables().unwrap().savepoint().unwrap(), Some(savepoint(0)));
}

#[test]
fn a_height_that_is_not_whole_says_nothing() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(acknowledged(folder.path()), 0);
    let mut height = Height::open(folder.path()).unwrap();
    for blocks in [1, 258, u64::MAX] {
        height.set(blocks).unwrap();
        assert_eq!(acknowledged(folder.path()), blocks);
    }
    height.set(258).unwrap();
    let path = folder.path().join(HEIGHT_NAME);
    let whole = std::fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        std::fs::write(&path, flipped).unwrap();
        assert_eq!(acknowledged(folder.path()), 0, "{at}");
        std::fs::write(&path, &whole[..at]).unwrap();
        assert_eq!(acknowledged(folder.path()), 0, "{at}");
    }
    std::fs::write(&path, [0; 16]).unwrap();
    assert_eq!(acknowledged(folder.path()), 0);
}

#[test]
fn a_damaged_state_is_told_from_one_that_cannot_be_read() {
    for (kind, damaged) in
        [(ErrorKind::InvalidData, true), (ErrorKind::UnexpectedEof, true), (ErrorKind::PermissionDenied, false)]
    {
        let error = failed(Path::new(STATE_NAME))(redb::Error::Io(kind.into()));
        assert_eq!(matches!(error, StoreError::StateDamaged { .. }), damaged, "{error}");
    }
}
