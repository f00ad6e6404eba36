//! Cases of the elements of the groups, and of bytes that encode no element.

use super::super::case::{Fault, hex, malformed, read_hex};
use super::super::file::File;
use super::super::operations::groups::{
    G1_ELEMENT, G1_POWER, G2_ELEMENT, G2_POWER, GT_ELEMENT, GT_POWER, GT_PRODUCT, PAIRING, SCALAR,
};
use super::draw::{flip, lengths, put};
use phi_pre::group::{G1, G2, Gt, Scalar};
use serde_json::json;

/// Points and elements outside the groups of order q, made by `vectors/outside.py`.
const OUTSIDE: &str = include_str!("../outside.txt");
/// The modulus p of the coordinates, and the order q of the groups.
const P: &str = "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab";
const Q: &str = "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001";

/// The element with this name in [`OUTSIDE`].
pub(super) fn outside(name: &str) -> Result<Vec<u8>, Fault> {
    let line = OUTSIDE.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    read_hex(&line.ok_or_else(|| malformed(format_args!("no line {name}")))?.into())
}

fn digits(text: &str) -> Result<Vec<u8>, Fault> {
    read_hex(&text.into())
}

/// Encodes p + n with the flag bits `of` in the first byte.
fn beyond(of: u8, n: u8) -> Result<Vec<u8>, Fault> {
    let mut p = digits(P)?;
    p[0] |= of & 0xe0;
    p[47] += n;
    Ok(p)
}

const NOTES: &[(&str, &str)] = &[
    ("Element", "An element of the group in its one encoding."),
    ("Identity", "The identity: an element of GT with a form of its own; refused in G1 and G2."),
    ("Power", "A power, exponents 0, 1 and q - 1 included."),
    ("Length", "Too short or too long."),
    ("Flags", "Flag bits that no encoding has."),
    (
        "NonCanonical",
        "A coordinate of p or above, a scalar of q or above, or other bytes behind the flag of the identity.",
    ),
    ("OffCurve", "No point of the curve has this x."),
    (
        "WrongSubgroup",
        "On the curve, or unitary or cyclotomic, and not of order q. An implementation that leaves this check out is open to small-subgroup attacks.",
    ),
];

pub(super) fn groups() -> Result<File, Fault> {
    let mut file = File::new("groups", "BLS12-381 encodings", NOTES);
    scalars(&mut file)?;
    let g1 = G1::random(&mut file.rng).to_bytes();
    file.group(&G1_ELEMENT);
    for (comment, point) in [("the generator", G1::generator().to_bytes()), ("an element", g1)] {
        file.valid(comment, &["Element"], json!({ "encoding": hex(point) }))?;
        file.valid("its inverse", &["Element"], json!({ "encoding": hex(flip(&point, 0, 0x20)) }))?;
    }
    refused_points(&mut file, "g1", &g1, &[("x is p", beyond(g1[0], 0)?), ("x is p + 1", beyond(g1[0], 1)?)])?;
    file.invalid("order 3", &["WrongSubgroup"], json!({ "encoding": hex(outside("g1_order_3")?) }))?;
    let exponents = exponents(&mut file);
    file.group(&G1_POWER);
    for exponent in &exponents {
        file.valid("a power", &["Power"], json!({ "base": hex(g1), "exponent": hex(exponent) }))?;
    }

    let g2 = G2::random(&mut file.rng).to_bytes();
    file.group(&G2_ELEMENT);
    for (comment, point) in [("the generator", G2::generator().to_bytes()), ("an element", g2)] {
        file.valid(comment, &["Element"], json!({ "encoding": hex(point) }))?;
        file.valid("its inverse", &["Element"], json!({ "encoding": hex(flip(&point, 0, 0x20)) }))?;
    }
    let high = put(&g2, 0, &beyond(g2[0], 0)?);
    let low = put(&g2, 48, &beyond(0, 0)?);
    refused_points(&mut file, "g2", &g2, &[("the coefficient of u is p", high), ("the coefficient of 1 is p", low)])?;
    file.group(&G2_POWER);
    for exponent in &exponents {
        file.valid("a power", &["Power"], json!({ "base": hex(g2), "exponent": hex(exponent) }))?;
    }
    target(&mut file, &exponents)?;
    Ok(file)
}

fn exponents(file: &mut File) -> Vec<[u8; 32]> {
    let [minus_one, zero, one] = [-Scalar::from(1), Scalar::from(0), Scalar::from(1)].map(|x| x.to_bytes());
    vec![zero, one, minus_one, Scalar::random(&mut file.rng).to_bytes(), Scalar::random(&mut file.rng).to_bytes()]
}

fn scalars(file: &mut File) -> Result<(), Fault> {
    let exponents = exponents(file);
    file.group(&SCALAR);
    for exponent in &exponents {
        file.valid("a scalar", &["Element"], json!({ "encoding": hex(exponent) }))?;
    }
    for (comment, bytes) in lengths(&exponents[3]) {
        file.invalid(comment, &["Length"], json!({ "encoding": hex(bytes) }))?;
    }
    let q = digits(Q)?;
    file.invalid("q", &["NonCanonical"], json!({ "encoding": hex(&q) }))?;
    file.invalid("q + 1", &["NonCanonical"], json!({ "encoding": hex(flip(&q, 31, 3)) }))?;
    file.invalid("2^256 - 1", &["NonCanonical"], json!({ "encoding": hex([0xff; 32]) }))
}

fn refused_points(file: &mut File, group: &str, good: &[u8], beyond: &[(&str, Vec<u8>)]) -> Result<(), Fault> {
    let mut refuse =
        |comment: &str, flag: &str, bytes: &[u8]| file.invalid(comment, &[flag], json!({ "encoding": hex(bytes) }));
    for (comment, bytes) in lengths(good) {
        refuse(comment, "Length", &bytes)?;
    }
    refuse("no bytes", "Length", &[])?;
    let infinity = put(&vec![0; good.len()], 0, &[0xc0]);
    refuse("the identity", "Identity", &infinity)?;
    refuse("the identity and a coordinate", "NonCanonical", &put(&infinity, good.len() - 1, &[1]))?;
    refuse("the identity with a sign", "Flags", &put(&infinity, 0, &[0xe0]))?;
    refuse("not marked as compressed", "Flags", &flip(good, 0, 0x80))?;
    refuse("uncompressed identity", "Flags", &put(&infinity, 0, &[0x40]))?;
    for (comment, bytes) in beyond {
        refuse(comment, "NonCanonical", bytes)?;
    }
    refuse("off the curve", "OffCurve", &outside(&format!("{group}_off_curve"))?)?;
    refuse("on the curve, any order", "WrongSubgroup", &outside(&format!("{group}_wrong_subgroup"))?)?;
    refuse("order divides the cofactor", "WrongSubgroup", &outside(&format!("{group}_cofactor_order"))?)
}

fn target(file: &mut File, exponents: &[[u8; 32]]) -> Result<(), Fault> {
    let some = Gt::random(&mut file.rng);
    file.group(&GT_ELEMENT);
    for (comment, flag, a) in [
        ("e(g1, g2)", "Element", Gt::generator()),
        ("an element", "Element", some),
        ("its inverse", "Element", some.inverse()),
        ("the identity", "Identity", Gt::identity()),
    ] {
        let forms =
            [("t6", a.to_bytes().to_vec()), ("t2", a.to_bytes_t2().to_vec()), ("plain", a.to_bytes_plain().to_vec())];
        for (form, bytes) in forms {
            file.valid(comment, &[flag], json!({ "form": form, "encoding": hex(bytes) }))?;
        }
    }
    torus_forms(file, &some)?;
    let plain = some.to_bytes_plain();
    let mut refuse = |comment: &str, flag: &str, bytes: &[u8]| {
        file.invalid(comment, &[flag], json!({ "form": "plain", "encoding": hex(bytes) }))
    };
    for (comment, bytes) in lengths(&plain) {
        refuse(comment, "Length", &bytes)?;
    }
    refuse("the first coefficient is p", "NonCanonical", &put(&plain, 0, &digits(P)?))?;
    refuse("the last coefficient is p", "NonCanonical", &put(&plain, 528, &digits(P)?))?;
    refuse("a flag bit", "NonCanonical", &flip(&plain, 0, 0x80))?;
    for (comment, name) in [
        ("zero", "gt_zero_plain"),
        ("-1", "gt_minus_one_plain"),
        ("an element of F_p^12", "gt_any_plain"),
        ("order 4513, which divides the cofactor of GT in the cyclotomic subgroup", "gt_order_4513_plain"),
        ("e(g1, g2) times an element of order 4513", "gt_times_order_4513_plain"),
        ("in F_p, of an order that divides 1 - x: f^p = f^x holds", "gt_order_1_minus_x_plain"),
        ("cyclotomic", "gt_cyclotomic_plain"),
    ] {
        refuse(comment, "WrongSubgroup", &outside(name)?)?;
    }
    refuse("one coefficient altered", "WrongSubgroup", &flip(&plain, 575, 1))?;
    file.group(&GT_POWER);
    for exponent in exponents {
        file.valid("a power", &["Power"], json!({ "base": hex(some.to_bytes()), "exponent": hex(exponent) }))?;
    }
    file.group(&GT_PRODUCT);
    let other = Gt::random(&mut file.rng);
    for (comment, b) in [("two elements", other), ("an element and itself", some), ("an element and 1", Gt::identity())]
    {
        file.valid(comment, &["Element"], json!({ "a": hex(some.to_bytes()), "b": hex(b.to_bytes()) }))?;
    }
    Ok(())
}

fn torus_forms(file: &mut File, some: &Gt) -> Result<(), Fault> {
    for (form, good) in [("t6", some.to_bytes().to_vec()), ("t2", some.to_bytes_t2().to_vec())] {
        let mut refuse = |comment: &str, flag: &str, bytes: &[u8]| {
            file.invalid(comment, &[flag], json!({ "form": form, "encoding": hex(bytes) }))
        };
        for (comment, bytes) in lengths(&good) {
            refuse(comment, "Length", &bytes)?;
        }
        let one = put(&vec![0; good.len()], 0, &[0xc0]);
        refuse("the flag of 1 and a coefficient", "NonCanonical", &put(&one, good.len() - 1, &[1]))?;
        refuse("no flag", "Flags", &flip(&good, 0, 0x80))?;
        refuse("all flags", "Flags", &flip(&good, 0, 0x60))?;
        refuse("the first coefficient is p", "NonCanonical", &put(&good, 0, &beyond(good[0], 0)?))?;
        refuse("the last coefficient is p", "NonCanonical", &put(&good, good.len() - 48, &digits(P)?))?;
        refuse("order 4513", "WrongSubgroup", &outside(&format!("gt_order_4513_{form}"))?)?;
        refuse("e(g1, g2) times order 4513", "WrongSubgroup", &outside(&format!("gt_times_order_4513_{form}"))?)?;
        refuse("cyclotomic", "WrongSubgroup", &outside(&format!("gt_cyclotomic_{form}"))?)?;
        refuse("one coefficient altered", "WrongSubgroup", &flip(&good, good.len() - 1, 1))?;
        let zero = put(&one, 0, &[0x80]);
        if form == "t6" {
            refuse("a0 = 0 in the regular form", "NonCanonical", &put(&good, 0, &[&[0x80][..], &[0; 95]].concat()))?;
            refuse("the escape for a0 = 0", "WrongSubgroup", &flip(&good, 0, 0x20))?;
            refuse("the escape for a0 = 0 with zeros", "WrongSubgroup", &put(&zero, 0, &[0xa0]))?;
        } else {
            refuse("the escape that only T6 has", "Flags", &flip(&good, 0, 0x20))?;
            refuse("c = 0: the element -1", "WrongSubgroup", &zero)?;
            refuse("unitary, not cyclotomic", "WrongSubgroup", &outside("gt_unitary_t2")?)?;
        }
    }
    Ok(())
}

pub(super) fn pairing() -> Result<File, Fault> {
    let notes = &[
        ("Pairing", "e of two elements, by definition or by a relation that it must satisfy."),
        ("Refused", "An argument that is no element of its group."),
    ];
    let mut file = File::new("pairing", "BLS12-381 pairing", notes);
    let (a, b) = (Scalar::random(&mut file.rng), Scalar::random(&mut file.rng));
    let (g1, g2) = (G1::generator(), G2::generator());
    let pair = |p: &G1, q: &G2| json!({ "p": hex(p.to_bytes()), "q": hex(q.to_bytes()) });
    file.group(&PAIRING);
    for (comment, p, q) in [
        ("e(g1, g2)", g1, g2),
        ("e(g1^a, g2)", g1.pow(&a), g2),
        ("e(g1, g2^a): the same", g1, g2.pow(&a)),
        ("e(g1^a, g2^b)", g1.pow(&a), g2.pow(&b)),
        ("e(g1^ab, g2): the same", g1.pow(&(a * b)), g2),
        ("e(g1^-1, g2)", g1.inverse(), g2),
        ("e(g1, g2^-1): the same", g1, g2.inverse()),
    ] {
        file.valid(comment, &["Pairing"], pair(&p, &q))?;
    }
    for _ in 0..5 {
        let (p, q) = (G1::random(&mut file.rng), G2::random(&mut file.rng));
        file.valid("two elements", &["Pairing"], pair(&p, &q))?;
    }
    for (comment, p, q) in [
        ("P of order 3", outside("g1_order_3")?, g2.to_bytes().to_vec()),
        ("P of any order", outside("g1_wrong_subgroup")?, g2.to_bytes().to_vec()),
        ("Q of any order", g1.to_bytes().to_vec(), outside("g2_wrong_subgroup")?),
        ("Q is the identity", g1.to_bytes().to_vec(), put(&[0; 96], 0, &[0xc0])),
    ] {
        file.invalid(comment, &["Refused"], json!({ "p": hex(p), "q": hex(q) }))?;
    }
    Ok(file)
}
