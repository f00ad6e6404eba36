//! The cloud's storage: a local folder, or any other store that `object_store` supports.
//!
//! ```text
//! bodies/SHA-256         the body of an envelope, named by its digest and never changed
//! records/TXID           the signed note about the envelope of a record, with the header and the digest of the body
//! deliveries/TXID-ID     the delivery for the latest share request of this record (TXID) and recipient (ID): the note,
//!                        C' and the proof
//! ```

use super::FlowError;
use super::objects::{Objects, read_some};
use crate::hash::Digest;
use object_store::path::Path as Key;
use object_store::{ObjectStore, PutMode, PutMultipartOptions, PutOptions, local::LocalFileSystem};
use sha2::{Digest as _, Sha256};
use std::cell::RefCell;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The folders of a local store.
const KINDS: [&str; 3] = ["bodies", "records", "deliveries"];
/// An unfinished upload that is older than this is removed.
const UNFINISHED: Duration = Duration::from_secs(24 * 60 * 60);
/// Bytes of one part of an upload or of a read.
const PART_BYTES: usize = 8 << 20;

/// A store of objects by key. An object is written completely or not at all.
#[derive(Clone, Debug)]
pub struct Store(Objects);

impl Store {
    /// Opens a store in a local folder, and makes the folder if it is missing. Every write and the folder itself are
    /// synced to disk. Removes parts of uploads that were interrupted more than a day ago.
    ///
    /// # Errors
    /// [`FlowError::File`], [`FlowError::Store`].
    pub fn local(folder: &Path) -> Result<Self, FlowError> {
        // An earlier process may have been killed after it made the folders in it and before it synced them.
        let made = crate::folder::make(folder).and_then(|()| crate::folder::sync(folder));
        made.and_then(|()| sweep(folder)).map_err(FlowError::file(folder))?;
        Self::new(Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true)))
    }

    /// Opens any other store.
    ///
    /// # Errors
    /// [`FlowError::Runtime`] where the runtime for the store cannot be started.
    pub fn new(objects: Arc<dyn ObjectStore>) -> Result<Self, FlowError> {
        Objects::new(objects).map(Self)
    }

    /// Writes a small object under a new key. Writing the same bytes again is not an error, so an interrupted step can
    /// be repeated.
    ///
    /// # Errors
    /// [`FlowError::Exists`] where the key holds something else, [`FlowError::Write`], [`FlowError::Store`].
    pub fn create(&self, key: &str, bytes: &[u8]) -> Result<(), FlowError> {
        match self.0.put(&Key::from(key), bytes, PutOptions::from(PutMode::Create)) {
            Ok(()) => Ok(()),
            Err(object_store::Error::AlreadyExists { .. }) => match self.get(key, bytes.len() as u64) {
                // The first writer may have been killed before the object was durable: write the same bytes again.
                Ok(there) if there == bytes => {
                    self.0.put(&Key::from(key), bytes, PutOptions::default()).map_err(refused(key))
                }
                Ok(_) | Err(FlowError::TooLarge { .. }) => Err(FlowError::Exists(key.to_owned())),
                Err(e) => Err(e),
            },
            Err(source) => Err(refused(key)(source)),
        }
    }

    /// Writes a small object, which takes the place of the one with the same key.
    ///
    /// # Errors
    /// [`FlowError::Write`].
    pub fn replace(&self, key: &str, bytes: &[u8]) -> Result<(), FlowError> {
        self.0.put(&Key::from(key), bytes, PutOptions::default()).map_err(refused(key))
    }

    /// Deletes an object. A missing object is no error.
    ///
    /// # Errors
    /// [`FlowError::Write`].
    pub fn delete(&self, key: &str) -> Result<(), FlowError> {
        match self.0.delete(&Key::from(key)) {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            deleted => deleted.map_err(refused(key)),
        }
    }

    /// The keys of all objects below a folder.
    ///
    /// # Errors
    /// [`FlowError::Store`].
    pub fn keys(&self, folder: &str) -> Result<Vec<String>, FlowError> {
        let mut keys = Vec::new();
        self.0.list(Some(&Key::from(folder)), |object| {
            keys.push(object.location.to_string());
            ControlFlow::Continue(())
        })?;
        Ok(keys)
    }

    /// Writes an object of at most `limit` bytes in constant memory and checks its SHA-256. The object appears once all
    /// of it is written. Reads no more than one buffer beyond the limit. Returns the size in bytes.
    ///
    /// # Errors
    /// [`FlowError::UploadLimit`]; [`FlowError::Upload`] where the bytes do not have this digest; the reader's error;
    /// [`FlowError::Write`]. Nothing stays behind.
    pub fn upload(&self, key: &str, bytes: &mut impl Read, digest: &Digest, limit: u64) -> Result<u64, FlowError> {
        let (hasher, mut left) = (RefCell::new(Sha256::new()), limit);
        let read = |buffer: &mut [u8]| {
            let n = read_some(bytes, buffer)?;
            left = left.checked_sub(n as u64).ok_or(FlowError::UploadLimit { limit })?;
            hasher.borrow_mut().update(&buffer[..n]);
            Ok(n)
        };
        let as_announced = |_| {
            let found = Digest(hasher.take().finalize().into());
            if found == *digest { Ok(()) } else { Err(FlowError::Upload { announced: *digest, found }) }
        };
        self.0.upload(&Key::from(key), PutMultipartOptions::default(), PART_BYTES, read, as_announced, refused(key))
    }

    /// Reads a small object.
    ///
    /// # Errors
    /// [`FlowError::Store`]; [`FlowError::TooLarge`] above `limit` bytes.
    pub fn get(&self, key: &str, limit: u64) -> Result<Vec<u8>, FlowError> {
        let found = self.0.get_whole(&Key::from(key), limit)?;
        found.map_err(|bytes| FlowError::TooLarge { key: key.to_owned(), bytes, limit })
    }

    /// Returns a reader of an object.
    ///
    /// # Errors
    /// [`FlowError::Store`], for example where the object does not exist.
    pub fn reader(&self, key: &str) -> Result<impl Read + Send + use<>, FlowError> {
        let key = Key::from(key);
        let size = self.0.head(&key)?.size;
        Ok(self.0.body(key, None, 0, size, PART_BYTES as u64))
    }
}

/// For `map_err`: the error of a failed write.
fn refused(key: &str) -> impl Fn(object_store::Error) -> FlowError + '_ {
    |source| FlowError::Write { key: key.to_owned(), source }
}

/// Removes old staging files of `object_store`. They are named `NAME#N` and do not appear in listings.
fn sweep(folder: &Path) -> io::Result<()> {
    for kind in KINDS {
        let entries = match std::fs::read_dir(folder.join(kind)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let staged = name.to_str().and_then(|name| name.split_once('#'));
            if staged.is_none_or(|(_, n)| n.is_empty() || !n.bytes().all(|digit| digit.is_ascii_digit())) {
                continue;
            }
            let removed = entry.metadata().and_then(|found| found.modified()).and_then(|written| {
                let abandoned = written.elapsed().is_ok_and(|age| age > UNFINISHED);
                if abandoned { std::fs::remove_file(entry.path()) } else { Ok(()) }
            });
            match removed {
                // Another process has just finished the upload.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                removed => removed?,
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::sha256;

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::local(&dir.path().join("cloud")).unwrap();
        (dir, store)
    }

    #[test]
    fn an_upload_reads_back() {
        let (_dir, store) = store();
        let bytes: Vec<u8> = (0..2 * PART_BYTES + 77).map(|i| u8::try_from(i % 251).unwrap()).collect();
        let digest = sha256(&[&bytes]);
        assert_eq!(store.upload("bodies/a", &mut &bytes[..], &digest, u64::MAX).unwrap(), bytes.len() as u64);
        let mut back = Vec::new();
        store.reader("bodies/a").unwrap().read_to_end(&mut back).unwrap();
        assert!(back == bytes);
    }

    #[test]
    fn an_upload_with_another_digest_is_refused_and_not_stored() {
        let (_dir, store) = store();
        let wrong = store.upload("bodies/a", &mut &b"abc"[..], &sha256(&[b"abd"]), 3);
        assert!(matches!(wrong, Err(FlowError::Upload { .. })));
        assert!(matches!(store.get("bodies/a", 9), Err(FlowError::Store(object_store::Error::NotFound { .. }))));
    }

    /// An endless upload ends at the limit, and nothing of it stays.
    #[test]
    fn an_upload_ends_at_its_limit() {
        let (dir, store) = store();
        let digest = sha256(&[&vec![7; 100_000]]);
        let limit = 2 * PART_BYTES as u64 + 1;
        let endless = store.upload("bodies/a", &mut io::repeat(7), &digest, limit);
        assert!(matches!(endless, Err(FlowError::UploadLimit { limit: at }) if at == limit));
        let long = store.upload("bodies/a", &mut io::repeat(7).take(100_000), &digest, 99_999);
        assert!(matches!(long, Err(FlowError::UploadLimit { limit: 99_999 })));
        let left = std::fs::read_dir(dir.path().join("cloud/bodies")).map_or(0, Iterator::count);
        assert_eq!(left, 0);
        let whole = store.upload("bodies/a", &mut io::repeat(7).take(100_000), &digest, 100_000);
        assert_eq!(whole.unwrap(), 100_000);
    }

    #[test]
    fn staging_files_of_killed_uploads_are_removed_after_a_day() {
        let (dir, store) = store();
        store.create("records/a", b"one").unwrap();
        let place = |name: &str| dir.path().join("cloud/records").join(name);
        for name in ["a#1", "b#12", "c#", "d#1x", "e", "f#2"] {
            std::fs::write(place(name), b"part").unwrap();
        }
        let old = std::time::SystemTime::now() - UNFINISHED - Duration::from_secs(60);
        for name in ["a", "a#1", "b#12", "c#", "d#1x", "e"] {
            std::fs::File::options().write(true).open(place(name)).unwrap().set_modified(old).unwrap();
        }
        let store = Store::local(&dir.path().join("cloud")).unwrap();
        assert_eq!(store.get("records/a", 3).unwrap(), b"one");
        let mut left: Vec<_> = std::fs::read_dir(place(""))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["a", "c#", "d#1x", "e", "f#2"]);
    }

    #[test]
    fn small_objects_are_written_once_and_read_within_their_limit() {
        let (_dir, store) = store();
        store.create("records/a", b"one").unwrap();
        store.create("records/a", b"one").unwrap();
        for other in [&b"two"[..], b"", b"three"] {
            assert!(matches!(store.create("records/a", other), Err(FlowError::Exists(_))));
        }
        assert_eq!(store.get("records/a", 3).unwrap(), b"one");
        assert!(matches!(store.get("records/a", 2), Err(FlowError::TooLarge { .. })));
    }
}
