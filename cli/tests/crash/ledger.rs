//! Peers and orderer: a process that commits, catches up or repairs is killed again and again on the same folder.

use crate::child::{PEERS, acknowledgement, commit_block, has, open};
use crate::kill::{Killer, begin, below, child, done, plan};
use crate::world::{Counter, World};
use phi_pre::hash::Digest;
use phi_pre::ledger::{
    Block, BlockFile, CommittedBlock, Network, Peer, Savepoint, TxId, read_verdicts, repair_peer, verify,
};
use phi_pre::wire::Wire;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn of_life(life: u64) -> World {
    let mut world = World::new();
    world.rng = ChaCha20Rng::seed_from_u64(life);
    world
}

fn opened(world: &World, folder: &Path) -> Network {
    begin("open");
    let network = open(world, folder);
    done("open", &acknowledgement(&network, &[]));
    network
}

/// Commits a block of one to four transactions. Transactions that increment the same key are in conflict.
fn block(network: &mut Network, world: &mut World) {
    let keys: Vec<_> = (0..=below(&mut world.rng, 4)).map(|_| format!("n{}", below(&mut world.rng, 6))).collect();
    commit_block(network, world, &keys);
}

pub fn commit(folder: &Path, life: u64) {
    let mut world = of_life(life);
    let mut network = opened(&world, folder);
    for _ in 0..1000 {
        block(&mut network, &mut world);
        if below(&mut world.rng, 3) == 0 {
            begin("checkpoint");
            network.checkpoint();
            done("checkpoint", &acknowledgement(&network, &[]));
        }
    }
}

pub fn catch_up(folder: &Path, life: u64) {
    let mut world = of_life(life);
    let mut network = opened(&world, folder);
    for _ in 0..1000 {
        network.stop(2);
        for _ in 0..2 + below(&mut world.rng, 7) {
            block(&mut network, &mut world);
        }
        begin("restart");
        network.restart(2).unwrap();
        done("restart", &acknowledgement(&network, &[]));
    }
}

pub fn found(folder: &Path) {
    let world = World::new();
    begin("found");
    let network = world.counters(folder);
    done("found", &acknowledgement(&network, &[]));
}

pub fn repair(folder: &Path) {
    let others: Vec<PathBuf> = ["orderer", "peer-1", "peer-2"].map(|name| folder.join(name)).to_vec();
    begin("repair");
    let repaired = repair_peer(&folder.join("peer-0"), &others.iter().map(PathBuf::as_path).collect::<Vec<_>>());
    done("repair", &format!("{}", repaired.unwrap().blocks));
    begin("rebuild");
    let signer = World::new().peers[0].clone();
    let (peer, _) = Peer::open(&folder.join("peer-0"), signer, Arc::new(Counter)).unwrap();
    done("rebuild", &peer.height().to_string());
}

/// What the killed processes have acknowledged.
#[derive(Default)]
struct Acknowledged {
    /// The transactions that each peer has committed.
    txids: [BTreeSet<TxId>; PEERS],
    heights: [u64; PEERS],
    /// The transactions that some peer has committed. Every peer has them after catching up.
    all: BTreeSet<TxId>,
}

impl Acknowledged {
    fn add(&mut self, done: &[(String, String)]) {
        for (_, acknowledged) in done {
            let (heights, txids) = acknowledged.split_once(':').unwrap();
            self.all.extend(txids.split_whitespace().map(|hex| TxId(Digest::from_hex(hex).unwrap())));
            for (i, height) in heights.split(' ').enumerate().filter(|(_, height)| *height != "-") {
                let height = height.parse().unwrap();
                assert!(height >= self.heights[i]);
                self.heights[i] = height;
                // A running peer has caught up with everything that was acknowledged before.
                self.txids[i].clone_from(&self.all);
            }
        }
    }
}

/// The ledger of the killed processes, and a peer that is never killed and replays its blocks from genesis.
struct Ledger {
    world: World,
    folder: tempfile::TempDir,
    witness: Peer,
    told: Acknowledged,
    torn: u64,
    replayed: u64,
}

impl Ledger {
    fn new() -> Self {
        let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
        let network = world.counters(folder.path());
        let genesis = network.peer(0).unwrap().block(0).unwrap().block;
        let witness = folder.path().join("witness");
        let witness = Peer::create(&witness, &genesis, world.peers[0].clone(), Arc::new(Counter)).unwrap();
        Self { world, folder, witness, told: Acknowledged::default(), torn: 0, replayed: 0 }
    }

    fn peer(&self, i: usize) -> PathBuf {
        self.folder.path().join(format!("peer-{i}"))
    }

    /// Checks that every peer has by itself what it has acknowledged, and that all peers then agree with a replay.
    fn check(&mut self, chosen: usize) -> Savepoint {
        let report = verify(&self.peer(chosen), None).unwrap();
        assert!(report.savepoint.height >= self.told.heights[chosen]);
        for i in 0..PEERS {
            let signer = self.world.peers[i].clone();
            let (peer, opened) = Peer::open(&self.peer(i), signer, Arc::new(Counter)).unwrap();
            self.torn += u64::from(opened.torn.is_some());
            self.replayed += opened.replayed;
            assert!(peer.height() >= self.told.heights[i], "peer {i} has lost blocks that it had acknowledged");
            has(&peer, &self.told.txids[i]);
            let names = fs::read_dir(self.peer(i)).unwrap().map(|entry| entry.unwrap().file_name());
            assert_eq!(
                names.collect::<BTreeSet<_>>(),
                ["blocks", "lock", "state.redb", "verdicts"].map(Into::into).into(),
                "peer {i}"
            );
        }
        let network = open(&self.world, self.folder.path());
        let agreed = network.agreement().unwrap();
        for number in self.witness.height()..agreed.height {
            self.witness.commit(&network.peer(chosen).unwrap().block(number).unwrap().block).unwrap();
        }
        assert_eq!(self.witness.savepoint(), Some(agreed), "the state is not that of a replay");
        (0..PEERS).for_each(|i| has(network.peer(i).unwrap(), &self.told.all));
        agreed
    }

    /// Replays the whole chain from genesis in a fresh folder, and verifies every peer.
    fn check_from_genesis(&mut self) -> Savepoint {
        let agreed = self.check(0);
        let (blocks, _) = BlockFile::open_read_only(&self.peer(1), agreed.height).unwrap();
        let block = |number| Block::from_bytes(&blocks.read(number).unwrap()).unwrap();
        let kept = (0..agreed.height).map(block).zip(read_verdicts(&self.peer(1)).unwrap());
        let kept: Vec<_> = kept.map(|(block, metadata)| CommittedBlock { block, metadata }).collect();
        assert_eq!(kept.len() as u64, agreed.height);
        let fresh = tempfile::tempdir().unwrap();
        let signer = self.world.peers[1].clone();
        let mut replay = Peer::create(fresh.path(), &kept[0].block, signer, Arc::new(Counter)).unwrap();
        for kept in &kept[1..] {
            assert_eq!(replay.commit(&kept.block).unwrap(), kept.metadata);
        }
        assert_eq!(replay.savepoint(), Some(agreed));
        for i in 0..PEERS {
            assert_eq!(verify(&self.peer(i), None).unwrap().savepoint, agreed);
        }
        agreed
    }

    fn report(&self, agreed: Savepoint) -> String {
        let Self { told, torn, replayed, .. } = self;
        let (told, height) = (told.all.len(), agreed.height);
        format!("{told} transactions acknowledged, {height} blocks, {torn} torn tails cut, {replayed} blocks replayed")
    }
}

/// Kills processes in `role`: most of them inside calls of `targets`, some inside the recovery from the previous kill.
fn killed(role: &str, targets: &[&str], percent: u64) {
    let (kills, mut rng) = plan(role, percent);
    let (mut ledger, mut killer) = (Ledger::new(), Killer::default());
    for life in 0..kills {
        let target = targets[usize::try_from(life).unwrap() % targets.len()];
        let (target, nth) = if below(&mut rng, 5) == 0 { ("open", 1) } else { (target, 1 + below(&mut rng, 4)) };
        let heard = killer.life(child(role, ledger.folder.path(), rng.next_u64()), target, nth, &mut rng);
        ledger.told.add(&heard.done);
        // One time in four, the next process opens the ledger without a check before it.
        if below(&mut rng, 4) > 0 {
            ledger.check(usize::try_from(life).unwrap() % PEERS);
        }
    }
    let agreed = ledger.check_from_genesis();
    assert!(!ledger.told.all.is_empty());
    killer.report(role, &ledger.report(agreed));
}

#[test]
fn killed_while_blocks_are_committed() {
    killed("commit", &["commit", "commit", "checkpoint"], 35);
}

/// If the creation of a ledger is killed, the same call completes it, and the result is the same ledger.
#[test]
fn killed_while_a_ledger_is_founded() {
    let (kills, mut rng) = plan("found", 5);
    let mut killer = Killer::default();
    let (mut world, whole) = (World::new(), tempfile::tempdir().unwrap());
    let agreed = world.counters(whole.path()).agreement();
    let mut begun = 0;
    for _ in 0..kills {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("ledger");
        killer.life(child("found", &place, 0), "found", 1, &mut rng);
        begun += u64::from(place.exists());
        let mut network = world.counters(&place);
        assert_eq!(network.agreement(), agreed);
        block(&mut network, &mut world);
        drop(network);
        assert_eq!(open(&world, &place).agreement().unwrap().height, 2);
    }
    killer.report("found", &format!("{begun} of them had made something"));
}

#[test]
fn killed_while_a_peer_catches_up() {
    killed("catch-up", &["restart"], 25);
}

/// The repair of a damaged block file is killed: the old file or the new file is there, and the next repair succeeds.
#[test]
fn killed_while_a_peer_is_repaired() {
    let (kills, mut rng) = plan("repair", 10);
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    for _ in 0..12 {
        block(&mut network, &mut world);
    }
    let agreed = network.agreement().unwrap();
    drop(network);
    let peer = folder.path().join("peer-0");
    let whole = fs::read(peer.join("blocks")).unwrap();
    let (mut killer, mut replaced) = (Killer::default(), 0);
    for _ in 0..kills {
        let mut damaged = whole.clone();
        let at = usize::try_from(below(&mut rng, whole.len() as u64)).unwrap();
        damaged[at] ^= 1 << below(&mut rng, 8);
        fs::write(peer.join("blocks"), &damaged).unwrap();
        let state = below(&mut rng, 2) == 0;
        if state {
            fs::write(peer.join("state.redb"), b"no database").unwrap();
        }
        // The process may end before the kill; the checks below hold in this case, too.
        let target = if state { "rebuild" } else { "repair" };
        let heard = killer.life(child("repair", folder.path(), 0), target, 1, &mut rng);
        let left = fs::read(peer.join("blocks")).unwrap();
        assert!(left == damaged || left == whole, "neither the old file nor the new one");
        replaced += u64::from(left == whole);
        // Once the blocks are repaired, opening the peer rebuilds its state, also after an interruption.
        if heard.inside.as_deref() != Some("rebuild") {
            repair(folder.path());
        }
        assert!(fs::read(peer.join("blocks")).unwrap() == whole);
        let (opened, _) = Peer::open(&peer, world.peers[0].clone(), Arc::new(Counter)).unwrap();
        assert_eq!(opened.savepoint(), Some(agreed));
        assert_eq!(opened.verify().unwrap().savepoint, agreed);
    }
    killer.report("repair", &format!("{replaced} of them after the new file was in place"));
    assert_eq!(BlockFile::open_read_only(&peer, agreed.height).unwrap().0.len(), agreed.height);
}
