//! The integrity of records: the salted commitment on the ledger, range proofs for parts of a record, and the literal
//! digest of Fig. 5.
//!
//! Paper: section 4.2, Integrity, and Fig. 5.
//!
//! ```text
//! chunk_0 .. chunk_n   the record in pieces of 64 KiB (an empty record is one empty chunk)
//! salt_i               = HMAC-SHA256(salt, "leaf" || i)
//! leaf_i               = SHA-256(0x00 || salt_i || chunk_i)
//! node                 = SHA-256(0x01 || left || right)           the tree of RFC 6962, section 2.1
//! commitment           = H("root", length of the record, root of the tree)
//! range proof          = length, first chunk, salt_i of the chunks shown, roots of the subtrees beside them
//! ```
//!
//! Departure: Fig. 5 shows a bare SHA-256 of the record. An attacker can find a record of low entropy with a
//! dictionary, and equal records have equal digests (C7). So the ledger gets the commitment; [`literal`] computes the
//! figure's form. The salt is derived from M: a reader of the record can check the commitment, and nobody else can test
//! guesses of the record.

mod commitment;
mod fig5;
mod range;

pub use commitment::{CHUNK_BYTES, Commitment, Committer, Leaf, Salt};
pub use fig5::{Fig5Record, TxType};
pub use range::{RangeError, RangeProof, RangeProver};

use crate::hash::Digest;
use sha2::{Digest as _, Sha256};
use std::io::{self, Read};

/// Computes the literal form: SHA-256 of the whole record.
///
/// # Errors
/// The error of the reader.
pub fn literal(record: &mut impl Read) -> io::Result<Digest> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        match record.read(&mut buffer) {
            Ok(0) => return Ok(Digest(hasher.finalize().into())),
            Ok(n) => hasher.update(&buffer[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

#[cfg(test)]
mod tests;
