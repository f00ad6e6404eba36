//! Tests of the command: files, messages and exit codes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn phi(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_phi-pre")).current_dir(dir).args(arguments).output().unwrap()
}

/// Runs a command that must succeed, and returns its standard output.
fn done(dir: &Path, arguments: &[&str]) -> String {
    let output = phi(dir, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command that must fail with this code, and returns its standard error.
fn fails(dir: &Path, code: i32, arguments: &[&str]) -> String {
    let output = phi(dir, arguments);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {message}");
    message
}

/// A folder with the keys of a and b, the re-encryption key from a to b, and an envelope for a.
fn with_keys() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        done(dir.path(), &["keygen", name]);
    }
    done(dir.path(), &["rekey", "--from", "a.secret", "--to", "b.secret", "ab.rekey"]);
    fs::write(dir.path().join("record"), b"a record").unwrap();
    done(dir.path(), &["encrypt", "--to", "a.public", "record", "record.phi"]);
    dir
}

/// Anybody checks a proof of re-encryption with public keys and the envelopes alone; it holds for nothing else.
#[test]
fn a_reencryption_is_proved_and_verified() {
    let keys = with_keys();
    let dir = keys.path();
    let reencrypt = |out: &str, proof: &str| {
        done(dir, &["reencrypt", "--rekey", "ab.rekey", "--out", out, "--proof", proof, "record.phi"])
    };
    let verify = |from: &str, to: &str, proof: &str, before: &str, after: &str| {
        let keys = [format!("{from}.public"), format!("{to}.public")];
        phi(dir, &["verify", "--from", &keys[0], "--to", &keys[1], "--proof", proof, before, after])
    };
    let refused = |output: Output, why: &str| {
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && message.contains(why), "{message}");
    };
    assert!(reencrypt("b.phi", "b.proof").contains("b.proof   proves 1 envelope\n"));
    let output = verify("a", "b", "b.proof", "record.phi", "b.phi");
    assert!(output.status.success());
    assert_eq!(output.stdout, b"holds: 1 envelope re-encrypted from a.public to b.public\n");
    assert_eq!(
        fs::read_to_string(dir.join("b.proof")).unwrap().lines().next(),
        Some("phi-pre proof of re-encryption, version 1")
    );

    // Other keys, other envelopes, an envelope that was not re-encrypted.
    done(dir, &["keygen", "c"]);
    done(dir, &["encrypt", "--to", "a.public", "record", "other.phi"]);
    done(dir, &["reencrypt", "--rekey", "ab.rekey", "--out", "other-b.phi", "other.phi"]);
    for (from, to) in [("a", "c"), ("b", "a"), ("c", "b")] {
        refused(verify(from, to, "b.proof", "record.phi", "b.phi"), "does not hold");
    }
    refused(verify("a", "b", "b.proof", "other.phi", "other-b.phi"), "does not hold");
    refused(verify("a", "b", "b.proof", "record.phi", "record.phi"), "does not hold");
    refused(verify("a", "b", "b.proof", "record.phi", "other-b.phi"), "not the same envelope");
    refused(verify("a", "a", "b.proof", "record.phi", "b.phi"), "the same key");
    refused(verify("a", "b", "a.public", "record.phi", "b.phi"), "not a phi-pre proof of re-encryption");
    refused(verify("a", "b", "none", "record.phi", "b.phi"), "none: ");
    // C of the output is altered to another element: that of the input.
    let (input, mut output) = (fs::read(dir.join("record.phi")).unwrap(), fs::read(dir.join("b.phi")).unwrap());
    output[92..284].copy_from_slice(&input[92..284]);
    fs::write(dir.join("altered.phi"), output).unwrap();
    refused(verify("a", "b", "b.proof", "record.phi", "altered.phi"), "does not hold");

    // A proof takes no existing name, and none is made without the old envelope.
    let again = ["reencrypt", "--rekey", "ab.rekey", "--out", "new.phi", "--proof", "b.proof", "record.phi"];
    assert!(fails(dir, 1, &again).contains("b.proof: exists already"));
    assert!(!dir.join("new.phi").exists());
    fails(dir, 2, &["reencrypt", "--rekey", "ab.rekey", "--proof", "new.proof", "record.phi"]);
}

#[test]
fn a_record_goes_through_the_file_tools() {
    let keys = with_keys();
    let dir = keys.path();
    for suite in ["aes-256-gcm", "chacha20-poly1305"] {
        let envelope = format!("{suite}.phi");
        done(dir, &["encrypt", "--to", "a.public", "--suite", suite, "record", &envelope]);
        done(dir, &["reencrypt", "--rekey", "ab.rekey", &envelope]);
        done(dir, &["decrypt", "--key", "b.secret", &envelope, suite]);
        assert_eq!(fs::read(dir.join(suite)).unwrap(), b"a record");
        assert!(done(dir, &["inspect", &envelope]).contains("8 bytes in 1 chunk"));
    }
    let before = fs::read(dir.join("record.phi")).unwrap();
    done(dir, &["reencrypt", "--rekey", "ab.rekey", "--out", "moved.phi", "record.phi"]);
    assert_eq!(fs::read(dir.join("record.phi")).unwrap(), before);
    assert_eq!(fs::read(dir.join("moved.phi")).unwrap()[284..], before[284..]);
}

/// An envelope whose copy stopped is not re-encrypted where its length shows this, also from a pipe.
#[cfg(unix)]
#[test]
fn a_truncated_envelope_is_not_reencrypted() {
    let keys = with_keys();
    let dir = keys.path();
    fs::write(dir.join("large"), vec![7; 200_000]).unwrap();
    done(dir, &["encrypt", "--to", "a.public", "large", "large.phi"]);
    let whole = fs::read(dir.join("large.phi")).unwrap();
    let slot = 65_536 + 16;
    for length in [283, 284, 284 + 15, 284 + slot + 1, 284 + slot + 16, 284 + 2 * slot + 9] {
        fs::write(dir.join("cut.phi"), &whole[..length]).unwrap();
        for line in ["cut.phi", "--out new.phi cut.phi", "--out new.phi /dev/stdin"] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_phi-pre"));
            command.current_dir(dir).args(["reencrypt", "--rekey", "ab.rekey"]).args(line.split(' '));
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
            let _ = child.stdin.take().unwrap().write_all(&whole[..length]);
            let output = child.wait_with_output().unwrap();
            let message = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{length} {line}: {message}");
            assert!(message.contains("a truncated phi-pre envelope"), "{length} {line}: {message}");
        }
        assert!(fs::read(dir.join("cut.phi")).unwrap() == whole[..length] && !dir.join("new.phi").exists(), "{length}");
    }
}

#[test]
fn failures_are_named_and_leave_nothing() {
    let keys = with_keys();
    let dir = keys.path();
    let files = || fs::read_dir(dir).unwrap().count();
    let before = files();
    let refused = fails(dir, 1, &["decrypt", "--key", "b.secret", "record.phi", "out"]);
    assert!(refused.contains("record.phi: refused: wrong key"), "{refused}");
    assert!(fails(dir, 1, &["decrypt", "--key", "a.public", "record.phi", "out"]).contains("not a phi-pre secret key"));
    assert!(fails(dir, 1, &["encrypt", "--to", "a.public", "absent", "out"]).contains("absent: "));
    assert!(fails(dir, 1, &["encrypt", "--to", "a.public", ".", "out"]).starts_with("phi-pre: .: "));
    assert!(fails(dir, 1, &["inspect", "record"]).contains("record: not a phi-pre envelope"));
    assert!(fails(dir, 1, &["rekey", "--from", "a.secret", "--to", "a.secret", "out"]).contains("same key"));
    fails(dir, 2, &["inspect"]);
    fails(dir, 2, &["no-such-command"]);
    assert_eq!(files(), before);
}

#[test]
fn nothing_is_overwritten() {
    let keys = with_keys();
    let dir = keys.path();
    let before = fs::read(dir.join("a.secret")).unwrap();
    fails(dir, 1, &["keygen", "a"]);
    fails(dir, 1, &["encrypt", "--to", "a.public", "record", "a.secret"]);
    fails(dir, 1, &["decrypt", "--key", "a.secret", "record.phi", "a.secret"]);
    fails(dir, 1, &["rekey", "--from", "a.secret", "--to", "b.secret", "a.secret"]);
    assert_eq!(fs::read(dir.join("a.secret")).unwrap(), before);
    // If the public key cannot be written, the secret key is removed.
    fs::write(dir.join("c.public"), b"").unwrap();
    fails(dir, 1, &["keygen", "c"]);
    assert!(!dir.join("c.secret").exists());
}

#[test]
fn a_damaged_key_file_is_named() {
    let keys = with_keys();
    let dir = keys.path();
    let text = fs::read(dir.join("a.secret")).unwrap();
    for at in (0..text.len() - 1).step_by(7) {
        let mut damaged = text.clone();
        damaged[at] ^= 2;
        fs::write(dir.join("d.secret"), &damaged).unwrap();
        let message = fails(dir, 1, &["decrypt", "--key", "d.secret", "record.phi", "out"]);
        assert!(message.contains("d.secret: "), "{at}: {message}");
    }
}

#[cfg(unix)]
#[test]
fn secrets_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let keys = with_keys();
    done(keys.path(), &["keygen", "--named", "n"]);
    let private = ["a.secret", "ab.rekey", "n.secret"].map(|name| (name, 0o600));
    for (name, mode) in private.into_iter().chain(["a.public", "n.public"].map(|name| (name, 0o644))) {
        assert_eq!(fs::metadata(keys.path().join(name)).unwrap().permissions().mode() & 0o777, mode, "{name}");
    }
}

/// `ledger repair` changes the nodes in the named folder, and no others.
#[cfg(unix)]
#[test]
fn a_repair_stays_in_its_folder() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    done(dir, &["demo", "--out", "out"]);
    let at = |node: &str| dir.join("out/ledger").join(node);
    let damage = |node: &str| {
        let mut bytes = fs::read(at(node).join("blocks")).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(at(node).join("blocks"), &bytes).unwrap();
        bytes
    };
    // One node named: the nodes beside it help, and stay as they are, damaged or not.
    let left: Vec<_> = ["orderer", "peer-1"].into_iter().map(|node| (node, damage(node))).collect();
    damage("peer-0");
    assert!(done(dir, &["ledger", "repair", "out/ledger/peer-0"]).contains("peer-0   "));
    done(dir, &["ledger", "verify", "out/ledger/peer-0"]);
    for (node, bytes) in &left {
        assert!(fs::read(at(node).join("blocks")).unwrap() == *bytes, "{node}");
    }
    // An orderer by its name, though its folder is named alone.
    assert!(done(dir, &["ledger", "repair", "out/ledger/orderer"]).contains("orderer   "));
    assert!(!at("orderer").join("verdicts").exists() && !at("orderer").join("state.redb").exists());
    // A node behind a link is outside the folder.
    fs::rename(at("peer-1"), dir.join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(dir.join("elsewhere"), at("peer-1")).unwrap();
    fs::remove_file(at("peer-2").join("state.redb")).unwrap();
    let repaired = done(dir, &["ledger", "repair", "out"]);
    assert!(repaired.contains("peer-1   is behind a link: read, not repaired"), "{repaired}");
    assert!(repaired.contains("peer-2   ") && repaired.contains("the state was made again"), "{repaired}");
    assert!(fs::read(dir.join("elsewhere/blocks")).unwrap() == left[1].1);
    done(dir, &["ledger", "verify", "out/ledger/peer-2"]);
    done(dir, &["ledger", "repair", "out/ledger/peer-1"]);
    done(dir, &["ledger", "verify", "out"]);
    // A copy of a node is no node of this ledger.
    fs::create_dir(at("peer-0.bak")).unwrap();
    fs::write(at("peer-0.bak/blocks"), &left[0].1).unwrap();
    done(dir, &["ledger", "repair", "out"]);
    done(dir, &["ledger", "verify", "out"]);
    assert!(fs::read(at("peer-0.bak/blocks")).unwrap() == left[0].1);
    // A folder of something else.
    fs::create_dir_all(dir.join("other/repair")).unwrap();
    fs::write(dir.join("other/repair/notes"), b"the user's").unwrap();
    assert!(fails(dir, 1, &["ledger", "repair", "other"]).contains("no ledger is in this folder"));
    assert_eq!(fs::read(dir.join("other/repair/notes")).unwrap(), b"the user's");
    assert_eq!(fs::read_dir(dir.join("other")).unwrap().count(), 1);
}

/// Without threads a healthy peer is not called damaged: the message is about threads.
#[cfg(target_os = "linux")]
#[test]
fn a_shortage_of_threads_is_no_damage() {
    use std::os::unix::fs::MetadataExt;
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    done(dir, &["demo", "--out", "out"]);
    let superuser = fs::metadata("/proc/self").unwrap().uid() == 0;
    if superuser {
        // The limit does not hold for the superuser. Give the files to a user who has no processes.
        let owned = Command::new("chown").args(["-R", "54321:54321"]).arg(dir).status().unwrap();
        assert!(owned.success());
    }
    for command in ["verify", "repair"] {
        let mut run = if superuser {
            let mut run = Command::new("setpriv");
            run.args(["--reuid", "54321", "--regid", "54321", "--clear-groups", "prlimit"]);
            run
        } else {
            Command::new("prlimit")
        };
        let run = run.arg("--nproc=1").arg(env!("CARGO_BIN_EXE_phi-pre")).args(["ledger", command, "out"]);
        let output = run.env("RAYON_NUM_THREADS", "4").current_dir(dir).output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{command} needs threads: {message}");
        assert!(message.contains("thread") && !message.contains("damaged"), "{command}: {message}");
        assert!(!String::from_utf8_lossy(&output.stdout).contains("damaged"), "{command}");
    }
    done(dir, &["ledger", "verify", "out"]);
}

/// Runs the demo on a folder of unusual records. Then verifies its ledger, damages it, and repairs it.
#[test]
fn demo_and_ledger() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    let emr = dir.join("emr");
    fs::create_dir_all(emr.join("안과 2026/x")).unwrap();
    let zeros = [vec![0; 40_000], vec![1], vec![0; 40_000]].concat();
    for (name, content) in [
        ("empty", &b""[..]),
        ("one byte", b"x"),
        ("background.dcm", &zeros),
        ("안과 2026/x/결과.txt", "시력 1.0, 안압 14 mmHg, 이상 소견 없음".as_bytes()),
    ] {
        fs::write(emr.join(name), content).unwrap();
    }
    let printed = done(dir, &["demo", "--emr", "emr", "--out", "out"]);
    assert!(printed.contains("hospital B's bytes equal the originals: 4 of 4"), "{printed}");
    assert!(!printed.contains("FAILED"), "{printed}");
    assert!(!dir.join("out/hospital-a").exists());
    let transcript = fs::read_to_string(dir.join("out/transcript.json")).unwrap();
    assert!(transcript.contains("share-complete") && !transcript.contains("14 mmHg"));

    assert!(done(dir, &["ledger", "verify", "out"]).contains("19 transactions   0 VALID"));
    assert!(done(dir, &["ledger", "show", "out/ledger/peer-1"]).contains("medical-record-confirmation by user"));
    fails(dir, 1, &["ledger", "verify", "out", "--genesis", &"0".repeat(64)]);
    assert!(fails(dir, 1, &["demo", "--emr", "emr", "--out", "out"]).contains("not empty"));
    let blocks = dir.join("out/ledger/peer-2/blocks");
    let whole = fs::read(&blocks).unwrap();
    fs::write(&blocks, &whole[..whole.len() - 1]).unwrap();
    assert!(fails(dir, 1, &["ledger", "verify", "out"]).contains("peer-2"));
    fails(dir, 1, &["ledger", "show", "out/ledger/peer-2"]);
    assert!(done(dir, &["ledger", "repair", "out"]).contains("1 from other nodes"));
    assert!(done(dir, &["ledger", "verify", "out"]).contains("19 transactions   0 VALID"));
}

/// Three clouds, of which two re-encrypt together. One delivers a wrong C' and is named, or one is down; the records
/// arrive.
#[test]
fn demo_with_several_clouds() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("emr")).unwrap();
    fs::write(dir.path().join("emr/record"), b"a record").unwrap();
    let three = ["demo", "--emr", "emr", "--clouds", "3", "--threshold", "2"];
    let printed = done(dir.path(), &[&three[..], &["--lie", "1"]].concat());
    assert!(printed.contains("ok      cloud-1 was named as at fault, and nobody else: 1 of 1"), "{printed}");
    assert!(printed.contains("hospital B's bytes equal the originals: 1 of 1"), "{printed}");
    let printed = done(dir.path(), &[&three[..], &["--down", "3", "--named"]].concat());
    assert!(printed.contains("Every check holds: 1 of 1") && printed.contains("cloud-3                    is down"));
    for (options, why) in [
        (&["--lie", "1", "--down", "2"][..], "2 clouds are needed, and only 1 neither lie nor are down"),
        (&["--lie", "4"], "there is no cloud 4 among 3"),
    ] {
        assert!(fails(dir.path(), 1, &[&three[..], options].concat()).contains(why));
    }
    let error = fails(dir.path(), 1, &["demo", "--emr", "emr", "--clouds", "2", "--threshold", "3"]);
    assert!(error.contains("3 of 2 clouds"), "{error}");
}

#[test]
fn demo_without_records_says_so() {
    let dir = tempfile::tempdir().unwrap();
    assert!(fails(dir.path(), 1, &["demo", "--emr", "no such folder"]).contains("no such folder: "));
    fs::create_dir(dir.path().join("empty")).unwrap();
    assert!(fails(dir.path(), 1, &["demo", "--emr", "empty"]).contains("empty: no files"));
}

/// Runs `keygen a` in this folder with `PHI_PRE_ENGINE` set to `engine`.
fn keygen_with_engine(dir: &Path, engine: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_phi-pre"));
    command.current_dir(dir).args(["keygen", "a"]).env("PHI_PRE_ENGINE", engine).output().unwrap()
}

#[test]
fn an_engine_that_is_not_there_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    for engine in ["abacus", "", "Plain", "plain "] {
        let run = keygen_with_engine(dir.path(), engine);
        assert_eq!(run.status.code(), Some(2), "{engine:?}");
        let message = String::from_utf8(run.stderr).unwrap();
        assert_eq!(
            message,
            format!(
                "phi-pre: PHI_PRE_ENGINE: no engine is called {engine:?} (there are plain, blst, lanes256, lanes)\n"
            )
        );
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}

#[test]
fn an_engine_that_the_machine_has_is_used_and_another_one_is_an_error() {
    for engine in phi_pre::group::Engine::ALL {
        let dir = tempfile::tempdir().unwrap();
        let run = keygen_with_engine(dir.path(), engine.name());
        match engine.engage() {
            Ok(engaged) => {
                assert!(run.status.success(), "{engine}");
                let warned = String::from_utf8(run.stderr).unwrap().contains("is not constant-time");
                assert_ne!(warned, engaged.is_constant_time(), "{engine}");
            }
            Err(unavailable) => {
                assert_eq!(run.status.code(), Some(2), "{engine}");
                assert!(String::from_utf8(run.stderr).unwrap().contains(&unavailable.to_string()));
            }
        }
    }
}

/// Output that is lost is a failure of each command, printed once. Lost messages are none.
#[cfg(target_os = "linux")]
#[test]
fn lost_output_is_a_failure() {
    let keys = with_keys();
    let dir = keys.path();
    fs::create_dir(dir.join("envelopes")).unwrap();
    fs::copy(dir.join("record.phi"), dir.join("envelopes/record.phi")).unwrap();
    fs::create_dir(dir.join("emr")).unwrap();
    fs::copy(dir.join("record"), dir.join("emr/record")).unwrap();
    done(dir, &["demo", "--emr", "emr", "--out", "kept"]);
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for line in [
        "--help",
        "--version",
        "keygen --help",
        "demo --emr emr",
        "keygen c",
        "shared sk",
        "encrypt --to a.public record new.phi",
        "rekey --from b.secret --to a.secret ba.rekey",
        "inspect record.phi",
        "reencrypt --rekey ab.rekey --out b.phi record.phi",
        "reencrypt --rekey ab.rekey --in envelopes --out re-encrypted",
        "decrypt --key a.secret record.phi again",
        "ledger show kept",
        "ledger verify kept",
        "ledger repair kept",
        "vectors check ../vectors",
    ] {
        let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors");
        let arguments: Vec<_> = line.split(' ').map(|part| part.replace("../vectors", vectors)).collect();
        let mut command = Command::new(env!("CARGO_BIN_EXE_phi-pre"));
        let run = command.current_dir(dir).args(&arguments).stdout(full()).output().unwrap();
        let message = String::from_utf8(run.stderr).unwrap();
        assert_eq!(run.status.code(), Some(1), "{line}: {message}");
        assert_eq!(message.lines().count(), 1, "{line}: {message}");
        assert!(message.starts_with("phi-pre: standard output: "), "{line}: {message}");
    }
    for (code, line) in [(1, "inspect absent"), (2, "inspect"), (0, "inspect record.phi")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_phi-pre"));
        let run = command.current_dir(dir).args(line.split(' ')).stderr(full()).output().unwrap();
        assert_eq!(run.status.code(), Some(code), "{line}");
    }
}

/// Whether a terminal can show a text.
#[cfg(unix)]
fn is_harmless(text: &str) -> bool {
    let harmless = |c: char| !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().all(|c| c == '\n' || harmless(c))
}

/// Names of files with control characters, and with characters that change the direction of a text.
#[cfg(unix)]
#[test]
fn a_terminal_gets_no_control_character_of_a_name() {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStrExt;
    const HOSTILE: &str = "x\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\r\nphi-pre: done\u{7f}\u{202e}gpj\u{2066}.exe";
    let keys = with_keys();
    let dir = keys.path();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let run = |code: i32, arguments: &[&OsStr]| {
        let output = Command::new(env!("CARGO_BIN_EXE_phi-pre")).current_dir(dir).args(arguments).output().unwrap();
        let printed = [text(output.stdout), text(output.stderr)].concat();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {printed:?}");
        assert!(is_harmless(&printed), "{arguments:?}: {printed:?}");
        assert!(!printed.lines().any(|line| line.starts_with("phi-pre: done")), "{printed:?}");
        printed
    };
    let words =
        |line: &str| -> Vec<OsString> { line.split(' ').map(|word| word.replace('X', HOSTILE).into()).collect() };
    for folder in ["emr", "in"] {
        fs::create_dir(dir.join(folder)).unwrap();
        fs::write(dir.join(folder).join(HOSTILE), "a record").unwrap();
    }
    fs::write(dir.join(OsStr::from_bytes(b"raw\x9b2J\xff")), "no envelope").unwrap();
    for (code, line) in [
        (0, "keygen X"),
        (0, "shared X.sk"),
        (0, "encrypt --to X.public record X.phi"),
        (0, "rekey --from X.secret --to a.secret X.rekey"),
        (0, "reencrypt --rekey X.rekey --out X.new X.phi"),
        (0, "decrypt --key a.secret X.new X.received"),
        (0, "inspect X.phi"),
        (0, "demo --emr emr --out X.kept"),
        (0, "ledger verify X.kept"),
        (0, "ledger repair X.kept"),
        (1, "ledger verify X.none"),
        (1, "demo --emr emr --out X.kept"),
        (1, "demo --emr X"),
        (1, "inspect X"),
        (1, "inspect X.secret"),
        (1, "encrypt --to X.public record X.phi"),
        (1, "decrypt --key a.secret X.phi out"),
        (1, "decrypt --key X.phi X.phi out"),
        (1, "reencrypt --rekey ab.rekey --in in --out X.out"),
        (1, "reencrypt --rekey ab.rekey --in in --out X.new-out --report /dev/stdout"),
        (1, "vectors check X"),
        (2, "inspect X X"),
        (2, "X"),
        (2, "encrypt --suite X"),
    ] {
        let words = words(line);
        let printed = run(code, &words.iter().map(OsString::as_os_str).collect::<Vec<_>>());
        assert!(line.contains("inspect X.phi") || printed.contains(r"\u{1b}[2J"), "{line}: {printed:?}");
    }
    run(1, &["inspect".as_ref(), OsStr::from_bytes(b"raw\x9b2J\xff")]);
    // The transcript has the same names, escaped as JSON does it.
    let transcript = fs::read_to_string(dir.join(format!("{HOSTILE}.kept/transcript.json"))).unwrap();
    assert!(is_harmless(&transcript), "{transcript:?}");
    let transcript: serde_json::Value = serde_json::from_str(&transcript).unwrap();
    assert!(transcript["steps"].as_array().unwrap().iter().any(|step| step["record"] == HOSTILE));
}

/// The files of `bench` are checked before the measurement, which takes minutes.
#[cfg(unix)]
#[test]
fn bench_checks_its_files_first() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    for end in ["", "-threads.svg"] {
        fs::write(dir.join(format!("there{end}")), "kept").unwrap();
        std::os::unix::fs::symlink("nowhere", dir.join(format!("link{end}"))).unwrap();
    }
    for (option, end) in [("--json", ""), ("--csv", ""), ("--plot", "-threads.svg")] {
        for (path, why) in [
            ("there", &*format!("there{end}: exists already")),
            ("link", &*format!("link{end}: exists already")),
            ("no/folder", "the folder does not exist"),
            ("there/below", "the folder does not exist"),
        ] {
            assert!(fails(dir, 1, &["bench", option, path]).contains(why), "{option} {path}");
        }
    }
    assert!(fails(dir, 1, &["bench", "--json", "new-phases.svg", "--plot", "./new"]).contains("a file each"));
    assert!(fails(dir, 1, &["bench", "--only", "no such operation"]).contains("no operation has this text"));
    assert_eq!(fs::read(dir.join("there")).unwrap(), b"kept");
    assert_eq!(fs::read_dir(dir).unwrap().count(), 4);
}

/// A measurement that is killed leaves no file.
#[cfg(target_os = "linux")]
#[test]
fn a_killed_bench_leaves_nothing() {
    use std::io::{BufRead, BufReader};
    for more in [&[][..], &["--schemes"]] {
        let dir = tempfile::tempdir().unwrap();
        let mut bench = Command::new(env!("CARGO_BIN_EXE_phi-pre"));
        bench.args(["bench", "--json", "json", "--csv", "csv", "--plot", "plot"]).args(more);
        let mut bench = bench.current_dir(&dir).stdout(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(bench.stdout.take().unwrap()).read_line(&mut first).unwrap();
        assert!(first.contains("engines"), "{first}");
        bench.kill().unwrap();
        bench.wait().unwrap();
        let left: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

/// A number of threads that is none is an error, as an unknown engine is.
#[test]
fn a_number_of_threads_that_is_none_is_an_error() {
    let keys = with_keys();
    for number in ["x", "-1", "", "1.5", "99999999999999999999999"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_phi-pre"));
        command.current_dir(keys.path()).args(["decrypt", "--key", "a.secret", "record.phi", "received"]);
        let output = command.env("RAYON_NUM_THREADS", number).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{number}: {message}");
        assert!(message.contains("RAYON_NUM_THREADS") && message.contains(&format!("{number:?}")), "{message}");
        assert!(!keys.path().join("received").exists());
    }
}

/// A temporary folder that cannot be used is named, with the variable that chose it.
#[cfg(unix)]
#[test]
fn a_missing_temporary_folder_is_named() {
    let keys = with_keys();
    let mut command = Command::new(env!("CARGO_BIN_EXE_phi-pre"));
    command.current_dir(keys.path()).args(["demo", "--emr", "."]).env("TMPDIR", "/no/such/folder");
    let message = String::from_utf8(command.output().unwrap().stderr).unwrap();
    assert!(message.starts_with("phi-pre: /no/such/folder: ") && message.contains("TMPDIR"), "{message}");
}

/// A file of vectors that has its name is whole, a link is replaced and not followed, and what is no file is refused
/// without being read.
#[cfg(unix)]
#[test]
fn vectors_are_written_whole_and_beside_nothing() {
    use std::os::unix::fs::symlink;
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    let sh = |script: &str| {
        let output = Command::new("sh").current_dir(dir).args(["-c", script, env!("CARGO_BIN_EXE_phi-pre")]).output();
        let output = output.unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    done(dir, &["vectors", "generate", "whole"]);
    let (code, message) = sh("umask 027; trap '' XFSZ; ulimit -f 100; exec \"$0\" vectors generate cut");
    assert!(code == Some(1) && message.contains(".json: File too large"), "{message}");
    let mut names = 0;
    for entry in fs::read_dir(dir.join("cut")).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        let whole = fs::read(dir.join("whole").join(entry.file_name())).unwrap();
        assert!(fs::read(entry.path()).unwrap() == whole, "{:?} is not whole", entry.file_name());
        assert_eq!(std::os::unix::fs::MetadataExt::mode(&entry.metadata().unwrap()) & 0o777, 0o640);
        names += 1;
    }
    assert!(names > 0);

    let place = dir.join("whole/groups.json");
    let made = fs::read(&place).unwrap();
    for special in ["mkfifo whole/groups.json", "ln -s /dev/zero whole/groups.json"] {
        fs::remove_file(&place).unwrap();
        assert_eq!(sh(special).0, Some(0));
        let (code, message) = sh("ulimit -v 4194304; exec timeout 20 \"$0\" vectors generate whole");
        assert!(code == Some(1) && message.contains("groups.json: exists already"), "{code:?} {message}");
        let (code, message) = sh("ulimit -v 4194304; exec timeout 20 \"$0\" vectors generate --check whole");
        assert!(code == Some(1) && message.contains("groups.json: not a regular file"), "{code:?} {message}");
    }
    fs::remove_file(&place).unwrap();
    fs::File::create(&place).unwrap().set_len(8 << 30).unwrap();
    let (code, message) = sh("ulimit -v 4194304; exec \"$0\" vectors generate --check whole");
    assert!(code == Some(1) && message.contains("groups.json: not what the generator makes"), "{code:?} {message}");

    fs::write(dir.join("mine"), "mine").unwrap();
    fs::remove_file(&place).unwrap();
    symlink("../mine", &place).unwrap();
    done(dir, &["vectors", "generate", "--replace", "whole"]);
    assert_eq!(fs::read(dir.join("mine")).unwrap(), b"mine");
    assert!(fs::symlink_metadata(&place).unwrap().is_file() && fs::read(&place).unwrap() == made);
}

/// Existing vectors are replaced on demand only, and otherwise nothing is written.
#[test]
fn vectors_are_not_replaced_unasked() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    done(dir, &["vectors", "generate", "new"]);
    assert!(done(dir, &["vectors", "generate", "new"]).contains("0 files written"));
    let (other, missing) = (dir.join("new/keys.json"), dir.join("new/groups.json"));
    let made = fs::read(&other).unwrap();
    fs::write(&other, "mine").unwrap();
    fs::remove_file(&missing).unwrap();
    let message = fails(dir, 1, &["vectors", "generate", "new"]);
    assert!(message.contains("keys.json: exists already and differs"), "{message}");
    assert_eq!(fs::read(&other).unwrap(), b"mine");
    assert!(!missing.exists());
    assert!(done(dir, &["vectors", "generate", "--replace", "new"]).contains("2 files written"));
    assert_eq!(fs::read(&other).unwrap(), made);
    assert!(done(dir, &["vectors", "generate", "--check", "new"]).contains("what the generator makes"));
}

/// Without threads, a command fails by name or does its work on one thread. It does not panic.
#[cfg(target_os = "linux")]
#[test]
fn a_thread_that_cannot_be_made_is_an_error() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    const USER: u32 = 54_321;
    let keys = with_keys();
    let dir = keys.path();
    fs::create_dir_all(dir.join("emr")).unwrap();
    fs::create_dir_all(dir.join("in")).unwrap();
    fs::copy(dir.join("record"), dir.join("emr/record")).unwrap();
    fs::copy(dir.join("record.phi"), dir.join("in/record.phi")).unwrap();
    done(dir, &["demo", "--emr", "emr", "--out", "kept"]);
    // Root has no limit of threads. Another user without any process takes its place.
    let root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let command = tempfile::tempdir().unwrap();
    let phi = command.path().join("phi-pre");
    fs::copy(env!("CARGO_BIN_EXE_phi-pre"), &phi).unwrap();
    if root {
        let all = Command::new("chown").arg("-R").arg(USER.to_string()).args([dir, command.path()]).status().unwrap();
        assert!(all.success());
    }
    fs::set_permissions(command.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let limited = |threads: u32, one: bool, line: &str| {
        let mut command = Command::new(if root { "setpriv" } else { "prlimit" });
        if root {
            command.args([&format!("--reuid={USER}"), "--clear-groups", "prlimit"]);
        }
        command.arg(format!("--nproc={threads}")).arg(&phi).args(line.split(' ')).current_dir(dir);
        command.env("TMPDIR", dir).env_remove("RAYON_NUM_THREADS");
        if one {
            command.env("RAYON_NUM_THREADS", "1");
        } else {
            command.env("RAYON_NUM_THREADS", "4");
        }
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for (i, line) in [
        "encrypt --to a.public record new-I.phi",
        "decrypt --key a.secret record.phi again-I",
        "ledger verify kept",
        "ledger show kept",
    ]
    .into_iter()
    .enumerate()
    {
        let line = line.replace('I', &i.to_string());
        let (code, message) = limited(1, false, &line);
        assert_eq!(code, Some(1), "{line}: {message}");
        assert!(message.starts_with("phi-pre: starting 4 threads") && message.contains("emporarily"), "{message}");
        assert_eq!(limited(1, true, &line), (Some(0), String::new()), "{line}");
    }
    for line in ["keygen c", "rekey --from b.secret --to a.secret ba.rekey", "inspect record.phi"] {
        assert_eq!(limited(1, false, line), (Some(0), String::new()), "{line}");
    }
    assert_eq!(limited(1, true, "reencrypt --rekey ab.rekey --in in --out out"), (Some(0), String::new()));
    let again = "reencrypt --rekey ab.rekey --out again.phi in/record.phi";
    assert_eq!(limited(1, true, again), (Some(0), String::new()));
    assert!(fs::read(dir.join("out/record.phi")).unwrap() == fs::read(dir.join("again.phi")).unwrap());
    // However many threads can be made, the demo ends with its work done or with a reason.
    for threads in (1..=8).chain([40]) {
        let (code, message) = limited(threads, true, "demo --emr emr");
        let said = message.starts_with("phi-pre: ") && message.contains("emporarily");
        assert!(code == Some(0) && message.is_empty() || code == Some(1) && said, "{threads}: {code:?} {message}");
        assert!(threads < 40 || code == Some(0), "{message}");
        assert!(!message.contains("panicked"), "{threads}: {message}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused_by_name() {
    let keys = with_keys();
    let dir = keys.path();
    assert!(Command::new("mkfifo").arg(dir.join("pipe")).status().unwrap().success());
    for arguments in [
        &["inspect", "pipe"][..],
        &["decrypt", "--key", "a.secret", "pipe", "out"],
        &["decrypt", "--key", "pipe", "record.phi", "out"],
        &["reencrypt", "--rekey", "ab.rekey", "pipe"],
        &["encrypt", "--to", "pipe", "record", "out"],
    ] {
        assert!(fails(dir, 1, arguments).contains("pipe: a named pipe, not a file"), "{arguments:?}");
    }
    assert!(fails(dir, 1, &["decrypt", "--key", "a.secret", "record.phi", "-"]).contains("- is not a file"));
    assert!(
        fails(dir, 1, &["decrypt", "--key", "record.phi", "record.phi", "out"]).contains("not a phi-pre secret key")
    );
    assert!(fails(dir, 1, &["ledger", "verify", "."]).contains("no ledger is in this folder"));
    assert!(!dir.join("-").exists() && !dir.join("out").exists());
}

/// The same shared secret and name give the same pair again, and another name another pair.
#[test]
fn a_pair_of_one_record_is_derived() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    done(dir, &["shared", "sk"]);
    let text = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
    for (pair, scope, name) in
        [("a", "--record", "x"), ("b", "--record", "x"), ("c", "--record", "y"), ("d", "--folder", "x")]
    {
        done(dir, &["keygen", "--shared", "sk", scope, name, pair]);
    }
    assert_eq!((text("a.secret"), text("a.public")), (text("b.secret"), text("b.public")));
    assert_ne!(text("a.secret"), text("c.secret"));
    assert_ne!(text("a.secret"), text("d.secret"));
    fails(dir, 2, &["keygen", "--shared", "sk", "e"]);
    fails(dir, 2, &["keygen", "--record", "x", "e"]);
    assert!(
        fails(dir, 1, &["keygen", "--shared", "a.secret", "--record", "x", "e"])
            .contains("this is a phi-pre secret key")
    );
    assert!(!done(dir, &["keygen", "--shared", "sk", "--record", "z", "f"]).contains("every record"));
    assert!(done(dir, &["keygen", "g"]).contains("works on every record encrypted to it"));
}

/// Keys by name: A and the name of the scope suffice to encrypt, and the scope decides which key opens an envelope.
#[test]
fn a_record_goes_by_the_name_of_its_scope() {
    let keys = with_keys();
    let dir = keys.path();
    let said = done(dir, &["keygen", "--named", "n"]);
    assert!(said.contains("every scope") && !said.contains("--shared"), "{said}");
    let title = |name: &str| fs::read_to_string(dir.join(name)).unwrap().lines().next().unwrap().to_owned();
    assert_eq!(title("n.secret"), "phi-pre secret key by name (a), version 1");
    assert_eq!(title("n.public"), "phi-pre public key by name (A), version 1");
    done(dir, &["encrypt", "--to", "n.public", "--scope", "2026-0417", "record", "n.phi"]);
    let decrypt = |key: &[&str], envelope: &str| phi(dir, &[&["decrypt", "--key"], key, &[envelope, "out"]].concat());
    let reads = |key: &[&str], envelope: &str| {
        let output = decrypt(key, envelope);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(fs::read(dir.join("out")).unwrap(), b"a record");
        fs::remove_file(dir.join("out")).unwrap();
    };
    let refused = |key: &[&str], envelope: &str| {
        let message = String::from_utf8(decrypt(key, envelope).stderr).unwrap();
        assert!(message.contains("refused: wrong key") && message.contains("this scope"), "{message}");
        assert!(!dir.join("out").exists());
    };
    reads(&["n.secret", "--scope", "2026-0417"], "n.phi");
    refused(&["n.secret", "--scope", "2026-0418"], "n.phi");

    // To a key that is not by name, and to another key by name under a scope of its own.
    done(dir, &["keygen", "--named", "m"]);
    let from = ["rekey", "--from", "n.secret", "--scope", "2026-0417"];
    done(dir, &[&from[..], &["--to", "b.secret", "nb.rekey"]].concat());
    done(dir, &[&from[..], &["--to", "m.secret", "--to-scope", "inbox", "nm.rekey"]].concat());
    done(dir, &["rekey", "--from", "a.secret", "--to", "m.secret", "--to-scope", "inbox", "am.rekey"]);
    for (rekey, before, after) in
        [("nb.rekey", "n.phi", "nb.phi"), ("nm.rekey", "n.phi", "nm.phi"), ("am.rekey", "record.phi", "am.phi")]
    {
        done(dir, &["reencrypt", "--rekey", rekey, "--out", after, "--proof", &format!("{rekey}.proof"), before]);
    }
    reads(&["b.secret"], "nb.phi");
    reads(&["m.secret", "--scope", "inbox"], "nm.phi");
    reads(&["m.secret", "--scope", "inbox"], "am.phi");
    refused(&["m.secret", "--scope", "2026-0417"], "nm.phi");

    // The public keys of both sides follow from A and the names.
    let verify = |scope: &str, to: &[&str], proof: &str, after: &str| {
        let from = ["verify", "--from", "n.public", "--scope", scope, "--to"];
        phi(dir, &[&from[..], to, &["--proof", proof, "n.phi", after]].concat())
    };
    let output = verify("2026-0417", &["m.public", "--to-scope", "inbox"], "nm.rekey.proof", "nm.phi");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("from n.public (scope 2026-0417) to m.public (scope inbox)"), "{said}");
    assert!(verify("2026-0417", &["b.public"], "nb.rekey.proof", "nb.phi").status.success());
    assert!(!verify("2026-0418", &["b.public"], "nb.rekey.proof", "nb.phi").status.success());
}

/// A key by name without a scope, and any other key with a scope, are refused. The message names the file and the
/// argument.
#[test]
fn a_scope_goes_with_a_key_by_name_alone() {
    let keys = with_keys();
    let dir = keys.path();
    done(dir, &["keygen", "--named", "n"]);
    let (missing, none) = ("works with the name of a scope: add", "has no scopes: leave out");
    for (arguments, file, why, argument) in [
        (&["encrypt", "--to", "n.public", "record", "out"][..], "n.public", missing, "--scope"),
        (&["decrypt", "--key", "n.secret", "record.phi", "out"], "n.secret", missing, "--scope"),
        (&["rekey", "--from", "n.secret", "--to", "b.secret", "out"], "n.secret", missing, "--scope"),
        (&["rekey", "--from", "a.secret", "--to", "n.secret", "out"], "n.secret", missing, "--to-scope"),
        (&["encrypt", "--to", "a.public", "--scope", "x", "record", "out"], "a.public", none, "--scope"),
        (&["decrypt", "--key", "a.secret", "--scope", "x", "record.phi", "out"], "a.secret", none, "--scope"),
        (&["rekey", "--from", "a.secret", "--scope", "x", "--to", "b.secret", "out"], "a.secret", none, "--scope"),
        (
            &["rekey", "--from", "a.secret", "--to", "b.secret", "--to-scope", "x", "out"],
            "b.secret",
            none,
            "--to-scope",
        ),
    ] {
        let message = fails(dir, 1, arguments);
        assert!(message.contains(&format!("{file}: a phi-pre ")), "{arguments:?}: {message}");
        assert!(message.contains(&format!("{why} {argument}")), "{arguments:?}: {message}");
    }
    for (arguments, is) in [
        (&["encrypt", "--to", "n.secret", "--scope", "x", "record", "out"][..], "this is a phi-pre secret key by name"),
        (
            &["decrypt", "--key", "n.public", "--scope", "x", "record.phi", "out"],
            "this is a phi-pre public key by name",
        ),
        (&["keygen", "--shared", "n.secret", "--record", "x", "out"], "this is a phi-pre secret key by name"),
    ] {
        let message = fails(dir, 1, arguments);
        assert!(message.contains(is), "{arguments:?}: {message}");
    }
    fails(dir, 2, &["encrypt", "--to", "n.public", "--scope", "", "record", "out"]);
    fails(dir, 2, &["keygen", "--named", "--shared", "sk", "--record", "x", "out"]);
    assert!(!dir.join("out").exists());
}

/// An envelope that comes through a pipe has no length to check, and is read once.
#[cfg(target_os = "linux")]
#[test]
fn an_envelope_from_standard_input_is_decrypted() {
    let keys = with_keys();
    let mut child = Command::new(env!("CARGO_BIN_EXE_phi-pre"))
        .current_dir(keys.path())
        .args(["decrypt", "--key", "a.secret", "/dev/stdin", "out"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let envelope = fs::read(keys.path().join("record.phi")).unwrap();
    child.stdin.take().unwrap().write_all(&envelope).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(fs::read(keys.path().join("out")).unwrap(), b"a record");
}

/// `keygen` leaves both keys or none, and never a public key without its secret key.
#[cfg(target_os = "linux")]
#[test]
fn a_pair_is_written_whole_or_not_at_all() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    done(dir, &["shared", "sk"]);
    let pair = ["keygen", "--shared", "sk", "--record", "x", "a"];
    done(dir, &pair);
    // The secret key is lost: the public key stays, and no other secret key is made beside it.
    fs::rename(dir.join("a.secret"), dir.join("lost")).unwrap();
    assert!(fails(dir, 1, &pair).contains("a.public: exists already"));
    assert!(!dir.join("a.secret").exists() && dir.join("a.public").exists());
    // There is room for the secret key and none for the public key.
    let limited = "trap '' XFSZ; exec prlimit --fsize=300 \"$0\" keygen b";
    let run =
        Command::new("sh").current_dir(dir).args(["-c", limited, env!("CARGO_BIN_EXE_phi-pre")]).output().unwrap();
    let message = String::from_utf8(run.stderr).unwrap();
    assert!(!run.status.success() && message.contains("b.public: File too large"), "{message}");
    assert!(!dir.join("b.secret").exists() && !dir.join("b.public").exists());
}

/// A key file has one form. The error of any other form says what is wrong, and shows no digit of the key.
#[test]
fn a_key_file_has_one_form() {
    let keys = with_keys();
    let dir = keys.path();
    let text = fs::read_to_string(dir.join("a.secret")).unwrap();
    let [title, key, sum] = text.lines().collect::<Vec<_>>()[..] else { panic!("three lines") };
    let other = if key.starts_with('0') { "1" } else { "0" };
    for (changed, why) in [
        (format!("{text}\n"), "a fourth line"),
        (format!("{text}more"), "a fourth line"),
        (format!("{title}\n\n{key}\n{sum}\n"), "the second line is blank"),
        (format!("{title}\n{key}\n"), "the third line, the checksum, is missing"),
        (format!("{title}\n{key}"), "the third line, the checksum, is missing"),
        (title.to_owned(), "the second line, the key, is missing"),
        (format!("{title}\n{}\n{sum}\n", key.to_uppercase()), "capital hexadecimal digits"),
        (format!("{title}\n{key}\n{}\n", sum.to_uppercase()), "capital hexadecimal digits"),
        (text.replace('\n', "\r\n"), "its lines end in CR LF"),
        (text.trim_end().to_owned(), "the last line has no LF"),
        (format!("{title}\n{key} \n{sum}\n"), "the second line is not an even number of hexadecimal digits"),
        (format!("{title}\n{}\n{sum}\n", &key[1..]), "the second line is not an even number of hexadecimal digits"),
        (format!("{title}\n{other}{}\n{sum}\n", &key[1..]), "the checksum does not match"),
        (format!("\u{feff}{text}"), "a byte order mark"),
    ] {
        fs::write(dir.join("d.secret"), &changed).unwrap();
        let message = fails(dir, 1, &["decrypt", "--key", "d.secret", "record.phi", "out"]);
        assert!(
            message.contains("d.secret: malformed phi-pre secret key") && message.contains(why),
            "{why}: {message}"
        );
        assert!(!message.contains(&key[1..]) && !message.contains(&key[1..].to_uppercase()), "{message}");
    }
    assert!(!dir.join("out").exists());
}

#[cfg(unix)]
#[test]
fn a_secret_that_others_can_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let keys = with_keys();
    let dir = keys.path();
    let warning = |name: &str, out: &str| {
        let output = phi(dir, &["rekey", "--from", "a.secret", "--to", "b.secret", out]);
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap().contains(&format!("warning: {name}: other users can use the file"))
    };
    assert!(!warning("a.secret", "0") && !warning("b.secret", "1"));
    for (n, mode) in [0o640, 0o604, 0o620, 0o777].into_iter().enumerate() {
        fs::set_permissions(dir.join("b.secret"), fs::Permissions::from_mode(mode)).unwrap();
        assert!(warning("b.secret", &format!("b{n}")) && !warning("a.secret", &format!("a{n}")), "{mode:o}");
    }
    fs::set_permissions(dir.join("ab.rekey"), fs::Permissions::from_mode(0o644)).unwrap();
    let output = phi(dir, &["reencrypt", "--rekey", "ab.rekey", "--out", "moved.phi", "record.phi"]);
    assert!(String::from_utf8(output.stderr).unwrap().contains("warning: ab.rekey: other users"));
    // A public key is for everybody.
    assert!(phi(dir, &["encrypt", "--to", "a.public", "record", "x.phi"]).stderr.is_empty());
}

/// The name of a folder, and `-`, are refused by name as outputs and as keys.
#[test]
fn what_names_no_file_is_refused() {
    let keys = with_keys();
    let dir = keys.path();
    fs::create_dir(dir.join("folder")).unwrap();
    let before = fs::read_dir(dir).unwrap().count();
    for place in ["new/", "folder/", "folder/..", "."] {
        for arguments in [
            &["encrypt", "--to", "a.public", "record", place][..],
            &["decrypt", "--key", "a.secret", "record.phi", place],
            &["reencrypt", "--rekey", "ab.rekey", "--out", place, "record.phi"],
            &["rekey", "--from", "a.secret", "--to", "b.secret", place],
            &["shared", place],
            &["keygen", place],
        ] {
            let message = fails(dir, 1, arguments);
            assert!(
                message.contains(&format!("{place}: the name of a folder, not of a file")),
                "{arguments:?}: {message}"
            );
        }
    }
    for arguments in [
        &["keygen", "-"][..],
        &["shared", "-"],
        &["rekey", "--from", "a.secret", "--to", "b.secret", "-"],
        &["rekey", "--from", "-", "--to", "b.secret", "out"],
        &["encrypt", "--to", "a.public", "record", "-"],
        &["encrypt", "--to", "-", "record", "out"],
        &["decrypt", "--key", "a.secret", "-", "out"],
        &["reencrypt", "--rekey", "-", "record.phi"],
    ] {
        assert!(fails(dir, 1, arguments).contains("- is not a file"), "{arguments:?}");
    }
    assert_eq!((fs::read_dir(dir).unwrap().count(), fs::read_dir(dir.join("folder")).unwrap().count()), (before, 0));
}

/// A named pipe is refused by name wherever a file is read, also behind links. Standard input is read where its length
/// is not needed.
#[cfg(target_os = "linux")]
#[test]
fn pipes_are_read_or_refused_and_never_waited_for() {
    let keys = with_keys();
    let dir = keys.path();
    assert!(Command::new("mkfifo").arg(dir.join("pipe")).status().unwrap().success());
    std::os::unix::fs::symlink("pipe", dir.join("link")).unwrap();
    std::os::unix::fs::symlink(dir.join("link"), dir.join("link to it")).unwrap();
    for pipe in ["pipe", "link", "link to it"] {
        for arguments in [
            &["inspect", pipe][..],
            &["encrypt", "--to", "a.public", pipe, "out"],
            &["encrypt", "--to", pipe, "record", "out"],
            &["decrypt", "--key", "a.secret", pipe, "out"],
            &["decrypt", "--key", pipe, "record.phi", "out"],
            &["reencrypt", "--rekey", "ab.rekey", pipe],
            &["reencrypt", "--rekey", "ab.rekey", "--out", "out", pipe],
        ] {
            let limited = [&["10", env!("CARGO_BIN_EXE_phi-pre")], arguments].concat();
            let run = Command::new("timeout").current_dir(dir).args(limited).output().unwrap();
            let message = String::from_utf8(run.stderr).unwrap();
            assert_eq!(run.status.code(), Some(1), "{arguments:?}: {message}");
            assert!(message.contains(&format!("{pipe}: a named pipe, not a file")), "{arguments:?}: {message}");
        }
    }
    let piped = |arguments: &[&str], input: &[u8]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_phi-pre"));
        command.current_dir(dir).args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(input); // a command that refuses its input does not read it
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let envelope = fs::read(dir.join("record.phi")).unwrap();
    assert_eq!(piped(&["encrypt", "--to", "a.public", "/dev/stdin", "s.phi"], b"a record").0, Some(0));
    assert_eq!(
        piped(&["decrypt", "--key", "a.secret", "/dev/fd/0", "out"], &fs::read(dir.join("s.phi")).unwrap()).0,
        Some(0)
    );
    assert_eq!(fs::read(dir.join("out")).unwrap(), b"a record");
    assert_eq!(piped(&["reencrypt", "--rekey", "ab.rekey", "--out", "b.phi", "/dev/stdin"], &envelope).0, Some(0));
    assert_eq!(fs::read(dir.join("b.phi")).unwrap()[284..], envelope[284..]);
    for arguments in [&["inspect", "/dev/stdin"][..], &["reencrypt", "--rekey", "ab.rekey", "/dev/stdin"]] {
        let (code, message) = piped(arguments, &envelope);
        assert_eq!(code, Some(1), "{message}");
        assert!(message.contains("/dev/stdin: not a regular file"), "{arguments:?}: {message}");
    }
}

/// A file of vectors that is too large is refused without being read, and so is what is no file.
#[cfg(unix)]
#[test]
fn a_file_of_vectors_has_a_limit() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("large.json");
    for (bytes, limited) in [(6 << 20, true), (5 << 20, false)] {
        let mut text = b"[".to_vec();
        text.extend_from_slice(&b"0,".repeat(bytes / 2 - 2));
        text.extend_from_slice(b"0]");
        fs::write(&path, &text).unwrap();
        // Five mebibytes of JSON stay within 800 MiB of address space.
        let check = "ulimit -v 819200; exec \"$0\" vectors check .";
        let mut command = Command::new("sh");
        command.current_dir(dir.path()).env("RAYON_NUM_THREADS", "1").args([
            "-c",
            check,
            env!("CARGO_BIN_EXE_phi-pre"),
        ]);
        let output = command.output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{out}");
        assert_eq!(out.contains("large.json: more than 5242880 bytes"), limited, "{out}");
    }
    fs::remove_file(&path).unwrap();
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let mut command = Command::new("timeout");
    command.current_dir(dir.path()).args(["10", env!("CARGO_BIN_EXE_phi-pre"), "vectors", "check", "."]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("large.json: not a regular file"));
}
