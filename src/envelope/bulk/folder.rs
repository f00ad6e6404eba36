//! Reads the envelopes in a folder and its subfolders. Files are opened relative to the folder, and never through a
//! symbolic link.

use super::{BulkError, Fault, Found, ReadEnvelopes, Refusal, Rest, Source};
use crate::envelope::Header;
use crate::envelope::file::has_no_locks;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, fstat, mkdirat, openat, statat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::{File, TryLockError};
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

/// The folder of temporary files in an output folder, on file systems where temporary files need names. A listing
/// refuses it by its name.
pub(super) const JOB_FOLDER: &str = ".phi-pre-job";
/// Why no envelope lies below [`JOB_FOLDER`].
pub(super) const RESERVED: Refusal = Refusal::Name("the temporary files of jobs lie below it");
/// The limit of nested folders: a listing keeps one open descriptor for each.
const DEPTH: usize = 64;

/// How a folder is opened whose entries are not listed. On Linux, it need not be readable.
#[cfg(target_os = "linux")]
const PLACE: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const PLACE: OFlags = FOLDER;
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// A folder of envelopes.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    root: OwnedFd,
    /// The output folder of the job. A bind mount can show it below this folder.
    output: OnceLock<Id>,
}

/// The device and the inode of a folder: the same under every name.
pub(super) type Id = (rustix::fs::Dev, u64);

pub(super) fn id(folder: impl AsFd) -> io::Result<Id> {
    let found = fstat(folder)?;
    Ok((found.st_dev, found.st_ino))
}

/// Whether `folder` is `other`, or lies below it.
pub(super) fn is_within(folder: impl AsFd, other: Id) -> io::Result<bool> {
    let mut above = folder.as_fd().try_clone_to_owned()?;
    let mut this = id(&above)?;
    loop {
        if this == other {
            return Ok(true);
        }
        above = openat(&above, "..", PLACE, Mode::empty())?;
        let parent = id(&above)?;
        if parent == this {
            return Ok(false); // the root
        }
        this = parent;
    }
}

/// Opens the longest existing part of a path.
pub(super) fn existing(path: &Path) -> io::Result<OwnedFd> {
    let absolute = std::path::absolute(path)?;
    for part in absolute.ancestors() {
        match rustix::fs::open(part, PLACE, Mode::empty()) {
            Ok(folder) => return Ok(folder),
            Err(Errno::NOENT) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Err(io::ErrorKind::NotFound.into())
}

impl Folder {
    /// Opens a folder. `path` may be a symbolic link; links inside the folder are not followed.
    ///
    /// # Errors
    /// [`BulkError::Io`].
    pub fn open(path: &Path) -> Result<Self, BulkError> {
        let open = || Ok((path.canonicalize()?, open_root(path)?));
        let (path, root) = open().map_err(at(path))?;
        Ok(Self { path, root, output: OnceLock::new() })
    }

    /// The path of the folder without symbolic links.
    pub(super) fn canonical(&self) -> &Path {
        &self.path
    }

    pub(super) fn id(&self) -> io::Result<Id> {
        id(&self.root)
    }

    /// Whether this folder is `other`, or lies below it.
    pub(super) fn is_within(&self, other: Id) -> io::Result<bool> {
        is_within(&self.root, other)
    }

    /// A listing refuses this folder by its name.
    pub(super) fn leave_out(&self, output: Id) {
        let _ = self.output.set(output); // a second job on this folder has the first one's output as input
    }

    fn walk_in(
        &self,
        dir: &mut Dir,
        path: &Path,
        depth: usize,
        found: &mut dyn FnMut(Found) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        while let Some(entry) = dir.read() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(e) => return found((path.to_owned(), Err(Refusal::Io(e.into())))), // refuses the rest of this folder
            };
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let below = path.join(OsStr::from_bytes(name.to_bytes()));
            let fd = dir.fd();
            let kind = match entry.file_type() {
                FileType::Unknown => fd
                    .and_then(|fd| statat(fd, name, AtFlags::SYMLINK_NOFOLLOW))
                    .map(|stat| FileType::from_raw_mode(stat.st_mode)),
                known => Ok(known),
            };
            match kind {
                Ok(FileType::RegularFile) => found((below, Ok(())))?,
                Ok(FileType::Directory) if depth == 0 && name.to_bytes() == JOB_FOLDER.as_bytes() => {
                    found((below, Err(RESERVED)))?;
                }
                Ok(FileType::Directory) if depth == DEPTH => found((below, Err(Refusal::Depth(DEPTH))))?,
                Ok(FileType::Directory) => {
                    let opened = fd.and_then(|fd| openat(fd, name, FOLDER | OFlags::NOFOLLOW, Mode::empty()));
                    let output = opened.as_ref().is_ok_and(|folder| id(folder).ok().as_ref() == self.output.get());
                    match opened.and_then(Dir::new) {
                        Ok(_) if output => found((below, Err(Refusal::Output)))?,
                        Ok(mut dir) => self.walk_in(&mut dir, &below, depth + 1, found)?,
                        Err(e) => found((below, Err(Refusal::Io(e.into()))))?,
                    }
                }
                Ok(FileType::Symlink) => found((below, Err(Refusal::Symlink)))?,
                Ok(_) => found((below, Err(Refusal::Special)))?,
                Err(e) => found((below, Err(Refusal::Io(e.into()))))?,
            }
        }
        ControlFlow::Continue(())
    }
}

impl Source for Folder {
    type Reader<'a> = FolderReader<'a>;

    fn walk(&self, found: &mut dyn FnMut(Found) -> ControlFlow<()>) -> Result<(), BulkError> {
        let mut dir = Dir::read_from(&self.root).map_err(|e| at(&self.path)(e.into()))?;
        let _ = self.walk_in(&mut dir, Path::new(""), 0, found);
        Ok(())
    }

    fn reader(&self) -> FolderReader<'_> {
        FolderReader(Parents::new(self.root.as_fd(), false))
    }

    fn threads(&self) -> usize {
        default_threads()
    }
}

/// Two threads for each core: while one waits for a file, another computes.
pub(super) fn default_threads() -> usize {
    2 * std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Reads the envelopes of a folder.
#[derive(Debug)]
pub struct FolderReader<'a>(Parents<'a>);

impl ReadEnvelopes for FolderReader<'_> {
    fn read(&mut self, name: &Path, small: usize, bytes: &mut Vec<u8>) -> Result<(u64, Rest), Fault> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let (parent, name) = self.0.of(name).map_err(fault)?;
        let mut file = File::from(openat(parent, name, flags, Mode::empty()).map_err(|e| fault(e.into()))?);
        // A re-encryption in place holds the lock of the file while it rewrites the header. It never changes the body.
        match file.try_lock_shared() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Refusal::InUse.into()),
            Err(TryLockError::Error(e)) if has_no_locks(&e) => {}
            Err(TryLockError::Error(e)) => return Err(fault(e)),
        }
        let stat = fstat(&file).map_err(|e| fault(e.into()))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(Refusal::Special.into());
        }
        let (size, start) = (stat.st_size.cast_unsigned(), bytes.len());
        let whole = size <= small as u64;
        let take = if whole { usize::try_from(size).unwrap_or(small) } else { Header::BYTES };
        bytes.resize(start + take, 0);
        match file.read_exact(&mut bytes[start..]) {
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Err(Refusal::Changed.into()),
            Err(e) => Err(fault(e)),
            Ok(()) => Ok((size, if whole { Rest::None } else { Rest::File(file) })),
        }
    }
}

/// Opens the parent folders of files, given by their relative paths. The last folder stays open, since names are listed
/// folder by folder.
#[derive(Debug)]
pub(super) struct Parents<'a> {
    root: BorrowedFd<'a>,
    make: bool,
    last: Option<(PathBuf, OwnedFd)>,
}

impl<'a> Parents<'a> {
    /// With `make`, missing folders are made, and folders in another mount than the root are refused.
    pub(super) const fn new(root: BorrowedFd<'a>, make: bool) -> Self {
        Self { root, make, last: None }
    }

    /// Returns the parent folder of a file, and the file's name in it.
    pub(super) fn of<'n>(&mut self, name: &'n Path) -> io::Result<(BorrowedFd<'_>, &'n OsStr)> {
        // Most names are in the same folder as the name before. Such a name is not split into its parts.
        let bytes = name.as_os_str().as_bytes();
        let slash = bytes.iter().rposition(|&byte| byte == b'/');
        let mut file = OsStr::from_bytes(&bytes[slash.map_or(0, |at| at + 1)..]);
        let mut in_root = slash.is_none();
        let last = self.last.as_ref().map(|(path, _)| path.as_os_str().as_bytes());
        let known = in_root || last.is_some() && last == slash.map(|at| &bytes[..at]);
        if !known || matches!(file.as_bytes(), b"" | b"." | b"..") {
            let plain = name.components().all(|part| matches!(part, Component::Normal(_)));
            let (true, Some(folder), Some(plain)) = (plain, name.parent(), name.file_name()) else {
                return Err(io::ErrorKind::InvalidFilename.into());
            };
            (file, in_root) = (plain, folder.as_os_str().is_empty());
            if !in_root && self.last.as_ref().is_none_or(|(path, _)| path != folder) {
                let mut fd = None;
                for part in folder {
                    fd = Some(self.step(fd.as_ref().map_or(self.root, AsFd::as_fd), part)?);
                }
                self.last = fd.map(|fd| (folder.to_owned(), fd));
            }
        }
        match &self.last {
            Some((_, fd)) if !in_root => Ok((fd.as_fd(), file)),
            _ => Ok((self.root, file)),
        }
    }

    fn step(&self, parent: BorrowedFd<'_>, part: &OsStr) -> io::Result<OwnedFd> {
        let open = || openat(parent, part, FOLDER | OFlags::NOFOLLOW, Mode::empty());
        match open() {
            Err(Errno::NOENT) if self.make => {
                match mkdirat(parent, part, Mode::from_raw_mode(0o777)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(e) => return Err(e.into()),
                }
                Ok(open()?)
            }
            // Syncing the root would not sync a folder of another file system, and a bind mount can lead into the input.
            Ok(fd) if self.make && !same_mount(&fd, self.root)? => Err(io::Error::new(
                io::ErrorKind::CrossesDevices,
                "another folder is mounted in the output at this place",
            )),
            opened => Ok(opened?),
        }
    }
}

/// Whether two folders lie in the same mount. A bind mount has the device of its origin; Linux numbers it from 5.8 on.
fn same_mount(a: impl AsFd, b: impl AsFd) -> io::Result<bool> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{StatxFlags, statx};
        let number = |folder: BorrowedFd<'_>| {
            let found = statx(folder, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID).ok()?;
            (found.stx_mask & StatxFlags::MNT_ID.bits() != 0).then_some(found.stx_mnt_id)
        };
        if number(a.as_fd()) != number(b.as_fd()) {
            return Ok(false);
        }
    }
    Ok(fstat(a)?.st_dev == fstat(b)?.st_dev)
}

pub(super) fn open_root(path: &Path) -> io::Result<OwnedFd> {
    Ok(rustix::fs::open(path, FOLDER, Mode::empty())?)
}

/// For `map_err`: adds the path of the folder.
pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> BulkError + '_ {
    |source| BulkError::Io { what: path.display().to_string(), source }
}

/// An error that concerns one file refuses this file; an error that would concern every file ends the job.
pub(super) fn fault(error: io::Error) -> Fault {
    let everywhere = [Errno::NOSPC, Errno::DQUOT, Errno::ROFS, Errno::MFILE, Errno::NFILE, Errno::NOMEM];
    if everywhere.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error())) {
        return Fault::Fatal(BulkError::Io { what: "stopped".into(), source: error });
    }
    Fault::Refused(Refusal::Io(error))
}

/// The canonical form of a path that may not exist yet: its longest existing part without symbolic links, then the
/// rest.
pub(super) fn canonical(path: &Path) -> io::Result<PathBuf> {
    let mut missing: Vec<OsString> = Vec::new();
    let absolute = std::path::absolute(path)?;
    let mut existing = absolute.as_path();
    loop {
        match existing.canonicalize() {
            Ok(found) => return Ok(found.join(missing.iter().rev().collect::<PathBuf>())),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let (Some(parent), Some(name)) = (existing.parent(), existing.file_name()) else { return Err(e) };
                missing.push(name.to_owned());
                existing = parent;
            }
            Err(e) => return Err(e),
        }
    }
}
