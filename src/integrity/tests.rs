use super::*;
use crate::error::DecodeError;
use proptest::prelude::*;

fn salt(byte: u8) -> Salt {
    Salt::from_bytes([byte; 32])
}

/// RFC 6962, section 2.1, by its recursive definition.
fn tree(leaves: &[Vec<u8>]) -> [u8; 32] {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => Sha256::digest([&[0], &leaf[..]].concat()).into(),
        _ => {
            let k = leaves.len().next_power_of_two() / 2;
            Sha256::digest([&[1], &tree(&leaves[..k])[..], &tree(&leaves[k..])[..]].concat()).into()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn streaming_equals_the_definition_of_rfc_6962(n in 1_usize..40, last in 1_usize..100) {
        let record: Vec<u8> = (0..(n - 1) * CHUNK_BYTES + last).map(|i| u8::try_from(i / 7 % 251).unwrap()).collect();
        let leaves: Vec<_> = record
            .chunks(CHUNK_BYTES)
            .zip(0_u64..)
            .map(|(chunk, i)| {
                let salt = crate::hash::hmac(&[1; 32], "phi-pre/1/commitment/leaf", &i.to_be_bytes());
                [&salt.0, chunk].concat()
            })
            .collect();
        let length = (record.len() as u64).to_be_bytes();
        let expected = crate::hash::tagged("phi-pre/1/commitment/root", &[&length, &tree(&leaves)]);
        prop_assert_eq!(Committer::commit(&salt(1), &record), Commitment(expected));
    }

    #[test]
    fn fig5_reads_what_it_prints(
        number in 0_u16..4,
        timestamp in 0_u64..253_402_300_800_000,
        hash: [u8; 32],
        signature: [u8; 18],
        uid: [u8; 32],
    ) {
        let record = Fig5Record {
            txtype: TxType::from_number(number).unwrap(),
            timestamp,
            hash: Digest(hash),
            signature,
            uid: Digest(uid),
        };
        prop_assert_eq!(record.to_string().parse(), Ok(record));
    }

    #[test]
    fn fig5_refuses_every_altered_character(position in 0_usize..280, replacement in "[ -~]") {
        let text = figure_5().to_string();
        let position = position % text.len();
        let altered = [&text[..position], &replacement, &text[position + 1..]].concat();
        prop_assume!(altered != text);
        if let Ok(other) = altered.parse::<Fig5Record>() {
            prop_assert_ne!(other, figure_5());
        }
    }
}

/// The values of Fig. 5.
fn figure_5() -> Fig5Record {
    Fig5Record {
        txtype: TxType::MedicalRecord,
        timestamp: 1_557_223_099_576,
        hash: Digest::from_hex("63452ea1d914c17c1c4dc881dfa8e596dec5dca11d7326c0a37bde303cc5a04a").unwrap(),
        signature: [
            0x62, 0xcd, 0xc0, 0xae, 0x9e, 0xe8, 0xa7, 0x01, 0x9e, 0x9d, 0xeb, 0x57, 0x01, 0x28, 0x84, 0x59, 0xd2, 0x94,
        ],
        uid: Digest::from_hex("c3d4499b98e43a2b80a7b4f5c54ae4712d04df3bd17d1023b84e20ae35eb25d1").unwrap(),
    }
}

#[test]
fn fig5_prints_the_figure() {
    let figure = "\
{ txtype: '0000',
  timestamp: '2019-05-07T09:58:19.576Z',
  hash: '63452ea1d914c17c1c4dc881dfa8e596dec5dca11d7326c0a37bde303cc5a04a',
  signature: 'Ys3Arp7opwGenetXASiEWdKU',
  uid: 'c3d4499b98e43a2b80a7b4f5c54ae4712d04df3bd17d1023b84e20ae35eb25d1' }";
    assert_eq!(figure_5().to_string(), figure);
    assert_eq!(figure.parse(), Ok(figure_5()));
}

#[test]
fn fig5_names_the_broken_field() {
    let text = figure_5().to_string();
    for (from, to, what) in [
        ("'0000'", "'0005'", "txtype"),
        ("2019", "20x9", "timestamp"),
        ("63452ea1", "g3452ea1", "hash"),
        ("Ys3A", "Ys3", "signature"),
        ("c3d4", "C3D4", "uid"),
        ("{ ", "[ ", "Fig. 5 record"),
    ] {
        let altered = text.replacen(from, to, 1);
        assert_eq!(altered.parse::<Fig5Record>(), Err(DecodeError::Text { what }), "{altered}");
    }
    let longer = text.replace("' }", "',\n  more: 'x' }");
    assert!(longer.parse::<Fig5Record>().is_err());
}

#[test]
fn a_commitment_depends_on_the_salt_and_on_every_byte() {
    let record = vec![5; CHUNK_BYTES + 1];
    let commitment = Committer::commit(&salt(1), &record);
    assert_ne!(commitment, Committer::commit(&salt(2), &record));
    for i in [0, CHUNK_BYTES - 1, CHUNK_BYTES] {
        let mut altered = record.clone();
        altered[i] ^= 1;
        assert_ne!(commitment, Committer::commit(&salt(1), &altered));
    }
    assert_ne!(commitment, Committer::commit(&salt(1), &record[..CHUNK_BYTES]));
    assert_ne!(Committer::commit(&salt(1), &[]), Committer::commit(&salt(2), &[]));
}

/// A reader that returns one error and then the end of the input.
struct Once(Option<io::ErrorKind>);

impl Read for Once {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), |kind| Err(kind.into()))
    }
}

#[test]
fn the_literal_form_is_plain_sha_256() {
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(literal(&mut &b"abc"[..]).unwrap().to_string(), abc);
    let after = |kind| literal(&mut b"a".chain(Once(Some(kind))).chain(&b"bc"[..]));
    assert_eq!(after(io::ErrorKind::Interrupted).unwrap().to_string(), abc);
    assert_eq!(after(io::ErrorKind::Other).unwrap_err().kind(), io::ErrorKind::Other);
}

#[test]
fn commitments_print_as_hex_and_types_by_name() {
    assert_eq!(Commitment(Digest([0xab; 32])).to_string(), "ab".repeat(32));
    let names = [0, 1, 2, 3].map(|n| TxType::from_number(n).unwrap().name());
    assert_eq!(names, ["medical-record", "medical-record-confirmation", "share-request", "share-complete"]);
}
