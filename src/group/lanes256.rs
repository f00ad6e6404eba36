//! The engine `lanes256`: the code of [`lanes`](super::lanes) on pairs of 256-bit registers.
//!
//! For processors with AVX-IFMA and without AVX-512, as Intel's client processors since 2024. All files are those of
//! the lanes, compiled a second time, but the vectors and the question whether the processor has the instructions.

#![allow(clippy::duplicate_mod)] // that is what this module is
#![allow(clippy::inline_always, clippy::large_stack_arrays, clippy::needless_range_loop)] // as in the lanes

#[path = "lanes/base.rs"]
mod base;
mod count {
    pub(super) use crate::group::lanes::Rates;
}
#[path = "lanes/curve.rs"]
mod curve;
#[path = "lanes/cyclotomic.rs"]
mod cyclotomic;
#[path = "lanes/eight.rs"]
mod eight;
#[allow(dead_code)] // its rates
#[path = "lanes/engine.rs"]
mod engine;
#[path = "lanes/fp2.rs"]
mod fp2;
#[path = "lanes/glv.rs"]
mod glv;
#[path = "lanes/ifma256.rs"]
mod ifma;
#[path = "lanes/kernels.rs"]
mod kernels;
#[path = "lanes/limbs.rs"]
mod limbs;
#[path = "lanes/miller.rs"]
mod miller;
#[cfg(test)]
#[path = "lanes/one.rs"]
mod one;
#[path = "lanes/pipeline.rs"]
mod pipeline;
#[path = "lanes/product.rs"]
mod product;
#[path = "lanes/single.rs"]
mod single;
#[path = "lanes/table.rs"]
mod table;
#[path = "lanes/torus.rs"]
mod torus;
#[path = "lanes/tower.rs"]
mod tower;
#[path = "lanes/vector256.rs"]
mod vector;

pub(super) use engine::{Lanes as Lanes256, Lines};

#[cfg(test)]
#[path = "lanes/tests.rs"]
mod tests;
