//! The trait of all schemes, their properties as data, and what their files share.

use crate::error::DecodeError;
use crate::group::{G1, Gt, GtTable, Scalar, pow_generator_batch, pow_table_batch};
use crate::pre::SameKey;
use crate::secret::{Secret, wiped, wiped_short};
use core::error::Error;
use core::fmt;
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A scheme of proxy re-encryption. Its types say three of its properties:
///
/// - [`Delegatee`](Self::Delegatee) is [`SecretKey`](Self::SecretKey) where the scheme is interactive: ReKeyGen takes
///   B's secret. It is [`PublicKey`](Self::PublicKey) where the scheme is not interactive.
/// - [`ReEncrypted`](Self::ReEncrypted) is [`Ciphertext`](Self::Ciphertext) where the scheme is multi-hop.
/// - [`Refusal`](Self::Refusal) is [`Infallible`](core::convert::Infallible) where no ciphertext is checked: such a
///   scheme is at most CPA- or HRA-secure.
pub trait Scheme: Sized + 'static {
    /// What the types do not say.
    const PROPERTIES: Properties;

    /// What the authority of an identity-based scheme keeps; else `()`.
    type Setup;
    /// What Enc takes.
    type PublicKey: Encoding;
    /// What Dec takes.
    type SecretKey: fmt::Debug + ZeroizeOnDrop;
    /// What ReKeyGen takes of B.
    type Delegatee;
    /// What the proxy has.
    type ReKey: fmt::Debug + ZeroizeOnDrop + Decoding;
    /// M.
    type Message: fmt::Debug + ZeroizeOnDrop + PartialEq + Encoding;
    /// C, of A.
    type Ciphertext: Decoding<Known = ()>;
    /// C', of B.
    type ReEncrypted: Decoding<Known = ()>;
    /// Why ReEnc and Dec refuse a ciphertext.
    type Refusal: Error;

    /// The parameters of a deployment.
    fn setup(rng: &mut impl CryptoRng) -> Self::Setup;

    /// The key pair of a name: the user's identity in an identity-based scheme, the scope with keys by name; of no effect
    /// in other schemes.
    fn key_gen(setup: &Self::Setup, name: &[u8], rng: &mut impl CryptoRng) -> (Self::PublicKey, Self::SecretKey);

    /// Of the key pair of B, the part that ReKeyGen takes.
    fn delegatee<'a>(public: &'a Self::PublicKey, secret: &'a Self::SecretKey) -> &'a Self::Delegatee;

    /// The re-encryption key from A to B.
    ///
    /// # Errors
    /// [`SameKey`] where the scheme is bidirectional and both keys are the same.
    fn re_key_gen(
        from: &Self::SecretKey,
        to: &Self::Delegatee,
        rng: &mut impl CryptoRng,
    ) -> Result<Self::ReKey, SameKey>;

    /// A fresh M and its ciphertext, which can be re-encrypted.
    fn enc(to: &Self::PublicKey, rng: &mut impl CryptoRng) -> (Self::Ciphertext, Self::Message);

    /// n fresh M with their ciphertexts, as n calls of [`enc`](Self::enc) give them: by batches of the engine where it has
    /// them, on all cores.
    fn enc_many(to: &Self::PublicKey, n: usize, rng: &mut impl CryptoRng) -> Vec<(Self::Ciphertext, Self::Message)> {
        (0..n).map(|_| Self::enc(to, rng)).collect()
    }

    /// C' of C, by the proxy.
    ///
    /// # Errors
    /// [`Refusal`](Self::Refusal) where the scheme checks ciphertexts and C is none for A.
    fn re_enc(
        key: &Self::ReKey,
        c: &Self::Ciphertext,
        rng: &mut impl CryptoRng,
    ) -> Result<Self::ReEncrypted, Self::Refusal>;

    /// [`re_enc`](Self::re_enc) of each ciphertext in turn: with a batch of the engine where there is one, on all
    /// cores.
    fn re_enc_many(
        key: &Self::ReKey,
        c: &[Self::Ciphertext],
        rng: &mut impl CryptoRng,
    ) -> Vec<Result<Self::ReEncrypted, Self::Refusal>> {
        c.iter().map(|c| Self::re_enc(key, c, rng)).collect()
    }

    /// M of C. A scheme that checks nothing gives another M for a wrong key.
    ///
    /// # Errors
    /// [`Refusal`](Self::Refusal) where the scheme checks ciphertexts and C is none for this key.
    fn dec(key: &Self::SecretKey, c: &Self::Ciphertext) -> Result<Self::Message, Self::Refusal>;

    /// M of C', as [`dec`](Self::dec).
    ///
    /// # Errors
    /// Those of [`dec`](Self::dec).
    fn dec_re(key: &Self::SecretKey, c: &Self::ReEncrypted) -> Result<Self::Message, Self::Refusal>;

    /// [`dec_re`](Self::dec_re) of each C' in turn, with batches as in [`re_enc_many`](Self::re_enc_many).
    fn dec_re_many(key: &Self::SecretKey, c: &[Self::ReEncrypted]) -> Vec<Result<Self::Message, Self::Refusal>> {
        c.iter().map(|c| Self::dec_re(key, c)).collect()
    }
}

/// The properties of a scheme that its types do not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Properties {
    /// The name and the year.
    pub name: &'static str,
    /// Whether the key from A to B also re-encrypts from B to A.
    pub direction: Direction,
    /// What the proxy and B find together, from the re-encryption key and B's secret.
    pub collusion: &'static str,
    /// Whether the proxy and B can give to C, without A, the power to read what A receives.
    pub transferable: bool,
    /// The notion of security that is claimed.
    pub notion: Notion,
    /// The assumption, and the random-oracle model (ROM) if the proof needs it.
    pub assumption: &'static str,
    /// Sizes of encodings.
    pub bytes: Bytes,
}

/// Which ways a re-encryption key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From A to B.
    OneWay,
    /// From A to B, and by its inverse from B to A.
    BothWays,
}

/// A notion of security.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notion {
    /// Chosen plaintexts.
    Cpa,
    /// Chosen plaintexts and honest re-encryptions (Cohen, PKC 2019).
    Hra,
    /// Chosen ciphertexts that are no replay (Canetti, Krawczyk, Nielsen, CRYPTO 2003).
    Rcca,
    /// No proof is known to the authors.
    Unproved,
}

/// Sizes in bytes. Names (identities, scopes) are not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes {
    /// pk.
    pub public_key: usize,
    /// rk, without the public key of A.
    pub re_key: usize,
    /// C.
    pub ciphertext: usize,
    /// C' after the first re-encryption.
    pub re_encrypted: usize,
}

/// A value with an encoding: the canonical encodings of its parts, one after the other.
pub trait Encoding {
    /// The encoding. It is overwritten when dropped, since a re-encryption key is secret.
    fn encoding(&self) -> Zeroizing<Vec<u8>>;
}

/// A value that is read from its encoding, with every check: the length, the canonical form, the curve, the subgroup,
/// and no identity in the place of a key or of a point.
pub trait Decoding: Encoding + Sized {
    /// A value that the encoding leaves out because the reader has it, such as the name of a scope or A's public key.
    /// If there is none, `()`.
    type Known: ?Sized;

    /// Reads a value whose encoding is exactly `bytes`.
    ///
    /// # Errors
    /// [`DecodeError::Length`] for the whole; those of [`G1::from_bytes`], [`G2::from_bytes`](crate::group::G2::from_bytes),
    /// [`Gt::from_bytes`] and [`Scalar::from_bytes`] for the parts, in their order; [`DecodeError::Identity`] for a key or
    /// a pad that is 1.
    fn decode(bytes: &[u8], known: &Self::Known) -> Result<Self, DecodeError>;
}

/// The parts of an encoding, of these sizes.
pub(super) fn parts<'a, const N: usize>(
    what: &'static str,
    mut bytes: &'a [u8],
    sizes: [usize; N],
) -> Result<[&'a [u8]; N], DecodeError> {
    let (expected, got) = (sizes.iter().sum(), bytes.len());
    if got != expected {
        return Err(DecodeError::Length { what, expected, got });
    }
    Ok(sizes.map(|size| {
        let (part, rest) = bytes.split_at(size);
        bytes = rest;
        part
    }))
}

/// An element of GT other than 1.
pub(super) fn gt_not_one(what: &'static str, bytes: &[u8]) -> Result<Gt, DecodeError> {
    let element = Gt::from_bytes(bytes)?;
    if element.is_identity() { Err(DecodeError::Identity { what }) } else { Ok(element) }
}

/// [`Encoding`] by the arrays or slices that the closure names.
macro_rules! encoding {
    ($type:ty, |$value:ident| $($part:expr),+) => {
        impl $crate::schemes::Encoding for $type {
            fn encoding(&self) -> zeroize::Zeroizing<Vec<u8>> {
                let $value = self;
                $crate::secret::wiped_short(|| zeroize::Zeroizing::new([$(&$part[..]),+].concat()))
            }
        }
    };
}

pub(super) use encoding;

/// M: a secret element of GT, or of G1 where Enc needs no pairing.
#[derive(Clone, Debug)]
pub struct Message<T: Zeroize>(Secret<T>);

impl<T: Zeroize> Message<T> {
    pub(super) fn new(m: T) -> Self {
        Self(Secret::new(m))
    }

    /// The element, for a key derivation.
    pub const fn expose(&self) -> &T {
        self.0.expose()
    }
}

/// 192 bytes.
impl Encoding for Message<Gt> {
    fn encoding(&self) -> Zeroizing<Vec<u8>> {
        wiped_short(|| Zeroizing::new(self.expose().to_bytes().into()))
    }
}

/// 48 bytes.
impl Encoding for Message<G1> {
    fn encoding(&self) -> Zeroizing<Vec<u8>> {
        wiped_short(|| Zeroizing::new(self.expose().to_bytes().into()))
    }
}

/// In constant time.
impl<T: Zeroize + ConstantTimeEq> PartialEq for Message<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose().ct_eq(other.0.expose()).into()
    }
}

impl<T: Zeroize + ConstantTimeEq> Eq for Message<T> {}

impl<T: Zeroize> ZeroizeOnDrop for Message<T> {}

/// A secret exponent of Z_q^*.
pub(super) fn random(rng: &mut impl CryptoRng) -> Zeroizing<Scalar> {
    Zeroizing::new(Scalar::random(rng))
}

/// n ciphertexts (g1^r, M·Y^r) in the form of ElGamal, each with its M. M and r are drawn in turn.
pub(super) fn el_gamal(y: &Gt, n: usize, rng: &mut impl CryptoRng) -> Vec<((G1, Gt), Message<Gt>)> {
    wiped(|| {
        let drawn: Zeroizing<Vec<[Scalar; 2]>> =
            Zeroizing::new((0..n).map(|_| [Scalar::random(rng), Scalar::random(rng)]).collect());
        let [t, r] = [0, 1].map(|i| Zeroizing::new(drawn.iter().map(|pair| pair[i]).collect::<Vec<_>>()));
        let m = Zeroizing::new(pow_table_batch(GtTable::generator(), &t));
        let pads = Zeroizing::new(pow_table_batch(&GtTable::new(y), &r));
        let first = pow_generator_batch(&r).into_iter();
        first.zip(m.iter().zip(&*pads)).map(|(z, (m, pad))| ((z, *m * *pad), Message::new(*m))).collect()
    })
}

/// g1^k.
pub(super) fn g1(k: &Scalar) -> G1 {
    Zeroizing::new(pow_generator_batch(&[*k]))[0] // the batch in freed memory, where the power may be secret
}

/// e(g1, g2)^k.
pub(super) fn g_t(k: &Scalar) -> Gt {
    GtTable::generator().pow(k)
}

/// 1/k of an exponent that [`random`] has drawn.
pub(super) fn inverse(k: &Scalar) -> Zeroizing<Scalar> {
    Zeroizing::new(k.inverse().unwrap_or_else(|| unreachable!("drawn from Z_q^*")))
}
