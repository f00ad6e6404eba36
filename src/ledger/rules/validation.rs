//! The validation of the transactions of a block.
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
//! Step 1 and the policy of step 2 verify all signatures and need no state (`validate_stateless`). They run on all cores
//! (feature `parallel`), for all blocks at hand at once. The look-ups in the state run on all cores too if a block is large;
//! the rest is serial and cheap (`validate_mvcc`). Nothing here reads a clock, so every replay gives the same codes.
//!
//! Code 2 is for signed bytes that are no transaction: an honest orderer makes no such block. An entry that is not even one
//! signed transaction makes [`Block::verify`] refuse the whole block.
//!
//! Departure: the chain indexes only the txids of transactions that pass step 1. Fabric indexes the txid that a transaction
//! claims, so anybody who has heard of a txid can use it up; here only its creator can.

use crate::identity::{Member, Msp, Role};
use crate::ledger::error::StoreError;
use crate::ledger::format::block::{Block, CommittedBlock};
use crate::ledger::format::config::Config;
use crate::ledger::format::endorsement::{SignedTransaction, Transaction};
use crate::ledger::format::proposal::TxId;
use crate::ledger::format::rwset::{Entry, ReadWriteSet, Version};
use crate::ledger::format::verdict::{BlockVerdict, Code, Outcome};
use crate::ledger::state::view::Committed;
use crate::parallel;
use crate::wire::Wire;
use std::collections::BTreeSet;

/// A transaction that passed step 1.
pub(in crate::ledger) struct Checked {
    txid: TxId,
    rwset: ReadWriteSet,
    /// Whether the endorsements satisfy the policy.
    endorsed: bool,
}

/// A transaction that passed step 1, compared with the state before the block.
struct Compared {
    transaction: Checked,
    /// Whether the txid is in the chain already.
    duplicate: bool,
    /// Whether a key read has another version now.
    stale: bool,
}

/// Validates every transaction of a block that [`Block::verify`] accepted, against the state before the block.
///
/// # Errors
/// [`StoreError`] where the state cannot be read; a bad transaction is no error but a [`Code`].
pub fn validate(
    block: &Block,
    config: &Config,
    msp: &Msp,
    state: &(impl Committed + Sync + ?Sized),
) -> Result<BlockVerdict, StoreError> {
    let checked = validate_stateless(core::slice::from_ref(block), config, msp).pop().unwrap_or_default();
    validate_mvcc(block, checked, state)
}

/// As [`validate`], for a block that this peer has validated before: the results of step 1 and of the policy are taken from
/// its codes.
///
/// # Errors
/// [`StoreError`].
pub fn revalidate(
    stored: &CommittedBlock,
    state: &(impl Committed + Sync + ?Sized),
) -> Result<BlockVerdict, StoreError> {
    let check = |(code, transaction): (Code, &Vec<u8>)| match code {
        Code::Valid | Code::DuplicateTxid | Code::EndorsementPolicyFailure | Code::MvccReadConflict => {
            let (_, Transaction { proposal, payload, .. }) = decode(transaction)?;
            let endorsed = code != Code::EndorsementPolicyFailure;
            Ok(Checked { txid: proposal.txid, rwset: payload.rwset, endorsed })
        }
        code => Err(code),
    };
    let codes = stored.metadata.codes.iter().copied();
    let checked = parallel::map(codes.zip(&stored.block.transactions).collect(), check);
    validate_mvcc(&stored.block, checked, state)
}

/// Step 1 and the policy of step 2, for each transaction of each of these blocks. They need no state, so all blocks are
/// validated at once.
pub(super) fn validate_stateless(blocks: &[Block], config: &Config, msp: &Msp) -> Vec<Vec<Result<Checked, Code>>> {
    let transactions = blocks.iter().flat_map(|block| &block.transactions).collect();
    let mut checked = parallel::map(transactions, |transaction| check(transaction, config, msp)).into_iter();
    blocks.iter().map(|block| checked.by_ref().take(block.transactions.len()).collect()).collect()
}

/// The rest of steps 2 to 4, in the order of the block.
pub(super) fn validate_mvcc(
    block: &Block,
    checked: Vec<Result<Checked, Code>>,
    state: &(impl Committed + Sync + ?Sized),
) -> Result<BlockVerdict, StoreError> {
    let mut verdict = BlockVerdict::default();
    let mut in_block = BTreeSet::new();
    for (tx, compared) in (0..).zip(compare_all(checked, state)) {
        let version = Version { block: block.header.number, tx };
        let code = match compared? {
            Err(code) => code,
            Ok(Compared { transaction: Checked { txid, rwset, endorsed }, duplicate, stale }) => {
                let code = if duplicate {
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
                // Of several transactions with one txid, the valid one is indexed, else the first.
                if !duplicate && (code == Code::Valid || !verdict.txids.contains_key(&txid)) {
                    verdict.txids.insert(txid, Outcome { version, code });
                }
                code
            }
        };
        verdict.codes.push(code);
    }
    Ok(verdict)
}

/// Compares each transaction with the state before the block.
fn compare_all(
    checked: Vec<Result<Checked, Code>>,
    state: &(impl Committed + Sync + ?Sized),
) -> Vec<Result<Result<Compared, Code>, StoreError>> {
    let compared = |check| match check {
        Ok(transaction) => compare(transaction, state).map(Ok),
        Err(code) => Ok(Err(code)),
    };
    // A few look-ups take less time than waking another core.
    if checked.len() < 64 { checked.into_iter().map(compared).collect() } else { parallel::map(checked, compared) }
}

/// Looks up the txid (step 2) and the versions read (step 4) in the state before the block.
fn compare(transaction: Checked, state: &(impl Committed + ?Sized)) -> Result<Compared, StoreError> {
    let duplicate = state.knows(&transaction.txid)?;
    let mut stale = false;
    for read in transaction.rwset.reads() {
        stale = stale || state.entry(&read.key)?.map(|entry| entry.version) != read.version;
    }
    Ok(Compared { transaction, duplicate, stale })
}

fn decode(bytes: &[u8]) -> Result<(SignedTransaction, Transaction), Code> {
    let signed = SignedTransaction::from_bytes(bytes).map_err(|_| Code::BadPayload)?;
    let transaction = Transaction::from_bytes(&signed.transaction).map_err(|_| Code::BadPayload)?;
    Ok((signed, transaction))
}

/// Step 1 and the policy of step 2.
fn check(bytes: &[u8], config: &Config, msp: &Msp) -> Result<Checked, Code> {
    let (signed, Transaction { proposal, payload, endorsements }) = decode(bytes)?;
    let creator = msp.validate(&proposal.creator).map_err(|_| Code::BadCreatorSignature)?;
    signed.verify(&creator).map_err(|_| Code::BadCreatorSignature)?;
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
    // The endorsements of one transaction are verified in parallel too, for the last transactions of a block.
    let signers = parallel::map(endorsements, |endorsement| {
        // An endorsement that does not verify is not counted; the others may still suffice.
        let member = msp.validate(&endorsement.endorser).ok()?;
        let good = member.role == Role::Peer && endorsement.verify(&signed, &member).is_ok();
        good.then_some(member)
    });
    let signers: Vec<Member> = signers.into_iter().flatten().collect();
    Ok(Checked { txid: proposal.txid, rwset: payload.rwset, endorsed: config.policy.satisfied_by(&signers) })
}
