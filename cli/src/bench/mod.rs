//! `phi-pre bench`: measures every engine on this machine in turn in one process. Ratios are to blst with precomputed
//! line coefficients. With `--ledger`, it measures committed transactions instead. With `--schemes`, it measures the schemes to compare with instead of this scheme.

mod cases;
mod ledger;
mod limits;
mod machine;
mod measure;
mod plot;
mod run;
mod schemes;

pub(crate) use ledger::Load;
pub(crate) use run::{Files, run};
