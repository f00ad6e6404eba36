use super::*;
use crate::hash::Digest;
use crate::identity::{Authority, ParticipantGroup};
use crate::ledger::format::block::{Header, Seal};
use crate::time::Seconds;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// The border is 4 MiB of transactions.
#[test]
fn blocks_are_fetched_up_to_a_size_and_one_at_least() {
    let orderer = Authority::new(ParticipantGroup::Ledger, &mut ChaCha20Rng::seed_from_u64(1), Seconds(0))
        .unwrap()
        .root()
        .clone();
    let numbers = |bytes: usize| {
        let block = |number| Block {
            header: Header { number, previous: None, data_hash: Digest([0; 32]) },
            transactions: vec![vec![0; bytes / 2]; 2],
            seal: Seal { orderer: orderer.clone(), signature: [0; 64] },
        };
        let read = |number| if number < 9 { Ok(block(number)) } else { Err(StoreError::NoSuchBlock { number }) };
        read_batch(3..20, read).iter().map(|block| block.header.number).collect::<Vec<_>>()
    };
    assert_eq!(numbers(2 << 20), [3, 4, 5]);
    assert_eq!(numbers((2 << 20) + 2), [3, 4]);
    assert_eq!(numbers(5 << 20), [3]);
    assert_eq!(numbers(0), [3, 4, 5, 6, 7, 8], "until one cannot be read");
}
