//! Tests of the structure of the code: files use lower floors only and import each other without a circle, only one
//! floor names curve libraries, and the map of the paper names only what exists.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "house/arrows.rs"]
mod arrows;

use arrows::{Arrow, arrows, circle, code, is_test, names_after};
use std::fs;
use std::path::{Path, PathBuf};

/// The floors of the library, from the lowest to the highest, each with its rooms (folders or files). A file may use
/// the rooms of lower floors and its own room; a file of the lowest floor may use the whole floor.
const FLOORS: &[&str] = &[
    "aead constant_time error secret hash wire folder time parallel",
    "paper",
    "group",
    "pre",
    "schemes",
    "identifier",
    "integrity",
    "envelope",
    "identity",
    "ledger/error",
    "ledger/format",
    "ledger/state",
    "ledger/rules ledger/storage",
    "ledger/node",
    "ledger",
    "contract",
    "fabric/messages fabric/codec",
    "fabric",
    "flow",
    "lib",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Rust files below a folder, with their texts.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root()).unwrap().to_owned(), text));
            }
        }
    }
    assert!(!found.is_empty(), "{folder}");
    found.sort();
    found
}

/// The top-level module of a file of src.
fn module(path: &Path) -> String {
    let first = path.components().nth(1).unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// The floor and the room of a file. The longest entry that matches its path decides.
fn place(path: &Path) -> (usize, &'static str) {
    let path = path.strip_prefix("src").unwrap().with_extension("");
    let rooms = FLOORS.iter().enumerate().flat_map(|(floor, names)| names.split(' ').map(move |room| (floor, room)));
    let own = rooms.filter(|(_, room)| path.starts_with(room)).max_by_key(|(_, room)| room.len());
    own.unwrap_or_else(|| panic!("{} stands on no floor", path.display()))
}

#[test]
fn files_use_lower_floors_only() {
    let found = arrows("src", &sources("src"));
    for Arrow { from, to, name } in &found {
        let ((above, own), (below, other)) = (place(from), place(to));
        let allowed = below < above || own == other || (below == above && above == 0);
        assert!(allowed, "{} uses {name} of {}", from.display(), to.display());
    }
    assert!(found.len() > 300, "the test no longer sees the arrows: {}", found.len());
}

/// No file reaches itself by imports, in the library, the command or the benches.
#[test]
fn no_circle_of_files() {
    for folder in ["src", "cli/src"] {
        let found = arrows(folder, &sources(folder));
        assert!(found.len() > 50, "the test no longer sees the arrows of {folder}: {}", found.len());
        if let Some(circle) = circle(&found) {
            panic!("a circle of files:\n{circle}");
        }
    }
}

#[test]
fn curve_libraries_are_named_in_group_and_paper_alone() {
    let mut seen = false;
    for (path, text) in sources("src").into_iter().filter(|(path, _)| !is_test(path)) {
        let names = ["ark_bls12_381", "ark_ec", "ark_ff", "ark_serialize", "blst::"];
        let named = names.iter().any(|name| code(&text).contains(name));
        let allowed = matches!(module(&path).as_str(), "group" | "paper");
        assert!(allowed || !named, "{} names a curve library", path.display());
        seen |= named;
    }
    assert!(seen);
}

/// The ledger imports nothing that handles keys of the scheme, plaintext or the pairing.
#[test]
fn the_ledger_is_blind() {
    for (path, text) in sources("src").into_iter().filter(|(path, _)| !is_test(path)) {
        if matches!(module(&path).as_str(), "ledger" | "contract") {
            for forbidden in ["group", "paper", "pre", "envelope"] {
                let used = names_after(&code(&text), "crate::");
                assert!(!used.contains(forbidden), "{} uses {forbidden}", path.display());
            }
        }
    }
}

/// Whether `name` is defined in the text: a type, function, constant, module, variant, field or macro.
fn defines(text: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        let whole = !before.ends_with(word) && !after.starts_with(word);
        let keyword = before.trim_end().rsplit(|c: char| !word(c)).next().unwrap_or_default();
        let declared = ["fn", "struct", "enum", "trait", "const", "type", "mod", "static"].contains(&keyword);
        let line = before.rsplit('\n').next().unwrap_or_default().trim_start();
        let variant = line.is_empty() && after.starts_with([',', ' ', '(', '{', '\n']);
        let field = (line.is_empty() || line == "pub ") && after.starts_with(':');
        let listed =
            before.ends_with(['(', ' ', '{']) && after.starts_with([',', ')', ' ']) && text.contains("macro_rules!");
        whole && (declared || variant || field || listed)
    })
}

/// Every path and every symbol that `paper-notes.md` names in backticks exists.
#[test]
fn the_paper_map_is_true() {
    let notes = fs::read_to_string(root().join("paper-notes.md")).unwrap();
    let all: Vec<_> =
        ["src", "cli/src", "cli/tests", "tests", "benches", "examples"].into_iter().flat_map(sources).collect();
    let in_module = |name: &str| -> String {
        let belongs = |path: &Path| {
            path.components().any(|part| part.as_os_str().to_str().unwrap().trim_end_matches(".rs") == name)
        };
        all.iter().filter(|(path, _)| belongs(path)).map(|(_, text)| text.as_str()).collect()
    };
    let (mut paths, mut symbols) = (0, 0);
    for quoted in notes.split('`').skip(1).step_by(2) {
        let is_path = quoted.contains('/') || [".rs", ".md", ".toml"].iter().any(|end| quoted.ends_with(end));
        let is_symbol = quoted.contains("::") && !quoted.contains(' ');
        if is_path && !quoted.contains(' ') {
            assert!(root().join(quoted).exists(), "paper-notes.md names {quoted}, which does not exist");
            paths += 1;
        } else if is_symbol {
            let parts: Vec<_> = quoted.split("::").collect();
            let text = in_module(parts[0]);
            assert!(!text.is_empty(), "paper-notes.md names {quoted}: no module {}", parts[0]);
            for part in &parts[1..] {
                assert!(defines(&text, part), "paper-notes.md names {quoted}: no {part} in {}", parts[0]);
            }
            symbols += 1;
        }
    }
    assert!(paths > 20 && symbols > 40, "the test no longer sees the map: {paths} paths, {symbols} symbols");
}

/// Every file and every name in the table of the proofs exists. Its rows have the form "`path`: `name`, `name`".
#[test]
fn the_proofs_name_what_exists() {
    let readme = fs::read_to_string(root().join("proofs/README.md")).unwrap();
    let mut names = 0;
    for row in readme.lines().filter(|line| line.starts_with("| ") && line.contains("`: `")) {
        let mut text = String::new();
        for quoted in row.split('`').skip(1).step_by(2) {
            if quoted.contains('/') {
                text = fs::read_to_string(root().join(quoted)).unwrap_or_else(|e| panic!("{quoted}: {e}"));
            } else if !text.is_empty() {
                let word = |c: char| c.is_alphanumeric() || c == '_';
                let found = text.split(|c| !word(c)).any(|found| found == quoted);
                assert!(found, "proofs/README.md names {quoted}, which is not where it says");
                names += 1;
            }
        }
    }
    assert!(names > 100, "the test no longer sees the table: {names} names");
}
