//! The contract on Hyperledger Fabric: the chaincode that runs the contract for a peer, and the client of the gateways.
//!
//! Paper: section 2.3 and Figure 2 propose the model on Hyperledger Fabric. The embedded [`ledger`](crate::ledger) has
//! Fabric's semantics in one process; here the same contract runs on a network of Fabric, version 3.1, and the
//! participants use this network by the same trait, [`contract::Ledger`](crate::contract::Ledger).
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
//! - [`client`]: several gateways as one ledger; [`gateway`]: one of them; [`draft`]: what is signed, here or
//!   elsewhere; [`endorsed`]: the check before a transaction is signed; [`blocks`]: the check of a chain;
//! - [`identity`]: certificates of this crate as Fabric names them; [`tls`]: TLS files;
//! - [`messages`]: Fabric's messages.
//!
//! # Differences from the embedded ledger
//!
//! - The txid is SHA-256(nonce || identity), where the identity is the MSP identifier and the certificate in PEM. The
//!   identifiers of records and requests do not depend on the txid.
//! - Anybody who has seen a txid can use it up: Fabric indexes the txid that an envelope claims, whatever the verdict
//!   on the envelope. The attempt then fails, and the next attempt has a fresh txid.
//! - The answer to a question comes from one peer, which can lie. The embedded ledger also reads from one peer, but all
//!   its peers run in the participant's process.
//! - A read set has one more key, the version of the chaincode's definition. A transaction that was endorsed before an
//!   upgrade and is ordered after the upgrade is invalid.
//! - The peers check revocations, by the X.509 CRLs in the channel's configuration.

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
