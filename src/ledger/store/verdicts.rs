//! What a peer found about its blocks, in a file of its own.
//!
//! ```text
//! file   = "phi-pre verdicts 1\n", record_0, record_1, ...
//! record = number of the block (8 bytes), metadata = codes and commit hash, SHA-256(all of the record before)
//! ```
//!
//! Semantics: Fabric's, which keeps both in the metadata of the block (core/ledger/kvledger/kv_ledger.go).
//!
//! A record is written when its block is on the disk, and never waited for: what is lost of it follows from the blocks once
//! more. So the number of whole records may say too little about the blocks that were on the disk once, and never too much.
//! Only below the height of the state there must be a record for each block: a checkpoint waits for them.

use super::{StoreError, sync_folder};
use crate::hash::{Digest, sha256};
use crate::ledger::block::Metadata;
use crate::ledger::blockfile::Damage;
use crate::wire::{Reader, Wire, Writer};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The name of the file in a peer's folder.
pub const VERDICTS_NAME: &str = "verdicts";
const MAGIC: &[u8] = b"phi-pre verdicts 1\n";

/// The open file of a peer.
#[derive(Debug)]
pub(in crate::ledger) struct Verdicts {
    path: PathBuf,
    pub(super) file: File,
    /// Where each record ends.
    ends: Vec<u64>,
}

impl Verdicts {
    /// Opens the file in `folder`, or makes one. The first `settled` records must be whole; what is behind the whole ones
    /// is cut off.
    pub(in crate::ledger) fn open(folder: &Path, settled: u64) -> Result<Self, StoreError> {
        let path = folder.join(VERDICTS_NAME);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut this = Self { file: file.map_err(StoreError::io("open", &path))?, path, ends: Vec::new() };
        let mut bytes = Vec::new();
        this.file.read_to_end(&mut bytes).map_err(StoreError::io("read", &this.path))?;
        this.ends = whole(&bytes).map(|(end, _)| end).collect();
        let found = this.len();
        if found < settled {
            return Err(Damage::Verdicts(found).into());
        }
        let behind = this.end();
        if bytes.len() as u64 > behind || !bytes.starts_with(MAGIC) {
            this.file.set_len(behind).map_err(StoreError::io("truncate", &this.path))?;
            this.write(0, MAGIC)?;
        }
        sync_folder(folder)?;
        Ok(this)
    }

    /// The number of blocks that have a record.
    pub(in crate::ledger) fn len(&self) -> u64 {
        self.ends.len() as u64
    }

    /// Says that the next block is on the disk, and what was found about it.
    pub(in crate::ledger) fn push(&mut self, metadata: &Metadata) -> Result<(), StoreError> {
        let record = record(self.len(), metadata);
        let end = self.end();
        self.write(end, &record)?;
        self.ends.push(end + record.len() as u64);
        Ok(())
    }

    /// What was found about a block, if it is there.
    pub(in crate::ledger) fn read(&self, number: u64) -> Result<Option<Metadata>, StoreError> {
        let Some(&end) = usize::try_from(number).ok().and_then(|n| self.ends.get(n)) else { return Ok(None) };
        let before = number.checked_sub(1).and_then(|n| self.ends.get(usize::try_from(n).ok()?));
        let start = before.copied().unwrap_or(MAGIC.len() as u64);
        let (mut bytes, mut file) = (Vec::new(), &self.file);
        let read = file.seek(SeekFrom::Start(start)).and_then(|_| file.take(end - start).read_to_end(&mut bytes));
        read.map_err(StoreError::io("read", &self.path))?;
        let damage = Damage::Verdicts(number);
        next(&mut Reader::new(&bytes), number).map(Some).ok_or_else(|| damage.into())
    }

    /// Waits until all of it is on the disk.
    pub(in crate::ledger) fn sync(&self) -> Result<(), StoreError> {
        self.file.sync_all().map_err(StoreError::io("sync", &self.path))
    }

    /// The file once more, to wait for it elsewhere.
    pub(super) fn again(&self) -> Result<Self, StoreError> {
        let file = self.file.try_clone().map_err(StoreError::io("open", &self.path))?;
        Ok(Self { path: self.path.clone(), file, ends: Vec::new() })
    }

    pub(super) fn end(&self) -> u64 {
        self.ends.last().copied().unwrap_or(MAGIC.len() as u64)
    }

    fn write(&mut self, at: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let written = self.file.seek(SeekFrom::Start(at)).and_then(|_| self.file.write_all(bytes));
        written.map_err(StoreError::io("write", &self.path))
    }
}

/// What a peer has found about its first blocks, by the file in its `folder`; nothing where there is none.
///
/// # Errors
/// [`StoreError::Io`].
pub fn kept_verdicts(folder: &Path) -> Result<Vec<Metadata>, StoreError> {
    let path = folder.join(VERDICTS_NAME);
    match std::fs::read(&path) {
        Ok(bytes) => Ok(whole(&bytes).map(|(_, metadata)| metadata).collect()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(StoreError::io("read", &path)(error)),
    }
}

/// The whole records from the first on, each with its end.
fn whole(bytes: &[u8]) -> impl Iterator<Item = (u64, Metadata)> {
    let mut input = Reader::new(bytes);
    let begins = input.raw("magic", MAGIC.len()) == Ok(MAGIC);
    let mut end = MAGIC.len() as u64;
    (0..).map_while(move |number| {
        let metadata = next(&mut input, number).filter(|_| begins)?;
        end += record(number, &metadata).len() as u64;
        Some((end, metadata))
    })
}

/// The record of block `number` at the input's place, if it is whole.
fn next(input: &mut Reader<'_>, number: u64) -> Option<Metadata> {
    let found = input.u64("block number").ok()?;
    let metadata = Metadata::read(input).ok()?;
    let sum = Digest::read(input).ok()?;
    (found == number && sum == sha256(&[&content(number, &metadata)])).then_some(metadata)
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
