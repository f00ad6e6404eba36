//! Secrets: values that never print and that are overwritten when dropped.
//!
//! What survives: copies that the compiler keeps in registers or spilled to the stack, and the intermediate values of
//! curve arithmetic. Nothing here makes an operation constant-time.

use core::fmt;
use zeroize::Zeroize;

/// A value that is not printed, not serialized, not compared by accident, and zeroized in `Drop`.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes `value` into custody.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for the one computation that needs it. The name makes each use visible in review.
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
