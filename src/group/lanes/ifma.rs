//! Whether this processor has the instructions of the lanes.

/// The proof that this processor executes AVX-512 F, DQ and IFMA, or that the lanes are portable words; whoever holds one may call the lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::group) struct Ifma(());

impl Ifma {
    /// Asks the processor.
    pub(in crate::group) fn detect() -> Option<Self> {
        if cfg!(feature = "portable-lanes") {
            return Some(Self(()));
        }
        #[cfg(target_arch = "x86_64")]
        let has = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512ifma");
        #[cfg(not(target_arch = "x86_64"))]
        let has = false;
        has.then_some(Self(()))
    }
}
