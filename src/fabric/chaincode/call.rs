//! One call of the contract: what the proposal says, and what the contract answers.
//!
//! ```text
//! Transaction (args, signed proposal)  ->  creator, time, transient data
//! ["invoke", action]                   ->  Contract::invoke; its writes; Contract::event
//! ["query", question]                  ->  Contract::query; no writes
//! ```
//!
//! | status | meaning |
//! |---|---|
//! | 200 | the value of the contract |
//! | 400 | the contract refused; the message is the text of the [`ContractRefusal`](crate::ledger::ContractRefusal) |
//! | 403 | the creator's organisation may not issue the role or the organisation in the certificate |
//! | 500 | the call is malformed, or the peer did not answer |
//!
//! A peer has checked the creator's signature, and that the certificate is valid in the organisation that the proposal
//! names. The chaincode checks which role and organisation this organisation's certificates may state.

use super::state::RemoteState;
use crate::fabric::identity::{Identity, IdentityProblem};
use crate::fabric::messages::{
    ChaincodeEvent, ChaincodeInput, ChaincodeMessage, ChaincodeProposalPayload, ChannelHeader, Header, Kind,
    MessageError, Proposal, Response, SignatureHeader, Timestamp, decode,
};
use crate::identity::{IdentityError, Organisations};
use crate::ledger::{Contract, Invocation, InvokeError, Transient};
use crate::time::Millis;
use prost::Message;

/// The longest message that is read, in bytes. A message contains an action twice, a certificate and transient data.
pub(super) const MESSAGE_LIMIT: usize = 512 << 10;

/// Why a call was not answered with a value.
#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error(transparent)]
    Invoke(#[from] InvokeError),
    #[error("creator: {0}")]
    Creator(#[from] IdentityError),
    #[error("creator: {0}")]
    Identity(#[from] IdentityProblem),
    #[error(transparent)]
    Message(#[from] MessageError),
    #[error("{0} of proposal and call differ")]
    Differs(&'static str),
    #[error("the arguments are not \"invoke\" and an action, or \"query\" and a question")]
    Arguments,
}

impl CallError {
    const fn status(&self) -> i32 {
        match self {
            Self::Invoke(InvokeError::Refused(_)) => 400,
            Self::Creator(_) | Self::Identity(_) => 403,
            Self::Invoke(InvokeError::State(_)) | Self::Message(_) | Self::Differs(_) | Self::Arguments => 500,
        }
    }
}

/// Runs one call to its end. If the contract did not refuse, the peer then has all writes. `batch`: the most writes in
/// one message; 0 for a message for each write.
pub(super) fn run(
    contract: &dyn Contract,
    organisations: &Organisations,
    message: &ChaincodeMessage,
    mut state: RemoteState,
    batch: usize,
) -> ChaincodeMessage {
    let (response, event) = match answer(contract, organisations, message, &mut state, batch) {
        Ok((payload, event)) => (Response { status: 200, message: String::new(), payload }, event),
        Err(error) => (Response { status: error.status(), message: error.to_string(), payload: Vec::new() }, None),
    };
    ChaincodeMessage {
        kind: Kind::Completed.into(),
        payload: response.encode_to_vec(),
        txid: message.txid.clone(),
        channel_id: message.channel_id.clone(),
        event,
        proposal: None,
    }
}

type Answer = (Vec<u8>, Option<ChaincodeEvent>);

fn answer(
    contract: &dyn Contract,
    organisations: &Organisations,
    message: &ChaincodeMessage,
    state: &mut RemoteState,
    batch: usize,
) -> Result<Answer, CallError> {
    let input: ChaincodeInput = decode("arguments", &message.payload, MESSAGE_LIMIT)?;
    let proposed = Proposed::read(message)?;
    let creator = organisations.member_proved_by_peer(&proposed.identity.mspid, &proposed.identity.certificate)?;
    match input.args.as_slice() {
        [function, action] if function == b"invoke" => {
            let call = Invocation {
                creator: &creator,
                certificate: &proposed.identity.certificate,
                timestamp: proposed.timestamp,
                transient: &proposed.transient,
                action,
            };
            let value = contract.invoke(state, &call)?;
            state.finish(batch).map_err(InvokeError::from)?;
            let event = contract.event(&call);
            Ok((value, event.map(|(name, payload)| ChaincodeEvent { name, payload, ..ChaincodeEvent::default() })))
        }
        [function, question] if function == b"query" => Ok((contract.query(state, question)?, None)),
        _ => Err(CallError::Arguments),
    }
}

/// The content of a proposal.
struct Proposed {
    identity: Identity,
    timestamp: Millis,
    transient: Transient,
}

impl Proposed {
    fn read(message: &ChaincodeMessage) -> Result<Self, CallError> {
        let missing = MessageError::missing;
        let signed = message.proposal.as_ref().ok_or(missing("proposal"))?;
        let proposal: Proposal = decode("proposal", &signed.proposal, MESSAGE_LIMIT)?;
        let header: Header = decode("header", &proposal.header, MESSAGE_LIMIT)?;
        let channel: ChannelHeader = decode("channel header", &header.channel_header, MESSAGE_LIMIT)?;
        let signature: SignatureHeader = decode("signature header", &header.signature_header, MESSAGE_LIMIT)?;
        let content: ChaincodeProposalPayload = decode("proposal's payload", &proposal.payload, MESSAGE_LIMIT)?;
        if channel.txid != message.txid {
            return Err(CallError::Differs("txid"));
        }
        if channel.channel_id != message.channel_id {
            return Err(CallError::Differs("channel"));
        }
        let mut transient = Transient::default();
        for (name, value) in content.transient {
            transient.insert(&name, value);
        }
        let timestamp = channel.timestamp.and_then(Timestamp::millis).ok_or(missing("time"))?;
        Ok(Self { identity: Identity::read(&signature.creator)?, timestamp, transient })
    }
}
