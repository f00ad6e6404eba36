//! What a node keeps on the disk.
//!
//! ```text
//! lock                       the lock of a node's folder
//! file, owner                opening of the files; their owner and mode
//! record                     the bytes of one record of the block file
//! blocks, salvage            the block file; what can be read of a damaged one
//! verdicts                   the file of validation codes and commit hashes
//! state_db, snapshot         the database of the state; the state at one height
//! store                      all of them together: the ledger of one peer
//! ```

pub mod blocks;
pub(in crate::ledger) mod file;
pub mod lock;
pub(super) mod owner;
mod record;
pub(super) mod salvage;
pub mod snapshot;
pub(super) mod state_db;
pub mod store;
pub mod verdicts;
