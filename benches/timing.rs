//! Whether the time of an operation depends on its secret, by statistics (dudect: Reparaz, Balasch and Verbauwhede,
//! eprint 2016/1123): `cargo bench --bench timing [-- FILTER]`.
//!
//! For each operation, each sample uses either one fixed secret or a random secret, chosen at random. Welch's t compares the two sets of times;
//! the largest |t| over 101 cuts of slow samples is printed for a hundredth, a tenth and all of the samples. A |t| that
//! grows with the number of samples and passes 5 shows a leak. A small |t| shows only that this number of samples finds no leak.
//! All secrets lie in the same place when they are used, since other addresses alone would give other times.
//!
//! Rows named `control` leak on purpose. The look-up in a small table is not found, since the table lies in the cache:
//! statistics alone are not enough. `tests/constant_time.rs` is the test; this bench gives no verdict.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench")]

#[path = "../tests/constant_time/leaky.rs"]
mod leaky;

use ark_ff::Field;
use dudect_bencher::ctbench::{BenchMetadata, BenchName, BenchOpts, run_benches_console};
use dudect_bencher::{BenchRng, Class, CtRunner};
use phi_pre::group::{
    Engine, G2, Gt, GtTable, Scalar, pow_g1_batch, pow_generator_batch, pow_gt_batch, pow_table_batch,
};
use phi_pre::hash::sha256;
use phi_pre::pre::{
    Capsule, DecryptionKey, EncryptionKey, Message, Params, PreparedPublicKey, PublicKey, PublicReKey, ReKey,
    ReencryptionProof, Scope, Seed, SharedSecret, Statement, Threshold,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::hint::black_box;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Samples of a row.
const SAMPLES: [usize; 3] = [1000, 10_000, 100_000];
/// Secrets of a row, half of them the fixed one.
const POOL: usize = 512;
/// Records in a batch.
const BATCH: usize = 8;

struct Public {
    params: Params,
    y: PublicKey,
    tables: PreparedPublicKey,
    capsules: Vec<Capsule>,
    element: Gt,
    m: Message,
    statement: Statement<'static>,
}

/// The secrets of all operations, in one place.
#[derive(Clone)]
struct Secrets {
    bytes: [u8; 48],
    exponents: [Scalar; BATCH],
    sk: SharedSecret,
    k_d: DecryptionKey,
    k_e: EncryptionKey,
    k_e_prime: EncryptionKey,
    k_re: ReKey,
    k_re_bytes: [u8; ReKey::BYTES],
    m: Message,
}

impl Public {
    fn new() -> Self {
        let rng = &mut ChaCha20Rng::seed_from_u64(1);
        let params = Params::new(Seed([1; 32]));
        let k_d = DecryptionKey::random(rng);
        let y = k_d.public_key(&params);
        let capsules: Vec<_> =
            y.encapsulate_many(&params, BATCH, rng).into_iter().map(|(capsule, _)| capsule).collect();
        let (tables, element) = (y.prepare(&params), Gt::from_bytes(&y.to_bytes()).unwrap());
        let encoded = [capsules[0].to_bytes()];
        let delta = PublicReKey::from_bytes(&y.to_bytes()).unwrap();
        let statement = Statement::from_encoded(&params, &delta, &encoded, &encoded, b"").unwrap();
        Self { statement, m: k_d.decapsulate(&params, &capsules[1]), params, y, tables, capsules, element }
    }
}

impl Secrets {
    fn random(public: &Public, bytes: [u8; 48], rng: &mut BenchRng) -> Self {
        let k_d = DecryptionKey::random(rng);
        let k_e = k_d.encryption_key(&public.params);
        let k_e_prime = DecryptionKey::random(rng).encryption_key(&public.params);
        let k_re = ReKey::new(&k_e, &k_e_prime).unwrap();
        Self {
            bytes,
            exponents: [(); BATCH].map(|()| Scalar::random(rng)),
            sk: SharedSecret::from_bytes(sha256(&[&bytes]).0),
            k_re_bytes: *k_re.to_bytes().expose(),
            m: k_e.decapsulate(&public.capsules[0]),
            k_d,
            k_e,
            k_e_prime,
            k_re,
        }
    }
}

type Operation = fn(&Public, &Secrets);

/// Calls the operation and keeps its result from being optimised away.
macro_rules! operations {
    ($($name:literal: |$p:pat_param, $s:ident| $operation:expr;)*) => {
        &[$(($name, |$p, $s| { black_box($operation); })),*]
    };
}

const CONTROLS: &[(&str, Operation)] = operations! {
    "comparison with an early exit": |_, s| leaky::early_exit(s.bytes.first_chunk().unwrap(), &[7; 32]);
    "skipped zero digits": |_, s| leaky::skipped_zero(&s.bytes.first_chunk::<32>().unwrap().map(|byte| byte & 1));
    "table with a secret index": |_, s| leaky::indexed(&[1; 256], s.bytes.first_chunk().unwrap());
    "inversion by Euclid's algorithm": |_, s| ark_bls12_381::Fr::from(u64::from(s.bytes[0]) + 2).inverse();
    "power in GT without constant time": |p, s| {
        Engine::Plain.engage().unwrap().pow_gt_batch(&[(p.element, s.exponents[0])])
    };
};

const OPERATIONS: &[(&str, Operation)] = operations! {
    "48 bytes mod q": |_, s| Scalar::from_wide(&s.bytes);
    "inverse mod q": |_, s| s.exponents[0].inverse();
    "k_d = f(sk)": |p, s| p.params.derive(&s.sk, Scope::Record(b"a"));
    "k_e = g2^k_d": |p, s| s.k_d.encryption_key(&p.params);
    "Y = e(g1, g2)^k_d": |p, s| s.k_d.public_key(&p.params);
    "g1^r": |_, s| pow_generator_batch(&s.exponents[..1]);
    "g1^r, batch": |_, s| pow_generator_batch(&s.exponents);
    "powers of points of G1, batch": |p, s| pow_g1_batch(&s.exponents.map(|k| (*p.capsules[0].z(), k)));
    "power in G2": |_, s| G2::generator().pow(&s.exponents[0]);
    "power in GT": |p, s| p.element.pow(&s.exponents[0]);
    "powers in GT, batch": |p, s| pow_gt_batch(&s.exponents.map(|k| (p.element, k)));
    "power in GT by a table": |_, s| GtTable::generator().pow(&s.exponents[0]);
    "powers in GT by a table, batch": |_, s| pow_table_batch(GtTable::generator(), &s.exponents);
    "encapsulate": |p, s| p.y.encapsulate(&p.params, &mut given(s));
    "encapsulate by tables": |p, s| p.tables.encapsulate(&mut given(s));
    "encapsulate by tables, batch": |p, s| p.tables.encapsulate_many(BATCH, &mut given(s));
    "decapsulate": |p, s| s.k_e.decapsulate(&p.capsules[0]);
    "k_re = k'_e / k_e": |_, s| ReKey::new(&s.k_e, &s.k_e_prime).is_ok();
    "k_re from bytes": |_, s| ReKey::from_bytes(&s.k_re_bytes).is_ok();
    "k_re to bytes": |_, s| s.k_re.to_bytes();
    "lines of k_re": |_, s| s.k_re.prepare();
    "re-encrypt": |p, s| s.k_re.reencrypt(&p.capsules[0]);
    "re-encrypt, batch, with lines": |p, s| s.k_re.prepare().reencrypt(&p.capsules);
    "prove re-encryption": |p, s| ReencryptionProof::new(&p.params, &s.k_re, &p.statement, &mut given(s));
    "k_re among three": |p, s| s.k_re.split(&p.params, Threshold::new(2, 3).unwrap(), &mut given(s));
    "M to bytes": |_, s| s.m.to_bytes();
    "M = M'": |p, s| s.m == p.m;
};

/// Randomness that follows from the secret.
fn given(secrets: &Secrets) -> ChaCha20Rng {
    ChaCha20Rng::from_seed(*secrets.bytes.first_chunk().unwrap())
}

struct Row {
    engine: Engine,
    operation: Operation,
    samples: usize,
}

static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// Measures the next row. The bencher takes functions without state and runs them in the order of their names.
fn next_row(runner: &mut CtRunner, rng: &mut BenchRng) {
    let row = &ROWS.get().unwrap()[NEXT.fetch_add(1, Ordering::Relaxed)];
    row.engine.engage().unwrap().install();
    let public = Public::new();
    let mut secrets = Secrets::random(&public, [7; 48], rng);
    let fixed = secrets.clone();
    let mut random = || {
        let mut bytes = [0; 48];
        rng.fill_bytes(&mut bytes);
        Secrets::random(&public, bytes, rng)
    };
    let pool: Vec<Secrets> = (0..POOL).map(|i| if i % 2 == 0 { fixed.clone() } else { random() }).collect();
    for _ in 0..row.samples {
        let i = rng.next_u32() as usize % POOL;
        secrets.clone_from(&pool[i]);
        black_box(&mut secrets);
        let class = if i.is_multiple_of(2) { Class::Left } else { Class::Right };
        runner.run_one(class, || (row.operation)(&public, &secrets));
    }
}

fn main() {
    rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global().unwrap();
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let engines = [Engine::Blst, Engine::Lanes256, Engine::Lanes].into_iter().filter(|engine| engine.engage().is_ok());
    let operations =
        engines.flat_map(|engine| OPERATIONS.iter().map(move |(name, run)| (engine, engine.name(), name, run)));
    let controls = CONTROLS.iter().map(|(name, run)| (Engine::Blst, "control", name, run));
    let (mut rows, mut benches) = (Vec::new(), Vec::new());
    for (engine, kind, name, operation) in controls.chain(operations) {
        for samples in SAMPLES {
            let name = format!("{:03} {kind}: {name}", rows.len());
            if name.contains(&filter) {
                rows.push(Row { engine, operation: *operation, samples });
                benches.push(BenchMetadata { name: BenchName(name.leak()), seed: Some(7), benchfn: next_row });
            }
        }
    }
    assert!(ROWS.set(rows).is_ok());
    run_benches_console(BenchOpts::default(), benches).unwrap();
}
