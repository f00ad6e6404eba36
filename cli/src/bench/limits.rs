//! How much of what its vector ports allow the engine `lanes` reaches on this processor.

use super::measure::Case;
use phi_pre::group::phase::{OPERATIONS, Rates};
use serde_json::{Value, json};

/// An operation of the lanes that was measured, for one record.
struct Row<'a> {
    operation: &'a str,
    ifma: f64,
    instructions: f64,
    /// In microseconds.
    limit: f64,
    measured: f64,
}

/// The measured operations whose instructions are known.
fn limits<'a>(cases: &'a [Case<'_>], rates: Rates) -> impl Iterator<Item = Row<'a>> {
    OPERATIONS.iter().filter_map(move |(operation, records, instructions)| {
        let of_lanes = |case: &&Case<'_>| case.operation == *operation && case.engine == "lanes" && case.threads == 1;
        // The largest batch: the inversions are shared by 32 records.
        let case = cases.iter().filter(of_lanes).max_by_key(|case| case.elements)?;
        let records = f64::from(*records);
        Some(Row {
            operation,
            ifma: f64::from(instructions.ifma) / records,
            instructions: f64::from(instructions.total()) / records,
            limit: instructions.limit(rates) / records / 1e3,
            measured: case.median() * 1e6,
        })
    })
}

pub(super) fn print(cases: &[Case<'_>], rates: Rates) {
    let mut limits = limits(cases, rates).peekable();
    if limits.peek().is_none() {
        return;
    }
    say!();
    say!(
        "engine lanes, vector instructions for one record; this processor executes {:.1} IFMA in a nanosecond, or {:.1} with as many additions",
        rates.ifma,
        rates.mixed
    );
    say!("{:<46}   IFMA     all   limit   measured   limit / measured", "");
    for Row { operation, ifma, instructions, limit, measured } in limits {
        let reached = limit / measured;
        say!("  {operation:<44} {ifma:>6.0}  {instructions:>6.0}  {limit:>6.2}   {measured:>8.2}   {reached:>16.2}");
    }
}

pub(super) fn json(cases: &[Case<'_>], rates: Rates) -> Value {
    let limit = |l: Row<'_>| {
        json!({
            "operation": l.operation, "ifma": l.ifma, "instructions": l.instructions,
            "limit_seconds": l.limit * 1e-6, "median_seconds": l.measured * 1e-6,
        })
    };
    json!({
        "ifma_per_nanosecond": rates.ifma, "with_additions_per_nanosecond": rates.mixed,
        "operations": limits(cases, rates).map(limit).collect::<Vec<_>>(),
    })
}
