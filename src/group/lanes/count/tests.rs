//! The counts, by the portable vectors; and their table in benches/README.md.

use super::{Instructions, KERNELS, OPERATIONS};
use crate::group::lanes::cyclotomic::{Compressed, CyclotomicKernels};
use crate::group::lanes::eight::Eight;
use crate::group::lanes::fp2::{Fp2, Fp2Kernels};
use crate::group::lanes::ifma::Ifma;
use crate::group::lanes::miller::{Lines, MillerKernels, PointG1};
use crate::group::lanes::pipeline::{self, Coordinates};
use crate::group::lanes::tower::{Fp6, Fp12, Line, Slots6, TowerKernels};
use crate::group::lanes::vector::counted;
use ark_bls12_381::{Fq, Fq2, Fq12, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, Field};
use std::fmt::Write;
use std::mem::MaybeUninit;
use std::slice::from_mut;

fn operations() -> Vec<(&'static str, u32, Instructions)> {
    let ifma = Ifma::detect().unwrap();
    let lines = Lines::new(&[[Fq2::ZERO; 2]; 68]);
    let (p, q, c) = ([G1Affine::generator(); 8], [G2Affine::generator(); 8], [Fq12::ZERO; 8]);
    // The values do not matter, except that no decompression may fail.
    let e = pipeline::pair_each_and_multiply(ifma, &[p], &[q], &[[Fq12::ONE; 8]])[0];
    let record = Coordinates { x: [1, 0, 0, 0, 0, 0], larger: false, c: [[3, 0, 0, 0, 0, 0]; 4] };
    vec![
        ("phase: Miller loop", 8, counted(|| _ = pipeline::miller_loop_alone(ifma, &p, &lines))),
        ("phase: final exponentiation", 8, counted(|| _ = pipeline::final_exponentiation_alone(ifma, &e))),
        (
            "re-encrypt, prepared k_re",
            32,
            counted(|| _ = pipeline::pair_and_multiply(ifma, &[p; 4], &[c; 4], &real_lines())),
        ),
        (
            "re-encrypt from bytes to bytes, every check",
            32,
            counted(|| _ = pipeline::reencrypt(ifma, &[[record; 8]; 4], &real_lines())),
        ),
        (
            "re-encrypt, a k_re for each record",
            32,
            counted(|| _ = pipeline::pair_each_and_multiply(ifma, &[p; 4], &[q; 4], &[c; 4])),
        ),
    ]
}

/// The lines of the generator of G2.
fn real_lines() -> Lines {
    use crate::group::backend::Backend;
    use crate::group::plain::Plain;
    Lines::new(&Plain.line_quotients(&Plain.prepare(&G2Affine::generator())).unwrap())
}

fn kernels() -> Vec<(&'static str, Instructions)> {
    let x = Eight::load(&[Fq::from(7); 8]);
    let (a, b) = (Fp2(x, x), Fp2(x, x));
    let six = Fp6(a, a, a);
    let mut f = Fp12(six, six);
    let (mut room, mut slots) = (MaybeUninit::uninit(), Slots6::new());
    let mut out = a;
    let wide = Eight::multiply2_wide(&a, &b);
    let line = Line(a, b);
    let p = PointG1 { x_over_2y: x, inverse_of_2y: x };
    let lines = Lines::new(&[[Fq2::ZERO; 2]; 68]);
    vec![
        ("multiply1", counted(|| _ = Eight::multiply1(&x, &x))),
        ("square1", counted(|| _ = Eight::square1(&x))),
        ("multiply2", counted(|| _ = Eight::multiply2(&a, &b))),
        ("square2", counted(|| _ = Eight::square2(&a))),
        ("multiply2_wide", counted(|| _ = Eight::multiply2_wide(&a, &b))),
        ("multiply_sums2_wide", counted(|| _ = Eight::multiply_sums2_wide(&a, &b, &a, &b, &mut room))),
        ("square2_wide", counted(|| _ = Eight::square2_wide(&a))),
        ("square_sum2_wide", counted(|| _ = Eight::square_sum2_wide(&a, &b))),
        ("reduce2", counted(|| Eight::reduce2(&wide, &mut out))),
        ("multiply6_wide", counted(|| _ = Eight::multiply6_wide(&six, &six, &mut slots))),
        ("multiply12", counted(|| Eight::multiply12(&mut f, &Fp12(six, six)))),
        ("square12", counted(|| Eight::square12(&mut f))),
        ("multiply_by_line", counted(|| Eight::multiply_by_line(&mut f, &line))),
        ("line", counted(|| _ = Eight::line(&lines.0[0][0], &lines.0[0][1], &p))),
        ("cyclotomic_square_times, 8", counted(|| Eight::cyclotomic_square_times(&mut f, 8))),
        ("compressed_square_times, 8", counted(|| Eight::compressed_square_times(&mut Compressed::new(&f), 8))),
        ("inverses12, 1", counted(|| Eight::inverses12(from_mut(&mut f)))),
    ]
}

/// A row of the table in benches/README.md.
fn row(name: &str, i: &Instructions) -> String {
    let Instructions { ifma, add, shift, logic, shuffle } = i;
    format!("| {name} | {ifma} | {add} | {shift} | {logic} | {shuffle} | {} |", i.total())
}

#[test]
fn the_counts_are_those_of_the_code() {
    let (operations, kernels) = (operations(), kernels());
    let list = |name: &str, i: &Instructions| {
        let Instructions { ifma, add, shift, logic, shuffle } = i;
        format!("(\"{name}\", Instructions::new([{ifma}, {add}, {shift}, {logic}, {shuffle}])),\n")
    };
    let mut counted = String::new();
    for (name, n, i) in &operations {
        write!(counted, "{n}: {}", list(name, i)).unwrap();
    }
    for (name, i) in &kernels {
        counted += &list(name, i);
    }
    assert_eq!(operations, OPERATIONS, "{counted}");
    assert_eq!(kernels, KERNELS, "{counted}");
    let readme = std::fs::read_to_string("benches/README.md").unwrap();
    let rows = operations.iter().map(|(name, n, i)| row(&format!("{name}, {n} records"), i));
    for row in rows.chain(kernels.iter().map(|(name, i)| row(name, i))) {
        assert!(readme.contains(&row), "benches/README.md lacks {row}");
    }
}
