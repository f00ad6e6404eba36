//! What the file system and redb answer where they do not do what they are asked.

use super::STATE_NAME;
use crate::error::DecodeError;
use crate::folder;
use crate::ledger::blockfile::Damage;
use std::path::{Path, PathBuf};

/// Why the ledger's files cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file system refused.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// There is a ledger in the folder.
    #[error("{path} exists")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The block file is not what was written.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// A block larger than can be kept.
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
    /// What was kept does not decode.
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

/// Runs what reads the state of `folder`. redb panics on some damaged pages; that is an error here.
pub(in crate::ledger) fn unless_damaged<T, E: From<StoreError>>(
    folder: &Path,
    read: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    // Nothing that was being read is used after a panic.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(StoreError::StateDamaged { path: folder.join(STATE_NAME) }.into()))
}

impl StoreError {
    pub(in crate::ledger) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}

/// For `map_err`: names the file of the state.
pub(in crate::ledger) fn failed<E: Into<redb::Error>>(path: &Path) -> impl Fn(E) -> StoreError + '_ {
    use std::io::ErrorKind::{InvalidData, UnexpectedEof};
    move |error| match error.into() {
        redb::Error::Corrupted(_) | redb::Error::UpgradeRequired(_) => {
            StoreError::StateDamaged { path: path.to_owned() }
        }
        redb::Error::Io(error) if matches!(error.kind(), InvalidData | UnexpectedEof) => {
            StoreError::StateDamaged { path: path.to_owned() }
        }
        source => StoreError::State { path: path.to_owned(), source: Box::new(source) },
    }
}

/// The name of a file that is new, replaced or removed is durable only once its folder is.
pub(in crate::ledger) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    folder::sync(path).map_err(StoreError::io("sync", path))
}
