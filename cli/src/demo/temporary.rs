//! The demo's folder for records in the clear: the EMR folder, and without `--out` the received records.
//!
//! The folder is in the system's temporary folder and is called `phi-pre-demo-...`. It is removed at the end, also by a
//! signal. A killed process cannot remove it, so the next demo does: a living owner holds a lock on its folder.

use crate::output::Failure;
use crate::signals;
use std::fs::{self, File, TryLockError};
use std::path::Path;
use tempfile::TempDir;

const PREFIX: &str = "phi-pre-demo-";

/// A folder that only its owner can read. It is removed on drop.
pub(super) struct Temporary {
    folder: TempDir,
    _lock: Option<File>,
}

impl Temporary {
    /// Removes the folders of demos that were killed, and makes a new one.
    pub(super) fn new() -> Result<Self, Failure> {
        let this = Self::make()?;
        signals::remove_before_the_end(this.path())?;
        #[cfg(unix)]
        this.remove_abandoned()?;
        Ok(this)
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    fn make() -> Result<Self, Failure> {
        loop {
            let mut folder = tempfile::Builder::new();
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                folder.permissions(fs::Permissions::from_mode(0o700));
            }
            let folder = folder.prefix(PREFIX).tempdir()?;
            // Another demo may find the folder before it is locked, and remove it. Then a new one is made.
            let lock = File::open(&folder).ok();
            let taken = lock.as_ref().is_some_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)));
            if !taken && folder.path().exists() {
                // Where a folder cannot be locked, no demo can take it for an abandoned one either.
                return Ok(Self { folder, _lock: lock });
            }
        }
    }

    /// Removes the folders of this user whose owner has gone.
    #[cfg(unix)]
    fn remove_abandoned(&self) -> Result<(), Failure> {
        use std::os::unix::fs::MetadataExt;
        let user = self.path().metadata()?.uid();
        for entry in fs::read_dir(self.path().parent().unwrap_or(self.path()))?.filter_map(Result::ok) {
            let ours = entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes());
            if !ours || !entry.metadata().is_ok_and(|found| found.is_dir() && found.uid() == user) {
                continue; // the metadata are those of a link itself
            }
            let Ok(folder) = File::open(entry.path()) else { continue };
            if folder.try_lock().is_ok() {
                signals::remove(&entry.path()); // while the lock is held
                say!("removed {}: an earlier demo was killed and left records in the clear", entry.path().display());
            }
        }
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        signals::remove(self.path());
    }
}
