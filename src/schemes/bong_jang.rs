//! Bong and Jang (Journal of Mobile Multimedia 19(4), 2023), section 3.2: this crate's scheme, [`pre`](crate::pre), with
//! keys that come from no Diffie-Hellman.
//!
//! ```text
//! KeyGen    k_d <- Z_q^*,  k_e = g2^{k_d};  public Y = e(g1, k_e)
//! Enc       M, r;  Z = g1^r,  C = M·Y^r
//! ReKeyGen  k_re = k'_e / k_e                    (1), from both secrets
//! ReEnc     C' = C·e(Z, k_re)                    (2)
//! Dec       M = C' / e(Z, k'_e)                  (3), and with k_e for C
//! ```
//!
//! Departure: the paper encrypts with k_e; Y encrypts to the same C and may be published (see `pre`).
//!
//! The proxy and B find k_e = k'_e / k_re. It opens all that A receives under this key. It is not k_d, which nothing needs.

use super::scheme::{Bytes, Decoding, Direction, Notion, Properties, Scheme, encoding};
use crate::error::DecodeError;
use crate::pre::{Capsule, DecryptionKey, EncryptionKey, Message, Params, PublicKey, ReKey, SameKey, Seed};
use core::convert::Infallible;
use rand_core::CryptoRng;
use std::sync::LazyLock;

/// The standard generators. The seed k_s enters the derivation of keys alone, and these keys are drawn.
static PARAMS: LazyLock<Params> = LazyLock::new(|| Params::new(Seed([0; 32])));

/// The scheme of Bong and Jang, with Y.
#[derive(Clone, Copy, Debug)]
pub struct BongJang;

encoding!(PublicKey, |y| y.to_bytes());
encoding!(ReKey, |k_re| k_re.to_bytes().expose());
encoding!(Capsule, |c| c.to_bytes());
encoding!(Message, |m| m.to_bytes().expose());

impl Decoding for PublicKey {
    type Known = ();

    fn decode(bytes: &[u8], (): &()) -> Result<Self, DecodeError> {
        Self::from_bytes(bytes)
    }
}

impl Decoding for ReKey {
    type Known = ();

    fn decode(bytes: &[u8], (): &()) -> Result<Self, DecodeError> {
        Self::from_bytes(bytes)
    }
}

impl Decoding for Capsule {
    type Known = ();

    fn decode(bytes: &[u8], (): &()) -> Result<Self, DecodeError> {
        Self::from_bytes(bytes)
    }
}

impl Scheme for BongJang {
    const PROPERTIES: Properties = Properties {
        name: "Bong-Jang 2023, with Y",
        direction: Direction::BothWays,
        collusion: "k_e, and not k_d",
        transferable: true,
        notion: Notion::Hra,
        assumption: "DDH in G1",
        bytes: Bytes { public_key: 192, re_key: 96, ciphertext: 240, re_encrypted: 240 },
    };

    type Setup = ();
    type PublicKey = PublicKey;
    type SecretKey = EncryptionKey;
    type Delegatee = EncryptionKey;
    type ReKey = ReKey;
    type Message = Message;
    type Ciphertext = Capsule;
    type ReEncrypted = Capsule;
    type Refusal = Infallible;

    fn setup(_: &mut impl CryptoRng) {}

    fn key_gen((): &(), _: &[u8], rng: &mut impl CryptoRng) -> (PublicKey, EncryptionKey) {
        let k_d = DecryptionKey::random(rng);
        (k_d.public_key(&PARAMS), k_d.encryption_key(&PARAMS))
    }

    fn delegatee<'a>(_: &'a PublicKey, k_e_prime: &'a EncryptionKey) -> &'a EncryptionKey {
        k_e_prime
    }

    fn re_key_gen(k_e: &EncryptionKey, k_e_prime: &EncryptionKey, _: &mut impl CryptoRng) -> Result<ReKey, SameKey> {
        ReKey::new(k_e, k_e_prime)
    }

    fn enc(y: &PublicKey, rng: &mut impl CryptoRng) -> (Capsule, Message) {
        y.encapsulate(&PARAMS, rng)
    }

    fn re_enc(k_re: &ReKey, c: &Capsule, _: &mut impl CryptoRng) -> Result<Capsule, Infallible> {
        Ok(k_re.reencrypt(c))
    }

    fn re_enc_many(k_re: &ReKey, c: &[Capsule], _: &mut impl CryptoRng) -> Vec<Result<Capsule, Infallible>> {
        k_re.prepare().reencrypt(c).into_iter().map(Ok).collect()
    }

    fn dec(k_e: &EncryptionKey, c: &Capsule) -> Result<Message, Infallible> {
        Ok(k_e.decapsulate(c))
    }

    fn dec_re(k_e_prime: &EncryptionKey, c: &Capsule) -> Result<Message, Infallible> {
        Self::dec(k_e_prime, c)
    }

    fn dec_re_many(k_e_prime: &EncryptionKey, c: &[Capsule]) -> Vec<Result<Message, Infallible>> {
        k_e_prime.prepare().decapsulate(c).into_iter().map(Ok).collect()
    }
}
