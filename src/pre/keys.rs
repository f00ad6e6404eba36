//! The keys of one party and one scope, sk, k_d, k_e and Y: key derivation, encapsulation and decapsulation.
//!
//! Paper: section 3.2, k_d = f(sk, k_s), k_e = g2^{k_d}, encryption and Equation 3.

use super::capsule::{Capsule, Message};
use super::params::{Params, Scope};
use crate::error::DecodeError;
use crate::group::traits::ark_canonical;
use crate::group::{G2, G2Prepared, Gt, GtTable, Scalar, pair_and_multiply, pairing, pow_gt_batch, pow_table_batch};
use crate::hash::{hkdf, label};
use crate::secret::{Secret, wiped, wiped_short};
use crate::wire::forms::{public_forms, secret_forms, secret_newtype, try_from_bytes};
use crate::wire::{Reader, Wire, Writer};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// sk: the secret of a user and a hospital, from their [`Handshake`](super::Handshake). 32 bytes.
///
/// ```
/// use phi_pre::pre::SharedSecret;
///
/// let sk = SharedSecret::from_bytes([7; 32]);
/// assert!(SharedSecret::try_from(&sk.expose()[..])? == sk);
/// assert_eq!(format!("{sk:?}"), "SharedSecret(<redacted>)");
/// assert!(SharedSecret::try_from(&[7; 31][..]).is_err());
/// # Ok::<(), phi_pre::error::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SharedSecret(Secret<[u8; 32]>);

secret_newtype!(SharedSecret, 32, "sk");

/// The key derivation f.
impl Params {
    /// k_d = f(sk, k_s || scope): OS2IP(HKDF-SHA256(ikm = sk, salt = k_s, info = scope, L = 48)) mod q, never zero.
    pub fn derive(&self, sk: &SharedSecret, scope: Scope<'_>) -> DecryptionKey {
        wiped(|| {
            let (kind, name) = scope.parts();
            let mut counter = 0_u8;
            loop {
                let context: [&[u8]; 3] = [&[kind], name, &[counter]];
                let wide = Zeroizing::new(hkdf(sk.expose(), &self.seed().0, label::DECRYPTION_KEY, &context));
                if let Some(key) = DecryptionKey::new(Scalar::from_wide(&wide)) {
                    return key;
                }
                counter = counter.wrapping_add(1); // reached once in 2^255 derivations
            }
        })
    }
}

/// k_d, in Z_q^*: 32 secret bytes, kept by the delegator or the delegatee.
///
/// ```
/// use phi_pre::error::DecodeError;
/// use phi_pre::pre::{DecryptionKey, Params, Scope, Seed, SharedSecret};
///
/// let params = Params::new(Seed([1; 32]));
/// let k_d = params.derive(&SharedSecret::from_bytes([2; 32]), Scope::Record(b"2026-0417"));
/// let (k_e, y) = (k_d.encryption_key(&params), k_d.public_key(&params)); // k_e secret, Y public
/// assert!(DecryptionKey::from_bytes(k_d.to_bytes().expose())? == k_d);
///
/// let zero = DecryptionKey::from_bytes(&[0; 32]).unwrap_err();
/// assert_eq!(zero, DecodeError::Identity { what: "k_d" });
/// # Ok::<(), DecodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct DecryptionKey(Secret<Scalar>);

try_from_bytes!(DecryptionKey);
secret_forms!(DecryptionKey);
ark_canonical!(DecryptionKey, secret);

impl DecryptionKey {
    /// Bytes of an encoding.
    pub const BYTES: usize = Scalar::BYTES;

    /// `None` for zero, which is no key.
    fn new(k_d: Scalar) -> Option<Self> {
        (!k_d.is_zero()).then_some(Self(Secret::new(k_d)))
    }

    /// A fresh key that does not come from a Diffie-Hellman secret.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        wiped_short(|| Self(Secret::new(Scalar::random(rng))))
    }

    /// k_e = g2^{k_d}.
    pub fn encryption_key(&self, params: &Params) -> EncryptionKey {
        wiped(|| EncryptionKey(Secret::new(params.g2().pow(self.0.expose()))))
    }

    /// Y = e(g1, g2)^{k_d}.
    pub fn public_key(&self, params: &Params) -> PublicKey {
        wiped(|| PublicKey(params.g_t().pow(self.0.expose())))
    }

    /// M = C / e(Z^{k_d}, g2), which is Equation (3) since e(Z^{k_d}, g2) = e(Z, g2^{k_d}) = e(Z, k_e).
    ///
    /// The power in G1 costs about half of the one in G2 that k_e would cost. Whoever opens several capsules makes k_e
    /// once by [`encryption_key`](Self::encryption_key).
    pub fn decapsulate(&self, params: &Params, capsule: &Capsule) -> Message {
        wiped(|| Message::new(capsule.c / pairing(&capsule.z.pow(self.0.expose()), params.g2())))
    }

    /// The secret bytes.
    pub fn to_bytes(&self) -> Secret<[u8; Self::BYTES]> {
        wiped_short(|| Secret::new(self.0.expose().to_bytes()))
    }

    /// Reads 32 bytes.
    ///
    /// # Errors
    /// Those of [`Scalar::from_bytes`]; [`DecodeError::Identity`] for zero.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        wiped_short(|| Self::new(Scalar::from_bytes(bytes)?).ok_or(DecodeError::Identity { what: "k_d" }))
    }
}

/// k_e, in G2: 96 secret bytes. It encrypts and, by Equation (3), decrypts; Equation (1) makes k_re from two of them.
///
/// ```
/// use phi_pre::pre::{DecryptionKey, EncryptionKey, Params, Seed};
/// # use rand_chacha::ChaCha20Rng;
/// # use rand_core::SeedableRng;
/// # let rng = &mut ChaCha20Rng::seed_from_u64(1);
/// let params = Params::new(Seed([1; 32]));
/// let k_d = DecryptionKey::random(rng);
/// let (capsule, m) = k_d.public_key(&params).encapsulate(&params, rng);
/// let k_e = k_d.encryption_key(&params);
/// assert!(k_e.decapsulate(&capsule) == m); // Equation (3)
/// assert!(EncryptionKey::from_bytes(&[0; 96]).is_err()); // the flags of no point
/// ```
#[derive(Clone, Debug)]
pub struct EncryptionKey(pub(super) Secret<G2>);

try_from_bytes!(EncryptionKey);
secret_forms!(EncryptionKey);
ark_canonical!(EncryptionKey, secret);

impl EncryptionKey {
    /// Bytes of an encoding.
    pub const BYTES: usize = G2::BYTES;

    pub(super) const fn element(&self) -> &G2 {
        self.0.expose()
    }

    /// M = C / e(Z, k_e): Equation (3). A wrong key gives another M; the envelope's key commitment detects it.
    pub fn decapsulate(&self, capsule: &Capsule) -> Message {
        wiped(|| Message::new(capsule.c / pairing(&capsule.z, self.0.expose())))
    }

    /// The key prepared for many capsules: k_e^{-1} with the lines of its Miller loop, about 20 KB.
    pub fn prepare(&self) -> PreparedKey {
        // Apart, since the lines begin with room for those of other engines, which keeps what lay there before.
        let inverse = wiped_short(|| Secret::new(self.0.expose().inverse()));
        wiped(|| PreparedKey(G2Prepared::new(inverse.expose())))
    }

    /// The secret bytes.
    pub fn to_bytes(&self) -> Secret<[u8; Self::BYTES]> {
        wiped_short(|| Secret::new(self.0.expose().to_bytes()))
    }

    /// Reads 96 bytes.
    ///
    /// # Errors
    /// Those of [`G2::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        wiped_short(|| G2::from_bytes(bytes).map(|k_e| Self(Secret::new(k_e))))
    }
}

/// k_e^{-1} with the lines of its Miller loop, so that Equation (3) is a product: M = C · e(Z, k_e^{-1}).
///
/// ```
/// use phi_pre::pre::{DecryptionKey, Params, Seed};
/// # use rand_chacha::ChaCha20Rng;
/// # use rand_core::SeedableRng;
/// # let rng = &mut ChaCha20Rng::seed_from_u64(1);
/// let params = Params::new(Seed([1; 32]));
/// let k_d = DecryptionKey::random(rng);
/// let sealed = k_d.public_key(&params).encapsulate_many(&params, 4, rng);
/// let (capsules, messages): (Vec<_>, Vec<_>) = sealed.into_iter().unzip();
/// assert!(k_d.encryption_key(&params).prepare().decapsulate(&capsules) == messages);
/// ```
#[derive(Clone, Debug)]
pub struct PreparedKey(G2Prepared);

impl PreparedKey {
    /// M of each capsule, on all cores, in the order of the capsules.
    pub fn decapsulate(&self, capsules: &[Capsule]) -> Vec<Message> {
        let pairs: Vec<_> = capsules.iter().map(|capsule| (capsule.z, capsule.c)).collect();
        wiped(|| {
            let m = Zeroizing::new(pair_and_multiply(&pairs, &self.0));
            m.iter().map(|m| Message::new(*m)).collect()
        })
    }
}

/// Y = e(g1, g2)^{k_d}, in GT: 192 bytes, public. It encrypts and cannot decrypt.
///
/// ```
/// use phi_pre::error::DecodeError;
/// use phi_pre::group::Gt;
/// use phi_pre::pre::{DecryptionKey, Params, PublicKey, Seed};
/// # use rand_chacha::ChaCha20Rng;
/// # use rand_core::SeedableRng;
/// # let rng = &mut ChaCha20Rng::seed_from_u64(1);
/// let params = Params::new(Seed([1; 32]));
/// let y = DecryptionKey::random(rng).public_key(&params);
/// let (capsule, m) = y.encapsulate(&params, rng); // Z = g1^r, C = M · Y^r
/// assert_eq!(y.to_string().parse(), Ok(y)); // 384 hex digits
///
/// let identity = PublicKey::from_bytes(&Gt::identity().to_bytes());
/// assert_eq!(identity, Err(DecodeError::Identity { what: "public key" }));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(pub(super) Gt);

public_forms!(PublicKey, "public key");
ark_canonical!(PublicKey);

impl core::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl PublicKey {
    /// Bytes of an encoding.
    pub const BYTES: usize = Gt::BYTES;

    pub(super) const fn element(&self) -> &Gt {
        &self.0
    }

    /// A fresh M in GT and its capsule: Z = g1^r, C = M · Y^r.
    pub fn encapsulate(&self, params: &Params, rng: &mut impl CryptoRng) -> (Capsule, Message) {
        wiped(|| {
            let [t, r] = [Scalar::random(rng), Scalar::random(rng)].map(Zeroizing::new);
            let m = Zeroizing::new(params.g_t().pow(&t));
            (self.seal(params, &m, &r), Message::new(*m))
        })
    }

    /// Z = g1^r, C = M · Y^r.
    pub(super) fn seal(&self, params: &Params, m: &Gt, r: &Scalar) -> Capsule {
        Capsule { z: params.powers_of_g1(&[*r])[0], c: *m * self.0.pow(r) }
    }

    /// The canonical encoding of Y.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        self.0.to_bytes()
    }

    /// Reads the canonical encoding.
    ///
    /// # Errors
    /// Those of [`Gt::from_bytes`] and another length; [`DecodeError::Identity`] for 1.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Wire::from_bytes(bytes)
    }

    /// `n` fresh capsules. The randomness is drawn first, then the capsules are computed in batches on all cores.
    pub fn encapsulate_many(&self, params: &Params, n: usize, rng: &mut impl CryptoRng) -> Vec<(Capsule, Message)> {
        wiped(|| {
            let (t, r) = draw(n, rng);
            let powers = |base: Gt, exponents: &[Scalar]| {
                let pairs = Zeroizing::new(exponents.iter().map(|k| (base, *k)).collect::<Vec<_>>());
                Zeroizing::new(pow_gt_batch(&pairs))
            };
            seal_many(params, &powers(*params.g_t(), &t), &powers(self.0, &r), &r)
        })
    }

    /// The key with tables of the powers of Y and of e(g1, g2), 101 KB each, and 135 KB more for the first batch in
    /// lanes. They save time from about 25 capsules on.
    pub fn prepare(&self, params: &Params) -> PreparedPublicKey {
        let (y, g_t) = (GtTable::new(&self.0), params.g_t_table().into_owned());
        PreparedPublicKey { params: params.clone(), y, g_t }
    }
}

/// Y with the table of its powers, for many records under one key.
///
/// ```
/// use phi_pre::pre::{DecryptionKey, Params, Seed};
/// # use rand_chacha::ChaCha20Rng;
/// # use rand_core::SeedableRng;
/// # let rng = &mut ChaCha20Rng::seed_from_u64(1);
/// let params = Params::new(Seed([1; 32]));
/// let k_d = DecryptionKey::random(rng);
/// let y = k_d.public_key(&params).prepare(&params);
/// let (capsule, m) = y.encapsulate(rng);
/// assert!(k_d.decapsulate(&params, &capsule) == m);
/// ```
#[derive(Clone, Debug)]
pub struct PreparedPublicKey {
    params: Params,
    y: GtTable,
    g_t: GtTable,
}

impl PreparedPublicKey {
    /// A fresh M in GT and its capsule.
    pub fn encapsulate(&self, rng: &mut impl CryptoRng) -> (Capsule, Message) {
        wiped(|| {
            let [t, r] = [Scalar::random(rng), Scalar::random(rng)].map(Zeroizing::new);
            let m = Zeroizing::new(self.g_t.pow(&t));
            (Capsule { z: self.params.powers_of_g1(&[*r])[0], c: *m * self.y.pow(&r) }, Message::new(*m))
        })
    }

    /// `n` fresh capsules. The randomness is drawn first, then the capsules are computed in batches on all cores.
    pub fn encapsulate_many(&self, n: usize, rng: &mut impl CryptoRng) -> Vec<(Capsule, Message)> {
        wiped(|| {
            let (t, r) = draw(n, rng);
            let m = Zeroizing::new(pow_table_batch(&self.g_t, &t));
            seal_many(&self.params, &m, &Zeroizing::new(pow_table_batch(&self.y, &r)), &r)
        })
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
        out.raw(&self.to_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let y = Gt::from_bytes(input.raw(Self::NAME, Gt::BYTES)?)?;
        if y.is_identity() { Err(DecodeError::Identity { what: Self::NAME }) } else { Ok(Self(y)) }
    }
}
