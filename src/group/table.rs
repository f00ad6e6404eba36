//! Powers of a fixed base by a table: of e(g1, g2), and of a public key Y under which many records are encrypted.

use super::backend::Backend;
use super::engine::Engaged;
use super::{Gt, power, scalar::Scalar};
use rand_core::CryptoRng;

/// Powers of one element of GT by a table of torus elements: windows of 6 bits of the exponent's digits in base |x|.
///
/// 11 windows of 32 entries, 101,376 bytes; the first batch in lanes adds 135,168 bytes. A power reads the whole table,
/// and takes about 0.4 of the time of [`Gt::pow`]. The table costs about 2.4 milliseconds, so it pays from about 25 powers
/// on.
#[derive(Clone)]
pub struct GtTable {
    base: Gt,
    pub(super) table: std::sync::Arc<power::Table>,
}

impl GtTable {
    /// Bytes of the entries.
    pub const BYTES: usize = power::Table::ENTRIES * 288;

    /// Computes the table of `base`, which is public.
    pub fn new(base: &Gt) -> Self {
        Self { base: *base, table: Engaged::current().table(&base.0).into() }
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
        Gt(engaged.pow_table(&self.table, exponent.0))
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
