//! The engine that the lanes use for a single operation: the fastest that the build has.

#[cfg(feature = "blst")]
pub(super) use crate::group::blst::Blst as Single;
#[cfg(not(feature = "blst"))]
pub(super) use crate::group::plain::Plain as Single;
