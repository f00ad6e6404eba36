//! What can still be read of a damaged block file.

use super::{FILE_NAME, HEAD, Head, MAGIC, SUM, sum, whole};
use crate::hash::Digest;
use crate::ledger::store::StoreError;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Bytes that are searched at once for the head of a record.
const WINDOW: usize = 1 << 16;

/// The whole records of a block file, whatever lies between them. Whoever wrote a transaction can have put bytes into it
/// that look like a record, so a record found here is a candidate and no more.
#[derive(Debug)]
pub(in crate::ledger) struct Salvage {
    path: PathBuf,
    file: Option<File>,
    /// Where the contents of each number begin, and their lengths.
    places: BTreeMap<u64, Vec<(u64, u32)>>,
}

impl Salvage {
    /// Searches the file in `folder`; a file that is not there has nothing.
    pub(in crate::ledger) fn scan(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(FILE_NAME);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(Self { path, file: None, places: BTreeMap::new() });
            }
            Err(error) => return Err(StoreError::io("open", &path)(error)),
        };
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
            at = start + whole(length);
        } else {
            // The head is whole, so the next record is behind this one; but a head can also be part of a transaction.
            at = start + 1;
        }
    }
    Ok(places)
}

/// Whether there is, from `at` on, a whole record that begins an append, of block `number` or a later one: then all that was
/// written before it had been synced.
///
/// A transaction can hold bytes that look like one, or heads enough to keep a reader busy. Then the answer is yes: a torn
/// tail is refused until it is repaired, and never is a committed block cut off.
pub(super) fn later_append(mut file: &File, mut at: u64, number: u64) -> std::io::Result<bool> {
    let size = file.metadata()?.len();
    let mut patience = size.saturating_mul(4);
    while let Some((start, head)) = next(file, at, size)? {
        if head.first && head.number >= number {
            let Some(left) = patience.checked_sub(whole(head.length)) else { return Ok(true) };
            patience = left;
            if checked(&mut file, head.number, start + HEAD as u64, head.length)?.is_some() {
                return Ok(true);
            }
        }
        at = start + 1;
    }
    Ok(false)
}

/// The first whole head from `at` on that leaves room for its record, and its place.
fn next(mut file: &File, mut at: u64, size: u64) -> std::io::Result<Option<(u64, Head)>> {
    while at + (HEAD + SUM) as u64 <= size {
        let mut window = Vec::new();
        file.seek(SeekFrom::Start(at))?;
        file.take((WINDOW + HEAD - 1) as u64).read_to_end(&mut window)?;
        for (i, bytes) in window.windows(HEAD).enumerate() {
            let Some(bytes) = bytes.first_chunk() else { continue };
            let start = at + i as u64;
            let (length, number) = Head::unchecked(bytes);
            // Most places fail here, which costs nothing. All trust begins with block 0, so that one stands in one place.
            let possible = start + whole(length) <= size && (number > 0 || start == MAGIC.len() as u64);
            if possible && let Some(head) = Head::read(bytes) {
                return Ok(Some((start, head)));
            }
        }
        at += WINDOW as u64;
    }
    Ok(None)
}

/// The content at a place if it is the one that was written.
fn checked(file: &mut (impl Read + Seek), number: u64, start: u64, length: u32) -> std::io::Result<Option<Vec<u8>>> {
    let mut content = vec![0; length as usize];
    let mut expected = [0; SUM];
    file.seek(SeekFrom::Start(start))?;
    file.read_exact(&mut content)?;
    file.read_exact(&mut expected)?;
    Ok((sum(number, &content) == Digest(expected)).then_some(content))
}
