use super::*;
use crate::identity::{Role, SigningKey};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// Peers named after their organisation and a number: "a1" is the first of organisation a.
fn signers(names: &[&str]) -> Vec<Member> {
    let verifying_key = SigningKey::random(&mut ChaCha20Rng::seed_from_u64(0)).verifying_key();
    let member = |name: &&str| {
        let mut id = [0; 32];
        id[..2].copy_from_slice(name.as_bytes());
        let organisation = name[..1].to_owned();
        Member { organisation, role: Role::Peer, id: MemberId(id), verifying_key, sealing_key: None }
    };
    names.iter().map(member).collect()
}

fn org(name: &str) -> Policy {
    Policy::organisation(name)
}

#[test]
fn n_of_a_set() {
    let policy = Policy::majority(&["a", "b", "c"]);
    assert_eq!(policy.to_string(), "2 of (a, b, c)");
    for (names, satisfied) in [
        (&["a1", "b1"][..], true),
        (&["a1", "b1", "c1"], true),
        (&["c1", "x1", "a2"], true),
        (&["a1"], false),
        (&["a1", "a2"], false),
        (&["a1", "x1"], false),
        (&[], false),
    ] {
        assert_eq!(policy.satisfied_by(&signers(names)), satisfied, "{names:?}");
    }
}

/// One signer counts once, however often it signs; two branches of one organisation need two signers.
#[test]
fn distinct_signers() {
    let two = Policy::all(vec![org("a"), org("a")]);
    assert!(!two.satisfied_by(&signers(&["a1", "a1"])));
    assert!(two.satisfied_by(&signers(&["a1", "a2"])));
}

#[test]
fn and_or_nested() {
    let policy = Policy::any(vec![org("a"), Policy::all(vec![org("b"), org("c")])]);
    for (names, satisfied) in
        [(&["a1"][..], true), (&["b1", "c1"], true), (&["b1"], false), (&["c1", "c2"], false), (&["b1", "a1"], true)]
    {
        assert_eq!(policy.satisfied_by(&signers(names)), satisfied, "{names:?}");
    }
    // A branch that fails gives its signers back.
    let policy = Policy::any(vec![Policy::all(vec![org("a"), org("b")]), org("a")]);
    assert!(policy.satisfied_by(&signers(&["a1"])));
}

#[test]
fn rules_that_are_none_do_not_decode() {
    let refused = |policy: &Policy| matches!(Policy::from_bytes(&policy.to_bytes()), Err(DecodeError::Limit { .. }));
    assert!(refused(&Policy::at_least(0, vec![org("a")])));
    assert!(refused(&Policy::at_least(2, vec![org("a")])));
    assert!(refused(&Policy::all(Vec::new())));
    assert!(refused(&Policy::any(vec![org("a"); BRANCH_LIMIT as usize + 1])));
    assert!(refused(&org(&"a".repeat(NAME_LIMIT as usize + 1))));
    let nested = |depth| (1..depth).fold(org("a"), |policy, _| Policy::any(vec![policy]));
    assert!(refused(&nested(DEPTH_LIMIT + 1)));
    assert_eq!(Policy::from_bytes(&nested(DEPTH_LIMIT).to_bytes()), Ok(nested(DEPTH_LIMIT)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// More signers never hurt n of distinct organisations.
    #[test]
    fn monotone(names in prop::collection::vec("[a-d][1-3]", 0..8), more in "[a-d][1-3]", n in 1_u32..=4) {
        let policy = Policy::at_least(n, ["a", "b", "c", "d"].map(org).to_vec());
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        let before = policy.satisfied_by(&signers(&names));
        let organisations: std::collections::BTreeSet<_> = names.iter().map(|name| &name[..1]).collect();
        prop_assert_eq!(before, organisations.len() >= n as usize);
        names.push(&more);
        prop_assert!(policy.satisfied_by(&signers(&names)) >= before);
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(0_u8..3, 0..64)) {
        if let Ok(policy) = Policy::from_bytes(&bytes) {
            prop_assert_eq!(policy.to_bytes(), bytes);
        }
    }
}
