//! What the files hold. Inputs come from the file's own generator; each invalid case has one fault.

mod contract;
mod credentials;
mod envelopes;
mod flow;
mod groups;
mod handshake;
mod hashes;
mod identity;
mod ledger;
mod scheme;
mod world;

use super::case::Fault;
use super::file::File;
use crate::hash::sha256;
use crate::wire::Wire;
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;
use serde_json::Value;

/// Makes a file.
type Make = fn() -> Result<File, Fault>;

/// Every file, by name without extension.
pub(super) const FILES: [(&str, Make); 17] = [
    ("groups", groups::groups),
    ("pairing", groups::pairing),
    ("hashes", hashes::hashes),
    ("equations", scheme::equations),
    ("keys", scheme::keys),
    ("diffie-hellman", handshake::diffie_hellman),
    ("capsules", scheme::capsules),
    ("envelopes", envelopes::envelopes),
    ("identifiers", hashes::identifiers),
    ("commitments", hashes::commitments),
    ("contract", contract::contract),
    ("identity", identity::identity),
    ("credentials", credentials::credentials),
    ("messages", identity::messages),
    ("ledger-formats", ledger::formats),
    ("ledger", ledger::ledger),
    ("flow", flow::flow),
];

/// Random bytes.
fn bytes<const N: usize>(rng: &mut ChaCha20Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// Hexadecimal digits of random bytes.
fn random<const N: usize>(rng: &mut ChaCha20Rng) -> Value {
    super::case::hex(bytes::<N>(rng))
}

/// The seed of a record of this length, such that every altered digit gives another record.
fn seed(rng: &mut ChaCha20Rng, length: u64) -> Value {
    let first = |seed: &[u8]| sha256(&[seed, &[0; 8]]).0[0];
    let telling = |seed: &[u8; 8]| {
        let altered = |digit: usize, with: u8| flip(seed, digit / 2, with << (4 * (digit % 2)));
        (0..16).all(|digit| (1..16).all(|with| first(&altered(digit, with)) != first(seed)))
    };
    let mut seed = bytes(rng);
    while (1..8).contains(&length) && !telling(&seed) {
        seed = bytes(rng);
    }
    super::case::hex(if length == 0 { &[][..] } else { &seed[..] })
}

/// `bytes` with the one at `at` xored with `with`.
fn flip(bytes: &[u8], at: usize, with: u8) -> Vec<u8> {
    let mut altered = bytes.to_vec();
    if let Some(byte) = altered.get_mut(at) {
        *byte ^= with;
    }
    altered
}

/// `bytes` with those from `at` on replaced.
fn put(bytes: &[u8], at: usize, with: &[u8]) -> Vec<u8> {
    let mut altered = bytes.to_vec();
    altered.splice(at..at + with.len(), with.iter().copied());
    altered
}

/// One byte less, and one more.
fn lengths(bytes: &[u8]) -> [(&'static str, Vec<u8>); 2] {
    [("one byte short", bytes[..bytes.len().saturating_sub(1)].to_vec()), ("one byte long", [bytes, &[0]].concat())]
}

/// The encoding of a value.
fn encoded(value: &impl Wire) -> Vec<u8> {
    value.to_bytes()
}
