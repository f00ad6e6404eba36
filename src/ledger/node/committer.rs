//! The committer: validates blocks, stores them, and applies their writes to the state of a peer.
//!
//! Paper: section 3.1, the commit node. Semantics: Fabric's (core/ledger/kvledger/kv_ledger.go, commit, recoverDBs).
//!
//! ```text
//! commit:   verify number, previous hash, data hash, seal; append, fsync     on a thread of its own
//!           validate                                                         at the same time, on all cores
//!           append codes and commit hash; apply the writes to the state
//! recover:  apply the blocks that the block file has and the state has not; validate those without codes
//! ```
//!
//! Departure: Fabric writes a block after validating it. The codes of a block follow from the chain alone, whichever peer
//! computes them and when. So here writing and validating overlap, and the codes of a block that does not continue the
//! chain are dropped.

use crate::ledger::error::StoreError;
use crate::ledger::format::block::{Block, CommittedBlock, Metadata, Savepoint};
use crate::ledger::rules::channel::{Channel, CommitError, validate_mvcc};
use crate::ledger::state::view::Changes;
use crate::ledger::storage::blocks::BLOCKS_NAME;
use crate::ledger::storage::store::PeerStore;
use std::path::Path;

/// The rules of a channel with one peer's copy of its ledger.
#[derive(Debug)]
pub(super) struct Committer {
    pub(super) channel: Channel,
    pub(super) store: PeerStore,
}

/// What [`Committer::recover`] did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recovered {
    /// How many blocks the state was behind the block file.
    pub(super) blocks: u64,
    /// How many of them had no codes and were validated again.
    pub(super) revalidated: u64,
}

impl Committer {
    /// The number of committed blocks.
    pub(super) fn height(&self) -> u64 {
        self.store.savepoint().map_or(0, |savepoint| savepoint.height)
    }

    /// Commits consecutive blocks with one fsync. When this returns, all of them are on the disk, or after an error those
    /// before the bad one.
    pub(super) fn commit_all(&mut self, blocks: &[Block]) -> Result<Vec<Metadata>, CommitError> {
        // If an earlier commit failed between its steps, codes and state are behind the block file.
        self.recover()?;
        let Self { channel, store } = self;
        let (state, before) = (store.snapshot()?, store.savepoint());
        let (mut changes, mut metadata, mut tip) = (Changes::default(), Vec::with_capacity(blocks.len()), before);
        let validate = || {
            for (block, checked) in blocks.iter().zip(channel.validate_stateless(blocks)) {
                let (verdict, after) = validate_mvcc(block, checked, tip.as_ref(), &changes.over(&state))?;
                metadata.push(Metadata::new(&verdict, &after));
                changes.add(verdict);
                tip = Some(after);
            }
            Ok::<(), StoreError>(())
        };
        let append = || {
            let (good, bad) = channel.verify_sequence(blocks, before.as_ref());
            store.append_blocks(&blocks[..good]).map(|()| bad)
        };
        let (appended, validated) = beside_disk(append, validate)?;
        let bad = appended?;
        drop(state); // while a snapshot is held, applying changes has to copy them
        if let Some(bad) = bad {
            self.recover()?;
            return Err(bad.into());
        }
        metadata.iter().try_for_each(|metadata| store.append_metadata(metadata))?;
        if let Some(tip) = tip.filter(|_| !metadata.is_empty()) {
            store.apply(changes, tip)?;
        }
        validated?;
        Ok(metadata)
    }

    /// Brings codes and state up to the block file.
    pub(super) fn recover(&mut self) -> Result<Recovered, CommitError> {
        let (from, to) = (self.height(), self.store.blocks().len());
        let mut revalidated = 0;
        for number in from..to {
            let (block, before) = (self.store.read_block(number)?, self.store.savepoint());
            let state = self.store.snapshot()?;
            let (verdict, after) = if let Some(metadata) = self.store.verdicts().read(number)? {
                self.channel.recommit(&CommittedBlock { block, metadata }, before.as_ref(), &state)?
            } else {
                let (verdict, after) = self.channel.validate(&block, before.as_ref(), &state)?;
                self.store.append_metadata(&Metadata::new(&verdict, &after))?;
                revalidated += 1;
                (verdict, after)
            };
            drop(state); // while a snapshot is held, applying changes has to copy them
            self.store.apply(verdict.into(), after)?;
        }
        Ok(Recovered { blocks: to - from, revalidated })
    }

    /// Height, hash of the last header and commit hash; none before block 0.
    pub(super) const fn savepoint(&self) -> Option<Savepoint> {
        self.store.savepoint()
    }
}

/// Runs `disk` on a thread of its own, and `work` at the same time on this one.
fn beside_disk<A: Send, B>(disk: impl FnOnce() -> A + Send, work: impl FnOnce() -> B) -> Result<(A, B), StoreError> {
    std::thread::scope(|scope| {
        let disk = std::thread::Builder::new().spawn_scoped(scope, disk);
        let disk = disk.map_err(StoreError::io("start a thread for", Path::new(BLOCKS_NAME)))?;
        let done = work();
        disk.join().map(|written| (written, done)).or_else(|panic| std::panic::resume_unwind(panic))
    })
}
