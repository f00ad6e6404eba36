//! Keys by name: Equations 1 to 3 of Bong and Jang as printed, with k_e = H2(scope)^a in the place of g2^{k_d}, and k'_e
//! fresh for each grant. The keys are those of Boneh and Franklin (CRYPTO 2001), with each user as the authority of the own
//! scopes.
//!
//! ```text
//! KeyGen    a <- Z_q^*,  A = g1^a                the one public key of a user
//!           k_e = H2(scope)^a                    by the user alone
//! Enc       M, r;  Z = g1^r,  C = M·e(A^r, H2(scope)) = M·Y^r,  Y = e(A, H2(scope))
//! ReKeyGen  x <- Z_q^*,  X = g1^x,  k'_e = H2'(X, B, B^x),  k_re = k'_e / k_e        (1)
//! ReEnc     C' = C·e(Z, k_re), with X            (2)
//! Dec       M = C / e(Z, k_e);  M = C' / e(Z, k'_e),  k'_e = H2'(X, B, X^b)          (3)
//! ```
//! H2 and H2' are the hash to G2 of RFC 9380 with two domain separation tags. k_e and Y are those of
//! [`NamedSecret`](crate::pre::NamedSecret) with k_s zero and the scope of one record; k'_e is defined
//! in this file.
//!
//! Departure: the paper derives k_e and k'_e from two Diffie-Hellman secrets, which the hospitals hold too. Here hospital A
//! needs A and the scope, both public, and keeps nothing that opens what it wrote; hospital B takes part by its public key.
//! X costs 48 bytes of each C'; a deployment sends X once for a grant, and C' then has 240 bytes.
//!
//! The proxy and B find k_e = k'_e / k_re of this scope, and of no other scope. `proofs/coq/Named.v` proves the
//! security of k_e and Y from DBDH in the random-oracle model. For k'_e, which needs CDH in G1, there is no proof here.

use super::scheme::{
    Bytes, Decoding, Direction, Message, Notion, Properties, Scheme, el_gamal, encoding, g1, parts, random,
};
use crate::error::DecodeError;
use crate::group::{G1, G2, G2Prepared, Gt, Scalar, pair_and_multiply, pairing, pairing_batch, pow_g1_batch};
use crate::hash::label::dst;
use crate::pre::{SameKey, Scope, Seed, scope_element};
use crate::secret::{Secret, wiped, wiped_short};
use core::convert::Infallible;
use rand_core::CryptoRng;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// Keys by name.
#[derive(Clone, Copy, Debug)]
pub struct ByName;

/// A, and H2 of the scope: 48 bytes without the name of the scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey {
    pub(super) a: G1,
    pub(super) h2: G2,
}

/// a, with A and k_e of the scope.
#[derive(Clone, Debug)]
pub struct SecretKey {
    pub(super) a: Secret<Scalar>,
    pub(super) public: G1,
    pub(super) k_e: Secret<G2>,
}

/// k_re and X: 96 + 48 bytes; k_re is secret.
#[derive(Clone, Debug)]
pub struct ReKey {
    pub(super) k_re: Secret<G2>,
    pub(super) x: G1,
}

/// (Z, C): 48 + 192 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ciphertext {
    pub(super) z: G1,
    pub(super) c: Gt,
}

/// (Z, C', X): 48 + 192 + 48 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReEncrypted {
    pub(super) z: G1,
    pub(super) c: Gt,
    pub(super) x: G1,
}

impl ZeroizeOnDrop for SecretKey {}
impl ZeroizeOnDrop for ReKey {}
encoding!(PublicKey, |pk| pk.a.to_bytes());
encoding!(ReKey, |rk| rk.k_re.expose().to_bytes(), rk.x.to_bytes());
encoding!(Ciphertext, |c| c.z.to_bytes(), c.c.to_bytes());
encoding!(ReEncrypted, |c| c.z.to_bytes(), c.c.to_bytes(), c.x.to_bytes());

/// `Known` is the scope.
impl Decoding for PublicKey {
    type Known = [u8];

    fn decode(bytes: &[u8], scope: &[u8]) -> Result<Self, DecodeError> {
        Ok(Self::new(G1::from_bytes(bytes)?, scope))
    }
}

impl Decoding for ReKey {
    type Known = ();

    fn decode(bytes: &[u8], (): &()) -> Result<Self, DecodeError> {
        wiped_short(|| {
            let [k_re, x] = parts("re-encryption key", bytes, [G2::BYTES, G1::BYTES])?;
            Ok(Self { k_re: Secret::new(G2::from_bytes(k_re)?), x: G1::from_bytes(x)? })
        })
    }
}

impl Decoding for Ciphertext {
    type Known = ();

    fn decode(bytes: &[u8], (): &()) -> Result<Self, DecodeError> {
        let [z, c] = parts("ciphertext", bytes, [G1::BYTES, Gt::BYTES])?;
        Ok(Self { z: G1::from_bytes(z)?, c: Gt::from_bytes(c)? })
    }
}

impl Decoding for ReEncrypted {
    type Known = ();

    fn decode(bytes: &[u8], (): &()) -> Result<Self, DecodeError> {
        let [z, c, x] = parts("re-encrypted ciphertext", bytes, [G1::BYTES, Gt::BYTES, G1::BYTES])?;
        Ok(Self { z: G1::from_bytes(z)?, c: Gt::from_bytes(c)?, x: G1::from_bytes(x)? })
    }
}

impl PublicKey {
    /// The public key for a scope of the user with the public key A. Anybody can compute it.
    pub fn new(a: G1, scope: &[u8]) -> Self {
        Self { a, h2: scope_element(&Seed([0; 32]), Scope::Record(scope)) }
    }
}

impl SecretKey {
    fn new(a: &Scalar, scope: &[u8]) -> (PublicKey, Self) {
        let pk = PublicKey::new(g1(a), scope);
        (pk, Self { a: Secret::new(*a), public: pk.a, k_e: Secret::new(pk.h2.pow(a)) })
    }

    /// The key pair of the same user for another scope.
    #[must_use]
    pub fn of_scope(&self, scope: &[u8]) -> (PublicKey, Self) {
        wiped(|| Self::new(self.a.expose(), scope))
    }
}

/// k'_e = H2'(X, B, B^x = X^b).
pub(super) fn k_e_prime(x: &G1, b: &G1, shared: &G1) -> Zeroizing<G2> {
    let message = Zeroizing::new([x, b, shared].map(G1::to_bytes));
    Zeroizing::new(G2::hash(message.as_flattened(), dst::GRANT))
}

impl Scheme for ByName {
    const PROPERTIES: Properties = Properties {
        name: "keys by name",
        direction: Direction::OneWay,
        collusion: "k_e of this scope, and neither a nor k_e of another scope",
        transferable: true,
        notion: Notion::Unproved,
        assumption: "DBDH, CDH in G1, ROM",
        bytes: Bytes { public_key: 48, re_key: 144, ciphertext: 240, re_encrypted: 288 },
    };

    type Setup = ();
    type PublicKey = PublicKey;
    type SecretKey = SecretKey;
    type Delegatee = PublicKey;
    type ReKey = ReKey;
    type Message = Message<Gt>;
    type Ciphertext = Ciphertext;
    type ReEncrypted = ReEncrypted;
    type Refusal = Infallible;

    fn setup(_: &mut impl CryptoRng) {}

    fn key_gen((): &(), scope: &[u8], rng: &mut impl CryptoRng) -> (PublicKey, SecretKey) {
        wiped(|| SecretKey::new(&random(rng), scope))
    }

    fn delegatee<'a>(pk_b: &'a PublicKey, _: &'a SecretKey) -> &'a PublicKey {
        pk_b
    }

    fn re_key_gen(sk_a: &SecretKey, pk_b: &PublicKey, rng: &mut impl CryptoRng) -> Result<ReKey, SameKey> {
        wiped(|| {
            let x = random(rng);
            let (big_x, shared) = (g1(&x), Zeroizing::new(pk_b.a.pow(&x)));
            let k_e_prime = k_e_prime(&big_x, &pk_b.a, &shared);
            Ok(ReKey { k_re: Secret::new(*k_e_prime / *sk_a.k_e.expose()), x: big_x })
        })
    }

    fn enc(pk: &PublicKey, rng: &mut impl CryptoRng) -> (Ciphertext, Message<Gt>) {
        wiped(|| {
            let (m, r) = (Zeroizing::new(Gt::random(rng)), random(rng));
            (Ciphertext { z: g1(&r), c: *m * pairing(&pk.a.pow(&r), &pk.h2) }, Message::new(*m))
        })
    }

    fn enc_many(pk: &PublicKey, n: usize, rng: &mut impl CryptoRng) -> Vec<(Ciphertext, Message<Gt>)> {
        let pairs = el_gamal(&pairing(&pk.a, &pk.h2), n, rng).into_iter();
        pairs.map(|((z, c), m)| (Ciphertext { z, c }, m)).collect()
    }

    fn re_enc(rk: &ReKey, c: &Ciphertext, _: &mut impl CryptoRng) -> Result<ReEncrypted, Infallible> {
        wiped(|| Ok(ReEncrypted { z: c.z, c: c.c * pairing(&c.z, rk.k_re.expose()), x: rk.x }))
    }

    fn re_enc_many(rk: &ReKey, c: &[Ciphertext], _: &mut impl CryptoRng) -> Vec<Result<ReEncrypted, Infallible>> {
        wiped(|| {
            let pairs: Vec<_> = c.iter().map(|c| (c.z, c.c)).collect();
            let moved = pair_and_multiply(&pairs, &G2Prepared::new(rk.k_re.expose()));
            pairs.iter().zip(moved).map(|((z, _), c)| Ok(ReEncrypted { z: *z, c, x: rk.x })).collect()
        })
    }

    fn dec(sk: &SecretKey, c: &Ciphertext) -> Result<Message<Gt>, Infallible> {
        wiped(|| Ok(Message::new(c.c / pairing(&c.z, sk.k_e.expose()))))
    }

    fn dec_re(sk: &SecretKey, c: &ReEncrypted) -> Result<Message<Gt>, Infallible> {
        wiped(|| {
            let shared = Zeroizing::new(c.x.pow(sk.a.expose()));
            Ok(Message::new(c.c / pairing(&c.z, &k_e_prime(&c.x, &sk.public, &shared))))
        })
    }

    fn dec_re_many(sk: &SecretKey, c: &[ReEncrypted]) -> Vec<Result<Message<Gt>, Infallible>> {
        wiped(|| {
            let powers = Zeroizing::new(c.iter().map(|c| (c.x, *sk.a.expose())).collect::<Vec<_>>());
            let shared = Zeroizing::new(pow_g1_batch(&powers));
            let key = |(c, shared): (&ReEncrypted, _)| (c.z, *k_e_prime(&c.x, &sk.public, shared));
            let pairs = Zeroizing::new(c.iter().zip(&*shared).map(key).collect::<Vec<_>>());
            let pads = Zeroizing::new(pairing_batch(&pairs));
            c.iter().zip(&*pads).map(|(c, pad)| Ok(Message::new(c.c / *pad))).collect()
        })
    }
}
