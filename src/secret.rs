//! Secrets: values that never print and that are overwritten when they are dropped.
//!
//! Two kinds of copies are not overwritten: those that the compiler keeps in registers or on the stack, and
//! intermediate values of curve arithmetic. Comparison takes constant time. Wrapping a value in a [`Secret`] makes no
//! other operation constant-time.

use core::fmt;
use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A value that is not printed and not serialized, is compared only in constant time, and is zeroized in `Drop`.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps `value`.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Returns the value, for the one computation that needs it. The method's name makes each use visible in a review.
    pub const fn expose(&self) -> &T {
        &self.0
    }
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
        self.0.ct_eq(&other.0)
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
