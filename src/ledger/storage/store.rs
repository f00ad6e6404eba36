//! The ledger of one peer on the disk: the block file, the codes of its blocks, and the state.
//!
//! Paper: section 4.2, Availability ("all committer ... have a distributed ledger"). Semantics: Fabric's
//! (core/ledger/kvledger/kv_ledger.go, commit).
//!
//! ```text
//! commit:      1  append the blocks to the block file, one fsync; they are validated at the same time
//!              2  append codes and commit hash to the file of verdicts, without an fsync
//!              3  add the writes to the changes in memory
//! checkpoint:  fsync the file of verdicts; write the changes and the savepoint = (height, block hash, commit hash) in one
//!              redb transaction. It starts once the changes have CHECKPOINT bytes and runs beside the following commits;
//!              closing the store makes one too
//! open:        the block file may be ahead of the savepoint; the committer applies the missing blocks again, and
//!              validates those without codes
//! ```
//!
//! A commit waits for the block file alone: everything else follows from it. Txids and most keys are random, so the writes of
//! one block touch about as many pages of the database as it has writes. The writes of many blocks share pages, and a
//! checkpoint writes each page once.
//!
//! Departure: Fabric writes the state with every block, to LevelDB, which collects the writes in memory and in a log of its
//! own. Here the block file is that log.

use super::blocks::BlockFile;
use super::lock::FolderLock;
use super::snapshot::Snapshot;
use super::state_db::StateDb;
use super::verdicts::{VerdictFile, read_verdicts};
use crate::folder;
use crate::ledger::error::{StoreError, TornTail};
use crate::ledger::format::block::{Block, CommittedBlock, Metadata, Savepoint};
use crate::ledger::state::view::Changes;
use crate::wire::Wire;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

/// Bytes of changes at which a checkpoint starts: some 100,000 transactions. As many may be in a running checkpoint.
const CHECKPOINT: usize = 32 << 20;

/// The ledger of one peer.
#[derive(Debug)]
pub struct PeerStore {
    blocks: BlockFile,
    verdicts: VerdictFile,
    database: Arc<StateDb>,
    /// How far the state has come, changes in memory included.
    savepoint: Option<Savepoint>,
    /// How far the database has come.
    checkpointed: Option<Savepoint>,
    /// The changes after the last checkpoint started.
    recent: Arc<Changes>,
    running: Option<Checkpoint>,
    /// Bytes of changes at which a checkpoint starts.
    threshold: usize,
    /// The lock of the folder. The last field, so that all files are closed before the lock is released.
    _lock: FolderLock,
}

/// A checkpoint that is not known to be on the disk. Snapshots read its changes from here.
#[derive(Debug)]
struct Checkpoint {
    changes: Arc<Changes>,
    savepoint: Savepoint,
    /// None after a failure, until the checkpoint is tried again.
    writer: Option<JoinHandle<Result<(), StoreError>>>,
}

impl PeerStore {
    /// Creates a ledger in `folder` with block 0, which is not applied to the state yet. Completes what an interrupted call
    /// left.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Exists`] if there is a ledger.
    pub fn create(folder: &Path, genesis: &Block) -> Result<Self, StoreError> {
        folder::make(folder).map_err(StoreError::io("make the folder", folder))?;
        let lock = FolderLock::take(folder)?;
        BlockFile::create_with_genesis_under_lock(folder, &genesis.to_bytes())?;
        Ok(Self::open_under(lock, folder)?.0)
    }

    /// Opens the ledger in `folder`; returns the torn tail that was cut off. If the database was deleted, it is created empty.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(folder: &Path) -> Result<(Self, Option<TornTail>), StoreError> {
        Self::open_under(FolderLock::take(folder)?, folder)
    }

    fn open_under(lock: FolderLock, folder: &Path) -> Result<(Self, Option<TornTail>), StoreError> {
        let database = StateDb::open(folder)?;
        let savepoint = database.tables()?.savepoint()?;
        let state_height = savepoint.map_or(0, |savepoint| savepoint.height);
        let committed = state_height.max(read_verdicts(folder)?.len() as u64);
        let (blocks, torn) = BlockFile::open_under_lock(folder, committed)?;
        let store = Self {
            blocks,
            verdicts: VerdictFile::open(folder, state_height)?,
            database: Arc::new(database),
            savepoint,
            checkpointed: savepoint,
            recent: Arc::default(),
            running: None,
            threshold: CHECKPOINT,
            _lock: lock,
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
        Ok(CommittedBlock { block: self.read_block(number)?, metadata })
    }

    /// A block of the block file, which may have no codes yet.
    pub(in crate::ledger) fn read_block(&self, number: u64) -> Result<Block, StoreError> {
        Ok(Block::from_bytes(&self.blocks.read(number)?)?)
    }

    /// The codes and commit hashes of the blocks.
    pub(in crate::ledger) const fn verdicts(&self) -> &VerdictFile {
        &self.verdicts
    }

    /// The state at the savepoint. Later commits do not change the snapshot.
    ///
    /// # Errors
    /// [`StoreError::State`].
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        // The tables are opened last: a checkpoint that ends meanwhile only duplicates entries.
        let running = self.running.as_ref().map(|checkpoint| Arc::clone(&checkpoint.changes));
        let changes = [Arc::clone(&self.recent), running.unwrap_or_default()];
        Ok(Snapshot { changes, tables: self.database.tables()?, savepoint: self.savepoint })
    }

    /// Step 1 of a commit: appends all blocks or none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(in crate::ledger) fn append_blocks(&mut self, blocks: &[Block]) -> Result<(), StoreError> {
        self.blocks.append_all(&blocks.iter().map(Wire::to_bytes).collect::<Vec<_>>())
    }

    /// Step 2 of a commit: appends the metadata of the next block that has none.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub(in crate::ledger) fn append_metadata(&mut self, metadata: &Metadata) -> Result<(), StoreError> {
        self.verdicts.append(metadata)
    }

    /// Step 3 of a commit: applies the changes. Fails only if an earlier checkpoint failed; the changes are applied anyway.
    ///
    /// # Errors
    /// [`StoreError::State`], [`StoreError::StateDamaged`].
    pub(in crate::ledger) fn apply(&mut self, changes: Changes, savepoint: Savepoint) -> Result<(), StoreError> {
        Arc::make_mut(&mut self.recent).append(changes);
        self.savepoint = Some(savepoint);
        let full = self.recent.bytes() >= self.threshold;
        if full || self.running.as_ref().is_some_and(Checkpoint::has_ended) {
            self.wait_checkpoint()?;
        }
        if full {
            self.start_checkpoint(savepoint)?;
        }
        Ok(())
    }

    /// Writes all changes to the database, and returns when they are on the disk. Without a checkpoint, the next open has to
    /// apply the blocks again.
    ///
    /// # Errors
    /// [`StoreError::State`], [`StoreError::StateDamaged`]; then the database is unchanged.
    pub fn checkpoint(&mut self) -> Result<(), StoreError> {
        self.wait_checkpoint()?;
        if let Some(savepoint) = self.savepoint.filter(|_| self.savepoint != self.checkpointed) {
            self.start_checkpoint(savepoint)?;
            self.wait_checkpoint()?;
        }
        Ok(())
    }

    /// Starts a checkpoint of the recent changes; none may be running.
    fn start_checkpoint(&mut self, savepoint: Savepoint) -> Result<(), StoreError> {
        let changes = core::mem::take(&mut self.recent);
        let checkpoint = self.running.insert(Checkpoint { changes, savepoint, writer: None });
        checkpoint.start(&self.database, &self.verdicts)
    }

    /// Waits for the running checkpoint; one that failed is tried again first.
    fn wait_checkpoint(&mut self) -> Result<(), StoreError> {
        let Some(checkpoint) = &mut self.running else { return Ok(()) };
        if checkpoint.writer.is_none() {
            checkpoint.start(&self.database, &self.verdicts)?;
        }
        if let Some(writer) = checkpoint.writer.take() {
            writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        self.checkpointed = Some(checkpoint.savepoint);
        self.running = None;
        Ok(())
    }
}

impl Checkpoint {
    /// Writes the changes on a thread of its own.
    fn start(&mut self, database: &Arc<StateDb>, verdicts: &VerdictFile) -> Result<(), StoreError> {
        let (target, changes, savepoint) = (Arc::clone(database), Arc::clone(&self.changes), self.savepoint);
        let verdicts = verdicts.try_clone()?;
        let write = move || verdicts.sync().and_then(|()| target.write(&changes, &savepoint));
        let writer = std::thread::Builder::new().spawn(write);
        self.writer = Some(writer.map_err(StoreError::io("start a thread for", database.path()))?);
        Ok(())
    }

    /// Whether the writer is not at work: it is done, or failed.
    fn has_ended(&self) -> bool {
        self.writer.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

/// Best-effort checkpoint. If it fails, the next open applies the blocks again.
impl Drop for PeerStore {
    fn drop(&mut self) {
        let _ = self.checkpoint();
    }
}

#[cfg(test)]
mod tests;
