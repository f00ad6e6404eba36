//! Encodings of the fixed-size types beside the trait `Wire`: conversions, hexadecimal digits, and ark-serialize.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use ark_serialize::{CanonicalDeserialize, CanonicalSerialize, Compress, SerializationError, Validate};
use core::fmt::{Debug, Display};
use core::str::FromStr;
use phi_pre::error::DecodeError;
use phi_pre::group::{G1, G2, Gt, Scalar};
use phi_pre::hash::sha256;
use phi_pre::identifier::{Pseudonym, UserId, Vector};
use phi_pre::integrity::{Committer, Salt};
use phi_pre::pre::{Capsule, DecryptionKey, EncryptionKey, Handshake, Message, Params, Party, PublicKey, ReKey, Seed};
use phi_pre::pre::{DhPublicKey, NamedSecret, SharedSecret};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use subtle::ConstantTimeEq;
use zeroize::ZeroizeOnDrop;

struct World {
    params: Params,
    k_d: DecryptionKey,
    k_e: EncryptionKey,
    k_re: ReKey,
    y: PublicKey,
    capsule: Capsule,
    m: Message,
}

fn world(rng: &mut ChaCha20Rng) -> World {
    let params = Params::new(Seed::random(rng));
    let (k_d, k_d_prime) = (DecryptionKey::random(rng), DecryptionKey::random(rng));
    let (k_e, y) = (k_d.encryption_key(&params), k_d.public_key(&params));
    let k_re = ReKey::new(&k_e, &k_d_prime.encryption_key(&params)).unwrap();
    let (capsule, m) = y.encapsulate(&params, rng);
    World { params, k_d, k_e, k_re, y, capsule, m }
}

/// Checks that a value converts to its bytes and back, and that another length is refused.
fn converts<T>(value: &T, bytes: &[u8])
where
    T: for<'a> TryFrom<&'a [u8], Error = DecodeError> + PartialEq + Debug,
{
    assert_eq!(T::try_from(bytes).as_ref(), Ok(value));
    assert!(T::try_from(&bytes[1..]).is_err() && T::try_from(&[bytes, &[0]].concat()).is_err());
}

fn prints<T: FromStr<Err = DecodeError> + Display + PartialEq + Debug>(value: &T, bytes: &[u8]) {
    let text = value.to_string();
    assert_eq!(text, hex::encode(bytes));
    assert_eq!(text.parse().as_ref(), Ok(value));
    for bad in [text[1..].to_owned(), format!("{text}00"), text.replacen(|_| true, "g", 1), String::new()] {
        assert!(matches!(bad.parse::<T>(), Err(DecodeError::Text { .. })), "{bad}");
    }
    let upper = text.to_uppercase();
    assert!(upper == text || upper.parse::<T>().is_err());
}

fn public<T>(value: &T, bytes: &[u8])
where
    T: for<'a> TryFrom<&'a [u8], Error = DecodeError> + FromStr<Err = DecodeError> + Display + PartialEq + Debug,
{
    converts(value, bytes);
    prints(value, bytes);
}

#[test]
fn public_types_convert_and_print() {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let World { params, y, capsule, .. } = world(rng);
    public(&params, &params.to_bytes());
    public(params.seed(), &params.seed().to_bytes());
    public(params.g1(), &params.g1().to_bytes());
    public(params.g2(), &params.g2().to_bytes());
    converts(params.g_t(), &params.g_t().to_bytes());
    public(&y, &y.to_bytes());
    public(&capsule, &capsule.to_bytes());
    let named = NamedSecret::random(rng).public(&params);
    public(&named, &named.to_bytes());
    let share: DhPublicKey = Handshake::new(Party::Initiator, rng).share();
    public(&share, &share.to_bytes());
    let uid = UserId::random(rng);
    converts(&uid, &uid.to_bytes());
    let id = Pseudonym::derive(&uid, &Vector::random(rng));
    public(&id, &id.to_bytes());
    let commitment = Committer::commit(&Salt::from_bytes([1; 32]), b"record");
    public(&commitment, &commitment.to_bytes());
    let digest = sha256(&[b"x"]);
    public(&digest, &digest.to_bytes());
    assert_eq!((digest.as_ref(), commitment.as_ref()), (&digest.to_bytes()[..], &commitment.to_bytes()[..]));
}

/// Checks the comparison and the debug output of a secret. `other` is a different value.
fn secret<T: ConstantTimeEq + Clone + PartialEq + Debug + ZeroizeOnDrop>(value: &T, other: &T) {
    assert!(bool::from(value.ct_eq(&value.clone())) && !bool::from(value.ct_eq(other)));
    assert!(*value == value.clone() && value != other);
    assert!(format!("{value:?}").contains("redacted"));
}

#[test]
fn secret_types_convert_and_compare() {
    let (rng, other) = (&mut ChaCha20Rng::seed_from_u64(2), &mut ChaCha20Rng::seed_from_u64(3));
    let (w, v) = (world(rng), world(other));
    secret(&w.k_d, &v.k_d);
    secret(&w.k_e, &v.k_e);
    secret(&w.k_re, &v.k_re);
    secret(&w.m, &v.m);
    secret(&Vector::random(rng), &Vector::random(rng));
    secret(&Salt::from_bytes([1; 32]), &Salt::from_bytes([2; 32]));
    secret(&SharedSecret::from_bytes([1; 32]), &SharedSecret::from_bytes([2; 32]));
    converts(&w.k_d, w.k_d.to_bytes().expose());
    converts(&w.k_e, w.k_e.to_bytes().expose());
    converts(&w.k_re, w.k_re.to_bytes().expose());
    let (a, b) = (NamedSecret::random(rng), NamedSecret::random(rng));
    secret(&a, &b);
    converts(&a, a.to_bytes().expose());
    let (vector, salt, sk) = (Vector::random(rng), Salt::from_bytes([1; 32]), SharedSecret::from_bytes([3; 32]));
    converts(&vector, vector.to_bytes().expose());
    converts(&salt, salt.to_bytes().expose());
    converts(&sk, sk.to_bytes().expose());
    // The comparison in constant time and the curve library's comparison give the same result.
    let points = [G2::identity(), G2::generator(), G2::random(rng), G2::random(rng)];
    let elements = [Gt::identity(), Gt::generator(), Gt::random(rng)];
    for (i, j) in (0..4).flat_map(|i| (0..4).map(move |j| (i, j))) {
        assert_eq!(bool::from(points[i].ct_eq(&points[j])), points[i] == points[j]);
        assert_eq!(bool::from(elements[i % 3].ct_eq(&elements[j % 3])), elements[i % 3] == elements[j % 3]);
    }
}

#[test]
fn batches_are_in_order() {
    let rng = &mut ChaCha20Rng::seed_from_u64(4);
    let World { params, k_d, y, .. } = world(rng);
    let (capsules, messages): (Vec<_>, Vec<_>) = y.encapsulate_many(&params, 11, rng).into_iter().unzip();
    let mut bytes = Capsule::encode_batch(&capsules);
    assert!(capsules.iter().zip(&bytes).all(|(capsule, bytes)| capsule.to_bytes() == *bytes));
    bytes[5][0] ^= 0x80;
    for (i, read) in Capsule::decode_batch(&bytes).into_iter().enumerate() {
        assert_eq!(read, Capsule::from_bytes(&bytes[i]));
        assert_eq!(read.ok(), (i != 5).then_some(capsules[i]));
    }
    for (capsule, m) in capsules.iter().zip(&messages) {
        assert!(k_d.decapsulate(&params, capsule) == *m);
        assert!(k_d.encryption_key(&params).decapsulate(capsule) == *m);
    }
}

/// Checks that ark-serialize uses the encoding of `to_bytes`, refuses the uncompressed form, and checks values in every
/// mode.
fn canonical<T: CanonicalSerialize + CanonicalDeserialize + PartialEq + Debug>(value: &T, bytes: &[u8], bad: &[u8]) {
    let mut out = Vec::new();
    value.serialize_compressed(&mut out).unwrap();
    assert_eq!((&out[..], value.compressed_size()), (bytes, bytes.len()));
    assert!(matches!(value.serialize_uncompressed(&mut out), Err(SerializationError::InvalidData)));
    assert_eq!(out, bytes, "a refusal writes nothing");
    assert_eq!(bytes.len(), bad.len());
    for validate in [Validate::Yes, Validate::No] {
        let read = |bytes: &[u8], compress| T::deserialize_with_mode(bytes, compress, validate);
        assert_eq!(read(bytes, Compress::Yes).unwrap(), *value);
        assert!(matches!(read(bytes, Compress::No), Err(SerializationError::InvalidData)));
        assert!(matches!(read(bad, Compress::Yes), Err(SerializationError::InvalidData)));
        assert!(matches!(read(&bytes[1..], Compress::Yes), Err(SerializationError::IoError(_))));
    }
    value.check().unwrap();
}

#[test]
fn ark_serialize_has_the_canonical_form_alone() {
    let rng = &mut ChaCha20Rng::seed_from_u64(5);
    let World { params, k_d, k_e, k_re, y, capsule, .. } = world(rng);
    let scalar = Scalar::random(rng);
    canonical(&scalar, &scalar.to_bytes(), &[0xff; 32]);
    canonical(params.g1(), &params.g1().to_bytes(), &G1::identity().to_bytes());
    canonical(params.g2(), &params.g2().to_bytes(), &G2::identity().to_bytes());
    canonical(params.g_t(), &params.g_t().to_bytes(), &[0xff; Gt::BYTES]);
    canonical(&params, &params.to_bytes(), &[0; Params::BYTES]);
    canonical(&y, &y.to_bytes(), &Gt::identity().to_bytes());
    canonical(&capsule, &capsule.to_bytes(), &[0; Capsule::BYTES]);
    canonical(&k_d, k_d.to_bytes().expose(), &[0; 32]);
    canonical(&k_e, k_e.to_bytes().expose(), &G2::identity().to_bytes());
    let a = NamedSecret::random(rng);
    canonical(&a, a.to_bytes().expose(), &[0; 32]);
    canonical(&a.public(&params), &a.public(&params).to_bytes(), &G1::identity().to_bytes());
    canonical(&k_re, k_re.to_bytes().expose(), &G2::identity().to_bytes());

    // arkworks reads the items of a list without validation, but our types check themselves.
    let mut list = Vec::new();
    vec![capsule; 3].serialize_compressed(&mut list).unwrap();
    assert_eq!(Vec::<Capsule>::deserialize_compressed(&list[..]).unwrap(), [capsule; 3]);
    list[8..8 + G1::BYTES].copy_from_slice(&G1::identity().to_bytes());
    assert!(Vec::<Capsule>::deserialize_compressed_unchecked(&list[..]).is_err());
}
