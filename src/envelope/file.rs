//! Envelopes and records as files: what appears under its name is whole, or it does not appear.
//!
//! New files are written without a name in the folder of their destination, synced, and given their name once they are
//! whole; a file that exists is never replaced; only the owner may read them (mode 0600). Where the system or the file
//! system knows no files without a name, they have a temporary one (`.tmp...`), and a process that is killed leaves it
//! behind; nothing reads it.
//!
//! Re-encryption in place overwrites C, bytes 92 to 284 of the file, in one write. They lie inside its first sector of
//! 512 bytes, which storage writes whole or not at all. Readers and writers of an envelope wait for each other by the
//! lock of the file.

#[cfg(target_os = "linux")]
use super::unnamed;
use super::{DecryptError, EncryptError, FileError, Header, Opener, SealedRecord, Sealer, Suite, TAG_BYTES};
use crate::error::DecodeError;
use crate::integrity::CHUNK_BYTES;
use crate::pre::{EncryptionKey, Params, PublicKey, ReKey};
use rand_core::CryptoRng;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use tempfile::NamedTempFile;

/// What [`encrypt_file`] made.
#[derive(Clone, Copy, Debug)]
pub struct WrittenEnvelope {
    /// The envelope's header.
    pub header: Header,
    /// Commitment and size of the record.
    pub sealed: SealedRecord,
}

/// What shows without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The header.
    pub header: Header,
    /// Bytes of the record.
    pub record_bytes: u64,
    /// Chunks of the body.
    pub chunks: u64,
}

/// Told the bytes read so far, now and then. `&|_| ()` for nobody.
pub type Progress<'a> = &'a (dyn Fn(u64) + Sync);

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

/// Encrypts the record `from` into the envelope `to`.
///
/// `progress` is told the bytes read so far.
///
/// # Errors
/// [`EncryptError`], with the file that failed. Nothing then appears as `to`.
pub fn encrypt_file(
    params: &Params,
    key: &PublicKey,
    suite: Suite,
    rng: &mut impl CryptoRng,
    from: &Path,
    to: &Path,
    progress: Progress<'_>,
) -> Result<WrittenEnvelope, FileError<EncryptError>> {
    let file = File::open(from).map_err(FileError::at(from))?;
    if file.metadata().map_err(FileError::at(from))?.is_dir() {
        return Err(FileError::at(from)(io::Error::from(io::ErrorKind::IsADirectory)));
    }
    let mut record = Watched { file, read: 0, progress };
    let sealer = Sealer::new(params, key, suite, rng).map_err(FileError::at(from))?;
    let header = *sealer.header();
    let sealed = create_file(to, |envelope| sealer.seal(&mut record, envelope)).map_err(FileError::at(to))?;
    Ok(WrittenEnvelope { header, sealed })
}

/// Decrypts the envelope `from` into the record `to`. `progress` is told the bytes read so far.
///
/// # Errors
/// [`DecryptError`], with the file that failed. Nothing then appears as `to`.
pub fn decrypt_file(
    key: &EncryptionKey,
    from: &Path,
    to: &Path,
    progress: Progress<'_>,
) -> Result<SealedRecord, FileError<DecryptError>> {
    let (file, header) = open(from).map_err(FileError::at(from))?;
    let mut envelope = Watched { file, read: 0, progress };
    let opener = Opener::new(&header, key).map_err(FileError::at(from))?;
    create_file(to, |record| opener.open(&mut envelope, record)).map_err(|source| {
        let path = if matches!(source, DecryptError::Io(_)) { to } else { from };
        FileError { path: path.to_owned(), source }
    })
}

/// Decrypts the envelope `path` to nowhere: what its record is, and that all of it is intact.
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

/// Equation (2) on the envelope in place: rewrites C and nothing else, whatever the size of the file.
///
/// Nobody can tell a wrong k_re here: the envelope then opens under no key until the inverse of that k_re is applied.
///
/// # Errors
/// [`DecryptError::Header`] or [`DecryptError::Io`]. The envelope then stands under its old key.
pub fn reencrypt_file(k_re: &ReKey, path: &Path) -> Result<Header, FileError<DecryptError>> {
    let rewrite = || -> Result<Header, DecryptError> {
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        file.lock()?;
        let old = read_header(&mut file)?;
        let new = old.reencrypt(k_re);
        if let Err(error) = write_capsule(&mut file, &new) {
            // Part of C may have been written; what could be written can be written back.
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

/// Equation (2) into a new file: a new header before the same body.
///
/// # Errors
/// [`DecryptError::Header`] or [`DecryptError::Io`]. Nothing then appears as `to`.
pub fn reencrypt_file_to(k_re: &ReKey, from: &Path, to: &Path) -> Result<Header, FileError<DecryptError>> {
    let (mut envelope, header) = open(from).map_err(FileError::at(from))?;
    let again = header.reencrypt(k_re);
    create_file(to, |file| {
        file.write_all(&again.to_bytes())?;
        io::copy(&mut envelope, file).map(|_| ())
    })
    .map_err(FileError::at(to))?;
    Ok(again)
}

/// Reads what an envelope shows to everybody, and checks that its length is that of whole chunks.
///
/// # Errors
/// [`DecryptError::Header`] or [`DecryptError::Io`].
pub fn inspect_file(path: &Path) -> Result<Inspection, FileError<DecryptError>> {
    let inspect = || -> Result<Inspection, DecryptError> {
        let (file, header) = open(path)?;
        let (chunks, record_bytes) = body(file.metadata()?.len())?;
        Ok(Inspection { header, record_bytes, chunks })
    };
    inspect().map_err(FileError::at(path))
}

/// Chunks and record bytes of an envelope of this many bytes, whose length must be that of whole chunks.
pub(super) fn body(bytes: u64) -> Result<(u64, u64), DecodeError> {
    let body = bytes.saturating_sub(Header::BYTES as u64);
    let (slot, tag) = ((CHUNK_BYTES + TAG_BYTES) as u64, TAG_BYTES as u64);
    let chunks = body.div_ceil(slot);
    let last = body - chunks.saturating_sub(1) * slot;
    if chunks == 0 || last < tag || (last == tag && chunks > 1) {
        return Err(DecodeError::Length {
            what: "last chunk",
            expected: TAG_BYTES + 1,
            got: usize::try_from(last).unwrap_or(usize::MAX),
        });
    }
    Ok((chunks, body - chunks * tag))
}

/// Opens an envelope at its first chunk; while the file is open, its capsule stays as it is.
fn open(path: &Path) -> Result<(File, Header), DecryptError> {
    let mut file = File::open(path)?;
    file.lock_shared()?;
    let header = read_header(&mut file)?;
    Ok((file, header))
}

fn read_header(file: &mut File) -> Result<Header, DecryptError> {
    let mut bytes = Vec::new();
    file.take(Header::BYTES as u64).read_to_end(&mut bytes)?;
    Ok(Header::from_bytes(&bytes)?)
}

/// Writes a new file and gives it its name once it is whole and on disk.
///
/// # Errors
/// Those of `write`, and the file system's; [`io::ErrorKind::AlreadyExists`] where there is a file of that name, which is
/// left as it is.
pub fn create_file<T, E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> Result<T, E>,
) -> Result<T, E> {
    if path.symlink_metadata().is_ok() {
        return Err(taken().into()); // before the work, not after it
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut pending = PendingFile::new(folder)?;
    let mut writer = BufWriter::new(pending.file());
    let value = write(&mut writer)?;
    writer.flush()?;
    drop(writer);
    pending.file().sync_all()?;
    pending
        .publish(path)
        .map_err(|error| if error.kind() == io::ErrorKind::AlreadyExists { taken() } else { error })?;
    crate::folder::sync(folder)?; // the name itself
    Ok(value)
}

fn taken() -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, "exists already; choose another name")
}

/// A file that is not to be seen yet.
enum PendingFile {
    /// Without a name, and the folder where it will have one.
    #[cfg(target_os = "linux")]
    Unnamed(File, File),
    Named(NamedTempFile),
}

impl PendingFile {
    fn new(folder: &Path) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Ok(place) = File::open(folder)
            && let Ok(file) = unnamed::create(&place)
            && unnamed::can_be_named(&file)
        {
            return Ok(Self::Unnamed(file, place));
        }
        // The error must not name a file that nobody asked for.
        let file = NamedTempFile::new_in(folder).map_err(|error| match error.kind() {
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
