//! Libert, Vergnaud (PKC 2008): unidirectional, one hop, secure against replayable chosen ciphertexts.
//!
//! ```text
//! Setup     u, v in G2
//! KeyGen    x_i <- Z_q^*,  X_i = g1^x_i, and g2^x_i
//! ReKeyGen  R_ij = (g2^x_j)^(1/x_i)              from A's secret and B's public key
//! Enc2      m, r, a one-time key pair (ssk, svk);  C1 = svk,  C2 = X_i^r,  C3 = m·e(g1, g2)^r,  C4 = (u^svk·v)^r,
//!           σ = Sign(ssk; C3, C4)
//! ReEnc     check (2);  t;  C2' = X_i^t,  C2'' = R_ij^(1/t),  C2''' = C2^t,  and C1, C3, C4, σ as they are
//! Dec2      check (2);  m = C3 / e(C2, g2)^(1/x_i)
//! Dec1      check (1);  m = C3 / e(C2''', C2'')^(1/x_j)
//! check (2) e(C2, u^C1·v) = e(X_i, C4), and σ
//! check (1) e(C2', C2'') = e(g1, g2^x_j),  e(C2''', u^C1·v) = e(C2', C4), and σ
//! ```
//!
//! Departure: the paper has a symmetric pairing. On a Type-3 pairing C2, C2' and C2''' are in G1; C4, C2'', R_ij, u and v
//! are in G2; a public key has X_i in both groups. Departure: u and v are hashes to G2, so that nobody knows their
//! exponents and no setup is needed. Departure: the paper leaves the one-time signature open but wants it strongly
//! unforgeable. Here it is Ed25519 (RFC 8032) by aws-lc-rs, and svk enters the exponent by its SHA-256.
//!
//! The first-level encryption Enc1, for readers that nobody may delegate from, is left out.
//!
//! The proxy and B find R_ij^(1/x_j) = g2^(1/x_i). It opens all second-level ciphertexts of A. It is not x_i.

use super::scheme::{
    Bytes, Decoding, Direction, Message, Notion, Properties, Scheme, encoding, g_t, g1, inverse, parts, random,
};
use crate::error::DecodeError;
use crate::group::{G1, G2, Gt, Scalar, pairing, pairing_batch, pow_g1_batch, pow_gt_batch};
use crate::hash::{label, tagged};
use crate::pre::SameKey;
use crate::secret::{Secret, wiped, wiped_short};
use crate::wire::concat;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use rand_core::CryptoRng;
use std::sync::LazyLock;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// u and v.
static U_V: LazyLock<[G2; 2]> =
    LazyLock::new(|| [label::dst::LV08_U, label::dst::LV08_V].map(|dst| G2::hash(b"", dst)));

/// The scheme of Libert and Vergnaud.
#[derive(Clone, Copy, Debug)]
pub struct Lv08;

/// A check of the ciphertext failed: a part was altered, or the ciphertext belongs to another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the ciphertext is invalid")]
pub struct Invalid;

/// g1^x and g2^x: 48 + 96 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey {
    pub(super) x1: G1,
    pub(super) x2: G2,
}

/// x, and the public key, which the checks need.
#[derive(Clone, Debug)]
pub struct SecretKey {
    pub(super) x: Secret<Scalar>,
    pub(super) public: PublicKey,
}

/// R_ij: 96 bytes, secret; with X_i, which is public.
#[derive(Clone, Debug)]
pub struct ReKey {
    pub(super) r: Secret<G2>,
    pub(super) from: G1,
}

/// C1, C3, C4 and σ, which no re-encryption changes: 32 + 192 + 96 + 64 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed {
    pub(super) svk: [u8; 32],
    pub(super) c3: Gt,
    pub(super) c4: G2,
    pub(super) sigma: [u8; 64],
}

/// Second level: C2 and the signed part, 48 + 384 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecondLevel {
    pub(super) c2: G1,
    pub(super) signed: Signed,
}

/// First level: C2', C2'', C2''' and the signed part, 48 + 96 + 48 + 384 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstLevel {
    pub(super) c2_1: G1,
    pub(super) c2_2: G2,
    pub(super) c2_3: G1,
    pub(super) signed: Signed,
}

impl ZeroizeOnDrop for SecretKey {}
impl ZeroizeOnDrop for ReKey {}
encoding!(PublicKey, |pk| pk.x1.to_bytes(), pk.x2.to_bytes());
encoding!(ReKey, |rk| rk.r.expose().to_bytes());
encoding!(Signed, |c| c.svk, c.c3.to_bytes(), c.c4.to_bytes(), c.sigma);
encoding!(SecondLevel, |c| c.c2.to_bytes(), c.signed.encoding());
encoding!(FirstLevel, |c| c.c2_1.to_bytes(), c.c2_2.to_bytes(), c.c2_3.to_bytes(), c.signed.encoding());

impl Decoding for PublicKey {
    type Known = ();

    fn decode(bytes: &[u8], (): &()) -> Result<Self, DecodeError> {
        let [x1, x2] = parts("public key", bytes, [G1::BYTES, G2::BYTES])?;
        let (x1, x2) = (G1::from_bytes(x1)?, G2::from_bytes(x2)?);
        // The two parts must have the same exponent.
        let same = pairing(&x1, &G2::generator()) == pairing(&G1::generator(), &x2);
        if same { Ok(Self { x1, x2 }) } else { Err(DecodeError::NonCanonical { what: "public key" }) }
    }
}

/// `Known` is the public key of A.
impl Decoding for ReKey {
    type Known = PublicKey;

    fn decode(bytes: &[u8], from: &PublicKey) -> Result<Self, DecodeError> {
        wiped_short(|| Ok(Self { r: Secret::new(G2::from_bytes(bytes)?), from: from.x1 }))
    }
}

impl Decoding for Signed {
    type Known = ();

    fn decode(bytes: &[u8], (): &()) -> Result<Self, DecodeError> {
        let [svk, c3, c4, sigma] = parts("ciphertext", bytes, SIGNED)?;
        let (svk, sigma) = (concat(&[svk]), concat(&[sigma]));
        Ok(Self { svk, c3: Gt::from_bytes(c3)?, c4: G2::from_bytes(c4)?, sigma })
    }
}

impl Decoding for SecondLevel {
    type Known = ();

    fn decode(bytes: &[u8], (): &()) -> Result<Self, DecodeError> {
        let [c2, signed] = parts("ciphertext", bytes, [G1::BYTES, SIGNED_BYTES])?;
        Ok(Self { c2: G1::from_bytes(c2)?, signed: Signed::decode(signed, &())? })
    }
}

impl Decoding for FirstLevel {
    type Known = ();

    fn decode(bytes: &[u8], (): &()) -> Result<Self, DecodeError> {
        let sizes = [G1::BYTES, G2::BYTES, G1::BYTES, SIGNED_BYTES];
        let [c2_1, c2_2, c2_3, signed] = parts("re-encrypted ciphertext", bytes, sizes)?;
        let (c2_1, c2_2, c2_3) = (G1::from_bytes(c2_1)?, G2::from_bytes(c2_2)?, G1::from_bytes(c2_3)?);
        Ok(Self { c2_1, c2_2, c2_3, signed: Signed::decode(signed, &())? })
    }
}

/// Bytes of svk, C3, C4 and σ.
const SIGNED: [usize; 4] = [32, Gt::BYTES, G2::BYTES, 64];
const SIGNED_BYTES: usize = 384;

/// u^svk·v.
fn base(svk: &[u8]) -> G2 {
    let svk = Scalar::from_wide(&concat(&[&[0; 16], &tagged(label::LV08_SVK, &[svk]).0]));
    U_V[0].pow(&svk) * U_V[1]
}

/// What σ signs.
fn statement(c3: &Gt, c4: &G2) -> [u8; Gt::BYTES + G2::BYTES] {
    concat(&[&c3.to_bytes(), &c4.to_bytes()])
}

impl Signed {
    /// Whether σ is right.
    fn signed(&self) -> bool {
        UnparsedPublicKey::new(&ED25519, self.svk).verify(&statement(&self.c3, &self.c4), &self.sigma).is_ok()
    }

    /// Checks σ, and e(left, u^svk·v) = e(right, C4).
    fn check(&self, left: &G1, right: &G1) -> Result<(), Invalid> {
        let bound = pairing(left, &base(&self.svk)) == pairing(right, &self.c4);
        if self.signed() && bound { Ok(()) } else { Err(Invalid) }
    }
}

impl Scheme for Lv08 {
    const PROPERTIES: Properties = Properties {
        name: "Libert-Vergnaud 2008",
        direction: Direction::OneWay,
        collusion: "g2^(1/x): the second level, and not x",
        transferable: true,
        notion: Notion::Rcca,
        assumption: "3-wDBDHI, strong one-time signature",
        bytes: Bytes { public_key: 144, re_key: 96, ciphertext: 432, re_encrypted: 576 },
    };

    type Setup = ();
    type PublicKey = PublicKey;
    type SecretKey = SecretKey;
    type Delegatee = PublicKey;
    type ReKey = ReKey;
    type Message = Message<Gt>;
    type Ciphertext = SecondLevel;
    type ReEncrypted = FirstLevel;
    type Refusal = Invalid;

    fn setup(_: &mut impl CryptoRng) {}

    fn key_gen((): &(), _: &[u8], rng: &mut impl CryptoRng) -> (PublicKey, SecretKey) {
        wiped(|| {
            let x = random(rng);
            let public = PublicKey { x1: g1(&x), x2: G2::generator().pow(&x) };
            (public, SecretKey { x: Secret::new(*x), public })
        })
    }

    fn delegatee<'a>(pk_j: &'a PublicKey, _: &'a SecretKey) -> &'a PublicKey {
        pk_j
    }

    fn re_key_gen(sk_i: &SecretKey, pk_j: &PublicKey, _: &mut impl CryptoRng) -> Result<ReKey, SameKey> {
        wiped(|| Ok(ReKey { r: Secret::new(pk_j.x2.pow(&inverse(sk_i.x.expose()))), from: sk_i.public.x1 }))
    }

    fn enc(pk: &PublicKey, rng: &mut impl CryptoRng) -> (SecondLevel, Message<Gt>) {
        wiped(|| {
            let (m, r, mut seed) = (Zeroizing::new(Gt::random(rng)), random(rng), Zeroizing::new([0; 32]));
            rng.fill_bytes(&mut *seed);
            // The library fails for a seed of another length alone.
            let ssk = Ed25519KeyPair::from_seed_unchecked(&*seed).unwrap_or_else(|_| unreachable!("32 bytes"));
            let svk = concat(&[ssk.public_key().as_ref()]);
            let (c3, c4) = (*m * g_t(&r), base(&svk).pow(&r));
            let sigma = concat(&[ssk.sign(&statement(&c3, &c4)).as_ref()]);
            (SecondLevel { c2: pk.x1.pow(&r), signed: Signed { svk, c3, c4, sigma } }, Message::new(*m))
        })
    }

    fn re_enc(rk: &ReKey, c: &SecondLevel, rng: &mut impl CryptoRng) -> Result<FirstLevel, Invalid> {
        wiped(|| {
            c.signed.check(&c.c2, &rk.from)?;
            let t = random(rng);
            let c2_2 = rk.r.expose().pow(&inverse(&t));
            Ok(FirstLevel { c2_1: rk.from.pow(&t), c2_2, c2_3: c.c2.pow(&t), signed: c.signed })
        })
    }

    /// Computes the pairings of check (2) and the powers to t in batches.
    fn re_enc_many(rk: &ReKey, c: &[SecondLevel], rng: &mut impl CryptoRng) -> Vec<Result<FirstLevel, Invalid>> {
        wiped(|| {
            let pairs: Vec<_> = c.iter().flat_map(|c| [(c.c2, base(&c.signed.svk)), (rk.from, c.signed.c4)]).collect();
            let pairings = pairing_batch(&pairs);
            let sides = c.iter().zip(pairings.as_chunks().0);
            let valid: Vec<_> = sides.map(|(c, [a, b])| c.signed.signed() && a == b).collect();
            let drawn = c.iter().zip(&valid).filter(|(_, valid)| **valid);
            let drawn: Vec<_> = drawn.map(|(c, _)| (c, Secret::new(*random(rng)))).collect();
            let power = |p: G1, t: &Secret<Scalar>| (p, *t.expose());
            let c2_1 = Zeroizing::new(drawn.iter().map(|(_, t)| power(rk.from, t)).collect::<Vec<_>>());
            let c2_3 = Zeroizing::new(drawn.iter().map(|(c, t)| power(c.c2, t)).collect::<Vec<_>>());
            let (c2_1, c2_3) = (pow_g1_batch(&c2_1), pow_g1_batch(&c2_3));
            let mut moved = drawn.iter().zip(c2_1.iter().zip(c2_3)).map(|((c, t), (c2_1, c2_3))| FirstLevel {
                c2_1: *c2_1,
                c2_2: rk.r.expose().pow(&inverse(t.expose())),
                c2_3,
                signed: c.signed,
            });
            valid.iter().map(|valid| if *valid { moved.next().ok_or(Invalid) } else { Err(Invalid) }).collect()
        })
    }

    fn dec(sk: &SecretKey, c: &SecondLevel) -> Result<Message<Gt>, Invalid> {
        wiped(|| {
            c.signed.check(&c.c2, &sk.public.x1)?;
            Ok(Message::new(c.signed.c3 / pairing(&c.c2, &G2::generator()).pow(&inverse(sk.x.expose()))))
        })
    }

    fn dec_re(sk: &SecretKey, c: &FirstLevel) -> Result<Message<Gt>, Invalid> {
        wiped(|| {
            if pairing(&c.c2_1, &c.c2_2) != pairing(&G1::generator(), &sk.public.x2) {
                return Err(Invalid);
            }
            c.signed.check(&c.c2_3, &c.c2_1)?;
            Ok(Message::new(c.signed.c3 / pairing(&c.c2_3, &c.c2_2).pow(&inverse(sk.x.expose()))))
        })
    }

    /// Computes the pairings and the powers in batches.
    fn dec_re_many(sk: &SecretKey, c: &[FirstLevel]) -> Vec<Result<Message<Gt>, Invalid>> {
        wiped(|| {
            let pairs = c.iter().flat_map(|c| {
                let (base, c4) = ((c.c2_3, base(&c.signed.svk)), (c.c2_1, c.signed.c4));
                [(c.c2_1, c.c2_2), base, c4, (c.c2_3, c.c2_2)]
            });
            let pairings = Zeroizing::new(pairing_batch(&pairs.collect::<Vec<_>>()));
            let (pairings, _) = pairings.as_chunks::<4>();
            let expected = pairing(&G1::generator(), &sk.public.x2);
            let exponent = inverse(sk.x.expose());
            let powers = Zeroizing::new(pairings.iter().map(|pairings| (pairings[3], *exponent)).collect::<Vec<_>>());
            let pads = Zeroizing::new(pow_gt_batch(&powers));
            let opened = |((c, [first, left, right, _]), pad): ((&FirstLevel, &[Gt; 4]), &Gt)| {
                let valid = *first == expected && left == right && c.signed.signed();
                if valid { Ok(Message::new(c.signed.c3 / *pad)) } else { Err(Invalid) }
            };
            c.iter().zip(pairings).zip(&*pads).map(opened).collect()
        })
    }
}
