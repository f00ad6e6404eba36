//! Peers and orderer: founded, killed, opened again, and then without power; a peer that catches up; a repair.

use crate::kill::{begin, below, done};
use crate::log::Log;
use crate::scene::{Scene, memory};
use crate::trace::Limit;
use crate::world::{Counter, NOW, World, increment, signed_transaction};
use phi_pre::hash::Digest;
use phi_pre::ledger::{Network, Peer, Proposal, Savepoint, TxId, verify};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

const PEERS: usize = 3;
/// Blocks that a process commits.
const BLOCKS: u64 = 5;

fn open(world: &World, folder: &Path) -> Network {
    Network::open(folder, world.orderer.clone(), world.peers.clone(), Arc::new(Counter)).unwrap().0
}

/// `height height height: txid txid ...` with the peers that run and have all of the txids.
fn standing(network: &Network, txids: &[TxId]) -> String {
    let height = |i| match network.peer(i) {
        Some(peer) => {
            has(peer, txids);
            peer.height().to_string()
        }
        None => "-".to_owned(),
    };
    let heights: Vec<_> = (0..PEERS).map(height).collect();
    let txids: Vec<_> = txids.iter().map(ToString::to_string).collect();
    format!("{}:{}", heights.join(" "), txids.join(" "))
}

pub fn has<'a>(peer: &Peer, txids: impl IntoIterator<Item = &'a TxId>) {
    let snapshot = peer.snapshot().unwrap();
    for txid in txids {
        assert!(snapshot.outcome(txid).unwrap().is_some(), "{txid} was acknowledged");
    }
}

pub fn block(network: &mut Network, world: &mut World) {
    let keys: Vec<_> = (0..=below(&mut world.rng, 2)).map(|_| format!("n{}", below(&mut world.rng, 4))).collect();
    let proposals: Vec<Proposal> = keys.iter().map(|key| world.increment(key)).collect();
    let txids: Vec<TxId> = proposals.iter().map(|proposal| proposal.txid).collect();
    let transactions: Vec<_> =
        proposals.into_iter().map(|one| signed_transaction(network, one, &world.alice)).collect();
    begin("commit");
    for signed in &transactions {
        network.broadcast(signed, NOW).unwrap();
    }
    network.flush().unwrap();
    done("commit", &standing(network, &txids));
}

/// Founds the ledger where there is none, and otherwise goes on with it.
pub fn life(role: &str, folder: &Path, life: u64) {
    let mut world = World::new();
    begin("open");
    let folder = folder.join("ledger");
    let mut network = if folder.exists() { open(&world, &folder) } else { world.counters(&folder) };
    world.rng = ChaCha20Rng::seed_from_u64(life);
    done("open", &standing(&network, &[]));
    if role == "catch-up" {
        network.stop(2);
    }
    for _ in 0..BLOCKS {
        block(&mut network, &mut world);
        if below(&mut world.rng, 3) == 0 {
            begin("checkpoint");
            network.checkpoint();
            done("checkpoint", &standing(&network, &[]));
        }
    }
    if role == "catch-up" {
        begin("restart");
        network.restart(2).unwrap();
        done("restart", &standing(&network, &[]));
    }
    block(&mut network, &mut world);
}

/// What the log has acknowledged up to a cut.
#[derive(Clone, Default)]
struct Told {
    founded: bool,
    heights: [u64; PEERS],
    txids: [BTreeSet<TxId>; PEERS],
    all: BTreeSet<TxId>,
}

impl Told {
    fn hear(&mut self, done: &[(&str, &str)]) {
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

/// Where the chain that was recorded stood after each block.
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

/// All that was acknowledged is on each peer by itself; then all agree, on a part of the chain that was recorded, and go on.
fn check(world: &mut World, folder: &Path, told: &Told, chain: &[Savepoint]) -> [u64; 2] {
    let (folder, mut torn, mut revalidated) = (folder.join("ledger"), 0, 0);
    if !told.founded {
        // Nobody was told that there is a ledger; founding it goes on, whatever is left of it.
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
        // The state, too, is the one that follows from genesis.
        assert_eq!(network.peer(i).unwrap().verify().unwrap().savepoint, agreed);
    }
    increment(&mut network, world, "after");
    [torn, revalidated]
}

fn without_power(role: &'static str, percent: u64) {
    let (mut scene, mut world) = (Scene::new(role, percent), World::new());
    let (states, mut torn, mut revalidated, mut blocks) = (scene.states, 0, 0, 0);
    let histories = 1 + states / 25;
    // The ledger as the loss of power before left it, and what had been acknowledged in it.
    let mut before = (memory(), Told::default());
    for history in 0..histories {
        let (folder, told) = before;
        let mut log = Log::new(folder.path());
        let limit = scene.limit();
        for limit in [limit, Limit::Never] {
            // A process that is killed while it founds a ledger leaves one that is no ledger.
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
            told.hear(&log.said(cut).0);
            told
        };
        scene.draw(&log, states.div_ceil(histories), |folder, loss, _| {
            let [cut, anew] = check(&mut world, folder, &told_at(loss.cut), &chain);
            (torn, revalidated) = (torn + cut, revalidated + anew);
        });
        let loss = crate::disk::Loss::random(&log, &mut scene.rng);
        let next = if history % 4 == 3 || !told_at(loss.cut).founded {
            (memory(), Told::default())
        } else {
            (memory(), told_at(loss.cut))
        };
        if next.1.founded {
            log.after(loss, &mut scene.rng).write(next.0.path());
        }
        before = next;
    }
    scene.report(&format!(
        "{histories} ledgers, {blocks} blocks, {torn} torn tails cut off, {revalidated} blocks judged anew"
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
