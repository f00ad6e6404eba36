//! `phi-pre bench`: every engine on this machine, interleaved in one process, with ratios to blst with prepared lines.

mod machine;
mod measure;
mod plot;

use super::Failure;
use crate::envelope::{Sealer, Suite};
use crate::group::{Engaged, Engine, G1, G2, G2Prepared, Gt, phase};
use crate::pre::{Capsule, DecryptionKey, Params, ReKey, Seed};
use measure::Case;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::json;
use std::hint::black_box;
use std::io::Read;
use std::path::Path;

/// The operation that all ratios refer to, by the engine blst.
const REENCRYPT: &str = "re-encrypt, prepared k_re";
const BATCHES: [usize; 7] = [1, 2, 4, 8, 16, 64, 256];
const BATCH: usize = 64;
/// Bytes of the file in memory.
const FILE: usize = 1 << 30;

pub(super) fn run(json: Option<&Path>, plot: Option<&Path>, rounds: u16) -> Result<(), Failure> {
    let engines: Vec<_> = Engine::available().collect();
    let world = World::new();
    let cores = std::thread::available_parallelism()?.get();
    let pools = [pool(1)?, pool(cores)?];

    say!("{}, {cores} cores; engines: {}", machine::processor(), names(&engines));
    say!("one thread unless said otherwise; medians of {rounds} rounds, all cases in turn in each round");
    let mut alone: Vec<Case<'_>> = world.cases(&engines);
    let mut together: Vec<Case<'_>> = world.cases_on_all_cores(&engines, cores);
    let mut files: Vec<Case<'_>> = world.files(cores);
    let bar = indicatif::ProgressBar::new(u64::from(rounds) + 1);
    for round in 0..=rounds {
        for (pool, cases) in pools.iter().zip([&mut alone, &mut together]) {
            pool.install(|| {
                for case in cases.iter_mut() {
                    if round == 0 { case.calibrate() } else { case.sample() }
                }
            });
        }
        // A gigabyte a call: a few samples will do.
        if round < rounds.min(5) {
            for (pool, case) in pools.iter().zip(&mut files) {
                pool.install(|| case.sample());
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Engaged::from_env()?.install();

    let cases: Vec<_> = alone.into_iter().chain(together).chain(files).collect();
    print(&cases);
    if let Some(path) = json {
        let figures: Vec<_> = cases.iter().map(Case::json).collect();
        let text = serde_json::to_string_pretty(&json!({ "machine": machine::describe(cores), "figures": figures }))?;
        std::fs::write(path, text + "\n").map_err(|e| format!("{}: {e}", path.display()))?;
    }
    if let Some(path) = plot {
        std::fs::write(path, plot::svg(&cases)).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(())
}

fn names(engines: &[Engaged]) -> String {
    engines.iter().map(|engine| engine.engine().name()).collect::<Vec<_>>().join(", ")
}

/// Threads of its own; a single one stays on one core.
fn pool(threads: usize) -> Result<rayon::ThreadPool, Failure> {
    let pin = move |_| {
        if let (1, Some(core)) = (threads, core_affinity::get_core_ids().and_then(|cores| cores.last().copied())) {
            core_affinity::set_for_current(core);
        }
    };
    Ok(rayon::ThreadPoolBuilder::new().num_threads(threads).start_handler(pin).build()?)
}

fn print(cases: &[Case<'_>]) {
    let reference = |case: &Case<'_>| {
        let same = |other: &&Case<'_>| {
            other.engine == "blst"
                && (other.operation, other.elements, other.threads) == (case.operation, case.elements, case.threads)
        };
        cases.iter().find(same).map(Case::median)
    };
    let lines = cases.iter().find(|c| c.operation == REENCRYPT && c.engine == "blst" && c.elements == BATCH);
    let mut operation = "";
    for case in cases {
        if case.operation != operation {
            operation = case.operation;
            say!("\n{operation:<46} batch  threads   microseconds   (p10 - p90)        to blst    to blst with lines");
        }
        let (low, high) = case.spread();
        let ratio = |to: Option<f64>| to.map_or("      -".into(), |to| format!("{:>7.3}", case.median() / to));
        if case.elements == FILE {
            say!("  {:<46} {:>12.2} GB/s", format!("{}, {} threads", case.engine, case.threads), 1e-9 / case.median());
            continue;
        }
        say!(
            "  {:<44} {:>5} {:>8} {:>14.2}   ({:.2} - {:.2})   {}   {}",
            case.engine,
            case.elements,
            case.threads,
            case.median() * 1e6,
            low * 1e6,
            high * 1e6,
            ratio(reference(case)),
            ratio(lines.map(Case::median)),
        );
    }
}

/// The inputs of all cases.
struct World {
    params: Params,
    k_d: DecryptionKey,
    k_re: ReKey,
    k_each: Vec<ReKey>,
    capsules: Vec<Capsule>,
    bytes: Vec<[u8; Capsule::BYTES]>,
    points: [G1; 8],
    elements: [Gt; 8],
    lines: G2Prepared,
}

impl World {
    fn new() -> Self {
        let rng = &mut ChaCha20Rng::seed_from_u64(1);
        let params = Params::new(Seed::random(rng));
        let k_d = DecryptionKey::random(rng);
        let k_e = k_d.encryption_key(&params);
        let mut k_each: Vec<_> = (0..BATCH)
            .filter_map(|_| ReKey::new(&k_e, &DecryptionKey::random(rng).encryption_key(&params)).ok())
            .collect();
        let k_re = k_each.swap_remove(0);
        let sealed = k_d.public_key(&params).encapsulate_many(&params, 256, rng);
        let capsules: Vec<_> = sealed.into_iter().map(|(capsule, _)| capsule).collect();
        let bytes = Capsule::encode_batch(&capsules);
        let points = std::array::from_fn(|_| G1::random(rng));
        let elements = std::array::from_fn(|_| Gt::random(rng));
        let lines = G2Prepared::new(&G2::random(rng));
        k_each.push(k_re.clone());
        Self { params, k_d, k_re, k_each, capsules, bytes, points, elements, lines }
    }

    fn cases<'a>(&'a self, engines: &[Engaged]) -> Vec<Case<'a>> {
        let mut cases = Vec::new();
        let mut add = |operation, elements, run: &dyn Fn(Engaged) -> Box<dyn FnMut() + Send + 'a>| {
            for engine in engines {
                let (mut run, engine) = (run(*engine), *engine);
                let call = move || {
                    engine.install();
                    run();
                };
                cases.push(Case::new(operation, &engine.engine(), elements, 1, call));
            }
        };
        let (params, public) = (&self.params, self.k_d.public_key(&self.params));
        for n in BATCHES {
            let capsules = &self.capsules[..n];
            add(REENCRYPT, n, &|_| {
                let k_re = self.k_re.prepare();
                Box::new(move || drop(black_box(k_re.reencrypt(capsules))))
            });
        }
        add("re-encrypt from bytes to bytes, every check", BATCH, &|_| {
            let k_re = self.k_re.prepare();
            Box::new(move || drop(black_box(k_re.reencrypt_bytes(&self.bytes[..BATCH]))))
        });
        add("re-encrypt, a k_re for each record", BATCH, &|_| {
            let batch: Vec<_> = self.capsules.iter().copied().zip(&self.k_each).collect();
            Box::new(move || drop(black_box(ReKey::reencrypt_each(&batch))))
        });
        add("encapsulate", 1, &|_| {
            let mut rng = ChaCha20Rng::seed_from_u64(2);
            Box::new(move || drop(black_box(public.encapsulate(params, &mut rng))))
        });
        add("encapsulate", BATCH, &|_| {
            let mut rng = ChaCha20Rng::seed_from_u64(2);
            Box::new(move || drop(black_box(public.encapsulate_many(params, BATCH, &mut rng))))
        });
        let prepared = public.prepare(params);
        add("encapsulate, tables", 1, &|_| {
            let (mut rng, prepared) = (ChaCha20Rng::seed_from_u64(2), prepared.clone());
            Box::new(move || drop(black_box(prepared.encapsulate(&mut rng))))
        });
        add("encapsulate, tables", BATCH, &|_| {
            let (mut rng, prepared) = (ChaCha20Rng::seed_from_u64(2), prepared.clone());
            Box::new(move || drop(black_box(prepared.encapsulate_many(BATCH, &mut rng))))
        });
        add("decapsulate, prepared k_e", BATCH, &|_| {
            let k_e = self.k_d.encryption_key(params).prepare();
            Box::new(move || drop(black_box(k_e.decapsulate(&self.capsules[..BATCH]))))
        });
        add("capsule from bytes, every check", 1, &|_| {
            Box::new(move || drop(black_box(Capsule::from_bytes(&self.bytes[0]))))
        });
        let plain = self.elements[0].to_bytes_plain();
        add("GT from 576 bytes, full check", 1, &|_| Box::new(move || drop(black_box(Gt::from_bytes_plain(&plain)))));
        add("phase: Miller loop", 8, &|e| Box::new(move || phase::miller_loop(e, &self.points, &self.lines)));
        add("phase: final exponentiation", 8, &|e| Box::new(move || phase::final_exponentiation(e, &self.elements)));
        add("phase: product in GT", 8, &|e| Box::new(move || _ = black_box(phase::multiply(e, &self.elements))));
        cases
    }

    fn cases_on_all_cores(&self, engines: &[Engaged], cores: usize) -> Vec<Case<'_>> {
        let case = |engine: &Engaged| {
            let (k_re, engine) = (self.k_re.prepare(), *engine);
            let call = move || {
                engine.install();
                drop(black_box(k_re.reencrypt(&self.capsules)));
            };
            Case::new("re-encrypt, prepared k_re, all cores", &engine.engine(), self.capsules.len(), cores, call)
        };
        engines.iter().map(case).collect()
    }

    /// Sealing a file of 1 GiB that is made and dropped in memory.
    fn files(&self, cores: usize) -> Vec<Case<'_>> {
        let case = |threads| {
            let public = self.k_d.public_key(&self.params);
            let mut rng = ChaCha20Rng::seed_from_u64(3);
            let call = move || {
                let sealer = Sealer::new(&self.params, &public, Suite::default(), &mut rng);
                let mut file = std::io::repeat(7).take(FILE as u64);
                _ = black_box(sealer.map(|sealer| sealer.seal(&mut file, &mut std::io::sink())));
            };
            Case::new("seal a file of 1 GiB in memory", &Suite::default(), FILE, threads, call)
        };
        [1, cores].map(case).into()
    }
}
