//! Work on all cores with the feature `parallel`, and on one core without it.

/// Applies `f` to each item. The results have the order of the items.
#[cfg(all(feature = "parallel", any(feature = "envelope", feature = "ledger")))]
pub(crate) fn map<I: Send, T: Send>(items: Vec<I>, f: impl Fn(I) -> T + Send + Sync) -> Vec<T> {
    use rayon::prelude::*;
    items.into_par_iter().map(f).collect()
}

/// Applies `f` to each item. The results have the order of the items.
#[cfg(all(not(feature = "parallel"), any(feature = "envelope", feature = "ledger")))]
pub(crate) fn map<I, T>(items: Vec<I>, f: impl Fn(I) -> T) -> Vec<T> {
    items.into_iter().map(f).collect()
}

/// Applies `f` to chunks of `size` items. The results have the order of the items.
#[cfg(feature = "parallel")]
pub(crate) fn map_chunks<I: Sync, T: Send>(
    items: &[I],
    size: usize,
    f: impl Fn(&[I]) -> Vec<T> + Send + Sync,
) -> Vec<T> {
    use rayon::prelude::*;
    items.par_chunks(size).flat_map_iter(f).collect()
}

/// Applies `f` to chunks of `size` items. The results have the order of the items.
#[cfg(not(feature = "parallel"))]
pub(crate) fn map_chunks<I, T>(items: &[I], size: usize, f: impl Fn(&[I]) -> Vec<T>) -> Vec<T> {
    items.chunks(size).flat_map(f).collect()
}

/// The threads that work is spread over.
#[cfg(feature = "parallel")]
pub(crate) fn threads() -> usize {
    rayon::current_num_threads()
}

/// The threads that work is spread over.
#[cfg(not(feature = "parallel"))]
pub(crate) const fn threads() -> usize {
    1
}

/// The size of the chunks that give each thread a share of `len` items: a multiple of eight, at most `most`.
pub(crate) fn eights(len: usize, most: usize) -> usize {
    len.div_ceil(threads()).next_multiple_of(8).clamp(8, most)
}

/// Applies `f` to chunks of `size` items and to the places of their results, for secrets: no result lies anywhere else.
/// `wipe` overwrites the stack of each core after its last chunk.
#[cfg(feature = "parallel")]
pub(crate) fn fill_chunks<I: Sync, T: Clone + Send>(
    items: &[I],
    size: usize,
    blank: T,
    wipe: fn(),
    f: impl Fn(&[I], &mut [T]) + Send + Sync,
) -> Vec<T> {
    use rayon::prelude::*;
    /// Lives as long as one core works on neighbouring chunks.
    struct Wipe(fn());
    impl Drop for Wipe {
        fn drop(&mut self) {
            self.0();
        }
    }
    let mut out = vec![blank; items.len()];
    let chunks = items.par_chunks(size).zip(out.par_chunks_mut(size));
    chunks.for_each_init(|| Wipe(wipe), |_, (items, out)| f(items, out));
    out
}

/// Applies `f` to chunks of `size` items and to the places of their results, for secrets: no result lies anywhere else.
/// `wipe` overwrites the stack after the last chunk.
#[cfg(not(feature = "parallel"))]
pub(crate) fn fill_chunks<I, T: Clone>(
    items: &[I],
    size: usize,
    blank: T,
    wipe: fn(),
    f: impl Fn(&[I], &mut [T]),
) -> Vec<T> {
    let mut out = vec![blank; items.len()];
    items.chunks(size).zip(out.chunks_mut(size)).for_each(|(items, out)| f(items, out));
    wipe();
    out
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
