//! Work on all cores with the feature `parallel`, and on one core without it.

/// `f` of each item, in the order of the items.
#[cfg(feature = "parallel")]
pub(crate) fn map<I: Send, T: Send>(items: Vec<I>, f: impl Fn(I) -> T + Send + Sync) -> Vec<T> {
    use rayon::prelude::*;
    items.into_par_iter().map(f).collect()
}

/// `f` of each item, in the order of the items.
#[cfg(not(feature = "parallel"))]
pub(crate) fn map<I, T>(items: Vec<I>, f: impl Fn(I) -> T) -> Vec<T> {
    items.into_iter().map(f).collect()
}

/// Both results; `a` and `b` may run at the same time.
#[cfg(all(feature = "parallel", feature = "envelope"))]
pub(crate) fn join<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    rayon::join(a, b)
}

/// Both results, of `a` and then of `b`.
#[cfg(all(not(feature = "parallel"), feature = "envelope"))]
pub(crate) fn join<A, B>(a: impl FnOnce() -> A, b: impl FnOnce() -> B) -> (A, B) {
    (a(), b())
}
