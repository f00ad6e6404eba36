//! Cases of keys by name.

use super::super::case::{Fault, hex};
use super::super::file::File;
use super::super::operations::named::{KEY, PUBLIC, REENCRYPTION};
use super::draw::{encoded, flip, lengths, put, random};
use super::groups::outside;
use phi_pre::group::Scalar;
use phi_pre::pre::{DecryptionKey, NamedSecret, Params, Scope, Seed};
use serde_json::{Value, json};

const NOTES: &[(&str, &str)] = &[
    ("Key", "k_e and Y of a scope, from a, and Y from A alone."),
    ("Scope", "One of the parts of a scope differs: its kind, its name, k_s."),
    ("Grant", "A capsule made with A and the name, and its re-encryption to another key."),
    ("SameKey", "k_e = k'_e: Equation (1) gives 1."),
    ("Identity", "Zero or 1, which is no key."),
    ("Subgroup", "A point of the curve outside G1, with which e(A, H2(scope)) would leave GT or hide a factor."),
    ("Malformed", "Bytes that are no key."),
];

pub(super) fn named() -> Result<File, Fault> {
    let mut file = File::new("named", "Keys by name", NOTES);
    let rng = &mut file.rng;
    let k_s: [u8; 32] = super::draw::bytes(rng);
    let (params, a, other) = (Params::new(Seed(k_s)), NamedSecret::random(rng), NamedSecret::random(rng));
    let (secret, public) = (*a.to_bytes().expose(), encoded(&a.public(&params)));
    let ordinary = DecryptionKey::random(rng);
    let (k_s, other_k_s, long) = (hex(k_s), random::<32>(rng), random::<300>(rng));
    let scopes = [
        ("relationship", hex([])),
        ("folder", hex([])),
        ("folder", hex(b"radiology")),
        ("record", hex([])),
        ("record", hex(b"radiology")),
        ("record", hex(b"2026-0417")),
        ("record", long),
    ];
    let record = |mut input: Value| {
        input["k_s"] = k_s.clone();
        input["scope"] = "record".into();
        input["name"] = hex(b"2026-0417");
        input
    };

    file.group(&KEY);
    for (scope, name) in &scopes {
        let input = json!({ "a": hex(secret), "k_s": k_s, "scope": scope, "name": name });
        file.valid(&format!("scope {scope}"), &["Key", "Scope"], input)?;
    }
    let input = json!({ "a": hex(secret), "k_s": other_k_s, "scope": "record", "name": hex(b"2026-0417") });
    file.valid("another k_s: another epoch", &["Key", "Scope"], input)?;
    for (comment, scalar) in [("a = 1", Scalar::from(1)), ("a = q - 1", -Scalar::from(1))] {
        file.valid(comment, &["Key"], record(json!({ "a": hex(scalar.to_bytes()) })))?;
    }
    file.invalid("a = 0", &["Identity"], record(json!({ "a": hex([0; 32]) })))?;
    file.invalid("a = 2^256 - 1", &["Malformed"], record(json!({ "a": hex([0xff; 32]) })))?;
    for (comment, bytes) in lengths(&secret) {
        file.invalid(comment, &["Malformed"], record(json!({ "a": hex(bytes) })))?;
    }

    file.group(&PUBLIC);
    for (scope, name) in &scopes {
        let input = json!({ "A": hex(&public), "k_s": k_s, "scope": scope, "name": name });
        file.valid(&format!("scope {scope}"), &["Key", "Scope"], input)?;
    }
    let infinity = [&[0xc0][..], &[0; 47]].concat();
    file.invalid("A = 1", &["Identity"], record(json!({ "A": hex(&infinity) })))?;
    file.invalid("A of any order", &["Subgroup"], record(json!({ "A": hex(outside("g1_wrong_subgroup")?) })))?;
    file.invalid("A off the curve", &["Malformed"], record(json!({ "A": hex(outside("g1_off_curve")?) })))?;
    for (comment, bytes) in [
        ("A uncompressed", flip(&public, 0, 0x80)),
        ("1 with a further bit", put(&infinity, 47, &[1])),
        ("a coordinate above p", put(&public, 0, &[0x9f; 2])),
    ]
    .into_iter()
    .chain(lengths(&public))
    {
        file.invalid(comment, &["Malformed"], record(json!({ "A": hex(bytes) })))?;
    }

    file.group(&REENCRYPTION);
    let scope = Scope::Record(b"2026-0417");
    let grant = |file: &mut File, k_e_prime: &[u8]| {
        let [t, r] = [(); 2].map(|()| hex(Scalar::random(&mut file.rng).to_bytes()));
        record(json!({ "a": hex(secret), "k_e_prime": hex(k_e_prime), "t": t, "r": r }))
    };
    let own = a.encryption_key(&params, scope).to_bytes();
    for (comment, key) in [
        ("to a key from k'_d", ordinary.encryption_key(&params)),
        ("to a key by name", other.encryption_key(&params, scope)),
        ("to another scope of the same user", a.encryption_key(&params, Scope::Folder(b"radiology"))),
    ] {
        let input = grant(&mut file, key.to_bytes().expose());
        let output = file.valid(comment, &["Grant"], input)?;
        if output["M"] != output["M_again"] || output["capsule"] == output["again"] {
            return Err(super::super::case::malformed("not Equation 3"));
        }
    }
    let input = grant(&mut file, own.expose());
    file.invalid("to the same key", &["SameKey"], input)?;
    let input = grant(&mut file, &outside("g2_wrong_subgroup")?);
    file.invalid("k'_e of another order", &["Malformed"], input)?;
    Ok(file)
}
