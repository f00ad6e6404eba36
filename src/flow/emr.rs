//! Watches the hospital's EMR folder for new records.
//!
//! Paper: section 3.2, "Hospital DApp monitors the hospital EMR system". A file is reported after it was closed by its
//! writer or moved into the folder, so that a file is not taken while it is being written. Files that are in the folder
//! when the watch begins, and files in a new subfolder, are reported at once. Links are not followed.

use super::FlowError;
use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// A watched folder. It yields each file once, and those that existed at the start first.
#[derive(Debug)]
pub struct EmrWatch {
    folder: PathBuf,
    seen: BTreeSet<PathBuf>,
    ready: VecDeque<PathBuf>,
    events: Receiver<notify::Result<Event>>,
    _watcher: RecommendedWatcher,
}

impl EmrWatch {
    /// Watches `folder` and its subfolders.
    ///
    /// # Errors
    /// [`FlowError::File`] where the folder cannot be read, [`FlowError::Watch`] where the system cannot watch it.
    pub fn new(folder: &Path) -> Result<Self, FlowError> {
        let (send, events) = channel();
        let folder = folder.canonicalize().map_err(FlowError::file(folder))?;
        let mut watcher = notify::recommended_watcher(send)?;
        watcher.watch(&folder, RecursiveMode::Recursive)?;
        let mut watch = Self { folder, seen: BTreeSet::new(), ready: VecDeque::new(), events, _watcher: watcher };
        watch.scan()?; // after the watch has begun, so that no file is missed
        Ok(watch)
    }

    /// The canonical path of the watched folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Waits for the next record, at most for `patience`. Returns `None` when this time is over.
    ///
    /// # Errors
    /// [`FlowError::Watch`] where the watch has ended, [`FlowError::File`] where a rescan failed.
    pub fn next(&mut self, patience: Duration) -> Result<Option<PathBuf>, FlowError> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(path) = self.ready.pop_front() {
                return Ok(Some(path));
            }
            match self.events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(event) => self.take(&event?)?,
                Err(RecvTimeoutError::Timeout) => return Ok(None),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(notify::Error::generic("the watcher ended").into());
                }
            }
        }
    }

    fn take(&mut self, event: &Event) -> Result<(), FlowError> {
        let complete = match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write))
            | EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Both | RenameMode::Any)) => true,
            // Other systems do not report the closing of a file. There a file is taken when it appears.
            EventKind::Create(_) => !cfg!(target_os = "linux"),
            _ => false,
        };
        if event.need_rescan() || event.paths.iter().any(|path| path.is_dir()) {
            return self.scan(); // events were lost, or a new folder may already hold files
        }
        if complete {
            event.paths.iter().for_each(|path| self.offer(path));
        }
        Ok(())
    }

    fn offer(&mut self, path: &Path) {
        let is_file = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
        if is_file && self.seen.insert(path.to_owned()) {
            self.ready.push_back(path.to_owned());
        }
    }

    fn scan(&mut self) -> Result<(), FlowError> {
        files(&self.folder)?.iter().for_each(|path| self.offer(path));
        Ok(())
    }
}

/// Returns the paths of all files below `folder`, sorted. Links are not followed.
///
/// # Errors
/// [`FlowError::File`].
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, FlowError> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(FlowError::file(&folder))? {
            let entry = entry.map_err(FlowError::file(&folder))?;
            let kind = entry.file_type().map_err(FlowError::file(&entry.path()))?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Long enough for a busy machine. A wait ends as soon as a record is reported.
    const PATIENCE: Duration = Duration::from_secs(30);

    #[test]
    fn old_and_new_records_come_once_each() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().canonicalize().unwrap();
        let [old, written, moved] = ["old", "written", "moved to"].map(|name| folder.join(name));
        fs::write(&old, b"1").unwrap();
        let mut watch = EmrWatch::new(&folder).unwrap();
        assert_eq!(watch.next(PATIENCE).unwrap(), Some(old.clone()));

        fs::write(&written, b"2").unwrap();
        assert_eq!(watch.next(PATIENCE).unwrap(), Some(written));

        let outside = tempfile::tempdir_in(folder.parent().unwrap()).unwrap();
        fs::write(outside.path().join("part"), b"3").unwrap();
        fs::rename(outside.path().join("part"), &moved).unwrap();
        assert_eq!(watch.next(PATIENCE).unwrap(), Some(moved));

        fs::write(&old, b"again").unwrap();
        assert_eq!(watch.next(Duration::ZERO).unwrap(), None);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = EmrWatch::new(Path::new("/no/such/folder")).unwrap_err();
        assert!(error.to_string().starts_with("/no/such/folder: "), "{error}");
    }
}
