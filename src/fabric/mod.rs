//! The contract on Hyperledger Fabric: as chaincode of the peers, and through their gateways.
//!
//! Paper: section 2.3 and Figure 2 propose the model on Hyperledger Fabric. The embedded [`ledger`](crate::ledger) has
//! Fabric's semantics in one process; here the same contract runs on a network of Fabric, version 3.1, and the participants
//! use this network by the same trait, [`contract::Ledger`](crate::contract::Ledger).
//!
//! ```text
//! participant                peer of an organisation              chaincode of the same organisation
//!   Client: propose ---------> gateway: endorse ------------------>  Service: the contract
//!           check, sign        (and the peers of other organisations, each with its chaincode)
//!           submit ----------> gateway ---> orderers
//!           status ----------> gateway <--- blocks
//! ```
//!
//! - [`chaincode`]: the contract as a service that a peer dials; [`package`]: what the peer's administrator installs;
//! - [`client`]: several gateways as one ledger; [`gateway`]: one of them; [`draft`]: what is signed, here or elsewhere;
//!   [`endorsed`]: the check before a transaction is signed; [`blocks`]: the check of a chain;
//! - [`identity`]: certificates of this crate as Fabric names them; [`tls`]: TLS files;
//! - [`messages`]: Fabric's messages.
//!
//! # Differences from the embedded ledger
//!
//! - The txid is SHA-256(nonce || identity), where the identity is MSP id and PEM. Records and requests do not depend on it.
//! - Anybody can use up a txid that they have heard of: Fabric takes down the txid that an envelope claims, whatever its
//!   verdict. The attempt then fails, and the next one has a fresh txid.
//! - An answer to a question is the word of one peer. The embedded ledger has no other peers to ask.
//! - A read set has one more key, the version of the chaincode's definition. What was endorsed before an upgrade and ordered
//!   after it is invalid.
//! - Revocation is the peers' matter: X.509 CRLs in the channel's configuration.

pub mod blocks;
pub mod chaincode;
pub mod client;
mod codec;
pub mod draft;
pub mod endorsed;
#[cfg(test)]
mod fixture;
pub mod gateway;
pub mod identity;
pub mod messages;
pub mod package;
pub mod tls;

pub use chaincode::{Chaincode, Limits, ServeError, ServerTls, Service};
pub use client::{Client, ClientError, Settings};
pub use endorsed::{EndorsedError, Endorsers};
pub use gateway::{ClientTls, Gateway, GatewayAddress, GatewayError, Verdict};
pub use identity::{Identity, IdentityProblem, Organisation};
pub use package::{Package, PackageError, PeerTls, Place};
pub use tls::{TlsError, TlsIdentity, TlsRoot};

#[cfg(test)]
mod tests;
