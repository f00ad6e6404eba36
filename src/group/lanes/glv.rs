//! P^k for any P of G1 by the endomorphism (Gallant, Lambert, Vanstone, CRYPTO 2001), in constant time.
//!
//! With φ(x, y) = (βx, y) = P^(−x²) (see [`curve`](super::curve)), P^(x²) = (βx, −y). The exponent has two digits in base x²,
//! each in 32 windows of 4 bits that stand for odd numbers ([`Halves`](crate::group::exponent::Halves)):
//!
//! ```text
//! P^k = ∏_j (P^d_0j · (P^(x²))^d_1j)^(16^j),   d_ij in ±1, ±3, .., ±15
//! ```
//! 124 doublings and 63 additions, one table P, P³, .., P^15 for both digits. Every look-up reads the whole table.
//!
//! The entries of the table share one denominator: on the curve y² = x³ + 4·U⁶, to which (x, y) -> (xU², yU³) leads, they
//! are affine, and neither the doubling nor the addition depends on the 4. So the table needs no inversion. The result is
//! divided by U.
//!
//! **Exceptions.** Let P^(a + b·x²) be the sum before an addition. No (a, b) ≠ 0 with max(|a|, |b|) < x² − 2 has
//! a + b·x² ≡ 0 (mod q): the basis (x², −1), (1, x² − 1) of these pairs is reduced. In all windows but the last,
//! |a| + 15 and |b| + 15 are below 2^125 < x² − 2. Before the addition of an entry to a, a is a multiple of 16 and d is
//! odd, so a ± d ≠ 0; before the addition of an entry to b, a is odd. So the sum is neither the entry nor its inverse
//! nor 1. In the last window, |a| and |b| can reach x²; there, the addition has no exceptions.

use super::base::Mask;
use super::curve::{BETA, Chord, CurveKernels, Jacobian, chord};
use super::kernels::kernels;
use crate::group::exponent::Halves;
use zeroize::Zeroize;

kernels! {
    /// Powers of any points of G1.
    trait GlvKernels: CurveKernels;
    /// (x, y)^k in each lane; x and y below 4p.
    fn power_g1(x: &Self, y: &Self, windows: &Windows) -> Jacobian<Self> = power;
}

const ENTRIES: usize = Halves::ENTRIES;

/// Which entry each lane takes.
#[derive(Clone, Copy, Default, Zeroize)]
pub(super) struct Choice {
    /// For each entry, the lanes that take it.
    pub(super) lanes: [Mask; ENTRIES],
    /// The lanes that invert theirs.
    pub(super) negative: Mask,
}

/// The choices for the digits of all windows.
pub(super) type Windows = [[Choice; 2]; Halves::COUNT as usize];

/// An odd power of P, affine on the curve of the table, and that of P^(x²): (x, y), and (βx, −y).
#[derive(Clone, Copy)]
struct Entry<F> {
    x: F,
    beta_x: F,
    y: F,
}

/// P, P³, .., P^15, and U.
#[inline(always)]
fn table<F: CurveKernels>(x: &F, y: &F) -> ([Entry<F>; ENTRIES], F) {
    let Jacobian(x2, y2, z2) = F::double_g1(&Jacobian::affine(x, y));
    // On the curve of z2, P² is affine.
    let square = F::square1(&z2);
    let first = Jacobian::affine(&F::multiply1(x, &square), &F::multiply1(y, &F::multiply1(&square, &z2)));
    let (mut powers, mut runs) = ([first; ENTRIES], [z2; ENTRIES]);
    for i in 1..ENTRIES {
        let Chord { sum, run, .. } = chord(&powers[i - 1], &x2, &y2);
        (powers[i], runs[i]) = (sum, run);
    }
    // From the last one down, to its denominator.
    let (beta, mut ratio) = (F::constant(&BETA), F::one());
    let mut entries = [Entry { x: ratio, beta_x: ratio, y: ratio }; ENTRIES];
    for i in (0..ENTRIES).rev() {
        let square = F::square1(&ratio);
        let x = F::multiply1(&powers[i].0, &square);
        let y = F::multiply1(&powers[i].1, &F::multiply1(&square, &ratio));
        entries[i] = Entry { x, beta_x: F::multiply1(&beta, &x), y };
        ratio = F::multiply1(&ratio, &runs[i]);
    }
    (entries, ratio)
}

/// x and y of each lane's entry, of P for `half` 0 and of P^(x²) for 1. x below 4p, y up to 5p.
#[inline(always)]
fn look_up<F: CurveKernels>(entries: &[Entry<F>; ENTRIES], half: usize, choice: &Choice) -> (F, F) {
    let x = |entry: &Entry<F>| if half == 0 { entry.x } else { entry.beta_x };
    let (mut out_x, mut out_y) = (x(&entries[0]), entries[0].y);
    for i in 1..ENTRIES {
        out_x = x(&entries[i]).select(choice.lanes[i], &out_x);
        out_y = entries[i].y.select(choice.lanes[i], &out_y);
    }
    let negative = if half == 0 { choice.negative } else { !choice.negative };
    (out_x, F::zero().minus::<4>(&out_y).select(negative, &out_y))
}

#[inline(always)]
fn power<F: CurveKernels>(x: &F, y: &F, windows: &Windows) -> Jacobian<F> {
    let (entries, denominator) = table(x, y);
    let [last, others @ .., first] = windows;
    let (x, y) = look_up(&entries, 0, &first[0]);
    let mut product = Jacobian::affine(&x, &y);
    let (x, y) = look_up(&entries, 1, &first[1]);
    product = F::add_affine_g1(&product, &x, &y);
    for window in others.iter().rev() {
        product = F::double_g1_four_times(&product);
        for half in 0..2 {
            let (x, y) = look_up(&entries, half, &window[half]);
            product = F::add_affine_g1(&product, &x, &y);
        }
    }
    product = F::double_g1_four_times(&product);
    for half in 0..2 {
        let (x, y) = look_up(&entries, half, &last[half]);
        product = F::add_any_affine_g1(&product, &x, &y);
    }
    product.2 = F::multiply1(&product.2, &denominator);
    product
}
