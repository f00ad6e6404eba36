//! Any t of n give Equation 2, fewer do not; each share and each partial re-encryption is checked.

use super::*;
use crate::pre::{DecryptionKey, Fault, ReencryptionProof, Seed, Statement};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

#[test]
fn any_t_of_n_give_equation_2() {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let params = Params::new(Seed([1; 32]));
    for (t, n) in [(1, 1), (1, 3), (2, 2), (2, 3), (3, 5), (4, 7)] {
        let threshold = Threshold::new(t, n).unwrap();
        let keys = [(); 2].map(|()| DecryptionKey::random(rng));
        let k_re = ReKey::new(&keys[0].encryption_key(&params), &keys[1].encryption_key(&params)).unwrap();
        let delta = PublicReKey::of(&params, &k_re);
        let (capsule, m) = keys[0].public_key(&params).encapsulate(&params, rng);
        let (shares, public) = k_re.split(&params, threshold, rng);
        assert_eq!(SharePublic::from_bytes(&Wire::to_bytes(&public)), Ok(public.clone()));
        assert!(public.is_of(&delta) && !public.is_of(&PublicReKey::of(&params, &k_re.inverse())));
        let mut partials = Vec::new();
        for share in &shares {
            let of_share = public.of_share(share.index()).unwrap();
            assert_eq!(of_share.check(&params, share.key()), Ok(()));
            let next = public.of_share(share.index() % n + 1).unwrap();
            assert_eq!(next.check(&params, share.key()).is_ok(), t == 1 || n == 1);
            let partial = share.prepare().reencrypt(&[capsule])[0];
            assert_eq!(Partial::from_bytes(&Wire::to_bytes(&partial)), Ok(partial));
            // Its proof, and a proof of another share.
            let (before, after) = ([Partial::before(capsule.z())], [*partial.after()]);
            let statement = Statement::new(&params, &of_share, &before, &after, b"r").unwrap();
            let proof = ReencryptionProof::new(&params, share.key(), &statement, rng);
            assert_eq!(proof.verify(&params, &statement), Ok(()));
            if t > 1 {
                let statement = Statement::new(&params, &next, &before, &after, b"r").unwrap();
                let proof = ReencryptionProof::new(&params, share.key(), &statement, rng);
                assert_eq!(proof.verify(&params, &statement), Err(Fault::Proof));
            }
            partials.push(partial);
        }
        for set in (0..1_u32 << n).filter(|set| set.count_ones() == u32::from(t)) {
            let chosen: Vec<_> = partials.iter().copied().filter(|p| set >> (p.index - 1) & 1 == 1).collect();
            let again = public.combine(&capsule, &chosen).unwrap();
            assert_eq!(again, k_re.reencrypt(&capsule));
            assert!(keys[1].decapsulate(&params, &again) == m);
            let mut wrong = chosen.clone();
            wrong[0].shifted.c = wrong[0].shifted.c * *params.g_t();
            assert_ne!(public.combine(&capsule, &wrong).unwrap(), again);
        }
    }
}

#[test]
fn scales_are_the_least() {
    let scale = |t, n| Threshold::new(t, n).unwrap().scale();
    assert_eq!([(1, 9), (2, 3), (2, 5), (3, 5), (4, 7)].map(|(t, n)| scale(t, n)), [1, 2, 12, 24, 720]);
    assert!((1..=16).all(|t| (1..=1_i128 << 41).contains(&scale(t, 16))));
    for (t, n) in [(0, 1), (0, 0), (2, 1), (1, 17), (17, 17)] {
        assert_eq!(Threshold::new(t, n), Err(ThresholdError::Numbers { t, n }));
    }
}

#[test]
fn partials_that_do_not_fit_are_named() {
    let rng = &mut ChaCha20Rng::seed_from_u64(2);
    let params = Params::new(Seed([1; 32]));
    let keys = [(); 2].map(|()| DecryptionKey::random(rng));
    let k_re = ReKey::new(&keys[0].encryption_key(&params), &keys[1].encryption_key(&params)).unwrap();
    let (shares, public) = k_re.split(&params, Threshold::new(2, 3).unwrap(), rng);
    let y = keys[0].public_key(&params);
    let [capsule, other] = [(); 2].map(|()| y.encapsulate(&params, rng).0);
    let partial = |i: usize| shares[i].prepare().reencrypt(&[capsule])[0];
    let combine = |partials: &[Partial]| public.combine(&capsule, partials).unwrap_err();
    assert_eq!(combine(&[partial(0)]), ThresholdError::Count { t: 2, got: 1 });
    assert_eq!(combine(&[partial(0), partial(1), partial(2)]), ThresholdError::Count { t: 2, got: 3 });
    assert_eq!(combine(&[partial(0), partial(0)]), ThresholdError::Twice(1));
    assert_eq!(combine(&[partial(0), Partial { index: 4, ..partial(1) }]), ThresholdError::Index { index: 4, n: 3 });
    let moved = shares[1].prepare().reencrypt(&[other])[0];
    assert_eq!(combine(&[partial(0), moved]), ThresholdError::OtherZ(2));
    assert_eq!(public.of_share(4), Err(ThresholdError::Index { index: 4, n: 3 }));
    assert_eq!(public.of_share(0), Err(ThresholdError::Index { index: 0, n: 3 }));
    let mut bytes = Wire::to_bytes(&public);
    bytes[0] = 4;
    assert!(matches!(SharePublic::from_bytes(&bytes), Err(DecodeError::Unknown { .. })));
}

/// t − 1 shares fit every key: for another k_re there is a polynomial with the same t − 1 shares.
#[test]
fn fewer_shares_fit_every_key() {
    let rng = &mut ChaCha20Rng::seed_from_u64(3);
    let params = Params::new(Seed([1; 32]));
    let keys = [(); 3].map(|()| DecryptionKey::random(rng).encryption_key(&params));
    let [k_re, other] = [1, 2].map(|i| ReKey::new(&keys[0], &keys[i]).unwrap());
    let (shares, _) = k_re.split(&params, Threshold::new(2, 3).unwrap(), rng);
    // f(X) = other^(1/2)·A^X with f(1) = k_1.
    let half = Scalar::from(2).inverse().unwrap();
    let constant = other.element().pow(&half);
    let a = *shares[0].key().element() / constant;
    let combined = (constant * a).pow(&Scalar::from(4)) / (constant * a * a).pow(&Scalar::from(2));
    assert_eq!(constant * a, *shares[0].key().element());
    assert_eq!(combined, *other.element()); // L·λ_1 = 4, L·λ_2 = -2
}
