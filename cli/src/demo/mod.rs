//! `phi-pre demo`: runs Figures 2 to 5 on real files, prints each step, and checks at the end what must hold.

mod checks;
mod clouds;
mod emr;
mod platform;
mod report;
mod run;
mod scene;
mod temporary;

pub use clouds::Setting;
#[cfg(feature = "fabric")]
pub(crate) use run::run_on_fabric;
pub use run::{Kept, run};
