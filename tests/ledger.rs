//! The whole ledger: every verdict occurs; peers stop, restart and catch up; damage is detected.
#![cfg(feature = "ledger")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "ledger/world.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the bench")]
mod world;

use phi_pre::hash::Digest;
use phi_pre::identity::{IdentityError, Role};
use phi_pre::integrity::Commitment;
use phi_pre::ledger::*;
use phi_pre::time::Millis;
use phi_pre::wire::Wire;
use std::sync::Arc;
use world::*;

/// Two increments on the same state give the codes 0 and 11. The orderer refuses either when it comes again; an orderer that
/// does not gets the code 9 for it.
#[test]
fn stale_reads_and_resubmissions() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    let (first, second) = (world.increment("n"), world.increment("n"));
    let first = signed_transaction(&network, first, &world.alice);
    let second = signed_transaction(&network, second, &world.alice);
    assert_eq!(block_of(&mut network, &[first.clone(), second.clone()]), [0, 11]);
    assert_eq!(count(&network, "n"), 1);
    for again in [&second, &first] {
        let refused = network.broadcast(again, NOW);
        assert!(matches!(refused, Err(NetworkError::Order(OrderError::Duplicate(_)))), "{refused:?}");
    }
    let blocks = [[&first, &second], [&second, &first]].map(|pair| pair.map(Wire::to_bytes).to_vec());
    let codes = commit_blocks_past_the_orderer(&world, &network, &blocks);
    assert_eq!(codes.concat(), [Code::Valid, Code::MvccReadConflict, Code::DuplicateTxid, Code::DuplicateTxid]);
    // The transaction is stale with respect to the committed state, and not only within a block.
    let third = world.increment("n");
    let third = signed_transaction(&network, third, &world.alice);
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
    let once = signed_transaction(&network, proposal, &world.alice);
    let twice = [once.to_bytes(), once.to_bytes()];
    assert_eq!(commit_past_the_orderer(&world, &network, &twice), [Code::Valid, Code::DuplicateTxid]);
    assert_eq!(block_of(&mut network, &[once]), [0]);
    let outcome = network.outcome(&txid).unwrap().unwrap();
    assert_eq!(outcome, Outcome { version: Version { block: 1, tx: 0 }, code: Code::Valid });
}

/// The orderer refuses an invalid signature of the creator. A dishonest orderer gains nothing, since the peers check
/// it, too.
#[test]
fn creator_signatures() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    let proposal = world.increment("n");
    let good = signed_transaction(&network, proposal, &world.alice);
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

/// A certificate of an unknown authority, which has the name of a known authority, makes a transaction invalid.
#[test]
fn creators_without_a_valid_certificate() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let network = world.counters(folder.path());
    let stranger = World { rng: rand_core::SeedableRng::seed_from_u64(1), ..World::new() };
    let mut rng = stranger.rng;
    let mut fake =
        phi_pre::identity::Authority::new(phi_pre::identity::ParticipantGroup::Users, &mut rng, NOW.seconds()).unwrap();
    let mallory = enrol(&mut fake, "users", Role::User, &mut rng);
    let nonce = world.nonce();
    let proposal = Proposal::new(CHANNEL, "counter", nonce, &mallory.certificate, NOW, b"n".to_vec());
    let answers = world.peers.iter().map(|peer| forged(&proposal, peer)).collect();
    let signed = Transaction::assemble(proposal, answers).unwrap().sign(&mallory.key).unwrap();
    let codes = commit_past_the_orderer(&world, &network, &[signed.to_bytes()]);
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
    let transactions = [
        forge(wrong_txid.clone(), &wrong_txid),
        forge(elsewhere.clone(), &elsewhere),
        forge(other.clone(), &other),
        forge(later, &base),
        forge(base.clone(), &base),
    ];
    assert_eq!(block_of(&mut network, &transactions), [8, 14, 25, 5, 0]);
    // A transaction with a wrong txid does not take this txid.
    assert_eq!(network.outcome(&TxId(Digest([9; 32]))).unwrap(), None);
    // A creator may sign bytes that are no transaction. The orderer refuses them, and the peers do not depend on that.
    let mut broken = signed_transaction(&network, world.increment("n"), &world.alice);
    broken.transaction.push(0);
    broken.signature = *world.alice.key.sign(&broken.transaction).as_bytes();
    let refused = network.broadcast(&broken, NOW);
    assert!(matches!(refused, Err(NetworkError::Order(OrderError::Decode(_)))), "{refused:?}");
    assert_eq!(commit_past_the_orderer(&world, &network, &[broken.to_bytes()]), [Code::BadPayload]);
}

/// Too few endorsers, one endorser twice, a forged second endorsement, and a hospital instead of a peer all give the
/// code 10.
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
    let transactions = [
        with(&proposals[0], vec![by(0, first)]),
        with(&proposals[1], vec![by(1, first), by(1, first)]),
        with(&proposals[2], vec![by(2, first), unsigned]),
        with(&proposals[3], vec![by(3, first), by(3, &world.south)]),
        with(&proposals[4], vec![by(4, first), by(4, second)]),
    ];
    assert_eq!(block_of(&mut network, &transactions), [10, 10, 10, 10, 0]);
    // As in Fabric, a transaction that fails the policy takes its txid, also against one with enough endorsements.
    let enough = with(&proposals[0], vec![by(0, first), by(0, second)]);
    assert_eq!(block_of(&mut network, &[enough]), [9]);
    assert_eq!(increment(&mut network, &mut world, "n").code, Code::Valid);
}

#[test]
fn endorsers_refuse_by_name() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    increment(&mut network, &mut world, "n");
    let base = world.increment("n");
    let ask = |network: &Network, proposal: &SignedProposal, now: Millis| match network.endorse(
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
    for now in [NOW - Config::WINDOW, NOW + Config::WINDOW] {
        assert!(network.endorse(&sign(base.clone()), &Transient::default(), now).is_ok());
    }
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
    assert!(matches!(ask(&network, &sign(empty), NOW), EndorseError::Refused(ContractRefusal { code: 1, .. })));
    let long = Proposal { action: vec![b'k'; 257], ..base.clone() };
    assert!(matches!(ask(&network, &sign(long), NOW), EndorseError::Limit(StateError::Limit { got: 257, .. })));
    let peer = Proposal::new(CHANNEL, "counter", Nonce([1; 24]), &world.peers[0].certificate, NOW, b"n".to_vec());
    let peer = peer.sign(&world.peers[0].key);
    assert!(matches!(ask(&network, &peer, NOW), EndorseError::Access(Role::Peer)));
    let years_later = NOW + 10 * 365 * 24 * 3600 * 1000;
    let expired = sign(Proposal { timestamp: years_later, ..base.clone() });
    assert!(matches!(ask(&network, &expired, years_later), EndorseError::Creator(IdentityError::Expired)));
    let outcome = network.transact(&sign(base.clone()), &Transient::default(), &world.alice.key, NOW).unwrap();
    assert_eq!(outcome.code, Code::Valid);
    assert!(matches!(ask(&network, &sign(base.clone()), NOW), EndorseError::Duplicate(txid) if txid == base.txid));
}

/// A contract that answers with as many zero bytes as the action says.
struct Zeros;

impl Contract for Zeros {
    fn name(&self) -> &'static str {
        "zeros"
    }

    fn invoke(&self, _: &mut dyn State, call: &Invocation<'_>) -> Result<Vec<u8>, InvokeError> {
        Ok(vec![0; u32::from_be_bytes(call.action.try_into().unwrap()) as usize])
    }
}

#[test]
fn responses_are_limited() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let network = world.network(folder.path(), Arc::new(Zeros));
    let mut ask = |bytes: u32| {
        let (nonce, action) = (world.nonce(), bytes.to_be_bytes().to_vec());
        let proposal = Proposal::new(CHANNEL, "zeros", nonce, &world.alice.certificate, NOW, action);
        network.endorse(&proposal.sign(&world.alice.key), &Transient::default(), NOW)
    };
    assert_eq!(ask(64 * 1024).unwrap().len(), 3);
    for bytes in [64 * 1024 + 1, 100_000] {
        let refused = ask(bytes).unwrap_err();
        assert!(matches!(refused, NetworkError::Endorse(EndorseError::Limit(StateError::Limit { .. }))), "{refused}");
    }
}

/// The holder of a revoked certificate can propose nothing more. Its transactions in the chain stay valid.
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

/// Reads are served while one peer runs. The others catch up to the same commit hash when they restart.
#[test]
fn peers_stop_and_catch_up() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    increment(&mut network, &mut world, "n");
    network.stop(2);
    assert_eq!(network.peers(), 3, "running or not");
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
    assert_eq!(network.restart(2).unwrap(), Opened { torn: None, replayed: 0, revalidated: 0 });
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

/// A peer catches up although the files of the orderer and of the first peer are overwritten.
#[test]
fn a_peer_catches_up_from_any_other_that_can_be_read() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    network.stop(2);
    increment(&mut network, &mut world, "n");
    for node in ["orderer", "peer-0"] {
        std::fs::write(folder.path().join(node).join("blocks"), b"").unwrap();
    }
    network.restart(2).unwrap();
    assert_eq!(network.agreement().unwrap().height, 2);
}

#[test]
fn the_orderer_cuts_by_count_and_by_time_and_limits_size() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    assert_eq!(network.deadline(), None);
    for n in 0..11 {
        let proposal = world.increment(&format!("key {n}"));
        let signed = signed_transaction(&network, proposal, &world.alice);
        network.broadcast(&signed, NOW + n).unwrap();
    }
    assert_eq!((network.height(), network.deadline()), (2, Some(NOW + 10 + 2000)));
    network.tick(NOW + 2009).unwrap();
    assert_eq!(network.height(), 2);
    network.tick(NOW + 2010).unwrap();
    assert_eq!((network.height(), network.deadline()), (3, None));
    let around = SignedTransaction { transaction: Vec::new(), signature: [1; 64] }.to_bytes().len();
    let of = |bytes: usize| SignedTransaction { transaction: vec![0; bytes - around], signature: [1; 64] };
    let limit = CutRules::default().max_bytes as usize;
    let refused = [limit, limit + 1].map(|bytes| network.broadcast(&of(bytes), NOW).unwrap_err());
    let [NetworkError::Order(OrderError::Decode(_)), NetworkError::Order(OrderError::Size { got, .. })] = refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!(got, limit + 1);
}

/// The codes that a new peer gives to a block that a dishonest orderer makes of these transactions.
fn commit_past_the_orderer(world: &World, network: &Network, transactions: &[Vec<u8>]) -> Vec<Code> {
    commit_blocks_past_the_orderer(world, network, &[transactions.to_vec()]).concat()
}

fn commit_blocks_past_the_orderer(world: &World, network: &Network, blocks: &[Vec<Vec<u8>>]) -> Vec<Vec<Code>> {
    let folder = tempfile::tempdir().unwrap();
    let genesis = network.peer(0).unwrap().block(0).unwrap().block;
    let mut peer =
        Peer::create(&folder.path().join("peer"), &genesis, world.peers[0].clone(), Arc::new(Counter)).unwrap();
    let Signer { certificate, key } = &world.orderer;
    let mut tip = genesis.header.hash();
    let mut commit = |(number, transactions): (u64, &Vec<Vec<u8>>)| {
        let block = Block::seal(number, Some(tip), transactions.clone(), certificate, key);
        tip = block.header.hash();
        peer.commit(&block).unwrap().codes
    };
    (1..).zip(blocks).map(&mut commit).collect()
}

#[test]
fn blocks_that_do_not_continue_the_chain() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let network = world.counters(folder.path());
    let genesis = network.peer(0).unwrap().block(0).unwrap().block;
    let mut peer =
        Peer::create(&folder.path().join("new"), &genesis, world.peers[0].clone(), Arc::new(Counter)).unwrap();
    let foreign = foreign_orderer(&mut world);
    let proposal = world.increment("n");
    let data = vec![signed_transaction(&network, proposal, &world.alice).to_bytes()];
    let tip = Some(genesis.header.hash());
    let seal = |number, previous, by: &Signer| Block::seal(number, previous, data.clone(), &by.certificate, &by.key);
    let orderer = &world.orderer;
    let good = seal(1, tip, orderer);
    let mut emptied = good.clone();
    emptied.transactions.clear();
    let mut unsigned = good.clone();
    unsigned.seal.signature = genesis.seal.signature;
    let refused = [
        (seal(2, tip, orderer), BlockError::Number { expected: 1, got: 2 }),
        (seal(1, None, orderer), BlockError::Previous { number: 1 }),
        (emptied, BlockError::Data { number: 1 }),
        (unsigned, BlockError::Seal { number: 1, source: IdentityError::BadSignature }),
        (seal(1, tip, &world.peers[0]), BlockError::NotAnOrderer { number: 1, role: Role::Peer }),
        (seal(1, tip, &foreign), BlockError::ForeignOrderer { number: 1, organisation: ORGANISATIONS[0].to_owned() }),
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

/// An orderer that an organisation of the peers has certified, which its authority can do and which must give it no
/// power.
fn foreign_orderer(world: &mut World) -> Signer {
    let World { nodes, rng, .. } = world;
    enrol(&mut nodes[1], ORGANISATIONS[0], Role::Orderer, rng)
}

#[test]
fn nodes_start_only_as_what_they_are() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    increment(&mut network, &mut world, "n");
    let foreign = foreign_orderer(&mut world);
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
    let other = Orderer::create(&at("y"), &config, foreign);
    assert!(matches!(other, Err(OrderError::ForeignOrderer(name)) if name == ORGANISATIONS[0]));
    drop(network);
    let again = Orderer::create(&at("orderer"), &config, world.orderer.clone());
    assert!(matches!(again, Err(OrderError::Store(StoreError::Exists { .. }))));
}

/// The answers of endorsers at different heights differ, and no transaction is assembled from them.
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

/// Transient data reaches the contract, and is in no file of the ledger.
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
    for file in ["orderer/blocks", "peer-0/blocks", "peer-0/state.redb", "peer-0/verdicts"] {
        let bytes = std::fs::read(folder.path().join(file)).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{file}");
    }
}

/// Figures 3 and 4 over the network: the hospital's transaction is endorsed only after the user's is committed.
#[test]
fn the_papers_transactions() {
    use phi_pre::contract::{Action, RecordId, RequestId, confirmation, record, share};
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.records(folder.path());
    let (north, south, alice) = (world.north.clone(), world.south.clone(), world.alice.clone());
    let (holder, commitment) = (id(&alice.certificate).into(), Commitment(Digest([0xc0; 32])));
    let nonce = world.nonce();
    let write = Action::MedicalRecord { nonce, id: holder, commitment };
    let proposal = world.act(&north, &write);
    let item = RecordId::new(&nonce, &north.certificate);
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
    // The same proposal, for the record that the user confirmed.
    assert_eq!(transact(&mut network, &proposal, &north).unwrap().code, Code::Valid);
    let (delta, grant, deliveries) = (Digest([0xde; 32]), Digest([0x60; 32]), Digest([0xdd; 32]));
    let nonce = world.nonce();
    let wanted = RequestId::new(&nonce, &alice.certificate);
    let ask =
        Action::ShareRequest { nonce, record: item, recipient: id(&south.certificate), delta, grant, until: None };
    let request = world.act(&alice, &ask);
    assert_eq!(transact(&mut network, &request, &alice).unwrap().code, Code::Valid);
    let done = Action::ShareComplete { request: wanted, deliveries };
    let not_mine = world.act(&north, &done);
    assert_eq!(refusal(transact(&mut network, &not_mine, &north)), 12, "not the recipient");
    // Two completions are simulated at the same height. The second is stale.
    let transactions = [(); 2].map(|()| {
        let proposal = world.act(&south, &done).proposal;
        signed_transaction(&network, proposal, &south)
    });
    assert_eq!(block_of(&mut network, &transactions), [0, 11]);
    let again = world.act(&south, &done);
    assert_eq!(refusal(transact(&mut network, &again, &south)), 13, "completed");
    network.stop(0);
    let read = |snapshot: &Snapshot| {
        let state = &mut Simulation::new(snapshot);
        let found = record(state, item).unwrap().zip(confirmation(state, item, holder).unwrap());
        Ok(found.zip(share(state, wanted).unwrap()))
    };
    let ((record, confirmation), share) = network.read(read).unwrap().unwrap();
    assert_eq!((record.id, record.commitment, record.hospital), (holder, commitment, id(&north.certificate)));
    let completed = phi_pre::contract::ShareStatus::Completed { at: NOW, deliveries };
    assert_eq!((confirmation.commitment, share.status), (commitment, completed));
    network.restart(0).unwrap();
    drop(network);
    for i in 0..3 {
        assert_eq!(verify(&folder.path().join(format!("peer-{i}")), None).unwrap().codes[&Code::Valid], 4);
    }
}

/// However often a signed transaction is replayed, and signed again, the orderer orders it once: while it waits, once it is
/// in a block, and after a restart. What is too old to be known any more is refused for its time.
#[test]
fn a_replayed_transaction_is_ordered_once() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    let proposal = world.increment("n");
    let txid = proposal.txid;
    let once = signed_transaction(&network, proposal, &world.alice);
    network.broadcast(&once, NOW).unwrap();
    let replayed = |network: &mut Network, signed: &SignedTransaction, now: Millis| {
        let refused = network.broadcast(signed, now).unwrap_err().to_string();
        assert_eq!(refused, format!("the transaction {txid} was ordered already"));
    };
    (0..1000).for_each(|n| replayed(&mut network, &once, NOW + n));
    network.flush().unwrap();
    replayed(&mut network, &once, NOW);
    network.flush().unwrap();
    assert_eq!(network.height(), 2);
    assert_eq!(network.peer(0).unwrap().block(1).unwrap().block.transactions, [once.to_bytes()]);
    drop(network);
    let open = || Network::open(folder.path(), world.orderer.clone(), world.peers.clone(), Arc::new(Counter));
    let (mut network, _) = open().unwrap();
    for now in [NOW - Config::WINDOW, NOW, NOW + Config::WINDOW] {
        replayed(&mut network, &once, now);
    }
    let late = NOW + Config::WINDOW + 1;
    let refused = network.broadcast(&once, late).unwrap_err().to_string();
    assert!(refused.contains("outside the window"), "{refused}");
    // A clock that was set back opens no gap.
    replayed(&mut network, &once, NOW);
    assert_eq!(increment(&mut network, &mut world, "n").code, Code::Valid);
}

/// Somebody who sends a transaction before its creator does takes nothing from the creator: the creator's own submission
/// finds it ordered, and gets the outcome.
#[test]
fn a_transaction_that_somebody_else_sent_first_is_the_creators() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut network = world.counters(folder.path());
    let proposal = world.increment("n");
    let seen = signed_transaction(&network, proposal.clone(), &world.alice);
    network.broadcast(&seen, NOW).unwrap();
    let proposal = proposal.sign(&world.alice.key);
    let outcome = network.transact(&proposal, &Transient::default(), &world.alice.key, NOW).unwrap();
    assert_eq!(outcome, Outcome { version: Version { block: 1, tx: 0 }, code: Code::Valid });
}

/// The network in memory gives each of these the verdict, the state and the refusal that the network with files gives. Its
/// chain is one that any peer accepts.
#[test]
fn the_network_in_memory_gives_the_same() {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut files = world.counters(folder.path());
    let config = files.config().clone();
    let peers = world.peers.clone();
    let mut memory = MemoryNetwork::create(&config, world.orderer.clone(), peers, Arc::new(Counter)).unwrap();
    let alice = world.alice.clone();
    let mut proposals: Vec<SignedProposal> =
        ["n", "m", "n", "n"].map(|key| world.increment(key).sign(&alice.key)).into();
    proposals.push(proposals[1].clone()); // a txid that is used already
    let mut unsigned = world.increment("n").sign(&alice.key);
    unsigned.signature[5] ^= 1;
    proposals.push(unsigned);
    let mut early = world.increment("n");
    early.timestamp = Millis(NOW.0 - 2 * config.window);
    proposals.push(early.sign(&alice.key));
    for proposal in &proposals {
        let both = [
            files.transact(proposal, &Transient::default(), &alice.key, NOW).map_err(|error| error.to_string()),
            memory.transact(proposal, &Transient::default(), &alice.key, NOW).map_err(|error| error.to_string()),
        ];
        assert_eq!(both[0], both[1]);
    }
    assert_eq!(memory.blocks().len(), 5);
    for key in ["n", "m", "none"] {
        let entry = memory.state().entry(key).unwrap().map(|entry| entry.value);
        assert_eq!(entry, files.get(key).unwrap(), "{key}");
    }

    // A transaction that is sent again is committed, with the code for it.
    let last = memory.blocks().last().unwrap().block.transactions[0].clone();
    memory.commit(&SignedTransaction::from_bytes(&last).unwrap()).unwrap();
    assert_eq!(memory.blocks().last().unwrap().metadata.codes, [Code::DuplicateTxid]);

    let blocks: Vec<Block> = memory.blocks().iter().map(|committed| committed.block.clone()).collect();
    let peer = tempfile::tempdir().unwrap();
    let mut peer = Peer::create(peer.path(), &blocks[0], world.peers[0].clone(), Arc::new(Counter)).unwrap();
    peer.commit_all(&blocks[1..]).unwrap();
    for (number, committed) in (0..).zip(memory.blocks()) {
        assert_eq!(peer.block(number).unwrap().metadata, committed.metadata);
    }
}
