//! The phases of a pairing, each alone and by a chosen engine, and the instructions of the engine `lanes`: for
//! measurements, no part of the interface.

use super::backend::Backend;
use super::lanes::Lanes;
pub use super::lanes::{Instructions, OPERATIONS, Rates};
use super::{Engaged, G1, G2Prepared, Gt};

/// The Miller loops of eight points with the lines of `q`.
#[inline]
pub fn miller_loop(engaged: Engaged, p: &[G1; 8], q: &G2Prepared) {
    engaged.measure_miller_loops(&p.map(|p| p.0), q.lines());
}

/// Eight final exponentiations.
#[inline]
pub fn final_exponentiation(engaged: Engaged, f: &[Gt; 8]) {
    engaged.measure_final_exponentiations(&f.map(|f| f.0));
}

/// Eight squares in GT, by the product.
#[inline]
pub fn multiply(engaged: Engaged, a: &[Gt; 8]) -> [Gt; 8] {
    engaged.measure_products(&a.map(|a| a.0)).map(Gt)
}

/// The rates of this processor, where it has the engine `lanes`.
pub fn rates() -> Option<Rates> {
    Lanes::detect().map(Lanes::rates)
}
