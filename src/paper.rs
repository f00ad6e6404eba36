//! Equations 1 to 3 as printed: the executable specification.
//!
//! Paper: section 3.2, "Transmission of medical data" and "Information sharing between hospitals". Nothing is optimised,
//! nothing is hardened; any arkworks [`Pairing`] will do. The typed and fast form is [`pre`](crate::pre), held equal to
//! this one by test.
//!
//! ```text
//! Setup       g1 in G1, g2 in G2                                    public
//! Keys        k_d in Z_q^*,  k_e = g2^{k_d}
//! Encrypt     r <- Z_q^*,  Z = g1^r,  C_i = M_i · e(g1, k_e)^r      i = 1..l, one r for all blocks
//! (1)         k_re = k'_e / k_e
//! (2)         C'_i = C_i · e(Z, k_re),  sent as C'_1 || ... || C'_l || Z
//! (3)         M_i = C'_i / e(Z, k'_e)
//! ```
//!
//! As printed, k_e decrypts and one pad serves all blocks: see the security part of `paper-notes.md` before use.
//! arkworks writes all groups additively: `+` here is the paper's product, `-` its quotient, `*` its power.

use ark_ec::pairing::{Pairing, PairingOutput};
use ark_ec::{AffineRepr, CurveGroup};

/// The public generators g1 and g2.
#[derive(Clone, Copy, Debug)]
pub struct Setup<E: Pairing> {
    /// g1, base of Z.
    pub g1: E::G1Affine,
    /// g2, base of the keys.
    pub g2: E::G2Affine,
}

/// C_1 || ... || C_l || Z, before or after re-encryption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ciphertext<E: Pairing> {
    /// The blocks C_i.
    pub c: Vec<PairingOutput<E>>,
    /// Z = g1^r.
    pub z: E::G1Affine,
}

impl<E: Pairing> Setup<E> {
    /// The generators that the curve's standard names.
    pub fn standard() -> Self {
        Self { g1: E::G1Affine::generator(), g2: E::G2Affine::generator() }
    }

    /// k_e = g2^{k_d}.
    pub fn encryption_key(&self, k_d: E::ScalarField) -> E::G2Affine {
        (self.g2 * k_d).into_affine()
    }

    /// Z = g1^r and C_i = M_i · e(g1, k_e)^r for each block.
    pub fn encrypt(&self, k_e: E::G2Affine, m: &[PairingOutput<E>], r: E::ScalarField) -> Ciphertext<E> {
        let pad = E::pairing(self.g1, k_e) * r;
        Ciphertext { c: m.iter().map(|m_i| *m_i + pad).collect(), z: (self.g1 * r).into_affine() }
    }
}

/// Equation (1): k_re = k'_e / k_e.
pub fn re_encryption_key<E: Pairing>(k_e: E::G2Affine, k_e_prime: E::G2Affine) -> E::G2Affine {
    (k_e_prime.into_group() - k_e).into_affine()
}

/// Equation (2): C'_i = C_i · e(Z, k_re).
pub fn re_encrypt<E: Pairing>(ciphertext: &Ciphertext<E>, k_re: E::G2Affine) -> Ciphertext<E> {
    let shift = E::pairing(ciphertext.z, k_re);
    Ciphertext { c: ciphertext.c.iter().map(|c_i| *c_i + shift).collect(), z: ciphertext.z }
}

/// Equation (3): M_i = C_i / e(Z, k_e), with the key under which the ciphertext stands.
pub fn decrypt<E: Pairing>(ciphertext: &Ciphertext<E>, k_e: E::G2Affine) -> Vec<PairingOutput<E>> {
    let pad = E::pairing(ciphertext.z, k_e);
    ciphertext.c.iter().map(|c_i| *c_i - pad).collect()
}

#[cfg(test)]
mod tests;
