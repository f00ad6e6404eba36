//! Cases of the ledger: its formats, a small chain, and every block and transaction that a chain refuses.

use super::super::case::{Fault, hex, malformed};
use super::super::file::File;
use super::super::operations::ledger::{CHAIN, POLICY, TRANSACTION, WIRE};
use super::draw::{bytes, encoded, flip, lengths, put, random};
use super::world::{CHANNEL, ORDERERS, ORGANISATIONS, World, high_s, propose};
use phi_pre::contract::{self, Action, RecordId, RequestId};
use phi_pre::hash::Digest;
use phi_pre::identifier::Pseudonym;
use phi_pre::identity::{Certificate, ParticipantGroup, Role};
use phi_pre::integrity::Commitment;
use phi_pre::ledger::{
    Block, Code, CutRules, Metadata, Nonce, Policy, Proposal, SignedTransaction, Signer, Transaction, TxId,
};
use phi_pre::wire::Wire;
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

/// A consortium with a confirmed record in blocks 1 and 2.
fn world(rng: &mut ChaCha20Rng) -> Result<(World, Asks), Fault> {
    let mut world = World::new(rng)?;
    let config = encoded(&world.config());
    world.block(vec![config])?;
    let id: Pseudonym = world.alice.certificate.subject().id.into();
    let (commitment, hospital) = (Commitment(Digest(bytes(rng))), world.north.certificate.subject().id);
    let nonce = Nonce(bytes(rng));
    let record = RecordId::new(&nonce, &world.north.certificate);
    let confirm = Action::Confirmation { record, id, commitment, hospital };
    let confirm = world.envelope(Nonce(bytes(rng)), &world.alice, &confirm, 3)?;
    world.block(vec![encoded(&confirm)])?;
    let write = Action::MedicalRecord { nonce, id, commitment };
    let write = world.envelope(Nonce(bytes(rng)), &world.north, &write, 2)?;
    world.block(vec![encoded(&write)])?;
    let recipient = world.south.certificate.subject().id;
    let [delta, grant] = [(); 2].map(|()| Digest(bytes(rng)));
    let nonces = [(); 2].map(|()| Nonce(bytes(rng)));
    let actions = nonces.map(|nonce| Action::ShareRequest { nonce, record, recipient, delta, grant, until: None });
    let request = RequestId::new(&nonces[0], &world.alice.certificate);
    Ok((world, Asks { request, actions }))
}

/// Two share requests for the record, and the identifier of the first.
struct Asks {
    request: RequestId,
    actions: [Action; 2],
}

fn with(
    envelope: &SignedTransaction,
    change: impl FnOnce(&mut Transaction),
    who: &Signer,
) -> Result<SignedTransaction, Fault> {
    let mut transaction = Transaction::from_bytes(&envelope.transaction).map_err(malformed)?;
    change(&mut transaction);
    transaction.sign(&who.key).map_err(malformed)
}

/// Replaces r of the signature by 0.
fn no_r(signature: &[u8; 64]) -> [u8; 64] {
    let mut signature = *signature;
    signature[..32].fill(0);
    signature
}

/// Encodings, each with a description of its fault.
type Named = Vec<(&'static str, Vec<u8>)>;

/// The valid share request, and for each validation code a transaction that gets it.
fn envelopes(world: &World, ask: &Action, rng: &mut ChaCha20Rng) -> Result<(SignedTransaction, Named), Fault> {
    let (alice, nonce) = (&world.alice, Nonce(bytes(rng)));
    let good = world.envelope(nonce, alice, ask, 3)?;
    let forged = |change: &dyn Fn(&mut Proposal)| -> Result<Vec<u8>, Fault> {
        let mut proposal = propose(nonce, alice, ask);
        change(&mut proposal);
        let answers = world.peers.iter().map(|peer| world.endorse(&proposal, peer)).collect::<Result<_, _>>()?;
        Ok(encoded(&Transaction::assemble(proposal, answers).map_err(malformed)?.sign(&alice.key).map_err(malformed)?))
    };
    let signed_by =
        |who: &Signer| SignedTransaction { signature: *who.key.sign(&good.transaction).as_bytes(), ..good.clone() };
    let cut =
        SignedTransaction { transaction: good.transaction[..good.transaction.len() - 1].to_vec(), ..good.clone() };
    let few = |n: usize| with(&good, |transaction| transaction.endorsements.truncate(n), alice);
    let same = with(&good, |t| t.endorsements = vec![t.endorsements[0].clone(); 3], alice)?;
    let broken = with(&good, |t| t.endorsements.iter_mut().skip(1).for_each(|e| e.signature[5] ^= 1), alice)?;
    let high =
        with(&good, |t| t.endorsements.iter_mut().skip(1).for_each(|e| e.signature = high_s(&e.signature)), alice)?;
    let by_hospital = with(
        &good,
        |t| {
            let payload = t.payload.to_bytes();
            for (endorsement, who) in t.endorsements.iter_mut().zip([&world.north, &world.south, &world.orderer]) {
                *endorsement = phi_pre::ledger::Endorsement::sign(&payload, &who.certificate, &who.key);
            }
        },
        alice,
    )?;
    let mut stranger = super::world::Known::new(ParticipantGroup::Users, rng)?;
    let mallory = stranger.enrol("users", Role::User, rng)?;
    let foreign = with(&good, |t| t.proposal.creator = mallory.certificate.clone(), &mallory)?;
    let bad = vec![
        ("a transaction that does not decode", encoded(&cut)),
        ("signed by another member", encoded(&signed_by(&world.bob))),
        (
            "the creator's signature with high s",
            encoded(&SignedTransaction { signature: high_s(&good.signature), ..good.clone() }),
        ),
        (
            "the creator's signature with r = 0",
            encoded(&SignedTransaction { signature: no_r(&good.signature), ..good.clone() }),
        ),
        ("a bit of the transaction", flip(&encoded(&good), 20, 1)),
        ("the certificate of a stranger", encoded(&foreign)),
        ("the answer to another proposal", encoded(&with(&good, |t| t.proposal.timestamp.0 += 1, alice)?)),
        ("a txid of its own choice", forged(&|proposal| proposal.txid = TxId(Digest([9; 32])))?),
        ("no endorsement", encoded(&few(0)?)),
        ("one endorsement of the two that are needed", encoded(&few(1)?)),
        ("one endorsement three times", encoded(&same)),
        ("two of three endorsements with a bad signature", encoded(&broken)),
        ("two of three endorsements with high s", encoded(&high)),
        ("endorsed by members that are no peers", encoded(&by_hospital)),
        ("for another channel", forged(&|proposal| proposal.channel = "elsewhere".into())?),
        ("for another contract", forged(&|proposal| proposal.contract = "counter".into())?),
    ];
    Ok((good, bad))
}

const NOTES: &[(&str, &str)] = &[
    ("Chain", "Blocks, verdicts, state and index of transactions."),
    ("Transaction", "A transaction that is valid after a chain."),
    ("Block", "A block that does not continue the chain, or is not the orderer's."),
    ("Cuts", "A sealed block whose bytes are cut into other envelopes than the orderer's."),
    ("Entry", "A block of the orderer that holds something else than envelopes."),
    ("Verdict", "A transaction that stays in its block without effect. The error is Fabric's number and name."),
    ("Replay", "A transaction that stands in the chain or in the block already."),
    ("Stale", "A value that was read has changed since."),
];

pub(super) fn ledger() -> Result<File, Fault> {
    let mut file = File::new("ledger", "Ledger", NOTES);
    let (mut world, Asks { request, actions: [ask, other] }) = world(&mut file.rng)?;
    let before: Vec<_> = world.blocks.iter().map(|block| hex(encoded(block))).collect();
    let (good, bad) = envelopes(&world, &ask, &mut file.rng)?;
    // Endorsed on the same state as the valid transaction.
    let stale = world.envelope(Nonce(bytes(&mut file.rng)), &world.alice, &other, 3)?;
    let late = world.envelope(Nonce(bytes(&mut file.rng)), &world.alice, &ask, 3)?;
    file.group(&TRANSACTION);
    let input =
        |envelopes: &[Vec<u8>]| json!({ "chain": before, "envelopes": envelopes.iter().map(hex).collect::<Vec<_>>() });
    file.valid("a share request", &["Transaction"], input(&[encoded(&good)]))?;
    for (comment, envelope) in &bad {
        file.invalid(comment, &["Verdict"], input(core::slice::from_ref(envelope)))?;
    }
    file.invalid("twice in a block", &["Replay"], input(&[encoded(&good), encoded(&good)]))?;
    file.invalid("a second request on the same state", &["Stale"], input(&[encoded(&good), encoded(&stale)]))?;
    file.invalid("the same request under another txid", &["Stale"], input(&[encoded(&good), encoded(&late)]))?;
    let replayed = world.blocks[2].transactions.clone();
    file.invalid("a transaction of block 2", &["Replay"], input(&replayed))?;

    // `few` and `good` have one txid. `good` is valid, so it takes the txid, and its repetition is a duplicate.
    let few = with(&good, |transaction| transaction.endorsements.truncate(1), &world.alice)?;
    let first = [&few, &good, &stale, &good].map(encoded).to_vec();
    let all = [first, bad.into_iter().map(|(_, bytes)| bytes).collect()];
    let codes = world.block(all.concat())?;
    if !codes.starts_with(&[10, 0, 11, 9]) {
        return Err(malformed(format_args!("codes {codes:?}")));
    }
    let chain: Vec<_> = world.blocks.iter().map(|block| hex(encoded(block))).collect();
    file.group(&TRANSACTION);
    let late = json!({ "chain": chain, "envelopes": [hex(encoded(&late))] });
    file.invalid("a key was read when it was absent, and is there now", &["Stale"], late)?;
    let complete = Action::ShareComplete { request, deliveries: Digest(bytes(&mut file.rng)) };
    let complete = world.envelope(Nonce(bytes(&mut file.rng)), &world.south, &complete, 3)?;
    world.block(vec![encoded(&complete), encoded(&stale)])?;
    file.group(&CHAIN);
    let blocks: Vec<_> = world.blocks.iter().map(|block| hex(encoded(block))).collect();
    file.valid("block 0 alone", &["Chain"], json!({ "blocks": blocks[..1] }))?;
    file.valid("a record and its sharing, and every verdict", &["Chain"], json!({ "blocks": blocks }))?;
    broken_chains(&mut file, &mut world)?;
    Ok(file)
}

fn broken_chains(file: &mut File, world: &mut World) -> Result<(), Fault> {
    let [genesis, first, second] = [0, 1, 2].map(|n| &world.blocks[n]);
    let orderer = &world.orderer;
    let seal = |number, previous, envelopes: &[Vec<u8>], who: &Signer| {
        encoded(&Block::seal(number, previous, envelopes.to_vec(), &who.certificate, &who.key))
    };
    let hash = Some(first.header.hash());
    let sealed = |who: &Signer| seal(2, hash, &second.transactions, who);
    let mut stranger = super::world::Known::of(ORDERERS, &mut file.rng)?;
    let stranger = stranger.enrol(ORDERERS, Role::Orderer, &mut file.rng)?;
    let foreign = world.nodes[1].enrol(ORGANISATIONS[0], Role::Orderer, &mut file.rng)?;
    let envelopes = Block { transactions: first.transactions.clone(), ..second.clone() };
    let mut data = second.clone();
    data.header.data_hash.0[0] ^= 1;
    let mut high = second.clone();
    high.seal.signature = high_s(&high.seal.signature);
    let mut signature = second.clone();
    signature.seal.signature[40] ^= 1;
    let mut chain = |comment: &str, flag: &str, blocks: &[Vec<u8>]| {
        let blocks: Vec<_> = blocks.iter().map(hex).collect();
        file.invalid(comment, &[flag], json!({ "blocks": blocks }))
    };
    let (zero, one) = (encoded(genesis), encoded(first));
    for (comment, third) in [
        ("block 1 twice", one.clone()),
        ("block 2 with the number 3", seal(3, hash, &second.transactions, orderer)),
        ("another block before", seal(2, Some(genesis.header.hash()), &second.transactions, orderer)),
        ("no block before", seal(2, None, &second.transactions, orderer)),
        ("other envelopes", encoded(&envelopes)),
        ("another data hash", encoded(&data)),
        ("a bit of the seal", encoded(&signature)),
        ("a seal with high s", encoded(&high)),
        ("sealed by a peer", sealed(&world.peers[0])),
        ("sealed by a hospital", sealed(&world.north)),
        ("sealed by a stranger", sealed(&stranger)),
        ("sealed by an orderer of another organisation", sealed(&foreign)),
        ("a byte behind the block", [encoded(second), vec![0]].concat()),
    ] {
        chain(comment, "Block", &[zero.clone(), one.clone(), third])?;
    }
    chain("block 1 first", "Block", core::slice::from_ref(&one))?;
    let config = &genesis.transactions[0];
    chain("block 0 without configuration", "Block", &[seal(0, None, &[], orderer)])?;
    chain("a configuration cut off", "Block", &[seal(0, None, &[config[..config.len() - 1].to_vec()], orderer)])?;
    chain("two configurations", "Block", &[seal(0, None, &[config.clone(), config.clone()], orderer)])?;
    chain("block 0 with a block before", "Block", &[seal(0, hash, &genesis.transactions, orderer)])?;

    // A root of the hospitals with the identifier of the users' root, in its issuer and its subject.
    let [users, hospitals] = [&world.users, &world.hospitals].map(super::world::Known::root);
    let [from, to] = [hospitals, users].map(|root| hex(root.subject().id.0).as_str().unwrap_or_default().to_owned());
    let mut twin = hospitals.clone();
    for _ in 0..2 {
        let der = world.hospitals.reissue(&twin, from.as_bytes(), to.as_bytes())?;
        twin = Certificate::from_der(&der).map_err(malformed)?;
    }
    let mut twins = world.config();
    twins.organisations[1].root = twin;
    let mut again = world.config();
    again.organisations[1].mspid.clone_from(&world.config().organisations[0].mspid);
    let mut nameless = world.config();
    nameless.organisations[1].mspid = String::new();
    let mut group = world.config();
    group.organisations[4].group = ParticipantGroup::Hospitals;
    let mut ordering = world.config();
    ordering.orderers = ORGANISATIONS[0].into();
    for (comment, config) in [
        ("two roots of one identifier", twins),
        ("two organisations of one MSP identifier", again),
        ("an organisation without an MSP identifier", nameless),
        ("a root of another group than is said", group),
        ("sealed by another organisation than orders", ordering),
    ] {
        chain(comment, "Block", &[seal(0, None, &[encoded(&config)], orderer)])?;
    }

    cuts(file, world)
}

/// Blocks with other cuts, and blocks with entries that are no transactions.
fn cuts(file: &mut File, world: &World) -> Result<(), Fault> {
    let orderer = &world.orderer;
    let mut chain = |comment: &str, flag: &str, blocks: &[Vec<u8>]| {
        let blocks: Vec<_> = blocks.iter().map(hex).collect();
        file.invalid(comment, &[flag], json!({ "blocks": blocks }))
    };
    let config = &world.blocks[0].transactions[0];
    // One seal over the same bytes with other cuts. Block 4 has two transactions.
    let [.., fourth] = &world.blocks[..] else { return Err(malformed("no blocks")) };
    let [a, b] = &fourth.transactions[..] else { return Err(malformed("not two transactions")) };
    let before: Vec<_> = world.blocks[..4].iter().map(encoded).collect();
    let recut = |parts: &[&[u8]]| {
        encoded(&Block { transactions: parts.iter().map(|part| part.to_vec()).collect(), ..fourth.clone() })
    };
    let (head, tail) = b.split_at(9);
    for (comment, block) in [
        ("a cut moved by nine bytes", recut(&[&[&a[..], head].concat(), tail])),
        ("an empty envelope in front", recut(&[&[], a, b])),
        ("an empty envelope behind", recut(&[a, b, &[]])),
        ("one envelope in two", recut(&[a, head, tail])),
        ("two envelopes in one", recut(&[&[&a[..], b].concat()])),
        ("the envelopes in another order", recut(&[b, a])),
        ("an envelope left out", recut(&[a])),
    ] {
        chain(comment, "Cuts", &[before.clone(), vec![block]].concat())?;
    }
    // Sealed by the orderer, whatever stands in the block.
    let tip = world.blocks.get(3).map(|block| block.header.hash());
    for (comment, entries) in [
        ("an empty entry in front", vec![Vec::new(), a.clone()]),
        ("a byte behind an envelope", vec![a.clone(), [&b[..], &[0]].concat()]),
        ("a byte before an envelope", vec![[&[0], &a[..]].concat()]),
        ("an envelope cut off", vec![a[..a.len() - 1].to_vec()]),
        ("two envelopes as one entry", vec![[&a[..], b].concat()]),
        ("the configuration again", vec![a.clone(), b.clone(), config.clone()]),
    ] {
        chain(
            comment,
            "Entry",
            &[before.clone(), vec![encoded(&Block::seal(4, tip, entries, &orderer.certificate, &orderer.key))]]
                .concat(),
        )?;
    }
    Ok(())
}

pub(super) fn formats() -> Result<File, Fault> {
    let notes = &[
        ("Policy", "A policy and who satisfies it."),
        ("Encoding", "A structure in its one encoding."),
        ("Limit", "A length, count, depth or number above its limit."),
        ("Unknown", "A tag or code that is not known."),
        ("Length", "Cut or prolonged."),
        ("Order", "A list that must ascend and does not."),
        ("Text", "Text that is not UTF-8."),
    ];
    let mut file = File::new("ledger-formats", "Ledger encodings", notes);
    policies(&mut file)?;
    let (world, Asks { actions: [ask, _], .. }) = world(&mut file.rng)?;
    let envelope = world.envelope(Nonce(bytes(&mut file.rng)), &world.alice, &ask, 2)?;
    let transaction = Transaction::from_bytes(&envelope.transaction).map_err(malformed)?;
    let block = world.blocks[1].clone();
    let metadata = Metadata { codes: vec![Code::Valid], commit_hash: Digest(bytes(&mut file.rng)) };
    let rwset = encoded(&transaction.payload.rwset);
    let proposal = encoded(&transaction.proposal);
    let cut = encoded(&CutRules::default());
    let genesis = &world.blocks[0].transactions[0];
    file.group(&WIRE);
    for (kind, good) in [
        ("proposal", &proposal),
        ("read-write set", &rwset),
        ("transaction", &encoded(&transaction)),
        ("envelope", &encoded(&envelope)),
        ("block", &encoded(&block)),
        ("block metadata", &encoded(&metadata)),
        ("cut rules", &cut),
        ("configuration", genesis),
    ] {
        file.valid(kind, &["Encoding"], json!({ "kind": kind, "encoding": hex(good) }))?;
        for (comment, bytes) in lengths(good) {
            file.invalid(&format!("{kind}: {comment}"), &["Length"], json!({ "kind": kind, "encoding": hex(bytes) }))?;
        }
    }
    let metadata = encoded(&metadata);
    // Where the list of the organisations begins in a configuration.
    let list = "phi-pre channel 2\n".len() + 4 + CHANNEL.len() + 4 + contract::NAME.len();
    let reads = rwset_of(&[("b", None), ("a", None)], &[]);
    let twice = rwset_of(&[("a", None), ("a", None)], &[]);
    let writes = rwset_of(&[], &["b", "a"]);
    for (comment, flag, kind, bytes) in [
        ("a channel of 65 bytes", "Limit", "proposal", put(&proposal, 0, &[0, 0, 0, 65])),
        ("a channel that is not UTF-8", "Text", "proposal", put(&proposal, 4, &[0xff])),
        (
            "an action of 65537 bytes",
            "Limit",
            "proposal",
            put(&proposal, proposal.len() - 4 - encoded(&ask).len(), &[0, 1, 0, 1]),
        ),
        ("keys read out of order", "Order", "read-write set", reads),
        ("a key read twice", "Order", "read-write set", twice),
        ("keys written out of order", "Order", "read-write set", writes),
        ("1025 keys read", "Limit", "read-write set", put(&rwset, 0, &[0, 0, 4, 1])),
        ("a key of 257 bytes", "Limit", "read-write set", put(&rwset, 4, &[0, 0, 1, 1])),
        ("a version that is neither there nor not", "Unknown", "read-write set", rwset_of(&[("a", Some(2))], &[])),
        ("a block that has a block before in the form 2", "Unknown", "block", put(&encoded(&block), 8, &[2])),
        ("65537 envelopes", "Limit", "block", put(&encoded(&block), 73, &[0, 1, 0, 1])),
        ("an envelope of 2^24 + 1 bytes", "Limit", "block", put(&encoded(&block), 77, &[1, 0, 0, 1])),
        ("an unknown verdict", "Unknown", "block metadata", put(&metadata, 4, &[3])),
        ("65537 verdicts", "Limit", "block metadata", put(&metadata, 0, &[0, 1, 0, 1])),
        ("65537 messages in a block", "Limit", "cut rules", put(&cut, 0, &[0, 1, 0, 1])),
        ("blocks of 2^27 + 1 bytes", "Limit", "cut rules", put(&cut, 4, &[8, 0, 0, 1])),
        ("envelopes of 2^24 + 1 bytes", "Limit", "cut rules", put(&cut, 8, &[1, 0, 0, 1])),
        ("65 organisations", "Limit", "configuration", put(genesis, list, &[0, 0, 0, 65])),
        ("an MSP identifier of 65 bytes", "Limit", "configuration", put(genesis, list + 4, &[0, 0, 0, 65])),
        ("a group that is none", "Unknown", "configuration", put(genesis, list + 8 + "users".len(), &[4])),
        ("version 1 of the configuration", "Unknown", "configuration", put(genesis, 16, b"1")),
    ] {
        file.invalid(comment, &[flag], json!({ "kind": kind, "encoding": hex(bytes) }))?;
    }
    Ok(file)
}

/// A read-write set with these keys in this order, which may be invalid, and with these tags of versions.
fn rwset_of(reads: &[(&str, Option<u8>)], writes: &[&str]) -> Vec<u8> {
    let mut out = phi_pre::wire::Writer::default();
    out.u32(u32::try_from(reads.len()).unwrap_or_default());
    for (key, tag) in reads {
        out.bytes(key.as_bytes()).u8(tag.unwrap_or(0));
    }
    out.u32(u32::try_from(writes.len()).unwrap_or_default());
    for key in writes {
        out.bytes(key.as_bytes()).bytes(b"value");
    }
    out.into_bytes()
}

fn policies(file: &mut File) -> Result<(), Fault> {
    let [north, south, cloud] = ORGANISATIONS.map(Policy::organisation);
    let majority = Policy::majority(&ORGANISATIONS);
    let nested = Policy::all(vec![Policy::any(vec![north.clone(), cloud.clone()]), north.clone(), south.clone()]);
    let in_turn = Policy::any(vec![Policy::all(vec![north.clone(), south.clone()]), north.clone()]);
    let ids: Vec<_> = (0..4).map(|_| random::<32>(&mut file.rng)).collect();
    let signer = |i: usize, organisation: &str| json!({ "id": ids[i], "organisation": organisation });
    let [n, s, c] = ORGANISATIONS;
    file.group(&POLICY);
    let one_twice = vec![signer(0, n), signer(0, n)];
    for (comment, policy, signers) in [
        ("nobody", &majority, vec![]),
        ("one of three", &majority, vec![signer(0, n)]),
        ("two of three", &majority, vec![signer(0, n), signer(1, c)]),
        ("one signer twice", &majority, one_twice),
        ("two of one organisation", &majority, vec![signer(0, n), signer(1, n)]),
        ("all", &majority, vec![signer(0, n), signer(1, s), signer(2, c)]),
        ("one organisation", &north, vec![signer(0, n)]),
        ("another organisation", &north, vec![signer(0, s)]),
        ("the first branch takes the only one of North", &nested, vec![signer(0, n), signer(1, c), signer(2, s)]),
        ("enough for all branches", &nested, vec![signer(0, n), signer(1, n), signer(2, s)]),
        ("both of North and the cloud", &nested, vec![signer(0, n), signer(1, c), signer(2, s), signer(3, n)]),
        ("a branch that fails gives its signer back", &in_turn, vec![signer(0, n)]),
    ] {
        file.valid(comment, &["Policy"], json!({ "encoding": hex(encoded(policy)), "signers": signers }))?;
    }
    let good = encoded(&majority);
    let deep = |depth: usize| [[1, 0, 0, 0, 1, 0, 0, 0, 1].repeat(depth), encoded(&north)].concat();
    let input = |bytes: &[u8]| json!({ "encoding": hex(bytes), "signers": Vec::<Value>::new() });
    file.valid("four levels", &["Policy"], input(&deep(3)))?;
    file.invalid("five levels", &["Limit"], input(&deep(4)))?;
    file.invalid("none of three", &["Limit"], input(&put(&good, 1, &[0, 0, 0, 0])))?;
    file.invalid("four of three", &["Limit"], input(&put(&good, 1, &[0, 0, 0, 4])))?;
    file.invalid("33 branches", &["Limit"], input(&put(&good, 5, &[0, 0, 0, 33])))?;
    file.invalid("an unknown node", &["Unknown"], input(&put(&good, 0, &[2])))?;
    let name = encoded(&north);
    file.invalid("a name of 129 bytes", &["Limit"], input(&put(&name, 1, &[0, 0, 0, 129])))?;
    file.invalid("a name that is not UTF-8", &["Text"], input(&put(&name, 5, &[0xff])))?;
    for (comment, bytes) in lengths(&good) {
        file.invalid(comment, &["Length"], input(&bytes))?;
    }
    Ok(())
}
