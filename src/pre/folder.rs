//! Folder capsules: one capsule for a folder, a key for each of its records.
//!
//! ```text
//! (Z, C), M        one capsule under a key of scope Folder
//! key_record     = HKDF(ikm = M, salt = Z, info = "record-key", name of the record)      32 bytes
//! ```
//!
//! Re-encrypting a folder costs one pairing, however many records the folder holds. In return, only whole folders can be
//! delegated. (Capsules that share one Z instead would not be secure: C11.)

use super::capsule::{Capsule, Message};
use crate::group::G1;
use crate::hash::{hkdf, label};
use crate::secret::{Secret, wiped_short};
use zeroize::ZeroizeOnDrop;

/// The keys of the records of one folder.
///
/// ```
/// use phi_pre::pre::{DecryptionKey, Params, RecordKeys, Seed};
/// # use rand_chacha::ChaCha20Rng;
/// # use rand_core::SeedableRng;
/// # let rng = &mut ChaCha20Rng::seed_from_u64(1);
/// let params = Params::new(Seed([1; 32]));
/// let (folder, m) = DecryptionKey::random(rng).public_key(&params).encapsulate(&params, rng);
/// let keys = RecordKeys::new(&folder, &m);
/// assert_ne!(keys.key(b"1").expose(), keys.key(b"2").expose());
/// ```
#[derive(Clone, Debug)]
pub struct RecordKeys {
    m: Message,
    z: [u8; G1::BYTES],
}

impl ZeroizeOnDrop for RecordKeys {}

impl RecordKeys {
    /// From the folder's capsule, before or after re-encryption, and its M.
    pub fn new(folder: &Capsule, m: &Message) -> Self {
        Self { m: m.clone(), z: folder.z().to_bytes() }
    }

    /// The key of the record of this name: 32 secret bytes. Use each key for one encryption.
    pub fn key(&self, record: &[u8]) -> Secret<[u8; 32]> {
        wiped_short(|| Secret::new(hkdf(self.m.to_bytes().expose(), &self.z, label::RECORD_KEY, &[record])))
    }
}
