//! The lock of a node's folder: whoever writes into the folder holds the lock, so one process at a time writes there.
//!
//! The system releases the lock when its holder ends, however it ends. Reading needs no lock. Whoever removes the lock
//! file while a node runs also removes the protection: another process can then take a new lock.

use super::{file, owner};
use crate::ledger::error::StoreError;
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;

/// The name of the empty file in a node's folder that is locked. The file stays, and means nothing without the lock.
pub const LOCK_NAME: &str = "lock";

/// The lock, until it is dropped.
#[derive(Debug)]
pub(in crate::ledger) struct FolderLock {
    file: File,
}

impl FolderLock {
    /// Locks `folder`.
    ///
    /// # Errors
    /// [`StoreError::InUse`] if another node or repair holds the lock; [`StoreError::NoLock`] if the file system cannot lock;
    /// [`StoreError::NotAFile`] if the file is a link or anything else that this crate does not make.
    pub(in crate::ledger) fn take(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(LOCK_NAME);
        let file = open(&path, folder)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse { folder: folder.to_owned() }),
            Err(TryLockError::Error(source)) => Err(StoreError::NoLock { folder: folder.to_owned(), source }),
        }
    }
}

/// Releases the lock also where another thread has just begun to start a process, which has the file open until it executes.
impl Drop for FolderLock {
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

/// Opens the file, or makes it. A file that the superuser makes belongs to the owner of the folder, who has to open it later.
/// That owner could have put a link there, so links are not followed: the superuser would make a file elsewhere for them.
fn open(path: &Path, folder: &Path) -> Result<File, StoreError> {
    match std::fs::symlink_metadata(path) {
        Ok(there) if there.is_file() => file::open(path, true),
        Ok(_) => Err(StoreError::NotAFile { path: path.to_owned() }),
        Err(error) if error.kind() == ErrorKind::NotFound => match file::make(path) {
            // Another node has just made the file.
            Err(StoreError::Io { source, .. }) if source.kind() == ErrorKind::AlreadyExists => file::open(path, true),
            made => {
                let made = made?;
                match std::fs::metadata(folder).and_then(|folder| owner::copy(&folder, &made)) {
                    // Somebody else's folder in which this user may write.
                    Err(error) if error.kind() != ErrorKind::PermissionDenied => {
                        Err(StoreError::io("make", path)(error))
                    }
                    _ => Ok(made),
                }
            }
        },
        Err(error) => Err(StoreError::io("open", path)(error)),
    }
}
