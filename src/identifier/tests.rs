use super::*;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// The numbers of C12, for any n and k.
    #[test]
    fn one_vector_exposes_one_bucket(n in 0_usize..60, k in 1_usize..20, seed: u64) {
        let seen = exposure::measure(n, k, 3, &mut ChaCha20Rng::seed_from_u64(seed));
        prop_assert_eq!(seen.by_uid, 0);
        prop_assert_eq!(seen.by_uid_and_one_vector, n.div_ceil(k));
        prop_assert_eq!(seen.by_uid_and_all_vectors, n);
        prop_assert_eq!(seen.confused_with_others, 0);
        prop_assert_eq!(seen.linkable_pairs == 0, n <= k);
    }

    #[test]
    fn pseudonyms_differ_in_user_vector_and_reading(uid: [u8; 32], other: [u8; 32], v: [u8; 32], w: [u8; 32]) {
        prop_assume!(uid != other && v != w);
        let (uid, other) = (UserId(uid), UserId(other));
        let (v, w) = (Vector::from_bytes(v), Vector::from_bytes(w));
        let id = Pseudonym::derive(&uid, &v);
        prop_assert_ne!(id, Pseudonym::derive(&uid, &w));
        prop_assert_ne!(id, Pseudonym::derive(&other, &v));
        prop_assert_ne!(id, literal(&uid, &v));
        prop_assert_ne!(literal(&uid, &v), literal(&uid, &w));
    }
}

/// Values computed with another implementation: hmac(v, b"id" + uid) and sha256(uid + v), v = 00..1f, uid = 20..3f.
#[test]
fn known_values() {
    let bytes = |start: u8| core::array::from_fn(|i| start + u8::try_from(i).unwrap());
    let (uid, vector) = (UserId(bytes(32)), Vector::from_bytes(bytes(0)));
    assert_eq!(
        Pseudonym::derive(&uid, &vector).to_string(),
        "08063bf6bde0b6e568fc9e10c026613fc3c54d79e9f90f66d1c99e4dd32366ea"
    );
    assert_eq!(literal(&uid, &vector).to_string(), "84e4bd6ca2af96412fdc62fe44d4e9709cdc31933081a62486a48a154b582d53");
}

#[test]
fn vectors_take_turns() {
    let turns: Vec<_> = (0..7).map(|n| rotate(n, 3).unwrap()).collect();
    assert_eq!(turns, [0, 1, 2, 0, 1, 2, 0]);
    assert_eq!(rotate(5, 0), None);
}

#[test]
fn nothing_secret_prints() {
    let printed = format!("{:?} {:?}", UserId([0xab; 32]), Vector::from_bytes([0xcd; 32]));
    assert!(!printed.contains("ab") && !printed.contains("cd") && !printed.contains("171"), "{printed}");
}
