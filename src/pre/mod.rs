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
//! Prove        Δ = Y'/Y, Equation (2) was applied               PublicReKey, ReencryptionProof (not in the paper)
//! Share        k_re among n proxies, t re-encrypt together      Threshold, ReKey::split (not in the paper)
//! By name      k_e = H2(scope)^a, Y = e(g1^a, H2(scope))        NamedSecret, NamedPublic (not in the paper)
//! ```
//!
//! The paper's letters and the terms of the literature on proxy re-encryption:
//!
//! | term | here |
//! |---|---|
//! | delegator: owns the key under which a record is encrypted | holds k_d and k_e |
//! | delegatee: may decrypt after re-encryption | holds k'_d and k'_e |
//! | proxy: re-encrypts, and learns no M | holds k_re ([`ReKey`], [`PreparedReKey`]) |
//! | re-encryption key | k_re |
//! | public key, secret key | Y ([`PublicKey`]), k_d ([`DecryptionKey`]); k_e ([`EncryptionKey`]) is secret too |
//! | encapsulation (KEM): a fresh key for one record, and the ciphertext of that key | M ([`Message`]), (Z, C) ([`Capsule`]) |
//! | data encapsulation (DEM): the record under that key | the module `envelope` |
//! | bidirectional | k_re^{-1} re-encrypts from k'_e to k_e ([`ReKey::inverse`]) |
//! | multi-hop | C' can be re-encrypted again ([`ReKey::compose`]) |
//!
//! Each type of a fixed size has the constant `BYTES`, `to_bytes`, `from_bytes` with every check, and `TryFrom<&[u8]>`.
//! Public types print and parse as hex digits and have serde's traits under the feature `serde`. Secret types do not
//! print, overwrite themselves when they are dropped, give their bytes inside a [`Secret`](crate::secret::Secret), and
//! are compared in constant time. [`Params`], [`PublicKey`], [`Capsule`], [`DecryptionKey`], [`EncryptionKey`], [`ReKey`],
//! [`NamedSecret`] and [`NamedPublic`] also have the traits of ark-serialize, as [`group`](crate::group) describes.
//!
//! Departure: the paper encrypts with k_e, which also decrypts. Y = e(g1, k_e) gives the same C, since
//! e(g1, k_e)^r = Y^r, and does not reveal k_e. So Y may be published, and k_e stays secret.
//!
//! With the feature `blst`, no branch and no address depends on a secret, except by the engine `plain`.

mod capsule;
mod dh;
mod folder;
#[cfg(any(feature = "hazmat", test))]
pub mod hazmat;
mod keys;
mod named;
mod params;
mod proof;
mod rekey;
mod threshold;

pub use capsule::{Capsule, Message};
pub use dh::{DhPublicKey, Handshake, HandshakeError, Party, Session};
pub use folder::RecordKeys;
pub use keys::{DecryptionKey, EncryptionKey, PreparedKey, PreparedPublicKey, PublicKey, SharedSecret};
#[cfg(feature = "schemes")]
pub(crate) use named::scope_element;
pub use named::{NamedPublic, NamedSecret};
pub use params::{Params, Scope, Seed};
pub use proof::{Fault, PublicReKey, ReencryptionProof, Statement, StatementError};
pub use rekey::{PreparedReKey, ReKey, SameKey};
pub use threshold::{KeyShare, Partial, PreparedShare, SharePublic, Threshold, ThresholdError};

#[cfg(test)]
mod tests;
