//! An append-only file of blocks.
//!
//! ```text
//! file   = "phi-pre blocks 2\n", record_0, record_1, ...
//! record = length (4 bytes), number (8), check (8), content, SHA-256(number || content)
//! check  = the first 8 bytes of SHA-256(word || length || number); word = "record" where the record begins an append,
//!          "next" for those behind it in the same append
//! ```
//!
//! An append is one write and one fsync, and the next append begins after the fsync. So every record before one that begins
//! an append was complete on the disk once. If it is not complete now, it is damaged, and the file is refused. After the
//! last synced append a crash or a loss of power can leave anything: some records of one append, in any order, and zeros.
//! From the first incomplete record on, this is a torn tail. It is cut off and reported; no block of it was acknowledged.
//! The caller says how many blocks were acknowledged: a missing acknowledged block is always damage.

pub use super::record::BLOCKS_NAME;

use super::file;
use super::lock::FolderLock;
use super::record::{HEAD, Head, MAGIC, SUM, checksum, record_bytes, refuse_earlier};
use super::salvage;
use crate::folder;
use crate::hash::Digest;
use crate::ledger::error::{Damage, StoreError, TornTail};
use crate::ledger::format::block::BLOCK_BYTES_LIMIT;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// An open block file with the blocks 0 to n - 1.
#[derive(Debug)]
pub struct BlockFile {
    path: PathBuf,
    file: File,
    /// The offset and the length of each record's content.
    places: Vec<(u64, u32)>,
    /// The offset of the next record.
    end: u64,
    /// Whether a failed append may have left bytes that could not be removed, or the file is open for reading only.
    broken: bool,
    /// The lock of the folder; none if the file is open for reading only, or somebody else holds the lock for it.
    _lock: Option<FolderLock>,
}

impl BlockFile {
    /// Creates the file in `folder`, and the folder if it is missing. A file without records is created again.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::NoLock`], [`StoreError::Exists`], [`StoreError::Io`].
    pub fn create(folder: &Path) -> Result<Self, StoreError> {
        folder::make(folder).map_err(StoreError::io("make the folder", folder))?;
        let lock = FolderLock::take(folder)?;
        Ok(Self { _lock: Some(lock), ..Self::create_under_lock(folder)? })
    }

    fn create_under_lock(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(BLOCKS_NAME);
        let mut file = file::open_or_make(&path)?;
        if file.metadata().map_err(StoreError::io("make", &path))?.len() > MAGIC.len() as u64 {
            return Err(StoreError::Exists { path });
        }
        let written = file.write_all(MAGIC).and_then(|()| file.sync_all());
        written.map_err(StoreError::io("write", &path))?;
        folder::sync(folder).map_err(StoreError::io("sync", folder))?;
        Ok(Self { path, file, places: Vec::new(), end: MAGIC.len() as u64, broken: false, _lock: None })
    }

    /// Creates a file with `genesis` as its only block. Completes what an interrupted call left; refuses any other file, and
    /// does not change it.
    ///
    /// # Errors
    /// As [`create`](Self::create) and [`append`](Self::append).
    pub fn create_with_genesis(folder: &Path, genesis: &[u8]) -> Result<Self, StoreError> {
        folder::make(folder).map_err(StoreError::io("make the folder", folder))?;
        let lock = FolderLock::take(folder)?;
        Ok(Self { _lock: Some(lock), ..Self::create_with_genesis_under_lock(folder, genesis)? })
    }

    /// As [`create_with_genesis`](Self::create_with_genesis), for the holder of the folder's lock.
    pub(super) fn create_with_genesis_under_lock(folder: &Path, genesis: &[u8]) -> Result<Self, StoreError> {
        let mut this = match Self::create_under_lock(folder) {
            Err(StoreError::Exists { path }) => {
                let (existing, torn) = Self::open_read_only(folder, 0)?;
                let interrupted = match existing.len() {
                    0 => true,
                    1 => torn.is_none() && existing.read(0)? == genesis,
                    _ => false,
                };
                if !interrupted {
                    return Err(StoreError::Exists { path });
                }
                Self::open_under_lock(folder, 0)?.0
            }
            created => created?,
        };
        if this.is_empty() {
            this.append(genesis)?;
        }
        Ok(this)
    }

    /// Opens the file in `folder` and checks every record. The first `committed` blocks were complete once, so a torn tail
    /// can only follow them; it is cut off. All blocks of the opened file are durable.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::NoLock`], [`StoreError::Version`], [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn open(folder: &Path, committed: u64) -> Result<(Self, Option<TornTail>), StoreError> {
        let lock = FolderLock::take(folder)?;
        let (this, torn) = Self::open_under_lock(folder, committed)?;
        Ok((Self { _lock: Some(lock), ..this }, torn))
    }

    /// As [`open`](Self::open), for the holder of the folder's lock.
    pub(super) fn open_under_lock(folder: &Path, committed: u64) -> Result<(Self, Option<TornTail>), StoreError> {
        let (this, torn) = Self::scan(folder, committed, true)?;
        if let Some(torn) = torn {
            this.file.set_len(torn.offset).map_err(StoreError::io("truncate", &this.path))?;
        }
        // A killed process may have written blocks, or renamed the file into the folder, without a sync.
        this.file.sync_all().map_err(StoreError::io("sync", &this.path))?;
        folder::sync(folder).map_err(StoreError::io("sync", folder))?;
        Ok((this, torn))
    }

    /// As [`open`](Self::open), without changes: a torn tail stays, and appending fails.
    ///
    /// # Errors
    /// [`StoreError::Version`], [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn open_read_only(folder: &Path, committed: u64) -> Result<(Self, Option<TornTail>), StoreError> {
        Self::scan(folder, committed, false)
    }

    /// The number of blocks.
    pub fn len(&self) -> u64 {
        self.places.len() as u64
    }

    /// Whether there is no block.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends a block and returns when it is on the disk. After a failure the file is cut back to its old length.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`], [`StoreError::Io`]; always, once a file could not be cut back.
    pub fn append(&mut self, content: &[u8]) -> Result<(), StoreError> {
        self.append_all(&[content])
    }

    /// Appends blocks with one fsync: all of them or, on a failure, none.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn append_all(&mut self, contents: &[impl AsRef<[u8]>]) -> Result<(), StoreError> {
        let (mut records, mut places) = (Vec::new(), Vec::new());
        for (content, number) in contents.iter().map(AsRef::as_ref).zip(self.len()..) {
            let length = record_length(content)?;
            records.extend_from_slice(&Head { length, number, first: records.is_empty() }.to_bytes());
            places.push((self.end + records.len() as u64, length));
            records.extend_from_slice(content);
            records.extend_from_slice(&checksum(number, content).0);
        }
        if self.broken {
            let error = std::io::Error::other("an earlier write failed");
            return Err(StoreError::io("append to", &self.path)(error));
        }
        if records.is_empty() {
            return Ok(());
        }
        let end = self.end;
        let written = self
            .file
            .seek(SeekFrom::Start(end))
            .and_then(|_| self.file.write_all(&records))
            .and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            self.broken = self.file.set_len(end).and_then(|()| self.file.sync_all()).is_err();
            return Err(StoreError::io("append to", &self.path)(error));
        }
        self.places.extend(places);
        self.end += records.len() as u64;
        Ok(())
    }

    /// The content of a block, checked again.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBlock`], [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn read(&self, number: u64) -> Result<Vec<u8>, StoreError> {
        let place = usize::try_from(number).ok().and_then(|n| self.places.get(n));
        let &(start, length) = place.ok_or(StoreError::NoSuchBlock { number })?;
        let mut content = vec![0; length as usize];
        let mut expected = [0; SUM];
        let mut file = &self.file;
        let read = file
            .seek(SeekFrom::Start(start))
            .and_then(|_| file.read_exact(&mut content))
            .and_then(|()| file.read_exact(&mut expected));
        read.map_err(StoreError::io("read", &self.path))?;
        if checksum(number, &content) == Digest(expected) { Ok(content) } else { Err(Damage::Content(number).into()) }
    }

    fn scan(folder: &Path, committed: u64, write: bool) -> Result<(Self, Option<TornTail>), StoreError> {
        let path = folder.join(BLOCKS_NAME);
        let file = file::open(&path, write)?;
        let size = file.metadata().map_err(StoreError::io("open", &path))?.len();
        let mut input = BufReader::with_capacity(1 << 20, &file);
        let io = |error| StoreError::io("read", &path)(error);
        let mut magic = [0; MAGIC.len()];
        if size < MAGIC.len() as u64 {
            return Err(Damage::Magic.into());
        }
        input.read_exact(&mut magic).map_err(io)?;
        refuse_earlier(&path, &magic)?;
        if magic != MAGIC {
            return Err(Damage::Magic.into());
        }
        let mut places = Vec::new();
        let mut end = MAGIC.len() as u64;
        let torn = loop {
            let number = places.len() as u64;
            if end == size {
                break None;
            }
            match scan_record(&mut input, number, size - end).map_err(io)? {
                Record::Complete(length) => {
                    places.push((end + HEAD as u64, length));
                    end += record_bytes(length);
                }
                Record::Broken { damage, .. } if number < committed => return Err(damage.into()),
                Record::Broken { damage, skip } => {
                    if salvage::later_append(&file, end + skip, number).map_err(io)? {
                        return Err(damage.into());
                    }
                    break Some(TornTail { number, offset: end, bytes: size - end });
                }
            }
        };
        let blocks = places.len() as u64;
        if blocks < committed {
            return Err(Damage::Missing(blocks).into());
        }
        drop(input);
        Ok((Self { path, file, places, end, broken: !write, _lock: None }, torn))
    }
}

/// Writes a new block file, in which each block is an append of its own, with one fsync at the end.
pub(in crate::ledger) struct BlockFileWriter<'a> {
    path: &'a Path,
    out: BufWriter<&'a File>,
    number: u64,
}

impl<'a> BlockFileWriter<'a> {
    /// Begins to write into `file`, which is empty; `path` names it in errors.
    pub(in crate::ledger) fn new(file: &'a File, path: &'a Path) -> Result<Self, StoreError> {
        let mut out = BufWriter::with_capacity(1 << 20, file);
        out.write_all(MAGIC).map_err(StoreError::io("write", path))?;
        Ok(Self { path, out, number: 0 })
    }

    /// Writes the next block.
    pub(in crate::ledger) fn append(&mut self, content: &[u8]) -> Result<(), StoreError> {
        let length = record_length(content)?;
        let head = Head { length, number: self.number, first: true }.to_bytes();
        let sum = checksum(self.number, content).0;
        let mut parts = [&head[..], content, &sum].into_iter();
        parts.try_for_each(|part| self.out.write_all(part)).map_err(StoreError::io("write", self.path))?;
        self.number += 1;
        Ok(())
    }

    /// Waits until all blocks are on the disk.
    pub(in crate::ledger) fn finish(mut self) -> Result<(), StoreError> {
        let written = self.out.flush().and_then(|()| self.out.get_ref().sync_all());
        written.map_err(StoreError::io("write", self.path))
    }
}

/// The length of a block, if a block file can hold it.
fn record_length(content: &[u8]) -> Result<u32, StoreError> {
    let length = u32::try_from(content.len()).ok().filter(|length| *length <= BLOCK_BYTES_LIMIT);
    length.ok_or(StoreError::TooLarge { limit: BLOCK_BYTES_LIMIT, got: content.len() })
}

enum Record {
    /// A complete record with a content of this many bytes.
    Complete(u32),
    /// No complete record; the next one may begin `skip` bytes further on.
    Broken { damage: Damage, skip: u64 },
}

/// Reads the record at the input's position, `left` bytes before the end of the file.
fn scan_record(input: &mut impl Read, number: u64, left: u64) -> std::io::Result<Record> {
    if left < HEAD as u64 {
        return Ok(Record::Broken { damage: Damage::Missing(number), skip: left });
    }
    let mut found = [0; HEAD];
    input.read_exact(&mut found)?;
    let Some(Head { length, .. }) = Head::from_bytes(&found).filter(|head| head.number == number) else {
        return Ok(Record::Broken { damage: Damage::Head(number), skip: 0 });
    };
    if left < record_bytes(length) {
        return Ok(Record::Broken { damage: Damage::Missing(number), skip: left });
    }
    let mut content = vec![0; length as usize];
    let mut expected = [0; SUM];
    input.read_exact(&mut content)?;
    input.read_exact(&mut expected)?;
    let damage = Damage::Content(number);
    let complete = checksum(number, &content) == Digest(expected);
    Ok(if complete { Record::Complete(length) } else { Record::Broken { damage, skip: record_bytes(length) } })
}

#[cfg(test)]
mod tests;
