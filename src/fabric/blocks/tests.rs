use super::*;
use crate::fabric::messages::{BlockData, BlockMetadata, Header as TransactionHeader};
use prost::Message;

/// An ordered transaction that claims this txid.
fn envelope(txid: &str) -> Vec<u8> {
    let channel_header = ChannelHeader { txid: txid.to_owned(), ..ChannelHeader::default() }.encode_to_vec();
    let header = Some(TransactionHeader { channel_header, ..TransactionHeader::default() });
    let payload = Payload { header, data: b"data".to_vec() }.encode_to_vec();
    Envelope { payload, signature: vec![7; 70] }.encode_to_vec()
}

fn block(number: u64, previous: &[u8], data: Vec<Vec<u8>>) -> Block {
    let parts: Vec<&[u8]> = data.iter().map(Vec::as_slice).collect();
    let data_hash = sha256(&parts).0.to_vec();
    let codes = vec![0; data.len()];
    Block {
        header: Some(BlockHeader { number, previous_hash: previous.to_vec(), data_hash }),
        data: Some(BlockData { data }),
        metadata: Some(BlockMetadata { metadata: vec![Vec::new(), Vec::new(), codes] }),
    }
}

#[test]
fn blocks_are_linked_by_their_hashes() {
    let txid = sha256(&[b"txid"]);
    let genesis = Linked::check(block(0, &[], vec![envelope("")]), 0, None).unwrap();
    let first = block(1, &genesis.hash.0, vec![envelope(&txid.to_string()), envelope("config")]);
    let linked = Linked::check(first.clone(), 1, Some(genesis.hash)).unwrap();
    assert_eq!((linked.codes.as_slice(), linked.txids().unwrap()), ([0, 0].as_slice(), vec![Some(TxId(txid)), None]));
    // A chain may be checked from any block on.
    assert_eq!(Linked::check(first.clone(), 1, None).unwrap(), linked);

    let refused = |block: Block| Linked::check(block, 1, Some(genesis.hash)).unwrap_err();
    assert_eq!(refused(block(2, &genesis.hash.0, vec![])), BlockError::Number { expected: 1, got: 2 });
    assert_eq!(refused(block(1, &[0; 32], vec![])), BlockError::Previous { number: 1 });
    let mut changed = first.clone();
    changed.data.as_mut().unwrap().data[0].push(0);
    assert_eq!(refused(changed), BlockError::Data { number: 1 });
    let mut codeless = first.clone();
    codeless.metadata.as_mut().unwrap().metadata[2].pop();
    assert_eq!(refused(codeless), BlockError::Codes { number: 1, expected: 2, got: 1 });
    for torn in [Block { header: None, ..first.clone() }, block(1, &[0; 31], vec![])] {
        assert!(matches!(refused(torn), BlockError::Message { number: 1, .. }));
    }
    let garbage = Linked::check(block(1, &genesis.hash.0, vec![vec![0xff; 9]]), 1, None).unwrap();
    assert!(matches!(garbage.txids(), Err(BlockError::Message { number: 1, .. })));
}
