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
//! # Cost
//! Costs are counted in IFMA instructions for eight records. An AMD Zen 5 executes two of them in a cycle (measured: 2.0),
//! so limit = IFMA / 2 cycles / 3.53 GHz / 8 records, and reached = limit / measured. Times are for one record, measured on one
//! thread of a virtual machine with two cores. Q is k_re, with precomputed line coefficients.
//!
//! | phase | IFMA | limit | measured | reached |
//! |---|---|---|---|---|
//! | Miller loop | 813 thousand | 14.4 µs | 21.2 µs | 0.68 |
//! | final exponentiation | 1203 thousand | 21.3 µs | 37.2 µs | 0.57 |
//! | Equation 2, C·e(Z, Q) | 2.05 million | 36.3 µs | 58.2 µs | 0.62 |
//!
//! For Equation 2, blst with precomputed line coefficients takes 480 µs in the same run, 8.2 times as long. Three costs
//! explain the difference from the limit:
//! the additions around each product of F_p² (1.6 IFMA a cycle within the product, 1.3 within products of F_p¹²), unreduced
//! products (wide values, see [`base`]) that are stored to memory, and seven inversions, each computed once for all eight lanes (2.1 µs each).

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

pub use count::{Instructions, KERNELS, OPERATIONS, Rates};
pub(super) use engine::{Lanes, Lines};

#[cfg(test)]
mod tests;
