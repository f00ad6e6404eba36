//! Cases of the schemes to compare with.

use super::super::case::{Fault, hex, malformed};
use super::super::file::File;
use super::super::operations::schemes::{OPEN, READ, REENCRYPT, WALK};
use super::draw::{bytes, flip, lengths, put};
use super::groups::outside;
use phi_pre::group::{G1, Gt, Scalar};
use serde_json::{Value, json};

const NOTES: &[(&str, &str)] = &[
    ("Walk", "KeyGen, ReKeyGen, Enc and ReEnc from given exponents, with values on the way; both Dec give M."),
    ("SameKey", "A re-encryption key from a key to itself is refused where the scheme is bidirectional."),
    ("Encoding", "An encoding is read and written again."),
    ("Length", "The encoding is too short or too long."),
    ("Flags", "The flag bits of an element are invalid."),
    ("Identity", "The identity, or an exponent that is 0 or 1, in a place where it is refused."),
    ("NonCanonical", "A coordinate or an exponent is not below the modulus, or the two parts of a key differ."),
    ("OffCurve", "A point is not on the curve."),
    ("WrongSubgroup", "An element is not in the subgroup of order q."),
    ("ReEncrypt", "A re-encryption."),
    ("WrongKey", "A key of another user: another C' or another M, or a refusal where the scheme checks."),
    ("Swapped", "Parts of a ciphertext, or parts of two ciphertexts, in each other's place: another M."),
    ("SecondHop", "C' is re-encrypted again."),
    ("Signature", "The signature of a ciphertext of Libert and Vergnaud is wrong."),
    ("Altered", "A part of a ciphertext of Libert and Vergnaud is altered or of another ciphertext."),
    ("Opened", "A ciphertext is opened."),
];

/// A part of an encoding.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    G1,
    G2,
    Gt,
    /// An element of GT that is not 1.
    GtNotOne,
    Exponent,
    /// Bytes that no decoder checks.
    Raw(usize),
}
use Part::{Exponent, GtNotOne, Raw};

/// An encoding that is refused, with a comment and a flag.
type Bad = (&'static str, &'static str, Vec<u8>);

impl Part {
    const fn size(self) -> usize {
        match self {
            Self::G1 => 48,
            Self::G2 => 96,
            Self::Gt | GtNotOne => 192,
            Exponent => 32,
            Raw(size) => size,
        }
    }

    /// Encodings that are refused in this place.
    fn refused(self) -> Result<Vec<Bad>, Fault> {
        let identity = |size| put(&vec![0; size], 0, &[0xc0]);
        let above = |size| [&[0x9f; 1][..], &vec![0xff; size - 1]].concat();
        let unmarked = |size| vec![0; size];
        let mut all = match self {
            Raw(_) => return Ok(Vec::new()),
            Exponent => {
                return Ok(vec![
                    ("0", "Identity", vec![0; 32]),
                    ("1", "Identity", put(&[0; 32], 31, &[1])),
                    ("2^256 - 1", "NonCanonical", vec![0xff; 32]),
                ]);
            }
            Self::G1 => vec![
                ("a point off the curve", "OffCurve", outside("g1_off_curve")?),
                ("a point of any order", "WrongSubgroup", outside("g1_wrong_subgroup")?),
            ],
            Self::G2 => vec![
                ("a point off the curve", "OffCurve", outside("g2_off_curve")?),
                ("a point of any order", "WrongSubgroup", outside("g2_wrong_subgroup")?),
            ],
            Self::Gt | GtNotOne => vec![("an element of order 4513", "WrongSubgroup", outside("gt_order_4513_t6")?)],
        };
        if self != Self::Gt {
            all.push(("the identity", "Identity", identity(self.size())));
        }
        all.push(("a coordinate above p", "NonCanonical", above(self.size())));
        all.push(("no flag", "Flags", unmarked(self.size())));
        Ok(all)
    }
}

/// A scheme: how many exponents its algorithms draw, whether names matter, and its encodings.
struct Form {
    scheme: &'static str,
    setup: usize,
    key: usize,
    re_key: usize,
    /// Exponents of Enc, and the bytes of a seed.
    enc: (usize, usize),
    re_enc: usize,
    named: bool,
    kinds: [(&'static str, &'static [Part]); 4],
}

const PAIR: [Part; 2] = [Part::G1, Part::Gt];
const FORMS: [Form; 6] = [
    Form {
        scheme: "Bong-Jang",
        setup: 0,
        key: 1,
        re_key: 0,
        enc: (2, 0),
        re_enc: 0,
        named: false,
        kinds: [("pk", &[GtNotOne]), ("rk", &[Part::G2]), ("C", &PAIR), ("C'", &PAIR)],
    },
    Form {
        scheme: "by name",
        setup: 0,
        key: 1,
        re_key: 1,
        enc: (2, 0),
        re_enc: 0,
        named: true,
        kinds: [
            ("pk", &[Part::G1]),
            ("rk", &[Part::G2, Part::G1]),
            ("C", &PAIR),
            ("C'", &[Part::G1, Part::Gt, Part::G1]),
        ],
    },
    Form {
        scheme: "AFGH06",
        setup: 0,
        key: 2,
        re_key: 0,
        enc: (2, 0),
        re_enc: 0,
        named: false,
        kinds: [("pk", &[GtNotOne, Part::G2]), ("rk", &[Part::G2]), ("C", &PAIR), ("C'", &[GtNotOne, Part::Gt])],
    },
    Form {
        scheme: "BBS98",
        setup: 0,
        key: 1,
        re_key: 0,
        enc: (2, 0),
        re_enc: 0,
        named: false,
        kinds: [("pk", &[Part::G1]), ("rk", &[Exponent]), ("C", &[Part::G1; 2]), ("C'", &[Part::G1; 2])],
    },
    Form {
        scheme: "GA07",
        setup: 1,
        key: 0,
        re_key: 2,
        enc: (2, 0),
        re_enc: 0,
        named: true,
        kinds: [
            ("pk", &[Part::G1]),
            ("rk", &[Part::G1, Part::Gt, Part::G2]),
            ("C", &PAIR),
            ("C'", &[Part::G1, Part::Gt, Part::G1, Part::Gt]),
        ],
    },
    Form {
        scheme: "LV08",
        setup: 0,
        key: 1,
        re_key: 0,
        enc: (2, 32),
        re_enc: 1,
        named: false,
        kinds: [
            ("pk", &[Part::G1, Part::G2]),
            ("rk", &[Part::G2]),
            ("C", &[Part::G1, Raw(32), Part::Gt, Part::G2, Raw(64)]),
            ("C'", &[Part::G1, Part::G2, Part::G1, Raw(32), Part::Gt, Part::G2, Raw(64)]),
        ],
    },
];

/// What one walk has drawn and given.
struct Walk {
    input: Value,
    output: Value,
}

impl Walk {
    fn digits(&self, field: &str) -> Result<Vec<u8>, Fault> {
        hex::decode(self.output[field].as_str().unwrap_or_default()).map_err(malformed)
    }
}

fn exponents(file: &mut File, n: usize) -> Vec<Value> {
    (0..n).map(|_| hex(Scalar::random(&mut file.rng).to_bytes())).collect()
}

fn input(file: &mut File, form: &Form) -> Value {
    let mut enc = exponents(file, form.enc.0);
    if form.enc.1 > 0 {
        enc.push(hex(bytes::<32>(&mut file.rng)));
    }
    let named = |name: &[u8]| hex(if form.named { name } else { b"" });
    json!({
        "scheme": form.scheme,
        "setup": exponents(file, form.setup),
        "name_A": named(b"hospital A"),
        "name_B": named(b"hospital B"),
        "key_A": exponents(file, form.key),
        "key_B": exponents(file, form.key),
        "re_key": exponents(file, form.re_key),
        "enc": enc,
        "re_enc": exponents(file, form.re_enc),
    })
}

pub(super) fn schemes() -> Result<File, Fault> {
    let mut file = File::new("schemes", "Schemes to compare with", NOTES);
    file.group(&WALK);
    let mut walks = Vec::new();
    for form in &FORMS {
        let mut of_form = Vec::new();
        for comment in ["a walk", "another walk"] {
            let input = input(&mut file, form);
            let output = file.valid(&format!("{}: {comment}", form.scheme), &["Walk"], input.clone())?;
            of_form.push(Walk { input, output });
        }
        walks.push(of_form);
    }
    for (form, walks) in FORMS.iter().zip(&walks).filter(|(form, _)| ["Bong-Jang", "BBS98"].contains(&form.scheme)) {
        let mut input = walks[0].input.clone();
        input["key_B"] = input["key_A"].clone();
        file.invalid(&format!("{}: A and B have one key", form.scheme), &["SameKey"], input)?;
    }
    encodings(&mut file, &walks)?;
    reencryptions(&mut file, &walks)?;
    openings(&mut file, &walks)?;
    Ok(file)
}

/// What the reader of an encoding has beside it.
fn known(form: &Form, kind: &str, walk: &Walk) -> Value {
    match (form.scheme, kind) {
        ("LV08", "rk") => walk.output["pk_A"].clone(),
        _ => hex(b""),
    }
}

fn encodings(file: &mut File, walks: &[Vec<Walk>]) -> Result<(), Fault> {
    file.group(&READ);
    for (form, walks) in FORMS.iter().zip(walks) {
        let walk = &walks[0];
        for ((kind, parts), field) in form.kinds.iter().zip(["pk_A", "rk", "C", "C_prime"]) {
            let mut good = walk.digits(field)?;
            if form.scheme == "GA07" && *kind == "pk" {
                good = hex::decode(walk.output["intermediate"][0]["value"].as_str().unwrap_or_default())
                    .map_err(malformed)?;
            }
            let what = format!("{} {kind}", form.scheme);
            let case =
                |encoding: &[u8]| json!({ "kind": what, "encoding": hex(encoding), "known": known(form, kind, walk) });
            file.valid(&what, &["Encoding"], case(&good))?;
            let mut wrong_lengths = lengths(&good).to_vec();
            wrong_lengths.push(("no bytes", Vec::new()));
            for (comment, altered) in wrong_lengths {
                file.invalid(&format!("{what}: {comment}"), &["Length"], case(&altered))?;
            }
            let mut at = 0;
            for part in *parts {
                for (comment, flag, element) in part.refused()? {
                    let comment = format!("{what}: {comment} at byte {at}");
                    file.invalid(&comment, &[flag], case(&put(&good, at, &element)))?;
                }
                if *part == Part::Gt {
                    let one = put(&good, at, &Gt::identity().to_bytes());
                    file.valid(&format!("{what}: 1 at byte {at}"), &["Encoding"], case(&one))?;
                }
                at += part.size();
            }
            if (form.scheme, *kind) == ("LV08", "pk") {
                let other = put(&good, 0, &walks[1].digits("pk_A")?[..48]);
                file.invalid("LV08 pk: two exponents", &["NonCanonical"], case(&other))?;
            }
        }
    }
    Ok(())
}

/// The parts of a ciphertext of Libert and Vergnaud that begin at `at`, altered.
fn altered(at: usize, good: &[u8], other: &[u8]) -> Vec<Bad> {
    let of_other = |from: usize, size: usize| put(good, at + from, &other[at + from..][..size]);
    vec![
        ("svk of another ciphertext", "Altered", of_other(0, 32)),
        ("C3 of another ciphertext", "Altered", of_other(32, 192)),
        ("C4 of another ciphertext", "Altered", of_other(224, 96)),
        ("the signature of another ciphertext", "Signature", of_other(320, 64)),
        ("a bit of the signature", "Signature", flip(good, at + 320, 1)),
        // Signed again by its own key, but with another exponent r in C2.
        ("svk, C3, C4 and signature of another ciphertext", "Altered", of_other(0, 384)),
    ]
}

fn reencryptions(file: &mut File, walks: &[Vec<Walk>]) -> Result<(), Fault> {
    file.group(&REENCRYPT);
    for (form, walks) in FORMS.iter().zip(walks) {
        let scheme = form.scheme;
        let case = |walk: &Walk, c: &[u8]| {
            json!({
                "scheme": scheme, "rk": walk.output["rk"], "known": known(form, "rk", walk), "C": hex(c),
                "re_enc": walk.input["re_enc"],
            })
        };
        let [c, other] = [walks[0].digits("C")?, walks[1].digits("C")?];
        let output = file.valid(&format!("{scheme}: as in the walk"), &["ReEncrypt"], case(&walks[0], &c))?;
        if output["C_prime"] != walks[0].output["C_prime"] {
            return Err(malformed("another C'"));
        }
        if scheme == "LV08" {
            file.invalid("LV08: the key of another user", &["WrongKey"], case(&walks[1], &c))?;
            for (comment, flag, bad) in altered(48, &c, &other) {
                file.invalid(&format!("LV08: {comment}"), &[flag], case(&walks[0], &bad))?;
            }
            let bad = put(&c, 0, &G1::generator().to_bytes());
            file.invalid("LV08: C2 is g1", &["Altered"], case(&walks[0], &bad))?;
            continue;
        }
        let output = file.valid(&format!("{scheme}: the key of another user"), &["WrongKey"], case(&walks[1], &c))?;
        if output["C_prime"] == walks[0].output["C_prime"] {
            return Err(malformed("the right C' by a wrong key"));
        }
        if ["Bong-Jang", "BBS98", "GA07"].contains(&scheme) {
            let again = walks[0].digits("C_prime")?;
            file.valid(&format!("{scheme}: a second hop"), &["SecondHop"], case(&walks[1], &again))?;
        }
    }
    Ok(())
}

fn openings(file: &mut File, walks: &[Vec<Walk>]) -> Result<(), Fault> {
    file.group(&OPEN);
    for (form, walks) in FORMS.iter().zip(walks) {
        let scheme = form.scheme;
        for (kind, field, right, wrong) in [("C", "C", "A", "B"), ("C'", "C_prime", "B", "A")] {
            let walk = &walks[0];
            let case = |user: &str, encoding: &[u8]| {
                let [key, name] = ["key_", "name_"].map(|field| walk.input[format!("{field}{user}")].clone());
                json!({
                    "kind": format!("{scheme} {kind}"), "setup": walk.input["setup"], "name": name, "key": key,
                    "encoding": hex(encoding),
                })
            };
            let [c, other] = [walk.digits(field)?, walks[1].digits(field)?];
            let m = walk.output["M"].clone();
            let output = file.valid(&format!("{scheme}: {kind}"), &["Opened"], case(right, &c))?;
            if output["M"] != m {
                return Err(malformed("another M"));
            }
            let mut not_m = Vec::new();
            if scheme == "LV08" {
                file.invalid(&format!("LV08: {kind} by another user"), &["WrongKey"], case(wrong, &c))?;
                let at = c.len() - 384;
                for (comment, flag, bad) in altered(at, &c, &other) {
                    file.invalid(&format!("LV08: {kind}, {comment}"), &[flag], case(right, &bad))?;
                }
                if kind == "C'" {
                    let swapped = [&c[144..192], &c[48..144], &c[..48], &c[192..]].concat();
                    file.invalid("LV08: C2' and C2''' swapped", &["Altered"], case(right, &swapped))?;
                }
            } else {
                not_m.push((format!("{kind} by another user"), "WrongKey", case(wrong, &c)));
                let size = form.kinds.iter().find(|(name, _)| *name == kind).map_or(0, |(_, parts)| parts[0].size());
                let mixed = put(&c, 0, &other[..size]);
                not_m.push((format!("{kind} with the first part of another"), "Swapped", case(right, &mixed)));
                if let ("BBS98", _) | ("AFGH06", "C'") = (scheme, kind) {
                    let swapped = [&c[size..], &c[..size]].concat();
                    not_m.push((format!("{kind} with swapped parts"), "Swapped", case(right, &swapped)));
                }
            }
            for (comment, flag, input) in not_m {
                if file.valid(&format!("{scheme}: {comment}"), &[flag], input)?["M"] == m {
                    return Err(malformed("M of a wrong ciphertext"));
                }
            }
        }
    }
    Ok(())
}
