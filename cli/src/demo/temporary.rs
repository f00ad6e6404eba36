//! The demo's folder for records in the clear: the EMR folder, and without `--out` the received records.
//!
//! The folder is in the system's temporary folder and is called `phi-pre-demo-...`. It is removed at the end, also by a
//! signal. A killed process cannot remove it, so the next demo does. The folder holds a file, the mark, which a living
//! owner locks. A folder without the mark was made by somebody else, whatever its name, and is left alone.

use crate::output::{Failure, complain, named};
use crate::signals;
use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::TempDir;

const PREFIX: &str = "phi-pre-demo-";
/// The name of the mark.
const MARK: &str = "removed-by-the-next-demo";

/// A folder that only its owner can read. It is removed on drop.
pub(super) struct Temporary {
    folder: TempDir,
    /// The mark, locked.
    _mark: File,
}

impl Temporary {
    /// Removes the folders of demos that were killed, and makes a new one.
    pub(super) fn new() -> Result<Self, Failure> {
        let path = Arc::new(Mutex::new(None::<PathBuf>));
        // A signal waits until the folder is made, and then removes it.
        let mut making = path.lock().unwrap_or_else(PoisonError::into_inner);
        let made = Arc::clone(&path);
        signals::before_the_end(move || {
            if let Some(folder) = &*made.lock().unwrap_or_else(PoisonError::into_inner) {
                remove(folder);
            }
        })?;
        let this = Self::make()?;
        *making = Some(this.path().to_owned());
        drop(making);
        #[cfg(unix)]
        this.remove_abandoned()?;
        Ok(this)
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    fn make() -> Result<Self, Failure> {
        let cannot = |error: io::Error| {
            let why = format!("no temporary folder can be made here ({}); TMPDIR names another place", error.kind());
            named(&std::env::temp_dir(), &why)
        };
        loop {
            let mut folder = tempfile::Builder::new();
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                folder.permissions(fs::Permissions::from_mode(0o700));
            }
            let folder = folder.prefix(PREFIX).tempdir().map_err(cannot)?;
            let path = folder.path().join(MARK);
            let mark = File::create_new(&path).map_err(cannot)?;
            // Another demo may find the mark before it is locked, and remove the folder. Then a new one is made.
            let taken = matches!(mark.try_lock(), Err(TryLockError::WouldBlock));
            if !taken && path.exists() {
                // Where a file cannot be locked, no demo can take its folder for an abandoned one either.
                return Ok(Self { folder, _mark: mark });
            }
        }
    }

    /// Removes the folders of this user whose owner has gone.
    #[cfg(unix)]
    fn remove_abandoned(&self) -> Result<(), Failure> {
        use std::os::unix::fs::MetadataExt;
        let user = self.path().metadata()?.uid();
        // The metadata of a link are its own.
        let ours = |path: &Path| path.symlink_metadata().ok().filter(|found| found.uid() == user);
        for entry in fs::read_dir(self.path().parent().unwrap_or(self.path()))?.filter_map(Result::ok) {
            let (folder, mark) = (entry.path(), entry.path().join(MARK));
            if !entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes())
                || !ours(&folder).is_some_and(|found| found.is_dir())
                || !ours(&mark).is_some_and(|found| found.is_file())
            {
                continue;
            }
            let Ok(locked) = File::options().write(true).open(mark) else { continue };
            if locked.try_lock().is_ok() && remove(&folder) {
                say!("removed {}: an earlier demo was killed and left records in the clear", folder.display());
            }
        }
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        remove(self.path());
    }
}

/// Removes a folder with its content, and returns whether it is gone. Another thread may still be writing into it, so
/// this is tried again for some time.
fn remove(folder: &Path) -> bool {
    let mut last = None;
    for _ in 0..100 {
        match remove_once(folder) {
            Ok(()) => return true,
            Err(_) if folder.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) => {
                return true;
            }
            Err(error) => last = Some(error),
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    if let Some(error) = last {
        complain(&format_args!("{} holds records in the clear and cannot be removed: {error}", folder.display()));
    }
    false
}

/// Removes the mark last: without it, no demo would remove what a killed process leaves here.
fn remove_once(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name() == OsStr::new(MARK) {
            continue;
        }
        if entry.file_type()?.is_dir() { fs::remove_dir_all(entry.path())? } else { fs::remove_file(entry.path())? }
    }
    fs::remove_dir_all(folder)
}
