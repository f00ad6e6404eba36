//! `phi-pre bench`: measures every engine on this machine in turn in one process. Ratios are to blst with precomputed
//! line coefficients.

mod cases;
mod machine;
mod measure;
mod plot;
mod run;

pub(crate) use run::{Files, run};
