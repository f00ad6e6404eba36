//! `phi-pre demo`: Figures 2 to 5 on real files, step by step, and a list of checks of what must hold afterwards.

mod checks;
mod emr;
mod report;
mod run;
mod scene;

pub use run::run;
