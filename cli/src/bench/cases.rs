//! The operations that are measured, and their inputs.

use super::measure::Case;
use phi_pre::envelope::{Sealer, Suite};
use phi_pre::group::{Engaged, G1, G2, G2Prepared, Gt, phase};
use phi_pre::pre::{Capsule, DecryptionKey, Params, ReKey, Seed};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::hint::black_box;
use std::io::Read;

/// The operation that all ratios refer to, computed by the engine blst.
pub(super) const REENCRYPT: &str = "re-encrypt, prepared k_re";
/// The operation that is measured by threads, and the number of its records.
pub(super) const BY_THREADS: &str = "re-encrypt from bytes to bytes, every check, by threads";
const MANY: usize = 512;
pub(super) const BATCHES: [usize; 7] = [1, 2, 4, 8, 16, 64, 256];
pub(super) const BATCH: usize = 64;
/// The size of the file in memory, in bytes.
pub(super) const FILE: usize = 1 << 30;

/// The inputs of all cases.
pub(super) struct World {
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
    pub(super) fn new() -> Self {
        let rng = &mut ChaCha20Rng::seed_from_u64(1);
        let params = Params::new(Seed::random(rng));
        let k_d = DecryptionKey::random(rng);
        let k_e = k_d.encryption_key(&params);
        let mut k_each: Vec<_> = (0..BATCH)
            .filter_map(|_| ReKey::new(&k_e, &DecryptionKey::random(rng).encryption_key(&params)).ok())
            .collect();
        let k_re = k_each.swap_remove(0);
        let sealed = k_d.public_key(&params).encapsulate_many(&params, MANY, rng);
        let capsules: Vec<_> = sealed.into_iter().map(|(capsule, _)| capsule).collect();
        let bytes = Capsule::encode_batch(&capsules);
        let points = std::array::from_fn(|_| G1::random(rng));
        let elements = std::array::from_fn(|_| Gt::random(rng));
        let lines = G2Prepared::new(&G2::random(rng));
        k_each.push(k_re.clone());
        Self { params, k_d, k_re, k_each, capsules, bytes, points, elements, lines }
    }

    pub(super) fn cases<'a>(&'a self, engines: &[Engaged]) -> Vec<Case<'a>> {
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

    /// The cases that run on this many threads.
    pub(super) fn cases_by_threads(&self, engines: &[Engaged], threads: usize, all: bool) -> Vec<Case<'_>> {
        let mut cases = Vec::new();
        for engine in engines.iter().copied() {
            let k_re = self.k_re.prepare();
            let call = move || {
                engine.install();
                drop(black_box(k_re.reencrypt_bytes(&self.bytes)));
            };
            cases.push(Case::new(BY_THREADS, &engine.engine(), MANY, threads, call));
        }
        for engine in engines.iter().copied().filter(|_| all) {
            let (k_re, capsules) = (self.k_re.prepare(), &self.capsules[..256]);
            let call = move || {
                engine.install();
                drop(black_box(k_re.reencrypt(capsules)));
            };
            cases.push(Case::new("re-encrypt, prepared k_re, all cores", &engine.engine(), 256, threads, call));
        }
        cases
    }

    /// Seals a file of 1 GiB that is generated in memory; the envelope is discarded.
    pub(super) fn files(&self, cores: usize) -> Vec<Case<'_>> {
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
