//! Units as types. A number without its unit never crosses a function boundary in Gatepost.
//!
//! Integers only: everything here ends in a hash-chained record, and floats do not print the same everywhere.

use core::fmt;
use core::ops::{Add, Sub};
use serde::{Deserialize, Serialize};

macro_rules! unit {
    ($(#[$doc:meta])* $name:ident($inner:ty), $suffix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl $name {
            pub const ZERO: Self = Self(0);
            pub const MAX: Self = Self(<$inner>::MAX);

            pub const fn saturating_add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }
            pub const fn saturating_sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }
            /// The distance between two values, whichever is larger.
            pub const fn abs_diff(self, other: Self) -> Self {
                Self(self.0.abs_diff(other.0) as $inner)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{}", $suffix), self.0)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{} ", $suffix), self.0)
            }
        }
        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                self.saturating_add(other)
            }
        }
        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                self.saturating_sub(other)
            }
        }
    };
}

unit!(
    /// A place on one segment's belt, counted by its encoder. Signed: belts reverse. Two ticks of different segments
    /// cannot be compared, so a tick always travels with its segment.
    Tick(i64), "t");
unit!(
    /// Microseconds of a monotonic clock since that clock's own start. Which clock: the field's name says it
    /// (`mono` = the station, `time` = the controller).
    Micros(u64), "us");
unit!(
    /// Milliseconds since 1970-01-01T00:00:00Z. Never used to measure an interval.
    WallMs(i64), "ms");
unit!(Millimetres(i32), "mm");
unit!(
    /// Grams. Scales that resolve less than a gram are rounded half away from zero where a weight enters the pipeline.
    Grams(i64), "g");

impl Micros {
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms * 1_000)
    }
    pub const fn as_ms(self) -> u64 {
        self.0 / 1_000
    }
}
