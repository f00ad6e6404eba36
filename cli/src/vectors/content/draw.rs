//! The inputs of cases: random bytes, and encodings with one fault.

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

/// Draws the seed of a record of this length. A change of any digit of the seed gives another record.
pub(super) fn seed(rng: &mut ChaCha20Rng, length: u64) -> Value {
    let first = |seed: &[u8]| sha256(&[seed, &[0; 8]]).0[0];
    let telling = |seed: &[u8; 8]| {
        let altered = |digit: usize, with: u8| flip(seed, digit / 2, with << (4 * (digit % 2)));
        (0..16).all(|digit| (1..16).all(|with| first(&altered(digit, with)) != first(seed)))
    };
    let mut seed = bytes(rng);
    while (1..8).contains(&length) && !telling(&seed) {
        seed = bytes(rng);
    }
    hex(if length == 0 { &[][..] } else { &seed[..] })
}

/// `bytes` with the byte at `at` xored with `with`.
pub(super) fn flip(bytes: &[u8], at: usize, with: u8) -> Vec<u8> {
    let mut altered = bytes.to_vec();
    if let Some(byte) = altered.get_mut(at) {
        *byte ^= with;
    }
    altered
}

/// `bytes` with the bytes from `at` on replaced by `with`, as many as `with` has.
pub(super) fn put(bytes: &[u8], at: usize, with: &[u8]) -> Vec<u8> {
    let mut altered = bytes.to_vec();
    altered.splice(at..at + with.len(), with.iter().copied());
    altered
}

/// `bytes` without the last byte, and with an additional zero byte; each with its comment.
pub(super) fn lengths(bytes: &[u8]) -> [(&'static str, Vec<u8>); 2] {
    [("one byte short", bytes[..bytes.len().saturating_sub(1)].to_vec()), ("one byte long", [bytes, &[0]].concat())]
}

/// The wire encoding of a value.
pub(super) fn encoded(value: &impl Wire) -> Vec<u8> {
    value.to_bytes()
}
