//! The messages that a chaincode and a client exchange with a peer of Hyperledger Fabric: only the fields that are
//! used.
//!
//! Written by hand for `prost`, so that neither `protoc` nor a build script is needed. Each message names its type and
//! file in hyperledger/fabric-protos. A decoder skips unknown fields. Bytes from the network are decoded by [`decode`]
//! alone, which checks their length first.

use crate::time::Millis;
use prost::Message;
use std::collections::HashMap;

/// Why a message was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The message is longer than the limit.
    #[error("{what}: {got} bytes, more than the limit of {limit}")]
    TooLong {
        /// The message.
        what: &'static str,
        /// The limit in bytes.
        limit: usize,
        /// The length in bytes.
        got: usize,
    },
    /// The bytes are not a message of this type.
    #[error("{what}: malformed")]
    Malformed {
        /// The message.
        what: &'static str,
    },
    /// A part that the message needs is missing.
    #[error("{what}: missing")]
    Missing {
        /// The part.
        what: &'static str,
    },
}

impl MessageError {
    pub(super) const fn missing(what: &'static str) -> Self {
        Self::Missing { what }
    }
}

/// Decodes a message of at most `limit` bytes.
///
/// # Errors
/// [`MessageError::TooLong`], [`MessageError::Malformed`].
pub fn decode<M: Message + Default>(what: &'static str, bytes: &[u8], limit: usize) -> Result<M, MessageError> {
    if bytes.len() > limit {
        return Err(MessageError::TooLong { what, limit, got: bytes.len() });
    }
    M::decode(bytes).map_err(|_| MessageError::Malformed { what })
}

/// What a message of the chaincode's stream is: `protos.ChaincodeMessage.Type` (peer/chaincode_shim.proto).
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub enum Kind {
    /// No kind.
    Undefined = 0,
    /// Chaincode to peer: the identifier of its package.
    Register = 1,
    /// Peer to chaincode: the identifier is accepted.
    Registered = 2,
    /// Peer to chaincode: the first call of the lifecycle before Fabric 2.
    Init = 3,
    /// Peer to chaincode: the peer may send calls from now on.
    Ready = 4,
    /// Peer to chaincode: a call.
    Transaction = 5,
    /// Chaincode to peer: the result of a call.
    Completed = 6,
    /// In both directions: a call or a question failed.
    Error = 7,
    /// Chaincode to peer: a request for the value of a key.
    GetState = 8,
    /// Chaincode to peer: a request to write a key.
    PutState = 9,
    /// Peer to chaincode: the answer to a question.
    Response = 13,
    /// In both directions: the connection is alive.
    Keepalive = 18,
    /// Chaincode to peer: a request to write several keys.
    WriteBatchState = 24,
}

/// Seconds and nanoseconds since 1970. `google.protobuf.Timestamp`.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct Timestamp {
    /// Seconds.
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    /// Nanoseconds.
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

/// A message between peer and chaincode, over one stream for all calls.
///
/// `protos.ChaincodeMessage` (peer/chaincode_shim.proto).
#[derive(Clone, PartialEq, Message)]
pub struct ChaincodeMessage {
    /// What the message is.
    #[prost(enumeration = "Kind", tag = "1")]
    pub kind: i32,
    /// The message of this kind.
    #[prost(bytes = "vec", tag = "3")]
    pub payload: Vec<u8>,
    /// The transaction.
    #[prost(string, tag = "4")]
    pub txid: String,
    /// The signed proposal; only in calls.
    #[prost(message, optional, tag = "5")]
    pub proposal: Option<SignedProposal>,
    /// The event of a completed call.
    #[prost(message, optional, tag = "6")]
    pub event: Option<ChaincodeEvent>,
    /// The channel.
    #[prost(string, tag = "7")]
    pub channel_id: String,
}

/// A message without its content, as a message that is too long is read.
///
/// `protos.ChaincodeMessage` (peer/chaincode_shim.proto).
#[derive(Clone, PartialEq, Message)]
pub struct MessageHead {
    /// What the message is.
    #[prost(enumeration = "Kind", tag = "1")]
    pub kind: i32,
    /// The transaction.
    #[prost(string, tag = "4")]
    pub txid: String,
    /// The channel.
    #[prost(string, tag = "7")]
    pub channel_id: String,
}

/// An event of a valid transaction. The peer fills in chaincode and txid.
///
/// `protos.ChaincodeEvent` (peer/chaincode_event.proto).
#[derive(Clone, PartialEq, Message)]
pub struct ChaincodeEvent {
    /// The chaincode.
    #[prost(string, tag = "1")]
    pub chaincode_id: String,
    /// The transaction.
    #[prost(string, tag = "2")]
    pub txid: String,
    /// The name of the event.
    #[prost(string, tag = "3")]
    pub name: String,
    /// The content of the event.
    #[prost(bytes = "vec", tag = "4")]
    pub payload: Vec<u8>,
}

/// What a peer of Fabric 3.1 or later offers: the payload of [`Kind::Ready`].
///
/// `protos.ChaincodeAdditionalParams` (peer/chaincode_shim.proto).
#[derive(Clone, PartialEq, Message)]
pub struct AdditionalParams {
    /// Whether the peer takes [`WriteBatchState`].
    #[prost(bool, tag = "1")]
    pub use_write_batch: bool,
    /// The most writes of a batch.
    #[prost(uint32, tag = "2")]
    pub max_size_write_batch: u32,
}

/// The request for the value of a key. `protos.GetState` (peer/chaincode_shim.proto).
#[derive(Clone, PartialEq, Message)]
pub struct GetState {
    /// The key.
    #[prost(string, tag = "1")]
    pub key: String,
}

/// The request to write a key. `protos.PutState` (peer/chaincode_shim.proto).
#[derive(Clone, PartialEq, Message)]
pub struct PutState {
    /// The key.
    #[prost(string, tag = "1")]
    pub key: String,
    /// The value.
    #[prost(bytes = "vec", tag = "2")]
    pub value: Vec<u8>,
}

/// The request to write several keys. `protos.WriteBatchState` (peer/chaincode_shim.proto).
#[derive(Clone, PartialEq, Message)]
pub struct WriteBatchState {
    /// The writes.
    #[prost(message, repeated, tag = "1")]
    pub records: Vec<WriteRecord>,
}

/// One write of a batch. `protos.WriteRecord` (peer/chaincode_shim.proto).
#[derive(Clone, PartialEq, Message)]
pub struct WriteRecord {
    /// The key.
    #[prost(string, tag = "1")]
    pub key: String,
    /// The value.
    #[prost(bytes = "vec", tag = "2")]
    pub value: Vec<u8>,
    /// [`Kind::PutState`].
    #[prost(int32, tag = "5")]
    pub kind: i32,
}

/// The name of a chaincode, or the identifier of a package. `protos.ChaincodeID` (peer/chaincode.proto).
#[derive(Clone, PartialEq, Message)]
pub struct ChaincodeId {
    /// The name.
    #[prost(string, tag = "2")]
    pub name: String,
}

/// The arguments of a call. `protos.ChaincodeInput` (peer/chaincode.proto).
#[derive(Clone, PartialEq, Message)]
pub struct ChaincodeInput {
    /// The arguments.
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub args: Vec<Vec<u8>>,
}

/// A chaincode and the arguments of a call. `protos.ChaincodeSpec` (peer/chaincode.proto).
#[derive(Clone, PartialEq, Message)]
pub struct ChaincodeSpec {
    /// The chaincode.
    #[prost(message, optional, tag = "2")]
    pub chaincode_id: Option<ChaincodeId>,
    /// The arguments.
    #[prost(message, optional, tag = "3")]
    pub input: Option<ChaincodeInput>,
}

/// The call of a proposal. `protos.ChaincodeInvocationSpec` (peer/chaincode.proto).
#[derive(Clone, PartialEq, Message)]
pub struct ChaincodeInvocationSpec {
    /// The call.
    #[prost(message, optional, tag = "1")]
    pub spec: Option<ChaincodeSpec>,
}

/// The result of a call. With a status from 400 on, nothing is endorsed.
///
/// `protos.Response` (peer/proposal_response.proto).
#[derive(Clone, PartialEq, Message)]
pub struct Response {
    /// 200 for success. From 400 on, the call was refused or has failed.
    #[prost(int32, tag = "1")]
    pub status: i32,
    /// The reason of a refusal.
    #[prost(string, tag = "2")]
    pub message: String,
    /// The value of the call.
    #[prost(bytes = "vec", tag = "3")]
    pub payload: Vec<u8>,
}

/// A proposal with its creator's signature. `protos.SignedProposal` (peer/proposal.proto).
#[derive(Clone, PartialEq, Message)]
pub struct SignedProposal {
    /// [`Proposal`].
    #[prost(bytes = "vec", tag = "1")]
    pub proposal: Vec<u8>,
    /// ECDSA in DER, over the proposal.
    #[prost(bytes = "vec", tag = "2")]
    pub signature: Vec<u8>,
}

/// The call that a client asks for. `protos.Proposal` (peer/proposal.proto).
#[derive(Clone, PartialEq, Message)]
pub struct Proposal {
    /// [`Header`].
    #[prost(bytes = "vec", tag = "1")]
    pub header: Vec<u8>,
    /// [`ChaincodeProposalPayload`].
    #[prost(bytes = "vec", tag = "2")]
    pub payload: Vec<u8>,
}

/// The call, with the data that reaches no block. `protos.ChaincodeProposalPayload` (peer/proposal.proto).
#[derive(Clone, PartialEq, Message)]
pub struct ChaincodeProposalPayload {
    /// [`ChaincodeInvocationSpec`].
    #[prost(bytes = "vec", tag = "1")]
    pub input: Vec<u8>,
    /// Data for the endorsers alone.
    #[prost(map = "string, bytes", tag = "2")]
    pub transient: HashMap<String, Vec<u8>>,
}

/// The chaincode, in the header. `protos.ChaincodeHeaderExtension` (peer/proposal.proto).
#[derive(Clone, PartialEq, Message)]
pub struct ChaincodeHeaderExtension {
    /// The chaincode.
    #[prost(message, optional, tag = "2")]
    pub chaincode_id: Option<ChaincodeId>,
}

/// The effects and the result of a call at an endorser. `protos.ChaincodeAction` (peer/proposal.proto).
#[derive(Clone, PartialEq, Message)]
pub struct ChaincodeAction {
    /// [`TxReadWriteSet`].
    #[prost(bytes = "vec", tag = "1")]
    pub results: Vec<u8>,
    /// [`ChaincodeEvent`].
    #[prost(bytes = "vec", tag = "2")]
    pub events: Vec<u8>,
    /// The result of the call.
    #[prost(message, optional, tag = "3")]
    pub response: Option<Response>,
    /// The chaincode.
    #[prost(message, optional, tag = "4")]
    pub chaincode_id: Option<ChaincodeId>,
}

/// The header of a proposal and of a transaction. `common.Header` (common/common.proto).
#[derive(Clone, PartialEq, Message)]
pub struct Header {
    /// [`ChannelHeader`].
    #[prost(bytes = "vec", tag = "1")]
    pub channel_header: Vec<u8>,
    /// [`SignatureHeader`].
    #[prost(bytes = "vec", tag = "2")]
    pub signature_header: Vec<u8>,
}

/// The channel, the txid and the time of a transaction. `common.ChannelHeader` (common/common.proto).
#[derive(Clone, PartialEq, Message)]
pub struct ChannelHeader {
    /// [`ChannelHeader::ENDORSER_TRANSACTION`].
    #[prost(int32, tag = "1")]
    pub kind: i32,
    /// The creator's time.
    #[prost(message, optional, tag = "3")]
    pub timestamp: Option<Timestamp>,
    /// The channel.
    #[prost(string, tag = "4")]
    pub channel_id: String,
    /// The transaction, in hex digits.
    #[prost(string, tag = "5")]
    pub txid: String,
    /// [`ChaincodeHeaderExtension`].
    #[prost(bytes = "vec", tag = "7")]
    pub extension: Vec<u8>,
}

/// The creator of a transaction, with the nonce. `common.SignatureHeader` (common/common.proto).
#[derive(Clone, PartialEq, Message)]
pub struct SignatureHeader {
    /// [`SerializedIdentity`].
    #[prost(bytes = "vec", tag = "1")]
    pub creator: Vec<u8>,
    /// The nonce, 24 bytes.
    #[prost(bytes = "vec", tag = "2")]
    pub nonce: Vec<u8>,
}

/// A certificate, and the organisation whose authority issued it. `msp.SerializedIdentity` (msp/identities.proto).
#[derive(Clone, PartialEq, Message)]
pub struct SerializedIdentity {
    /// The organisation.
    #[prost(string, tag = "1")]
    pub mspid: String,
    /// The certificate in PEM.
    #[prost(bytes = "vec", tag = "2")]
    pub certificate: Vec<u8>,
}

/// What the orderer receives. `common.Envelope` (common/common.proto).
#[derive(Clone, PartialEq, Message)]
pub struct Envelope {
    /// [`Payload`].
    #[prost(bytes = "vec", tag = "1")]
    pub payload: Vec<u8>,
    /// ECDSA in DER, over the payload.
    #[prost(bytes = "vec", tag = "2")]
    pub signature: Vec<u8>,
}

/// A transaction with its header. `common.Payload` (common/common.proto).
#[derive(Clone, PartialEq, Message)]
pub struct Payload {
    /// The header.
    #[prost(message, optional, tag = "1")]
    pub header: Option<Header>,
    /// [`Transaction`].
    #[prost(bytes = "vec", tag = "2")]
    pub data: Vec<u8>,
}

/// The actions of a transaction: one. `protos.Transaction` (peer/transaction.proto).
#[derive(Clone, PartialEq, Message)]
pub struct Transaction {
    /// The actions.
    #[prost(message, repeated, tag = "1")]
    pub actions: Vec<TransactionAction>,
}

/// An action with its creator. `protos.TransactionAction` (peer/transaction.proto).
#[derive(Clone, PartialEq, Message)]
pub struct TransactionAction {
    /// [`SignatureHeader`].
    #[prost(bytes = "vec", tag = "1")]
    pub header: Vec<u8>,
    /// [`ChaincodeActionPayload`].
    #[prost(bytes = "vec", tag = "2")]
    pub payload: Vec<u8>,
}

/// A call with its endorsements. `protos.ChaincodeActionPayload` (peer/transaction.proto).
#[derive(Clone, PartialEq, Message)]
pub struct ChaincodeActionPayload {
    /// [`ChaincodeProposalPayload`] without the transient data.
    #[prost(bytes = "vec", tag = "1")]
    pub proposal: Vec<u8>,
    /// What was endorsed.
    #[prost(message, optional, tag = "2")]
    pub action: Option<ChaincodeEndorsedAction>,
}

/// What was endorsed, and by whom. `protos.ChaincodeEndorsedAction` (peer/transaction.proto).
#[derive(Clone, PartialEq, Message)]
pub struct ChaincodeEndorsedAction {
    /// [`ProposalResponsePayload`].
    #[prost(bytes = "vec", tag = "1")]
    pub response: Vec<u8>,
    /// The endorsements.
    #[prost(message, repeated, tag = "2")]
    pub endorsements: Vec<Endorsement>,
}

/// The signature of one endorser. `protos.Endorsement` (peer/proposal_response.proto).
#[derive(Clone, PartialEq, Message)]
pub struct Endorsement {
    /// [`SerializedIdentity`].
    #[prost(bytes = "vec", tag = "1")]
    pub endorser: Vec<u8>,
    /// ECDSA in DER, over the response and the endorser.
    #[prost(bytes = "vec", tag = "2")]
    pub signature: Vec<u8>,
}

/// What an endorser signs. `protos.ProposalResponsePayload` (peer/proposal_response.proto).
#[derive(Clone, PartialEq, Message)]
pub struct ProposalResponsePayload {
    /// SHA-256 of the headers and of the proposal without the transient data.
    #[prost(bytes = "vec", tag = "1")]
    pub proposal_hash: Vec<u8>,
    /// [`ChaincodeAction`].
    #[prost(bytes = "vec", tag = "2")]
    pub extension: Vec<u8>,
}

/// What a transaction reads and writes. `rwset.TxReadWriteSet` (ledger/rwset/rwset.proto).
#[derive(Clone, PartialEq, Message)]
pub struct TxReadWriteSet {
    /// One set for each chaincode.
    #[prost(message, repeated, tag = "2")]
    pub namespaces: Vec<NsReadWriteSet>,
}

/// What a transaction reads and writes in the state of one chaincode.
///
/// `rwset.NsReadWriteSet` (ledger/rwset/rwset.proto).
#[derive(Clone, PartialEq, Message)]
pub struct NsReadWriteSet {
    /// The chaincode.
    #[prost(string, tag = "1")]
    pub namespace: String,
    /// [`KvRwSet`].
    #[prost(bytes = "vec", tag = "2")]
    pub rwset: Vec<u8>,
}

/// The keys that are read and written. `kvrwset.KVRWSet` (ledger/rwset/kvrwset/kv_rwset.proto).
#[derive(Clone, PartialEq, Message)]
pub struct KvRwSet {
    /// The keys read.
    #[prost(message, repeated, tag = "1")]
    pub reads: Vec<KvRead>,
    /// The keys written.
    #[prost(message, repeated, tag = "3")]
    pub writes: Vec<KvWrite>,
}

/// A key that was read. `kvrwset.KVRead` (ledger/rwset/kvrwset/kv_rwset.proto).
#[derive(Clone, PartialEq, Message)]
pub struct KvRead {
    /// The key.
    #[prost(string, tag = "1")]
    pub key: String,
    /// The version; none if there was no value.
    #[prost(message, optional, tag = "2")]
    pub version: Option<KvVersion>,
}

/// The place of the transaction that wrote a value. `kvrwset.Version` (ledger/rwset/kvrwset/kv_rwset.proto).
#[derive(Clone, Copy, PartialEq, Message)]
pub struct KvVersion {
    /// The number of the block.
    #[prost(uint64, tag = "1")]
    pub block: u64,
    /// The number of the transaction in the block, from 0.
    #[prost(uint64, tag = "2")]
    pub tx: u64,
}

/// A key to write. `kvrwset.KVWrite` (ledger/rwset/kvrwset/kv_rwset.proto).
#[derive(Clone, PartialEq, Message)]
pub struct KvWrite {
    /// The key.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Whether the key is removed.
    #[prost(bool, tag = "2")]
    pub is_delete: bool,
    /// The value.
    #[prost(bytes = "vec", tag = "3")]
    pub value: Vec<u8>,
}

/// A block. `common.Block` (common/common.proto).
#[derive(Clone, PartialEq, Message)]
pub struct Block {
    /// The header.
    #[prost(message, optional, tag = "1")]
    pub header: Option<BlockHeader>,
    /// The transactions.
    #[prost(message, optional, tag = "2")]
    pub data: Option<BlockData>,
    /// The metadata, among them the verdicts.
    #[prost(message, optional, tag = "3")]
    pub metadata: Option<BlockMetadata>,
}

/// The header of a block, which links the block to the one before it. `common.BlockHeader` (common/common.proto).
#[derive(Clone, PartialEq, Message)]
pub struct BlockHeader {
    /// The number of the block.
    #[prost(uint64, tag = "1")]
    pub number: u64,
    /// The hash of the previous header.
    #[prost(bytes = "vec", tag = "2")]
    pub previous_hash: Vec<u8>,
    /// The hash of the transactions.
    #[prost(bytes = "vec", tag = "3")]
    pub data_hash: Vec<u8>,
}

/// The transactions of a block. `common.BlockData` (common/common.proto).
#[derive(Clone, PartialEq, Message)]
pub struct BlockData {
    /// [`Envelope`]s.
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub data: Vec<Vec<u8>>,
}

/// What orderers and peers add to a block. `common.BlockMetadata` (common/common.proto).
#[derive(Clone, PartialEq, Message)]
pub struct BlockMetadata {
    /// Entry 2 has one byte for each transaction: its validation code.
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub metadata: Vec<Vec<u8>>,
}

/// The length of a peer's chain. `common.BlockchainInfo` (common/ledger.proto).
#[derive(Clone, PartialEq, Message)]
pub struct BlockchainInfo {
    /// The number of blocks.
    #[prost(uint64, tag = "1")]
    pub height: u64,
    /// The hash of the last header.
    #[prost(bytes = "vec", tag = "2")]
    pub current_hash: Vec<u8>,
}

/// The request for endorsements. `gateway.EndorseRequest` (gateway/gateway.proto).
#[derive(Clone, PartialEq, Message)]
pub struct EndorseRequest {
    /// The transaction.
    #[prost(string, tag = "1")]
    pub txid: String,
    /// The channel.
    #[prost(string, tag = "2")]
    pub channel_id: String,
    /// The proposal.
    #[prost(message, optional, tag = "3")]
    pub proposal: Option<SignedProposal>,
    /// The endorsing organisations; none: as the policy demands.
    #[prost(string, repeated, tag = "4")]
    pub organisations: Vec<String>,
}

/// The endorsed transaction. `gateway.EndorseResponse` (gateway/gateway.proto).
#[derive(Clone, PartialEq, Message)]
pub struct EndorseResponse {
    /// The transaction, without its creator's signature.
    #[prost(message, optional, tag = "1")]
    pub transaction: Option<Envelope>,
}

/// The request to order a transaction. `gateway.SubmitRequest` (gateway/gateway.proto).
#[derive(Clone, PartialEq, Message)]
pub struct SubmitRequest {
    /// The transaction.
    #[prost(string, tag = "1")]
    pub txid: String,
    /// The channel.
    #[prost(string, tag = "2")]
    pub channel_id: String,
    /// The transaction.
    #[prost(message, optional, tag = "3")]
    pub transaction: Option<Envelope>,
}

/// An orderer has accepted the transaction. `gateway.SubmitResponse` (gateway/gateway.proto).
#[derive(Clone, PartialEq, Message)]
pub struct SubmitResponse {}

/// The signed request for a verdict. `gateway.SignedCommitStatusRequest` (gateway/gateway.proto).
#[derive(Clone, PartialEq, Message)]
pub struct SignedCommitStatusRequest {
    /// [`CommitStatusRequest`].
    #[prost(bytes = "vec", tag = "1")]
    pub request: Vec<u8>,
    /// ECDSA in DER, over the request.
    #[prost(bytes = "vec", tag = "2")]
    pub signature: Vec<u8>,
}

/// The request for the verdict on a transaction. `gateway.CommitStatusRequest` (gateway/gateway.proto).
#[derive(Clone, PartialEq, Message)]
pub struct CommitStatusRequest {
    /// The transaction.
    #[prost(string, tag = "1")]
    pub txid: String,
    /// The channel.
    #[prost(string, tag = "2")]
    pub channel_id: String,
    /// [`SerializedIdentity`] of whoever asks.
    #[prost(bytes = "vec", tag = "3")]
    pub identity: Vec<u8>,
}

/// The verdict on a transaction. `gateway.CommitStatusResponse` (gateway/gateway.proto).
#[derive(Clone, Copy, PartialEq, Message)]
pub struct CommitStatusResponse {
    /// The validation code.
    #[prost(int32, tag = "1")]
    pub result: i32,
    /// The number of the block.
    #[prost(uint64, tag = "2")]
    pub block: u64,
}

/// The request to run a call on one peer, without an endorsement. `gateway.EvaluateRequest` (gateway/gateway.proto).
#[derive(Clone, PartialEq, Message)]
pub struct EvaluateRequest {
    /// The transaction.
    #[prost(string, tag = "1")]
    pub txid: String,
    /// The channel.
    #[prost(string, tag = "2")]
    pub channel_id: String,
    /// The proposal.
    #[prost(message, optional, tag = "3")]
    pub proposal: Option<SignedProposal>,
    /// The organisations whose peers may answer; none: all.
    #[prost(string, repeated, tag = "4")]
    pub organisations: Vec<String>,
}

/// The result of a call on one peer. `gateway.EvaluateResponse` (gateway/gateway.proto).
#[derive(Clone, PartialEq, Message)]
pub struct EvaluateResponse {
    /// The result.
    #[prost(message, optional, tag = "1")]
    pub result: Option<Response>,
}

/// The signed request for events. `gateway.SignedChaincodeEventsRequest` (gateway/gateway.proto).
#[derive(Clone, PartialEq, Message)]
pub struct SignedChaincodeEventsRequest {
    /// [`ChaincodeEventsRequest`].
    #[prost(bytes = "vec", tag = "1")]
    pub request: Vec<u8>,
    /// ECDSA in DER, over the request.
    #[prost(bytes = "vec", tag = "2")]
    pub signature: Vec<u8>,
}

/// The request for events. `gateway.ChaincodeEventsRequest` (gateway/gateway.proto).
#[derive(Clone, PartialEq, Message)]
pub struct ChaincodeEventsRequest {
    /// The channel.
    #[prost(string, tag = "1")]
    pub channel_id: String,
    /// The chaincode.
    #[prost(string, tag = "2")]
    pub chaincode_id: String,
    /// [`SerializedIdentity`] of whoever asks.
    #[prost(bytes = "vec", tag = "3")]
    pub identity: Vec<u8>,
    /// The first block; none: the next one.
    #[prost(message, optional, tag = "4")]
    pub start: Option<SeekPosition>,
}

/// A place in the chain. `orderer.SeekPosition` (orderer/ab.proto).
#[derive(Clone, PartialEq, Message)]
pub struct SeekPosition {
    /// A block by its number.
    #[prost(message, optional, tag = "3")]
    pub specified: Option<SeekSpecified>,
}

/// A block. `orderer.SeekSpecified` (orderer/ab.proto).
#[derive(Clone, Copy, PartialEq, Message)]
pub struct SeekSpecified {
    /// Its number.
    #[prost(uint64, tag = "1")]
    pub number: u64,
}

/// The events of one block. `gateway.ChaincodeEventsResponse` (gateway/gateway.proto).
#[derive(Clone, PartialEq, Message)]
pub struct ChaincodeEventsResponse {
    /// The events, in the order of the transactions.
    #[prost(message, repeated, tag = "1")]
    pub events: Vec<ChaincodeEvent>,
    /// The number of the block.
    #[prost(uint64, tag = "2")]
    pub block: u64,
}

/// What a gateway adds to an error. `google.rpc.Status` (google/rpc/status.proto).
#[derive(Clone, PartialEq, Message)]
pub struct RpcStatus {
    /// The status code of gRPC.
    #[prost(int32, tag = "1")]
    pub code: i32,
    /// The error.
    #[prost(string, tag = "2")]
    pub message: String,
    /// [`ErrorDetail`]s.
    #[prost(message, repeated, tag = "3")]
    pub details: Vec<Any>,
}

/// A message with the name of its type. `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
pub struct Any {
    /// The type.
    #[prost(string, tag = "1")]
    pub type_url: String,
    /// The message.
    #[prost(bytes = "vec", tag = "2")]
    pub value: Vec<u8>,
}

/// The report of one peer or orderer on an error. `gateway.ErrorDetail` (gateway/gateway.proto).
#[derive(Clone, PartialEq, Message)]
pub struct ErrorDetail {
    /// Its address.
    #[prost(string, tag = "1")]
    pub address: String,
    /// Its organisation.
    #[prost(string, tag = "2")]
    pub mspid: String,
    /// Its error text.
    #[prost(string, tag = "3")]
    pub message: String,
}

impl ChannelHeader {
    /// The type of an endorsed transaction: `common.HeaderType.ENDORSER_TRANSACTION`.
    pub const ENDORSER_TRANSACTION: i32 = 3;
}

impl Timestamp {
    /// The time in milliseconds. `None` before 1970, or for nanoseconds out of range.
    pub fn millis(self) -> Option<Millis> {
        let (seconds, nanos) = (u64::try_from(self.seconds).ok()?, u64::try_from(self.nanos).ok()?);
        let millis = seconds.checked_mul(1000)?.checked_add(nanos / 1_000_000)?;
        (nanos < 1_000_000_000).then_some(Millis(millis))
    }
}

/// The same time.
impl From<Millis> for Timestamp {
    fn from(time: Millis) -> Self {
        let nanos = i32::try_from(time.0 % 1000).unwrap_or_default() * 1_000_000;
        Self { seconds: i64::try_from(time.0 / 1000).unwrap_or(i64::MAX), nanos }
    }
}
