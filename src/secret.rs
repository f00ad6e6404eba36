//! Secrets: values that never print and that are overwritten when they are dropped; and the overwriting of the stack.
//!
//! - A [`Secret`] holds its value on the heap. Moving the secret, or a container that holds the secret, moves a pointer and
//!   leaves no copy of the value behind.
//! - An operation on secrets runs by [`wiped`], which overwrites the part of the stack that the operation has used: the
//!   copies that the compiler has made, and the intermediate values of this crate and of the libraries below it.
//!
//! Comparison takes constant time. Wrapping a value in a [`Secret`] makes no other operation constant-time.
//! `tests/wiping.rs` looks for secrets in freed memory and on the stack after each operation.

use core::fmt;
use core::hint::black_box;
use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A value that is not printed and not serialized, is compared only in constant time, and is zeroized in `Drop`.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(Box<T>);

impl<T: Zeroize> Secret<T> {
    /// Moves `value` to the heap. The place from which the value comes is the caller's to overwrite; see [`wiped`].
    pub fn new(value: T) -> Self {
        Self(Box::new(value))
    }

    /// Returns the value, for the one computation that needs it. The method's name makes each use visible in a review.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

/// Bytes of the stack below its caller that [`wiped`] overwrites: more than any single operation of the crate uses in a
/// release build.
pub const WIPED_BYTES: usize = 48 << 10;

/// Runs `operation`, and then overwrites the [`WIPED_BYTES`] bytes of the stack below the caller, where the operation has
/// left copies of its secrets. Takes about a microsecond more than the operation.
///
/// The operations of `pre`, `schemes`, `envelope` and `identity` and the batches of `group` already run inside `wiped`. A
/// program needs `wiped` for its own computations with secrets, and for the single operations of `group`. What the result
/// holds by itself, rather than in a [`Secret`], is the caller's to overwrite.
///
/// ```
/// use phi_pre::group::{G2, Scalar};
/// use phi_pre::secret::{Secret, wiped};
///
/// let k_d = Secret::new(Scalar::from(7));
/// let k_e = wiped(|| Secret::new(G2::generator().pow(k_d.expose())));
/// # assert_eq!(*k_e.expose(), G2::generator().pow(&Scalar::from(7)));
/// ```
#[inline(always)]
#[allow(clippy::inline_always)] // the frames that are overwritten begin below the caller's
pub fn wiped<T>(operation: impl FnOnce() -> T) -> T {
    let out = apart(operation);
    overwrite_stack::<WIPED_BYTES>();
    out
}

/// Bytes that [`wiped_short`] overwrites.
const SHORT: usize = 12 << 10;

/// As [`wiped`], for an operation without a power and without a pairing.
#[inline(always)]
#[allow(clippy::inline_always)] // the frames that are overwritten begin below the caller's
pub(crate) fn wiped_short<T>(operation: impl FnOnce() -> T) -> T {
    let out = apart(operation);
    overwrite_stack::<SHORT>();
    out
}

/// Runs `operation` in frames below the caller's.
#[inline(never)]
fn apart<T>(operation: impl FnOnce() -> T) -> T {
    operation()
}

/// Overwrites the stack below its caller, which held the frames of the operations that the caller has run.
#[inline(never)]
pub(crate) fn overwrite_stack<const BYTES: usize>() {
    black_box(&mut [0_u8; BYTES]);
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> ZeroizeOnDrop for Secret<T> {}

impl<const N: usize> ConstantTimeEq for Secret<[u8; N]> {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.as_slice().ct_eq(other.0.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let secret = Secret::new([0x5a_u8; 4]);
        assert_eq!(format!("{secret:?}"), "<redacted>");
        assert_eq!(secret.expose(), &[0x5a; 4]);
    }

    #[test]
    fn bytes_compare() {
        let [a, b] = [0x5a_u8, 0x5b].map(|last| Secret::new([1, 2, last]));
        assert!(bool::from(a.ct_eq(&a.clone())) && !bool::from(a.ct_eq(&b)));
    }

    #[test]
    fn drop_overwrites() {
        struct Spy<'a>(&'a core::cell::Cell<bool>);
        impl Zeroize for Spy<'_> {
            fn zeroize(&mut self) {
                self.0.set(true);
            }
        }
        let wiped = core::cell::Cell::new(false);
        drop(Secret::new(Spy(&wiped)));
        assert!(wiped.get());
    }
}
