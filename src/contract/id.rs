//! The identifiers of records and share requests.
//!
//! ```text
//! id = SHA-256(nonce || certificate)      certificate: the DER of the creator's certificate; nonce: 24 bytes, in the action
//! ```
//!
//! The contract computes the identifier from the action and the certificate of its creator, so nobody else can write
//! under this identifier. The hospital knows the identifier before the transaction exists, and encrypts the record
//! under a key of this identifier.
//!
//! Departure: the paper names a record by the txid of its transaction. A txid is used up by an attempt that fails. On
//! Fabric, anybody who has seen a txid can use it up: Fabric indexes the txid that an envelope claims. Here, each
//! attempt has a fresh txid, and the identifier stays the same.

use crate::hash::{Digest, sha256};
use crate::identity::Certificate;
use crate::ledger::Nonce;
use crate::wire::forms::wire_newtype;
use core::fmt;

/// The identifier of a record, 32 bytes, printed as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub Digest);

/// The identifier of a share request, 32 bytes, printed as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub Digest);

wire_newtype!(RecordId, 32, "record identifier", hex);
wire_newtype!(RequestId, 32, "request identifier", hex);

impl RecordId {
    /// The identifier of the record that a hospital writes under this nonce and certificate.
    pub fn new(nonce: &Nonce, hospital: &Certificate) -> Self {
        Self(sha256(&[&nonce.0, hospital.der()]))
    }
}

impl RequestId {
    /// The identifier of the request that a user makes under this nonce and certificate.
    pub fn new(nonce: &Nonce, user: &Certificate) -> Self {
        Self(sha256(&[&nonce.0, user.der()]))
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordId({})", self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({})", self.0)
    }
}
