//! The lock of a node's folder: whoever writes into the folder holds the lock, so one process at a time writes there.
//!
//! The system releases the lock when its holder ends, however it ends. Reading needs no lock.

use super::owner;
use crate::ledger::error::StoreError;
use std::fs::{File, OpenOptions, TryLockError};
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
    /// [`StoreError::InUse`] if another node or repair holds the lock; [`StoreError::NoLock`] if the file system cannot lock.
    pub(in crate::ledger) fn take(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(LOCK_NAME);
        let file = open(&path, folder).map_err(StoreError::io("open", &path))?;
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
fn open(path: &Path, folder: &Path) -> std::io::Result<File> {
    match OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
            match owner::copy(&std::fs::metadata(folder)?, &file) {
                // Somebody else's folder in which this user may write.
                Err(error) if error.kind() != ErrorKind::PermissionDenied => Err(error),
                _ => Ok(file),
            }
        }
        opened => opened,
    }
}
