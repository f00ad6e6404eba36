//! The pairing e: G1 × G2 → GT, alone, with a prepared second argument, and over batches.

use super::{Gt, plain, point::G1, point::G2};

/// e(P, Q).
pub fn pairing(p: &G1, q: &G2) -> Gt {
    Gt(plain::pairing(&p.0, &q.0))
}

/// A second argument of the pairing with the line coefficients of its Miller loop (68 lines, 19,584 bytes).
///
/// The proxy prepares k_re once and re-encrypts many records: the arithmetic in G2 then costs nothing per record.
#[derive(Clone)]
pub struct G2Prepared {
    lines: plain::Lines,
}

impl G2Prepared {
    /// Computes the lines of `q`.
    pub fn new(q: &G2) -> Self {
        Self { lines: q.0.into() }
    }

    /// e(P, Q) for the prepared Q.
    pub fn pairing(&self, p: &G1) -> Gt {
        Gt(plain::pairing_prepared(&p.0, &self.lines))
    }
}

impl core::fmt::Debug for G2Prepared {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("G2Prepared(<redacted>)")
    }
}

/// C_i·e(Z_i, Q) for each pair (Z_i, C_i): Equation 2 over a batch.
pub fn pair_and_multiply(batch: &[(G1, Gt)], q: &G2Prepared) -> Vec<Gt> {
    let one = |(z, c): &(G1, Gt)| *c * q.pairing(z);
    #[cfg(feature = "parallel")]
    {
        use rayon::prelude::*;
        batch.par_iter().map(one).collect()
    }
    #[cfg(not(feature = "parallel"))]
    batch.iter().map(one).collect()
}
