use super::*;
use crate::ledger::Version;
use der::asn1::OctetStringRef;
use der::{Encode, Sequence};
use proptest::prelude::*;

/// Fabric's `asn1Header` (protoutil/blockutils.go), encoded by the `der` crate.
#[derive(Sequence)]
struct Asn1Header<'a> {
    number: u64,
    previous: &'a OctetStringRef,
    data_hash: &'a OctetStringRef,
}

#[test]
fn the_header_in_der() {
    let header = Header { number: 128, previous: None, data_hash: Digest([0xd; 32]) };
    let expected = format!("30280202008004000420{}", "0d".repeat(32));
    assert_eq!(hex::encode(header.der()), expected);
    assert_eq!(header.hash(), sha256(&[&header.der()]));
}

/// Peers that differed in one of these would differ in their verdicts.
#[test]
fn limits_never_change() {
    use crate::ledger::Config;
    use crate::ledger::format::{endorsement, proposal, rwset};
    assert_eq!(BLOCK_TRANSACTIONS_LIMIT, 65_536);
    assert_eq!((proposal::ACTION_LIMIT, rwset::VALUE_LIMIT, endorsement::RESPONSE_LIMIT), (65_536, 65_536, 65_536));
    assert_eq!((TRANSACTION_BYTES_LIMIT, BLOCK_BYTES_LIMIT), (16_777_216, 268_435_456));
    assert_eq!(Config::WINDOW, 900_000);
}

#[test]
fn data_is_hashed_in_its_order_and_with_its_cuts() {
    let hash = |parts: &[&[u8]]| data_hash(&parts.iter().map(|part| part.to_vec()).collect::<Vec<_>>());
    let framed = b"\0\0\0\0\0\0\0\x14phi-pre/1/block-data\0\0\0\0\0\0\0\x01a\0\0\0\0\0\0\0\x02bc";
    assert_eq!(hash(&[b"a", b"bc"]), sha256(&[framed]));
    let cuts: [&[&[u8]]; 7] =
        [&[], &[b""], &[b"abc"], &[b"a", b"bc"], &[b"ab", b"c"], &[b"", b"a", b"bc"], &[b"bc", b"a"]];
    let hashes: std::collections::BTreeSet<_> = cuts.into_iter().map(hash).collect();
    assert_eq!(hashes.len(), cuts.len());
}

/// Every verdict, value, version and earlier block counts.
#[test]
fn the_commit_hash_covers_everything() {
    let entry = |tx, value: &[u8]| Entry { version: Version { block: 1, tx }, value: value.to_vec() };
    let updates = |key: &str, entry: Entry| BTreeMap::from([(key.to_owned(), entry)]);
    let (valid, stale, zero) = ([Code::Valid], [Code::MvccReadConflict], Digest([0; 32]));
    let hashes = std::collections::BTreeSet::from([
        commit_hash(&valid, &updates("k", entry(0, b"v")), &zero),
        commit_hash(&stale, &updates("k", entry(0, b"v")), &zero),
        commit_hash(&valid, &updates("l", entry(0, b"v")), &zero),
        commit_hash(&valid, &updates("k", entry(1, b"v")), &zero),
        commit_hash(&valid, &updates("k", entry(0, b"w")), &zero),
        commit_hash(&valid, &BTreeMap::new(), &zero),
        commit_hash(&[], &BTreeMap::new(), &zero),
        commit_hash(&valid, &updates("k", entry(0, b"v")), &Digest([1; 32])),
    ]);
    assert_eq!(hashes.len(), 8);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_header_is_what_the_der_crate_encodes(
        number: u64, shift in 0_u32..64, previous: Option<[u8; 32]>, data_hash: [u8; 32],
    ) {
        let number = number >> shift;
        let header = Header { number, previous: previous.map(Digest), data_hash: Digest(data_hash) };
        let reference = Asn1Header {
            number,
            previous: OctetStringRef::new(previous.as_ref().map_or(&[], |bytes| &bytes[..])).unwrap(),
            data_hash: OctetStringRef::new(&data_hash).unwrap(),
        };
        prop_assert_eq!(header.der(), reference.to_der().unwrap());
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Block::from_bytes(&bytes).is_err());
        prop_assert!(Metadata::from_bytes(&bytes).is_err());
    }
}
