//! The keys of one party and one scope: sk, k_d, k_e and Y.

use super::capsule::{Capsule, Message};
use super::params::Params;
use crate::error::DecodeError;
use crate::group::{G2, G2Prepared, Gt, GtTable, Scalar, pair_and_multiply, pow_gt_batch, pow_table_batch};
use crate::secret::Secret;
use crate::wire::{Reader, Wire, Writer};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// sk: the secret of a user and a hospital, from their [`Handshake`](super::Handshake). 32 bytes.
#[derive(Clone, Debug)]
pub struct SharedSecret(Secret<[u8; 32]>);

impl SharedSecret {
    /// A secret kept from an earlier handshake.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// The bytes, for storage under the owner's own protection.
    pub const fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

/// k_d, in Z_q^*: 32 secret bytes.
#[derive(Clone, Debug)]
pub struct DecryptionKey(Secret<Scalar>);

impl DecryptionKey {
    /// None for zero, which is no key.
    pub(super) fn new(k_d: Scalar) -> Option<Self> {
        (!k_d.is_zero()).then_some(Self(Secret::new(k_d)))
    }

    /// A key of its own, bound to no Diffie-Hellman secret.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::new(Scalar::random(rng)))
    }

    /// k_e = g2^{k_d}.
    pub fn encryption_key(&self, params: &Params) -> EncryptionKey {
        EncryptionKey(Secret::new(params.g2().pow(self.0.expose())))
    }

    /// Y = e(g1, g2)^{k_d}.
    pub fn public_key(&self, params: &Params) -> PublicKey {
        PublicKey(params.g_t().pow(self.0.expose()))
    }

    /// The bytes, secret.
    pub fn to_bytes(&self) -> Secret<[u8; 32]> {
        Secret::new(self.0.expose().to_bytes())
    }

    /// Reads 32 bytes.
    ///
    /// # Errors
    /// [`DecodeError`]; zero is [`DecodeError::Identity`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::new(Scalar::from_bytes(bytes)?).ok_or(DecodeError::Identity { what: "k_d" })
    }
}

/// k_e, in G2: 96 secret bytes. It encrypts and, as Equation (3) uses it, decrypts.
#[derive(Clone, Debug)]
pub struct EncryptionKey(pub(super) Secret<G2>);

impl EncryptionKey {
    /// Bytes of an encoding.
    pub const BYTES: usize = G2::BYTES;

    /// M = C / e(Z, k_e): Equation (3). A wrong key yields another M; the envelope's key commitment tells.
    pub fn decapsulate(&self, capsule: &Capsule) -> Message {
        Message::new(capsule.c / crate::group::pairing(&capsule.z, self.0.expose()))
    }

    /// The key made ready for many capsules.
    pub fn prepare(&self) -> PreparedKey {
        PreparedKey(G2Prepared::new(&self.0.expose().inverse()))
    }

    /// The bytes, secret.
    pub fn to_bytes(&self) -> Secret<[u8; G2::BYTES]> {
        Secret::new(self.0.expose().to_bytes())
    }

    /// Reads 96 bytes.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        G2::from_bytes(bytes).map(|k_e| Self(Secret::new(k_e)))
    }
}

/// k_e^{-1} with its lines, so that Equation (3) is a product: M = C · e(Z, k_e^{-1}).
#[derive(Clone, Debug)]
pub struct PreparedKey(G2Prepared);

impl PreparedKey {
    /// M_i for each capsule, in parallel.
    pub fn decapsulate(&self, capsules: &[Capsule]) -> Vec<Message> {
        let pairs: Vec<_> = capsules.iter().map(|capsule| (capsule.z, capsule.c)).collect();
        pair_and_multiply(&pairs, &self.0).into_iter().map(Message::new).collect()
    }
}

/// Y = e(g1, g2)^{k_d}, in GT: 192 bytes, public. It encrypts and cannot decrypt.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(pub(super) Gt);

impl core::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "PublicKey({})", hex::encode(self.0.to_bytes()))
    }
}

impl PublicKey {
    /// A fresh M in GT and its capsule: Z = g1^r, C = M · Y^r.
    pub fn encapsulate(&self, params: &Params, rng: &mut impl CryptoRng) -> (Capsule, Message) {
        let m = params.g_t().pow(&Scalar::random(rng));
        (Capsule::seal(params, self, &m, &Scalar::random(rng)), Message::new(m))
    }

    /// `n` fresh capsules, in batches and on all cores once their randomness is drawn.
    pub fn encapsulate_many(&self, params: &Params, n: usize, rng: &mut impl CryptoRng) -> Vec<(Capsule, Message)> {
        let (t, r) = draw(n, rng);
        let powers = |base: Gt, exponents: &[Scalar]| {
            let pairs = Zeroizing::new(exponents.iter().map(|k| (base, *k)).collect::<Vec<_>>());
            Zeroizing::new(pow_gt_batch(&pairs))
        };
        seal_many(params, &powers(*params.g_t(), &t), &powers(self.0, &r), &r)
    }

    /// The key with tables of the powers of Y and of e(g1, g2): 1.2 MB each, worth it from about 30 capsules on.
    pub fn prepare(&self, params: &Params) -> PreparedPublicKey {
        let (y, g_t) = (GtTable::new(&self.0), params.g_t_table().into_owned());
        PreparedPublicKey { params: params.clone(), y, g_t }
    }
}

/// Y with its table, for those who encrypt many records to one key.
#[derive(Clone, Debug)]
pub struct PreparedPublicKey {
    params: Params,
    y: GtTable,
    g_t: GtTable,
}

impl PreparedPublicKey {
    /// A fresh M in GT and its capsule.
    pub fn encapsulate(&self, rng: &mut impl CryptoRng) -> (Capsule, Message) {
        let (m, r) = (self.g_t.pow(&Scalar::random(rng)), Scalar::random(rng));
        (Capsule { z: self.params.powers_of_g1(&[r])[0], c: m * self.y.pow(&r) }, Message::new(m))
    }

    /// `n` fresh capsules, in batches and on all cores once their randomness is drawn.
    pub fn encapsulate_many(&self, n: usize, rng: &mut impl CryptoRng) -> Vec<(Capsule, Message)> {
        let (t, r) = draw(n, rng);
        let m = Zeroizing::new(pow_table_batch(&self.g_t, &t));
        seal_many(&self.params, &m, &Zeroizing::new(pow_table_batch(&self.y, &r)), &r)
    }
}

/// The exponents of n capsules: t of M = e(g1, g2)^t, and r.
fn draw(n: usize, rng: &mut impl CryptoRng) -> (Zeroizing<Vec<Scalar>>, Zeroizing<Vec<Scalar>>) {
    let (mut t, mut r) = (Zeroizing::new(Vec::with_capacity(n)), Zeroizing::new(Vec::with_capacity(n)));
    for _ in 0..n {
        t.push(Scalar::random(rng));
        r.push(Scalar::random(rng));
    }
    (t, r)
}

fn seal_many(params: &Params, m: &[Gt], pads: &[Gt], r: &[Scalar]) -> Vec<(Capsule, Message)> {
    let z = params.powers_of_g1(r);
    let sealed = z.into_iter().zip(m).zip(pads);
    sealed.map(|((z, m), pad)| (Capsule { z, c: *m * *pad }, Message::new(*m))).collect()
}

impl Wire for PublicKey {
    const NAME: &'static str = "public key";

    fn write(&self, out: &mut Writer) {
        out.raw(&self.0.to_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let y = Gt::from_bytes(input.raw(Self::NAME, Gt::BYTES)?)?;
        if y.is_identity() { Err(DecodeError::Identity { what: Self::NAME }) } else { Ok(Self(y)) }
    }
}
