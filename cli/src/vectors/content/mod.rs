//! What the files hold. Inputs come from the file's own generator; each invalid case has one fault.

mod contract;
mod credentials;
mod draw;
mod envelopes;
mod flow;
mod groups;
mod handshake;
mod hashes;
mod identity;
mod ledger;
mod scheme;
mod world;

use super::case::Fault;
use super::file::File;

/// Makes a file.
type Make = fn() -> Result<File, Fault>;

/// Every file, by name without extension.
pub(super) const FILES: [(&str, Make); 17] = [
    ("groups", groups::groups),
    ("pairing", groups::pairing),
    ("hashes", hashes::hashes),
    ("equations", scheme::equations),
    ("keys", scheme::keys),
    ("diffie-hellman", handshake::diffie_hellman),
    ("capsules", scheme::capsules),
    ("envelopes", envelopes::envelopes),
    ("identifiers", hashes::identifiers),
    ("commitments", hashes::commitments),
    ("contract", contract::contract),
    ("identity", identity::identity),
    ("credentials", credentials::credentials),
    ("messages", identity::messages),
    ("ledger-formats", ledger::formats),
    ("ledger", ledger::ledger),
    ("flow", flow::flow),
];
