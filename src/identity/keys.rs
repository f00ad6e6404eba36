//! Signatures: ECDSA on P-256 with SHA-256 (FIPS 186-5), deterministic by RFC 6979, low-S only.
//!
//! ```text
//! Sign(d, m):      k = RFC6979(d, SHA-256(m));  r = (k·G).x mod n;  s = k^-1 (SHA-256(m) + r d) mod n
//!                  s <- n - s where s > n/2
//! Verify(Q, m):    0 < r < n,  0 < s <= n/2,  ((SHA-256(m)/s)·G + (r/s)·Q).x = r mod n
//! ```
//!
//! Both (r, s) and (r, n - s) satisfy the equation. As in Fabric, only the one with the lower s is accepted, so that
//! nobody can make a second encoding of a signed transaction. Signing uses `p256`; verifying uses `aws-lc-rs`, which is
//! about five times faster.

use super::error::IdentityError;
use crate::error::DecodeError;
use crate::secret::{Secret, wiped, wiped_short};
use crate::wire::{Reader, Wire, Writer};
use core::fmt;
use p256::ecdsa::signature::Signer;
use p256::elliptic_curve::Generate;
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey, LineEnding};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// A private key d: 32 bytes, zeroized in `Drop`, in a box so that a move leaves no copy.
#[derive(Clone)]
pub struct SigningKey(Box<p256::ecdsa::SigningKey>);

impl SigningKey {
    /// A fresh key.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        wiped_short(|| Self(Box::new(p256::ecdsa::SigningKey::generate_from_rng(rng))))
    }

    /// Reads d, 32 bytes big-endian.
    ///
    /// # Errors
    /// [`IdentityError::BadKey`] unless 0 < d < n.
    pub fn from_bytes(bytes: &Secret<[u8; 32]>) -> Result<Self, IdentityError> {
        wiped_short(|| {
            p256::ecdsa::SigningKey::from_slice(bytes.expose())
                .map(Box::new)
                .map(Self)
                .map_err(|_| IdentityError::BadKey)
        })
    }

    /// d, 32 bytes big-endian.
    pub fn to_bytes(&self) -> Secret<[u8; 32]> {
        wiped_short(|| {
            let mut field = self.0.to_bytes();
            let bytes = Secret::new(field.into());
            field.as_mut_slice().zeroize();
            bytes
        })
    }

    /// The key as PKCS#8 in PEM (RFC 5958, RFC 7468), 241 bytes with d and Q: the form that Fabric, openssl and Go write and
    /// read. For a file that only its owner can read (mode 0600).
    ///
    /// # Errors
    /// [`IdentityError::BadKey`] where the encoder fails, which no key is known to cause.
    pub fn to_pkcs8_pem(&self) -> Result<Secret<String>, IdentityError> {
        wiped(|| {
            let mut pem = self.0.to_pkcs8_pem(LineEnding::LF).map_err(|_| IdentityError::BadKey)?;
            Ok(Secret::new(core::mem::take(&mut *pem)))
        })
    }

    /// Reads exactly the text that [`to_pkcs8_pem`](Self::to_pkcs8_pem) writes.
    ///
    /// # Errors
    /// [`IdentityError::BadPem`] for any other text, and [`IdentityError::BadKey`] for a text in this form with another kind
    /// of key.
    pub fn from_pkcs8_pem(pem: &str) -> Result<Self, IdentityError> {
        const NOT_PEM: IdentityError = IdentityError::BadPem { what: "private key" };
        wiped(|| {
            if pem.len() > Self::PEM_LIMIT {
                return Err(NOT_PEM);
            }
            let (label, document) = der::SecretDocument::from_pem(pem).map_err(|_| NOT_PEM)?;
            if label != "PRIVATE KEY" {
                return Err(NOT_PEM);
            }
            let key = p256::ecdsa::SigningKey::from_pkcs8_der(document.as_bytes());
            let key = Self(Box::new(key.map_err(|_| IdentityError::BadKey)?));
            let same = key.to_pkcs8_pem()?.expose().as_bytes().ct_eq(pem.as_bytes());
            if same.into() { Ok(key) } else { Err(NOT_PEM) }
        })
    }

    /// The longest PEM in bytes that is read: more than any private key on P-256 takes.
    const PEM_LIMIT: usize = 1024;

    /// Signs `message`. The same key and message always give the same signature.
    pub fn sign(&self, message: &[u8]) -> Signature {
        wiped_short(|| {
            let signature: p256::ecdsa::Signature = self.0.sign(message);
            Signature(signature.normalize_s().to_bytes().into())
        })
    }

    /// The public key.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey::of(self.0.verifying_key())
    }

    /// The key in the type that the certificate builder takes.
    pub(super) const fn inner(&self) -> &p256::ecdsa::SigningKey {
        &self.0
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(<redacted>)")
    }
}

/// A public key Q: a point of P-256, not the identity, in 65 bytes (SEC 1 section 2.3.3, uncompressed).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerifyingKey([u8; 65]);

impl VerifyingKey {
    /// Reads an uncompressed point.
    ///
    /// # Errors
    /// [`IdentityError::BadKey`] unless the point lies on the curve.
    pub fn from_bytes(bytes: &[u8; 65]) -> Result<Self, IdentityError> {
        // SEC 1 has other forms, but only this one has 65 bytes.
        p256::ecdsa::VerifyingKey::from_sec1_bytes(bytes).map(|key| Self::of(&key)).map_err(|_| IdentityError::BadKey)
    }

    /// The point, 65 bytes.
    pub const fn as_bytes(&self) -> &[u8; 65] {
        &self.0
    }

    /// Checks that this key made `signature` over `message`.
    ///
    /// # Errors
    /// [`IdentityError::BadSignature`]. A signature with a high s is already refused when it is read.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), IdentityError> {
        self.verified(message, signature).ok_or(IdentityError::BadSignature)
    }

    #[cfg(not(target_family = "wasm"))]
    fn verified(&self, message: &[u8], signature: &Signature) -> Option<()> {
        use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.0).verify(message, &signature.0).ok()
    }

    /// aws-lc cannot be built for WebAssembly.
    #[cfg(target_family = "wasm")]
    fn verified(&self, message: &[u8], signature: &Signature) -> Option<()> {
        use p256::ecdsa::signature::Verifier;
        let signature = p256::ecdsa::Signature::from_slice(&signature.0).ok()?;
        self.inner().ok()?.verify(message, &signature).ok()
    }

    fn of(key: &p256::ecdsa::VerifyingKey) -> Self {
        let mut bytes = [0; 65];
        bytes.copy_from_slice(key.to_sec1_point(false).as_bytes());
        Self(bytes)
    }

    /// The key in the type that the certificate builder takes.
    pub(super) fn inner(&self) -> Result<p256::ecdsa::VerifyingKey, IdentityError> {
        p256::ecdsa::VerifyingKey::from_sec1_bytes(&self.0).map_err(|_| IdentityError::BadKey)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", hex::encode(self.0))
    }
}

impl Wire for VerifyingKey {
    const NAME: &'static str = "verifying key";

    fn write(&self, out: &mut Writer) {
        out.raw(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::from_bytes(&input.array(Self::NAME)?).map_err(|_| DecodeError::NotOnCurve { what: Self::NAME })
    }
}

/// A signature r || s, 64 bytes big-endian, with 0 < r < n and 0 < s <= n/2.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature([u8; 64]);

impl Signature {
    /// Reads r || s.
    ///
    /// # Errors
    /// [`IdentityError::BadSignature`] where r or s is zero or not below n; [`IdentityError::HighS`].
    pub fn from_bytes(bytes: &[u8; 64]) -> Result<Self, IdentityError> {
        p256::ecdsa::Signature::from_slice(bytes).map_err(|_| IdentityError::BadSignature).and_then(|s| Self::of(&s))
    }

    /// r || s, 64 bytes.
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }

    /// Reads SEQUENCE { INTEGER r, INTEGER s }, the form inside certificates (RFC 3279 section 2.2.3).
    ///
    /// # Errors
    /// [`IdentityError::Malformed`], [`IdentityError::HighS`].
    pub fn from_der(der: &[u8]) -> Result<Self, IdentityError> {
        let signature = p256::ecdsa::Signature::from_der(der).map_err(|_| IdentityError::malformed("signature"))?;
        Self::of(&signature)
    }

    /// SEQUENCE { INTEGER r, INTEGER s }, 8 to 72 bytes: the form of X.509 and of Fabric.
    ///
    /// # Errors
    /// [`IdentityError::BadSignature`] where the encoder fails, which no signature is known to cause.
    pub fn to_der(self) -> Result<Vec<u8>, IdentityError> {
        let signature = p256::ecdsa::Signature::from_slice(&self.0).map_err(|_| IdentityError::BadSignature)?;
        Ok(signature.to_der().as_bytes().to_vec())
    }

    fn of(signature: &p256::ecdsa::Signature) -> Result<Self, IdentityError> {
        if signature.normalize_s() == *signature {
            Ok(Self(signature.to_bytes().into()))
        } else {
            Err(IdentityError::HighS)
        }
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", hex::encode(self.0))
    }
}

impl Wire for Signature {
    const NAME: &'static str = "signature";

    fn write(&self, out: &mut Writer) {
        out.raw(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::from_bytes(&input.array(Self::NAME)?).map_err(|_| DecodeError::NonCanonical { what: Self::NAME })
    }
}

#[cfg(test)]
mod tests;
