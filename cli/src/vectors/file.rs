//! A file of vectors. The generator makes it case by case and writes it as JSON; the checker reads it and runs every
//! case.

use super::case::{Fault, Input, Operation, conforms_to_fields, malformed, schema_of_fields};
use phi_pre::hash::sha256;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The version of the vectors. A change of any wire format requires a new version.
pub(super) const VERSION: &str = "1";
const GENERATOR: &str = "phi-pre vectors generate";

/// The prefix of the file's name in the hash that seeds the file's random generator.
const SEED: &[u8] = b"phi-pre/vectors/1/";

/// A file of vectors that is being made.
pub(super) struct File {
    name: &'static str,
    algorithm: &'static str,
    notes: &'static [(&'static str, &'static str)],
    groups: Vec<(&'static Operation, Vec<Value>)>,
    cases: u64,
    /// ChaCha20 under [`seed`].
    pub(super) rng: ChaCha20Rng,
}

/// The seed of a file's random generator: SHA-256("phi-pre/vectors/1/" || name).
fn seed(name: &str) -> [u8; 32] {
    sha256(&[SEED, name.as_bytes()]).0
}

impl File {
    pub(super) fn new(
        name: &'static str,
        algorithm: &'static str,
        notes: &'static [(&'static str, &'static str)],
    ) -> Self {
        let rng = ChaCha20Rng::from_seed(seed(name));
        Self { name, algorithm, notes, groups: Vec::new(), cases: 0, rng }
    }

    /// Begins a group. The following cases are cases of this operation.
    pub(super) fn group(&mut self, operation: &'static Operation) {
        self.groups.push((operation, Vec::new()));
    }

    /// Adds a valid case and returns its output.
    pub(super) fn valid(&mut self, comment: &str, flags: &[&str], input: Value) -> Result<Value, Fault> {
        let output = self.run(&input).map_err(|fault| self.surprise(comment, &fault))?;
        self.push(comment, flags, input, ("output", output.clone()));
        Ok(output)
    }

    /// Adds an invalid case, whose input the library must refuse.
    pub(super) fn invalid(&mut self, comment: &str, flags: &[&str], input: Value) -> Result<(), Fault> {
        match self.run(&input) {
            Err(Fault::Refused(error)) => {
                self.push(comment, flags, input, ("error", Value::String(error)));
                Ok(())
            }
            Ok(_) => Err(self.surprise(comment, &malformed("accepted"))),
            Err(fault) => Err(self.surprise(comment, &fault)),
        }
    }

    fn surprise(&self, comment: &str, fault: &Fault) -> Fault {
        malformed(format_args!("{}: {comment}: {fault}", self.name))
    }

    fn run(&self, input: &Value) -> Result<Value, Fault> {
        let (operation, _) = self.groups.last().ok_or_else(|| malformed("no group"))?;
        perform(operation, input)
    }

    fn push(&mut self, comment: &str, flags: &[&str], input: Value, (name, outcome): (&str, Value)) {
        self.cases += 1;
        let result = if name == "output" { "valid" } else { "invalid" };
        let mut case = Map::new();
        case.insert("tcId".into(), self.cases.into());
        case.insert("comment".into(), comment.into());
        case.insert("flags".into(), flags.into());
        case.insert("input".into(), input);
        case.insert("result".into(), result.into());
        case.insert(name.into(), outcome);
        if let Some((_, cases)) = self.groups.last_mut() {
            cases.push(case.into());
        }
    }

    /// The JSON of the file.
    pub(super) fn text(&self) -> Result<String, Fault> {
        let notes: Map<_, _> =
            self.notes.iter().map(|(flag, meaning)| ((*flag).to_owned(), json!({ "description": meaning }))).collect();
        let groups: Vec<_> =
            self.groups.iter().map(|(operation, cases)| json!({ "type": operation.name, "tests": cases })).collect();
        let file = json!({
            "algorithm": self.algorithm,
            "schema": format!("schemas/{}.schema.json", self.name),
            "version": VERSION,
            "generator": GENERATOR,
            "seed": hex::encode(seed(self.name)),
            "numberOfTests": self.cases,
            "notes": notes,
            "testGroups": groups,
        });
        print(&file)
    }

    /// The JSON schema of the file.
    pub(super) fn schema_text(&self) -> Result<String, Fault> {
        let flags: Vec<_> = self.notes.iter().map(|(flag, _)| *flag).collect();
        let object = |required: &[&str], properties: Value| json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties });
        let operations: BTreeSet<_> = self.groups.iter().map(|(operation, _)| operation.name).collect();
        let group = |name: &str| {
            let (operation, _) = self.groups.iter().find(|(operation, _)| operation.name == name)?;
            let case = |result: &str, outcome: &str, schema: Value| {
                object(
                    &["tcId", "comment", "flags", "input", "result", outcome],
                    json!({
                        "tcId": { "type": "integer", "minimum": 1 },
                        "comment": { "type": "string" },
                        "flags": { "type": "array", "uniqueItems": true, "items": { "enum": flags } },
                        "input": schema_of_fields(operation.input),
                        "result": { "const": result },
                        outcome: schema,
                    }),
                )
            };
            let valid = case("valid", "output", schema_of_fields(operation.output));
            let invalid = case("invalid", "error", json!({ "type": "string" }));
            let tests = json!({ "type": "array", "items": { "oneOf": [valid, invalid] } });
            Some(object(&["type", "tests"], json!({ "type": { "const": name }, "tests": tests })))
        };
        let groups: Vec<_> = operations.into_iter().filter_map(group).collect();
        let note = object(&["description"], json!({ "description": { "type": "string" } }));
        let notes: Map<_, _> = self.notes.iter().map(|(flag, _)| ((*flag).to_owned(), note.clone())).collect();
        let top = ["algorithm", "schema", "version", "generator", "seed", "numberOfTests", "notes", "testGroups"];
        let mut schema = object(
            &top,
            json!({
                "algorithm": { "const": self.algorithm },
                "schema": { "const": format!("schemas/{}.schema.json", self.name) },
                "version": { "const": VERSION },
                "generator": { "const": GENERATOR },
                "seed": { "const": hex::encode(seed(self.name)) },
                "numberOfTests": { "type": "integer", "minimum": 1 },
                "notes": object(&flags, notes.into()),
                "testGroups": { "type": "array", "items": { "oneOf": groups } },
            }),
        );
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
        print(&schema)
    }
}

fn print(value: &Value) -> Result<String, Fault> {
    Ok(serde_json::to_string_pretty(value).map_err(malformed)? + "\n")
}

/// Runs `operation` on `input`. Checks that input and output have exactly the fields of the operation.
fn perform(operation: &Operation, input: &Value) -> Result<Value, Fault> {
    let input = input.as_object().ok_or_else(|| malformed("the input is no object"))?;
    conforms_to_fields(input, operation.input)?;
    let output = (operation.run)(Input(input))?;
    conforms_to_fields(output.as_object().ok_or_else(|| malformed("the output is no object"))?, operation.output)?;
    Ok(output)
}

/// The number of cases of a file that hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Cases with an output.
    pub valid: u64,
    /// Cases with an error.
    pub invalid: u64,
}

/// Checks the text of the file `name` (without extension).
pub(super) fn check(name: &str, text: &str, operations: &[&'static Operation]) -> Result<Counts, Fault> {
    let file: Value = serde_json::from_str(text).map_err(malformed)?;
    let file = object(
        &file,
        &["algorithm", "schema", "version", "generator", "seed", "numberOfTests", "notes", "testGroups"],
    )?;
    let top = Input(file);
    let expected = [
        ("schema", format!("schemas/{name}.schema.json")),
        ("version", VERSION.to_owned()),
        ("generator", GENERATOR.to_owned()),
        ("seed", hex::encode(seed(name))),
    ];
    for (field, value) in expected {
        if top.text(field)? != value {
            return Err(malformed(format_args!("{field} is not {value}")));
        }
    }
    let notes = top.object("notes")?.0;
    let (mut counts, mut flags) = (Counts::default(), BTreeSet::new());
    for group in top.list("testGroups")? {
        let group = Input(object(group, &["type", "tests"])?);
        let name = group.text("type")?;
        let operation = operations.iter().find(|operation| operation.name == name);
        let operation = operation.ok_or_else(|| malformed(format_args!("unknown operation {name}")))?;
        for case in group.list("tests")? {
            let number = counts.valid + counts.invalid + 1;
            let at = |fault| malformed(format_args!("{name}, tcId {number}: {fault}"));
            let valid = check_case(operation, case, number, &mut flags).map_err(at)?;
            counts.valid += u64::from(valid);
            counts.invalid += u64::from(!valid);
        }
    }
    if top.number("numberOfTests")? != counts.valid + counts.invalid {
        return Err(malformed("numberOfTests is another"));
    }
    let declared: BTreeSet<_> = notes.keys().map(String::as_str).collect();
    if declared != flags {
        return Err(malformed(format_args!("flags {flags:?}, notes on {declared:?}")));
    }
    Ok(counts)
}

/// Checks a case. Returns true for a valid case that gives its output, and false for an invalid case that gives its
/// error.
fn check_case<'a>(
    operation: &Operation,
    case: &'a Value,
    number: u64,
    flags: &mut BTreeSet<&'a str>,
) -> Result<bool, Fault> {
    let valid = case.get("result") == Some(&"valid".into());
    let outcome = if valid { "output" } else { "error" };
    let case = Input(object(case, &["tcId", "comment", "flags", "input", "result", outcome])?);
    if case.number("tcId")? != number || case.text("comment")?.is_empty() {
        return Err(malformed("tcId or comment"));
    }
    for flag in case.list("flags")? {
        flags.insert(flag.as_str().ok_or_else(|| malformed("a flag is no text"))?);
    }
    match (case.text("result")?, perform(operation, &Value::Object(case.object("input")?.0.clone()))) {
        ("valid", Ok(output)) if output == Value::Object(case.object("output")?.0.clone()) => Ok(true),
        ("valid", Ok(output)) => Err(malformed(format_args!("the output is {output}"))),
        ("invalid", Err(Fault::Refused(error))) if error == case.text("error")? => Ok(false),
        ("valid" | "invalid", Err(fault)) => Err(fault),
        ("invalid", Ok(_)) => Err(malformed("accepted")),
        (result, _) => Err(malformed(format_args!("unknown result {result}"))),
    }
}

/// Reads `value` as an object and checks that it has exactly these fields.
fn object<'a>(value: &'a Value, fields: &[&str]) -> Result<&'a Map<String, Value>, Fault> {
    let object = value.as_object().ok_or_else(|| malformed("no object"))?;
    match object.keys().find(|name| !fields.contains(&name.as_str())) {
        Some(name) => Err(malformed(format_args!("unknown field {name}"))),
        None => match fields.iter().find(|name| !object.contains_key(**name)) {
            Some(name) => Err(malformed(format_args!("no field {name}"))),
            None => Ok(object),
        },
    }
}
