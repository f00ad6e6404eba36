//! The pairing e: G1 × G2 → GT, alone and with a prepared second argument.

use super::engine::{Engaged, Single};
use super::lanes::miller;
use super::{Gt, plain, point::G1, point::G2};
use std::sync::{LazyLock, OnceLock};

/// e(P, Q).
pub fn pairing(p: &G1, q: &G2) -> Gt {
    Gt(super::engine::by_single!(Engaged::current(), pairing(&p.0, &q.0)))
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
/// Each engine has lines of its own form, computed when it is first asked; those of the lanes take 17,408 bytes.
#[derive(Clone)]
pub struct G2Prepared {
    q: G2,
    plain: OnceLock<plain::Lines>,
    #[cfg(feature = "blst")]
    blst: OnceLock<super::blst::Lines>,
    lanes: OnceLock<Option<miller::Lines>>,
}

impl G2Prepared {
    /// Computes the lines of `q` for single pairings; those of the lanes follow with the first batch.
    pub fn new(q: &G2) -> Self {
        let prepared = Self {
            q: *q,
            plain: OnceLock::new(),
            #[cfg(feature = "blst")]
            blst: OnceLock::new(),
            lanes: OnceLock::new(),
        };
        match Engaged::current().single() {
            Single::Plain => _ = prepared.plain(),
            #[cfg(feature = "blst")]
            Single::Blst => _ = prepared.blst(),
        }
        prepared
    }

    pub(super) fn plain(&self) -> &plain::Lines {
        self.plain.get_or_init(|| plain::prepare(&self.q.0))
    }

    #[cfg(feature = "blst")]
    pub(super) fn blst(&self) -> &super::blst::Lines {
        self.blst.get_or_init(|| super::blst::prepare(&self.q.0))
    }

    /// The lines for the lanes; none for the identity, whose pairing is 1.
    pub(super) fn lanes(&self) -> Option<&miller::Lines> {
        self.lanes.get_or_init(|| miller::Lines::new(&self.q.0)).as_ref()
    }

    /// e(P, Q) for the prepared Q.
    pub fn pairing(&self, p: &G1) -> Gt {
        self.pairing_with(Engaged::current(), p)
    }

    pub(super) fn pairing_with(&self, engaged: Engaged, p: &G1) -> Gt {
        Gt(match engaged.single() {
            Single::Plain => plain::pairing_prepared(&p.0, self.plain()),
            #[cfg(feature = "blst")]
            Single::Blst => super::blst::pairing_prepared(&p.0, self.blst()),
        })
    }
}

impl core::fmt::Debug for G2Prepared {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("G2Prepared(<redacted>)")
    }
}
