//! Writes envelopes into a folder: each is written without its name, synced in a batch, and then named without
//! replacing a file.
//!
//! On Linux, an output has no name at all until it gets its own (`O_TMPFILE`, `linkat`), and one `syncfs` makes a whole
//! batch durable. On file systems that cannot do this, and on other systems, temporary files lie in a folder
//! `.phi-pre-job` of the output folder under names `JOB-NUMBER.phi-pre-tmp`; JOB is a random number, since processes on
//! several machines can have the same process number. The next job removes files with such
//! names, and no others. Without `syncfs`, each file is synced by itself.
//!
//! Only the owner can read an output (mode 0600). New folders have the process's default mode. The output folder is
//! locked, so a second job on it is refused. The jobs of shards share the lock ([`FolderTarget::shared`]). Where the file
//! system has no locks, the job goes on without one ([`FolderTarget::unlocked`]). A job that is not alone on its folder
//! removes only its own temporary files, and replaces nothing of another job: an output that another job has named
//! meanwhile is compared with this job's own, and is done if both are the same.

use super::folder::{
    Folder, JOB_FOLDER, Parents, RESERVED, at, canonical, default_threads, existing, fault, id, is_within, open_root,
};
use super::{BulkError, Fault, Present, Refusal, Rest, Target, WriteEnvelopes};
use crate::envelope::Header;
use crate::envelope::file::has_no_locks;
#[cfg(target_os = "linux")]
use crate::envelope::unnamed;
use crate::hash::Digest;
use rustix::fs::{AtFlags, Dir, FlockOperation, Mode, OFlags, flock, linkat, mkdirat, openat, unlinkat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The extended attribute that holds the mark.
#[cfg(target_os = "linux")]
const MARK: &str = "user.phi-pre.reencrypted";

/// A folder that one job writes envelopes into.
#[derive(Debug)]
pub struct FolderTarget {
    path: PathBuf,
    root: File,
    /// The folder of temporary files, where outputs need a temporary name.
    named: Option<OwnedFd>,
    /// The beginning of the names of this job's temporary files: a random number and a dash.
    prefix: String,
    next: AtomicU64,
    /// The folder was empty at the start, so the existence checks are skipped.
    empty: bool,
    unlocked: Option<io::Error>,
}

/// Whether other jobs may write into the folder at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::envelope) enum Sharing {
    Alone,
    Shards,
}

/// How long a job of a shard waits for another one that holds the whole lock while it removes temporary files.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// How an output is opened that may have been made by another process.
const READ: OFlags = OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

/// The end of the name of a temporary file.
const TEMPORARY: &str = ".phi-pre-tmp";

/// An output that does not have its name yet.
#[derive(Debug)]
pub enum Pending {
    /// A file without any name.
    Unnamed(File),
    /// A temporary file of this name.
    Named(String),
}

impl FolderTarget {
    /// Opens or makes the folder. `from` is the source of the envelopes, if the source is a folder too.
    ///
    /// # Errors
    /// [`BulkError::Overlap`], before any folder is made; [`BulkError::Busy`]; [`BulkError::Io`].
    pub fn create(path: &Path, from: Option<&Folder>) -> Result<Self, BulkError> {
        Self::with(path, from, Sharing::Alone, unnamed)
    }

    /// As [`create`](Self::create), for the job of one [`Shard`](crate::envelope::Shard): the jobs of other shards may write into
    /// the folder at the same time, and a job without a shard may not.
    ///
    /// # Errors
    /// Those of [`create`](Self::create).
    pub fn shared(path: &Path, from: Option<&Folder>) -> Result<Self, BulkError> {
        Self::with(path, from, Sharing::Shards, unnamed)
    }

    /// As [`create`](Self::create). `unnamed` decides whether outputs are files without a name.
    pub(in crate::envelope) fn with(
        path: &Path,
        from: Option<&Folder>,
        sharing: Sharing,
        unnamed: fn(&File) -> bool,
    ) -> Result<Self, BulkError> {
        if let Some(from) = from.map(Folder::canonical) {
            let to = canonical(path).map_err(at(path))?;
            if to.starts_with(from) || from.starts_with(&to) {
                return Err(BulkError::Overlap(format!("{} and {}", from.display(), to.display())));
            }
        }
        // A bind mount shows a folder under a second name.
        if let Some(from) = from
            && is_within(existing(path).map_err(at(path))?, from.id().map_err(at(path))?).map_err(at(path))?
        {
            return Err(BulkError::Overlap(format!("{} and {}", from.canonical().display(), path.display())));
        }
        std::fs::create_dir_all(path).map_err(at(path))?;
        let root = File::from(open_root(path).map_err(at(path))?);
        if let Some(from) = from {
            let output = id(&root).map_err(at(path))?;
            if from.is_within(output).map_err(at(path))? {
                return Err(BulkError::Overlap(format!("{} and {}", from.canonical().display(), path.display())));
            }
            from.leave_out(output);
        }
        let (alone, unlocked) = match root.try_lock() {
            Ok(()) => (true, None),
            Err(TryLockError::WouldBlock) if sharing == Sharing::Shards => (false, None),
            Err(TryLockError::WouldBlock) => return Err(BulkError::Busy(path.to_owned())),
            Err(TryLockError::Error(e)) if has_no_locks(&e) => (false, Some(e)),
            Err(TryLockError::Error(e)) => return Err(at(path)(e)),
        };
        let prepare = || {
            if alone {
                remove_temporary(&root, "", true)?;
            }
            if sharing == Sharing::Shards && unlocked.is_none() && !share_lock(&root)? {
                return Ok(None);
            }
            let empty =
                Dir::read_from(&root)?.filter_map(Result::ok).all(|e| matches!(e.file_name().to_bytes(), b"." | b".."));
            let named = if unnamed(&root) {
                None
            } else {
                match mkdirat(&root, JOB_FOLDER, Mode::from_raw_mode(0o700)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(e) => return Err(e.into()),
                }
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                Some(openat(&root, JOB_FOLDER, flags, Mode::empty())?)
            };
            Ok::<_, io::Error>(Some((empty, named)))
        };
        let Some((empty, named)) = prepare().map_err(at(path))? else { return Err(BulkError::Busy(path.to_owned())) };
        let prefix = format!("{}-", RandomState::new().build_hasher().finish());
        Ok(Self { path: path.to_owned(), root, named, prefix, next: AtomicU64::new(0), empty, unlocked })
    }

    /// Why the folder is not locked: its file system has no locks. Nothing then prevents a second job on the folder.
    pub const fn unlocked(&self) -> Option<&io::Error> {
        self.unlocked.as_ref()
    }

    /// Whether the file of this name is the pending output: of the same size and with the same header. A job of another
    /// shard, or of the same one, has then done the same work. As always, bodies are not compared.
    fn is_done(&self, pending: &Pending, parent: BorrowedFd<'_>, name: &OsStr) -> bool {
        let read = |file: &File| {
            let mut header = [0; Header::BYTES];
            file.read_exact_at(&mut header, 0)?;
            Ok::<_, io::Error>((file.metadata()?.len(), header))
        };
        let open = |folder: BorrowedFd<'_>, name: &OsStr| Ok(File::from(openat(folder, name, READ, Mode::empty())?));
        let own = match (pending, &self.named) {
            (Pending::Unnamed(file), _) => read(file),
            (Pending::Named(temporary), Some(folder)) => {
                open(folder.as_fd(), temporary.as_ref()).and_then(|file| read(&file))
            }
            (Pending::Named(_), None) => return false,
        };
        let there = open(parent, name).and_then(|file| read(&file));
        matches!((own, there), (Ok(own), Ok(there)) if own == there)
    }

    fn sync(&self) -> Result<(), BulkError> {
        #[cfg(target_os = "linux")]
        return rustix::fs::syncfs(&self.root).map_err(|e| at(&self.path)(e.into()));
        #[cfg(not(target_os = "linux"))]
        Ok(())
    }
}

/// Removes the temporary files.
impl Drop for FolderTarget {
    fn drop(&mut self) {
        if self.named.is_some() {
            // Another job may be about to make a file in the folder of temporary files. It holds the lock, if there is one.
            let alone = self.unlocked.is_none() && flock(&self.root, FlockOperation::NonBlockingLockExclusive).is_ok();
            let _ = remove_temporary(&self.root, &self.prefix, alone); // if this fails, the next job removes the files
        }
    }
}

/// Takes the lock together with other shards, in place of the whole lock if this job has it. `false` where a job holds the
/// whole lock for longer than it takes to remove temporary files.
fn share_lock(root: &File) -> io::Result<bool> {
    for _ in 0..LOCK_TRIES {
        match flock(root, FlockOperation::NonBlockingLockShared) {
            Ok(()) => return Ok(true),
            Err(Errno::WOULDBLOCK) => std::thread::sleep(LOCK_PAUSE),
            Err(e) => return Err(e.into()),
        }
    }
    Ok(false)
}

/// Whether a job gives this name to temporary files: `JOB-NUMBER.phi-pre-tmp`.
fn is_temporary(name: &[u8]) -> bool {
    let number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let stem = name.strip_suffix(TEMPORARY.as_bytes()).unwrap_or_default();
    stem.iter().position(|&byte| byte == b'-').is_some_and(|dash| number(&stem[..dash]) && number(&stem[dash + 1..]))
}

/// Removes the temporary files of jobs whose names begin with `prefix`, and with `folder_too` their folder if it is empty.
fn remove_temporary(root: &File, prefix: &str, folder_too: bool) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = match openat(root, JOB_FOLDER, flags, Mode::empty()) {
        Ok(folder) => folder,
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(()), // no folder that a job made
        Err(e) => return Err(e.into()),
    };
    for entry in Dir::read_from(&folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if is_temporary(name.to_bytes()) && name.to_bytes().starts_with(prefix.as_bytes()) {
            unlinkat(&folder, name, AtFlags::empty())?;
        }
    }
    if !folder_too {
        return Ok(());
    }
    match unlinkat(root, JOB_FOLDER, AtFlags::REMOVEDIR) {
        Ok(()) | Err(Errno::NOTEMPTY | Errno::EXIST | Errno::NOENT) => Ok(()), // files of other people stay
        Err(e) => Err(e.into()),
    }
}

/// Whether files in this folder can be made without a name and be named later.
fn unnamed(root: &File) -> bool {
    #[cfg(target_os = "linux")]
    return unnamed::create(root, 0o600).is_ok_and(|file| unnamed::can_be_named(&file));
    #[cfg(not(target_os = "linux"))]
    false
}

impl Target for FolderTarget {
    type Writer<'a> = FolderWriter<'a>;
    type Pending = Pending;

    fn writer(&self) -> FolderWriter<'_> {
        FolderWriter { target: self, parents: Parents::new(self.root.as_fd(), true) }
    }

    /// Files without a name are open files. They may use half of the process's limit of open files; the threads need
    /// the rest.
    fn pending_limit(&self) -> usize {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(1 << 16);
        usize::try_from(limit / 2).unwrap_or(4096).clamp(16, 4096)
    }

    fn threads(&self) -> usize {
        default_threads()
    }

    fn publish(&self, batch: &[(PathBuf, Pending)]) -> Result<Vec<Result<(), Fault>>, BulkError> {
        self.sync()?;
        let mut parents = Parents::new(self.root.as_fd(), false);
        let mut name = |path: &Path, pending: &Pending| {
            let (parent, name) = parents.of(path)?;
            let named = match (pending, &self.named) {
                (Pending::Named(temporary), Some(folder)) => rename(folder, temporary, parent, name),
                #[cfg(target_os = "linux")]
                (Pending::Unnamed(file), _) => unnamed::link(file, parent, name),
                _ => Err(io::ErrorKind::NotFound.into()),
            };
            named.or_else(|e| {
                let taken = e.kind() == io::ErrorKind::AlreadyExists;
                if taken && self.is_done(pending, parent, name) { Ok(()) } else { Err(e) }
            })
        };
        let named = |(path, pending): &(PathBuf, Pending)| {
            name(path, pending).map_err(|e| match e.kind() {
                io::ErrorKind::AlreadyExists => Refusal::Exists.into(),
                _ => fault(e),
            })
        };
        Ok(batch.iter().map(named).collect())
    }

    fn finish(&self) -> Result<(), BulkError> {
        self.sync()
    }
}

/// Gives a temporary file its name. Fails if the name is in use.
fn rename(folder: &OwnedFd, temporary: &str, parent: impl AsFd + Copy, name: &OsStr) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_vendor = "apple"))]
    match rustix::fs::renameat_with(folder, temporary, parent, name, rustix::fs::RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {} // not supported by the file system: link, then unlink
        renamed => return Ok(renamed?),
    }
    linkat(folder, temporary, parent, name, AtFlags::empty())?;
    let _ = unlinkat(folder, temporary, AtFlags::empty()); // the output has its name; the end of the job removes the rest
    Ok(())
}

/// Writes envelopes into a folder, for one thread.
#[derive(Debug)]
pub struct FolderWriter<'a> {
    target: &'a FolderTarget,
    parents: Parents<'a>,
}

impl WriteEnvelopes for FolderWriter<'_> {
    type Pending = Pending;

    fn present(&mut self, name: &Path) -> Result<Option<Present>, Fault> {
        if self.target.empty {
            return Ok(None); // a file that another process adds later is still not replaced
        }
        let (parent, name) = self.parents.of(name).map_err(fault)?;
        let file = match openat(parent, name, READ, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(Refusal::Exists.into()),
            Err(e) => return Err(fault(e.into())),
        };
        let mut header = [0; Header::BYTES];
        let metadata = file.metadata().map_err(fault)?;
        if !metadata.is_file() {
            return Err(Refusal::Exists.into());
        }
        let header = match file.read_exact_at(&mut header, 0) {
            Ok(()) => Some(header),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(e) => return Err(fault(e)),
        };
        Ok(Some(Present { header, size: metadata.len(), mark: read_mark(&file) }))
    }

    fn write(&mut self, name: &Path, bytes: &[u8], rest: Rest, size: u64, mark: &Digest) -> Result<Pending, Fault> {
        if name.components().find(|part| *part != Component::CurDir) == Some(Component::Normal(JOB_FOLDER.as_ref())) {
            return Err(RESERVED.into());
        }
        let (parent, _) = self.parents.of(name).map_err(fault)?;
        let (mut file, temporary) = match &self.target.named {
            #[cfg(target_os = "linux")]
            None => (unnamed::create(parent, 0o600).map_err(fault)?, None),
            #[cfg(not(target_os = "linux"))]
            None => return Err(fault(io::ErrorKind::Unsupported.into())),
            Some(folder) => {
                let number = self.target.next.fetch_add(1, Ordering::Relaxed);
                let temporary = format!("{}{number}{TEMPORARY}", self.target.prefix);
                let flags = OFlags::WRONLY | OFlags::CLOEXEC | OFlags::CREATE | OFlags::EXCL;
                let file =
                    openat(folder, &temporary, flags, Mode::from_raw_mode(0o600)).map_err(|e| fault(e.into()))?;
                (File::from(file), Some((folder, temporary)))
            }
        };
        let written = fill(&mut file, bytes, rest, size).and_then(|()| {
            write_mark(&file, mark);
            if cfg!(target_os = "linux") { Ok(()) } else { file.sync_all().map_err(fault) }
        });
        match (written, temporary) {
            (Ok(()), None) => Ok(Pending::Unnamed(file)),
            (Ok(()), Some((_, temporary))) => Ok(Pending::Named(temporary)),
            (Err(e), temporary) => {
                if let Some((folder, temporary)) = temporary {
                    let _ = unlinkat(folder, &temporary, AtFlags::empty()); // if this fails, the end of the job removes the file
                }
                Err(e)
            }
        }
    }
}

fn fill(file: &mut File, bytes: &[u8], rest: Rest, size: u64) -> Result<(), Fault> {
    let written = match rest {
        Rest::None => file.write_all(bytes).map(|()| bytes.len() as u64),
        // Copies the whole file, then overwrites the header. Copying from the first byte on lets a file system share
        // all blocks of the two files but the first.
        Rest::File(mut from) => from.rewind().and_then(|()| io::copy(&mut from, file)).and_then(|copied| {
            file.write_all_at(bytes, 0)?;
            Ok(copied)
        }),
        Rest::Stream(mut from) => {
            file.write_all(bytes).and_then(|()| Ok(bytes.len() as u64 + io::copy(&mut from, file)?))
        }
    };
    match written {
        Ok(written) if written == size => Ok(()),
        Ok(_) => Err(Refusal::Changed.into()),
        Err(e) => Err(fault(e)),
    }
}

/// Writes the mark. If this fails, the next run computes C' again.
#[cfg(target_os = "linux")]
fn write_mark(file: &File, mark: &Digest) {
    let _ = rustix::fs::fsetxattr(file, MARK, &mark.0, rustix::fs::XattrFlags::empty());
}

#[cfg(target_os = "linux")]
fn read_mark(file: &File) -> Option<Digest> {
    let mut mark = [0; 32];
    let read = rustix::fs::fgetxattr(file, MARK, &mut mark[..]).ok()?;
    (read == mark.len()).then_some(Digest(mark))
}

#[cfg(not(target_os = "linux"))]
fn write_mark(_: &File, _: &Digest) {}

#[cfg(not(target_os = "linux"))]
fn read_mark(_: &File) -> Option<Digest> {
    None
}
