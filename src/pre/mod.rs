//! The scheme, typed and checked: keys, re-encryption keys and capsules over BLS12-381.
//!
//! Paper: section 3.2, Equations 1 to 3, with M a random element of GT that carries a key (a KEM).
//!
//! ```text
//! Setup        g1, g2, k_s, f                                   Params
//! DH           sk                                               Handshake -> SharedSecret
//! Keys         k_d = f(sk, k_s || scope)                        DecryptionKey
//!              k_e = g2^{k_d}                                   EncryptionKey   (secret: it decrypts)
//!              Y   = e(g1, g2)^{k_d}                            PublicKey       (ours: it only encrypts)
//! Encapsulate  Z = g1^r, C = M · Y^r                            PublicKey::encapsulate   -> Capsule, Message
//! (1)          k_re = k'_e / k_e                                ReKey::new
//! (2)          C' = C · e(Z, k_re)                              ReKey::reencrypt
//! (3)          M = C' / e(Z, k'_e)                              EncryptionKey::decapsulate
//! ```
//!
//! Departure: the paper encrypts with k_e, which also decrypts. Y = e(g1, k_e) gives the very same C, since
//! e(g1, k_e)^r = Y^r, and reveals no k_e; so Y is the key that may be shown and k_e is kept secret.
//!
//! The group operations are not constant-time.

mod capsule;
mod dh;
mod folder;
#[cfg(any(feature = "hazmat", test))]
pub mod hazmat;
mod keys;
mod params;
mod rekey;

pub use capsule::{Capsule, Message};
pub use dh::{Handshake, HandshakeError, Party, Session, Share};
pub use folder::RecordKeys;
pub use keys::{DecryptionKey, EncryptionKey, PreparedKey, PreparedPublicKey, PublicKey, SharedSecret};
pub use params::{Params, Scope, Seed};
pub use rekey::{PreparedReKey, ReKey, SameKey};

#[cfg(test)]
mod tests;
