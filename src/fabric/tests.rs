//! Whatever a peer or a gateway sends is refused or read; nothing panics, and nothing but the original is accepted.

use super::blocks::Linked;
use super::endorsed::check;
use super::fixture::{NOW, Parts, World, endorse};
use super::identity::Identity;
use super::messages::*;
use crate::hash::sha256;
use crate::ledger::Transient;
use crate::secret::Secret;
use crate::time::Millis;
use proptest::prelude::*;
use prost::Message;
use rand_core::Rng;

/// Changes one to four bytes, or cuts the end.
fn spoil(bytes: &[u8], rng: &mut impl Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut below = |n: usize| rng.next_u32() as usize % n;
    if below(8) == 0 {
        bytes.truncate(below(bytes.len()));
        return bytes;
    }
    for _ in 0..=below(4) {
        let at = below(bytes.len());
        bytes[at] ^= 1 << below(8);
    }
    bytes
}

#[test]
fn spoilt_transactions_are_not_signed() {
    let mut world = World::new();
    let signed = world.propose(&Transient::default());
    let parts = Parts::of(signed.content());
    let endorsements: Vec<_> = world.peers[..2].iter().map(|peer| endorse(&parts.response(), peer)).collect();
    let bytes = parts.assemble(endorsements);
    assert!(check(signed.content(), bytes.clone(), &world.endorsers(2), NOW).is_ok());
    for _ in 0..20_000 {
        let spoilt = spoil(&bytes, &mut world.rng);
        let checked = check(signed.content(), spoilt.clone(), &world.endorsers(2), NOW);
        if let Ok(draft) = checked {
            // What protobuf reads as the same transaction: the order of fields, or fields that are unknown.
            assert_eq!(
                (draft.content().value.as_slice(), draft.content().txid),
                (b"value".as_slice(), signed.content().txid)
            );
        }
    }
}

#[test]
fn spoilt_identities_and_blocks_are_refused_or_read() {
    let mut world = World::new();
    let identity = world.north.identity.to_bytes().unwrap();
    let data = vec![Envelope::default().encode_to_vec(); 2];
    let header = BlockHeader { number: 1, previous_hash: vec![1; 32], data_hash: sha256(&[&data.concat()]).0.to_vec() };
    let metadata = vec![Vec::new(), Vec::new(), vec![0, 11]];
    let block =
        Block { header: Some(header), data: Some(BlockData { data }), metadata: Some(BlockMetadata { metadata }) };
    Linked::check(block.clone(), 1, None).unwrap();
    let block = block.encode_to_vec();
    for _ in 0..20_000 {
        if let Ok(read) = Identity::read(&spoil(&identity, &mut world.rng)) {
            assert_eq!(Identity::read(&read.to_bytes().unwrap()), Ok(read));
        }
        if let Ok(block) = decode::<Block>("block", &spoil(&block, &mut world.rng), 1 << 20) {
            _ = Linked::check(block, 1, None).map(|linked| linked.txids());
        }
    }
    let long = Identity::read(&vec![0; 9000]);
    assert!(matches!(long, Err(super::IdentityProblem::Message(MessageError::TooLong { .. }))), "{long:?}");
}

#[test]
fn tls_files_without_their_content_are_refused() {
    let part = |kind: &str| format!("-----BEGIN {kind}-----\nQQ==\n-----END {kind}-----\n");
    let (certificate, key) = (part("CERTIFICATE"), part("PRIVATE KEY"));
    let identity = |certificate: &str, key: &str| {
        let made = super::TlsIdentity::new(certificate.to_owned(), Secret::new(key.to_owned()));
        made.map(drop)
    };
    let two = format!("a comment\n{certificate}{certificate}");
    for certificate in [&certificate, &two] {
        assert_eq!(identity(certificate, &key), Ok(()));
        super::TlsRoot::new(certificate.clone()).unwrap();
    }
    assert_eq!(identity(&certificate, &format!("{}{}", part("EC PARAMETERS"), part("EC PRIVATE KEY"))), Ok(()));
    let cut = two.trim_end().trim_end_matches('-');
    for not_whole in ["", "-----BEGIN CERTIFICATE-----\n", &certificate[..40], cut, &key] {
        assert_eq!(identity(not_whole, &key), Err(super::TlsError::NoCertificate), "{not_whole}");
        assert!(super::TlsRoot::new(not_whole.to_owned()).is_err(), "{not_whole}");
    }
    for not_whole in ["", &certificate, "-----BEGIN PRIVATE KEY-----\n", &key[..40]] {
        assert_eq!(identity(&certificate, not_whole), Err(super::TlsError::NoKey), "{not_whole}");
    }
}

proptest! {
    /// A time that a proposal states is read as it was.
    #[test]
    fn times_are_read_as_they_were(millis: u64) {
        prop_assert_eq!(Timestamp::from(Millis(millis)).millis(), Some(Millis(millis)));
    }

    #[test]
    fn times_out_of_range_are_refused(seconds: i64, nanos: i32) {
        let valid = seconds >= 0 && (0..1_000_000_000).contains(&nanos) && seconds < i64::MAX / 1000;
        let read = Timestamp { seconds, nanos }.millis();
        prop_assert!(read.is_some() || !valid);
        prop_assert!(read.is_none() || (seconds >= 0 && (0..1_000_000_000).contains(&nanos)));
    }
}
