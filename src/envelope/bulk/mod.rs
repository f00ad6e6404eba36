//! Re-encryption of whole folders and stores: applies Equation (2) to every envelope in them.
//!
//! Paper: section 3.2 and Figure 4, "re-encrypts", for many records under one k_re.
//!
//! ```text
//! list names -> [ read -> check -> Equation 2 on a batch -> write without a name ] -> sync -> give names
//!                 two threads for each core                                        one thread at a time, for all threads
//! ```
//!
//! - Only the header of an input enters the computation. The body is copied as it is: a small body with its header in
//!   one read and one write, a large body by the kernel's file copy where there is one.
//! - **Atomic**: an output is written without its name and gets the name once it is complete. No existing file is
//!   replaced.
//! - **Durable**: outputs are synced in batches before they get their names, and the names are synced before
//!   [`reencrypt_all`] returns. So a file with a name is complete even after a loss of power.
//! - **Resumable**: the output itself shows what is done. Each output carries a mark beside its bytes (an extended
//!   attribute, or the metadata of an object): HMAC under k_re of the input's header, the output's header and the size.
//!   A matching mark means that the output is this input under this k_re, and nothing is computed. Without a mark (file
//!   systems without attributes, copies made without them), C' is computed again and compared with the output; nothing
//!   is written. Where the output does not match (another k_re, a changed input, another file of this name), the
//!   envelope is refused: [`Refusal::Exists`]. Bodies are not compared, only their sizes: an output gets its name only
//!   after all of it was written, and decryption detects any other body.
//! - **Apart**: input and output may not overlap, also through mounts. Nothing is written through a mount below the
//!   output, which could lead into the input.
//! - **Sharded**: N jobs, each with a [`Part`] of the names, may run beside each other on one target.
//! - **Bounded**: the memory depends neither on the number nor on the size of the envelopes.
//!
//! An envelope states no length. So a copy that stopped is refused as truncated only where its last chunk is too short
//! for a tag and a byte, or its header is not whole. Any other copy that stopped has the form of a shorter envelope; its
//! output opens under no key, and decryption says so.
//!
//! A proxy cannot notice that k_re does not belong to the key of an envelope. Headers name no recipient, so such an
//! envelope is re-encrypted like any other, and the result opens under no key.

mod engine;
mod folder;
mod job;
mod output;
mod part;

pub use engine::reencrypt_all;
#[cfg(feature = "flow")]
pub(crate) use engine::same_mark;
pub use folder::Folder;
pub use job::{
    BulkError, Event, Fault, Found, HeaderBytes, Present, ReadEnvelopes, Refusal, Rest, Source, Stopped, Summary,
    Target, Watch, WriteEnvelopes,
};
pub use output::FolderTarget;
pub use part::Part;

#[cfg(test)]
mod tests;
