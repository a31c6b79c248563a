//! Faults by name, and when they happen.
//!
//! Apart from the lane, because half of them happen elsewhere (disk, broker, central, clock, model) and are only
//! carried here, so that one seed and one list describe a whole run. It carries nothing out.

use crate::xray::random::{Random, mix};
use gatepost_hardware::units::Micros;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

macro_rules! faults {
    ($($name:ident = $text:literal, $usual_ms:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Fault { $($name,)* }

        impl Fault {
            pub const ALL: [Self; [$($text),*].len()] = [$(Self::$name),*];

            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// How long it usually lasts.
            pub const fn usual(self) -> Micros {
                match self { $(Self::$name => Micros::from_ms($usual_ms),)* }
            }
        }
    };
}

faults! {
    NoRead = "no-read", 12_000;
    DoubleRead = "double-read", 12_000;
    WrongSymbology = "wrong-symbology", 12_000;
    Touching = "touching", 12_000;
    Abreast = "abreast", 12_000;
    FlatLetter = "flat-letter", 12_000;
    Lost = "lost", 8_000;
    Inserted = "inserted", 8_000;
    Reversed = "reversed", 2_000;
    ImageLate = "image-late", 12_000;
    ImageMissing = "image-missing", 12_000;
    ImageMerged = "image-merged", 12_000;
    ImageSplit = "image-split", 12_000;
    ScaleDrift = "scale-drift", 12_000;
    ScaleUnstable = "scale-unstable", 12_000;
    ScannerOff = "scanner-off", 10_000;
    CableCut = "cable-cut", 3_000;
    ControllerReset = "controller-reset", 500;
    DiskFull = "disk-full", 10_000;
    BrokerDown = "broker-down", 15_000;
    CentralDown = "central-down", 15_000;
    ClockJump = "clock-jump", 1_000;
    ModelFailed = "model-failed", 10_000;
}

impl Fault {
    /// Whether somebody else must carry it out: the lane only tells when.
    pub const fn outside(self) -> bool {
        matches!(self, Self::DiskFull | Self::BrokerDown | Self::CentralDown | Self::ClockJump | Self::ModelFailed)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no fault, and the one that was probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFault {
    pub name: String,
    pub nearest: Fault,
}

impl fmt::Display for UnknownFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no fault \"{}\"; did you mean \"{}\"?", self.name, self.nearest)
    }
}

impl std::error::Error for UnknownFault {}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, UnknownFault> {
        if let Some(fault) = Self::ALL.into_iter().find(|fault| fault.name() == name) {
            return Ok(fault);
        }
        let nearest = Self::ALL.into_iter().min_by_key(|fault| distance(fault.name(), name));
        Err(UnknownFault { name: name.to_owned(), nearest: nearest.unwrap_or(Self::NoRead) })
    }
}

/// A list of names divided by commas, or `all`.
///
/// # Errors
/// The first name that is no fault.
pub fn parse_list(text: &str) -> Result<Vec<Fault>, UnknownFault> {
    if text.trim() == "all" {
        return Ok(Fault::ALL.to_vec());
    }
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::parse).collect()
}

/// Levenshtein's distance.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (index, from) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], index + 1);
        for (column, to) in b.bytes().enumerate() {
            let swapped = diagonal + usize::from(from != to);
            diagonal = row[column + 1];
            row[column + 1] = swapped.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[b.len()]
}

/// One fault for one while: from `from` until just before `until`, on the world's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultWindow {
    pub fault: Fault,
    pub from: Micros,
    pub until: Micros,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultSchedule {
    pub windows: Vec<FaultWindow>,
}

impl FaultSchedule {
    pub fn none() -> Self {
        Self::default()
    }

    /// Each fault once, in an order of the seed's, one after another with quiet between: the stretch is divided evenly,
    /// and no fault lasts longer than half of its part.
    pub fn random(seed: u64, faults: &[Fault], from: Micros, until: Micros) -> Self {
        let mut random = Random::new(mix(seed ^ 0xFA17));
        let mut order = faults.to_vec();
        for index in (1..order.len()).rev() {
            order.swap(index, random.count(0, index));
        }
        let part = until.saturating_sub(from).0 / (order.len().max(1) as u64);
        let window = |(index, fault): (usize, Fault)| {
            let start = from.0 + part * index as u64 + random.bits() % (part / 8).max(1);
            FaultWindow { fault, from: Micros(start), until: Micros(start + fault.usual().0.min(part / 2)) }
        };
        Self { windows: order.into_iter().enumerate().map(window).collect() }
    }

    pub fn active(&self, fault: Fault, now: Micros) -> bool {
        self.windows.iter().any(|window| window.fault == fault && window.from <= now && now < window.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_found_by_its_name_and_a_slip_is_put_right() {
        assert_eq!(Fault::ALL.len(), 23);
        for fault in Fault::ALL {
            assert_eq!(fault.name().parse(), Ok(fault));
        }
        let error = "cablecut".parse::<Fault>().unwrap_err();
        assert_eq!(error.to_string(), "there is no fault \"cablecut\"; did you mean \"cable-cut\"?");
        assert_eq!(parse_list("lost, no-read"), Ok(vec![Fault::Lost, Fault::NoRead]));
        assert_eq!(parse_list("all").map(|all| all.len()), Ok(23));
        assert!(parse_list("lost,imagelate").is_err());
    }

    #[test]
    fn a_random_schedule_holds_every_fault_once_and_never_two_at_a_time() {
        let (from, until) = (Micros::from_ms(10_000), Micros::from_ms(600_000));
        let schedule = FaultSchedule::random(7, &Fault::ALL, from, until);
        assert_eq!(schedule, FaultSchedule::random(7, &Fault::ALL, from, until));
        assert_ne!(schedule, FaultSchedule::random(8, &Fault::ALL, from, until));
        let mut names: Vec<Fault> = schedule.windows.iter().map(|window| window.fault).collect();
        names.sort_unstable();
        assert_eq!(names, Fault::ALL);
        for pair in schedule.windows.windows(2) {
            assert!(pair[0].from < pair[0].until && pair[0].until <= pair[1].from);
        }
        let first = schedule.windows[0];
        assert!(schedule.active(first.fault, first.from) && !schedule.active(first.fault, first.until));
    }
}
