//! No branch and no address depends on a secret (the method of Langley's ctgrind, 2010).
//!
//! The test runs itself under valgrind. It marks secrets as undefined memory, and memcheck complains about each branch
//! and each address that depends on undefined memory. An operation passes without a complaint. Facts that the library
//! makes public, such as that a key is not zero, pass through one function, whose complaints valgrind counts apart.
//!
//! Operations named `control` leak on purpose and must be caught.
//!
//! ```text
//! cargo test --release --features ledger,envelope --test constant_time                     the engine blst, and all above the groups
//! cargo test --release --features ledger,envelope,portable-lanes --test constant_time      the engine lanes, too
//! ```
//!
//! `PHI_PRE_STEPS=1` also steps through the look-ups of the real lanes, which takes a minute. Where valgrind is missing,
//! the test is skipped and says so; in CI (`CI=true`) it fails.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "constant_time/leaky.rs"]
mod leaky;
#[cfg(all(target_arch = "x86_64", target_os = "linux", not(feature = "portable-lanes")))]
#[path = "constant_time/trace.rs"]
mod trace;
#[path = "constant_time/valgrind.rs"]
mod valgrind;

use phi_pre::envelope::{Opener, Sealer, Suite};
use phi_pre::group::{
    Engine, G2, Gt, GtTable, Scalar, pow_g1_batch, pow_generator_batch, pow_gt_batch, pow_table_batch,
};
use phi_pre::hash::hkdf;
use phi_pre::identifier::{Pseudonym, UserId, Vector};
use phi_pre::identity::{SealingKey, SigningKey, seal};
use phi_pre::integrity::{Committer, Salt};
use phi_pre::pre::{
    Capsule, DecryptionKey, EncryptionKey, Handshake, NamedSecret, Params, Party, PublicReKey, ReKey, RecordKeys,
    ReencryptionProof, Scope, Seed, Session, SharedSecret, Statement, Threshold,
};
use phi_pre::secret::Secret;
use rand_chacha::ChaCha20Rng;
use rand_core::{Infallible, Rng, SeedableRng, TryCryptoRng, TryRng};
use std::cell::{Cell, RefCell};
use std::hint::black_box;
use std::process::{Command, exit};
use valgrind::{complaints, mark_public, mark_secret};

/// Randomness that nobody else knows.
struct SecretRng(ChaCha20Rng);

fn secret_rng() -> SecretRng {
    SecretRng(ChaCha20Rng::seed_from_u64(2))
}

impl TryRng for SecretRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(secret(&self.0.next_u32()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(secret(&self.0.next_u64()))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill_bytes(out);
        mark_secret(out);
        Ok(())
    }
}

impl TryCryptoRng for SecretRng {}

/// A copy whose bytes count as secret. Only for types without a public part.
fn secret<T: Copy>(value: &T) -> T {
    let mut out = *value;
    mark_secret(&mut out);
    out
}

/// The run of all operations.
struct Run {
    filter: Option<String>,
    wrong: RefCell<Vec<String>>,
}

impl Run {
    /// Runs an operation and counts the complaints.
    fn check<T>(&self, name: &str, operation: impl FnOnce() -> T) {
        if self.filter.as_ref().is_some_and(|filter| !name.contains(filter)) {
            return;
        }
        let before = complaints();
        let mut out = operation();
        let found = complaints() - before;
        mark_public(&mut out);
        black_box(&out);
        let control = name.starts_with("control: ");
        let verdict = match (control, found) {
            (false, 0) => "no complaint",
            (false, _) => "DEPENDS ON A SECRET",
            (true, 0) => "NOT CAUGHT",
            (true, _) => "caught",
        };
        println!("{name:64} {verdict} ({found})");
        if control == (found == 0) {
            self.wrong.borrow_mut().push(name.to_owned());
        }
        // Dropping would run code on memory that is marked.
        std::mem::forget(out);
    }
}

fn controls(run: &Run) {
    use ark_ff::Field;
    let bytes = [6_u8; 32];
    run.check("control: a comparison with an early exit", || leaky::early_exit(&secret(&bytes), &bytes));
    run.check("control: a table with a secret index", || leaky::indexed(&[1; 256], &secret(&bytes)));
    run.check("control: a skipped zero", || leaky::skipped_zero(&secret(&bytes)));
    let element = ark_bls12_381::Fr::from(7);
    run.check("control: an inversion by Euclid's algorithm", || secret(&element).inverse());
    run.check("control: a product with a conditional subtraction", || secret(&element) * secret(&-element));
    Engine::Plain.engage().unwrap().install();
    let (k, g) = (Scalar::from_wide(&[7; 48]), Gt::generator());
    run.check("control: Gt::pow by the engine plain", || g.pow(&secret(&k)));
    run.check("control: G2::pow by the engine plain", || G2::generator().pow(&secret(&k)));
}

fn scalars(run: &Run) {
    let (a, b) = (Scalar::from_wide(&[9; 48]), Scalar::from_wide(&[8; 48]));
    let bytes = a.to_bytes();
    run.check("scalar: from 48 bytes, mod q", || Scalar::from_wide(&secret(&[5; 48])));
    run.check("scalar: from 32 bytes", || Scalar::from_bytes(&secret(&bytes)));
    run.check("scalar: to bytes", || secret(&a).to_bytes());
    run.check("scalar: random", || Scalar::random(&mut secret_rng()));
    run.check("scalar: sum, difference, product, negative", || {
        let (a, b) = (secret(&a), secret(&b));
        (a + b, a - b, a * b, -a)
    });
    run.check("scalar: inverse", || secret(&a).inverse());
    run.check("scalar: comparison", || secret(&a) == secret(&b));
}

/// Every operation of the groups and of the scheme, by one engine.
fn scheme(run: &Run, engine: Engine) {
    let Ok(engaged) = engine.engage() else {
        println!("{engine}: skipped, since this build or valgrind lacks it");
        return;
    };
    engaged.install();
    let check = |name: &str, operation: &mut dyn FnMut()| run.check(&format!("{engine}: {name}"), operation);
    let rng = &mut ChaCha20Rng::seed_from_u64(7);
    let params = Params::new(Seed([1; 32]));
    let sk = SharedSecret::from_bytes([3; 32]);
    let scope = Scope::Record(b"a");
    // Everything that is computed once is computed before the first secret.
    let (k_d, other) = (params.derive(&sk, scope), DecryptionKey::random(rng));
    let (k_e, k_e_prime) = (k_d.encryption_key(&params), other.encryption_key(&params));
    let y = k_d.public_key(&params);
    let (a, other_a) = (NamedSecret::random(rng), NamedSecret::random(rng));
    black_box((a.public(&params), a.encryption_key(&params, scope)));
    let tables = y.prepare(&params);
    let sealed = y.encapsulate_many(&params, 9, rng);
    black_box((tables.encapsulate(rng), tables.encapsulate_many(9, rng)));
    let capsules: Vec<Capsule> = sealed.iter().map(|(capsule, _)| *capsule).collect();
    let capsule = capsules[0];
    let encoded = Capsule::encode_batch(&capsules);
    let k_re = ReKey::new(&k_e, &k_e_prime).unwrap();
    black_box((k_re.prepare().reencrypt(&capsules), k_re.reencrypt(&capsule)));

    // Secret copies, from secret bytes.
    let secret_k_d = || DecryptionKey::from_bytes(&secret(k_d.to_bytes().expose())).unwrap();
    let secret_key = |key: &EncryptionKey| EncryptionKey::from_bytes(&secret(key.to_bytes().expose())).unwrap();
    let secret_k_re = || ReKey::from_bytes(&secret(k_re.to_bytes().expose())).unwrap();
    let secret_scalar = |seed: u8| secret(&Scalar::from_wide(&[seed; 48]));
    let secret_m = || secret_key(&k_e).decapsulate(&capsule);
    let nine: Vec<Scalar> = (1..10).map(|i| Scalar::from_wide(&[i; 48])).collect();
    let secret_nine = || nine.iter().map(secret).collect::<Vec<_>>();
    let keep = |value: &mut dyn FnMut() -> Kept| std::mem::forget(black_box(value()));

    macro_rules! check {
        ($name:literal, $operation:expr) => {
            check($name, &mut || keep(&mut || Box::new($operation)))
        };
    }
    check!("G1: power of the generator", pow_generator_batch(&[secret_scalar(7)]));
    check!("G1: nine powers of the generator", pow_generator_batch(&secret_nine()));
    check!("G1: power of any point", capsule.z().pow(&secret_scalar(7)));
    check!("G1: nine powers of any points", {
        pow_g1_batch(&capsules.iter().map(|capsule| *capsule.z()).zip(secret_nine()).collect::<Vec<_>>())
    });
    check!("G2: power", G2::generator().pow(&secret_scalar(7)));
    check!("G2: product, quotient, inverse", {
        let a = G2::from_bytes(secret_key(&k_e).to_bytes().expose()).unwrap();
        (a * G2::generator(), a / G2::generator(), a.inverse())
    });
    check!("GT: power", y_element(&y).pow(&secret_scalar(7)));
    check!("GT: nine powers", pow_gt_batch(&secret_nine().into_iter().map(|k| (y_element(&y), k)).collect::<Vec<_>>()));
    check!("GT: power by a table", GtTable::generator().pow(&secret_scalar(7)));
    check!("GT: nine powers by a table", pow_table_batch(GtTable::generator(), &secret_nine()));
    check!("GT: product, inverse, comparison", {
        let a = secret(capsule.c());
        (a * a, a.inverse(), a == *capsule.c())
    });
    check!("k_d <- f(sk)", params.derive(&SharedSecret::from_bytes(secret(sk.expose())), scope));
    check!("k_d from and to bytes", secret_k_d().to_bytes());
    check!("k_e = g2^k_d", secret_k_d().encryption_key(&params));
    check!("Y = e(g1, g2)^k_d", secret_k_d().public_key(&params));
    let secret_a = || NamedSecret::from_bytes(&secret(a.to_bytes().expose())).unwrap();
    check!("a at random", NamedSecret::random(&mut secret_rng()));
    check!("a from and to bytes", secret_a().to_bytes());
    check!("a comparison", secret_a() == other_a);
    check!("A = g1^a", secret_a().public(&params));
    check!("k_e = H2(scope)^a", secret_a().encryption_key(&params, scope));
    check!("k_e from and to bytes", secret_key(&k_e).to_bytes());
    check!("k_e comparison", secret_key(&k_e) == secret_key(&k_e_prime));
    check!("encapsulate", y.encapsulate(&params, &mut secret_rng()));
    check!("encapsulate nine", y.encapsulate_many(&params, 9, &mut secret_rng()));
    check!("encapsulate by tables", tables.encapsulate(&mut secret_rng()));
    check!("encapsulate nine by tables", tables.encapsulate_many(9, &mut secret_rng()));
    check!("decapsulate by k_d", secret_k_d().decapsulate(&params, &capsule));
    check!("decapsulate by k_e", secret_key(&k_e).decapsulate(&capsule));
    check!("decapsulate nine by k_e", secret_key(&k_e).prepare().decapsulate(&capsules));
    check!("k_re = k'_e / k_e", ReKey::new(&secret_key(&k_e), &secret_key(&k_e_prime)).is_ok());
    check!("k_re from and to bytes", secret_k_re().to_bytes());
    check!("k_re inverse, product", (secret_k_re().inverse(), secret_k_re().compose(&secret_k_re()).is_ok()));
    check!("re-encrypt", secret_k_re().reencrypt(&capsule));
    check!("re-encrypt nine", secret_k_re().prepare().reencrypt(&capsules));
    check!("re-encrypt nine from bytes to bytes", secret_k_re().prepare().reencrypt_bytes(&encoded).len());
    check!("re-encrypt nine, each under its own key", {
        let keys: Vec<_> = capsules.iter().map(|_| secret_k_re()).collect();
        ReKey::reencrypt_each(&capsules.iter().copied().zip(&keys).collect::<Vec<_>>())
    });
    let after: Vec<Capsule> = k_re.prepare().reencrypt(&capsules);
    let delta = PublicReKey::of(&params, &k_re);
    let statement = Statement::new(&params, &delta, &capsules, &after, b"context").unwrap();
    check!("e(g1, k_re) = delta", delta.check(&params, &secret_k_re()).is_ok());
    check!("e(g1, k'_e) = delta Y", delta.check_recipient(&params, &y, &secret_key(&k_e_prime)).is_ok());
    check!("prove re-encryption", ReencryptionProof::new(&params, &secret_k_re(), &statement, &mut secret_rng()));
    let threshold = Threshold::new(2, 3).unwrap();
    check!("k_re split among three", secret_k_re().split(&params, threshold, &mut secret_rng()));
    check!("M to bytes", secret_m().to_bytes());
    check!("M comparison", secret_m() == sealed[1].1);
    check!("the key of a record in a folder", RecordKeys::new(&capsule, &secret_m()).key(b"x"));
}

/// A value that an operation gave, kept so that nothing is optimised away.
type Kept = Box<dyn core::any::Any>;

fn y_element(y: &phi_pre::pre::PublicKey) -> Gt {
    Gt::from_bytes(&y.to_bytes()).unwrap()
}

/// What does not depend on the engine.
fn above(run: &Run) {
    Engine::Blst.engage().unwrap().install();
    let rng = &mut ChaCha20Rng::seed_from_u64(7);
    let params = Params::new(Seed([1; 32]));
    let k_d = DecryptionKey::random(rng);
    let (k_e, y) = (k_d.encryption_key(&params), k_d.public_key(&params));

    run.check("handshake: the share", || Handshake::new(Party::Initiator, &mut secret_rng()).share());
    let initiator = Handshake::new(Party::Initiator, &mut secret_rng());
    let mut share = initiator.share();
    mark_public(&mut share);
    let responder = Handshake::new(Party::Responder, rng);
    let session = Session { initiator: (b"I", share), responder: (b"R", responder.share()) };
    run.check("handshake: sk", || initiator.finish(&session, |_| true));
    run.check("HKDF", || hkdf::<48>(&secret(&[1; 32]), b"salt", "label", &[b"context"]));
    run.check("ID_i = HMAC(v_i, uid)", || {
        Pseudonym::derive(&UserId(secret(&[5; 32])), &Vector::from_bytes(secret(&[4; 32])))
    });
    run.check("commitment under a secret salt, to a secret record", || {
        Committer::commit(&Salt::from_bytes(secret(&[3; 32])), &secret(&[7; 1000]))
    });

    let record = [7_u8; 1000];
    let sealer = || Sealer::new(&params, &y, Suite::Aes256Gcm, &mut ChaCha20Rng::seed_from_u64(3)).unwrap();
    let mut envelope = Vec::new();
    let header = *sealer().header();
    sealer().seal(&mut &record[..], &mut envelope).unwrap();
    run.check("envelope: seal a secret record", || {
        let mut out = Vec::new();
        (sealer().seal(&mut &secret(&record)[..], &mut out).is_ok(), out)
    });
    run.check("envelope: the key commitment under a secret k_e", || {
        let key = EncryptionKey::from_bytes(&secret(k_e.to_bytes().expose())).unwrap();
        Opener::new(&header, &key).is_ok()
    });

    let key = SigningKey::random(rng);
    run.check("ECDSA: sign", || {
        SigningKey::from_bytes(&Secret::new(secret(key.to_bytes().expose()))).map(|k| k.sign(b"m"))
    });
    let sealing = SealingKey::random(rng);
    let secret_sealing = || SealingKey::from_bytes(Secret::new(secret(sealing.to_bytes().expose())));
    run.check("HPKE: the public key", || secret_sealing().public());
    let sealed = seal(&sealing.public(), b"info", b"aad", b"plaintext", rng).unwrap();
    run.check("HPKE: open", || secret_sealing().open(b"info", b"aad", &sealed));
    run.check("HPKE: seal a secret", || {
        seal(&sealing.public(), b"info", b"aad", &secret(b"plaintext"), &mut secret_rng())
    });
}

/// The kernels of an engine in lanes: two runs with different secrets take the same steps and touch the same addresses.
#[cfg(all(target_arch = "x86_64", target_os = "linux", not(feature = "portable-lanes")))]
fn by_steps(run: &Run, engine: Engine) {
    use trace::traces;

    match engine.engage() {
        Ok(lanes) => lanes.install(),
        Err(error) => return println!("traces of {engine}: skipped: {error}"),
    }
    let rng = &mut ChaCha20Rng::seed_from_u64(7);
    let exponents = [(); 2].map(|()| [(); 8].map(|()| Scalar::random(rng)));
    let bytes = exponents.map(|exponents| exponents[0].to_bytes());
    let table = GtTable::generator();
    black_box((pow_generator_batch(&exponents[0]), pow_table_batch(table, &exponents[0]))); // made before: the tables
    // The secret of a run, always in the same place.
    let (k, byte) = (Cell::new(exponents[0]), Cell::new(bytes[0]));
    let choose = |secret: usize| {
        k.set(exponents[secret]);
        byte.set(bytes[secret]);
    };
    let check = |name: &str, operation: &dyn Fn()| {
        let [first, second] = traces(&choose, operation);
        let (same, control) = (first == second, name.starts_with("control: "));
        let verdict = if same {
            "equal traces"
        } else if control {
            "caught"
        } else {
            "DEPENDS ON A SECRET"
        };
        println!("{:64} {verdict} ({} instructions)", format!("traces of {engine}: {name}"), first.steps);
        if same == control {
            run.wrong.borrow_mut().push(format!("traces of {engine}: {name}: {first:?} {second:?}"));
        }
    };
    check("control: a skipped zero", &|| _ = black_box(leaky::skipped_zero(&byte.get().map(|byte| byte & 1))));
    check("control: a table with a secret index", &|| _ = black_box(leaky::indexed(&[1; 256], &byte.get())));
    check("eight powers of the generator of G1", &|| _ = black_box(pow_generator_batch(&k.get())));
    let points = [(); 8].map(|()| phi_pre::group::G1::random(rng));
    check("eight powers of points of G1", &|| {
        _ = black_box(pow_g1_batch(&std::array::from_fn::<_, 8, _>(|i| (points[i], k.get()[i]))));
    });
    check("eight powers by a table in GT", &|| _ = black_box(pow_table_batch(table, &k.get())));
}

fn main() {
    if !valgrind::running() {
        let run = Run { filter: None, wrong: RefCell::default() };
        #[cfg(all(target_arch = "x86_64", target_os = "linux", not(feature = "portable-lanes")))]
        if std::env::var_os("PHI_PRE_STEPS").is_some() {
            // Work on all cores stays on this thread, which the trace follows.
            rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global().unwrap();
            by_steps(&run, Engine::Lanes);
            by_steps(&run, Engine::Lanes256);
        } else {
            println!("traces of the lanes: skipped; PHI_PRE_STEPS=1 steps through them, which takes a minute");
        }
        assert!(run.wrong.borrow().is_empty(), "{:?}", run.wrong.borrow());
        return under_valgrind();
    }
    let run = Run { filter: std::env::args().nth(1), wrong: RefCell::default() };
    controls(&run);
    Engine::Blst.engage().unwrap().install();
    scalars(&run);
    scheme(&run, Engine::Blst);
    scheme(&run, Engine::Lanes);
    above(&run);
    let wrong = run.wrong.into_inner();
    for name in &wrong {
        println!("wrong: {name}");
    }
    println!("{} wrong", wrong.len());
    exit(i32::from(!wrong.is_empty()));
}

/// Runs this program again under valgrind, and prints how often each suppression was used: the declassified facts first.
fn under_valgrind() {
    let skipped = |why: &str| {
        assert!(std::env::var_os("CI").is_none(), "{why}");
        println!("constant time: skipped, {why}");
    };
    if !valgrind::SUPPORTED {
        return skipped("the requests to valgrind are written for x86-64 Linux alone");
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/constant_time/valgrind.supp");
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--error-limit=no", "--num-callers=12", "--leak-check=no", "--show-error-list=yes"]);
    valgrind.arg(format!("--log-file={}", log.path().display()));
    valgrind.arg(format!("--suppressions={folder}")).arg(std::env::current_exe().unwrap());
    valgrind.args(std::env::args().skip(1).filter(|argument| !argument.starts_with('-')));
    let status = match valgrind.status() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return skipped("valgrind is not installed"),
        status => status.unwrap(),
    };
    let log = std::fs::read_to_string(log.path()).unwrap();
    if !status.success() {
        eprintln!("{log}");
    }
    for line in log.lines() {
        // "--PID-- used_suppression:  COUNT NAME FILE:LINE"
        if let Some((_, used)) = line.split_once("used_suppression:") {
            let used = used.rsplit_once(' ').map_or(used, |(count_and_name, _)| count_and_name);
            println!("suppressed: {}", used.trim());
        }
    }
    exit(status.code().unwrap_or(1));
}
