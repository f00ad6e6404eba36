//! The ledger as a whole: every verdict provoked, peers that stop, restart and catch up, damage found.
#![cfg(feature = "ledger")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "ledger/world.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the bench")]
mod world;

use phi_pre::hash::Digest;
use phi_pre::identity::{IdentityError, Role};
use phi_pre::integrity::Commitment;
use phi_pre::ledger::*;
use phi_pre::wire::Wire;
use std::path::Path;
use std::sync::Arc;
use world::*;

/// Orders these envelopes as one block and returns its codes, the same on every peer.
fn block_of(network: &mut Network, envelopes: &[Envelope]) -> Vec<u8> {
    for envelope in envelopes {
        network.broadcast(envelope, NOW).unwrap();
    }
    network.flush().unwrap();
    let last = network.height() - 1;
    assert!(network.agreement().is_some_and(|savepoint| savepoint.height == last + 1));
    let block = network.peer(0).unwrap().block(last).unwrap();
    block.codes.iter().map(|code| code.number()).collect()
}

fn count(network: &Network, key: &str) -> u64 {
    network.get(key).unwrap().map_or(0, |bytes| u64::from_be_bytes(bytes.try_into().unwrap()))
}

fn increment(network: &mut Network, world: &mut World, key: &str) -> Outcome {
    let proposal = world.increment(key).sign(&world.alice.key);
    network.transact(&proposal, &Transient::default(), &world.alice.key, NOW).unwrap()
}

/// Two stale increments give 0 and 11; a resubmission of either gives 9.
#[test]
fn stale_reads_and_resubmissions() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    let (first, second) = (world.increment("n"), world.increment("n"));
    let first = envelope(&network, first, &world.alice);
    let second = envelope(&network, second, &world.alice);
    assert_eq!(block_of(&mut network, &[first.clone(), second.clone()]), [0, 11]);
    assert_eq!(count(&network, "n"), 1);
    assert_eq!(block_of(&mut network, &[second, first]), [9, 9]);
    assert_eq!(count(&network, "n"), 1);
    // Stale against the state, not only inside the block.
    let third = world.increment("n");
    let third = envelope(&network, third, &world.alice);
    assert_eq!(increment(&mut network, &mut world, "n").code, Code::Valid);
    assert_eq!(block_of(&mut network, &[third]), [11]);
    assert_eq!(count(&network, "n"), 2);
}

#[test]
fn the_same_transaction_twice_in_a_block() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    let proposal = world.increment("n");
    let txid = proposal.txid;
    let once = envelope(&network, proposal, &world.alice);
    assert_eq!(block_of(&mut network, &[once.clone(), once]), [0, 9]);
    let outcome = network.outcome(&txid).unwrap().unwrap();
    assert_eq!(outcome, Outcome { version: Version { block: 1, tx: 0 }, code: Code::Valid });
}

/// The orderer refuses a bad creator signature; a dishonest orderer gains nothing, because the peers look again.
#[test]
fn creator_signatures() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    let proposal = world.increment("n");
    let good = envelope(&network, proposal, &world.alice);
    let mut others = good.clone();
    others.signature = *world.bob.key.sign(&good.transaction).as_bytes();
    let mut high_s = good.clone();
    high_s.signature = negate_s(&good.signature);
    for (bad, reason) in [(&others, IdentityError::BadSignature), (&high_s, IdentityError::HighS)] {
        match network.broadcast(bad, NOW) {
            Err(NetworkError::Order(OrderError::Identity(error))) => assert_eq!(error, reason),
            other => panic!("{other:?}"),
        }
    }
    let codes = commit_past_the_orderer(&world, &network, &[others.to_bytes(), high_s.to_bytes(), good.to_bytes()]);
    assert_eq!(codes, [Code::BadCreatorSignature, Code::BadCreatorSignature, Code::Valid]);
}

/// A stranger's certificate, and a member's transaction under an authority of the same name.
#[test]
fn creators_without_a_certificate_that_counts() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let network = world.counters(folder.path());
    let stranger = World { rng: rand_core::SeedableRng::seed_from_u64(1), ..World::new() };
    let mut rng = stranger.rng;
    let mut fake = phi_pre::identity::Authority::new(phi_pre::identity::Group::Users, &mut rng, NOW / 1000).unwrap();
    let mallory = enrol(&mut fake, "users", Role::User, &mut rng);
    let nonce = world.nonce();
    let proposal = Proposal::new(CHANNEL, "counter", nonce, &mallory.certificate, NOW, b"n".to_vec());
    let answers = world.peers.iter().map(|peer| forged(&proposal, peer)).collect();
    let envelope = Transaction::assemble(proposal, answers).unwrap().sign(&mallory.key).unwrap();
    let codes = commit_past_the_orderer(&world, &network, &[envelope.to_bytes()]);
    assert_eq!(codes, [Code::BadCreatorSignature]);
}

#[test]
fn transactions_that_are_none_of_this_channel() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    let forge = |proposal: Proposal, about: &Proposal| {
        let answers: Vec<_> = world.peers.iter().map(|peer| forged(about, peer)).collect();
        let endorsements = answers.iter().map(|answer| answer.endorsement.clone()).collect();
        Transaction { proposal, payload: answers[0].payload.clone(), endorsements }.sign(&world.alice.key).unwrap()
    };
    let base = Proposal::new(CHANNEL, "counter", Nonce([1; 24]), &world.alice.certificate, NOW, b"n".to_vec());
    let wrong_txid = Proposal { txid: TxId(Digest([9; 32])), ..base.clone() };
    let elsewhere = Proposal { channel: "elsewhere".into(), ..base.clone() };
    let other = Proposal { contract: "other".into(), ..base.clone() };
    let later = Proposal { timestamp: NOW + 1, ..base.clone() };
    let envelopes = [
        forge(wrong_txid.clone(), &wrong_txid),
        forge(elsewhere.clone(), &elsewhere),
        forge(other.clone(), &other),
        forge(later, &base),
        forge(base.clone(), &base),
    ];
    assert_eq!(block_of(&mut network, &envelopes), [8, 14, 25, 5, 0]);
    // A txid that was claimed wrongly is not spent.
    assert_eq!(network.outcome(&TxId(Digest([9; 32]))).unwrap(), None);
    // A creator may sign what is no transaction: the orderer does not look, the peers do.
    let mut broken = envelope(&network, world.increment("n"), &world.alice);
    broken.transaction.push(0);
    broken.signature = *world.alice.key.sign(&broken.transaction).as_bytes();
    assert_eq!(block_of(&mut network, &[broken]), [2]);
}

/// One endorser below the policy, the same endorser twice, a forged second one, a hospital instead of a peer: 10.
#[test]
fn endorsements_below_the_policy() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    let with = |proposal: &Proposal, endorsements: Vec<Endorsement>| {
        let payload = forged(proposal, &world.peers[0]).payload;
        Transaction { proposal: proposal.clone(), payload, endorsements }.sign(&world.alice.key).unwrap()
    };
    let proposals: Vec<_> = (1..=5)
        .map(|n| Proposal::new(CHANNEL, "counter", Nonce([n; 24]), &world.alice.certificate, NOW, b"n".to_vec()))
        .collect();
    let by = |n: usize, peer: &Signer| forged(&proposals[n], peer).endorsement;
    let [first, second, _] = &world.peers[..] else { panic!("three peers") };
    let unsigned = Endorsement { signature: by(1, first).signature, ..by(2, second) };
    let envelopes = [
        with(&proposals[0], vec![by(0, first)]),
        with(&proposals[1], vec![by(1, first), by(1, first)]),
        with(&proposals[2], vec![by(2, first), unsigned]),
        with(&proposals[3], vec![by(3, first), by(3, &world.south)]),
        with(&proposals[4], vec![by(4, first), by(4, second)]),
    ];
    assert_eq!(block_of(&mut network, &envelopes), [10, 10, 10, 10, 0]);
    // What failed the policy is spent all the same, as in Fabric.
    assert_eq!(block_of(&mut network, &[envelopes[0].clone()]), [9]);
    assert_eq!(increment(&mut network, &mut world, "n").code, Code::Valid);
}

#[test]
fn endorsers_refuse_by_name() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    increment(&mut network, &mut world, "n");
    let base = world.increment("n");
    let ask = |network: &Network, proposal: &SignedProposal, now: u64| match network.endorse(
        proposal,
        &Transient::default(),
        now,
    ) {
        Err(NetworkError::Endorse(error)) => error,
        other => panic!("{other:?}"),
    };
    let sign = |proposal: Proposal| proposal.sign(&world.alice.key);
    let late = NOW + Config::WINDOW + 1;
    assert!(matches!(ask(&network, &sign(base.clone()), late), EndorseError::Time { now, .. } if now == late));
    let wrong = Proposal { txid: TxId(Digest([1; 32])), ..base.clone() };
    assert!(matches!(ask(&network, &sign(wrong), NOW), EndorseError::TxId));
    let elsewhere = Proposal { channel: "elsewhere".into(), ..base.clone() };
    assert!(matches!(ask(&network, &sign(elsewhere), NOW), EndorseError::Channel(_)));
    let other = Proposal { contract: "other".into(), ..base.clone() };
    assert!(matches!(ask(&network, &sign(other), NOW), EndorseError::Contract(_)));
    let not_hers = base.clone().sign(&world.bob.key);
    assert!(matches!(ask(&network, &not_hers, NOW), EndorseError::Creator(IdentityError::BadSignature)));
    let mut high_s = sign(base.clone());
    high_s.signature = negate_s(&high_s.signature);
    assert!(matches!(ask(&network, &high_s, NOW), EndorseError::Creator(IdentityError::HighS)));
    let empty = Proposal { action: Vec::new(), ..base.clone() };
    assert!(matches!(ask(&network, &sign(empty), NOW), EndorseError::Refused(Refusal { code: 1, .. })));
    let long = Proposal { action: vec![b'k'; 257], ..base.clone() };
    assert!(matches!(ask(&network, &sign(long), NOW), EndorseError::Limit(StateError::Limit { got: 257, .. })));
    let peer = Proposal::new(CHANNEL, "counter", Nonce([1; 24]), &world.peers[0].certificate, NOW, b"n".to_vec());
    let peer = peer.sign(&world.peers[0].key);
    assert!(matches!(ask(&network, &peer, NOW), EndorseError::Access(Role::Peer)));
    let years_later = 10 * 365 * 24 * 3600 * 1000 + NOW;
    let expired = sign(Proposal { timestamp: years_later, ..base.clone() });
    assert!(matches!(ask(&network, &expired, years_later), EndorseError::Creator(IdentityError::Expired)));
    let outcome = network.transact(&sign(base.clone()), &Transient::default(), &world.alice.key, NOW).unwrap();
    assert_eq!(outcome.code, Code::Valid);
    assert!(matches!(ask(&network, &sign(base.clone()), NOW), EndorseError::Duplicate(txid) if txid == base.txid));
}

/// A certificate that was taken back proposes no more; what it has in the chain stays valid.
#[test]
fn revocation_is_for_proposals_not_for_blocks() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    increment(&mut network, &mut world, "n");
    let alice = id(&world.alice.certificate);
    world.users.revoke(&alice).unwrap();
    let list = world.users.revocations();
    network.revoke(&list).unwrap();
    let revoked = |network: &Network, proposal: Proposal, world: &World| {
        let signed = proposal.sign(&world.alice.key);
        let refused = network.endorse(&signed, &Transient::default(), NOW);
        matches!(refused, Err(NetworkError::Endorse(EndorseError::Creator(IdentityError::Revoked))))
    };
    let proposal = world.increment("n");
    assert!(revoked(&network, proposal, &world));
    network.stop(0);
    network.restart(0).unwrap();
    network.stop(1);
    network.stop(2);
    let proposal = world.increment("n");
    assert!(revoked(&network, proposal, &world), "a peer that starts later knows it too");
    assert_eq!(network.peer(0).unwrap().verify().unwrap().codes[&Code::Valid], 1);
}

/// While one peer lives reads are served; the others catch up when they come back, to the same commit hash.
#[test]
fn peers_stop_and_catch_up() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    increment(&mut network, &mut world, "n");
    network.stop(2);
    for _ in 0..3 {
        assert_eq!(increment(&mut network, &mut world, "n").code, Code::Valid);
    }
    network.stop(1);
    assert_eq!(count(&network, "n"), 4);
    let proposal = world.increment("n").sign(&world.alice.key);
    match network.submit(&proposal, &Transient::default(), &world.alice.key, NOW) {
        Err(NetworkError::Policy { endorsed: 1, .. }) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(network.restart(2).unwrap(), Opened { torn: None, replayed: 0 });
    network.restart(1).unwrap();
    assert!(matches!(network.restart(1), Err(NetworkError::NotStopped(1))));
    assert_eq!(network.agreement().unwrap().height, 5);
    network.stop(0);
    assert_eq!(count(&network, "n"), 4, "peer 2 has what it missed");
    assert_eq!(increment(&mut network, &mut world, "n").code, Code::Valid);
    network.stop(1);
    network.stop(2);
    assert!(matches!(network.get("n"), Err(NetworkError::NoPeer)));
}

/// The state is behind the block file, empty, or cut off with a torn block: a restart comes to the same end.
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
    // The head of block 0 is not that of block 4: damage, not a torn tail.
    std::fs::write(&blocks, &torn).unwrap();
    let peer = world.peers[1].clone();
    let refused = Peer::open(&second, peer.clone(), Arc::new(Counter)).unwrap_err();
    assert!(refused.to_string().contains("block 4"), "{refused}");
    // A crash while the block was being written: the rest of the file is short, or zeros.
    for tail in [&whole[17..30], &[0; 4096]] {
        std::fs::write(&blocks, [&whole[..], tail].concat()).unwrap();
        let (opened_peer, opened) = Peer::open(&second, peer.clone(), Arc::new(Counter)).unwrap();
        let expected = TornTail { number: 4, offset: whole.len() as u64, bytes: tail.len() as u64 };
        assert_eq!(opened, Opened { torn: Some(expected), replayed: 0 });
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

/// The orderer has lost its last blocks, or finds the last one damaged: the peers give them back.
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

/// Whatever page of the state is overwritten: a named error or the right answer, never a panic, and the blocks are
/// enough to make the state again.
#[test]
fn a_damaged_state_is_named_and_made_again() {
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
        match phi_pre::ledger::verify(&peer, None) {
            Ok(report) => assert_eq!(report.savepoint, agreed),
            Err(error) => refused += usize::from(!error.to_string().is_empty()),
        }
    }
    assert!(refused > 0);
    std::fs::remove_file(&state).unwrap();
    let (opened, _) = Peer::open(&peer, world.peers[0].clone(), Arc::new(Counter)).unwrap();
    assert_eq!(opened.savepoint(), Some(agreed));
}

/// Blocks that were committed and are gone are not a torn tail.
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

#[test]
fn the_orderer_cuts_by_count_and_by_time_and_limits_size() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    assert_eq!(network.deadline(), None);
    for n in 0..11 {
        let proposal = world.increment(&format!("key {n}"));
        let envelope = envelope(&network, proposal, &world.alice);
        network.broadcast(&envelope, NOW + n).unwrap();
    }
    assert_eq!((network.height(), network.deadline()), (2, Some(NOW + 10 + 2000)));
    network.tick(NOW + 2009).unwrap();
    assert_eq!(network.height(), 2);
    network.tick(NOW + 2010).unwrap();
    assert_eq!((network.height(), network.deadline()), (3, None));
    let huge = Envelope { transaction: vec![0; 11 << 20], signature: [1; 64] };
    assert!(matches!(network.broadcast(&huge, NOW), Err(NetworkError::Order(OrderError::Size { .. }))));
}

/// Every peer's folder verifies; what is changed in it is named.
#[test]
fn verify_from_genesis() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    let (first, second) = (world.increment("n"), world.increment("n"));
    let stale = [envelope(&network, first, &world.alice), envelope(&network, second, &world.alice)];
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
    // Another value, a value too many, a missing txid.
    for (i, expected) in ["value under \"n\"", "value under \"m\"", "transaction"].into_iter().enumerate() {
        tamper(&peer(i), i);
        let error = verify(&peer(i), None).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

/// What a power cut leaves: the files of a peer that never closed them. They open, replay and verify.
#[test]
fn files_that_were_never_closed() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    increment(&mut network, &mut world, "n");
    increment(&mut network, &mut world, "n");
    let image = tempfile::tempdir().unwrap();
    for file in ["blocks", "state.redb"] {
        std::fs::copy(folder.path().join("peer-0").join(file), image.path().join(file)).unwrap();
    }
    let agreed = network.agreement().unwrap();
    assert_eq!(verify(image.path(), None).unwrap().savepoint, agreed);
    let (peer, opened) = Peer::open(image.path(), world.peers[0].clone(), Arc::new(Counter)).unwrap();
    assert_eq!((peer.savepoint(), opened), (Some(agreed), Opened { torn: None, replayed: 0 }));
    assert_eq!(peer.verify().unwrap().savepoint, agreed);
}

/// The block is on the disk and the state is not: whatever comes next replays it first.
#[test]
fn a_crash_between_block_and_state() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    increment(&mut network, &mut world, "n");
    let image = tempfile::tempdir().unwrap();
    std::fs::copy(folder.path().join("peer-0/state.redb"), image.path().join("state.redb")).unwrap();
    increment(&mut network, &mut world, "n");
    std::fs::copy(folder.path().join("peer-0/blocks"), image.path().join("blocks")).unwrap();
    let agreed = network.agreement().unwrap();
    let report = verify(image.path(), None).unwrap();
    assert_eq!((report.savepoint, report.state_height), (agreed, 2));
    let (peer, opened) = Peer::open(image.path(), world.peers[0].clone(), Arc::new(Counter)).unwrap();
    assert_eq!((peer.savepoint(), opened), (Some(agreed), Opened { torn: None, replayed: 1 }));
}

/// Changes the state behind the ledger's back.
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

/// (r, n - s): the other signature that verifies under plain ECDSA.
fn negate_s(signature: &[u8; 64]) -> [u8; 64] {
    const N: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad,
        0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let mut out = *signature;
    let mut borrow = false;
    for i in (0..32).rev() {
        let (difference, low) = N[i].overflowing_sub(signature[32 + i]);
        let (difference, lower) = difference.overflowing_sub(u8::from(borrow));
        (out[32 + i], borrow) = (difference, low || lower);
    }
    out
}

/// What a fresh peer finds about a block that a dishonest orderer made of these envelopes.
fn commit_past_the_orderer(world: &World, network: &Network, envelopes: &[Vec<u8>]) -> Vec<Code> {
    let folder = tempfile::tempdir().unwrap();
    let genesis = network.peer(0).unwrap().block(0).unwrap().block;
    let mut peer =
        Peer::create(&folder.path().join("peer"), &genesis, world.peers[0].clone(), Arc::new(Counter)).unwrap();
    let Signer { certificate, key } = &world.orderer;
    let block = Block::seal(1, Some(genesis.header.hash()), envelopes.to_vec(), certificate, key);
    peer.commit(&block).unwrap().codes
}

#[test]
fn blocks_that_do_not_continue_the_chain() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let network = world.counters(folder.path());
    let genesis = network.peer(0).unwrap().block(0).unwrap().block;
    let mut peer =
        Peer::create(&folder.path().join("new"), &genesis, world.peers[0].clone(), Arc::new(Counter)).unwrap();
    let proposal = world.increment("n");
    let data = vec![envelope(&network, proposal, &world.alice).to_bytes()];
    let tip = Some(genesis.header.hash());
    let seal = |number, previous, by: &Signer| Block::seal(number, previous, data.clone(), &by.certificate, &by.key);
    let orderer = &world.orderer;
    let good = seal(1, tip, orderer);
    let mut emptied = good.clone();
    emptied.envelopes.clear();
    let mut unsigned = good.clone();
    unsigned.seal.signature = genesis.seal.signature;
    let refused = [
        (seal(2, tip, orderer), BlockError::Number { expected: 1, got: 2 }),
        (seal(1, None, orderer), BlockError::Previous { number: 1 }),
        (emptied, BlockError::Data { number: 1 }),
        (unsigned, BlockError::Seal { number: 1, source: IdentityError::BadSignature }),
        (seal(1, tip, &world.peers[0]), BlockError::NotAnOrderer { number: 1, role: Role::Peer }),
    ];
    for (block, expected) in refused {
        match peer.commit(&block) {
            Err(CommitError::Block(error)) => assert_eq!(error, expected),
            other => panic!("{other:?}"),
        }
        assert_eq!(peer.height(), 1);
    }
    assert_eq!(peer.commit(&good).unwrap().codes, [Code::Valid]);
}

#[test]
fn nodes_start_only_as_what_they_are() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let network = world.counters(folder.path());
    let genesis = network.peer(0).unwrap().block(0).unwrap().block;
    let at = |name: &str| folder.path().join(name);
    let start = |signer: &Signer| Peer::create(&at("x"), &genesis, signer.clone(), Arc::new(Counter));
    assert!(matches!(start(&world.north), Err(PeerError::NotAPeer(Role::Hospital))));
    let other = Peer::create(&at("x"), &genesis, world.peers[0].clone(), Arc::new(phi_pre::contract::PhiContract));
    assert!(matches!(other, Err(PeerError::OtherContract(name)) if name == "counter"));
    let config = world.config("counter");
    assert!(matches!(
        Orderer::create(&at("y"), &config, world.peers[0].clone()),
        Err(OrderError::NotAnOrderer(Role::Peer))
    ));
    let again = Orderer::create(&at("orderer"), &config, world.orderer.clone());
    assert!(matches!(again, Err(OrderError::Store(StoreError::Exists { .. }))));
}

/// Answers of endorsers at different heights differ; they are not put together.
#[test]
fn assembly_needs_equal_answers_of_distinct_endorsers() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    let proposal = world.increment("n").sign(&world.alice.key);
    let before = network.peer(0).unwrap().endorse(&proposal, &Transient::default(), NOW).unwrap();
    increment(&mut network, &mut world, "n");
    let after = network.peer(1).unwrap().endorse(&proposal, &Transient::default(), NOW).unwrap();
    let assemble = |answers: &[&Endorsed]| {
        Transaction::assemble(proposal.proposal.clone(), answers.iter().map(|a| (*a).clone()).collect())
    };
    assert_eq!(assemble(&[]), Err(AssembleError::Nothing));
    let [first, second, _] = &world.peers[..] else { panic!("three peers") };
    let diverge = AssembleError::Diverge(first.certificate.clone(), second.certificate.clone());
    assert_eq!(assemble(&[&before, &after]), Err(diverge));
    assert_eq!(assemble(&[&before, &before]), Err(AssembleError::Twice(first.certificate.clone())));
    let other = world.increment("n");
    assert_eq!(Transaction::assemble(other, vec![before.clone()]), Err(AssembleError::OtherProposal));
    let transaction = assemble(&[&before]).unwrap();
    assert_eq!(transaction.sign(&world.bob.key), Err(AssembleError::NotTheCreator));
}

/// Transient data reaches the contract and nothing else.
#[test]
fn transient_data_stays_out_of_blocks() {
    struct Peek;
    impl Contract for Peek {
        fn name(&self) -> &'static str {
            "counter"
        }
        fn invoke(&self, state: &mut dyn State, call: &Invocation<'_>) -> Result<Vec<u8>, InvokeError> {
            let length = call.transient.get("key").map_or(0, <[u8]>::len);
            state.put("length", vec![u8::try_from(length).unwrap_or(0)])?;
            Ok(Vec::new())
        }
    }
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.network(folder.path(), Arc::new(Peek));
    let secret = b"a key that travels beside the ledger";
    let mut transient = Transient::default();
    transient.insert("key", secret.to_vec());
    let proposal = world.increment("n").sign(&world.alice.key);
    network.transact(&proposal, &transient, &world.alice.key, NOW).unwrap();
    assert_eq!(network.get("length").unwrap(), Some(vec![36]));
    assert_eq!(format!("{transient:?}"), "Transient({\"key\": <redacted>})");
    drop(network);
    for file in ["orderer/blocks", "peer-0/blocks", "peer-0/state.redb"] {
        let bytes = std::fs::read(folder.path().join(file)).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{file}");
    }
}

/// Figures 3 and 4 over the network: the hospital's transaction is endorsed only after the user's is committed.
#[test]
fn the_papers_transactions() {
    use phi_pre::contract::{Action, confirmation, record, share};
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.records(folder.path());
    let (north, south, alice) = (world.north.clone(), world.south.clone(), world.alice.clone());
    let (holder, commitment) = (id(&alice.certificate).into(), Commitment(Digest([0xc0; 32])));
    let nonce = world.nonce();
    let write = Action::MedicalRecord { id: holder, commitment };
    let proposal = act_with(nonce, &north, &write);
    let item = proposal.proposal.txid;
    let transact = |network: &mut Network, proposal: &SignedProposal, who: &Signer| {
        network.transact(proposal, &Transient::default(), &who.key, NOW)
    };
    let refusal = |result: Result<Outcome, NetworkError>| match result {
        Err(NetworkError::Endorse(EndorseError::Refused(refusal))) => refusal.code,
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal(transact(&mut network, &proposal, &north)), 3, "unconfirmed");
    let confirm = Action::Confirmation { record: item, id: holder, commitment, hospital: id(&north.certificate) };
    let forged = world.act(&world.bob.clone(), &confirm);
    assert_eq!(refusal(transact(&mut network, &forged, &world.bob)), 6, "not the holder");
    let confirm = world.act(&alice, &confirm);
    assert_eq!(transact(&mut network, &confirm, &alice).unwrap().code, Code::Valid);
    // Under the same txid, as the user was told.
    assert_eq!(transact(&mut network, &proposal, &north).unwrap().code, Code::Valid);
    let ask = Action::ShareRequest { record: item, recipient: id(&south.certificate), grant: Digest([0x60; 32]) };
    let request = world.act(&alice, &ask);
    assert_eq!(transact(&mut network, &request, &alice).unwrap().code, Code::Valid);
    let done = Action::ShareComplete { request: request.proposal.txid };
    let not_mine = world.act(&north, &done);
    assert_eq!(refusal(transact(&mut network, &not_mine, &north)), 12, "not the recipient");
    // Two completions simulated at the same height: the second one is stale.
    let envelopes = [(); 2].map(|()| {
        let proposal = world.act(&south, &done).proposal;
        envelope(&network, proposal, &south)
    });
    assert_eq!(block_of(&mut network, &envelopes), [0, 11]);
    let again = world.act(&south, &done);
    assert_eq!(refusal(transact(&mut network, &again, &south)), 13, "completed");
    network.stop(0);
    let read = |snapshot: &Snapshot| {
        let state = &mut Simulation::new(snapshot);
        let found = record(state, item).unwrap().zip(confirmation(state, item, holder).unwrap());
        Ok(found.zip(share(state, request.proposal.txid).unwrap()))
    };
    let ((record, confirmation), share) = network.read(read).unwrap().unwrap();
    assert_eq!((record.id, record.commitment, record.hospital), (holder, commitment, id(&north.certificate)));
    assert_eq!((confirmation.commitment, share.completed), (commitment, Some(NOW)));
    network.restart(0).unwrap();
    drop(network);
    for i in 0..3 {
        assert_eq!(verify(&folder.path().join(format!("peer-{i}")), None).unwrap().codes[&Code::Valid], 4);
    }
}

mod flips {
    use super::*;
    use proptest::prelude::*;
    use std::sync::OnceLock;

    /// A stopped peer with three blocks, kept for all cases.
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

    /// The stopped peer's state beside other blocks.
    fn with_blocks(blocks: &[u8]) -> tempfile::TempDir {
        let copy = tempfile::tempdir().unwrap();
        std::fs::copy(stopped().0.path().join("peer-0/state.redb"), copy.path().join("state.redb")).unwrap();
        std::fs::write(copy.path().join("blocks"), blocks).unwrap();
        copy
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() })]

        /// One flipped byte of a block file: refused by name when it is opened and when it is verified.
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

        /// A forger who mends the checksums as well is found by the chain itself.
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
            std::fs::copy(stopped().0.path().join("peer-0/state.redb"), folder.path().join("state.redb")).unwrap();
            let verified = verify(folder.path(), None);
            let found = matches!(verified, Err(VerifyError::Store(StoreError::Decode(_)) | VerifyError::Chain(_)));
            prop_assert!(found, "{verified:?}");
        }

        /// No flipped byte of an envelope is valid, and none is attributed to its creator.
        #[test]
        fn of_an_envelope(at in any::<prop::sample::Index>(), flip in 1_u8..) {
            let (folder, world, _) = stopped();
            let blocks = BlockFile::open_read_only(&folder.path().join("peer-0"), 3).unwrap().0;
            let genesis = CommittedBlock::from_bytes(&blocks.read(0).unwrap()).unwrap().block;
            let mut block = CommittedBlock::from_bytes(&blocks.read(1).unwrap()).unwrap().block;
            let at = at.index(block.envelopes[0].len());
            block.envelopes[0][at] ^= flip;
            let Signer { certificate, key } = &world.orderer;
            let block = Block::seal(1, Some(genesis.header.hash()), block.envelopes, certificate, key);
            let fresh = tempfile::tempdir().unwrap();
            let mut peer =
                Peer::create(&fresh.path().join("p"), &genesis, world.peers[0].clone(), Arc::new(Counter)).unwrap();
            let code = peer.commit(&block).unwrap().codes[0];
            prop_assert!(matches!(code, Code::BadPayload | Code::BadCreatorSignature), "{code}");
        }
    }
}
