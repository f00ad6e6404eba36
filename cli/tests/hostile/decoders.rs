//! The table of all decoders of untrusted bytes, by name. The test `hostile` and the package `tests/fuzz` share it.
//!
//! A decoder returns whether it accepts the bytes. It panics where a property fails: an accepted value encodes to the
//! same bytes, all engines give the same answer, and every refusal has a text.

use super::fixture::{FIXTURE, Fixture};
use core::fmt::{Debug, Display};
use phi_pre::contract::{self, Action, Confirmation, Query, Record, RecordId, RequestId, ShareRequest, Shared};
use phi_pre::envelope::{self, Header, Opener, Shard};
use phi_pre::error::DecodeError;
use phi_pre::flow::{Delivery, Fetch, Grant, NamedKey, Rotated, Rotation, SealedIdentifier, Signed, Upload};
use phi_pre::group::{Engine, G1, G2, Gt, Scalar};
use phi_pre::hash::Digest;
use phi_pre::identifier::{Pseudonym, UserId};
use phi_pre::identity::{
    Certificate, Credentials, Institution, MemberId, Organisations, PhoneNumber, RevocationList, Role, Sealed,
    SealedCode, SealedEnrolment, SealingPublicKey, Serial, Signature, SigningKey, Ticket, VerifyingKey, seal,
};
use phi_pre::integrity::{CHUNK_BYTES, Commitment, Fig5Record, RangeProof};
use phi_pre::ledger::{
    self, Block, BlockFile, Channel, CommitError, Committed, Config, CutRules, Endorsement, Entry, Invocation,
    Metadata, Organisation, Outcome, Payload, PeerStore, Policy, Proposal, ReadWriteSet, Savepoint, SignedProposal,
    SignedTransaction, Simulation, StoreError, Transaction, Transient, TxId, VerifyError, Version, validate,
};
use phi_pre::pre::{
    Capsule, DecryptionKey, DhPublicKey, EncryptionKey, Handshake, NamedPublic, NamedSecret, Params, Partial, Party,
    PublicKey, PublicReKey, ReKey, ReencryptionProof, Seed, Session, SharePublic, SharedSecret, Statement,
    StatementError,
};
use phi_pre::schemes::{Decoding, Lv08, Scheme, afgh06, bbs98, by_name, ga07, lv08};
use phi_pre::time::{Millis, Seconds};
use phi_pre::wire::Wire;
use phi_pre_cli::vectors;
use phi_pre_cli::{KeyFile, key_file_text, parse_key_file};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::fs;
use std::str::FromStr;
use std::sync::Arc;

/// A decoder of untrusted bytes.
pub(crate) struct Decoder {
    /// The name, also of the folder of its regressions.
    pub name: &'static str,
    /// Decodes the bytes; returns whether they were accepted.
    pub run: fn(&[u8]) -> bool,
    /// The bound of its memory: a number of bytes, and a number of bytes for each byte of the input.
    pub memory: (usize, usize),
    /// The decoder runs in one of `every` rounds. Decoders that write files run less often.
    pub every: u32,
}

/// The bound of a decoder that holds the decoded value. Caches of a fixed size are included.
const IN_MEMORY: (usize, usize) = (256 << 10, 64);
/// The bound of a streaming decoder: two batches of 64 chunks with their tags, threads and buffers.
const STREAMED: (usize, usize) = (10 << 20, 0);

const fn plain(name: &'static str, run: fn(&[u8]) -> bool) -> Decoder {
    Decoder { name, run, memory: IN_MEMORY, every: 1 }
}

/// All decoders.
pub(crate) const ALL: &[Decoder] = &[
    // group
    plain("scalar", |b| by_engines(b, Scalar::from_bytes, |x| x.to_bytes().to_vec())),
    plain("g1", |b| by_engines(b, G1::from_bytes, |x| x.to_bytes().to_vec())),
    plain("g2", |b| by_engines(b, G2::from_bytes, |x| x.to_bytes().to_vec())),
    plain("gt-t6", |b| by_engines(b, Gt::from_bytes, |x| x.to_bytes().to_vec())),
    plain("gt-t2", |b| by_engines(b, Gt::from_bytes_t2, |x| x.to_bytes_t2().to_vec())),
    plain("gt-plain", |b| by_engines(b, Gt::from_bytes_plain, |x| x.to_bytes_plain().to_vec())),
    Decoder { name: "records", run: records, memory: (1 << 20, 64), every: 1 },
    // pre
    plain("k_d", |b| held(DecryptionKey::from_bytes(b).map(|key| key.to_bytes().expose().to_vec()), b)),
    plain("k_e", |b| held(EncryptionKey::from_bytes(b).map(|key| key.to_bytes().expose().to_vec()), b)),
    plain("k_re", |b| held(ReKey::from_bytes(b).map(|key| key.to_bytes().expose().to_vec()), b)),
    plain("public-key", public::<PublicKey>),
    plain("named-secret", |b| held(NamedSecret::from_bytes(b).map(|key| key.to_bytes().expose().to_vec()), b)),
    plain("named-public", public::<NamedPublic>),
    plain("parameters", public::<Params>),
    plain("capsule", public::<Capsule>),
    plain("public-rekey", public::<PublicReKey>),
    plain("proof", public::<ReencryptionProof>),
    plain("partial", wire::<Partial>),
    plain("share-public", wire::<SharePublic>),
    Decoder { name: "statement", run: statement, memory: (1 << 20, 64), every: 1 },
    plain("handshake", handshake),
    // schemes
    plain("bong-jang-pk", |b| decoded::<PublicKey>(b, &())),
    plain("bong-jang-rk", |b| decoded::<ReKey>(b, &())),
    plain("bong-jang-c", |b| decoded::<Capsule>(b, &())),
    plain("by-name-pk", |b| decoded::<by_name::PublicKey>(b, b"scope")),
    plain("by-name-rk", |b| decoded::<by_name::ReKey>(b, &())),
    plain("by-name-c", |b| decoded::<by_name::Ciphertext>(b, &())),
    plain("by-name-c-prime", |b| decoded::<by_name::ReEncrypted>(b, &())),
    plain("afgh06-pk", |b| decoded::<afgh06::PublicKey>(b, &())),
    plain("afgh06-rk", |b| decoded::<afgh06::ReKey>(b, &())),
    plain("afgh06-c", |b| decoded::<afgh06::SecondLevel>(b, &())),
    plain("afgh06-c-prime", |b| decoded::<afgh06::FirstLevel>(b, &())),
    plain("bbs98-pk", |b| decoded::<bbs98::PublicKey>(b, &())),
    plain("bbs98-rk", |b| decoded::<bbs98::ReKey>(b, &())),
    plain("bbs98-c", |b| decoded::<bbs98::Ciphertext>(b, &())),
    plain("ga07-parameters", |b| decoded::<ga07::Parameters>(b, &())),
    plain("ga07-rk", |b| decoded::<ga07::ReKey>(b, &())),
    plain("ga07-c", |b| decoded::<ga07::Ciphertext>(b, &())),
    plain("lv08-pk", |b| decoded::<lv08::PublicKey>(b, &())),
    plain("lv08-rk", |b| decoded::<lv08::ReKey>(b, &FIXTURE.lv08.0)),
    plain("lv08-c", lv08_c),
    plain("lv08-c-prime", lv08_c_prime),
    // identity
    plain("verifying-key", wire::<VerifyingKey>),
    plain("signature", wire::<Signature>),
    plain("certificate", certificate),
    plain("certificate-pem", |b| text(b, |pem| canonical(Certificate::from_pem(pem), |c| c.to_pem().unwrap(), pem))),
    plain("signing-key-pem", |b| text(b, signing_key_pem)),
    plain("signature-der", |b| canonical(Signature::from_der(b), |s| s.to_der().unwrap(), b)),
    plain("revocation-list", revocation_list),
    plain("sealed", wire::<Sealed>),
    plain("sealed-opened", sealed_opened),
    plain("sealed-enrolment", sealed_enrolment),
    plain("sealed-code", sealed_code),
    plain("code-opened", code_opened),
    plain("sealing-key", wire::<SealingPublicKey>),
    plain("ticket", wire::<Ticket>),
    plain("serial", wire::<Serial>),
    plain("member-identifier", wire::<MemberId>),
    plain("credentials", |b| held(Credentials::from_bytes(b).map(|c| c.to_bytes().expose().clone()), b)),
    plain("institution", |b| held(Institution::from_bytes(b).map(|i| i.to_bytes().expose().clone()), b)),
    plain("organisations", |b| text(b, |text| refusal(text.parse::<Organisations>()))),
    plain("phone-number", |b| text(b, |text| refusal(PhoneNumber::new(text)))),
    plain("fixed-length", fixed_length),
    // integrity
    plain("range-proof", range_proof),
    // envelope
    plain("envelope-header", wire::<Header>),
    Decoder { name: "envelope", run: opened, memory: STREAMED, every: 1 },
    Decoder { name: "envelope-in-memory", run: in_memory, memory: STREAMED, every: 1 },
    Decoder { name: "envelope-file", run: envelope_file, memory: STREAMED, every: 8 },
    // ledger
    plain("proposal", wire::<Proposal>),
    plain("signed-proposal", wire::<SignedProposal>),
    plain("payload", wire::<Payload>),
    plain("endorsement", wire::<Endorsement>),
    plain("read-write-set", wire::<ReadWriteSet>),
    plain("transaction", wire::<Transaction>),
    plain("ledger-envelope", ledger_envelope),
    plain("block", block),
    plain("block-metadata", wire::<Metadata>),
    plain("configuration", wire::<Config>),
    plain("organisation", wire::<Organisation>),
    plain("policy", policy),
    plain("cut-rules", wire::<CutRules>),
    plain("savepoint", wire::<Savepoint>),
    plain("outcome", wire::<Outcome>),
    plain("validation", validation),
    plain("endorse", endorse),
    plain("order", |b| refusal(FIXTURE.orderer.lock().unwrap().order(b, Fixture::NOW))),
    Decoder { name: "block-file", run: block_file, memory: (2 << 20, 64), every: 4 },
    Decoder { name: "repair", run: repair, memory: (8 << 20, 64), every: 16 },
    Decoder { name: "verdicts-file", run: verdicts_file, memory: (8 << 20, 64), every: 16 },
    Decoder { name: "state-file", run: state_file, memory: (8 << 20, 64), every: 16 },
    // contract
    plain("action", wire::<Action>),
    plain("record", wire::<Record>),
    plain("confirmation", wire::<Confirmation>),
    plain("share", wire::<ShareRequest>),
    plain("query", wire::<Query>),
    plain("shared-record", wire::<Shared>),
    plain("contract", contract_call),
    plain("question", question),
    // flow
    plain("upload", wire::<Signed<Upload>>),
    plain("fetch", wire::<Signed<Fetch>>),
    plain("named-key", wire::<Signed<NamedKey>>),
    plain("delivery", wire::<Signed<Delivery>>),
    plain("rotation", wire::<Signed<Rotation>>),
    plain("rotated", wire::<Signed<Rotated>>),
    plain("grant", wire::<Signed<Grant>>),
    #[cfg(feature = "s3")]
    plain("store-listing", store_listing),
    plain("grant-opened", |b| refusal(Grant::read_k_e_prime(b))),
    plain("sealed-identifier", sealed_identifier),
    // text
    plain("fig5", fig5),
    plain("digest", |b| text(b, |text| canonical(Digest::from_hex(text), ToString::to_string, text))),
    plain("key-file", |b| text(b, key_file)),
    plain("shard", |b| text(b, |text| refusal(text.parse::<Shard>()))),
    // Two bytes of JSON can become a value of 72 bytes, in a list that grows by doubling.
    Decoder { name: "vectors", run: |b| text(b, vector_file), memory: (256 << 10, 128), every: 1 },
];

/// The decoder with this name.
pub(crate) fn named(name: &str) -> Option<&'static Decoder> {
    ALL.iter().find(|decoder| decoder.name == name)
}

fn canonical<T, E: Display + Debug, B: PartialEq + Debug + ?Sized, W: AsRef<B>>(
    read: Result<T, E>,
    write: impl FnOnce(&T) -> W,
    bytes: &B,
) -> bool {
    match read {
        Ok(value) => {
            assert_eq!(write(&value).as_ref(), bytes, "taken, and written back otherwise");
            true
        }
        refused => refusal(refused),
    }
}

/// Returns whether `read` is accepted. Checks that an error has a text, and that printing it does not panic.
fn refusal<T, E: Display + Debug>(read: Result<T, E>) -> bool {
    read.inspect_err(|error| assert!(!error.to_string().is_empty() && !format!("{error:?}").is_empty())).is_ok()
}

fn decoded<T: Decoding>(bytes: &[u8], known: &T::Known) -> bool {
    canonical(T::decode(bytes, known), |value| value.encoding().to_vec(), bytes)
}

/// Also decrypts the ciphertext that was read, which checks the signature.
fn lv08_c(bytes: &[u8]) -> bool {
    if let Ok(c) = lv08::SecondLevel::decode(bytes, &()) {
        refusal(Lv08::dec(&FIXTURE.lv08.1, &c));
    }
    decoded::<lv08::SecondLevel>(bytes, &())
}

/// As [`lv08_c`].
fn lv08_c_prime(bytes: &[u8]) -> bool {
    if let Ok(c) = lv08::FirstLevel::decode(bytes, &()) {
        refusal(Lv08::dec_re(&FIXTURE.lv08.1, &c));
    }
    decoded::<lv08::FirstLevel>(bytes, &())
}

fn held<E: Display + Debug>(written: Result<Vec<u8>, E>, bytes: &[u8]) -> bool {
    canonical(written, Vec::clone, bytes)
}

fn wire<T: Wire>(bytes: &[u8]) -> bool {
    canonical(T::from_bytes(bytes), T::to_bytes, bytes)
}

/// The encoding and the hexadecimal digits of a public type give the same value.
fn public<T: Wire + FromStr<Err = DecodeError> + PartialEq + Debug>(bytes: &[u8]) -> bool {
    let read = T::from_bytes(bytes);
    let from_text = hex::encode(bytes).parse::<T>();
    assert!(from_text == read || matches!(from_text, Err(DecodeError::Text { .. })), "{from_text:?} {read:?}");
    wire::<T>(bytes)
}

fn text(bytes: &[u8], read: impl FnOnce(&str) -> bool) -> bool {
    core::str::from_utf8(bytes).is_ok_and(read)
}

fn by_engines<T: PartialEq + Debug, E: PartialEq + Display + Debug>(
    bytes: &[u8],
    read: fn(&[u8]) -> Result<T, E>,
    write: fn(&T) -> Vec<u8>,
) -> bool {
    let mut verdicts = Vec::new();
    for engine in Engine::available() {
        engine.install();
        let read = read(bytes);
        let taken = canonical(read.as_ref().map_err(ToString::to_string), |value| write(value), bytes);
        verdicts.push((read, taken));
    }
    assert!(verdicts.windows(2).all(|pair| pair[0] == pair[1]), "engines differ: {verdicts:?}");
    verdicts[0].1
}

/// Re-encrypts a batch of records, so that the engine `lanes` is used. Every engine gives for each record the result
/// that the record has by itself.
fn records(bytes: &[u8]) -> bool {
    let good = FIXTURE.capsule.to_bytes();
    let mut batch: Vec<[u8; Capsule::BYTES]> = bytes.as_chunks().0.iter().take(16).copied().collect();
    if batch.is_empty() {
        return false;
    }
    let mine = batch.len();
    batch.extend([good; 3]);
    let alone: Vec<_> = batch.iter().map(|bytes| Capsule::from_bytes(bytes)).collect();
    let k_re = FIXTURE.k_re.prepare();
    let expected: Vec<_> =
        alone.iter().map(|read| read.clone().map(|capsule| FIXTURE.k_re.reencrypt(&capsule).to_bytes())).collect();
    for engine in Engine::available() {
        let read = engine.decode_records(&batch);
        for (read, alone) in read.iter().zip(&alone) {
            let alone = alone.clone().map(|capsule| (*capsule.z(), *capsule.c()));
            assert_eq!(*read, alone, "{:?} in a batch", engine.engine());
        }
        engine.install();
        assert_eq!(Capsule::decode_batch(&batch), alone, "{:?} as capsules", engine.engine());
        assert_eq!(k_re.reencrypt_bytes(&batch), expected, "{:?} from bytes to bytes", engine.engine());
    }
    alone[..mine].iter().any(Result::is_ok)
}

/// The input is the capsules before and after re-encryption. Where they make a statement, a proof of something else is
/// refused.
fn statement(bytes: &[u8]) -> bool {
    let capsules: Vec<[u8; Capsule::BYTES]> = bytes.as_chunks().0.iter().take(20).copied().collect();
    let (before, after) = capsules.split_at(capsules.len() / 2);
    let delta = PublicReKey::of(&FIXTURE.params, &FIXTURE.k_re);
    match Statement::from_encoded(&FIXTURE.params, &delta, before, after, b"") {
        Ok(statement) => {
            let rng = &mut ChaCha20Rng::seed_from_u64(1);
            let proof = ReencryptionProof::new(&FIXTURE.params, &FIXTURE.k_re, &statement, rng);
            let true_statement = before.iter().zip(after).all(|(before, after)| {
                let before = Capsule::from_bytes(before).unwrap();
                FIXTURE.k_re.reencrypt(&before).to_bytes() == *after
            });
            assert_eq!(proof.verify(&FIXTURE.params, &statement).is_ok(), true_statement);
            true
        }
        Err(StatementError::Decode(i, error)) => {
            let of = |side: &[[u8; Capsule::BYTES]]| Capsule::from_bytes(&side[i]).err();
            assert!([of(before), of(after)].contains(&Some(error)));
            false
        }
        Err(_) => false,
    }
}

/// The input is a share, a signature, and the name of the other side.
fn handshake(bytes: &[u8]) -> bool {
    let (Some((share, rest)), rng) = (bytes.split_first_chunk::<32>(), &mut ChaCha20Rng::seed_from_u64(1)) else {
        return false;
    };
    let Some((signature, name)) = rest.split_first_chunk::<64>() else { return false };
    assert!(wire::<DhPublicKey>(share));
    let initiator = Handshake::new(Party::Initiator, rng);
    let session = Session { initiator: (b"name", initiator.share()), responder: (name, DhPublicKey(*share)) };
    let verified = |statement: &Digest| {
        let key = FIXTURE.signer.verifying_key();
        // Another decoder tests signatures. Here the handshake continues whether or not the signature is valid.
        let _ = Signature::from_bytes(signature).map(|signature| key.verify(&statement.0, &signature));
        true
    };
    refusal(initiator.finish(&session, verified))
}

fn certificate(bytes: &[u8]) -> bool {
    let read = Certificate::from_der(bytes);
    if let Ok(certificate) = &read {
        for now in [Seconds(0), certificate.not_before(), Seconds(u64::MAX)] {
            refusal(FIXTURE.msp.validate_at(certificate, now));
        }
        refusal(FIXTURE.config.msp().unwrap().trust(certificate));
    }
    canonical(read, |certificate| certificate.der().to_vec(), bytes)
}

fn signing_key_pem(pem: &str) -> bool {
    let key = SigningKey::from_pkcs8_pem(pem);
    canonical(key, |key| key.to_pkcs8_pem().unwrap().expose().clone(), pem)
}

fn revocation_list(bytes: &[u8]) -> bool {
    if let Ok(list) = RevocationList::from_bytes(bytes) {
        refusal(FIXTURE.config.msp().unwrap().revoke(&list));
    }
    wire::<RevocationList>(bytes)
}

fn sealed_opened(bytes: &[u8]) -> bool {
    let Ok(sealed) = Sealed::from_bytes(bytes) else { return false };
    refusal(FIXTURE.sealing_key.open(Fixture::INFO, b"", &sealed))
}

fn sealed_identifier(bytes: &[u8]) -> bool {
    if let Ok(sealed) = SealedIdentifier::from_bytes(bytes) {
        refusal(sealed.open(&SharedSecret::from_bytes([1; 32]), &RecordId(Digest([1; 32]))));
    }
    wire::<SealedIdentifier>(bytes)
}

fn sealed_enrolment(bytes: &[u8]) -> bool {
    let Ok(sealed) = SealedEnrolment::from_bytes(bytes) else { return false };
    let root = &FIXTURE.config.organisations[0].root;
    refusal(sealed.open(&FIXTURE.sealing_key, &Ticket([0; 16]), root));
    refusal(sealed.open_institution(&FIXTURE.sealing_key, &Ticket([0; 16]), root));
    wire::<SealedEnrolment>(bytes)
}

/// Types that accept every value of their length.
fn fixed_length(bytes: &[u8]) -> bool {
    let decoders = [
        public::<Commitment>,
        public::<MemberId>,
        public::<Pseudonym>,
        public::<RecordId>,
        public::<RequestId>,
        public::<SealingPublicKey>,
        public::<Seed>,
        public::<Serial>,
        public::<TxId>,
        wire::<SealedIdentifier>,
        wire::<Ticket>,
        wire::<UserId>,
    ];
    decoders.map(|decoder| decoder(bytes)).contains(&true)
}

/// Verifies a proof for the record of the seeds, with shown bytes of the length that the proof asks for.
fn range_proof(bytes: &[u8]) -> bool {
    if let Ok(proof) = RangeProof::from_bytes(bytes) {
        let shown = proof.bytes();
        assert!(shown.start < shown.end || proof.length() == 0, "an empty range of a record");
        assert!(shown.end <= proof.length() && !proof.range().is_empty());
        let shown = usize::try_from(shown.end - shown.start).unwrap();
        let record = vec![7; shown.min(2 * CHUNK_BYTES)];
        refusal(proof.verify(&Commitment(Digest([7; 32])), &record));
    }
    wire::<RangeProof>(bytes)
}

fn sealed_code(bytes: &[u8]) -> bool {
    if let Ok(answer) = SealedCode::from_bytes(bytes) {
        refusal(answer.open(&FIXTURE.sealing_key, &FIXTURE.config.organisations[0].root, &Ticket([0; 16])));
    }
    wire::<SealedCode>(bytes)
}

/// The content of an answer with a code.
fn code_opened(bytes: &[u8]) -> bool {
    let (root, ticket, rng) =
        (&FIXTURE.config.organisations[0].root, Ticket([0; 16]), &mut ChaCha20Rng::seed_from_u64(1));
    let aad = [&root.fingerprint().0[..], &ticket.0].concat();
    let content = seal(&FIXTURE.sealing_key.public(), b"phi-pre/1/code", &aad, bytes, rng).unwrap();
    let answer = SealedCode::from_bytes(&content.to_bytes());
    answer.is_ok_and(|answer| refusal(answer.open(&FIXTURE.sealing_key, root, &ticket)))
}

/// Opens an envelope with the key of the seeds.
fn opened(bytes: &[u8]) -> bool {
    let (header, body) = bytes.split_at(bytes.len().min(Header::BYTES));
    let Ok(header) = Header::from_bytes(header) else { return false };
    let Ok(opener) = Opener::new(&header, &FIXTURE.k_e) else { return false };
    refusal(opener.open(&mut &*body, &mut std::io::sink()))
}

/// Decrypts an envelope in one call, and re-encrypts it with k_re and with its inverse.
fn in_memory(bytes: &[u8]) -> bool {
    let decrypted = envelope::decrypt(&FIXTURE.k_e, bytes);
    assert_eq!(decrypted.is_ok(), opened(bytes));
    let mut again = bytes.to_vec();
    if refusal(envelope::reencrypt(&FIXTURE.k_re, &mut again)) {
        assert!(refusal(envelope::reencrypt(&FIXTURE.k_re.inverse(), &mut again)));
    }
    assert!(again == bytes);
    refusal(decrypted)
}

fn envelope_file(bytes: &[u8]) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let (path, out) = (dir.path().join("envelope"), dir.path().join("record"));
    fs::write(&path, bytes).unwrap();
    let inspected = refusal(envelope::inspect_file(&path));
    let checked = envelope::check_file(&FIXTURE.k_e, &path);
    let decrypted = envelope::decrypt_file(&FIXTURE.k_e, &path, &out, &|_| ());
    assert_eq!(decrypted.is_ok(), out.exists(), "a record appears if and only if it is whole");
    assert_eq!(decrypted.as_ref().ok().map(|made| &made.value), checked.as_ref().ok());
    assert!(inspected || decrypted.is_err(), "an envelope that opens has the length of one");
    // Re-encryption with k_re and then with its inverse restores the bytes, whatever the body is.
    if refusal(envelope::reencrypt_file(&FIXTURE.k_re, &path)) {
        assert!(refusal(envelope::reencrypt_file(&FIXTURE.k_re.inverse(), &path)));
    }
    assert!(fs::read(&path).unwrap() == bytes);
    refusal(decrypted)
}

fn ledger_envelope(bytes: &[u8]) -> bool {
    if let Ok(signed) = SignedTransaction::from_bytes(bytes) {
        refusal(signed.proposal());
    }
    wire::<SignedTransaction>(bytes)
}

/// Uses a block as block 0 of a new channel, and as the next block of a chain.
fn block(bytes: &[u8]) -> bool {
    if let Ok(block) = Block::from_bytes(bytes) {
        if let Ok(channel) = Channel::of_genesis(&block) {
            refusal(channel.validate(&block, None, &Nothing));
        }
        let after = Savepoint { height: 1, tip: Digest([0; 32]), commit_hash: Digest([0; 32]) };
        refusal(FIXTURE.channel.validate(&block, Some(&after), &Nothing));
    }
    wire::<Block>(bytes)
}

fn policy(bytes: &[u8]) -> bool {
    if let Ok(policy) = Policy::from_bytes(bytes) {
        assert!(!policy.satisfied_by(&[]) && policy.to_string().len() <= 64 + 4 * bytes.len());
    }
    wire::<Policy>(bytes)
}

/// A state without any key.
struct Nothing;

impl Committed for Nothing {
    fn entry(&self, _: &str) -> Result<Option<Entry>, StoreError> {
        Ok(None)
    }

    fn knows(&self, _: &TxId) -> Result<bool, StoreError> {
        Ok(false)
    }
}

/// Validates a block with the bytes as its transaction. Every verdict is accepted.
fn validation(bytes: &[u8]) -> bool {
    let block = Block { transactions: vec![bytes.to_vec()], ..FIXTURE.block.clone() };
    let verdict = validate(&block, &FIXTURE.config, &FIXTURE.msp, &Nothing).unwrap();
    assert_eq!(verdict.codes.len(), 1);
    verdict.codes[0] == ledger::Code::Valid
}

/// Sends the bytes to a peer as a proposal.
fn endorse(bytes: &[u8]) -> bool {
    let Ok(signed) = SignedProposal::from_bytes(bytes) else { return false };
    let network = FIXTURE.network.lock().unwrap();
    refusal(network.peer(0).unwrap().endorse(&signed, &Transient::default(), Fixture::NOW))
}

fn block_file(bytes: &[u8]) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(ledger::BLOCKS_NAME);
    fs::write(&path, bytes).unwrap();
    let read = BlockFile::open_read_only(dir.path(), 1);
    assert!(fs::read(&path).unwrap() == bytes, "reading changed the file");
    if let Ok((blocks, torn)) = &read {
        for number in 0..blocks.len() {
            wire::<Block>(&blocks.read(number).unwrap());
        }
        assert!(blocks.read(blocks.len()).is_err());
        let (opened, again) = BlockFile::open(dir.path(), 1).unwrap();
        assert_eq!((opened.len(), again), (blocks.len(), *torn));
        // Opening cuts off a torn tail, and nothing else.
        let whole = torn.map_or(bytes.len(), |torn| torn.offset.try_into().unwrap());
        assert!(fs::read(&path).unwrap() == bytes[..whole]);
    }
    // Without a state, the whole chain is validated again.
    refusal(PeerStore::open(dir.path()).map(drop));
    refusal(read.map(drop))
}

/// Repairs a peer with this block file from another node, and an orderer with it alone.
fn repair(bytes: &[u8]) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let [peer, orderer, other] = ["peer", "orderer", "other"].map(|name| dir.path().join(name));
    for (node, blocks) in [(&peer, bytes), (&orderer, bytes), (&other, &FIXTURE.blocks)] {
        fs::create_dir(node).unwrap();
        fs::write(node.join(ledger::BLOCKS_NAME), blocks).unwrap();
    }
    fs::write(peer.join(ledger::STATE_NAME), &FIXTURE.state).unwrap();
    fs::write(peer.join(ledger::VERDICTS_NAME), &FIXTURE.verdicts).unwrap();
    let left = |node: &std::path::Path| fs::read(node.join(ledger::BLOCKS_NAME)).unwrap();
    let repaired = ledger::repair_peer(&peer, &[&other]);
    match &repaired {
        Ok(_) => assert!(ledger::verify(&peer, None).is_ok()),
        Err(_) => assert!(left(&peer) == bytes, "a repair that is refused changes nothing"),
    }
    match ledger::repair_orderer(&orderer, &[]) {
        Ok(repaired) => assert_eq!(BlockFile::open_read_only(&orderer, 1).unwrap().0.len(), repaired.blocks),
        Err(_) => assert!(left(&orderer) == bytes, "a repair that is refused changes nothing"),
    }
    assert!(left(&other) == FIXTURE.blocks, "a repair changed another node");
    refusal(repaired)
}

/// Overwrites parts of the state of a stopped peer. Each change is an offset (three bytes), a count (one byte) and the
/// new bytes. redb may panic on a damaged file; the library returns an error instead.
fn state_file(bytes: &[u8]) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let mut state = FIXTURE.state.clone();
    let mut rest = bytes;
    while let Some(([a, b, c, n], tail)) = rest.split_first_chunk() {
        let (patch, tail) = tail.split_at(tail.len().min(usize::from(*n)));
        let at = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        if *n == 0 {
            state.truncate(at);
        } else if let Some(room) = state.get_mut(at..at + patch.len()) {
            room.copy_from_slice(patch);
        }
        rest = tail;
    }
    fs::write(dir.path().join(ledger::STATE_NAME), &state).unwrap();
    fs::write(dir.path().join(ledger::BLOCKS_NAME), &FIXTURE.blocks).unwrap();
    fs::write(dir.path().join(ledger::VERDICTS_NAME), &FIXTURE.verdicts).unwrap();
    let verified = refusal(ledger::verify(dir.path(), None));
    assert!(fs::read(dir.path().join(ledger::STATE_NAME)).unwrap() == state, "verifying changed the file");
    let signer = FIXTURE.peer.clone();
    refusal(ledger::Peer::open(dir.path(), signer, Arc::new(contract::PhiContract)).map(|_| ()));
    verified
}

/// Replaces the file of verdicts of a stopped peer: verdicts of other blocks, too few or too many.
fn verdicts_file(bytes: &[u8]) -> bool {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(ledger::STATE_NAME), &FIXTURE.state).unwrap();
    fs::write(dir.path().join(ledger::BLOCKS_NAME), &FIXTURE.blocks).unwrap();
    let path = dir.path().join(ledger::VERDICTS_NAME);
    fs::write(&path, bytes).unwrap();
    let verified = ledger::verify(dir.path(), None);
    assert!(fs::read(&path).unwrap() == bytes, "verifying changed the file");
    let opened = ledger::Peer::open(dir.path(), FIXTURE.peer.clone(), Arc::new(contract::PhiContract));
    match (&verified, &opened) {
        (Ok(report), Ok((peer, _))) => assert_eq!(Some(report.savepoint), peer.savepoint()),
        (Err(verified), Err(opened)) => assert_eq!(verified.to_string(), opened.to_string()),
        // Well-formed records of another chain. Below the height of the state, only `verify` checks them.
        (Err(VerifyError::Chain(CommitError::Diverged(_))), Ok(_)) => {}
        other => panic!("{other:?}"),
    }
    refusal(verified)
}

/// The prefixes of the contract's keys.
pub(crate) const KINDS: [&str; 5] = ["record/", "confirmation/", "share/", "latest/", "commitment/"];

/// A state in which all keys with some of the prefixes have the same value.
struct Everywhere<'a>(u8, &'a [u8]);

impl Committed for Everywhere<'_> {
    fn entry(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        let kind = KINDS.iter().position(|kind| key.starts_with(kind)).unwrap();
        let entry = Entry { version: Version { block: 0, tx: 0 }, value: self.1.to_vec() };
        Ok((self.0 >> kind & 1 == 1).then_some(entry))
    }

    fn knows(&self, _: &TxId) -> Result<bool, StoreError> {
        Ok(false)
    }
}

/// The input is a set of prefixes whose keys exist, a length, an action of this length, and the value of the keys.
fn contract_call(bytes: &[u8]) -> bool {
    let Some(([kinds, length], rest)) = bytes.split_first_chunk() else { return false };
    let (action, value) = rest.split_at(rest.len().min(usize::from(*length)));
    let state = Everywhere(*kinds, value);
    let mut taken = false;
    for role in [Role::Hospital, Role::User, Role::Cloud] {
        let creator = phi_pre::identity::Member { role, ..FIXTURE.member.clone() };
        let call = Invocation {
            creator: &creator,
            certificate: &FIXTURE.hospital.0,
            timestamp: Millis(u64::MAX),
            transient: &Transient::default(),
            action,
        };
        taken |= refusal(contract::invoke(&mut Simulation::new(&state), &call));
    }
    taken
}

/// The input is a set of prefixes whose keys exist, a question of 33 bytes, and the value of the keys.
fn question(bytes: &[u8]) -> bool {
    let Some(([kinds], rest)) = bytes.split_first_chunk() else { return false };
    let (question, value) = rest.split_at(rest.len().min(33));
    refusal(contract::answer(&mut Simulation::new(&Everywhere(*kinds, value)), question))
}

fn fig5(bytes: &[u8]) -> bool {
    text(bytes, |text| canonical(text.parse::<Fig5Record>(), ToString::to_string, text))
}

/// A key of a listing becomes digits, and digits become digits of digits.
#[cfg(feature = "s3")]
fn store_listing(bytes: &[u8]) -> bool {
    let read = phi_pre::flow::hex_keys(bytes);
    if let Ok(read) = &read {
        let again = phi_pre::flow::hex_keys(read).unwrap();
        assert!(again.len() >= read.len(), "a listing that was written is read again");
    }
    refusal(read)
}

fn key_file(text: &str) -> bool {
    KeyFile::ALL.into_iter().any(|kind| match parse_key_file(kind, text) {
        Ok(key) => {
            assert_eq!(key_file_text(kind, &key).as_str(), text, "taken, and written back otherwise");
            match kind {
                KeyFile::Secret => named("k_d"),
                KeyFile::Public => named("public-key"),
                KeyFile::ReKey => named("k_re"),
                KeyFile::Shared => return key.len() == 32,
                KeyFile::Proof => named("proof"),
                KeyFile::NamedSecret => named("named-secret"),
                KeyFile::NamedPublic => named("named-public"),
            }
            .is_some_and(|decoder| (decoder.run)(&key))
        }
        refused => refusal(refused),
    })
}

fn vector_file(text: &str) -> bool {
    ["identifiers.json", "hashes.json"].into_iter().any(|name| refusal(vectors::check_text(name, text)))
}
