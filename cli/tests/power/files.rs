//! Files of keys, envelopes and records, made by the command: every named file is whole, and acknowledged changes are
//! kept.

use crate::kill::{begin, done};
use crate::log::Log;
use crate::scene::{Scene, memory};
use crate::trace::Limit;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// The only file that is changed in place. All others are written once.
const IN_PLACE: &str = "a.phi";

/// Runs the command, which must succeed.
pub fn phi(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_phi-pre"));
    command.current_dir(folder).args(arguments).stdin(Stdio::null());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Each command, and the files that exist once it has ended.
const COMMANDS: [(&[&str], &str); 10] = [
    (&["keygen", "a"], "a.secret a.public"),
    (&["keygen", "b"], "b.secret b.public"),
    (&["rekey", "--from", "a.secret", "--to", "b.secret", "ab.rekey"], "ab.rekey"),
    (&["rekey", "--from", "b.secret", "--to", "a.secret", "ba.rekey"], "ba.rekey"),
    (&["encrypt", "--to", "a.public", "record", "a.phi"], "a.phi"),
    (&["reencrypt", "--rekey", "ab.rekey", "a.phi", "--out", "b.phi"], "b.phi"),
    (&["decrypt", "--key", "b.secret", "b.phi", "from-b"], "from-b"),
    (&["reencrypt", "--rekey", "ab.rekey", "a.phi"], "a.phi"),
    (&["reencrypt", "--rekey", "ba.rekey", "a.phi"], "a.phi"),
    (&["decrypt", "--key", "a.secret", "a.phi", "from-a"], "from-a"),
];

/// Runs the commands whose files do not exist yet.
pub fn life(folder: &Path) {
    for (command, names) in COMMANDS {
        let there = names.split(' ').all(|name| folder.join(name).exists()) && !names.contains(IN_PLACE);
        let half = names.split(' ').any(|name| folder.join(name).exists()) && command[0] == "keygen";
        if there || half || (command[0] == "encrypt" && folder.join(IN_PLACE).exists()) {
            continue;
        }
        begin(command[0]);
        phi(folder, command);
        done(command[0], names);
    }
}

#[test]
fn power_is_lost_while_files_are_made_and_changed() {
    let mut scene = Scene::new("files", 3000);
    let (states, mut whole, mut left) = (scene.states, 0, 0);
    let histories = 1 + states / 250;
    let mut record = vec![0; 70_000];
    rand_core::Rng::fill_bytes(&mut scene.rng, &mut record);
    for _ in 0..histories {
        let folder = memory();
        fs::write(folder.path().join("record"), &record).unwrap();
        let mut log = Log::new(folder.path());
        if !scene.life("files", folder.path(), 0, &mut log, Limit::Never) {
            return;
        }
        for name in ["from-a", "from-b"] {
            assert!(fs::read(folder.path().join(name)).unwrap() == record, "{name}");
        }
        let end = log.seen(log.ops.len());
        let content = |cut: usize| log.seen(cut).files.get(Path::new(IN_PLACE)).cloned();
        let (acknowledged, _) = log.edges();
        scene.draw(&log, states.div_ceil(histories), |_, loss, tree| {
            for (_, names) in log.said(loss.cut).0 {
                for name in names.split(' ') {
                    assert!(tree.files.contains_key(Path::new(name)), "{name} was acknowledged");
                }
            }
            for (path, found) in &tree.files {
                if path == Path::new(IN_PLACE) {
                    // The envelope is under the key that was acknowledged last, or under the next key.
                    let before = acknowledged.iter().rfind(|at| **at <= loss.cut).and_then(|at| content(*at));
                    let after = acknowledged.iter().find(|at| **at > loss.cut).and_then(|at| content(*at));
                    assert!(Some(found) == before.as_ref() || Some(found) == after.as_ref(), "under no key");
                    whole += 1;
                } else if path.to_str().unwrap().starts_with(".tmp") {
                    left += 1;
                } else {
                    assert!(end.files.get(path) == Some(found), "{} is not whole", path.display());
                    whole += 1;
                }
            }
        });
    }
    scene.report(&format!("{whole} whole files, {left} temporary ones left behind"));
}
