//! The weight now: the last thing the scale said, for as long as it may be believed.
//!
//! Apart from the codecs, because it is the same for every protocol and the place where a stale weight would be born.
//! It keeps one reading, never an average, and forgets it on anything that is not a weight.

use super::{NoWeight, Reading, ScaleReport};
use crate::units::{Grams, Micros};

/// Holds the last reading. Every report replaces or clears it; time clears it too.
#[derive(Clone, Debug)]
pub struct LatestWeight {
    age_max: Micros,
    last: Result<Reading, NoWeight>,
}

impl LatestWeight {
    /// A reading older than `age_max` is [`NoWeight::Stale`]: silence is not the last parcel's weight.
    pub const fn new(age_max: Micros) -> Self {
        Self { age_max, last: Err(NoWeight::Nothing) }
    }

    pub fn take(&mut self, report: &ScaleReport) {
        self.last = match report {
            ScaleReport::Reading(reading) => match reading.shown {
                Ok(_) => Ok(reading.clone()),
                Err(why) => Err(why),
            },
            ScaleReport::Zero { .. } | ScaleReport::Tare { .. } | ScaleReport::TareCleared { .. } => {
                Err(NoWeight::Rezeroed)
            }
            ScaleReport::Identity { .. } => Err(NoWeight::Restarted),
            ScaleReport::Fault { .. } => Err(NoWeight::Damaged),
        };
    }

    /// The line went away.
    pub fn disconnected(&mut self) {
        self.last = Err(NoWeight::Disconnected);
    }

    /// The last reading with a value, if nothing came after it and it is young enough.
    pub fn reading(&self, now: Micros) -> Result<&Reading, NoWeight> {
        let reading = self.last.as_ref().map_err(|why| *why)?;
        if now - reading.at > self.age_max { Err(NoWeight::Stale) } else { Ok(reading) }
    }

    /// [`Reading::stable_weight`] of [`LatestWeight::reading`].
    pub fn stable_weight(&self, now: Micros) -> Result<Grams, NoWeight> {
        self.reading(now)?.stable_weight()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scale::mt_sics::{MtSics, MtSicsConfig};
    use crate::scale::{Request, ScaleProtocol};

    /// What is believed at `now` after `bytes` arrived at 1 s.
    fn check(bytes: &[u8], now: Micros, expected: Result<Grams, NoWeight>) {
        let mut codec = MtSics::new(MtSicsConfig::default());
        let mut latest = LatestWeight::new(Micros::from_ms(500));
        assert!(codec.request(Request::ImmediateWeight).is_some());
        codec.feed(Micros::from_ms(1_000), bytes, &mut |report| latest.take(&report));
        let text = core::str::from_utf8(bytes).expect("test lines are text");
        assert_eq!(latest.stable_weight(now), expected, "{text}");
    }

    #[test]
    fn whatever_is_not_a_weight_clears_the_weight() {
        let now = Micros::from_ms(1_100);
        let weight = "S S     100.00 g\r\n";
        check(weight.as_bytes(), now, Ok(Grams(100)));
        for (line, why) in [
            ("S I", NoWeight::NotReady),
            ("S +", NoWeight::OverRange),
            ("S -", NoWeight::UnderRange),
            ("S D     100.00 g", NoWeight::InMotion),
            ("ES", NoWeight::SyntaxError),
            ("ET", NoWeight::TransmissionError),
            ("EL", NoWeight::LogicalError),
            ("Z A", NoWeight::Rezeroed),
            ("T S      1.500 kg", NoWeight::Rezeroed),
            ("TAC A", NoWeight::Rezeroed),
            ("I4 A \"0123456789\"", NoWeight::Restarted),
            ("S S     10", NoWeight::Damaged),
        ] {
            check(std::format!("{weight}{line}\r\n").as_bytes(), now, Err(why));
            let again = if line.starts_with("T S") { Err(NoWeight::Tared) } else { Ok(Grams(100)) };
            check(std::format!("{weight}{line}\r\n{weight}").as_bytes(), now, again);
        }
    }

    #[test]
    fn silence_is_no_weight() {
        check(b"", Micros::from_ms(1_000), Err(NoWeight::Nothing));
        check(b"S S     100.00 g\r\n", Micros::from_ms(1_500), Ok(Grams(100)));
        check(b"S S     100.00 g\r\n", Micros::from_ms(1_501), Err(NoWeight::Stale));
    }

    #[test]
    fn a_lost_line_is_no_weight() {
        let mut latest = LatestWeight::new(Micros::from_ms(500));
        let mut codec = MtSics::new(MtSicsConfig::default());
        codec.feed(Micros(0), b"S S     100.00 g\r\n", &mut |report| latest.take(&report));
        latest.disconnected();
        assert_eq!(latest.stable_weight(Micros(0)), Err(NoWeight::Disconnected));
    }
}
