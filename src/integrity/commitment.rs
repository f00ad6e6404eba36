//! The salted, streaming commitment: memory grows with the logarithm of the record.

use crate::error::DecodeError;
use crate::hash::{Digest, hmac, label, sha256, tagged};
use crate::secret::Secret;
use crate::wire::{Reader, Wire, Writer};

/// Bytes of a chunk, of the commitment and of the envelope alike: 64 KiB.
pub const CHUNK_BYTES: usize = 1 << 16;

/// The salt of one record's commitment: 32 bytes, known to those who may read the record.
#[derive(Clone, Debug)]
pub struct Salt(Secret<[u8; 32]>);

impl Salt {
    /// Takes 32 secret bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// leaf_i of the chunk. Independent of all other chunks, so chunks can be hashed in any order and in parallel.
    pub fn leaf(&self, index: u64, chunk: &[u8]) -> Leaf {
        let salt = hmac(self.0.expose(), label::COMMITMENT_LEAF, &index.to_be_bytes());
        Leaf { hash: sha256(&[&[0], &salt.0, chunk]), bytes: chunk.len() as u64 }
    }
}

/// The hash of one chunk with its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    hash: Digest,
    bytes: u64,
}

impl Leaf {
    /// Bytes of the chunk.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// What stands on the ledger for a record: 32 bytes that hide it and bind it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Commitment(pub Digest);

impl core::fmt::Display for Commitment {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

impl Wire for Commitment {
    const NAME: &'static str = "record commitment";

    fn write(&self, out: &mut Writer) {
        self.0.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(Self::NAME).map(|bytes| Self(Digest(bytes)))
    }
}

/// Gathers leaves, in order, into the commitment.
///
/// Holds the roots of the complete subtrees to the left, one for each bit set in the number of leaves.
#[derive(Clone, Debug, Default)]
pub struct Committer {
    subtrees: Vec<Digest>,
    leaves: u64,
    bytes: u64,
}

impl Committer {
    /// The number of leaves so far: the index of the next.
    pub const fn leaves(&self) -> u64 {
        self.leaves
    }

    /// Adds the next leaf.
    pub fn push(&mut self, leaf: Leaf) {
        let mut root = leaf.hash;
        // As in binary addition: each trailing 1 of the count is a subtree of the same size, to be joined.
        for _ in 0..self.leaves.trailing_ones() {
            if let Some(left) = self.subtrees.pop() {
                root = node(&left, &root);
            }
        }
        self.subtrees.push(root);
        self.leaves += 1;
        self.bytes += leaf.bytes;
    }

    /// The commitment to all leaves. Without any leaf it is that of no record at all: an empty record has one.
    pub fn finish(self) -> Commitment {
        let root = self.subtrees.into_iter().rev().reduce(|right, left| node(&left, &right));
        let root = root.unwrap_or_else(|| sha256(&[]));
        Commitment(tagged(label::COMMITMENT_ROOT, &[&self.bytes.to_be_bytes(), &root.0]))
    }

    /// The commitment to a record that is in memory.
    pub fn commit(salt: &Salt, record: &[u8]) -> Commitment {
        let mut committer = Self::default();
        let empty = record.is_empty().then_some(record);
        for chunk in record.chunks(CHUNK_BYTES).chain(empty) {
            committer.push(salt.leaf(committer.leaves, chunk));
        }
        committer.finish()
    }
}

fn node(left: &Digest, right: &Digest) -> Digest {
    sha256(&[&[1], &left.0, &right.0])
}
