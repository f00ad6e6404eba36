//! `phi-pre bench`: every engine on this machine, interleaved in one process, with ratios to blst with precomputed line
//! coefficients.

mod cases;
mod machine;
mod measure;
mod plot;
mod run;

pub(crate) use run::{Files, run};
