//! The file of validation codes and commit hashes: one record for each block of a peer.
//!
//! ```text
//! file   = "phi-pre verdicts 1\n", record_0, record_1, ...
//! record = number of the block (8 bytes), metadata = codes and commit hash, SHA-256(all of the record before)
//! ```
//!
//! Semantics: Fabric's, which keeps both in the metadata of the block (core/ledger/kvledger/kv_ledger.go).
//!
//! A record is written when its block is on the disk, without an fsync: a lost record can be computed from the blocks again.
//! So the number of complete records is a lower bound of the number of blocks that were on the disk once. Below the height of
//! the state every block must have a record: a checkpoint syncs this file first.

use super::file;
use crate::folder;
use crate::hash::{Digest, sha256};
use crate::ledger::error::{Damage, StoreError};
use crate::ledger::format::block::Metadata;
use crate::wire::{Reader, Wire, Writer};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The name of the file in a peer's folder.
pub const VERDICTS_NAME: &str = "verdicts";
const MAGIC: &[u8] = b"phi-pre verdicts 1\n";

/// The open file.
#[derive(Debug)]
pub(in crate::ledger) struct VerdictFile {
    path: PathBuf,
    pub(super) file: File,
    /// The offset at which each record ends.
    ends: Vec<u64>,
}

impl VerdictFile {
    /// Opens the file in `folder`, or creates it. The first `required` records must be complete; bytes after the last
    /// complete record are cut off.
    pub(in crate::ledger) fn open(folder: &Path, required: u64) -> Result<Self, StoreError> {
        let path = folder.join(VERDICTS_NAME);
        let mut this = Self { file: file::open_or_make(&path)?, path, ends: Vec::new() };
        let mut bytes = Vec::new();
        this.file.read_to_end(&mut bytes).map_err(StoreError::io("read", &this.path))?;
        this.ends = complete_records(&bytes).map(|(end, _)| end).collect();
        let complete = this.len();
        if complete < required {
            return Err(Damage::Verdicts(complete).into());
        }
        let end = this.end();
        if bytes.len() as u64 > end || !bytes.starts_with(MAGIC) {
            this.file.set_len(end).map_err(StoreError::io("truncate", &this.path))?;
            this.write(0, MAGIC)?;
        }
        folder::sync(folder).map_err(StoreError::io("sync", folder))?;
        Ok(this)
    }

    /// The number of records.
    pub(in crate::ledger) fn len(&self) -> u64 {
        self.ends.len() as u64
    }

    /// Appends the record of the next block, which must be on the disk.
    pub(in crate::ledger) fn append(&mut self, metadata: &Metadata) -> Result<(), StoreError> {
        let record = record(self.len(), metadata);
        let end = self.end();
        self.write(end, &record)?;
        self.ends.push(end + record.len() as u64);
        Ok(())
    }

    /// The metadata of a block; none if it has no record.
    pub(in crate::ledger) fn read(&self, number: u64) -> Result<Option<Metadata>, StoreError> {
        let Some(&end) = usize::try_from(number).ok().and_then(|n| self.ends.get(n)) else { return Ok(None) };
        let before = number.checked_sub(1).and_then(|n| self.ends.get(usize::try_from(n).ok()?));
        let start = before.copied().unwrap_or(MAGIC.len() as u64);
        let (mut bytes, mut file) = (Vec::new(), &self.file);
        let read = file.seek(SeekFrom::Start(start)).and_then(|_| file.take(end - start).read_to_end(&mut bytes));
        read.map_err(StoreError::io("read", &self.path))?;
        let damage = Damage::Verdicts(number);
        read_record(&mut Reader::new(&bytes), number).map(Some).ok_or_else(|| damage.into())
    }

    /// Waits until all records are on the disk.
    pub(in crate::ledger) fn sync(&self) -> Result<(), StoreError> {
        self.file.sync_all().map_err(StoreError::io("sync", &self.path))
    }

    /// A second handle of the file, to [`sync`](Self::sync) it on another thread.
    pub(super) fn try_clone(&self) -> Result<Self, StoreError> {
        let file = self.file.try_clone().map_err(StoreError::io("open", &self.path))?;
        Ok(Self { path: self.path.clone(), file, ends: Vec::new() })
    }

    /// The offset at which the next record begins.
    pub(super) fn end(&self) -> u64 {
        self.ends.last().copied().unwrap_or(MAGIC.len() as u64)
    }

    fn write(&mut self, at: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let written = self.file.seek(SeekFrom::Start(at)).and_then(|_| self.file.write_all(bytes));
        written.map_err(StoreError::io("write", &self.path))
    }
}

/// The metadata of the first blocks of a peer, from the complete records in its `folder`; empty if there is no file.
///
/// # Errors
/// [`StoreError::Io`], [`StoreError::NotAFile`].
pub fn read_verdicts(folder: &Path) -> Result<Vec<Metadata>, StoreError> {
    let bytes = file::read(&folder.join(VERDICTS_NAME))?.unwrap_or_default();
    Ok(complete_records(&bytes).map(|(_, metadata)| metadata).collect())
}

/// The metadata of the complete records from the first on, each with the offset at which its record ends.
fn complete_records(bytes: &[u8]) -> impl Iterator<Item = (u64, Metadata)> {
    let mut input = Reader::new(bytes);
    let good_magic = input.raw("magic", MAGIC.len()) == Ok(MAGIC);
    let mut end = MAGIC.len() as u64;
    (0..).map_while(move |number| {
        let metadata = read_record(&mut input, number).filter(|_| good_magic)?;
        end += record(number, &metadata).len() as u64;
        Some((end, metadata))
    })
}

/// Reads the record of block `number`; none if it is not complete.
fn read_record(input: &mut Reader<'_>, number: u64) -> Option<Metadata> {
    let found = input.u64("block number").ok()?;
    let metadata = Metadata::read(input).ok()?;
    let sum = Digest::read(input).ok()?;
    (found == number && sum == sha256(&[&content(number, &metadata)])).then_some(metadata)
}

/// The bytes of a file with the metadata of the first blocks.
pub(in crate::ledger) fn encode_verdicts(metadata: &[Metadata]) -> Vec<u8> {
    let records = (0..).zip(metadata).flat_map(|(number, metadata)| record(number, metadata));
    MAGIC.iter().copied().chain(records).collect()
}

fn record(number: u64, metadata: &Metadata) -> Vec<u8> {
    let content = content(number, metadata);
    let sum = sha256(&[&content]);
    [content, sum.0.to_vec()].concat()
}

fn content(number: u64, metadata: &Metadata) -> Vec<u8> {
    let mut out = Writer::default();
    metadata.write(out.u64(number));
    out.into_bytes()
}
