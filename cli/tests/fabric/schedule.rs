//! One schedule of transactions, right and wrong, on Fabric and on the ledger of the library. The verdicts are compared
//! line by line; the lines on which the two ledgers differ are listed in [`differences`], with both verdicts.

use crate::embedded::Embedded;
use crate::gateway::Fabric;
use crate::network::{Network, Ordering};
use crate::now;
use phi_pre::contract::{Action, Record, RecordId, RequestId};
use phi_pre::hash::Digest;
use phi_pre::identity::{MemberId, ParticipantGroup, Role};
use phi_pre::integrity::Commitment;
use phi_pre::ledger::{Nonce, Signer, TxId};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;

/// The members who create transactions.
#[derive(Clone, Copy)]
pub enum Who {
    Alice,
    Bob,
    North,
    South,
}

/// The certificates and keys of the members, the same on both ledgers.
pub struct Cast(pub [Signer; 4]);

impl Cast {
    pub fn new(network: &mut Network) -> Self {
        let now = now();
        let user = |network: &mut Network| network.enrol(ParticipantGroup::Users, "users", Role::User, now);
        let hospital =
            |network: &mut Network, name| network.enrol(ParticipantGroup::Hospitals, name, Role::Hospital, now);
        Self([user(network), user(network), hospital(network, "Hospital North"), hospital(network, "Hospital South")])
    }

    pub fn signer(&self, who: Who) -> &Signer {
        &self.0[who as usize]
    }

    pub fn id(&self, who: Who) -> MemberId {
        self.signer(who).certificate.subject().id
    }
}

/// How an attempt differs from a valid one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    /// One organisation endorses.
    OneEndorser,
    /// The envelope claims another txid than that of nonce and creator.
    Txid(TxId),
    /// The creator has signed something else.
    Signature,
    /// The creator's signature with n - s in the place of s.
    HighS,
    /// The proposal was made 16 minutes ago.
    Late,
}

/// The verdict of a ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// In blocks, with these validation codes.
    Codes(Vec<u8>),
    /// The contract refuses, with this number.
    Contract(u16),
    /// The peers refuse for another reason than the contract's.
    Endorsers,
    /// The orderer refuses.
    Orderer,
    /// Whether the state has the expected value.
    State(bool),
}

/// A ledger to which a test can send single envelopes.
pub trait Side {
    type Envelope: Clone;

    /// Endorses an action under a fresh txid.
    fn endorse(&mut self, cast: &Cast, who: Who, action: &Action, fault: Fault) -> Result<Self::Envelope, Verdict>;

    fn txid(&self, envelope: &Self::Envelope) -> TxId;

    /// Orders the envelopes at once, and waits for their blocks.
    fn order(&mut self, envelopes: &[Self::Envelope]) -> Verdict;

    fn record(&mut self, cast: &Cast, id: RecordId) -> Option<Record>;

    /// The code of a transaction.
    fn outcome(&mut self, cast: &Cast, txid: TxId) -> Option<u8>;
}

const VALID: u8 = 0;
const BAD_PROPOSAL_TXID: u8 = 8;
const DUPLICATE_TXID: u8 = 9;
const ENDORSEMENT_POLICY_FAILURE: u8 = 10;
const MVCC_READ_CONFLICT: u8 = 11;

/// A line of the schedule with the verdicts of Fabric and of the library's ledger.
type Difference = (&'static str, Verdict, Verdict);

/// The lines on which the ledgers differ.
///
/// Fabric indexes the txid that an envelope claims, whatever the verdict on the envelope. So anybody who has seen a
/// txid can use it up, and the outcome of the txid is that of the stranger's envelope. The library's ledger indexes the
/// txid of nonce and creator only.
fn differences(ordering: Ordering) -> Vec<Difference> {
    let codes = |codes: &[u8]| Verdict::Codes(codes.to_vec());
    let mut differences = vec![
        (WRITTEN_UNDER_CLAIMED, codes(&[DUPLICATE_TXID]), codes(&[VALID])),
        (OUTCOME_OF_CLAIMED, codes(&[BAD_PROPOSAL_TXID]), codes(&[VALID])),
        (WRITTEN_AFRESH, codes(&[VALID]), Verdict::Contract(7)),
    ];
    if ordering == Ordering::Raft {
        // With Raft, the orderer orders an envelope again, and the peers detect the duplicate. With BFT, and in the
        // library, the orderer refuses an envelope that it has ordered.
        differences.push((SAME_ENVELOPE, codes(&[DUPLICATE_TXID]), Verdict::Orderer));
    }
    differences
}

const SAME_ENVELOPE: &str = "the same envelope in a later block";
const WRITTEN_UNDER_CLAIMED: &str = "the record is written under the claimed txid";
const OUTCOME_OF_CLAIMED: &str = "the outcome of the claimed txid";
const WRITTEN_AFRESH: &str = "the record is written in a new attempt";

/// A random value of 32 bytes.
pub fn random(rng: &mut ChaCha20Rng) -> Digest {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    Digest(bytes)
}

/// Endorses and orders one action.
fn one<S: Side>(side: &mut S, cast: &Cast, who: Who, action: &Action, fault: Fault) -> Verdict {
    match side.endorse(cast, who, action, fault) {
        Ok(envelope) => side.order(&[envelope]),
        Err(verdict) => verdict,
    }
}

/// The lines of the schedule, each with its verdict.
fn run<S: Side>(side: &mut S, cast: &Cast, mut rng: ChaCha20Rng) -> Vec<(&'static str, Verdict)> {
    use Who::{Alice, Bob, North, South};
    let (rng, none, mut lines) = (&mut rng, Fault::None, Vec::new());
    let alice = cast.id(Alice).into();
    let [north, south] = [North, South].map(|who| cast.id(who));

    let (nonce, commitment) = (Nonce::random(rng), Commitment(random(rng)));
    let record = RecordId::new(&nonce, &cast.signer(North).certificate);
    let write = Action::MedicalRecord { nonce, id: alice, commitment };
    let confirm = Action::Confirmation { record, id: alice, commitment, hospital: north };
    lines.push(("a record before its confirmation", one(side, cast, North, &write, none)));
    lines.push(("another user confirms", one(side, cast, Bob, &confirm, none)));
    lines.push(("0001 medical-record-confirmation", one(side, cast, Alice, &confirm, none)));
    lines.push(("the confirmation once more", one(side, cast, Alice, &confirm, none)));
    lines.push(("a user writes a record", one(side, cast, Alice, &write, none)));
    lines.push(("0000 medical-record", one(side, cast, North, &write, none)));
    let is_it = |found: Option<Record>| {
        let near = |found: &Record| found.timestamp.0.abs_diff(now().millis().0) < 60_000;
        Verdict::State(found.is_some_and(|found| {
            (found.id, found.commitment, found.hospital) == (alice, commitment, north) && near(&found)
        }))
    };
    lines.push(("the record in the state, with the time of its proposal", is_it(side.record(cast, record))));

    let request = |rng: &mut ChaCha20Rng| {
        let (nonce, delta, grant) = (Nonce::random(rng), random(rng), random(rng));
        let id = RequestId::new(&nonce, &cast.signer(Alice).certificate);
        (id, Action::ShareRequest { nonce, record, recipient: south, delta, grant, until: None })
    };
    let (id, share) = request(rng);
    lines.push(("0002 share-request", one(side, cast, Alice, &share, none)));
    let complete = Action::ShareComplete { request: id, deliveries: random(rng) };
    lines.push(("another hospital completes", one(side, cast, North, &complete, none)));
    let completion = side.endorse(cast, South, &complete, none).unwrap();
    lines.push(("0003 share-complete", side.order(std::slice::from_ref(&completion))));
    lines.push((SAME_ENVELOPE, side.order(&[completion])));
    let withdraw = Action::ShareWithdrawal { request: id };
    lines.push(("a withdrawal after the completion", one(side, cast, Alice, &withdraw, none)));
    let [first, second] = [(); 2].map(|()| side.endorse(cast, Alice, &request(rng).1, none).unwrap());
    lines.push(("two requests on one state", side.order(&[first, second])));
    let (id, share) = request(rng);
    lines.push(("a further request", one(side, cast, Alice, &share, none)));
    lines.push(("0004 share-withdrawal", one(side, cast, Alice, &Action::ShareWithdrawal { request: id }, none)));
    let complete = Action::ShareComplete { request: id, deliveries: random(rng) };
    lines.push(("a completion after the withdrawal", one(side, cast, South, &complete, none)));

    let bob = cast.id(Bob).into();
    let other = |rng: &mut ChaCha20Rng| {
        let (record, commitment) = (RecordId(random(rng)), Commitment(random(rng)));
        Action::Confirmation { record, id: bob, commitment, hospital: north }
    };
    for (line, fault) in [
        ("endorsed by one organisation", Fault::OneEndorser),
        ("signed over something else", Fault::Signature),
        ("signed with high s", Fault::HighS),
        ("a proposal of 16 minutes ago", Fault::Late),
    ] {
        lines.push((line, one(side, cast, Bob, &other(rng), fault)));
    }

    // Bob claims the txid of an attempt that is not ordered yet.
    let (nonce, commitment) = (Nonce::random(rng), Commitment(random(rng)));
    let record = RecordId::new(&nonce, &cast.signer(North).certificate);
    let confirm = Action::Confirmation { record, id: alice, commitment, hospital: north };
    lines.push(("another record is confirmed", one(side, cast, Alice, &confirm, none)));
    let write = Action::MedicalRecord { nonce, id: alice, commitment };
    let written = side.endorse(cast, North, &write, none).unwrap();
    let claimed = side.txid(&written);
    lines.push(("a stranger claims its txid", one(side, cast, Bob, &other(rng), Fault::Txid(claimed))));
    lines.push((WRITTEN_UNDER_CLAIMED, side.order(&[written])));
    let outcome = Verdict::Codes(side.outcome(cast, claimed).into_iter().collect());
    lines.push((OUTCOME_OF_CLAIMED, outcome));
    lines.push((WRITTEN_AFRESH, one(side, cast, North, &write, none)));
    let found = side.record(cast, record);
    lines.push(("the record in the state", Verdict::State(found.is_some_and(|found| found.commitment == commitment))));
    lines
}

/// The two ledgers give the same verdicts, except for the listed differences, and the verdicts are the expected ones.
pub fn same_verdicts(network: &mut Network) {
    let cast = Cast::new(network);
    let mut embedded = Embedded::new(network);
    let rng = network.fork();
    let there = run(&mut Fabric::new(network), &cast, rng.clone());
    let here = run(&mut embedded, &cast, rng);
    let differences = differences(network.ordering);
    assert_eq!(there.len(), here.len());
    let (mut wrong, mut found) = (Vec::new(), 0);
    for ((line, fabric), (_, embedded)) in there.iter().zip(&here) {
        let listed = differences.iter().find(|(listed, ..)| listed == line);
        found += usize::from(listed.is_some());
        let expected = match listed {
            None => fabric == embedded,
            Some((_, there, here)) => (there, here) == (fabric, embedded),
        };
        if !expected {
            wrong.push(format!("{line}: Fabric {fabric:?}, embedded {embedded:?}, listed {listed:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(found, differences.len());
    let codes = |codes: &[u8]| Verdict::Codes(codes.to_vec());
    let expected = [
        Verdict::Contract(3),
        Verdict::Contract(6),
        codes(&[VALID]),
        Verdict::Contract(7),
        Verdict::Contract(2),
        codes(&[VALID]),
        Verdict::State(true),
        codes(&[VALID]),
        Verdict::Contract(12),
        codes(&[VALID]),
        Verdict::Orderer,
        Verdict::Contract(13),
        codes(&[VALID, MVCC_READ_CONFLICT]),
        codes(&[VALID]),
        codes(&[VALID]),
        Verdict::Contract(17),
        codes(&[ENDORSEMENT_POLICY_FAILURE]),
        Verdict::Orderer,
        Verdict::Orderer,
        Verdict::Endorsers,
        codes(&[VALID]),
        codes(&[BAD_PROPOSAL_TXID]),
        codes(&[VALID]),
        codes(&[VALID]),
        Verdict::Contract(7),
        Verdict::State(true),
    ];
    let verdicts: Vec<_> = here.into_iter().map(|(_, verdict)| verdict).collect();
    assert_eq!(verdicts, expected);
    println!("{} lines, {found} differences", verdicts.len());
}
