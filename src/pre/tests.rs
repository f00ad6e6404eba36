use super::*;
use crate::error::DecodeError;
use crate::group::{G1, G2, Gt, Scalar, reference};
use crate::paper;
use ark_bls12_381::Bls12_381;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

fn config() -> ProptestConfig {
    ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() }
}

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// Parameters and the keys of two hospitals for one scope.
fn world(rng: &mut ChaCha20Rng) -> (Params, DecryptionKey, DecryptionKey) {
    (Params::new(Seed::random(rng)), DecryptionKey::random(rng), DecryptionKey::random(rng))
}

proptest! {
    #![proptest_config(config())]

    /// Keys, Equation (1), encryption, Equation (2), Equation (3): each element equals the one of `paper`.
    #[test]
    fn equal_to_the_paper(seed: u64) {
        let rng = &mut rng(seed);
        let (params, k_d, k_d_prime) = world(rng);
        let (k_e, k_e_prime) = (k_d.encryption_key(&params), k_d_prime.encryption_key(&params));
        let (m, r) = (Gt::random(rng), Scalar::random(rng));

        let setup = paper::Setup::<Bls12_381> { g1: reference::g1(params.g1()), g2: reference::g2(params.g2()) };
        let scalar = |key: &DecryptionKey| reference::scalar(&Scalar::from_bytes(key.to_bytes().expose()).unwrap());
        let element = |key: &EncryptionKey| reference::g2(&G2::from_bytes(key.to_bytes().expose()).unwrap());
        let paper_k_e = setup.encryption_key(scalar(&k_d));
        let paper_k_e_prime = setup.encryption_key(scalar(&k_d_prime));
        prop_assert_eq!(element(&k_e), paper_k_e);
        prop_assert_eq!(element(&k_e_prime), paper_k_e_prime);

        let k_re = ReKey::new(&k_e, &k_e_prime).unwrap();
        let paper_k_re = paper::re_encryption_key::<Bls12_381>(paper_k_e, paper_k_e_prime);
        prop_assert_eq!(reference::g2(&G2::from_bytes(k_re.to_bytes().expose()).unwrap()), paper_k_re);

        let (capsule, message) = hazmat::encapsulate_with(&params, &k_d.public_key(&params), &m, &r);
        let c = setup.encrypt(paper_k_e, &[reference::gt(&m)], reference::scalar(&r));
        prop_assert_eq!((reference::g1(capsule.z()), reference::gt(capsule.c())), (c.z, c.c[0]));

        let again = k_re.reencrypt(&capsule);
        let c_prime = paper::re_encrypt(&c, paper_k_re);
        prop_assert_eq!((reference::g1(again.z()), reference::gt(again.c())), (c_prime.z, c_prime.c[0]));

        prop_assert_eq!(paper::decrypt(&c_prime, paper_k_e_prime)[0], reference::gt(&m));
        prop_assert!(k_e_prime.decapsulate(&again) == message);
        prop_assert!(k_e.decapsulate(&capsule) == message);
    }

    /// Slices give what single operations give, for every length up to two lanes and a tail.
    #[test]
    fn batches_equal_single_operations(seed: u64, n in 0_usize..18) {
        let rng = &mut rng(seed);
        let (params, k_d, k_d_prime) = world(rng);
        let (k_e, k_e_prime) = (k_d.encryption_key(&params), k_d_prime.encryption_key(&params));
        let k_re = ReKey::new(&k_e, &k_e_prime).unwrap();
        let (capsules, messages): (Vec<_>, Vec<_>) =
            k_d.public_key(&params).encapsulate_many(&params, n, rng).into_iter().unzip();
        prop_assert_eq!(capsules.len(), n);
        let again = k_re.prepare().reencrypt(&capsules);
        let one_by_one: Vec<_> = capsules.iter().map(|capsule| k_re.reencrypt(capsule)).collect();
        prop_assert_eq!(&again, &one_by_one);
        prop_assert!(k_e_prime.prepare().decapsulate(&again) == messages);
        prop_assert!(k_e.prepare().decapsulate(&capsules) == messages);
    }

    /// Own keys for each capsule, prepared public keys, and bytes: all equal the single operations.
    #[test]
    fn other_batches_equal_single_operations(seed: u64, n in 0_usize..18, standard: bool) {
        let rng = &mut rng(seed);
        let params = if standard {
            Params::new(Seed::random(rng))
        } else {
            Params::with_generators(G1::random(rng), G2::random(rng), Seed::random(rng))
        };
        let keys: Vec<_> = (0..n).map(|_| DecryptionKey::random(rng)).collect();
        let to = DecryptionKey::random(rng).encryption_key(&params);
        let k_re: Vec<_> = keys.iter().map(|k_d| ReKey::new(&k_d.encryption_key(&params), &to).unwrap()).collect();
        let sealed: Vec<_> = keys.iter().map(|k_d| k_d.public_key(&params).encapsulate(&params, rng)).collect();
        let batch: Vec<_> = sealed.iter().zip(&k_re).map(|((capsule, _), k_re)| (*capsule, k_re)).collect();
        let again = ReKey::reencrypt_each(&batch);
        let one_by_one: Vec<_> = batch.iter().map(|(capsule, k_re)| k_re.reencrypt(capsule)).collect();
        prop_assert_eq!(&again, &one_by_one);

        let k_d = DecryptionKey::random(rng);
        let prepared = k_d.public_key(&params).prepare(&params);
        let unprepared = k_d.public_key(&params).encapsulate_many(&params, n, &mut rng.clone());
        let mut sealed = prepared.encapsulate_many(n, rng);
        prop_assert!(sealed.len() == n && sealed == unprepared);
        sealed.push(prepared.encapsulate(rng));
        for (capsule, m) in &sealed {
            prop_assert!(k_d.encryption_key(&params).decapsulate(capsule) == *m);
        }

        let k_re = ReKey::new(&k_d.encryption_key(&params), &to).unwrap();
        let mut bytes: Vec<_> = sealed.iter().map(|(capsule, _)| capsule.to_bytes()).collect();
        let bad = usize::try_from(seed % bytes.len() as u64).unwrap();
        bytes[bad][usize::try_from(seed % 240).unwrap()] ^= 0x55;
        for (i, (result, bytes)) in k_re.prepare().reencrypt_bytes(&bytes).into_iter().zip(&bytes).enumerate() {
            let expected = Capsule::from_bytes(bytes).map(|capsule| k_re.reencrypt(&capsule).to_bytes());
            prop_assert_eq!(result, expected, "{}", i);
        }
    }

    #[test]
    fn decoders_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = (Capsule::from_bytes(&bytes), PublicKey::from_bytes(&bytes), Params::from_bytes(&bytes));
        let _ = (ReKey::from_bytes(&bytes), EncryptionKey::from_bytes(&bytes), DecryptionKey::from_bytes(&bytes));
    }

    /// Any flipped bit of a capsule is refused, or gives another capsule and so another M: never the same one.
    #[test]
    fn flipped_capsules_are_refused_or_differ(seed: u64, bit in 0_usize..240 * 8) {
        let rng = &mut rng(seed);
        let (params, k_d, _) = world(rng);
        let (capsule, _) = k_d.public_key(&params).encapsulate(&params, rng);
        let mut bytes = capsule.to_bytes();
        prop_assert_eq!(bytes.len(), Capsule::BYTES);
        prop_assert_eq!(Capsule::from_bytes(&bytes), Ok(capsule));
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert_ne!(Capsule::from_bytes(&bytes), Ok(capsule));
    }
}

#[test]
fn fresh_randomness_for_each_capsule() {
    let rng = &mut rng(1);
    let (params, k_d, _) = world(rng);
    let key = k_d.public_key(&params);
    let many = key.encapsulate_many(&params, 3, rng);
    let (single, m) = key.encapsulate(&params, rng);
    for (capsule, message) in &many {
        assert_ne!(capsule.z(), single.z());
        assert!(*message != m);
    }
    assert_ne!(many[0].0.z(), many[1].0.z());
}

#[test]
fn each_scope_has_a_key_of_its_own() {
    let rng = &mut rng(2);
    let params = Params::new(Seed::random(rng));
    let sk = SharedSecret::from_bytes([7; 32]);
    let scopes = [
        Scope::Relationship,
        Scope::Folder(b""),
        Scope::Folder(b"a"),
        Scope::Record(b""),
        Scope::Record(b"a"),
        Scope::Record(b"b"),
    ];
    let keys: Vec<_> = scopes.iter().map(|scope| *params.derive(&sk, *scope).to_bytes().expose()).collect();
    for (i, key) in keys.iter().enumerate() {
        assert!(!keys[..i].contains(key), "{:?}", scopes[i]);
    }
    let again = params.derive(&SharedSecret::from_bytes([7; 32]), Scope::Record(b"a"));
    assert_eq!(*again.to_bytes().expose(), keys[4]);
    let epoch = Params::new(Seed::random(rng)).derive(&sk, Scope::Record(b"a"));
    assert_ne!(*epoch.to_bytes().expose(), keys[4]);
}

#[test]
fn a_wrong_key_gives_another_message() {
    let rng = &mut rng(3);
    let (params, k_d, k_d_prime) = world(rng);
    let (capsule, m) = k_d.public_key(&params).encapsulate(&params, rng);
    assert!(k_d_prime.encryption_key(&params).decapsulate(&capsule) != m);
}

#[test]
fn rekeys_compose_and_invert() {
    let rng = &mut rng(4);
    let (params, a, b) = world(rng);
    let [a, b, c] = [a, b, DecryptionKey::random(rng)].map(|k_d| k_d.encryption_key(&params));
    let (ab, bc) = (ReKey::new(&a, &b).unwrap(), ReKey::new(&b, &c).unwrap());
    let ac = ReKey::new(&a, &c).unwrap();
    assert_eq!(ab.compose(&bc).unwrap().to_bytes().expose(), ac.to_bytes().expose());
    assert_eq!(ab.inverse().to_bytes().expose(), ReKey::new(&b, &a).unwrap().to_bytes().expose());
    assert_eq!(ab.compose(&ab.inverse()).unwrap_err(), SameKey);
    assert_eq!(ReKey::new(&a, &a).unwrap_err(), SameKey);
}

#[test]
fn keys_read_what_they_write_and_refuse_the_rest() {
    let rng = &mut rng(5);
    let (params, k_d, _) = world(rng);
    assert_eq!(Params::from_bytes(&params.to_bytes()), Ok(params.clone()));
    let key = k_d.public_key(&params);
    assert_eq!(PublicKey::from_bytes(&key.to_bytes()), Ok(key));
    let k_e = k_d.encryption_key(&params);
    assert_eq!(
        EncryptionKey::from_bytes(k_e.to_bytes().expose()).unwrap().to_bytes().expose(),
        k_e.to_bytes().expose()
    );

    let one = Gt::identity().to_bytes();
    assert_eq!(PublicKey::from_bytes(&one), Err(DecodeError::Identity { what: "public key" }));
    assert_eq!(DecryptionKey::from_bytes(&[0; 32]).unwrap_err(), DecodeError::Identity { what: "k_d" });
    assert_eq!(DecryptionKey::from_bytes(&[0xff; 32]).unwrap_err(), DecodeError::NonCanonical { what: "scalar" });
    let infinity = [&[0xc0][..], &[0; 95]].concat();
    assert_eq!(ReKey::from_bytes(&infinity).unwrap_err(), DecodeError::Identity { what: "G2" });
    let capsule = [&[0xc0][..], &[0; 47], &one].concat();
    assert_eq!(Capsule::from_bytes(&capsule), Err(DecodeError::Identity { what: "G1" }));
    assert_eq!(Capsule::from_bytes(&capsule[..47]), Err(DecodeError::Length { what: "Z", expected: 48, got: 47 }));
}

#[test]
fn a_folder_has_a_key_for_each_record_and_moves_as_one() {
    let rng = &mut rng(10);
    let (params, k_d, k_d_prime) = world(rng);
    let (folder, m) = k_d.public_key(&params).encapsulate(&params, rng);
    let keys = RecordKeys::new(&folder, &m);
    let (k_e, k_e_prime) = (k_d.encryption_key(&params), k_d_prime.encryption_key(&params));
    let moved = ReKey::new(&k_e, &k_e_prime).unwrap().reencrypt(&folder);
    let received = RecordKeys::new(&moved, &k_e_prime.decapsulate(&moved));
    assert_eq!(keys.key(b"1").expose(), received.key(b"1").expose());
    assert_ne!(keys.key(b"1").expose(), keys.key(b"2").expose());
    let (other, n) = k_d.public_key(&params).encapsulate(&params, rng);
    assert_ne!(keys.key(b"1").expose(), RecordKeys::new(&other, &n).key(b"1").expose());
}

#[test]
fn secrets_do_not_print() {
    let rng = &mut rng(6);
    let (params, k_d, k_d_prime) = world(rng);
    let (k_e, k_e_prime) = (k_d.encryption_key(&params), k_d_prime.encryption_key(&params));
    let k_re = ReKey::new(&k_e, &k_e_prime).unwrap();
    let (_, m) = k_d.public_key(&params).encapsulate(&params, rng);
    let printed = format!(
        "{k_d:?} {k_e:?} {k_re:?} {m:?} {:?} {:?} {:?} {:?}",
        k_re.prepare(),
        k_e.prepare(),
        SharedSecret::from_bytes([7; 32]),
        Handshake::new(Party::Initiator, rng),
    );
    let values = printed.replace("G2Prepared", "");
    assert!(!values.contains(|c: char| c.is_ascii_digit()), "{printed}");
}

mod handshake {
    use super::*;

    fn sides(rng: &mut ChaCha20Rng) -> (Handshake, Handshake) {
        (Handshake::new(Party::Initiator, rng), Handshake::new(Party::Responder, rng))
    }

    fn session<'a>(initiator: &Handshake, responder: &Handshake) -> Session<'a> {
        Session { initiator: (b"user", initiator.share()), responder: (b"hospital", responder.share()) }
    }

    #[test]
    fn both_sides_reach_the_same_secret() {
        let (i, r) = sides(&mut rng(7));
        let session = session(&i, &r);
        let (signed_i, signed_r) = (session.statement(Party::Initiator), session.statement(Party::Responder));
        let sk_i = i.finish(&session, |statement| *statement == signed_r).unwrap();
        let sk_r = r.finish(&session, |statement| *statement == signed_i).unwrap();
        assert_eq!(sk_i.expose(), sk_r.expose());
        assert_ne!(signed_i, signed_r);
        let share = session.initiator.1;
        assert_eq!((share.to_bytes(), DhPublicKey::from_bytes(&share.0)), (share.0, Ok(share)));
    }

    #[test]
    fn refusals() {
        let rng = &mut rng(8);
        let (i, r) = sides(rng);
        let good = session(&i, &r);
        assert_eq!(i.finish(&good, |_| false).unwrap_err(), HandshakeError::Unauthenticated);

        let (i, _) = sides(rng);
        assert_eq!(i.finish(&good, |_| true).unwrap_err(), HandshakeError::ForeignShare);

        let (i, r) = sides(rng);
        let low = Session { responder: (b"hospital", DhPublicKey([0; 32])), ..session(&i, &r) };
        assert_eq!(i.finish(&low, |_| true).unwrap_err(), HandshakeError::SmallOrder);
    }

    /// C10: a share replaced on the way changes the statement, so the honest signature no longer stands under it.
    #[test]
    fn a_replaced_share_or_name_changes_the_statement() {
        let rng = &mut rng(9);
        let (i, r) = sides(rng);
        let good = session(&i, &r);
        let attacker = Handshake::new(Party::Responder, rng).share();
        let replaced = Session { responder: (b"hospital", attacker), ..good };
        let renamed = Session { responder: (b"other", r.share()), ..good };
        for bad in [replaced, renamed] {
            assert_ne!(bad.statement(Party::Responder), good.statement(Party::Responder));
        }
    }
}
