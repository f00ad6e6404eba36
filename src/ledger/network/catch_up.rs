//! Blocks that a node lacks, from those that have them.
//!
//! Paper: section 4.2, Availability. Semantics: Fabric's (gossip/state, orderer/common/cluster): nothing is taken over
//! that does not verify, whoever sends it.

use super::{Network, NetworkError, Peer};
use crate::ledger::block::Block;
use crate::ledger::store::StoreError;
use core::ops::Range;

/// Bytes of blocks that a peer fetches at once.
const FETCHED: usize = 1 << 22;

impl Network {
    /// Gives the orderer what the peers have and it lost.
    pub(super) fn restore_orderer(&mut self) -> Result<(), NetworkError> {
        let Some(source) = self.nodes.iter().filter_map(|node| node.peer.as_ref()).max_by_key(|peer| peer.height())
        else {
            return Ok(());
        };
        while self.orderer.height() < source.height() {
            self.orderer.adopt(&source.block(self.orderer.height())?.block)?;
        }
        Ok(())
    }

    /// Commits at a running peer what the orderer has and it lacks.
    pub(super) fn catch_up(&mut self, i: usize) -> Result<(), NetworkError> {
        if let Some(mut peer) = self.nodes.get_mut(i).and_then(|node| node.peer.take()) {
            while peer.height() < self.height() {
                self.fetch(&mut peer)?;
            }
            self.nodes[i].peer = Some(peer);
        }
        Ok(())
    }

    /// Commits the next blocks from the first source whose next block is good.
    fn fetch(&self, peer: &mut Peer) -> Result<(), NetworkError> {
        let next = peer.height();
        for source in self.running().filter(|source| source.height() > next) {
            let blocks = some(next..source.height(), |number| source.block(number).map(|committed| committed.block));
            // A bad block among them ends the round; the next one asks for it anew.
            let _ = peer.commit_all(&blocks);
            if peer.height() > next {
                return Ok(());
            }
        }
        peer.commit(&self.orderer.block(next)?)?;
        Ok(())
    }
}

/// As many blocks from `numbers` on as can be read, up to [`FETCHED`] bytes of envelopes, and one at least.
fn some(numbers: Range<u64>, read: impl Fn(u64) -> Result<Block, StoreError>) -> Vec<Block> {
    let mut bytes = 0;
    let mut blocks = Vec::new();
    for block in numbers.map_while(|number| read(number).ok()) {
        bytes += block.envelopes.iter().map(Vec::len).sum::<usize>();
        blocks.push(block);
        if bytes > FETCHED {
            break;
        }
    }
    blocks
}

#[cfg(test)]
mod tests;
