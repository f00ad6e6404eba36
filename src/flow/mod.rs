//! draft
mod emr;
mod error;
mod store;
pub use emr::{EmrWatch, files};
pub use error::FlowError;
pub use store::Store;
