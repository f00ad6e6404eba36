//! Operations on keys and capsules, Equations 1 to 3, and the Diffie-Hellman handshake.

use crate::vectors::case::{Fault, Input, Kind, Operation, OrRefused, hex, malformed, t6, wire};
use phi_pre::group::{G2, Gt, pairing};
use phi_pre::hash::{hkdf, label};
use phi_pre::identity::{Signature, VerifyingKey};
use phi_pre::pre::hazmat::{Given, encapsulate_with};
use phi_pre::pre::{
    Capsule, DecryptionKey, DhPublicKey, EncryptionKey, Handshake, Message, Params, Party, PublicKey, ReKey,
    RecordKeys, Scope, Seed, Session, SharedSecret,
};
use serde_json::json;

pub(in crate::vectors) const ALL: &[&Operation] = &[
    &EQUATIONS,
    &DERIVE,
    &DECRYPTION_KEY,
    &PUBLIC_KEY,
    &PARAMETERS,
    &HANDSHAKE,
    &CAPSULE,
    &ENCAPSULATE,
    &REKEY,
    &COMPOSE,
    &REENCRYPT,
    &REENCRYPTION,
    &DECAPSULATE,
    &CHAIN,
    &FOLDER,
];

fn params() -> Params {
    Params::new(Seed([0; 32]))
}

pub(in crate::vectors) fn key(input: Input<'_>, name: &str) -> Result<DecryptionKey, Fault> {
    DecryptionKey::from_bytes(&input.bytes(name)?).refused()
}

pub(super) fn k_e(input: Input<'_>, name: &str) -> Result<EncryptionKey, Fault> {
    EncryptionKey::from_bytes(&input.bytes(name)?).refused()
}

pub(super) fn m(message: &Message) -> serde_json::Value {
    hex(message.to_bytes().expose())
}

pub(in crate::vectors) const EQUATIONS: Operation = Operation {
    name: "equations",
    input: &[("k_d", Kind::Hex), ("k_d_prime", Kind::Hex), ("r", Kind::Hex), ("t", Kind::List(&Kind::Hex))],
    output: &[
        ("k_e", Kind::Hex),
        ("k_e_prime", Kind::Hex),
        ("Y", Kind::Hex),
        ("Z", Kind::Hex),
        ("pad", Kind::Hex),
        ("M", Kind::List(&Kind::Hex)),
        ("C", Kind::List(&Kind::Hex)),
        ("k_re", Kind::Hex),
        ("factor", Kind::Hex),
        ("C_prime", Kind::List(&Kind::Hex)),
        ("M_again", Kind::List(&Kind::Hex)),
    ],
    run: |input| {
        let params = params();
        let (k_d, k_d_prime, r) = (key(input, "k_d")?, key(input, "k_d_prime")?, input.scalar("r")?);
        if r.is_zero() {
            return Err(malformed("r is zero"));
        }
        let [k_e, k_e_prime] = [&k_d, &k_d_prime].map(|k_d| k_d.encryption_key(&params));
        let y = k_d.public_key(&params);
        let k_re = ReKey::new(&k_e, &k_e_prime).refused()?;
        let messages: Vec<Gt> = input.scalars("t")?.iter().map(|t| params.g_t().pow(t)).collect();
        let capsules: Vec<_> = messages.iter().map(|m| encapsulate_with(&params, &y, m, &r).0).collect();
        let again: Vec<_> = capsules.iter().map(|capsule| k_re.reencrypt(capsule)).collect();
        let z = params.g1().pow(&r);
        if capsules.iter().chain(&again).any(|capsule| *capsule.z() != z) {
            return Err(malformed("another Z"));
        }
        let element = G2::from_bytes(k_e.to_bytes().expose()).refused()?;
        Ok(json!({
            "k_e": hex(k_e.to_bytes().expose()),
            "k_e_prime": hex(k_e_prime.to_bytes().expose()),
            "Y": wire(&y),
            "Z": hex(z.to_bytes()),
            "pad": t6(&pairing(params.g1(), &element).pow(&r)),
            "M": messages.iter().map(t6).collect::<Vec<_>>(),
            "C": capsules.iter().map(|capsule| t6(capsule.c())).collect::<Vec<_>>(),
            "k_re": hex(k_re.to_bytes().expose()),
            "factor": factor(&capsules[0], &k_re)?,
            "C_prime": again.iter().map(|capsule| t6(capsule.c())).collect::<Vec<_>>(),
            "M_again": again.iter().map(|capsule| m(&k_e_prime.decapsulate(capsule))).collect::<Vec<_>>(),
        }))
    },
};

/// The scope of a key, and the byte that stands for the scope in the derivation.
pub(super) fn scope<'a>(input: Input<'_>, name: &'a [u8]) -> Result<(u8, Scope<'a>), Fault> {
    match input.text("scope")? {
        "relationship" if name.is_empty() => Ok((0, Scope::Relationship)),
        "folder" => Ok((1, Scope::Folder(name))),
        "record" => Ok((2, Scope::Record(name))),
        scope => Err(malformed(format_args!("unknown scope {scope}"))),
    }
}

pub(in crate::vectors) const DERIVE: Operation = Operation {
    name: "key derivation",
    input: &[("sk", Kind::Hex), ("k_s", Kind::Hex), ("scope", Kind::Text), ("name", Kind::Hex)],
    output: &[("okm", Kind::Hex), ("k_d", Kind::Hex), ("k_e", Kind::Hex), ("Y", Kind::Hex)],
    run: |input| {
        let params = Params::new(Seed(input.array("k_s")?));
        let sk = SharedSecret::from_bytes(input.array("sk")?);
        let name = input.bytes("name")?;
        let (kind, scope) = scope(input, &name)?;
        let okm = hkdf::<48>(sk.expose(), &params.seed().0, label::DECRYPTION_KEY, &[&[kind], &name, &[0]]);
        let k_d = params.derive(&sk, scope);
        let (k_e, y) = (k_d.encryption_key(&params), k_d.public_key(&params));
        let k_d = hex(k_d.to_bytes().expose());
        Ok(json!({ "okm": hex(okm), "k_d": k_d, "k_e": hex(k_e.to_bytes().expose()), "Y": wire(&y) }))
    },
};

pub(in crate::vectors) const DECRYPTION_KEY: Operation = Operation {
    name: "k_d",
    input: &[("encoding", Kind::Hex)],
    output: &[("k_e", Kind::Hex), ("Y", Kind::Hex)],
    run: |input| {
        let (params, k_d) = (params(), key(input, "encoding")?);
        let k_e = k_d.encryption_key(&params);
        Ok(json!({ "k_e": hex(k_e.to_bytes().expose()), "Y": wire(&k_d.public_key(&params)) }))
    },
};

pub(in crate::vectors) const PUBLIC_KEY: Operation = Operation {
    name: "public key",
    input: &[("encoding", Kind::Hex)],
    output: &[("Y", Kind::Hex)],
    run: |input| Ok(json!({ "Y": wire(&input.wire::<PublicKey>("encoding")?) })),
};

pub(in crate::vectors) const PARAMETERS: Operation = Operation {
    name: "parameters",
    input: &[("encoding", Kind::Hex)],
    output: &[("g1", Kind::Hex), ("g2", Kind::Hex), ("gT", Kind::Hex), ("k_s", Kind::Hex)],
    run: |input| {
        let params: Params = input.wire("encoding")?;
        Ok(json!({
            "g1": hex(params.g1().to_bytes()),
            "g2": hex(params.g2().to_bytes()),
            "gT": t6(params.g_t()),
            "k_s": hex(params.seed().0),
        }))
    },
};

pub(in crate::vectors) const HANDSHAKE: Operation = Operation {
    name: "handshake",
    input: &[
        ("side", Kind::Text),
        ("secret", Kind::Hex),
        ("name_I", Kind::Hex),
        ("name_R", Kind::Hex),
        ("X_I", Kind::Hex),
        ("X_R", Kind::Hex),
        ("verifying_key", Kind::Hex),
        ("signature", Kind::Hex),
    ],
    output: &[("statement_I", Kind::Hex), ("statement_R", Kind::Hex), ("sk", Kind::Hex)],
    run: |input| {
        let secret = input.clamped("secret")?;
        let side = match input.text("side")? {
            "I" => Party::Initiator,
            "R" => Party::Responder,
            side => return Err(malformed(format_args!("unknown side {side}"))),
        };
        let (name_i, name_r) = (input.bytes("name_I")?, input.bytes("name_R")?);
        let share = |name| input.array(name).map(DhPublicKey);
        let session = Session { initiator: (&name_i, share("X_I")?), responder: (&name_r, share("X_R")?) };
        let key = VerifyingKey::from_bytes(&input.array("verifying_key")?).refused()?;
        let signature: [u8; 64] = input.array("signature")?;
        let verify = |statement: &phi_pre::hash::Digest| {
            Signature::from_bytes(&signature).is_ok_and(|signature| key.verify(&statement.0, &signature).is_ok())
        };
        let handshake = Handshake::new(side, &mut Given::new(secret.to_vec()));
        let sk = handshake.finish(&session, verify).refused()?;
        let statement = |signer| hex(session.statement(signer).0);
        Ok(json!({
            "statement_I": statement(Party::Initiator),
            "statement_R": statement(Party::Responder),
            "sk": hex(sk.expose()),
        }))
    },
};

pub(in crate::vectors) const CAPSULE: Operation = Operation {
    name: "capsule",
    input: &[("encoding", Kind::Hex)],
    output: &[("Z", Kind::Hex), ("C", Kind::Hex)],
    run: |input| {
        let capsule: Capsule = input.wire("encoding")?;
        Ok(json!({ "Z": hex(capsule.z().to_bytes()), "C": t6(capsule.c()) }))
    },
};

pub(in crate::vectors) const ENCAPSULATE: Operation = Operation {
    name: "encapsulate",
    input: &[("Y", Kind::Hex), ("t", Kind::Hex), ("r", Kind::Hex)],
    output: &[("M", Kind::Hex), ("capsule", Kind::Hex)],
    run: |input| {
        let (params, y) = (params(), input.wire::<PublicKey>("Y")?);
        let element = params.g_t().pow(&input.scalar("t")?);
        let (capsule, message) = encapsulate_with(&params, &y, &element, &input.scalar("r")?);
        Ok(json!({ "M": m(&message), "capsule": wire(&capsule) }))
    },
};

pub(in crate::vectors) const REKEY: Operation = Operation {
    name: "k_re",
    input: &[("k_e", Kind::Hex), ("k_e_prime", Kind::Hex)],
    output: &[("k_re", Kind::Hex), ("inverse", Kind::Hex)],
    run: |input| {
        let k_re = ReKey::new(&k_e(input, "k_e")?, &k_e(input, "k_e_prime")?).refused()?;
        Ok(json!({ "k_re": hex(k_re.to_bytes().expose()), "inverse": hex(k_re.inverse().to_bytes().expose()) }))
    },
};

fn rekey(input: Input<'_>, name: &str) -> Result<ReKey, Fault> {
    ReKey::from_bytes(&input.bytes(name)?).refused()
}

pub(in crate::vectors) const COMPOSE: Operation = Operation {
    name: "compose",
    input: &[("first", Kind::Hex), ("second", Kind::Hex)],
    output: &[("k_re", Kind::Hex)],
    run: |input| {
        let k_re = rekey(input, "first")?.compose(&rekey(input, "second")?).refused()?;
        Ok(json!({ "k_re": hex(k_re.to_bytes().expose()) }))
    },
};

/// e(Z, k_re), the factor of Equation 2.
fn factor(capsule: &Capsule, k_re: &ReKey) -> Result<serde_json::Value, Fault> {
    Ok(t6(&pairing(capsule.z(), &G2::from_bytes(k_re.to_bytes().expose()).refused()?)))
}

/// Equation 2 for one capsule, and in each of the batch forms, which must give the same capsule. The batch is longer
/// than eight, so that an engine with vector lanes uses full lanes and a remainder.
fn reencrypt(capsule: &Capsule, k_re: &ReKey) -> Result<Capsule, Fault> {
    let again = k_re.reencrypt(capsule);
    let (batch, prepared) = ([*capsule; 9], k_re.prepare());
    let encoded = prepared.reencrypt_bytes(&batch.map(|capsule| capsule.to_bytes()));
    let same = prepared.reencrypt(&batch) == [again; 9]
        && ReKey::reencrypt_each(&batch.map(|capsule| (capsule, k_re))) == [again; 9]
        && encoded == [(); 9].map(|()| Ok(again.to_bytes()));
    if same { Ok(again) } else { Err(malformed("a batch gives another capsule")) }
}

pub(in crate::vectors) const REENCRYPT: Operation = Operation {
    name: "re-encrypt",
    input: &[("k_re", Kind::Hex), ("capsule", Kind::Hex)],
    output: &[("factor", Kind::Hex), ("capsule", Kind::Hex)],
    run: |input| {
        let (k_re, capsule) = (rekey(input, "k_re")?, input.wire("capsule")?);
        Ok(json!({ "factor": factor(&capsule, &k_re)?, "capsule": wire(&reencrypt(&capsule, &k_re)?) }))
    },
};

pub(in crate::vectors) const REENCRYPTION: Operation = Operation {
    name: "re-encryption",
    input: &[
        ("sk", Kind::Hex),
        ("sk_prime", Kind::Hex),
        ("k_s", Kind::Hex),
        ("scope", Kind::Text),
        ("name", Kind::Hex),
        ("r", Kind::Hex),
        ("t", Kind::Hex),
    ],
    output: &[
        ("k_d", Kind::Hex),
        ("k_d_prime", Kind::Hex),
        ("k_e", Kind::Hex),
        ("k_e_prime", Kind::Hex),
        ("Y", Kind::Hex),
        ("Z", Kind::Hex),
        ("pad", Kind::Hex),
        ("M", Kind::Hex),
        ("C", Kind::Hex),
        ("k_re", Kind::Hex),
        ("inverse", Kind::Hex),
        ("factor", Kind::Hex),
        ("C_prime", Kind::Hex),
        ("M_again", Kind::Hex),
    ],
    run: |input| {
        let params = Params::new(Seed(input.array("k_s")?));
        let (name, r) = (input.bytes("name")?, input.scalar("r")?);
        if r.is_zero() {
            return Err(malformed("r is zero"));
        }
        let (_, scope) = scope(input, &name)?;
        let derive = |name| Ok::<_, Fault>(params.derive(&SharedSecret::from_bytes(input.array(name)?), scope));
        let (k_d, k_d_prime) = (derive("sk")?, derive("sk_prime")?);
        let [k_e, k_e_prime] = [&k_d, &k_d_prime].map(|k_d| k_d.encryption_key(&params));
        let y = k_d.public_key(&params);
        let element = params.g_t().pow(&input.scalar("t")?);
        let (capsule, message) = encapsulate_with(&params, &y, &element, &r);
        let k_re = ReKey::new(&k_e, &k_e_prime).refused()?;
        let again = reencrypt(&capsule, &k_re)?;
        if reencrypt(&again, &k_re.inverse())? != capsule || k_e.decapsulate(&capsule) != message {
            return Err(malformed("the way back gives another capsule"));
        }
        Ok(json!({
            "k_d": hex(k_d.to_bytes().expose()),
            "k_d_prime": hex(k_d_prime.to_bytes().expose()),
            "k_e": hex(k_e.to_bytes().expose()),
            "k_e_prime": hex(k_e_prime.to_bytes().expose()),
            "Y": wire(&y),
            "Z": hex(capsule.z().to_bytes()),
            "pad": t6(&Gt::from_bytes(&y.to_bytes()).refused()?.pow(&r)),
            "M": m(&message),
            "C": t6(capsule.c()),
            "k_re": hex(k_re.to_bytes().expose()),
            "inverse": hex(k_re.inverse().to_bytes().expose()),
            "factor": factor(&capsule, &k_re)?,
            "C_prime": t6(again.c()),
            "M_again": m(&k_e_prime.decapsulate(&again)),
        }))
    },
};

pub(in crate::vectors) const DECAPSULATE: Operation = Operation {
    name: "decapsulate",
    input: &[("k_e", Kind::Hex), ("capsule", Kind::Hex)],
    output: &[("M", Kind::Hex)],
    run: |input| {
        let k_e = k_e(input, "k_e")?;
        Ok(json!({ "M": m(&k_e.decapsulate(&input.wire("capsule")?)) }))
    },
};

pub(in crate::vectors) const CHAIN: Operation = Operation {
    name: "hops",
    input: &[("k_d", Kind::List(&Kind::Hex)), ("t", Kind::Hex), ("r", Kind::Hex)],
    output: &[("capsules", Kind::List(&Kind::Hex)), ("k_re", Kind::Hex), ("M", Kind::Hex)],
    run: |input| {
        let params = params();
        let keys = input.byte_lists("k_d")?;
        let keys =
            keys.iter().map(|bytes| DecryptionKey::from_bytes(bytes)).collect::<Result<Vec<_>, _>>().refused()?;
        let [first, .., last] = keys.as_slice() else { return Err(malformed("fewer than two keys")) };
        let element = params.g_t().pow(&input.scalar("t")?);
        let (capsule, _) = encapsulate_with(&params, &first.public_key(&params), &element, &input.scalar("r")?);
        let mut capsules = vec![capsule];
        let mut composed: Option<ReKey> = None;
        for pair in keys.windows(2) {
            let [from, to] = [&pair[0], &pair[1]].map(|k_d| k_d.encryption_key(&params));
            let k_re = ReKey::new(&from, &to).refused()?;
            capsules.extend(capsules.last().map(|capsule| k_re.reencrypt(capsule)));
            composed = Some(match composed {
                None => k_re,
                Some(before) => before.compose(&k_re).refused()?,
            });
        }
        let (Some(k_re), Some(arrived)) = (composed, capsules.last()) else { return Err(malformed("no hop")) };
        if k_re.reencrypt(&capsules[0]).to_bytes() != arrived.to_bytes() {
            return Err(malformed("one hop and many differ"));
        }
        Ok(json!({
            "M": m(&last.encryption_key(&params).decapsulate(arrived)),
            "k_re": hex(k_re.to_bytes().expose()),
            "capsules": capsules.iter().map(wire).collect::<Vec<_>>(),
        }))
    },
};

pub(in crate::vectors) const FOLDER: Operation = Operation {
    name: "folder",
    input: &[
        ("k_d", Kind::Hex),
        ("k_d_prime", Kind::Hex),
        ("t", Kind::Hex),
        ("r", Kind::Hex),
        ("names", Kind::List(&Kind::Hex)),
    ],
    output: &[("capsule", Kind::Hex), ("again", Kind::Hex), ("M", Kind::Hex), ("keys", Kind::List(&Kind::Hex))],
    run: |input| {
        let params = params();
        let (k_d, k_d_prime) = (key(input, "k_d")?, key(input, "k_d_prime")?);
        let [k_e, k_e_prime] = [&k_d, &k_d_prime].map(|k_d| k_d.encryption_key(&params));
        let k_re = ReKey::new(&k_e, &k_e_prime).refused()?;
        let (message, r) = (params.g_t().pow(&input.scalar("t")?), input.scalar("r")?);
        if r.is_zero() {
            return Err(malformed("r is zero"));
        }
        let (capsule, _) = encapsulate_with(&params, &k_d.public_key(&params), &message, &r);
        let again = k_re.reencrypt(&capsule);
        let [before, after] = [(&k_e, &capsule), (&k_e_prime, &again)].map(|(k_e, capsule)| k_e.decapsulate(capsule));
        let [a, b] = [RecordKeys::new(&capsule, &before), RecordKeys::new(&again, &after)];
        let mut keys = Vec::new();
        for name in input.byte_lists("names")? {
            let [a, b] = [a.key(&name), b.key(&name)];
            if a.expose() != b.expose() {
                return Err(malformed("another key after re-encryption"));
            }
            keys.push(hex(a.expose()));
        }
        Ok(json!({ "capsule": wire(&capsule), "again": wire(&again), "M": m(&after), "keys": keys }))
    },
};
