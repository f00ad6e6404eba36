//! Equations 1 to 3 of the paper, in its own letters: `cargo run --example equations`.

use phi_pre::group::{G1, G2, Gt, Scalar, pairing as e};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

fn main() {
    let rng = &mut ChaCha20Rng::seed_from_u64(2023);
    let (g1, g2) = (G1::generator(), G2::generator());

    // Two key pairs (section 3.2): k_e = g2^{k_d}, for hospital A and hospital B.
    let (k_d, k_d_prime) = (Scalar::random(rng), Scalar::random(rng));
    let (k_e, k_e_prime) = (g2.pow(&k_d), g2.pow(&k_d_prime));

    // Hospital A encrypts M: Z = g1^r, C = M · e(g1, k_e)^r.
    let (m, r) = (Gt::random(rng), Scalar::random(rng));
    let z = g1.pow(&r);
    let c = m * e(&g1, &k_e).pow(&r);
    println!("M          {}", start(&m));
    println!("C          {}   encrypted under k_e", start(&c));

    // (1) The patient makes the re-encryption key: k_re = k'_e / k_e.
    let k_re = k_e_prime / k_e;

    // (2) The cloud re-encrypts without seeing M: C' = C · e(Z, k_re).
    let c_prime = c * e(&z, &k_re);
    println!("C'         {}   re-encrypted by the cloud", start(&c_prime));

    // (3) Hospital B decrypts: M = C' / e(Z, k'_e).
    let m_again = c_prime / e(&z, &k_e_prime);
    println!("C'/e(Z,k') {}   decrypted by hospital B", start(&m_again));
    assert_eq!(m_again.to_bytes(), m.to_bytes());

    // In the paper's scheme k_e also decrypts, since the pad e(g1, k_e)^r equals e(Z, k_e). The crate therefore keeps
    // k_e secret and encrypts with Y = e(g1, g2)^{k_d}, which gives the same C.
    let y = e(&g1, &g2).pow(&k_d);
    assert_eq!((m * y.pow(&r)).to_bytes(), c.to_bytes());
    assert_eq!((c / e(&z, &k_e)).to_bytes(), m.to_bytes());
}

/// The first bytes of an element's canonical encoding.
fn start(x: &Gt) -> String {
    let bytes = x.to_bytes();
    format!("{:016x}...", u64::from_be_bytes(core::array::from_fn(|i| bytes[i])))
}
