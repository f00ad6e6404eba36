//! Cases of threshold re-encryption.

use super::super::case::{Fault, hex, malformed};
use super::super::file::File;
use super::super::operations::threshold::{COMBINE, PARTIAL, SHARED, SPLIT};
use super::draw::{encoded, flip, lengths, put};
use phi_pre::group::{Gt, Scalar};
use phi_pre::pre::{DecryptionKey, Params, PublicReKey, ReKey, Seed};
use serde_json::{Value, json};

const NOTES: &[(&str, &str)] = &[
    ("Split", "A key is shared among n proxies, t of which re-encrypt together."),
    ("Numbers", "t and n are not 1 <= t <= n <= 16."),
    ("Shared", "The public values of a shared key against Δ and for one share."),
    ("Partial", "A partial re-encryption."),
    ("Combine", "Any t partial re-encryptions give the capsule of Equation 2."),
    ("WrongPartial", "A partial re-encryption is not what its share gives: the result is another capsule."),
    ("Set", "Too few, too many, repeated, unknown, or of another capsule."),
    ("Encoding", "An encoding is altered."),
];

fn list(value: &Value) -> Result<&[Value], Fault> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| malformed("no list"))
}

fn digits(value: &Value) -> Result<Vec<u8>, Fault> {
    hex::decode(value.as_str().unwrap_or_default()).map_err(malformed)
}

pub(super) fn threshold() -> Result<File, Fault> {
    let mut file = File::new("threshold", "Threshold re-encryption", NOTES);
    let params = Params::new(Seed([0; 32]));
    let rng = &mut file.rng;
    let keys = [(); 2].map(|()| DecryptionKey::random(rng));
    let [k_e, k_e_prime] = [0, 1].map(|i| keys[i].encryption_key(&params));
    let k_re = ReKey::new(&k_e, &k_e_prime).map_err(malformed)?;
    let [capsule, other] = [(); 2].map(|()| keys[0].public_key(&params).encapsulate(&params, rng).0);
    let delta = PublicReKey::of(&params, &k_re);

    file.group(&SPLIT);
    let mut splits = Vec::new();
    for (t, n) in [(2_u8, 3_u8), (1, 1), (1, 3), (3, 3), (3, 5), (4, 7), (2, 16)] {
        let a: Vec<_> = (1..t).map(|_| hex(Scalar::random(&mut file.rng).to_bytes())).collect();
        let input = json!({ "k_re": hex(k_re.to_bytes().expose()), "t": t, "n": n, "a": a });
        splits.push((t, file.valid(&format!("{t} of {n}"), &["Split"], input)?));
    }
    for (t, n) in [(0, 1), (0, 0), (4, 3), (1, 17), (17, 17)] {
        let input = json!({ "k_re": hex(k_re.to_bytes().expose()), "t": t, "n": n, "a": [] });
        file.invalid(&format!("{t} of {n}"), &["Numbers"], input)?;
    }

    file.group(&SHARED);
    let public = digits(&splits[0].1["public"])?;
    let shared =
        |public: &[u8], delta: &[u8], index: u8| json!({ "public": hex(public), "delta": hex(delta), "index": index });
    for index in 1..=3 {
        file.valid("2 of 3", &["Shared"], shared(&public, &encoded(&delta), index))?;
    }
    let inverse = PublicReKey::of(&params, &k_re.inverse());
    file.valid("another delta", &["Shared"], shared(&public, &encoded(&inverse), 1))?;
    for index in [0, 4] {
        file.invalid("no such share", &["Set"], shared(&public, &encoded(&delta), index))?;
    }
    for (comment, altered) in [
        ("t = 0", put(&public, 0, &[0])),
        ("t = 4, n = 3", put(&public, 0, &[4])),
        ("n = 17", put(&public, 1, &[17])),
        ("the flags of V_0", flip(&public, 2, 0x80)),
        ("the flags of V_1", flip(&public, 194, 0x80)),
    ]
    .into_iter()
    .chain(lengths(&public))
    {
        file.invalid(comment, &["Encoding"], shared(&altered, &encoded(&delta), 1))?;
    }

    file.group(&PARTIAL);
    let mut partials = Vec::new();
    for (i, split) in [(0, &splits[0].1), (4, &splits[4].1)] {
        let mut of_split = Vec::new();
        for (index, share) in (1_u8..).zip(list(&split["shares"])?) {
            let input = json!({ "share": share, "index": index, "capsule": hex(encoded(&capsule)) });
            let partial = file.valid(&format!("share {index}"), &["Partial"], input)?["partial"].clone();
            of_split.push(partial);
        }
        partials.push((i, of_split));
    }
    let elsewhere = json!({ "share": splits[0].1["shares"][1], "index": 2, "capsule": hex(encoded(&other)) });
    let elsewhere = file.valid("another capsule", &["Partial"], elsewhere)?["partial"].clone();

    file.group(&COMBINE);
    let expected = hex(encoded(&k_re.reencrypt(&capsule)));
    let case = |split: usize, partials: Vec<Value>| json!({ "public": splits[split].1["public"], "capsule": hex(encoded(&capsule)), "partials": partials });
    for (split, partials) in &partials {
        let t = u32::from(splits[*split].0);
        for set in (0_u32..1 << partials.len()).filter(|set| set.count_ones() == t) {
            let chosen = partials.iter().enumerate().filter(|(i, _)| set >> i & 1 == 1).map(|(_, p)| p.clone());
            let output = file.valid("t partial re-encryptions", &["Combine"], case(*split, chosen.collect()))?;
            if output["capsule"] != expected {
                return Err(malformed("not Equation 2"));
            }
        }
    }
    let [first, second, third] = [0, 1, 2].map(|i| partials[0].1[i].clone());
    file.valid("in the other order", &["Combine"], case(0, vec![third.clone(), first.clone()]))?;
    let wrong = put(&digits(&second)?, 49, &Gt::identity().to_bytes());
    let output = file.valid("D_2 is 1", &["WrongPartial"], case(0, vec![first.clone(), hex(wrong)]))?;
    let swapped = put(&digits(&second)?, 0, &[3]);
    let other_index = file.valid("D_2 as D_3", &["WrongPartial"], case(0, vec![first.clone(), hex(swapped)]))?;
    if [&output["capsule"], &other_index["capsule"]].contains(&&expected) {
        return Err(malformed("a wrong partial gives the right capsule"));
    }
    for (comment, partials) in [
        ("one partial re-encryption", vec![first.clone()]),
        ("three partial re-encryptions", vec![first.clone(), second.clone(), third]),
        ("share 1 twice", vec![first.clone(), first.clone()]),
        ("share 4 of 3", vec![first.clone(), hex(put(&digits(&second)?, 0, &[4]))]),
        ("of another capsule", vec![first.clone(), elsewhere]),
    ] {
        file.invalid(comment, &["Set"], case(0, partials))?;
    }
    for (comment, altered) in [
        ("index 0", put(&digits(&second)?, 0, &[0])),
        ("index 17", put(&digits(&second)?, 0, &[17])),
        ("the flags of D", flip(&digits(&second)?, 49, 0x80)),
    ]
    .into_iter()
    .chain(lengths(&digits(&second)?))
    {
        file.invalid(comment, &["Encoding"], case(0, vec![first.clone(), hex(altered)]))?;
    }
    Ok(file)
}
