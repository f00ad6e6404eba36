//! Operations on proofs of re-encryption, with every intermediate value.

use crate::vectors::case::{Fault, Input, Kind, Operation, OrRefused, hex, malformed, t6, wire};
use phi_pre::group::{G1, G2, Gt, Scalar, pairing};
use phi_pre::hash::{Digest, hkdf, label, tagged};
use phi_pre::pre::hazmat::Given;
use phi_pre::pre::{Capsule, Params, PublicReKey, ReKey, ReencryptionProof, Seed, Statement};
use phi_pre::wire::Wire;
use serde_json::json;

pub(in crate::vectors) const ALL: &[&Operation] = &[&PUBLIC_REKEY, &CHECK, &PROVE, &VERIFY];

fn params() -> Params {
    Params::new(Seed([0; 32]))
}

fn rekey(input: Input<'_>) -> Result<ReKey, Fault> {
    ReKey::from_bytes(&input.bytes("k_re")?).refused()
}

fn capsules(input: Input<'_>, name: &str) -> Result<Vec<[u8; Capsule::BYTES]>, Fault> {
    let sized = |bytes: Vec<u8>| bytes.try_into().map_err(|_| malformed(format_args!("{name} is not 240 bytes each")));
    input.byte_lists(name)?.into_iter().map(sized).collect()
}

/// The statement of a case.
fn statement(input: Input<'_>, delta: &PublicReKey) -> Result<Statement<'static>, Fault> {
    let (before, after) = (capsules(input, "before")?, capsules(input, "after")?);
    Statement::from_encoded(&params(), delta, &before, &after, &input.bytes("context")?).refused()
}

pub(in crate::vectors) const PUBLIC_REKEY: Operation = Operation {
    name: "public re-encryption key",
    input: &[("Y", Kind::Hex), ("Y_prime", Kind::Hex)],
    output: &[("delta", Kind::Hex)],
    run: |input| Ok(json!({ "delta": wire(&PublicReKey::new(&input.wire("Y")?, &input.wire("Y_prime")?).refused()?) })),
};

pub(in crate::vectors) const CHECK: Operation = Operation {
    name: "check k_re",
    input: &[("delta", Kind::Hex), ("k_re", Kind::Hex)],
    output: &[("holds", Kind::Truth)],
    run: |input| {
        input.wire::<PublicReKey>("delta")?.check(&params(), &rekey(input)?).refused()?;
        Ok(json!({ "holds": true }))
    },
};

pub(in crate::vectors) const PROVE: Operation = Operation {
    name: "prove re-encryption",
    input: &[
        ("k_re", Kind::Hex),
        ("before", Kind::List(&Kind::Hex)),
        ("after", Kind::List(&Kind::Hex)),
        ("context", Kind::Hex),
        ("fresh", Kind::Hex),
    ],
    output: &[
        ("delta", Kind::Hex),
        ("statement", Kind::Hex),
        ("weights", Kind::List(&Kind::Hex)),
        ("Z_star", Kind::Hex),
        ("D_star", Kind::Hex),
        ("s", Kind::Hex),
        ("T1", Kind::Hex),
        ("T2", Kind::Hex),
        ("proof", Kind::Hex),
    ],
    run: |input| {
        let (params, k_re, fresh) = (params(), rekey(input)?, input.array::<32>("fresh")?);
        let delta = PublicReKey::of(&params, &k_re);
        let statement = statement(input, &delta)?;
        let proof = ReencryptionProof::new(&params, &k_re, &statement, &mut Given::new(fresh.to_vec()));
        proof.verify(&params, &statement).refused()?;

        // The intermediate values, by single powers.
        let h = statement.digest().0;
        let weights = weights(&h, capsules(input, "before")?.len());
        let (mut z_star, mut d_star) = (G1::identity(), Gt::identity());
        let pairs = capsules(input, "before")?.into_iter().zip(capsules(input, "after")?);
        for ((before, after), weight) in pairs.zip(&weights) {
            let (before, after) = (Capsule::from_bytes(&before).refused()?, Capsule::from_bytes(&after).refused()?);
            z_star = z_star * before.z().pow(&integer(weight));
            d_star = d_star * (*after.c() / *before.c()).pow(&integer(weight));
        }
        let secret = [&k_re.to_bytes().expose()[..], &fresh].concat();
        let s = Scalar::from_wide(&hkdf::<48>(&secret, &h, label::REENCRYPTION_NONCE, &[]));
        let (t1, t2) = (params.g_t().pow(&s), pairing(&z_star, &params.g2().pow(&s)));
        let challenge = tagged(label::REENCRYPTION_CHALLENGE, &[&h, &t1.to_bytes(), &t2.to_bytes()]).0;
        let element = G2::from_bytes(k_re.to_bytes().expose()).refused()?;
        let c =
            Scalar::from_wide(&[&[0; 32], &challenge[..16]].concat().try_into().map_err(|_| malformed("48 bytes"))?);
        let w = params.g2().pow(&s) * element.pow(&c);
        if Wire::to_bytes(&proof) != [&w.to_bytes()[..], &challenge[..16]].concat() {
            return Err(malformed("another proof"));
        }
        Ok(json!({
            "delta": wire(&delta),
            "statement": hex(h),
            "weights": weights.iter().map(|weight| hex(weight.to_be_bytes())).collect::<Vec<_>>(),
            "Z_star": hex(z_star.to_bytes()),
            "D_star": t6(&d_star),
            "s": hex(s.to_bytes()),
            "T1": t6(&t1),
            "T2": t6(&t2),
            "proof": wire(&proof),
        }))
    },
};

fn weights(h: &[u8; 32], n: usize) -> Vec<i128> {
    let pair = |j: u64| {
        let Digest(bytes) = tagged(label::REENCRYPTION_WEIGHT, &[h, &j.to_be_bytes()]);
        let (halves, _) = bytes.as_chunks();
        halves.iter().map(|half| i128::from_be_bytes(*half)).collect::<Vec<_>>()
    };
    let mut weights: Vec<_> = (0..).flat_map(pair).take(n).collect();
    weights[0] = 1;
    weights
}

/// A signed integer mod q.
fn integer(x: &i128) -> Scalar {
    let mut wide = [0; 48];
    wide[32..].copy_from_slice(&x.unsigned_abs().to_be_bytes());
    let magnitude = Scalar::from_wide(&wide);
    if *x < 0 { -magnitude } else { magnitude }
}

pub(in crate::vectors) const VERIFY: Operation = Operation {
    name: "verify re-encryption",
    input: &[
        ("delta", Kind::Hex),
        ("before", Kind::List(&Kind::Hex)),
        ("after", Kind::List(&Kind::Hex)),
        ("context", Kind::Hex),
        ("proof", Kind::Hex),
    ],
    output: &[("holds", Kind::Truth)],
    run: |input| {
        let (delta, proof) = (input.wire("delta")?, input.wire::<ReencryptionProof>("proof")?);
        proof.verify(&params(), &statement(input, &delta)?).refused()?;
        Ok(json!({ "holds": true }))
    },
};
