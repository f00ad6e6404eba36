//! Cases of re-encryption with every intermediate value: the scopes of a key, hops, inverses, products and edge values.

use super::super::case::{Fault, hex, malformed};
use super::super::file::File;
use super::super::operations::scheme::{COMPOSE, EQUATIONS, REENCRYPT, REENCRYPTION, REKEY};
use super::draw::{bytes, encoded, random};
use phi_pre::group::{G1, G2, Gt, Scalar, pairing};
use phi_pre::pre::{Capsule, DecryptionKey, EncryptionKey, Params, ReKey, Seed};
use serde_json::{Value, json};

const NOTES: &[(&str, &str)] = &[
    ("Scope", "Both keys are derived from shared secrets for one scope."),
    ("ScopeName", "A name at an edge: empty, long, or not UTF-8."),
    ("EdgeR", "r is 1, q - 1, or an eigenvalue of the endomorphism of G1, so that Z is g1, its inverse, or its image."),
    ("EdgeKey", "A decryption key of 1 or q - 1."),
    ("EdgeReKey", "k_re is g2, its inverse, a small power, or an image under the endomorphism of G2."),
    ("TorusEscape", "M, C or C' is 1, which has a form of its own in T6, or C equals e(Z, k_re) or its inverse."),
    ("Hops", "The capsule comes from the re-encryption of the case before."),
    ("Inverse", "k_re and its inverse, one after the other."),
    ("Compose", "A product of re-encryption keys gives what the keys give one after the other."),
    ("Random", "Random keys and capsules."),
    ("SameKey", "A re-encryption key that would be 1."),
];

/// |x|, the absolute value of the parameter of BLS12-381. The parameter is negative.
const X: u64 = 0xd201_0000_0001_0000;

pub(super) fn reencryption() -> Result<File, Fault> {
    let mut file = File::new("re-encryption", "Equation 2 with every intermediate value", NOTES);
    scopes(&mut file)?;
    edges(&mut file)?;
    rekeys(&mut file)?;
    capsules(&mut file)?;
    Ok(file)
}

/// The whole way from two shared secrets to the message, for each kind of scope.
fn scopes(file: &mut File) -> Result<(), Fault> {
    file.group(&REENCRYPTION);
    let long = [0xff; 256];
    let names: [(&str, &[u8], &[&str]); 12] = [
        ("relationship", b"", &["Scope"]),
        ("relationship", b"", &["Scope"]),
        ("folder", b"", &["Scope", "ScopeName"]),
        ("folder", b"radiology", &["Scope"]),
        ("folder", b"radiology/2026", &["Scope"]),
        ("folder", &[0], &["Scope", "ScopeName"]),
        ("folder", &long, &["Scope", "ScopeName"]),
        ("record", b"", &["Scope", "ScopeName"]),
        ("record", b"radiology", &["Scope"]),
        ("record", &[7; 32], &["Scope"]),
        ("record", &[0], &["Scope", "ScopeName"]),
        ("record", &long, &["Scope", "ScopeName"]),
    ];
    // Each name twice: under its own secrets and k_s, and with secrets that the two rounds share.
    let [sk, sk_prime, k_s] = [(); 3].map(|()| random::<32>(&mut file.rng));
    for (scope, name, flags) in names {
        let [own, own_prime, own_k_s] = [(); 3].map(|()| random::<32>(&mut file.rng));
        for (sk, sk_prime, k_s) in [(&own, &own_prime, &own_k_s), (&sk, &sk_prime, &k_s)] {
            let [r, t] = [(); 2].map(|()| hex(Scalar::random(&mut file.rng).to_bytes()));
            let input = json!({
                "sk": sk, "sk_prime": sk_prime, "k_s": k_s, "scope": scope, "name": hex(name), "r": r, "t": t,
            });
            file.valid(&format!("scope {scope}, a name of {} bytes", name.len()), flags, input)?;
        }
    }
    let [r, t] = [(); 2].map(|()| hex(Scalar::random(&mut file.rng).to_bytes()));
    let input = json!({
        "sk": sk, "sk_prime": sk, "k_s": k_s, "scope": "record", "name": hex(b"radiology"), "r": r, "t": t,
    });
    file.invalid("one secret for both hospitals", &["SameKey"], input)
}

/// Edge values of r, of the keys and of the messages, each with the equations' own intermediate values.
fn edges(file: &mut File) -> Result<(), Fault> {
    file.group(&EQUATIONS);
    let [one, x] = [Scalar::from(1), Scalar::from(X)];
    let [a, b, r, t] = [(); 4].map(|()| Scalar::random(&mut file.rng));
    // The endomorphism (x, y) -> (ωx, y) of G1 has the eigenvalues x² - 1 and -x², that of G2 has the eigenvalue x.
    let squared = x * x;
    let cases = [
        ("r = 1: Z = g1", "EdgeR", a, b, one, t),
        ("r = q - 1: Z = 1/g1", "EdgeR", a, b, -one, t),
        ("r = 2", "EdgeR", a, b, Scalar::from(2), t),
        ("r = x^2 - 1", "EdgeR", a, b, squared - one, t),
        ("r = -x^2", "EdgeR", a, b, -squared, t),
        ("r = 1, k_re = g2", "EdgeR", a, a + one, one, t),
        ("r = q - 1, k_re = 1/g2", "EdgeR", a, a - one, -one, t),
        ("k_d = 1", "EdgeKey", one, b, r, t),
        ("k'_d = 1", "EdgeKey", a, one, r, t),
        ("k_d = q - 1", "EdgeKey", -one, b, r, t),
        ("k'_d = q - 1", "EdgeKey", a, -one, r, t),
        ("k_d = 1, k'_d = q - 1: k_re = 1/g2^2", "EdgeKey", one, -one, r, t),
        ("k_re = g2", "EdgeReKey", a, a + one, r, t),
        ("k_re = 1/g2", "EdgeReKey", a, a - one, r, t),
        ("k_re = g2^2", "EdgeReKey", a, a + one + one, r, t),
        ("k_re = g2^3", "EdgeReKey", a, a + Scalar::from(3), r, t),
        ("k_re = g2^|x|", "EdgeReKey", a, a + x, r, t),
        ("k_re = g2^-|x|, the image of g2", "EdgeReKey", a, a - x, r, t),
        ("k_re = g2^(x^2)", "EdgeReKey", a, a + squared, r, t),
        ("k_re = k_e", "EdgeReKey", a, a + a, r, t),
        ("k'_e = 1/k_e", "EdgeReKey", a, -a, r, t),
        ("M = 1", "TorusEscape", a, b, r, Scalar::from(0)),
        ("M = gT", "TorusEscape", a, b, r, one),
        ("C = 1", "TorusEscape", a, b, r, -(a * r)),
        ("C' = 1: C = 1/e(Z, k_re)", "TorusEscape", a, b, r, -(b * r)),
        ("C = e(Z, k_re)", "TorusEscape", a, b, r, (b - a - a) * r),
        ("C = M^2", "TorusEscape", a, b, r, a * r),
        ("C' = 1/M", "TorusEscape", a, b, one + one, -b),
        ("C = 1, r = 1, k_re = g2", "TorusEscape", a, a + one, one, -a),
        ("C' = 1, r = q - 1, k_re = 1/g2", "TorusEscape", a, a - one, -one, a - one),
    ];
    for (comment, flag, k_d, k_d_prime, r, t) in cases {
        let [k_d, k_d_prime, r, t] = [k_d, k_d_prime, r, t].map(|scalar| hex(scalar.to_bytes()));
        file.valid(comment, &[flag], json!({ "k_d": k_d, "k_d_prime": k_d_prime, "r": r, "t": [t] }))?;
    }
    Ok(())
}

fn encryption_key(exponent: &Scalar) -> Result<EncryptionKey, Fault> {
    let k_d = DecryptionKey::from_bytes(&exponent.to_bytes()).map_err(malformed)?;
    Ok(k_d.encryption_key(&Params::new(Seed([0; 32]))))
}

fn digits(k_e: &EncryptionKey) -> Value {
    hex(k_e.to_bytes().expose())
}

/// Equation 1, and products of its results.
fn rekeys(file: &mut File) -> Result<(), Fault> {
    file.group(&REKEY);
    let one = Scalar::from(1);
    let a = Scalar::random(&mut file.rng);
    let mut made = Vec::new();
    let mut at = a;
    for hop in 1..=8 {
        let next = Scalar::random(&mut file.rng);
        let case = json!({ "k_e": digits(&encryption_key(&at)?), "k_e_prime": digits(&encryption_key(&next)?) });
        made.push(file.valid(&format!("hop {hop}"), &["Hops"], case)?);
        at = next;
    }
    for (comment, from, to) in [("the way back", at, a), ("the whole way", a, at)] {
        let case = json!({ "k_e": digits(&encryption_key(&from)?), "k_e_prime": digits(&encryption_key(&to)?) });
        file.valid(comment, &["Inverse"], case)?;
    }
    let x = Scalar::from(X);
    for (comment, from, to) in [
        ("k_re = g2", a, a + one),
        ("k_re = 1/g2", a, a - one),
        ("k_re = g2^2", a, a + one + one),
        ("k_re = g2^|x|", a, a + x),
        ("k_re = g2^-|x|", a, a - x),
        ("k_re = k_e", a, a + a),
        ("k_re = 1/k_e^2", a, -a),
        ("k_e = g2", one, a),
        ("k_e = 1/g2", -one, a),
        ("k'_e = g2", a, one),
        ("k'_e = 1/g2", a, -one),
        ("k_e = g2, k'_e = 1/g2", one, -one),
    ] {
        let case = json!({ "k_e": digits(&encryption_key(&from)?), "k_e_prime": digits(&encryption_key(&to)?) });
        file.valid(comment, &["EdgeReKey"], case)?;
    }

    file.group(&COMPOSE);
    // The products of 1, 2, 3, .. hops from the first key.
    let mut product = made[0]["k_re"].clone();
    for (hop, next) in made.iter().enumerate().skip(1) {
        let case = json!({ "first": product, "second": next["k_re"] });
        product = file.valid(&format!("hops 1 to {}", hop + 1), &["Compose"], case)?["k_re"].clone();
    }
    for (hop, key) in made.iter().enumerate() {
        let case = json!({ "first": product, "second": key["inverse"] });
        file.valid(&format!("the product without hop {}", hop + 1), &["Compose", "Inverse"], case)?;
        let case = json!({ "first": key["k_re"], "second": key["k_re"] });
        file.valid(&format!("hop {} twice: equal points", hop + 1), &["Compose"], case)?;
    }
    let case = json!({ "first": made[0]["inverse"], "second": made[0]["k_re"] });
    file.invalid("back and there", &["SameKey"], case)
}

/// Equation 2 on capsules as bytes.
fn capsules(file: &mut File) -> Result<(), Fault> {
    file.group(&REENCRYPT);
    let params = Params::new(Seed([0; 32]));
    let rng = &mut file.rng;
    let keys: Vec<_> = (0..9).map(|_| DecryptionKey::random(rng)).collect();
    let k_e: Vec<_> = keys.iter().map(|k_d| k_d.encryption_key(&params)).collect();
    let first = encoded(&keys[0].public_key(&params).encapsulate(&params, rng).0);

    let case = |k_re: &ReKey, capsule: &Value| json!({ "k_re": hex(k_re.to_bytes().expose()), "capsule": capsule });
    let mut capsule = hex(&first);
    let mut hops = Vec::new();
    for pair in k_e.windows(2) {
        let k_re = ReKey::new(&pair[0], &pair[1]).map_err(malformed)?;
        let comment = format!("hop {}", hops.len() + 1);
        capsule = file.valid(&comment, &["Hops"], case(&k_re, &capsule))?["capsule"].clone();
        hops.push(k_re);
    }
    let arrived = capsule.clone();
    for (hop, k_re) in hops.iter().enumerate().rev().take(4) {
        let comment = format!("hop {} back", hop + 1);
        capsule = file.valid(&comment, &["Hops", "Inverse"], case(&k_re.inverse(), &capsule))?["capsule"].clone();
    }
    let whole = hops[1..].iter().try_fold(hops[0].clone(), |product, next| product.compose(next)).map_err(malformed)?;
    let output = file.valid("all hops in one", &["Compose"], case(&whole, &hex(&first)))?;
    if output["capsule"] != arrived {
        return Err(malformed("one hop and many differ"));
    }
    file.valid("all hops back in one", &["Compose", "Inverse"], case(&whole.inverse(), &arrived))?;

    let k_re = G2::from_bytes(hops[0].to_bytes().expose()).map_err(malformed)?;
    let z = G1::random(&mut file.rng);
    let factor = pairing(&z, &k_re);
    let encode = |z: &G1, c: &Gt| hex([&z.to_bytes()[..], &c.to_bytes()].concat());
    for (comment, flag, z, c) in [
        ("C = 1", "TorusEscape", z, Gt::identity()),
        ("C = 1/e(Z, k_re): C' = 1", "TorusEscape", z, factor.inverse()),
        ("C = e(Z, k_re)", "TorusEscape", z, factor),
        ("Z = g1, C = gT", "EdgeR", G1::generator(), *params.g_t()),
        ("Z = 1/g1, C = 1/gT", "EdgeR", G1::generator().inverse(), params.g_t().inverse()),
    ] {
        file.valid(comment, &[flag], case(&hops[0], &encode(&z, &c)))?;
    }
    for exponent in [Scalar::from(1), -Scalar::from(1), Scalar::from(2), Scalar::from(X), -Scalar::from(X)] {
        let k_re = ReKey::from_bytes(&G2::generator().pow(&exponent).to_bytes()).map_err(malformed)?;
        file.valid("k_re = g2^1, g2^-1, g2^2, g2^|x|, g2^-|x|", &["EdgeReKey"], case(&k_re, &hex(&first)))?;
    }
    for _ in 0..4 {
        let k_re = G2::generator().pow(&Scalar::from_wide(&bytes(&mut file.rng)));
        let (z, t) = (G1::random(&mut file.rng), Scalar::random(&mut file.rng));
        let k_re = ReKey::from_bytes(&k_re.to_bytes()).map_err(malformed)?;
        file.valid("random", &["Random"], case(&k_re, &encode(&z, &params.g_t().pow(&t))))?;
    }
    let z = Capsule::from_bytes(&first).map_err(malformed)?.z().inverse();
    let c = Capsule::from_bytes(&first).map_err(malformed)?.c().inverse();
    file.valid("the inverse capsule", &["Inverse"], case(&hops[0], &encode(&z, &c)))?;
    Ok(())
}
