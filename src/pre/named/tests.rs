use super::*;
use crate::group::Gt;
use crate::pre::{DecryptionKey, PublicReKey, ReKey, ReencryptionProof, Statement, Threshold};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

const SCOPES: [Scope<'_>; 6] = [
    Scope::Relationship,
    Scope::Folder(b""),
    Scope::Folder(b"a"),
    Scope::Record(b""),
    Scope::Record(b"a"),
    Scope::Record(b"ab"),
];

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// The standard generators, and other ones.
fn deployments(rng: &mut ChaCha20Rng) -> [Params; 2] {
    let seed = Seed::random(rng);
    [Params::new(seed), Params::with_generators(G1::random(rng), G2::random(rng), seed)]
}

/// Y = e(A, H2(scope)) = e(g1, k_e), for any generators.
#[test]
fn anybody_computes_the_public_key_of_k_e() {
    let rng = &mut rng(1);
    for params in deployments(rng) {
        let a = NamedSecret::random(rng);
        for scope in SCOPES {
            let (k_e, y) = (a.encryption_key(&params, scope), a.public(&params).public_key(&params, scope));
            assert_eq!(*y.element(), pairing(params.g1(), k_e.element()), "{scope:?}");
            let (capsule, m) = y.encapsulate(&params, rng);
            assert!(k_e.decapsulate(&capsule) == m);
        }
    }
}

/// Different scopes, k_s or users have different keys, and H2 is never 1.
#[test]
fn each_scope_has_a_key_of_its_own() {
    let rng = &mut rng(2);
    let [params, other] = [(); 2].map(|()| Params::new(Seed::random(rng)));
    let users = [(); 2].map(|()| NamedSecret::random(rng));
    let mut keys = Vec::new();
    for (a, params) in [(&users[0], &params), (&users[0], &other), (&users[1], &params)] {
        for scope in SCOPES {
            assert!(!scope_element(params.seed(), scope).is_identity());
            let key = *a.encryption_key(params, scope).to_bytes().expose();
            assert!(!keys.contains(&key), "{scope:?}");
            keys.push(key);
        }
    }
    let again = NamedSecret::from_bytes(users[0].to_bytes().expose()).unwrap();
    assert_eq!(*again.encryption_key(&params, SCOPES[0]).to_bytes().expose(), keys[0]);
}

/// Re-encryption, its proof and shares of k_re work as with keys from k_d: to such a key, and to another key by name.
#[test]
fn rekeys_proofs_and_shares_are_those_of_the_scheme() {
    let rng = &mut rng(3);
    for params in deployments(rng) {
        let (a, b) = (NamedSecret::random(rng), NamedSecret::random(rng));
        let (k_d, scope, other) = (DecryptionKey::random(rng), Scope::Record(b"a"), Scope::Folder(b"b"));
        let (k_e, y) = (a.encryption_key(&params, scope), a.public(&params).public_key(&params, scope));
        let ordinary = (k_d.encryption_key(&params), k_d.public_key(&params));
        let named = (b.encryption_key(&params, other), b.public(&params).public_key(&params, other));
        let of_the_same = (a.encryption_key(&params, other), a.public(&params).public_key(&params, other));
        for (k_e_prime, y_prime) in [ordinary, named, of_the_same] {
            let (capsule, m) = y.encapsulate(&params, rng);
            let k_re = ReKey::new(&k_e, &k_e_prime).unwrap();
            let delta = PublicReKey::new(&y, &y_prime).unwrap();
            assert_eq!(delta.check(&params, &k_re), Ok(()));
            let again = k_re.reencrypt(&capsule);
            assert!(k_e_prime.decapsulate(&again) == m);

            let (before, after) = ([capsule], [again]);
            let statement = Statement::new(&params, &delta, &before, &after, b"").unwrap();
            let proof = ReencryptionProof::new(&params, &k_re, &statement, rng);
            assert!(proof.verify(&params, &statement).is_ok());

            let (shares, public) = k_re.split(&params, Threshold::new(2, 3).unwrap(), rng);
            assert!(public.is_of(&delta));
            let partials = [0, 2].map(|i: usize| shares[i].prepare().reencrypt(&before)[0]);
            assert_eq!(public.combine(&capsule, &partials), Ok(again));
        }
        assert!(ReKey::new(&k_e, &a.encryption_key(&params, scope)).is_err());
    }
}

/// A proxy and a delegatee find k_e of the granted scope (C3), which opens nothing of another scope.
#[test]
fn collusion_ends_at_the_scope() {
    let rng = &mut rng(4);
    let params = Params::new(Seed::random(rng));
    let (a, k_e_prime) = (NamedSecret::random(rng), DecryptionKey::random(rng).encryption_key(&params));
    let [granted, other] = [&b"1"[..], b"2"].map(|name| {
        let y = a.public(&params).public_key(&params, Scope::Record(name));
        (a.encryption_key(&params, Scope::Record(name)), y.encapsulate(&params, rng))
    });
    let k_re = ReKey::new(&granted.0, &k_e_prime).unwrap();
    let stolen = EncryptionKey(Secret::new(*k_e_prime.element() / *k_re.element()));
    assert!(stolen == granted.0 && stolen.decapsulate(&granted.1.0) == granted.1.1);
    assert!(stolen.decapsulate(&other.1.0) != other.1.1);
    assert!(k_e_prime.decapsulate(&k_re.reencrypt(&other.1.0)) != other.1.1);
}

/// The frame of the scope, written out: label, k_s, kind, name, counter, each after its length.
#[test]
fn the_scope_is_framed_under_its_own_tag() {
    let part = |bytes: &[u8]| [&(bytes.len() as u64).to_be_bytes(), bytes].concat();
    let message = [part(b"phi-pre/1/scope"), part(&[7; 32]), part(&[2]), part(b"a"), part(&[0])].concat();
    let expected = G2::hash(&message, b"phi-pre-scope-V01-CS01-with-BLS12381G2_XMD:SHA-256_SSWU_RO_");
    assert_eq!(scope_element(&Seed([7; 32]), Scope::Record(b"a")), expected);
}

#[test]
fn decoders_refuse_by_name() {
    assert_eq!(NamedSecret::from_bytes(&[0; 32]).unwrap_err(), DecodeError::Identity { what: "a" });
    assert_eq!(NamedSecret::from_bytes(&[0xff; 32]).unwrap_err(), DecodeError::NonCanonical { what: "scalar" });
    assert!(matches!(NamedSecret::from_bytes(&[1; 31]), Err(DecodeError::Length { .. })));

    let identity = G1::identity().to_bytes();
    assert_eq!(NamedPublic::from_bytes(&identity), Err(DecodeError::Identity { what: "G1" }));
    // A point of the curve outside G1: x = 4.
    let mut outside = [0; 48];
    (outside[0], outside[47]) = (0x80, 4);
    assert_eq!(NamedPublic::from_bytes(&outside), Err(DecodeError::NotInSubgroup { what: "G1" }));
    let short = DecodeError::Length { what: "public key by name", expected: 48, got: 47 };
    assert_eq!(NamedPublic::from_bytes(&outside[1..]), Err(short));
    assert!(NamedPublic::from_bytes(&Gt::generator().to_bytes()).is_err());
}
