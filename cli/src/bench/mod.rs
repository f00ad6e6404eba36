//! `phi-pre bench`: measures every engine on this machine in turn in one process. Ratios are to blst with precomputed
//! line coefficients. With `--schemes`, the schemes to compare with take the place of this scheme's operations.

mod cases;
mod machine;
mod measure;
mod plot;
mod run;
mod schemes;

pub(crate) use run::{Files, run};
