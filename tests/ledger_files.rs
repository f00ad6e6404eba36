//! The ledger's files after a crash, a fault of the disk or a forgery, and the results of opening and verifying them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "ledger/world.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the bench")]
mod world;

use phi_pre::hash::{Digest, sha256};
use phi_pre::identity::IdentityError;
use phi_pre::ledger::*;
use phi_pre::wire::Wire;
use std::path::Path;
use std::sync::Arc;
use world::*;

/// The length of the last of four records, in bytes.
fn last_record(file: &[u8]) -> usize {
    let mut at = 17;
    for _ in 0..3 {
        at += 20 + u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize + 32;
    }
    file.len() - at
}

/// A restart restores the same state if the state is behind the block file, or empty, or if a torn block is cut off.
#[test]
fn restart_replays_and_cuts_a_torn_tail() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    for key in ["a", "b", "a"] {
        increment(&mut network, &mut world, key);
    }
    let agreed = network.agreement().unwrap();
    drop(network);
    let (first, second) = (folder.path().join("peer-0"), folder.path().join("peer-1"));
    std::fs::remove_file(first.join("state.redb")).unwrap();
    let blocks = second.join("blocks");
    let whole = std::fs::read(&blocks).unwrap();
    let torn = [&whole[..], &whole[17..700]].concat();
    let peer = world.peers[1].clone();
    // A crash leaves no bytes before a whole block 4, so these are damage and not a torn tail.
    let last = whole.len() - last_record(&whole);
    std::fs::write(&blocks, [&whole[..last], &[7; 50], &whole[last..]].concat()).unwrap();
    let refused = Peer::open(&second, peer.clone(), Arc::new(Counter)).unwrap_err();
    assert!(refused.to_string().contains("block 3"), "{refused}");
    // A crash during the writing of a block can leave a short tail, zeros, or any bytes.
    for tail in [&whole[17..30], &[0; 4096], &torn[whole.len()..]] {
        std::fs::write(&blocks, [&whole[..], tail].concat()).unwrap();
        assert_eq!(verify(&second, None).unwrap().torn.map(|torn| torn.bytes), Some(tail.len() as u64));
        let (opened_peer, opened) = Peer::open(&second, peer.clone(), Arc::new(Counter)).unwrap();
        let expected = TornTail { number: 4, offset: whole.len() as u64, bytes: tail.len() as u64 };
        assert_eq!(opened, Opened { torn: Some(expected), replayed: 0, revalidated: 0 });
        assert_eq!(opened_peer.savepoint(), Some(agreed));
        assert_eq!(std::fs::read(&blocks).unwrap(), whole);
    }
    let (mut network, opened) =
        Network::open(folder.path(), world.orderer.clone(), world.peers.clone(), Arc::new(Counter)).unwrap();
    assert_eq!(opened[0].replayed, 4);
    assert_eq!(network.agreement(), Some(agreed));
    assert_eq!((count(&network, "a"), count(&network, "b")), (2, 1));
    assert_eq!(increment(&mut network, &mut world, "a").code, Code::Valid);
}

/// A network that is opened after a revocation still refuses the revoked member, at the peers and at the orderer. A
/// damaged list is named.
#[test]
fn a_network_that_is_opened_again_knows_its_revocations() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    let proposal = world.increment("a");
    let (alice, alice_id) = (world.alice.clone(), id(&world.alice.certificate));
    let endorsed = signed_transaction(&network, proposal, &alice);
    for revoked in [id(&world.bob.certificate), alice_id] {
        world.users.revoke(&revoked).unwrap();
        network.revoke(&world.users.revocations()).unwrap();
    }
    drop(network);
    let open = || Network::open(folder.path(), world.orderer.clone(), world.peers.clone(), Arc::new(Counter));
    let (mut network, _) = open().unwrap();
    let refused = network.broadcast(&endorsed, NOW);
    assert!(matches!(refused, Err(NetworkError::Order(OrderError::Identity(IdentityError::Revoked)))), "{refused:?}");
    assert!(network.msp().unwrap().validate(&alice.certificate).is_err());
    network.stop(0);
    network.restart(0).unwrap();
    drop(network);
    let kept = folder.path().join("revocations");
    assert_eq!(std::fs::read_dir(&kept).unwrap().count(), 1);
    let list = std::fs::read_dir(&kept).unwrap().next().unwrap().unwrap().path();
    let whole = std::fs::read(&list).unwrap();
    let mut altered = whole.clone();
    *altered.last_mut().unwrap() ^= 1;
    for damaged in [&whole[..whole.len() - 1], &whole[1..], &altered] {
        std::fs::write(&list, damaged).unwrap();
        assert!(matches!(open(), Err(NetworkError::Store(_) | NetworkError::Identity(_))));
    }
    std::fs::write(&list, &whole).unwrap();
    let (network, _) = open().unwrap();
    let again = world.increment("a").sign(&alice.key);
    for peer in 0..network.peers() {
        let refused = network.peer(peer).unwrap().endorse(&again, &Transient::default(), NOW);
        assert!(matches!(refused, Err(EndorseError::Creator(IdentityError::Revoked))), "{refused:?}");
    }
}

/// An orderer whose last blocks are lost, or whose last block is damaged, gets them from the peers.
#[test]
fn an_orderer_that_lost_blocks_has_them_back_from_the_peers() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    for _ in 0..3 {
        increment(&mut network, &mut world, "n");
    }
    let agreed = network.agreement().unwrap();
    drop(network);
    let blocks = folder.path().join("orderer").join("blocks");
    let whole = std::fs::read(&blocks).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for damaged in [&flipped[..], &whole[..whole.len() - 100], &whole[..whole.len() * 2 / 3]] {
        std::fs::write(&blocks, damaged).unwrap();
        let (network, _) =
            Network::open(folder.path(), world.orderer.clone(), world.peers.clone(), Arc::new(Counter)).unwrap();
        assert_eq!((network.height(), network.agreement()), (4, Some(agreed)));
        drop(network);
        assert_eq!(std::fs::read(&blocks).unwrap(), whole);
    }
    let (mut network, _) =
        Network::open(folder.path(), world.orderer.clone(), world.peers.clone(), Arc::new(Counter)).unwrap();
    assert_eq!(increment(&mut network, &mut world, "n").code, Code::Valid);
    assert_eq!(count(&network, "n"), 4);
}

/// After any page of the state is overwritten, opening gives a typed error or the right state, and never panics. The
/// blocks suffice to rebuild the state.
#[test]
fn a_damaged_state_is_reported_and_rebuilt() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    for key in ["a", "b", "c"] {
        increment(&mut network, &mut world, key);
    }
    let agreed = network.agreement().unwrap();
    drop(network);
    let peer = folder.path().join("peer-0");
    let state = peer.join("state.redb");
    let whole = std::fs::read(&state).unwrap();
    let mut refused = 0;
    for page in 0..(whole.len() / 4096).min(24) {
        let mut damaged = whole.clone();
        damaged[page * 4096..(page + 1) * 4096].fill(0);
        std::fs::write(&state, &damaged).unwrap();
        match verify(&peer, None) {
            Ok(report) => assert_eq!(report.savepoint, agreed),
            Err(error) => refused += usize::from(!error.to_string().is_empty()),
        }
    }
    assert!(refused > 0);
    std::fs::remove_file(&state).unwrap();
    let (opened, _) = Peer::open(&peer, world.peers[0].clone(), Arc::new(Counter)).unwrap();
    assert_eq!(opened.savepoint(), Some(agreed));
}

/// The loss of committed blocks is not taken for a torn tail.
#[test]
fn a_shortened_block_file_is_refused() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    increment(&mut network, &mut world, "n");
    drop(network);
    let peer = folder.path().join("peer-0");
    let whole = std::fs::read(peer.join("blocks")).unwrap();
    for length in [whole.len() - 1, 18, 17] {
        std::fs::write(peer.join("blocks"), &whole[..length]).unwrap();
        let refused = Peer::open(&peer, world.peers[0].clone(), Arc::new(Counter)).unwrap_err();
        assert!(refused.to_string().contains("missing"), "{refused}");
    }
}

/// Every peer's folder verifies, and every change in it is reported.
#[test]
fn verify_from_genesis() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    let (first, second) = (world.increment("n"), world.increment("n"));
    let stale = [signed_transaction(&network, first, &world.alice), signed_transaction(&network, second, &world.alice)];
    block_of(&mut network, &stale);
    let agreed = network.agreement().unwrap();
    drop(network);
    let peer = |i: usize| folder.path().join(format!("peer-{i}"));
    let report = verify(&peer(0), None).unwrap();
    assert_eq!((report.savepoint, report.state_height, report.keys, report.torn), (agreed, 2, 1, None));
    assert_eq!(report.codes.into_iter().collect::<Vec<_>>(), [(Code::Valid, 1), (Code::MvccReadConflict, 1)]);
    assert_eq!(verify(&peer(1), Some(report.genesis)).unwrap().savepoint, agreed);
    let other = verify(&peer(1), Some(Digest([0; 32])));
    assert!(matches!(other, Err(VerifyError::Genesis { got, .. }) if got == report.genesis));
    // A changed value, an additional value, a missing txid.
    for (i, expected) in ["value under \"n\"", "value under \"m\"", "transaction"].into_iter().enumerate() {
        tamper(&peer(i), i);
        let error = verify(&peer(i), None).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

/// The files of a peer that did not close them can be opened, replayed and verified.
#[test]
fn files_that_were_never_closed() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    increment(&mut network, &mut world, "n");
    network.checkpoint();
    increment(&mut network, &mut world, "n");
    increment(&mut network, &mut world, "n");
    let image = tempfile::tempdir().unwrap();
    for file in ["blocks", "state.redb", "verdicts"] {
        std::fs::copy(folder.path().join("peer-0").join(file), image.path().join(file)).unwrap();
    }
    let agreed = network.agreement().unwrap();
    let report = verify(image.path(), None).unwrap();
    assert_eq!((report.savepoint, report.state_height), (agreed, 2));
    // The verdicts show that the block was committed, although the state does not have it.
    let blocks = image.path().join("blocks");
    let whole = std::fs::read(&blocks).unwrap();
    for cut in [1, 33, 700] {
        std::fs::write(&blocks, &whole[..whole.len() - cut]).unwrap();
        let named = Peer::open(image.path(), world.peers[0].clone(), Arc::new(Counter)).unwrap_err();
        assert!(named.to_string().contains("block 3 was committed and is missing"), "{named}");
        assert!(verify(image.path(), None).unwrap_err().to_string().contains("block 3 was committed"));
    }
    std::fs::write(&blocks, &whole).unwrap();
    let (peer, opened) = Peer::open(image.path(), world.peers[0].clone(), Arc::new(Counter)).unwrap();
    assert_eq!((peer.savepoint(), opened), (Some(agreed), Opened { torn: None, replayed: 2, revalidated: 0 }));
    assert_eq!(peer.verify().unwrap().savepoint, agreed);
    // The drop closes the files.
    drop(peer);
    assert_eq!(verify(image.path(), None).unwrap().state_height, 4);
}

/// The creation of a ledger that was interrupted anywhere is completed with the same files. A created ledger is not
/// created again.
#[test]
fn an_interrupted_creation_is_completed() {
    let (mut world, whole) = (World::new(), tempfile::tempdir().unwrap());
    let network = world.counters(whole.path());
    let agreed = network.agreement().unwrap();
    drop(network);
    let steps = ["orderer/blocks", "peer-0/blocks", "peer-0/verdicts", "peer-0/state.redb", "peer-1/blocks"];
    for (stop, last) in steps.into_iter().enumerate() {
        for part in [0, 1, 2] {
            let folder = tempfile::tempdir().unwrap();
            for file in &steps[..=stop] {
                let to = folder.path().join(file);
                std::fs::create_dir_all(to.parent().unwrap()).unwrap();
                std::fs::copy(whole.path().join(file), to).unwrap();
            }
            let last = folder.path().join(last);
            let bytes = std::fs::read(&last).unwrap();
            if !last.ends_with("state.redb") {
                std::fs::write(&last, &bytes[..bytes.len() * part / 2]).unwrap();
            }
            let network = world.counters(folder.path());
            assert_eq!(network.agreement(), Some(agreed));
            assert!((0..3).all(|i| network.peer(i).unwrap().verify().is_ok()));
        }
    }
    let mut network = world.counters(whole.path());
    increment(&mut network, &mut world, "n");
    drop(network);
    let again = |config| {
        let peers = world.peers.clone();
        Network::create(whole.path(), &config, world.orderer.clone(), peers, Arc::new(Counter)).unwrap_err()
    };
    let other = Config { channel: "other".into(), ..world.config("counter") };
    for config in [world.config("counter"), other] {
        let refused = again(config).to_string();
        assert!(refused.contains("orderer/blocks exists"), "{refused}");
    }
}

/// A replay refuses stored verdicts that differ from those of the chain.
#[test]
fn other_verdicts_are_not_replayed() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    let (first, second) = (world.increment("n"), world.increment("n"));
    let stale = [signed_transaction(&network, first, &world.alice), signed_transaction(&network, second, &world.alice)];
    assert_eq!(block_of(&mut network, &stale), [0, 11]);
    let peer = network.peer(0).unwrap();
    let kept: Vec<_> = (0..2).map(|number| peer.block(number).unwrap()).collect();
    let reopened = |codes: [Code; 2], commit_hash: Digest| {
        let image = tempfile::tempdir().unwrap();
        let mut file = BlockFile::create(image.path()).unwrap();
        for kept in &kept {
            file.append(&kept.block.to_bytes()).unwrap();
        }
        drop(file);
        let other = Metadata { codes: codes.to_vec(), commit_hash };
        std::fs::write(image.path().join("verdicts"), verdicts(&[&kept[0].metadata, &other])).unwrap();
        Peer::open(image.path(), world.peers[0].clone(), Arc::new(Counter)).map(|(peer, _)| peer.savepoint())
    };
    let hash = kept[1].metadata.commit_hash;
    assert_eq!(reopened([Code::Valid, Code::MvccReadConflict], hash).unwrap(), network.agreement());
    for codes in [
        [Code::Valid, Code::Valid],
        [Code::MvccReadConflict, Code::MvccReadConflict],
        [Code::EndorsementPolicyFailure, Code::MvccReadConflict],
        [Code::BadCreatorSignature, Code::MvccReadConflict],
        [Code::DuplicateTxid, Code::MvccReadConflict],
    ] {
        let refused = reopened(codes, hash).unwrap_err();
        assert!(matches!(refused, PeerError::Commit(CommitError::Diverged(1))), "{codes:?}: {refused}");
    }
    let refused = reopened([Code::Valid, Code::MvccReadConflict], Digest([0; 32])).unwrap_err();
    assert!(matches!(refused, PeerError::Commit(CommitError::Diverged(1))), "{refused}");
}

/// Encodes a file of verdicts.
fn verdicts(metadata: &[&Metadata]) -> Vec<u8> {
    let record = |(number, metadata): (u64, &&Metadata)| {
        let content = [&number.to_be_bytes()[..], &metadata.to_bytes()].concat();
        [&content[..], &sha256(&[&content]).0].concat()
    };
    let records: Vec<_> = (0..).zip(metadata).map(record).collect();
    [b"phi-pre verdicts 1\n", &records.concat()[..]].concat()
}

/// After a crash the block is on the disk and the state is not. The next start replays the block first.
#[test]
fn a_crash_between_block_and_state() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    increment(&mut network, &mut world, "n");
    network.checkpoint();
    let image = tempfile::tempdir().unwrap();
    for file in ["state.redb", "verdicts"] {
        std::fs::copy(folder.path().join("peer-0").join(file), image.path().join(file)).unwrap();
    }
    increment(&mut network, &mut world, "n");
    std::fs::copy(folder.path().join("peer-0/blocks"), image.path().join("blocks")).unwrap();
    let agreed = network.agreement().unwrap();
    let report = verify(image.path(), None).unwrap();
    assert_eq!((report.savepoint, report.state_height), (agreed, 2));
    let (peer, opened) = Peer::open(image.path(), world.peers[0].clone(), Arc::new(Counter)).unwrap();
    assert_eq!((peer.savepoint(), opened), (Some(agreed), Opened { torn: None, replayed: 1, revalidated: 1 }));
}

/// Changes the database of the state directly.
fn tamper(folder: &Path, how: usize) {
    const STATE: redb::TableDefinition<&str, &[u8]> = redb::TableDefinition::new("state");
    const TXIDS: redb::TableDefinition<[u8; 32], &[u8]> = redb::TableDefinition::new("txids");
    let database = redb::Database::open(folder.join("state.redb")).unwrap();
    let write = database.begin_write().unwrap();
    match how {
        0 => drop(write.open_table(STATE).unwrap().insert("n", &[0; 20][..]).unwrap()),
        1 => drop(write.open_table(STATE).unwrap().insert("m", &[0; 20][..]).unwrap()),
        _ => drop(write.open_table(TXIDS).unwrap().pop_first().unwrap()),
    }
    write.commit().unwrap();
}

/// If the savepoint is right and an entry is wrong, a repair rebuilds the state. A file that prevents this is reported.
#[test]
fn a_repaired_peer_has_the_state_of_its_blocks() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    increment(&mut network, &mut world, "n");
    let agreed = network.agreement();
    drop(network);
    let [peer, other] = ["peer-0", "peer-1"].map(|name| folder.path().join(name));
    let repair = || repair_peer(&peer, &[&other]);
    assert_eq!(repair().unwrap(), Repaired { blocks: 2, fetched: 0, state: false });
    for how in 0..3 {
        tamper(&peer, how);
        assert_eq!(repair().unwrap(), Repaired { blocks: 2, fetched: 0, state: true }, "{how}");
        let (opened, _) = Peer::open(&peer, world.peers[0].clone(), Arc::new(Counter)).unwrap();
        assert_eq!(opened.savepoint(), agreed);
    }
    // What is named as the work of a repair was named, and is not a repair's.
    std::fs::write(peer.join("repair"), b"the user's").unwrap();
    assert_eq!(repair().unwrap(), Repaired { blocks: 2, fetched: 0, state: false });
    assert_eq!(std::fs::read(peer.join("repair")).unwrap(), b"the user's");
}

mod flips {
    use super::*;
    use proptest::prelude::*;
    use std::sync::OnceLock;

    /// A stopped peer with three blocks, shared by all cases.
    fn stopped() -> &'static (tempfile::TempDir, World, Vec<u8>) {
        static STOPPED: OnceLock<(tempfile::TempDir, World, Vec<u8>)> = OnceLock::new();
        STOPPED.get_or_init(|| {
            let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
            let mut network = world.counters(folder.path());
            increment(&mut network, &mut world, "n");
            increment(&mut network, &mut world, "n");
            drop(network);
            let blocks = std::fs::read(folder.path().join("peer-0/blocks")).unwrap();
            (folder, world, blocks)
        })
    }

    fn copy_to(folder: &Path, files: &[&str]) {
        for file in files {
            std::fs::copy(stopped().0.path().join("peer-0").join(file), folder.join(file)).unwrap();
        }
    }

    /// A copy of the stopped peer's folder with other blocks.
    fn with_blocks(blocks: &[u8]) -> tempfile::TempDir {
        let copy = tempfile::tempdir().unwrap();
        copy_to(copy.path(), &["state.redb", "verdicts"]);
        std::fs::write(copy.path().join("blocks"), blocks).unwrap();
        copy
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() })]

        /// Opening and verifying report a flipped byte of a block file.
        #[test]
        fn of_a_block_file(at in any::<prop::sample::Index>(), flip in 1_u8..) {
            let (_, world, whole) = stopped();
            let mut bytes = whole.clone();
            bytes[at.index(whole.len())] ^= flip;
            let folder = with_blocks(&bytes);
            let verified = verify(folder.path(), None);
            prop_assert!(matches!(verified, Err(VerifyError::Store(StoreError::Damaged(_)))), "{verified:?}");
            let opened = Peer::open(folder.path(), world.peers[0].clone(), Arc::new(Counter));
            let damaged = matches!(opened, Err(PeerError::Commit(CommitError::Store(StoreError::Damaged(_)))));
            prop_assert!(damaged, "{opened:?}");
            prop_assert_eq!(std::fs::read(folder.path().join("blocks")).unwrap(), bytes);
        }

        /// If a forger corrects the checksums, too, the hashes and signatures of the chain reveal the change.
        #[test]
        fn under_a_mended_checksum(block in 0_u64..3, at in any::<prop::sample::Index>(), flip in 1_u8..) {
            let source = BlockFile::open_read_only(&stopped().0.path().join("peer-0"), 3).unwrap().0;
            let folder = tempfile::tempdir().unwrap();
            let mut mended = BlockFile::create(folder.path()).unwrap();
            for number in 0..3 {
                let mut content = source.read(number).unwrap();
                if number == block {
                    let at = at.index(content.len());
                    content[at] ^= flip;
                }
                mended.append(&content).unwrap();
            }
            drop(mended);
            copy_to(folder.path(), &["state.redb", "verdicts"]);
            let verified = verify(folder.path(), None);
            let found = matches!(verified, Err(VerifyError::Store(StoreError::Decode(_)) | VerifyError::Chain(_)));
            prop_assert!(found, "{verified:?}");
        }

        /// A transaction with a flipped byte is never valid and never attributed to its creator.
        #[test]
        fn of_an_envelope(at in any::<prop::sample::Index>(), flip in 1_u8..) {
            let (folder, world, _) = stopped();
            let blocks = BlockFile::open_read_only(&folder.path().join("peer-0"), 3).unwrap().0;
            let genesis = Block::from_bytes(&blocks.read(0).unwrap()).unwrap();
            let mut block = Block::from_bytes(&blocks.read(1).unwrap()).unwrap();
            let at = at.index(block.transactions[0].len());
            block.transactions[0][at] ^= flip;
            let Signer { certificate, key } = &world.orderer;
            let block = Block::seal(1, Some(genesis.header.hash()), block.transactions, certificate, key);
            let fresh = tempfile::tempdir().unwrap();
            let mut peer =
                Peer::create(&fresh.path().join("p"), &genesis, world.peers[0].clone(), Arc::new(Counter)).unwrap();
            match peer.commit(&block) {
                Ok(metadata) => {
                    let code = metadata.codes[0];
                    prop_assert!(matches!(code, Code::BadPayload | Code::BadCreatorSignature), "{code}");
                }
                Err(error) => {
                    // In the length of the transaction.
                    prop_assert!(matches!(error, CommitError::Block(BlockError::Transaction { .. })) && at < 4, "{error}");
                }
            }
        }
    }
}

/// Blocks of increments of a few keys, so that each block reads the values that the previous block wrote.
fn chain(network: &mut Network, world: &mut World, blocks: usize) -> Vec<Block> {
    for n in 0..blocks {
        let key = ["a", "b"][n % 2];
        increment(network, world, key);
        let (one, two) = (world.increment("a"), world.increment("a"));
        let alice = world.alice.clone();
        let both = [one, two].map(|proposal| signed_transaction(network, proposal, &alice));
        assert_eq!(block_of(network, &both), [0, 11]);
    }
    let peer = network.peer(0).unwrap();
    (0..peer.height()).map(|number| peer.block(number).unwrap().block).collect()
}

/// Committing many blocks at once gives the same blocks, verdicts and state as committing them one by one. The files
/// differ only in the marks of the blocks that were written together.
#[test]
fn blocks_are_committed_together_as_one_by_one() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    let blocks = chain(&mut network, &mut world, 3);
    let peer = |name: &str| {
        let counter = Arc::new(Counter);
        Peer::create(&folder.path().join(name), &blocks[0], world.peers[0].clone(), counter).unwrap()
    };
    let (mut apart, mut together) = (peer("apart"), peer("together"));
    let one_by_one: Vec<_> = blocks[1..].iter().map(|block| apart.commit(block).unwrap()).collect();
    assert_eq!(together.commit_all(&blocks[1..]).unwrap(), one_by_one);
    assert_eq!(together.savepoint(), network.agreement());
    assert_eq!(together.verify().unwrap(), apart.verify().unwrap());
    assert_eq!(together.commit_all(&[]).unwrap(), []);
    let [a, b] = ["apart", "together"].map(|name| BlockFile::open_read_only(&folder.path().join(name), 4).unwrap().0);
    assert_eq!(a.len(), b.len());
    assert!((0..a.len()).all(|number| a.read(number).unwrap() == b.read(number).unwrap()));
}

/// A chain with more blocks than one batch of the replay is replayed, from its beginning and from beyond the first
/// batch.
#[test]
fn a_long_chain_is_replayed() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    let place = folder.path().join("peer-0");
    let (state, old) = (place.join("state.redb"), folder.path().join("old"));
    (0..65).for_each(|_| _ = increment(&mut network, &mut world, "n"));
    drop(network);
    std::fs::copy(&state, &old).unwrap();
    let (mut network, _) =
        Network::open(folder.path(), world.orderer.clone(), world.peers.clone(), Arc::new(Counter)).unwrap();
    (0..2).for_each(|_| _ = increment(&mut network, &mut world, "n"));
    let agreed = network.agreement();
    drop(network);
    let open = || Peer::open(&place, world.peers[0].clone(), Arc::new(Counter)).unwrap();
    std::fs::rename(&old, &state).unwrap();
    assert_eq!(open().1.replayed, 2);
    std::fs::remove_file(&state).unwrap();
    let (peer, opened) = open();
    assert_eq!((opened.replayed, peer.savepoint()), (68, agreed));
}

/// The blocks before an invalid block are committed; the invalid block and the blocks after it are not.
#[test]
fn a_bad_block_among_others_stops_there() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    let mut blocks = chain(&mut network, &mut world, 3);
    blocks[4].transactions[0][9] ^= 1;
    let place = folder.path().join("peer");
    let mut peer = Peer::create(&place, &blocks[0], world.peers[0].clone(), Arc::new(Counter)).unwrap();
    let refused = peer.commit_all(&blocks[1..]).unwrap_err();
    assert!(refused.to_string().contains("block 4"), "{refused}");
    assert_eq!(peer.height(), 4);
    drop(peer);
    let (mut peer, opened) = Peer::open(&place, world.peers[0].clone(), Arc::new(Counter)).unwrap();
    assert_eq!((opened.replayed, peer.height()), (0, 4));
    blocks[4].transactions[0][9] ^= 1;
    peer.commit_all(&blocks[4..]).unwrap();
    assert_eq!(peer.savepoint(), network.agreement());
}

/// The block with other transactions under the same sealed header.
fn recut(block: &Block, transactions: Vec<Vec<u8>>) -> Block {
    Block { transactions, ..block.clone() }
}

/// Blocks of the same seal whose concatenated transactions are those of `block`, with other cuts between them.
fn recuts(block: &Block) -> Vec<(&'static str, Block)> {
    let [one, two] = &block.transactions[..] else { panic!("two transactions") };
    let (head, tail) = two.split_at(9);
    vec![
        ("a cut moved by some bytes", recut(block, vec![[&one[..], head].concat(), tail.to_vec()])),
        ("an empty transaction in front", recut(block, vec![Vec::new(), one.clone(), two.clone()])),
        ("one transaction in two", recut(block, vec![one.clone(), head.to_vec(), tail.to_vec()])),
        ("two transactions in one", recut(block, vec![[&one[..], two].concat()])),
    ]
}

/// Writes a block file with these blocks.
fn write_blocks(folder: &Path, blocks: &[Block]) {
    let made = tempfile::tempdir().unwrap();
    let mut file = BlockFile::create(made.path()).unwrap();
    for block in blocks {
        file.append(&block.to_bytes()).unwrap();
    }
    drop(file);
    std::fs::create_dir_all(folder).unwrap();
    std::fs::copy(made.path().join("blocks"), folder.join("blocks")).unwrap();
}

/// The blocks of a stopped node.
fn read_blocks(folder: &Path) -> Vec<Block> {
    let (file, _) = BlockFile::open_read_only(folder, 0).unwrap();
    (0..file.len()).map(|number| Block::from_bytes(&file.read(number).unwrap()).unwrap()).collect()
}

/// A stopped network whose block 1 has two transactions.
fn two_in_a_block() -> (World, tempfile::TempDir, Vec<Block>) {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    let both = [world.increment("a"), world.increment("b")];
    let both = both.map(|proposal| signed_transaction(&network, proposal, &world.alice));
    assert_eq!(block_of(&mut network, &both), [0, 0]);
    drop(network);
    let blocks = read_blocks(&folder.path().join("peer-0"));
    (world, folder, blocks)
}

/// A seal is of one block: a peer commits none, and `verify` accepts none, in which the same bytes are cut otherwise.
#[test]
fn one_seal_is_of_one_block() {
    let (world, _folder, blocks) = two_in_a_block();
    for (how, forged) in recuts(&blocks[1]) {
        assert_eq!(forged.header, blocks[1].header);
        let fresh = tempfile::tempdir().unwrap();
        let peer = || Peer::create(&fresh.path().join("p"), &blocks[0], world.peers[0].clone(), Arc::new(Counter));
        let mut peer = peer().unwrap();
        let refused = peer.commit(&forged);
        assert!(matches!(refused, Err(CommitError::Block(BlockError::Data { number: 1 }))), "{how}: {refused:?}");
        assert_eq!(peer.height(), 1);
        peer.checkpoint().unwrap();
        drop(peer);
        // The verdicts of the forged block are missing, so that `verify` cannot refuse those.
        write_blocks(&fresh.path().join("p"), &[blocks[0].clone(), forged.clone()]);
        let genesis = Some(blocks[0].header.hash());
        let refused = verify(&fresh.path().join("p"), genesis);
        assert!(matches!(refused, Err(VerifyError::Chain(CommitError::Block(_)))), "{how}: {refused:?}");
        let refused = Peer::open(&fresh.path().join("p"), world.peers[0].clone(), Arc::new(Counter));
        assert!(matches!(refused, Err(PeerError::Commit(CommitError::Block(_)))), "{how}: {refused:?}");
    }
}

/// A user hides an endorsed transaction of somebody else inside one of his own. No other cut makes it appear.
#[test]
fn a_transaction_inside_another_never_appears() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    let (hidden, around) = (world.increment("hidden"), world.increment("a"));
    let hidden = signed_transaction(&network, hidden, &world.alice).to_bytes();
    let transaction = [around.to_bytes(), hidden.clone()].concat();
    let signature = *world.alice.key.sign(&transaction).as_bytes();
    let whole = SignedTransaction { transaction, signature }.to_bytes();
    let at = whole.windows(hidden.len()).position(|window| window == hidden).unwrap();
    let genesis = network.peer(0).unwrap().block(0).unwrap().block;
    let Signer { certificate, key } = &world.orderer;
    let block = Block::seal(1, Some(genesis.header.hash()), vec![whole.clone()], certificate, key);
    let parts = [&whole[..at], &hidden, &whole[at + hidden.len()..]].map(<[u8]>::to_vec).to_vec();
    let peer = |name| Peer::create(&folder.path().join(name), &genesis, world.peers[0].clone(), Arc::new(Counter));
    let refused = peer("forged").unwrap().commit(&recut(&block, parts));
    assert!(matches!(refused, Err(CommitError::Block(BlockError::Data { number: 1 }))), "{refused:?}");
    assert_eq!(peer("honest").unwrap().commit(&block).unwrap().codes, [Code::BadPayload]);
    network.flush().unwrap();
}

/// A peer takes no recut block from another peer when it catches up, and a repair none from another node's file.
#[test]
fn a_recut_block_is_neither_fetched_nor_used_for_a_repair() {
    let (world, folder, blocks) = two_in_a_block();
    let [first, last] = ["peer-0", "peer-2"].map(|name| folder.path().join(name));
    for (how, forged) in recuts(&blocks[1]) {
        let other = tempfile::tempdir().unwrap();
        write_blocks(other.path(), &[blocks[0].clone(), forged]);
        std::fs::remove_dir_all(&last).unwrap();
        let repaired = repair_peer(&last, &[other.path(), &first]).unwrap();
        assert_eq!((repaired.blocks, repaired.fetched), (2, 2), "{how}");
        assert_eq!(read_blocks(&last), blocks, "{how}");
    }
    let (mut network, _) =
        Network::open(folder.path(), world.orderer.clone(), world.peers.clone(), Arc::new(Counter)).unwrap();
    network.stop(2);
    std::fs::remove_dir_all(&last).unwrap();
    drop(Peer::create(&last, &blocks[0], world.peers[2].clone(), Arc::new(Counter)).unwrap());
    // This cut leaves the length as it was, so it can be written under the open file.
    let (_, forged) = recuts(&blocks[1]).swap_remove(0);
    write_blocks(&folder.path().join("forged"), &[blocks[0].clone(), forged]);
    std::fs::write(first.join("blocks"), std::fs::read(folder.path().join("forged/blocks")).unwrap()).unwrap();
    network.restart(2).unwrap();
    assert_eq!(network.peer(2).unwrap().block(1).unwrap().block, blocks[1]);
}

/// Whatever the orderer seals, an entry of a block is the encoding of one signed transaction.
#[test]
fn a_block_holds_signed_transactions_alone() {
    let (world, _folder, blocks) = two_in_a_block();
    let one = &blocks[1].transactions[0];
    let cut = one[..one.len() - 1].to_vec();
    for entry in [Vec::new(), cut, [&one[..], &[0]].concat(), [&one[..], one].concat(), vec![7; 300]] {
        let fresh = tempfile::tempdir().unwrap();
        let counter = Arc::new(Counter);
        let mut peer = Peer::create(fresh.path(), &blocks[0], world.peers[0].clone(), counter).unwrap();
        let Signer { certificate, key } = &world.orderer;
        let sealed = vec![one.clone(), entry];
        let block = Block::seal(1, Some(blocks[0].header.hash()), sealed, certificate, key);
        let refused = peer.commit(&block).unwrap_err().to_string();
        assert!(refused.starts_with("block 1: transaction 1: "), "{refused}");
    }
}

/// Two orderers in one folder would seal different blocks of one number.
#[test]
fn one_node_at_a_time_writes_in_a_folder() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    let at = |name: &str| folder.path().join(name);
    let in_use = |refused: String, name: &str| {
        let expected = format!("{} is in use", at(name).display());
        assert!(refused.contains(&expected), "{refused}");
    };
    in_use(Orderer::open(&at("orderer"), world.orderer.clone()).unwrap_err().to_string(), "orderer");
    let config = world.config("counter");
    in_use(Orderer::create(&at("orderer"), &config, world.orderer.clone()).unwrap_err().to_string(), "orderer");
    in_use(repair_orderer(&at("orderer"), &[&at("peer-0")]).unwrap_err().to_string(), "orderer");
    in_use(repair_peer(&at("peer-1"), &[&at("peer-0")]).unwrap_err().to_string(), "peer-1");
    let peer = || Peer::open(&at("peer-2"), world.peers[2].clone(), Arc::new(Counter));
    in_use(peer().unwrap_err().to_string(), "peer-2");
    let again = Network::open(folder.path(), world.orderer.clone(), world.peers.clone(), Arc::new(Counter));
    in_use(again.unwrap_err().to_string(), "orderer");
    assert_eq!(increment(&mut network, &mut world, "n").code, Code::Valid);
    drop(network);
    let again = Network::open(folder.path(), world.orderer.clone(), world.peers.clone(), Arc::new(Counter));
    assert_eq!(again.unwrap().0.height(), 2);
}

/// Each block of an orderer's file follows the block before it, and the last one has the seal.
#[test]
fn an_orderer_opens_no_broken_chain() {
    let (world, folder, mut blocks) = two_in_a_block();
    let orderer = folder.path().join("orderer");
    let Signer { certificate, key } = &world.orderer;
    let other = Block::seal(1, Some(Digest([7; 32])), blocks[1].transactions.clone(), certificate, key);
    let third = Block::seal(2, Some(blocks[1].header.hash()), blocks[1].transactions.clone(), certificate, key);
    let mut unsealed = blocks[1].clone();
    unsealed.seal.signature[9] ^= 1;
    blocks.push(third);
    let chains = [
        (vec![blocks[0].clone(), other.clone()], "block 1 continues another chain"),
        (vec![blocks[0].clone(), other, blocks[2].clone()], "block 1 continues another chain"),
        (vec![blocks[0].clone(), blocks[2].clone()], "block 2 where block 1 is next"),
        (vec![blocks[0].clone(), unsealed], "block 1: seal"),
    ];
    for (chain, expected) in chains {
        write_blocks(&orderer, &chain);
        let refused = Orderer::open(&orderer, world.orderer.clone()).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
    write_blocks(&orderer, &blocks);
    assert_eq!(Orderer::open(&orderer, world.orderer.clone()).unwrap().0.height(), 3);
}

/// A file of an earlier version is refused by its version, and is left as it is.
#[test]
fn a_block_file_of_version_1_is_refused_by_its_version() {
    let (world, folder, _) = two_in_a_block();
    let [peer, orderer] = ["peer-0", "orderer"].map(|name| folder.path().join(name));
    for node in [&peer, &orderer] {
        let mut bytes = std::fs::read(node.join("blocks")).unwrap();
        bytes[15] = b'1';
        std::fs::write(node.join("blocks"), &bytes).unwrap();
    }
    let refusals = [
        Peer::open(&peer, world.peers[0].clone(), Arc::new(Counter)).unwrap_err().to_string(),
        Orderer::open(&orderer, world.orderer.clone()).unwrap_err().to_string(),
        verify(&peer, None).unwrap_err().to_string(),
        repair_peer(&peer, &[]).unwrap_err().to_string(),
        repair_orderer(&folder.path().join("orderer"), &[&folder.path().join("peer-1")]).unwrap_err().to_string(),
    ];
    for refused in refusals {
        assert!(refused.contains("a block file of version 1") && refused.contains("version 2"), "{refused}");
    }
    assert!(std::fs::read(peer.join("blocks")).unwrap().starts_with(b"phi-pre blocks 1\n"));
}

/// A state whose savepoint names no block of the chain is refused, however the rest of it looks.
#[test]
fn a_state_at_no_height_of_the_chain_is_refused() {
    const SAVEPOINT: redb::TableDefinition<(), &[u8]> = redb::TableDefinition::new("savepoint");
    let (world, folder) = stopped();
    let peer = folder.path().join("peer-0");
    tamper(&peer, 1);
    let reached = Network::open(folder.path(), world.orderer, world.peers.clone(), Arc::new(Counter));
    let reached = reached.unwrap().0.agreement().unwrap();
    for height in [0, 4, u64::MAX] {
        let database = redb::Database::open(peer.join("state.redb")).unwrap();
        let write = database.begin_write().unwrap();
        let savepoint = Savepoint { height, ..reached }.to_bytes();
        write.open_table(SAVEPOINT).unwrap().insert((), &savepoint[..]).unwrap();
        write.commit().unwrap();
        drop(database);
        let refused = verify(&peer, None);
        assert!(refused.is_err(), "height {height}: {refused:?}");
        let opened = Peer::open(&peer, world.peers[0].clone(), Arc::new(Counter)).map(|_| ());
        assert!(opened.is_err(), "height {height}");
    }
}

/// A peer whose state is that of another chain than its blocks does not start.
#[test]
fn a_state_of_other_blocks_is_refused() {
    let (world, folder) = stopped();
    let other = forked(&world, 3);
    let peer = folder.path().join("peer-0");
    std::fs::copy(other.path().join("peer-0/state.redb"), peer.join("state.redb")).unwrap();
    let refused = Peer::open(&peer, world.peers[0].clone(), Arc::new(Counter)).unwrap_err();
    assert!(matches!(refused, PeerError::Commit(CommitError::OtherState(2))), "{refused}");
}

/// A repair does not put another chain in the place of the one that the state of the peer belongs to: neither that of another
/// channel, nor a fork of the same channel that is longer.
#[test]
fn a_repair_puts_no_other_chain_in_place() {
    let (world, folder) = stopped();
    let peer = folder.path().join("peer-0");
    let channel = tempfile::tempdir().unwrap();
    let config = Config { window: 1, ..world.config("counter") };
    let mut network =
        Network::create(channel.path(), &config, world.orderer.clone(), world.peers.clone(), Arc::new(Counter))
            .unwrap();
    let mut other = World::new();
    for _ in 0..4 {
        increment(&mut network, &mut other, "forged");
    }
    drop(network);
    let state = std::fs::read(peer.join("state.redb")).unwrap();
    std::fs::remove_file(peer.join("blocks")).unwrap();
    for chain in [channel, forked(&world, 5)] {
        let refused = repair_peer(&peer, &[&chain.path().join("peer-1")]).unwrap_err();
        assert!(matches!(refused, RepairError::OtherChain { height: 3 }), "{refused}");
        assert!(std::fs::read(peer.join("state.redb")).unwrap() == state && !peer.join("blocks").exists());
    }
    assert_eq!(repair(folder.path(), "peer-0").unwrap(), Repaired { blocks: 3, fetched: 3, state: false });
}

/// A chain of this channel with other blocks than [`stopped`] has after block 0.
fn forked(world: &World, blocks: u64) -> tempfile::TempDir {
    let (mut other, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    for _ in 1..blocks {
        increment(&mut network, &mut other, "forged");
    }
    folder
}

/// A block file that was torn inside a transaction full of heads of records is refused, and a repair does not guess whether
/// later blocks follow. Without the file, the repair takes the blocks of the other nodes.
#[test]
fn a_file_that_cannot_be_searched_is_named() {
    let (_, folder) = stopped();
    let blocks = folder.path().join("orderer/blocks");
    let whole = std::fs::read(&blocks).unwrap();
    // Length, number, check. The head of block 3 says that the file once was longer; the others end with the file.
    let head = |length: usize| {
        let (length, number) = (u32::try_from(length).unwrap().to_be_bytes(), 3_u64.to_be_bytes());
        [&length[..], &number, &sha256(&[b"record", &length, &number]).0[..8]].concat()
    };
    let size = whole.len() + 200_000;
    let heads = (1..1000).flat_map(|n| head(200_000 - 20 * n - 52));
    let mut torn: Vec<_> = whole.iter().copied().chain(head(300_000)).chain(heads).collect();
    torn.resize(size, 7);
    std::fs::write(&blocks, &torn).unwrap();
    let refused = repair(folder.path(), "orderer").unwrap_err();
    assert!(matches!(&refused, RepairError::Unsearched { path, last: 2 } if *path == blocks), "{refused}");
    assert!(std::fs::read(&blocks).unwrap() == torn);
    std::fs::rename(&blocks, folder.path().join("aside")).unwrap();
    assert_eq!(repair(folder.path(), "orderer").unwrap(), Repaired { blocks: 3, fetched: 3, state: false });
    assert!(std::fs::read(&blocks).unwrap() == whole);
}

/// A creation that is completed after a revocation has the revocation. Other files beside the lists are no lists.
#[test]
fn a_completed_creation_knows_its_revocations() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    world.users.revoke(&id(&world.alice.certificate)).unwrap();
    network.revoke(&world.users.revocations()).unwrap();
    drop(network);
    for name in ["README", "notes.txt", "0123", ".directory"] {
        std::fs::write(folder.path().join("revocations").join(name), b"the user's").unwrap();
    }
    let open = || Network::open(folder.path(), world.orderer.clone(), world.peers.clone(), Arc::new(Counter));
    let revoked = |network: Network| network.msp().unwrap().validate(&world.alice.certificate);
    assert_eq!(revoked(world.counters(folder.path())), Err(IdentityError::Revoked));
    assert_eq!(revoked(open().unwrap().0), Err(IdentityError::Revoked));
}

/// A configuration that could not be read again is refused before anything is written.
#[test]
fn a_channel_that_could_not_be_opened_is_not_created() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let right = world.config("counter");
    let long = Config { channel: "c".repeat(65), ..right.clone() };
    let nobody = Config { policy: Policy::majority(&[]), ..right.clone() };
    let blocks = Config { cut: CutRules { preferred_bytes: u32::MAX, ..right.cut }, ..right };
    for config in [long, nobody, blocks] {
        let (orderer, peers) = (world.orderer.clone(), world.peers.clone());
        assert!(Network::create(folder.path(), &config, orderer, peers, Arc::new(Counter)).is_err());
    }
    let network = world.counters(folder.path());
    assert_eq!(network.height(), 1);
}

/// A stopped network of three blocks.
fn stopped() -> (World, tempfile::TempDir) {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    increment(&mut network, &mut world, "n");
    increment(&mut network, &mut world, "n");
    drop(network);
    (world, folder)
}

/// Flips a bit of the last block of a block file.
fn damage(blocks: &Path) {
    let mut bytes = std::fs::read(blocks).unwrap();
    let at = bytes.len() - 100;
    bytes[at] ^= 1;
    std::fs::write(blocks, bytes).unwrap();
}

/// A repair of one node of the stopped network from all others.
fn repair(folder: &Path, node: &str) -> Result<Repaired, RepairError> {
    let others = ["orderer", "peer-0", "peer-1", "peer-2"].into_iter().filter(|other| *other != node);
    let others: Vec<_> = others.map(|other| folder.join(other)).collect();
    let others: Vec<&Path> = others.iter().map(std::path::PathBuf::as_path).collect();
    let repair = if node == "orderer" { repair_orderer } else { repair_peer };
    repair(&folder.join(node), &others)
}

#[cfg(unix)]
mod repairs {
    use super::*;
    use std::collections::BTreeMap;
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

    /// The error of a call that must not wait.
    fn at_once(call: impl FnOnce() -> Option<String> + Send + 'static) -> Option<String> {
        let (done, wait) = std::sync::mpsc::channel();
        std::thread::spawn(move || done.send(call()));
        wait.recv_timeout(std::time::Duration::from_secs(20)).unwrap()
    }

    /// A lock that is a link is refused. Otherwise a node's owner could have the superuser, who repairs the node, make a file
    /// anywhere and give it away.
    #[test]
    fn a_lock_behind_a_link_is_refused() {
        let (world, folder) = stopped();
        let (peer, outside) = (folder.path().join("peer-0"), folder.path().join("outside"));
        let lock = peer.join("lock");
        for there in [false, true] {
            if there {
                fs::write(&outside, b"the user's").unwrap();
            }
            fs::remove_file(&lock).unwrap();
            symlink(&outside, &lock).unwrap();
            let repaired = repair(folder.path(), "peer-0").unwrap_err().to_string();
            let opened = Peer::open(&peer, world.peers[0].clone(), Arc::new(Counter)).unwrap_err().to_string();
            for refused in [repaired, opened] {
                assert_eq!(refused, format!("{} is not a file", lock.display()));
            }
            assert_eq!(outside.exists(), there);
        }
        assert_eq!(fs::read(&outside).unwrap(), b"the user's");
    }

    /// A pipe, a device or a folder in the place of a node's file is refused by its name. Nothing waits for it.
    #[test]
    fn what_is_no_file_is_refused() {
        for file in ["blocks", "verdicts", "state.redb", "lock"] {
            for other in ["pipe", "device", "folder"] {
                let (world, folder) = stopped();
                let (peer, signer) = (folder.path().join("peer-0"), world.peers[0].clone());
                let path = peer.join(file);
                fs::remove_file(&path).unwrap();
                match other {
                    "pipe" => assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success()),
                    "device" => symlink("/dev/null", &path).unwrap(),
                    _ => fs::create_dir(&path).unwrap(),
                }
                let named = format!("{} is not a file", path.display());
                let (all, node) = (folder.path().to_owned(), peer.clone());
                let repaired = at_once(move || repair(&all, "peer-0").err().map(|e| e.to_string()));
                assert_eq!(repaired.as_ref(), Some(&named));
                let opened = at_once(move || Peer::open(&node, signer, Arc::new(Counter)).err().map(|e| e.to_string()));
                assert_eq!(opened.as_ref(), Some(&named));
                if file != "lock" {
                    let verified = at_once(move || verify(&peer, None).err().map(|e| e.to_string()));
                    assert_eq!(verified.as_ref(), Some(&named));
                }
            }
        }
    }

    /// Opening a peer makes a missing state, and replaces and removes nothing for it that is not its own.
    #[test]
    fn a_new_state_takes_nobodys_place() {
        let (world, folder) = stopped();
        let peer = folder.path().join("peer-0");
        let at = |name: &str| peer.join(name);
        let open = || Peer::open(&peer, world.peers[0].clone(), Arc::new(Counter)).map(|(peer, _)| peer.height());
        fs::rename(at("state.redb"), folder.path().join("elsewhere")).unwrap();
        // The state was moved to a disk that is not there now.
        symlink(folder.path().join("not mounted"), at("state.redb")).unwrap();
        let refused = open().unwrap_err().to_string();
        assert!(refused.contains("cannot open") && refused.contains("peer-0/state.redb"), "{refused}");
        assert!(fs::symlink_metadata(at("state.redb")).unwrap().is_symlink());
        fs::remove_file(at("state.redb")).unwrap();
        fs::write(at("state.redb.new"), b"the user's").unwrap();
        assert!(open().unwrap_err().to_string().ends_with("state.redb.new exists"));
        assert_eq!(fs::read(at("state.redb.new")).unwrap(), b"the user's");
        fs::remove_file(at("state.redb.new")).unwrap();
        symlink(folder.path().join("outside"), at("state.redb.new")).unwrap();
        assert!(open().unwrap_err().to_string().ends_with("state.redb.new exists"));
        assert!(!folder.path().join("outside").exists());
        fs::remove_file(at("state.redb.new")).unwrap();
        // What an interrupted opening leaves is removed.
        let state = fs::read(folder.path().join("elsewhere")).unwrap();
        for left in [&state[..], &state[..4096], &[0; 4096], b"", &[0; 5]] {
            fs::write(at("state.redb.new"), left).unwrap();
            assert_eq!(open().unwrap(), 3);
            assert!(!at("state.redb.new").exists());
            fs::remove_file(at("state.redb")).unwrap();
        }
    }

    type Found = BTreeMap<std::path::PathBuf, (Option<Vec<u8>>, u32, u64, i64, i64)>;

    /// Everything below a folder but the locks: contents, modes, inodes, and the times of the last change.
    fn everything(folder: &Path) -> Found {
        let (mut found, mut left) = (Found::new(), vec![folder.to_owned()]);
        while let Some(path) = left.pop() {
            let meta = fs::symlink_metadata(&path).unwrap();
            if meta.is_dir() {
                left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            } else if path.file_name().unwrap() != "lock" {
                let content = meta.is_file().then(|| fs::read(&path).unwrap());
                found.insert(path, (content, meta.mode(), meta.ino(), meta.mtime(), meta.mtime_nsec()));
            }
        }
        found
    }

    /// Nothing changes where nothing is damaged, and what is not a repair's own is never removed, whatever its name.
    #[test]
    fn nothing_that_is_right_is_touched() {
        let (_, folder) = stopped();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("peer-0/repair")).unwrap();
        fs::write(at("peer-0/repair/notes"), b"the user's").unwrap();
        symlink(at("peer-0/repair/notes"), at("peer-1/repair")).unwrap();
        // A peer that was stopped before the last block, and one whose block file is behind a link.
        let (file, _) = BlockFile::open_read_only(&at("peer-2"), 3).unwrap();
        let two: Vec<Block> = (0..2).map(|n| Block::from_bytes(&file.read(n).unwrap()).unwrap()).collect();
        fs::remove_dir_all(at("peer-2")).unwrap();
        write_blocks(&at("peer-2"), &two);
        repair(folder.path(), "peer-2").unwrap();
        assert_eq!(verify(&at("peer-2"), None).unwrap().state_height, 2, "made again from its own blocks");
        fs::rename(at("peer-1/blocks"), at("elsewhere")).unwrap();
        symlink(at("elsewhere"), at("peer-1/blocks")).unwrap();
        let before = everything(folder.path());
        for (node, blocks) in [("orderer", 3), ("peer-0", 3), ("peer-1", 3), ("peer-2", 2)] {
            assert_eq!(repair(folder.path(), node).unwrap(), Repaired { blocks, fetched: 0, state: false });
            assert!(everything(folder.path()) == before, "{node}");
        }
        // Damage elsewhere in the folder changes nothing about that.
        damage(&at("elsewhere"));
        let before = everything(folder.path());
        let refused = repair(folder.path(), "peer-1").unwrap_err().to_string();
        assert!(refused.contains("peer-1/blocks is damaged and is a link"), "{refused}");
        assert!(everything(folder.path()) == before);
        damage(&at("peer-0/blocks"));
        repair(folder.path(), "peer-0").unwrap();
        assert_eq!(fs::read(at("peer-0/repair/notes")).unwrap(), b"the user's");
        fs::remove_dir_all(at("peer-0/repair")).unwrap();
        let left: Vec<_> = everything(&at("peer-0")).into_keys().collect();
        assert_eq!(left, ["blocks", "state.redb", "verdicts"].map(|file| at("peer-0").join(file)));
    }

    /// A peer that only lacks the newest blocks fetches them when it starts.
    #[test]
    fn a_peer_that_is_behind_is_right() {
        let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
        let mut network = world.counters(folder.path());
        increment(&mut network, &mut world, "n");
        network.stop(2);
        increment(&mut network, &mut world, "n");
        drop(network);
        let before = everything(folder.path());
        assert_eq!(repair(folder.path(), "peer-2").unwrap(), Repaired { blocks: 2, fetched: 0, state: false });
        assert!(everything(folder.path()) == before);
        let (file, _) = BlockFile::open_read_only(&folder.path().join("orderer"), 3).unwrap();
        let two: Vec<Block> = (0..2).map(|n| Block::from_bytes(&file.read(n).unwrap()).unwrap()).collect();
        write_blocks(&folder.path().join("orderer"), &two);
        // An orderer that is behind would seal another block 2.
        assert_eq!(repair(folder.path(), "orderer").unwrap(), Repaired { blocks: 3, fetched: 1, state: false });
    }

    /// A folder that is not a node's is refused before anything happens in it.
    #[test]
    fn a_folder_that_is_not_a_nodes_is_left_alone() {
        let (_, folder) = stopped();
        let other = tempfile::tempdir().unwrap();
        fs::create_dir(other.path().join("repair")).unwrap();
        fs::write(other.path().join("repair/notes"), b"the user's").unwrap();
        let before = everything(other.path());
        for repair in [repair_peer, repair_orderer] {
            let refused = repair(other.path(), &[&folder.path().join("peer-0")]).unwrap_err().to_string();
            assert!(refused.ends_with("is not the folder of a node"), "{refused}");
        }
        assert!(everything(other.path()) == before && !other.path().join("lock").exists());
    }

    /// A lost state is made again by the repair itself, from the blocks of the peer alone.
    #[test]
    fn a_lost_state_is_made_again() {
        let (world, folder) = stopped();
        let peer = folder.path().join("peer-0");
        let report = verify(&peer, None).unwrap();
        for damage in [None, Some(&b""[..]), Some(b"no database")] {
            fs::remove_file(peer.join("state.redb")).unwrap();
            if let Some(bytes) = damage {
                fs::write(peer.join("state.redb"), bytes).unwrap();
            }
            assert_eq!(repair_peer(&peer, &[]).unwrap(), Repaired { blocks: 3, fetched: 0, state: true });
            assert_eq!(verify(&peer, None).unwrap(), report);
        }
        let (_, opened) = Peer::open(&peer, world.peers[0].clone(), Arc::new(Counter)).unwrap();
        assert_eq!(opened, Opened { torn: None, replayed: 0, revalidated: 0 });
    }

    /// A repaired file has the mode of the old one, and where the superuser repairs, its owner.
    #[test]
    fn modes_and_owners_are_kept() {
        let (_, folder) = stopped();
        let peer = folder.path().join("peer-0");
        let root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
        let files = ["blocks", "verdicts", "state.redb"];
        fs::remove_file(peer.join("lock")).unwrap(); // a folder of before
        for (file, mode) in files.into_iter().zip([0o640, 0o604, 0o600]) {
            fs::set_permissions(peer.join(file), fs::Permissions::from_mode(mode)).unwrap();
        }
        if root {
            files
                .iter()
                .map(|file| peer.join(file))
                .chain([peer.clone()])
                .for_each(|path| chown(path, Some(4321), Some(1234)).unwrap());
        }
        let kept =
            || files.map(|file| fs::metadata(peer.join(file)).map(|m| (m.mode() & 0o777, m.uid(), m.gid())).unwrap());
        let before = kept();
        damage(&peer.join("blocks"));
        fs::write(peer.join("verdicts"), b"damaged").unwrap();
        fs::write(peer.join("state.redb"), b"damaged").unwrap();
        assert_eq!(repair(folder.path(), "peer-0").unwrap(), Repaired { blocks: 3, fetched: 1, state: true });
        assert_eq!(kept(), before);
        fs::remove_file(peer.join("state.redb")).unwrap();
        repair(folder.path(), "peer-0").unwrap();
        let made = fs::metadata(peer.join("state.redb")).unwrap();
        assert_eq!((made.uid(), made.gid()), (before[0].1, before[0].2), "like the other files");
        let lock = fs::metadata(peer.join("lock")).unwrap();
        assert_eq!((lock.uid(), lock.gid()), (before[0].1, before[0].2), "the node must be able to open it");
        assert!(verify(&peer, None).is_ok());
    }
}
