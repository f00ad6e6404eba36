//! A small ledger with the semantics of Hyperledger Fabric: propose, simulate, endorse, order, validate, commit.
//!
//! Paper: section 3.1 and Figure 2 (peers of each participant group), section 3.2 (Figures 3 and 4), Fig. 5. References
//! to Fabric name files of hyperledger/fabric v3.1.5.
//!
//! ```text
//! creator            endorsing peers               orderer                     committing peers
//! Proposal -------->  simulate on the state
//!          <--------  Payload + Endorsement
//! Transaction = equal payloads, creator signs
//! SignedTransaction ---------------------------->  order, cut, seal
//!                                                  Block --------------------> verify, validate, append, apply
//! ```
//!
//! The folders are floors, and a file uses only files of the floors below, or of its own floor without a circle:
//!
//! - [`error`]: errors of the files;
//! - [`mod@format`]: what is signed, hashed, sent and stored: proposals, endorsements, blocks, the channel's configuration;
//! - [`state`]: contracts and the state that they read and write;
//! - [`rules`]: which blocks and transactions are valid, with Fabric's codes; [`storage`]: the files of a node;
//! - [`node`]: peers, the orderer, all of them in one process ([`Network`]), also
//!   without files ([`MemoryNetwork`]); verification and repair of a folder.
//!
//! The ledger knows no key of the scheme, no plaintext and no pairing. Its types are its own: small, with one canonical
//! encoding each ([`wire`](crate::wire)) where Fabric nests protobuf messages. Hashes of headers and txids are Fabric's;
//! the data hash is not ([`Block`]).

pub mod error;
pub mod format;
pub mod node;
pub mod rules;
pub mod state;
pub mod storage;

pub use error::{Damage, StoreError, TornTail};
pub use format::block::{Block, BlockError, CommittedBlock, Header, Metadata, Savepoint};
pub use format::config::{Config, CutRules, Organisation};
pub use format::endorsement::{AssembleError, Endorsed, Endorsement, Payload, SignedTransaction, Transaction};
pub use format::policy::Policy;
pub use format::proposal::{Nonce, Proposal, SignedProposal, Transient, TxId};
pub use format::rwset::{Entry, ReadWriteSet, Version};
pub use format::verdict::{BlockVerdict, Code, Outcome};
pub use node::error::{EndorseError, NetworkError, OrderError, PeerError};
pub use node::memory::MemoryNetwork;
pub use node::network::Network;
pub use node::orderer::{Cutter, Orderer};
pub use node::peer::{Opened, Peer};
pub use node::repair::{RepairError, Repaired, repair_orderer, repair_peer};
pub use node::signer::Signer;
pub use node::verify::{Report, VerifyError, verify};
pub use rules::channel::{Channel, CommitError};
pub use rules::validation::validate;
pub use state::contract::{Contract, ContractRefusal, Invocation, InvokeError, Simulation, State, StateError};
pub use state::view::{Changes, Committed};
pub use storage::blocks::{BLOCKS_NAME, BlockFile};
pub use storage::lock::LOCK_NAME;
pub use storage::snapshot::Snapshot;
pub use storage::state_db::STATE_NAME;
pub use storage::store::PeerStore;
pub use storage::verdicts::{VERDICTS_NAME, read_verdicts};
