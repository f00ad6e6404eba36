//! The process that a test kills or traces, and the ledger that the process works on.

use crate::kill::{FOLDER, LIFE, ROLE, begin, done};
use crate::world::{Counter, NOW, World, signed_transaction};
use phi_pre::ledger::{Code, Network, Peer, TxId};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The number of peers of the ledger.
pub const PEERS: usize = 3;

/// In the child: its role, its folder, and the seed of what it draws. Nothing in every other process.
pub fn role() -> Option<(String, PathBuf, u64)> {
    let Ok(role) = std::env::var(ROLE) else {
        println!("skipped: no role in {ROLE}");
        return None;
    };
    let [folder, life] = [FOLDER, LIFE].map(|name| std::env::var(name).unwrap());
    Some((role, folder.into(), life.parse().unwrap()))
}

/// Opens the ledger in `folder`.
pub fn open(world: &World, folder: &Path) -> Network {
    Network::open(folder, world.orderer.clone(), world.peers.clone(), Arc::new(Counter)).unwrap().0
}

/// Commits a block that increments these keys once each, and acknowledges it.
pub fn commit_block(network: &mut Network, world: &mut World, keys: &[String]) {
    let proposals: Vec<_> = keys.iter().map(|key| world.increment(key)).collect();
    let txids: Vec<TxId> = proposals.iter().map(|proposal| proposal.txid).collect();
    let transactions: Vec<_> =
        proposals.into_iter().map(|proposal| signed_transaction(network, proposal, &world.alice)).collect();
    begin("commit");
    for signed in &transactions {
        network.broadcast(signed, NOW).unwrap();
    }
    network.flush().unwrap();
    done("commit", &acknowledgement(network, &txids));
}

/// `height height height: txid txid ...`: the heights of the peers (`-` for a stopped peer), and transactions that
/// every running peer has committed.
pub fn acknowledgement(network: &Network, txids: &[TxId]) -> String {
    let height = |i| {
        network.peer(i).map_or_else(
            || "-".to_owned(),
            |peer| {
                has(peer, txids);
                peer.height().to_string()
            },
        )
    };
    let heights: Vec<_> = (0..PEERS).map(height).collect();
    let txids: Vec<_> = txids.iter().map(ToString::to_string).collect();
    format!("{}:{}", heights.join(" "), txids.join(" "))
}

/// Checks that the peer has committed these transactions, each with a code that an increment can have.
pub fn has<'a>(peer: &Peer, txids: impl IntoIterator<Item = &'a TxId>) {
    let snapshot = peer.snapshot().unwrap();
    for txid in txids {
        let outcome = snapshot.outcome(txid).unwrap();
        let known = outcome.is_some_and(|found| matches!(found.code, Code::Valid | Code::MvccReadConflict));
        assert!(known, "{txid} was acknowledged, and is {outcome:?}");
    }
}
