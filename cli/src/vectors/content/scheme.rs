//! Cases of Equations 1 to 3, of keys and of capsules.

use super::super::case::{Fault, hex};
use super::super::file::File;
use super::super::operations::scheme::{
    CAPSULE, CHAIN, COMPOSE, DECAPSULATE, DECRYPTION_KEY, DERIVE, ENCAPSULATE, EQUATIONS, FOLDER, PARAMETERS,
    PUBLIC_KEY, REENCRYPT, REKEY,
};
use super::draw::{bytes, encoded, flip, lengths, put, random};
use super::groups::outside;
use phi_pre::group::{Gt, Scalar};
use phi_pre::pre::{DecryptionKey, Params, ReKey, Seed};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

fn scalar(rng: &mut ChaCha20Rng) -> Value {
    hex(Scalar::random(rng).to_bytes())
}

pub(super) fn equations() -> Result<File, Fault> {
    let notes = &[
        ("OnePad", "l blocks under one r and one pad, as the paper prints it. No way to encrypt: C_i/C_j = M_i/M_j."),
        ("SameKey", "k_e = k'_e: Equation (1) gives 1."),
        ("Zero", "A key that is zero."),
    ];
    let mut file = File::new("equations", "Equations 1 to 3", notes);
    file.group(&EQUATIONS);
    for l in [1, 2, 16] {
        let rng = &mut file.rng;
        let t: Vec<_> = (0..l).map(|_| scalar(rng)).collect();
        let input = json!({ "k_d": scalar(rng), "k_d_prime": scalar(rng), "r": scalar(rng), "t": t });
        file.valid(&format!("l = {l}"), &["OnePad"], input)?;
    }
    let (k, r, t) = (scalar(&mut file.rng), scalar(&mut file.rng), [scalar(&mut file.rng)]);
    let input = |k_d: &Value, k_d_prime: &Value| json!({ "k_d": k_d, "k_d_prime": k_d_prime, "r": r, "t": t });
    file.invalid("k_d = k'_d", &["SameKey"], input(&k, &k))?;
    file.invalid("k_d = 0", &["Zero"], input(&hex([0; 32]), &k))?;
    file.invalid("k'_d = 0", &["Zero"], input(&k, &hex([0; 32])))?;
    Ok(file)
}

pub(super) fn keys() -> Result<File, Fault> {
    let notes = &[
        ("Scope", "k_d by f from sk, k_s and a scope."),
        ("Key", "A key or parameters in their one encoding."),
        ("Identity", "Zero or 1, which is no key."),
        ("Malformed", "Bytes that are no key."),
    ];
    let mut file = File::new("keys", "Keys", notes);
    let (sk, k_s) = (random::<32>(&mut file.rng), random::<32>(&mut file.rng));
    file.group(&DERIVE);
    let name = random::<32>(&mut file.rng);
    for (scope, name) in [
        ("relationship", hex([])),
        ("folder", hex([])),
        ("folder", hex(b"radiology")),
        ("folder", name.clone()),
        ("record", hex([])),
        ("record", hex(b"radiology")),
        ("record", name),
        ("record", hex([0xff; 100])),
    ] {
        let input = json!({ "sk": sk, "k_s": k_s, "scope": scope, "name": name });
        file.valid(&format!("scope {scope}"), &["Scope"], input)?;
    }
    let input = json!({ "sk": sk, "k_s": random::<32>(&mut file.rng), "scope": "relationship", "name": "" });
    file.valid("another k_s: another epoch", &["Scope"], input)?;

    let k_d = DecryptionKey::random(&mut file.rng);
    let params = Params::new(Seed(bytes(&mut file.rng)));
    file.group(&DECRYPTION_KEY);
    let good = *k_d.to_bytes().expose();
    file.valid("a key", &["Key"], json!({ "encoding": hex(good) }))?;
    file.valid("k_d = 1", &["Key"], json!({ "encoding": hex(Scalar::from(1).to_bytes()) }))?;
    file.invalid("zero", &["Identity"], json!({ "encoding": hex([0; 32]) }))?;
    file.invalid("2^256 - 1", &["Malformed"], json!({ "encoding": hex([0xff; 32]) }))?;
    for (comment, bytes) in lengths(&good) {
        file.invalid(comment, &["Malformed"], json!({ "encoding": hex(bytes) }))?;
    }

    file.group(&PUBLIC_KEY);
    let y = encoded(&k_d.public_key(&params));
    file.valid("a key", &["Key"], json!({ "encoding": hex(&y) }))?;
    file.invalid("1", &["Identity"], json!({ "encoding": hex(Gt::identity().to_bytes()) }))?;
    file.invalid("order 4513", &["Malformed"], json!({ "encoding": hex(outside("gt_order_4513_t6")?) }))?;
    for (comment, bytes) in lengths(&y) {
        file.invalid(comment, &["Malformed"], json!({ "encoding": hex(bytes) }))?;
    }

    file.group(&PARAMETERS);
    let good = encoded(&params);
    file.valid("the standard generators", &["Key"], json!({ "encoding": hex(&good) }))?;
    let other = [&params.g1().pow(&Scalar::from(7)).to_bytes()[..], &good[48..]].concat();
    file.valid("another g1", &["Key"], json!({ "encoding": hex(other) }))?;
    for (comment, bytes) in lengths(&good) {
        file.invalid(comment, &["Malformed"], json!({ "encoding": hex(bytes) }))?;
    }
    let infinity = [&[0xc0][..], &[0; 47]].concat();
    file.invalid("g1 = 1", &["Identity"], json!({ "encoding": hex(put(&good, 0, &infinity)) }))?;
    let wrong = put(&good, 48, &outside("g2_wrong_subgroup")?);
    file.invalid("g2 of another order", &["Malformed"], json!({ "encoding": hex(wrong) }))?;
    Ok(file)
}

pub(super) fn capsules() -> Result<File, Fault> {
    let notes = &[
        ("Capsule", "A capsule in its one encoding, made or rewritten."),
        ("Hops", "More than one re-encryption."),
        ("Folder", "One capsule, a key for each record of the folder: the same before and after re-encryption."),
        ("SameKey", "A re-encryption key that would be 1."),
        ("Z", "A fault in Z."),
        ("C", "A fault in C."),
        ("Length", "Too short or too long."),
        ("Key", "A key that is none."),
    ];
    let mut file = File::new("capsules", "Capsules", notes);
    let rng = &mut file.rng;
    let params = Params::new(Seed([0; 32]));
    let keys: Vec<_> = (0..3).map(|_| DecryptionKey::random(rng)).collect();
    let k_e: Vec<_> = keys.iter().map(|k_d| k_d.encryption_key(&params)).collect();
    let k_e_hex: Vec<_> = k_e.iter().map(|k_e| hex(k_e.to_bytes().expose())).collect();
    let y = keys[0].public_key(&params);
    let capsule = encoded(&y.encapsulate(&params, rng).0);
    let cases: Vec<_> = (0..2).map(|_| json!({ "Y": hex(encoded(&y)), "t": scalar(rng), "r": scalar(rng) })).collect();

    file.group(&CAPSULE);
    file.valid("a capsule", &["Capsule"], json!({ "encoding": hex(&capsule) }))?;
    let one = Gt::identity().to_bytes();
    file.valid("C = 1", &["Capsule"], json!({ "encoding": hex(put(&capsule, 48, &one)) }))?;
    for (comment, bytes) in lengths(&capsule).into_iter().chain([("no C", capsule[..48].to_vec())]) {
        file.invalid(comment, &["Length"], json!({ "encoding": hex(bytes) }))?;
    }
    let infinity = [&[0xc0][..], &[0; 47]].concat();
    for (comment, z) in [
        ("Z = 1", infinity),
        ("Z off the curve", outside("g1_off_curve")?),
        ("Z of any order", outside("g1_wrong_subgroup")?),
        ("Z uncompressed", flip(&capsule[..48], 0, 0x80)),
    ] {
        file.invalid(comment, &["Z"], json!({ "encoding": hex(put(&capsule, 0, &z)) }))?;
    }
    for (comment, c) in [
        ("C of order 4513", outside("gt_order_4513_t6")?),
        ("C times order 4513", outside("gt_times_order_4513_t6")?),
        ("C without flag", flip(&capsule[48..], 0, 0x80)),
        ("C altered", flip(&capsule[48..], 191, 1)),
    ] {
        file.invalid(comment, &["C"], json!({ "encoding": hex(put(&capsule, 48, &c)) }))?;
    }
    file.group(&ENCAPSULATE);
    for case in cases {
        file.valid("Z = g1^r, C = M · Y^r, M = gT^t", &["Capsule"], case)?;
    }
    let k_re = rekeys(&mut file, &k_e, &k_e_hex)?;
    file.group(&REENCRYPT);
    let again = file.valid("Equation 2", &["Capsule"], json!({ "k_re": k_re, "capsule": hex(&capsule) }))?;
    let wrong = outside("g2_wrong_subgroup")?;
    file.invalid("k_re of any order", &["Key"], json!({ "k_re": hex(wrong), "capsule": hex(&capsule) }))?;
    let mixed = put(&capsule, 48, &outside("gt_times_order_4513_t6")?);
    file.invalid("C times order 4513", &["C"], json!({ "k_re": k_re, "capsule": hex(mixed) }))?;
    file.group(&DECAPSULATE);
    file.valid("before", &["Capsule"], json!({ "k_e": k_e_hex[0], "capsule": hex(&capsule) }))?;
    file.valid("after", &["Capsule"], json!({ "k_e": k_e_hex[1], "capsule": again["capsule"] }))?;
    file.valid("a wrong key: another M", &["Capsule"], json!({ "k_e": k_e_hex[2], "capsule": hex(&capsule) }))?;
    file.invalid("Z of order 3", &["Z"], {
        json!({ "k_e": k_e_hex[0], "capsule": hex(put(&capsule, 0, &outside("g1_order_3")?)) })
    })?;
    file.group(&CHAIN);
    for hops in [1, 2, 4] {
        let rng = &mut file.rng;
        let keys: Vec<_> = (0..=hops).map(|_| scalar(rng)).collect();
        let case = json!({ "k_d": keys, "t": scalar(rng), "r": scalar(rng) });
        file.valid(&format!("hops: {hops}"), &["Hops"], case)?;
    }
    let (a, b) = (scalar(&mut file.rng), scalar(&mut file.rng));
    let case = json!({ "k_d": [a, b, a], "t": scalar(&mut file.rng), "r": scalar(&mut file.rng) });
    file.invalid("there and back: the product is 1", &["SameKey"], case)?;
    file.group(&FOLDER);
    let names = [hex(b""), hex(b"mri/2026-01.dcm"), hex([0xff; 100])];
    for names in [&names[..0], &names] {
        let [k_d, k_d_prime, t, r] = [(); 4].map(|()| scalar(&mut file.rng));
        let case = json!({ "k_d": k_d, "k_d_prime": k_d_prime, "t": t, "r": r, "names": names });
        file.valid(&format!("{} records", names.len()), &["Folder"], case)?;
    }
    let [t, r] = [(); 2].map(|()| scalar(&mut file.rng));
    let case = json!({ "k_d": a, "k_d_prime": a, "t": t, "r": r, "names": names });
    file.invalid("a folder to its own key", &["SameKey"], case)?;
    Ok(file)
}

/// Adds the cases of re-encryption keys. Returns the key from the first k_e to the second.
fn rekeys(file: &mut File, k_e: &[phi_pre::pre::EncryptionKey], k_e_hex: &[Value]) -> Result<Value, Fault> {
    file.group(&REKEY);
    let made = file.valid("Equation 1", &["Capsule"], json!({ "k_e": k_e_hex[0], "k_e_prime": k_e_hex[1] }))?;
    file.invalid("k_e = k'_e", &["SameKey"], json!({ "k_e": k_e_hex[0], "k_e_prime": k_e_hex[0] }))?;
    let infinity = hex([&[0xc0][..], &[0; 95]].concat());
    file.invalid("k_e = 1", &["Key"], json!({ "k_e": infinity, "k_e_prime": k_e_hex[0] }))?;
    let short = hex(&k_e[0].to_bytes().expose()[..95]);
    file.invalid("k'_e short", &["Key"], json!({ "k_e": k_e_hex[0], "k_e_prime": short }))?;
    file.group(&COMPOSE);
    let second = ReKey::new(&k_e[1], &k_e[2]).map_err(super::super::case::malformed)?;
    let second = hex(second.to_bytes().expose());
    file.valid("two hops in one", &["Hops"], json!({ "first": made["k_re"], "second": second }))?;
    let back = json!({ "first": made["k_re"], "second": made["inverse"] });
    file.invalid("there and back", &["SameKey"], back)?;
    Ok(made["k_re"].clone())
}
