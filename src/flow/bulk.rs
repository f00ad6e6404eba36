//! Bulk re-encryption over object stores: the counterpart of the folders of [`bulk`](crate::envelope::bulk).
//!
//! A store shows an object only when it is complete, so [`StoreTarget`] has no separate step that publishes it. Small
//! objects are written on the condition that no object has this key. S3 has no such condition for uploads in parts: if
//! two jobs write the same key of more than 64 KiB at the same time, one object replaces the other. The parts of a
//! killed job are not visible; the store removes them by its own rule for unfinished uploads.

use super::FlowError;
use super::objects::{Objects, Part, read_some};
use crate::envelope::Header;
use crate::envelope::bulk::{
    BulkError, Fault, Found, Present, ReadEnvelopes, Refusal, Rest, Source, Target, WriteEnvelopes,
};
use crate::error::DecodeError;
use crate::hash::Digest;
use object_store::path::Path as Key;
use object_store::{Attribute, Attributes, Error, ObjectStore, PutMode, PutMultipartOptions, PutOptions};
use std::borrow::Cow;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The metadata field of an object's mark.
const MARK: Attribute = Attribute::Metadata(Cow::Borrowed("phi-pre-reencrypted"));
/// The number of concurrent requests.
const REQUESTS: usize = 32;
/// Bytes of a body in one request.
const READ_BYTES: u64 = 1 << 20;
/// The smallest part in bytes, and the largest number of parts, that S3 accepts.
const PART_BYTES: u64 = 5 << 20;
const PARTS: u64 = 10_000;

/// Envelopes in a store, below a prefix.
#[derive(Clone, Debug)]
pub struct StorePrefix {
    objects: Objects,
    /// The store's name. Two values with the same name mean the same store.
    place: String,
    prefix: Key,
}

impl StorePrefix {
    /// Opens a prefix of any store. `place` is the store's name: two prefixes with the same `place` are taken to be in
    /// the same store.
    ///
    /// # Errors
    /// [`FlowError::Runtime`]; [`FlowError::Store`] for an invalid prefix.
    pub fn new(store: Arc<dyn ObjectStore>, place: &str, prefix: &str) -> Result<Self, FlowError> {
        let prefix = Key::parse(prefix).map_err(Error::from)?;
        Ok(Self { objects: Objects::new(store)?, place: place.to_owned(), prefix })
    }

    /// Opens `s3://bucket/prefix`. Credentials, region and endpoint are read from the environment (`AWS_ACCESS_KEY_ID`,
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

    /// The prefix for a listing; `None` for the whole store.
    fn listed(&self) -> Option<&Key> {
        (!self.prefix.is_root()).then_some(&self.prefix)
    }
}

/// The mark that a job has attached to an object.
fn mark(part: &Part) -> Option<Digest> {
    part.attributes.get(&MARK).and_then(|mark| Digest::from_hex(mark).ok())
}

/// An error that concerns one object refuses this object; an error that would concern every object ends the job.
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

impl Source for StorePrefix {
    type Reader<'a> = StoreReader<'a>;

    fn walk(&self, found: &mut dyn FnMut(Found) -> ControlFlow<()>) -> Result<(), BulkError> {
        let each = |object: object_store::ObjectMeta| {
            let Some(parts) = object.location.prefix_match(&self.prefix) else { return ControlFlow::Continue(()) };
            let name: PathBuf = parts.map(|part| part.as_ref().to_owned()).collect();
            // A store refuses to read a range of an empty object.
            let empty = DecodeError::Length { what: "envelope header", expected: Header::BYTES, got: 0 };
            found((name, if object.size == 0 { Err(empty.into()) } else { Ok(()) }))
        };
        self.objects.list(self.listed(), each).map_err(failure)
    }

    fn reader(&self) -> StoreReader<'_> {
        StoreReader(self)
    }

    fn threads(&self) -> usize {
        REQUESTS
    }
}

/// Reads envelopes of a store.
#[derive(Debug)]
pub struct StoreReader<'a>(&'a StorePrefix);

impl ReadEnvelopes for StoreReader<'_> {
    fn read(&mut self, name: &Path, small: usize, bytes: &mut Vec<u8>) -> Result<(u64, Rest), Fault> {
        let key = self.0.key(name)?;
        let part = self.0.objects.get(&key, 0..small as u64, None).map_err(fault)?;
        bytes.extend_from_slice(&part.bytes);
        let at = part.bytes.len() as u64;
        if at == part.size {
            return Ok((part.size, Rest::None));
        }
        let body = self.0.objects.body(key, part.tag, at, part.size, READ_BYTES);
        Ok((part.size, Rest::Stream(Box::new(body))))
    }
}

/// A prefix of a store that one job writes envelopes to.
#[derive(Debug)]
pub struct StoreTarget {
    to: StorePrefix,
    /// The prefix was empty at the start, so the existence checks are skipped.
    empty: bool,
    /// Held during an upload in parts: parts are large, so one object is uploaded at a time.
    parts: Mutex<()>,
}

impl StoreTarget {
    /// Creates the target. `from` is the source of the envelopes, if the source is a store too.
    ///
    /// # Errors
    /// [`BulkError::Overlap`], [`BulkError::Store`].
    pub fn new(to: StorePrefix, from: Option<&StorePrefix>) -> Result<Self, BulkError> {
        let inside = |a: &StorePrefix, b: &StorePrefix| a.place == b.place && a.prefix.prefix_matches(&b.prefix);
        if let Some(from) = from.filter(|from| inside(from, &to) || inside(&to, from)) {
            return Err(BulkError::Overlap(format!("{} and {} in {}", from.prefix, to.prefix, to.place)));
        }
        let mut empty = true;
        let first = |_| {
            empty = false;
            ControlFlow::Break(())
        };
        to.objects.list(to.listed(), first).map_err(failure)?;
        Ok(Self { to, empty, parts: Mutex::default() })
    }
}

impl Target for StoreTarget {
    type Writer<'a> = StoreWriter<'a>;
    type Pending = ();

    fn writer(&self) -> StoreWriter<'_> {
        StoreWriter(self)
    }

    fn pending_limit(&self) -> usize {
        1 << 16
    }

    fn threads(&self) -> usize {
        REQUESTS
    }

    fn publish(&self, batch: &[(PathBuf, ())]) -> Result<Vec<Result<(), Fault>>, BulkError> {
        Ok(batch.iter().map(|_| Ok(())).collect())
    }

    fn finish(&self) -> Result<(), BulkError> {
        Ok(())
    }
}

/// Writes envelopes into a store.
#[derive(Debug)]
pub struct StoreWriter<'a>(&'a StoreTarget);

impl WriteEnvelopes for StoreWriter<'_> {
    type Pending = ();

    fn present(&mut self, name: &Path) -> Result<Option<Present>, Fault> {
        let to = &self.0.to;
        let key = to.key(name)?;
        if self.0.empty {
            return Ok(None);
        }
        match to.objects.get(&key, 0..Header::BYTES as u64, None) {
            Ok(part) => {
                let (size, mark) = (part.size, mark(&part));
                Ok(Some(Present { header: part.bytes.try_into().ok(), size, mark }))
            }
            Err(Error::NotFound { .. }) => Ok(None),
            // Stores return an error for an object without bytes, too.
            Err(error) => match to.objects.head(&key) {
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
                return to.objects.put(&key, bytes, options).map_err(fault);
            }
            Rest::File(mut file) => {
                file.seek(SeekFrom::Start(bytes.len() as u64)).map_err(|e| Fault::Refused(Refusal::Io(e)))?;
                Box::new(file)
            }
            Rest::Stream(stream) => stream,
        };
        let _guard = self.0.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let options = PutMultipartOptions { attributes, ..PutMultipartOptions::default() };
        let part_bytes = usize::try_from(PART_BYTES.max(size.div_ceil(PARTS))).unwrap_or(usize::MAX);
        let mut whole = Cursor::new(bytes).chain(&mut rest);
        let read = |buffer: &mut [u8]| read_some(&mut whole, buffer).map_err(|e| Fault::Refused(Refusal::Io(e)));
        let unchanged = |sent| if sent == size { Ok(()) } else { Err(Refusal::Changed.into()) };
        to.objects.upload(&key, options, part_bytes, read, unchanged, fault).map(drop)
    }
}
