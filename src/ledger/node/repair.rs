//! Repairs the files of a stopped node from what is left of them and from the files of other nodes.
//!
//! Paper: section 4.2, Availability ("all committer ... have a distributed ledger").
//!
//! ```text
//! for n = 0, 1, ...   take the first record n, the node's own before those of other nodes, whose block continues the
//!                     chain and has an orderer's seal; validate it again
//! if a known block, of one of the files or of the state, is missing:      change nothing
//! otherwise           write each file that is not right beside the old one, fsync; then rename one after another:
//!                     blocks; at a peer also verdicts, and a state that is missing or not that of the chain
//! ```
//!
//! A file that is right is not touched, and a peer that only lacks the newest blocks is right: it fetches them when it starts.
//! An orderer that lacks blocks is not right, because it would seal others. A new file has owner and mode of the old one. A
//! file that is a link is never replaced, and other files in the folder are left as they are.
//!
//! The state of a peer names the last block that it has. Blocks of another chain are not put in the place of lost ones. A peer
//! without a state, or an orderer, that has also lost block 0 takes the chain that the other nodes have: afterwards, compare
//! the hash of block 0 ([`verify`](super::verify::verify)).
//!
//! Before the first rename the old files are unchanged, and every later step alone leaves a folder that can be repaired. So a
//! repair that was interrupted is repeated; it leaves at most files `blocks.repair-...`, `verdicts.repair-...` and
//! `state.redb.repair-...`, which mean nothing. A file of another node may be damaged or in use; its blocks are verified like
//! those that a peer fetches from another.

use super::verify::compare_state;
use crate::folder;
use crate::ledger::error::StoreError;
use crate::ledger::format::block::{Block, Metadata, Savepoint};
use crate::ledger::format::verdict::BlockVerdict;
use crate::ledger::rules::channel::{Channel, CommitError};
use crate::ledger::state::view::Changes;
use crate::ledger::storage::blocks::{BLOCKS_NAME, BlockFile, BlockFileWriter};
use crate::ledger::storage::file;
use crate::ledger::storage::lock::{FolderLock, LOCK_NAME};
use crate::ledger::storage::owner;
use crate::ledger::storage::salvage::{Place, Salvage};
use crate::ledger::storage::snapshot::Snapshot;
use crate::ledger::storage::state_db::{STATE_NAME, Unchanged, open_unchanged, write_new};
use crate::ledger::storage::verdicts::{VERDICTS_NAME, encode_verdicts, read_verdicts};
use crate::wire::Wire;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The files of a node.
const FILES: [&str; 3] = [BLOCKS_NAME, VERDICTS_NAME, STATE_NAME];

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
    /// The folder holds other things than a node's files.
    #[error("{} is not the folder of a node", folder.display())]
    NotANode {
        /// The folder.
        folder: PathBuf,
    },
    /// A file that would have to be replaced is a link. The file behind the link may belong to somebody else.
    #[error("{} is damaged and is a link, which a repair does not replace", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// The files belong to different channels.
    #[error("the files begin with different blocks 0")]
    Genesis,
    /// The node has lost blocks, its state is readable, and the blocks of the other nodes are not those of the state.
    #[error("the state at height {height} is of another chain than the blocks of the other nodes")]
    OtherChain {
        /// The height of the state.
        height: u64,
    },
    /// No file has a complete block that continues the chain, though there are later blocks.
    #[error("block {number} is whole in no file, and the chain has {height} blocks")]
    Missing {
        /// The block.
        number: u64,
        /// The least number of blocks that the chain has.
        height: u64,
    },
    /// The block file has so many false heads of records that it was not searched to its end, and it may hold later blocks than
    /// the other nodes have.
    #[error("{} was not searched to its end, and may hold blocks after block {last}", path.display())]
    Unsearched {
        /// The block file.
        path: PathBuf,
        /// The last block that was found.
        last: u64,
    },
}

/// The result of a repair.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Repaired {
    /// The blocks of the node's block file.
    pub blocks: u64,
    /// How many of these blocks came from other nodes.
    pub fetched: u64,
    /// Whether the state was missing or not that of the chain, and was made again.
    pub state: bool,
}

/// Repairs the folder of a stopped peer, or makes it again; `others` are folders of peers and orderers of its channel, which
/// are only read.
///
/// # Errors
/// [`RepairError`].
pub fn repair_peer(folder: &Path, others: &[&Path]) -> Result<Repaired, RepairError> {
    let _lock = begin(folder)?;
    let state = existing_state(folder)?;
    let files = scan(folder, others)?;
    let channel = Channel::of_genesis(&genesis(&files)?)?;
    let known = state.as_ref().map_or(0, |state| state.savepoint.height).max(read_verdicts(folder)?.len() as u64);
    let right = right_blocks(folder, known)?;
    let mut chain = follow(&files, &channel, state.as_ref(), right.as_ref().map(BlockFile::len))?;
    let right = right.filter(|right| chain.is(right, &files));
    if right.is_none() {
        chain = follow(&files, &channel, state.as_ref(), None)?;
        chain.refuse_shorter(folder, &files, &channel, known)?;
        if let Some(State { savepoint: Savepoint { height, .. }, .. }) =
            state.as_ref().filter(|_| !chain.has_tip_of_state)
        {
            return Err(RepairError::OtherChain { height: *height });
        }
    }
    let mut new = Vec::new();
    if right.is_none() {
        new.push(chain.write_blocks(folder, &files)?);
    }
    let state_height = state.as_ref().filter(|_| chain.state_agrees).map_or(0, |state| state.savepoint.height);
    if !chain.has_verdicts(folder, state_height)? {
        let mut file = New::make(folder, VERDICTS_NAME)?;
        file.write(&encode_verdicts(&chain.metadata))?;
        new.push(file);
    }
    if let (false, Some(reached)) = (chain.state_agrees, &chain.reached) {
        let file = New::make(folder, STATE_NAME)?;
        write_new(
            file.file.try_clone().map_err(StoreError::io("write", &file.path))?,
            &file.path,
            &chain.replay,
            reached,
        )?;
        new.push(file);
    }
    drop(state);
    put_in_place(folder, new)?;
    Ok(Repaired { blocks: chain.places.len() as u64, fetched: chain.fetched(), state: !chain.state_agrees })
}

/// Repairs the folder of a stopped orderer, or makes it again; `others` are folders of peers and orderers of its channel, which
/// are only read.
///
/// # Errors
/// [`RepairError`].
pub fn repair_orderer(folder: &Path, others: &[&Path]) -> Result<Repaired, RepairError> {
    let _lock = begin(folder)?;
    let files = scan(folder, others)?;
    let channel = Channel::of_genesis(&genesis(&files)?)?;
    let chain = follow(&files, &channel, None, None)?;
    chain.refuse_shorter(folder, &files, &channel, 0)?;
    let right = right_blocks(folder, 0)?.filter(|right| chain.is(right, &files));
    if right.is_none() {
        put_in_place(folder, vec![chain.write_blocks(folder, &files)?])?;
    }
    Ok(Repaired { blocks: chain.places.len() as u64, fetched: chain.fetched(), state: false })
}

/// Locks the folder of a node. A folder without a node's files counts as a node's that lost them if it is empty.
fn begin(folder: &Path) -> Result<FolderLock, RepairError> {
    let io = || StoreError::io("read", folder);
    match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            folder::make(folder).map_err(StoreError::io("make the folder", folder))?;
        }
        Err(error) => return Err(io()(error).into()),
        Ok(entries) => {
            let names = entries.map(|entry| entry.map(|entry| entry.file_name()));
            let names = names.collect::<Result<Vec<_>, _>>().map_err(io())?;
            let is_node = names.iter().any(|name| FILES.iter().any(|file| name == file));
            if !is_node && names.iter().any(|name| name != LOCK_NAME) {
                return Err(RepairError::NotANode { folder: folder.to_owned() });
            }
        }
    }
    Ok(FolderLock::take(folder)?)
}

/// The state of a peer.
struct State {
    snapshot: Snapshot,
    savepoint: Savepoint,
    /// What the snapshot reads.
    _database: Unchanged,
}

/// The state of a peer, if all of it can be read. Nothing of the file is changed.
fn existing_state(folder: &Path) -> Result<Option<State>, StoreError> {
    let path = folder.join(STATE_NAME);
    if !path.try_exists().map_err(StoreError::io("open", &path))? {
        return Ok(None);
    }
    let read = || {
        let database = open_unchanged(&path, true)?;
        Ok((Snapshot::of_database(&database, &path)?, database))
    };
    match read() {
        Ok((snapshot, database)) => {
            let savepoint = snapshot.savepoint().filter(|savepoint| savepoint.height > 0);
            Ok(savepoint.map(|savepoint| State { snapshot, savepoint, _database: database }))
        }
        Err(StoreError::StateDamaged { .. } | StoreError::Decode(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The records of the node's own file and of the other nodes' files.
fn scan(folder: &Path, others: &[&Path]) -> Result<Vec<Salvage>, StoreError> {
    std::iter::once(&folder).chain(others).map(|folder| Salvage::scan(folder)).collect()
}

/// The block file, if it can be opened as it is and has no torn tail.
fn right_blocks(folder: &Path, known: u64) -> Result<Option<BlockFile>, StoreError> {
    match BlockFile::open_read_only(folder, known) {
        Ok((file, torn)) => Ok(Some(file).filter(|file| torn.is_none() && !file.is_empty())),
        Err(StoreError::Damaged(_)) => Ok(None),
        Err(StoreError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The chain, as far as it is in the files.
struct Chain {
    /// Where each block is: the index of the file, 0 for the node's own, and the place in it.
    places: Vec<(usize, Place)>,
    metadata: Vec<Metadata>,
    replay: Changes,
    reached: Option<Savepoint>,
    /// Whether there is a state, and its last block is in the chain.
    has_tip_of_state: bool,
    /// Whether there is a state, and it is that of the chain.
    state_agrees: bool,
}

/// Follows the chain through the files, up to `limit` blocks.
fn follow(
    files: &[Salvage],
    channel: &Channel,
    state: Option<&State>,
    limit: Option<u64>,
) -> Result<Chain, RepairError> {
    let (replay, reached) = (Changes::default(), None::<Savepoint>);
    let (places, metadata) = (Vec::new(), Vec::new());
    let mut chain = Chain { places, metadata, replay, reached, has_tip_of_state: false, state_agrees: false };
    while limit.is_none_or(|limit| (chain.places.len() as u64) < limit) {
        let Some(Next { place, verdict, after }) = next(files, channel, chain.reached.as_ref(), &chain.replay)? else {
            break;
        };
        chain.places.push(place);
        chain.metadata.push(Metadata::new(&verdict, &after));
        chain.replay.add(verdict);
        if let Some(state) = state.filter(|state| state.savepoint.height == after.height) {
            chain.has_tip_of_state = state.savepoint.tip == after.tip;
            chain.state_agrees = state.savepoint == after && agrees(&chain.replay, &state.snapshot)?;
        }
        chain.reached = Some(after);
    }
    Ok(chain)
}

/// Whether the state is the replayed one. A state that turns out to be damaged is not.
fn agrees(replay: &Changes, snapshot: &Snapshot) -> Result<bool, StoreError> {
    use super::verify::VerifyError::Store;
    match compare_state(replay, snapshot) {
        Ok(()) => Ok(true),
        Err(Store(StoreError::StateDamaged { .. } | StoreError::Decode(_))) => Ok(false),
        Err(Store(error)) => Err(error),
        Err(_) => Ok(false),
    }
}

impl Chain {
    fn fetched(&self) -> u64 {
        self.places.iter().filter(|(file, _)| *file > 0).count() as u64
    }

    /// Whether the block file holds these blocks and no others.
    fn is(&self, file: &BlockFile, files: &[Salvage]) -> bool {
        let same = |(number, place): (u64, &(usize, Place))| {
            file.read(number).is_ok_and(|own| content(files, number, *place).is_ok_and(|content| content == own))
        };
        file.len() == self.places.len() as u64 && (0..).zip(&self.places).all(same)
    }

    /// Refuses a chain that lacks blocks which are known to exist.
    fn refuse_shorter(
        &self,
        folder: &Path,
        files: &[Salvage],
        channel: &Channel,
        known: u64,
    ) -> Result<(), RepairError> {
        let blocks = self.places.len() as u64;
        let mut heights = files.iter().map(|file| height(file, blocks, channel));
        let height = heights.try_fold(known.max(blocks), |a, b| b.map(|b| a.max(b)))?;
        if blocks < height || blocks == 0 {
            return Err(RepairError::Missing { number: blocks, height });
        }
        let last = blocks - 1;
        match (files, self.places.last()) {
            ([own, ..], Some(place)) if !own.searched() && !own.ends_with(last, &content(files, last, *place)?)? => {
                Err(RepairError::Unsearched { path: folder.join(BLOCKS_NAME), last })
            }
            _ => Ok(()),
        }
    }

    /// Whether the verdicts beside the block file are those of the chain, at least for the blocks below `required`.
    fn has_verdicts(&self, folder: &Path, required: u64) -> Result<bool, StoreError> {
        let Some(found) = file::read(&folder.join(VERDICTS_NAME))? else { return Ok(false) };
        let records = read_verdicts(folder)?.len();
        let expected = self.metadata.get(..records).map(encode_verdicts);
        Ok(records as u64 >= required && expected.is_some_and(|expected| expected == found))
    }

    fn write_blocks(&self, folder: &Path, files: &[Salvage]) -> Result<New, RepairError> {
        let new = New::make(folder, BLOCKS_NAME)?;
        let mut writer = BlockFileWriter::new(&new.file, &new.path)?;
        for (number, place) in (0..).zip(&self.places) {
            writer.append(&content(files, number, *place)?)?;
        }
        writer.finish()?;
        Ok(new)
    }
}

/// The content of a block that was found before.
fn content(files: &[Salvage], number: u64, (file, place): (usize, Place)) -> Result<Vec<u8>, StoreError> {
    let content = files.get(file).map(|file| file.content(number, place)).transpose()?.flatten();
    content.ok_or(StoreError::NoSuchBlock { number })
}

/// A new file beside the old one. It is removed unless it takes the place of the old one.
struct New {
    name: &'static str,
    path: PathBuf,
    file: File,
}

impl New {
    /// Makes the file, with the owner and the mode of the old one, else of another file of the node.
    fn make(folder: &Path, name: &'static str) -> Result<Self, RepairError> {
        let old = folder.join(name);
        if fs::symlink_metadata(&old).is_ok_and(|found| found.is_symlink()) {
            return Err(RepairError::Link { path: old });
        }
        let mut attempt = 0;
        let (path, file) = loop {
            let path = folder.join(format!("{name}.repair-{}-{attempt}", std::process::id()));
            match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => attempt += 1,
                made => break (path.clone(), made.map_err(StoreError::io("make", &path))?),
            }
        };
        let new = Self { name, path, file };
        let like = std::iter::once(name).chain(FILES).find_map(|name| fs::symlink_metadata(folder.join(name)).ok());
        let kept = match like.filter(fs::Metadata::is_file) {
            Some(like) => owner::copy(&like, &new.file).and_then(|()| new.file.set_permissions(like.permissions())),
            None => fs::metadata(folder).and_then(|folder| owner::copy(&folder, &new.file)),
        };
        kept.map_err(StoreError::io("keep owner and mode for", &new.path))?;
        Ok(new)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let written = self.file.write_all(bytes).and_then(|()| self.file.sync_all());
        written.map_err(StoreError::io("write", &self.path))
    }
}

impl Drop for New {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path); // after the rename there is no file of this name
    }
}

/// Renames the new files, in this order, to the names of the old ones.
fn put_in_place(folder: &Path, new: Vec<New>) -> Result<(), StoreError> {
    for new in new {
        let path = folder.join(new.name);
        fs::rename(&new.path, &path).map_err(StoreError::io("replace", &path))?;
        folder::sync(folder).map_err(StoreError::io("sync", folder))?;
    }
    Ok(())
}
/// The block 0 of all files that have one.
fn genesis(files: &[Salvage]) -> Result<Block, RepairError> {
    let mut found: Option<Block> = None;
    for file in files {
        for (_, block) in blocks(file, 0)? {
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
    /// The index of the file that has it, 0 for the node's own, and the place in the file.
    place: (usize, Place),
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
        for (place, block) in blocks(records, number)? {
            match channel.validate(&block, before, replay) {
                Ok((verdict, after)) => return Ok(Some(Next { place: (file, place), verdict, after })),
                Err(CommitError::Store(error)) => return Err(error.into()),
                Err(_) => {} // the block is of another chain, or forged
            }
        }
    }
    Ok(None)
}

/// The blocks of this number in a file.
fn blocks(file: &Salvage, number: u64) -> Result<impl Iterator<Item = (Place, Block)>, StoreError> {
    let block = |(place, content): (Place, Vec<u8>)| Some((place, Block::from_bytes(&content).ok()?));
    Ok(file.read(number)?.into_iter().filter_map(block))
}

/// The height that the chain has reached by this file: that of its last block, from `from` on, with a valid seal.
fn height(file: &Salvage, from: u64, channel: &Channel) -> Result<u64, StoreError> {
    let mut height = 0;
    for number in file.numbers().filter(|number| *number >= from) {
        let sealed =
            |block: &Block| block.verify(number, block.header.previous, &channel.msp, &channel.config.orderers).is_ok();
        if blocks(file, number)?.any(|(_, block)| sealed(&block)) {
            height = number.saturating_add(1);
        }
    }
    Ok(height)
}
