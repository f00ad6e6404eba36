//! The parts of a job: where envelopes come from and go to, what a job reports, and what stops it.

use crate::envelope::Header;
use crate::error::DecodeError;
use crate::hash::Digest;
use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Bytes of a header.
pub type HeaderBytes = [u8; Header::BYTES];

/// Why one envelope was left out; all others are done regardless.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Not an envelope, of an unknown version, cut off, or with a capsule that is none.
    #[error("no envelope: {0}")]
    Envelope(#[from] DecodeError),
    /// It could not be read, or its output not written.
    #[error("{0}")]
    Io(#[source] io::Error),
    /// A symbolic link. None is followed, wherever it leads.
    #[error("a symbolic link, which is not followed")]
    Symlink,
    /// A device, pipe or socket.
    #[error("neither a file nor a folder")]
    Special,
    /// Another process holds its lock.
    #[error("in use by another process")]
    InUse,
    /// There is an output of this name, and it is not this envelope under this k_re. It was left as it is.
    #[error("the output exists and is not this envelope under this re-encryption key")]
    Exists,
    /// Its size changed while it was read.
    #[error("changed while it was read")]
    Changed,
    /// Folders in folders, more than this many.
    #[error("more than {0} folders deep")]
    Depth(usize),
    /// Where the output goes there can be no such name.
    #[error("the output cannot have this name: {0}")]
    Name(&'static str),
    /// A store refused it.
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
        /// Which part of the job.
        what: String,
        /// Why.
        source: io::Error,
    },
    /// Output and input are the same folder or store, or one lies in the other.
    #[error("input and output overlap: {0}")]
    Overlap(String),
    /// Another job writes there.
    #[error("{}: another job writes there", .0.display())]
    Busy(PathBuf),
    /// A store failed.
    #[error("{0}")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A job that ended before its end. What it had done stays; the same job goes on from there.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub struct Stopped {
    /// What was done.
    pub summary: Summary,
    /// What ended it.
    #[source]
    pub source: BulkError,
}

/// What a step answers when it fails: the end of one envelope, or of the job.
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
    /// Envelopes whose output was there, by its mark.
    pub marked: u64,
    /// Envelopes whose output was there, by computing C' again.
    pub compared: u64,
    /// Envelopes that were refused.
    pub refused: u64,
}

/// What a job tells while it runs.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// An output has its name.
    Reencrypted(&'a Path),
    /// The output was there before.
    There(&'a Path),
    /// An envelope was refused.
    Refused(&'a Path, &'a Refusal),
}

/// Told each event, from any thread. `&|_| ()` for nobody.
pub type Watch<'a> = &'a (dyn Fn(Event<'_>) + Sync);

/// Something that a walk came across: an envelope, or the reason why it is none.
pub type Found = (PathBuf, Result<(), Refusal>);

/// The body behind the bytes that were read.
pub enum Rest {
    /// Nothing: all of the envelope was read.
    None,
    /// The body of this file, which stands anywhere.
    File(File),
    /// What follows those bytes.
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

/// Where envelopes come from.
pub trait Source: Sync {
    /// What one thread reads with.
    type Reader<'a>: ReadEnvelopes
    where
        Self: 'a;

    /// Calls `found` with everything that is there, names relative to the source, until it breaks.
    ///
    /// # Errors
    /// [`BulkError`] where the source as a whole cannot be listed.
    fn walk(&self, found: &mut dyn FnMut(Found) -> ControlFlow<()>) -> Result<(), BulkError>;

    /// For one thread.
    fn reader(&self) -> Self::Reader<'_>;

    /// How many threads are worth while.
    fn width(&self) -> usize;
}

/// Reads envelopes.
pub trait ReadEnvelopes {
    /// Appends to `bytes` all of an envelope of at most `small` bytes, of a larger one at least its header. Answers the
    /// size of all of it and where the rest is.
    ///
    /// # Errors
    /// [`Fault`].
    fn read(&mut self, name: &Path, small: usize, bytes: &mut Vec<u8>) -> Result<(u64, Rest), Fault>;
}

/// Where envelopes go.
pub trait Target: Sync {
    /// What one thread writes with.
    type Writer<'a>: WriteEnvelopes<Pending = Self::Pending>
    where
        Self: 'a;
    /// An output that is written and has no name yet.
    type Pending: Send;

    /// For one thread.
    fn writer(&self) -> Self::Writer<'_>;

    /// How many outputs may be pending.
    fn room(&self) -> usize;

    /// How many threads are worth while.
    fn width(&self) -> usize;

    /// Makes outputs durable, then gives them their names.
    ///
    /// # Errors
    /// [`BulkError`] where none of them can be trusted to be durable; each has its own [`Fault`] besides.
    fn settle(&self, batch: &[(PathBuf, Self::Pending)]) -> Result<Vec<Result<(), Fault>>, BulkError>;

    /// Makes all names durable.
    ///
    /// # Errors
    /// [`BulkError`].
    fn finish(&self) -> Result<(), BulkError>;
}

/// An output that is there.
#[derive(Clone, Debug)]
pub struct Present {
    /// Its first bytes; none where it is shorter than a header.
    pub header: Option<HeaderBytes>,
    /// All its bytes.
    pub size: u64,
    /// Its mark.
    pub mark: Option<Digest>,
}

/// Writes envelopes.
pub trait WriteEnvelopes {
    /// As of [`Target`].
    type Pending;

    /// The output of this name, if there is one.
    ///
    /// # Errors
    /// [`Fault`].
    fn present(&mut self, name: &Path) -> Result<Option<Present>, Fault>;

    /// Writes an envelope of `size` bytes: `bytes`, which begin with the new header, then the body in `rest`.
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
