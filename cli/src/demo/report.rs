//! The steps and checks of the demo, printed and kept as JSON.

use crate::output::{Failure, escaped_json, named, warn_unsynced};
use crate::page;
use phi_pre::contract::Receipt;
use serde_json::{Map, Value, json};
use std::path::Path;
use std::time::Instant;

/// The number of records whose steps are printed. Every further record is printed as one line.
const IN_FULL: usize = 3;

/// Prints the steps as they happen and keeps them for the transcript.
pub(super) struct Report {
    steps: Vec<Value>,
    checks: Vec<Value>,
    figure: String,
    record: Option<String>,
    number: usize,
    last: Instant,
}

impl Default for Report {
    fn default() -> Self {
        let (steps, checks) = (Vec::new(), Vec::new());
        Self { steps, checks, figure: String::new(), record: None, number: 0, last: Instant::now() }
    }
}

impl Report {
    /// Begins a new record.
    pub(super) fn record(&mut self, number: usize, of: usize, name: &Path, bytes: u64) {
        self.number = number;
        self.record = Some(name.display().to_string());
        self.last = Instant::now();
        if number < IN_FULL {
            say!();
            say!("Record {} of {of}: {}, {bytes} bytes", number + 1, name.display());
        } else {
            if number == IN_FULL {
                say!();
                say!("The other records take the same steps.");
            }
            say!("  {:>6} of {of}   {:>10} bytes   {}", number + 1, bytes, name.display());
        }
    }

    /// Whether the record is the first.
    pub(super) const fn is_first(&self) -> bool {
        self.number == 0
    }

    /// Begins a new figure.
    pub(super) fn figure(&mut self, figure: &str, title: &str) {
        figure.clone_into(&mut self.figure);
        if self.number < IN_FULL {
            say!();
            say!("{figure}   {title}");
        }
    }

    /// Reports a step, with the time since the last step.
    pub(super) fn step<const N: usize>(&mut self, arrow: &str, what: &str, fields: [(&str, String); N]) {
        let time = self.last.elapsed();
        if self.number < IN_FULL {
            let millis = time.as_secs_f64() * 1000.0;
            say!("  {arrow:<26} {what:<82} {millis:>7.1} ms");
        }
        let mut entry = Map::new();
        entry.insert("figure".into(), json!(self.figure));
        entry.insert("record".into(), json!(self.record));
        entry.insert("arrow".into(), json!(arrow));
        entry.insert("what".into(), json!(what));
        entry.extend(fields.into_iter().map(|(name, value)| (name.to_owned(), json!(value))));
        entry.insert("seconds".into(), json!(time.as_secs_f64()));
        self.steps.push(entry.into());
        self.last = Instant::now();
    }

    /// Reports a transaction that was committed.
    pub(super) fn committed(&mut self, arrow: &str, transaction: &str, receipt: &Receipt) {
        let Receipt { txid, block, .. } = receipt;
        let what = format!("{transaction} {}, block {block}", short(txid));
        let fields = [("txid", txid.to_string()), ("block", block.to_string())];
        self.step(arrow, &what, fields);
    }

    /// Reports a text of several lines.
    pub(super) fn text(&mut self, title: &str, text: &str) {
        say!("  {title}");
        text.lines().for_each(|line| say!("    {line}"));
        self.steps.push(json!({ "figure": title, "record": self.record, "text": text }));
    }

    /// Reports a check and returns its result.
    pub(super) fn check(&mut self, holds: bool, what: &str) -> bool {
        say!("  {:<7} {what}", if holds { "ok" } else { "FAILED" });
        self.checks.push(json!({ "holds": holds, "check": what }));
        holds
    }

    /// Writes the transcript. It holds the names of the records, none of their content, and no key.
    pub(super) fn write(&self, path: &Path) -> Result<(), Failure> {
        let transcript = json!({ "steps": self.steps, "checks": self.checks });
        let transcript = escaped_json(&serde_json::to_string_pretty(&transcript)?) + "\n";
        write(path, &transcript)
    }

    /// Writes the transcript as a page.
    pub(super) fn write_page(&self, path: &Path) -> Result<(), Failure> {
        write(path, &page::report(&drawn(&self.steps, &self.checks)))
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let write = |file: &mut std::fs::File| std::io::Write::write_all(file, text.as_bytes());
    let created = phi_pre::envelope::create_file(path, write).map_err(|e: std::io::Error| named(path, &e))?;
    warn_unsynced(path, created.unsynced.as_ref());
    Ok(())
}

/// The transcript as the report's script draws it: the steps by record, the blocks, the checks.
fn drawn(steps: &[Value], checks: &[Value]) -> Value {
    let mut groups: Vec<(String, Vec<Value>)> = Vec::new();
    let mut blocks: Vec<Value> = Vec::new();
    for step in steps {
        let text = |field: &str| step[field].as_str().unwrap_or_default();
        let title = if text("figure") == "Consents" {
            "Consents that are withdrawn or end"
        } else {
            step["record"].as_str().unwrap_or("Registration")
        };
        if groups.last().is_none_or(|(last, _)| last != title) {
            groups.push((title.to_owned(), Vec::new()));
        }
        let (from, to) = ends(text("arrow"));
        let hidden = ["figure", "record", "arrow", "what", "seconds", "txid", "block", "text"];
        let fields = step.as_object().into_iter().flatten().filter(|(name, _)| !hidden.contains(&name.as_str()));
        let mut values: Vec<_> = fields.map(|(name, value)| json!([name, value])).collect();
        if let Some(text) = step["text"].as_str() {
            values.push(json!(["form", text]));
        }
        let mut entry = json!({
            "from": from, "to": to, "values": values,
            "label": if text("arrow").is_empty() { "ledger" } else { text("arrow") },
            "what": step["what"].as_str().unwrap_or(text("figure")),
            "figure": text("figure").strip_prefix("Figure "),
        });
        if let Some(seconds) = step["seconds"].as_f64() {
            entry["milliseconds"] = json!(seconds * 1000.0);
        }
        if let (Some(txid), Some(block)) = (step["txid"].as_str(), step["block"].as_str()) {
            // The demo goes on only after a valid transaction.
            let kind = text("what").split([' ', ',']).next();
            entry["transaction"] = json!({ "txid": txid, "block": block, "code": 0 });
            let transaction = json!({ "txid": txid, "type": kind, "code": 0, "meaning": "0 VALID" });
            blocks.push(json!({ "number": block, "transactions": [transaction] }));
        }
        if let Some((_, steps)) = groups.last_mut() {
            steps.push(entry);
        }
    }
    let checks: Vec<_> =
        checks.iter().map(|check| json!({ "what": check["check"], "holds": check["holds"] })).collect();
    let groups: Vec<_> = groups.into_iter().map(|(title, steps)| json!({ "title": title, "steps": steps })).collect();
    let now = humantime::format_rfc3339_seconds(std::time::SystemTime::now());
    let engine = phi_pre::group::Engaged::current().engine();
    json!({
        "title": "phi-pre demo: Figures 2 to 5 on real files",
        "about": format!("phi-pre {}, engine {engine}, {now}. The report has no content of a record, and no key.", env!("CARGO_PKG_VERSION")),
        "groups": groups, "blocks": blocks, "checks": checks,
    })
}

/// The lanes between which an arrow runs.
fn ends(arrow: &str) -> (&'static str, &'static str) {
    let lane = |name: &str| match name.trim() {
        "user" => "patient",
        "hospital A" | "EMR system" => "hospital-a",
        "hospital B" => "hospital-b",
        "hospital C" => "", // has no lane
        name if name.starts_with("cloud") => "cloud",
        _ => "ledger",
    };
    let (from, to) = arrow.split_once(" -> ").or_else(|| arrow.split_once(" <-> ")).unwrap_or((arrow, arrow));
    (lane(from), lane(to))
}

/// The first 12 characters of a value, followed by dots.
pub(super) fn short(value: &impl std::fmt::Display) -> String {
    let text = value.to_string();
    format!("{}...", text.get(..12).unwrap_or(&text))
}
