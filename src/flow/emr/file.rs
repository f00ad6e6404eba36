//! An open record, and how it is opened: below the watched folder, without following links.

use super::super::FlowError;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The coarsest clock of file times: two changes within this time can have the same time.
const TICK: Duration = Duration::from_millis(20);

/// What distinguishes one state of a file from another: inode, size, and time of last modification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Device and inode. Zero where the system does not tell them.
    inode: (u64, u64),
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let inode = {
            use std::os::unix::fs::MetadataExt;
            (metadata.dev(), metadata.ino())
        };
        #[cfg(not(unix))]
        let inode = (0, 0);
        Self { inode, bytes: metadata.len(), modified: metadata.modified().ok() }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// For how long a further change could have the same time as the last one.
    pub(super) fn fresh_for(&self) -> Option<Duration> {
        TICK.checked_sub(self.modified?.elapsed().ok()?)
    }
}

/// A record of the EMR system, open for reading. It stays the same file, whatever happens to its name. Reading it ends
/// in an error where it has grown since it was opened.
#[derive(Debug)]
pub struct EmrFile {
    file: File,
    name: PathBuf,
    stamp: Stamp,
    /// The bytes that were read.
    read: u64,
}

impl EmrFile {
    /// Opens the file `path`, which is also its name.
    ///
    /// # Errors
    /// [`FlowError::File`], also where this is not a regular file.
    pub fn open(path: &Path) -> Result<Self, FlowError> {
        // Opening a pipe would wait for a writer.
        let found = path.metadata().map_err(FlowError::file(path))?;
        let opened = if found.is_file() { File::open(path) } else { Err(no_file()) };
        opened.and_then(|file| Self::new(file, path.to_owned())).map_err(FlowError::file(path))
    }

    fn new(file: File, name: PathBuf) -> io::Result<Self> {
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(no_file());
        }
        Ok(Self { file, name, stamp: Stamp::of(&metadata), read: 0 })
    }

    /// The path of the file in the watched folder.
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// The size in bytes when the file was opened.
    pub const fn size(&self) -> u64 {
        self.stamp.bytes
    }

    pub(super) const fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// Moves the reading position back to the beginning of the file.
    pub(in crate::flow) fn rewind(&mut self) -> io::Result<()> {
        self.read = 0;
        self.file.rewind()
    }

    /// Whether nobody has changed the file since it was opened.
    pub(in crate::flow) fn is_unchanged(&self) -> io::Result<bool> {
        Ok(!self.has_grown() && Stamp::of(&self.file.metadata()?) == self.stamp)
    }

    const fn has_grown(&self) -> bool {
        self.read > self.stamp.bytes
    }
}

impl Read for EmrFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let named =
            |error: io::Error| io::Error::new(error.kind(), format!("reading {}: {error}", self.name.display()));
        let read = self.file.read(buffer).map_err(named)?;
        self.read = self.read.saturating_add(read as u64);
        if self.has_grown() { Err(named(io::Error::other("it has grown since it was opened"))) } else { Ok(read) }
    }
}

fn no_file() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")
}

/// Whether an error says that no regular file or no folder has this path: it was removed, or replaced by a link or by
/// something else.
pub(super) fn vanished(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, NotADirectory, NotFound, StaleNetworkFileHandle};
    #[cfg(unix)]
    if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
        return true; // a link where none is followed
    }
    let is_ours = error.raw_os_error().is_none(); // no_file()
    matches!(error.kind(), NotFound | NotADirectory | StaleNetworkFileHandle) || is_ours && error.kind() == InvalidInput
}

/// The watched folder, held open.
#[derive(Debug)]
pub(super) struct Root {
    #[cfg(unix)]
    folder: File,
    #[cfg(not(unix))]
    folder: PathBuf,
}

#[cfg(unix)]
impl Root {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { folder: File::open(path)? })
    }

    /// Whether the path still leads to this folder.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        use std::os::unix::fs::MetadataExt;
        let inode = |metadata: Metadata| (metadata.dev(), metadata.ino());
        let own = self.folder.metadata().map(inode);
        own.is_ok_and(|own| path.metadata().map(inode).is_ok_and(|found| found == own))
    }

    /// Opens a regular file below the folder. No component of its path may be a link.
    pub(super) fn open_file(&self, path: &Path) -> io::Result<EmrFile> {
        use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, statat};
        use std::os::fd::{AsFd, OwnedFd};
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let flags = OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut folder: Option<OwnedFd> = None;
        for part in path.parent().unwrap_or(Path::new("")) {
            let above = folder.as_ref().map_or(self.folder.as_fd(), AsFd::as_fd);
            folder = Some(openat(above, part, flags | OFlags::DIRECTORY, Mode::empty())?);
        }
        let folder = folder.as_ref().map_or(self.folder.as_fd(), AsFd::as_fd);
        // Opening a device can have effects, so its kind is read first; and once more after the opening.
        if FileType::from_raw_mode(statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode) != FileType::RegularFile {
            return Err(no_file());
        }
        let opened = openat(folder, name, flags | OFlags::NONBLOCK | OFlags::NOCTTY, Mode::empty())?;
        EmrFile::new(opened.into(), path.to_owned())
    }
}

/// Without descriptors of folders, links are excluded before the opening. Whoever can replace a file in the moment
/// between can have a link followed.
#[cfg(not(unix))]
impl Root {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { folder: path.to_owned() })
    }

    pub(super) fn is_at(&self, path: &Path) -> bool {
        path.is_dir()
    }

    pub(super) fn open_file(&self, path: &Path) -> io::Result<EmrFile> {
        let mut at = self.folder.clone();
        for part in path {
            at.push(part);
            if at.symlink_metadata()?.is_symlink() {
                return Err(no_file());
            }
        }
        if !at.metadata()?.is_file() {
            return Err(no_file());
        }
        EmrFile::new(File::open(&at)?, path.to_owned())
    }
}
