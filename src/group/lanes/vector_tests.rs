//! The instructions against portable words, whose meaning is one line of Rust each, and which the proofs take over
//! (`proofs/lanes/Statements.v`).

use super::ifma::Ifma;
use super::portable::{EDGES, V as Words};
use super::vector::V;
use crate::group::tests::rng;
use rand_core::Rng;

/// Eight words at a time: all triples of edges, then as many random ones.
fn triples() -> Vec<[[u64; 8]; 3]> {
    let mut words = Vec::new();
    for a in EDGES {
        for b in EDGES {
            words.extend(EDGES.map(|c| [a, b, c]));
        }
    }
    let mut rng = rng(7);
    words.extend((0..words.len()).map(|_| [rng.next_u64(), rng.next_u64(), rng.next_u64()]).collect::<Vec<_>>());
    words.as_chunks::<8>().0.iter().map(|chunk| [0, 1, 2].map(|i| chunk.map(|words| words[i]))).collect()
}

macro_rules! same {
    ($a:ident, $b:ident, $c:ident: $($call:expr),* $(,)?) => { $({
        for [$a, $b, $c] in triples() {
            let call: [u64; 8] = {
                let ($a, $b, $c) = (V::load(&$a), V::load(&$b), V::load(&$c));
                _ = (&$a, &$b, &$c);
                $call.store()
            };
            let words: [u64; 8] = {
                let ($a, $b, $c) = (Words::load(&$a), Words::load(&$b), Words::load(&$c));
                _ = (&$a, &$b, &$c);
                $call.store()
            };
            assert_eq!(call, words, "{} of {:x?}, {:x?}, {:x?}", stringify!($call), $a, $b, $c);
        }
    })* };
}

#[test]
fn instructions_are_the_portable_words() {
    if Ifma::detect().is_none() {
        eprintln!("skipped: this processor lacks AVX-512 IFMA");
        return;
    }
    same! { a, b, c:
        a.plus(b),
        a.minus(b),
        a.and(b),
        a.or(b),
        a.plus_low(b, c),
        a.plus_high(b, c),
        a.low_words(b),
        a.high_words(b),
        a.times_32(b),
        a.shift_right::<1>(),
        a.shift_right::<40>(),
        a.shift_right::<52>(),
        a.shift_right::<63>(),
        a.signed_shift::<52>(),
        a.signed_shift::<63>(),
        a.shift_left::<4>(),
        a.shift_left::<59>(),
        a.rotate::<1>(),
        a.rotate::<2>(),
        a.rotate::<4>(),
        a.less_at_least_zero(256),
        a.select(0b1010_0110, b),
    }
    for [a, ..] in triples() {
        assert_eq!(V::load(&a).negatives(), Words::load(&a).negatives());
        assert_eq!(V::load(&a).zeros(), Words::load(&a).zeros());
        let rows: [[u64; 8]; 8] =
            std::array::from_fn(|i| a.map(|word| word.rotate_left(u32::try_from(i).unwrap_or(0))));
        let (v, words) =
            (V::transpose(rows.map(|row| V::load(&row))), Words::transpose(rows.map(|row| Words::load(&row))));
        assert_eq!(v.map(V::store), words.map(Words::store));
        let table: [u64; 16] = std::array::from_fn(|i| a[i % 8].wrapping_mul(i as u64 + 1));
        let index = a.map(|word| word & 15);
        assert_eq!(V::look_up(&table, V::load(&index)).store(), Words::look_up(&table, Words::load(&index)).store());
        let [b, c, d, e, f, g, ..] = a;
        let six = [b, c, d, e, f, g];
        assert_eq!(V::load_six(&six).store(), Words::load_six(&six).store());
        assert_eq!(V::splat(b).store(), Words::splat(b).store());
    }
}
