use super::*;

#[test]
fn rules_beyond_what_can_be_decoded_are_refused() {
    let good = CutRules::default();
    assert_eq!(CutRules::from_bytes(&good.to_bytes()), Ok(good));
    for bad in [
        CutRules { max_messages: BLOCK_TRANSACTIONS_LIMIT + 1, ..good },
        CutRules { preferred_bytes: BLOCK_BYTES_LIMIT, ..good },
        CutRules { max_bytes: TRANSACTION_BYTES_LIMIT + 1, ..good },
    ] {
        assert!(matches!(CutRules::from_bytes(&bad.to_bytes()), Err(DecodeError::Limit { .. })));
    }
}
