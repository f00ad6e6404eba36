//! Folder capsules: one capsule for a folder, a key for each of its records.
//!
//! ```text
//! (Z, C), M        one capsule under a key of scope Folder
//! key_record     = HKDF(ikm = M, salt = Z, info = "record-key", name of the record)      32 bytes
//! ```
//!
//! Re-encrypting the folder is one pairing, however many records it holds; the price is that the folder is the unit of
//! delegation. (Sharing Z between capsules instead would break them: C11.)

use super::capsule::{Capsule, Message};
use crate::hash::{hkdf, label};
use crate::secret::Secret;

/// The keys of the records of one folder.
#[derive(Clone, Debug)]
pub struct RecordKeys {
    m: Message,
    z: [u8; crate::group::G1::BYTES],
}

impl RecordKeys {
    /// From the folder's capsule, before or after re-encryption, and its M.
    pub fn new(folder: &Capsule, m: &Message) -> Self {
        Self { m: m.clone(), z: folder.z().to_bytes() }
    }

    /// The key of the record of this name: 32 secret bytes, one use.
    pub fn key(&self, record: &[u8]) -> Secret<[u8; 32]> {
        Secret::new(hkdf(self.m.to_bytes().expose(), &self.z, label::RECORD_KEY, &[record]))
    }
}
