//! Green, Ateniese (ACNS 2007): IBP1, identity-based, on the scheme of Boneh and Franklin.
//!
//! ```text
//! Setup     s <- Z_q^*,  params = g1^s           by the authority
//! KeyGen    sk_id = H1(id)^s                     by the authority
//! Enc       m, r;  c_id = (g1^r, m·e(g1^s, H1(id))^r)
//! RKGen     X <- GT,  (R1, R2) = Enc(id2, X),  R3 = sk_id1^(-1)·H2(X);  rk = (R1, R2, R3)
//! Reencrypt of (C1, C2):  (C1, C2·e(C1, R3)) with (R1, R2)
//! Dec       of (C1, C2):  m = C2 / e(C1, sk_id)
//!           of a re-encrypted one:  X = Dec(R1, R2),  m = C2 / e(C1, H2(X))
//! ```
//! Since C2·e(C1, R3) = m·e(C1, H2(X)), and (R1, R2) is itself a ciphertext of X for id2, the next Reencrypt replaces
//! (R1, R2) in the same way. A ciphertext is a list of pairs, which each re-encryption makes longer by 240 bytes.
//!
//! Departure: the paper has a symmetric pairing. On a Type-3 pairing C1 and g^s are in G1; H1, H2, sk and R3 are in G2. H1
//! and H2 are the hash to G2 of RFC 9380 with two domains.
//!
//! The proxy and B find sk_id1 = H2(X) / R3, the whole secret key of A.

use super::scheme::{
    Bytes, Decoding, Direction, Message, Notion, Properties, Scheme, el_gamal, encoding, g1, parts, random,
};
use crate::error::DecodeError;
use crate::group::{G1, G2, G2Prepared, Gt, Scalar, pair_and_multiply, pairing, pairing_batch};
use crate::hash::label::dst;
use crate::pre::SameKey;
use crate::secret::{Secret, wiped, wiped_short};
use core::convert::Infallible;
use rand_core::CryptoRng;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// IBP1 of Green and Ateniese.
#[derive(Clone, Copy, Debug)]
pub struct Ga07;

/// The authority: s, and g1^s.
#[derive(Clone, Debug)]
pub struct Authority {
    s: Secret<Scalar>,
    g1_s: G1,
}

/// params = g1^s: 48 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters(G1);

/// params and H1(id): no bytes beyond the identity, since all users share g1^s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey {
    g1_s: G1,
    h1: G2,
}

impl Authority {
    /// params, for everybody.
    pub const fn parameters(&self) -> Parameters {
        Parameters(self.g1_s)
    }
}

impl PublicKey {
    /// The public key of an identity. Anybody can compute it.
    pub fn new(params: &Parameters, id: &[u8]) -> Self {
        Self { g1_s: params.0, h1: G2::hash(id, dst::GA07_H1) }
    }
}

/// sk_id.
#[derive(Clone, Debug)]
pub struct SecretKey(pub(super) Secret<G2>);

/// A pair (C1, C2) for one identity: 48 + 192 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    pub(super) c1: G1,
    pub(super) c2: Gt,
}

/// (R1, R2) and R3: 240 + 96 bytes; R3 is secret.
#[derive(Clone, Debug)]
pub struct ReKey {
    pub(super) r12: Pair,
    pub(super) r3: Secret<G2>,
}

/// After n re-encryptions: n pairs under H2 of the X in the next pair, then the pair for the reader's identity.
/// 240·(n + 1) bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ciphertext {
    pub(super) under_x: Vec<Pair>,
    pub(super) last: Pair,
}

impl ZeroizeOnDrop for Authority {}
impl ZeroizeOnDrop for SecretKey {}
impl ZeroizeOnDrop for ReKey {}
encoding!(Parameters, |params| params.0.to_bytes());
encoding!(PublicKey, |_pk| []);
encoding!(Pair, |c| c.c1.to_bytes(), c.c2.to_bytes());
encoding!(ReKey, |rk| rk.r12.encoding(), rk.r3.expose().to_bytes());
encoding!(
    Ciphertext,
    |c| c.under_x.iter().flat_map(|pair| pair.encoding().to_vec()).collect::<Vec<_>>(),
    c.last.encoding()
);

impl Decoding for Parameters {
    type Known = ();

    fn decode(bytes: &[u8], (): &()) -> Result<Self, DecodeError> {
        G1::from_bytes(bytes).map(Self)
    }
}

impl Decoding for Pair {
    type Known = ();

    fn decode(bytes: &[u8], (): &()) -> Result<Self, DecodeError> {
        let [c1, c2] = parts("ciphertext", bytes, [G1::BYTES, Gt::BYTES])?;
        Ok(Self { c1: G1::from_bytes(c1)?, c2: Gt::from_bytes(c2)? })
    }
}

impl Decoding for ReKey {
    type Known = ();

    fn decode(bytes: &[u8], (): &()) -> Result<Self, DecodeError> {
        wiped_short(|| {
            let [r12, r3] = parts("re-encryption key", bytes, [PAIR, G2::BYTES])?;
            Ok(Self { r12: Pair::decode(r12, &())?, r3: Secret::new(G2::from_bytes(r3)?) })
        })
    }
}

impl Decoding for Ciphertext {
    type Known = ();

    fn decode(bytes: &[u8], (): &()) -> Result<Self, DecodeError> {
        let (pairs, rest) = bytes.as_chunks::<PAIR>();
        let ([under_x @ .., last], []) = (pairs, rest) else {
            let expected = bytes.len().next_multiple_of(PAIR).max(PAIR);
            return Err(DecodeError::Length { what: "ciphertext", expected, got: bytes.len() });
        };
        let read = |pair: &[u8; PAIR]| Pair::decode(pair, &());
        Ok(Self { under_x: under_x.iter().map(read).collect::<Result<_, _>>()?, last: read(last)? })
    }
}

/// Bytes of a pair.
const PAIR: usize = G1::BYTES + Gt::BYTES;

/// H2.
pub(super) fn h2(x: &Gt) -> Zeroizing<G2> {
    Zeroizing::new(G2::hash(&*Zeroizing::new(x.to_bytes()), dst::GA07_H2))
}

/// Enc of a given m.
fn seal(pk: &PublicKey, m: &Gt, rng: &mut impl CryptoRng) -> Pair {
    let r = random(rng);
    Pair { c1: g1(&r), c2: *m * pairing(&pk.g1_s.pow(&r), &pk.h1) }
}

/// m of a pair, by sk_id or H2(X).
pub(super) fn open(key: &G2, c: &Pair) -> Zeroizing<Gt> {
    Zeroizing::new(c.c2 / pairing(&c.c1, key))
}

/// [`open`] of each pair by its key.
fn open_all(keys: &[G2], pairs: &[&Pair]) -> Zeroizing<Vec<Gt>> {
    let points = Zeroizing::new(pairs.iter().zip(keys).map(|(pair, key)| (pair.c1, *key)).collect::<Vec<_>>());
    let pads = Zeroizing::new(pairing_batch(&points));
    Zeroizing::new(pairs.iter().zip(&*pads).map(|(pair, pad)| pair.c2 / *pad).collect())
}

impl Scheme for Ga07 {
    const PROPERTIES: Properties = Properties {
        name: "Green-Ateniese 2007, IBP1",
        direction: Direction::OneWay,
        collusion: "sk of A",
        transferable: true,
        notion: Notion::Cpa,
        assumption: "DBDH, ROM",
        bytes: Bytes { public_key: 0, re_key: 336, ciphertext: 240, re_encrypted: 480 },
    };

    type Setup = Authority;
    type PublicKey = PublicKey;
    type SecretKey = SecretKey;
    type Delegatee = PublicKey;
    type ReKey = ReKey;
    type Message = Message<Gt>;
    type Ciphertext = Ciphertext;
    type ReEncrypted = Ciphertext;
    type Refusal = Infallible;

    fn setup(rng: &mut impl CryptoRng) -> Authority {
        wiped(|| {
            let s = random(rng);
            Authority { s: Secret::new(*s), g1_s: g1(&s) }
        })
    }

    fn key_gen(authority: &Authority, id: &[u8], _: &mut impl CryptoRng) -> (PublicKey, SecretKey) {
        wiped(|| {
            let pk = PublicKey::new(&authority.parameters(), id);
            let sk = Secret::new(pk.h1.pow(authority.s.expose()));
            (pk, SecretKey(sk))
        })
    }

    fn delegatee<'a>(id2: &'a PublicKey, _: &'a SecretKey) -> &'a PublicKey {
        id2
    }

    fn re_key_gen(sk_id1: &SecretKey, id2: &PublicKey, rng: &mut impl CryptoRng) -> Result<ReKey, SameKey> {
        wiped(|| {
            let x = Zeroizing::new(Gt::random(rng));
            Ok(ReKey { r12: seal(id2, &x, rng), r3: Secret::new(*h2(&x) / *sk_id1.0.expose()) })
        })
    }

    fn enc(id: &PublicKey, rng: &mut impl CryptoRng) -> (Ciphertext, Message<Gt>) {
        wiped(|| {
            let m = Zeroizing::new(Gt::random(rng));
            (Ciphertext { under_x: Vec::new(), last: seal(id, &m, rng) }, Message::new(*m))
        })
    }

    fn enc_many(id: &PublicKey, n: usize, rng: &mut impl CryptoRng) -> Vec<(Ciphertext, Message<Gt>)> {
        let pairs = el_gamal(&pairing(&id.g1_s, &id.h1), n, rng).into_iter();
        pairs.map(|((c1, c2), m)| (Ciphertext { under_x: Vec::new(), last: Pair { c1, c2 } }, m)).collect()
    }

    fn re_enc(rk: &ReKey, c: &Ciphertext, _: &mut impl CryptoRng) -> Result<Ciphertext, Infallible> {
        wiped(|| {
            let Pair { c1, c2 } = c.last;
            let moved = Pair { c1, c2: c2 * pairing(&c1, rk.r3.expose()) };
            Ok(Ciphertext { under_x: [&c.under_x[..], &[moved]].concat(), last: rk.r12 })
        })
    }

    fn re_enc_many(rk: &ReKey, c: &[Ciphertext], _: &mut impl CryptoRng) -> Vec<Result<Ciphertext, Infallible>> {
        wiped(|| {
            let pairs: Vec<_> = c.iter().map(|c| (c.last.c1, c.last.c2)).collect();
            let moved = pair_and_multiply(&pairs, &G2Prepared::new(rk.r3.expose()));
            let longer = |(c, c2): (&Ciphertext, _)| {
                let moved = Pair { c1: c.last.c1, c2 };
                Ok(Ciphertext { under_x: [&c.under_x[..], &[moved]].concat(), last: rk.r12 })
            };
            c.iter().zip(moved).map(longer).collect()
        })
    }

    fn dec(sk: &SecretKey, c: &Ciphertext) -> Result<Message<Gt>, Infallible> {
        wiped(|| {
            let inner = open(sk.0.expose(), &c.last);
            Ok(Message::new(*c.under_x.iter().rev().fold(inner, |x, pair| open(&h2(&x), pair))))
        })
    }

    fn dec_re(sk: &SecretKey, c: &Ciphertext) -> Result<Message<Gt>, Infallible> {
        Self::dec(sk, c)
    }

    /// Computes the pairings of each level in batches.
    fn dec_re_many(sk: &SecretKey, c: &[Ciphertext]) -> Vec<Result<Message<Gt>, Infallible>> {
        wiped(|| {
            let last: Vec<_> = c.iter().map(|c| &c.last).collect();
            let mut m = open_all(&Zeroizing::new(vec![*sk.0.expose(); c.len()]), &last);
            let levels = c.iter().map(|c| c.under_x.len()).max().unwrap_or(0);
            for level in 0..levels {
                // The ciphertexts with a pair at this level; levels count from the last pair.
                let with: Vec<_> = (0..c.len()).filter(|i| c[*i].under_x.len() > level).collect();
                let keys = Zeroizing::new(with.iter().map(|i| *h2(&m[*i])).collect::<Vec<_>>());
                let pairs: Vec<_> = with.iter().filter_map(|i| c[*i].under_x.iter().rev().nth(level)).collect();
                let opened = open_all(&keys, &pairs);
                with.iter().zip(&*opened).for_each(|(i, opened)| m[*i] = *opened);
            }
            m.iter().map(|m| Ok(Message::new(*m))).collect()
        })
    }
}
