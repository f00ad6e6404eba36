//! The changes of the folder's tree, by Linux's inotify. Each folder is watched by itself.
//!
//! Only these events are requested: a name appears or goes, a file that was open for writing is closed. Reading and
//! listing cause none, so a scan does not cause the next one. The crate `notify` is not used: it requests events of
//! opening, too, and it watches a new folder only after it has reported it, so that files in the folder are missed.

use super::names::is_temporary;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init, remove_watch};
use rustix::io::Errno;
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Bytes of events that are read at once.
const EVENT_BYTES: usize = 1 << 14;

/// A change of the tree. Paths are relative to the watched folder. Changes of temporary names are left out.
#[derive(Debug)]
pub(super) enum Change {
    /// A file appeared under a new name: it is being written, or it is a link.
    Created(PathBuf),
    /// A file that was open for writing was closed, or a file was renamed to this name.
    Complete(PathBuf),
    /// A file was removed or renamed to another name.
    Gone(PathBuf),
    /// A folder appeared, or its watch has ended, as at an unmount. It may hold files already.
    Folder(PathBuf),
    /// A folder was removed or renamed to another name.
    FolderGone(PathBuf),
    /// The kernel's queue was full, and events were lost.
    Overflow,
}

/// The watched folders.
#[derive(Debug)]
pub(super) struct Inotify {
    queue: OwnedFd,
    folders: HashMap<i32, PathBuf>,
    /// The watch of each folder, and the number of the scan that found the folder last.
    watches: BTreeMap<PathBuf, (i32, u64)>,
}

impl Inotify {
    pub(super) fn new() -> io::Result<Self> {
        let queue = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).map_err(|error| match error {
            Errno::MFILE => limit("fs.inotify.max_user_instances"),
            error => error.into(),
        })?;
        Ok(Self { queue, folders: HashMap::new(), watches: BTreeMap::new() })
    }

    /// Watches the folder `path`, which is `folder` in the tree. One that has vanished is not watched.
    pub(super) fn add(&mut self, folder: &Path, path: &Path, scan: u64) -> io::Result<()> {
        let flags = WatchFlags::CREATE
            | WatchFlags::CLOSE_WRITE
            | WatchFlags::MOVED_TO
            | WatchFlags::MOVED_FROM
            | WatchFlags::DELETE
            | WatchFlags::ONLYDIR
            | WatchFlags::DONT_FOLLOW
            | WatchFlags::EXCL_UNLINK;
        let watch = match add_watch(&self.queue, path, flags) {
            Ok(watch) => watch,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(()),
            Err(Errno::NOSPC) => return Err(limit("fs.inotify.max_user_watches")),
            Err(error) => return Err(error.into()),
        };
        // After lost events, the same folder under its former name, and another folder under this name.
        if let Some(former) = self.folders.insert(watch, folder.to_owned())
            && self.watches.get(&former).is_some_and(|(found, _)| *found == watch)
        {
            self.watches.remove(&former);
        }
        if let Some((other, _)) = self.watches.insert(folder.to_owned(), (watch, scan)) {
            self.folders.remove(&other);
            let _ = remove_watch(&self.queue, other);
        }
        Ok(())
    }

    /// Ends the watch of this folder and of those below it.
    fn remove_below(&mut self, folder: &Path) {
        let below = self.watches.range(folder.to_owned()..).map(|(path, _)| path);
        let below: Vec<_> = below.take_while(|path| path.starts_with(folder)).cloned().collect();
        for path in below {
            self.remove(&path);
        }
    }

    fn remove(&mut self, folder: &Path) {
        if let Some((watch, _)) = self.watches.remove(folder) {
            self.folders.remove(&watch);
            let _ = remove_watch(&self.queue, watch); // it has ended already if the folder was removed
        }
    }

    /// Ends the watches of folders that this scan of the whole tree has not found.
    pub(super) fn retain(&mut self, scan: u64) {
        let gone = self.watches.iter().filter(|(_, (_, found))| *found != scan).map(|(path, _)| path.clone());
        for path in gone.collect::<Vec<_>>() {
            self.remove(&path);
        }
    }

    /// Counts the watches of this folder and of those below it as found by this scan.
    pub(super) fn keep(&mut self, folder: &Path, scan: u64) {
        let below = self.watches.range_mut(folder.to_owned()..).take_while(|(path, _)| path.starts_with(folder));
        below.for_each(|(_, (_, found))| *found = scan);
    }

    /// Ends the watch of a folder as the system does: the maps of this value still list the watch.
    #[cfg(test)]
    pub(super) fn end(&self, folder: &Path) {
        remove_watch(&self.queue, self.watches[folder].0).unwrap();
    }

    /// Waits for events until `until`.
    pub(super) fn wait(&self, until: Instant) -> io::Result<()> {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&self.queue, PollFlags::IN)], Some(&left)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns some of the events that wait, in their order.
    pub(super) fn changes(&mut self) -> io::Result<Vec<Change>> {
        let mut changes = Vec::new();
        let mut events = Vec::new();
        let mut buffer = [MaybeUninit::uninit(); EVENT_BYTES];
        let mut reader = Reader::new(&self.queue, &mut buffer);
        loop {
            match reader.next() {
                Ok(event) => {
                    let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()).to_owned());
                    events.push((event.wd(), event.events(), name));
                }
                Err(Errno::AGAIN | Errno::INTR) => break,
                Err(error) => return Err(error.into()),
            }
            if reader.is_buffer_empty() {
                break;
            }
        }
        for (watch, kind, name) in events {
            if kind.contains(ReadFlags::QUEUE_OVERFLOW) {
                changes.push(Change::Overflow);
            }
            let Some(folder) = self.folders.get(&watch) else { continue };
            if kind.contains(ReadFlags::IGNORED) {
                let folder = folder.clone(); // the folder was removed, or its file system was unmounted
                self.folders.remove(&watch);
                self.watches.remove(&folder);
                changes.push(Change::Folder(folder));
                continue;
            }
            let Some(name) = name.filter(|name| !is_temporary(name)) else { continue };
            let path = folder.join(name);
            let gone = kind.intersects(ReadFlags::DELETE | ReadFlags::MOVED_FROM);
            if kind.contains(ReadFlags::ISDIR) {
                if gone {
                    self.remove_below(&path);
                }
                changes.push(if gone { Change::FolderGone(path) } else { Change::Folder(path) });
            } else if gone {
                changes.push(Change::Gone(path));
            } else if kind.contains(ReadFlags::CREATE) {
                changes.push(Change::Created(path));
            } else {
                changes.push(Change::Complete(path));
            }
        }
        Ok(changes)
    }
}

fn limit(name: &str) -> io::Error {
    io::Error::other(format!("the system's limit {name} is reached"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use std::fs;

    /// After lost events, a scan finds other folders under the known names. Each has one watch, under its new name.
    #[test]
    fn a_scan_mends_the_watches_after_lost_events() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let mut inotify = Inotify::new().unwrap();
        let mut scan = |number: u64| {
            for name in ["a", "b"] {
                inotify.add(Path::new(name), &path(name), number).unwrap();
            }
            inotify.retain(number);
            for name in ["a", "b"] {
                let (watch, _) = inotify.watches[Path::new(name)];
                assert_eq!(inotify.folders[&watch], Path::new(name), "scan {number}");
                // The same folder has the same watch.
                assert_eq!(add_watch(&inotify.queue, path(name), WatchFlags::CREATE).unwrap(), watch, "scan {number}");
            }
            assert_eq!((inotify.watches.len(), inotify.folders.len()), (2, 2), "scan {number}");
        };
        for name in ["a", "b"] {
            fs::create_dir(path(name)).unwrap();
        }
        scan(1);
        renameat_with(CWD, path("a"), CWD, path("b"), RenameFlags::EXCHANGE).unwrap();
        scan(2);
        fs::rename(path("a"), path("away")).unwrap();
        fs::create_dir(path("a")).unwrap();
        scan(3);
        fs::rename(path("b"), path("gone")).unwrap();
        fs::rename(path("a"), path("b")).unwrap();
        fs::rename(path("gone"), path("a")).unwrap();
        scan(4);
    }
}
