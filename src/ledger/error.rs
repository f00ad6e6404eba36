//! Errors of the ledger's files: I/O errors, damage, and torn tails.

use crate::error::DecodeError;
use std::path::{Path, PathBuf};

/// The incomplete blocks that an interrupted write left at the end of a block file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TornTail {
    /// The number of the first incomplete block.
    pub number: u64,
    /// The length of the file without the torn tail.
    pub offset: u64,
    /// The length of the torn tail in bytes.
    pub bytes: u64,
}

/// What is wrong with a block file, or with the verdicts beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// The file does not begin with the magic bytes of a block file.
    #[error("the block file does not begin as one")]
    Magic,
    /// The head of a record, with length and number, fails its check.
    #[error("block {0}: the head of the record is damaged")]
    Head(u64),
    /// The content of a record fails its checksum.
    #[error("block {0}: the content of the record is damaged")]
    Content(u64),
    /// A committed block is missing.
    #[error("block {0} was committed and is missing")]
    Missing(u64),
    /// The codes of a block that is in the state are damaged or missing.
    #[error("block {0}: the verdicts beside the block file are damaged")]
    Verdicts(u64),
}

/// Why the files of a ledger cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// An I/O operation failed.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// The operation.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Another node, or a repair, writes in the folder.
    #[error("{} is in use: another node or a repair writes there", folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder cannot be locked, as on a network file system without locks. Nothing is written without a lock.
    #[error("{} cannot be locked, and a node needs a file system with locks: {source}", folder.display())]
    NoLock {
        /// The folder.
        folder: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The folder has a ledger already, or a file that a node would have to remove is not one of its own.
    #[error("{path} exists")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A folder, a pipe or a device is in the place of a node's file, or a link in the place of the lock.
    #[error("{} is not a file", path.display())]
    NotAFile {
        /// The place.
        path: PathBuf,
    },
    /// The block file has the format of another version.
    #[error("{} is a block file of version {found}; only version 2 can be read", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// The block file, or the file of verdicts, is damaged.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// The block is longer than a block file can hold.
    #[error("a block of {got} bytes where {limit} are the limit")]
    TooLarge {
        /// The limit.
        limit: u32,
        /// The length.
        got: usize,
    },
    /// No block has this number.
    #[error("there is no block {number}")]
    NoSuchBlock {
        /// The number.
        number: u64,
    },
    /// A stored value does not decode.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The database of the state failed.
    #[error("{}: {source}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<redb::Error>,
    },
    /// The database of the state is damaged.
    #[error("{} is damaged; without it the state is made again from the blocks", path.display())]
    StateDamaged {
        /// The file.
        path: PathBuf,
    },
}

impl StoreError {
    /// For `map_err`: names the operation and the file.
    pub(in crate::ledger) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}
