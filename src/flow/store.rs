//! The cloud's storage: local files, or whatever else speaks `object_store`.
//!
//! ```text
//! envelopes/SHA-256      an envelope, named by its content and never changed
//! records/TXID           which envelope a record of the ledger is, signed by its hospital
//! deliveries/TXID        the header (284 bytes) that a share request was answered with; the body stays where it is
//! ```

use super::FlowError;
use crate::hash::Digest;
use object_store::path::Path as Key;
use object_store::{
    ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, WriteMultipart, local::LocalFileSystem,
};
use sha2::{Digest as _, Sha256};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// The folders of a local store.
const KINDS: [&str; 3] = ["envelopes", "records", "deliveries"];
/// After this time nobody goes on with an upload.
const UNFINISHED: Duration = Duration::from_secs(24 * 60 * 60);
/// Bytes that travel at once.
const PART_BYTES: usize = 8 << 20;

/// Objects under keys, written whole or not at all.
#[derive(Clone, Debug)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    runtime: Arc<Runtime>,
}

impl Store {
    /// A store in a local folder, which is made if it is missing. Every write is synced to disk, and so is the folder. Parts
    /// of uploads whose process was killed more than a day ago are removed.
    ///
    /// # Errors
    /// [`FlowError::File`], [`FlowError::Store`].
    pub fn local(folder: &Path) -> Result<Self, FlowError> {
        // A process that was killed may have made folders in it and not synced them.
        let made = crate::folder::make(folder).and_then(|()| crate::folder::sync(folder));
        made.and_then(|()| sweep(folder)).map_err(FlowError::file(folder))?;
        Self::new(Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true)))
    }

    /// Any other store.
    ///
    /// # Errors
    /// [`FlowError::Runtime`] where no thread for its work can be had.
    pub fn new(objects: Arc<dyn ObjectStore>) -> Result<Self, FlowError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(FlowError::Runtime)?;
        Ok(Self { objects, runtime: Arc::new(runtime) })
    }

    /// Writes a small object under a free key. To write the same again is no error, so a step that was interrupted can
    /// be repeated.
    ///
    /// # Errors
    /// [`FlowError::Exists`] where the key holds something else, [`FlowError::Write`], [`FlowError::Store`].
    pub fn create(&self, key: &str, bytes: &[u8]) -> Result<(), FlowError> {
        let options = PutOptions::from(PutMode::Create);
        let at = Key::from(key);
        match self.runtime.block_on(self.objects.put_opts(&at, PutPayload::from(bytes.to_vec()), options)) {
            Ok(_) => Ok(()),
            Err(object_store::Error::AlreadyExists { .. }) => match self.get(key, bytes.len() as u64) {
                // Whoever wrote it may have been killed before it was durable: once more, over the same bytes.
                Ok(there) if there == bytes => self.replace(key, bytes),
                Ok(_) | Err(FlowError::TooLarge { .. }) => Err(FlowError::Exists(key.to_owned())),
                Err(e) => Err(e),
            },
            Err(source) => Err(FlowError::Write { key: key.to_owned(), source }),
        }
    }

    fn replace(&self, key: &str, bytes: &[u8]) -> Result<(), FlowError> {
        let at = Key::from(key);
        let put = self.objects.put(&at, PutPayload::from(bytes.to_vec()));
        self.runtime.block_on(put).map(|_| ()).map_err(|source| FlowError::Write { key: key.to_owned(), source })
    }

    /// Writes an object of any size whose SHA-256 is known, in constant memory; it appears once all of it is there.
    ///
    /// # Errors
    /// [`FlowError::Upload`] where the bytes are not those announced, the reader's error, [`FlowError::Write`].
    pub fn upload(&self, key: &str, bytes: &mut impl Read, digest: &Digest) -> Result<u64, FlowError> {
        let refused = |source| FlowError::Write { key: key.to_owned(), source };
        self.runtime.block_on(async {
            let upload = self.objects.put_multipart(&Key::from(key)).await.map_err(refused)?;
            let mut writer = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
            let mut hasher = Sha256::new();
            let mut buffer = vec![0; 1 << 16];
            let mut total = 0;
            let copied = loop {
                match bytes.read(&mut buffer) {
                    Ok(0) => break Ok(()),
                    Ok(n) => {
                        hasher.update(&buffer[..n]);
                        if let Err(error) = writer.wait_for_capacity(2).await {
                            break Err(refused(error));
                        }
                        writer.write(&buffer[..n]);
                        total += n as u64;
                    }
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    Err(e) => break Err(FlowError::Io(e)),
                }
            };
            let announced = copied.and_then(|()| {
                let found = Digest(hasher.finalize().into());
                if found == *digest { Ok(()) } else { Err(FlowError::Upload { announced: *digest, found }) }
            });
            match announced {
                Ok(()) => {
                    writer.finish().await.map_err(refused)?;
                    Ok(total)
                }
                Err(e) => {
                    // What went wrong first is what counts.
                    let _ = writer.abort().await;
                    Err(e)
                }
            }
        })
    }

    /// Reads a small object.
    ///
    /// # Errors
    /// [`FlowError::Store`]; [`FlowError::TooLarge`] above `limit` bytes.
    pub fn get(&self, key: &str, limit: u64) -> Result<Vec<u8>, FlowError> {
        self.runtime.block_on(async {
            let found = self.objects.get(&Key::from(key)).await?;
            if found.meta.size > limit {
                return Err(FlowError::TooLarge { key: key.to_owned(), bytes: found.meta.size, limit });
            }
            Ok(found.bytes().await?.to_vec())
        })
    }

    /// Reads an object from `offset` on, part by part.
    ///
    /// # Errors
    /// [`FlowError::Store`] where there is none.
    pub fn reader(&self, key: &str, offset: u64) -> Result<impl Read + Send + use<>, FlowError> {
        let key = Key::from(key);
        let size = self.runtime.block_on(self.objects.head(&key))?.size;
        Ok(ObjectReader { store: self.clone(), key, offset, size, part: io::Cursor::default() })
    }
}

/// Removes what `object_store` has staged as `NAME#N`, which no listing shows, and what nobody is writing any more.
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
                let left = written.elapsed().is_ok_and(|age| age > UNFINISHED);
                if left { std::fs::remove_file(entry.path()) } else { Ok(()) }
            });
            match removed {
                // Its upload came to its end just now.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                removed => removed?,
            }
        }
    }
    Ok(())
}

struct ObjectReader {
    store: Store,
    key: Key,
    offset: u64,
    size: u64,
    part: io::Cursor<Vec<u8>>,
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.part.read(buffer)?;
        if n > 0 || buffer.is_empty() || self.offset >= self.size {
            return Ok(n);
        }
        let end = self.size.min(self.offset + PART_BYTES as u64);
        let get = self.store.objects.get_range(&self.key, self.offset..end);
        let part = self.store.runtime.block_on(get).map_err(io::Error::other)?;
        self.offset = end;
        self.part = io::Cursor::new(part.to_vec());
        self.part.read(buffer)
    }
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
    fn what_was_uploaded_reads_back_from_any_offset() {
        let (_dir, store) = store();
        let bytes: Vec<u8> = (0..2 * PART_BYTES + 77).map(|i| u8::try_from(i % 251).unwrap()).collect();
        let digest = sha256(&[&bytes]);
        assert_eq!(store.upload("envelopes/a", &mut &bytes[..], &digest).unwrap(), bytes.len() as u64);
        for offset in [0, 284, PART_BYTES, bytes.len(), bytes.len() + 1] {
            let mut back = Vec::new();
            store.reader("envelopes/a", offset as u64).unwrap().read_to_end(&mut back).unwrap();
            assert!(back == bytes[offset.min(bytes.len())..], "{offset}");
        }
    }

    #[test]
    fn an_upload_that_is_not_what_was_announced_leaves_nothing() {
        let (_dir, store) = store();
        let wrong = store.upload("envelopes/a", &mut &b"abc"[..], &sha256(&[b"abd"]));
        assert!(matches!(wrong, Err(FlowError::Upload { .. })));
        assert!(matches!(store.get("envelopes/a", 9), Err(FlowError::Store(object_store::Error::NotFound { .. }))));
    }

    #[test]
    fn what_killed_uploads_left_is_removed_after_a_day() {
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
