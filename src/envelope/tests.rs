use super::*;
use crate::error::DecodeError;
use crate::integrity::{CHUNK_BYTES, Committer};
use crate::pre::{DecryptionKey, EncryptionKey, Params, PublicKey, ReKey, Seed};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::sync::LazyLock;
use std::{fs, io};

struct World {
    params: Params,
    public: PublicKey,
    key: EncryptionKey,
    other: EncryptionKey,
    k_re: ReKey,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let rng = &mut rng(0);
    let params = Params::new(Seed::random(rng));
    let (a, b) = (DecryptionKey::random(rng), DecryptionKey::random(rng));
    let (key, other) = (a.encryption_key(&params), b.encryption_key(&params));
    World { public: a.public_key(&params), k_re: ReKey::new(&key, &other).unwrap(), key, other, params }
});

const SLOT: usize = CHUNK_BYTES + TAG_BYTES;

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn record(bytes: usize) -> Vec<u8> {
    let mut record = vec![0; bytes];
    rng(bytes as u64).fill_bytes(&mut record);
    record
}

fn seal(record: &[u8], suite: Suite) -> (Vec<u8>, SealedRecord) {
    let mut envelope = Vec::new();
    let sealer = Sealer::new(&WORLD.params, &WORLD.public, suite, &mut rng(1)).unwrap();
    let sealed = sealer.seal(&mut &record[..], &mut envelope).unwrap();
    let in_pieces = seal_in_pieces(record, suite);
    assert!(in_pieces == (envelope.clone(), sealed));
    (envelope, sealed)
}

/// The same by [`Sealing`], in pieces of many sizes.
fn seal_in_pieces(record: &[u8], suite: Suite) -> (Vec<u8>, SealedRecord) {
    let mut envelope = Vec::new();
    let sealer = Sealer::new(&WORLD.params, &WORLD.public, suite, &mut rng(1)).unwrap();
    let mut sealing = Sealing::new(sealer, &mut envelope);
    pieces(record).for_each(|piece| sealing.update(piece, &mut envelope).unwrap());
    let sealed = sealing.finish(&mut envelope).unwrap();
    (envelope, sealed)
}

/// The bytes in pieces of 0 to about 100,000 bytes.
fn pieces(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut sizes = [0, 1, 15, CHUNK_BYTES - 16, 16, CHUNK_BYTES, CHUNK_BYTES + 1, 100_000, 7].into_iter().cycle();
    std::iter::from_fn(move || {
        let (piece, rest) = bytes.split_at(sizes.next()?.min(bytes.len()));
        let left = !bytes.is_empty();
        bytes = rest;
        left.then_some(piece)
    })
}

fn open(envelope: &[u8], key: &EncryptionKey) -> Result<(Vec<u8>, SealedRecord), DecryptError> {
    let (header, mut body) = envelope.split_at_checked(Header::BYTES).unwrap_or((envelope, &[]));
    let header = Header::from_bytes(header)?;
    let in_pieces = open_in_pieces(Opener::new(&header, key)?, body);
    let mut record = Vec::new();
    let opened = Opener::new(&header, key)?.open(&mut body, &mut record);
    assert_eq!(in_pieces.is_ok(), opened.is_ok());
    let sealed = opened?;
    assert!(in_pieces? == (record.clone(), sealed));
    Ok((record, sealed))
}

/// The same by [`Opening`], in pieces of many sizes.
fn open_in_pieces(opener: Opener, body: &[u8]) -> Result<(Vec<u8>, SealedRecord), DecryptError> {
    let (mut opening, mut record) = (Opening::new(opener), Vec::new());
    pieces(body).try_for_each(|piece| opening.update(piece, &mut record))?;
    let sealed = opening.finish(&mut record)?;
    Ok((record, sealed))
}

/// Record sizes around the limits of chunks and batches.
const SIZES: [usize; 9] = [
    0,
    1,
    CHUNK_BYTES - 1,
    CHUNK_BYTES,
    CHUNK_BYTES + 1,
    3 * CHUNK_BYTES,
    64 * CHUNK_BYTES,
    64 * CHUNK_BYTES + 1,
    130 * CHUNK_BYTES - 5,
];

/// The functions for bytes in memory give the same results and refusals as the streams.
#[test]
fn memory_functions_equal_the_streams() {
    for size in SIZES {
        let record = record(size);
        let whole = encrypt(&WORLD.params, &WORLD.public, &record, &mut rng(1)).unwrap();
        assert!(whole == seal(&record, Suite::default()).0);
        assert!(decrypt(&WORLD.key, &whole).unwrap() == record);

        let mut again = whole.clone();
        reencrypt(&WORLD.k_re, &mut again).unwrap();
        let header = Header::from_bytes(&whole[..Header::BYTES]).unwrap().reencrypt(&WORLD.k_re);
        assert!(again[..Header::BYTES] == header.to_bytes() && again[Header::BYTES..] == whole[Header::BYTES..]);
        assert!(decrypt(&WORLD.other, &again).unwrap() == record);
        assert!(matches!(decrypt(&WORLD.key, &again), Err(DecryptError::Refused)));

        *again.last_mut().unwrap() ^= 1;
        assert!(matches!(decrypt(&WORLD.other, &again), Err(DecryptError::Refused)));
        again[0] ^= 1;
        let malformed = again.clone();
        assert!(matches!(decrypt(&WORLD.other, &again), Err(DecryptError::Header(_))));
        assert!(reencrypt(&WORLD.k_re, &mut again).is_err() && again == malformed);
        for short in [0, 11, Header::BYTES - 1] {
            assert!(matches!(decrypt(&WORLD.key, &whole[..short]), Err(DecryptError::Header(_))));
            assert!(reencrypt(&WORLD.k_re, &mut whole.clone()[..short]).is_err());
        }
    }
}

#[test]
fn every_size_comes_back_with_its_commitment() {
    for suite in [Suite::Aes256Gcm, Suite::ChaCha20Poly1305] {
        for size in SIZES {
            let record = record(size);
            let (envelope, sealed) = seal(&record, suite);
            let chunks = size.div_ceil(CHUNK_BYTES).max(1);
            assert_eq!(envelope.len(), Header::BYTES + size + chunks * TAG_BYTES, "{size}");
            assert_eq!(sealed.bytes, size as u64);
            let (opened, again) = open(&envelope, &WORLD.key).unwrap();
            assert!(opened == record, "{size}");
            assert_eq!(again, sealed);
            assert_eq!(Committer::commit(&content(&envelope).salt, &record), sealed.commitment);
        }
    }
}

/// The content key, commitment and salt of an envelope.
fn content(envelope: &[u8]) -> content::Content {
    let header = Header::from_bytes(&envelope[..Header::BYTES]).unwrap();
    content::Content::derive(&WORLD.key.decapsulate(&header.capsule), header.capsule.z(), header.suite).unwrap()
}

#[test]
fn the_header_up_to_c_is_authenticated_with_each_chunk() {
    let (envelope, _) = seal(b"record", Suite::default());
    let (head, mut slot) = (&envelope[..Header::INVARIANT_BYTES], envelope[Header::BYTES..].to_vec());
    let at = content::Place { index: 0, last: true };
    content(&envelope).open_chunk(at, head, &mut slot).unwrap();
    assert_eq!(&slot[..6], b"record");
}

/// A holder of the key could make an envelope of the same record with an empty chunk at its end.
#[test]
fn an_empty_chunk_after_others_is_refused() {
    let (mut envelope, _) = seal(&record(CHUNK_BYTES + 1), Suite::default());
    let content = content(&envelope);
    envelope.truncate(Header::BYTES + SLOT);
    let mut slot = [0; TAG_BYTES];
    content
        .seal_chunk(content::Place { index: 1, last: true }, &envelope[..Header::INVARIANT_BYTES], &mut slot)
        .unwrap();
    envelope.extend(slot);
    assert!(matches!(open(&envelope, &WORLD.key), Err(DecryptError::Refused)));
}

/// A reader that returns one error and then the end of the input.
struct Once(Option<io::ErrorKind>);

impl io::Read for Once {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), |kind| Err(kind.into()))
    }
}

/// The error comes within a chunk, or after a full batch when the next byte is looked for.
#[test]
fn an_interrupted_read_is_repeated_and_a_failed_read_is_an_error() {
    use io::Read;
    let record = record(64 * CHUNK_BYTES + 1);
    for at in [10, 64 * CHUNK_BYTES] {
        let seal_over = |kind| {
            let mut envelope = Vec::new();
            let mut input = record[..at].chain(Once(Some(kind))).chain(&record[at..]);
            let sealer = Sealer::new(&WORLD.params, &WORLD.public, Suite::default(), &mut rng(1)).unwrap();
            sealer.seal(&mut input, &mut envelope).map(|_| envelope)
        };
        assert!(seal_over(io::ErrorKind::Interrupted).unwrap() == seal(&record, Suite::default()).0, "{at}");
        assert!(matches!(seal_over(io::ErrorKind::Other), Err(EncryptError::Io(_))), "{at}");
    }
}

#[test]
fn lengths_are_those_of_whole_chunks() {
    let (head, slot) = (Header::BYTES, SLOT);
    for (bytes, expected) in [
        (head + 16, (1, 0)),
        (head + 17, (1, 1)),
        (head + slot, (1, CHUNK_BYTES)),
        (head + slot + 17, (2, CHUNK_BYTES + 1)),
        (head + 3 * slot, (3, 3 * CHUNK_BYTES)),
    ] {
        assert_eq!(header::body(bytes as u64), Ok((expected.0, expected.1 as u64)), "{bytes}");
    }
    for (bytes, got) in [(0, 0), (head, 0), (head + 15, 15), (head + slot + 15, 15), (head + slot + 16, 16)] {
        let error = DecodeError::Length { what: "last chunk", expected: 17, got };
        assert_eq!(header::body(bytes as u64), Err(error), "{bytes}");
    }
}

#[test]
fn suites_have_the_names_of_their_standards() {
    let names = [Suite::Aes256Gcm, Suite::ChaCha20Poly1305].map(|suite| suite.to_string());
    assert_eq!(names, ["AES-256-GCM", "ChaCha20-Poly1305"]);
}

#[test]
fn reencryption_rewrites_c_alone_and_moves_the_key() {
    let (envelope, sealed) = seal(&record(CHUNK_BYTES + 9), Suite::default());
    let header = Header::from_bytes(&envelope[..Header::BYTES]).unwrap();
    let again = header.reencrypt(&WORLD.k_re);
    assert_eq!(Header::reencrypt_many(&[header, header], &WORLD.k_re.prepare()), [again, again]);
    let moved = [&again.to_bytes()[..], &envelope[Header::BYTES..]].concat();
    let differs: Vec<_> = (0..moved.len()).filter(|&i| moved[i] != envelope[i]).collect();
    assert!(differs.iter().all(|i| (Header::INVARIANT_BYTES..Header::BYTES).contains(i)), "{differs:?}");
    assert_eq!(open(&moved, &WORLD.other).unwrap().1, sealed);
    assert!(matches!(open(&moved, &WORLD.key), Err(DecryptError::Refused)));
}

/// Encoded headers are re-encrypted like decoded ones. A bad one gives the error of the decoder in its own place.
#[test]
fn encoded_headers_are_reencrypted_in_a_batch() {
    let headers: Vec<_> = (0..9)
        .map(|n| seal(&record(n), Suite::default()).0.first_chunk::<{ Header::BYTES }>().copied().unwrap())
        .collect();
    let prepared = WORLD.k_re.prepare();
    let again =
        |bytes: &[u8; Header::BYTES]| Header::from_bytes(bytes).map(|header| header.reencrypt(&WORLD.k_re).to_bytes());
    assert_eq!(Header::reencrypt_bytes(&headers, &prepared), headers.iter().map(again).collect::<Vec<_>>());
    for at in [0, 8, 9, 10, 44, 92, 283] {
        let mut bad = headers.clone();
        bad[4][at] ^= 0xc0;
        let found = Header::reencrypt_bytes(&bad, &prepared);
        assert_eq!(found, bad.iter().map(again).collect::<Vec<_>>(), "byte {at}");
        assert!(found[4].is_err() && found.iter().filter(|found| found.is_ok()).count() == 8, "byte {at}");
    }
    assert_eq!(Header::reencrypt_bytes(&[], &prepared), []);
}

#[test]
fn a_wrong_key_is_refused_before_any_chunk() {
    let (envelope, _) = seal(&record(10), Suite::default());
    let header = Header::from_bytes(&envelope[..Header::BYTES]).unwrap();
    assert!(matches!(Opener::new(&header, &WORLD.other), Err(DecryptError::Refused)));
}

#[test]
fn truncation_is_refused_wherever_it_falls() {
    let (envelope, _) = seal(&record(2 * CHUNK_BYTES + 5), Suite::default());
    let cuts = [1, 283, 284, 285, 284 + 16, 284 + SLOT - 1, 284 + SLOT, 284 + SLOT + 1, 284 + 2 * SLOT];
    for cut in cuts.into_iter().chain([envelope.len() - 1, envelope.len() - 5]) {
        assert!(open(&envelope[..cut], &WORLD.key).is_err(), "{cut}");
    }
    assert!(open(&[&envelope[..], &[0]].concat(), &WORLD.key).is_err());
    assert!(open(&[&envelope[..], &envelope[284..284 + SLOT]].concat(), &WORLD.key).is_err());
}

#[test]
fn reordered_repeated_and_foreign_chunks_are_refused() {
    let (envelope, _) = seal(&record(3 * CHUNK_BYTES), Suite::default());
    let (header, body) = envelope.split_at(Header::BYTES);
    let chunk = |i: usize| &body[i * SLOT..(i + 1) * SLOT];
    for order in [[1, 0, 2], [0, 0, 2], [0, 2, 1], [2, 1, 0]] {
        let mixed = [header, chunk(order[0]), chunk(order[1]), chunk(order[2])].concat();
        assert!(matches!(open(&mixed, &WORLD.key), Err(DecryptError::Refused)), "{order:?}");
    }
    let shorter = [header, chunk(0), chunk(1)].concat();
    assert!(matches!(open(&shorter, &WORLD.key), Err(DecryptError::Refused)));
    assert!(matches!(open(header, &WORLD.key), Err(DecryptError::Refused)));
}

#[test]
fn a_swapped_capsule_is_refused() {
    let (mut envelope, _) = seal(&record(10), Suite::default());
    let (capsule, _) = WORLD.public.encapsulate(&WORLD.params, &mut rng(2));
    envelope[Header::BYTES - 240..Header::BYTES].copy_from_slice(&capsule.to_bytes());
    assert!(matches!(open(&envelope, &WORLD.key), Err(DecryptError::Refused)));
}

/// In pieces, the chunks before the changed one are released, and nothing after it, also on further calls.
#[test]
fn a_refusal_in_pieces_stays() {
    let (mut envelope, _) = seal(&record(3 * CHUNK_BYTES), Suite::default());
    envelope[Header::BYTES + SLOT + 100] ^= 1;
    let header = Header::from_bytes(&envelope[..Header::BYTES]).unwrap();
    let (mut opening, mut released) = (Opening::new(Opener::new(&header, &WORLD.key).unwrap()), Vec::new());
    let body = &envelope[Header::BYTES..];
    assert!(matches!(opening.update(body, &mut released), Err(DecryptError::Refused)));
    assert!(released == record(3 * CHUNK_BYTES)[..CHUNK_BYTES]);
    assert!(matches!(opening.update(&[], &mut released), Err(DecryptError::Refused)));
    assert!(matches!(opening.update(&body[2 * SLOT..], &mut released), Err(DecryptError::Refused)));
    assert!(matches!(opening.finish(&mut released), Err(DecryptError::Refused)));
    assert_eq!(released.len(), CHUNK_BYTES);
}

/// No chunk of a batch is written when one of its chunks fails. Only complete batches before it were written.
#[test]
fn no_plaintext_of_a_failed_chunk_is_released() {
    let (mut envelope, _) = seal(&record(70 * CHUNK_BYTES), Suite::default());
    let at = Header::BYTES + 66 * SLOT + 100;
    envelope[at] ^= 1;
    let header = Header::from_bytes(&envelope[..Header::BYTES]).unwrap();
    let mut released = Vec::new();
    let refused = Opener::new(&header, &WORLD.key).unwrap().open(&mut &envelope[Header::BYTES..], &mut released);
    assert!(matches!(refused, Err(DecryptError::Refused)));
    assert!(released == record(70 * CHUNK_BYTES)[..64 * CHUNK_BYTES]);
}

#[test]
fn header_faults_are_named() {
    let (envelope, _) = seal(&record(1), Suite::default());
    let fault = |at: usize, value: u8| {
        let mut bytes = envelope[..Header::BYTES].to_vec();
        bytes[at] = value;
        Header::from_bytes(&bytes).unwrap_err()
    };
    assert_eq!(fault(0, b'q'), DecodeError::Magic { what: "envelope" });
    assert_eq!(fault(8, 2), DecodeError::Unknown { what: "envelope version", got: 2 });
    assert_eq!(fault(9, 3), DecodeError::Unknown { what: "envelope suite", got: 3 });
    assert_eq!(fault(11, 1), DecodeError::Unknown { what: "reserved bytes", got: 1 });
    assert_eq!(fault(44, 0), DecodeError::Flags { what: "G1" });
    assert_eq!(fault(92, 0), DecodeError::Flags { what: "GT" });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// With the bit of the suite flipped, another key is derived; every other flipped bit breaks a check.
    #[test]
    fn any_flipped_bit_is_refused(position: prop::sample::Index, bit in 0_u32..8) {
        static ENVELOPE: LazyLock<Vec<u8>> = LazyLock::new(|| seal(&record(300), Suite::default()).0);
        let mut envelope = ENVELOPE.clone();
        envelope[position.index(ENVELOPE.len())] ^= 1_u8 << bit;
        prop_assert!(matches!(open(&envelope, &WORLD.key), Err(DecryptError::Refused | DecryptError::Header(_))));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(open(&bytes, &WORLD.key).is_err());
    }
}

mod files;
