//! Bulk re-encryption over object stores: the counterpart of the folders of [`bulk`](crate::envelope::bulk).
//!
//! A store shows an object only when it is complete, so [`StoreTarget`] has no separate step that publishes it. Objects
//! are written on the condition that no object has this key, so two jobs never replace each other's outputs. On stores
//! other than S3, the condition of an object of more than 64 KiB is checked just before its upload is completed, and not
//! in one step with that. The parts of a killed job are not visible; the store removes them by its own rule for
//! unfinished uploads.
//!
//! An object on which the store fails is refused. The job ends where the store cannot be reached or says that it knows or
//! trusts the caller no more, and after 8 failures of unknown cause in a row. An object of a store is at most 671 GB long
//! ([`Refusal::TooLarge`]), so that its parts stay small in memory.
//!
//! A key that ends in `/` and has no bytes is the marker of a folder, and is passed over as a folder is. Any other key
//! that `object_store` cannot name (an empty, `.` or `..` part, a control character, a `/` at its end) is refused by
//! itself: [`Refusal::Key`].

use super::FlowError;
use super::objects::{Excess, Objects, Part, read_some};
#[cfg(feature = "s3")]
use super::s3::{Answered, Connector, NoBucket, listed_key};
use crate::envelope::Header;
use crate::envelope::bulk::{
    BulkError, Fault, Found, Present, ReadEnvelopes, Refusal, Rest, Source, Target, WriteEnvelopes, same_mark,
};
use crate::error::DecodeError;
use crate::hash::Digest;
use object_store::path::Path as Key;
use object_store::{Attribute, Attributes, Error, ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions};
use std::borrow::Cow;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
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
/// The largest part in bytes that is written. Some parts are in memory at the same time.
const LARGEST_PART_BYTES: u64 = 64 << 20;
/// This many errors in a row, each of which could concern one object or every object, end a job.
const FAILURES: usize = 8;

/// Envelopes in a store, below a prefix.
#[derive(Clone, Debug)]
pub struct StorePrefix {
    objects: Objects,
    /// The store's name. Two values with the same name mean the same store.
    place: String,
    prefix: Key,
    /// The key of a location of a listing.
    listed_key: fn(&str) -> Option<String>,
    /// The number of failures of unknown cause since the last answer.
    failures: Arc<AtomicUsize>,
}

/// The reason for refusing a key of a listing that no path of `object_store` can name.
const NO_PATH: &str = "it has an empty, . or .. part, a control character, or a / at its end";

impl StorePrefix {
    /// Opens a prefix of any store. `place` is the store's name: two prefixes with the same `place` are taken to be in
    /// the same store.
    ///
    /// # Errors
    /// [`FlowError::Runtime`]; [`FlowError::Prefix`] for a prefix that no path of `object_store` can name. One `/` at its
    /// end has no meaning.
    pub fn new(store: Arc<dyn ObjectStore>, place: &str, prefix: &str) -> Result<Self, FlowError> {
        let bare = prefix.strip_suffix('/').unwrap_or(prefix);
        let parsed = exact(bare).filter(|_| prefix.is_empty() || !bare.is_empty());
        let prefix = parsed.ok_or_else(|| FlowError::Prefix(prefix.to_owned()))?;
        Ok(Self {
            objects: Objects::new(store)?,
            place: place.to_owned(),
            prefix,
            listed_key: |location| Some(location.to_owned()),
            failures: Arc::default(),
        })
    }

    /// Opens `s3://bucket/prefix`. Credentials, region and endpoint are read from the environment (`AWS_ACCESS_KEY_ID`,
    /// `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT`, ...).
    ///
    /// # Errors
    /// [`FlowError::Store`], [`FlowError::Name`] for a URL without a bucket, and those of [`new`](Self::new).
    #[cfg(feature = "s3")]
    pub fn s3(url: &str) -> Result<Self, FlowError> {
        let name = || FlowError::Name(url.to_owned());
        let place = url.strip_prefix("s3://").ok_or_else(name)?;
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        if bucket.is_empty() {
            return Err(name());
        }
        let builder = object_store::aws::AmazonS3Builder::from_env().with_bucket_name(bucket);
        let store = builder.with_http_connector(Connector::default()).build()?;
        Ok(Self { listed_key, ..Self::new(Arc::new(store), bucket, prefix)? })
    }

    /// Lists the objects below the prefix.
    fn list(&self, found: impl FnMut(ObjectMeta) -> ControlFlow<()>) -> Result<(), BulkError> {
        self.objects.list((!self.prefix.is_root()).then_some(&self.prefix), found).map_err(|error| {
            #[cfg(feature = "s3")]
            if cause::<NoBucket>(&error).is_some() {
                return BulkError::Missing(format!("{}: {NoBucket}", self.place));
            }
            failure(error)
        })
    }

    /// An error on one object refuses this object. An error that concerns every object ends the job.
    fn fault(&self, error: Error) -> Fault {
        #[cfg(feature = "s3")]
        let (of_every_object, of_the_object) = {
            let answer = cause::<Answered>(&error);
            (answer.is_some_and(Answered::concerns_the_caller) || is_out_of_reach(&error), answer.is_some())
        };
        #[cfg(not(feature = "s3"))]
        let (of_every_object, of_the_object) = (false, false);
        let refusal = match error {
            error if of_every_object => return Fault::Fatal(failure(error)),
            Error::Precondition { .. } => Refusal::Changed,
            Error::AlreadyExists { .. } => Refusal::Exists,
            error @ (Error::NotFound { .. } | Error::PermissionDenied { .. }) => Refusal::Store(error.into()),
            error if of_the_object || cause::<Excess>(&error).is_some() => Refusal::Store(error.into()),
            error if self.failures.fetch_add(1, Ordering::Relaxed) + 1 >= FAILURES => {
                return Fault::Fatal(failure(error));
            }
            error => return Refusal::Store(error.into()).into(),
        };
        self.failures.store(0, Ordering::Relaxed);
        refusal.into()
    }

    /// The answer of the store for one object.
    fn answer<T>(&self, answer: Result<T, Error>) -> Result<T, Fault> {
        let value = answer.map_err(|error| self.fault(error))?;
        self.failures.store(0, Ordering::Relaxed);
        Ok(value)
    }

    /// The key of a name below the prefix.
    fn key(&self, name: &Path) -> Result<Key, Refusal> {
        let name = name.to_str().ok_or(Refusal::Name("it is not UTF-8"))?;
        let separator = if self.prefix.is_root() { "" } else { "/" };
        exact(&format!("{}{separator}{name}", self.prefix)).ok_or(Refusal::Name(NO_PATH))
    }
}

/// The path of `object_store` that names exactly this key. Parsing alone drops a `/` at either end.
fn exact(key: &str) -> Option<Key> {
    Key::parse(key).ok().filter(|path| path.as_ref() == key)
}

/// The error, or the first of its sources, that is an `E`.
fn cause<'a, E: std::error::Error + 'static>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |error| error.source()).find_map(<dyn std::error::Error>::downcast_ref)
}

/// Whether no connection to the store could be made.
#[cfg(feature = "s3")]
fn is_out_of_reach(error: &Error) -> bool {
    use object_store::client::{HttpError, HttpErrorKind};
    cause::<HttpError>(error).is_some_and(|error| matches!(error.kind(), HttpErrorKind::Connect))
}

/// The mark that a job has attached to an object.
fn mark(part: &Part) -> Option<Digest> {
    part.attributes.get(&MARK).and_then(|mark| Digest::from_hex(mark).ok())
}

fn failure(error: Error) -> BulkError {
    BulkError::Store(error.into())
}

impl Source for StorePrefix {
    type Reader<'a> = StoreReader<'a>;

    fn walk(&self, found: &mut dyn FnMut(Found) -> ControlFlow<()>) -> Result<(), BulkError> {
        let (mut any, prefix) = (false, self.prefix.as_ref());
        let each = |object: ObjectMeta| {
            let Some(key) = (self.listed_key)(object.location.as_ref()) else {
                return found((object.location.as_ref().into(), Err(Refusal::Key("it is not UTF-8"))));
            };
            let below = if prefix.is_empty() {
                Some(&*key)
            } else {
                key.strip_prefix(prefix).and_then(|k| k.strip_prefix('/'))
            };
            let Some(name) = below else { return ControlFlow::Continue(()) };
            any = true;
            match object.size {
                0 if name.is_empty() || name.ends_with('/') => ControlFlow::Continue(()), // the marker of a folder
                _ if exact(&key).is_none() || name.is_empty() => found((name.into(), Err(Refusal::Key(NO_PATH)))),
                // A store refuses to read a range of an empty object.
                0 => {
                    let empty = DecodeError::Length { what: "envelope header", expected: Header::BYTES, got: 0 };
                    found((name.into(), Err(empty.into())))
                }
                _ => found((name.into(), Ok(()))),
            }
        };
        self.list(each)?;
        if !any && !prefix.is_empty() {
            return Err(BulkError::Missing(format!("{}/{prefix}: no object has a key below this prefix", self.place)));
        }
        Ok(())
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
        let part = self.0.answer(self.0.objects.get(&key, 0..small as u64, None))?;
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
    /// [`BulkError::Overlap`], [`BulkError::Missing`] where there is no such bucket, [`BulkError::Store`].
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
        to.list(first)?;
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
                _ => Err(to.fault(error)),
            },
        }
    }

    fn write(&mut self, name: &Path, bytes: &[u8], rest: Rest, size: u64, mark: &Digest) -> Result<(), Fault> {
        let to = &self.0.to;
        let key = to.key(name)?;
        let attributes = Attributes::from_iter([(MARK, mark.to_string())]);
        let written = match rest {
            Rest::None => {
                let options = PutOptions { mode: PutMode::Create, attributes, ..PutOptions::default() };
                to.answer(to.objects.put(&key, bytes, options))
            }
            Rest::File(mut file) => file
                .seek(SeekFrom::Start(bytes.len() as u64))
                .map_err(|e| Fault::Refused(Refusal::Io(e)))
                .and_then(|_| self.upload(&key, attributes, &mut Cursor::new(bytes).chain(file), size)),
            Rest::Stream(stream) => self.upload(&key, attributes, &mut Cursor::new(bytes).chain(stream), size),
        };
        match written {
            // The client repeats a request whose answer was lost. The object can be the one that was just written.
            Err(Fault::Refused(Refusal::Exists)) if self.is_there(&key, size, mark) => Ok(()),
            written => written,
        }
    }
}

impl StoreWriter<'_> {
    /// Writes an object of `size` bytes in parts, on the condition that no object has this key.
    fn upload(&self, key: &Key, attributes: Attributes, whole: &mut impl Read, size: u64) -> Result<(), Fault> {
        let _guard = self.0.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let to = &self.0.to;
        let part_bytes = PART_BYTES.max(size.div_ceil(PARTS));
        if part_bytes > LARGEST_PART_BYTES {
            return Err(Refusal::TooLarge(PARTS * LARGEST_PART_BYTES).into());
        }
        let part_bytes = usize::try_from(part_bytes).unwrap_or(usize::MAX);
        let options = PutMultipartOptions { attributes, ..PutMultipartOptions::default() };
        let read = |buffer: &mut [u8]| read_some(whole, buffer).map_err(|e| Fault::Refused(Refusal::Io(e)));
        let accept = |sent| match to.objects.head(key) {
            _ if sent != size => Err(Refusal::Changed.into()),
            Err(Error::NotFound { .. }) => Ok(()),
            Ok(_) => Err(Refusal::Exists.into()),
            Err(error) => Err(to.fault(error)),
        };
        // Here a failed condition is not about the input.
        let failed = |error| match error {
            Error::Precondition { .. } => Refusal::Exists.into(),
            error => to.fault(error),
        };
        to.objects.upload(key, options, part_bytes, read, accept, failed).map(drop)
    }

    /// Whether this key has an object of this size with this mark.
    fn is_there(&self, key: &Key, size: u64, expected: &Digest) -> bool {
        let found = self.0.to.objects.get(key, 0..Header::BYTES as u64, None);
        found.is_ok_and(|part| part.size == size && mark(&part).is_some_and(|there| same_mark(&there, expected)))
    }
}
