//! The readable form against arkworks; the lanes against both.

use super::curve::{CurveKernels, Jacobian};
use super::cyclotomic::CyclotomicKernels;
use super::fp2::Fp2;
use super::glv::{self, GlvKernels};
use super::ifma::Ifma;
use super::miller::{Lines, MillerKernels, PointG1, PointG2};
use super::one::One;
use super::pipeline;
use super::torus::TorusKernels;
use super::tower::{Fp6, Fp12, TowerKernels};
use crate::group::backend::Backend;
use crate::group::exponent::Halves;
use crate::group::plain::Plain;
use crate::group::tests::{config, cyclotomic, rng};
use crate::group::{G1, G2, Gt, Scalar, exponent};
use ark_bls12_381::{Fq, Fq2, Fq6, Fq12, G1Affine, G1Projective};
use ark_ec::CurveGroup;
use ark_ff::{CyclotomicMultSubgroup, Field};
use proptest::prelude::*;
use std::slice::{from_mut, from_ref};
use zeroize::Zeroize;

/// The lanes, or a word that they were not tested.
fn lanes() -> Option<Ifma> {
    let ifma = Ifma::detect();
    if ifma.is_none() {
        eprintln!("skipped: this processor lacks AVX-512 IFMA");
    }
    ifma
}

fn quotients(q: &G2) -> Option<Vec<[Fq2; 2]>> {
    Plain.line_quotients(&Plain.prepare(&q.0))
}

fn lines_of(q: &G2) -> Lines {
    Lines::new(&quotients(q).unwrap())
}

fn one2(x: &Fq2) -> Fp2<One> {
    Fp2(One::new(x.c0), One::new(x.c1))
}

fn one6(x: &Fq6) -> Fp6<One> {
    Fp6(one2(&x.c0), one2(&x.c1), one2(&x.c2))
}

fn one12(x: &Fq12) -> Fp12<One> {
    Fp12(one6(&x.c0), one6(&x.c1))
}

fn ark2(x: &Fp2<One>) -> Fq2 {
    Fq2::new(x.0.value, x.1.value)
}

fn ark6(x: &Fp6<One>) -> Fq6 {
    Fq6::new(ark2(&x.0), ark2(&x.1), ark2(&x.2))
}

fn ark12(x: &Fp12<One>) -> Fq12 {
    Fq12::new(ark6(&x.0), ark6(&x.1))
}

fn applied(f: impl Fn(&mut Fp12<One>), x: &Fp12<One>) -> Fp12<One> {
    let mut out = *x;
    f(&mut out);
    out
}

fn power_x(f: &Fp12<One>) -> Fp12<One> {
    let mut out = *f;
    One::powers_x(from_ref(f), from_mut(&mut out));
    out
}

fn point1(p: &G1) -> PointG1<One> {
    PointG1::all(&[(One::new(p.0.x), One::new(p.0.y))])[0]
}

#[test]
fn all_but_the_identity_have_lines_for_the_lanes() {
    assert!(quotients(&G2::generator()).is_some());
    assert!(quotients(&G2::identity()).is_none());
}

#[test]
fn overwritten_lines_are_zero() {
    let mut lines = lines_of(&G2::generator());
    let zeros = |lines: &Lines| lines.0.iter().flatten().flatten().all(|c| c.limbs == [0; 8]);
    assert!(!zeros(&lines));
    lines.0.zeroize();
    assert!(zeros(&lines));
}

proptest! {
    #![proptest_config(config(4))]

    #[test]
    fn the_readable_form_is_the_tower(seed: u64) {
        let (a, b) = (cyclotomic(seed), cyclotomic(seed ^ 1) + Fq12::from(1));
        prop_assert_eq!(ark12(&one12(&a).times(&one12(&b))), a * b);
        prop_assert_eq!(ark12(&applied(One::square12, &one12(&b))), b.square());
        prop_assert_eq!(ark12(&applied(|f| One::inverses12(from_mut(f)), &one12(&b))), b.inverse().unwrap());
        prop_assert_eq!(ark12(&applied(|f| One::cyclotomic_square_times(f, 14), &one12(&a))), a.pow([1 << 14]));
        prop_assert_eq!(ark12(&applied(|f| One::cyclotomic_square_run(f, 0, 3), &one12(&a))), a.pow([8]));
        prop_assert_eq!(ark12(&power_x(&one12(&a))), a.cyclotomic_exp([exponent::X]));
        prop_assert_eq!(ark12(&power_x(&Fp12::one())), Fq12::ONE);
        for n in 1..4 {
            prop_assert_eq!(ark12(&One::frobenius(&one12(&b), n)), b.frobenius_map(n));
        }
    }

    #[test]
    fn the_readable_form_pairs(seed: u64) {
        let mut rng = rng(seed);
        let (p, q) = (G1::random(&mut rng), G2::random(&mut rng));
        let e = Plain.pairing(&p.0, &q.0);
        let fixed = One::miller_loop(&point1(&p), &lines_of(&q));
        prop_assert_eq!(ark12(&applied(|f| One::final_exponentiations(from_mut(f)), &fixed)), e);
        let each = One::miller_loop_each(&point1(&p), &PointG2 { x: one2(&q.0.x), y: one2(&q.0.y) });
        prop_assert_eq!(ark12(&applied(|f| One::final_exponentiations(from_mut(f)), &each)), e);
    }

    #[test]
    fn the_readable_form_raises_points(seed: u64) {
        let mut rng = rng(seed);
        let p = G1::random(&mut rng);
        let random = Scalar::random(&mut rng);
        for k in [random, Scalar::from(0), Scalar::from(1), -Scalar::from(1), Scalar::from(30), -Scalar::from(30)] {
            let halves = Halves::new(k.0);
            let mut windows: glv::Windows = Default::default();
            for (j, window) in (0..).zip(&mut windows) {
                for i in 0..2 {
                    let (index, negative) = halves.window(i, j);
                    window[i].lanes = std::array::from_fn(|e| u8::from(e as u64 == index));
                    window[i].negative = u8::from(negative != 0);
                }
            }
            let Jacobian(x, y, z) = One::power_g1(&One::new(p.0.x), &One::new(p.0.y), &windows);
            let power = G1Projective::new_unchecked(x.value, y.value, z.value);
            prop_assert_eq!(power.into_affine(), Plain.pow_g1(&p.0, k.0));
        }
    }

    #[test]
    fn the_readable_form_decodes(seed: u64) {
        let mut rng = rng(seed);
        let p = G1::random(&mut rng);
        let larger = u8::from(p.0.y > -p.0.y);
        let (y, on_curve) = One::decompress_g1(&One::new(p.0.x), larger);
        prop_assert_eq!((y.value, on_curve), (p.0.y, 1));
        prop_assert_eq!(One::in_g1(&One::new(p.0.x), &y), 1);
        let other = G1Affine::get_point_from_x_unchecked(Fq::from(4), false).unwrap();
        prop_assert_eq!(One::in_g1(&One::new(other.x), &One::new(other.y)), 0);
        let g = Gt::random(&mut rng);
        let mut compressed = [(Fp2::zero(), Fp2::zero()); 2];
        One::compress_gt(&[one12(&g.0), Fp12::one()], &mut compressed);
        prop_assert_eq!(compressed.map(|(a0, _)| a0.zeros()), [0, 1]);
        let mut decompressed = [Fp12::one()];
        One::decompress_gt(&compressed[..1], &mut decompressed);
        prop_assert_eq!(ark12(&decompressed[0]), g.0);
        prop_assert_eq!(&One::frobenius_is_x(&[one12(&g.0), one12(&cyclotomic(seed))])[..2], &[1, 0]);
    }

    #[test]
    fn eight_lanes_pair(seed: u64) {
        let Some(ifma) = lanes() else { return Ok(()) };
        let mut rng = rng(seed);
        let p: [G1; 8] = std::array::from_fn(|_| G1::random(&mut rng));
        let q: [G2; 8] = std::array::from_fn(|_| G2::random(&mut rng));
        let c: [Gt; 8] = std::array::from_fn(|_| Gt::random(&mut rng));
        let lines = lines_of(&q[0]);
        let points: [G1Affine; 8] = p.map(|p| p.0);
        prop_assert_eq!(
            pipeline::pair_and_multiply(ifma, &[points], &[c.map(|c| c.0)], &lines)[0],
            std::array::from_fn(|i| c[i].0 * Plain.pairing(&p[i].0, &q[0].0))
        );
        prop_assert_eq!(
            pipeline::pair_each_and_multiply(ifma, &[points], &[q.map(|q| q.0)], &[c.map(|c| c.0)])[0],
            std::array::from_fn(|i| c[i].0 * Plain.pairing(&p[i].0, &q[i].0))
        );
    }
}
