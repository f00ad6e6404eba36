//! The repair of a damaged peer is killed. The peer is repaired again, or opened without another repair; then the power
//! is lost.

use crate::kill::{begin, below, done};
use crate::ledger::block;
use crate::log::Log;
use crate::scene::{Scene, memory};
use crate::trace::Limit;
use crate::world::{Counter, World};
use phi_pre::ledger::{Network, NetworkError, Peer, PeerError, repair_peer};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn mended(folder: &Path) -> u64 {
    let others: Vec<PathBuf> = ["orderer", "peer-1", "peer-2"].map(|name| folder.join(name)).to_vec();
    let others: Vec<_> = others.iter().map(PathBuf::as_path).collect();
    repair_peer(&folder.join("peer-0"), &others).unwrap().blocks
}

fn alone(world: &World, folder: &Path) -> Result<Peer, PeerError> {
    Ok(Peer::open(&folder.join("peer-0"), world.peers[0].clone(), Arc::new(Counter))?.0)
}

fn network(world: &World, folder: &Path) -> Result<Network, NetworkError> {
    let opened = Network::open(folder, world.orderer.clone(), world.peers.clone(), Arc::new(Counter));
    opened.map(|(network, _)| network)
}

/// Opens the ledger, after a repair of the peer where this is necessary, and commits a block.
pub fn life(folder: &Path, life: u64) {
    let mut world = World::new();
    let mut network = network(&world, folder).unwrap_or_else(|_| {
        begin("repair");
        done("repair", &mended(folder).to_string());
        network(&world, folder).unwrap()
    });
    world.rng = ChaCha20Rng::seed_from_u64(life);
    block(&mut network, &mut world);
}

/// The old or the new block file is there, and another repair restores it. If the end of a repair was acknowledged, the
/// peer opens; if a block was acknowledged, the peer has it.
#[test]
fn power_is_lost_while_a_peer_is_repaired() {
    let (mut scene, mut world, folder) = (Scene::new("repair", 500), World::new(), memory());
    let mut first = world.counters(folder.path());
    (0..6).for_each(|_| block(&mut first, &mut world));
    let agreed = first.agreement().unwrap();
    drop(first);
    let begun = Log::new(folder.path()).seen(0);
    let whole = fs::read(folder.path().join("peer-0/blocks")).unwrap();
    let (states, mut replaced, mut opened) = (scene.states, 0, 0);
    let histories = 1 + states / 8;
    for _ in 0..histories {
        let folder = memory();
        begun.write(folder.path());
        let mut damaged = whole.clone();
        let at = scene.somewhere(whole.len()) - 1;
        damaged[at] ^= 1 << below(&mut scene.rng, 8);
        fs::write(folder.path().join("peer-0/blocks"), &damaged).unwrap();
        if scene.coin() {
            fs::write(folder.path().join("peer-0/state.redb"), b"no database").unwrap();
        }
        let mut log = Log::new(folder.path());
        let limit = scene.limit();
        for limit in [limit, Limit::Never] {
            let life = scene.rng.next_u64();
            if !scene.life("repair", folder.path(), life, &mut log, limit) {
                return;
            }
        }
        scene.draw(&log, states.div_ceil(histories), |folder, loss, _| {
            let left = fs::read(folder.join("peer-0/blocks")).unwrap();
            assert!(left.starts_with(&whole) || left == damaged, "neither the old file nor the new one");
            replaced += u64::from(left != damaged);
            let (told, _) = log.said(loss.cut);
            if let Some((what, acknowledged)) = told.last() {
                let peer = alone(&world, folder).unwrap_or_else(|error| panic!("{what} was acknowledged: {error}"));
                let height = acknowledged.split(' ').next().unwrap().parse().unwrap();
                assert!(peer.height() >= height, "{what}");
                assert!(peer.verify().is_ok());
                opened += 1;
            }
            assert!(mended(folder) >= agreed.height);
            assert!(fs::read(folder.join("peer-0/blocks")).unwrap().starts_with(&whole));
            assert!(alone(&world, folder).unwrap().verify().unwrap().savepoint.height >= agreed.height);
            assert!(network(&world, folder).unwrap().agreement().is_some());
        });
    }
    scene.report(&format!("the new file in {replaced} of them; {opened} opened before another repair"));
}
