//! The actors of Figures 2 to 4 and the messages between them. This is the only module that uses both the cryptography
//! and the ledger.
//!
//! Paper: section 3.2. Each arrow of a figure is one call:
//!
//! | figure | arrow | call |
//! |---|---|---|
//! | 2 | registration: code, keys, certificates, vectors | [`Consortium`] |
//! | 3 | Diffie-Hellman, sk | [`introduce`], [`introduce_by_name`] |
//! | 3 | EMR system -> hospital DApp | [`EmrWatch::next`] |
//! | 3 | hospital encrypts; alarm with the record's identifier -> user | [`Hospital::admit`] |
//! | 3 | user checks the record; ID_i -> hospital | [`User::check`] |
//! | 3 | medical-record-confirmation-transaction | [`User::confirm`] |
//! | 3 | medical-record-transaction, endorsement, commit | [`Hospital::record`] |
//! | 3 | encrypted record -> cloud | [`Hospital::upload`], [`Cloud::accept`] |
//! | 3 | the user learns that the record is written | [`User::written`] |
//! | 4 | share-request-transaction; keys -> cloud and hospital B | [`User::share`] |
//! | 4 | the cloud learns of the request | [`Cloud::requests`] |
//! | 4 | cloud checks the transaction and re-encrypts | [`Cloud::reencrypt`] |
//! | 4 | re-encrypted record -> hospital B, decrypt | [`Hospital::receive`], [`Cloud::deliver`] |
//! | 4 | share-complete-transaction | [`Hospital::complete`] |
//! | - | withdrawal of a consent | [`User::withdraw`] |
//! | - | new keys for stored records | [`User::rotate`], [`Cloud::rotate`], [`Cloud::replace`] |
//! | - | who is at fault if a record does not arrive | [`FlowError::Misbehaved`], [`verify_deliveries`] |
//!
//! Each record has its own keys: k_d = f(sk, k_s || record), or k_e = H2(record)^a where the user has given the
//! hospital a key by name. So k_re re-encrypts the one record to which the user consented, and no other. The ledger
//! decides about access: the cloud and hospital B read the share request on the ledger before they act. The
//! participants use the ledger only through the trait [`Ledger`](crate::contract::Ledger).
//!
//! Departure: where the paper uses the txid, this crate uses the identifier of the record or request
//! ([`RecordId`](crate::contract::RecordId)).

#[cfg(unix)]
mod bulk;
mod cloud;
mod consortium;
mod emr;
mod error;
mod evidence;
mod hospital;
mod introduction;
mod messages;
mod objects;
#[cfg(all(unix, feature = "s3"))]
mod s3;
mod store;
mod transaction;
mod user;

#[cfg(unix)]
pub use bulk::{StorePrefix, StoreTarget};
pub use cloud::Cloud;
pub use consortium::{Consortium, Handset, Phone};
pub use emr::{EmrFile, EmrWatch, files, is_temporary};
pub use error::{FlowError, Misbehaviour};
pub use evidence::{check_delivery, check_granted_note, verify_deliveries};
pub use hospital::{Draft, Hospital, Received};
pub use introduction::{introduce, introduce_by_name};
pub use messages::{Alert, Delivery, Fetch, Grant, NamedKey, Rotated, Rotation, SealedIdentifier, Signed, Upload};
#[cfg(all(unix, feature = "s3"))]
#[doc(hidden)]
pub use s3::hex_keys;
pub use store::Store;
pub use transaction::check_open;
pub use user::{Consent, User};

#[cfg(test)]
mod tests;
