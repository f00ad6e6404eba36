//! Whether this processor has the instructions of the lanes.

/// The proof that this processor executes AVX-512 F, DQ and IFMA, or that the lanes are portable words; whoever holds one may call the lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::group) struct Ifma(Proof);

#[cfg(any(target_arch = "x86_64", feature = "portable-lanes"))]
type Proof = ();
/// No value: on other architectures the compiler leaves the lanes out.
#[cfg(not(any(target_arch = "x86_64", feature = "portable-lanes")))]
type Proof = core::convert::Infallible;

impl Ifma {
    /// Asks the processor.
    #[cfg(any(target_arch = "x86_64", feature = "portable-lanes"))]
    pub(in crate::group) fn detect() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        let has = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512ifma");
        #[cfg(not(target_arch = "x86_64"))]
        let has = false;
        (has || cfg!(feature = "portable-lanes")).then_some(Self(()))
    }

    /// There is none.
    #[cfg(not(any(target_arch = "x86_64", feature = "portable-lanes")))]
    pub(in crate::group) const fn detect() -> Option<Self> {
        None
    }
}
