//! Opens the files of a node. They are regular files, perhaps behind links; a pipe would keep its reader waiting, and a device
//! need not end.

use crate::ledger::error::StoreError;
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;

/// Checks that there is a regular file.
///
/// # Errors
/// [`StoreError::NotAFile`], [`StoreError::Io`].
pub(in crate::ledger) fn require(path: &Path) -> Result<(), StoreError> {
    let found = std::fs::metadata(path).map_err(StoreError::io("open", path))?;
    if found.is_file() { Ok(()) } else { Err(StoreError::NotAFile { path: path.to_owned() }) }
}

/// Opens a file for reading, and for writing too if `write` says so.
///
/// # Errors
/// As [`require`].
pub(in crate::ledger) fn open(path: &Path, write: bool) -> Result<File, StoreError> {
    require(path)?;
    OpenOptions::new().read(true).write(write).open(path).map_err(StoreError::io("open", path))
}

/// Opens a file for reading and writing, or makes it, but not behind a link.
///
/// # Errors
/// As [`require`].
pub(super) fn open_or_make(path: &Path) -> Result<File, StoreError> {
    match found(open(path, true))? {
        Some(file) => Ok(file),
        None => make(path),
    }
}

/// Makes a new file. An existing file or link is an error.
///
/// # Errors
/// [`StoreError::Io`].
pub(super) fn make(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new().read(true).write(true).create_new(true).open(path).map_err(StoreError::io("make", path))
}

/// Reads a file; none if it is missing.
///
/// # Errors
/// As [`require`].
pub(in crate::ledger) fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    let read = || {
        require(path)?;
        std::fs::read(path).map_err(StoreError::io("read", path))
    };
    found(read())
}

/// Nothing for a missing file.
pub(super) fn found<T>(result: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match result {
        Err(StoreError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}
