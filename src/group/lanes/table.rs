//! Powers with an exponent in each lane, in constant time: every look-up reads all entries of its window, and each lane
//! picks its own entry by a permutation within registers.
//!
//! The algorithms are those of [`power`](crate::group::power) and [`comb`](crate::group::comb). For eight records:
//! - any base in GT: 63 squarings and 63 products of F_p¹², 13 products for the eight entries;
//! - a base with a table: 44 look-ups among 32 torus elements, 40 products by (c + w), each two products of F_p⁶;
//! - the generator of G1: 52 look-ups among 16 points, 51 additions;
//! - any point of G1: see [`glv`](super::glv).

use super::base::{Base, LIMBS, Mask};
use super::curve::{CurveKernels, Jacobian};
use super::cyclotomic::CyclotomicKernels;
use super::eight::Eight;
use super::fp2::Fp2;
use super::glv::{self, Choice};
use super::single::constant;
use super::tower::{Fp6, Fp12, TowerKernels};
use crate::group::comb;
use crate::group::exponent::{Comb, Digits, Halves};
use crate::group::power::{self, Table, Windows};
use ark_bls12_381::Fq;
use ark_ff::BigInteger384;
use std::hint::black_box;
use std::sync::LazyLock;

/// `E` elements of F_p by limb: the row i has limb i of every element.
type Column<const E: usize> = [[u64; E]; LIMBS];
/// The window of a table of torus elements: their six coefficients.
pub(in crate::group) type TorusWindow = [Column<{ Windows::ENTRIES }>; 6];
/// The window of the table of the generator of G1: x and y.
type PointWindow = [Column<{ Comb::ENTRIES }>; 2];
/// The indices of the lanes' entries, and whether each lane inverts its entry.
type Places = ([u64; 8], [u64; 8]);

/// The Montgomery limbs of entries with `C` elements of F_p each, by element and limb.
fn columns<const E: usize, const C: usize, const WORDS: usize>(entries: &[[u64; WORDS]]) -> [Column<E>; C] {
    let mut out = [[[0; E]; LIMBS]; C];
    for (e, words) in entries.iter().enumerate() {
        let (limbs, _) = words.as_chunks();
        for (column, limbs) in out.iter_mut().zip(limbs) {
            let constant = constant(Fq::new_unchecked(BigInteger384::new(*limbs)));
            for (row, limb) in column.iter_mut().zip(constant.limbs) {
                row[e] = limb;
            }
        }
    }
    out
}

/// The table of a base in the form of the lanes, 135,168 bytes.
pub(super) fn torus_windows(table: &Table) -> Vec<TorusWindow> {
    table.entries().chunks_exact(Windows::ENTRIES).map(columns).collect()
}

/// The table of the generator of G1 in the form of the lanes, 106,496 bytes.
static GENERATOR: LazyLock<Vec<PointWindow>> =
    LazyLock::new(|| (0..Comb::COUNT).map(|j| columns(comb::window(j))).collect());

fn places<T>(exponents: &[T; 8], place: impl Fn(&T) -> (u64, u64)) -> Places {
    let (mut index, mut negative) = ([0; 8], [0; 8]);
    for lane in 0..8 {
        (index[lane], negative[lane]) = place(&exponents[lane]);
    }
    (index, negative)
}

/// −x in the lanes of the mask; x below 2p.
#[inline(always)]
fn negated(x: &Eight, negative: Mask) -> Eight {
    Eight::zero().minus::<2>(x).select(negative, x)
}

#[inline(always)]
fn look_up_torus(window: &TorusWindow, (index, negative): &Places) -> Fp6<Eight> {
    let negative = Eight::negatives(negative);
    let mut x = [Eight::zero(); 6];
    for i in 0..6 {
        x[i] = negated(&Eight::look_up(&window[i], index), negative);
    }
    Fp6(Fp2(x[0], x[1]), Fp2(x[2], x[3]), Fp2(x[4], x[5]))
}

/// b^k in each lane for the base b of the table. Below 3.01p.
#[inline(always)]
pub(super) fn power_table(table: &[TorusWindow], digits: &[Windows; 8]) -> Fp12<Eight> {
    let mut parts = vec![Fp12::<Eight>::one(); 4];
    for (j, window) in (0..Windows::COUNT).zip(table) {
        for i in 0..4 {
            let c = look_up_torus(window, &places(digits, |digits| digits.window(i, j)));
            if j == 0 {
                parts[i] = Fp12(c, Fp6(Fp2::one(), Fp2::zero(), Fp2::zero()));
            } else {
                Eight::multiply_by_torus(&mut parts[i], &c);
            }
        }
    }
    let mut product = parts[0];
    Eight::multiply12(&mut product, &Eight::frobenius(&parts[1], 1).conjugate());
    Eight::multiply12(&mut product, &Eight::frobenius(&parts[2], 2));
    Eight::multiply12(&mut product, &Eight::frobenius(&parts[3], 3).conjugate());
    overwrite(&mut parts);
    quotient(&product)
}

/// Overwrites elements on the heap, before they are freed.
#[inline(always)]
fn overwrite(elements: &mut [Fp12<Eight>]) {
    elements.fill(Fp12::one());
    black_box(elements);
}

/// f/conj(f) = (f0² + v·f1² + 2·f0·f1·w)/(f0² − v·f1²), below 3.01p.
#[inline(always)]
fn quotient(f: &Fp12<Eight>) -> Fp12<Eight> {
    let (a, b) = (f.0.times(&f.0), f.1.times(&f.1).times_v::<4>());
    let mut inverse = a.minus::<8>(&b);
    Eight::inverses6(std::slice::from_mut(&mut inverse));
    let cross = f.0.times(&f.1);
    Fp12(a.plus(&b).times(&inverse), cross.plus(&cross).times(&inverse))
}

/// g^k in each lane, g below 4p in GT. Below 3.01p.
#[inline(always)]
pub(super) fn power(g: &Fp12<Eight>, digits: &[Digits<1>; 8]) -> Fp12<Eight> {
    // Freed as it is: the bases are public in this crate, and overwriting their table takes 6% of the time.
    let table = signed_products(
        g,
        &Eight::frobenius(g, 1).conjugate(),
        &Eight::frobenius(g, 2),
        &Eight::frobenius(g, 3).conjugate(),
    );
    let mut power = look_up(&table, digits, 63);
    for j in (0..63).rev() {
        Eight::cyclotomic_square_run(&mut power, 0, 1);
        Eight::multiply12(&mut power, &look_up(&table, digits, j));
    }
    power
}

/// The products g0·g1^±1·g2^±1·g3^±1: bit i − 1 of the index says that base i has the sign of base 0.
#[inline(always)]
fn signed_products(b0: &Fp12<Eight>, b1: &Fp12<Eight>, b2: &Fp12<Eight>, b3: &Fp12<Eight>) -> Vec<Fp12<Eight>> {
    let (same01, other01) = (b0.times(b1), b0.times(&b1.conjugate()));
    let (same23, other23) = (b2.times(b3), b2.times(&b3.conjugate()));
    let (both, neither) = (same23.conjugate(), other23.conjugate());
    vec![
        other01.times(&both),
        same01.times(&both),
        other01.times(&other23),
        same01.times(&other23),
        other01.times(&neither),
        same01.times(&neither),
        other01.times(&same23),
        same01.times(&same23),
    ]
}

/// The product for bit j of the digits.
#[inline(always)]
fn look_up(table: &[Fp12<Eight>], digits: &[Digits<1>; 8], j: u32) -> Fp12<Eight> {
    let (index, negative) = places(digits, |digits| power::column(digits, j));
    let mut entry = table[0];
    for i in 1..8 {
        entry = table[i].select(Eight::equals(&index, i as u64), &entry);
    }
    let inverse = entry.conjugate();
    inverse.select(Eight::negatives(&negative), &entry)
}

/// g1^k in each lane, as x and y; and the lanes in which the addition met an exception, which have no result.
#[inline(always)]
pub(super) fn power_generator(exponents: &[Comb; 8]) -> (Eight, Eight, Mask) {
    let (x, y) = look_up_point(exponents, 0);
    let mut sum = Jacobian::affine(&x, &y);
    for j in 1..Comb::COUNT {
        let (x, y) = look_up_point(exponents, j);
        sum = Eight::add_affine_g1(&sum, &x, &y);
    }
    sum.normalised()
}

#[inline(always)]
fn look_up_point(exponents: &[Comb; 8], j: usize) -> (Eight, Eight) {
    let (index, negative) = places(exponents, |comb| comb.window(j));
    let [x, y] = &GENERATOR[j];
    (Eight::look_up(x, &index), negated(&Eight::look_up(y, &index), Eight::negatives(&negative)))
}

/// The choices of the lanes for any points of G1.
#[inline(always)]
pub(super) fn choices(exponents: &[Halves; 8]) -> glv::Windows {
    let mut out: glv::Windows = Default::default();
    for j in 0..Halves::COUNT {
        for i in 0..2 {
            let (index, negative) = places(exponents, |halves| halves.window(i, j));
            let mut choice = Choice { negative: Eight::negatives(&negative), ..Choice::default() };
            for e in 0..Halves::ENTRIES {
                choice.lanes[e] = Eight::equals(&index, e as u64);
            }
            out[j as usize][i] = choice;
        }
    }
    out
}
