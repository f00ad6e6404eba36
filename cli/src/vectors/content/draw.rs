//! Helpers that make the inputs of cases: random bytes, seeds of records, and altered copies of encodings.

use crate::vectors::case::hex;
use phi_pre::hash::sha256;
use phi_pre::wire::Wire;
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;
use serde_json::Value;

/// Random bytes.
pub(super) fn bytes<const N: usize>(rng: &mut ChaCha20Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// Hexadecimal digits of random bytes.
pub(super) fn random<const N: usize>(rng: &mut ChaCha20Rng) -> Value {
    hex(bytes::<N>(rng))
}

/// Draws the seed of a record of `length` bytes; an empty record has an empty seed. A short record could stay equal when
/// a digit of its seed changes. For 1 to 7 bytes, the seed is therefore drawn until each change of one digit changes the
/// first byte; for longer records a collision is negligible.
pub(super) fn seed(rng: &mut ChaCha20Rng, length: u64) -> Value {
    let first = |seed: &[u8]| sha256(&[seed, &[0; 8]]).0[0];
    let every_digit_matters = |seed: &[u8; 8]| {
        let altered = |digit: usize, with: u8| flip(seed, digit / 2, with << (4 * (digit % 2)));
        (0..16).all(|digit| (1..16).all(|with| first(&altered(digit, with)) != first(seed)))
    };
    let mut seed = bytes(rng);
    while (1..8).contains(&length) && !every_digit_matters(&seed) {
        seed = bytes(rng);
    }
    hex(if length == 0 { &[][..] } else { &seed[..] })
}

/// A copy of `bytes` in which the byte at `at` is xored with `with`; unaltered if there is no such byte.
pub(super) fn flip(bytes: &[u8], at: usize, with: u8) -> Vec<u8> {
    let mut altered = bytes.to_vec();
    if let Some(byte) = altered.get_mut(at) {
        *byte ^= with;
    }
    altered
}

/// A copy of `bytes` in which `with` overwrites the bytes that begin at `at`.
pub(super) fn put(bytes: &[u8], at: usize, with: &[u8]) -> Vec<u8> {
    let mut altered = bytes.to_vec();
    altered.splice(at..at + with.len(), with.iter().copied());
    altered
}

/// `bytes` without the last byte, and with an additional zero byte; each with the comment of its case.
pub(super) fn lengths(bytes: &[u8]) -> [(&'static str, Vec<u8>); 2] {
    [("one byte short", bytes[..bytes.len().saturating_sub(1)].to_vec()), ("one byte long", [bytes, &[0]].concat())]
}

/// The wire encoding of a value.
pub(super) fn encoded(value: &impl Wire) -> Vec<u8> {
    value.to_bytes()
}
