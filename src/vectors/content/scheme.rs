//! Equations 1 to 3, keys, capsules, the Diffie-Hellman.

use super::super::case::{Fault, hex};
use super::super::file::File;
use super::super::operations::scheme::{
    CAPSULE, CHAIN, COMPOSE, DECAPSULATE, DECRYPTION_KEY, DERIVE, ENCAPSULATE, EQUATIONS, HANDSHAKE, PARAMETERS,
    PUBLIC_KEY, REENCRYPT, REKEY,
};
use super::groups::outside;
use super::{bytes, encoded, flip, lengths, put, random};
use crate::group::{Gt, Scalar};
use crate::identity::SigningKey;
use crate::pre::{DecryptionKey, Params, Party, ReKey, Seed, Session, Share};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

fn scalar(rng: &mut ChaCha20Rng) -> Value {
    hex(Scalar::random(rng).to_bytes())
}

pub(super) fn equations() -> Result<File, Fault> {
    let notes = &[
        ("OnePad", "l blocks under one r and one pad, as the paper prints it. No way to encrypt: C_i/C_j = M_i/M_j."),
        ("SameKey", "k_e = k'_e: Equation (1) gives 1."),
        ("Zero", "A key or nonce that is zero."),
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
    Ok(file)
}

/// Returns a re-encryption key from the first key to the second.
fn rekeys(file: &mut File, k_e: &[crate::pre::EncryptionKey], k_e_hex: &[Value]) -> Result<Value, Fault> {
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

pub(super) fn diffie_hellman() -> Result<File, Fault> {
    let notes = &[
        ("Handshake", "Both sides come to the same sk."),
        ("SmallOrder", "A share of small order: the secret would be zero (RFC 7748, section 6.1)."),
        ("ForeignShare", "The session does not hold the share of this side's secret."),
        ("Unauthenticated", "The other side did not sign this session."),
    ];
    let mut file = File::new("diffie-hellman", "Authenticated X25519", notes);
    file.group(&HANDSHAKE);
    for (name_i, name_r) in [(&b"user"[..], &b"hospital"[..]), (b"", b""), (&[0x30; 300], &[0x31; 300])] {
        let sides = Sides::new(&mut file.rng, name_i, name_r);
        file.valid("the initiator", &["Handshake"], sides.case("I", None, None, None))?;
        file.valid("the responder", &["Handshake"], sides.case("R", None, None, None))?;
    }
    let sides = Sides::new(&mut file.rng, b"user", b"hospital");
    for point in SMALL_ORDER {
        let low = super::super::case::read_hex(&(*point).into())?;
        file.invalid("a share of small order", &["SmallOrder"], sides.case("I", Some(("X_R", low)), None, None))?;
    }
    let other = Sides::new(&mut file.rng, b"user", b"hospital");
    let foreign = other.shares[0].to_vec();
    file.invalid("another X_I", &["ForeignShare"], sides.case("I", Some(("X_I", foreign.clone())), None, None))?;
    let foreign = Some(("X_R", other.shares[1].to_vec()));
    file.invalid("another X_R", &["ForeignShare"], sides.case("R", foreign, None, None))?;
    let signed = sides.signature("I");
    let faults = [
        ("another responder's name", Some(("name_R", b"hospitals".to_vec())), None, None),
        ("another initiator's name", Some(("name_I", b"userh".to_vec())), None, None),
        ("another responder's share", Some(("X_R", other.shares[1].to_vec())), Some(signed), None),
        ("the other session's signature", None, Some(other.signature("I")), None),
        ("this side's own signature", None, Some(sides.signature("R")), None),
        ("a bit of r", None, Some(flip(&sides.signature("I"), 5, 1)), None),
        ("a bit of s", None, Some(flip(&sides.signature("I"), 40, 1)), None),
        ("r = 0", None, Some(put(&sides.signature("I"), 0, &[0; 32])), None),
        ("another key", None, None, Some(other.keys[1].verifying_key().as_bytes().to_vec())),
    ];
    for (comment, fault, signature, key) in faults {
        file.invalid(comment, &["Unauthenticated"], sides.case("I", fault, signature, key))?;
    }
    Ok(file)
}

/// Points of order 1, 2, 4 and 8, and their encodings beyond p.
const SMALL_ORDER: &[&str] = &[
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

struct Sides {
    names: [Vec<u8>; 2],
    secrets: [[u8; 32]; 2],
    shares: [[u8; 32]; 2],
    keys: [SigningKey; 2],
}

impl Sides {
    fn new(rng: &mut ChaCha20Rng, name_i: &[u8], name_r: &[u8]) -> Self {
        let secrets = [bytes::<32>(rng), bytes::<32>(rng)].map(clamped);
        let share =
            |secret: [u8; 32]| crate::identity::SealingKey::from_bytes(crate::secret::Secret::new(secret)).public().0;
        let keys = [SigningKey::random(rng), SigningKey::random(rng)];
        Self { names: [name_i.to_vec(), name_r.to_vec()], secrets, shares: secrets.map(share), keys }
    }

    fn session(&self) -> Session<'_> {
        let side = |i: usize| (self.names[i].as_slice(), Share(self.shares[i]));
        Session { initiator: side(0), responder: side(1) }
    }

    /// What `side` has to check: the other side's signature.
    fn signature(&self, side: &str) -> Vec<u8> {
        self.sign(&self.session(), side)
    }

    fn sign(&self, session: &Session<'_>, side: &str) -> Vec<u8> {
        let (signer, key) =
            if side == "I" { (Party::Responder, &self.keys[1]) } else { (Party::Initiator, &self.keys[0]) };
        key.sign(&session.statement(signer).0).as_bytes().to_vec()
    }

    /// The case of `side` with at most one field replaced; a share is then signed for, so that it alone is the fault,
    /// unless the signature is given.
    fn case(
        &self,
        side: &str,
        fault: Option<(&str, Vec<u8>)>,
        signature: Option<Vec<u8>>,
        key: Option<Vec<u8>>,
    ) -> Value {
        let own = usize::from(side == "R");
        let mut session = self.session();
        match &fault {
            Some(("X_I", share)) => session.initiator.1 = Share(share.as_slice().try_into().unwrap_or_default()),
            Some(("X_R", share)) => session.responder.1 = Share(share.as_slice().try_into().unwrap_or_default()),
            _ => {}
        }
        let signature = signature.unwrap_or_else(|| self.sign(&session, side));
        let key = key.unwrap_or_else(|| self.keys[1 - own].verifying_key().as_bytes().to_vec());
        let mut case = json!({
            "side": side,
            "secret": hex(self.secrets[own]),
            "name_I": hex(&self.names[0]),
            "name_R": hex(&self.names[1]),
            "X_I": hex(self.shares[0]),
            "X_R": hex(self.shares[1]),
            "verifying_key": hex(key),
            "signature": hex(signature),
        });
        if let Some((name, bytes)) = fault {
            case[name] = hex(bytes);
        }
        case
    }
}

/// RFC 7748, section 5.
pub(super) const fn clamped(mut secret: [u8; 32]) -> [u8; 32] {
    secret[0] &= 0xf8;
    secret[31] = secret[31] & 0x7f | 0x40;
    secret
}
