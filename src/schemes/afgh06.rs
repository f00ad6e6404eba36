//! Ateniese, Fu, Green, Hohenberger (ACM TISSEC 9(1), 2006): the third attempt, with two levels.
//!
//! ```text
//! KeyGen    sk_a = (a1, a2),  pk_a = (Z^a1, g2^a2)
//! Enc       second level: M, k;  (g1^k, M·Z^(a1·k))
//!           first level:  M, k;  (Z^(a2·k), M·Z^k), which nobody can re-encrypt
//! ReKeyGen  rk = (g2^b2)^a1                      from A's secret and B's public key
//! ReEnc     (α, β) = (e(g1^k, rk), M·Z^(a1·k)) = (Z^(b2·k'), M·Z^k') with k' = a1·k: first level of B
//! Dec       second level: M = β / e(α, g2)^a1;  first level: M = β / α^(1/a2)
//! ```
//! Z = e(g1, g2).
//!
//! Departure: the paper has a symmetric pairing. On a Type-3 pairing g^k is in G1, where it cannot be confused with a key,
//! and g^a2 and rk are in G2. Departure: the first level uses a2 alone; the paper allows a1 as well.
//!
//! The proxy and B find rk^(1/b2) = g2^a1. It opens all second-level ciphertexts of A. It gives neither a1 nor the first
//! level.

use super::scheme::{
    Bytes, Decoding, Direction, Message, Notion, Properties, Scheme, encoding, g_t, g1, gt_not_one, inverse, parts,
    random,
};
use crate::error::DecodeError;
use crate::group::{G1, G2, G2Prepared, Gt, Scalar, pair_and_multiply, pairing, pow_gt_batch};
use crate::pre::SameKey;
use crate::secret::{Secret, wiped, wiped_short};
use core::convert::Infallible;
use rand_core::CryptoRng;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// The third scheme of Ateniese, Fu, Green and Hohenberger.
#[derive(Clone, Copy, Debug)]
pub struct Afgh06;

/// (Z^a1, g2^a2): 192 + 96 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey {
    pub(super) z_a1: Gt,
    pub(super) g2_a2: G2,
}

/// (a1, a2).
#[derive(Clone, Debug)]
pub struct SecretKey {
    pub(super) a1: Secret<Scalar>,
    pub(super) a2: Secret<Scalar>,
}

/// rk = g2^(a1·b2): 96 bytes, secret.
#[derive(Clone, Debug)]
pub struct ReKey(pub(super) Secret<G2>);

/// (g1^k, M·Z^(a1·k)): 48 + 192 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecondLevel {
    pub(super) alpha: G1,
    pub(super) beta: Gt,
}

/// (Z^(a2·k), M·Z^k): 192 + 192 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstLevel {
    pub(super) alpha: Gt,
    pub(super) beta: Gt,
}

impl ZeroizeOnDrop for SecretKey {}
impl ZeroizeOnDrop for ReKey {}
encoding!(PublicKey, |pk| pk.z_a1.to_bytes(), pk.g2_a2.to_bytes());
encoding!(ReKey, |rk| rk.0.expose().to_bytes());
encoding!(SecondLevel, |c| c.alpha.to_bytes(), c.beta.to_bytes());
encoding!(FirstLevel, |c| c.alpha.to_bytes(), c.beta.to_bytes());

impl Decoding for PublicKey {
    type Known = ();

    fn decode(bytes: &[u8], (): &()) -> Result<Self, DecodeError> {
        let [z_a1, g2_a2] = parts("public key", bytes, [Gt::BYTES, G2::BYTES])?;
        Ok(Self { z_a1: gt_not_one("public key", z_a1)?, g2_a2: G2::from_bytes(g2_a2)? })
    }
}

impl Decoding for ReKey {
    type Known = ();

    fn decode(bytes: &[u8], (): &()) -> Result<Self, DecodeError> {
        wiped_short(|| Ok(Self(Secret::new(G2::from_bytes(bytes)?))))
    }
}

impl Decoding for SecondLevel {
    type Known = ();

    fn decode(bytes: &[u8], (): &()) -> Result<Self, DecodeError> {
        let [alpha, beta] = parts("ciphertext", bytes, [G1::BYTES, Gt::BYTES])?;
        Ok(Self { alpha: G1::from_bytes(alpha)?, beta: Gt::from_bytes(beta)? })
    }
}

impl Decoding for FirstLevel {
    type Known = ();

    fn decode(bytes: &[u8], (): &()) -> Result<Self, DecodeError> {
        let [alpha, beta] = parts("first-level ciphertext", bytes, [Gt::BYTES; 2])?;
        Ok(Self { alpha: gt_not_one("first-level ciphertext", alpha)?, beta: Gt::from_bytes(beta)? })
    }
}

impl Afgh06 {
    /// A fresh M and its first-level ciphertext, which nobody can re-encrypt.
    pub fn enc_first_level(pk: &PublicKey, rng: &mut impl CryptoRng) -> (FirstLevel, Message<Gt>) {
        wiped(|| {
            let (m, k) = (Zeroizing::new(Gt::random(rng)), random(rng));
            (FirstLevel { alpha: pairing(&g1(&k), &pk.g2_a2), beta: *m * g_t(&k) }, Message::new(*m))
        })
    }
}

impl Scheme for Afgh06 {
    const PROPERTIES: Properties = Properties {
        name: "AFGH 2006, third",
        direction: Direction::OneWay,
        collusion: "g2^a1: the second level, and neither a1 nor the first level",
        transferable: true,
        notion: Notion::Cpa,
        assumption: "extended DBDH; discrete logarithm for a1",
        bytes: Bytes { public_key: 288, re_key: 96, ciphertext: 240, re_encrypted: 384 },
    };

    type Setup = ();
    type PublicKey = PublicKey;
    type SecretKey = SecretKey;
    type Delegatee = PublicKey;
    type ReKey = ReKey;
    type Message = Message<Gt>;
    type Ciphertext = SecondLevel;
    type ReEncrypted = FirstLevel;
    type Refusal = Infallible;

    fn setup(_: &mut impl CryptoRng) {}

    fn key_gen((): &(), _: &[u8], rng: &mut impl CryptoRng) -> (PublicKey, SecretKey) {
        wiped(|| {
            let (a1, a2) = (random(rng), random(rng));
            let pk = PublicKey { z_a1: g_t(&a1), g2_a2: G2::generator().pow(&a2) };
            (pk, SecretKey { a1: Secret::new(*a1), a2: Secret::new(*a2) })
        })
    }

    fn delegatee<'a>(pk_b: &'a PublicKey, _: &'a SecretKey) -> &'a PublicKey {
        pk_b
    }

    fn re_key_gen(sk_a: &SecretKey, pk_b: &PublicKey, _: &mut impl CryptoRng) -> Result<ReKey, SameKey> {
        wiped(|| Ok(ReKey(Secret::new(pk_b.g2_a2.pow(sk_a.a1.expose())))))
    }

    fn enc(pk: &PublicKey, rng: &mut impl CryptoRng) -> (SecondLevel, Message<Gt>) {
        wiped(|| {
            let (m, k) = (Zeroizing::new(Gt::random(rng)), random(rng));
            (SecondLevel { alpha: g1(&k), beta: *m * pk.z_a1.pow(&k) }, Message::new(*m))
        })
    }

    fn re_enc(rk: &ReKey, c: &SecondLevel, _: &mut impl CryptoRng) -> Result<FirstLevel, Infallible> {
        wiped(|| Ok(FirstLevel { alpha: pairing(&c.alpha, rk.0.expose()), beta: c.beta }))
    }

    fn re_enc_many(rk: &ReKey, c: &[SecondLevel], _: &mut impl CryptoRng) -> Vec<Result<FirstLevel, Infallible>> {
        wiped(|| {
            let pairs: Vec<_> = c.iter().map(|c| (c.alpha, Gt::identity())).collect();
            let moved = pair_and_multiply(&pairs, &G2Prepared::new(rk.0.expose()));
            c.iter().zip(moved).map(|(c, alpha)| Ok(FirstLevel { alpha, beta: c.beta })).collect()
        })
    }

    /// By e(α^a1, g2), which costs less than e(α, g2)^a1.
    fn dec(sk: &SecretKey, c: &SecondLevel) -> Result<Message<Gt>, Infallible> {
        wiped(|| Ok(Message::new(c.beta / pairing(&c.alpha.pow(sk.a1.expose()), &G2::generator()))))
    }

    fn dec_re(sk: &SecretKey, c: &FirstLevel) -> Result<Message<Gt>, Infallible> {
        wiped(|| Ok(Message::new(c.beta / c.alpha.pow(&inverse(sk.a2.expose())))))
    }

    fn dec_re_many(sk: &SecretKey, c: &[FirstLevel]) -> Vec<Result<Message<Gt>, Infallible>> {
        wiped(|| {
            let exponent = inverse(sk.a2.expose());
            let powers = Zeroizing::new(c.iter().map(|c| (c.alpha, *exponent)).collect::<Vec<_>>());
            let pads = Zeroizing::new(pow_gt_batch(&powers));
            c.iter().zip(&*pads).map(|(c, pad)| Ok(Message::new(c.beta / *pad))).collect()
        })
    }
}
