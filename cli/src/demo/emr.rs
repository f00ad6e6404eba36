//! The folder of hospital A's EMR system. The demo copies the records into it.

use crate::output::Failure;
use std::fs;
use std::path::{Path, PathBuf};

/// The hospital's EMR folder, with copies of the records in the clear. On Unix its mode is 0700. It is removed on drop.
pub(super) struct EmrFolder(pub(super) PathBuf);

impl EmrFolder {
    /// Creates the folder with the subfolders that the records need.
    pub(super) fn new(source: &Path, records: &[PathBuf], folder: &Path) -> Result<Self, Failure> {
        let this = Self(folder.join("hospital-a"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&this.0, fs::Permissions::from_mode(0o700))?;
        }
        fs::create_dir_all(this.0.join("incoming"))?;
        for record in records {
            if let Some(below) = record.strip_prefix(source)?.parent() {
                fs::create_dir_all(this.0.join("emr").join(below))?;
            }
        }
        Ok(this)
    }

    /// Saves a record: copies it to another folder and then renames it, so that the watcher sees whole files only.
    pub(super) fn save(&self, record: &Path, name: &Path) -> Result<(), Failure> {
        let incoming = self.0.join("incoming").join("record");
        fs::copy(record, &incoming).map_err(|e| format!("copying {} to the EMR folder: {e}", record.display()))?;
        fs::rename(incoming, self.0.join("emr").join(name))?;
        Ok(())
    }
}

impl Drop for EmrFolder {
    fn drop(&mut self) {
        if let Err(e) = fs::remove_dir_all(&self.0) {
            eprintln!("phi-pre: {} holds records in the clear and cannot be removed: {e}", self.0.display());
        }
    }
}
