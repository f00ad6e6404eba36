//! Repairs the files of a stopped node from what is left of them and from the files of other nodes.
//!
//! Paper: section 4.2, Availability ("all committer ... have a distributed ledger").
//!
//! ```text
//! for n = 0, 1, ...   take the first record n, the node's own before those of other nodes, whose block continues the
//!                     chain and has an orderer's seal; validate it again; append it to repair/blocks, fsync
//! if a known block, of one of the files or of the state, is missing:      change nothing
//! otherwise           rename repair/blocks to blocks; at a peer also rename repair/verdicts to verdicts, and remove a
//!                     state that is not that of the chain, so that it is computed from the blocks again
//! ```
//!
//! Before the first rename the old files are unchanged, and every later step alone leaves a folder that can be repaired. So a
//! repair that was interrupted is repeated. A file of another node may be damaged or in use; its blocks are verified like
//! those that a peer fetches from another.

use super::verify::compare_state;
use crate::folder;
use crate::ledger::error::StoreError;
use crate::ledger::format::block::{Block, Metadata, Savepoint};
use crate::ledger::format::verdict::BlockVerdict;
use crate::ledger::rules::channel::{Channel, CommitError};
use crate::ledger::state::view::Changes;
use crate::ledger::storage::blocks::{BLOCKS_NAME, BlockFile};
use crate::ledger::storage::salvage::Salvage;
use crate::ledger::storage::snapshot::Snapshot;
use crate::ledger::storage::state_db::{STATE_NAME, catch_damage, open_checked};
use crate::ledger::storage::verdicts::{VERDICTS_NAME, VerdictFile, read_verdicts};
use crate::wire::Wire;
use redb::Database;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// The folder below a node's in which its new block file is written.
const WORK_NAME: &str = "repair";

/// Why the files of a node are not repaired. The files are then unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepairError {
    /// The files cannot be read or written, or the node runs.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Block 0 holds no valid configuration, or the chain cannot be validated.
    #[error(transparent)]
    Chain(#[from] CommitError),
    /// The files belong to different channels.
    #[error("the files begin with different blocks 0")]
    Genesis,
    /// No file has a complete block that continues the chain, though there are later blocks.
    #[error("block {number} is whole in no file, and the chain has {height} blocks")]
    Missing {
        /// The block.
        number: u64,
        /// The least number of blocks that the chain has.
        height: u64,
    },
}

/// The result of a repair.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Repaired {
    /// The blocks of the new file.
    pub blocks: u64,
    /// How many of these blocks came from other nodes.
    pub fetched: u64,
    /// Whether the state was not that of the chain and was removed.
    pub state: bool,
}

/// Repairs the folder of a stopped peer; `others` are folders of peers and orderers of its channel.
///
/// # Errors
/// [`RepairError`].
pub fn repair_peer(folder: &Path, others: &[&Path]) -> Result<Repaired, RepairError> {
    let path = folder.join(STATE_NAME);
    let state = existing_state(folder)?;
    let chain = rebuild(folder, others, state.as_ref(), &[BLOCKS_NAME, VERDICTS_NAME])?;
    let replaced = path.try_exists().map_err(StoreError::io("open", &path))? && !chain.state_agrees;
    drop(state);
    if replaced {
        fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
        folder::sync(folder).map_err(StoreError::io("sync", folder))?;
    }
    Ok(Repaired { blocks: chain.blocks, fetched: chain.fetched, state: replaced })
}

/// Repairs the folder of a stopped orderer; `others` are folders of peers and orderers of its channel.
///
/// # Errors
/// [`RepairError`].
pub fn repair_orderer(folder: &Path, others: &[&Path]) -> Result<Repaired, RepairError> {
    let Rebuilt { blocks, fetched, .. } = rebuild(folder, others, None, &[BLOCKS_NAME])?;
    Ok(Repaired { blocks, fetched, state: false })
}

/// The state of a peer, if it can be read. The peer cannot start while the returned database is open.
fn existing_state(folder: &Path) -> Result<Option<(Database, Snapshot, Savepoint)>, StoreError> {
    let path = folder.join(STATE_NAME);
    let opened = catch_damage(folder, || {
        if !path.try_exists().map_err(StoreError::io("open", &path))? {
            return Ok(None);
        }
        let state = open_checked(&path)?;
        let snapshot = Snapshot::of_database(&state, &path)?;
        Ok(snapshot.savepoint().map(|savepoint| (state, snapshot, savepoint)))
    });
    match opened {
        Err(StoreError::StateDamaged { .. } | StoreError::Decode(_)) => Ok(None),
        opened => opened,
    }
}

struct Rebuilt {
    blocks: u64,
    fetched: u64,
    /// Whether there is a state, and it is that of the chain.
    state_agrees: bool,
}

/// Rebuilds the files of these names and puts them in the place of those in `folder`.
fn rebuild(
    folder: &Path,
    others: &[&Path],
    state: Option<&(Database, Snapshot, Savepoint)>,
    names: &[&str],
) -> Result<Rebuilt, RepairError> {
    let work = folder.join(WORK_NAME);
    remove_all(&work)?;
    let rebuilt = rebuild_in(&work, folder, others, state).and_then(|rebuilt| {
        for name in names {
            let path = folder.join(name);
            fs::rename(work.join(name), &path).map_err(StoreError::io("replace", &path))?;
            folder::sync(folder).map_err(StoreError::io("sync", folder))?;
        }
        Ok(rebuilt)
    });
    let removed = remove_all(&work);
    let rebuilt = rebuilt?;
    removed?;
    Ok(rebuilt)
}

fn rebuild_in(
    work: &Path,
    folder: &Path,
    others: &[&Path],
    state: Option<&(Database, Snapshot, Savepoint)>,
) -> Result<Rebuilt, RepairError> {
    let files = std::iter::once(&folder).chain(others).map(|folder| Salvage::scan(folder));
    let files = files.collect::<Result<Vec<_>, _>>()?;
    let channel = Channel::of_genesis(&genesis(&files)?)?;
    let (mut new, mut verdicts) = (BlockFile::create(work)?, VerdictFile::open(work, 0)?);
    let mut replay = Changes::default();
    let mut reached: Option<Savepoint> = None;
    let (mut fetched, mut state_agrees) = (0, false);
    while let Some(Next { file, block, verdict, after }) = next(&files, &channel, reached.as_ref(), &replay)? {
        new.append(&block.to_bytes())?;
        verdicts.append(&Metadata::new(&verdict, &after))?;
        fetched += u64::from(file > 0);
        replay.add(verdict);
        if let Some((_, snapshot, savepoint)) = state.filter(|(_, _, savepoint)| savepoint.height == after.height) {
            state_agrees = *savepoint == after && compare_state(&replay, snapshot).is_ok();
        }
        reached = Some(after);
    }
    verdicts.sync()?;
    let blocks = new.len();
    let known = state.map_or(0, |(_, _, savepoint)| savepoint.height).max(read_verdicts(folder)?.len() as u64);
    let mut height = files.iter().map(|file| height(file, blocks, &channel));
    let height = height.try_fold(known.max(blocks), |a, b| b.map(|b| a.max(b)))?;
    if blocks < height || blocks == 0 {
        return Err(RepairError::Missing { number: blocks, height });
    }
    Ok(Rebuilt { blocks, fetched, state_agrees })
}

/// The block 0 of all files that have one.
fn genesis(files: &[Salvage]) -> Result<Block, RepairError> {
    let mut found: Option<Block> = None;
    for file in files {
        for block in blocks(file, 0)? {
            match &found {
                Some(first) if *first != block => return Err(RepairError::Genesis),
                _ => found = Some(block),
            }
        }
    }
    found.ok_or(RepairError::Missing { number: 0, height: 0 })
}

/// The next block of the chain.
struct Next {
    /// The index of the file that has it; 0 is the node's own.
    file: usize,
    block: Block,
    verdict: BlockVerdict,
    /// The savepoint after the block.
    after: Savepoint,
}

/// The next block of the chain, from the first file that has a valid one.
fn next(
    files: &[Salvage],
    channel: &Channel,
    before: Option<&Savepoint>,
    replay: &Changes,
) -> Result<Option<Next>, RepairError> {
    let number = before.map_or(0, |before| before.height);
    for (file, records) in files.iter().enumerate() {
        for block in blocks(records, number)? {
            match channel.validate(&block, before, replay) {
                Ok((verdict, after)) => return Ok(Some(Next { file, block, verdict, after })),
                Err(CommitError::Store(error)) => return Err(error.into()),
                Err(_) => {} // the block is of another chain, or forged
            }
        }
    }
    Ok(None)
}

/// The blocks of this number in a file.
fn blocks(file: &Salvage, number: u64) -> Result<impl Iterator<Item = Block>, StoreError> {
    Ok(file.read(number)?.into_iter().filter_map(|content| Block::from_bytes(&content).ok()))
}

/// The height that the chain has reached by this file: that of its last block, from `from` on, with a valid seal.
fn height(file: &Salvage, from: u64, channel: &Channel) -> Result<u64, StoreError> {
    let mut height = 0;
    for number in file.numbers().filter(|number| *number >= from) {
        let sealed = |block: &Block| block.verify(number, block.header.previous, &channel.msp).is_ok();
        if blocks(file, number)?.any(|block| sealed(&block)) {
            height = number.saturating_add(1);
        }
    }
    Ok(height)
}

fn remove_all(folder: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(StoreError::io("remove", folder)(error)),
        _ => Ok(()),
    }
}
