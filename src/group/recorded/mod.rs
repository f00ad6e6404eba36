//! The lanes as programs, for the proofs in `proofs/lanes/`.
//!
//! All files are those of the lanes, compiled once more, but two: [`vector`], whose methods write the instruction that
//! they stand for in place of executing it, and [`one`], whose methods write the call of a method of `Eight`. So the code
//! that is compiled for the processor writes, line by line, the programs that Coq checks. [`emit`] has the list of programs.

#![allow(clippy::duplicate_mod)] // that is what this module is
#![allow(clippy::inline_always, clippy::large_stack_arrays, clippy::needless_range_loop)] // as in the lanes
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::unused_self)] // it is a test
#![allow(dead_code, unreachable_pub, unused_imports, unused_macros)] // what only the engine uses
#![allow(unused_unsafe)] // the recorded vectors need no features of the processor

#[path = "../lanes/base.rs"]
mod base;
#[path = "../lanes/count.rs"]
mod count;
#[path = "../lanes/curve.rs"]
mod curve;
#[path = "../lanes/cyclotomic.rs"]
mod cyclotomic;
#[path = "../lanes/eight.rs"]
mod eight;
mod emit;
#[path = "../lanes/fp2.rs"]
mod fp2;
#[path = "../lanes/glv.rs"]
mod glv;
#[path = "../lanes/kernels.rs"]
mod kernels;
#[path = "../lanes/limbs.rs"]
mod limbs;
#[path = "../lanes/miller.rs"]
mod miller;
mod one;
#[path = "../lanes/portable.rs"]
mod portable;
#[path = "../lanes/single.rs"]
mod single;
#[path = "../lanes/torus.rs"]
mod torus;
#[path = "../lanes/tower.rs"]
mod tower;
mod using;
mod vector;
