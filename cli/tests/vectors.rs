//! Tests of the committed vectors: they hold, they equal the generator's output, and no digit can be altered unnoticed.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use phi_pre_cli::vectors::{self, VectorError, check_text};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors")
}

/// Every JSON file of the folder is checked, so a new file needs no entry here.
#[test]
fn all_files_hold() {
    let mut names = Vec::new();
    let sum = vectors::check(&folder(), |name, _| names.push(name.to_owned())).unwrap();
    assert_eq!(names.len(), fs::read_dir(folder().join("schemas")).unwrap().count());
    assert!(sum.valid >= 200 && sum.invalid >= 150, "{sum:?}");
}

/// All files that fail are reported, not only the first, and so are missing files.
#[test]
fn all_files_that_do_not_hold_are_named() {
    let copy = tempfile::tempdir().unwrap();
    fs::create_dir(copy.path().join("schemas")).unwrap();
    for name in ["keys", "groups", "pairing"] {
        for name in [format!("{name}.json"), format!("schemas/{name}.schema.json")] {
            fs::copy(folder().join(&name), copy.path().join(&name)).unwrap();
        }
    }
    let failed = || {
        let mut failed = Vec::new();
        let result = vectors::check(copy.path(), |name, result| {
            if let Err(failure) = result {
                failed.push((name.to_owned(), failure.to_string()));
            }
        });
        (failed, result)
    };
    assert!(failed().0.is_empty());
    fs::write(copy.path().join("groups.json"), "{}").unwrap();
    fs::remove_file(copy.path().join("keys.json")).unwrap();
    let (names, result) = failed();
    assert!(matches!(result, Err(VectorError::Failed { failed: 2, of: 3 })), "{result:?}");
    assert_eq!(names[0].0, "groups.json");
    assert_eq!(names[1].1, "keys.json: missing, although its schema is there");
}

/// A change of a wire format changes these files, and this test fails.
#[test]
fn the_files_are_what_the_generator_makes() {
    vectors::compare(&folder()).unwrap();
}

fn files() -> Vec<(String, Value)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            files.push((name, serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap()));
        }
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files
}

/// The file with no other case than this.
fn alone(file: &Value, group: usize, case: usize) -> Value {
    let mut only = file.clone();
    let group = &file["testGroups"][group];
    let mut case = group["tests"][case].clone();
    case["tcId"] = 1.into();
    let flags: Vec<_> = case["flags"].as_array().unwrap().iter().map(|flag| flag.as_str().unwrap()).collect();
    only["notes"].as_object_mut().unwrap().retain(|flag, _| flags.contains(&flag.as_str()));
    only["numberOfTests"] = 1.into();
    only["testGroups"] = json!([{ "type": group["type"], "tests": [case] }]);
    only
}

/// Collects the JSON pointers of all hexadecimal strings below `value`.
fn digits(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(text)
            if !text.is_empty() && text.len() % 2 == 0 && text.bytes().all(|b| b.is_ascii_hexdigit()) =>
        {
            found.push(at.to_owned());
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(i, item)| digits(item, &format!("{at}/{i}"), found)),
        Value::Object(fields) => fields.iter().for_each(|(name, item)| digits(item, &format!("{at}/{name}"), found)),
        _ => {}
    }
}

/// Alters one digit 20 times in each file. `vectors/mutate.py` does this with both checkers.
#[test]
fn no_digit_of_a_valid_case_can_be_altered() {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let mut below = |n: usize| usize::try_from(rng.next_u64() % n as u64).unwrap();
    let mut altered = 0;
    for (name, file) in files() {
        let cases: Vec<_> = (0..file["testGroups"].as_array().unwrap().len())
            .flat_map(|g| (0..file["testGroups"][g]["tests"].as_array().unwrap().len()).map(move |c| (g, c)))
            .filter(|(g, c)| file["testGroups"][g]["tests"][c]["result"] == "valid")
            .filter(|(g, c)| file["testGroups"][g]["tests"][c]["comment"] != "65536000 bytes")
            .collect();
        for _ in 0..20 {
            let (group, case) = cases[below(cases.len())];
            let mut only = alone(&file, group, case);
            check_text(&name, &only.to_string()).unwrap();
            let mut pointers = Vec::new();
            for part in ["input", "output"] {
                let at = format!("/testGroups/0/tests/0/{part}");
                digits(only.pointer(&at).unwrap(), &at, &mut pointers);
            }
            if pointers.is_empty() {
                continue;
            }
            let pointer = &pointers[below(pointers.len())];
            let value = only.pointer_mut(pointer).unwrap();
            let mut text = value.as_str().unwrap().to_owned();
            let at = below(text.len());
            let digit = u32::from_str_radix(&text[at..=at], 16).unwrap();
            let other = char::from_digit(digit ^ (1 + u32::try_from(below(15)).unwrap()), 16).unwrap();
            text.replace_range(at..=at, &other.to_string());
            *value = text.into();
            assert!(check_text(&name, &only.to_string()).is_err(), "{name}: {pointer} digit {at}");
            altered += 1;
        }
    }
    assert!(altered >= 200, "{altered}");
}

#[test]
fn unknown_fields_flags_and_operations_are_refused() {
    let (name, file) = files().into_iter().find(|(name, _)| name == "keys.json").unwrap();
    let only = alone(&file, 0, 0);
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut altered = only.clone();
        change(&mut altered);
        match check_text(&name, &altered.to_string()) {
            Err(VectorError::Mismatch { reason, .. }) => reason,
            other => panic!("{other:?}"),
        }
    };
    assert!(refused(&|file| file["more"] = 1.into()).contains("unknown field more"));
    assert!(refused(&|file| file["testGroups"][0]["more"] = 1.into()).contains("unknown field more"));
    assert!(refused(&|file| file["testGroups"][0]["tests"][0]["more"] = 1.into()).contains("unknown field more"));
    assert!(
        refused(&|file| file["testGroups"][0]["tests"][0]["input"]["more"] = 1.into()).contains("unknown field more")
    );
    assert!(refused(&|file| file["testGroups"][0]["tests"][0]["output"]["more"] = 1.into()).contains("the output is"));
    assert!(refused(&|file| file["testGroups"][0]["tests"][0]["flags"] = json!(["Other"])).contains("Other"));
    assert!(refused(&|file| file["notes"]["Other"] = json!({})).contains("Other"));
    assert!(refused(&|file| file["testGroups"][0]["type"] = "other".into()).contains("unknown operation other"));
    assert!(refused(&|file| file["testGroups"][0]["tests"][0]["result"] = "acceptable".into()).contains("field"));
    assert!(refused(&|file| file["numberOfTests"] = 2.into()).contains("numberOfTests"));
    assert!(refused(&|file| file["testGroups"][0]["tests"][0]["tcId"] = 2.into()).contains("tcId"));
    assert!(refused(&|file| file["seed"] = "00".into()).contains("seed"));
    assert!(refused(&|file| file["version"] = "2".into()).contains("version"));
}
