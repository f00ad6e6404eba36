//! One property for each theorem of `proofs/coq`, under the theorem's name, on three curves.

use super::*;
use ark_ff::{AdditiveGroup, Field, PrimeField};
use proptest::prelude::*;

type Seed = [u8; 32];

fn seeds(n: usize) -> impl Strategy<Value = Vec<Seed>> {
    prop::collection::vec(any::<Seed>(), n)
}

/// A non-zero scalar.
fn scalar<E: Pairing>(seed: &Seed) -> E::ScalarField {
    let x = E::ScalarField::from_le_bytes_mod_order(seed);
    if x == E::ScalarField::ZERO { E::ScalarField::ONE } else { x }
}

fn message<E: Pairing>(seed: &Seed) -> PairingOutput<E> {
    E::pairing(E::G1Affine::generator(), E::G2Affine::generator()) * scalar::<E>(seed)
}

/// Two key pairs, r and two blocks: the setting of every theorem below.
struct World<E: Pairing> {
    setup: Setup<E>,
    r: E::ScalarField,
    k_d: E::ScalarField,
    k_d_prime: E::ScalarField,
    k_e: E::G2Affine,
    k_e_prime: E::G2Affine,
    k_re: E::G2Affine,
    m: Vec<PairingOutput<E>>,
    c: Ciphertext<E>,
}

impl<E: Pairing> World<E> {
    fn new(seeds: &[Seed]) -> Self {
        let setup = Setup::<E>::standard();
        let [r, k_d, k_d_prime] = [0, 1, 2].map(|i| scalar::<E>(&seeds[i]));
        let (k_e, k_e_prime) = (setup.encryption_key(k_d), setup.encryption_key(k_d_prime));
        let m = vec![message::<E>(&seeds[3]), message::<E>(&seeds[4])];
        let c = setup.encrypt(k_e, &m, r);
        Self { setup, r, k_d, k_d_prime, k_e, k_e_prime, k_re: re_encryption_key::<E>(k_e, k_e_prime), m, c }
    }
}

/// Every line of Equation (3), on each block.
fn equation3<E: Pairing>(seeds: &[Seed]) {
    let w = World::<E>::new(seeds);
    let Setup { g1, g2 } = w.setup;
    let e = E::pairing;
    for (m, c) in w.m.iter().zip(&w.c.c) {
        let line1 = *c + e(w.c.z, w.k_re);
        assert_eq!(line1, *m + e(g1, w.k_e) * w.r + e(w.c.z, w.k_re));
        let g1_r = (g1 * w.r).into_affine();
        let g2_difference = (g2 * (w.k_d_prime - w.k_d)).into_affine();
        assert_eq!(line1, *m + e(g1, g2) * (w.k_d * w.r) + e(g1_r, g2_difference));
        assert_eq!(line1, *m + e(g1, g2) * (w.k_d * w.r) + e(g1, g2) * (w.r * (w.k_d_prime - w.k_d)));
        assert_eq!(line1, *m + e(g1, g2) * (w.k_d_prime * w.r));
        assert_eq!(line1, *m + e(g1, w.k_e_prime) * w.r);
    }
}

fn dec_reenc<E: Pairing>(seeds: &[Seed]) {
    let w = World::<E>::new(seeds);
    assert_eq!(decrypt(&w.c, w.k_e), w.m);
    assert_eq!(decrypt(&re_encrypt(&w.c, w.k_re), w.k_e_prime), w.m);
}

/// Any number of hops ends under the last key.
fn multi_hop<E: Pairing>(seeds: &[Seed]) {
    let w = World::<E>::new(seeds);
    let (mut c, mut k) = (w.c, w.k_e);
    for seed in seeds {
        let next = w.setup.encryption_key(scalar::<E>(seed));
        c = re_encrypt(&c, re_encryption_key::<E>(k, next));
        k = next;
        assert_eq!(decrypt(&c, k), w.m);
    }
}

/// k_{a→b} · k_{b→c} = k_{a→c}.
fn rk_trans<E: Pairing>(seeds: &[Seed]) {
    let w = World::<E>::new(seeds);
    let third = w.setup.encryption_key(scalar::<E>(&seeds[5]));
    let product = w.k_re.into_group() + re_encryption_key::<E>(w.k_e_prime, third);
    assert_eq!(product.into_affine(), re_encryption_key::<E>(w.k_e, third));
}

/// k_{b→a} = k_{a→b}^{-1}.
fn rk_inv<E: Pairing>(seeds: &[Seed]) {
    let w = World::<E>::new(seeds);
    assert_eq!(re_encryption_key::<E>(w.k_e_prime, w.k_e), (-w.k_re.into_group()).into_affine());
}

fn reenc_back<E: Pairing>(seeds: &[Seed]) {
    let w = World::<E>::new(seeds);
    let back = (-w.k_re.into_group()).into_affine();
    assert_eq!(re_encrypt(&re_encrypt(&w.c, w.k_re), back), w.c);
}

/// Proxy and delegatee together compute k_e.
fn collusion<E: Pairing>(seeds: &[Seed]) {
    let w = World::<E>::new(seeds);
    let recovered = (w.k_e_prime.into_group() - w.k_re).into_affine();
    assert_eq!(recovered, w.k_e);
    assert_eq!(decrypt(&w.c, recovered), w.m);
}

/// The encryption key opens what it closes: e(Z, k_e) is the pad.
fn ke_decrypts<E: Pairing>(seeds: &[Seed]) {
    let w = World::<E>::new(seeds);
    assert_eq!(E::pairing(w.c.z, w.k_e), E::pairing(w.setup.g1, w.k_e) * w.r);
}

/// C_1 / C_2 = M_1 / M_2: one known block reveals all.
fn shared_pad<E: Pairing>(seeds: &[Seed]) {
    let w = World::<E>::new(seeds);
    assert_eq!(w.c.c[0] - w.c.c[1], w.m[0] - w.m[1]);
}

macro_rules! on_every_curve {
    ($($theorem:ident),*) => {
        mod bls12_381 { on_every_curve!(@ ark_bls12_381::Bls12_381, $($theorem),*); }
        mod bn254 { on_every_curve!(@ ark_bn254::Bn254, $($theorem),*); }
        mod bls12_377 { on_every_curve!(@ ark_bls12_377::Bls12_377, $($theorem),*); }
    };
    (@ $curve:ty, $($theorem:ident),*) => {
        use proptest::prelude::*;
        proptest! {
            #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]
            $(#[test] fn $theorem(seeds in super::seeds(6)) { super::$theorem::<$curve>(&seeds); })*
        }
    };
}
on_every_curve!(equation3, dec_reenc, multi_hop, rk_trans, rk_inv, reenc_back, collusion, ke_decrypts, shared_pad);
