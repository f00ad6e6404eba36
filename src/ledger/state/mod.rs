//! The state of the ledger: key-value pairs with versions, and the contracts that read and write them.

pub mod contract;
pub mod view;
