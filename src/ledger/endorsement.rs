//! What an endorser answers, and how the answers become a transaction.
//!
//! Paper: section 3.2, "responds to hospital DApp by adding the result value and its own signature". Semantics:
//! Fabric's (core/endorser/endorser.go, protoutil/txutils.go).
//!
//! ```text
//! Payload      = SHA-256(proposal), response, read-write set
//! Endorsement  = endorser, Sign(endorser; Payload || endorser)
//! Transaction  = proposal, Payload, endorsements
//! Envelope     = Transaction, Sign(creator; Transaction)
//! ```

use super::proposal::Proposal;
use super::state::ReadWriteSet;
use crate::error::DecodeError;
use crate::hash::Digest;
use crate::identity::{Certificate, IdentityError, Member, Signature, SigningKey};
use crate::wire::{Reader, Wire, Writer};

/// The longest response of a contract in bytes.
pub const RESPONSE_LIMIT: u32 = 64 * 1024;
/// The most endorsements of one transaction.
pub const ENDORSEMENTS_LIMIT: u32 = 64;
/// The longest envelope that is decoded, in bytes. A channel's own limit is lower.
pub const ENVELOPE_LIMIT: u32 = 16 << 20;

/// The outcome of a simulation: equal bytes from all honest endorsers at the same height.
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
    /// What it computed.
    pub payload: Payload,
    /// That it computed it.
    pub endorsement: Endorsement,
}

/// Why answers do not make a transaction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssembleError {
    /// No endorser answered.
    #[error("no endorsements")]
    Nothing,
    /// Two endorsers came to different results.
    #[error("endorsers {0:?} and {1:?} came to different results")]
    Diverge(Certificate, Certificate),
    /// One endorser answered twice.
    #[error("two answers of endorser {0:?}")]
    Twice(Certificate),
    /// The answers are to another proposal.
    #[error("the endorsements belong to another proposal")]
    OtherProposal,
    /// The key that is to sign is not the creator's.
    #[error("the signer is not the creator of the proposal")]
    NotTheCreator,
}

/// A proposal with the answers of its endorsers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transaction {
    /// What was proposed.
    pub proposal: Proposal,
    /// What came of it.
    pub payload: Payload,
    /// Who says so.
    pub endorsements: Vec<Endorsement>,
}

impl Transaction {
    /// Puts the answers of distinct endorsers together, if they are equal to the byte.
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

    /// Signs the transaction for the orderer.
    ///
    /// # Errors
    /// [`AssembleError::NotTheCreator`].
    pub fn sign(&self, key: &SigningKey) -> Result<Envelope, AssembleError> {
        if key.verifying_key() != *self.proposal.creator.verifying_key() {
            return Err(AssembleError::NotTheCreator);
        }
        let transaction = self.to_bytes();
        let signature = *key.sign(&transaction).as_bytes();
        Ok(Envelope { transaction, signature })
    }
}

/// A signed transaction as it goes through the orderer into a block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Envelope {
    /// The encoding of a [`Transaction`], as long as the creator is honest.
    pub transaction: Vec<u8>,
    /// r || s of the creator over it, unchecked.
    pub signature: [u8; 64],
}

impl Envelope {
    /// The proposal, which stands first; the rest is not looked at.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn proposal(&self) -> Result<Proposal, DecodeError> {
        Proposal::read(&mut Reader::new(&self.transaction))
    }

    /// Checks the creator's signature.
    ///
    /// # Errors
    /// [`IdentityError::BadSignature`], [`IdentityError::HighS`].
    pub fn verify(&self, creator: &Member) -> Result<(), IdentityError> {
        verify(&creator.verifying_key, &self.transaction, &self.signature)
    }
}

/// Checks r || s, low-S included.
pub(super) fn verify(
    key: &crate::identity::VerifyingKey,
    message: &[u8],
    signature: &[u8; 64],
) -> Result<(), IdentityError> {
    key.verify(message, &Signature::from_bytes(signature)?)
}

/// What an endorser or orderer signs: the content, then its own certificate.
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

impl Wire for Envelope {
    const NAME: &'static str = "envelope";

    fn write(&self, out: &mut Writer) {
        out.bytes(&self.transaction).raw(&self.signature);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            transaction: input.bytes("transaction", ENVELOPE_LIMIT)?.to_vec(),
            signature: input.array("signature")?,
        })
    }
}
