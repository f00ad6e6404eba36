//! The parts of a job: the source and the target of envelopes, the reports, and the errors.

use crate::envelope::Header;
use crate::error::DecodeError;
use crate::hash::Digest;
use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// The bytes of a header.
pub type HeaderBytes = [u8; Header::BYTES];

/// Why one envelope was refused. The job continues with the others.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Not an envelope: for example of an unknown version, cut off, or with an invalid capsule.
    #[error("no envelope: {0}")]
    Envelope(#[from] DecodeError),
    /// The envelope could not be read, or its output could not be written.
    #[error("{0}")]
    Io(#[source] io::Error),
    /// A symbolic link. Links are never followed.
    #[error("a symbolic link, which is not followed")]
    Symlink,
    /// A device, pipe or socket.
    #[error("neither a file nor a folder")]
    Special,
    /// Another process holds the lock of the file.
    #[error("in use by another process")]
    InUse,
    /// An output of this name exists, and it is not this envelope under this k_re. It was not changed.
    #[error("the output exists and is not this envelope under this re-encryption key")]
    Exists,
    /// The size of the envelope changed while it was read.
    #[error("changed while it was read")]
    Changed,
    /// The output folder of the job, which a mount shows below the input.
    #[error("the output of this job")]
    Output,
    /// The envelope lies in more than this many nested folders.
    #[error("more than {0} folders deep")]
    Depth(usize),
    /// The target cannot have an output of this name.
    #[error("the output cannot have this name: {0}")]
    Name(&'static str),
    /// A key of a store that cannot be read by its name.
    #[error("this key cannot be read by its name: {0}")]
    Key(&'static str),
    /// The envelope has more than this many bytes, the limit of the target.
    #[error("more than {0} bytes, the limit of the target")]
    TooLarge(u64),
    /// A store failed on this object.
    #[error("{0}")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What ends a job.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BulkError {
    /// The source or the target as a whole cannot be used.
    #[error("{what}: {source}")]
    Io {
        /// The file, folder or step that failed.
        what: String,
        /// Why.
        source: io::Error,
    },
    /// Output and input are the same folder or store prefix, or one lies inside the other.
    #[error("input and output overlap: {0}")]
    Overlap(String),
    /// Another job writes into this folder.
    #[error("{}: another job writes there", .0.display())]
    Busy(PathBuf),
    /// The bucket of a store, or every object below the prefix of a source, is missing.
    #[error("{0}")]
    Missing(String),
    /// A store failed.
    #[error("{0}")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A job that was stopped. Its outputs stay, and the same job run again continues from them.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub struct Stopped {
    /// The counts until then.
    pub summary: Summary,
    /// The reason.
    #[source]
    pub source: BulkError,
}

/// The failure of a step: it ends one envelope or the whole job.
#[derive(Debug)]
pub enum Fault {
    /// This envelope is refused.
    Refused(Refusal),
    /// The job ends.
    Fatal(BulkError),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<DecodeError> for Fault {
    fn from(error: DecodeError) -> Self {
        Self::Refused(error.into())
    }
}

/// Counts of a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Envelopes that were re-encrypted.
    pub reencrypted: u64,
    /// Envelopes whose output existed, as its mark showed.
    pub marked: u64,
    /// Envelopes whose output existed, as computing C' again showed.
    pub compared: u64,
    /// Envelopes that were refused.
    pub refused: u64,
}

/// A report of a running job.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The output is written and has its name.
    Reencrypted(&'a Path),
    /// The output existed already.
    Existed(&'a Path),
    /// An envelope was refused.
    Refused(&'a Path, &'a Refusal),
}

/// A function that is called with each event, from any thread. Pass `&|_| ()` to ignore the events.
pub type Watch<'a> = &'a (dyn Fn(Event<'_>) + Sync);

/// An entry of a listing: its name relative to the source, and for an entry that is not an envelope the reason.
pub type Found = (PathBuf, Result<(), Refusal>);

/// The part of an envelope after the bytes that were read.
pub enum Rest {
    /// Nothing: the whole envelope was read.
    None,
    /// The rest is in this file, whose position may be anywhere.
    File(File),
    /// The rest is what this reader yields.
    Stream(Box<dyn Read + Send>),
}

impl std::fmt::Debug for Rest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::File(_) => "File",
            Self::Stream(_) => "Stream",
        })
    }
}

/// A source of envelopes.
pub trait Source: Sync {
    /// The reader of one thread.
    type Reader<'a>: ReadEnvelopes
    where
        Self: 'a;

    /// Calls `found` with every entry, named relative to the source, until `found` breaks.
    ///
    /// # Errors
    /// [`BulkError`] where the source as a whole cannot be listed.
    fn walk(&self, found: &mut dyn FnMut(Found) -> ControlFlow<()>) -> Result<(), BulkError>;

    /// For one thread.
    fn reader(&self) -> Self::Reader<'_>;

    /// How many threads are worth while.
    fn threads(&self) -> usize;
}

/// Reads envelopes, for one thread.
pub trait ReadEnvelopes {
    /// Appends to `bytes` the whole of an envelope of at most `small` bytes, or at least the header of a larger one.
    /// Returns the size of the whole envelope in bytes, and the rest of it.
    ///
    /// # Errors
    /// [`Fault`].
    fn read(&mut self, name: &Path, small: usize, bytes: &mut Vec<u8>) -> Result<(u64, Rest), Fault>;
}

/// A target of envelopes.
pub trait Target: Sync {
    /// The writer of one thread.
    type Writer<'a>: WriteEnvelopes<Pending = Self::Pending>
    where
        Self: 'a;
    /// An output that is written and does not have its name yet.
    type Pending: Send;

    /// For one thread.
    fn writer(&self) -> Self::Writer<'_>;

    /// The number of outputs that may be pending at the same time.
    fn pending_limit(&self) -> usize;

    /// How many threads are worth while.
    fn threads(&self) -> usize;

    /// Publishes outputs: makes them durable, then gives them their names. Returns one result for each output, in
    /// order.
    ///
    /// # Errors
    /// [`BulkError`] where it is unknown whether the outputs are durable. Each output may also have its own [`Fault`].
    fn publish(&self, batch: &[(PathBuf, Self::Pending)]) -> Result<Vec<Result<(), Fault>>, BulkError>;

    /// Makes all names durable.
    ///
    /// # Errors
    /// [`BulkError`].
    fn finish(&self) -> Result<(), BulkError>;
}

/// An existing output.
#[derive(Clone, Debug)]
pub struct Present {
    /// The bytes of its header; `None` where it is shorter than a header.
    pub header: Option<HeaderBytes>,
    /// Its size in bytes.
    pub size: u64,
    /// Its mark, if it has one.
    pub mark: Option<Digest>,
}

/// Writes envelopes, for one thread.
pub trait WriteEnvelopes {
    /// As [`Target::Pending`].
    type Pending;

    /// Looks for an output of this name.
    ///
    /// # Errors
    /// [`Fault`].
    fn present(&mut self, name: &Path) -> Result<Option<Present>, Fault>;

    /// Writes an envelope of `size` bytes: first `bytes`, which begin with the new header, then `rest`.
    ///
    /// # Errors
    /// [`Fault`].
    fn write(
        &mut self,
        name: &Path,
        bytes: &[u8],
        rest: Rest,
        size: u64,
        mark: &Digest,
    ) -> Result<Self::Pending, Fault>;
}
