//! Envelopes: a record encrypted as a capsule and a sequence of chunks under an AEAD.
//!
//! Paper: section 3.2, "encrypts with an encryption key (for cloud transmission)", and Equation (2). M of the capsule
//! is the seed of the content key (KEM/DEM). So re-encryption rewrites C and changes no byte of the body.
//!
//! ```text
//! header   284 bytes
//!   magic      8   "phi-pre\0"
//!   version    1   1
//!   suite      1   1 AES-256-GCM, 2 ChaCha20-Poly1305
//!   reserved   2   zero
//!   com       32   key commitment
//!   Z         48   )
//!   C        192   ) the capsule; C alone changes on re-encryption
//! body     the record in chunks of 64 KiB, each with a tag of 16 bytes; the last may be shorter, and is empty only
//!          for an empty record
//!
//! K || com || salt = HKDF(ikm = M, salt = Z, info = "content-key", version, suite)     32 bytes each
//! chunk_i          = AEAD(K, nonce = 0^24 || i (64 bits) || last (8 bits), aad = header without C)
//! ```
//!
//! - com commits to K (eprint 2020/1456): an envelope opens under one key only, and a wrong key is refused before any
//!   chunk is decrypted. `salt` is the salt of the [`Commitment`](crate::integrity::Commitment) on the ledger.
//! - The nonces are those of STREAM (eprint 2015/189): chunks cannot be reordered, dropped, repeated or cut off.
//! - The AAD does not contain C, since the proxy rewrites C. A changed C gives another M, which does not match com.
//!
//! Every failure to decrypt gives the same error, [`DecryptError::Refused`], whether the key, the commitment, the
//! ciphertext, a tag or the order of chunks is wrong. The error for a malformed header names the field, since anybody
//! can find this fault without a key. The timing is not hidden: a wrong key is refused before any chunk is read, a
//! changed chunk when it is reached.
//!
//! There are four forms: [`encrypt`], [`decrypt`] and [`reencrypt`] for bytes in memory, [`Sealer`] and [`Opener`] for
//! streams, [`Sealing`] and [`Opening`] for programs that get a record in pieces and do not wait, and `encrypt_file` and
//! related functions for files (not on WebAssembly).

#[cfg(unix)]
pub mod bulk;
mod content;
mod error;
#[cfg(not(target_family = "wasm"))]
mod file;
mod header;
mod memory;
mod pieces;
mod shard;
mod stream;
#[cfg(target_os = "linux")]
mod unnamed;

pub use error::{DecryptError, EncryptError, FileError};
#[cfg(all(feature = "flow", not(target_family = "wasm")))]
pub(crate) use file::open_file;
#[cfg(not(target_family = "wasm"))]
pub use file::{
    Created, Inspection, Progress, WrittenEnvelope, check_file, create_file, create_public_file, decrypt_file,
    encrypt_file, inspect_file, reencrypt_file, reencrypt_file_to,
};
pub use header::{Header, Suite, TAG_BYTES};
pub use memory::{decrypt, encrypt, reencrypt};
pub use pieces::{Opening, Sealing};
pub use shard::{Shard, ShardError};
pub use stream::{Opener, SealedRecord, Sealer};

#[cfg(test)]
mod tests;
