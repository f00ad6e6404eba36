//! Powers in GT with an exponent in each lane: tables in which each lane looks up its own entry.
//!
//! A row is one coefficient of one lane, eight limbs in 64 bytes. A look-up loads eight rows for each coefficient and
//! transposes them, 24 shuffles, into the lanes: 12 transpositions beside the 18 products of F_p² that follow.

use super::base::{Base, Constant};
use super::cyclotomic::CyclotomicKernels;
use super::eight::Eight;
use super::fp2::{Fp2, Fp2Kernels};
use super::tower::{Fp6, Fp12, TowerKernels};
use crate::group::power::{self, Windows, column};
use ark_bls12_381::Fq;
use ark_ff::Field;

/// The rows of one element: by coefficient, then lane.
type Rows = [[[u64; 8]; 8]; 12];

/// g^(Σ dᵢ·|x|ⁱ) in each lane, g below 2p in GT. Below 3.01p. 98,304 bytes of table.
#[inline(always)]
pub(super) fn power(g: &Fp12<Eight>, digits: &[[u64; 4]; 8]) -> Fp12<Eight> {
    let mut products = vec![Fp12::one(); 16];
    products[1] = *g;
    products[2] = Eight::frobenius(g, 1).conjugate().weaken();
    products[4] = Eight::frobenius(g, 2);
    products[8] = Eight::frobenius(g, 3).conjugate().weaken();
    for i in 3..16_usize {
        let rest = i & (i - 1);
        if rest != 0 {
            products[i] = products[rest].times(&products[i ^ rest]);
        }
    }
    let mut table = Vec::with_capacity(16);
    for product in &products {
        table.push(rows(product));
    }
    let mut power = Fp12::one();
    for bit in (0..64).rev() {
        if bit < 63 {
            power = power.weaken();
            Eight::cyclotomic_square_times(&mut power, 1);
        }
        Eight::multiply12(&mut power, &look_up(&table, digits.map(|d| column(d, bit))));
    }
    power
}

#[inline(always)]
fn rows(f: &Fp12<Eight>) -> Rows {
    let coefficients = coefficients(f);
    let mut rows = [[[0; 8]; 8]; 12];
    for i in 0..12 {
        rows[i] = coefficients[i].to_rows();
    }
    rows
}

#[inline(always)]
fn look_up(table: &[Rows], index: [usize; 8]) -> Fp12<Eight> {
    let mut out = [Eight::zero(); 12];
    for (i, out) in out.iter_mut().enumerate() {
        *out = Eight::from_rows(std::array::from_fn(|lane| &table[index[lane]][i][lane]));
    }
    from_coefficients(&out)
}

/// 2^(32·32). The entries of the table are arkworks' residues to 2^384. They are loaded without a conversion to 2^416, so
/// each is too small by a factor 2^32; one product corrects all 32 entries of a power at once.
static CORRECTION: std::sync::LazyLock<Constant> =
    std::sync::LazyLock::new(|| Constant::new(Fq::from(2).pow([32 * 4 * Windows::COUNT as u64])));

/// b^(Σ dᵢ·|x|ⁱ) in each lane, below 3.01p.
#[inline(always)]
pub(super) fn power_fixed(windows: &Windows, digits: &[[u64; 4]; 8]) -> Fp12<Eight> {
    let mut product = Fp12::one();
    for i in 0..4 {
        let digits = digits.map(|d| d[i]);
        let mut part = entry(windows, 0, digits);
        for window in 1..Windows::COUNT {
            Eight::multiply12(&mut part, &entry(windows, window, digits));
        }
        let image = match i {
            0 => part,
            2 => Eight::frobenius(&part, 2),
            _ => Eight::frobenius(&part, i).conjugate(),
        };
        Eight::multiply12(&mut product, &image);
    }
    let mut out = coefficients(&product);
    let correction = Eight::constant(&CORRECTION);
    for x in &mut out {
        *x = Eight::multiply1(x, &correction);
    }
    from_coefficients(&out)
}

/// The entry of each lane's digit in this window, times 2^(−32).
#[inline(always)]
fn entry(windows: &Windows, window: usize, digits: [u64; 8]) -> Fp12<Eight> {
    let entries = digits.map(|d| windows.entry(window, d));
    let mut out = [Eight::zero(); 12];
    for (i, out) in out.iter_mut().enumerate() {
        *out = Eight::from_residues(entries.map(|e| &power::coefficient(e, i).0.0));
    }
    from_coefficients(&out)
}

#[inline(always)]
fn coefficients(f: &Fp12<Eight>) -> [Eight; 12] {
    let Fp12(Fp6(a, b, c), Fp6(d, e, f)) = f;
    [a.0, a.1, b.0, b.1, c.0, c.1, d.0, d.1, e.0, e.1, f.0, f.1]
}

#[inline(always)]
fn from_coefficients(x: &[Eight; 12]) -> Fp12<Eight> {
    let two = |i: usize| Fp2(x[2 * i], x[2 * i + 1]);
    Fp12(Fp6(two(0), two(1), two(2)), Fp6(two(3), two(4), two(5)))
}
