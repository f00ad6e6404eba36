//! Envelopes and records as files. An output file appears under its name only when it is complete.
//!
//! A new file is written without a name in the folder of its destination, synced, and given its name once it is
//! complete. An existing file is never replaced. Only the owner can read a new file (mode 0600). Where the system or
//! the file system does not support files without a name, a temporary name is used (`.tmp...`); a killed process leaves
//! this file behind, and nothing reads it. After a file has its name, nothing is an error any more: a folder that cannot
//! be synced is reported in [`Created::unsynced`].
//!
//! Re-encryption in place overwrites C, bytes 92 to 284 of the file, in one write. These bytes lie inside the file's
//! first sector of 512 bytes, which the storage writes completely or not at all. Readers and writers of an envelope
//! take turns by the lock of the file. Where the file system has no locks, an envelope is read without one and not
//! changed in place: a reader at the wrong moment could only see a C that is no element of GT or that opens under no
//! key.

use super::header::body;
#[cfg(target_os = "linux")]
use super::unnamed;
use super::{DecryptError, EncryptError, FileError, Header, Opener, SealedRecord, Sealer, Suite};
use crate::pre::{EncryptionKey, Params, PublicKey, ReKey};
use rand_core::CryptoRng;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
#[cfg(target_os = "linux")]
use std::os::fd::OwnedFd;
use std::path::Path;
use tempfile::NamedTempFile;

/// A new file that has its name.
#[derive(Debug)]
pub struct Created<T> {
    /// The result of writing the file.
    pub value: T,
    /// Why the folder of the file could not be synced, for example because it may not be read, or because its file
    /// system does not support it. The content of the file is durable; a loss of power may take its name. `None` where
    /// the name is durable, too.
    pub unsynced: Option<io::Error>,
}

/// The result of [`encrypt_file`].
#[derive(Clone, Copy, Debug)]
pub struct WrittenEnvelope {
    /// The envelope's header.
    pub header: Header,
    /// The commitment to the record and its size.
    pub sealed: SealedRecord,
}

/// The properties of an envelope that can be read without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The header.
    pub header: Header,
    /// The size of the record in bytes.
    pub record_bytes: u64,
    /// The number of chunks in the body.
    pub chunks: u64,
}

/// A function that is called repeatedly with the number of bytes read so far. Pass `&|_| ()` to ignore the calls.
pub type Progress<'a> = &'a (dyn Fn(u64) + Sync);

/// A file that reports how many bytes were read from it.
struct Watched<'a> {
    file: File,
    read: u64,
    progress: Progress<'a>,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.read += n as u64;
        (self.progress)(self.read);
        Ok(n)
    }
}

/// Encrypts the record `from` into the envelope `to`. `progress` is called with the bytes read so far.
///
/// # Errors
/// [`EncryptError`], with the file that failed. `to` is then not created.
pub fn encrypt_file(
    params: &Params,
    key: &PublicKey,
    suite: Suite,
    rng: &mut impl CryptoRng,
    from: &Path,
    to: &Path,
    progress: Progress<'_>,
) -> Result<Created<WrittenEnvelope>, FileError<EncryptError>> {
    let file = File::open(from).map_err(FileError::at(from))?;
    if file.metadata().map_err(FileError::at(from))?.is_dir() {
        return Err(FileError::at(from)(io::Error::from(io::ErrorKind::IsADirectory)));
    }
    let mut record = Watched { file, read: 0, progress };
    let sealer = Sealer::new(params, key, suite, rng).map_err(FileError::at(from))?;
    let header = *sealer.header();
    create_file(to, |envelope| Ok(WrittenEnvelope { header, sealed: sealer.seal(&mut record, envelope)? }))
        .map_err(FileError::at::<EncryptError>(to))
}

/// Decrypts the envelope `from` into the record `to`. `progress` is called with the bytes read so far.
///
/// # Errors
/// [`DecryptError`], with the file that failed. `to` is then not created.
pub fn decrypt_file(
    key: &EncryptionKey,
    from: &Path,
    to: &Path,
    progress: Progress<'_>,
) -> Result<Created<SealedRecord>, FileError<DecryptError>> {
    let (file, header) = open(from).map_err(FileError::at(from))?;
    let mut envelope = Watched { file, read: 0, progress };
    let opener = Opener::new(&header, key).map_err(FileError::at(from))?;
    create_file(to, |record| opener.open(&mut envelope, record)).map_err(|source| named(source, from, to))
}

/// Decrypts the envelope `path`, discards the record, and returns its commitment and size. Success means that the whole
/// envelope is intact.
///
/// # Errors
/// [`DecryptError`], with the file.
pub fn check_file(key: &EncryptionKey, path: &Path) -> Result<SealedRecord, FileError<DecryptError>> {
    let check = || {
        let (mut envelope, header) = open(path)?;
        Opener::new(&header, key)?.open(&mut envelope, &mut io::sink())
    };
    check().map_err(FileError::at(path))
}

/// Re-encrypts the envelope in place by Equation (2): rewrites C and nothing else, whatever the size of the file.
///
/// A wrong k_re cannot be detected here: the envelope then opens under no key until the inverse of this k_re is
/// applied.
///
/// # Errors
/// [`DecryptError::Header`], also for a body that is cut off where its length shows this; or [`DecryptError::Io`], with
/// [`io::ErrorKind::Unsupported`] where the file system has no locks. The envelope then remains under its old key.
pub fn reencrypt_file(k_re: &ReKey, path: &Path) -> Result<Header, FileError<DecryptError>> {
    let rewrite = || -> Result<Header, DecryptError> {
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        let bytes = regular(&file)?;
        file.lock().map_err(|e| if has_no_locks(&e) { without_locks(&e) } else { e })?;
        let old = read_header(&mut file)?;
        body(bytes)?;
        let new = old.reencrypt(k_re);
        if let Err(error) = write_capsule(&mut file, &new) {
            // Part of C may have been written: write the old C back.
            let _ = write_capsule(&mut file, &old);
            return Err(error.into());
        }
        Ok(new)
    };
    rewrite().map_err(FileError::at(path))
}

fn write_capsule(file: &mut File, header: &Header) -> io::Result<()> {
    file.seek(SeekFrom::Start(Header::INVARIANT_BYTES as u64))?;
    file.write_all(&header.to_bytes()[Header::INVARIANT_BYTES..])?;
    file.sync_all()
}

/// Re-encrypts into a new file by Equation (2): writes a new header and the same body.
///
/// # Errors
/// [`DecryptError::Header`], also for a body that is cut off where its length shows this; or [`DecryptError::Io`]. `to` is
/// then not created.
pub fn reencrypt_file_to(k_re: &ReKey, from: &Path, to: &Path) -> Result<Created<Header>, FileError<DecryptError>> {
    let (mut envelope, header) = open(from).map_err(FileError::at(from))?;
    let again = header.reencrypt(k_re);
    create_file(to, |file| {
        file.write_all(&again.to_bytes())?;
        body(Header::BYTES as u64 + io::copy(&mut envelope, file)?)?;
        Ok(again)
    })
    .map_err(|source| named(source, from, to))
}

/// The error of reading the envelope `from` into the file `to`.
fn named(source: DecryptError, from: &Path, to: &Path) -> FileError<DecryptError> {
    let path = if matches!(source, DecryptError::Io(_)) { to } else { from };
    FileError { path: path.to_owned(), source }
}

/// Reads the header and size of an envelope, and checks that its body consists of complete chunks. Needs no key.
///
/// # Errors
/// [`DecryptError::Header`] or [`DecryptError::Io`].
pub fn inspect_file(path: &Path) -> Result<Inspection, FileError<DecryptError>> {
    Ok(open_file(path)?.1)
}

/// Opens an envelope, inspects it as [`inspect_file`] does, and leaves the file at the first chunk. Header and body are
/// those of one file, whatever is put under its name meanwhile.
///
/// # Errors
/// As [`inspect_file`].
pub(crate) fn open_file(path: &Path) -> Result<(File, Inspection), FileError<DecryptError>> {
    let open = || -> Result<_, DecryptError> {
        let file = File::open(path)?;
        let bytes = regular(&file)?;
        let (file, header) = locked(file)?;
        let (chunks, record_bytes) = body(bytes)?;
        Ok((file, Inspection { header, record_bytes, chunks }))
    };
    open().map_err(FileError::at(path))
}

/// The length of a file, which a pipe or a device does not have.
fn regular(file: &File) -> io::Result<u64> {
    let found = file.metadata()?;
    if found.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !found.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    Ok(found.len())
}

/// Opens an envelope or a pipe, and continues as [`locked`].
fn open(path: &Path) -> Result<(File, Header), DecryptError> {
    locked(File::open(path)?)
}

/// Reads the header of an envelope, and leaves the file at the first chunk. The capsule does not change while the file
/// is open.
fn locked(mut file: File) -> Result<(File, Header), DecryptError> {
    lock_for_reading(&file)?;
    let header = read_header(&mut file)?;
    Ok((file, header))
}

/// Waits for the writer of a file. Does nothing where the file system has no locks.
fn lock_for_reading(file: &File) -> io::Result<()> {
    match file.lock_shared() {
        Err(error) if has_no_locks(&error) => Ok(()),
        locked => locked,
    }
}

/// Whether a lock was refused because the file system has no locks, or none for this kind of descriptor (NFS).
pub(super) fn has_no_locks(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        let none = [Errno::NOSYS, Errno::NOTSUP, Errno::OPNOTSUPP, Errno::BADF, Errno::INVAL, Errno::NOLCK];
        if none.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error())) {
            return true;
        }
    }
    error.kind() == io::ErrorKind::Unsupported
}

fn without_locks(error: &io::Error) -> io::Error {
    let reason = format!("its file system has no locks ({error}), so it is not changed in place; write a new file");
    io::Error::new(io::ErrorKind::Unsupported, reason)
}

fn read_header(file: &mut File) -> Result<Header, DecryptError> {
    let mut bytes = Vec::new();
    file.take(Header::BYTES as u64).read_to_end(&mut bytes)?;
    Ok(Header::from_bytes(&bytes)?)
}

/// Writes a new file with `write`, and gives it its name once it is complete and on disk. `write` can change the mode of
/// the file by its descriptor, before the file has a name.
///
/// # Errors
/// Those of `write` and of the file system; [`io::ErrorKind::AlreadyExists`] where a file of this name exists, which is
/// not changed. After an error, no file of this name was made.
pub fn create_file<T, E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut File) -> Result<T, E>,
) -> Result<Created<T>, E> {
    create_with_mode(path, 0o600, write)
}

/// As [`create_file`], with the permissions that the process gives to its new files, as its umask says.
///
/// # Errors
/// As [`create_file`].
pub fn create_public_file<T, E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut File) -> Result<T, E>,
) -> Result<Created<T>, E> {
    create_with_mode(path, 0o666, write)
}

fn create_with_mode<T, E: From<io::Error>>(
    path: &Path,
    mode: u32,
    write: impl FnOnce(&mut File) -> Result<T, E>,
) -> Result<Created<T>, E> {
    if !names_a_file(path) {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "the name of a folder, not of a file").into());
    }
    if path.symlink_metadata().is_ok() {
        return Err(taken().into()); // fail early, before the work
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut pending = PendingFile::new(folder, mode)?;
    let value = write(pending.file())?;
    pending.file().sync_all()?;
    pending
        .publish(path)
        .map_err(|error| if error.kind() == io::ErrorKind::AlreadyExists { taken() } else { error })?;
    Ok(Created { value, unsynced: crate::folder::sync(folder).err() })
}

/// Whether a path can be the name of a file: its last part is a name, and no `/` follows.
fn names_a_file(path: &Path) -> bool {
    let bytes = path.as_os_str().as_encoded_bytes();
    let folder = [&b"/"[..], b"/."].iter().any(|end| bytes.ends_with(end));
    path.file_name().is_some() && !folder
}

fn taken() -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, "exists already; choose another name")
}

/// A new file that does not have its final name yet.
enum PendingFile {
    /// A file without a name, and the folder where it will get one.
    #[cfg(target_os = "linux")]
    Unnamed(File, OwnedFd),
    Named(NamedTempFile),
}

impl PendingFile {
    fn new(folder: &Path, mode: u32) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Ok(place) = unnamed::place(folder)
            && let Ok(file) = unnamed::create(&place, mode)
            && unnamed::can_be_named(&file)
        {
            return Ok(Self::Unnamed(file, place));
        }
        // The error must not name the temporary file, which the caller does not know.
        let mut named = tempfile::Builder::new();
        #[cfg(unix)]
        named.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
        let file = named.tempfile_in(folder).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => io::Error::new(io::ErrorKind::NotFound, "the folder does not exist"),
            kind => io::Error::from(kind),
        })?;
        Ok(Self::Named(file))
    }

    fn file(&mut self) -> &mut File {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unnamed(file, _) => file,
            Self::Named(file) => file.as_file_mut(),
        }
    }

    fn publish(self, path: &Path) -> io::Result<()> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unnamed(file, place) => {
                let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
                unnamed::link(&file, &place, name)
            }
            Self::Named(file) => file.persist_noclobber(path).map(drop).map_err(|e| e.error),
        }
    }
}

#[cfg(test)]
mod tests;
