//! Watches the hospital's EMR folder for new records.
//!
//! Paper: section 3.2, "Hospital DApp monitors the hospital EMR system".
//!
//! When a file is taken:
//!
//! | how the watch notices it | taken |
//! |---|---|
//! | its writer closes it, or it is renamed into the folder (Linux) | at once; an empty file after [`EmrWatch::SETTLE`] |
//! | it appears and nobody is seen to close it, for example a link, or a file that exchanged its name with another (Linux) | after [`EmrWatch::UNCLOSED`] without a change |
//! | a scan finds it: at the start, in a new or renamed folder, after lost events, by polling | after [`EmrWatch::SETTLE`] without a change |
//!
//! A change is another inode, size or time of last modification. A file that was taken is taken again after such a
//! change, by the same rules. A file that is renamed is a new file. Temporary names ([`is_temporary`]) are left alone
//! until they are renamed. Links are not followed.
//!
//! ```text
//! folders: scan = [root]; for each folder: watch it, then list it (in this order, so that no entry is missed)
//! files:   path -> (stamp when taken, stamp when last seen, due time)
//! next:    events set due times; a file that is due is opened; it is taken if its stamp has not changed
//! ```
//!
//! The watch has no thread. Its memory is one entry for each file and each subfolder of the EMR folder; events wait in
//! the kernel's queue, which is limited. If the queue overflows, the folder is scanned once.

mod file;
#[cfg(target_os = "linux")]
mod inotify;
mod names;

pub use file::EmrFile;
pub use names::is_temporary;

use super::FlowError;
use file::{Stamp, vanished};
#[cfg(target_os = "linux")]
use inotify::{Change, Inotify};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::ReadDir;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The shortest interval of polling.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);
/// How often a waiting call checks that the watched folder is there.
const ROOT_INTERVAL: Duration = Duration::from_secs(60);
/// The steps after which the deadline is checked.
const SLICE: usize = 64;
/// The folders that may wait to be scanned before events are left in the kernel's queue.
const FOLDERS: usize = 4096;
/// The longest wait that the clock can represent on every system.
const LONGEST: Duration = Duration::from_secs(60 * 60 * 24 * 365);

/// What the watch knows of a file.
#[derive(Debug, Default)]
struct Entry {
    /// The file when it was taken.
    taken: Option<Stamp>,
    /// The file when it was last looked at, for a file that waits.
    seen: Option<Stamp>,
    /// When the file is looked at next, for a file that waits.
    due: Option<Instant>,
    /// For how long the file must not have changed.
    quiet: Duration,
    /// The number of the scan that found the file last.
    scan: u64,
}

/// A folder that is being scanned, with its entries that are not read yet.
#[derive(Debug)]
struct Listing {
    folder: PathBuf,
    entries: ReadDir,
}

/// What a scan finds.
enum Found {
    File(PathBuf, Stamp),
    Folder(PathBuf),
    /// A temporary name, a link, a pipe, a socket or a device; or the entry has vanished.
    Other,
}

impl Listing {
    fn next(&mut self) -> io::Result<Option<Found>> {
        let Some(entry) = self.entries.next() else { return Ok(None) };
        let found = entry.and_then(|entry| {
            let name = entry.file_name();
            if is_temporary(&name) {
                return Ok(Found::Other);
            }
            let (path, metadata) = (self.folder.join(name), entry.metadata()?); // of a link itself
            Ok(match metadata {
                metadata if metadata.is_dir() => Found::Folder(path),
                metadata if metadata.is_file() => Found::File(path, Stamp::of(&metadata)),
                _ => Found::Other,
            })
        });
        match found {
            Err(error) if vanished(&error) => Ok(Some(Found::Other)),
            found => found.map(Some),
        }
    }
}

/// A watched folder. [`next`](Self::next) yields its records, first those that are there when the watch begins.
#[derive(Debug)]
pub struct EmrWatch {
    folder: PathBuf,
    root: file::Root,
    /// The files by their paths in the folder.
    files: BTreeMap<PathBuf, Entry>,
    /// The files that wait, by the time when they are due.
    queue: BTreeSet<(Instant, PathBuf)>,
    /// The folders that are still to be scanned.
    scan: BTreeSet<PathBuf>,
    listing: Option<Listing>,
    /// The number of the last scan of the whole folder; whether it still runs; whether another one follows.
    scans: u64,
    whole: bool,
    again: bool,
    /// When the folder is scanned because a folder could not be read. Polling does not need this.
    retry: Option<Instant>,
    source: Source,
}

/// Where the watch learns of changes.
#[derive(Debug)]
enum Source {
    #[cfg(target_os = "linux")]
    Events(Inotify),
    Polling {
        interval: Duration,
        next: Instant,
    },
}

impl EmrWatch {
    /// A file whose closing cannot be seen is taken when it has not changed for this time: two seconds.
    pub const SETTLE: Duration = Duration::from_secs(2);
    /// A file that appeared and was not yet closed is taken when it has not changed for this time: thirty seconds.
    pub const UNCLOSED: Duration = Duration::from_secs(30);

    /// Watches `folder` and its subfolders: by inotify on Linux, by polling every two seconds on other systems.
    ///
    /// inotify sees changes made on this machine only. Use [`polling`](Self::polling) for a network mount, and where
    /// a file system can be mounted on a subfolder later, which inotify does not see either.
    ///
    /// # Errors
    /// [`FlowError::File`] where the folder cannot be read, [`FlowError::Watch`] where the system cannot watch it.
    pub fn new(folder: &Path) -> Result<Self, FlowError> {
        #[cfg(target_os = "linux")]
        {
            let inotify = Inotify::new().map_err(FlowError::watch(folder))?;
            let mut watch = Self::begin(folder, Source::Events(inotify))?;
            watch.watch_folder(Path::new("")).map_err(FlowError::watch(folder))?;
            Ok(watch)
        }
        #[cfg(not(target_os = "linux"))]
        Self::polling(folder, Self::SETTLE)
    }

    /// Looks at `folder` and its subfolders every `interval` (at least 100 milliseconds). This works on every file
    /// system; each look lists all folders.
    ///
    /// # Errors
    /// [`FlowError::File`] where the folder cannot be read.
    pub fn polling(folder: &Path, interval: Duration) -> Result<Self, FlowError> {
        let interval = interval.clamp(SHORTEST_INTERVAL, LONGEST);
        Self::begin(folder, Source::Polling { interval, next: Instant::now() + interval })
    }

    fn begin(folder: &Path, source: Source) -> Result<Self, FlowError> {
        let path = folder.canonicalize().map_err(FlowError::file(folder))?;
        path.read_dir().map_err(FlowError::file(folder))?;
        let root = file::Root::open(&path).map_err(FlowError::file(folder))?;
        let mut watch = Self {
            folder: path,
            root,
            files: BTreeMap::new(),
            queue: BTreeSet::new(),
            scan: BTreeSet::new(),
            listing: None,
            scans: 0,
            whole: false,
            again: false,
            retry: None,
            source,
        };
        watch.rescan();
        Ok(watch)
    }

    /// The canonical path of the watched folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Waits for the next record, at most for `patience`. Returns `None` when this time is over. The time does not
    /// cover a call of the file system that hangs, as on a network mount whose server is gone.
    ///
    /// After an error the watch goes on, and later calls yield the other records. What could not be read is tried again
    /// after [`UNCLOSED`](Self::UNCLOSED).
    ///
    /// # Errors
    /// [`FlowError::File`] with a file or folder that cannot be read; one that has vanished is no error, except for the
    /// watched folder itself. [`FlowError::Watch`] where the system cannot watch a new subfolder.
    pub fn next(&mut self, patience: Duration) -> Result<Option<EmrFile>, FlowError> {
        let deadline = Instant::now() + patience.min(LONGEST);
        loop {
            // One slice of each kind of work, whatever the deadline, so that calls without patience make progress.
            self.take_events()?;
            if let Some(found) = self.look_at_due_files()? {
                return Ok(Some(found));
            }
            self.scan_slice()?;
            let now = Instant::now();
            let scanning = self.listing.is_some() || !self.scan.is_empty();
            if !scanning {
                self.check_root()?;
            }
            if now >= deadline {
                return Ok(None);
            }
            let due = self.queue.first().map(|(due, _)| *due).into_iter().chain(self.retry);
            let until = if scanning { now } else { due.fold(deadline.min(now + ROOT_INTERVAL), Instant::min) };
            self.source.wait(until).map_err(FlowError::watch(&self.folder))?;
        }
    }

    /// Checks that the path of the watched folder still leads to it. A mount that is gone, for example, leaves an empty
    /// folder, and to forget the files would be to take them twice.
    fn check_root(&self) -> Result<(), FlowError> {
        if self.root.is_at(&self.folder) {
            return Ok(());
        }
        Err(FlowError::file(&self.folder)(io::Error::new(io::ErrorKind::NotFound, "is gone, or was replaced")))
    }

    /// Begins a scan of the whole folder, or has one follow the scan that runs.
    fn rescan(&mut self) {
        if self.whole {
            self.again = true;
            return;
        }
        self.whole = true;
        self.scans += 1;
        self.scan.insert(PathBuf::new());
    }

    /// Takes some of the events that wait.
    fn take_events(&mut self) -> Result<(), FlowError> {
        if self.retry.is_some_and(|retry| Instant::now() >= retry) {
            self.retry = None;
            self.rescan();
        }
        match &mut self.source {
            #[cfg(target_os = "linux")]
            Source::Events(inotify) if self.scan.len() < FOLDERS => {
                for change in inotify.changes().map_err(FlowError::watch(&self.folder))? {
                    self.take(change);
                }
            }
            #[cfg(target_os = "linux")]
            Source::Events(_) => {}
            Source::Polling { interval, next } => {
                if !self.whole && Instant::now() >= *next {
                    *next = Instant::now() + *interval;
                    self.rescan();
                }
            }
        }
        Ok(())
    }

    #[cfg(target_os = "linux")]
    fn take(&mut self, change: Change) {
        let now = Instant::now();
        match change {
            Change::Overflow => self.rescan(),
            Change::Folder(path) => drop(self.scan.insert(path)),
            Change::FolderGone(path) => {
                let below = self.files.range(path.clone()..).map(|(at, _)| at);
                let below: Vec<_> = below.take_while(|at| at.starts_with(&path)).cloned().collect();
                for path in below {
                    self.forget(&path);
                }
            }
            Change::Gone(path) => {
                self.forget(&path);
                // Where two files have exchanged their names, this is the last event of a name that is there.
                self.look_at(path, None, now, Self::UNCLOSED);
            }
            Change::Created(path) => {
                let waits = self.files.get(&path).is_some_and(|entry| entry.due.is_some());
                if !waits {
                    self.look_at(path, None, now, Self::UNCLOSED);
                }
            }
            Change::Complete(path) => self.look_at(path, None, now, Duration::ZERO),
        }
    }

    /// Has the file looked at when it is due. It is taken if it is then still as `seen`. Where it was not yet seen, it is
    /// taken at once if `quiet` is zero, and otherwise looked at once more after `quiet`.
    fn look_at(&mut self, path: PathBuf, seen: Option<Stamp>, due: Instant, quiet: Duration) {
        let scan = self.scans;
        let entry = self.files.entry(path.clone()).or_default();
        if let Some(before) = entry.due.replace(due) {
            self.queue.remove(&(before, path.clone()));
        }
        (entry.seen, entry.quiet, entry.scan) = (seen, quiet, scan);
        self.queue.insert((due, path));
    }

    #[cfg(target_os = "linux")]
    fn forget(&mut self, path: &Path) {
        if let Some(Entry { due: Some(due), .. }) = self.files.remove(path) {
            self.queue.remove(&(due, path.to_owned()));
        }
    }

    /// Looks at some of the files that are due, and returns the first that is complete.
    fn look_at_due_files(&mut self) -> Result<Option<EmrFile>, FlowError> {
        for _ in 0..SLICE {
            let now = Instant::now();
            let Some((due, path)) = self.queue.pop_first() else { break };
            if due > now {
                self.queue.insert((due, path));
                break;
            }
            let Some(entry) = self.files.get_mut(&path) else { continue };
            entry.due = None;
            let found = match self.root.open_file(&path) {
                Ok(found) => found,
                Err(error) if vanished(&error) => {
                    self.files.remove(&path);
                    continue;
                }
                Err(error) => {
                    self.look_at(path.clone(), None, now + Self::UNCLOSED, Self::SETTLE);
                    return Err(FlowError::file(&self.folder.join(&path))(error));
                }
            };
            let stamp = found.stamp();
            if entry.taken == Some(stamp) {
                continue;
            }
            let quiet = match entry.seen {
                Some(seen) if seen != stamp && entry.quiet.is_zero() => Self::UNCLOSED, // it is being written again
                _ if stamp.is_empty() => entry.quiet.max(Self::SETTLE),
                _ => entry.quiet,
            };
            let complete = entry.seen.map_or(quiet.is_zero(), |seen| seen == stamp);
            match stamp.fresh_for() {
                _ if !complete => self.look_at(path, Some(stamp), now + quiet, quiet),
                Some(left) => self.look_at(path, Some(stamp), now + left, quiet),
                None => {
                    (entry.taken, entry.seen) = (Some(stamp), None);
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    }

    /// Reads some entries of the folders that are still to be scanned.
    fn scan_slice(&mut self) -> Result<(), FlowError> {
        for _ in 0..SLICE {
            if let Some(listing) = &mut self.listing {
                match listing.next() {
                    Ok(Some(Found::Folder(path))) => drop(self.scan.insert(path)),
                    Ok(Some(Found::File(path, stamp))) => self.found(path, stamp),
                    Ok(Some(Found::Other)) => {}
                    Ok(None) => self.listing = None,
                    Err(error) => {
                        let folder = std::mem::take(&mut listing.folder);
                        self.listing = None;
                        self.keep(&folder);
                        return Err(FlowError::file(&self.folder.join(&folder))(error));
                    }
                }
            } else if let Some(folder) = self.scan.pop_first() {
                self.open_listing(folder)?;
            } else {
                self.end_scan();
                break;
            }
        }
        Ok(())
    }

    /// Watches a folder and begins to list it.
    fn open_listing(&mut self, folder: PathBuf) -> Result<(), FlowError> {
        let path = self.folder.join(&folder);
        if folder.as_os_str().is_empty() {
            self.check_root().inspect_err(|_| self.whole = false)?;
        }
        if let Err(error) = self.watch_folder(&folder) {
            self.keep(&folder);
            return Err(FlowError::watch(&path)(error));
        }
        let kind = path.symlink_metadata();
        match kind
            .and_then(|kind| if kind.is_dir() { path.read_dir() } else { Err(io::ErrorKind::NotADirectory.into()) })
        {
            Ok(entries) => self.listing = Some(Listing { folder, entries }),
            Err(error) if vanished(&error) => {}
            Err(error) => {
                self.keep(&folder);
                return Err(FlowError::file(&path)(error));
            }
        }
        Ok(())
    }

    #[cfg_attr(not(target_os = "linux"), allow(clippy::unnecessary_wraps, clippy::unused_self))]
    fn watch_folder(&mut self, folder: &Path) -> io::Result<()> {
        match &mut self.source {
            #[cfg(target_os = "linux")]
            Source::Events(inotify) => inotify.add(folder, &self.folder.join(folder), self.scans),
            Source::Polling { .. } => Ok(()),
        }
    }

    /// Counts the files below a folder that cannot be read as found: they are not forgotten. The folder is tried again.
    fn keep(&mut self, folder: &Path) {
        let below = self.files.range_mut(folder.to_owned()..).take_while(|(path, _)| path.starts_with(folder));
        below.for_each(|(_, entry)| entry.scan = self.scans);
        #[cfg(target_os = "linux")]
        if let Source::Events(inotify) = &mut self.source {
            inotify.keep(folder, self.scans);
            self.retry.get_or_insert(Instant::now() + Self::UNCLOSED);
        }
    }

    /// A scan has found a file.
    fn found(&mut self, path: PathBuf, stamp: Stamp) {
        let entry = self.files.entry(path.clone()).or_default();
        entry.scan = self.scans;
        if entry.due.is_none() && entry.taken != Some(stamp) {
            self.look_at(path, Some(stamp), Instant::now() + Self::SETTLE, Self::SETTLE);
        }
    }

    /// Forgets the files that a scan of the whole folder has not found.
    fn end_scan(&mut self) {
        if !std::mem::take(&mut self.whole) {
            return;
        }
        let (scans, queue) = (self.scans, &mut self.queue);
        self.files.retain(|path, entry| {
            let there = entry.scan == scans;
            if let (false, Some(due)) = (there, entry.due) {
                queue.remove(&(due, path.clone()));
            }
            there
        });
        match &mut self.source {
            #[cfg(target_os = "linux")]
            Source::Events(inotify) => inotify.retain(scans),
            Source::Polling { interval, next } => *next = Instant::now() + *interval,
        }
        if std::mem::take(&mut self.again) {
            self.rescan();
        }
    }
}

impl Source {
    /// Waits until `until`, or until there are events.
    fn wait(&self, until: Instant) -> io::Result<()> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Events(inotify) => inotify.wait(until),
            Self::Polling { next, .. } => {
                std::thread::sleep(until.min(*next).saturating_duration_since(Instant::now()));
                Ok(())
            }
        }
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
mod tests;
