//! The operations of the cases. They use only public functions of the library.

pub(super) mod deliveries;
pub(super) mod enrolment;
pub(super) mod envelopes;
pub(super) mod flow;
pub(super) mod groups;
pub(super) mod hashes;
pub(super) mod identity;
pub(super) mod ledger;
pub(super) mod named;
pub(super) mod proofs;
pub(super) mod records;
pub(super) mod rotation;
pub(super) mod scheme;
pub(super) mod schemes;
pub(super) mod shards;
pub(super) mod threshold;

use super::case::Operation;

/// All operations.
pub(super) fn all() -> Vec<&'static Operation> {
    [
        groups::ALL,
        scheme::ALL,
        proofs::ALL,
        threshold::ALL,
        named::ALL,
        schemes::ALL,
        envelopes::ALL,
        hashes::ALL,
        records::ALL,
        identity::ALL,
        enrolment::ALL,
        ledger::ALL,
        deliveries::ALL,
        flow::ALL,
        rotation::ALL,
        shards::ALL,
    ]
    .concat()
}
