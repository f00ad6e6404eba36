//! The part of a source that the job of one shard handles.

use super::{BulkError, Found, Source};
use crate::envelope::Shard;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;

/// The envelopes of a source whose names fall into one shard. A refused entry belongs to the shard of its name, too.
#[derive(Debug)]
pub struct Part<'a, S> {
    source: &'a S,
    shard: Shard,
}

impl<'a, S: Source> Part<'a, S> {
    /// The part of `source` in `shard`.
    pub const fn new(source: &'a S, shard: Shard) -> Self {
        Self { source, shard }
    }
}

impl<S: Source> Source for Part<'_, S> {
    type Reader<'b>
        = S::Reader<'b>
    where
        Self: 'b;

    fn walk(&self, found: &mut dyn FnMut(Found) -> ControlFlow<()>) -> Result<(), BulkError> {
        self.source.walk(&mut |entry| {
            let (name, _) = &entry;
            if self.shard.contains(name.as_os_str().as_bytes()) { found(entry) } else { ControlFlow::Continue(()) }
        })
    }

    fn reader(&self) -> S::Reader<'_> {
        self.source.reader()
    }

    fn threads(&self) -> usize {
        self.source.threads()
    }
}
