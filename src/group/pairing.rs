//! The pairing e: G1 × G2 → GT, alone and with a prepared second argument.

use super::backend::Backend;
use super::engine::{Engaged, Lines};
use super::{Gt, point::G1, point::G2};
use std::sync::LazyLock;

/// e(P, Q).
pub fn pairing(p: &G1, q: &G2) -> Gt {
    Gt(Engaged::current().pairing(&p.0, &q.0))
}

impl Gt {
    /// e(g1, g2) for the generators of the standard, computed once.
    pub fn generator() -> Self {
        static GENERATOR: LazyLock<Gt> = LazyLock::new(|| pairing(&G1::generator(), &G2::generator()));
        *GENERATOR
    }
}

/// A second argument of the pairing with the line coefficients of its Miller loop (68 lines, 19,584 bytes).
///
/// The proxy prepares k_re once and re-encrypts many records: the arithmetic in G2 then costs nothing per record.
/// Each engine has lines of its own form, computed at their first use; those for the lanes take 17,408 bytes. All lines
/// and Q are overwritten when the value is dropped.
#[derive(Clone)]
pub struct G2Prepared(Lines);

impl G2Prepared {
    /// Computes the lines of `q` for single pairings; those for the lanes follow with the first batch.
    pub fn new(q: &G2) -> Self {
        Self(Engaged::current().prepare(&q.0))
    }

    pub(super) const fn lines(&self) -> &Lines {
        &self.0
    }

    /// e(P, Q) for the prepared Q.
    pub fn pairing(&self, p: &G1) -> Gt {
        self.pairing_with(Engaged::current(), p)
    }

    pub(super) fn pairing_with(&self, engaged: Engaged, p: &G1) -> Gt {
        Gt(engaged.pairing_prepared(&p.0, &self.0))
    }
}

/// The lines and Q, which are all there is, overwrite themselves.
impl zeroize::ZeroizeOnDrop for G2Prepared {}

impl core::fmt::Debug for G2Prepared {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("G2Prepared(<redacted>)")
    }
}
