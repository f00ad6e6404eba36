//! The experiments that decide the properties of the table: one for all schemes, and an attack for each "no".

use super::scheme::inverse;
use super::*;
use crate::error::DecodeError;
use crate::group::{G1, G2, Gt, Scalar, pairing};
use crate::pre::{Capsule, EncryptionKey, ReKey};
use crate::secret::Secret;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zeroize::Zeroizing;

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// The attacks on a scheme.
trait Attacks: Scheme {
    /// What the proxy and B find of A's key.
    type Power;

    /// The proxy's key, B's secret, and a C' if it helps.
    fn collude(rk: &Self::ReKey, sk_b: &Self::SecretKey, c_prime: &Self::ReEncrypted) -> Self::Power;

    /// M of a ciphertext of A.
    fn open(power: &Self::Power, c: &Self::Ciphertext) -> Self::Message;

    /// The bytes of rk that are secret.
    fn secret_bytes(rk: &Self::ReKey) -> Vec<u8> {
        rk.encoding().to_vec()
    }

    /// The key from A to B inverted by the proxy, which is the key from B to A where the scheme is bidirectional.
    fn inverted(rk: &Self::ReKey, pk_b: &Self::PublicKey) -> Self::ReKey;

    /// A key from A to C, made without A from the key material that the collusion finds and from the contribution of C.
    fn delegate(
        power: &Self::Power,
        c: &(Self::PublicKey, Self::SecretKey),
        rk: &Self::ReKey,
        rng: &mut ChaCha20Rng,
    ) -> Self::ReKey;
}

/// k_e = k'_e / k_re.
impl Attacks for BongJang {
    type Power = EncryptionKey;

    fn collude(k_re: &ReKey, k_e_prime: &EncryptionKey, _: &Capsule) -> EncryptionKey {
        let [k_e_prime, k_re] =
            [k_e_prime.to_bytes(), k_re.to_bytes()].map(|key| G2::from_bytes(key.expose()).unwrap());
        EncryptionKey::from_bytes(&(k_e_prime / k_re).to_bytes()).unwrap()
    }

    fn open(k_e: &EncryptionKey, c: &Capsule) -> Self::Message {
        k_e.decapsulate(c)
    }

    fn inverted(k_re: &ReKey, _: &Self::PublicKey) -> ReKey {
        k_re.inverse()
    }

    fn delegate(k_e: &EncryptionKey, c: &(Self::PublicKey, EncryptionKey), _: &ReKey, _: &mut ChaCha20Rng) -> ReKey {
        ReKey::new(k_e, &c.1).unwrap()
    }
}

/// g2^a1 = rk^(1/b2).
impl Attacks for Afgh06 {
    type Power = G2;

    fn collude(rk: &Self::ReKey, sk_b: &Self::SecretKey, _: &Self::ReEncrypted) -> G2 {
        rk.0.expose().pow(&inverse(sk_b.a2.expose()))
    }

    fn open(g2_a1: &G2, c: &Self::Ciphertext) -> Message<Gt> {
        Message::new(c.beta / pairing(&c.alpha, g2_a1))
    }

    fn inverted(rk: &Self::ReKey, _: &Self::PublicKey) -> Self::ReKey {
        afgh06::ReKey(Secret::new(rk.0.expose().inverse()))
    }

    fn delegate(
        g2_a1: &G2,
        c: &(Self::PublicKey, Self::SecretKey),
        _: &Self::ReKey,
        _: &mut ChaCha20Rng,
    ) -> Self::ReKey {
        afgh06::ReKey(Secret::new(g2_a1.pow(c.1.a2.expose())))
    }
}

/// a = b / π.
impl Attacks for Bbs98 {
    type Power = Scalar;

    fn collude(pi: &Self::ReKey, b: &Self::SecretKey, _: &Self::ReEncrypted) -> Scalar {
        *b.0.expose() * *inverse(pi.0.expose())
    }

    fn open(a: &Scalar, c: &Self::Ciphertext) -> Message<G1> {
        Message::new(c.c1 / c.c2.pow(&inverse(a)))
    }

    fn inverted(pi: &Self::ReKey, _: &Self::PublicKey) -> Self::ReKey {
        bbs98::ReKey(Secret::new(*inverse(pi.0.expose())))
    }

    fn delegate(
        a: &Scalar,
        c: &(Self::PublicKey, Self::SecretKey),
        _: &Self::ReKey,
        _: &mut ChaCha20Rng,
    ) -> Self::ReKey {
        bbs98::ReKey(Secret::new(*c.1.0.expose() * *inverse(a)))
    }
}

/// k_e = k'_e / k_re, k'_e from X of any C'.
impl Attacks for ByName {
    type Power = G2;

    fn collude(rk: &Self::ReKey, sk_b: &Self::SecretKey, c_prime: &Self::ReEncrypted) -> G2 {
        *by_name::k_e_prime(&c_prime.x, &sk_b.public, &c_prime.x.pow(sk_b.a.expose())) / *rk.k_re.expose()
    }

    fn open(k_e: &G2, c: &Self::Ciphertext) -> Message<Gt> {
        Message::new(c.c / pairing(&c.z, k_e))
    }

    fn secret_bytes(rk: &Self::ReKey) -> Vec<u8> {
        rk.k_re.expose().to_bytes().into()
    }

    fn inverted(rk: &Self::ReKey, _: &Self::PublicKey) -> Self::ReKey {
        by_name::ReKey { k_re: Secret::new(rk.k_re.expose().inverse()), x: rk.x }
    }

    fn delegate(
        k_e: &G2,
        c: &(Self::PublicKey, Self::SecretKey),
        _: &Self::ReKey,
        rng: &mut ChaCha20Rng,
    ) -> Self::ReKey {
        let x = scheme::random(rng);
        let big_x = G1::generator().pow(&x);
        let k_e_prime = by_name::k_e_prime(&big_x, &c.0.a, &c.0.a.pow(&x));
        by_name::ReKey { k_re: Secret::new(*k_e_prime / *k_e), x: big_x }
    }
}

/// sk = H2(X) / R3, X from (R1, R2).
impl Attacks for Ga07 {
    type Power = G2;

    fn collude(rk: &Self::ReKey, sk_b: &Self::SecretKey, _: &Self::ReEncrypted) -> G2 {
        *ga07::h2(&ga07::open(sk_b.0.expose(), &rk.r12)) / *rk.r3.expose()
    }

    fn open(sk: &G2, c: &Self::Ciphertext) -> Message<Gt> {
        Message::new(*ga07::open(sk, &c.last))
    }

    fn secret_bytes(rk: &Self::ReKey) -> Vec<u8> {
        rk.r3.expose().to_bytes().into()
    }

    fn inverted(rk: &Self::ReKey, _: &Self::PublicKey) -> Self::ReKey {
        ga07::ReKey { r12: rk.r12, r3: Secret::new(rk.r3.expose().inverse()) }
    }

    fn delegate(
        sk: &G2,
        c: &(Self::PublicKey, Self::SecretKey),
        _: &Self::ReKey,
        rng: &mut ChaCha20Rng,
    ) -> Self::ReKey {
        Self::re_key_gen(&ga07::SecretKey(Secret::new(*sk)), &c.0, rng).unwrap()
    }
}

/// g2^(1/x_i) = R_ij^(1/x_j).
impl Attacks for Lv08 {
    type Power = G2;

    fn collude(rk: &Self::ReKey, sk_j: &Self::SecretKey, _: &Self::ReEncrypted) -> G2 {
        rk.r.expose().pow(&inverse(sk_j.x.expose()))
    }

    fn open(power: &G2, c: &Self::Ciphertext) -> Message<Gt> {
        Message::new(c.signed.c3 / pairing(&c.c2, power))
    }

    fn inverted(rk: &Self::ReKey, pk_b: &Self::PublicKey) -> Self::ReKey {
        lv08::ReKey { r: Secret::new(rk.r.expose().inverse()), from: pk_b.x1 }
    }

    fn delegate(
        power: &G2,
        c: &(Self::PublicKey, Self::SecretKey),
        rk: &Self::ReKey,
        _: &mut ChaCha20Rng,
    ) -> Self::ReKey {
        lv08::ReKey { r: Secret::new(power.pow(c.1.x.expose())), from: rk.from }
    }
}

/// Key pairs of A, B and C.
fn users<S: Scheme>(rng: &mut ChaCha20Rng) -> [(S::PublicKey, S::SecretKey); 3] {
    let setup = S::setup(rng);
    [&b"A"[..], b"B", b"C"].map(|name| S::key_gen(&setup, name, rng))
}

fn re_key<S: Scheme>(sk: &S::SecretKey, to: &(S::PublicKey, S::SecretKey), rng: &mut ChaCha20Rng) -> S::ReKey {
    S::re_key_gen(sk, S::delegatee(&to.0, &to.1), rng).unwrap()
}

/// The text says that it hides something, and has no part of the secret.
fn prints_nothing(value: &impl core::fmt::Debug, secret: &[u8]) {
    let text = format!("{value:?}");
    assert!(text.contains("<redacted>"), "{text}");
    for secret in secret.chunks_exact(16) {
        assert!(!text.contains(&hex::encode(secret)), "{text}");
    }
}

/// Round trips, wrong keys, sizes, the direction and collusion, as the row says them.
fn decide<S: Attacks>() {
    let rng = &mut rng(1);
    let Row { properties, .. } = Row::of::<S>();
    let Properties { name, direction, bytes, .. } = properties;
    let [a, b, c] = users::<S>(rng);
    let is = |read: Result<S::Message, S::Refusal>, m: &S::Message| read.is_ok_and(|read| read == *m);

    // Round trip, wrong keys.
    let (first, m) = S::enc(&a.0, rng);
    assert!(is(S::dec(&a.1, &first), &m), "{name}");
    assert!(!is(S::dec(&b.1, &first), &m), "{name}: B opens C");
    let rk = re_key::<S>(&a.1, &b, rng);
    let Ok(again) = S::re_enc(&rk, &first, rng) else { panic!("{name}: refused") };
    assert!(is(S::dec_re(&b.1, &again), &m), "{name}");
    assert!(!is(S::dec_re(&c.1, &again), &m), "{name}: C opens what was re-encrypted for B");
    assert!(!is(S::dec_re(&a.1, &again), &m), "{name}: A opens what was re-encrypted for B");

    // A key of other users re-encrypts nothing of A's.
    let other = re_key::<S>(&c.1, &b, rng);
    let moved = S::re_enc(&other, &first, rng);
    assert!(!moved.is_ok_and(|moved| is(S::dec_re(&b.1, &moved), &m)), "{name}: a key from C to B works on A's");

    // Sizes.
    let sizes = Bytes {
        public_key: a.0.encoding().len(),
        re_key: rk.encoding().len(),
        ciphertext: first.encoding().len(),
        re_encrypted: again.encoding().len(),
    };
    assert_eq!(sizes, bytes, "{name}");

    // The direction: the key from A to B as it is, and its inverse, on a ciphertext of B.
    let (of_b, m_b) = S::enc(&b.0, rng);
    let back = S::re_enc(&rk, &of_b, rng);
    assert!(!back.is_ok_and(|back| is(S::dec_re(&a.1, &back), &m_b)), "{name}");
    let back = S::re_enc(&S::inverted(&rk, &b.0), &of_b, rng);
    let works = back.is_ok_and(|back| is(S::dec_re(&a.1, &back), &m_b));
    assert_eq!(works, direction == Direction::BothWays, "{name}: the inverse");

    // Collusion; and the power alone, in any hands, opens what A receives later, and delegates it to C.
    let power = S::collude(&rk, &b.1, &again);
    let (later, m) = S::enc(&a.0, rng);
    assert_eq!(S::open(&power, &later) == m, properties.transferable, "{name}");
    let to_c = S::delegate(&power, &c, &rk, rng);
    let moved = S::re_enc(&to_c, &later, rng);
    let works = moved.is_ok_and(|moved| is(S::dec_re(&c.1, &moved), &m));
    assert_eq!(works, properties.transferable, "{name}: a key from A to C without A");

    // Secrets do not print.
    prints_nothing(&a.1, &[]);
    prints_nothing(&rk, &S::secret_bytes(&rk));
    prints_nothing(&m, &[]);
}

#[test]
fn every_scheme_does_what_its_row_says() {
    decide::<BongJang>();
    decide::<ByName>();
    decide::<Afgh06>();
    decide::<Bbs98>();
    decide::<Ga07>();
    decide::<Lv08>();
}

/// With the same randomness, batches give the same results as single calls, and a bad ciphertext fails alone.
fn batches<S: Scheme>(alter: Option<fn(&mut S::Ciphertext)>) {
    let name = S::PROPERTIES.name;
    let of = |results: &[Result<S::ReEncrypted, S::Refusal>]| -> Vec<_> {
        results.iter().map(|c| c.as_ref().ok().map(|c| c.encoding().to_vec())).collect()
    };
    let rng = &mut rng(11);
    let [a, b, _] = users::<S>(rng);
    let rk = re_key::<S>(&a.1, &b, rng);
    for n in [0, 1, 2, 9] {
        let mut again = rng.clone();
        let (mut c, m): (Vec<_>, Vec<_>) = S::enc_many(&a.0, n, rng).into_iter().unzip();
        let (single, single_m): (Vec<_>, Vec<_>) = (0..n).map(|_| S::enc(&a.0, &mut again)).unzip();
        assert!(c.iter().map(Encoding::encoding).eq(single.iter().map(Encoding::encoding)), "{name}");
        assert!(m == single_m, "{name}");
        if let (Some(alter), 9) = (alter, n) {
            alter(&mut c[3]);
        }
        let many = S::re_enc_many(&rk, &c, rng);
        let single: Vec<_> = c.iter().map(|c| S::re_enc(&rk, c, &mut again)).collect();
        assert_eq!(of(&many), of(&single), "{name}");
        assert_eq!(many.iter().filter(|c| c.is_err()).count(), usize::from(alter.is_some() && n == 9), "{name}");
        let kept: Vec<_> = many.into_iter().zip(m).filter_map(|(c, m)| Some((c.ok()?, m))).collect();
        let (many, m): (Vec<_>, Vec<_>) = kept.into_iter().unzip();
        let read = S::dec_re_many(&b.1, &many);
        let single: Vec<_> = many.iter().map(|c| S::dec_re(&b.1, c)).collect();
        assert!(single.iter().zip(&read).all(|(single, read)| matches!((single, read), (Ok(a), Ok(b)) if a == b)));
        assert_eq!(read.len(), m.len(), "{name}");
        assert!(read.into_iter().zip(&m).all(|(read, m)| read.is_ok_and(|read| read == *m)), "{name}");
    }
}

/// A batch of ciphertexts with different numbers of hops.
#[test]
fn a_batch_may_have_many_hops() {
    let rng = &mut rng(15);
    let [a, b, c] = users::<Ga07>(rng);
    let (one, two) = (re_key::<Ga07>(&a.1, &b, rng), re_key::<Ga07>(&b.1, &c, rng));
    let (of_a, m_a) = Ga07::enc(&a.0, rng);
    let (of_b, m_b) = Ga07::enc(&b.0, rng);
    let (of_c, m_c) = Ga07::enc(&c.0, rng);
    let Ok(once) = Ga07::re_enc(&one, &of_a, rng);
    let Ok(twice) = Ga07::re_enc(&two, &once, rng);
    let Ok(of_b) = Ga07::re_enc(&two, &of_b, rng);
    let read = Ga07::dec_re_many(&c.1, &[twice.clone(), of_c, of_b, twice]);
    assert!(read.into_iter().zip([&m_a, &m_c, &m_b, &m_a]).all(|(Ok(read), m)| read == *m));
}

#[test]
fn batches_are_the_single_forms() {
    batches::<BongJang>(None);
    batches::<ByName>(None);
    batches::<Afgh06>(None);
    batches::<Bbs98>(None);
    batches::<Ga07>(None);
    batches::<Lv08>(Some(|c| c.signed.sigma[0] ^= 1));
    batches::<Lv08>(Some(|c| c.c2 = G1::generator()));
}

/// Three hops. Only a multi-hop scheme has the types for it. `growth`: bytes of each further hop.
fn hops<C: Encoding, S: Scheme<Ciphertext = C, ReEncrypted = C>>(growth: usize) {
    let rng = &mut rng(2);
    assert!(Row::of::<S>().multi_hop);
    let [a, b, c] = users::<S>(rng);
    let (mut at, m) = S::enc(&a.0, rng);
    for (from, to) in [(&a, &b), (&b, &c), (&c, &a)] {
        let before = at.encoding().len();
        let Ok(next) = S::re_enc(&re_key::<S>(&from.1, to, rng), &at, rng) else { panic!("refused") };
        assert!(S::dec_re(&to.1, &next).is_ok_and(|read| read == m), "{}", S::PROPERTIES.name);
        assert!(S::dec_re(&from.1, &next).is_ok_and(|read| read != m), "{}", S::PROPERTIES.name);
        assert_eq!(next.encoding().len() - before, growth);
        at = next;
    }
}

#[test]
fn a_second_hop_works_where_the_types_say_so() {
    hops::<_, BongJang>(0);
    hops::<_, Bbs98>(0);
    hops::<_, Ga07>(240);
    assert!(![Row::of::<Afgh06>(), Row::of::<ByName>(), Row::of::<Lv08>()].iter().any(|row| row.multi_hop));
}

/// The second hop by force: the parts of C' that have the right groups, put into the place of C. Afgh06 has no such part,
/// since its C' is in GT.
#[test]
fn a_second_hop_fails_where_the_types_exclude_it() {
    let rng = &mut rng(3);
    let [a, b, c] = users::<ByName>(rng);
    let (first, m) = ByName::enc(&a.0, rng);
    let Ok(again) = ByName::re_enc(&re_key::<ByName>(&a.1, &b, rng), &first, rng);
    let forced = by_name::Ciphertext { z: again.z, c: again.c };
    let Ok(twice) = ByName::re_enc(&re_key::<ByName>(&b.1, &c, rng), &forced, rng);
    assert!(ByName::dec_re(&c.1, &twice).is_ok_and(|read| read != m));

    let [a, b, c] = users::<Lv08>(rng);
    let (first, _) = Lv08::enc(&a.0, rng);
    let again = Lv08::re_enc(&re_key::<Lv08>(&a.1, &b, rng), &first, rng).unwrap();
    let next = re_key::<Lv08>(&b.1, &c, rng);
    for c2 in [again.c2_1, again.c2_3] {
        let forced = lv08::SecondLevel { c2, signed: again.signed };
        assert_eq!(Lv08::re_enc(&next, &forced, rng), Err(lv08::Invalid));
    }
}

/// BBS98 and Bong-Jang take B's secret, and are the ones that work both ways.
#[test]
fn interactivity_is_that_of_the_papers() {
    let interactive: Vec<_> = rows().into_iter().filter(|row| row.interactive).collect();
    assert_eq!(interactive, [Row::of::<BongJang>(), Row::of::<Bbs98>()]);
    for row in rows() {
        assert_eq!(row.interactive, row.properties.direction == Direction::BothWays, "{}", row.properties.name);
    }
}

/// Chosen ciphertexts: the one scheme that claims to resist them is the one that checks.
#[test]
fn who_checks_ciphertexts_claims_it() {
    for row in rows() {
        assert_eq!(row.checks, row.properties.notion == Notion::Rcca, "{}", row.properties.name);
    }
}

/// What collusion finds is what the row names.
#[test]
fn collusion_gives_the_key_that_the_row_names() {
    let rng = &mut rng(4);

    let [a, b, _] = users::<BongJang>(rng);
    let (c, _) = BongJang::enc(&a.0, rng);
    assert!(BongJang::collude(&re_key::<BongJang>(&a.1, &b, rng), &b.1, &c) == a.1);

    let [a, b, _] = users::<Bbs98>(rng);
    let (c, _) = Bbs98::enc(&a.0, rng);
    assert_eq!(Bbs98::collude(&re_key::<Bbs98>(&a.1, &b, rng), &b.1, &c), *a.1.0.expose());

    let [a, b, _] = users::<Ga07>(rng);
    let (c, _) = Ga07::enc(&a.0, rng);
    assert_eq!(Ga07::collude(&re_key::<Ga07>(&a.1, &b, rng), &b.1, &c), *a.1.0.expose());

    let [a, b, _] = users::<Lv08>(rng);
    let (c, _) = Lv08::enc(&a.0, rng);
    let rk = re_key::<Lv08>(&a.1, &b, rng);
    let c_prime = Lv08::re_enc(&rk, &c, rng).unwrap();
    assert_eq!(Lv08::collude(&rk, &b.1, &c_prime), G2::generator().pow(&inverse(a.1.x.expose())));
}

/// AFGH: the stolen g2^a1 is all there is, and the first level does not depend on a1.
#[test]
fn collusion_in_afgh06_leaves_the_first_level() {
    let rng = &mut rng(5);
    let [a, b, _] = users::<Afgh06>(rng);
    let (second, _) = Afgh06::enc(&a.0, rng);
    let rk = re_key::<Afgh06>(&a.1, &b, rng);
    let Ok(c_prime) = Afgh06::re_enc(&rk, &second, rng);
    let stolen = Afgh06::collude(&rk, &b.1, &c_prime);
    assert_eq!(stolen, G2::generator().pow(a.1.a1.expose()));

    let (first, m) = Afgh06::enc_first_level(&a.0, rng);
    let Ok(read) = Afgh06::dec_re(&a.1, &first);
    assert!(read == m);
    // The same a2 with any other a1 opens it, so the stolen element has no part in it.
    let other = afgh06::SecretKey { a1: Secret::new(*scheme::random(rng)), a2: a.1.a2.clone() };
    let Ok(read) = Afgh06::dec_re(&other, &first);
    assert!(read == m);
    // Nor does it open by what opens the second level, with g1 in the place of α's group.
    assert!(Message::new(first.beta / pairing(&G1::generator(), &stolen)) != m);
    let Ok(read) = Afgh06::dec_re(&b.1, &first);
    assert!(read != m);
}

/// Keys by name: the scope of the grant falls, and another scope of the same user does not.
#[test]
fn collusion_by_name_ends_at_the_scope() {
    let rng = &mut rng(6);
    let [a, b, _] = users::<ByName>(rng);
    let (c, _) = ByName::enc(&a.0, rng);
    let rk = re_key::<ByName>(&a.1, &b, rng);
    let Ok(c_prime) = ByName::re_enc(&rk, &c, rng);
    let stolen = ByName::collude(&rk, &b.1, &c_prime);
    assert_eq!(stolen, *a.1.k_e.expose());

    let other = a.1.of_scope(b"another scope");
    assert_eq!(other.0.a, a.0.a); // one public key
    let (c, m) = ByName::enc(&other.0, rng);
    assert!(ByName::open(&stolen, &c) != m);
    let Ok(c_prime) = ByName::re_enc(&rk, &c, rng);
    let Ok(read) = ByName::dec_re(&b.1, &c_prime);
    assert!(read != m);
    let Ok(read) = ByName::dec(&other.1, &c);
    assert!(read == m);
}

/// Keys by name: two grants to the same B have different k'_e, and the public check of k_re by the proxy holds.
#[test]
fn grants_by_name_are_fresh_and_can_be_checked() {
    let rng = &mut rng(7);
    let [a, b, _] = users::<ByName>(rng);
    let [one, two] = [(); 2].map(|()| re_key::<ByName>(&a.1, &b, rng));
    assert!(one.x != two.x && one.k_re.expose() != two.k_re.expose());
    // e(g1, k_re) = e(g1, k'_e) / Y, Y = e(A, H2(scope)).
    let k_e_prime = by_name::k_e_prime(&one.x, &b.0.a, &one.x.pow(b.1.a.expose()));
    let g1 = G1::generator();
    assert_eq!(pairing(&g1, one.k_re.expose()), pairing(&g1, &k_e_prime) / pairing(&a.0.a, &a.0.h2));
}

/// Two keys with one user between them. Where keys work both ways, the proxy makes the key from A to C from the keys
/// from A to B and from B to C. Where keys work one way, the product of the two keys does not work.
#[test]
fn the_proxy_joins_keys_of_bidirectional_schemes_alone() {
    fn works<S: Attacks>(join: impl Fn(&S::ReKey, &S::ReKey) -> S::ReKey) {
        let rng = &mut rng(12);
        let [a, b, c] = users::<S>(rng);
        let joined = join(&re_key::<S>(&a.1, &b, rng), &re_key::<S>(&b.1, &c, rng));
        let (of_a, m) = S::enc(&a.0, rng);
        let moved = S::re_enc(&joined, &of_a, rng);
        let works = moved.is_ok_and(|moved| S::dec_re(&c.1, &moved).is_ok_and(|read| read == m));
        assert_eq!(works, S::PROPERTIES.direction == Direction::BothWays, "{}", S::PROPERTIES.name);
    }
    let product = |a: &Secret<G2>, b: &Secret<G2>| Secret::new(*a.expose() * *b.expose());
    works::<BongJang>(|one, two| one.compose(two).unwrap());
    works::<Bbs98>(|one, two| bbs98::ReKey(Secret::new(*one.0.expose() * *two.0.expose())));
    works::<ByName>(|one, two| by_name::ReKey { k_re: product(&one.k_re, &two.k_re), x: two.x });
    works::<Afgh06>(|one, two| afgh06::ReKey(product(&one.0, &two.0)));
    works::<Ga07>(|one, two| ga07::ReKey { r12: two.r12, r3: product(&one.r3, &two.r3) });
    works::<Lv08>(|one, two| lv08::ReKey { r: product(&one.r, &two.r), from: one.from });
}

/// Every encoding reads back, and the identity is refused in the place of a key or a pad.
#[test]
fn encodings_read_back() {
    fn all<S: Scheme>(known: &<S::ReKey as Decoding>::Known) -> [Vec<u8>; 3] {
        let rng = &mut rng(13);
        let [a, b, _] = users::<S>(rng);
        let (c, _) = S::enc(&a.0, rng);
        let rk = re_key::<S>(&a.1, &b, rng);
        let Ok(again) = S::re_enc(&rk, &c, rng) else { panic!("refused") };
        let bytes = [rk.encoding(), c.encoding(), again.encoding()].map(|bytes| bytes.to_vec());
        assert_eq!(S::ReKey::decode(&bytes[0], known).unwrap().encoding()[..], bytes[0]);
        assert_eq!(S::Ciphertext::decode(&bytes[1], &()).unwrap().encoding()[..], bytes[1]);
        assert_eq!(S::ReEncrypted::decode(&bytes[2], &()).unwrap().encoding()[..], bytes[2]);
        bytes
    }
    all::<BongJang>(&());
    all::<ByName>(&());
    all::<Bbs98>(&());
    all::<Ga07>(&());
    let [a, ..] = users::<Lv08>(&mut rng(13));
    all::<Lv08>(&a.0);
    let [_, _, mut alpha_one] = all::<Afgh06>(&());
    alpha_one[..Gt::BYTES].copy_from_slice(&Gt::identity().to_bytes());
    let refused = DecodeError::Identity { what: "first-level ciphertext" };
    assert_eq!(afgh06::FirstLevel::decode(&alpha_one, &()), Err(refused));
    for k in [0, 1] {
        let refused = bbs98::ReKey::decode(&Scalar::from(k).to_bytes(), &()).unwrap_err();
        assert_eq!(refused, DecodeError::Identity { what: "re-encryption key" });
    }
    // Anybody can compute the public keys of names.
    let rng = &mut rng(14);
    let authority = Ga07::setup(rng);
    let parameters = ga07::Parameters::decode(&authority.parameters().encoding(), &()).unwrap();
    assert_eq!(ga07::PublicKey::new(&parameters, b"A"), Ga07::key_gen(&authority, b"A", rng).0);
    let (pk, _) = ByName::key_gen(&(), b"scope", rng);
    assert_eq!(by_name::PublicKey::decode(&pk.encoding(), b"scope"), Ok(pk));
    assert_ne!(by_name::PublicKey::decode(&pk.encoding(), b"another scope"), Ok(pk));
}

/// Equal keys would give the re-encryption key 1.
#[test]
fn bidirectional_schemes_refuse_the_same_key() {
    let rng = &mut rng(8);
    let [a, ..] = users::<BongJang>(rng);
    assert!(BongJang::re_key_gen(&a.1, &a.1, rng).is_err());
    let [a, ..] = users::<Bbs98>(rng);
    assert!(Bbs98::re_key_gen(&a.1, &a.1, rng).is_err());
}

/// Every part of a ciphertext is bound, except for a new t (a replay, which RCCA allows).
#[test]
fn lv08_refuses_altered_ciphertexts() {
    let rng = &mut rng(9);
    let [a, b, _] = users::<Lv08>(rng);
    let (c, m) = Lv08::enc(&a.0, rng);
    let (other, _) = Lv08::enc(&a.0, rng);
    let rk = re_key::<Lv08>(&a.1, &b, rng);

    let mut flipped = c.signed.sigma;
    flipped[0] ^= 1;
    let altered = [
        lv08::Signed { svk: other.signed.svk, ..c.signed },
        lv08::Signed { c3: c.signed.c3 * Gt::generator(), ..c.signed },
        lv08::Signed { c4: other.signed.c4, ..c.signed },
        lv08::Signed { sigma: other.signed.sigma, ..c.signed },
        lv08::Signed { sigma: flipped, ..c.signed },
    ];
    let mut second: Vec<_> = altered.map(|signed| lv08::SecondLevel { signed, ..c }).into();
    second.push(lv08::SecondLevel { c2: other.c2, ..c });
    for bad in second {
        assert_eq!(Lv08::dec(&a.1, &bad), Err(lv08::Invalid));
        assert_eq!(Lv08::re_enc(&rk, &bad, rng), Err(lv08::Invalid));
    }

    let again = Lv08::re_enc(&rk, &c, rng).unwrap();
    let g1 = G1::generator();
    let mut first: Vec<_> = altered.map(|signed| lv08::FirstLevel { signed, ..again }).into();
    first.push(lv08::FirstLevel { c2_1: g1, ..again });
    first.push(lv08::FirstLevel { c2_2: G2::generator(), ..again });
    first.push(lv08::FirstLevel { c2_3: g1, ..again });
    for bad in &first {
        assert_eq!(Lv08::dec_re(&b.1, bad), Err(lv08::Invalid));
    }
    first.push(again);
    let read = Lv08::dec_re_many(&b.1, &first);
    let (last, bad) = read.split_last().unwrap();
    assert!(bad.iter().all(|read| *read == Err(lv08::Invalid)) && *last == Ok(m.clone()));
    // A replay: the same M with another t.
    let t = Zeroizing::new(Scalar::from(7));
    let replay = lv08::FirstLevel {
        c2_1: again.c2_1.pow(&t),
        c2_2: again.c2_2.pow(&inverse(&t)),
        c2_3: again.c2_3.pow(&t),
        signed: again.signed,
    };
    assert!(replay != again && Lv08::dec_re(&b.1, &replay) == Ok(m));
}

/// The other schemes check nothing. Whoever may have any other ciphertext decrypted reads M: with C times a factor, M comes
/// out times the factor. So none of them is secure against chosen ciphertexts.
#[test]
fn chosen_ciphertexts_open_schemes_without_checks() {
    let rng = &mut rng(10);
    let factor = Gt::generator();

    let [a, ..] = users::<BongJang>(rng);
    let (c, m) = BongJang::enc(&a.0, rng);
    let bytes = [&c.z().to_bytes()[..], &(*c.c() * factor).to_bytes()].concat();
    let Ok(read) = BongJang::dec(&a.1, &Capsule::from_bytes(&bytes).unwrap());
    let [read, m] = [read, m].map(|m| Gt::from_bytes(m.to_bytes().expose()).unwrap());
    assert_eq!(read / factor, m);

    let [a, ..] = users::<ByName>(rng);
    let (c, m) = ByName::enc(&a.0, rng);
    let Ok(read) = ByName::dec(&a.1, &by_name::Ciphertext { c: c.c * factor, ..c });
    assert_eq!(*read.expose() / factor, *m.expose());

    let [a, ..] = users::<Afgh06>(rng);
    let (c, m) = Afgh06::enc(&a.0, rng);
    let Ok(read) = Afgh06::dec(&a.1, &afgh06::SecondLevel { beta: c.beta * factor, ..c });
    assert_eq!(*read.expose() / factor, *m.expose());

    let [a, ..] = users::<Bbs98>(rng);
    let (c, m) = Bbs98::enc(&a.0, rng);
    let Ok(read) = Bbs98::dec(&a.1, &bbs98::Ciphertext { c1: c.c1 * G1::generator(), ..c });
    assert_eq!(*read.expose() / G1::generator(), *m.expose());

    let [a, ..] = users::<Ga07>(rng);
    let (mut c, m) = Ga07::enc(&a.0, rng);
    c.last.c2 = c.last.c2 * factor;
    let Ok(read) = Ga07::dec(&a.1, &c);
    assert_eq!(*read.expose() / factor, *m.expose());
}

/// `table.md` in the documentation is what the data prints. On failure the right text is in the message.
#[test]
fn the_table_is_what_the_data_prints() {
    let printed = markdown(&rows());
    assert!(printed == include_str!("table.md"), "src/schemes/table.md should be:\n{printed}");
}
