//! Range proofs: a range proof shows that some chunks belong to a record of which the verifier knows only the
//! commitment.
//!
//! Paper: section 4.2, Integrity, applied to a part of a record. One page or image can be checked against the ledger,
//! and the salts hide the rest of the record.
//!
//! ```text
//! proof    length of the record, first chunk, salt_i of each chunk shown, and from left to right the root of each
//!          largest subtree without a chunk of the range
//! prove    all leaves in order: a leaf outside the range goes into its subtree
//! verify   the lengths of the chunks follow from the length of the record; leaves from salts and chunks; the tree of
//!          RFC 6962, section 2.1, from leaves and roots; the commitment from length and root
//! ```
//!
//! A proof binds the chunks, their place, and the length of the record.
//!
//! ```
//! use phi_pre::integrity::{Committer, RangeProof, Salt};
//!
//! let (salt, record) = (Salt::from_bytes([7; 32]), vec![1; 300_000]);
//! let commitment = Committer::commit(&salt, &record); // stands on the ledger
//!
//! let proof = RangeProof::new(&salt, &record, 1..3)?; // chunks 1 and 2
//! proof.verify(&commitment, &record[65_536..196_608])?;
//! assert_eq!((proof.length(), proof.bytes()), (300_000, 65_536..196_608));
//! # Ok::<(), phi_pre::integrity::RangeError>(())
//! ```

use super::commitment::{CHUNK_BYTES, ChunkSalt, Commitment, Leaf, Salt, Subtrees, chunks, node};
use crate::error::{Coded, DecodeError};
use crate::hash::Digest;
use crate::wire::{Reader, Wire, Writer};
use core::ops::Range;
use std::collections::VecDeque;

/// The largest number of chunks in one proof: 64 GiB.
const CHUNKS_LIMIT: u32 = 1 << 20;

/// Why a proof could not be made or was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RangeError {
    /// The range is empty, goes beyond the record, or has too many chunks for one proof.
    #[error("chunks {first} to {end} of a record of {chunks}")]
    Range {
        /// The index of the first chunk.
        first: u64,
        /// The index after the last chunk.
        end: u64,
        /// The number of chunks in the record.
        chunks: u64,
    },
    /// The leaves are not those of a record of this length.
    #[error("chunk {index} is not one of a record of {length} bytes")]
    Leaf {
        /// The index of the first leaf that has a wrong length, is missing, or is one too many.
        index: u64,
        /// The length of the record.
        length: u64,
    },
    /// The shown bytes do not have the length of the chunks of the range.
    #[error("{got} bytes where the chunks have {expected}")]
    Bytes {
        /// The length of the chunks of the range in bytes.
        expected: u64,
        /// The number of bytes shown.
        got: u64,
    },
    /// The chunks, their place or the length of the record do not match the commitment.
    #[error("the chunks are not those of the commitment")]
    Commitment,
}

impl Coded for RangeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Range { .. } | Self::Leaf { .. } | Self::Bytes { .. } => "range",
            Self::Commitment => "refused",
        }
    }
}

/// A proof for a range of chunks: 20 bytes, 32 for each chunk, and 32 for each of at most 2·log2(chunks) roots.
///
/// A proof contains the salts of the shown chunks. Give it only to those who may read these chunks, and do not put it
/// on the ledger.
#[derive(Clone, Debug)]
pub struct RangeProof {
    shape: Shape,
    salts: Vec<ChunkSalt>,
    roots: Vec<Digest>,
}

impl RangeProof {
    /// Makes the proof for a range of chunks of a record in memory. [`RangeProver`] makes the proof without holding the
    /// record in memory.
    ///
    /// # Errors
    /// [`RangeError::Range`].
    pub fn new(salt: &Salt, record: &[u8], range: Range<u64>) -> Result<Self, RangeError> {
        let mut prover = RangeProver::new(salt, record.len() as u64, range)?;
        for (index, chunk) in (0..).zip(chunks(record)) {
            prover.push(salt.leaf(index, chunk))?;
        }
        Ok(prover.finish()?.0)
    }

    /// The size of the whole record in bytes. The value is proved only after [`verify`](Self::verify) has returned
    /// `Ok`.
    pub const fn length(&self) -> u64 {
        self.shape.length
    }

    /// The indices of the shown chunks.
    pub const fn range(&self) -> Range<u64> {
        self.shape.first..self.shape.end
    }

    /// The byte range of the shown chunks in the record.
    pub fn bytes(&self) -> Range<u64> {
        self.shape.bytes()
    }

    /// Checks that `shown` is the byte range [`bytes`](Self::bytes) of the record with this commitment.
    ///
    /// # Errors
    /// [`RangeError::Bytes`], [`RangeError::Commitment`].
    pub fn verify(&self, commitment: &Commitment, shown: &[u8]) -> Result<(), RangeError> {
        let bytes = self.bytes();
        let (expected, got) = (bytes.end - bytes.start, shown.len() as u64);
        if expected != got {
            return Err(RangeError::Bytes { expected, got });
        }
        let mut leaves = self.salts.iter().zip(chunks(shown)).map(|(salt, chunk)| salt.leaf(chunk).hash);
        let mut roots = self.roots.iter().copied();
        let root = self.shape.root(0..self.shape.chunks(), &mut leaves, &mut roots);
        let found = root.map(|root| Commitment::to(self.shape.length, &root));
        if found == Some(*commitment) { Ok(()) } else { Err(RangeError::Commitment) }
    }
}

impl Wire for RangeProof {
    const NAME: &'static str = "range proof";

    fn write(&self, out: &mut Writer) {
        out.u64(self.shape.length).u64(self.shape.first).list(&self.salts);
        self.roots.iter().for_each(|root| root.write(out));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (length, first) = (input.u64("record length")?, input.u64("first chunk")?);
        let salts: Vec<ChunkSalt> = input.list("chunks shown", CHUNKS_LIMIT)?;
        let there = chunks_of(length).saturating_sub(first);
        let Some(shape) = Shape::new(length, first, salts.len() as u64) else {
            let limit = there.min(CHUNKS_LIMIT.into());
            return Err(match salts.len() as u64 {
                0 => DecodeError::Length { what: "chunks shown", expected: 1, got: 0 },
                got => DecodeError::Limit { what: "chunks shown", limit, got },
            });
        };
        let mut roots = Vec::new();
        for _ in shape.outside() {
            roots.push(Digest::read(input)?);
        }
        Ok(Self { shape, salts, roots })
    }
}

/// Makes a proof from the leaves of a record, pushed in order. The memory grows with the length of the range and with
/// the logarithm of the length of the record.
#[derive(Debug)]
pub struct RangeProver {
    shape: Shape,
    salts: Vec<ChunkSalt>,
    /// The subtrees outside the range whose leaves are not all pushed yet.
    outside: VecDeque<Range<u64>>,
    /// The leaves pushed so far of the first of these subtrees.
    subtree: Subtrees,
    roots: Vec<Digest>,
    /// The leaves of the range, for the commitment.
    leaves: Vec<Digest>,
    next: u64,
}

impl RangeProver {
    /// Starts a proof for the chunks `range` of a record of `length` bytes.
    ///
    /// # Errors
    /// [`RangeError::Range`] where the range is empty, goes beyond the record, or has more than 2^20 chunks.
    pub fn new(salt: &Salt, length: u64, range: Range<u64>) -> Result<Self, RangeError> {
        let Range { start: first, end } = range;
        let shape = Shape::new(length, first, end.saturating_sub(first));
        let shape = shape.ok_or(RangeError::Range { first, end, chunks: chunks_of(length) })?;
        Ok(Self {
            shape,
            salts: (first..end).map(|i| salt.chunk(i)).collect(),
            outside: shape.outside().into(),
            subtree: Subtrees::default(),
            roots: Vec::new(),
            leaves: Vec::new(),
            next: 0,
        })
    }

    /// Adds the next leaf.
    ///
    /// # Errors
    /// [`RangeError::Leaf`] for a leaf that no record of this length has at this index.
    pub fn push(&mut self, leaf: Leaf) -> Result<(), RangeError> {
        let Shape { length, .. } = self.shape;
        let index = self.next;
        if index >= self.shape.chunks() || leaf.bytes() != bytes_of(length, &(index..index + 1)) {
            return Err(RangeError::Leaf { index, length });
        }
        self.next += 1;
        match self.outside.front() {
            Some(subtree) if subtree.contains(&index) => {
                self.subtree.push(leaf.hash);
                if subtree.end == self.next {
                    self.roots.push(core::mem::take(&mut self.subtree).root());
                    self.outside.pop_front();
                }
            }
            _ => self.leaves.push(leaf.hash),
        }
        Ok(())
    }

    /// Returns the proof, and the commitment to the record.
    ///
    /// # Errors
    /// [`RangeError::Leaf`] where leaves are missing.
    pub fn finish(self) -> Result<(RangeProof, Commitment), RangeError> {
        let Self { shape, salts, roots, leaves, next: index, .. } = self;
        let missing = RangeError::Leaf { index, length: shape.length };
        let root = shape.root(0..shape.chunks(), &mut leaves.into_iter(), &mut roots.iter().copied()).ok_or(missing)?;
        Ok((RangeProof { shape, salts, roots }, Commitment::to(shape.length, &root)))
    }
}

/// The chunks of a range and the length of the record: `first < end <= chunks`, `end - first <= 2^20`.
#[derive(Clone, Copy, Debug)]
struct Shape {
    length: u64,
    first: u64,
    end: u64,
}

impl Shape {
    fn new(length: u64, first: u64, count: u64) -> Option<Self> {
        let end = first.checked_add(count)?;
        let good = (1..=CHUNKS_LIMIT.into()).contains(&count) && end <= chunks_of(length);
        good.then_some(Self { length, first, end })
    }

    const fn chunks(&self) -> u64 {
        chunks_of(self.length)
    }

    fn bytes(&self) -> Range<u64> {
        let start = self.first * CHUNK_BYTES as u64;
        start..start + bytes_of(self.length, &(self.first..self.end))
    }

    fn misses(&self, subtree: &Range<u64>) -> bool {
        subtree.end <= self.first || self.end <= subtree.start
    }

    /// The largest subtrees without a chunk of the range, from left to right.
    fn outside(&self) -> Vec<Range<u64>> {
        let mut found = Vec::new();
        self.find_outside(0..self.chunks(), &mut found);
        found
    }

    fn find_outside(&self, subtree: Range<u64>, found: &mut Vec<Range<u64>>) {
        if self.misses(&subtree) {
            found.push(subtree);
        } else if subtree.start < self.first || self.end < subtree.end {
            let (left, right) = halves(&subtree);
            self.find_outside(left, found);
            self.find_outside(right, found);
        }
    }

    /// The root of a subtree; `None` where a leaf or root is missing. The recursion is as deep as the tree: at most 48.
    fn root(
        &self,
        subtree: Range<u64>,
        leaves: &mut impl Iterator<Item = Digest>,
        roots: &mut impl Iterator<Item = Digest>,
    ) -> Option<Digest> {
        if self.misses(&subtree) {
            return roots.next();
        }
        if subtree.end - subtree.start == 1 {
            return leaves.next();
        }
        let (left, right) = halves(&subtree);
        let left = self.root(left, leaves, roots)?;
        Some(node(&left, &self.root(right, leaves, roots)?))
    }
}

/// The two halves of a subtree with more than one leaf: the left half has the largest power of two below their number.
const fn halves(subtree: &Range<u64>) -> (Range<u64>, Range<u64>) {
    let middle = subtree.start + (subtree.end - subtree.start).next_power_of_two() / 2;
    (subtree.start..middle, middle..subtree.end)
}

/// The number of chunks of a record.
const fn chunks_of(length: u64) -> u64 {
    if length == 0 { 1 } else { length.div_ceil(CHUNK_BYTES as u64) }
}

/// The number of bytes in these chunks, which must be chunks of the record.
fn bytes_of(length: u64, chunks: &Range<u64>) -> u64 {
    let size = CHUNK_BYTES as u64;
    chunks.end.saturating_mul(size).min(length) - chunks.start * size
}

#[cfg(test)]
mod tests;
