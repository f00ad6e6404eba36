//! Figures 2 to 4 with the participants of the library on a Fabric network, and a search of the blocks for secrets.

use crate::faults::{PATIENCE, contains};
use crate::gateway::TRANSIENT;
use crate::network::{Network, PEERS};
use crate::now;
use crate::organisations::msp_id;
use crate::programs::run;
use phi_pre::contract::{Creator, Ledger, ShareStatus};
use phi_pre::fabric::Client;
use phi_pre::flow::{Cloud, Consent, EmrFile, Handset, Hospital, Phone, Store, User, introduce};
use phi_pre::hash::Digest;
use phi_pre::identity::{
    Credentials, Institution, MemberId, ParticipantGroup, Role, SealedCode, SealingKey, SigningKey, Subject,
};
use phi_pre::pre::{Params, Seed};
use phi_pre::time::Millis;
use std::ffi::OsStr;
use std::fs;
use std::process::Command;
use std::time::SystemTime;

/// The plaintext of the record.
const RECORD: &[u8] = b"Diagnosis: hypertension, stage 1. Therapy: ramipril 5 mg, one a day.";
/// Its name.
const NAME: &str = "letter of discharge.txt";
/// The phone of the user.
const PHONE: &str = "+821055501000";

/// Figure 2: registers the user by phone.
fn register(network: &mut Network) -> Credentials {
    let (mut phone, rng) = (Handset::new(PHONE).unwrap(), &mut network.fork());
    let (number, authority) = (phone.number().clone(), &mut network.organisation("users").authority);
    let ticket = authority.begin_registration(&number, now(), &mut phone, rng).unwrap();
    let key = SealingKey::random(rng);
    let answer = SealedCode::new(authority.root(), &ticket, phone.code(), &key.public(), rng).unwrap();
    let sealed = authority.finish_registration(&ticket, &answer, now(), rng).unwrap();
    sealed.open(&key, &ticket, authority.root()).unwrap()
}

/// Issues the certificate of a hospital or cloud.
fn institution(network: &mut Network, group: ParticipantGroup, name: &str, role: Role) -> Institution {
    let rng = &mut network.fork();
    let (signing_key, sealing_key) = (SigningKey::random(rng), SealingKey::random(rng));
    let subject = Subject::new(name, role, MemberId::random(rng)).unwrap();
    let authority = &mut network.organisation(group.name()).authority;
    let public = Some(sealing_key.public());
    let certificate = authority.issue(&subject, &signing_key.verifying_key(), public, now(), rng).unwrap();
    Institution { certificate, signing_key, sealing_key }
}

/// The chain of each peer, all of whose links are checked: the same hash of the last block, and all transactions.
fn chains(client: &Client, by: &Creator<'_>) -> Vec<Vec<u8>> {
    let organisations = PEERS.map(msp_id);
    let height = organisations.iter().map(|peer| client.height(Some(peer), by).unwrap()).min().unwrap();
    let mut read = organisations.iter().map(|peer| {
        let (mut transactions, mut previous) = (Vec::new(), None);
        for number in 0..height {
            let block = client.block(number, previous, Some(peer), by).unwrap();
            previous = Some(block.hash);
            transactions.extend(block.transactions);
        }
        (previous.unwrap(), transactions)
    });
    let (hash, transactions): (Digest, _) = read.next().unwrap();
    for (other, same) in read {
        assert!(other == hash && same == transactions, "the peers have different chains");
    }
    transactions
}

/// A record goes from hospital A to the cloud, and with the user's consent to hospital B. All peers have the same
/// chain, and no block contains plaintext, a key, or data that was for the endorsers alone.
pub fn figures_2_to_4(network: &mut Network) {
    let (rng, clock) = (&mut network.fork(), || Millis::from(SystemTime::now()));
    let folder = tempfile::tempdir().unwrap();
    let gateways: Vec<_> = (0..PEERS.len()).map(|i| network.gateway(i)).collect();
    let ledger = &mut network.client(gateways, PATIENCE);
    let params = Params::new(Seed::random(rng));
    let credentials = register(network);
    let a = institution(network, ParticipantGroup::Hospitals, "Hospital A", Role::Hospital);
    let b = institution(network, ParticipantGroup::Hospitals, "Hospital B", Role::Hospital);
    let proxy = institution(network, ParticipantGroup::Cloud, "cloud", Role::Cloud);
    let mut secrets: Vec<(&str, Vec<u8>)> = vec![("uid", credentials.uid.0.to_vec())];
    secrets.extend(credentials.members.iter().map(|(_, key)| ("user's key", key.to_bytes().expose().to_vec())));
    for institution in [&a, &b, &proxy] {
        secrets.push(("institution's key", institution.signing_key.to_bytes().expose().to_vec()));
        secrets.push(("institution's sealing key", institution.sealing_key.to_bytes().expose().to_vec()));
    }

    let msp = ledger.msp().unwrap();
    let mut user = User::new(credentials, params.clone());
    let mut a = Hospital::new(a, params.clone(), &folder.path().join("a")).unwrap();
    let mut b = Hospital::new(b, params.clone(), &folder.path().join("b")).unwrap();
    let store = Store::local(&folder.path().join("store")).unwrap();
    let cloud = Cloud::new(proxy, params, ledger.msp().unwrap(), store);
    introduce(&mut user, &mut a, &msp, now(), rng).unwrap();
    introduce(&mut user, &mut b, &msp, now(), rng).unwrap();

    // Figure 3
    let path = folder.path().join("record");
    fs::write(&path, RECORD).unwrap();
    let draft = a.admit(user.id().unwrap(), &mut EmrFile::open(&path).unwrap(), NAME, rng).unwrap();
    let (record, identifier) = (draft.alert().record, user.check(a.certificate(), draft.alert()).unwrap());
    user.confirm(ledger, record, clock(), rng).unwrap();
    a.record(ledger, &draft, &identifier, clock(), rng).unwrap();
    a.upload(ledger, &[&cloud], &draft, clock()).unwrap();

    // Figure 4
    let [recipient, proxy] =
        [b.certificate(), cloud.certificate()].map(|certificate| msp.validate_at(certificate, now()).unwrap());
    let (_, grant) = user.share(ledger, record, &Consent::new(&recipient, &proxy), clock(), rng).unwrap();
    cloud.reencrypt(ledger, &grant, clock(), rng).unwrap();
    let received = b.receive(ledger, &[&cloud], &grant, &folder.path().join("received"), clock()).unwrap();
    assert_eq!(fs::read(&received.path).unwrap(), RECORD);
    b.complete(ledger, &received, clock(), rng).unwrap();
    let shared = ledger.share(grant.request, &cloud.creator()).unwrap().unwrap();
    assert!(matches!(shared.share.status, ShareStatus::Completed { .. }), "{:?}", shared.share.status);

    let (k_e_prime, _) = b.unseal(&grant).unwrap();
    secrets.push(("k'_e", k_e_prime.to_bytes().expose().to_vec()));
    secrets.push(("k_re", cloud.unseal(&grant).unwrap().to_bytes().expose().to_vec()));
    for secret in [RECORD, NAME.as_bytes(), PHONE.as_bytes(), TRANSIENT] {
        secrets.push(("plaintext", secret.to_vec()));
    }
    let transactions = chains(ledger, &cloud.creator());
    let id = record.0.0;
    assert!(transactions.iter().any(|transaction| contains(transaction, &id)), "the test no longer sees the actions");
    for (what, secret) in secrets {
        for form in [secret.clone(), hex::encode(&secret).into_bytes()] {
            let found = transactions.iter().any(|transaction| contains(transaction, &form));
            assert!(!found, "a block contains the {what}");
        }
    }
}

/// `phi-pre demo --fabric` makes the same checks as the demo on the library's ledger, and all of them hold.
pub fn the_demo(network: &mut Network) {
    let demo = |args: &[&OsStr]| {
        let records = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/records");
        let mut demo = Command::new(env!("CARGO_BIN_EXE_phi-pre"));
        let printed = run(demo.args(["demo", "--emr", records]).args(args)).unwrap();
        let printed = String::from_utf8(printed).unwrap();
        let (_, checks) = printed.split_once("\nChecks\n").unwrap();
        println!("{}", checks.trim_end());
        // The two ledgers have different numbers of peers and blocks.
        checks.replace(|c: char| c.is_ascii_digit(), "")
    };
    let there = demo(&["--fabric".as_ref(), network.profile().as_ref()]);
    assert_eq!(there, demo(&[]));
    let (held, all) = (there.matches("  ok  ").count(), there.lines().take_while(|line| !line.is_empty()).count());
    assert!(held == all && all > 10, "{held} of {all} checks hold");
}
