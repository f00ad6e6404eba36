//! A peer's durable copy: the block file, and in redb what follows from it.
//!
//! Paper: section 4.2, Availability ("all committer ... have a distributed ledger"). Semantics: Fabric's
//! (core/ledger/kvledger/kv_ledger.go, commit).
//!
//! ```text
//! commit:      1  append the blocks to the block file, one fsync; beside it they are judged
//!              2  append codes and commit hash to the verdicts, which nobody waits for
//!              3  add what follows from them to the changes in memory
//! checkpoint:  the verdicts, fsync; the changes, and the savepoint = (height, block hash, commit hash), in one redb
//!              transaction; beside the commits that follow, once the changes have CHECKPOINT bytes, and when the store
//!              is closed
//! open:        the block file may be ahead of the savepoint; whoever opens replays what is missing, and judges anew what
//!              has no verdicts
//! ```
//!
//! The block file is the truth, and the only thing that a commit waits for: all else follows from it. Txids and most keys
//! are random, so those of a block fall on as many pages of the state; those of many blocks share them, and a page is
//! written once for all.
//!
//! Departure: Fabric writes its state with every block, to LevelDB, which gathers in memory and in a log of its own. Here
//! the block file is that log. And Fabric writes a block when it has judged it: here the disk works meanwhile.

mod database;
mod error;
mod snapshot;
mod verdicts;

pub use error::StoreError;
pub use snapshot::Snapshot;
pub use verdicts::{VERDICTS_NAME, kept_verdicts};

pub(super) use database::open_checked;
pub(super) use error::{failed, sync_folder, unless_damaged};
pub(super) use verdicts::Verdicts;

use super::block::{Block, CommittedBlock, Metadata};
use super::blockfile::{BlockFile, TornTail};
use super::changes::Changes;
use crate::error::DecodeError;
use crate::hash::Digest;
use crate::wire::{Reader, Wire, Writer};
use database::StateFile;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

/// The name of the state in a peer's folder.
pub const STATE_NAME: &str = "state.redb";
/// Changes of about this many bytes go into the state: some 100,000 transactions. As many again may be on their way.
const CHECKPOINT: usize = 32 << 20;

/// How far the state has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Savepoint {
    /// The number of blocks that are in the state.
    pub height: u64,
    /// The hash of the last one's header.
    pub tip: Digest,
    /// Its commit hash.
    pub commit_hash: Digest,
}

/// The block file and the state of one peer.
#[derive(Debug)]
pub struct Store {
    blocks: BlockFile,
    verdicts: Verdicts,
    state: Arc<StateFile>,
    /// How far the state has come, in the file or in memory.
    savepoint: Option<Savepoint>,
    /// How far the file has come.
    written: Option<Savepoint>,
    /// What is neither in the file nor on its way there.
    recent: Arc<Changes>,
    leaving: Option<Leaving>,
    checkpoint: usize,
}

/// What is on its way into the file, and is read from here until it has arrived.
#[derive(Debug)]
struct Leaving {
    changes: Arc<Changes>,
    savepoint: Savepoint,
    /// None after a failure, until it is tried again.
    writer: Option<JoinHandle<Result<(), StoreError>>>,
}

impl Store {
    /// A ledger in `folder` that has block 0 and a state without it, or what an interrupted call has left of it.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Exists`] where there is a ledger.
    pub fn create(folder: &Path, genesis: &Block) -> Result<Self, StoreError> {
        BlockFile::found(folder, &genesis.to_bytes())?;
        Ok(Self::open(folder)?.0)
    }

    /// The ledger in `folder`, and the torn tail that was cut off. A state that was deleted starts anew.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(folder: &Path) -> Result<(Self, Option<TornTail>), StoreError> {
        let (state, savepoint) = unless_damaged(folder, || {
            let state = StateFile::open(folder)?;
            let savepoint = state.tables()?.savepoint()?;
            Ok::<_, StoreError>((state, savepoint))
        })?;
        let settled = savepoint.map_or(0, |savepoint| savepoint.height);
        let committed = settled.max(kept_verdicts(folder)?.len() as u64);
        let (blocks, torn) = BlockFile::open(folder, committed)?;
        let store = Self {
            blocks,
            verdicts: Verdicts::open(folder, settled)?,
            state: Arc::new(state),
            savepoint,
            written: savepoint,
            recent: Arc::default(),
            leaving: None,
            checkpoint: CHECKPOINT,
        };
        Ok((store, torn))
    }

    /// The block file.
    pub const fn blocks(&self) -> &BlockFile {
        &self.blocks
    }

    /// How far the state has come; none before block 0.
    pub const fn savepoint(&self) -> Option<Savepoint> {
        self.savepoint
    }

    /// A committed block.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn block(&self, number: u64) -> Result<CommittedBlock, StoreError> {
        let metadata = self.verdicts.read(number)?.ok_or(StoreError::NoSuchBlock { number })?;
        Ok(CommittedBlock { block: self.stored(number)?, metadata })
    }

    /// A block of the block file, judged or not.
    pub(super) fn stored(&self, number: u64) -> Result<Block, StoreError> {
        Ok(Block::from_bytes(&self.blocks.read(number)?)?)
    }

    /// What was found about the blocks.
    pub(super) const fn verdicts(&self) -> &Verdicts {
        &self.verdicts
    }

    /// The state as of the savepoint. Later commits do not change what it shows.
    ///
    /// # Errors
    /// [`StoreError::State`].
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        // The file is looked at last: what arrives meanwhile is the same in both.
        let leaving = self.leaving.as_ref().map(|leaving| Arc::clone(&leaving.changes));
        let changes = [Arc::clone(&self.recent), leaving.unwrap_or_default()];
        Ok(Snapshot { changes, tables: self.state.tables()?, savepoint: self.savepoint })
    }

    /// Step 1 of a commit: all blocks or none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) fn append(&mut self, blocks: &[Block]) -> Result<(), StoreError> {
        self.blocks.append_all(&blocks.iter().map(Wire::to_bytes).collect::<Vec<_>>())
    }

    /// Step 2 of a commit, of the next block that has no verdicts.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub(super) fn keep(&mut self, metadata: &Metadata) -> Result<(), StoreError> {
        self.verdicts.push(metadata)
    }

    /// Step 3 of a commit. Fails only where an earlier checkpoint failed; the changes count all the same.
    ///
    /// # Errors
    /// [`StoreError::State`], [`StoreError::StateDamaged`].
    pub(super) fn apply(&mut self, changes: Changes, savepoint: Savepoint) -> Result<(), StoreError> {
        Arc::make_mut(&mut self.recent).append(changes);
        self.savepoint = Some(savepoint);
        let full = self.recent.bytes() >= self.checkpoint;
        let over = |writer: &JoinHandle<_>| writer.is_finished();
        if full || self.leaving.as_ref().is_some_and(|leaving| leaving.writer.as_ref().is_none_or(over)) {
            self.settle()?;
        }
        if full {
            self.depart(savepoint)?;
        }
        Ok(())
    }

    /// Brings the file of the state up to the block file. Without it, whoever opens the store next replays what is missing.
    ///
    /// # Errors
    /// [`StoreError::State`], [`StoreError::StateDamaged`]; then the file is as it was.
    pub fn checkpoint(&mut self) -> Result<(), StoreError> {
        self.settle()?;
        if let Some(savepoint) = self.savepoint.filter(|_| self.savepoint != self.written) {
            self.depart(savepoint)?;
            self.settle()?;
        }
        Ok(())
    }

    /// Sends the recent changes on their way.
    fn depart(&mut self, savepoint: Savepoint) -> Result<(), StoreError> {
        let changes = core::mem::take(&mut self.recent);
        self.leaving.insert(Leaving { changes, savepoint, writer: None }).write(&self.state, &self.verdicts)
    }

    /// Waits for what is on its way; what did not arrive is sent again first.
    fn settle(&mut self) -> Result<(), StoreError> {
        let Some(leaving) = &mut self.leaving else { return Ok(()) };
        if leaving.writer.is_none() {
            leaving.write(&self.state, &self.verdicts)?;
        }
        if let Some(writer) = leaving.writer.take() {
            let damaged = |_| Err(StoreError::StateDamaged { path: self.state.path().to_owned() });
            writer.join().unwrap_or_else(damaged)?; // redb panics on some damaged pages
        }
        self.written = Some(leaving.savepoint);
        self.leaving = None;
        Ok(())
    }
}

impl Leaving {
    fn write(&mut self, state: &Arc<StateFile>, verdicts: &Verdicts) -> Result<(), StoreError> {
        let (file, changes, savepoint) = (Arc::clone(state), Arc::clone(&self.changes), self.savepoint);
        let verdicts = verdicts.again()?;
        let write = move || verdicts.sync().and_then(|()| file.write(&changes, &savepoint));
        let writer = std::thread::Builder::new().spawn(write);
        self.writer = Some(writer.map_err(StoreError::io("start a thread for", state.path()))?);
        Ok(())
    }
}

/// Whoever opens the store next has nothing to replay; if this fails he has.
impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.checkpoint();
    }
}

impl Wire for Savepoint {
    const NAME: &'static str = "savepoint";

    fn write(&self, out: &mut Writer) {
        out.u64(self.height);
        self.tip.write(out);
        self.commit_hash.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { height: input.u64(Self::NAME)?, tip: Digest::read(input)?, commit_hash: Digest::read(input)? })
    }
}

#[cfg(test)]
mod tests;
