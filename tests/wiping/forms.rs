//! The forms in which a secret lies in memory, cut into words of eight bytes.
//!
//! A word is searched by itself, so that half of a secret is found too, and one lane of eight.

use ark_bls12_381::{Fq, G2Affine};
use ark_ff::PrimeField;
use ark_serialize::CanonicalDeserialize;
use num_bigint::BigUint;
use phi_pre::group::{G2, Gt, Scalar};

/// A secret: its name, and its words in all forms.
pub(crate) struct Form {
    pub(crate) name: &'static str,
    pub(crate) words: Vec<u64>,
}

/// 2^n mod p, or mod q.
fn shifted(x: &BigUint, n: u32, modulus: &BigUint) -> BigUint {
    (x << n) % modulus
}

/// The words of an integer, which has at most `bits` bits a word.
fn limbs(x: &BigUint, bits: u32, n: u32) -> impl Iterator<Item = u64> {
    let mask = (BigUint::from(1_u8) << bits) - 1_u8;
    (0..n).map(move |i| (x >> (bits * i)) & &mask).map(|limb| limb.iter_u64_digits().next().unwrap_or(0))
}

fn q() -> BigUint {
    ark_bls12_381::Fr::MODULUS.into()
}

fn p() -> BigUint {
    Fq::MODULUS.into()
}

impl Form {
    fn new(name: &'static str, words: impl IntoIterator<Item = u64>) -> Self {
        // A word of few bits would be found by chance.
        Self { name, words: words.into_iter().filter(|word| *word > 1 << 40).collect() }
    }

    /// Bytes as they are.
    pub(crate) fn bytes(name: &'static str, bytes: &[u8]) -> Self {
        let words = bytes.chunks_exact(8).chain(bytes.rchunks_exact(8).take(1));
        Self::new(name, words.filter_map(|word| Some(u64::from_le_bytes(word.try_into().ok()?))))
    }

    /// An exponent: big-endian and little-endian, Montgomery limbs, and its windows for powers in G1 and GT.
    pub(crate) fn scalar(name: &'static str, k: &Scalar) -> Self {
        let k = BigUint::from_bytes_be(&k.to_bytes());
        let (q, half) = (q(), BigUint::from(2_u8).modinv(&q()).unwrap_or_default());
        let x = BigUint::from(0xd201_0000_0001_0000_u64);
        // (k + (2^n − 1)·S)/2: the crate's module `group::exponent`.
        let recoded = |n: u32, s: &BigUint| (&k + ((BigUint::from(1_u8) << n) - 1_u8) * s) * &half % &q;
        let s = (0..4).map(|i| x.pow(i)).sum::<BigUint>();
        let digits = |k: &BigUint| {
            (0..4).map(|i| k / x.pow(i) % &x).flat_map(|d| d.iter_u64_digits().collect::<Vec<_>>()).collect::<Vec<_>>()
        };
        let integers = [k.clone(), shifted(&k, 256, &q), recoded(260, &BigUint::from(1_u8))];
        let mut words: Vec<u64> =
            integers.iter().flat_map(|k| limbs(k, 64, 4)).flat_map(|w| [w, w.swap_bytes()]).collect();
        words.extend([64, 66].iter().flat_map(|n| digits(&recoded(*n, &s))));
        let (x2, halves) = (x.pow(2), recoded(128, &(x.pow(2) + 1_u8)));
        words.extend([&halves % &x2, halves / x2].iter().flat_map(|d| limbs(d, 64, 2)));
        Self::new(name, words)
    }

    /// Elements of F_p: big-endian and little-endian, Montgomery limbs, and the limbs of the lanes, below 4p.
    fn field(x: &BigUint) -> Vec<u64> {
        let p = p();
        let integers = [x.clone(), shifted(x, 384, &p)];
        let words = integers.iter().flat_map(|x| limbs(x, 64, 6)).flat_map(|w| [w, w.swap_bytes()]);
        let lane = shifted(x, 416, &p);
        let lanes = (0_u8..4).flat_map(|k| limbs(&(&lane + &p * k), 52, 8).collect::<Vec<_>>());
        words.chain(lanes).collect()
    }

    /// A point of G1: each coordinate by itself, that of the inverse, and the encoding.
    #[cfg(feature = "schemes")]
    pub(crate) fn g1(name: &'static str, p: &phi_pre::group::G1) -> Self {
        let bytes = p.to_bytes();
        let Ok(point) = ark_bls12_381::G1Affine::deserialize_compressed(&bytes[..]) else { return Self::new(name, []) };
        let words = [point.x, point.y, -point.y].into_iter().flat_map(|x| Self::field(&x.into_bigint().into()));
        Self::new(name, words.chain(Self::bytes(name, &bytes).words))
    }

    /// A point of G2: each coefficient by itself, that of the inverse, and the encoding.
    pub(crate) fn g2(name: &'static str, q: &G2) -> Self {
        let bytes = q.to_bytes();
        let Ok(point) = G2Affine::deserialize_compressed(&bytes[..]) else { return Self::new(name, []) };
        let y = -point.y;
        let coefficients = [point.x.c0, point.x.c1, point.y.c0, point.y.c1, y.c0, y.c1];
        let words = coefficients.iter().flat_map(|x| Self::field(&x.into_bigint().into()));
        Self::new(name, words.chain(Self::bytes(name, &bytes).words))
    }

    /// An element of GT: each of the twelve coefficients, each of the torus form, and the encoding.
    pub(crate) fn gt(name: &'static str, g: &Gt) -> Self {
        let (plain, mut torus) = (g.to_bytes_plain(), g.to_bytes_t2());
        torus[0] &= 0x1f; // the flags
        let coefficients = plain.chunks_exact(48).chain(torus.chunks_exact(48));
        let words = coefficients.flat_map(|x| Self::field(&BigUint::from_bytes_be(x)));
        Self::new(name, words.chain(Self::bytes(name, &g.to_bytes()).words))
    }

    /// The lines of the Miller loop of a point of G2, as blst computes them, and divided by their third coefficients.
    pub(crate) fn lines(name: &'static str, q: &G2) -> Self {
        use ark_bls12_381::Fq2;
        use ark_ff::{BigInt, Field};
        let point = G2Affine::deserialize_compressed(&q.to_bytes()[..]).unwrap_or_default();
        let fp2 = |x: &Fq2| blst::blst_fp2 { fp: [x.c0, x.c1].map(|x| blst::blst_fp { l: x.0.0 }) };
        let point = blst::blst_p2_affine { x: fp2(&point.x), y: fp2(&point.y) };
        let mut lines = vec![blst::blst_fp6::default(); 68];
        #[allow(unsafe_code)]
        // SAFETY: the function writes 68 elements.
        unsafe {
            blst::blst_precompute_lines(lines.as_mut_ptr(), &raw const point);
        }
        let fq2 = |x: &blst::blst_fp2| {
            Fq2::new(Fq::new_unchecked(BigInt::new(x.fp[0].l)), Fq::new_unchecked(BigInt::new(x.fp[1].l)))
        };
        let words = lines.iter().flat_map(|line| {
            let [l0, l1, l4] = line.fp2.each_ref().map(fq2);
            let inverse = l4.inverse().unwrap_or_default();
            let half = Fq2::from(2).inverse().unwrap_or_default();
            [l0, l1, l4, l0 * inverse * half, -l1 * inverse]
        });
        let words: Vec<_> =
            words.flat_map(|x| [x.c0, x.c1]).flat_map(|x| Self::field(&x.into_bigint().into())).collect();
        Self::new(name, words)
    }
}
