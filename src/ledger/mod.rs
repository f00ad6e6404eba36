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
//! Envelope ------------------------------------->  order, cut, seal
//!                                                  Block --------------------> verify, validate, append, apply
//! ```
//!
//! - [`proposal`], [`endorsement`]: what the participants sign; [`policy`]: whose endorsements suffice;
//! - [`state`]: what a contract sees, versions and read-write sets;
//! - [`ordering`], [`block`]: the chain; [`config`]: its first block;
//! - [`validation`]: the verdicts, with Fabric's numbers;
//! - [`blockfile`], [`store`]: what is on the disk; [`verify()`]: its check from block 0; [`repair_peer`]: its repair;
//! - [`peer`], [`network`]: the nodes, and all of them in one process.
//!
//! The ledger knows no key of the scheme, no plaintext and no pairing. Its types are its own: small, with one canonical
//! encoding each ([`wire`](crate::wire)) where Fabric nests protobuf messages. Hashes of headers and txids are Fabric's.

pub mod block;
pub mod blockfile;
pub mod changes;
pub mod config;
pub mod endorsement;
pub mod network;
pub mod ordering;
pub mod peer;
pub mod policy;
pub mod proposal;
mod repair;
pub mod state;
pub mod store;
pub mod validation;
mod verify;

pub use block::{Block, BlockError, CommittedBlock, Header, Metadata};
pub use blockfile::{BlockFile, Damage, TornTail};
pub use changes::Changes;
pub use config::{Channel, CommitError, Config};
pub use endorsement::{AssembleError, Endorsed, Endorsement, Envelope, Payload, Transaction};
pub use network::{Network, NetworkError};
pub use ordering::{CutRules, Cutter, OrderError, Orderer};
pub use peer::{EndorseError, Opened, Peer, PeerError, Signer};
pub use policy::Policy;
pub use proposal::{Nonce, Proposal, SignedProposal, Transient, TxId};
pub use repair::{RepairError, Repaired, repair_orderer, repair_peer};
pub use state::{
    Committed, Contract, Entry, Invocation, InvokeError, ReadWriteSet, Refusal, Simulation, State, StateError, Version,
};
pub use store::{Savepoint, Snapshot, Store, StoreError, kept_verdicts};
pub use validation::{Code, Outcome, Verdict, validate};
pub use verify::{Report, VerifyError, verify};
