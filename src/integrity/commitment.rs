//! The salted commitment, computed over a stream. Memory grows with the logarithm of the record's size.

use crate::error::DecodeError;
use crate::hash::{Digest, hmac, label, sha256, tagged};
use crate::secret::{Secret, wiped_short};
use crate::wire::forms::{secret_newtype, wire_newtype};
use crate::wire::{Reader, Wire, Writer};

/// Bytes of a chunk, in commitments and envelopes: 64 KiB.
pub const CHUNK_BYTES: usize = 1 << 16;

/// The salt of one record's commitment: 32 bytes, known to those who may read the record.
#[derive(Clone, Debug)]
pub struct Salt(Secret<[u8; 32]>);

impl Salt {
    /// Computes leaf_i of a chunk. It does not depend on other chunks, so chunks can be hashed in any order and in
    /// parallel.
    pub fn leaf(&self, index: u64, chunk: &[u8]) -> Leaf {
        self.chunk(index).leaf(chunk)
    }

    /// Computes salt_i, which reveals nothing about the salts of other chunks.
    pub(super) fn chunk(&self, index: u64) -> ChunkSalt {
        wiped_short(|| ChunkSalt(Secret::new(hmac(self.0.expose(), label::COMMITMENT_LEAF, &index.to_be_bytes()).0)))
    }
}

secret_newtype!(Salt, 32, "salt");

/// The salt of one chunk: 32 bytes, known to those who may read this chunk.
#[derive(Clone, Debug)]
pub(super) struct ChunkSalt(Secret<[u8; 32]>);

impl ChunkSalt {
    pub(super) fn leaf(&self, chunk: &[u8]) -> Leaf {
        wiped_short(|| Leaf { hash: sha256(&[&[0], self.0.expose(), chunk]), bytes: chunk.len() as u64 })
    }
}

impl Wire for ChunkSalt {
    const NAME: &'static str = "chunk salt";

    fn write(&self, out: &mut Writer) {
        out.raw(self.0.expose());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(Self::NAME).map(|bytes| Self(Secret::new(bytes)))
    }
}

/// The hash of one chunk, and the length of the chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    pub(super) hash: Digest,
    bytes: u64,
}

impl Leaf {
    /// The size of the chunk in bytes.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// The commitment to a record, as it is on the ledger: 32 bytes that hide the record and bind to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Commitment(pub Digest);

impl Commitment {
    /// Computes H("root", length of the record, root of the tree).
    pub(super) fn to(bytes: u64, root: &Digest) -> Self {
        Self(tagged(label::COMMITMENT_ROOT, &[&bytes.to_be_bytes(), &root.0]))
    }
}

wire_newtype!(Commitment, 32, "record commitment", hex);

/// The roots of the complete subtrees to the left, one for each bit set in the number of leaves.
#[derive(Clone, Debug, Default)]
pub(super) struct Subtrees {
    roots: Vec<Digest>,
    leaves: u64,
}

impl Subtrees {
    pub(super) fn push(&mut self, leaf: Digest) {
        let mut root = leaf;
        // As in binary addition: each trailing 1 of the count is a complete subtree that is joined with the new one.
        for _ in 0..self.leaves.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                root = node(&left, &root);
            }
        }
        self.roots.push(root);
        self.leaves += 1;
    }

    /// The root of the tree of all leaves. Without leaves it is the empty tree's root of RFC 6962.
    pub(super) fn root(self) -> Digest {
        self.roots.into_iter().rev().reduce(|right, left| node(&left, &right)).unwrap_or_else(|| sha256(&[]))
    }
}

/// Computes the commitment from the leaves, pushed in order.
#[derive(Clone, Debug, Default)]
pub struct Committer {
    subtrees: Subtrees,
    bytes: u64,
}

impl Committer {
    /// The number of leaves pushed so far, which is the index of the next leaf.
    pub const fn leaves(&self) -> u64 {
        self.subtrees.leaves
    }

    /// Adds the next leaf.
    pub fn push(&mut self, leaf: Leaf) {
        self.subtrees.push(leaf.hash);
        self.bytes += leaf.bytes;
    }

    /// Returns the commitment to all leaves. Push at least one leaf before: an empty record has one leaf, and no record
    /// has a commitment to zero leaves.
    pub fn finish(self) -> Commitment {
        Commitment::to(self.bytes, &self.subtrees.root())
    }

    /// Computes the commitment to a record in memory.
    pub fn commit(salt: &Salt, record: &[u8]) -> Commitment {
        let mut committer = Self::default();
        for chunk in chunks(record) {
            committer.push(salt.leaf(committer.leaves(), chunk));
        }
        committer.finish()
    }
}

/// The chunks of a record in memory, or of a part of a record that begins at the start of a chunk.
pub(super) fn chunks(record: &[u8]) -> impl Iterator<Item = &[u8]> {
    let empty = record.is_empty().then_some(record);
    record.chunks(CHUNK_BYTES).chain(empty)
}

pub(super) fn node(left: &Digest, right: &Digest) -> Digest {
    sha256(&[&[1], &left.0, &right.0])
}
