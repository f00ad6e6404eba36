//! The cost of a re-encryption in other libraries: `cargo run --release --manifest-path benches/peers/Cargo.toml`. It
//! uses one thread and measures all cases in turn in each round. Ratios are to direct calls of blst with prepared
//! lines.
//!
//! Each row has a class, and rows of different classes must not be compared: *bare* is the group operation alone;
//! *authenticated* also proves, signs or verifies; *threshold* is the work of one proxy of several, and of the party
//! that combines. The last table has ratios to one re-encryption.
//!
//! recrypt is 0.14, since later versions pin a pre-release of curve25519-dalek that excludes the version needed here.
//! nube (GPL-3.0) cannot be built, since it needs funty 1.2.0, which was withdrawn from the registry. Its re-encryption
//! is one call of `pairing` of the crate bls12_381; this call is measured here under the name of that crate.

use phi_pre::group::{Engine, G1, G2, G2Prepared, Gt};
use phi_pre::pre::{Capsule, DecryptionKey, Params, PublicReKey, ReKey, ReencryptionProof, Seed, Statement, Threshold};
use phi_pre::schemes::{Afgh06, Bbs98, BongJang, ByName, Ga07, Lv08, Row, Scheme};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use recrypt::api::{CryptoOps, Ed25519Ops, KeyGenOps, Recrypt};
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: usize = 25;
const BATCH: usize = 64;
/// Records with one proof.
const MANY: usize = 10_000;
const REKEY: &str = "libpep 0.14, rekey";
const REKEY_PREPARED: &str = "libpep 0.14, rekey, 1/k computed before";
const REKEY_PROVED: &str = "libpep 0.14, rekey with its proof";
const REKEY_VERIFIED: &str = "libpep 0.14, verification of that proof";

struct Case {
    class: &'static str,
    name: String,
    elements: f64,
    run: Box<dyn FnMut()>,
    samples: Vec<f64>,
}

fn main() {
    let mut cases = Vec::new();
    let mut add = |class, name: &str, elements: f64, run: Box<dyn FnMut()>| {
        cases.push(Case { class, name: name.to_owned(), elements, run, samples: Vec::new() });
    };
    add("bare", "blst, raw calls with lines", 1.0, raw_blst());
    ours(&mut add);
    add("bare", "bls12_381 0.8, one pairing (what nube does)", 1.0, {
        let (p, q) = (bls12_381::G1Affine::generator(), bls12_381::G2Affine::generator());
        Box::new(move || _ = black_box(bls12_381::pairing(black_box(&p), black_box(&q))))
    });
    schemes::<BongJang>(&mut add);
    schemes::<ByName>(&mut add);
    schemes::<Afgh06>(&mut add);
    schemes::<Bbs98>(&mut add);
    schemes::<Ga07>(&mut add);
    schemes::<Lv08>(&mut add);
    libpep(&mut add);
    add("authenticated", "recrypt 0.14, transform", 1.0, recrypt());
    umbral(&mut add);
    proofs(&mut add);
    threshold(&mut add);

    for _ in 0..ROUNDS {
        for case in &mut cases {
            let start = Instant::now();
            let mut calls = 0;
            while calls == 0 || start.elapsed().as_millis() < 20 {
                (case.run)();
                calls += 1;
            }
            case.samples.push(start.elapsed().as_secs_f64() / f64::from(calls) / case.elements);
        }
    }
    for case in &mut cases {
        case.samples.sort_by(f64::total_cmp);
    }
    let reference = cases[0].samples[ROUNDS / 2];
    println!("{:<14} {:<52} {:>12}   {:<20} {:>9}", "class", "re-encrypt", "us/record", "(p10 - p90)", "to blst");
    for Case { class, name, samples, .. } in &cases {
        let at = |percent: usize| samples[(ROUNDS - 1) * percent / 100] * 1e6;
        let spread = format!("({:.1} - {:.1})", at(10), at(90));
        println!("{class:<14} {name:<52} {:>12.1}   {spread:<20} {:>9.3}", at(50), at(50) * 1e-6 / reference);
    }
    println!("\n{:<52} {:>9}   to", "row", "ratio");
    let median = |name: &str| cases.iter().find(|case| case.name == name).map(|case| case.samples[ROUNDS / 2]);
    for (name, reference) in ratios(Engine::available().last().expect("an engine").engine()) {
        let ratio = median(&name).zip(median(&reference)).map(|(of, to)| of / to).expect("both rows");
        println!("{name:<52} {ratio:>9.3}   {reference}");
    }
}

/// The rows that are also given as ratios, each with the re-encryption that it refers to.
fn ratios(engine: Engine) -> Vec<(String, String)> {
    let ours = |name: &str| format!("phi-pre, {engine}, {name}");
    let (one, batch) = (ours("one, prepared"), ours(&format!("batch of {BATCH}")));
    let bbs98 = format!("{}, {engine}, batch of {BATCH}", Bbs98::PROPERTIES.name);
    let mut out = vec![(bbs98.clone(), REKEY.to_owned()), (bbs98, REKEY_PREPARED.to_owned())];
    out.extend([REKEY_PROVED, REKEY_VERIFIED].map(|name| (name.to_owned(), REKEY.to_owned())));
    for (n, reference) in [(1, &one), (MANY, &batch)] {
        out.extend([proved(n), verified(n)].map(|name| (ours(&name), reference.clone())));
    }
    out.extend([(ours(SHARED), one), (ours(PARTIAL), batch.clone()), (ours(COMBINED), batch)]);
    out
}

fn proved(n: usize) -> String {
    format!("{n} with one proof")
}

fn verified(n: usize) -> String {
    format!("verification of the proof of {n}")
}

const SHARED: &str = "2 of 3: k_re shared";
const PARTIAL: &str = "2 of 3: partial, batch of 64";
const COMBINED: &str = "2 of 3: two partials combined";

/// blst on its own types, without conversions and checks.
fn raw_blst() -> Box<dyn FnMut()> {
    use blst::*;
    let mut lines = vec![blst_fp6::default(); 68];
    // SAFETY: the generators are valid, and blst writes and reads 68 lines.
    unsafe {
        let (mut p, mut q) = (blst_p1_affine::default(), blst_p2_affine::default());
        blst_p1_to_affine(&raw mut p, blst_p1_generator());
        blst_p2_to_affine(&raw mut q, blst_p2_generator());
        blst_precompute_lines(lines.as_mut_ptr(), &raw const q);
        let mut c = blst_fp12::default();
        blst_miller_loop_lines(&raw mut c, lines.as_ptr(), &raw const p);
        let c = c.final_exp();
        Box::new(move || {
            let mut f = blst_fp12::default();
            blst_miller_loop_lines(&raw mut f, black_box(&lines).as_ptr(), black_box(&raw const p));
            let mut out = blst_fp12::default();
            blst_fp12_mul(&raw mut out, black_box(&raw const c), &f.final_exp());
            black_box(out);
        })
    }
}

fn ours(add: &mut impl FnMut(&'static str, &str, f64, Box<dyn FnMut()>)) {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let params = Params::new(Seed::random(rng));
    let (a, b) = (DecryptionKey::random(rng), DecryptionKey::random(rng));
    let k_re = ReKey::new(&a.encryption_key(&params), &b.encryption_key(&params)).expect("two keys");
    let capsules: Vec<_> =
        a.public_key(&params).encapsulate_many(&params, BATCH, rng).into_iter().map(|(capsule, _)| capsule).collect();
    for engine in Engine::available() {
        let name = engine.engine();
        let one = (G1::random(rng), Gt::random(rng));
        let lines = G2Prepared::new(&G2::random(rng));
        add("bare", &format!("phi-pre, {name}, one, prepared"), 1.0, {
            Box::new(move || _ = black_box(engine.pair_and_multiply(black_box(&[one]), &lines)))
        });
        let (prepared, capsules) = (k_re.prepare(), capsules.clone());
        add("bare", &format!("phi-pre, {name}, batch of {BATCH}"), BATCH as f64, {
            Box::new(move || {
                engine.install();
                black_box(prepared.reencrypt(black_box(&capsules)));
            })
        });
    }
}

/// Re-encryption by the schemes to compare with, by the fastest engine.
fn schemes<S: Scheme>(add: &mut impl FnMut(&'static str, &str, f64, Box<dyn FnMut()>))
where
    S::ReKey: Clone,
    S::Ciphertext: Clone,
{
    let rng = &mut ChaCha20Rng::seed_from_u64(4);
    let engine = Engine::available().last().expect("an engine");
    let setup = S::setup(rng);
    let [(pk_a, sk_a), (pk_b, sk_b)] = [&b"A"[..], b"B"].map(|name| S::key_gen(&setup, name, rng));
    let rk = S::re_key_gen(&sk_a, S::delegatee(&pk_b, &sk_b), rng).expect("two keys");
    let class = if Row::of::<S>().checks { "authenticated" } else { "bare" };
    let name = S::PROPERTIES.name;
    for n in [1, BATCH] {
        let (rk, mut rng) = (rk.clone(), ChaCha20Rng::seed_from_u64(5));
        let c: Vec<_> = (0..n).map(|_| S::enc(&pk_a, &mut rng).0).collect();
        let size = if n == 1 { "one".to_owned() } else { format!("batch of {n}") };
        add(class, &format!("{name}, {}, {size}", engine.engine()), n as f64, {
            Box::new(move || {
                engine.install();
                match &c[..] {
                    [c] => drop(black_box(S::re_enc(&rk, black_box(c), &mut rng))),
                    c => drop(black_box(S::re_enc_many(&rk, black_box(c), &mut rng))),
                }
            })
        });
    }
}

/// n-PEP: ElGamal on ristretto255. A `rekey` is a re-encryption of BBS98 with π = 1/k.
fn libpep(add: &mut impl FnMut(&'static str, &str, f64, Box<dyn FnMut()>)) {
    use libpep::elgamal::arithmetic::group_elements::{G, GroupElement};
    use libpep::elgamal::arithmetic::scalars::ScalarNonZero;
    use libpep::elgamal::arithmetic::{Ristretto255, Ristretto255Sha512};
    use libpep::elgamal::primitives::{rekey, rekey_precomputed};
    use libpep::elgamal::verifiable::{RekeyFactorCommitment, VerifiableRekey};
    let rng = &mut ChaCha20Rng::seed_from_u64(6);
    let [y, k] = [(); 2].map(|()| ScalarNonZero::random(rng));
    let c = libpep::elgamal::encrypt::<Ristretto255, _>(&GroupElement::random(rng), &(y * G), rng);
    let inverse = k.invert();
    add("bare", REKEY, 1.0, Box::new(move || _ = black_box(rekey::<Ristretto255>(black_box(&c), &k))));
    add("bare", REKEY_PREPARED, 1.0, {
        Box::new(move || _ = black_box(rekey_precomputed::<Ristretto255>(black_box(&c), &inverse)))
    });
    let proved = VerifiableRekey::new::<Ristretto255Sha512, _>(&c, &k, rng);
    add("authenticated", REKEY_PROVED, 1.0, {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        Box::new(move || _ = black_box(VerifiableRekey::new::<Ristretto255Sha512, _>(black_box(&c), &k, &mut rng)))
    });
    let commitment = RekeyFactorCommitment::new(&k);
    assert!(proved.verify::<Ristretto255Sha512>(&c, &commitment));
    add("authenticated", REKEY_VERIFIED, 1.0, {
        Box::new(move || _ = black_box(proved.verify::<Ristretto255Sha512>(black_box(&c), &commitment)))
    });
}

/// k_re is shared among three proxies, and two of them re-encrypt.
fn threshold(add: &mut impl FnMut(&'static str, &str, f64, Box<dyn FnMut()>)) {
    let rng = &mut ChaCha20Rng::seed_from_u64(8);
    let params = Params::new(Seed::random(rng));
    let (a, b) = (DecryptionKey::random(rng), DecryptionKey::random(rng));
    let k_re = ReKey::new(&a.encryption_key(&params), &b.encryption_key(&params)).expect("two keys");
    let engine = Engine::available().last().expect("an engine");
    let name = engine.engine();
    let two_of_three = Threshold::new(2, 3).expect("2 of 3");
    let capsules: Vec<_> =
        a.public_key(&params).encapsulate_many(&params, BATCH, rng).into_iter().map(|(capsule, _)| capsule).collect();
    let (shares, public) = k_re.split(&params, two_of_three, rng);
    let (first, second) = (shares[0].prepare(), shares[1].prepare());
    let partials: Vec<_> = first.reencrypt(&capsules).into_iter().zip(second.reencrypt(&capsules)).collect();
    add("threshold", &format!("phi-pre, {name}, {SHARED}"), 1.0, {
        let (params, mut rng) = (params.clone(), ChaCha20Rng::seed_from_u64(9));
        Box::new(move || {
            engine.install();
            black_box(k_re.split(&params, two_of_three, &mut rng));
        })
    });
    add("threshold", &format!("phi-pre, {name}, {PARTIAL}"), BATCH as f64, {
        let capsules = capsules.clone();
        Box::new(move || {
            engine.install();
            black_box(first.reencrypt(black_box(&capsules)));
        })
    });
    add("threshold", &format!("phi-pre, {name}, {COMBINED}"), 1.0, {
        let (capsule, partials) = (capsules[0], [partials[0].0.clone(), partials[0].1.clone()]);
        Box::new(move || {
            engine.install();
            black_box(public.combine(black_box(&capsule), &partials)).expect("combined");
        })
    });
}

/// Re-encryption with its proof, and the check of the proof: one record, and one proof for many.
fn proofs(add: &mut impl FnMut(&'static str, &str, f64, Box<dyn FnMut()>)) {
    let rng = &mut ChaCha20Rng::seed_from_u64(2);
    let params = Params::new(Seed::random(rng));
    let (a, b) = (DecryptionKey::random(rng), DecryptionKey::random(rng));
    let k_re = ReKey::new(&a.encryption_key(&params), &b.encryption_key(&params)).expect("two keys");
    let delta = PublicReKey::of(&params, &k_re);
    let engine = Engine::available().last().expect("an engine");
    for n in [1, MANY] {
        let before: Vec<_> =
            a.public_key(&params).encapsulate_many(&params, n, rng).into_iter().map(|(capsule, _)| capsule).collect();
        let prepared = k_re.prepare();
        let after = prepared.reencrypt(&before);
        let (encoded, encoded_after) = (Capsule::encode_batch(&before), Capsule::encode_batch(&after));
        let statement = Statement::from_encoded(&params, &delta, &encoded, &encoded_after, b"").expect("a statement");
        let proof = ReencryptionProof::new(&params, &k_re, &statement, rng);
        let name = engine.engine();
        add("authenticated", &format!("phi-pre, {name}, {}", proved(n)), n as f64, {
            let (params, k_re, statement, mut rng) =
                (params.clone(), k_re.clone(), statement.clone(), ChaCha20Rng::seed_from_u64(3));
            Box::new(move || {
                engine.install();
                black_box(prepared.reencrypt(black_box(&before)));
                black_box(ReencryptionProof::new(&params, &k_re, &statement, &mut rng));
            })
        });
        let params = params.clone();
        add("authenticated", &format!("phi-pre, {name}, {}", verified(n)), n as f64, {
            Box::new(move || {
                engine.install();
                proof.verify(&params, black_box(&statement)).expect("verified");
            })
        });
    }
}

fn recrypt() -> Box<dyn FnMut()> {
    let api = Recrypt::new();
    let signing = api.generate_ed25519_key_pair();
    let (_, public) = api.generate_key_pair().expect("keys");
    let (delegator, delegator_public) = api.generate_key_pair().expect("keys");
    let transform_key = api.generate_transform_key(&delegator, &public, &signing).expect("a transform key");
    let plaintext = api.gen_plaintext();
    let encrypted = api.encrypt(&plaintext, &delegator_public, &signing).expect("encrypted");
    Box::new(move || {
        let transformed = api.transform(black_box(encrypted.clone()), transform_key.clone(), &signing);
        black_box(transformed.expect("transformed"));
    })
}

fn umbral(add: &mut impl FnMut(&'static str, &str, f64, Box<dyn FnMut()>)) {
    use umbral_pre::{SecretKey, Signer, encrypt, generate_kfrags, reencrypt};
    let (delegating, receiving) = (SecretKey::random(), SecretKey::random());
    let signer = Signer::new(SecretKey::random());
    let (delegating_public, receiving_public) = (delegating.public_key(), receiving.public_key());
    let (capsule, _) = encrypt(&delegating_public, &[7; 32]).expect("encrypted");
    let kfrags = generate_kfrags(&delegating, &receiving_public, &signer, 1, 1, true, true);
    let kfrag = kfrags[0].clone();
    let cfrag = reencrypt(&capsule, kfrag.clone());
    add("authenticated", "umbral-pre 0.11, 1 of 1, no pairing, with its proof", 1.0, {
        let capsule = capsule.clone();
        Box::new(move || _ = black_box(reencrypt(black_box(&capsule), kfrag.clone())))
    });
    let verifying = signer.verifying_key();
    add("authenticated", "umbral-pre 0.11, verification of that proof", 1.0, {
        let cfrag = cfrag.unverify();
        Box::new(move || {
            let verified = black_box(cfrag.clone()).verify(&capsule, &verifying, &delegating_public, &receiving_public);
            black_box(verified.expect("verified"));
        })
    });
}
