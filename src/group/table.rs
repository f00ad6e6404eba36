//! Powers of a fixed base by a table: of e(g1, g2), and of a public key Y under which many records are encrypted.

use super::backend::Backend;
use super::engine::Engaged;
use super::{Gt, power, scalar::Scalar};
use rand_core::CryptoRng;

/// Powers of one element of GT by table: 8-bit windows of the exponent's digits in base |x|.
///
/// 8 windows of 256 entries, 1,179,648 bytes. A power costs 34 products and 3 Frobenius maps, about a third of
/// [`Gt::pow`]; the table costs 2040 products, so it pays from about 30 powers on.
#[derive(Clone)]
pub struct GtTable {
    base: Gt,
    pub(super) windows: std::sync::Arc<power::Windows>,
}

impl GtTable {
    /// Bytes of the entries.
    pub const BYTES: usize = power::Windows::COUNT * power::Windows::ENTRIES * 576;

    /// Computes the table of `base`.
    pub fn new(base: &Gt) -> Self {
        let engaged = Engaged::current();
        let windows = power::Windows::new(&base.0, |a, b| engaged.multiply_gt(a, b));
        Self { base: *base, windows: windows.into() }
    }

    /// The table of e(g1, g2), computed at the first call and kept.
    pub fn generator() -> &'static Self {
        static TABLE: std::sync::OnceLock<GtTable> = std::sync::OnceLock::new();
        TABLE.get_or_init(|| Self::new(&Gt::generator()))
    }

    /// The element whose powers these are.
    pub const fn base(&self) -> &Gt {
        &self.base
    }

    /// The base to the power `exponent`.
    pub fn pow(&self, exponent: &Scalar) -> Gt {
        self.pow_with(Engaged::current(), exponent)
    }

    pub(super) fn pow_with(&self, engaged: Engaged, exponent: &Scalar) -> Gt {
        Gt(engaged.pow_fixed(&self.windows, power::digits(exponent.limbs())))
    }
}

impl Gt {
    /// A uniform element other than the identity: e(g1, g2) to a random power, by [`GtTable::generator`].
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        GtTable::generator().pow(&Scalar::random(rng))
    }
}

impl core::fmt::Debug for GtTable {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("GtTable(<redacted>)")
    }
}
