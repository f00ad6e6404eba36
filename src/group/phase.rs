//! The phases of a pairing, each alone and by a chosen engine: for measurements, no part of the interface.

use super::engine::{Engaged, Engine, Single};
use super::lanes::{Ifma, pipeline};
use super::{G1, G2Prepared, Gt, plain};
use std::array::from_fn;
use std::hint::black_box;

/// The Miller loops of eight points with the lines of `q`.
pub fn miller_loop(engaged: Engaged, p: &[G1; 8], q: &G2Prepared) {
    if let (Engine::Lanes, Some(ifma), Some(lines)) = (engaged.engine(), Ifma::detect(), q.lanes()) {
        black_box(pipeline::miller_loop_alone(ifma, &p.map(|p| p.0), lines));
        return;
    }
    for p in p {
        match engaged.single() {
            Single::Plain => _ = black_box(plain::miller_loop(&p.0, q.plain())),
            #[cfg(feature = "blst")]
            Single::Blst => _ = black_box(super::blst::miller_loop(&p.0, q.blst())),
        }
    }
}

/// Eight final exponentiations.
pub fn final_exponentiation(engaged: Engaged, f: &[Gt; 8]) {
    if let (Engine::Lanes, Some(ifma)) = (engaged.engine(), Ifma::detect()) {
        black_box(pipeline::final_exponentiation_alone(ifma, &f.map(|f| f.0)));
        return;
    }
    for f in f {
        black_box(super::engine::by_single!(engaged, final_exponentiation(&f.0)));
    }
}

/// Eight products in GT.
pub fn multiply(engaged: Engaged, a: &[Gt; 8]) -> [Gt; 8] {
    match Ifma::detect() {
        Some(ifma) if engaged.engine() == Engine::Lanes => {
            pipeline::multiply_gt(ifma, &a.map(|a| a.0), &a.map(|a| a.0)).map(Gt)
        }
        _ => from_fn(|i| Gt(super::engine::by_single!(engaged, multiply_gt(&a[i].0, &a[i].0)))),
    }
}
