//! Blocks that a node lacks, from the nodes that have them.
//!
//! Paper: section 4.2, Availability. Semantics: Fabric's (gossip/state, orderer/common/cluster): every block is verified,
//! whichever node sends it.

use super::error::NetworkError;
use super::orderer::Orderer;
use super::peer::Peer;
use crate::ledger::error::StoreError;
use crate::ledger::format::block::Block;
use core::ops::Range;

/// Bytes of transactions that a peer fetches at once.
const BATCH_BYTES: usize = 1 << 22;

/// Gives the orderer the blocks that `source` has and the orderer lost.
pub(super) fn restore_orderer(orderer: &mut Orderer, source: &Peer) -> Result<(), NetworkError> {
    while orderer.height() < source.height() {
        orderer.adopt(&source.block(orderer.height())?.block)?;
    }
    Ok(())
}

/// Commits at `peer` the blocks that the orderer has and the peer lacks.
pub(super) fn catch_up(peer: &mut Peer, sources: &[&Peer], orderer: &Orderer) -> Result<(), NetworkError> {
    while peer.height() < orderer.height() {
        fetch(peer, sources, orderer)?;
    }
    Ok(())
}

/// Commits the next blocks, at least one, from the first source whose next block is valid, else from the orderer.
fn fetch(peer: &mut Peer, sources: &[&Peer], orderer: &Orderer) -> Result<(), NetworkError> {
    let next = peer.height();
    for source in sources.iter().filter(|source| source.height() > next) {
        let blocks = read_batch(next..source.height(), |number| source.block(number).map(|committed| committed.block));
        // The good blocks in front of a bad one are committed. The next round asks for the bad one again.
        let _ = peer.commit_all(&blocks);
        if peer.height() > next {
            return Ok(());
        }
    }
    peer.commit(&orderer.block(next)?)?;
    Ok(())
}

/// Reads about [`BATCH_BYTES`] of consecutive blocks, at least one, and stops at the first that cannot be read.
fn read_batch(numbers: Range<u64>, read: impl Fn(u64) -> Result<Block, StoreError>) -> Vec<Block> {
    let mut bytes = 0;
    let mut blocks = Vec::new();
    for block in numbers.map_while(|number| read(number).ok()) {
        bytes += block.transactions.iter().map(Vec::len).sum::<usize>();
        blocks.push(block);
        if bytes > BATCH_BYTES {
            break;
        }
    }
    blocks
}

#[cfg(test)]
mod tests;
