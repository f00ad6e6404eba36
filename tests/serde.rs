//! serde's traits of the public types: hexadecimal digits in JSON, bytes in CBOR, and every check of `from_bytes` when
//! a value is read.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use ciborium::Value;
use core::fmt::Debug;
use phi_pre::group::{G1, G2, Gt, Scalar};
use phi_pre::hash::sha256;
use phi_pre::identifier::{Pseudonym, UserId, Vector};
use phi_pre::integrity::{Committer, Salt};
use phi_pre::pre::{Capsule, DecryptionKey, Handshake, NamedPublic, NamedSecret, Params, Party, PublicKey, Seed};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde::Serialize;
use serde::de::DeserializeOwned;

fn cbor(value: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::new();
    ciborium::into_writer(value, &mut out).unwrap();
    out
}

fn from_cbor<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    ciborium::from_reader(bytes).ok()
}

/// Checks that both formats hold the canonical bytes, that they are read back, and that every other spelling is
/// refused.
fn both_forms<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, bytes: &[u8]) {
    let digits = hex::encode(bytes);
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(text, format!("\"{digits}\""));
    assert_eq!(serde_json::from_str::<T>(&text).unwrap(), *value);
    let upper = text.to_uppercase();
    for bad in [&text.replace(char::is_alphanumeric, "g"), &format!("\"{digits}00\""), "\"\"", "7", "[1,2]", &upper] {
        assert!(*bad == *text || serde_json::from_str::<T>(bad).is_err(), "{bad}");
    }

    let binary = cbor(value);
    assert_eq!(binary, cbor(&Value::Bytes(bytes.to_vec())));
    assert_eq!(from_cbor::<T>(&binary).as_ref(), Some(value));
    for bad in [Value::Text(digits), Value::Bytes(bytes[1..].to_vec()), Value::Bytes([bytes, &[0]].concat())] {
        assert!(from_cbor::<T>(&cbor(&bad)).is_none(), "{bad:?}");
    }
}

/// Checks that both formats refuse these bytes, which have the right length, with the error of `from_bytes`.
fn refused<T: DeserializeOwned + Debug>(bytes: &[u8], why: &str) {
    let error = serde_json::from_str::<T>(&format!("\"{}\"", hex::encode(bytes))).unwrap_err().to_string();
    assert!(error.contains(why), "{error}");
    assert!(from_cbor::<T>(&cbor(&Value::Bytes(bytes.to_vec()))).is_none());
}

#[test]
fn public_types_have_one_form_in_each_format() {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let params = Params::new(Seed::random(rng));
    let y = DecryptionKey::random(rng).public_key(&params);
    let (capsule, _) = y.encapsulate(&params, rng);
    both_forms(&params, &params.to_bytes());
    both_forms(params.seed(), &params.seed().to_bytes());
    both_forms(params.g1(), &params.g1().to_bytes());
    both_forms(params.g2(), &params.g2().to_bytes());
    both_forms(params.g_t(), &params.g_t().to_bytes());
    both_forms(&y, &y.to_bytes());
    both_forms(&capsule, &capsule.to_bytes());
    let named = NamedSecret::random(rng).public(&params);
    both_forms(&named, &named.to_bytes());
    let share = Handshake::new(Party::Initiator, rng).share();
    both_forms(&share, &share.to_bytes());
    let id = Pseudonym::derive(&UserId::random(rng), &Vector::random(rng));
    both_forms(&id, &id.to_bytes());
    let commitment = Committer::commit(&Salt::from_bytes([1; 32]), b"record");
    both_forms(&commitment, &commitment.to_bytes());
    let digest = sha256(&[b"x"]);
    both_forms(&digest, &digest.to_bytes());
}

#[test]
fn reading_checks_as_from_bytes_does() {
    let rng = &mut ChaCha20Rng::seed_from_u64(2);
    refused::<G1>(&G1::identity().to_bytes(), "identity");
    refused::<G2>(&[0xff; G2::BYTES], "flag");
    refused::<PublicKey>(&Gt::identity().to_bytes(), "identity");
    // A point of the curve E(F_p) outside G1: x = 4.
    let mut outside = [0; G1::BYTES];
    (outside[0], outside[G1::BYTES - 1]) = (0x80, 4);
    refused::<G1>(&outside, "subgroup");
    refused::<NamedPublic>(&outside, "subgroup");
    let c = Gt::generator().pow(&Scalar::random(rng)).to_bytes();
    refused::<Capsule>(&[&outside[..], &c].concat(), "subgroup");
}
