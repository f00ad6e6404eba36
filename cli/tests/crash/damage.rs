//! Torn writes, flipped bits and lost files: each is reported or harmless, and is repaired from the files of the other
//! nodes.

use crate::kill::{below, long, plan};
use crate::world::{Counter, World, increment};
use phi_pre::ledger::{
    BlockFile, Network, NetworkError, Opened, Peer, RepairError, Repaired, Savepoint, TornTail, VerifyError,
    repair_orderer, repair_peer, verify,
};
use proptest::prelude::*;
use rand_core::Rng;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

const NODES: [&str; 4] = ["orderer", "peer-0", "peer-1", "peer-2"];
const BLOCKS: u64 = 7;

/// A stopped ledger: its files, and its files before the last block.
struct Stopped {
    world: World,
    now: tempfile::TempDir,
    before: tempfile::TempDir,
    agreed: Savepoint,
}

fn stopped() -> &'static Stopped {
    static STOPPED: OnceLock<Stopped> = OnceLock::new();
    STOPPED.get_or_init(|| {
        let (mut world, now, before) = (World::new(), memory(), memory());
        let mut network = world.counters(now.path());
        for i in 1..BLOCKS {
            if i == BLOCKS - 1 {
                network.checkpoint();
                copy(now.path(), before.path());
            }
            increment(&mut network, &mut world, &format!("n{}", i % 3));
        }
        let agreed = network.agreement().unwrap();
        drop(network);
        assert_eq!(agreed.height, BLOCKS);
        Stopped { world, now, before, agreed }
    })
}

/// A folder in memory, where the system has such folders: these tests sync often, and kill no process.
fn memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn copy(from: &Path, to: &Path) {
    for node in NODES {
        copy_node(&from.join(node), &to.join(node));
    }
}

fn copy_node(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in ["blocks", "state.redb", "verdicts"] {
        if from.join(file).exists() {
            fs::copy(from.join(file), to.join(file)).unwrap();
        }
    }
}

/// A copy of the files of the stopped ledger.
fn fresh() -> tempfile::TempDir {
    let folder = memory();
    copy(stopped().now.path(), folder.path());
    folder
}

fn open_peer(folder: &Path) -> Result<(Peer, Opened), String> {
    Peer::open(folder, stopped().world.peers[0].clone(), Arc::new(Counter)).map_err(|error| error.to_string())
}

fn open_network(folder: &Path) -> Result<Network, NetworkError> {
    let world = &stopped().world;
    Network::open(folder, world.orderer.clone(), world.peers.clone(), Arc::new(Counter)).map(|(network, _)| network)
}

/// Repairs one node of the ledger in `folder` from the other three.
fn repair(folder: &Path, node: &str) -> Result<Repaired, RepairError> {
    let others: Vec<PathBuf> = NODES.iter().filter(|other| **other != node).map(|other| folder.join(other)).collect();
    let others: Vec<&Path> = others.iter().map(PathBuf::as_path).collect();
    let repair = if node == "orderer" { repair_orderer } else { repair_peer };
    repair(&folder.join(node), &others)
}

/// The undamaged block file of a node.
fn whole(node: &str) -> Vec<u8> {
    fs::read(stopped().now.path().join(node).join("blocks")).unwrap()
}

/// The offsets at which the records of a block file begin, and the end of the last record.
fn records(bytes: &[u8]) -> Vec<usize> {
    let mut starts = vec![17];
    while let Some(head) = bytes.get(starts[starts.len() - 1]..).filter(|rest| !rest.is_empty()) {
        let length = u32::from_be_bytes(head[..4].try_into().unwrap()) as usize;
        starts.push(starts[starts.len() - 1] + 20 + length + 32);
    }
    starts
}

/// The files in a node's folder that no node has.
fn leftovers(node: &Path) -> Vec<String> {
    let names = fs::read_dir(node).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !["blocks", "verdicts", "state.redb", "lock"].contains(&name.as_str())).collect()
}

fn is_whole(folder: &Path) {
    for node in NODES {
        assert!(fs::read(folder.join(node).join("blocks")).unwrap() == whole(node), "{node}");
    }
    let network = open_network(folder).unwrap();
    assert_eq!(network.agreement(), Some(stopped().agreed));
    assert!((0..3).all(|i| network.peer(i).unwrap().verify().is_ok()));
}

/// The last block is truncated at every byte. A block that was never acknowledged is cut off and fetched again. The
/// loss of a committed block is reported.
#[test]
fn a_last_block_cut_at_any_byte() {
    let (_, mut rng) = plan("cut", 100);
    let (bytes, stopped) = (whole("peer-0"), stopped());
    let starts = records(&bytes);
    let (last, end) = (starts[starts.len() - 2], bytes.len());
    let folder = fresh();
    let peer = folder.path().join("peer-0");
    // About 40 offsets, or all of them in the long form.
    let step = if long() { 1 } else { (end - last) / 40 };
    let first = 1 + usize::try_from(below(&mut rng, step as u64)).unwrap();
    let mut cuts = 0;
    for (nth, at) in (last + first..end).step_by(step).chain([end - 1]).enumerate() {
        for file in ["state.redb", "verdicts"] {
            fs::copy(stopped.before.path().join("peer-0").join(file), peer.join(file)).unwrap();
        }
        fs::write(peer.join("blocks"), &bytes[..at]).unwrap();
        let report = verify(&peer, None).unwrap();
        let torn = TornTail { number: BLOCKS - 1, offset: last as u64, bytes: (at - last) as u64 };
        assert_eq!((report.torn, report.savepoint.height), (Some(torn), BLOCKS - 1));
        let (opened, found) = open_peer(&peer).unwrap();
        assert_eq!((found, opened.height()), (Opened { torn: Some(torn), replayed: 0, revalidated: 0 }, BLOCKS - 1));
        drop(opened);
        assert!(fs::read(peer.join("blocks")).unwrap() == bytes[..last]);
        if nth % 8 == 0 {
            is_whole_after_opening(folder.path());
        }
        // The state or the verdicts have the block, so it was committed, and its loss is reported.
        let seen = if nth % 2 == 0 { "state.redb" } else { "verdicts" };
        fs::copy(stopped.now.path().join("peer-0").join(seen), peer.join(seen)).unwrap();
        fs::write(peer.join("blocks"), &bytes[..at]).unwrap();
        let named = open_peer(&peer).unwrap_err();
        assert!(named.contains("block 6 was committed and is missing"), "{named}");
        assert!(fs::read(peer.join("blocks")).unwrap() == bytes[..at], "a file that is refused is left as it is");
        assert_eq!(repair(folder.path(), "peer-0").unwrap(), Repaired { blocks: BLOCKS, fetched: 1, state: false });
        assert!(fs::read(peer.join("blocks")).unwrap() == bytes);
        cuts += 1;
    }
    println!("cut: {cuts} places");
}

fn is_whole_after_opening(folder: &Path) {
    assert_eq!(open_network(folder).unwrap().agreement(), Some(stopped().agreed));
    is_whole(folder);
}

/// Any bytes after the last block are cut off, since a loss of power can leave arbitrary bytes that were not synced. If
/// a whole block that begins an append follows these bytes, they were blocks: then the damage is reported, and
/// repaired.
#[test]
fn a_tail_of_garbage() {
    let (_, mut rng) = plan("garbage", 100);
    let folder = fresh();
    for node in NODES {
        let (bytes, blocks) = (whole(node), folder.path().join(node).join("blocks"));
        for length in [1, 19, 20, 52, 4096, 100_000] {
            let mut tail = vec![0; length];
            rng.fill_bytes(&mut tail);
            fs::write(&blocks, [&bytes[..], &tail].concat()).unwrap();
            is_whole_after_opening(folder.path());
            let last = records(&bytes)[usize::try_from(BLOCKS).unwrap() - 1];
            fs::write(&blocks, [&bytes[..last], &tail, &bytes[last..]].concat()).unwrap();
            let named = open_network(folder.path()).unwrap_err().to_string();
            assert!(named.contains("block 6: the head of the record is damaged"), "{named}");
            assert_eq!(named.contains(&node.replace('-', " ")), node != "orderer", "{named}");
            let expected = Repaired { blocks: BLOCKS, fetched: 0, state: false };
            assert_eq!(repair(folder.path(), node).unwrap(), expected);
            is_whole_after_opening(folder.path());
        }
    }
}

/// A different block is damaged on every node. Each node gets its block from the files of the others, which are
/// damaged, too.
#[test]
fn every_node_is_damaged() {
    let folder = fresh();
    for (n, node) in NODES.iter().enumerate() {
        let mut bytes = whole(node);
        let start = records(&bytes)[n + 1];
        bytes[start + if n % 2 == 0 { 2 } else { 60 }] ^= 0x10; // in the header of the record, or in its content
        fs::write(folder.path().join(node).join("blocks"), bytes).unwrap();
    }
    assert!(open_network(folder.path()).is_err());
    for node in NODES {
        assert_eq!(repair(folder.path(), node).unwrap(), Repaired { blocks: BLOCKS, fetched: 1, state: false });
    }
    is_whole(folder.path());
}

/// A block that is damaged on every node cannot be repaired. The repair reports this and changes nothing.
#[test]
fn a_block_that_nobody_has() {
    let folder = fresh();
    for node in NODES {
        let mut bytes = whole(node);
        let start = records(&bytes)[3];
        bytes[start + 100] ^= 1;
        fs::write(folder.path().join(node).join("blocks"), bytes).unwrap();
    }
    for node in NODES {
        let before = fs::read(folder.path().join(node).join("blocks")).unwrap();
        let error = repair(folder.path(), node).unwrap_err();
        assert!(matches!(error, RepairError::Missing { number: 3, height: BLOCKS }), "{error}");
        assert!(fs::read(folder.path().join(node).join("blocks")).unwrap() == before);
        assert_eq!(leftovers(&folder.path().join(node)), [] as [String; 0]);
    }
}

/// Only the damaged node has the last block. Its repair keeps this block, and the other nodes then fetch it.
#[test]
fn the_only_copy_of_a_block_is_kept() {
    let folder = memory();
    copy(stopped().before.path(), folder.path());
    copy_node(&stopped().now.path().join("peer-1"), &folder.path().join("peer-1"));
    let blocks = folder.path().join("peer-1/blocks");
    let mut bytes = whole("peer-1");
    let start = records(&bytes)[2];
    bytes[start + 3] ^= 0x80;
    fs::write(&blocks, &bytes).unwrap();
    // Without the other nodes, the damaged block cannot be restored, and the blocks after it would be lost.
    let alone = repair_peer(&folder.path().join("peer-1"), &[]).unwrap_err();
    assert!(matches!(alone, RepairError::Missing { number: 2, height: BLOCKS }), "{alone}");
    assert!(fs::read(&blocks).unwrap() == bytes);
    let expected = Repaired { blocks: BLOCKS, fetched: 1, state: false };
    assert_eq!(repair(folder.path(), "peer-1").unwrap(), expected);
    is_whole_after_opening(folder.path());
}

/// A lost folder is restored, too. A running peer is not repaired.
#[test]
fn a_lost_folder_and_a_running_peer() {
    let folder = fresh();
    fs::remove_dir_all(folder.path().join("peer-2")).unwrap();
    fs::remove_file(folder.path().join("orderer/blocks")).unwrap();
    for node in ["orderer", "peer-2"] {
        let expected = Repaired { blocks: BLOCKS, fetched: BLOCKS, state: node == "peer-2" };
        assert_eq!(repair(folder.path(), node).unwrap(), expected);
    }
    is_whole_after_opening(folder.path());
    let network = open_network(folder.path()).unwrap();
    let refused = repair(folder.path(), "peer-0").unwrap_err();
    assert!(refused.to_string().contains("peer-0 is in use"), "{refused}");
    drop(network);
    is_whole(folder.path());
}

/// The leftover of an interrupted rebuild of the state does not prevent the next rebuild.
#[test]
fn a_state_that_was_never_finished() {
    let folder = fresh();
    let peer = folder.path().join("peer-0");
    fs::rename(peer.join("state.redb"), peer.join("state.redb.new")).unwrap();
    fs::write(peer.join("state.redb.new"), vec![0; 70_000]).unwrap();
    let (opened, found) = open_peer(&peer).unwrap();
    assert_eq!(
        (opened.savepoint(), found),
        (Some(stopped().agreed), Opened { torn: None, replayed: BLOCKS, revalidated: 0 })
    );
    assert!(!peer.join("state.redb.new").exists());
}

/// A repair uses no records of another channel, neither inside a damaged record nor from another channel's files.
#[test]
fn records_of_another_channel() {
    let (mut world, other) = (World::new(), memory());
    let mut network = world.network(other.path(), Arc::new(phi_pre::contract::PhiContract));
    network.flush().unwrap();
    drop(network);
    world.nonce();
    let folder = fresh();
    let peer = folder.path().join("peer-0");
    let foreign = fs::read(other.path().join("peer-0/blocks")).unwrap();
    let own = whole("peer-0");
    let mut bytes = [&own[..300], &foreign[17..], &own[300..]].concat(); // inside block 0
    bytes[17] ^= 1;
    fs::write(peer.join("blocks"), bytes).unwrap();
    let channel = other.path().join("peer-1");
    assert!(matches!(repair_peer(&folder.path().join("peer-1"), &[&channel]), Err(RepairError::Genesis)));
    assert!(matches!(repair_peer(&peer, &[]), Err(RepairError::Missing { number: 0, .. })));
    assert_eq!(repair(folder.path(), "peer-0").unwrap().blocks, BLOCKS);
    is_whole(folder.path());
}

/// The offsets of the nonzero bytes of a file.
fn written(file: &str) -> Vec<usize> {
    let bytes = fs::read(stopped().now.path().join(file)).unwrap();
    (0..bytes.len()).filter(|at| bytes[*at] != 0).collect()
}

/// A copy of a node's folder with one bit flipped.
fn flipped(node: &str, file: &str, at: usize, bit: u32) -> tempfile::TempDir {
    let folder = memory();
    copy_node(&stopped().now.path().join(node), folder.path());
    let path = folder.path().join(file);
    let mut bytes = fs::read(&path).unwrap();
    bytes[at] ^= 1 << bit;
    fs::write(path, bytes).unwrap();
    folder
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: if long() { 4000 } else { 100 }, ..ProptestConfig::default() })]

    /// A flipped bit of a peer's state is reported, and the state is rebuilt from the blocks; or the bit has no effect.
    #[test]
    fn one_bit_of_a_state(at in any::<prop::sample::Index>(), bit in 0..8_u32) {
        static WRITTEN: OnceLock<Vec<usize>> = OnceLock::new();
        let places = WRITTEN.get_or_init(|| written("peer-0/state.redb"));
        let folder = flipped("peer-0", "state.redb", *at.get(places), bit);
        match verify(folder.path(), None) {
            Ok(report) => prop_assert_eq!(report.savepoint, stopped().agreed),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
        if let Err(named) = open_peer(folder.path()) {
            prop_assert!(named.contains("state.redb"), "{}", named);
            let repaired = repair_peer(folder.path(), &[]).unwrap();
            prop_assert_eq!(repaired, Repaired { blocks: BLOCKS, fetched: 0, state: true });
        }
        let (peer, _) = open_peer(folder.path()).unwrap();
        prop_assert_eq!(peer.savepoint(), Some(stopped().agreed));
        prop_assert!(peer.verify().is_ok());
    }

    /// A flipped bit of a block file is reported. A repair from one other node restores the same bytes.
    #[test]
    fn one_bit_of_a_block_file(at in any::<prop::sample::Index>(), bit in 0..8_u32, orderer in any::<bool>()) {
        let node = if orderer { "orderer" } else { "peer-0" };
        let bytes = whole(node);
        let at = at.index(bytes.len());
        let folder = flipped(node, "blocks", at, bit);
        if orderer {
            let opened = BlockFile::open_read_only(folder.path(), BLOCKS);
            prop_assert!(opened.is_err());
            repair_orderer(folder.path(), &[&stopped().now.path().join("peer-2")]).unwrap();
        } else {
            let named = open_peer(folder.path()).unwrap_err();
            prop_assert!(at < 17 || named.contains("block "), "{}", named);
            prop_assert!(matches!(verify(folder.path(), None), Err(VerifyError::Store(_))));
            repair_peer(folder.path(), &[&stopped().now.path().join("orderer")]).unwrap();
            prop_assert_eq!(open_peer(folder.path()).unwrap().0.savepoint(), Some(stopped().agreed));
        }
        prop_assert!(fs::read(folder.path().join("blocks")).unwrap() == bytes);
    }

    /// A flipped bit or a lost end of the verdicts is reported where the state has the block, and repaired from the
    /// blocks. Without a state, the blocks are validated again. In both cases the file is restored.
    #[test]
    fn one_bit_of_the_verdicts(at in any::<prop::sample::Index>(), bit in 0..9_u32, state in any::<bool>()) {
        let whole = fs::read(stopped().now.path().join("peer-0/verdicts")).unwrap();
        let at = at.index(whole.len());
        let folder = flipped("peer-0", "verdicts", at, bit % 8);
        let path = folder.path().join("verdicts");
        if bit == 8 {
            fs::write(&path, &whole[..at]).unwrap();
        }
        let left = fs::read(&path).unwrap();
        let revalidated = if state {
            let named = open_peer(folder.path()).unwrap_err();
            prop_assert!(named.ends_with("the verdicts beside the block file are damaged"), "{}", named);
            prop_assert_eq!(verify(folder.path(), None).unwrap_err().to_string(), named);
            prop_assert!(fs::read(&path).unwrap() == left);
            let repaired = repair_peer(folder.path(), &[]).unwrap();
            prop_assert_eq!(repaired, Repaired { blocks: BLOCKS, fetched: 0, state: false });
            0..1
        } else {
            fs::remove_file(folder.path().join("state.redb")).unwrap();
            1..BLOCKS + 1
        };
        let (peer, opened) = open_peer(folder.path()).unwrap();
        prop_assert!(revalidated.contains(&opened.revalidated), "{:?}", opened);
        prop_assert_eq!(peer.savepoint(), Some(stopped().agreed));
        prop_assert!(peer.verify().is_ok() && fs::read(&path).unwrap() == whole);
    }
}
