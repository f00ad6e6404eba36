//! Messages that are sealed to one recipient: HPKE (RFC 9180), base mode.
//!
//! ```text
//! Seal(pkR, info, aad, pt):   enc, context = SetupBaseS(pkR, info);   ct = context.Seal(aad, pt)
//! Open(enc, skR, info, aad, ct):  SetupBaseR(enc, skR, info).Open(aad, ct)
//! suite:  DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305
//! ```
//!
//! Base mode does not authenticate the sender: the content must prove its own origin.

use super::error::IdentityError;
use crate::error::DecodeError;
use crate::secret::{Secret, wiped};
use crate::wire::forms::wire_newtype;
use crate::wire::{Reader, Wire, Writer};
use core::fmt;
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::{Kem, X25519HkdfSha256};
use hpke::{Deserializable, OpModeR, OpModeS, Serializable, single_shot_open, single_shot_seal_with_rng};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// A private key for [`SealingKey::open`]: 32 bytes, zeroized in `Drop`.
#[derive(Clone, Debug)]
pub struct SealingKey(Secret<[u8; 32]>);

impl SealingKey {
    /// A fresh key.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        wiped(|| {
            let mut bytes = Zeroizing::new([0; 32]);
            rng.fill_bytes(&mut *bytes);
            Self(Secret::new(*bytes))
        })
    }

    /// Takes the private key, 32 bytes. Every value is a valid key (RFC 7748 section 5 clamps it).
    pub const fn from_bytes(bytes: Secret<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// The private key, 32 bytes.
    pub const fn to_bytes(&self) -> &Secret<[u8; 32]> {
        &self.0
    }

    /// The public key.
    pub fn public(&self) -> SealingPublicKey {
        wiped(|| {
            let secret = x25519_dalek::StaticSecret::from(*self.0.expose());
            SealingPublicKey(x25519_dalek::PublicKey::from(&secret).to_bytes())
        })
    }

    /// Opens a message that was sealed with the same `info` and `aad`.
    ///
    /// # Errors
    /// [`IdentityError::CannotOpen`] for every failure.
    pub fn open(&self, info: &[u8], aad: &[u8], sealed: &Sealed) -> Result<Secret<Vec<u8>>, IdentityError> {
        wiped(|| {
            let open = || {
                let key = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(self.0.expose())?;
                let enc = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&sealed.enc)?;
                single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
                    &OpModeR::Base,
                    &key,
                    &enc,
                    info,
                    &sealed.ciphertext,
                    aad,
                )
            };
            open().map(Secret::new).map_err(|_: hpke::HpkeError| IdentityError::CannotOpen)
        })
    }
}

/// An X25519 public key: 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SealingPublicKey(pub [u8; 32]);

wire_newtype!(SealingPublicKey, 32, "sealing key", hex);

impl fmt::Debug for SealingPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingPublicKey({})", hex::encode(self.0))
    }
}

/// A sealed message: enc (32 bytes) and the ciphertext, 16 bytes longer than the plaintext.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sealed {
    enc: [u8; 32],
    ciphertext: Vec<u8>,
}

impl Sealed {
    /// The longest ciphertext in bytes that is accepted: 1 MiB.
    pub const LIMIT: u32 = 1 << 20;
}

/// enc, then the ciphertext with its length before it: 52 bytes more than the plaintext.
impl Wire for Sealed {
    const NAME: &'static str = "sealed message";

    fn write(&self, out: &mut Writer) {
        out.raw(&self.enc).bytes(&self.ciphertext);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let enc = input.array(Self::NAME)?;
        let ciphertext = input.bytes(Self::NAME, Self::LIMIT)?.to_vec();
        Ok(Self { enc, ciphertext })
    }
}

/// Seals `plaintext` to `recipient`. Opening needs the same `info` and `aad`.
///
/// # Errors
/// [`IdentityError::BadSealingKey`] for a public key of small order, under which the shared secret is zero.
pub fn seal(
    recipient: &SealingPublicKey,
    info: &[u8],
    aad: &[u8],
    plaintext: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Sealed, IdentityError> {
    wiped(|| {
        let mut seal = || {
            let key = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(&recipient.0)?;
            single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
                &OpModeS::Base,
                &key,
                info,
                plaintext,
                aad,
                rng,
            )
        };
        let (enc, ciphertext) = seal().map_err(|_: hpke::HpkeError| IdentityError::BadSealingKey)?;
        Ok(Sealed { enc: enc.to_bytes().into(), ciphertext })
    })
}

#[cfg(test)]
mod tests;
