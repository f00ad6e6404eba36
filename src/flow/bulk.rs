//! Bulk re-encryption over stores: the cloud's own objects, where [`bulk`](crate::envelope::bulk) reads and writes folders.
//!
//! An object appears once all of it is there, so nothing is half visible and nothing has to be settled. Small ones are
//! written on the condition that there is none of that key. S3 has no such condition for those that are sent in parts:
//! two jobs at once that write the same key of more than 64 KiB replace each other's object. Parts of a job that was killed
//! are not visible; a store drops them by its own rule for unfinished uploads.

use super::FlowError;
use crate::envelope::Header;
use crate::envelope::bulk::{
    BulkError, Fault, Found, Present, ReadEnvelopes, Refusal, Rest, Source, Target, WriteEnvelopes,
};
use crate::error::DecodeError;
use crate::hash::Digest;
use futures_util::StreamExt;
use object_store::path::Path as Key;
use object_store::{
    Attribute, Attributes, Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions,
    PutOptions, PutPayload, WriteMultipart,
};
use std::borrow::Cow;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Runtime;

/// The metadata field of an object's mark.
const MARK: Attribute = Attribute::Metadata(Cow::Borrowed("phi-pre-reencrypted"));
/// Requests under way.
const REQUESTS: usize = 32;
/// Bytes of a body that are asked for at once.
const READ_BYTES: u64 = 1 << 20;
/// The least bytes of a part, and the most parts, that S3 takes.
const PART_BYTES: u64 = 5 << 20;
const PARTS: u64 = 10_000;

/// Envelopes in a store, below a prefix.
#[derive(Clone, Debug)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    runtime: Arc<Runtime>,
    /// The store's name: the same for the same store.
    place: String,
    prefix: Key,
}

impl Objects {
    /// Objects of any store. `place` names it: two of the same place are the same store.
    ///
    /// # Errors
    /// [`FlowError::Runtime`]; [`FlowError::Store`] for a prefix that is none.
    pub fn new(store: Arc<dyn ObjectStore>, place: &str, prefix: &str) -> Result<Self, FlowError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(FlowError::Runtime)?;
        let prefix = Key::parse(prefix).map_err(Error::from)?;
        Ok(Self { store, runtime: Arc::new(runtime), place: place.to_owned(), prefix })
    }

    /// `s3://bucket/prefix`. Credentials, region and endpoint are those of the environment (`AWS_ACCESS_KEY_ID`,
    /// `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT`, ...).
    ///
    /// # Errors
    /// [`FlowError::Store`], [`FlowError::Name`] for a URL without a bucket, [`FlowError::Runtime`].
    #[cfg(feature = "s3")]
    pub fn s3(url: &str) -> Result<Self, FlowError> {
        let name = || FlowError::Name(url.to_owned());
        let place = url.strip_prefix("s3://").ok_or_else(name)?;
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        if bucket.is_empty() {
            return Err(name());
        }
        let builder = object_store::aws::AmazonS3Builder::from_env().with_bucket_name(bucket);
        Self::new(Arc::new(builder.build()?), bucket, prefix)
    }

    /// The key of a name below the prefix.
    fn key(&self, name: &Path) -> Result<Key, Refusal> {
        let name = name.to_str().ok_or(Refusal::Name("it is not UTF-8"))?;
        let separator = if self.prefix.is_root() { "" } else { "/" };
        let key = Key::parse(format!("{}{separator}{name}", self.prefix));
        key.map_err(|_| Refusal::Name("no key of an object has control characters"))
    }

    /// These bytes of an object, as many as there are, if it is still the object of this tag.
    fn get(&self, key: &Key, range: Range<u64>, tag: Option<String>) -> Result<Part, Error> {
        let options = GetOptions { range: Some(GetRange::Bounded(range)), if_match: tag, ..GetOptions::default() };
        self.runtime.block_on(async {
            let found = self.store.get_opts(key, options).await?;
            let mark = found.attributes.get(&MARK).and_then(|mark| Digest::from_hex(mark).ok());
            let (size, tag) = (found.meta.size, found.meta.e_tag.clone());
            Ok(Part { size, tag, mark, bytes: found.bytes().await?.into() })
        })
    }
}

/// Bytes of an object, and what is known about all of it.
struct Part {
    size: u64,
    tag: Option<String>,
    mark: Option<Digest>,
    bytes: Vec<u8>,
}

/// What one object does wrong refuses it; what would meet every other object ends the job.
fn fault(error: Error) -> Fault {
    match error {
        Error::NotFound { .. } | Error::PermissionDenied { .. } => Refusal::Store(error.into()).into(),
        Error::Precondition { .. } => Refusal::Changed.into(),
        Error::AlreadyExists { .. } => Refusal::Exists.into(),
        _ => Fault::Fatal(failure(error)),
    }
}

fn failure(error: Error) -> BulkError {
    BulkError::Store(error.into())
}

impl Source for Objects {
    type Reader<'a> = ObjectsReader<'a>;

    fn walk(&self, found: &mut dyn FnMut(Found) -> ControlFlow<()>) -> Result<(), BulkError> {
        let prefix = (!self.prefix.is_root()).then_some(&self.prefix);
        let mut objects = self.store.list(prefix);
        while let Some(object) = self.runtime.block_on(objects.next()) {
            let object = object.map_err(failure)?;
            let Some(parts) = object.location.prefix_match(&self.prefix) else { continue };
            let name: PathBuf = parts.map(|part| part.as_ref().to_owned()).collect();
            // A store cannot be asked for bytes of nothing.
            let empty = DecodeError::Length { what: "envelope header", expected: Header::BYTES, got: 0 };
            if found((name, if object.size == 0 { Err(empty.into()) } else { Ok(()) })).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn reader(&self) -> ObjectsReader<'_> {
        ObjectsReader(self)
    }

    fn width(&self) -> usize {
        REQUESTS
    }
}

/// Reads envelopes of a store.
#[derive(Debug)]
pub struct ObjectsReader<'a>(&'a Objects);

impl ReadEnvelopes for ObjectsReader<'_> {
    fn read(&mut self, name: &Path, small: usize, bytes: &mut Vec<u8>) -> Result<(u64, Rest), Fault> {
        let key = self.0.key(name)?;
        let part = self.0.get(&key, 0..small as u64, None).map_err(fault)?;
        bytes.extend_from_slice(&part.bytes);
        let at = part.bytes.len() as u64;
        if at == part.size {
            return Ok((part.size, Rest::None));
        }
        let body =
            Body { objects: self.0.clone(), key, tag: part.tag, at, size: part.size, part: io::Cursor::default() };
        Ok((part.size, Rest::Stream(Box::new(body))))
    }
}

/// The rest of an object.
struct Body {
    objects: Objects,
    key: Key,
    tag: Option<String>,
    at: u64,
    size: u64,
    part: io::Cursor<Vec<u8>>,
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.part.read(buffer)?;
        if n > 0 || buffer.is_empty() || self.at >= self.size {
            return Ok(n);
        }
        let end = self.size.min(self.at + READ_BYTES);
        let part = self.objects.get(&self.key, self.at..end, self.tag.clone()).map_err(io::Error::other)?;
        self.at = end;
        self.part = io::Cursor::new(part.bytes);
        self.part.read(buffer)
    }
}

/// Envelopes into a store, for one job.
#[derive(Debug)]
pub struct ObjectsTarget {
    to: Objects,
    /// Nothing was there at first, so nothing needs to be looked for.
    empty: bool,
    /// Parts are large: one object in parts at a time.
    parts: Mutex<()>,
}

impl ObjectsTarget {
    /// `from` is where the envelopes come from, if that is a store.
    ///
    /// # Errors
    /// [`BulkError::Overlap`], [`BulkError::Store`].
    pub fn new(to: Objects, from: Option<&Objects>) -> Result<Self, BulkError> {
        let inside = |a: &Objects, b: &Objects| a.place == b.place && a.prefix.prefix_matches(&b.prefix);
        if let Some(from) = from.filter(|from| inside(from, &to) || inside(&to, from)) {
            return Err(BulkError::Overlap(format!("{} and {} in {}", from.prefix, to.prefix, to.place)));
        }
        let prefix = (!to.prefix.is_root()).then_some(&to.prefix);
        let first = to.runtime.block_on(to.store.list(prefix).next()).transpose().map_err(failure)?;
        Ok(Self { to, empty: first.is_none(), parts: Mutex::default() })
    }
}

impl Target for ObjectsTarget {
    type Writer<'a> = ObjectsWriter<'a>;
    type Pending = ();

    fn writer(&self) -> ObjectsWriter<'_> {
        ObjectsWriter(self)
    }

    fn room(&self) -> usize {
        1 << 16
    }

    fn width(&self) -> usize {
        REQUESTS
    }

    fn settle(&self, batch: &[(PathBuf, ())]) -> Result<Vec<Result<(), Fault>>, BulkError> {
        Ok(batch.iter().map(|_| Ok(())).collect())
    }

    fn finish(&self) -> Result<(), BulkError> {
        Ok(())
    }
}

/// Writes envelopes into a store.
#[derive(Debug)]
pub struct ObjectsWriter<'a>(&'a ObjectsTarget);

impl WriteEnvelopes for ObjectsWriter<'_> {
    type Pending = ();

    fn present(&mut self, name: &Path) -> Result<Option<Present>, Fault> {
        let to = &self.0.to;
        let key = to.key(name)?;
        if self.0.empty {
            return Ok(None);
        }
        match to.get(&key, 0..Header::BYTES as u64, None) {
            Ok(part) => Ok(Some(Present { header: part.bytes.try_into().ok(), size: part.size, mark: part.mark })),
            Err(Error::NotFound { .. }) => Ok(None),
            // Stores answer so for an object without bytes, too.
            Err(error) => match to.runtime.block_on(to.store.head(&key)) {
                Ok(meta) if meta.size == 0 => Ok(Some(Present { header: None, size: 0, mark: None })),
                _ => Err(fault(error)),
            },
        }
    }

    fn write(&mut self, name: &Path, bytes: &[u8], rest: Rest, size: u64, mark: &Digest) -> Result<(), Fault> {
        let to = &self.0.to;
        let key = to.key(name)?;
        let attributes = Attributes::from_iter([(MARK, mark.to_string())]);
        let mut rest: Box<dyn Read + Send> = match rest {
            Rest::None => {
                let options = PutOptions { mode: PutMode::Create, attributes, ..PutOptions::default() };
                let put = to.store.put_opts(&key, PutPayload::from(bytes.to_vec()), options);
                return to.runtime.block_on(put).map(drop).map_err(fault);
            }
            Rest::File(mut file) => {
                file.seek(SeekFrom::Start(bytes.len() as u64)).map_err(|e| Fault::Refused(Refusal::Io(e)))?;
                Box::new(file)
            }
            Rest::Stream(stream) => stream,
        };
        let _one = self.0.parts.lock().unwrap_or_else(PoisonError::into_inner);
        // The reader may block on a runtime of its own, so it is read between the steps of this one, not inside them.
        let options = PutMultipartOptions { attributes, ..PutMultipartOptions::default() };
        let upload = to.runtime.block_on(to.store.put_multipart_opts(&key, options)).map_err(fault)?;
        let part_bytes = usize::try_from(PART_BYTES.max(size.div_ceil(PARTS))).unwrap_or(usize::MAX);
        let mut upload = WriteMultipart::new_with_chunk_size(upload, part_bytes);
        to.runtime.block_on(async { upload.write(bytes) }); // parts begin on tasks of this runtime
        let (mut sent, mut buffer) = (bytes.len() as u64, vec![0; 1 << 16]);
        let sent = loop {
            match rest.read(&mut buffer) {
                Ok(0) if sent == size => break Ok(()),
                Ok(0) => break Err(Refusal::Changed.into()),
                Ok(n) => {
                    sent += n as u64;
                    if let Err(error) = to.runtime.block_on(upload.wait_for_capacity(2)) {
                        break Err(fault(error));
                    }
                    to.runtime.block_on(async { upload.write(&buffer[..n]) });
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => break Err(Refusal::Io(e).into()),
            }
        };
        match sent {
            Ok(()) => to.runtime.block_on(upload.finish()).map(drop).map_err(fault),
            Err(stopped) => {
                let _ = to.runtime.block_on(upload.abort()); // the store drops the parts by its own rule otherwise
                Err(stopped)
            }
        }
    }
}
