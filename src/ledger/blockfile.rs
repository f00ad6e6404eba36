//! An append-only file of blocks.
//!
//! ```text
//! file   = "phi-pre blocks 1\n", record_0, record_1, ...
//! record = length (4 bytes), number (8), check (8), content, SHA-256(number || content)
//! check  = the first 8 bytes of SHA-256(word || length || number); word = "record" where the record begins an append,
//!          "next" for those behind it in the same append
//! ```
//!
//! An append is one write and one fsync, and the next one begins after it. So all before a record that begins an append
//! was on the disk once, and is damaged if it is not whole: it is refused by name. Behind the last append that was synced a
//! crash or a loss of power leaves anything: records of one append of which some are whole, in any order, and zeros. From
//! the first that is not whole on, this is a torn tail, which is cut off and reported; nobody was told of its blocks.
//! Those that somebody was told of, and which the caller knows by their number, are damaged in any case.

pub(super) mod salvage;

use super::store::{StoreError, sync_folder};
use crate::folder;
use crate::hash::{Digest, sha256};
use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The name of the file in the folder of a peer or orderer.
pub const FILE_NAME: &str = "blocks";
/// The longest content of a record in bytes.
pub const CONTENT_LIMIT: u32 = 256 << 20;
const MAGIC: &[u8] = b"phi-pre blocks 1\n";
const HEAD: usize = 20;
const SUM: usize = 32;

/// What an interrupted write left at the end of the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TornTail {
    /// The number that the block would have had.
    pub number: u64,
    /// The length of the file without it.
    pub offset: u64,
    /// The bytes of it.
    pub bytes: u64,
}

/// What is wrong with a block file, or with the verdicts beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// The file does not begin as one.
    #[error("the block file does not begin as one")]
    Magic,
    /// Length or number of a record are not what was written.
    #[error("block {0}: the head of the record is damaged")]
    Head(u64),
    /// The content of a record is not what was written.
    #[error("block {0}: the content of the record is damaged")]
    Content(u64),
    /// Blocks that were committed are not there.
    #[error("block {0} was committed and is missing")]
    Missing(u64),
    /// What was found about a block that is in the state is not what was written, or not there.
    #[error("block {0}: the verdicts beside the block file are damaged")]
    Verdicts(u64),
}

/// The blocks 0 to n - 1, each found by its number.
#[derive(Debug)]
pub struct BlockFile {
    path: PathBuf,
    file: File,
    /// Where the content of each record begins, and its length.
    places: Vec<(u64, u32)>,
    /// Where the next record will begin.
    end: u64,
    /// Whether a failed append may have left bytes that could not be taken back.
    broken: bool,
}

impl BlockFile {
    /// Starts a file in `folder`, which is made if need be. One that was begun and holds no record is begun again.
    ///
    /// # Errors
    /// [`StoreError::Exists`], [`StoreError::Io`].
    pub fn create(folder: &Path) -> Result<Self, StoreError> {
        folder::make(folder).map_err(StoreError::io("make the folder", folder))?;
        let path = folder.join(FILE_NAME);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = file.map_err(StoreError::io("make", &path))?;
        if file.metadata().map_err(StoreError::io("make", &path))?.len() > MAGIC.len() as u64 {
            return Err(StoreError::Exists { path });
        }
        let written = file.write_all(MAGIC).and_then(|()| file.sync_all());
        written.map_err(StoreError::io("write", &path))?;
        sync_folder(folder)?;
        Ok(Self { path, file, places: Vec::new(), end: MAGIC.len() as u64, broken: false })
    }

    /// A file with `first` as its only block. What an interrupted call left is made whole; any other file stays as it is.
    ///
    /// # Errors
    /// As [`create`](Self::create) and [`append`](Self::append).
    pub fn found(folder: &Path, first: &[u8]) -> Result<Self, StoreError> {
        let mut this = match Self::create(folder) {
            Err(StoreError::Exists { path }) => {
                let (found, torn) = Self::open_read_only(folder, 0)?;
                let begun = match found.len() {
                    0 => true,
                    1 => torn.is_none() && found.read(0)? == first,
                    _ => false,
                };
                if !begun {
                    return Err(StoreError::Exists { path });
                }
                Self::open(folder, 0)?.0
            }
            created => created?,
        };
        if this.is_empty() {
            this.append(first)?;
        }
        Ok(this)
    }

    /// Opens the file in `folder` and checks every record. The first `committed` blocks are known to have been complete
    /// once; only behind them can there be a torn tail, which is cut off. What is then there is durable.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn open(folder: &Path, committed: u64) -> Result<(Self, Option<TornTail>), StoreError> {
        let (this, torn) = Self::scan(folder, committed, true)?;
        if let Some(torn) = torn {
            this.file.set_len(torn.offset).map_err(StoreError::io("truncate", &this.path))?;
        }
        // A process that was killed may have written blocks, or put the file here, and not synced them.
        this.file.sync_all().map_err(StoreError::io("sync", &this.path))?;
        sync_folder(folder)?;
        Ok((this, torn))
    }

    /// As [`open`](Self::open), and changes nothing: a torn tail is left where it is, appending fails.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], [`StoreError::Io`].
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

    /// Appends a block and returns when it is on the disk. What a failure leaves behind is taken back.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`], [`StoreError::Io`]; after a failure that could not be taken back, always.
    pub fn append(&mut self, content: &[u8]) -> Result<(), StoreError> {
        self.append_all(&[content])
    }

    /// Appends blocks with one wait for the disk: all of them or, on a failure, none.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn append_all(&mut self, contents: &[impl AsRef<[u8]>]) -> Result<(), StoreError> {
        let (mut records, mut places) = (Vec::new(), Vec::new());
        for (content, number) in contents.iter().map(AsRef::as_ref).zip(self.len()..) {
            let length = u32::try_from(content.len()).ok().filter(|length| *length <= CONTENT_LIMIT);
            let length = length.ok_or(StoreError::TooLarge { limit: CONTENT_LIMIT, got: content.len() })?;
            records.extend_from_slice(&head(length, number, records.is_empty()));
            places.push((self.end + records.len() as u64, length));
            records.extend_from_slice(content);
            records.extend_from_slice(&sum(number, content).0);
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
        if sum(number, &content) == Digest(expected) { Ok(content) } else { Err(Damage::Content(number).into()) }
    }

    fn scan(folder: &Path, committed: u64, write: bool) -> Result<(Self, Option<TornTail>), StoreError> {
        let path = folder.join(FILE_NAME);
        let file = OpenOptions::new().read(true).write(write).open(&path).map_err(StoreError::io("open", &path))?;
        let size = file.metadata().map_err(StoreError::io("open", &path))?.len();
        let mut input = BufReader::with_capacity(1 << 20, &file);
        let io = |error| StoreError::io("read", &path)(error);
        let mut magic = [0; MAGIC.len()];
        if size < MAGIC.len() as u64 {
            return Err(Damage::Magic.into());
        }
        input.read_exact(&mut magic).map_err(io)?;
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
                Record::Whole(length) => {
                    places.push((end + HEAD as u64, length));
                    end += whole(length);
                }
                Record::Broken { damage, .. } if number < committed => return Err(damage.into()),
                Record::Broken { damage, behind } => {
                    if salvage::later_append(&file, end + behind, number).map_err(io)? {
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
        Ok((Self { path, file, places, end, broken: !write }, torn))
    }
}

/// The length of a record around a content of `length` bytes.
fn whole(length: u32) -> u64 {
    u64::from(length) + (HEAD + SUM) as u64
}

enum Record {
    /// A record with a content of this many bytes.
    Whole(u32),
    /// No record, or not a whole one; the next may begin `behind` bytes further on.
    Broken { damage: Damage, behind: u64 },
}

/// Reads the record at the input's position, `left` bytes before the end of the file.
fn scan_record(input: &mut impl Read, number: u64, left: u64) -> std::io::Result<Record> {
    if left < HEAD as u64 {
        return Ok(Record::Broken { damage: Damage::Missing(number), behind: left });
    }
    let mut found = [0; HEAD];
    input.read_exact(&mut found)?;
    let Some(Head { length, .. }) = Head::read(&found).filter(|head| head.number == number) else {
        return Ok(Record::Broken { damage: Damage::Head(number), behind: 0 });
    };
    if left < whole(length) {
        return Ok(Record::Broken { damage: Damage::Missing(number), behind: left });
    }
    let mut content = vec![0; length as usize];
    let mut expected = [0; SUM];
    input.read_exact(&mut content)?;
    input.read_exact(&mut expected)?;
    let damage = Damage::Content(number);
    let whole_sum = sum(number, &content) == Digest(expected);
    Ok(if whole_sum { Record::Whole(length) } else { Record::Broken { damage, behind: whole(length) } })
}

/// What a head says.
#[derive(Clone, Copy)]
struct Head {
    length: u32,
    number: u64,
    /// Whether the record begins an append.
    first: bool,
}

impl Head {
    /// None where it is not what was written.
    fn read(bytes: &[u8; HEAD]) -> Option<Self> {
        let (length, number) = Self::unchecked(bytes);
        let first = [true, false].into_iter().find(|first| *bytes == head(length, number, *first))?;
        (length <= CONTENT_LIMIT).then_some(Self { length, number, first })
    }

    /// Length and number as they stand there.
    fn unchecked(bytes: &[u8; HEAD]) -> (u32, u64) {
        let [a, b, c, d, e, f, g, h, i, j, k, l, ..] = *bytes;
        (u32::from_be_bytes([a, b, c, d]), u64::from_be_bytes([e, f, g, h, i, j, k, l]))
    }
}

fn head(length: u32, number: u64, first: bool) -> [u8; HEAD] {
    let (length, number) = (length.to_be_bytes(), number.to_be_bytes());
    let word: &[u8] = if first { b"record" } else { b"next" };
    let check = sha256(&[word, &length, &number]);
    let mut head = [0; HEAD];
    head[..4].copy_from_slice(&length);
    head[4..12].copy_from_slice(&number);
    head[12..].copy_from_slice(&check.0[..8]);
    head
}

fn sum(number: u64, content: &[u8]) -> Digest {
    sha256(&[&number.to_be_bytes(), content])
}

#[cfg(test)]
mod tests;
