use super::*;
use crate::hash::Digest;

#[test]
fn reads_back_what_was_written() {
    let mut out = Writer::default();
    out.u8(7).u32(1 << 20).u64(u64::MAX).bytes(b"abc").list(&[Digest([1; 32]), Digest([2; 32])]);
    let bytes = out.into_bytes();
    let mut input = Reader::new(&bytes);
    assert_eq!(input.u8("a"), Ok(7));
    assert_eq!(input.u32("b"), Ok(1 << 20));
    assert_eq!(input.u64("c"), Ok(u64::MAX));
    assert_eq!(input.text("d", 3), Ok("abc"));
    assert_eq!(input.list("e", 2), Ok(vec![Digest([1; 32]), Digest([2; 32])]));
    assert_eq!(input.end("f"), Ok(()));
}

#[test]
fn a_huge_count_allocates_no_memory() {
    let bytes = [0xff, 0xff, 0xff, 0xff];
    let limit = DecodeError::Limit { what: "x", limit: 9, got: u32::MAX.into() };
    assert_eq!(Reader::new(&bytes).bytes("x", 9), Err(limit.clone()));
    assert_eq!(Reader::new(&bytes).list::<Digest>("x", 9), Err(limit));
    let short = DecodeError::Length { what: "digest", expected: 32, got: 0 };
    assert_eq!(Reader::new(&bytes).list::<Digest>("x", u32::MAX), Err(short));
}

#[test]
fn short_and_long_inputs_are_named() {
    assert_eq!(Digest::from_bytes(&[0; 31]), Err(DecodeError::Length { what: "digest", expected: 32, got: 31 }));
    assert_eq!(Digest::from_bytes(&[0; 33]), Err(DecodeError::Trailing { what: "digest", extra: 1 }));
    assert_eq!(Reader::new(&[0, 0, 0, 1, 0xff]).text("t", 9), Err(DecodeError::Text { what: "t" }));
}
