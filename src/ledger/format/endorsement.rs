//! What an endorser answers, and how the answers become a transaction.
//!
//! Paper: section 3.2, "responds to hospital DApp by adding the result value and its own signature". Semantics:
//! Fabric's (core/endorser/endorser.go, protoutil/txutils.go).
//!
//! ```text
//! Payload            = SHA-256(proposal), response, read-write set
//! Endorsement        = endorser, Sign(endorser; Payload || endorser)
//! Transaction        = proposal, Payload, endorsements
//! SignedTransaction  = Transaction, Sign(creator; Transaction)           Fabric's envelope
//! ```

use super::proposal::Proposal;
use super::rwset::ReadWriteSet;
use crate::error::DecodeError;
use crate::hash::Digest;
use crate::identity::{Certificate, IdentityError, Member, Signature, SigningKey, VerifyingKey};
use crate::wire::{Reader, Wire, Writer};

/// The longest response of a contract in bytes.
pub const RESPONSE_LIMIT: u32 = 64 * 1024;
/// The most endorsements of one transaction.
pub const ENDORSEMENTS_LIMIT: u32 = 64;
/// The longest signed transaction that is decoded, in bytes. A channel's own limit is lower.
pub const TRANSACTION_BYTES_LIMIT: u32 = 16 << 20;

/// The result of a simulation: equal bytes from all honest endorsers at the same height.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payload {
    /// SHA-256 of the proposal.
    pub proposal: Digest,
    /// What the contract returned.
    pub response: Vec<u8>,
    /// What the contract read and wrote.
    pub rwset: ReadWriteSet,
}

/// One endorser's signature over a payload. About 700 bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endorsement {
    /// Who signed.
    pub endorser: Certificate,
    /// r || s over payload || endorser, unchecked.
    pub signature: [u8; 64],
}

impl Endorsement {
    /// Signs the bytes of a payload.
    pub fn sign(payload: &[u8], endorser: &Certificate, key: &SigningKey) -> Self {
        Self { endorser: endorser.clone(), signature: *key.sign(&signed_bytes(payload, endorser)).as_bytes() }
    }

    /// Checks the signature over the bytes of a payload by the key of `endorser`.
    ///
    /// # Errors
    /// [`IdentityError::BadSignature`], [`IdentityError::HighS`].
    pub fn verify(&self, payload: &[u8], endorser: &Member) -> Result<(), IdentityError> {
        verify(&endorser.verifying_key, &signed_bytes(payload, &self.endorser), &self.signature)
    }
}

/// An endorser's answer to a proposal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endorsed {
    /// The result of the simulation.
    pub payload: Payload,
    /// The endorser's signature over it.
    pub endorsement: Endorsement,
}

/// Why a transaction is not assembled or not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssembleError {
    /// No endorser answered.
    #[error("no endorsements")]
    Nothing,
    /// The results of two endorsers differ.
    #[error("endorsers {0:?} and {1:?} came to different results")]
    Diverge(Certificate, Certificate),
    /// One endorser answered twice.
    #[error("two answers of endorser {0:?}")]
    Twice(Certificate),
    /// The answers are to another proposal.
    #[error("the endorsements belong to another proposal")]
    OtherProposal,
    /// The signing key is not the creator's.
    #[error("the signer is not the creator of the proposal")]
    NotTheCreator,
}

/// A proposal with the answers of its endorsers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transaction {
    /// What was proposed.
    pub proposal: Proposal,
    /// The result of the simulation.
    pub payload: Payload,
    /// The endorsers' signatures over the payload.
    pub endorsements: Vec<Endorsement>,
}

impl Transaction {
    /// Makes a transaction of the answers of distinct endorsers, if their payloads are equal.
    ///
    /// # Errors
    /// [`AssembleError`].
    pub fn assemble(proposal: Proposal, answers: Vec<Endorsed>) -> Result<Self, AssembleError> {
        let Some(first) = answers.first().cloned() else { return Err(AssembleError::Nothing) };
        if first.payload.proposal != proposal.digest() {
            return Err(AssembleError::OtherProposal);
        }
        let mut endorsements: Vec<Endorsement> = Vec::with_capacity(answers.len());
        for Endorsed { payload, endorsement } in answers {
            if payload != first.payload {
                return Err(AssembleError::Diverge(first.endorsement.endorser, endorsement.endorser));
            }
            let id = endorsement.endorser.subject().id;
            if endorsements.iter().any(|known| known.endorser.subject().id == id) {
                return Err(AssembleError::Twice(endorsement.endorser));
            }
            endorsements.push(endorsement);
        }
        Ok(Self { proposal, payload: first.payload, endorsements })
    }

    /// Signs the transaction as its creator.
    ///
    /// # Errors
    /// [`AssembleError::NotTheCreator`].
    pub fn sign(&self, key: &SigningKey) -> Result<SignedTransaction, AssembleError> {
        if key.verifying_key() != *self.proposal.creator.verifying_key() {
            return Err(AssembleError::NotTheCreator);
        }
        let transaction = self.to_bytes();
        let signature = *key.sign(&transaction).as_bytes();
        Ok(SignedTransaction { transaction, signature })
    }
}

/// A signed transaction as it goes through the orderer into a block: Fabric's envelope.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedTransaction {
    /// Bytes that are not validated yet: a dishonest creator can sign anything, not only the encoding of a
    /// [`Transaction`].
    pub transaction: Vec<u8>,
    /// r || s of the creator over `transaction`, unchecked.
    pub signature: [u8; 64],
}

/// The bytes of a transaction after its proposal.
#[derive(Debug)]
pub(in crate::ledger) struct Rest<'a>(Reader<'a>);

impl Rest<'_> {
    /// The payload and the endorsements.
    pub(in crate::ledger) fn decode(mut self) -> Result<(Payload, Vec<Endorsement>), DecodeError> {
        let rest = (Payload::read(&mut self.0)?, self.0.list("endorsements", ENDORSEMENTS_LIMIT)?);
        self.0.end(Transaction::NAME)?;
        Ok(rest)
    }
}

impl SignedTransaction {
    /// Decodes the proposal, which comes first in a transaction, and nothing behind it.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn proposal(&self) -> Result<Proposal, DecodeError> {
        self.split().map(|(proposal, _)| proposal)
    }

    /// As [`proposal`](Self::proposal), and the rest for later.
    pub(in crate::ledger) fn split(&self) -> Result<(Proposal, Rest<'_>), DecodeError> {
        let mut input = Reader::new(&self.transaction);
        Ok((Proposal::read(&mut input)?, Rest(input)))
    }

    /// Checks the creator's signature.
    ///
    /// # Errors
    /// [`IdentityError::BadSignature`], [`IdentityError::HighS`].
    pub fn verify(&self, creator: &Member) -> Result<(), IdentityError> {
        verify(&creator.verifying_key, &self.transaction, &self.signature)
    }
}

/// Verifies a signature r || s; s must be low.
pub(in crate::ledger) fn verify(key: &VerifyingKey, message: &[u8], signature: &[u8; 64]) -> Result<(), IdentityError> {
    key.verify(message, &Signature::from_bytes(signature)?)
}

/// The bytes that an endorser or orderer signs: the content, then its own certificate.
pub(super) fn signed_bytes(content: &[u8], signer: &Certificate) -> Vec<u8> {
    [content, signer.der()].concat()
}

impl Wire for Payload {
    const NAME: &'static str = "response payload";

    fn write(&self, out: &mut Writer) {
        self.proposal.write(out);
        out.bytes(&self.response);
        self.rwset.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            proposal: Digest::read(input)?,
            response: input.bytes("response", RESPONSE_LIMIT)?.to_vec(),
            rwset: ReadWriteSet::read(input)?,
        })
    }
}

impl Wire for Endorsement {
    const NAME: &'static str = "endorsement";

    fn write(&self, out: &mut Writer) {
        self.endorser.write(out);
        out.raw(&self.signature);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { endorser: Certificate::read(input)?, signature: input.array("signature")? })
    }
}

impl Wire for Transaction {
    const NAME: &'static str = "transaction";

    fn write(&self, out: &mut Writer) {
        self.proposal.write(out);
        self.payload.write(out);
        out.list(&self.endorsements);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            proposal: Proposal::read(input)?,
            payload: Payload::read(input)?,
            endorsements: input.list("endorsements", ENDORSEMENTS_LIMIT)?,
        })
    }
}

impl Wire for SignedTransaction {
    // The test vectors name the type by Fabric's word.
    const NAME: &'static str = "envelope";

    fn write(&self, out: &mut Writer) {
        out.bytes(&self.transaction).raw(&self.signature);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            transaction: input.bytes("transaction", TRANSACTION_BYTES_LIMIT)?.to_vec(),
            signature: input.array("signature")?,
        })
    }
}
