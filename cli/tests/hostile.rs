//! Runs every decoder on mutations of the test vectors. No decoder panics or exceeds its bound of memory, and every
//! value has one encoding.
//!
//! `PHI_PRE_ROUNDS` sets the number of mutations for each decoder, and `PHI_PRE_SEED` seeds them; both are printed.
//! `tests/fuzz` runs the same table under libFuzzer. `tests/hostile/regressions` holds inputs that are tested every
//! time.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

#[path = "hostile/decoders.rs"]
mod decoders;
#[path = "hostile/fixture.rs"]
mod fixture;
#[path = "hostile/seeds.rs"]
mod seeds;

use decoders::Decoder;
use fixture::{FIXTURE, Fixture};
use peak_alloc::PeakAlloc;
use phi_pre::envelope::{self, DecryptError, Header, Opener, Sealer, Suite};
use phi_pre::identity::{IdentityError, Sealed, SealingKey, seal};
use phi_pre::integrity::CHUNK_BYTES;
use phi_pre::pre::{DecryptionKey, EncryptionKey};
use phi_pre::wire::Wire;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fs, io};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// The tests measure the memory of the process, so they run one at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{name}: {value}")))
}

fn regressions() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/regressions")
}

/// Runs a decoder and checks its use of memory. Prints the input where a property fails.
fn run_measured(decoder: &Decoder, bytes: &[u8]) -> (bool, usize) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let taken = catch_unwind(AssertUnwindSafe(|| (decoder.run)(bytes))).unwrap_or_else(|_| {
        panic!("{} fails on {} bytes: {}", decoder.name, bytes.len(), hex::encode(&bytes[..bytes.len().min(4096)]))
    });
    let held = MEMORY.peak_usage().saturating_sub(before);
    let (base, each) = decoder.memory;
    let allowed = base + each * bytes.len();
    let shown = hex::encode(&bytes[..bytes.len().min(256)]);
    assert!(held <= allowed, "{}: {held} bytes of memory for {} bytes: {shown}", decoder.name, bytes.len());
    (taken, held)
}

/// A random number from 0 to n - 1, or 0 where n is 0.
fn below(rng: &mut ChaCha20Rng, n: usize) -> usize {
    usize::try_from(rng.next_u64() % (n.max(1) as u64)).unwrap()
}

/// Changes an input as fuzzers do: flips bits, overwrites lengths and counts, cuts, repeats, or inserts a piece of
/// another input.
fn mutate(bytes: &mut Vec<u8>, other: &[u8], rng: &mut ChaCha20Rng) {
    const LENGTHS: [u32; 12] =
        [0, 1, 2, 0x7f, 0x80, 0xff, 0x1_0000, 1 << 20, 1 << 24, 0x7fff_ffff, 0x8000_0000, u32::MAX];
    let mut below = |n: usize| below(rng, n);
    let at = below(bytes.len());
    let range = |below: &mut dyn FnMut(usize) -> usize, length: usize| {
        let start = below(length);
        start..start + below((length - start).min(64) + 1)
    };
    match below(9) {
        0 | 1 if !bytes.is_empty() => bytes[at] ^= 1 << below(8),
        2 if !bytes.is_empty() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][below(5)],
        3 if bytes.len() >= 4 => {
            let at = below(bytes.len() - 3);
            let length = if below(2) == 0 {
                LENGTHS[below(LENGTHS.len())]
            } else {
                u32::try_from(below(bytes.len() + 2)).unwrap()
            };
            bytes[at..at + 4].copy_from_slice(&length.to_be_bytes());
        }
        4 => bytes.truncate(at),
        5 => drop(bytes.drain(range(&mut below, bytes.len()))),
        6 => {
            let piece = bytes[range(&mut below, bytes.len())].to_vec();
            drop(bytes.splice(at..at, piece));
        }
        7 => {
            let piece = other[range(&mut below, other.len())].to_vec();
            let end = (at + piece.len()).min(bytes.len());
            drop(bytes.splice(at..end, piece));
        }
        _ => bytes.push(u8::try_from(below(256)).unwrap()),
    }
}

/// Writes the seeds as files for `tests/fuzz`, into a folder for each decoder below the folder `PHI_PRE_CORPUS`.
#[test]
#[ignore = "writes files"]
fn seeds_as_files() {
    let _alone = alone();
    let corpus = PathBuf::from(std::env::var_os("PHI_PRE_CORPUS").expect("PHI_PRE_CORPUS names a folder"));
    for (decoder, seeds) in seeds::all() {
        let folder = corpus.join(decoder.name);
        fs::create_dir_all(&folder).unwrap();
        for (i, bytes) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{i}")), bytes).unwrap();
        }
    }
}

/// Every type of the library that is read from bytes or text stands in the table. The types are found in the sources.
#[test]
fn every_reader_stands_in_the_table() {
    /// Types that another reader of the table reads, or that no outsider writes.
    const ELSEWHERE: [(&str, &str); 5] = [
        ("ChunkSalt", "a private part of a range proof"),
        ("Engine", "a name that the operator types"),
        ("Read", "a part of a read-write set"),
        ("Write", "a part of a read-write set"),
        ("SigningKey", "a part of credentials"),
    ];
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src");
    let table = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/decoders.rs")).unwrap();
    let words: BTreeSet<_> = table.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let (mut readers, mut of_schemes) = (BTreeSet::new(), BTreeSet::new());
    for file in sources(&library) {
        let scheme = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut owner = String::new();
        for line in fs::read_to_string(file).unwrap().lines() {
            let name = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric()).collect::<String>();
            let of = |prefix: &str| line.strip_prefix(prefix).map(name).filter(|name| !name.is_empty());
            if let Some(found) = ["impl Wire for ", "impl FromStr for ", "wire_newtype!("].into_iter().find_map(of) {
                readers.insert(found);
            } else if let Some(found) = of("impl Decoding for ") {
                of_schemes.insert(format!("{scheme}::{found}"));
            } else if let Some(found) = of("impl ") {
                owner = found;
            }
            if ["from_bytes(", "from_der(", "from_hex("].iter().any(|read| line.contains(&format!("    pub fn {read}")))
            {
                readers.insert(owner.clone());
            }
        }
    }
    // The schemes use the same names for their types, so the file is part of the name, except for the types of `pre`.
    // Two types are only parts of other types.
    let parts = ["ga07::Pair", "lv08::Signed"];
    let read = |name: &str| table.contains(&format!("decoded::<{}>", name.trim_start_matches("bong_jang::")));
    let unread: Vec<_> = of_schemes.iter().filter(|name| !read(name) && !parts.contains(&name.as_str())).collect();
    assert!(unread.is_empty() && of_schemes.len() > 15, "schemes: {unread:?} of {of_schemes:?}");
    let elsewhere = ELSEWHERE.map(|(name, _)| name);
    let missing: Vec<_> = readers
        .iter()
        .map(String::as_str)
        .filter(|name| !words.contains(name) && !elsewhere.contains(name) && !name.is_empty())
        .collect();
    assert!(readers.len() > 50, "{readers:?}");
    assert!(missing.is_empty(), "readers that do not stand in the table: {missing:?}");
    assert!(elsewhere.iter().all(|name| readers.contains(*name)), "a name that no source has");
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// Inputs that a fuzzer found or that an attacker would try first: the largest counts and lengths that a limit admits,
/// deep and wide trees, damaged headers. The files of a decoder lie in the folder of its name.
#[test]
fn regressions_stay_fixed() {
    let _alone = alone();
    let mut replayed = 0;
    let warm = FIXTURE.capsule.to_bytes();
    assert!((decoders::named("records").unwrap().run)(&warm.repeat(9)));
    for folder in fs::read_dir(regressions()).unwrap() {
        let folder = folder.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap();
        let decoder = decoders::named(name).unwrap_or_else(|| panic!("no decoder {name}"));
        for file in fs::read_dir(&folder).unwrap() {
            let (_, held) = run_measured(decoder, &fs::read(file.unwrap().path()).unwrap());
            println!("{name}: {held} bytes of memory");
            replayed += 1;
        }
    }
    assert!(replayed > 15);
}

/// The quick form of the fuzzing in `tests/fuzz`.
#[test]
fn no_decoder_panics_or_takes_a_second_encoding_or_much_memory() {
    let _alone = alone();
    let (rounds, seed) = (setting("PHI_PRE_ROUNDS", 1000), setting("PHI_PRE_SEED", 1));
    println!("PHI_PRE_ROUNDS={rounds} PHI_PRE_SEED={seed}");
    println!("{:<20} {:>6} {:>8} {:>8} {:>12}", "decoder", "seeds", "rounds", "taken", "memory");
    for (decoder, seeds) in seeds::all() {
        assert!(!seeds.is_empty(), "{} has no seed", decoder.name);
        let rng = &mut ChaCha20Rng::seed_from_u64(seed);
        // A first run before the measurement, since tables that are built once do not depend on the input.
        let fit = seeds.iter().filter(|bytes| (decoder.run)(bytes)).count();
        assert!(fit > 0, "{} takes none of its seeds", decoder.name);
        let rounds = rounds / u64::from(decoder.every);
        let (mut taken, mut most) = (0, 0);
        for round in 0..rounds {
            let pick = |rng: &mut ChaCha20Rng| &seeds[below(rng, seeds.len())];
            let mut bytes = pick(rng).clone();
            for _ in 0..=round % 4 {
                let other = pick(rng);
                mutate(&mut bytes, other, rng);
            }
            let (fits, held) = run_measured(decoder, &bytes);
            taken += u64::from(fits);
            most = most.max(held);
        }
        println!("{:<20} {:>6} {rounds:>8} {taken:>8} {most:>12}", decoder.name, seeds.len());
    }
}

/// Alterations of `whole`, an envelope of three chunks. Each keeps a well-formed header. `other` is an envelope under
/// the same key.
fn alterations(whole: &[u8], other: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let slot = CHUNK_BYTES + envelope::TAG_BYTES;
    let (body, end) = (Header::BYTES, whole.len());
    let header = Header::from_bytes(&whole[..body]).unwrap();
    let other_suite = 3 - whole[9];
    let altered = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut envelope = whole.to_vec();
        change(&mut envelope);
        assert!(envelope != whole);
        envelope
    };
    vec![
        ("Z of another envelope", altered(&|e| e[44..92].copy_from_slice(&other[44..92]))),
        ("C of another envelope", altered(&|e| e[92..284].copy_from_slice(&other[92..284]))),
        ("C re-encrypted", altered(&|e| e[..body].copy_from_slice(&header.reencrypt(&FIXTURE.k_re).to_bytes()))),
        ("commitment", altered(&|e| e[12] ^= 1)),
        ("commitment of another envelope", altered(&|e| e[12..44].copy_from_slice(&other[12..44]))),
        ("the other suite", altered(&|e| e[9] = other_suite)),
        ("first byte of the ciphertext", altered(&|e| e[body] ^= 1)),
        ("last byte of the ciphertext", altered(&|e| e[end - 17] ^= 0x80)),
        ("first tag", altered(&|e| e[body + CHUNK_BYTES] ^= 1)),
        ("last tag", altered(&|e| e[end - 1] ^= 1)),
        ("a chunk less", altered(&|e| e.truncate(end - slot))),
        ("a chunk more", altered(&|e| e.extend_from_slice(&whole[body..body + slot]))),
        ("chunks swapped", altered(&|e| e[body..body + 2 * slot].rotate_left(slot))),
        ("a byte less", altered(&|e| e.truncate(end - 1))),
        ("no body", altered(&|e| e.truncate(body))),
        ("body of another envelope", altered(&|e| e[body..].copy_from_slice(&other[body..]))),
    ]
}

/// A wrong key and every alteration of an envelope give the same error, with the same text and no source. Faults of the
/// header's format have errors of their own, since anybody can detect them without a key.
#[test]
fn a_failed_decryption_does_not_tell_why() {
    let _alone = alone();
    let Fixture { params, k_d, k_e, .. } = &*FIXTURE;
    let rng = &mut ChaCha20Rng::seed_from_u64(3);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("envelope");
    for suite in [Suite::Aes256Gcm, Suite::ChaCha20Poly1305] {
        let seal = |record: &[u8], rng: &mut ChaCha20Rng| {
            let mut envelope = Vec::new();
            let sealer = Sealer::new(params, &k_d.public_key(params), suite, rng).unwrap();
            sealer.seal(&mut &*record, &mut envelope).unwrap();
            envelope
        };
        let record = vec![7; 3 * CHUNK_BYTES];
        let whole = seal(&record, rng);
        let other = seal(&record, rng);
        let body = Header::BYTES;
        let header = Header::from_bytes(&whole[..body]).unwrap();
        let refused = alterations(&whole, &other);
        let wrong = DecryptionKey::random(rng).encryption_key(params);
        let mut texts = BTreeSet::new();
        let mut is_refused = |what: &str, key: &EncryptionKey, bytes: &[u8]| {
            let header = Header::from_bytes(&bytes[..body]).unwrap_or_else(|e| panic!("{what}: {e}"));
            let opened = Opener::new(&header, key).and_then(|opener| opener.open(&mut &bytes[body..], &mut io::sink()));
            let error = opened.expect_err(what);
            assert!(matches!(error, DecryptError::Refused), "{what}: {error:?}");
            assert!(std::error::Error::source(&error).is_none(), "{what}");
            texts.insert(format!("{error} {error:?}"));
            fs::write(&path, bytes).unwrap();
            let file = envelope::check_file(key, &path).expect_err(what);
            assert!(matches!(file.source, DecryptError::Refused), "{what}: {file:?}");
        };
        is_refused("a wrong key", &wrong, &whole);
        for (what, bytes) in &refused {
            is_refused(what, k_e, bytes);
        }
        assert_eq!(texts.len(), 1, "{texts:?}");
        Opener::new(&header, k_e).unwrap().open(&mut &whole[body..], &mut io::sink()).unwrap();

        // Faults that can be detected without a key.
        for at in [0, 8, 9, 10, 44, 92] {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x60;
            fs::write(&path, &bytes).unwrap();
            let error = envelope::check_file(k_e, &path).expect_err("a malformed header").source;
            assert!(matches!(error, DecryptError::Header(_)), "{at}: {error:?}");
        }
    }
}

/// HPKE under a wrong key, info or aad, or with any byte altered, gives the same error.
#[test]
fn a_sealed_message_that_does_not_open_does_not_tell_why() {
    let _alone = alone();
    let (key, rng) = (&FIXTURE.sealing_key, &mut ChaCha20Rng::seed_from_u64(4));
    let sealed = seal(&key.public(), Fixture::INFO, b"aad", b"plaintext", rng).unwrap();
    let mut errors = vec![
        SealingKey::random(rng).open(Fixture::INFO, b"aad", &sealed),
        key.open(b"", b"aad", &sealed),
        key.open(Fixture::INFO, b"", &sealed),
    ];
    let bytes = sealed.to_bytes();
    for at in (0..32).chain(36..bytes.len()) {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        errors.push(key.open(Fixture::INFO, b"aad", &Sealed::from_bytes(&altered).unwrap()));
    }
    errors.push(key.open(Fixture::INFO, b"aad", &Sealed::from_bytes(&[&[0; 32][..], &bytes[32..]].concat()).unwrap()));
    assert!(errors.iter().all(|error| matches!(error, Err(IdentityError::CannotOpen))), "{errors:?}");
}
