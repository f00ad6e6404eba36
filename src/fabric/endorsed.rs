//! The check of an endorsed transaction, before its creator signs it.
//!
//! A gateway assembles the transaction, and the gateway may be malicious. The creator signs only what it has proposed
//! and what enough organisations have endorsed:
//!
//! ```text
//! header            = the header of the proposal
//! actions           = one, by the same creator
//! proposal          = the proposal without its transient data
//! proposal hash     = SHA-256(channel header || signature header || proposal)
//! response          = of this chaincode, accepted
//! each endorsement  : certificate of a peer, under the root of the organisation that it names;
//!                     signature over (response || endorser)
//! organisations     >= the number that the creator demands, of those that it lists
//! ```

use super::draft::{Draft, Endorsed, Proposed};
use super::identity::{Identity, IdentityProblem, Organisation};
use super::messages::{
    ChaincodeAction, ChaincodeActionPayload, Endorsement, MessageError, Payload, ProposalResponsePayload, Transaction,
    decode,
};
use crate::identity::{Certificate, IdentityError, Msp, Role, Signature};
use crate::time::{Millis, Seconds};
use std::collections::BTreeSet;

/// The longest transaction that a gateway may return, in bytes.
pub(super) const LIMIT: usize = 4 << 20;

/// What a creator demands of the endorsements.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endorsers {
    /// The organisations that may endorse.
    pub organisations: Vec<Organisation>,
    /// How many of them must have endorsed. The peers check the channel's policy; this number protects against a
    /// gateway that has endorsements of its own organisation only.
    pub at_least: usize,
}

/// Why an endorsed transaction is not to be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndorsedError {
    /// A part cannot be decoded.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A part is not the one that was proposed.
    #[error("the gateway changed the {0}")]
    Changed(&'static str),
    /// The endorsers did not accept the call.
    #[error("the endorsers answered with status {0}")]
    Status(i32),
    /// An endorser's identity cannot be read.
    #[error("endorser: {0}")]
    Identity(#[from] IdentityProblem),
    /// An endorser's certificate or signature does not hold.
    #[error("endorser of {mspid}: {source}")]
    Endorser {
        /// The organisation that the endorser names.
        mspid: String,
        /// Why.
        source: IdentityError,
    },
    /// An endorser names an organisation that is not listed.
    #[error("endorser of {0}, which is not one of the endorsing organisations")]
    UnknownOrganisation(String),
    /// Too few organisations endorsed.
    #[error("endorsed by {got} organisations where {needed} are demanded")]
    TooFew {
        /// The number that is demanded.
        needed: usize,
        /// The number of distinct organisations.
        got: usize,
    },
}

/// Checks the transaction in `payload` against its proposal, and prepares it for the creator's signature.
///
/// # Errors
/// [`EndorsedError`].
pub fn check(
    proposed: &Proposed,
    payload: Vec<u8>,
    endorsers: &Endorsers,
    now: Millis,
) -> Result<Draft<Endorsed>, EndorsedError> {
    let changed = EndorsedError::Changed;
    let content: Payload = decode("transaction", &payload, LIMIT)?;
    if content.header.as_ref() != Some(&proposed.header) {
        return Err(changed("header"));
    }
    let transaction: Transaction = decode("transaction", &content.data, LIMIT)?;
    let [action] = transaction.actions.as_slice() else { return Err(changed("number of actions")) };
    if action.header != proposed.header.signature_header {
        return Err(changed("creator of the action"));
    }
    let action: ChaincodeActionPayload = decode("action", &action.payload, LIMIT)?;
    if action.proposal != proposed.visible {
        return Err(changed("proposal"));
    }
    let endorsed = action.action.ok_or(MessageError::missing("response"))?;
    let response: ProposalResponsePayload = decode("response", &endorsed.response, LIMIT)?;
    if response.proposal_hash != proposed.hash().0 {
        return Err(changed("hash of the proposal"));
    }
    let result: ChaincodeAction = decode("result", &response.extension, LIMIT)?;
    if result.chaincode_id.is_none_or(|chaincode| chaincode.name != proposed.chaincode) {
        return Err(changed("chaincode"));
    }
    let answer = result.response.ok_or(MessageError::missing("answer"))?;
    if !(200..400).contains(&answer.status) {
        return Err(EndorsedError::Status(answer.status));
    }
    let mut organisations = BTreeSet::new();
    for endorsement in &endorsed.endorsements {
        organisations.insert(endorsers.check(endorsement, &endorsed.response, now.seconds())?);
    }
    if organisations.len() < endorsers.at_least {
        return Err(EndorsedError::TooFew { needed: endorsers.at_least, got: organisations.len() });
    }
    let endorsed = Endorsed {
        txid: proposed.txid,
        channel: proposed.channel.clone(),
        organisations: organisations.into_iter().collect(),
        value: answer.payload,
    };
    Ok(Draft::new(payload, endorsed))
}

impl Endorsers {
    /// Checks one endorsement of `response`. Returns the organisation.
    fn check(&self, endorsement: &Endorsement, response: &[u8], now: Seconds) -> Result<String, EndorsedError> {
        let Identity { mspid, certificate } = Identity::read(&endorsement.endorser)?;
        let Some(organisation) = self.organisations.iter().find(|organisation| organisation.mspid == mspid) else {
            return Err(EndorsedError::UnknownOrganisation(mspid));
        };
        let checked = is_peer(&certificate, &organisation.root, now).and_then(|()| {
            let signature = Signature::from_der(&endorsement.signature)?;
            let signed = [response, &endorsement.endorser].concat();
            certificate.verifying_key().verify(&signed, &signature)
        });
        match checked {
            Ok(()) => Ok(mspid),
            Err(source) => Err(EndorsedError::Endorser { mspid, source }),
        }
    }
}

/// Checks that `root` issued the certificate, for a peer, and that it is valid at `now`. It does not check revocations:
/// Fabric's peers refuse endorsements under a revoked certificate when they validate the block.
fn is_peer(certificate: &Certificate, root: &Certificate, now: Seconds) -> Result<(), IdentityError> {
    let mut msp = Msp::new();
    let group = msp.trust(root)?;
    match msp.validate_at(certificate, now)?.role {
        Role::Peer => Ok(()),
        role => Err(IdentityError::WrongRole { group, role }),
    }
}

#[cfg(test)]
mod tests;
