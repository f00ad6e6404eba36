use super::*;
use crate::group::GtTable;
use crate::group::tests::rng;

#[test]
fn the_identity_has_one_encoding_of_each_form() {
    let one = Gt::identity();
    assert_eq!(Gt::from_bytes(&one.to_bytes()), Ok(one));
    assert_eq!(Gt::from_bytes_t2(&one.to_bytes_t2()), Ok(one));
    assert_eq!(Gt::from_bytes_plain(&one.to_bytes_plain()), Ok(one));
    let mut bytes = one.to_bytes();
    bytes[191] = 1;
    assert_eq!(Gt::from_bytes(&bytes), Err(DecodeError::NonCanonical { what: "GT" }));
    let mut bytes = one.to_bytes_t2();
    bytes[287] = 1;
    assert_eq!(Gt::from_bytes_t2(&bytes), Err(DecodeError::NonCanonical { what: "GT" }));
}

#[test]
fn flags_lengths_and_large_coefficients_are_named() {
    assert_eq!(Gt::from_bytes(&[0; 191]), Err(DecodeError::Length { what: "GT", expected: 192, got: 191 }));
    assert_eq!(Gt::from_bytes(&[0; 192]), Err(DecodeError::Flags { what: "GT" }));
    assert_eq!(Gt::from_bytes(&[0xff; 192]), Err(DecodeError::NonCanonical { what: "GT" }));
    let mut bytes = [0; 192];
    bytes[0] = 0b100 << 5;
    assert_eq!(Gt::from_bytes(&bytes), Err(DecodeError::NonCanonical { what: "GT" })); // a0 = 0 is not regular
    bytes[0] = 0b101 << 5;
    assert_eq!(Gt::from_bytes(&bytes), Err(DecodeError::NotInSubgroup { what: "GT" })); // ξ·a2² + 1/3 is not 0
    assert_eq!(Gt::from_bytes_plain(&[0; 576]), Err(DecodeError::NotInSubgroup { what: "GT" }));
}

#[test]
fn powers_multiply_and_invert() {
    let mut rng = rng(1);
    let (g, k, l) = (Gt::random(&mut rng), Scalar::random(&mut rng), Scalar::random(&mut rng));
    assert_eq!(g.pow(&k) * g.pow(&l), g.pow(&(k + l)));
    assert!((g * g.inverse()).is_identity());
    assert_eq!(g / g, Gt::identity());
    assert_eq!(GtTable::generator().pow(&k), Gt::generator().pow(&k));
}

#[test]
fn debug_shows_nothing() {
    assert_eq!(format!("{:?}", Gt::generator()), "Gt(<redacted>)");
}
