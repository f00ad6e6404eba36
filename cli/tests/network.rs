//! Tests of the commands for a Fabric network, without a network: `msp`, `chaincode`, and the profile of `demo` and `bench`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[cfg(feature = "fabric")]
#[path = "network/chaincode.rs"]
mod chaincode;
#[cfg(feature = "fabric")]
#[path = "network/profile.rs"]
mod profile;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

const PROGRAM: &str = env!("CARGO_BIN_EXE_phi-pre");

fn phi(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(PROGRAM).current_dir(dir).args(arguments).output().unwrap()
}

/// Runs a command that must succeed, and returns its standard output.
fn done(dir: &Path, arguments: &[&str]) -> String {
    let output = phi(dir, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Checks that a command fails with this code and says all of `why`, and that the folder is as before.
fn refused(dir: &Path, code: i32, command: &mut Command, why: &[&str]) {
    let before = entries(dir);
    let output = command.current_dir(dir).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{command:?}: {message}");
    for words in why {
        assert!(message.contains(words), "{command:?}: {message}");
    }
    assert_eq!(entries(dir), before, "{command:?}");
}

/// The files and folders below a folder with their modes, in order.
fn entries(dir: &Path) -> Vec<(String, u32)> {
    let (mut found, mut folders) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let name = path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
            found.push((name, metadata.permissions().mode() & 0o777));
            if metadata.is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}

const LEDGER: [&str; 9] = ["msp", "ledger", "--organisation", "north", "--peer", "p", "--orderer", "o", "north"];

#[test]
fn an_authority_has_its_folders() {
    let dir = tempfile::tempdir().unwrap();
    let made = |arguments: &[&str]| {
        let script = ["-c", "umask 022; exec \"$0\" \"$@\"", PROGRAM];
        let output = Command::new("sh").current_dir(dir.path()).args(script).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let words = |of: &[(&str, &str)]| {
        let word =
            |(kind, word): &(&str, &str)| format!("  {kind}OUIdentifier:\n    OrganizationalUnitIdentifier: {word}\n");
        format!("NodeOUs:\n  Enable: true\n{}", of.iter().map(word).collect::<String>())
    };
    let folder = |name: &str| (name.to_owned(), 0o755);
    let authority = |name: &str| {
        let file = |file: &str, mode| (format!("{name}/{file}"), mode);
        [
            folder(name),
            file("ca", 0o755),
            file("ca/key.pem", 0o600),
            file("ca/root.pem", 0o644),
            file("ca/sealing.key", 0o600),
            file("msp", 0o755),
            file("msp/cacerts", 0o755),
            file("msp/cacerts/root.pem", 0o644),
            file("msp/config.yaml", 0o644),
        ]
    };
    for (group, word) in [("users", "user"), ("hospitals", "hospital"), ("cloud", "cloud")] {
        assert_eq!(made(&["msp", group, group]), format!("{group}: authority of {group}\n"));
        let mut all: Vec<_> = entries(dir.path());
        all.retain(|(name, _)| name.starts_with(group));
        assert_eq!(all, authority(group));
        let config = fs::read_to_string(dir.path().join(group).join("msp/config.yaml")).unwrap();
        assert_eq!(config, words(&[("Client", word), ("Admin", "admin")]));
    }
    made(&LEDGER);
    let mut expected = authority("north").to_vec();
    expected.push(folder("north/nodes"));
    for member in ["admin", "nodes/p", "nodes/o"] {
        let file = |file: &str, mode| (format!("north/{member}{file}"), mode);
        expected.extend([
            file("", 0o755),
            file("/msp", 0o755),
            file("/msp/cacerts", 0o755),
            file("/msp/cacerts/root.pem", 0o644),
            file("/msp/config.yaml", 0o644),
            file("/msp/keystore", 0o755),
            file("/msp/keystore/key.pem", 0o600),
            file("/msp/signcerts", 0o755),
            file("/msp/signcerts/cert.pem", 0o644),
        ]);
        let config = fs::read_to_string(dir.path().join("north").join(member).join("msp/config.yaml")).unwrap();
        assert_eq!(config, words(&[("Peer", "peer"), ("Orderer", "orderer"), ("Admin", "admin")]));
    }
    expected.sort();
    let mut all: Vec<_> = entries(dir.path());
    all.retain(|(name, _)| name.starts_with("north"));
    assert_eq!(all, expected);
}

/// An authority that cannot be made leaves no file, and none takes the place of another one.
#[test]
fn an_authority_is_made_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    done(dir, &LEDGER);
    fs::create_dir(dir.join("empty")).unwrap();
    fs::write(dir.join("file"), b"").unwrap();
    std::os::unix::fs::symlink("nowhere", dir.join("link")).unwrap();
    for name in ["north", "empty", "file", "link", "north/", ".", ".."] {
        refused(dir, 1, Command::new(PROGRAM).args(["msp", "users", name]), &[name, "exists already"]);
    }
    for (name, why) in [("-", "- is not a file"), ("none/new", "none: "), ("file/new", "file: "), ("none/..", "none: ")]
    {
        refused(dir, 1, Command::new(PROGRAM).args(["msp", "users", name]), &[why]);
    }
    let long = "n".repeat(300);
    let wrong: [(&[&str], &str); 12] = [
        (&["--organisation", "users"], r#"--organisation "users": the root of the organisation users"#),
        (&["--organisation", "cloud"], r#"--organisation "cloud": "#),
        (&["--organisation", ""], r#"--organisation "": "#),
        (&["--organisation", "a\u{1b}b"], r#"--organisation "a\u{1b}b": "#),
        (&["--organisation", &long], "--organisation \"nnn"),
        (&["--organisation", "x", "--peer", ""], r#""" is no name of a folder"#),
        (&["--organisation", "x", "--peer", "../p"], r#""../p" is no name of a folder"#),
        (&["--organisation", "x", "--orderer", ".."], r#"".." is no name of a folder"#),
        (&["--organisation", "x", "--peer", "a/b"], r#""a/b" is no name of a folder"#),
        (&["--organisation", "x", "--peer", "a", "--peer", "a"], r#"two nodes have the name "a""#),
        (&["--organisation", "x", "--peer", "a", "--orderer", "a"], r#"two nodes have the name "a""#),
        (&["--organisation", "x", "--peer", &long], "File name too long"),
    ];
    for (arguments, why) in wrong {
        refused(dir, 1, Command::new(PROGRAM).args(["msp", "ledger"]).args(arguments).arg("new"), &[why]);
    }
    refused(dir, 2, Command::new(PROGRAM).args(["msp", "ledger", "new"]), &["--organisation"]);
    refused(dir, 2, Command::new(PROGRAM).args(["msp", "users", "--peer", "p", "new"]), &["--organisation"]);
    refused(dir, 2, Command::new(PROGRAM).args(["msp", "doctors", "new"]), &["users, hospitals, cloud or ledger"]);
    let superfluous = ["msp", "users", "--organisation", "x", "new"];
    refused(dir, 1, Command::new(PROGRAM).args(superfluous), &["--organisation is for the group ledger"]);
    // A write fails, as on a full disk.
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" msp users new";
    refused(dir, 1, Command::new("sh").args(["-c", script, PROGRAM]), &["root.pem: File too large"]);
}
