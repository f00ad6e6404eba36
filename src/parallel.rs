//! Work on all cores with the feature `parallel`, and on one core without it.

/// Applies `f` to each item. The results have the order of the items.
#[cfg(feature = "parallel")]
pub(crate) fn map<I: Send, T: Send>(items: Vec<I>, f: impl Fn(I) -> T + Send + Sync) -> Vec<T> {
    use rayon::prelude::*;
    items.into_par_iter().map(f).collect()
}

/// Applies `f` to each item. The results have the order of the items.
#[cfg(not(feature = "parallel"))]
pub(crate) fn map<I, T>(items: Vec<I>, f: impl Fn(I) -> T) -> Vec<T> {
    items.into_iter().map(f).collect()
}

/// Runs `a` and `b`, possibly at the same time, and returns both results.
#[cfg(all(feature = "parallel", feature = "envelope"))]
pub(crate) fn join<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    rayon::join(a, b)
}

/// Runs `a`, then `b`, and returns both results.
#[cfg(all(not(feature = "parallel"), feature = "envelope"))]
pub(crate) fn join<A, B>(a: impl FnOnce() -> A, b: impl FnOnce() -> B) -> (A, B) {
    (a(), b())
}
