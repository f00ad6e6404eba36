//! Re-encryption of whole folders and stores: Equation 2 in the cloud, over every envelope that it holds.
//!
//! Paper: section 3.2 and Figure 4, "re-encrypts", for many records under one k_re.
//!
//! ```text
//! walk -> names -> [ read -> check -> batch of Equation 2 -> write, unnamed ] -> sync -> name
//!                    as many of these as there are cores, twice                  one of them, for all, a batch at a time
//! ```
//!
//! - Of an input only the header is computed on; a body passes through as it is, small ones with their header in one read
//!   and one write, large ones by the kernel's own copy.
//! - **Atomic**: an output is written without its name and gets it once it is whole; nothing that exists is replaced.
//! - **Durable**: outputs are synced in batches before they get their names, and the names are synced before
//!   [`reencrypt_all`] returns. After a loss of power, too, what has a name is whole.
//! - **Resumable**: what is done is told by the output itself. Each carries a mark beside its bytes (an extended
//!   attribute, or the metadata of an object): HMAC under k_re of the input's header, the output's header and the size. Where
//!   it stands, this output is that input under this k_re, and nothing is computed. Where there is none (file systems
//!   without attributes, copies made without them), C' is computed again and compared; nothing is written. Another k_re,
//!   a changed input, another file under the name: [`Refusal::Exists`]. Bodies are not compared, only their sizes: an
//!   output has its name only after all of it was written, and whoever decrypts it notices any other body.
//! - **Bounded**: memory depends neither on the number nor on the size of the envelopes.
//!
//! What a proxy cannot notice: that k_re is not made for the key under which an envelope stands. Headers name no
//! recipient, so such an envelope is re-encrypted like any other and opens under no key.

mod engine;
mod folder;
mod job;
mod output;

pub use engine::reencrypt_all;
pub use folder::Folder;
pub use job::{
    BulkError, Event, Fault, Found, HeaderBytes, Present, ReadEnvelopes, Refusal, Rest, Source, Stopped, Summary,
    Target, Watch, WriteEnvelopes,
};
pub use output::FolderTarget;

#[cfg(test)]
mod tests;
