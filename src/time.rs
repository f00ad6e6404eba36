//! Points in time, in one type for each unit, so that seconds and milliseconds cannot be mixed up.
//!
//! Certificates and registrations count in [`Seconds`], as X.509 does. Proposals, blocks and the contract count in
//! [`Millis`], as Fabric does. No function of the library reads a clock, except these two conversions from [`SystemTime`].

use core::fmt;
use core::ops::{Add, Sub};
use std::time::{Duration, SystemTime};

/// Seconds since 1970-01-01 00:00 UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Seconds(pub u64);

/// Milliseconds since 1970-01-01 00:00 UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Millis(pub u64);

impl Seconds {
    /// The same time in milliseconds; the largest value if there is none.
    pub const fn millis(self) -> Millis {
        Millis(self.0.saturating_mul(1000))
    }
}

impl Millis {
    /// The same time in seconds, rounded down.
    pub const fn seconds(self) -> Seconds {
        Seconds(self.0 / 1000)
    }
}

macro_rules! unit {
    ($unit:ident, $of_duration:expr) => {
        /// The time that many units later; the largest value if there is none.
        impl Add<u64> for $unit {
            type Output = Self;

            fn add(self, units: u64) -> Self {
                Self(self.0.saturating_add(units))
            }
        }

        /// The time that many units earlier; zero if there is none.
        impl Sub<u64> for $unit {
            type Output = Self;

            fn sub(self, units: u64) -> Self {
                Self(self.0.saturating_sub(units))
            }
        }

        /// A time before 1970 becomes zero.
        impl From<SystemTime> for $unit {
            fn from(time: SystemTime) -> Self {
                let since_1970 = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                Self($of_duration(since_1970))
            }
        }

        /// The number of units, without a name of the unit.
        impl fmt::Display for $unit {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

unit!(Seconds, |time: Duration| time.as_secs());
unit!(Millis, |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_convert_and_stay_in_range() {
        assert_eq!((Millis(1999).seconds(), Seconds(2).millis()), (Seconds(1), Millis(2000)));
        assert_eq!(Seconds(u64::MAX).millis(), Millis(u64::MAX));
        assert_eq!((Seconds(u64::MAX) + 1, Millis(1) - 2), (Seconds(u64::MAX), Millis(0)));
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_500);
        assert_eq!((Seconds::from(time), Millis::from(time)), (Seconds(1), Millis(1500)));
        assert_eq!(Millis::from(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), Millis(0));
    }
}
