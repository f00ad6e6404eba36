//! Blocking calls to an `object_store`, for the cloud's storage and for jobs.

use super::FlowError;
use futures_util::StreamExt;
use object_store::path::Path as Key;
use object_store::{
    Attributes, Error, GetOptions, GetRange, GetResult, ObjectMeta, ObjectStore, ObjectStoreExt, PutMultipartOptions,
    PutOptions, PutPayload, WriteMultipart,
};
use std::io::{self, Read};
use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// How long the runtime keeps an idle thread: as long as the process lives.
const KEPT: Duration = Duration::from_secs(60 * 60 * 24 * 365);

/// A store, and the runtime that drives its asynchronous calls.
#[derive(Clone, Debug)]
pub(super) struct Objects {
    store: Arc<dyn ObjectStore>,
    runtime: Arc<Runtime>,
}

/// Some bytes of an object, and the metadata of the object.
pub(super) struct Part {
    pub(super) size: u64,
    /// The store's tag of this version of the object (ETag), if it has one.
    pub(super) tag: Option<String>,
    pub(super) attributes: Attributes,
    pub(super) bytes: Vec<u8>,
}

/// A store answered with more bytes than were asked for.
#[derive(Debug, thiserror::Error)]
#[error("the store sent more than the {0} bytes that were asked for")]
pub(super) struct Excess(u64);

/// Reads a body of at most `limit` bytes.
async fn bounded(found: GetResult, limit: u64) -> Result<Vec<u8>, Error> {
    let (mut bytes, mut stream) = (Vec::new(), found.into_stream());
    while let Some(chunk) = stream.next().await {
        let chunk = chunk?;
        if (bytes.len() + chunk.len()) as u64 > limit {
            return Err(Error::Generic { store: "store", source: Box::new(Excess(limit)) });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

impl Objects {
    pub(super) fn new(store: Arc<dyn ObjectStore>) -> Result<Self, FlowError> {
        // The calls of a local store run on other threads. The runtime panics where it cannot start the first of them,
        // so this is tried first; the runtime then keeps its thread.
        let _ = std::thread::Builder::new().spawn(|| ()).map_err(FlowError::Runtime)?.join();
        let runtime = Builder::new_current_thread().enable_all().thread_keep_alive(KEPT).build();
        let runtime = runtime.map_err(FlowError::Runtime)?;
        let _ = runtime.block_on(runtime.spawn_blocking(|| ()));
        Ok(Self { store, runtime: Arc::new(runtime) })
    }

    pub(super) fn head(&self, key: &Key) -> Result<ObjectMeta, Error> {
        self.runtime.block_on(self.store.head(key))
    }

    /// Reads a range of bytes, which ends early where the object ends. With a tag, fails if the object has changed. Fails
    /// with [`Excess`] where the store sends more than the range.
    pub(super) fn get(&self, key: &Key, range: Range<u64>, tag: Option<String>) -> Result<Part, Error> {
        let options = GetOptions { range: Some(GetRange::Bounded(range)), if_match: tag, ..GetOptions::default() };
        self.runtime.block_on(async {
            let found = self.store.get_opts(key, options).await?;
            let (meta, attributes) = (found.meta.clone(), found.attributes.clone());
            let asked = found.range.end.saturating_sub(found.range.start);
            Ok(Part { size: meta.size, tag: meta.e_tag, attributes, bytes: bounded(found, asked).await? })
        })
    }

    /// Reads all bytes of an object of at most `limit` bytes. Returns `Err` with the size of a larger object.
    pub(super) fn get_whole(&self, key: &Key, limit: u64) -> Result<Result<Vec<u8>, u64>, Error> {
        self.runtime.block_on(async {
            let found = self.store.get(key).await?;
            match found.meta.size {
                size if size > limit => Ok(Err(size)),
                size => Ok(Ok(bounded(found, size).await?)),
            }
        })
    }

    pub(super) fn put(&self, key: &Key, bytes: &[u8], options: PutOptions) -> Result<(), Error> {
        let put = self.store.put_opts(key, PutPayload::from(bytes.to_vec()), options);
        self.runtime.block_on(put).map(drop)
    }

    pub(super) fn delete(&self, key: &Key) -> Result<(), Error> {
        self.runtime.block_on(self.store.delete(key))
    }

    /// Calls `found` with each object below the prefix, until `found` breaks.
    pub(super) fn list(
        &self,
        prefix: Option<&Key>,
        mut found: impl FnMut(ObjectMeta) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let mut objects = self.store.list(prefix);
        while let Some(object) = self.runtime.block_on(objects.next()) {
            if found(object?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Writes an object in parts of this many bytes. The object appears once all of it is written. `read` fills a
    /// buffer and returns 0 at the end. `accept` is then called with the number of bytes sent; if it fails, the object
    /// does not appear. `failed` converts an error of the store. Returns the number of bytes sent.
    pub(super) fn upload<E>(
        &self,
        key: &Key,
        options: PutMultipartOptions,
        part_bytes: usize,
        mut read: impl FnMut(&mut [u8]) -> Result<usize, E>,
        accept: impl FnOnce(u64) -> Result<(), E>,
        failed: impl Fn(Error) -> E,
    ) -> Result<u64, E> {
        // `read` may block on another runtime, so it is called between the `block_on` calls of this runtime, not inside
        // them.
        let upload = self.runtime.block_on(self.store.put_multipart_opts(key, options)).map_err(&failed)?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, part_bytes);
        let (mut sent, mut buffer) = (0, vec![0; 1 << 16]);
        let sent = loop {
            match read(&mut buffer) {
                Ok(0) => break accept(sent).map(|()| sent),
                Ok(n) => {
                    sent += n as u64;
                    if let Err(error) = self.runtime.block_on(upload.wait_for_capacity(2)) {
                        break Err(failed(error));
                    }
                    self.runtime.block_on(async { upload.write(&buffer[..n]) }); // parts are sent by tasks of this runtime
                }
                Err(error) => break Err(error),
            }
        };
        match sent {
            Ok(sent) => self.runtime.block_on(upload.finish()).map(|_| sent).map_err(&failed),
            Err(first) => {
                let _ = self.runtime.block_on(upload.abort()); // if this fails, the store removes the parts by its own rule
                Err(first)
            }
        }
    }

    /// Returns a reader of an object of `size` bytes from byte `at` on. It requests this many bytes at once. With a
    /// tag, it fails if the object changes.
    pub(super) fn body(&self, key: Key, tag: Option<String>, at: u64, size: u64, part_bytes: u64) -> Body {
        Body { objects: self.clone(), key, tag, at, size, part_bytes, part: io::Cursor::default() }
    }
}

/// Reads once into the buffer, and repeats an interrupted read.
pub(super) fn read_some(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// See [`Objects::body`].
pub(super) struct Body {
    objects: Objects,
    key: Key,
    tag: Option<String>,
    at: u64,
    size: u64,
    part_bytes: u64,
    part: io::Cursor<Vec<u8>>,
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.part.read(buffer)?;
        if n > 0 || buffer.is_empty() || self.at >= self.size {
            return Ok(n);
        }
        let end = self.size.min(self.at + self.part_bytes);
        let part = self.objects.get(&self.key, self.at..end, self.tag.clone()).map_err(io::Error::other)?;
        self.at = end;
        self.part = io::Cursor::new(part.bytes);
        self.part.read(buffer)
    }
}
