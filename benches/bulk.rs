//! Compares the job over a folder of small envelopes with the batch engine alone, in one run: `cargo bench --bench
//! bulk`.
//!
//! `PHI_PRE_BENCH_DIR` is a folder on the file system to measure, `PHI_PRE_BENCH_FILES` the number of envelopes, and
//! `PHI_PRE_ENGINE` an engine other than the fastest.

#![allow(clippy::expect_used, missing_docs, reason = "a bench that cannot be set up has nothing to measure")]

#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
fn main() {
    job::run();
}

#[cfg(unix)]
mod job {
    use phi_pre::envelope::bulk::{Folder, FolderTarget, Summary, reencrypt_all};
    use phi_pre::envelope::{Header, Suite};
    use phi_pre::group::Engine;
    use phi_pre::hash::Digest;
    use phi_pre::pre::{Capsule, DecryptionKey, Params, ReKey, Seed};
    use rand_chacha::ChaCha20Rng;
    use rand_core::{Rng, SeedableRng};
    use std::hint::black_box;
    use std::path::Path;
    use std::time::Instant;

    const RECORD_BYTES: usize = 1024;
    const ROUNDS: usize = 5;

    /// Writes files with the format of envelopes: valid capsules and random bodies. The job does not read the bodies'
    /// content.
    fn make(folder: &Path, params: &Params, from: &DecryptionKey, n: usize, rng: &mut ChaCha20Rng) -> Vec<Capsule> {
        let sealed = from.public_key(params).prepare(params).encapsulate_many(n, rng);
        let mut body = [0; RECORD_BYTES + 16];
        let write = |(i, (capsule, _)): (usize, _)| {
            rng.fill_bytes(&mut body);
            let mut commitment = [0; 32];
            rng.fill_bytes(&mut commitment);
            let header = Header { suite: Suite::default(), key_commitment: Digest(commitment), capsule };
            std::fs::write(folder.join(format!("{i:06}.phi")), [&header.to_bytes()[..], &body].concat())
                .expect("a file");
            capsule
        };
        sealed.into_iter().enumerate().map(write).collect()
    }

    /// Elapsed seconds, then the processor time of the process in user mode and in the kernel.
    fn measure(f: impl FnOnce()) -> [f64; 3] {
        let (start, before) = (Instant::now(), processor());
        f();
        let (clock, [own, kernel]) = (start.elapsed().as_secs_f64(), processor());
        [clock, own - before[0], kernel - before[1]]
    }

    /// The processor time of the process until now, with a resolution of 10 ms. NaN where the system does not provide
    /// it.
    fn processor() -> [f64; 2] {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let mut fields = stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace().skip(11);
        [(); 2]
            .map(|()| fields.next().and_then(|ticks| ticks.parse::<f64>().ok()).map_or(f64::NAN, |ticks| ticks * 1e4))
    }

    fn median(mut samples: Vec<f64>) -> f64 {
        samples.sort_by(f64::total_cmp);
        samples[samples.len() / 2]
    }

    pub(super) fn run() {
        if let Ok(name) = std::env::var("PHI_PRE_ENGINE") {
            name.parse().and_then(Engine::engage).expect("an engine of this machine").install();
        }
        let n: u32 = std::env::var("PHI_PRE_BENCH_FILES").map_or(20_000, |n| n.parse().expect("a number"));
        let place = std::env::var_os("PHI_PRE_BENCH_DIR").map_or_else(std::env::temp_dir, Into::into);
        let dir = tempfile::tempdir_in(place).expect("a folder");
        let rng = &mut ChaCha20Rng::seed_from_u64(1);
        let params = Params::new(Seed::random(rng));
        let (from, to) = (DecryptionKey::random(rng), DecryptionKey::random(rng));
        let k_re = ReKey::new(&from.encryption_key(&params), &to.encryption_key(&params)).expect("two keys");
        let (input, output) = (dir.path().join("in"), dir.path().join("out"));
        std::fs::create_dir(&input).expect("a folder");
        let capsules = make(&input, &params, &from, n as usize, rng);
        let bytes = Capsule::encode_batch(&capsules);
        let prepared = k_re.prepare();
        let job = |output: &Path| -> Summary {
            let source = Folder::open(&input).expect("the input");
            let target = FolderTarget::create(output, Some(&source)).expect("the output");
            reencrypt_all(&k_re, &source, &target, &|_| ()).expect("a whole job")
        };

        // A virtual machine gets a page from its host at the first access. This must not count as time of a round.
        drop(black_box(vec![1_u8; 1 << 30]));
        let names = ["values in memory", "bytes in memory, every check", "the job", "the job again, all there"];
        let mut samples = [const { Vec::new() }; 4];
        for round in 0..=ROUNDS {
            let output = output.with_extension(round.to_string());
            let mut summary = Summary::default();
            let round_samples = [
                measure(|| drop(black_box(prepared.reencrypt(&capsules)))),
                measure(|| drop(black_box(prepared.reencrypt_bytes(&bytes)))),
                measure(|| summary = job(&output)),
                measure(|| assert_eq!(job(&output).reencrypted, 0)),
            ];
            assert_eq!(summary, Summary { reencrypted: n.into(), ..Summary::default() });
            for (samples, sample) in samples.iter_mut().zip(round_samples) {
                if round > 0 {
                    samples.push(sample);
                }
            }
        }
        let medians =
            samples.map(|samples: Vec<[f64; 3]>| [0, 1, 2].map(|i| median(samples.iter().map(|s| s[i]).collect())));
        let n = f64::from(n);
        println!("{n} envelopes of {RECORD_BYTES} bytes, all cores, medians of {ROUNDS} rounds");
        println!("{:<30}  seconds   a second   processor, us each: own  kernel", "");
        for (name, [clock, own, kernel]) in names.iter().zip(medians) {
            println!("{name:<30} {clock:>8.3} {:>10.0} {:>24.1} {:>7.1}", n / clock, own / n, kernel / n);
        }
        let processor = medians.map(|[_, own, kernel]| own + kernel);
        println!("bytes in memory / job, processor time  {:.2}", processor[1] / processor[2]);
        println!("job / values in memory, throughput   {:.2}", medians[0][0] / medians[2][0]);
        println!("job / bytes in memory, throughput    {:.2}", medians[1][0] / medians[2][0]);
    }
}
