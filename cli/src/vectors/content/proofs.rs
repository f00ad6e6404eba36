//! Cases of proofs of re-encryption.

use super::super::case::{Fault, hex, malformed};
use super::super::file::File;
use super::super::operations::proofs::{CHECK, PROVE, PUBLIC_REKEY, VERIFY};
use super::draw::{encoded, flip, lengths, random};
use phi_pre::group::{G2, Gt};
use phi_pre::pre::{Capsule, DecryptionKey, Params, PublicKey, ReKey, Seed};
use serde_json::{Value, json};

const NOTES: &[(&str, &str)] = &[
    ("Delta", "The public key of a re-encryption key, and re-encryption keys that do or do not belong to it."),
    ("Proof", "A proof of a true statement, with every intermediate value."),
    ("Context", "The context is empty, long, or another one than the proof's."),
    ("WrongDelta", "The proof is verified against another public re-encryption key."),
    ("WrongCapsule", "A capsule after re-encryption is another one than k_re gives."),
    ("Cancelling", "Two capsules are wrong by factors whose product is 1."),
    ("Count", "The proof is of fewer, more, or differently ordered capsules."),
    ("OtherKey", "The proof and the capsules are of another k_re."),
    ("Altered", "A byte of the proof is altered, or its length."),
    ("NoStatement", "The capsules make no statement."),
];

struct World {
    params: Params,
    y: [PublicKey; 2],
    k_re: ReKey,
    before: Vec<Capsule>,
    after: Vec<Capsule>,
}

impl World {
    fn new(file: &mut File, n: usize) -> Result<Self, Fault> {
        let (params, rng) = (Params::new(Seed([0; 32])), &mut file.rng);
        let keys = [(); 2].map(|()| DecryptionKey::random(rng));
        let [k_e, k_e_prime] = [0, 1].map(|i| keys[i].encryption_key(&params));
        let y = [0, 1].map(|i| keys[i].public_key(&params));
        let k_re = ReKey::new(&k_e, &k_e_prime).map_err(malformed)?;
        let before: Vec<_> = (0..n).map(|_| y[0].encapsulate(&params, rng).0).collect();
        let after = before.iter().map(|capsule| k_re.reencrypt(capsule)).collect();
        Ok(Self { params, y, k_re, before, after })
    }
}

fn digits(capsules: &[Capsule]) -> Value {
    capsules.iter().map(|capsule| hex(encoded(capsule))).collect()
}

pub(super) fn proofs() -> Result<File, Fault> {
    let mut file = File::new("proofs", "Proofs of re-encryption", NOTES);
    let world = World::new(&mut file, 3)?;
    keys(&mut file, &world)?;
    let proved = made(&mut file, &world)?;
    verified(&mut file, &world, &proved)?;
    Ok(file)
}

fn keys(file: &mut File, world: &World) -> Result<(), Fault> {
    file.group(&PUBLIC_REKEY);
    let [y, y_prime] = [0, 1].map(|i| hex(encoded(&world.y[i])));
    let delta = file.valid("Y'/Y", &["Delta"], json!({ "Y": y, "Y_prime": y_prime }))?["delta"].clone();
    file.valid("Y/Y'", &["Delta"], json!({ "Y": y_prime, "Y_prime": y }))?;
    file.invalid("Y = Y'", &["Delta"], json!({ "Y": y, "Y_prime": y }))?;

    file.group(&CHECK);
    let k_re = world.k_re.to_bytes();
    file.valid("its key", &["Delta"], json!({ "delta": delta, "k_re": hex(k_re.expose()) }))?;
    let inverse = world.k_re.inverse().to_bytes();
    file.invalid("the inverse", &["Delta"], json!({ "delta": delta, "k_re": hex(inverse.expose()) }))?;
    let twice = world.k_re.compose(&world.k_re).map_err(malformed)?.to_bytes();
    file.invalid("the square", &["Delta"], json!({ "delta": delta, "k_re": hex(twice.expose()) }))?;
    let one = json!({ "delta": hex(Gt::identity().to_bytes()), "k_re": hex(k_re.expose()) });
    file.invalid("delta is 1", &["Delta"], one)?;
    let bytes = world.params.g_t().to_bytes();
    for (comment, altered) in lengths(&bytes) {
        file.invalid(comment, &["Delta"], json!({ "delta": hex(altered), "k_re": hex(k_re.expose()) }))?;
    }
    Ok(())
}

/// Proofs of one capsule and more. Returns the case of all capsules and its output.
fn made(file: &mut File, world: &World) -> Result<(Value, Value), Fault> {
    file.group(&PROVE);
    let case = |file: &mut File, world: &World, n: usize, context: &[u8]| {
        json!({
            "k_re": hex(world.k_re.to_bytes().expose()),
            "before": digits(&world.before[..n]),
            "after": digits(&world.after[..n]),
            "context": hex(context),
            "fresh": random::<32>(&mut file.rng),
        })
    };
    let input = case(file, world, 3, b"request");
    let output = file.valid("three capsules", &["Proof"], input.clone())?;
    for n in [1, 2] {
        let input = case(file, world, n, b"request");
        file.valid("fewer of the same capsules", &["Proof", "Count"], input)?;
    }
    for n in [4, 7, 17] {
        let other = World::new(file, n)?;
        let input = case(file, &other, n, b"");
        file.valid("more capsules, no context", &["Proof", "Context"], input)?;
    }
    let long = case(file, world, 1, &[0xff; 300]);
    file.valid("a long context", &["Proof", "Context"], long)?;
    let mut same = case(file, world, 3, b"request");
    same["before"] = digits(&[world.before[0]; 3]);
    same["after"] = digits(&[world.after[0]; 3]);
    file.valid("one capsule three times", &["Proof"], same)?;
    let mut zero = case(file, world, 1, b"request");
    zero["fresh"] = hex([0; 32]);
    file.valid("fresh bytes that are zero", &["Proof"], zero)?;
    let mut wrong = case(file, world, 3, b"request");
    wrong["after"] = digits(&world.before);
    file.invalid("capsules that were not re-encrypted", &["WrongCapsule"], wrong)?;
    Ok((input, output))
}

fn verified(file: &mut File, world: &World, (made, output): &(Value, Value)) -> Result<(), Fault> {
    file.group(&VERIFY);
    let case = json!({
        "delta": output["delta"],
        "before": made["before"],
        "after": made["after"],
        "context": made["context"],
        "proof": output["proof"],
    });
    let with = |name: &str, value: Value| {
        let mut altered = case.clone();
        altered[name] = value;
        altered
    };
    let after = |change: &dyn Fn(&mut Vec<Capsule>) -> Result<(), Fault>| {
        let mut capsules = world.after.clone();
        change(&mut capsules)?;
        Ok::<_, Fault>(with("after", digits(&capsules)))
    };
    let scaled = |capsule: &Capsule, factor: &Gt| {
        let bytes = [&capsule.z().to_bytes()[..], &(*capsule.c() * *factor).to_bytes()].concat();
        Capsule::from_bytes(&bytes).map_err(malformed)
    };
    let g_t = world.params.g_t();

    file.valid("the proof of three capsules", &["Proof"], case.clone())?;
    file.invalid("another context", &["Context"], with("context", hex(b"Request")))?;
    file.invalid("an empty context", &["Context"], with("context", hex(b"")))?;
    file.invalid("delta is gT", &["WrongDelta"], with("delta", hex(g_t.to_bytes())))?;
    let delta = Gt::from_bytes(&hex::decode(output["delta"].as_str().unwrap_or_default()).map_err(malformed)?);
    let delta = delta.map_err(malformed)?;
    file.invalid("the inverse of delta", &["WrongDelta"], with("delta", hex(delta.inverse().to_bytes())))?;
    for i in 0..3 {
        let wrong = after(&|capsules| {
            capsules[i] = scaled(&capsules[i], g_t)?;
            Ok(())
        })?;
        file.invalid("C' times gT", &["WrongCapsule"], wrong)?;
        let wrong = after(&|capsules| {
            capsules[i] = world.before[i];
            Ok(())
        })?;
        file.invalid("C' is C", &["WrongCapsule"], wrong)?;
    }
    for (i, j) in [(0, 1), (0, 2), (1, 2)] {
        let wrong = after(&|capsules| {
            capsules[i] = scaled(&capsules[i], g_t)?;
            capsules[j] = scaled(&capsules[j], &g_t.inverse())?;
            Ok(())
        })?;
        file.invalid("C' times gT, another C' divided by gT", &["Cancelling"], wrong)?;
    }
    let mut shorter = with("before", digits(&world.before[..2]));
    shorter["after"] = digits(&world.after[..2]);
    file.invalid("two of three capsules", &["Count"], shorter)?;
    let mut turned = with("before", digits(&[world.before[1], world.before[0], world.before[2]]));
    turned["after"] = digits(&[world.after[1], world.after[0], world.after[2]]);
    file.invalid("two capsules in the other order", &["Count"], turned)?;
    let mut longer = with("before", digits(&[&world.before[..], &world.before[..1]].concat()));
    longer["after"] = digits(&[&world.after[..], &world.after[..1]].concat());
    file.invalid("a capsule more", &["Count"], longer)?;
    let other = World::new(file, 1)?.k_re;
    let others: Vec<_> = world.before.iter().map(|capsule| other.reencrypt(capsule)).collect();
    file.invalid("capsules under another k_re", &["OtherKey"], with("after", digits(&others)))?;

    let proof = hex::decode(output["proof"].as_str().unwrap_or_default()).map_err(malformed)?;
    for (comment, altered) in [
        ("the first byte of c", flip(&proof, 96, 1)),
        ("the last byte of c", flip(&proof, 111, 0x80)),
        ("the sign of W", flip(&proof, 0, 0x20)),
        ("W is g2", [&G2::generator().to_bytes()[..], &proof[96..]].concat()),
        ("W is 1", [&G2::identity().to_bytes()[..], &proof[96..]].concat()),
        ("the flags of W", flip(&proof, 0, 0x80)),
    ]
    .into_iter()
    .chain(lengths(&proof))
    {
        file.invalid(comment, &["Altered"], with("proof", hex(altered)))?;
    }

    let mut none = with("before", json!([]));
    none["after"] = json!([]);
    file.invalid("no capsule", &["NoStatement"], none)?;
    file.invalid("two capsules after three", &["NoStatement"], with("after", digits(&world.after[..2])))?;
    let moved = after(&|capsules| {
        capsules.swap(0, 1);
        Ok(())
    })?;
    file.invalid("another Z after re-encryption", &["NoStatement"], moved)?;
    for (name, capsules) in [("before", &world.before), ("after", &world.after)] {
        let mut list = digits(capsules);
        list[2] = hex(flip(&encoded(&capsules[2]), 48, 0x80));
        file.invalid("a capsule that cannot be read", &["NoStatement"], with(name, list))?;
    }
    Ok(())
}
