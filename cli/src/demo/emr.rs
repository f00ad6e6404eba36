//! The folder of hospital A's EMR system. The demo copies the records into it.

use crate::output::{Failure, named};
use std::fs;
use std::path::{Path, PathBuf};

/// The hospital's EMR folder, with copies of the records in the clear.
pub(super) struct EmrFolder(PathBuf);

impl EmrFolder {
    /// Creates the folder in `folder`, with the subfolders that the records need.
    pub(super) fn new(source: &Path, records: &[PathBuf], folder: &Path) -> Result<Self, Failure> {
        let this = Self(folder.to_owned());
        fs::create_dir_all(this.0.join("incoming"))?;
        for record in records {
            if let Some(below) = record.strip_prefix(source)?.parent() {
                fs::create_dir_all(this.watched().join(below))?;
            }
        }
        Ok(this)
    }

    /// The folder that the hospital watches.
    pub(super) fn watched(&self) -> PathBuf {
        self.0.join("emr")
    }

    /// Saves a record: copies it to another folder and then renames it, so that the watcher sees whole files only.
    pub(super) fn save(&self, record: &Path, name: &Path) -> Result<(), Failure> {
        let incoming = self.0.join("incoming").join("record");
        fs::copy(record, &incoming).map_err(|e| named(record, &format_args!("not copied to the EMR folder: {e}")))?;
        fs::rename(incoming, self.watched().join(name))?;
        Ok(())
    }
}
