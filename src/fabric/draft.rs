//! What a participant signs for Fabric: proposals, endorsed transactions and requests to a gateway.
//!
//! ```text
//! Draft<T>  = bytes to be signed, and their content       made here, or by a gateway from endorsements
//! Signed<T> = the same bytes with a signature             made by a private key here, or by a signature from elsewhere
//! ```
//!
//! The private key need not be in the process that talks to a gateway: [`Draft::bytes`] are the bytes for the holder of
//! the key, and [`Draft::signed`] takes the holder's signature.

use super::identity::{Identity, txid};
use super::messages::{
    ChaincodeEventsRequest, ChaincodeHeaderExtension, ChaincodeId, ChaincodeInput, ChaincodeInvocationSpec,
    ChaincodeProposalPayload, ChaincodeSpec, ChannelHeader, CommitStatusRequest, Envelope, Header, Proposal,
    SeekPosition, SeekSpecified, SignatureHeader, SignedProposal,
};
use crate::hash::{Digest, sha256};
use crate::identity::{IdentityError, Signature, SigningKey};
use crate::ledger::{Nonce, Transient, TxId};
use crate::time::Millis;
use prost::Message;

/// Bytes to be signed. `T` is their content.
#[derive(Clone, PartialEq, Debug)]
pub struct Draft<T> {
    bytes: Vec<u8>,
    content: T,
}

/// Bytes with a signature. The receiver must check that the signature is valid for the bytes.
#[derive(Clone, PartialEq, Debug)]
pub struct Signed<T> {
    bytes: Vec<u8>,
    signature: Signature,
    /// The signature in DER, as Fabric reads it.
    der: Vec<u8>,
    content: T,
}

impl<T> Draft<T> {
    pub(super) const fn new(bytes: Vec<u8>, content: T) -> Self {
        Self { bytes, content }
    }

    /// The bytes to be signed, by ECDSA on P-256 with SHA-256 and a low s.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The content of the bytes.
    pub const fn content(&self) -> &T {
        &self.content
    }

    /// Adds a signature that was made elsewhere.
    ///
    /// # Errors
    /// [`IdentityError`] where the signature cannot be written in DER, which is not known to happen.
    pub fn signed(self, signature: Signature) -> Result<Signed<T>, IdentityError> {
        Ok(Signed { bytes: self.bytes, signature, der: signature.to_der()?, content: self.content })
    }

    /// Signs with `key`.
    ///
    /// # Errors
    /// As [`signed`](Self::signed).
    pub fn sign(self, key: &SigningKey) -> Result<Signed<T>, IdentityError> {
        let signature = key.sign(&self.bytes);
        self.signed(signature)
    }
}

impl<T> Signed<T> {
    /// The content of the signed bytes.
    pub const fn content(&self) -> &T {
        &self.content
    }

    /// The signature.
    pub const fn signature(&self) -> Signature {
        self.signature
    }

    /// The bytes and the signature in DER.
    pub(super) fn parts(&self) -> (Vec<u8>, Vec<u8>) {
        (self.bytes.clone(), self.der.clone())
    }
}

/// A call that is to be proposed.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The channel.
    pub channel: &'a str,
    /// The chaincode.
    pub chaincode: &'a str,
    /// The arguments; the first one names the function.
    pub args: &'a [&'a [u8]],
    /// Data for the endorsers alone, which reaches no block.
    pub transient: &'a Transient,
}

/// A proposal: a call by a creator at a time, under a txid.
#[derive(Clone, PartialEq, Debug)]
pub struct Proposed {
    /// The txid: SHA-256(nonce || creator).
    pub txid: TxId,
    /// The channel.
    pub channel: String,
    /// The chaincode.
    pub chaincode: String,
    pub(super) header: Header,
    /// The call without the transient data, as a block will contain it.
    pub(super) visible: Vec<u8>,
}

impl Proposed {
    /// The proposal hash of the endorsers: SHA-256 of both headers and of the call without its transient data
    /// (protoutil/txutils.go, `GetProposalHash1`).
    pub(super) fn hash(&self) -> Digest {
        sha256(&[&self.header.channel_header, &self.header.signature_header, &self.visible])
    }
}

impl Draft<Proposed> {
    /// A proposal of `call` by `creator`, under the txid of `nonce` and `creator`. `nonce` must be fresh.
    ///
    /// # Errors
    /// [`IdentityError`] where the certificate cannot be written in PEM, which is not known to happen.
    pub fn propose(call: &Call<'_>, creator: &Identity, nonce: &Nonce, now: Millis) -> Result<Self, IdentityError> {
        let creator = creator.to_bytes()?;
        let txid = txid(nonce, &creator);
        let chaincode = Some(ChaincodeId { name: call.chaincode.to_owned() });
        let channel_header = ChannelHeader {
            kind: ChannelHeader::ENDORSER_TRANSACTION,
            timestamp: Some(now.into()),
            channel_id: call.channel.to_owned(),
            txid: txid.to_string(),
            extension: ChaincodeHeaderExtension { chaincode_id: chaincode.clone() }.encode_to_vec(),
        };
        let header = Header {
            channel_header: channel_header.encode_to_vec(),
            signature_header: SignatureHeader { creator, nonce: nonce.0.to_vec() }.encode_to_vec(),
        };
        let args = call.args.iter().map(|arg| arg.to_vec()).collect();
        let spec = ChaincodeSpec { chaincode_id: chaincode, input: Some(ChaincodeInput { args }) };
        let input = ChaincodeInvocationSpec { spec: Some(spec) }.encode_to_vec();
        let mut payload = ChaincodeProposalPayload { input, ..ChaincodeProposalPayload::default() };
        let visible = payload.encode_to_vec();
        payload.transient = call.transient.iter().map(|(name, value)| (name.to_owned(), value.to_vec())).collect();
        let bytes = Proposal { header: header.encode_to_vec(), payload: payload.encode_to_vec() }.encode_to_vec();
        let (channel, chaincode) = (call.channel.to_owned(), call.chaincode.to_owned());
        Ok(Self::new(bytes, Proposed { txid, channel, chaincode, header, visible }))
    }
}

impl Signed<Proposed> {
    pub(super) fn message(&self) -> SignedProposal {
        let (proposal, signature) = self.parts();
        SignedProposal { proposal, signature }
    }
}

/// An endorsed transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endorsed {
    /// The txid.
    pub txid: TxId,
    /// The channel.
    pub channel: String,
    /// The organisations that endorsed the transaction, each once.
    pub organisations: Vec<String>,
    /// What the contract answered.
    pub value: Vec<u8>,
}

impl Signed<Endorsed> {
    pub(super) fn message(&self) -> Envelope {
        let (payload, signature) = self.parts();
        Envelope { payload, signature }
    }
}

/// The question for the verdict on a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AskedStatus {
    /// The transaction.
    pub txid: TxId,
}

impl Draft<AskedStatus> {
    /// Asks, as `identity`, for the verdict on a transaction of `channel`.
    ///
    /// # Errors
    /// As [`Draft::propose`].
    pub fn status(channel: &str, txid: TxId, identity: &Identity) -> Result<Self, IdentityError> {
        let (transaction, identity) = (txid.to_string(), identity.to_bytes()?);
        let request = CommitStatusRequest { txid: transaction, channel_id: channel.to_owned(), identity };
        Ok(Self::new(request.encode_to_vec(), AskedStatus { txid }))
    }
}

/// The request for the events of a chaincode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AskedEvents {
    /// The first block; `None`: the next one.
    pub from: Option<u64>,
}

impl Draft<AskedEvents> {
    /// Asks, as `identity`, for the events of `chaincode`, from block `from` on or from the next one.
    ///
    /// # Errors
    /// As [`Draft::propose`].
    pub fn events(
        channel: &str,
        chaincode: &str,
        from: Option<u64>,
        identity: &Identity,
    ) -> Result<Self, IdentityError> {
        let request = ChaincodeEventsRequest {
            channel_id: channel.to_owned(),
            chaincode_id: chaincode.to_owned(),
            identity: identity.to_bytes()?,
            start: from.map(|number| SeekPosition { specified: Some(SeekSpecified { number }) }),
        };
        Ok(Self::new(request.encode_to_vec(), AskedEvents { from }))
    }
}
