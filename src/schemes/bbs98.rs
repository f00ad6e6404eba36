//! Blaze, Bleumer, Strauss (EUROCRYPT '98): the first scheme of proxy re-encryption, ElGamal without a pairing.
//!
//! ```text
//! KeyGen    a <- Z_q^*,  pk = g^a
//! Enc       m, k;  c1 = m·g^k,  c2 = (g^a)^k
//! ReKeyGen  π = b / a                            from both secrets
//! ReEnc     (c1, c2^π)
//! Dec       m = c1 / c2^(1/a)
//! ```
//!
//! Departure: the paper works in the integers modulo a safe prime. Here the group is G1, where DDH is assumed to be hard on
//! a Type-3 pairing, and m is an element of G1.
//!
//! The proxy and B find a = b / π.

use super::scheme::{
    Bytes, Decoding, Direction, Message, Notion, Properties, Scheme, encoding, g1, inverse, parts, random,
};
use crate::error::DecodeError;
use crate::group::{G1, Scalar, pow_g1_batch};
use crate::pre::SameKey;
use crate::secret::{Secret, wiped, wiped_short};
use core::convert::Infallible;
use rand_core::CryptoRng;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// The scheme of Blaze, Bleumer and Strauss, in G1.
#[derive(Clone, Copy, Debug)]
pub struct Bbs98;

/// g^a: 48 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(pub(super) G1);

/// a.
#[derive(Clone, Debug)]
pub struct SecretKey(pub(super) Secret<Scalar>);

/// π = b / a: 32 bytes, secret.
#[derive(Clone, Debug)]
pub struct ReKey(pub(super) Secret<Scalar>);

/// (c1, c2): 48 + 48 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ciphertext {
    pub(super) c1: G1,
    pub(super) c2: G1,
}

impl ZeroizeOnDrop for SecretKey {}
impl ZeroizeOnDrop for ReKey {}
encoding!(PublicKey, |pk| pk.0.to_bytes());
encoding!(ReKey, |pi| pi.0.expose().to_bytes());
encoding!(Ciphertext, |c| c.c1.to_bytes(), c.c2.to_bytes());

impl Decoding for PublicKey {
    type Known = ();

    fn decode(bytes: &[u8], (): &()) -> Result<Self, DecodeError> {
        G1::from_bytes(bytes).map(Self)
    }
}

impl Decoding for ReKey {
    type Known = ();

    fn decode(bytes: &[u8], (): &()) -> Result<Self, DecodeError> {
        wiped_short(|| {
            let pi = Zeroizing::new(Scalar::from_bytes(bytes)?);
            let identity = DecodeError::Identity { what: "re-encryption key" };
            // 1 would be the key from A to A.
            if pi.is_zero() || *pi == Scalar::from(1) { Err(identity) } else { Ok(Self(Secret::new(*pi))) }
        })
    }
}

impl Decoding for Ciphertext {
    type Known = ();

    fn decode(bytes: &[u8], (): &()) -> Result<Self, DecodeError> {
        let [c1, c2] = parts("ciphertext", bytes, [G1::BYTES; 2])?;
        Ok(Self { c1: G1::from_bytes(c1)?, c2: G1::from_bytes(c2)? })
    }
}

/// c2^k of each ciphertext.
fn powers(c: &[Ciphertext], k: &Scalar) -> Vec<G1> {
    pow_g1_batch(&Zeroizing::new(c.iter().map(|c| (c.c2, *k)).collect::<Vec<_>>()))
}

impl Scheme for Bbs98 {
    const PROPERTIES: Properties = Properties {
        name: "BBS 1998, in G1",
        direction: Direction::BothWays,
        collusion: "a",
        transferable: true,
        notion: Notion::Cpa,
        assumption: "DDH in G1",
        bytes: Bytes { public_key: 48, re_key: 32, ciphertext: 96, re_encrypted: 96 },
    };

    type Setup = ();
    type PublicKey = PublicKey;
    type SecretKey = SecretKey;
    type Delegatee = SecretKey;
    type ReKey = ReKey;
    type Message = Message<G1>;
    type Ciphertext = Ciphertext;
    type ReEncrypted = Ciphertext;
    type Refusal = Infallible;

    fn setup(_: &mut impl CryptoRng) {}

    fn key_gen((): &(), _: &[u8], rng: &mut impl CryptoRng) -> (PublicKey, SecretKey) {
        wiped(|| {
            let a = random(rng);
            (PublicKey(g1(&a)), SecretKey(Secret::new(*a)))
        })
    }

    fn delegatee<'a>(_: &'a PublicKey, b: &'a SecretKey) -> &'a SecretKey {
        b
    }

    fn re_key_gen(a: &SecretKey, b: &SecretKey, _: &mut impl CryptoRng) -> Result<ReKey, SameKey> {
        wiped_short(|| {
            let (a, b) = (a.0.expose(), b.0.expose());
            if a == b { Err(SameKey) } else { Ok(ReKey(Secret::new(*b * *inverse(a)))) }
        })
    }

    fn enc(pk: &PublicKey, rng: &mut impl CryptoRng) -> (Ciphertext, Message<G1>) {
        wiped(|| {
            let (m, k) = (Zeroizing::new(g1(&random(rng))), random(rng));
            (Ciphertext { c1: *m * g1(&k), c2: pk.0.pow(&k) }, Message::new(*m))
        })
    }

    fn re_enc(pi: &ReKey, c: &Ciphertext, _: &mut impl CryptoRng) -> Result<Ciphertext, Infallible> {
        wiped(|| Ok(Ciphertext { c1: c.c1, c2: c.c2.pow(pi.0.expose()) }))
    }

    fn re_enc_many(pi: &ReKey, c: &[Ciphertext], _: &mut impl CryptoRng) -> Vec<Result<Ciphertext, Infallible>> {
        wiped(|| c.iter().zip(powers(c, pi.0.expose())).map(|(c, c2)| Ok(Ciphertext { c1: c.c1, c2 })).collect())
    }

    fn dec(a: &SecretKey, c: &Ciphertext) -> Result<Message<G1>, Infallible> {
        wiped(|| Ok(Message::new(c.c1 / c.c2.pow(&inverse(a.0.expose())))))
    }

    fn dec_re(b: &SecretKey, c: &Ciphertext) -> Result<Message<G1>, Infallible> {
        Self::dec(b, c)
    }

    fn dec_re_many(b: &SecretKey, c: &[Ciphertext]) -> Vec<Result<Message<G1>, Infallible>> {
        wiped(|| {
            let pads = Zeroizing::new(powers(c, &inverse(b.0.expose())));
            c.iter().zip(&*pads).map(|(c, pad)| Ok(Message::new(c.c1 / *pad))).collect()
        })
    }
}
