//! The engine `lanes`: eight records at once, in AVX-512 IFMA lanes.
//!
//! A register of 512 bits holds eight words of 64 bits, its lanes. A batch of eight records is computed side by side,
//! one record in each lane. A record is a pair (Z, C), a capsule. One AVX-512 IFMA instruction multiplies numbers of 52 bits in
//! all eight lanes and adds the low or the high 52 bits of each product.
//!
//! Within this folder, a file imports only files of the rows above it.
//!
//! | file | content |
//! |---|---|
//! | [`ifma`], [`base`] | the proof that the processor has AVX-512 F, DQ and IFMA; the trait of the base field, with the ranges of its values |
//! | [`limbs`] | the constants of the Montgomery reduction |
//! | [`vector`] | the instructions; on other architectures, and with the feature `portable-lanes`, `portable.rs` replaces the file |
//! | [`count`] | how many instructions of each class the lanes execute |
//! | `ifma256.rs`, `vector256.rs` | both for 256 bits: `lanes256` compiles this folder a second time with them |
//! | [`single`] | the engine for single operations |
//! | `one`, [`eight`] | one element of F_p by arkworks, the reference in tests; eight elements, one in each lane |
//! | [`kernels`] | the macro that declares the functions that are not inlined, with the AVX-512 target features |
//! | [`fp2`] | F_p² |
//! | [`tower`], [`curve`] | F_p⁶ and F_p¹²; decoding of G1 |
//! | [`miller`], [`cyclotomic`], [`torus`] | the Miller loop; the final exponentiation; GT to and from its compressed form T6 |
//! | [`table`], [`product`] | powers, by tables in which each lane looks up its own entry; products of many powers |
//! | [`glv`] | powers of any points of G1 |
//! | [`pipeline`] | whole operations on eight records, from and to the values of arkworks |
//! | [`engine`] | the engine as the rest of the group uses it |
//!
//! # Proofs
//! `group/recorded` compiles these files once more and writes each kernel as a program. Coq checks its bounds and its formula:
//! `proofs/README.md`. A change of a bound needs the same change in `proofs/lanes/Specifications.v`.
//!
//! # Cost
//! [`count`] has the vector instructions of each kernel. `phi-pre bench` measures what the processor executes in a nanosecond, and
//! prints how much of that limit an operation reaches. On a Xeon whose two ports serve IFMA and all other instructions (3.88 GHz, one
//! thread, batch of 64 and phases of eight), in microseconds for one record, Q = k_re with precomputed line coefficients:
//!
//! | operation | IFMA | all | limit | measured | reached |
//! |---|---|---|---|---|---|
//! | Miller loop | 96 thousand | 143 thousand | 18.9 | 23.7 | 0.80 |
//! | final exponentiation | 148 thousand | 242 thousand | 32.0 | 41.6 | 0.77 |
//! | Equation 2, C·e(Z, Q) | 243 thousand | 386 thousand | 51.0 | 63.1 | 0.81 |
//!
//! For Equation 2, blst with precomputed line coefficients takes 443 µs in the same run. The kernels alone reach 0.84 to 0.95:
//! `square2_wide` 0.95, `multiply_factors2_wide` 0.93, `multiply2_wide` 0.84. The rest is lost between them, where unreduced
//! products (wide values, see [`base`]) pass through memory.

#![allow(clippy::inline_always)] // the generic code must end up inside the functions that have the lanes' features
#![allow(clippy::large_stack_arrays)] // batches overwrite the stack, and no secret goes to the heap
#![allow(clippy::needless_range_loop)] // the loops use the index of a limb or column in several arrays

mod base;
mod count;
mod curve;
mod cyclotomic;
mod eight;
mod engine;
mod fp2;
mod glv;
mod ifma;
mod kernels;
mod limbs;
mod miller;
#[cfg(test)]
mod one;
mod pipeline;
mod product;
mod single;
mod table;
mod torus;
mod tower;
#[cfg_attr(any(not(target_arch = "x86_64"), feature = "portable-lanes"), path = "portable.rs")]
mod vector;

#[cfg(all(test, target_arch = "x86_64", not(feature = "portable-lanes")))]
mod portable;
#[cfg(all(test, target_arch = "x86_64", not(feature = "portable-lanes")))]
mod vector_tests;

pub use count::{Instructions, OPERATIONS, Rates};
pub(super) use engine::{Lanes, Lines};

#[cfg(test)]
mod tests;
