//! Tests that no secret is written or printed, and that only their owner can read files with secrets.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../../tests/support/consortium.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with other tests")]
mod consortium;
#[cfg(unix)]
#[path = "hygiene/ending.rs"]
mod ending;
#[path = "hygiene/recorder.rs"]
mod recorder;
#[path = "hygiene/search.rs"]
mod search;
#[path = "hygiene/world.rs"]
mod world;

use core::fmt::Write;
use phi_pre::contract::Action;
use phi_pre::envelope::{Header, Opener, Sealer, Suite};
use phi_pre::flow::Phone;
use phi_pre::group::{G1, G2, Gt, Scalar};
use phi_pre::hash::{hkdf, label};
use phi_pre::integrity::Salt;
use phi_pre::ledger::{Block, BlockFile, Config, SignedTransaction, Transaction, Transient};
use phi_pre::pre::{DecryptionKey, Handshake, NamedSecret, Params, Party, ReKey, RecordKeys, Scope, Seed};
use phi_pre::wire::Wire;
use recorder::Recorder;
use search::{Search, forms};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use world::World;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The names of the found secrets with their files, as a message.
fn message(found: &BTreeSet<(String, PathBuf)>) -> String {
    found.iter().map(|(name, path)| format!("{name} in {}", path.display())).collect::<Vec<_>>().join("\n")
}

/// Adds the content key and the salt of an envelope, and M in all its encodings.
fn of_envelope(search: &mut Search, name: &str, m: &Gt, z: &G1) {
    search.secret(&format!("M of {name}"), &m.to_bytes());
    search.secret(&format!("M of {name}, T2"), &m.to_bytes_t2());
    search.secret(&format!("M of {name}, plain"), &m.to_bytes_plain());
    for suite in [1, 2] {
        let okm = hkdf::<96>(&m.to_bytes(), &z.to_bytes(), label::CONTENT_KEY, &[&[1, suite]]);
        search.secret(&format!("content key of {name}"), &okm[..32]);
        search.secret(&format!("salt of {name}"), &okm[64..]);
    }
}

/// Shows that the search finds every form of a secret that is written into a file.
#[test]
fn a_planted_secret_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let secret: Vec<u8> = (0..32).map(|i| i * 7 + 3).collect();
    let mut search = Search::default();
    search.secret("planted", &secret);
    search.secret("other", &[0xa5; 32]);
    let file = dir.path().join("file");
    let mut planted = 0;
    for half in [&secret[..16], &secret[16..]] {
        for form in forms(half) {
            fs::write(&file, [b"before ", form.as_slice(), b" after"].concat()).unwrap();
            let found = search.below(dir.path());
            assert_eq!(found, BTreeSet::from([("planted".to_owned(), file.clone())]), "{}", hex::encode(form));
            planted += 1;
        }
    }
    assert_eq!(planted, 2 * 2 * 12);
    // Base64 of the whole secret at every offset modulo 3.
    for before in 0..6 {
        use base64ct::Encoding;
        let text = base64ct::Base64::encode_string(&[&vec![0x55; before], &secret[..], b"x"].concat());
        fs::write(&file, text).unwrap();
        assert_eq!(search.below(dir.path()).len(), 1, "{before}");
    }
    fs::write(&file, [&secret[..15], &secret[..15]].concat()).unwrap();
    assert_eq!(search.below(dir.path()).len(), 0);
}

/// The variable that gives the child of the next test its folder.
const CHILD: &str = "PHI_PRE_DEMO_CHILD";

/// Runs the whole demo and writes down everything that it draws.
#[test]
#[ignore = "the next test runs it in a process of its own"]
fn demo_with_a_recorder() {
    let folder = PathBuf::from(std::env::var_os(CHILD).unwrap());
    let mut rng = Recorder::new(1);
    let (records, out) = (root().join("../examples/records"), folder.join("written/out"));
    let report = folder.join("written/flow.html");
    let kept = phi_pre_cli::DemoKept { out: Some(&out), report: Some(&report) };
    phi_pre_cli::demo(Some(&records), kept, phi_pre_cli::DemoSetting::default(), &mut rng).unwrap();
    let lines: Vec<_> = rng.draws.iter().map(hex::encode).collect();
    fs::write(folder.join("draws"), lines.join("\n")).unwrap();
}

/// All identifiers, serial numbers and nonces on a ledger.
fn public(peer: &Path) -> BTreeSet<Vec<u8>> {
    let (blocks, _) = BlockFile::open_read_only(peer, 0).unwrap();
    let (mut certificates, mut public) = (Vec::new(), BTreeSet::new());
    for number in 0..blocks.len() {
        let block = Block::from_bytes(&blocks.read(number).unwrap()).unwrap();
        certificates.push(block.seal.orderer.clone());
        if number == 0 {
            let organisations = Config::of_genesis(&block).unwrap().organisations;
            certificates.extend(organisations.into_iter().map(|organisation| organisation.root));
            continue;
        }
        for signed in &block.transactions {
            let signed = SignedTransaction::from_bytes(signed).unwrap();
            let transaction = Transaction::from_bytes(&signed.transaction).unwrap();
            public.insert(transaction.proposal.nonce.0.to_vec());
            match Action::from_bytes(&transaction.proposal.action).unwrap() {
                Action::MedicalRecord { nonce, .. } => _ = public.insert(nonce.0.to_vec()),
                // Hospital C is named as a recipient and makes no transaction.
                Action::ShareRequest { nonce, recipient, .. } => {
                    public.extend([nonce.0.to_vec(), recipient.0.to_vec()]);
                }
                _ => {}
            }
            certificates.push(transaction.proposal.creator);
            certificates.extend(transaction.endorsements.into_iter().map(|endorsement| endorsement.endorser));
        }
    }
    for certificate in certificates {
        public.extend([certificate.subject().id.0.to_vec(), certificate.issuer().id.0.to_vec()]);
        public.insert(certificate.serial().0.to_vec());
    }
    public
}

/// Every key, share, vector, salt and one-time seed is derived from bytes of the random generator. The test searches
/// for all drawn bytes, and for the values derived from t and r, in everything that `demo --out` writes and prints. Of
/// the drawn bytes, only identifiers, serial numbers and nonces may be there.
#[test]
fn nothing_that_the_demo_draws_is_in_what_it_writes() {
    let dir = tempfile::tempdir().unwrap();
    let written = dir.path().join("written");
    fs::create_dir(&written).unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["demo_with_a_recorder", "--exact", "--ignored", "--nocapture"])
        .env(CHILD, dir.path())
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    assert!(String::from_utf8_lossy(&child.stdout).contains("Figure 4"));
    fs::write(written.join("stdout"), &child.stdout).unwrap();
    fs::write(written.join("stderr"), &child.stderr).unwrap();

    let lines = fs::read_to_string(dir.path().join("draws")).unwrap();
    let draws: BTreeSet<Vec<u8>> = lines.lines().map(|line| hex::decode(line).unwrap()).collect();
    let public = public(&written.join("out/ledger/peer-0"));
    let (mut secrets, mut shown) = (Search::default(), Search::default());
    let (mut hidden, mut seen) = (0, 0);
    for draw in draws.iter().filter(|draw| draw.len() >= 16) {
        let (search, count) = if public.contains(draw) { (&mut shown, &mut seen) } else { (&mut secrets, &mut hidden) };
        search.secret(&format!("{} drawn bytes", draw.len()), draw);
        *count += 1;
    }
    // In the order of drawing: t, r and the exponent of k'_e of each record, then the exponents of k'_e of the two
    // consents that are withdrawn or end.
    let wide: Vec<[u8; 48]> = lines.lines().filter_map(|line| hex::decode(line).unwrap().try_into().ok()).collect();
    let (records, consents) = wide.as_chunks();
    assert!(records.len() >= 3 && consents.len() == 2, "{}", wide.len());
    for exponent in records.iter().map(|[_, _, exponent]| exponent).chain(consents) {
        let exponent = Scalar::from_wide(exponent);
        secrets.secret("the exponent of k'_e", &exponent.to_bytes());
        secrets.secret("k'_e", &G2::generator().pow(&exponent).to_bytes());
    }
    for [t, r, _] in records {
        let [t, r] = [Scalar::from_wide(t), Scalar::from_wide(r)];
        secrets.secret("t", &t.to_bytes());
        secrets.secret("r", &r.to_bytes());
        of_envelope(&mut secrets, "a record", &Gt::generator().pow(&t), &G1::generator().pow(&r));
        // Z is public. It is found below, so the demo did use this pair.
        shown.secret("Z", &G1::generator().pow(&r).to_bytes());
    }
    println!("{hidden} secret and {seen} public draws, {} records", records.len());
    assert!(hidden > 50 && seen > 20);

    let leaked = secrets.below(&written);
    assert!(leaked.is_empty(), "{}", message(&leaked));
    // The same search finds the public values, and a secret that is written now.
    assert!(shown.below(&written).len() > 20);
    fs::write(written.join("out/ledger/peer-0/planted"), hex::encode(Scalar::from_wide(&wide[0]).to_bytes())).unwrap();
    assert_eq!(secrets.below(&written).len(), 1);
}

fn phi(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_phi-pre")).current_dir(dir).args(arguments).output().unwrap()
}

/// Runs the flow with known keys. No key, and no value derived from a key, is in a file of the ledger, the cloud or a
/// hospital, in a message, or in the debug output of a type.
#[test]
fn no_key_of_the_flow_is_written_or_printed() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let mut world = World::new(&out);
    let record = dir.path().join("record");
    fs::write(&record, b"a record").unwrap();
    let (record_id, said) = world.share(&record, &out.join("received"));

    let mut secrets = Search::default();
    for (name, bytes) in world.secrets() {
        secrets.secret(name, &bytes);
    }
    let World { params, shared, credentials, institutions, nodes, .. } = &world;
    let mut keys = Vec::new();
    for (i, scope) in [Scope::Record(&record_id.0.0), Scope::Relationship].into_iter().enumerate() {
        for (j, sk) in shared.iter().enumerate() {
            let k_d = params.derive(sk, scope);
            secrets.secret(&format!("k_d {i} {j}"), k_d.to_bytes().expose());
            secrets.secret(&format!("k_e {i} {j}"), k_d.encryption_key(params).to_bytes().expose());
            keys.push(k_d);
        }
    }
    let [k_e, k_e_prime] = [&keys[0], &keys[1]].map(|k_d| k_d.encryption_key(params));
    let k_re = ReKey::new(&k_e, &k_e_prime).unwrap();
    secrets.secret("k_re", k_re.to_bytes().expose());
    secrets.secret("k_re", k_re.inverse().to_bytes().expose());
    let header = world.cloud.header(&world.network, record_id).unwrap();
    let m = k_e.decapsulate(&header.capsule);
    of_envelope(&mut secrets, "the record", &Gt::from_bytes(m.to_bytes().expose()).unwrap(), header.capsule.z());
    // The keys of authorities and the seeds of one-time codes have no accessor, but they are among the drawn bytes.
    let mut public = public(&out.join("ledger/peer-0"));
    public.extend([params.seed().0.to_vec(), institutions[2].certificate.subject().id.0.to_vec()]);
    for draw in world.rng.draws.iter().filter(|draw| draw.len() >= 20 && !public.contains(*draw)) {
        secrets.secret("drawn bytes", draw);
    }

    let World { user, a, b, cloud, network, authorities, msp, phone, .. } = &world;
    let rng = &mut Recorder::new(4);
    let mut transient = Transient::default();
    transient.insert("key", k_e.to_bytes().expose().to_vec());
    let session = Handshake::new(Party::Initiator, rng);
    secrets.secret("secret of a handshake", &rng.draws[0]);
    let sealer = Sealer::new(params, &keys[0].public_key(params), Suite::default(), rng).unwrap();
    let opener = Opener::with_message(&header, &m).unwrap();
    let salt = Salt::from_bytes(*credentials.vectors[0].expose());
    let scalar = Scalar::from_bytes(keys[0].to_bytes().expose()).unwrap();
    let printed: [&dyn core::fmt::Debug; 36] = [
        user,
        a,
        b,
        cloud,
        network,
        authorities,
        msp,
        phone,
        shared,
        credentials,
        institutions,
        nodes,
        &keys,
        &k_e,
        &k_e.prepare(),
        &keys[0].public_key(params).prepare(params),
        &k_re,
        &k_re.prepare(),
        &m,
        &header,
        &transient,
        &session,
        &sealer,
        &opener,
        &salt,
        &salt.leaf(0, b"a record"),
        &scalar,
        &Gt::from_bytes(m.to_bytes().expose()).unwrap(),
        &RecordKeys::new(&header.capsule, &m),
        &k_e.to_bytes(),
        &keys[0].to_bytes(),
        &credentials.to_bytes(),
        &institutions[0].to_bytes(),
        &credentials.uid,
        &credentials.vectors,
        phone.number(),
    ];
    let mut text = said;
    for value in printed {
        write!(text, "\n{value:?}").unwrap();
    }
    assert!(text.contains("redacted"));
    fs::write(out.join("printed"), &text).unwrap();

    let leaked = secrets.below(&out);
    assert!(leaked.is_empty(), "{}", message(&leaked));
    fs::write(out.join("cloud/planted"), format!("{:?}", k_re.to_bytes().expose())).unwrap();
    assert_eq!(secrets.below(&out).into_iter().map(|(name, _)| name).collect::<Vec<_>>(), ["k_re"]);
}

/// The command writes keys to key files only, and prints none.
#[test]
fn key_files_alone_hold_keys() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("record"), b"a record").unwrap();
    let mut printed = Vec::new();
    for arguments in [
        "keygen a",
        "keygen b",
        "rekey --from a.secret --to b.secret ab.rekey",
        "encrypt --to a.public record record.phi",
        "decrypt --key a.secret record.phi again",
        "reencrypt --rekey ab.rekey record.phi",
        "inspect record.phi",
        "decrypt --key b.secret record.phi and-again",
        "keygen --named n",
        "rekey --from n.secret --scope x --to b.secret nb.rekey",
        "encrypt --to n.public --scope x record named.phi",
        "decrypt --key n.secret --scope x named.phi third",
    ] {
        let output = phi(&out, &arguments.split(' ').collect::<Vec<_>>());
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        printed.extend([output.stdout, output.stderr]);
    }
    for wrong in
        ["decrypt --key a.secret record.phi x", "decrypt --key ab.rekey record.phi x", "encrypt --to a.secret record x"]
    {
        let output = phi(&out, &wrong.split(' ').collect::<Vec<_>>());
        assert_eq!(output.status.code(), Some(1), "{wrong}");
        printed.extend([output.stdout, output.stderr]);
    }
    fs::write(out.join("printed"), printed.concat()).unwrap();

    let params = Params::new(Seed([0; 32]));
    let key = |name: &str| hex::decode(fs::read_to_string(out.join(name)).unwrap().lines().nth(1).unwrap()).unwrap();
    let mut secrets = Search::default();
    for name in ["a.secret", "b.secret"] {
        let k_d = DecryptionKey::from_bytes(&key(name)).unwrap();
        secrets.secret(name, k_d.to_bytes().expose());
        secrets.secret("k_e", k_d.encryption_key(&params).to_bytes().expose());
    }
    let a = NamedSecret::from_bytes(&key("n.secret")).unwrap();
    secrets.secret("n.secret", a.to_bytes().expose());
    secrets.secret("k_e by name", a.encryption_key(&params, Scope::Record(b"x")).to_bytes().expose());
    secrets.secret("nb.rekey", &key("nb.rekey"));
    secrets.secret("ab.rekey", &key("ab.rekey"));
    let k_re = ReKey::from_bytes(&key("ab.rekey")).unwrap();
    secrets.secret("ab.rekey", k_re.inverse().to_bytes().expose());
    let header = Header::from_bytes(&fs::read(out.join("record.phi")).unwrap()[..Header::BYTES]).unwrap();
    let k_e = DecryptionKey::from_bytes(&key("b.secret")).unwrap().encryption_key(&params);
    let m = Gt::from_bytes(k_e.decapsulate(&header.capsule).to_bytes().expose()).unwrap();
    of_envelope(&mut secrets, "record.phi", &m, header.capsule.z());

    let homes =
        ["a.secret", "b.secret", "ab.rekey", "n.secret", "nb.rekey"].map(|name| (name.to_owned(), out.join(name)));
    let found = secrets.below(&out);
    assert_eq!(found, BTreeSet::from(homes), "{}", message(&found));
}

/// Only the owner can read files with secrets, for every umask. Existing files keep their content and their mode.
#[cfg(unix)]
#[test]
fn files_with_secrets_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for umask in ["000", "022", "077"] {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("record"), b"a record").unwrap();
        let run = |command: &str| {
            let line = format!("umask {umask} && exec \"$0\" {command}");
            Command::new("sh")
                .current_dir(dir.path())
                .args(["-c", &line, env!("CARGO_BIN_EXE_phi-pre")])
                .output()
                .unwrap()
        };
        for command in [
            "keygen a",
            "keygen b",
            "rekey --from a.secret --to b.secret ab.rekey",
            "encrypt --to a.public record record.phi",
            "reencrypt --rekey ab.rekey --out moved.phi record.phi",
            "decrypt --key b.secret moved.phi again",
        ] {
            let output = run(command);
            assert!(output.status.success(), "umask {umask}: {command}: {}", String::from_utf8_lossy(&output.stderr));
        }
        for name in ["a.secret", "b.secret", "ab.rekey", "again", "record.phi", "moved.phi"] {
            assert_eq!(mode(&at(name)) & 0o177, 0, "umask {umask}: {name} is {:o}", mode(&at(name)));
        }
        // Existing files are not replaced, and their modes do not change.
        for (name, command) in [
            ("b.secret", "keygen b"),
            ("ab.rekey", "rekey --from b.secret --to a.secret ab.rekey"),
            ("again", "decrypt --key a.secret record.phi again"),
        ] {
            for there in [0o600, 0o640] {
                fs::set_permissions(at(name), fs::Permissions::from_mode(there)).unwrap();
                let before = fs::read(at(name)).unwrap();
                assert_eq!(run(command).status.code(), Some(1), "{command}");
                assert_eq!((mode(&at(name)), fs::read(at(name)).unwrap()), (there, before), "{command}");
            }
        }
        // A symbolic link counts as an existing file, even if its target does not exist.
        std::os::unix::fs::symlink(at("elsewhere"), at("c.secret")).unwrap();
        assert_eq!(run("keygen c").status.code(), Some(1));
        assert!(!at("elsewhere").exists() && !at("c.public").exists());
    }
}
