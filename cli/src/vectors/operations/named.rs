//! Operations on keys by name.

use super::scheme::{k_e, m, scope};
use crate::vectors::case::{Fault, Input, Kind, Operation, OrRefused, hex, malformed, wire};
use phi_pre::group::{G2, Gt};
use phi_pre::hash::{framed, label};
use phi_pre::pre::hazmat::encapsulate_with;
use phi_pre::pre::{EncryptionKey, NamedPublic, NamedSecret, Params, ReKey, Scope, Seed};
use serde_json::{Value, json};

pub(in crate::vectors) const ALL: &[&Operation] = &[&KEY, &PUBLIC, &REENCRYPTION];

fn params(input: Input<'_>) -> Result<Params, Fault> {
    Ok(Params::new(Seed(input.array("k_s")?)))
}

fn secret(input: Input<'_>) -> Result<NamedSecret, Fault> {
    NamedSecret::from_bytes(&input.bytes("a")?).refused()
}

/// H2(scope), written out: the library hides the element. It must be the one of which k_e is the power: a = 1.
fn element(params: &Params, kind: u8, name: &[u8], scope: Scope<'_>) -> Result<Value, Fault> {
    let element = G2::hash(&framed(label::SCOPE, &[&params.seed().0, &[kind], name, &[0]]), label::dst::SCOPE);
    let mut one = [0; NamedSecret::BYTES];
    one[NamedSecret::BYTES - 1] = 1;
    let key = NamedSecret::from_bytes(&one).refused()?.encryption_key(params, scope);
    if *key.to_bytes().expose() != element.to_bytes() {
        return Err(malformed("another element"));
    }
    Ok(hex(element.to_bytes()))
}

fn key_hex(key: &EncryptionKey) -> Value {
    hex(key.to_bytes().expose())
}

pub(in crate::vectors) const KEY: Operation = Operation {
    name: "key by name",
    input: &[("a", Kind::Hex), ("k_s", Kind::Hex), ("scope", Kind::Text), ("name", Kind::Hex)],
    output: &[("A", Kind::Hex), ("H2", Kind::Hex), ("k_e", Kind::Hex), ("Y", Kind::Hex)],
    run: |input| {
        let (params, a, name) = (params(input)?, secret(input)?, input.bytes("name")?);
        let (kind, scope) = scope(input, &name)?;
        let public = a.public(&params);
        Ok(json!({
            "A": wire(&public),
            "H2": element(&params, kind, &name, scope)?,
            "k_e": key_hex(&a.encryption_key(&params, scope)),
            "Y": wire(&public.public_key(&params, scope)),
        }))
    },
};

pub(in crate::vectors) const PUBLIC: Operation = Operation {
    name: "public key by name",
    input: &[("A", Kind::Hex), ("k_s", Kind::Hex), ("scope", Kind::Text), ("name", Kind::Hex)],
    output: &[("Y", Kind::Hex)],
    run: |input| {
        let (params, public, name) = (params(input)?, input.wire::<NamedPublic>("A")?, input.bytes("name")?);
        let (_, scope) = scope(input, &name)?;
        Ok(json!({ "Y": wire(&public.public_key(&params, scope)) }))
    },
};

pub(in crate::vectors) const REENCRYPTION: Operation = Operation {
    name: "re-encryption by name",
    input: &[
        ("a", Kind::Hex),
        ("k_s", Kind::Hex),
        ("scope", Kind::Text),
        ("name", Kind::Hex),
        ("k_e_prime", Kind::Hex),
        ("t", Kind::Hex),
        ("r", Kind::Hex),
    ],
    output: &[
        ("k_e", Kind::Hex),
        ("M", Kind::Hex),
        ("capsule", Kind::Hex),
        ("k_re", Kind::Hex),
        ("again", Kind::Hex),
        ("M_again", Kind::Hex),
    ],
    run: |input| {
        let (params, a, name) = (params(input)?, secret(input)?, input.bytes("name")?);
        let (_, scope) = scope(input, &name)?;
        let (k_e_prime, r) = (k_e(input, "k_e_prime")?, input.scalar("r")?);
        if r.is_zero() {
            return Err(malformed("r is zero"));
        }
        let k_e = a.encryption_key(&params, scope);
        let k_re = ReKey::new(&k_e, &k_e_prime).refused()?;
        let y = a.public(&params).public_key(&params, scope);
        let message = Gt::generator().pow(&input.scalar("t")?);
        let (capsule, message) = encapsulate_with(&params, &y, &message, &r);
        if k_e.decapsulate(&capsule) != message {
            return Err(malformed("k_e gives another M"));
        }
        let again = k_re.reencrypt(&capsule);
        Ok(json!({
            "k_e": key_hex(&k_e),
            "M": m(&message),
            "capsule": wire(&capsule),
            "k_re": hex(k_re.to_bytes().expose()),
            "again": wire(&again),
            "M_again": m(&k_e_prime.decapsulate(&again)),
        }))
    },
};
