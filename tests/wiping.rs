//! No secret stays in freed memory or on the stack after an operation.
//!
//! The secrets are known beforehand: keys that the test has made, and what comes from seeded randomness. An allocator
//! keeps the blocks that an operation frees, and the stack below the operation is painted before and read afterwards. In
//! both, the test looks for each word of eight bytes of each secret, in every form of `forms.rs`: as bytes of both orders,
//! as Montgomery limbs, as limbs of the lanes, as torus coefficients, as windows of an exponent, as lines of the Miller
//! loop. The test also checks that the deepest bytes that an operation
//! used on the stack are overwritten, whatever they held. Operations named
//! `control` leave a secret on purpose.
//!
//! [`REMAINS`] lists what stays. Not searched: registers; the heap of C, where aws-lc keeps its keys and overwrites what it
//! frees; memory that is still in use, such as the state of a random generator; threads other than this one, on which
//! batches run the same code. The engine `plain` is not searched: it is not for secrets.
//!
//! ```text
//! cargo test --release --features ledger,envelope --test wiping
//! ```
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::cast_possible_truncation, reason = "the lowest bits of a word")]

#[path = "wiping/forms.rs"]
mod forms;
#[path = "wiping/memory.rs"]
mod memory;

use forms::Form;
use memory::{Keeping, Remains, STACK, after};
use phi_pre::envelope::{self, Header, Opener, Sealer, Suite};
use phi_pre::group::{Engine, G1, G2, Gt, Scalar, pairing, pow_g1_batch};
use phi_pre::hash::hkdf;
use phi_pre::identifier::{Pseudonym, UserId, Vector, literal};
use phi_pre::identity::{
    Authority, Credentials, Delivery, ParticipantGroup, PhoneNumber, SealedCode, SealingKey, SigningKey, seal,
};
use phi_pre::integrity::{Committer, Salt};
use phi_pre::pre::{
    Capsule, DecryptionKey, EncryptionKey, Handshake, NamedSecret, Params, Party, PublicReKey, ReKey, RecordKeys,
    ReencryptionProof, Scope, Seed, Session, SharedSecret, Statement, Threshold,
};
use phi_pre::secret::{Secret, wiped};
use phi_pre::time::Seconds;
use rand_chacha::ChaCha20Rng;
use rand_core::{Infallible, Rng, SeedableRng, TryCryptoRng, TryRng};
use std::cell::{RefCell, RefMut};
use std::collections::{BTreeSet, HashMap};
use std::hint::black_box;
use zeroize::Zeroizing;

#[global_allocator]
static ALLOCATOR: Keeping = Keeping;

/// Where a secret was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Heap,
    Stack,
}
use Place::{Heap, Stack};

/// What stays, by operation and secret, and why. An entry for the heap must be found. One for the stack may be found: that
/// depends on the compiler.
const REMAINS: &[(&str, Place, &str, &str)] = &[
    ("registration: the credentials", Stack, "uid", UID),
    ("registration: the end of the authority", Heap, "uid", UID),
    ("registration: open the credentials", Stack, "uid", UID),
    ("credentials from bytes", Stack, "uid", UID),
    ("credentials cloned", Stack, "uid", UID),
];
const UID: &str = "copied like a number; without a v_i, it joins no records";

/// The words of all secrets.
struct Secrets {
    names: HashMap<u64, &'static str>,
    /// Whether a word has these lowest 16 bits: a quick answer for most of the memory.
    first: Vec<bool>,
    /// Secrets shorter than a word.
    texts: Vec<(&'static str, Vec<u8>)>,
}

impl Secrets {
    fn new(forms: Vec<Form>) -> Self {
        let mut out = Self { names: HashMap::new(), first: vec![false; 1 << 16], texts: Vec::new() };
        for form in forms {
            assert!(!form.words.is_empty(), "{}", form.name);
            for word in form.words {
                out.first[usize::from(word as u16)] = true;
                out.names.entry(word).or_insert(form.name);
            }
        }
        out
    }

    /// The secrets of which a word lies in the memory, wherever the word begins.
    fn found(&self, memory: &[u8]) -> BTreeSet<&'static str> {
        let words = memory.windows(8).map(|word| u64::from_le_bytes(word.try_into().unwrap()));
        let words = words.filter(|word| self.first[usize::from(*word as u16)]);
        let texts = self.texts.iter().filter(|(_, text)| memory.windows(text.len()).any(|window| window == text));
        words.filter_map(|word| self.names.get(&word).copied()).chain(texts.map(|(name, _)| *name)).collect()
    }
}

/// A run of operations with the same secrets.
struct Run<'a> {
    title: &'a str,
    secrets: Secrets,
    /// What operations draw from; it begins anew with each.
    rng: RefCell<ChaCha20Rng>,
    wrong: &'a RefCell<Vec<String>>,
    /// The entries of [`REMAINS`] that were found.
    found: &'a RefCell<BTreeSet<usize>>,
}

impl Run<'_> {
    fn rng(&self) -> RefMut<'_, ChaCha20Rng> {
        self.rng.borrow_mut()
    }

    fn check(&self, name: &str, mut operation: impl FnMut()) {
        *self.rng() = seeded(DRAWN);
        let (heap, stack, deepest_is_zero) = after(&mut operation, |remains: &Remains<'_>| {
            let heap: BTreeSet<_> = remains.heap.iter().flat_map(|block| self.secrets.found(block)).collect();
            (heap, self.secrets.found(remains.stack), remains.deepest_is_zero())
        });
        let all = heap.iter().map(|secret| (Heap, *secret)).chain(stack.iter().map(|secret| (Stack, *secret)));
        let all: Vec<_> = all.collect();
        if let Some(control) = name.strip_prefix("control: ") {
            let place = if control.starts_with("stack") { Stack } else { Heap };
            let caught = all.iter().any(|(at, secret)| *at == place && *secret == "k_d") && !deepest_is_zero;
            println!("{:12} {name:44} {}", self.title, if caught { "caught" } else { "NOT CAUGHT" });
            if !caught {
                self.wrong.borrow_mut().push(format!("{name}: not caught"));
            }
            return;
        }
        let mut wrong = Vec::new();
        for (place, secret) in &all {
            let known = |entry: &&(&str, Place, &str, &str)| (entry.0, entry.1, entry.2) == (name, *place, secret);
            match REMAINS.iter().find(known).zip(REMAINS.iter().position(|entry| known(&entry))) {
                Some((entry, i)) => {
                    println!("{:12} {name:44} {secret} stays, {place:?}: {}", self.title, entry.3);
                    self.found.borrow_mut().insert(i);
                }
                None => wrong.push(format!("{secret} STAYS, {place:?}")),
            }
        }
        if !deepest_is_zero {
            wrong.push("THE STACK IS NOT OVERWRITTEN TO THE END".to_owned());
        }
        if wrong.is_empty() {
            println!("{:12} {name:44} nothing else", self.title);
        }
        for wrong in wrong {
            println!("{:12} {name:44} {wrong}", self.title);
            self.wrong.borrow_mut().push(format!("{}: {name}: {wrong}", self.title));
        }
    }
}

/// Checks operations, each an expression whose value is dropped.
macro_rules! check {
    ($run:ident: $($name:literal => $operation:expr;)*) => { $( $run.check($name, || _ = black_box($operation)); )* };
}

fn seeded(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn random<const N: usize>(seed: u64) -> [u8; N] {
    let mut bytes = [0; N];
    seeded(seed).fill_bytes(&mut bytes);
    bytes
}

/// The seed of the randomness that operations draw.
const DRAWN: u64 = 5;

fn main() {
    let (wrong, found) = std::thread::Builder::new().stack_size(STACK).spawn(on_a_known_stack).unwrap().join().unwrap();
    for (i, (name, place, secret, _)) in REMAINS.iter().enumerate() {
        assert!(*place == Stack || found.contains(&i), "{secret} no longer stays, {place:?}, after: {name}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn on_a_known_stack() -> (Vec<String>, BTreeSet<usize>) {
    // Batches run on this thread.
    rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global().unwrap();
    let (wrong, found) = (RefCell::default(), RefCell::default());
    let run = |title, secrets| Run { title, secrets, rng: seeded(DRAWN).into(), wrong: &wrong, found: &found };
    for engine in [Engine::Lanes, Engine::Lanes256, Engine::Blst] {
        match engine.engage() {
            Ok(engaged) => {
                engaged.install();
                scheme(engine.name(), &run);
                keys_by_name(engine.name(), &run);
                proofs_and_shares(engine.name(), &run);
                #[cfg(feature = "schemes")]
                comparison::all(&run);
            }
            Err(error) => println!("{engine}: skipped: {error}"),
        }
    }
    keys_and_messages(&run);
    envelopes(&run);
    registration(&run);
    (wrong.into_inner(), found.into_inner())
}

/// The exponents t and r of n capsules, with the bytes that they are made of.
fn drawn(n: usize) -> Vec<[(Scalar, [u8; 48]); 2]> {
    drawn_from(DRAWN, n)
}

fn drawn_from(seed: u64, n: usize) -> Vec<[(Scalar, [u8; 48]); 2]> {
    let rng = &mut seeded(seed);
    let mut draw = || {
        let mut wide = [0; 48];
        rng.fill_bytes(&mut wide);
        (Scalar::from_wide(&wide), wide)
    };
    (0..n).map(|_| [draw(), draw()]).collect()
}

/// A vector that wipes itself and grows once, so that its first buffer stays behind.
fn grown(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut grown = Zeroizing::new(Vec::with_capacity(bytes.len()));
    grown.extend_from_slice(bytes);
    grown.push(0);
    grown
}

/// The groups and the scheme, by one engine.
fn scheme<'a>(engine: &'a str, run: &impl Fn(&'a str, Secrets) -> Run<'a>) {
    let setup = &mut seeded(7);
    let params = Params::new(Seed([1; 32]));
    let sk = SharedSecret::from_bytes(random(8));
    let scope = Scope::Record(b"a");
    let (k_d, other) = (params.derive(&sk, scope), DecryptionKey::random(setup));
    let (k_e, k_e_prime) = (k_d.encryption_key(&params), other.encryption_key(&params));
    let y = k_d.public_key(&params);
    // Everything that is computed once is computed before.
    let tables = y.prepare(&params);
    black_box((tables.encapsulate(setup), tables.encapsulate_many(9, setup)));
    let sealed = y.encapsulate_many(&params, 9, &mut seeded(DRAWN));
    let capsules: Vec<Capsule> = sealed.iter().map(|(capsule, _)| *capsule).collect();
    let (capsule, m) = (capsules[0], sealed[0].1.clone());
    // More than the lanes compute together.
    let many: Vec<Capsule> = capsules.iter().copied().cycle().take(41).collect();
    let encoded = Capsule::encode_batch(&many);
    let k_re = ReKey::new(&k_e, &k_e_prime).unwrap();
    let batch: Vec<_> = many.iter().map(|capsule| (*capsule, &k_re)).collect();

    let scalar = |key: &DecryptionKey| Scalar::from_bytes(key.to_bytes().expose()).unwrap();
    let g2 = |bytes: &Secret<[u8; 96]>| G2::from_bytes(bytes.expose()).unwrap();
    let gt = |m: &phi_pre::pre::Message| Gt::from_bytes(m.to_bytes().expose()).unwrap();
    let y_element = Gt::from_bytes(&y.to_bytes()).unwrap();
    let (k_e_point, k_re_point) = (g2(&k_e.to_bytes()), g2(&k_re.to_bytes()));
    let (k_d_scalar, k_d_bytes, k_e_bytes, k_re_bytes) =
        (scalar(&k_d), k_d.to_bytes(), k_e.to_bytes(), k_re.to_bytes());
    let wide: [u8; 48] = hkdf(sk.expose(), &params.seed().0, "phi-pre/1/k_d", &[&[2], b"a", &[0]]);
    let mut forms = vec![
        Form::bytes("sk", sk.expose()),
        Form::bytes("f(sk)", &wide),
        Form::scalar("k_d", &k_d_scalar),
        Form::scalar("k'_d", &scalar(&other)),
        Form::g2("k_e", &k_e_point),
        Form::g2("k'_e", &g2(&k_e_prime.to_bytes())),
        Form::g2("k_re", &k_re_point),
        Form::g2("k_re squared", &(k_re_point * k_re_point)),
        Form::lines("lines of k_e", &k_e_point.inverse()),
        Form::lines("lines of k_re", &k_re_point),
        Form::bytes("key of a record", RecordKeys::new(&capsule, &m).key(b"x").expose()),
    ];
    for ([(t, t_wide), (r, r_wide)], (capsule, m)) in drawn(9).iter().zip(&sealed) {
        forms.extend([
            Form::scalar("t", t),
            Form::bytes("t", t_wide),
            Form::scalar("r", r),
            Form::bytes("r", r_wide),
            Form::gt("M", &gt(m)),
            Form::gt("pad", &y_element.pow(r)),
            Form::gt("pad", &pairing(capsule.z(), &k_re_point)),
        ]);
    }
    let run = run(engine, Secrets::new(forms));
    check! { run:
        "control: heap" => Box::new(*k_d_bytes.expose());
        "control: heap that grows" => grown(k_d_bytes.expose());
        "control: stack" => leave_on_stack(k_d_bytes.expose());
        "control: stack, a power that nobody overwrites" => k_e_point.pow(&k_d_scalar);
        "powers in G1, G2, GT" => wiped(|| _ = black_box((
            G1::generator().pow(&k_d_scalar), G2::generator().pow(&k_d_scalar), params.g_t().pow(&k_d_scalar)
        )));
        "nine powers of points of G1" => wiped(|| _ = black_box(pow_g1_batch(&Zeroizing::new(
            capsules.iter().map(|capsule| (*capsule.z(), k_d_scalar)).collect::<Vec<_>>()
        ))));
        "k_d <- f(sk)" => params.derive(&sk, scope);
        "k_d at random" => DecryptionKey::random(&mut *run.rng());
        "k_d from bytes" => DecryptionKey::from_bytes(k_d_bytes.expose());
        "k_d to bytes" => k_d.to_bytes();
        "k_d cloned, compared" => k_d.clone() == other;
        "k_e = g2^k_d" => k_d.encryption_key(&params);
        "Y = e(g1, g2)^k_d" => k_d.public_key(&params);
        "k_e from bytes" => EncryptionKey::from_bytes(k_e_bytes.expose());
        "k_e to bytes" => k_e.to_bytes();
        "k_e cloned, compared" => k_e.clone() == k_e_prime;
        "k_e in a vector that grows" => wiped(|| {
            let mut keys = vec![k_e.clone()];
            keys.push(k_e.clone());
            keys
        });
        "encapsulate" => y.encapsulate(&params, &mut *run.rng());
        "encapsulate nine" => y.encapsulate_many(&params, 9, &mut *run.rng());
        "encapsulate by tables" => tables.encapsulate(&mut *run.rng());
        "encapsulate nine by tables" => tables.encapsulate_many(9, &mut *run.rng());
        "decapsulate by k_d" => k_d.decapsulate(&params, &capsule);
        "decapsulate by k_e" => k_e.decapsulate(&capsule);
        "prepare k_e" => k_e.prepare();
        "decapsulate 41 by k_e" => k_e.prepare().decapsulate(&many);
        "k_re = k'_e / k_e" => ReKey::new(&k_e, &k_e_prime);
        "k_re from bytes" => ReKey::from_bytes(k_re_bytes.expose());
        "k_re to bytes" => k_re.to_bytes();
        "k_re inverted" => k_re.inverse();
        "k_re, product" => k_re.compose(&k_re);
        "re-encrypt" => k_re.reencrypt(&capsule);
        "prepare k_re" => k_re.prepare();
        "re-encrypt 41" => k_re.prepare().reencrypt(&many);
        "re-encrypt 41 from bytes to bytes" => k_re.prepare().reencrypt_bytes(&encoded);
        "re-encrypt 41, each under its own key" => ReKey::reencrypt_each(&batch);
        "M to bytes" => m.to_bytes();
        "M compared" => m == sealed[1].1;
        "key of a record in a folder" => RecordKeys::new(&capsule, &m).key(b"x");
    }
}

/// Keys by name, by one engine.
fn keys_by_name<'a>(engine: &'a str, run: &impl Fn(&'a str, Secrets) -> Run<'a>) {
    let setup = &mut seeded(7);
    let (params, scope) = (Params::new(Seed([1; 32])), Scope::Record(b"a"));
    let (a, other) = (NamedSecret::random(setup), NamedSecret::random(setup));
    let (bytes, other_bytes) = (a.to_bytes(), other.to_bytes());
    let k_e = G2::from_bytes(a.encryption_key(&params, scope).to_bytes().expose()).unwrap();
    let [(drawn, wide), _] = drawn(1)[0];
    black_box(a.public(&params)); // the table of g1 is computed once
    let run = run(
        engine,
        Secrets::new(vec![
            Form::scalar("a", &Scalar::from_bytes(bytes.expose()).unwrap()),
            Form::scalar("a", &Scalar::from_bytes(other_bytes.expose()).unwrap()),
            Form::scalar("a", &drawn),
            Form::bytes("a", &wide),
            Form::g2("k_e", &k_e),
        ]),
    );
    check! { run:
        "a at random" => NamedSecret::random(&mut *run.rng());
        "a from bytes" => NamedSecret::from_bytes(bytes.expose());
        "a to bytes" => a.to_bytes();
        "a cloned, compared" => a.clone() == other;
        "A = g1^a" => a.public(&params);
        "k_e = H2(scope)^a" => a.encryption_key(&params, scope);
    }
}

/// Proofs of re-encryption and shared keys, by one engine.
fn proofs_and_shares<'a>(engine: &'a str, run: &impl Fn(&'a str, Secrets) -> Run<'a>) {
    let setup = &mut seeded(7);
    let params = Params::new(Seed([1; 32]));
    let (k_d, other) = (DecryptionKey::random(setup), DecryptionKey::random(setup));
    let (y, k_e_prime) = (k_d.public_key(&params), other.encryption_key(&params));
    let k_re = ReKey::new(&k_d.encryption_key(&params), &k_e_prime).unwrap();
    let before: Vec<Capsule> = y.encapsulate_many(&params, 9, setup).into_iter().map(|(capsule, _)| capsule).collect();
    let (delta, after) = (PublicReKey::of(&params, &k_re), k_re.prepare().reencrypt(&before));
    let statement = Statement::new(&params, &delta, &before, &after, b"").unwrap();
    let two_of_three = Threshold::new(2, 3).unwrap();
    let (shares, _) = k_re.split(&params, two_of_three, &mut seeded(DRAWN));

    let g2 = |bytes: &Secret<[u8; 96]>| G2::from_bytes(bytes.expose()).unwrap();
    let nonce = [&k_re.to_bytes().expose()[..], &random::<32>(DRAWN)].concat();
    let s = Scalar::from_wide(&hkdf(&nonce, &statement.digest().0, "phi-pre/1/reencryption/nonce", &[]));
    let mut forms = vec![
        Form::g2("k_re", &g2(&k_re.to_bytes())),
        Form::g2("k'_e", &g2(&k_e_prime.to_bytes())),
        Form::scalar("s", &s),
        Form::g2("S", &params.g2().pow(&s)),
        Form::scalar("a", &Scalar::from_wide(&random(DRAWN))),
    ];
    for share in &shares {
        let point = g2(&share.key().to_bytes());
        forms.extend([Form::g2("share of k_re", &point), Form::lines("lines of a share", &point)]);
    }
    let run = run(engine, Secrets::new(forms));
    check! { run:
        "delta = e(g1, k_re)" => PublicReKey::of(&params, &k_re);
        "e(g1, k'_e) = delta Y" => delta.check_recipient(&params, &y, &k_e_prime);
        "prove re-encryption" => ReencryptionProof::new(&params, &k_re, &statement, &mut *run.rng());
        "prove each of nine" => ReencryptionProof::new_each(&params, &[(&k_re, &statement); 9], &mut *run.rng());
        "k_re split among three" => k_re.split(&params, two_of_three, &mut *run.rng());
        "partial re-encryptions" => shares[1].prepare().reencrypt(&before);
    }
}

/// The schemes to compare with.
#[cfg(feature = "schemes")]
mod comparison {
    use super::{DRAWN, Form, Run, Secrets, black_box, drawn, drawn_from, seeded};
    use phi_pre::group::{G1, G2, Gt, Scalar};
    use phi_pre::schemes::{Afgh06, Bbs98, BongJang, ByName, Encoding, Ga07, Lv08, Scheme};

    pub(super) fn all<'a>(run: &impl Fn(&'a str, Secrets) -> Run<'a>) {
        let g2 = |bytes: &[u8]| vec![Form::g2("rk", &G2::from_bytes(bytes).unwrap())];
        scheme::<BongJang>(run, g2);
        scheme::<ByName>(run, |bytes| g2(&bytes[..96]));
        scheme::<Afgh06>(run, g2);
        // In this scheme alone, M and the pad are in G1.
        scheme::<Bbs98>(run, |bytes| {
            let exponents = drawn(1).into_iter().flatten();
            let powers = exponents.map(|(k, _)| Form::g1("M or pad in G1", &G1::generator().pow(&k)));
            powers.chain([Form::scalar("rk", &Scalar::from_bytes(bytes).unwrap())]).collect()
        });
        scheme::<Ga07>(run, |bytes| g2(&bytes[240..]));
        scheme::<Lv08>(run, g2);
    }

    /// What was drawn for keys, which begins with all secret exponents; what operations draw, which begins with the
    /// exponent t of M and X, then r; and rk.
    fn scheme<'a, S: Scheme>(run: &impl Fn(&'a str, Secrets) -> Run<'a>, own: impl Fn(&[u8]) -> Vec<Form>) {
        const KEYS: u64 = 7;
        let drawn_forms = |seed| {
            let all = drawn_from(seed, 2).into_iter().flatten();
            all.flat_map(|(k, wide)| [Form::scalar("drawn", &k), Form::bytes("drawn", &wide)])
        };
        let keys = &mut seeded(KEYS);
        let setup = S::setup(keys);
        let [(pk_a, sk_a), (pk_b, sk_b)] = [b"A", b"B"].map(|name| S::key_gen(&setup, name, keys));
        let to = S::delegatee(&pk_b, &sk_b);
        let (c, _) = S::enc(&pk_a, &mut seeded(DRAWN));
        let rk = S::re_key_gen(&sk_a, to, &mut seeded(DRAWN)).unwrap();
        let c_prime = S::re_enc(&rk, &c, &mut seeded(DRAWN)).unwrap_or_else(|error| panic!("{error}"));

        let nine: Vec<_> = (0..9).map(|_| S::enc(&pk_a, &mut seeded(DRAWN)).0).collect();
        let nine_again = S::re_enc_many(&rk, &nine, &mut seeded(DRAWN)).into_iter();
        let nine_again: Vec<_> = nine_again.map(|c| c.unwrap_or_else(|error| panic!("{error}"))).collect();

        let first = run(S::PROPERTIES.name, Secrets::new(drawn_forms(DRAWN).collect()));
        check! { first:
            "Setup" => S::setup(&mut *first.rng());
            "KeyGen" => S::key_gen(&setup, b"A", &mut *first.rng());
        }
        let mut forms: Vec<_> = drawn_forms(KEYS).chain(drawn_forms(DRAWN)).collect();
        for (k, _) in drawn(1).into_iter().flatten() {
            forms.push(Form::gt("M or pad", &Gt::generator().pow(&k)));
        }
        forms.extend(own(&rk.encoding()));
        let secrets = Secrets::new(forms);
        let second = run(S::PROPERTIES.name, secrets);
        check! { second:
            "ReKeyGen" => S::re_key_gen(&sk_a, to, &mut *second.rng());
            "Enc" => S::enc(&pk_a, &mut *second.rng());
            "Enc of nine" => S::enc_many(&pk_a, 9, &mut *second.rng());
            "ReEnc" => S::re_enc(&rk, &c, &mut *second.rng());
            "ReEnc of nine" => S::re_enc_many(&rk, &nine, &mut *second.rng());
            "Dec" => S::dec(&sk_a, &c);
            "Dec of C'" => S::dec_re(&sk_b, &c_prime);
            "Dec of nine C'" => S::dec_re_many(&sk_b, &nine_again);
            "rk to bytes" => rk.encoding();
        }
    }
}

#[inline(never)]
fn leave_on_stack(bytes: &[u8; 32]) {
    black_box(&[*bytes; 64]);
}

/// The handshake, pseudonyms, commitments, signatures and sealed messages.
fn keys_and_messages<'a>(run: &impl Fn(&'a str, Secrets) -> Run<'a>) {
    let initiator = || Handshake::new(Party::Initiator, &mut seeded(DRAWN));
    let responder = Handshake::new(Party::Responder, &mut seeded(7));
    let session = Session { initiator: (b"I", initiator().share()), responder: (b"R", responder.share()) };
    let sk = initiator().finish(&session, |_| true).unwrap();
    let (uid, v, salt) = (UserId(random(9)), Vector::from_bytes(random(10)), Salt::from_bytes(random(11)));
    let record: [u8; 1000] = random(12);
    let (signing, sealing) = (SigningKey::random(&mut seeded(13)), SealingKey::from_bytes(Secret::new(random(14))));
    let (signing_bytes, message) = (signing.to_bytes(), random::<100>(15));
    let pem = signing.to_pkcs8_pem().unwrap();
    // d lies in bytes 36 to 67 of the DER, which the first two lines of the text hold.
    let (first, second) = (&pem.expose().as_bytes()[28 + 48..28 + 64], &pem.expose().as_bytes()[28 + 65..28 + 92]);
    let sealed = seal(&sealing.public(), b"info", b"aad", &message, &mut seeded(16)).unwrap();
    let secrets = Secrets::new(vec![
        Form::bytes("what was drawn", &random::<32>(DRAWN)),
        Form::bytes("sk", sk.expose()),
        Form::bytes("v", v.expose()),
        Form::bytes("salt", salt.expose()),
        Form::bytes("salt of a chunk", &phi_pre::hash::hmac(salt.expose(), "phi-pre/1/commitment/leaf", &[0; 8]).0),
        Form::bytes("record", &record),
        Form::bytes("signing key", signing_bytes.expose()),
        Form::bytes("signing key in PEM", first),
        Form::bytes("signing key in PEM", second),
        Form::bytes("sealing key", sealing.to_bytes().expose()),
        Form::bytes("message", &message),
    ]);
    let run = run("above", secrets);
    let mut ready = Some(initiator());
    run.check("handshake: sk", || _ = black_box(ready.take().map(|side| side.finish(&session, |_| true))));
    let side = initiator();
    check! { run:
        "handshake: new" => Handshake::new(Party::Initiator, &mut *run.rng());
        "handshake: share" => side.share();
        "v at random" => Vector::random(&mut *run.rng());
        "ID_i" => Pseudonym::derive(&uid, &v);
        "ID_i, the literal reading" => literal(&uid, &v);
        "salted commitment" => Committer::commit(&salt, &record);
        "signing key at random" => SigningKey::random(&mut *run.rng());
        "signing key from bytes" => SigningKey::from_bytes(&signing_bytes);
        "signing key to bytes" => signing.to_bytes();
        "signing key to PEM" => signing.to_pkcs8_pem();
        "signing key from PEM" => SigningKey::from_pkcs8_pem(pem.expose());
        "sign" => signing.sign(b"m");
        "sealing key at random" => SealingKey::random(&mut *run.rng());
        "sealing key, public key" => sealing.public();
        "seal" => seal(&sealing.public(), b"info", b"aad", &message, &mut *run.rng());
        "open" => sealing.open(b"info", b"aad", &sealed);
    }
}

/// Envelopes in memory: M, the content key, the salt and the record.
fn envelopes<'a>(run: &impl Fn(&'a str, Secrets) -> Run<'a>) {
    let params = Params::new(Seed([1; 32]));
    let k_d = DecryptionKey::random(&mut seeded(7));
    let (k_e, y) = (k_d.encryption_key(&params), k_d.public_key(&params));
    // Two batches of chunks, so that the buffers grow and change places.
    let mut record = vec![0; 5 << 20];
    seeded(8).fill_bytes(&mut record);
    let encrypt = |record: &[u8]| envelope::encrypt(&params, &y, record, &mut seeded(DRAWN)).unwrap();
    let (small, large) = (encrypt(&record[..1000]), encrypt(&record));
    let header = Header::from_bytes(&small[..Header::BYTES]).unwrap();
    let m = k_e.decapsulate(&header.capsule);
    let okm: [u8; 96] =
        hkdf(m.to_bytes().expose(), &header.capsule.z().to_bytes(), "phi-pre/1/content-key", &[&[1, 1]]);
    assert_eq!(okm[32..64], header.key_commitment.0, "K is that of the envelope");
    let secrets = Secrets::new(vec![
        Form::g2("k_e", &G2::from_bytes(k_e.to_bytes().expose()).unwrap()),
        Form::gt("M", &Gt::from_bytes(m.to_bytes().expose()).unwrap()),
        Form::bytes("K", &okm[..32]),
        Form::bytes("salt", &okm[64..]),
        Form::bytes("record", &record),
    ]);
    let run = run("above", secrets);
    let decrypt = |envelope: &[u8]| envelope::decrypt(&k_e, envelope).map(Zeroizing::new);
    check! { run:
        "envelope: sealer" => Sealer::new(&params, &y, Suite::ChaCha20Poly1305, &mut *run.rng());
        "envelope: opener" => Opener::new(&header, &k_e);
        "envelope: encrypt" => envelope::encrypt(&params, &y, &record[..1000], &mut *run.rng());
        "envelope: encrypt 5 MiB" => envelope::encrypt(&params, &y, &record, &mut *run.rng());
        "envelope: decrypt" => decrypt(&small);
        "envelope: decrypt 5 MiB" => decrypt(&large);
    }
}

/// Randomness that notes what is drawn.
struct Noting<'a>(&'a mut ChaCha20Rng, Vec<Vec<u8>>);

impl TryRng for Noting<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill_bytes(out);
        self.1.push(out.to_vec());
        Ok(())
    }
}

impl TryCryptoRng for Noting<'_> {}

/// A phone with room for one code.
struct Phone(String);

impl Delivery for Phone {
    fn deliver(&mut self, _: &PhoneNumber, code: &str) {
        self.0.push_str(code);
    }
}

/// Registration: the code, v_i, and the keys of a person.
fn registration<'a>(run: &impl Fn(&'a str, Secrets) -> Run<'a>) {
    let now = Seconds(1_790_000_000);
    let authority = || Authority::new(ParticipantGroup::Users, &mut seeded(7), now).unwrap();
    let number = PhoneNumber::new("+82 10 1234 5678").unwrap();
    let phone = || Phone(String::with_capacity(8));

    let (mut first, mut inbox, begin) = (authority(), phone(), &mut seeded(8));
    let mut noting = Noting(begin, Vec::new());
    let ticket = first.begin_registration(&number, now, &mut inbox, &mut noting).unwrap();
    let drawn: Vec<_> = noting.1.into_iter().filter(|bytes| bytes.len() == 20).collect();
    let root = first.root().clone();
    let recipient = SealingKey::from_bytes(Secret::new(random(9)));
    let answer = SealedCode::new(&root, &ticket, &inbox.0, &recipient.public(), &mut seeded(10)).unwrap();
    let enrolment = first.finish_registration(&ticket, &answer, now, &mut seeded(11)).unwrap();
    let credentials = enrolment.open(&recipient, &ticket, &root).unwrap();
    let bytes = credentials.to_bytes();

    let mut forms = vec![
        Form::bytes("seed of the code", &drawn[0]),
        Form::bytes("sealing key", recipient.to_bytes().expose()),
        Form::bytes("uid", &credentials.uid.0),
    ];
    forms.extend(credentials.vectors.iter().map(|v| Form::bytes("v_i", v.expose())));
    forms.extend(credentials.members.iter().map(|(_, key)| Form::bytes("key of ID_i", key.to_bytes().expose())));
    let mut secrets = Secrets::new(forms);
    secrets.texts.push(("code", inbox.0.clone().into_bytes()));
    secrets.texts.push(("phone number", b"821012345678".to_vec()));
    let run = run("above", secrets);
    let (mut again, mut delivered) = (authority(), phone());
    let (mut begin, mut seal_code, mut finish) = (seeded(8), seeded(10), seeded(11));
    check! { run:
        "registration: a phone number" => PhoneNumber::new("+82 10 1234 5678");
        "registration: the code" => again.begin_registration(&number, now, &mut delivered, &mut begin);
        "registration: the answer" => SealedCode::new(&root, &ticket, &inbox.0, &recipient.public(), &mut seal_code);
        "registration: the credentials" => again.finish_registration(&ticket, &answer, now, &mut finish);
    }
    let mut again = Some(again);
    check! { run:
        "registration: the end of the authority" => wiped(|| drop(again.take()));
        "registration: open the credentials" => enrolment.open(&recipient, &ticket, &root);
        "credentials to bytes" => credentials.to_bytes();
        "credentials from bytes" => Credentials::from_bytes(bytes.expose());
        "credentials cloned" => wiped(|| drop(credentials.clone()));
    }
}
