//! How many blocks a peer has acknowledged, in a file of its own.
//!
//! ```text
//! height = number of blocks (8 bytes), check (8 bytes): the first of SHA-256("height" || number)
//! ```
//!
//! It is written when the blocks are on the disk, and never waited for. A killed process leaves it as it was written;
//! after a loss of power it may be older, and then so is what a torn tail can be mistaken for. It can say too little,
//! never too much: what it counts was on the disk before. Where it is not readable it says nothing.

use super::StoreError;
use crate::hash::sha256;
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The name of the file in a peer's folder.
pub const HEIGHT_NAME: &str = "height";

#[derive(Debug)]
pub(super) struct Height {
    path: PathBuf,
    file: File,
}

impl Height {
    /// Opens the file in `folder`, or makes one.
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(HEIGHT_NAME);
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        Ok(Self { file: file.map_err(StoreError::io("open", &path))?, path })
    }

    /// Says that this many blocks are on the disk.
    pub(super) fn set(&mut self, blocks: u64) -> Result<(), StoreError> {
        let written = self.file.seek(SeekFrom::Start(0)).and_then(|_| self.file.write_all(&encode(blocks)));
        written.map_err(StoreError::io("write", &self.path))
    }
}

/// The number of blocks that are known to have been on the disk once.
pub(in crate::ledger) fn acknowledged(folder: &Path) -> u64 {
    let Ok(bytes) = std::fs::read(folder.join(HEIGHT_NAME)) else { return 0 };
    let number = bytes.first_chunk().map_or(0, |number| u64::from_be_bytes(*number));
    if bytes == encode(number) { number } else { 0 }
}

fn encode(blocks: u64) -> [u8; 16] {
    let number = blocks.to_be_bytes();
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number);
    bytes[8..].copy_from_slice(&sha256(&[b"height", &number]).0[..8]);
    bytes
}
