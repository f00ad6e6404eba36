//! Reads the complete records of a damaged block file.

use super::record::{BLOCKS_NAME, HEAD, Head, MAGIC, SUM, checksum, record_bytes, refuse_earlier};
use crate::hash::Digest;
use crate::ledger::error::StoreError;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Bytes that are searched at once for the head of a record.
const WINDOW: usize = 1 << 16;

/// The complete records of a block file, whatever lies between them. The creator of a transaction can put bytes into it
/// that look like a record, so each record found here is only a candidate.
#[derive(Debug)]
pub(in crate::ledger) struct Salvage {
    path: PathBuf,
    file: Option<File>,
    /// The offsets and lengths of the contents of each number.
    places: BTreeMap<u64, Vec<(u64, u32)>>,
}

impl Salvage {
    /// Searches the file in `folder`; a missing file has no records.
    pub(in crate::ledger) fn scan(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(BLOCKS_NAME);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(Self { path, file: None, places: BTreeMap::new() });
            }
            Err(error) => return Err(StoreError::io("open", &path)(error)),
        };
        let mut start = Vec::new();
        (&file).take(MAGIC.len() as u64).read_to_end(&mut start).map_err(StoreError::io("read", &path))?;
        refuse_earlier(&path, &start)?;
        let places = scan(&file).map_err(StoreError::io("read", &path))?;
        Ok(Self { path, file: Some(file), places })
    }

    /// The numbers that were found, in ascending order.
    pub(in crate::ledger) fn numbers(&self) -> impl Iterator<Item = u64> {
        self.places.keys().copied()
    }

    /// The contents found under a number.
    pub(in crate::ledger) fn read(&self, number: u64) -> Result<Vec<Vec<u8>>, StoreError> {
        let places = self.places.get(&number).into_iter().flatten();
        places.filter_map(|place| self.content(number, *place).transpose()).collect()
    }

    fn content(&self, number: u64, (start, length): (u64, u32)) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(mut file) = self.file.as_ref() else { return Ok(None) };
        checked(&mut file, number, start, length).map_err(StoreError::io("read", &self.path))
    }
}

fn scan(mut file: &File) -> std::io::Result<BTreeMap<u64, Vec<(u64, u32)>>> {
    let size = file.metadata()?.len();
    let mut places = BTreeMap::<_, Vec<_>>::new();
    let mut at = MAGIC.len() as u64;
    while let Some((start, Head { length, number, .. })) = next(file, at, size)? {
        let content = start + HEAD as u64;
        if checked(&mut file, number, content, length)?.is_some() {
            places.entry(number).or_default().push((content, length));
            at = start + record_bytes(length);
        } else {
            // This head may be part of a transaction, so the next record may begin inside this one.
            at = start + 1;
        }
    }
    Ok(places)
}

/// Whether there is, from `at` on, a complete record that begins an append, of block `number` or a later one: then all bytes
/// before it had been synced.
///
/// A transaction can hold bytes that look like such a record, or so many heads that reading all their contents would take
/// too long. Then the answer is yes: the file is refused until it is repaired, and no committed block is ever cut off.
pub(super) fn later_append(mut file: &File, mut at: u64, number: u64) -> std::io::Result<bool> {
    let size = file.metadata()?.len();
    // The bytes of candidates that may still be read.
    let mut budget = size.saturating_mul(4);
    while let Some((start, head)) = next(file, at, size)? {
        if head.first && head.number >= number {
            let Some(left) = budget.checked_sub(record_bytes(head.length)) else { return Ok(true) };
            budget = left;
            if checked(&mut file, head.number, start + HEAD as u64, head.length)?.is_some() {
                return Ok(true);
            }
        }
        at = start + 1;
    }
    Ok(false)
}

/// The first valid head from `at` on whose record fits into the file, and its offset.
fn next(mut file: &File, mut at: u64, size: u64) -> std::io::Result<Option<(u64, Head)>> {
    while at + (HEAD + SUM) as u64 <= size {
        let mut window = Vec::new();
        file.seek(SeekFrom::Start(at))?;
        file.take((WINDOW + HEAD - 1) as u64).read_to_end(&mut window)?;
        for (i, bytes) in window.windows(HEAD).enumerate() {
            let Some(bytes) = bytes.first_chunk() else { continue };
            let start = at + i as u64;
            let (length, number) = Head::unchecked(bytes);
            // Most offsets fail here, without a hash. Block 0 is accepted at its own offset alone: all trust begins there.
            let possible = start + record_bytes(length) <= size && (number > 0 || start == MAGIC.len() as u64);
            if possible && let Some(head) = Head::from_bytes(bytes) {
                return Ok(Some((start, head)));
            }
        }
        at += WINDOW as u64;
    }
    Ok(None)
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
