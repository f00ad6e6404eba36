//! Peers and orderer: a process creates a ledger or commits to it, is killed, and runs again; then the power is lost.
//! In one scenario a peer catches up.

use crate::child::{PEERS, acknowledgement, commit_block, has, open};
use crate::kill::{begin, below, done};
use crate::log::Log;
use crate::scene::{Scene, memory};
use crate::trace::Limit;
use crate::world::{Counter, World, increment};
use phi_pre::hash::Digest;
use phi_pre::ledger::{Network, Peer, Savepoint, TxId, verify};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// The number of blocks that a process commits.
const BLOCKS: u64 = 5;

/// Commits a block of one or two transactions.
pub fn block(network: &mut Network, world: &mut World) {
    let keys: Vec<_> = (0..=below(&mut world.rng, 2)).map(|_| format!("n{}", below(&mut world.rng, 4))).collect();
    commit_block(network, world, &keys);
}

/// Creates the ledger where there is none, or opens it, and commits blocks.
pub fn life(role: &str, folder: &Path, life: u64) {
    let mut world = World::new();
    begin("open");
    let folder = folder.join("ledger");
    let mut network = if folder.exists() { open(&world, &folder) } else { world.counters(&folder) };
    world.rng = ChaCha20Rng::seed_from_u64(life);
    done("open", &acknowledgement(&network, &[]));
    if role == "catch-up" {
        network.stop(2);
    }
    for _ in 0..BLOCKS {
        block(&mut network, &mut world);
        if below(&mut world.rng, 3) == 0 {
            begin("checkpoint");
            network.checkpoint();
            done("checkpoint", &acknowledgement(&network, &[]));
        }
    }
    if role == "catch-up" {
        begin("restart");
        network.restart(2).unwrap();
        done("restart", &acknowledgement(&network, &[]));
    }
    block(&mut network, &mut world);
}

/// What was acknowledged up to a cut of the log.
#[derive(Clone, Default)]
struct Acknowledged {
    founded: bool,
    heights: [u64; PEERS],
    txids: [BTreeSet<TxId>; PEERS],
    all: BTreeSet<TxId>,
}

impl Acknowledged {
    fn add(&mut self, done: &[(&str, &str)]) {
        for (_, acknowledged) in done {
            self.founded = true;
            let (heights, txids) = acknowledged.split_once(':').unwrap();
            self.all.extend(txids.split_whitespace().map(|hex| TxId(Digest::from_hex(hex).unwrap())));
            for (i, height) in heights.split(' ').enumerate().filter(|(_, height)| *height != "-") {
                self.heights[i] = height.parse().unwrap();
                self.txids[i].clone_from(&self.all);
            }
        }
    }
}

/// The savepoint of the recorded chain after each block.
fn chain(world: &World, log: &Log) -> Vec<Savepoint> {
    let (folder, tree) = (memory(), log.seen(log.ops.len()));
    tree.write(folder.path());
    let network = open(world, &folder.path().join("ledger"));
    let peer = network.peer(0).unwrap();
    let place = |number| {
        let block = peer.block(number).unwrap();
        Savepoint { height: number + 1, tip: block.block.header.hash(), commit_hash: block.metadata.commit_hash }
    };
    (0..peer.height()).map(place).collect()
}

/// Checks that every peer has by itself what it has acknowledged, and that all peers then agree on a prefix of the
/// recorded chain and commit another block. Returns the number of torn tails and of blocks that were validated again.
fn check(world: &mut World, folder: &Path, told: &Acknowledged, chain: &[Savepoint]) -> [u64; 2] {
    let (folder, mut torn, mut revalidated) = (folder.join("ledger"), 0, 0);
    if !told.founded {
        // The creation of the ledger was not acknowledged. Creating it again succeeds, whatever is left of it.
        assert!(World::new().counters(&folder).agreement() == Some(chain[0]));
        return [0; 2];
    }
    for i in 0..PEERS {
        let place = folder.join(format!("peer-{i}"));
        let found = verify(&place, None).unwrap();
        assert!(found.savepoint.height >= told.heights[i], "peer {i} has lost blocks: {found:?}");
        let (peer, opened) = Peer::open(&place, world.peers[i].clone(), Arc::new(Counter)).unwrap();
        torn += u64::from(opened.torn.is_some());
        revalidated += opened.revalidated;
        assert!(peer.height() >= told.heights[i], "peer {i} has lost blocks that it had acknowledged");
        has(&peer, &told.txids[i]);
    }
    let mut network = open(world, &folder);
    let agreed = network.agreement().unwrap();
    assert_eq!(network.height(), agreed.height);
    assert_eq!(agreed, chain[usize::try_from(agreed.height).unwrap() - 1]);
    for i in 0..PEERS {
        has(network.peer(i).unwrap(), &told.all);
        // The state equals that of a replay from genesis.
        assert_eq!(network.peer(i).unwrap().verify().unwrap().savepoint, agreed);
    }
    increment(&mut network, world, "after");
    [torn, revalidated]
}

fn without_power(role: &'static str, percent: u64) {
    let (mut scene, mut world) = (Scene::new(role, percent), World::new());
    let (states, mut torn, mut revalidated, mut blocks) = (scene.states, 0, 0, 0);
    let histories = 1 + states / 25;
    // The ledger after the previous loss of power, and what was acknowledged in it.
    let mut before = (memory(), Acknowledged::default());
    for history in 0..histories {
        let (folder, told) = before;
        let mut log = Log::new(folder.path());
        let limit = scene.limit();
        for limit in [limit, Limit::Never] {
            // If the process was killed during the creation of the ledger, a part of a ledger is left. It is removed.
            let part = folder.path().join("ledger");
            if !told.founded && log.said(log.ops.len()).0.is_empty() && part.exists() {
                fs::remove_dir_all(folder.path().join("ledger")).unwrap();
                log = Log::new(folder.path());
            }
            let life = scene.rng.next_u64();
            if !scene.life(role, folder.path(), life, &mut log, limit) {
                return;
            }
        }
        let chain = chain(&world, &log);
        blocks += chain.len();
        let told_at = |cut| {
            let mut told = told.clone();
            told.add(&log.said(cut).0);
            told
        };
        scene.draw(&log, states.div_ceil(histories), |folder, loss, _| {
            let [cut, anew] = check(&mut world, folder, &told_at(loss.cut), &chain);
            (torn, revalidated) = (torn + cut, revalidated + anew);
        });
        let loss = crate::disk::Loss::random(&log, &mut scene.rng);
        let next = if history % 4 == 3 || !told_at(loss.cut).founded {
            (memory(), Acknowledged::default())
        } else {
            (memory(), told_at(loss.cut))
        };
        if next.1.founded {
            log.after(loss, &mut scene.rng).write(next.0.path());
        }
        before = next;
    }
    scene.report(&format!(
        "{histories} ledgers, {blocks} blocks, {torn} torn tails cut off, {revalidated} blocks validated again"
    ));
}

#[test]
fn power_is_lost_while_blocks_are_committed() {
    without_power("commit", 1000);
}

#[test]
fn power_is_lost_while_a_peer_catches_up() {
    without_power("catch-up", 1000);
}
