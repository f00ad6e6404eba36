//! Which file names something of which other file, read from the `use` lines and the paths in the code.
//!
//! A name that a module re-exports (`pub use child::Name`) is an arrow to the file that defines the name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The file `from` uses `name`, which the file `to` defines.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone)]
pub(crate) struct Arrow {
    pub(crate) from: PathBuf,
    pub(crate) to: PathBuf,
    pub(crate) name: String,
}

/// The code without comments and without test code.
pub(crate) fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines: Vec<_> = text.lines().map(|line| line.split("//").next().unwrap()).collect();
    // Skips an item after `#[cfg(test)]`: one line, or one block that is not indented.
    let (mut kept, mut skipping, mut block) = (Vec::new(), false, false);
    for line in lines {
        let indented = line.starts_with(' ');
        match line.trim() {
            "#[cfg(test)]" if !indented => skipping = true,
            _ if skipping => {
                block |= line.ends_with('{');
                skipping = !(line.ends_with(';') && !block || line == "}");
                block &= skipping;
            }
            _ => kept.push(line),
        }
    }
    kept.join("\n")
}

pub(crate) fn is_test(path: &Path) -> bool {
    matches!(path.file_stem().and_then(|stem| stem.to_str()), Some("tests" | "fixture"))
        || path.components().any(|part| part.as_os_str() == "tests")
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The names after `prefix` in the code: `a` in `crate::a`, and `a` and `b` in `crate::{a, b}`.
pub(crate) fn names_after(code: &str, prefix: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        if !code[..at].ends_with(is_word) {
            for path in expand(&code[at + prefix.len()..]) {
                found.extend(path.into_iter().next());
            }
        }
    }
    found
}

/// The paths at the beginning of `text`: `a::b`, or all paths of `a::{b, c::d}`.
fn expand(text: &str) -> Vec<Vec<String>> {
    let text = text.trim_start();
    if let Some(list) = text.strip_prefix('{') {
        let (mut paths, mut depth, mut start) = (Vec::new(), 0, 0);
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    if !list[start..at].trim().is_empty() {
                        paths.extend(expand(&list[start..at]));
                    }
                    start = at + 1;
                    if c == '}' {
                        return paths;
                    }
                }
                _ => {}
            }
        }
        return paths;
    }
    let name: String = text.chars().take_while(|c| is_word(*c) || *c == '*').collect();
    if name.is_empty() {
        return Vec::new();
    }
    let rest = &text[name.len()..];
    match rest.strip_prefix("::") {
        Some(rest) if rest.starts_with(|c: char| is_word(c) || c == '{' || c == '*') => {
            let mut paths = expand(rest);
            for path in &mut paths {
                path.insert(0, name.clone());
            }
            paths
        }
        _ => vec![vec![name]],
    }
}

/// A file of a crate.
struct File {
    path: PathBuf,
    module: Vec<String>,
    code: String,
    /// The re-exports of the module: each name with its path.
    reexports: BTreeMap<String, Vec<String>>,
}

struct Crate(BTreeMap<Vec<String>, File>);

impl Crate {
    fn new(folder: &str, sources: &[(PathBuf, String)]) -> Self {
        let mut files = BTreeMap::new();
        for (path, text) in sources.iter().filter(|(path, _)| !is_test(path) && !path.ends_with("main.rs")) {
            let below = path.strip_prefix(folder).unwrap().with_extension("");
            let mut module: Vec<_> = below.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
            if module.last().is_some_and(|last| last == "mod" || last == "lib") {
                module.pop();
            }
            let code = code(text);
            let mut reexports = BTreeMap::new();
            for (at, _) in code.match_indices("use ") {
                let before = code[..at].rsplit('\n').next().unwrap().trim();
                if before.starts_with("pub") {
                    for path in expand(&code[at + 4..]) {
                        reexports.insert(path.last().unwrap().clone(), path);
                    }
                }
            }
            files.insert(module.clone(), File { path: path.clone(), module, code, reexports });
        }
        Self(files)
    }

    /// The path from the root of the crate, or none if the path leaves the crate.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Vec<String>> {
        let mut at = module.to_vec();
        let mut rest = path;
        match rest.first()?.as_str() {
            "crate" => at.clear(),
            "self" => {}
            "super" => {
                while rest.first().is_some_and(|name| name == "super") {
                    at.pop()?;
                    rest = &rest[1..];
                }
                return Some([at, rest.to_vec()].concat());
            }
            child => {
                let below = [at.clone(), vec![child.to_owned()]].concat();
                return self.0.contains_key(&below).then(|| [at, rest.to_vec()].concat());
            }
        }
        rest = &rest[1..];
        Some([at, rest.to_vec()].concat())
    }

    /// The file that defines the item at an absolute path.
    fn owner(&self, path: &[String], depth: usize) -> Option<&File> {
        let known = (0..=path.len()).rev().find(|n| self.0.contains_key(&path[..*n]))?;
        let file = &self.0[&path[..known]];
        let Some(name) = path.get(known) else { return Some(file) };
        match file.reexports.get(name) {
            Some(behind) if depth < 8 => {
                let behind = self.absolute(&file.module, behind)?;
                self.owner(&behind, depth + 1)
            }
            _ => Some(file),
        }
    }

    /// All paths in the file that may be paths in the crate.
    fn paths(&self, file: &File) -> Vec<Vec<String>> {
        let mut starts: Vec<String> = ["crate", "super", "self"].map(str::to_owned).into();
        let children = self.0.keys().filter(|m| m.len() == file.module.len() + 1 && m.starts_with(&file.module));
        starts.extend(children.map(|module| module.last().unwrap().clone()));
        let mut paths = Vec::new();
        for start in starts {
            for (at, _) in file.code.match_indices(&format!("{start}::")) {
                let before = &file.code[..at];
                if !before.ends_with(is_word) && !before.ends_with("::") && !before.ends_with("pub(in ") {
                    paths.extend(expand(&file.code[at..]));
                }
            }
        }
        paths
    }
}

/// All arrows between the files of a crate.
pub(crate) fn arrows(folder: &str, sources: &[(PathBuf, String)]) -> BTreeSet<Arrow> {
    let of = Crate::new(folder, sources);
    let mut found = BTreeSet::new();
    for file in of.0.values() {
        for path in of.paths(file) {
            let owner =
                of.absolute(&file.module, &path).and_then(|path| of.owner(&path, 0).map(|owner| owner.path.clone()));
            if let Some(to) = owner.filter(|to| *to != file.path) {
                found.insert(Arrow { from: file.path.clone(), to, name: path.join("::") });
            }
        }
    }
    found
}

/// The arrows of a circle, one line each, if there is a circle.
pub(crate) fn circle(arrows: &BTreeSet<Arrow>) -> Option<String> {
    let mut open: BTreeSet<&Path> = arrows.iter().map(|arrow| arrow.from.as_path()).collect();
    // A file without an arrow to an open file is in no circle.
    loop {
        let closed: Vec<_> = open
            .iter()
            .filter(|from| !arrows.iter().any(|arrow| arrow.from == **from && open.contains(arrow.to.as_path())))
            .copied()
            .collect();
        if closed.is_empty() {
            break;
        }
        open.retain(|path| !closed.contains(path));
    }
    let mut at = *open.first()?;
    let mut seen = vec![at];
    loop {
        let next = arrows.iter().find(|arrow| arrow.from == at && open.contains(arrow.to.as_path())).unwrap();
        at = &next.to;
        if let Some(begin) = seen.iter().position(|path| *path == at) {
            seen.drain(..begin);
            break;
        }
        seen.push(at);
    }
    let line = |arrow: &Arrow| format!("{} -> {}: {}", arrow.from.display(), arrow.to.display(), arrow.name);
    let inside = |arrow: &&Arrow| seen.contains(&arrow.from.as_path()) && seen.contains(&arrow.to.as_path());
    Some(arrows.iter().filter(inside).map(line).collect::<Vec<_>>().join("\n"))
}

#[test]
fn a_circle_is_seen() {
    let files = |texts: &[(&str, &str)]| -> Vec<(PathBuf, String)> {
        texts.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect()
    };
    let circle_of = |texts: &[(&str, &str)]| circle(&arrows("src", &files(texts)));
    let root = ("src/lib.rs", "mod a;\nmod b;\npub use a::A;\n");
    let a = ("src/a.rs", "use crate::b::B;\npub struct A(B);\n");
    assert_eq!(circle_of(&[root, a, ("src/b.rs", "pub struct B;\n")]), None);
    // By name, through a re-export, in a path within the code, in a list, and from a folder to its parent.
    for b in ["use crate::a::A;", "use crate::A;", "fn f() { crate::a::f() }", "use super::{x::Y, a::{A, C}};"] {
        let seen = circle_of(&[root, a, ("src/b.rs", b)]).unwrap();
        assert!(seen.contains("src/a.rs -> src/b.rs") && seen.contains("src/b.rs -> src/a.rs"), "{b}: {seen}");
    }
    let parent = ("src/c/mod.rs", "mod d;\npub struct C;\nfn f() { d::g() }\n");
    let child = ("src/c/d.rs", "use super::C;\n");
    assert!(circle_of(&[parent, child]).is_some());
    assert_eq!(circle_of(&[parent, ("src/c/d.rs", "#[cfg(test)]\nmod tests {\n    use super::C;\n}\n")]), None);
    assert_eq!(circle_of(&[("src/c/mod.rs", "mod d;\npub use d::D;\n"), ("src/c/d.rs", "pub struct D;\n")]), None);
}
