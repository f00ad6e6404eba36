//! The engine `lanes`: eight records at once, in AVX-512 IFMA lanes.
//!
//! A register of 512 bits holds eight words of 64 bits, its lanes. A batch of eight records is computed side by side,
//! one record in each lane; AVX-512 IFMA multiplies numbers of 52 bits in all eight lanes by one instruction.
//!
//! Each file imports only files of the rows above it.
//!
//! | file | what |
//! |---|---|
//! | [`ifma`], [`base`] | the proof that the processor has the lanes; what the tower needs of a base field, with the bounds |
//! | [`limbs`] | the constants of the Montgomery reduction |
//! | [`vector`] | the instructions; on other architectures `portable.rs` stands in its place |
//! | [`single`] | the engine for single operations |
//! | `one`, [`eight`] | the base field once (arkworks, the readable form and the test) and eight times |
//! | [`kernels`] | the macro that declares functions that are compiled once each, with the features of the lanes |
//! | [`fp2`] | F_p² |
//! | [`tower`], [`curve`] | F_p⁶ and F_p¹²; decoding of G1 |
//! | [`miller`], [`cyclotomic`], [`torus`] | the Miller loop; the final exponentiation; GT to and from its short form |
//! | [`table`] | powers in GT, by tables in which each lane looks up its own entry |
//! | [`pipeline`] | whole operations on eight records, from and to the values of arkworks |
//! | [`engine`] | the engine as the rest of the group uses it |
//!
//! # Cost
//! Costs are counted in IFMA instructions for eight records. An AMD Zen 5 executes two of them in a cycle (measured: 2.0),
//! so the limit below is half as many cycles, at 3.53 GHz, divided by eight for one record. Times are for one record,
//! measured on one thread of a machine with two shared cores.
//!
//! | phase | IFMA | limit | measured | reached |
//! |---|---|---|---|---|
//! | Miller loop with lines | 813 thousand | 14.4 µs | 21.2 µs | 0.68 |
//! | final exponentiation | 1203 thousand | 21.3 µs | 37.2 µs | 0.57 |
//! | C·e(Z, Q) | 2.05 million | 36.3 µs | 58.2 µs | 0.62 |
//!
//! blst with prepared lines takes 480 µs in the same run, 8.2 times as long. Three costs keep the lanes from the limit:
//! the additions around each product of F_p² (1.6 IFMA a cycle within the product, 1.3 within products of F_p¹²), wide
//! values that pass through memory, and seven inversions, each computed once for all eight lanes (2.1 µs each).

#![allow(clippy::inline_always)] // the generic code must end up inside the functions that have the lanes' features
#![allow(clippy::needless_range_loop)] // limbs and columns are numbered

mod base;
mod curve;
mod cyclotomic;
mod eight;
mod engine;
mod fp2;
mod ifma;
mod kernels;
mod limbs;
mod miller;
#[cfg(test)]
mod one;
mod pipeline;
mod single;
mod table;
mod torus;
mod tower;
#[cfg_attr(not(target_arch = "x86_64"), path = "portable.rs")]
mod vector;

pub(super) use engine::{Lanes, Lines};

#[cfg(test)]
mod tests;
