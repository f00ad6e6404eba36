//! The order of the measurement, the printed table, and the files with figures.

use super::cases::{BATCH, FILE, REENCRYPT, World};
use super::measure::Case;
use super::{machine, plot, schemes};
use crate::output::{Failure, named, new_file, progress, warn_unsynced};
use phi_pre::envelope::create_public_file;
use phi_pre::group::{Engaged, Engine};
use serde_json::json;
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
    /// Plots throughput by engine and batch size, and the time of each phase; with --schemes, the time of each algorithm.
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
}

pub(crate) fn run(files: &Files, rounds: u16, of_schemes: bool) -> Result<(), Failure> {
    // A path that cannot be written is an error before the measurement, which takes minutes.
    let [json, csv, plot] =
        [&files.json, &files.csv, &files.plot].map(|path| path.as_deref().map(new_file).transpose());
    let (json, csv, plot) = (json?, csv?, plot?);
    let paths: Vec<_> = [&json, &csv, &plot].into_iter().flatten().collect();
    if (1..paths.len()).any(|i| paths[..i].contains(&paths[i])) {
        return Err("--json, --csv and --plot need a file each".into());
    }

    let chosen = Engaged::current();
    let engines: Vec<_> = Engine::available().collect();
    let world = (!of_schemes).then(World::new);
    let cores = std::thread::available_parallelism()?.get();
    let machine = machine::describe(cores);
    let pools = [pool(1)?, pool(cores)?];

    say!("{}, {cores} cores; engines: {}", machine::processor(), names(&engines));
    say!("one thread unless said otherwise; medians of {rounds} rounds, all cases in turn in each round");
    let mut alone: Vec<Case<'_>> =
        world.as_ref().map_or_else(|| schemes::cases(&engines), |world| world.cases(&engines));
    let mut together: Vec<Case<'_>> =
        world.as_ref().map_or_else(Vec::new, |world| world.cases_on_all_cores(&engines, cores));
    let mut files: Vec<Case<'_>> = world.as_ref().map_or_else(Vec::new, |world| world.files(cores));
    let bar = progress(Some(u64::from(rounds) + 1), "{wide_bar} {pos}/{len} rounds, {eta} left");
    for round in 0..=rounds {
        for (pool, cases) in pools.iter().zip([&mut alone, &mut together]) {
            pool.install(|| {
                for case in cases.iter_mut() {
                    if round == 0 { case.calibrate() } else { case.sample() }
                }
            });
        }
        // One call seals a gigabyte, so at most five samples are taken.
        if round < rounds.min(5) {
            for (pool, case) in pools.iter().zip(&mut files) {
                pool.install(|| case.sample());
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    chosen.install();

    let cases: Vec<_> = alone.into_iter().chain(together).chain(files).collect();
    let figures: Vec<_> = cases.iter().map(Case::json).collect();
    let mut file = json!({ "machine": machine, "figures": figures });
    let picture = if of_schemes {
        schemes::print_sizes();
        print(&cases, &schemes::reference(), "the re-encryption of Bong-Jang");
        file["sizes"] = schemes::sizes();
        schemes::svg(&cases)
    } else {
        print(&cases, REENCRYPT, "re-encryption with precomputed line coefficients of k_re");
        plot::svg(&cases)
    };
    let figures = serde_json::to_string_pretty(&file)? + "\n";
    let rows: String = cases.iter().map(Case::csv).collect();
    let rows = format!("operation,engine,batch,threads,sample,seconds_per_element\n{rows}");
    let written = [(json, figures), (csv, rows), (plot, picture)]
        .map(|(to, text)| to.map_or(Ok(()), |path| finish(&path, &text)));
    written.into_iter().collect() // the first error, after all were tried
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
