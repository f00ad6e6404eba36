//! Envelopes and records as files: what appears under its name is whole, or it does not appear.
//!
//! New files are written beside their destination under a temporary name, synced, and renamed; only their owner may read
//! them (mode 0600). Re-encryption in place overwrites C (192 bytes) and keeps the old header in `NAME.capsule` until
//! the new one is on disk; a process that dies in between leaves that file, and the next one that opens the envelope
//! puts the old header back first.

use super::{DecryptError, EncryptError, FileError, Header, Opener, Sealed, Sealer, Suite, TAG_BYTES};
use crate::error::DecodeError;
use crate::integrity::CHUNK_BYTES;
use crate::pre::{EncryptionKey, Params, PublicKey, ReKey};
use crate::wire::Wire;
use rand_core::CryptoRng;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// What [`encrypt_file`] made.
#[derive(Clone, Copy, Debug)]
pub struct Receipt {
    /// The envelope's header.
    pub header: Header,
    /// Commitment and size of the record.
    pub sealed: Sealed,
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
/// [`EncryptError`], with the file that failed. `to` is then as it was.
pub fn encrypt_file(
    params: &Params,
    key: &PublicKey,
    suite: Suite,
    rng: &mut impl CryptoRng,
    from: &Path,
    to: &Path,
    progress: Progress<'_>,
) -> Result<Receipt, FileError<EncryptError>> {
    let file = File::open(from).map_err(FileError::at(from))?;
    let mut record = Watched { file, read: 0, progress };
    let sealer = Sealer::new(params, key, suite, rng).map_err(FileError::at(from))?;
    let header = *sealer.header();
    let sealed = create_file(to, |envelope| sealer.seal(&mut record, envelope)).map_err(FileError::at(to))?;
    Ok(Receipt { header, sealed })
}

/// Decrypts the envelope `from` into the record `to`. `progress` is told the bytes read so far.
///
/// # Errors
/// [`DecryptError`], with the file that failed. `to` is then as it was.
pub fn decrypt_file(
    key: &EncryptionKey,
    from: &Path,
    to: &Path,
    progress: Progress<'_>,
) -> Result<Sealed, FileError<DecryptError>> {
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
pub fn check_file(key: &EncryptionKey, path: &Path) -> Result<Sealed, FileError<DecryptError>> {
    let check = || {
        let (mut envelope, header) = open(path)?;
        Opener::new(&header, key)?.open(&mut envelope, &mut io::sink())
    };
    check().map_err(FileError::at(path))
}

/// Equation (2) on the envelope in place: rewrites C and nothing else, whatever the size of the file.
///
/// # Errors
/// [`DecryptError::Header`] or [`DecryptError::Io`]. The envelope then stands under its old key.
pub fn reencrypt_file(k_re: &ReKey, path: &Path) -> Result<Header, FileError<DecryptError>> {
    let rewrite = || -> Result<Header, DecryptError> {
        let (_, header) = open(path)?;
        let again = header.reencrypt(k_re);
        let kept = journal(path);
        create_file(&kept, |file| file.write_all(&header.to_bytes()))?;
        overwrite(path, &again)?;
        fs::remove_file(&kept)?;
        Ok(again)
    };
    rewrite().map_err(FileError::at(path))
}

/// Equation (2) into a new file: a new header before the same body.
///
/// # Errors
/// [`DecryptError::Header`] or [`DecryptError::Io`]. `to` is then as it was.
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
        let body = file.metadata()?.len().saturating_sub(Header::BYTES as u64);
        let (slot, tag) = ((CHUNK_BYTES + TAG_BYTES) as u64, TAG_BYTES as u64);
        let chunks = body.div_ceil(slot);
        let last = body - chunks.saturating_sub(1) * slot;
        if chunks == 0 || last < tag || (last == tag && chunks > 1) {
            return Err(DecodeError::Length {
                what: "last chunk",
                expected: TAG_BYTES + 1,
                got: usize::try_from(last).unwrap_or(usize::MAX),
            }
            .into());
        }
        Ok(Inspection { header, record_bytes: body - chunks * tag, chunks })
    };
    inspect().map_err(FileError::at(path))
}

/// Opens an envelope, after what an interrupted re-encryption left is put right; returns it at the first chunk.
fn open(path: &Path) -> Result<(File, Header), DecryptError> {
    let mut file = File::open(path)?;
    let mut bytes = Vec::new();
    Read::by_ref(&mut file).take(Header::BYTES as u64).read_to_end(&mut bytes)?;
    let kept = journal(path);
    match fs::read(&kept) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(e.into()),
        Ok(old) => {
            let header = Header::from_bytes(&old)?;
            if !bytes.starts_with(&header.invariant()) {
                return Err(DecodeError::NonCanonical { what: "kept capsule of another envelope" }.into());
            }
            overwrite(path, &header)?;
            fs::remove_file(&kept)?;
            bytes = old;
        }
    }
    Ok((file, Header::from_bytes(&bytes)?))
}

/// Where the old header waits while the new one is written.
fn journal(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".capsule");
    name.into()
}

/// Puts C of `header` into the envelope and waits until it is on disk.
fn overwrite(path: &Path, header: &Header) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.seek(SeekFrom::Start(Header::INVARIANT_BYTES as u64))?;
    file.write_all(&header.to_bytes()[Header::INVARIANT_BYTES..])?;
    file.sync_all()
}

/// Writes a file under a temporary name and gives it its own once it is whole and on disk; only its owner may read it.
///
/// # Errors
/// Those of `write`, and the file system's. `path` is then as it was.
pub fn create_file<T, E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> Result<T, E>,
) -> Result<T, E> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut temporary = NamedTempFile::new_in(folder)?;
    let mut writer = BufWriter::new(temporary.as_file_mut());
    let value = write(&mut writer)?;
    writer.flush()?;
    drop(writer);
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|e| e.error)?;
    File::open(folder)?.sync_all()?; // the rename itself
    Ok(value)
}
