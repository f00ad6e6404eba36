//! Reads the complete records of a damaged block file, in time linear in the length of the file.
//!
//! ```text
//! walk:    from the beginning of the file, one record begins where the one before it ends. A record whose head is whole and
//!          whose content is not is passed over, if the next head stands at its end.
//! search:  where no head stands at such a place, all bytes behind it are searched for the next complete record.
//! ```
//!
//! The creator of a transaction can put bytes into it that look like heads of records, or like complete records. The walk never
//! looks at them. The search takes each for a candidate: it reads the contents of candidates up to [`PATIENCE`] times the
//! length of the file, and after that the search ends, and the file is not [`searched`](Salvage::searched) whole.

use super::file;
use super::record::{BLOCKS_NAME, HEAD, Head, MAGIC, SUM, checksum, record_bytes, refuse_earlier};
use crate::hash::Digest;
use crate::ledger::error::StoreError;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Bytes that are searched at once for the head of a record.
const WINDOW: usize = 1 << 16;

/// How often a search may read the length of the file in contents that turn out to be none.
const PATIENCE: u64 = 4;

/// Where the content of a record begins, and its length.
pub(in crate::ledger) type Place = (u64, u32);

/// The complete records of a block file, whatever lies between them. Each record found here is only a candidate for a block.
#[derive(Debug)]
pub(in crate::ledger) struct Salvage {
    path: PathBuf,
    file: Option<File>,
    /// The places of the contents of each number.
    places: BTreeMap<u64, Vec<Place>>,
    searched: bool,
}

impl Salvage {
    /// Searches the file in `folder`; a missing file has no records.
    pub(in crate::ledger) fn scan(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(BLOCKS_NAME);
        let Some(file) = file::found(file::open(&path, false))? else {
            return Ok(Self { path, file: None, places: BTreeMap::new(), searched: true });
        };
        let mut start = Vec::new();
        (&file).take(MAGIC.len() as u64).read_to_end(&mut start).map_err(StoreError::io("read", &path))?;
        refuse_earlier(&path, &start)?;
        let (places, searched) = scan(&file).map_err(StoreError::io("read", &path))?;
        Ok(Self { path, file: Some(file), places, searched })
    }

    /// The numbers that were found, in ascending order.
    pub(in crate::ledger) fn numbers(&self) -> impl Iterator<Item = u64> {
        self.places.keys().copied()
    }

    /// The contents found under a number, each with its place.
    pub(in crate::ledger) fn read(&self, number: u64) -> Result<Vec<(Place, Vec<u8>)>, StoreError> {
        let places = self.places.get(&number).into_iter().flatten();
        let content = |place: &Place| Ok(self.content(number, *place)?.map(|content| (*place, content)));
        places.filter_map(|place| content(place).transpose()).collect()
    }

    /// The content at a place, if it is complete.
    pub(in crate::ledger) fn content(
        &self,
        number: u64,
        (start, length): Place,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(mut file) = self.file.as_ref() else { return Ok(None) };
        checked(&mut file, number, start, length).map_err(StoreError::io("read", &self.path))
    }

    /// Whether the file ends with the record of this block, so that it holds no later one.
    pub(in crate::ledger) fn ends_with(&self, number: u64, content: &[u8]) -> Result<bool, StoreError> {
        let Some(mut file) = self.file.as_ref() else { return Ok(false) };
        let tail = [content, &checksum(number, content).0].concat();
        let read = |file: &mut &File| {
            let Some(start) = file.metadata()?.len().checked_sub(tail.len() as u64) else { return Ok(false) };
            let mut found = vec![0; tail.len()];
            file.seek(SeekFrom::Start(start))?;
            file.read_exact(&mut found)?;
            Ok(found == tail)
        };
        read(&mut file).map_err(StoreError::io("read", &self.path))
    }

    /// Whether the search came to the end of the file: otherwise there may be records that were not found.
    pub(in crate::ledger) const fn searched(&self) -> bool {
        self.searched
    }
}

/// The places of the complete records, and whether the search came to the end of the file.
fn scan(mut file: &File) -> std::io::Result<(BTreeMap<u64, Vec<Place>>, bool)> {
    let mut heads = Heads::new(file)?;
    let mut places = BTreeMap::<_, Vec<_>>::new();
    let mut patience = heads.size.saturating_mul(PATIENCE);
    // Whether every byte before `at` is in a record that was written there, as far as heads tell.
    let (mut at, mut walking) = (MAGIC.len() as u64, true);
    while let Some((start, Head { length, number, .. })) = heads.next(at)? {
        walking &= start == at;
        let (content, end) = (start + HEAD as u64, start + record_bytes(length));
        let follows = walking
            && (end == heads.size || heads.at(end)?.is_some_and(|next| next.number.checked_sub(1) == Some(number)));
        if !follows {
            let Some(left) = patience.checked_sub(record_bytes(length)) else { return Ok((places, false)) };
            patience = left;
        }
        let complete = checked(&mut file, number, content, length)?.is_some();
        if complete {
            places.entry(number).or_default().push((content, length));
            patience = if follows { patience } else { patience + record_bytes(length) };
        }
        // Inside a record that is not complete, another may begin: this head may be part of a transaction, or bytes are lost.
        at = if complete || follows { end } else { start + 1 };
        walking &= complete || follows;
    }
    Ok((places, true))
}

/// Whether there is, from `at` on, a complete record that begins an append, of block `number` or a later one: then all bytes
/// before it had been synced.
///
/// A transaction can hold bytes that look like such a record, or so many heads that reading all their contents would take
/// too long. Then the answer is yes: the file is refused until it is repaired, and no committed block is ever cut off.
pub(super) fn later_append(mut file: &File, mut at: u64, number: u64) -> std::io::Result<bool> {
    let mut heads = Heads::new(file)?;
    // The bytes of candidates that may still be read.
    let mut patience = heads.size.saturating_mul(PATIENCE);
    while let Some((start, head)) = heads.next(at)? {
        if head.first && head.number >= number {
            let Some(left) = patience.checked_sub(record_bytes(head.length)) else { return Ok(true) };
            patience = left;
            if checked(&mut file, head.number, start + HEAD as u64, head.length)?.is_some() {
                return Ok(true);
            }
        }
        at = start + 1;
    }
    Ok(false)
}

/// The heads of records in a file, wherever they stand.
struct Heads<'a> {
    file: &'a File,
    size: u64,
    /// Bytes of the file from the offset `from` on, so that heads beside each other are not read again and again.
    window: Vec<u8>,
    from: u64,
}

impl<'a> Heads<'a> {
    fn new(file: &'a File) -> std::io::Result<Self> {
        Ok(Self { file, size: file.metadata()?.len(), window: Vec::new(), from: 0 })
    }

    /// The first valid head from `at` on whose record fits into the file, and its offset.
    fn next(&mut self, mut at: u64) -> std::io::Result<Option<(u64, Head)>> {
        while at + (HEAD + SUM) as u64 <= self.size {
            let inside = at.checked_sub(self.from).and_then(|offset| usize::try_from(offset).ok());
            let Some(inside) = inside.filter(|offset| offset + HEAD <= self.window.len()) else {
                self.from = at;
                self.window.clear();
                let mut file = self.file;
                file.seek(SeekFrom::Start(at))?;
                file.take((WINDOW + HEAD - 1) as u64).read_to_end(&mut self.window)?;
                if self.window.len() < HEAD {
                    break; // the file became shorter
                }
                continue;
            };
            for bytes in self.window[inside..].windows(HEAD) {
                if let Some(head) = bytes.first_chunk().and_then(|bytes| self.head(at, bytes)) {
                    return Ok(Some((at, head)));
                }
                at += 1;
            }
        }
        Ok(None)
    }

    /// The valid head at `at`, if its record fits into the file.
    fn at(&self, at: u64) -> std::io::Result<Option<Head>> {
        if at.saturating_add((HEAD + SUM) as u64) > self.size {
            return Ok(None);
        }
        let (mut bytes, mut file) = ([0; HEAD], self.file);
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut bytes)?;
        Ok(self.head(at, &bytes))
    }

    fn head(&self, start: u64, bytes: &[u8; HEAD]) -> Option<Head> {
        let (length, number) = Head::unchecked(bytes);
        // Most offsets fail here, without a hash. Block 0 is accepted at its own offset alone: all trust begins there.
        let possible = start + record_bytes(length) <= self.size && (number > 0 || start == MAGIC.len() as u64);
        if possible { Head::from_bytes(bytes) } else { None }
    }
}

/// The content at an offset, if its checksum is right.
fn checked(file: &mut (impl Read + Seek), number: u64, start: u64, length: u32) -> std::io::Result<Option<Vec<u8>>> {
    let mut content = vec![0; length as usize];
    let mut expected = [0; SUM];
    file.seek(SeekFrom::Start(start))?;
    file.read_exact(&mut content)?;
    file.read_exact(&mut expected)?;
    Ok((checksum(number, &content) == Digest(expected)).then_some(content))
}
