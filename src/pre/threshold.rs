//! Threshold re-encryption: k_re shared among n proxies, of which t re-encrypt together.
//!
//! Not in the paper, whose Equation 2 stays as printed: any t partial re-encryptions give C' = C·e(Z, k_re), and t − 1
//! shares have the same distribution whatever k_re is. So a delegatee and t − 1 proxies together do not find k_e (C3).
//!
//! ```text
//! L         the least common multiple of the denominators of the Lagrange coefficients at 0 (2 of 3: 2; 3 of 5: 24)
//! Split     a_1, ..., a_(t-1) <- Z_q;  f(X) = k_re^(1/L) · ∏ g2^(a_i·X^i);  k_j = f(j) for proxy j = 1 to n
//!           V_0 = e(g1, k_re)^(1/L) = Δ^(1/L),  V_i = e(g1, g2)^(a_i), public
//! Check     V_0^L = Δ;  e(g1, k_j) = ∏ V_i^(j^i) =: Δ_j
//! Partial   D_j = e(Z, k_j): Equation 2 with C = 1
//! Combine   C' = C · ∏ D_j^(L·λ_j) over any t of the proxies, L·λ_j an integer
//! ```
//!
//! This is Shamir's sharing (1979) with Feldman's commitments (FOCS '87) in the exponents of G2 and GT. The integer
//! coefficients are Shoup's (EUROCRYPT 2000), here for speed: they have a few bits in the place of 255.
//!
//! A share k_j is a re-encryption key whose public key is Δ_j, so [`PublicReKey::check`] checks it, and a
//! [`ReencryptionProof`](super::ReencryptionProof) proves a partial re-encryption. `proofs/coq/Threshold.v` has the algebra.

use super::capsule::Capsule;
use super::params::Params;
use super::proof::PublicReKey;
use super::rekey::{PreparedReKey, ReKey};
use crate::error::{Coded, DecodeError};
use crate::group::{G1, Gt, Scalar, pow_table_batch};
use crate::secret::wiped;
use crate::wire::{Reader, Wire, Writer};
use rand_core::CryptoRng;
use std::sync::OnceLock;
use zeroize::Zeroizing;

/// The most proxies that share a key.
const MOST: u8 = 16;

/// Numbers or partial re-encryptions that do not fit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ThresholdError {
    /// Not 1 ≤ t ≤ n ≤ 16.
    #[error("{t} of {n} proxies: 1 <= t <= n <= 16 is needed")]
    Numbers {
        /// t.
        t: u8,
        /// n.
        n: u8,
    },
    /// Fewer or more than t partial re-encryptions.
    #[error("{got} partial re-encryptions where {t} are needed")]
    Count {
        /// t.
        t: u8,
        /// The number given.
        got: usize,
    },
    /// There is no share of this index.
    #[error("there is no share {index} among {n}")]
    Index {
        /// The index given.
        index: u8,
        /// n.
        n: u8,
    },
    /// Two partial re-encryptions are of this share.
    #[error("share {0} is given twice")]
    Twice(u8),
    /// The partial re-encryption of this share is of another capsule.
    #[error("the partial re-encryption of share {0} is of another Z")]
    OtherZ(u8),
}

impl Coded for ThresholdError {
    fn code(&self) -> &'static str {
        "threshold"
    }
}

/// t of n proxies re-encrypt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold {
    t: u8,
    n: u8,
}

impl Threshold {
    /// t of n.
    ///
    /// # Errors
    /// [`ThresholdError::Numbers`].
    pub const fn new(t: u8, n: u8) -> Result<Self, ThresholdError> {
        if 1 <= t && t <= n && n <= MOST { Ok(Self { t, n }) } else { Err(ThresholdError::Numbers { t, n }) }
    }

    /// t, the proxies that are needed.
    pub const fn t(self) -> u8 {
        self.t
    }

    /// n, the proxies that have a share.
    pub const fn n(self) -> u8 {
        self.n
    }

    /// L, which is computed once for each t and n.
    fn scale(self) -> i128 {
        static SCALES: [[OnceLock<i128>; MOST as usize]; MOST as usize] =
            [const { [const { OnceLock::new() }; MOST as usize] }; MOST as usize];
        // 1 <= t <= n <= 16
        *SCALES[usize::from(self.n) - 1][usize::from(self.t) - 1].get_or_init(|| self.least_common_denominator())
    }

    /// Every set of t indices is tried: at most 12,870.
    fn least_common_denominator(self) -> i128 {
        let sets = (0_u32..1 << self.n).filter(|set| set.count_ones() == u32::from(self.t));
        let members = |set: u32| (1..=self.n).filter(|j| set >> (j - 1) & 1 == 1).collect::<Vec<_>>();
        sets.map(members).fold(1, |l, set| {
            set.iter().fold(l, |l, j| {
                let (_, denominator) = coefficient(&set, *j);
                l / gcd(l, denominator) * denominator
            })
        })
    }
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a.abs() } else { gcd(b, a % b) }
}

/// λ_j = ∏ i/(i − j) over the other indices i, as a reduced fraction with a positive denominator. For indices up to 16,
/// both parts are below 16! < 2^45.
fn coefficient(indices: &[u8], j: u8) -> (i128, i128) {
    let others = indices.iter().filter(|i| **i != j);
    let (numerator, denominator) =
        others.fold((1, 1), |(n, d), i| (n * i128::from(*i), d * (i128::from(*i) - i128::from(j))));
    let common = gcd(numerator, denominator) * denominator.signum();
    (numerator / common, denominator / common)
}

/// g^k for a public g and a short public k, in variable time.
fn short_power_vartime(g: &Gt, k: i128) -> Gt {
    let base = if k < 0 { g.inverse() } else { *g };
    let bits = (0..i128::BITS - k.unsigned_abs().leading_zeros()).rev();
    bits.fold(Gt::identity(), |power, bit| {
        let square = power * power;
        if k.unsigned_abs() >> bit & 1 == 1 { square * base } else { square }
    })
}

/// k_j: the share of proxy j, a secret between the user and this proxy.
///
/// ```
/// use phi_pre::pre::{DecryptionKey, Params, PublicReKey, ReKey, Seed, Threshold};
/// # use rand_chacha::ChaCha20Rng;
/// # use rand_core::SeedableRng;
/// # let rng = &mut ChaCha20Rng::seed_from_u64(1);
/// let params = Params::new(Seed([1; 32]));
/// # let (a, b) = (DecryptionKey::random(rng), DecryptionKey::random(rng));
/// # let k_re = ReKey::new(&a.encryption_key(&params), &b.encryption_key(&params))?;
/// let delta = PublicReKey::new(&a.public_key(&params), &b.public_key(&params))?;
/// let (capsule, m) = a.public_key(&params).encapsulate(&params, rng);
///
/// let (shares, public) = k_re.split(&params, Threshold::new(2, 3)?, rng); // by the user
/// assert!(public.is_of(&delta)); // by anybody
/// for share in &shares {
///     public.of_share(share.index())?.check(&params, share.key())?; // by each proxy
/// }
/// let [first, _, third] = &shares[..] else { unreachable!() };
/// let partials = [first.prepare().reencrypt(&[capsule])[0], third.prepare().reencrypt(&[capsule])[0]];
/// let again = public.combine(&capsule, &partials)?; // Equation (2)
/// assert!(b.decapsulate(&params, &again) == m);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct KeyShare {
    index: u8,
    key: ReKey,
}

impl KeyShare {
    /// A share that was received: its index j from 1 on, and k_j.
    pub const fn new(index: u8, key: ReKey) -> Self {
        Self { index, key }
    }

    /// j.
    pub const fn index(&self) -> u8 {
        self.index
    }

    /// k_j, whose public key is [`SharePublic::of_share`].
    pub const fn key(&self) -> &ReKey {
        &self.key
    }

    /// The share prepared for many capsules.
    pub fn prepare(&self) -> PreparedShare {
        PreparedShare { index: self.index, key: self.key.prepare() }
    }
}

/// A share with the lines of its Miller loop.
#[derive(Clone, Debug)]
pub struct PreparedShare {
    index: u8,
    key: PreparedReKey,
}

impl PreparedShare {
    /// D_j = e(Z, k_j) for each capsule, on all cores. Z alone is used, never C.
    pub fn reencrypt(&self, capsules: &[Capsule]) -> Vec<Partial> {
        let without_c: Vec<_> = capsules.iter().map(|capsule| Partial::before(&capsule.z)).collect();
        let shifted = self.key.reencrypt(&without_c);
        shifted.into_iter().map(|shifted| Partial { index: self.index, shifted }).collect()
    }
}

/// (j, Z, D_j): the partial re-encryption of the capsule with this Z. 1 + 48 + 192 = 241 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partial {
    index: u8,
    shifted: Capsule,
}

impl Partial {
    /// Bytes of an encoding.
    pub const BYTES: usize = 1 + Capsule::BYTES;

    /// j.
    pub const fn index(&self) -> u8 {
        self.index
    }

    /// (Z, D_j), which is what k_j makes of [`before`](Self::before): the capsules of a
    /// [`Statement`](super::Statement) about a partial re-encryption.
    pub const fn after(&self) -> &Capsule {
        &self.shifted
    }

    /// The partial re-encryption D_j = C'_j/C of a proxy that applied Equation 2 to (Z, C) with its share in the place
    /// of k_re.
    pub fn of(index: u8, before: &Capsule, after: &Capsule) -> Self {
        Self { index, shifted: Capsule { z: after.z, c: after.c / before.c } }
    }

    /// (Z, 1).
    pub fn before(z: &G1) -> Capsule {
        Capsule { z: *z, c: Gt::identity() }
    }
}

impl Wire for Partial {
    const NAME: &'static str = "partial re-encryption";

    fn write(&self, out: &mut Writer) {
        out.u8(self.index).raw(&self.shifted.to_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let index = input.u8("index")?;
        if index == 0 || index > MOST {
            return Err(DecodeError::Unknown { what: "index", got: index.into() });
        }
        Ok(Self { index, shifted: Capsule::read(input)? })
    }
}

/// The public values of a shared key: t, n and V_0 to V_(t−1). 2 + 192·t bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharePublic {
    threshold: Threshold,
    v: Vec<Gt>,
}

impl SharePublic {
    /// t of n.
    pub const fn threshold(&self) -> Threshold {
        self.threshold
    }

    /// Whether the shared key is the key of Δ: V_0^L = Δ.
    pub fn is_of(&self, delta: &PublicReKey) -> bool {
        self.delta() == Some(*delta)
    }

    /// Δ = V_0^L, the public key of the shared key. `None` for 1, which is the Δ of no two keys.
    pub fn delta(&self) -> Option<PublicReKey> {
        let delta = short_power_vartime(&self.v[0], self.threshold.scale());
        (!delta.is_identity()).then(|| PublicReKey::from_element(delta))
    }

    /// Δ_j, the public key of the share j.
    ///
    /// # Errors
    /// [`ThresholdError::Index`] where j is not from 1 to n.
    pub fn of_share(&self, index: u8) -> Result<PublicReKey, ThresholdError> {
        if index == 0 || index > self.threshold.n {
            return Err(ThresholdError::Index { index, n: self.threshold.n });
        }
        let horner = |sum, v: &Gt| short_power_vartime(&sum, index.into()) * *v;
        Ok(PublicReKey::from_element(self.v.iter().rev().fold(Gt::identity(), horner)))
    }

    /// C' = C·e(Z, k_re) from the partial re-encryptions of exactly t proxies. This function does not check the partial
    /// re-encryptions; their proofs do. A wrong partial re-encryption gives a wrong C'. Variable time: all values are public.
    ///
    /// # Errors
    /// [`ThresholdError::Count`], [`ThresholdError::Index`], [`ThresholdError::Twice`], [`ThresholdError::OtherZ`].
    pub fn combine(&self, capsule: &Capsule, partials: &[Partial]) -> Result<Capsule, ThresholdError> {
        let Threshold { t, n } = self.threshold;
        if partials.len() != usize::from(t) {
            return Err(ThresholdError::Count { t, got: partials.len() });
        }
        let indices: Vec<_> = partials.iter().map(|partial| partial.index).collect();
        for (i, partial) in partials.iter().enumerate() {
            let index = partial.index;
            if index == 0 || index > n {
                return Err(ThresholdError::Index { index, n });
            }
            if indices[..i].contains(&index) {
                return Err(ThresholdError::Twice(index));
            }
            if partial.shifted.z != capsule.z {
                return Err(ThresholdError::OtherZ(index));
            }
        }
        let scale = self.threshold.scale();
        let power = |partial: &Partial| {
            let (numerator, denominator) = coefficient(&indices, partial.index);
            short_power_vartime(&partial.shifted.c, scale / denominator * numerator)
        };
        Ok(Capsule { z: capsule.z, c: partials.iter().map(power).fold(capsule.c, |c, power| c * power) })
    }
}

impl Wire for SharePublic {
    const NAME: &'static str = "public values of a shared key";

    fn write(&self, out: &mut Writer) {
        out.u8(self.threshold.t).u8(self.threshold.n);
        self.v.iter().for_each(|v| _ = out.raw(&v.to_bytes()));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (t, n) = (input.u8("t")?, input.u8("n")?);
        let threshold = Threshold::new(t, n).map_err(|_| DecodeError::Unknown { what: "t of n", got: t.into() })?;
        let v = (0..t).map(|_| Gt::from_bytes(input.raw("V", Gt::BYTES)?)).collect::<Result<_, _>>()?;
        Ok(Self { threshold, v })
    }
}

impl ReKey {
    /// Shares k_re among n proxies, of which any t re-encrypt together.
    pub fn split(
        &self,
        params: &Params,
        threshold: Threshold,
        rng: &mut impl CryptoRng,
    ) -> (Vec<KeyShare>, SharePublic) {
        wiped(|| self.shared(params, threshold, rng))
    }

    fn shared(&self, params: &Params, threshold: Threshold, rng: &mut impl CryptoRng) -> (Vec<KeyShare>, SharePublic) {
        let scale = Scalar::from(u64::try_from(threshold.scale()).unwrap_or(u64::MAX)); // at most 15! < 2^41
        let inverse = scale.inverse().unwrap_or(scale);
        let constant = Zeroizing::new(self.element().pow(&inverse));
        let a: Zeroizing<Vec<_>> = Zeroizing::new((1..threshold.t).map(|_| Scalar::random(rng)).collect());
        let share = |j: u8| {
            let x = Scalar::from(u64::from(j));
            let exponent = Zeroizing::new(a.iter().rev().fold(Scalar::from(0), |sum, a| (sum + *a) * x));
            // 1 with a chance of 1/q
            KeyShare { index: j, key: Self::from_element(*constant * params.g2().pow(&exponent)) }
        };
        let mut v = vec![crate::group::pairing(params.g1(), &constant)];
        v.extend(pow_table_batch(&params.g_t_table(), &a));
        ((1..=threshold.n).map(share).collect(), SharePublic { threshold, v })
    }
}

#[cfg(test)]
mod tests;
