//! Random schedules: the possible steps and their frequencies.

use phi_pre::ledger::Version;
use proptest::prelude::*;

/// A step of a schedule. Numbers are reduced modulo the number of choices.
#[derive(Clone, Debug)]
pub enum Op {
    /// A participant proposes, some peers endorse, and the participant keeps the transaction. `who` is the participant,
    /// if it is not the one for whom the action is meant. With `at_once`, the transaction is ordered and in a block
    /// before the next step.
    Propose {
        who: Option<usize>,
        ask: Ask,
        endorsers: u8,
        twist: Twist,
        at_once: bool,
    },
    /// Sends a kept transaction to the orderer.
    Order(usize),
    /// Sends a transaction to the orderer again.
    Again(usize),
    Cut,
    Stop(usize),
    CutOff(usize),
    Rejoin(usize),
    Reopen,
}

/// The proposed action. A record is identified by its hospital and the number of its nonce, the slot.
#[derive(Clone, Debug)]
pub enum Ask {
    Count {
        key: usize,
    },
    /// The next transaction for the first user's record in this slot, so that random schedules reach the last
    /// transaction. Where `other` is not 0, the confirmation is of the commitment of another slot. Where it is 1, the
    /// request replaces an earlier one; where it is 2, the request before the last is completed; where it is 3, the last one
    /// is withdrawn.
    Next {
        slot: usize,
        other: usize,
    },
    Record {
        hospital: usize,
        slot: usize,
        id: usize,
        commitment: u8,
    },
    /// `named` is the hospital that may write the record. It is usually the record's own hospital.
    Confirm {
        hospital: usize,
        slot: usize,
        id: usize,
        commitment: u8,
        named: usize,
    },

    Share {
        id: usize,
        hospital: usize,
        slot: usize,
        recipient: usize,
        grant: u8,
        /// The end of the consent, in milliseconds after the first proposal. Proposal n is made after n milliseconds.
        lasts: Option<u64>,
    },
    Withdraw {
        id: usize,
        request: usize,
    },
    Complete {
        hospital: usize,
        request: usize,
    },
}

impl Ask {
    /// The participant for whom the action is meant: two users, then two hospitals.
    pub const fn by(&self) -> usize {
        match *self {
            Self::Count { key } | Self::Next { slot: key, .. } => key,
            Self::Confirm { id, .. } | Self::Share { id, .. } | Self::Withdraw { id, .. } => id,
            Self::Record { hospital, .. } | Self::Complete { hospital, .. } => 2 + hospital,
        }
    }
}

/// The fault of a transaction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Twist {
    None,
    /// The proposal has the nonce of the participant's last proposal.
    SameNonce,
    /// These peers sign a read-write set that no contract computed. It claims that the key was read at a version.
    MadeUp {
        liars: u8,
        version: Option<Version>,
    },
    /// One endorsement occurs twice.
    Twice,
    /// The last endorsement has the signature of the first, or the name of another endorser.
    Borrowed,
    /// The last endorsement has the larger of the two values of s.
    HighEndorsement,
    /// One of the endorsers is a hospital.
    Hospital,
    /// Another participant signed the transaction.
    ForgedCreator,
    HighCreator,
    /// The creator's certificate is of an authority that is not trusted.
    Stranger,
    WrongTxid,
    /// The payload answers another proposal.
    OtherProposal,
    OtherChannel,
    OtherContract,
    /// The transaction has an additional byte, and its signature is valid.
    NoTransaction,
}

fn twist(paper: bool) -> impl Strategy<Value = Twist> {
    use Twist::*;
    let version = prop::option::of((1_u64..6, 0_u32..4).prop_map(|(block, tx)| Version { block, tx }));
    let rare = [
        SameNonce,
        Twice,
        Borrowed,
        HighEndorsement,
        Hospital,
        ForgedCreator,
        HighCreator,
        Stranger,
        WrongTxid,
        OtherProposal,
        OtherChannel,
        OtherContract,
        NoTransaction,
    ];
    // The paper's transactions depend on each other, so faults are rarer there; else the last transaction is seldom
    // reached.
    prop_oneof![
        if paper { 50 } else { 12 } => Just(None),
        2 => (0_u8..8, version).prop_map(|(liars, version)| MadeUp { liars, version }),
        8 => prop::sample::select(rare.to_vec()),
    ]
}

/// `usual` in five of six cases, and otherwise the other of the two.
fn mostly(usual: usize) -> impl Strategy<Value = usize> {
    prop_oneof![5 => Just(usual), 1 => Just(1 - usual)]
}

/// The commitment of a slot, or that of another slot.
pub fn own(slot: usize, other: usize) -> u8 {
    u8::try_from(slot ^ other).unwrap()
}

fn ask(paper: bool) -> BoxedStrategy<Ask> {
    if !paper {
        return (0_usize..3).prop_map(|key| Ask::Count { key }).boxed();
    }
    prop_oneof![
        3 => (mostly(0), 0_usize..4, mostly(0), mostly(0))
            .prop_map(|(hospital, slot, id, other)| Ask::Record { hospital, slot, id, commitment: own(slot, other) }),
        3 => (mostly(0), 0_usize..4, mostly(0), mostly(0), mostly(0))
            .prop_map(|(hospital, slot, id, other, foreign)| Ask::Confirm {
                hospital, slot, id, commitment: own(slot, other), named: hospital ^ foreign,
            }),
        3 => (mostly(0), mostly(0), 0_usize..4, mostly(1), 0_u8..2, prop::option::weighted(0.5, 0_u64..40))
            .prop_map(|(id, hospital, slot, recipient, grant, lasts)| Ask::Share {
                id, hospital, slot, recipient, grant, lasts,
            }),
        2 => (mostly(0), 0_usize..4).prop_map(|(id, request)| Ask::Withdraw { id, request }),
        6 => (0_usize..2, prop_oneof![4 => Just(0_usize), 1 => Just(1), 1 => Just(2), 1 => Just(3)])
            .prop_map(|(slot, other)| Ask::Next { slot, other }),
        3 => (mostly(1), 0_usize..4).prop_map(|(hospital, request)| Ask::Complete { hospital, request }),
    ]
    .boxed()
}

fn op(paper: bool) -> impl Strategy<Value = Op> {
    let endorsers = prop_oneof![if paper { 12 } else { 3 } => Just(7_u8), 2 => 0_u8..8];
    let who = prop::option::weighted(if paper { 0.1 } else { 0.5 }, 0_usize..4);
    prop_oneof![
        12 => (who, ask(paper), endorsers, twist(paper), prop::bool::weighted(if paper { 0.5 } else { 0.1 }))
            .prop_map(|(who, ask, endorsers, twist, at_once)| Op::Propose { who, ask, endorsers, twist, at_once }),
        9 => (0_usize..4).prop_map(Op::Order),
        2 => (0_usize..32).prop_map(Op::Again),
        4 => Just(Op::Cut),
        1 => (0_usize..3).prop_map(Op::Stop),
        1 => (0_usize..3).prop_map(Op::CutOff),
        3 => (0_usize..3).prop_map(Op::Rejoin),
        1 => Just(Op::Reopen),
    ]
}

#[derive(Clone, Debug)]
pub struct Schedule {
    pub paper: bool,
    pub honest: bool,
    pub ops: Vec<Op>,
}

pub fn schedule(paper: bool) -> impl Strategy<Value = Schedule> {
    let ops = prop::collection::vec(op(paper), if paper { 40..160 } else { 20..90 });
    (any::<bool>(), ops).prop_map(move |(honest, ops)| Schedule { paper, honest, ops })
}
