//! The cases of every file. Random inputs come from the file's own generator. Each invalid case has one fault.

mod contract;
mod credentials;
mod deliveries;
mod draw;
mod enrolment;
mod envelopes;
mod flow;
mod groups;
mod handshake;
mod hashes;
mod identity;
mod ledger;
mod messages;
mod named;
mod proofs;
mod reencryption;
mod rotation;
mod scheme;
mod schemes;
mod shards;
mod threshold;
mod transcript;
mod world;

use super::case::Fault;
use super::file::File;

/// A function that makes a file.
type Make = fn() -> Result<File, Fault>;

/// Every file: its name without extension, and the function that makes it.
pub(super) const FILES: [(&str, Make); 26] = [
    ("groups", groups::groups),
    ("pairing", groups::pairing),
    ("hashes", hashes::hashes),
    ("equations", scheme::equations),
    ("keys", scheme::keys),
    ("diffie-hellman", handshake::diffie_hellman),
    ("capsules", scheme::capsules),
    ("re-encryption", reencryption::reencryption),
    ("proofs", proofs::proofs),
    ("threshold", threshold::threshold),
    ("named", named::named),
    ("schemes", schemes::schemes),
    ("envelopes", envelopes::envelopes),
    ("identifiers", hashes::identifiers),
    ("commitments", hashes::commitments),
    ("contract", contract::contract),
    ("identity", identity::identity),
    ("credentials", credentials::credentials),
    ("enrolment", enrolment::enrolment),
    ("messages", messages::messages),
    ("ledger-formats", ledger::formats),
    ("ledger", ledger::ledger),
    ("flow", flow::flow),
    ("deliveries", deliveries::deliveries),
    ("rotation", rotation::rotation),
    ("shards", shards::shards),
];
