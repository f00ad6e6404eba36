//! Operations of threshold re-encryption.

use crate::vectors::case::{Fault, Input, Kind, Operation, OrRefused, hex, malformed, wire};
use phi_pre::group::Scalar;
use phi_pre::pre::hazmat::Given;
use phi_pre::pre::{KeyShare, Params, Partial, PublicReKey, ReKey, Seed, SharePublic, Threshold};
use serde_json::json;

pub(in crate::vectors) const ALL: &[&Operation] = &[&SPLIT, &SHARED, &PARTIAL, &COMBINE];

fn params() -> Params {
    Params::new(Seed([0; 32]))
}

fn rekey(input: Input<'_>, name: &str) -> Result<ReKey, Fault> {
    ReKey::from_bytes(&input.bytes(name)?).refused()
}

fn small(input: Input<'_>, name: &str) -> Result<u8, Fault> {
    u8::try_from(input.number(name)?).map_err(malformed)
}

pub(in crate::vectors) const SPLIT: Operation = Operation {
    name: "split k_re",
    input: &[("k_re", Kind::Hex), ("t", Kind::Number), ("n", Kind::Number), ("a", Kind::List(&Kind::Hex))],
    output: &[("public", Kind::Hex), ("shares", Kind::List(&Kind::Hex)), ("deltas", Kind::List(&Kind::Hex))],
    run: |input| {
        let (params, k_re, a) = (params(), rekey(input, "k_re")?, input.scalars("a")?);
        let threshold = Threshold::new(small(input, "t")?, small(input, "n")?).refused()?;
        if a.len() + 1 != usize::from(threshold.t()) {
            return Err(malformed("a does not have t - 1 exponents"));
        }
        let wide = |a: &Scalar| [&[0; 16][..], &a.to_bytes()].concat();
        let (shares, public) = k_re.split(&params, threshold, &mut Given::new(a.iter().flat_map(wide).collect()));
        if !public.is_of(&PublicReKey::of(&params, &k_re)) {
            return Err(malformed("the public values are of another key"));
        }
        let mut deltas = Vec::new();
        for share in &shares {
            let delta = public.of_share(share.index()).refused()?;
            delta.check(&params, share.key()).refused()?;
            deltas.push(wire(&delta));
        }
        let keys: Vec<_> = shares.iter().map(|share| hex(share.key().to_bytes().expose())).collect();
        Ok(json!({ "public": wire(&public), "shares": keys, "deltas": deltas }))
    },
};

pub(in crate::vectors) const SHARED: Operation = Operation {
    name: "shared key",
    input: &[("public", Kind::Hex), ("delta", Kind::Hex), ("index", Kind::Number)],
    output: &[("of_delta", Kind::Truth), ("delta_j", Kind::Hex)],
    run: |input| {
        let public: SharePublic = input.wire("public")?;
        let of_delta = public.is_of(&input.wire("delta")?);
        Ok(json!({ "of_delta": of_delta, "delta_j": wire(&public.of_share(small(input, "index")?).refused()?) }))
    },
};

pub(in crate::vectors) const PARTIAL: Operation = Operation {
    name: "partial re-encryption",
    input: &[("share", Kind::Hex), ("index", Kind::Number), ("capsule", Kind::Hex)],
    output: &[("partial", Kind::Hex)],
    run: |input| {
        let share = KeyShare::new(small(input, "index")?, rekey(input, "share")?);
        let batch = share.prepare().reencrypt(&[input.wire("capsule")?; 9]);
        if batch.iter().any(|partial| *partial != batch[0]) {
            return Err(malformed("a batch gives another element"));
        }
        Ok(json!({ "partial": wire(&batch[0]) }))
    },
};

pub(in crate::vectors) const COMBINE: Operation = Operation {
    name: "combine",
    input: &[("public", Kind::Hex), ("capsule", Kind::Hex), ("partials", Kind::List(&Kind::Hex))],
    output: &[("capsule", Kind::Hex)],
    run: |input| {
        let public: SharePublic = input.wire("public")?;
        let read = |bytes: &Vec<u8>| phi_pre::wire::Wire::from_bytes(bytes).refused();
        let partials = input.byte_lists("partials")?.iter().map(read).collect::<Result<Vec<Partial>, Fault>>()?;
        Ok(json!({ "capsule": wire(&public.combine(&input.wire("capsule")?, &partials).refused()?) }))
    },
};
