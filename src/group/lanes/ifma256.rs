//! Whether this processor has the instructions of the lanes in 256 bits.

/// The proof that this processor executes AVX2 and AVX-IFMA, or with the feature `evex-lanes256` AVX-512 VL and IFMA; whoever holds
/// one may call the lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::group) struct Ifma(());

impl Ifma {
    /// Asks the processor.
    pub(in crate::group) fn detect() -> Option<Self> {
        let ifma = if cfg!(feature = "evex-lanes256") {
            is_x86_feature_detected!("avx512vl") && is_x86_feature_detected!("avx512ifma")
        } else {
            is_x86_feature_detected!("avxifma")
        };
        (ifma && is_x86_feature_detected!("avx2")).then_some(Self(()))
    }
}
