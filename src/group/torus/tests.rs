use super::*;
use crate::group::backend::Backend;
use crate::group::plain::Plain;
use crate::group::{Gt, tests::rng};
use ark_ff::{LegendreSymbol, PrimeField};

/// So no element of the cyclotomic subgroup has a0 = 0, and the flag for it only ever names what is refused.
#[test]
fn minus_one_third_over_xi_is_no_square() {
    let a2_squared = -THIRD * times_xi(Fq2::ONE).inverse().unwrap();
    assert_eq!(times_xi(a2_squared) + THIRD, Fq2::ZERO);
    assert_eq!(a2_squared.legendre(), LegendreSymbol::QuadraticNonResidue);
}

#[test]
fn the_regular_form_is_read_and_written_as_integers() {
    let bytes = Plain.encode_t6(&Gt::random(&mut rng(1)).0);
    let integers = read_regular(&bytes).unwrap();
    let first = decode_fq(bytes.as_chunks().0[1..].first().unwrap()).unwrap();
    assert_eq!(integers[1], first.into_bigint().0);
    assert_eq!(write_regular(&integers), bytes);
    for flag in [ONE, A0_IS_ZERO, 0, FLAGS] {
        let mut other = bytes;
        other[0] = other[0] & !FLAGS | flag;
        assert_eq!(read_regular(&other), None, "{flag:#b}");
    }
    assert_eq!(read_regular(&[0x9f; 192]), None); // p and above
}
