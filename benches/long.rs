//! A long batch of capsules, in memory and from a file to a file, beside the rate of the engine on 32 capsules: `cargo bench
//! --bench long`.
//!
//! `PHI_PRE_BENCH_CAPSULES` is the number of capsules, `PHI_PRE_BENCH_DIR` a folder for the two files, and
//! `PHI_PRE_ENGINE` an engine other than the fastest.

#![allow(clippy::cast_precision_loss)] // counts
#![allow(clippy::expect_used, missing_docs, reason = "a bench that cannot be set up has nothing to measure")]

use phi_pre::pre::{Capsule, DecryptionKey, Params, PreparedReKey, ReKey, Seed};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Write};
use std::path::Path;
use std::time::Instant;

type Bytes = [u8; Capsule::BYTES];

/// The capsules that the engine computes together.
const TOGETHER: usize = 32;
/// The capsules of a file that are in memory at a time: 4 MB.
const PART: usize = 16_384;

fn main() {
    let number = |name: &str, default| std::env::var(name).map_or(default, |n| n.parse().expect("a number"));
    let n = number("PHI_PRE_BENCH_CAPSULES", 1_000_000);
    let base = std::env::var_os("PHI_PRE_BENCH_DIR").unwrap_or_else(|| std::env::temp_dir().into());
    let folder = tempfile::tempdir_in(base).expect("a folder");
    let (from, to) = (folder.path().join("capsules"), folder.path().join("again"));

    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let params = Params::new(Seed([1; 32]));
    let [a, b] = [0; 2].map(|_| DecryptionKey::random(&mut rng));
    let k_re = ReKey::new(&a.encryption_key(&params), &b.encryption_key(&params)).expect("two keys").prepare();
    let distinct = a.public_key(&params).prepare(&params).encapsulate_many(4096, &mut rng);
    let distinct: Vec<_> = distinct.into_iter().map(|(capsule, _)| capsule).collect();
    let capsules: Vec<Bytes> = Capsule::encode_batch(&distinct).into_iter().cycle().take(n).collect();
    std::fs::write(&from, capsules.as_flattened()).expect("a file");

    let cores = std::thread::available_parallelism().map_or(1, Into::into);
    println!("{n} capsules, from bytes to bytes; microseconds for one capsule, and the rate as a share of [1]");
    for threads in if cores == 1 { vec![1] } else { vec![1, cores] } {
        let pool = pool(&(0..threads).collect::<Vec<_>>());
        let mut alone = engine_alone(&k_re, &capsules[..TOGETHER], threads);
        let start = Instant::now();
        pool.install(|| drop(black_box(k_re.reencrypt_bytes(&capsules))));
        let in_memory = start.elapsed().as_secs_f64() / n as f64;
        alone = alone.min(engine_alone(&k_re, &capsules[..TOGETHER], threads));
        let start = Instant::now();
        pool.install(|| by_parts(&k_re, &from, &to));
        let in_files = start.elapsed().as_secs_f64() / n as f64;
        alone = alone.min(engine_alone(&k_re, &capsules[..TOGETHER], threads));
        println!("  {threads} thread{}", if threads == 1 { "" } else { "s" });
        for (name, seconds) in
            [("[1] 32 capsules, again and again", alone), ("in memory", in_memory), ("from a file to a file", in_files)]
        {
            println!("    {name:<34} {:>7.2}   {:.3}", seconds * 1e6, alone / seconds);
        }
    }
}

/// A thread on each of these cores, where the system allows it.
fn pool(on: &[usize]) -> rayon::ThreadPool {
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    let cores: Vec<_> = on.iter().map(|core| cores.get(*core).copied()).collect();
    let pin = move |i: usize| _ = cores[i].map(core_affinity::set_for_current);
    rayon::ThreadPoolBuilder::new().num_threads(on.len()).start_handler(pin).build().expect("threads")
}

/// Seconds for one capsule, where each thread re-encrypts its own 32 capsules again and again for two seconds.
fn engine_alone(k_re: &PreparedReKey, capsules: &[Bytes], threads: usize) -> f64 {
    let start = Instant::now();
    let work = &|core| {
        let mut count = 0;
        pool(&[core]).install(|| {
            while start.elapsed().as_secs_f64() < 2.0 {
                drop(black_box(k_re.reencrypt_bytes(capsules)));
                count += capsules.len();
            }
        });
        count
    };
    let counts = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|core| scope.spawn(move || work(core))).collect();
        workers.into_iter().map(|worker| worker.join().expect("a count")).sum::<usize>()
    });
    start.elapsed().as_secs_f64() / counts as f64
}

fn by_parts(k_re: &PreparedReKey, from: &Path, to: &Path) {
    let (from, mut to) = (File::open(from).expect("a file"), File::create(to).expect("a file"));
    let mut part = Vec::with_capacity(PART * Capsule::BYTES);
    loop {
        part.clear();
        (&from).take((PART * Capsule::BYTES) as u64).read_to_end(&mut part).expect("a file");
        let (capsules, _) = part.as_chunks();
        if capsules.is_empty() {
            break;
        }
        let again: Vec<Bytes> = k_re.reencrypt_bytes(capsules).into_iter().collect::<Result<_, _>>().expect("capsules");
        to.write_all(again.as_flattened()).expect("a file");
    }
}
