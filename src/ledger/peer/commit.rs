//! A peer commits blocks, and comes back to where it was.
//!
//! Paper: section 3.1, the commit node. Semantics: Fabric's (core/ledger/kvledger/kv_ledger.go, commit, recoverDBs).
//!
//! ```text
//! commit:  verify number, previous hash, data hash, seal; append, fsync     on a thread of its own
//!          validate                                                         beside it, on all cores
//!          keep the verdicts; apply
//! replay:  what is in the block file and not in the state; blocks without verdicts are judged anew
//! ```
//!
//! Departure: Fabric writes a block after it was validated. A block that continues the chain has one verdict, whoever finds it
//! and when, so here the disk does not wait for it; what is found about a block that does not continue it is dropped.

use super::Peer;
use crate::ledger::block::{Block, CommittedBlock, Metadata};
use crate::ledger::blockfile::FILE_NAME;
use crate::ledger::changes::Changes;
use crate::ledger::config::{CommitError, find};
use crate::ledger::store::StoreError;
use std::path::Path;

impl Peer {
    /// Verifies, validates and keeps the next block. When this returns, the block is on the disk.
    ///
    /// # Errors
    /// [`CommitError`].
    pub fn commit(&mut self, block: &Block) -> Result<CommittedBlock, CommitError> {
        let committed = self.commit_all(core::slice::from_ref(block))?;
        committed.into_iter().next().ok_or_else(|| StoreError::NoSuchBlock { number: self.height() }.into())
    }

    /// As [`commit`](Self::commit) for blocks that follow each other, with one wait for the disk. When this returns, all
    /// of them are on the disk, or after an error those before the bad one ([`height`](Self::height)).
    ///
    /// # Errors
    /// [`CommitError`] of the first block that does not continue the chain.
    pub fn commit_all(&mut self, blocks: &[Block]) -> Result<Vec<CommittedBlock>, CommitError> {
        // After a failure between the steps of a commit, verdicts and state are behind the block file.
        self.replay()?;
        let Self { channel, store, .. } = self;
        let (state, before) = (store.snapshot()?, store.savepoint());
        let (mut changes, mut found, mut reached) = (Changes::default(), Vec::with_capacity(blocks.len()), before);
        let judge = || {
            for (block, checks) in blocks.iter().zip(channel.check(blocks)) {
                let (verdict, after) = find(block, checks, reached.as_ref(), &changes.over(&state))?;
                found.push(Metadata::of(&verdict, &after));
                changes.add(verdict);
                reached = Some(after);
            }
            Ok::<(), StoreError>(())
        };
        let keep = || {
            let (good, bad) = channel.continued(blocks, before.as_ref());
            store.append(&blocks[..good]).map(|()| (blocks.to_vec(), bad))
        };
        let (kept, judged) = beside(keep, judge)?;
        let (blocks, bad) = kept?;
        drop(state); // held on to, it would be copied
        if let Some(bad) = bad {
            self.replay()?;
            return Err(bad.into());
        }
        found.iter().try_for_each(|metadata| store.keep(metadata))?;
        if let Some(reached) = reached.filter(|_| !found.is_empty()) {
            store.apply(changes, reached)?;
        }
        judged?;
        let committed = |(block, metadata)| CommittedBlock { block, metadata };
        Ok(blocks.into_iter().zip(found).map(committed).collect())
    }

    /// Brings verdicts and state up to the block file; returns the number of blocks, and how many had no verdicts.
    pub(super) fn replay(&mut self) -> Result<(u64, u64), CommitError> {
        let (from, to) = (self.height(), self.store.blocks().len());
        let mut judged = 0;
        for number in from..to {
            let (block, before, state) = (self.store.stored(number)?, self.store.savepoint(), self.store.snapshot()?);
            let (verdict, after) = if let Some(metadata) = self.store.verdicts().read(number)? {
                self.channel.recover(&CommittedBlock { block, metadata }, before.as_ref(), &state)?
            } else {
                let (verdict, after) = self.channel.judge(&block, before.as_ref(), &state)?;
                self.store.keep(&Metadata::of(&verdict, &after))?;
                judged += 1;
                (verdict, after)
            };
            drop(state); // held on to, it would be copied
            self.store.apply(verdict.into(), after)?;
        }
        Ok((to - from, judged))
    }
}

/// Waits for the disk on a thread of its own while `work` is done.
fn beside<A: Send, B>(disk: impl FnOnce() -> A + Send, work: impl FnOnce() -> B) -> Result<(A, B), StoreError> {
    std::thread::scope(|scope| {
        let disk = std::thread::Builder::new().spawn_scoped(scope, disk);
        let disk = disk.map_err(StoreError::io("start a thread for", Path::new(FILE_NAME)))?;
        let done = work();
        disk.join().map(|written| (written, done)).or_else(|panic| std::panic::resume_unwind(panic))
    })
}
