//! Which blocks and transactions are valid: functions of the chain alone, without files, clock or network.

pub mod channel;
pub mod validation;
