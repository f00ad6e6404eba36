//! What a committing peer finds about each transaction of a block.
//!
//! Paper: section 3.1, the commit node. Semantics: Fabric's (core/common/validation/msgvalidation.go,
//! core/committer/txvalidator, core/ledger/kvledger/txmgmt/validation).
//!
//! ```text
//! 1  syntax (2), creator's certificate and signature (4), txid = SHA-256(nonce || creator) (8),
//!    payload answers this proposal (5), channel (14), contract (25)           each transaction by itself
//! 2  txid stands in the chain already (9), endorsement policy (10)             each by itself
//! 3  txid stands earlier in the block (9)                                      in order
//! 4  MVCC: a key read has another version now, in the state or through an
//!    earlier valid transaction of the block (11)                               in order
//! ```
//!
//! Step 1 and the policy of step 2 hold all signatures and need no state: they run on all cores (feature `parallel`), for
//! all blocks that wait at once. So do the look-ups in the state of a large block; the rest is serial and cheap.
//! Nothing here reads a clock, so that every replay comes to the same verdicts.
//!
//! Departure: the chain knows a txid only from transactions that pass step 1. Fabric indexes the txid that an envelope
//! claims, so that anybody could spend a txid that he has heard of; here only its creator can.

use super::block::{Block, CommittedBlock};
use super::config::Config;
use super::endorsement::{Envelope, Transaction};
use super::proposal::TxId;
use super::state::{Committed, Entry, ReadWriteSet, Version};
use super::store::StoreError;
use crate::error::DecodeError;
use crate::identity::{Member, Msp, Role};
use crate::wire::{Reader, Wire, Writer};
use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal;)*) => {
        /// A verdict, with the number and name that Fabric gives it. 1 byte.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum Code {
            $($(#[$doc])* $variant = $number,)*
        }

        impl Code {
            /// Fabric's name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Fabric's number.
            pub const fn number(self) -> u8 {
                self as u8
            }

            const fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

codes! {
    /// The writes count.
    Valid = 0, "VALID";
    /// The envelope is not the encoding of a transaction.
    BadPayload = 2, "BAD_PAYLOAD";
    /// The creator's certificate does not count, or the signature is not the creator's.
    BadCreatorSignature = 4, "BAD_CREATOR_SIGNATURE";
    /// The endorsed payload belongs to another proposal.
    InvalidEndorserTransaction = 5, "INVALID_ENDORSER_TRANSACTION";
    /// The txid is not SHA-256(nonce || creator).
    BadProposalTxid = 8, "BAD_PROPOSAL_TXID";
    /// The chain has a transaction of this txid.
    DuplicateTxid = 9, "DUPLICATE_TXID";
    /// Too few distinct valid endorsements.
    EndorsementPolicyFailure = 10, "ENDORSEMENT_POLICY_FAILURE";
    /// A value that was read has changed since.
    MvccReadConflict = 11, "MVCC_READ_CONFLICT";
    /// The transaction belongs to another channel.
    TargetChainNotFound = 14, "TARGET_CHAIN_NOT_FOUND";
    /// The channel does not run this contract.
    InvalidChaincode = 25, "INVALID_CHAINCODE";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number(), self.name())
    }
}

impl Wire for Code {
    const NAME: &'static str = "validation code";

    fn write(&self, out: &mut Writer) {
        out.u8(self.number());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let got = input.u8(Self::NAME)?;
        Self::from_number(got).ok_or(DecodeError::Unknown { what: Self::NAME, got: got.into() })
    }
}

/// Where a transaction stands in the chain, and the verdict on it. 13 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// The place.
    pub version: Version,
    /// The verdict.
    pub code: Code,
}

impl Wire for Outcome {
    const NAME: &'static str = "outcome";

    fn write(&self, out: &mut Writer) {
        self.version.write(out);
        self.code.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { version: Version::read(input)?, code: Code::read(input)? })
    }
}

/// All that follows from a block.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verdict {
    /// One for each envelope.
    pub codes: Vec<Code>,
    /// The txids that the chain knows from now on.
    pub txids: BTreeMap<TxId, Outcome>,
    /// The values that change.
    pub updates: BTreeMap<String, Entry>,
}

impl Verdict {
    /// The verdict on block 0, which holds the configuration.
    pub fn genesis() -> Self {
        Self { codes: vec![Code::Valid], ..Self::default() }
    }
}

/// A transaction that passed step 1.
pub(super) struct Checked {
    txid: TxId,
    rwset: ReadWriteSet,
    endorsed: bool,
}

/// The same beside the state before the block.
struct Compared {
    transaction: Checked,
    /// Whether the chain has the txid.
    known: bool,
    /// Whether a version that was read is no longer the current one.
    stale: bool,
}

/// Judges every transaction of a block that [`Block::verify`] accepted, against the state before it.
///
/// # Errors
/// [`StoreError`] where the state cannot be read; a bad transaction is no error but a [`Code`].
pub fn validate(
    block: &Block,
    config: &Config,
    msp: &Msp,
    state: &(impl Committed + Sync + ?Sized),
) -> Result<Verdict, StoreError> {
    let checks = check_all(core::slice::from_ref(block), config, msp).pop().unwrap_or_default();
    conclude(block, checks, state)
}

/// As [`validate`] for a block that this peer has judged before: steps 1 and 2 are taken from its codes.
///
/// # Errors
/// [`StoreError`].
pub fn revalidate(stored: &CommittedBlock, state: &(impl Committed + Sync + ?Sized)) -> Result<Verdict, StoreError> {
    let check = |(code, envelope): (Code, &Vec<u8>)| match code {
        Code::Valid | Code::DuplicateTxid | Code::EndorsementPolicyFailure | Code::MvccReadConflict => {
            let (_, Transaction { proposal, payload, .. }) = decode(envelope)?;
            let endorsed = code != Code::EndorsementPolicyFailure;
            Ok(Checked { txid: proposal.txid, rwset: payload.rwset, endorsed })
        }
        code => Err(code),
    };
    let codes = stored.metadata.codes.iter().copied();
    let checks = on_all_cores(codes.zip(&stored.block.envelopes).collect(), check);
    conclude(&stored.block, checks, state)
}

/// Step 1, and the endorsements of step 2, of each transaction of each of these blocks. It needs no state, so no block
/// waits for the one before it.
pub(super) fn check_all(blocks: &[Block], config: &Config, msp: &Msp) -> Vec<Vec<Result<Checked, Code>>> {
    let envelopes = blocks.iter().flat_map(|block| &block.envelopes).collect();
    let mut checks = on_all_cores(envelopes, |envelope| check(envelope, config, msp)).into_iter();
    blocks.iter().map(|block| checks.by_ref().take(block.envelopes.len()).collect()).collect()
}

/// The rest of steps 2 to 4, in the order of the block.
pub(super) fn conclude(
    block: &Block,
    checks: Vec<Result<Checked, Code>>,
    state: &(impl Committed + Sync + ?Sized),
) -> Result<Verdict, StoreError> {
    let mut verdict = Verdict::default();
    let mut in_block = BTreeSet::new();
    for (tx, compared) in (0..).zip(compare_all(checks, state)) {
        let version = Version { block: block.header.number, tx };
        let code = match compared? {
            Err(code) => code,
            Ok(Compared { transaction: Checked { txid, rwset, endorsed }, known, stale }) => {
                let code = if known {
                    Code::DuplicateTxid
                } else if !endorsed {
                    Code::EndorsementPolicyFailure
                } else if !in_block.insert(txid) {
                    Code::DuplicateTxid
                } else if stale || rwset.reads().iter().any(|read| verdict.updates.contains_key(&read.key)) {
                    Code::MvccReadConflict
                } else {
                    Code::Valid
                };
                if code == Code::Valid {
                    for write in rwset.writes() {
                        verdict.updates.insert(write.key.clone(), Entry { version, value: write.value.clone() });
                    }
                }
                // The first place counts, unless only a later one in the same block is valid.
                if !known && (code == Code::Valid || !verdict.txids.contains_key(&txid)) {
                    verdict.txids.insert(txid, Outcome { version, code });
                }
                code
            }
        };
        verdict.codes.push(code);
    }
    Ok(verdict)
}

/// What can be said of each transaction beside the state before the block.
fn compare_all(
    checks: Vec<Result<Checked, Code>>,
    state: &(impl Committed + Sync + ?Sized),
) -> Vec<Result<Result<Compared, Code>, StoreError>> {
    let compared = |check| match check {
        Ok(transaction) => compare(transaction, state).map(Ok),
        Err(code) => Ok(Err(code)),
    };
    // A few look-ups take less time than another core to wake up.
    if checks.len() < 64 { checks.into_iter().map(compared).collect() } else { on_all_cores(checks, compared) }
}

/// f of each item, on any core.
fn on_all_cores<I: Send, T: Send>(items: Vec<I>, f: impl Fn(I) -> T + Sync + Send) -> Vec<T> {
    #[cfg(feature = "parallel")]
    return rayon::iter::ParallelIterator::collect(rayon::iter::ParallelIterator::map(
        rayon::iter::IntoParallelIterator::into_par_iter(items),
        f,
    ));
    #[cfg(not(feature = "parallel"))]
    items.into_iter().map(f).collect()
}

/// The duplicate of step 2 and the MVCC of step 4, as far as the state before the block tells.
fn compare(transaction: Checked, state: &(impl Committed + ?Sized)) -> Result<Compared, StoreError> {
    let known = state.knows(&transaction.txid)?;
    let mut stale = false;
    for read in transaction.rwset.reads() {
        stale = stale || state.entry(&read.key)?.map(|entry| entry.version) != read.version;
    }
    Ok(Compared { transaction, known, stale })
}

fn decode(bytes: &[u8]) -> Result<(Envelope, Transaction), Code> {
    let envelope = Envelope::from_bytes(bytes).map_err(|_| Code::BadPayload)?;
    let transaction = Transaction::from_bytes(&envelope.transaction).map_err(|_| Code::BadPayload)?;
    Ok((envelope, transaction))
}

/// Step 1, and the endorsements of step 2.
fn check(bytes: &[u8], config: &Config, msp: &Msp) -> Result<Checked, Code> {
    let (envelope, Transaction { proposal, payload, endorsements }) = decode(bytes)?;
    let creator = msp.validate(&proposal.creator).map_err(|_| Code::BadCreatorSignature)?;
    envelope.verify(&creator).map_err(|_| Code::BadCreatorSignature)?;
    if proposal.txid != proposal.txid() {
        return Err(Code::BadProposalTxid);
    }
    if payload.proposal != proposal.digest() {
        return Err(Code::InvalidEndorserTransaction);
    }
    if proposal.channel != config.channel {
        return Err(Code::TargetChainNotFound);
    }
    if proposal.contract != config.contract {
        return Err(Code::InvalidChaincode);
    }
    let signed = payload.to_bytes();
    // Those of the last transactions of a block, too, find a core that is free.
    let signers = on_all_cores(endorsements, |endorsement| {
        // An endorsement that does not verify is not counted; the others may still suffice.
        let member = msp.validate(&endorsement.endorser).ok()?;
        let good = member.role == Role::Peer && endorsement.verify(&signed, &member).is_ok();
        good.then_some(member)
    });
    let signers: Vec<Member> = signers.into_iter().flatten().collect();
    Ok(Checked { txid: proposal.txid, rwset: payload.rwset, endorsed: config.policy.satisfied_by(&signers) })
}

#[cfg(test)]
mod tests;
