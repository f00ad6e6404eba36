//! The house holds: modules use only the floors below them, curve libraries are named on one floor, and the paper map
//! names nothing that does not exist.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up; a module may use those of lower floors, and its neighbours on the ground.
const FLOORS: [&[&str]; 14] = [
    &["error", "secret", "hash", "wire", "folder", "parallel", "time"],
    &["paper"],
    &["group"],
    &["pre"],
    &["identifier"],
    &["integrity"],
    &["envelope"],
    &["identity"],
    &["ledger"],
    &["contract"],
    &["flow"],
    &["vectors"],
    &["cli"],
    &["lib", "main"],
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Rust files below a folder, with their text.
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
    found
}

/// The top-level module of a file of src.
fn module(path: &Path) -> String {
    let first = path.components().nth(1).unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

fn floor(module: &str) -> usize {
    FLOORS.iter().position(|floor| floor.contains(&module)).unwrap_or_else(|| panic!("{module} stands on no floor"))
}

/// The code without comments and without what only tests see.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

fn is_test(path: &Path) -> bool {
    matches!(path.file_stem().and_then(|stem| stem.to_str()), Some("tests" | "fixture"))
        || path.components().any(|part| part.as_os_str() == "tests")
}

/// Names that follow `prefix` in the code: `crate::a`, and each of `crate::{a, b}`.
fn used(code: &str, prefix: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        let rest = &code[at + prefix.len()..];
        let names = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap(),
            None => rest,
        };
        for name in names.split(',') {
            let name: String = name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            found.insert(name);
            if !rest.starts_with('{') {
                break;
            }
        }
    }
    found
}

#[test]
fn modules_use_lower_floors_only() {
    let mut arrows = 0;
    for (path, text) in sources("src").into_iter().filter(|(path, _)| !is_test(path)) {
        let own = module(&path);
        for other in used(&code(&text), "crate::").into_iter().filter(|other| *other != own) {
            let (from, to) = (floor(&own), floor(&other));
            assert!(to < from || (to == from && from == 0), "{}: {own} uses {other}", path.display());
            arrows += 1;
        }
    }
    assert!(arrows > 50, "the test no longer sees the arrows: {arrows}");
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

/// The ledger knows no keys, no plaintext, no pairing.
#[test]
fn the_ledger_is_blind() {
    for (path, text) in sources("src").into_iter().filter(|(path, _)| !is_test(path)) {
        if matches!(module(&path).as_str(), "ledger" | "contract") {
            for forbidden in ["group", "paper", "pre", "envelope"] {
                let used = used(&code(&text), "crate::");
                assert!(!used.contains(forbidden), "{} uses {forbidden}", path.display());
            }
        }
    }
}

#[test]
fn files_are_one_room_each() {
    for folder in ["src", "tests", "benches", "examples"] {
        for (path, text) in sources(folder) {
            let limit = if is_test(&path) || folder == "tests" { 700 } else { 400 };
            assert!(text.lines().count() <= limit, "{}: {} lines", path.display(), text.lines().count());
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

/// Every path and every symbol in backticks that `paper-notes.md` names exists.
#[test]
fn the_paper_map_is_true() {
    let notes = fs::read_to_string(root().join("paper-notes.md")).unwrap();
    let all: Vec<_> = ["src", "tests", "benches", "examples"].into_iter().flat_map(sources).collect();
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

/// Every file and name of the proofs' table exists: rows of "`path`: `name`, `name`".
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
