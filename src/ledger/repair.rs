//! Makes the files of a stopped node whole again from what is left of them and from the files of other nodes.
//!
//! Paper: section 4.2, Availability ("all committer ... have a distributed ledger").
//!
//! ```text
//! for n = 0, 1, ...   take the first record n, the node's own before those of the others, whose block continues the
//!                     chain and bears an orderer's seal; judge it anew; write it to repair/blocks, fsync
//! a block that one of the files still has is not reached, or one that the state has seen:  change nothing
//! otherwise           repair/blocks takes the place of blocks in one step; at a peer then repair/verdicts that of verdicts,
//!                     and a state that is not that of the chain goes, and is made again from the blocks
//! ```
//!
//! Until the first step the old files stand as they were, and each step alone leaves a folder that is as good, so a repair
//! that was interrupted is simply repeated. A file of another node is trusted no more than a peer trusts one that it catches
//! up with; it may be in use, and damaged itself.

use super::block::{Block, Metadata};
use super::blockfile::salvage::Salvage;
use super::blockfile::{BlockFile, FILE_NAME};
use super::changes::Changes;
use super::config::{Channel, CommitError};
use super::store::{
    STATE_NAME, Savepoint, Snapshot, StoreError, VERDICTS_NAME, Verdicts, kept_verdicts, open_checked, sync_folder,
    unless_damaged,
};
use super::validation::Verdict;
use super::verify::compare;
use crate::wire::Wire;
use redb::Database;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// The folder below a node's in which its new block file is written.
const WORK_NAME: &str = "repair";

/// Why a node's files are not repaired. They are then as they were.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepairError {
    /// The files cannot be read or written, or the node runs.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Block 0 opens no channel, or the state of the chain cannot be followed.
    #[error(transparent)]
    Chain(#[from] CommitError),
    /// The files are not of one channel.
    #[error("the files begin with different blocks 0")]
    Genesis,
    /// Nobody has a block that continues the chain, though there are later ones.
    #[error("block {number} is whole in no file, and the chain has {height} blocks")]
    Missing {
        /// The block.
        number: u64,
        /// How many blocks there have been at least.
        height: u64,
    },
}

/// What was repaired.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Repaired {
    /// The blocks of the new file.
    pub blocks: u64,
    /// How many of them came from other nodes.
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
    let chain = rebuild(folder, others, state.as_ref(), &[FILE_NAME, VERDICTS_NAME])?;
    let replaced = path.try_exists().map_err(StoreError::io("open", &path))? && !chain.state_agrees;
    drop(state);
    if replaced {
        fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
        sync_folder(folder)?;
    }
    Ok(Repaired { blocks: chain.blocks, fetched: chain.fetched, state: replaced })
}

/// Repairs the folder of a stopped orderer; `others` are folders of peers and orderers of its channel.
///
/// # Errors
/// [`RepairError`].
pub fn repair_orderer(folder: &Path, others: &[&Path]) -> Result<Repaired, RepairError> {
    let Rebuilt { blocks, fetched, .. } = rebuild(folder, others, None, &[FILE_NAME])?;
    Ok(Repaired { blocks, fetched, state: false })
}

/// The state of a peer, if it can be read at all; while it is held, the peer cannot start.
fn existing_state(folder: &Path) -> Result<Option<(Database, Snapshot, Savepoint)>, StoreError> {
    let path = folder.join(STATE_NAME);
    let opened = unless_damaged(folder, || {
        if !path.try_exists().map_err(StoreError::io("open", &path))? {
            return Ok(None);
        }
        let state = open_checked(&path)?;
        let snapshot = Snapshot::of_file(&state, &path)?;
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
    /// Whether there is a state, and it is the one of the chain.
    state_agrees: bool,
}

/// Puts whole files of these names in the place of those in `folder`.
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
            sync_folder(folder)?;
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
    let (mut new, mut verdicts) = (BlockFile::create(work)?, Verdicts::open(work, 0)?);
    let mut replay = Changes::default();
    let mut reached: Option<Savepoint> = None;
    let (mut fetched, mut state_agrees) = (0, false);
    while let Some((source, block, verdict, after)) = next(&files, &channel, reached.as_ref(), &replay)? {
        new.append(&block.to_bytes())?;
        verdicts.push(&Metadata::of(&verdict, &after))?;
        fetched += u64::from(source > 0);
        replay.add(verdict);
        if let Some((_, snapshot, savepoint)) = state.filter(|(_, _, savepoint)| savepoint.height == after.height) {
            state_agrees = *savepoint == after && compare(&replay, snapshot).is_ok();
        }
        reached = Some(after);
    }
    verdicts.sync()?;
    let blocks = new.len();
    let seen = state.map_or(0, |(_, _, savepoint)| savepoint.height).max(kept_verdicts(folder)?.len() as u64);
    let mut height = files.iter().map(|file| height(file, blocks, &channel));
    let height = height.try_fold(seen.max(blocks), |a, b| b.map(|b| a.max(b)))?;
    if blocks < height || blocks == 0 {
        return Err(RepairError::Missing { number: blocks, height });
    }
    Ok(Rebuilt { blocks, fetched, state_agrees })
}

/// The block 0 on which all files that have one agree.
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

/// Which file had it, the block, what is found about it, and where the chain then is.
type Next = (usize, Block, Verdict, Savepoint);

/// The next block of the chain from the first file that has a good one.
fn next(
    files: &[Salvage],
    channel: &Channel,
    before: Option<&Savepoint>,
    replay: &Changes,
) -> Result<Option<Next>, RepairError> {
    let number = before.map_or(0, |before| before.height);
    for (source, file) in files.iter().enumerate() {
        for block in blocks(file, number)? {
            match channel.judge(&block, before, replay) {
                Ok((verdict, after)) => return Ok(Some((source, block, verdict, after))),
                Err(CommitError::Store(error)) => return Err(error.into()),
                Err(_) => {} // of another chain, or forged
            }
        }
    }
    Ok(None)
}

/// The blocks that a file has under a number.
fn blocks(file: &Salvage, number: u64) -> Result<impl Iterator<Item = Block>, StoreError> {
    Ok(file.read(number)?.into_iter().filter_map(|content| Block::from_bytes(&content).ok()))
}

/// How many blocks the chain has had by this file: its last one from `from` on that bears a good seal.
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
