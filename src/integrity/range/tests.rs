use super::super::Committer;
use super::*;
use proptest::prelude::*;

const SIZE: u64 = CHUNK_BYTES as u64;

fn salt() -> Salt {
    Salt::from_bytes([7; 32])
}

fn record(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|i| u8::try_from(i / 5 % 251).unwrap()).collect()
}

fn shown<'a>(record: &'a [u8], proof: &RangeProof) -> &'a [u8] {
    let Range { start, end } = proof.bytes();
    &record[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()]
}

/// The audit path of leaf m by the recursive definition of RFC 6962, section 2.1.1.
fn path(m: usize, leaves: &[Digest]) -> Vec<Digest> {
    let root = |leaves: &[Digest]| {
        let mut tree = Subtrees::default();
        for leaf in leaves {
            tree.push(*leaf);
        }
        tree.root()
    };
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (mut path, sibling) = if m < k {
        (path(m, &leaves[..k]), root(&leaves[k..]))
    } else {
        (path(m - k, &leaves[k..]), root(&leaves[..k]))
    };
    path.push(sibling);
    path
}

#[test]
fn every_range_of_small_records_is_proved() {
    for bytes in [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 6 * CHUNK_BYTES + 9, 8 * CHUNK_BYTES] {
        let record = record(bytes);
        let commitment = Committer::commit(&salt(), &record);
        let chunks = chunks_of(bytes as u64);
        for first in 0..chunks {
            for end in first + 1..=chunks {
                let proof = RangeProof::new(&salt(), &record, first..end).unwrap();
                assert_eq!(proof.verify(&commitment, shown(&record, &proof)), Ok(()), "{first}..{end} of {chunks}");
                assert_eq!((proof.length(), proof.range()), (bytes as u64, first..end));
                let bytes = proof.to_bytes();
                assert_eq!(RangeProof::from_bytes(&bytes).unwrap().to_bytes(), bytes);
            }
        }
    }
}

#[test]
fn one_chunk_has_the_audit_path_of_rfc_6962() {
    let record = record(11 * CHUNK_BYTES);
    let leaves: Vec<_> = (0..).zip(chunks(&record)).map(|(i, chunk)| salt().leaf(i, chunk).hash).collect();
    for m in 0..11 {
        let mut proof = RangeProof::new(&salt(), &record, m as u64..m as u64 + 1).unwrap().roots;
        let mut path = path(m, &leaves);
        proof.sort();
        path.sort();
        assert_eq!(proof, path);
    }
}

#[test]
fn the_rest_of_the_record_stays_hidden() {
    let (one, mut two) = (record(3 * CHUNK_BYTES), record(3 * CHUNK_BYTES));
    two[0] ^= 1;
    let [one, two] = [one, two].map(|record| RangeProof::new(&salt(), &record, 1..2).unwrap());
    assert_eq!(one.salts.len(), 1);
    // Each chunk has its own salt, so equal chunks at different places have different leaves.
    assert_ne!(salt().leaf(0, b"").hash, salt().leaf(2, b"").hash);
    assert_ne!(one.roots, two.roots);
    assert_eq!(format!("{one:?}").matches("redacted").count(), 1, "{one:?}");
}

#[test]
fn a_range_outside_the_record_is_refused() {
    for (first, end) in [(0, 0), (2, 2), (2, 1), (0, 4), (3, 4), (u64::MAX, u64::MAX), (0, u64::MAX)] {
        let refused = RangeProver::new(&salt(), 2 * SIZE + 1, first..end).unwrap_err();
        assert_eq!(refused, RangeError::Range { first, end, chunks: 3 });
    }
    // Lengths far above those of real records cause no overflow and no allocation.
    let last = chunks_of(u64::MAX) - 1;
    assert_eq!(RangeProver::new(&salt(), u64::MAX, last..last + 1).unwrap().outside.len(), 48);
    assert!(RangeProver::new(&salt(), u64::MAX, 0..(1 << 20) + 1).is_err());
}

#[test]
fn leaves_of_another_record_are_refused() {
    let prover = || RangeProver::new(&salt(), 2 * SIZE + 1, 0..1).unwrap();
    let full = salt().leaf(0, &vec![0; CHUNK_BYTES]);
    let named = |index| Err(RangeError::Leaf { index, length: 2 * SIZE + 1 });
    assert_eq!(prover().push(salt().leaf(0, &[0])), named(0));
    let mut long = prover();
    (0..2).for_each(|_| long.push(full).unwrap());
    assert_eq!(long.push(full), named(2));
    long.push(salt().leaf(2, &[0])).unwrap();
    assert_eq!(long.push(full), named(3));
    assert_eq!(prover().finish().map(|_| ()), named(0));
}

#[test]
fn decoding_names_what_is_wrong() {
    let proof = RangeProof::new(&salt(), &record(3 * CHUNK_BYTES), 1..2).unwrap().to_bytes();
    let altered = |at: usize, with: &[u8]| {
        let mut bytes = proof.clone();
        bytes.splice(at..at + with.len(), with.iter().copied());
        RangeProof::from_bytes(&bytes).map(|_| ()).unwrap_err()
    };
    let limit = |limit, got| DecodeError::Limit { what: "chunks shown", limit, got };
    assert_eq!(altered(8, &3_u64.to_be_bytes()), limit(0, 1));
    assert_eq!(altered(8, &u64::MAX.to_be_bytes()), limit(0, 1));
    assert_eq!(altered(16, &u32::MAX.to_be_bytes()), limit(1 << 20, u32::MAX.into()));
    assert_eq!(altered(16, &[0; 4]), DecodeError::Length { what: "chunks shown", expected: 1, got: 0 });
    assert_eq!(altered(0, &u64::MAX.to_be_bytes()), DecodeError::Length { what: "digest", expected: 32, got: 0 });
    assert_eq!(altered(0, &[0; 6]), limit(0, 1));
    for n in 0..proof.len() {
        assert!(RangeProof::from_bytes(&proof[..n]).is_err(), "{n}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_altered_bit_passes(chunks in 1_usize..9, tail in 1..CHUNK_BYTES, pick: u64, at: usize, bit in 0_u8..8) {
        let record = record((chunks - 1) * CHUNK_BYTES + tail);
        let commitment = Committer::commit(&salt(), &record);
        let first = pick % chunks as u64;
        let end = first + 1 + pick / 16 % (chunks as u64 - first);
        let proof = RangeProof::new(&salt(), &record, first..end).unwrap();

        let mut data = shown(&record, &proof).to_vec();
        prop_assert_eq!(proof.verify(&commitment, &data), Ok(()));
        let i = at % data.len();
        data[i] ^= 1 << bit;
        prop_assert_eq!(proof.verify(&commitment, &data), Err(RangeError::Commitment));

        let mut bytes = proof.to_bytes();
        let i = at % bytes.len();
        bytes[i] ^= 1 << bit;
        if let Ok(altered) = RangeProof::from_bytes(&bytes) {
            prop_assert!(altered.verify(&commitment, shown(&record, &proof)).is_err());
        }
    }

    #[test]
    fn a_shown_chunk_is_bound_to_its_place(chunks in 2_u64..9, a: u64, b: u64) {
        let (a, b) = (a % chunks, b % chunks);
        prop_assume!(a != b);
        // All chunks are equal, so only the place distinguishes them.
        let record = vec![1; usize::try_from(chunks).unwrap() * CHUNK_BYTES];
        let commitment = Committer::commit(&salt(), &record);
        let mut proof = RangeProof::new(&salt(), &record, a..a + 1).unwrap();
        let other = RangeProof::new(&salt(), &record, b..b + 1).unwrap();
        proof.salts = other.salts;
        prop_assert_eq!(proof.verify(&commitment, shown(&record, &proof)), Err(RangeError::Commitment));
    }
}

#[test]
fn sizes_never_change() {
    assert_eq!((CHUNK_BYTES, CHUNKS_LIMIT), (65_536, 1_048_576));
}
