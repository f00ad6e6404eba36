//! Proofs of true statements hold; changed statements, proofs and keys do not. Simulation and extraction.

use super::*;
use crate::group::Engine;
use crate::pre::{DecryptionKey, Seed};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

struct World {
    params: Params,
    y: [PublicKey; 2],
    k_re: ReKey,
    delta: PublicReKey,
    before: Vec<Capsule>,
    after: Vec<Capsule>,
}

fn world(n: usize, rng: &mut ChaCha20Rng) -> World {
    let params = Params::new(Seed([1; 32]));
    let keys = [(); 2].map(|()| DecryptionKey::random(rng));
    let [k_e, k_e_prime] = [0, 1].map(|i| keys[i].encryption_key(&params));
    let y = [0, 1].map(|i| keys[i].public_key(&params));
    let k_re = ReKey::new(&k_e, &k_e_prime).unwrap();
    let before: Vec<_> = y[0].encapsulate_many(&params, n, rng).into_iter().map(|(capsule, _)| capsule).collect();
    let after = k_re.prepare().reencrypt(&before);
    let delta = PublicReKey::new(&y[0], &y[1]).unwrap();
    assert_eq!(delta.check_recipient(&params, &y[0], &k_e_prime), Ok(()));
    assert_eq!(delta.check_recipient(&params, &y[0], &k_e), Err(Fault::RecipientKey));
    World { params, y, k_re, delta, before, after }
}

impl World {
    fn statement<'a>(&'a self, after: &'a [Capsule], context: &[u8]) -> Statement<'a> {
        Statement::new(&self.params, &self.delta, &self.before, after, context).unwrap()
    }
}

#[test]
fn a_proof_holds_for_its_statement_alone() {
    let rng = &mut ChaCha20Rng::seed_from_u64(2);
    for n in [1, 2, 3, 9, 40] {
        let w = world(n, rng);
        let x = w.statement(&w.after, b"request");
        let proof = ReencryptionProof::new(&w.params, &w.k_re, &x, rng);
        assert_eq!(ReencryptionProof::from_bytes(&proof.to_bytes()), Ok(proof));
        for engaged in Engine::available() {
            engaged.install();
            assert_eq!(proof.verify(&w.params, &x), Ok(()), "{n}, {}", engaged.engine());
        }
        let encoded = [&w.before, &w.after].map(|capsules| Capsule::encode_batch(capsules));
        let y = Statement::from_encoded(&w.params, &w.delta, &encoded[0], &encoded[1], b"request").unwrap();
        assert_eq!((proof.verify(&w.params, &y), y.digest()), (Ok(()), x.digest()));

        let refused = |x: &Statement<'_>, proof: &ReencryptionProof| {
            assert_eq!(proof.verify(&w.params, x), Err(Fault::Proof), "{n}");
        };
        refused(&w.statement(&w.after, b"other"), &proof);
        refused(&Statement::new(&w.params, &w.delta, &w.after, &w.before, b"request").unwrap(), &proof);
        let inverse = PublicReKey::new(&w.y[1], &w.y[0]).unwrap();
        refused(&Statement::new(&w.params, &inverse, &w.before, &w.after, b"request").unwrap(), &proof);
        // A proof of all but the last capsule, with one more than it was made for.
        if n > 1 {
            let (before, after) = (&w.before[..n - 1], &w.after[..n - 1]);
            let shorter = Statement::new(&w.params, &w.delta, before, after, b"request").unwrap();
            refused(&shorter, &proof);
            refused(&x, &ReencryptionProof::new(&w.params, &w.k_re, &shorter, rng));
            // Errors that would cancel without weights.
            let mut swapped = w.after.clone();
            (swapped[0].c, swapped[1].c) = (w.after[0].c * *w.y[0].element(), w.after[1].c / *w.y[0].element());
            let x = w.statement(&swapped, b"request");
            refused(&x, &ReencryptionProof::new(&w.params, &w.k_re, &x, rng));
        }
        // A wrong C', in each place, with the old proof and with a new one.
        for i in [0, n / 2, n - 1] {
            let mut wrong = w.after.clone();
            wrong[i].c = wrong[i].c * *w.y[1].element();
            let x = w.statement(&wrong, b"request");
            refused(&x, &proof);
            refused(&x, &ReencryptionProof::new(&w.params, &w.k_re, &x, rng));
        }
        // Another key, used for all of them.
        let other = ReKey::new(
            &DecryptionKey::random(rng).encryption_key(&w.params),
            &EncryptionKey::from_bytes(w.k_re.to_bytes().expose()).unwrap(),
        )
        .unwrap();
        let after = other.prepare().reencrypt(&w.before);
        let x = w.statement(&after, b"request");
        refused(&x, &ReencryptionProof::new(&w.params, &other, &x, rng));
        assert_eq!(w.delta.check(&w.params, &other), Err(Fault::ReKey));
        assert_eq!(w.delta.check(&w.params, &w.k_re), Ok(()));
        // Each byte of the proof counts.
        for i in [96, 111] {
            let mut flipped = proof.to_bytes();
            flipped[i] ^= 1;
            refused(&w.statement(&w.after, b"request"), &ReencryptionProof::from_bytes(&flipped).unwrap());
        }
        refused(&w.statement(&w.after, b"request"), &ReencryptionProof { w: proof.w * *w.params.g2(), ..proof });
    }
}

#[test]
fn many_proofs_equal_single_ones() {
    let rng = &mut ChaCha20Rng::seed_from_u64(3);
    let worlds: Vec<_> = (0..9).map(|i| world(1 + i % 2, rng)).collect();
    let statements: Vec<_> = worlds.iter().map(|w| w.statement(&w.after, b"r")).collect();
    let items: Vec<_> = worlds.iter().zip(&statements).map(|(w, x)| (&w.k_re, x)).collect();
    let mut proofs = ReencryptionProof::new_each(&worlds[0].params, &items, rng);
    for (proof, x) in proofs.iter().zip(&statements) {
        assert_eq!(proof.verify(&worlds[0].params, x), Ok(()));
    }
    proofs[4].c[0] ^= 1;
    let items: Vec<_> = proofs.iter().zip(&statements).collect();
    let verdicts = ReencryptionProof::verify_each(&worlds[0].params, &items);
    let wrong: Vec<_> = (0..9).filter(|i| verdicts[*i].is_err()).collect();
    assert_eq!(wrong, [4]);
}

#[test]
fn what_is_no_statement_is_an_error() {
    let rng = &mut ChaCha20Rng::seed_from_u64(4);
    let w = world(2, rng);
    let statement = |before: &[Capsule], after: &[Capsule]| {
        let encoded = [before, after].map(Capsule::encode_batch);
        let error = Statement::new(&w.params, &w.delta, before, after, b"").err();
        assert_eq!(Statement::from_encoded(&w.params, &w.delta, &encoded[0], &encoded[1], b"").err(), error);
        error
    };
    assert_eq!(statement(&[], &[]), Some(StatementError::Empty));
    assert_eq!(statement(&w.before, &w.after[..1]), Some(StatementError::Lengths { before: 2, after: 1 }));
    assert_eq!(statement(&w.before, &[w.after[0], w.after[0]]), Some(StatementError::OtherZ(1)));
    let mut encoded = Capsule::encode_batch(&w.after);
    encoded[1][G1::BYTES] ^= 0x80;
    let read = Statement::from_encoded(&w.params, &w.delta, &Capsule::encode_batch(&w.before), &encoded, b"");
    assert!(matches!(read, Err(StatementError::Decode(1, DecodeError::Flags { .. }))));
    assert_eq!(PublicReKey::new(&w.y[0], &w.y[0]), Err(SameKey));
}

/// A transcript for a challenge that is chosen first satisfies both equations without k_re; two answers to one (T1, T2)
/// give k_re. So s must never serve two challenges.
#[test]
fn simulation_and_extraction() {
    let rng = &mut ChaCha20Rng::seed_from_u64(5);
    let w = world(1, rng);
    let (k_re, z, d) = (w.k_re.element(), w.before[0].z, w.after[0].c / w.before[0].c);
    let (c, answer) = (exponent(&[7; 16]), G2::random(rng));
    let t1 = pairing(w.params.g1(), &answer) / w.delta.0.pow(&c);
    let t2 = pairing(&z, &answer) / d.pow(&c);
    assert_eq!(pairing(w.params.g1(), &answer), t1 * w.delta.0.pow(&c));
    assert_eq!(pairing(&z, &answer), t2 * d.pow(&c));

    let (s, other) = (G2::random(rng), exponent(&[9; 16]));
    let answers = [c, other].map(|c| s * k_re.pow(&c));
    let inverse = (c - other).inverse().unwrap();
    assert_eq!((answers[0] / answers[1]).pow(&inverse), *k_re);
}

/// The same generator twice gives another s for another statement, and the same proof for the same one.
#[test]
fn a_generator_that_repeats_itself_repeats_no_nonce() {
    let rng = &mut ChaCha20Rng::seed_from_u64(6);
    let w = world(1, rng);
    let proof = |context: &[u8]| {
        let x = w.statement(&w.after, context);
        ReencryptionProof::new(&w.params, &w.k_re, &x, &mut ChaCha20Rng::seed_from_u64(7))
    };
    let [a, again, b] = [proof(b"a"), proof(b"a"), proof(b"b")];
    assert_eq!(a, again);
    // With one s for both, W_a/W_b would be k_re^(c_a - c_b).
    assert_ne!(a.w / b.w, w.k_re.element().pow(&(exponent(&a.c) - exponent(&b.c))));
}
