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
    for (name, mode) in [("a.secret", 0o600), ("ab.rekey", 0o600), ("a.public", 0o644)] {
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

    assert!(done(dir, &["ledger", "verify", "out"]).contains("16 transactions   0 VALID"));
    assert!(done(dir, &["ledger", "show", "out/ledger/peer-1"]).contains("medical-record-confirmation by user"));
    fails(dir, 1, &["ledger", "verify", "out", "--genesis", &"0".repeat(64)]);
    assert!(fails(dir, 1, &["demo", "--emr", "emr", "--out", "out"]).contains("not empty"));
    let blocks = dir.join("out/ledger/peer-2/blocks");
    let whole = fs::read(&blocks).unwrap();
    fs::write(&blocks, &whole[..whole.len() - 1]).unwrap();
    assert!(fails(dir, 1, &["ledger", "verify", "out"]).contains("peer-2"));
    fails(dir, 1, &["ledger", "show", "out/ledger/peer-2"]);
    assert!(done(dir, &["ledger", "repair", "out"]).contains("1 from other nodes"));
    assert!(done(dir, &["ledger", "verify", "out"]).contains("16 transactions   0 VALID"));
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
            format!("phi-pre: PHI_PRE_ENGINE: no engine is called {engine:?} (there are plain, blst, lanes)\n")
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
            Ok(_) => assert!(run.status.success(), "{engine}"),
            Err(unavailable) => {
                assert_eq!(run.status.code(), Some(2), "{engine}");
                assert!(String::from_utf8(run.stderr).unwrap().contains(&unavailable.to_string()));
            }
        }
    }
}

/// Output that is lost is a failure, printed once; a reader that stops early is none.
#[cfg(target_os = "linux")]
#[test]
fn lost_output_is_a_failure() {
    let keys = with_keys();
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_phi-pre"))
        .current_dir(keys.path())
        .args(["inspect", "record.phi"])
        .stdout(full())
        .output()
        .unwrap();
    let message = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(1), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.starts_with("phi-pre: standard output: "), "{message}");
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
