//! A weight exactly as a scale sent it, and its exact conversion to grams.
//!
//! Apart from the readings, because declared weights and tares are the same thing. It never passes through a float and
//! never guesses a unit: a unit it does not know is carried as received and does not convert.

use crate::units::Grams;
use core::fmt::{self, Write};
use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `mantissa × 10^exponent`, with the digits the scale sent: 12.340 is (12340, -3), not (1234, -2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Decimal {
    pub mantissa: i64,
    pub exponent: i8,
}

/// No scale sends more digits than this.
const DIGITS_MAX: usize = 15;
/// The largest exponent, either way, that converts.
const EXPONENT_MAX: i8 = 18;

impl Decimal {
    pub const fn new(mantissa: i64, exponent: i8) -> Self {
        Self { mantissa, exponent }
    }

    /// Digits after the point, as sent.
    pub const fn decimals(self) -> u8 {
        if self.exponent < 0 { self.exponent.unsigned_abs() } else { 0 }
    }

    /// `[+|-]digits[.digits]` and nothing else: a point without a digit on either side is a byte lost, not a number.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (negative, digits) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        let (whole, fraction) = match digits.iter().position(|&byte| byte == b'.') {
            Some(point) => (&digits[..point], Some(&digits[point + 1..])),
            None => (digits, None),
        };
        if whole.is_empty() || fraction.is_some_and(<[u8]>::is_empty) {
            return None;
        }
        let fraction = fraction.unwrap_or_default();
        if whole.len() + fraction.len() > DIGITS_MAX {
            return None;
        }
        let mut mantissa = 0i64;
        for byte in whole.iter().chain(fraction) {
            if !byte.is_ascii_digit() {
                return None;
            }
            mantissa = mantissa * 10 + i64::from(byte - b'0');
        }
        Some(Self { mantissa: if negative { -mantissa } else { mantissa }, exponent: -(fraction.len() as i8) })
    }
}

impl fmt::Display for Decimal {
    /// As a scale writes it: `-0.05`, `12.340`, `2750`. Honours width and alignment.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = heapless::String::<48>::new();
        let magnitude = self.mantissa.unsigned_abs();
        let sign = if self.mantissa < 0 { "-" } else { "" };
        match self.exponent {
            0 => write!(text, "{sign}{magnitude}")?,
            places if (-EXPONENT_MAX..0).contains(&places) => {
                let scale = 10u64.pow(u32::from(places.unsigned_abs()));
                let width = usize::from(places.unsigned_abs());
                write!(text, "{sign}{}.{:0width$}", magnitude / scale, magnitude % scale)?;
            }
            zeros if (1..=EXPONENT_MAX).contains(&zeros) => {
                write!(text, "{sign}{magnitude}")?;
                let zeros = if magnitude == 0 { 0 } else { zeros };
                for _ in 0..zeros {
                    text.push('0').map_err(|_| fmt::Error)?;
                }
            }
            other => write!(text, "{sign}{magnitude}e{other}")?,
        }
        f.pad(&text)
    }
}

/// A unit as received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    Milligram,
    Gram,
    Kilogram,
    /// The metric ton, `t`.
    Tonne,
    Ounce,
    Pound,
    /// The metric carat, 0.2 g.
    Carat,
    Grain,
    /// 24 grains.
    Pennyweight,
    /// 480 grains.
    TroyOunce,
    /// Any other unit, as the scale named it, padded with spaces. Not converted: `ton` alone has two sizes.
    Other([u8; 5]),
    /// The protocol carries no unit; only the station's configuration can say it.
    NotSent,
}

impl Unit {
    /// The unit a scale wrote in 1–5 printable characters. Exact: `G` and `KG` are not known to be grams.
    pub fn parse(text: &[u8]) -> Option<Self> {
        Some(match text {
            b"mg" => Self::Milligram,
            b"g" => Self::Gram,
            b"kg" => Self::Kilogram,
            b"t" => Self::Tonne,
            b"oz" => Self::Ounce,
            b"lb" => Self::Pound,
            b"ct" => Self::Carat,
            // Not "gr": some makers mean grams.
            b"GN" => Self::Grain,
            b"dwt" => Self::Pennyweight,
            b"ozt" => Self::TroyOunce,
            _ => {
                let mut name = [b' '; 5];
                if text.is_empty() || text.len() > name.len() || !text.iter().all(u8::is_ascii_graphic) {
                    return None;
                }
                name[..text.len()].copy_from_slice(text);
                Self::Other(name)
            }
        })
    }

    /// As written on the wire; empty where none was sent.
    pub fn name(&self) -> &str {
        match self {
            Self::Milligram => "mg",
            Self::Gram => "g",
            Self::Kilogram => "kg",
            Self::Tonne => "t",
            Self::Ounce => "oz",
            Self::Pound => "lb",
            Self::Carat => "ct",
            Self::Grain => "GN",
            Self::Pennyweight => "dwt",
            Self::TroyOunce => "ozt",
            Self::Other(name) => core::str::from_utf8(name).unwrap_or("?").trim_end(),
            Self::NotSent => "",
        }
    }

    /// Whether [`Measure::to_grams`] knows it.
    pub const fn converts(self) -> bool {
        self.grams().is_some()
    }

    /// Grams in one of this unit as an exact fraction: 1 lb = 7,000 grains = 0.45359237 kg, 1 oz = 0.028349523125 kg by
    /// definition.
    const fn grams(self) -> Option<(i128, i128)> {
        Some(match self {
            Self::Milligram => (1, 1_000),
            Self::Gram => (1, 1),
            Self::Kilogram => (1_000, 1),
            Self::Tonne => (1_000_000, 1),
            Self::Ounce => (28_349_523_125, 1_000_000_000),
            Self::Pound => (45_359_237, 100_000),
            Self::Carat => (1, 5),
            Self::Grain => (6_479_891, 100_000_000),
            Self::Pennyweight => (155_517_384, 100_000_000),
            Self::TroyOunce => (311_034_768, 10_000_000),
            Self::Other(_) | Self::NotSent => return None,
        })
    }
}

impl Serialize for Unit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Unit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct UnitVisitor;
        impl Visitor<'_> for UnitVisitor {
            type Value = Unit;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a unit of weight: mg, g, kg, t, oz, lb, ct, GN, dwt, ozt")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Unit, E> {
                if text.is_empty() {
                    return Ok(Unit::NotSent);
                }
                Unit::parse(text.as_bytes()).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(UnitVisitor).map_err(D::Error::custom)
    }
}

/// A number and its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Measure {
    pub value: Decimal,
    pub unit: Unit,
}

/// Why a measure has no grams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConversionError {
    /// No unit was sent, or one this station cannot convert.
    UnitUnknown,
    /// More grams than the type holds, or an exponent no scale sends.
    OutOfRange,
}

impl Measure {
    pub const fn new(mantissa: i64, exponent: i8, unit: Unit) -> Self {
        Self { value: Decimal::new(mantissa, exponent), unit }
    }

    /// Whole grams, converted as an exact fraction and rounded once, half away from zero.
    pub fn to_grams(self) -> Result<Grams, ConversionError> {
        let (mut over, mut under) = self.unit.grams().ok_or(ConversionError::UnitUnknown)?;
        let Decimal { mantissa, exponent } = self.value;
        if exponent.unsigned_abs() > EXPONENT_MAX.unsigned_abs() {
            return Err(ConversionError::OutOfRange);
        }
        let power = 10i128.pow(u32::from(exponent.unsigned_abs()));
        if exponent < 0 {
            under *= power; // ≤ 10^9 · 10^18
        } else {
            over *= power; // < 3·10^10 · 10^18
        }
        let exact = i128::from(mantissa).checked_mul(over).ok_or(ConversionError::OutOfRange)?;
        let whole = exact / under;
        let away = if (exact % under).abs() * 2 >= under { exact.signum() } else { 0 };
        i64::try_from(whole + away).map(Grams).map_err(|_| ConversionError::OutOfRange)
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.value, self.unit.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::format;

    #[test]
    fn decimals_keep_the_digits_sent() {
        assert_eq!(Decimal::parse(b"12.340"), Some(Decimal::new(12_340, -3)));
        assert_eq!(Decimal::parse(b"-0.05"), Some(Decimal::new(-5, -2)));
        assert_eq!(Decimal::parse(b"+7"), Some(Decimal::new(7, 0)));
        for broken in ["", "-", "+", ".", "1.", ".5", "1.2.3", "1-2", "--1", "1 2", "1e3", "0x1", "1234567890123456"] {
            assert_eq!(Decimal::parse(broken.as_bytes()), None, "{broken}");
        }
    }

    #[test]
    fn grams_are_exact_and_round_half_away_from_zero() {
        let grams = |mantissa, exponent, unit| Measure::new(mantissa, exponent, unit).to_grams();
        assert_eq!(grams(1234, -2, Unit::Kilogram), Ok(Grams(12_340)));
        assert_eq!(grams(5, -1, Unit::Gram), Ok(Grams(1)));
        assert_eq!(grams(-5, -1, Unit::Gram), Ok(Grams(-1)));
        assert_eq!(grams(49, -2, Unit::Gram), Ok(Grams(0)));
        assert_eq!(grams(1_500, 0, Unit::Milligram), Ok(Grams(2)));
        assert_eq!(grams(2, 0, Unit::Tonne), Ok(Grams(2_000_000)));
        assert_eq!(grams(2_750, -2, Unit::Pound), Ok(Grams(12_474))); // 12 473.790 175 g
        assert_eq!(grams(57, -1, Unit::Ounce), Ok(Grams(162))); // 161.592 281 812 5 g
        assert_eq!(grams(12, 0, Unit::Carat), Ok(Grams(2))); // 2.4 g
        assert_eq!(grams(7_000, 0, Unit::Grain), grams(1, 0, Unit::Pound));
        assert_eq!(grams(24_000, 3, Unit::Grain), grams(1_000, 3, Unit::Pennyweight));
        assert_eq!(grams(20, 6, Unit::Pennyweight), grams(1, 6, Unit::TroyOunce));
        assert_eq!(grams(1, 7, Unit::TroyOunce), Ok(Grams(311_034_768)));
        assert_eq!(grams(1, 8, Unit::Pound), Ok(Grams(45_359_237_000)));
        assert_eq!(grams(i64::MAX, 0, Unit::Kilogram), Err(ConversionError::OutOfRange));
        assert_eq!(grams(i64::MIN, 18, Unit::Tonne), Err(ConversionError::OutOfRange));
        assert_eq!(grams(1, 19, Unit::Gram), Err(ConversionError::OutOfRange));
        assert_eq!(grams(1, i8::MIN, Unit::Gram), Err(ConversionError::OutOfRange));
        assert_eq!(grams(1, 0, Unit::NotSent), Err(ConversionError::UnitUnknown));
        assert_eq!(grams(1, 0, Unit::Other(*b"ton  ")), Err(ConversionError::UnitUnknown));
    }

    #[test]
    fn a_unit_is_never_guessed() {
        assert_eq!(Unit::parse(b"kg"), Some(Unit::Kilogram));
        assert_eq!(Unit::parse(b"KG"), Some(Unit::Other(*b"KG   ")));
        assert_eq!(Unit::parse(b"k"), Some(Unit::Other(*b"k    ")));
        assert_eq!(Unit::parse(b"gr"), Some(Unit::Other(*b"gr   ")));
        assert_eq!(Unit::parse(b"tael").map(|unit| std::string::String::from(unit.name())).as_deref(), Some("tael"));
        assert_eq!((Unit::parse(b""), Unit::parse(b"pounds"), Unit::parse(b"k g")), (None, None, None));
    }

    #[test]
    fn numbers_print_as_a_scale_writes_them() {
        assert_eq!(format!("{:>10}", Decimal::new(10_000, -2)), "    100.00");
        assert_eq!(format!("{}", Decimal::new(-5, -2)), "-0.05");
        assert_eq!(format!("{}", Decimal::new(12, 2)), "1200");
        assert_eq!(format!("{}", Decimal::new(0, 2)), "0");
        assert_eq!(format!("{}", Decimal::new(1, 100)), "1e100");
        assert_eq!(format!("{}", Measure::new(27_50, -2, Unit::Pound)), "27.50 lb");
    }

    const UNITS: [Unit; 10] = [
        Unit::Milligram,
        Unit::Gram,
        Unit::Kilogram,
        Unit::Tonne,
        Unit::Ounce,
        Unit::Pound,
        Unit::Carat,
        Unit::Grain,
        Unit::Pennyweight,
        Unit::TroyOunce,
    ];

    proptest! {
        #[test]
        fn what_prints_parses(mantissa in -999_999_999_999i64..999_999_999_999, places in 0i8..=3) {
            let decimal = Decimal::new(mantissa, -places);
            prop_assert_eq!(Decimal::parse(format!("{decimal}").as_bytes()), Some(decimal));
        }

        #[test]
        fn conversion_is_odd_and_never_panics(mantissa in any::<i64>(), exponent in any::<i8>(), unit in 0..UNITS.len()) {
            let unit = UNITS[unit];
            prop_assert_eq!(Unit::parse(unit.name().as_bytes()), Some(unit));
            let there = Measure::new(mantissa, exponent, unit).to_grams();
            if let (Ok(there), Some(back)) = (there, mantissa.checked_neg()) {
                prop_assert_eq!(Measure::new(back, exponent, unit).to_grams(), Ok(Grams(-there.0)));
            }
        }

        #[test]
        fn any_text_is_a_decimal_or_nothing(text in proptest::collection::vec(any::<u8>(), 0..24)) {
            let _ = Decimal::parse(&text);
            let _ = Unit::parse(&text);
        }
    }
}
