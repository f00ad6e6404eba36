//! The records of the block file. The format is that of the head of [`blocks`](super::blocks).

use crate::hash::{Digest, sha256};
use crate::ledger::error::StoreError;
use crate::ledger::format::block::BLOCK_BYTES_LIMIT;
use std::path::Path;

/// The name of the block file in the folder of a peer or orderer.
pub const BLOCKS_NAME: &str = "blocks";
/// The first bytes of a block file.
pub(super) const MAGIC: &[u8] = b"phi-pre blocks 2\n";
/// Bytes of the head of a record: length, number and check.
pub(super) const HEAD: usize = 20;
/// Bytes of the checksum of a record.
pub(super) const SUM: usize = 32;

/// Refuses the first bytes of a block file of an earlier version by the version. Since version 2 the data hash of a block
/// covers the cuts between its transactions.
pub(super) fn refuse_earlier(path: &Path, start: &[u8]) -> Result<(), StoreError> {
    if start.starts_with(b"phi-pre blocks 1\n") {
        Err(StoreError::Version { path: path.to_owned(), found: 1 })
    } else {
        Ok(())
    }
}

/// The bytes of a record with a content of `length` bytes.
pub(super) fn record_bytes(length: u32) -> u64 {
    u64::from(length) + (HEAD + SUM) as u64
}

/// SHA-256(number || content).
pub(super) fn checksum(number: u64, content: &[u8]) -> Digest {
    sha256(&[&number.to_be_bytes(), content])
}

/// The head of a record.
#[derive(Clone, Copy)]
pub(super) struct Head {
    /// Bytes of the content.
    pub(super) length: u32,
    /// The number of the block.
    pub(super) number: u64,
    /// Whether the record begins an append.
    pub(super) first: bool,
}

impl Head {
    /// Decodes a head; none if its check is wrong or its length is above the limit.
    pub(super) fn from_bytes(bytes: &[u8; HEAD]) -> Option<Self> {
        let (length, number) = Self::unchecked(bytes);
        let heads = [true, false].map(|first| Self { length, number, first });
        let head = heads.into_iter().find(|head| *bytes == head.to_bytes())?;
        (length <= BLOCK_BYTES_LIMIT).then_some(head)
    }

    /// Length and number, without the check.
    pub(super) fn unchecked(bytes: &[u8; HEAD]) -> (u32, u64) {
        let [a, b, c, d, e, f, g, h, i, j, k, l, ..] = *bytes;
        (u32::from_be_bytes([a, b, c, d]), u64::from_be_bytes([e, f, g, h, i, j, k, l]))
    }

    pub(super) fn to_bytes(self) -> [u8; HEAD] {
        let (length, number) = (self.length.to_be_bytes(), self.number.to_be_bytes());
        let word: &[u8] = if self.first { b"record" } else { b"next" };
        let check = sha256(&[word, &length, &number]);
        let mut head = [0; HEAD];
        head[..4].copy_from_slice(&length);
        head[4..12].copy_from_slice(&number);
        head[12..].copy_from_slice(&check.0[..8]);
        head
    }
}
