//! The order of the measurement, the printed table, and the files with figures.

use super::cases::{BATCH, FILE, REENCRYPT, World};
use super::measure::Case;
use super::{limits, machine, plot, schemes};
use crate::output::{Failure, named, new_file, progress, warn_unsynced};
use crate::page;
use phi_pre::envelope::create_public_file;
use phi_pre::group::{Engaged, Engine, phase};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The optional output files of a measurement.
#[derive(clap::Args)]
pub(crate) struct Files {
    /// Writes the machine, the build and every figure as JSON. benches/README.md describes the fields.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Writes one row for each sample.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Plots one question in each file: NAME-batch.svg (throughput by batch size), NAME-threads.svg (by threads), NAME-phases.svg
    /// (time by phase); with --schemes, NAME-schemes.svg.
    #[arg(long, value_name = "NAME")]
    plot: Option<PathBuf>,
    /// Writes the figures and the machine as a page, one HTML file.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Measures only the operations whose names contain this text.
    #[arg(long, value_name = "TEXT", conflicts_with = "schemes")]
    only: Option<String>,
}

/// The ends of the names of the plots.
const PLOTS: [&str; 3] = ["batch", "threads", "phases"];

/// The path of one plot.
fn plot_path(name: &Path, end: &str) -> PathBuf {
    let mut path = name.as_os_str().to_owned();
    path.push(format!("-{end}.svg"));
    path.into()
}

pub(crate) fn run(files: &Files, rounds: u16, of_schemes: bool) -> Result<(), Failure> {
    // A path that cannot be written is an error before the measurement, which takes minutes.
    let new = [&files.json, &files.csv, &files.report].map(|path| path.as_deref().map(new_file).transpose());
    let [json, csv, report] = new;
    let (json, csv, report) = (json?, csv?, report?);
    let ends: &[&str] = if of_schemes { &["schemes"] } else { &PLOTS };
    let plots = files.plot.iter().flat_map(|name| ends.iter().map(|end| new_file(&plot_path(name, end))));
    let plots = plots.collect::<Result<Vec<_>, _>>()?;
    let paths: Vec<_> = [&json, &csv, &report].into_iter().flatten().chain(&plots).collect();
    if (1..paths.len()).any(|i| paths[..i].contains(&paths[i])) {
        return Err("--json, --csv, --report and --plot need a file each".into());
    }

    let chosen = Engaged::current();
    let engines: Vec<_> = Engine::available().collect();
    let world = (!of_schemes).then(World::new);
    let cores = std::thread::available_parallelism()?.get();
    let machine = machine::describe(cores);

    say!("{}, {cores} cores; engines: {}", machine::processor(), names(&engines));
    say!("one thread unless said otherwise; medians of {rounds} rounds, all cases in turn in each round");
    let wanted = |case: &Case<'_>| files.only.as_ref().is_none_or(|only| case.operation.contains(only.as_str()));
    let mut alone = world.as_ref().map_or_else(|| schemes::cases(&engines), |world| world.cases(&engines));
    alone.retain(wanted);
    let mut groups = vec![(pool(1)?, alone)];
    for threads in doublings(cores) {
        let mut cases =
            world.as_ref().map_or_else(Vec::new, |world| world.cases_by_threads(&engines, threads, threads == cores));
        cases.retain(wanted);
        groups.push((pool(threads)?, cases));
    }
    let pools = [pool(1)?, pool(cores)?];
    let mut sealed: Vec<Case<'_>> = world.as_ref().map_or_else(Vec::new, |world| world.files(cores));
    sealed.retain(wanted);
    if groups.iter().all(|(_, cases)| cases.is_empty()) && sealed.is_empty() {
        return Err("--only: no operation has this text in its name".into());
    }
    let bar = progress(Some(u64::from(rounds) + 1), "{wide_bar} {pos}/{len} rounds, {eta} left");
    for round in 0..=rounds {
        for (pool, cases) in &mut groups {
            pool.install(|| {
                for case in cases.iter_mut() {
                    if round == 0 { case.calibrate() } else { case.sample() }
                }
            });
        }
        // One call seals a gigabyte, so at most five samples are taken.
        if round < rounds.min(5) {
            for (pool, case) in pools.iter().zip(&mut sealed) {
                pool.install(|| case.sample());
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    chosen.install();

    let cases: Vec<_> = groups.into_iter().flat_map(|(_, cases)| cases).chain(sealed).collect();
    let figures: Vec<_> = cases.iter().map(Case::json).collect();
    let foot = plot::foot(&machine);
    let mut file = json!({ "machine": machine, "figures": figures });
    let drawn = if of_schemes {
        schemes::print_sizes();
        print(&cases, &schemes::reference(), "the re-encryption of Bong-Jang");
        file["sizes"] = schemes::sizes();
        plot::of_schemes(&cases, &foot, &schemes::plotted())?
    } else {
        print(&cases, REENCRYPT, "re-encryption with precomputed line coefficients of k_re");
        if let Some(rates) = phase::rates() {
            limits::print(&cases, rates);
            file["lanes"] = limits::json(&cases, rates);
        }
        plot::of_engines(&cases, &foot)?
    };
    let figures = serde_json::to_string_pretty(&file)? + "\n";
    let rows: String = cases.iter().map(Case::csv).collect();
    let rows = format!("operation,engine,batch,threads,sample,seconds_per_element\n{rows}");
    let page = page::report(&transcript(&cases, &foot));
    let texts =
        [(json, figures), (csv, rows), (report, page)].into_iter().filter_map(|(path, text)| Some((path?, text)));
    // The plots are in the order of their paths.
    let plots = plots.into_iter().zip(drawn).map(|(path, (_, text))| (path, text));
    let written: Vec<_> = texts.chain(plots).map(|(path, text)| finish(&path, &text)).collect();
    written.into_iter().collect() // the first error, after all were tried
}

/// The figures as the report's script draws them: the medians of each operation.
fn transcript(cases: &[Case<'_>], foot: &str) -> Value {
    let mut groups: Vec<(&str, Vec<Value>)> = Vec::new();
    for case in cases {
        if groups.last().is_none_or(|(last, _)| *last != case.operation) {
            groups.push((&case.operation, Vec::new()));
        }
        let threads = if case.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", case.threads) };
        let (name, value) = if case.elements == FILE {
            (format!("{}, {threads}", case.engine), 1e-9 / case.median())
        } else {
            (format!("{}, batch of {}, {threads}", case.engine, case.elements), case.median() * 1e6)
        };
        let note = if case.is_noisy() { "noisy" } else { "" };
        if let Some((_, rows)) = groups.last_mut() {
            rows.push(json!([name, value, note]));
        }
    }
    let unit = |title: &str| {
        let file = cases.iter().any(|case| case.operation == title && case.elements == FILE);
        if file { "GB/s" } else { "microseconds for each" }
    };
    let groups: Vec<_> =
        groups.into_iter().map(|(title, rows)| json!({ "title": title, "unit": unit(title), "rows": rows })).collect();
    json!({ "title": "phi-pre bench", "about": foot, "figures": groups })
}

/// 1, 2, 4, ... and the number of cores.
fn doublings(cores: usize) -> impl Iterator<Item = usize> {
    core::iter::successors(Some(1), |n| Some(n * 2)).take_while(move |n| *n < cores).chain([cores])
}

fn finish(path: &Path, text: &str) -> Result<(), Failure> {
    let written = create_public_file(path, |file| file.write_all(text.as_bytes()));
    let written = written.map_err(|e: std::io::Error| named(path, &e))?;
    warn_unsynced(path, written.unsynced.as_ref());
    Ok(())
}

fn names(engines: &[Engaged]) -> String {
    engines.iter().map(|engine| engine.engine().name()).collect::<Vec<_>>().join(", ")
}

/// A pool of threads. A single thread is pinned to one core.
fn pool(threads: usize) -> Result<rayon::ThreadPool, Failure> {
    let pin = move |_| {
        if let (1, Some(core)) = (threads, core_affinity::get_core_ids().and_then(|cores| cores.last().copied())) {
            core_affinity::set_for_current(core);
        }
    };
    Ok(rayon::ThreadPoolBuilder::new().num_threads(threads).start_handler(pin).build()?)
}

/// `reference` is the operation of footnote [1], and `words` describes it.
fn print(cases: &[Case<'_>], reference: &str, words: &str) {
    let by_blst = |case: &Case<'_>| {
        let same = |other: &&Case<'_>| {
            other.engine == "blst"
                && (&other.operation, other.elements, other.threads) == (&case.operation, case.elements, case.threads)
        };
        cases.iter().find(same).map(Case::median)
    };
    let prepared = cases.iter().find(|c| c.operation == reference && c.engine == "blst" && c.elements == BATCH);
    let mut operation = "";
    for case in cases {
        if case.operation != operation {
            operation = &case.operation;
            say!();
            say!("{operation:<46} batch  threads   microseconds   (p10 - p90)     ratio to blst   ratio to [1]");
        }
        let (low, high) = case.spread();
        let ratio = |to: Option<f64>| to.map_or("      -".into(), |to| format!("{:>7.3}", case.median() / to));
        let noisy = if case.is_noisy() { "   noisy" } else { "" };
        if case.elements == FILE {
            let row = format!("{}, {} thread{}", case.engine, case.threads, if case.threads == 1 { "" } else { "s" });
            say!("  {row:<46} {:>12.2} GB/s{noisy}", 1e-9 / case.median());
            continue;
        }
        say!(
            "  {:<44} {:>5} {:>8} {:>14.2}   ({:.2} - {:.2})   {}   {}{noisy}",
            case.engine,
            case.elements,
            case.threads,
            case.median() * 1e6,
            low * 1e6,
            high * 1e6,
            ratio(by_blst(case)),
            ratio(prepared.map(Case::median)),
        );
    }
    say!();
    say!("Microseconds and ratios are for one record. A ratio below 1 is faster.");
    say!("[1] blst, {words}, batch of {BATCH}.");
    say!("noisy: p90 - p10 is above a tenth of the median; measure again on a quiet machine.");
}
