use super::*;

/// Names and numbers of fabric-protos, peer/transaction.proto, enum TxValidationCode.
#[test]
fn fabrics_names_and_numbers() {
    let expected = [
        (0, "VALID"),
        (2, "BAD_PAYLOAD"),
        (4, "BAD_CREATOR_SIGNATURE"),
        (5, "INVALID_ENDORSER_TRANSACTION"),
        (8, "BAD_PROPOSAL_TXID"),
        (9, "DUPLICATE_TXID"),
        (10, "ENDORSEMENT_POLICY_FAILURE"),
        (11, "MVCC_READ_CONFLICT"),
        (14, "TARGET_CHAIN_NOT_FOUND"),
        (25, "INVALID_CHAINCODE"),
    ];
    let known: Vec<_> =
        (0..=u8::MAX).filter_map(|n| Code::from_bytes(&[n]).ok()).map(|code| (code.number(), code.name())).collect();
    assert_eq!(known, expected);
    assert_eq!(Code::MvccReadConflict.to_string(), "11 MVCC_READ_CONFLICT");
}

/// One code for the one transaction of block 0: the commit hash of the whole chain begins with it.
#[test]
fn block_0_has_one_verdict() {
    assert_eq!(BlockVerdict::genesis(), BlockVerdict { codes: vec![Code::Valid], ..BlockVerdict::default() });
}
