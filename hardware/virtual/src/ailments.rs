//! What can ail each device of a lane: a closed table, each cell with its physical meaning.
//!
//! The second dimension beside [`crate::faults`]: those happen to a lane, these to one of its parts. A cell is written
//! `eye-diverter:stuck`. Cells that make no sense say why, and are not carried out. It carries nothing out itself; the
//! lane does, at pins and bytes.

use crate::faults::distance;
use gatepost_hardware::units::Micros;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$each])* $variant,)+ }

        impl $name {
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$variant),+];

            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

named!(
    /// A device of a lane, in the order a parcel meets them; then what serves them all.
    Device {
        EyeEntry = "eye-entry",
        /// One of the eyes between entry and diverter eye: another one in each window.
        EyeWatch = "eye-watch",
        EyeDiverter = "eye-diverter",
        EyeRelease = "eye-release",
        EyeExam = "eye-exam",
        /// Of one belt: another one in each window.
        Encoder = "encoder",
        Scanner = "scanner",
        Scale = "scale",
        Xray = "xray",
        /// The leaf, its cylinder and its valve.
        Diverter = "diverter",
        /// The two switches that say where the leaf is.
        Feedback = "feedback",
        Cable = "cable",
        /// The lane controller's.
        Clock = "clock",
        /// The reset button at the lane.
        Reset = "reset",
    }
);

named!(
    Ailment {
        Off = "off",
        Stuck = "stuck",
        Garbage = "garbage",
        Wrong = "wrong",
        Slow = "slow",
        Delayed = "delayed",
        Intermittent = "intermittent",
    }
);

/// One device with one ailment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cell {
    pub device: Device,
    pub ailment: Ailment,
}

/// What a cell means at the lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    Does(&'static str),
    /// There is no such thing, and why.
    None(&'static str),
}

/// An intermittent device is gone for the first [`OUT`] of every [`EVERY`].
pub const EVERY: Micros = Micros(1_000_000);
pub const OUT: Micros = Micros(200_000);

impl Cell {
    /// Every pair, sense or not, device by device.
    pub fn all() -> impl Iterator<Item = Self> {
        Device::ALL.into_iter().flat_map(|device| Ailment::ALL.map(|ailment| Self { device, ailment }))
    }

    pub const fn meaning(self) -> Meaning {
        use Device as D;
        match self.device {
            D::EyeEntry | D::EyeWatch | D::EyeDiverter | D::EyeRelease | D::EyeExam => eye(self.ailment),
            D::Encoder => encoder(self.ailment),
            D::Scanner => scanner(self.ailment),
            D::Scale => scale(self.ailment),
            D::Xray => xray(self.ailment),
            D::Diverter => diverter(self.ailment),
            D::Feedback => feedback(self.ailment),
            D::Cable => cable(self.ailment),
            D::Clock => clock(self.ailment),
            D::Reset => reset(self.ailment),
        }
    }

    pub const fn is_possible(self) -> bool {
        matches!(self.meaning(), Meaning::Does(_))
    }

    /// A plumber's mistake is there before the lane runs, not while it does.
    pub const fn is_from_the_start(self) -> bool {
        matches!((self.device, self.ailment), (Device::Diverter, Ailment::Wrong))
    }
}

const fn eye(ailment: Ailment) -> Meaning {
    Meaning::Does(match ailment {
        Ailment::Off => "no supply, or a broken wire: wired so that it then reads blocked",
        Ailment::Stuck => "its output is stuck: it reads free, whatever passes",
        Ailment::Garbage => "it chatters: every level lasts 0.2 to 3 ms, whatever passes (the debounce time is 1.5 ms)",
        Ailment::Wrong => "set the other way round: free reads blocked, blocked reads free",
        Ailment::Slow => "a dirty lens: it reads blocked 80 ms late, free at once (a parcel is 40 mm short)",
        Ailment::Delayed => "every level comes 120 ms late (60 mm)",
        Ailment::Intermittent => "a loose plug: without supply, so blocked, 200 ms in every second",
    })
}

const fn encoder(ailment: Ailment) -> Meaning {
    Meaning::Does(match ailment {
        Ailment::Off => "no supply: no pulses while the belt runs",
        Ailment::Stuck => "one of its two channels stands: it counts one tick to and fro",
        Ailment::Garbage => "noise on its wires: up to 20 ticks too many or too few in every 5 ms",
        Ailment::Wrong => "half the counts are missing, or, in every other pair of windows, its channels are swapped",
        Ailment::Slow => "its counter is read out every 200 ms only",
        Ailment::Delayed => "every count comes 150 ms late",
        Ailment::Intermittent => "no pulses 200 ms in every second",
    })
}

const fn scanner(ailment: Ailment) -> Meaning {
    Meaning::Does(match ailment {
        Ailment::Off => "it says nothing",
        Ailment::Stuck => "it answers every trigger with the last code that it read before",
        Ailment::Garbage => "wrong baud rate: noise instead of each answer",
        Ailment::Wrong => "one digit of every code is misread",
        Ailment::Slow => "every answer comes 180 ms later than the lane file allows",
        Ailment::Delayed => "every answer comes 700 ms later: some while the next parcel is in view",
        Ailment::Intermittent => "answers that are due in the first 200 ms of a second are lost",
    })
}

const fn scale(ailment: Ailment) -> Meaning {
    Meaning::Does(match ailment {
        Ailment::Off => "it says nothing",
        Ailment::Stuck => "it answers every weighing with the last weight that it told before",
        Ailment::Garbage => "wrong baud rate: noise instead of each answer",
        Ailment::Wrong => "drifted: 600 g and a half too much",
        Ailment::Slow => "every weight comes 300 ms later than the lane file allows",
        Ailment::Delayed => "every weight comes 900 ms later: some while the next parcel is on the scale",
        Ailment::Intermittent => "weights that are due in the first 200 ms of a second are lost",
    })
}

const fn xray(ailment: Ailment) -> Meaning {
    Meaning::Does(match ailment {
        Ailment::Off => "the source is off: no images, and none are counted",
        Ailment::Stuck => "its computer writes the last image again for every parcel, number and all",
        Ailment::Garbage => "noise instead of each picture, as long as the parcel and numbered",
        Ailment::Wrong => "one picture behind: what should show a parcel shows the one before it",
        Ailment::Slow => "every image comes 1.2 s later than the lane file allows",
        Ailment::Delayed => "every image comes 9 to 14 s later",
        Ailment::Intermittent => "images that are due in the first 200 ms of a second are lost",
    })
}

const fn diverter(ailment: Ailment) -> Meaning {
    Meaning::Does(match ailment {
        Ailment::Off => "no air: its spring holds it at exam, whatever is commanded",
        Ailment::Stuck => "jammed: the leaf stays where it was when that began",
        Ailment::Garbage => {
            "air pressure fluctuates: the leaf trembles, up to a third of its way off where it should be"
        }
        Ailment::Wrong => "hoses swapped: it stands at release when exam is commanded (there before the lane runs)",
        Ailment::Slow => "it swings at a third of its speed",
        Ailment::Delayed => "its valve sticks: it begins to move 150 ms after the command",
        Ailment::Intermittent => "air fails 200 ms in every second: the spring drives it to exam",
    })
}

const fn feedback(ailment: Ailment) -> Meaning {
    Meaning::Does(match ailment {
        Ailment::Off => "no supply: neither switch says anything",
        Ailment::Stuck => "it goes on saying where the leaf was when that began",
        Ailment::Garbage => "every 30 ms one of the four pictures that two switches can give",
        Ailment::Wrong => "the two switches are swapped",
        Ailment::Slow => "it says where the leaf is 60 ms late",
        Ailment::Delayed => "it says where the leaf is 400 ms late, later than any swing may take",
        Ailment::Intermittent => "neither switch says anything 200 ms in every second",
    })
}

const fn cable(ailment: Ailment) -> Meaning {
    Meaning::Does(match ailment {
        Ailment::Off => "pulled out",
        Ailment::Stuck => "the controller's sending wire is broken: it hears the station, and is not heard",
        Ailment::Garbage => "noise: of 50 bytes one is altered, of 100 one comes in from nowhere, both ways",
        Ailment::Wrong => "plugged into another lane's controller",
        Ailment::Slow => "it carries 240 bytes a second each way and keeps 512; the rest is lost",
        Ailment::Delayed => "every byte comes 300 ms late, both ways",
        Ailment::Intermittent => "a loose plug: cut 200 ms in every second",
    })
}

const fn clock(ailment: Ailment) -> Meaning {
    Meaning::Does(match ailment {
        Ailment::Off => {
            "the processor stands: pins keep their level until the watchdog, 250 ms later, holds it in reset for as \
             long as that lasts"
        }
        Ailment::Stuck => "the timer stands while the program runs; the watchdog holds it in reset 250 ms later",
        Ailment::Garbage => "it jumps ahead by up to a second, about once a second",
        Ailment::Wrong => "it jumps ahead by 3 s, once",
        Ailment::Slow => "it runs 2 % slow",
        Ailment::Delayed => {
            return Meaning::None("a clock is read, not sent: what is late is the cable, see cable:delayed");
        }
        Ailment::Intermittent => "it stands 200 ms in every second",
    })
}

const fn reset(ailment: Ailment) -> Meaning {
    Meaning::Does(match ailment {
        Ailment::Off => "a broken wire: pressing it does nothing",
        Ailment::Stuck => "held pressed, by a stuck spring or a wedge",
        Ailment::Garbage => "noise on its wire: pulses of 5 to 20 ms, a few in a second, that nobody pressed",
        Ailment::Wrong => "a contact of the other kind: it reads pressed until somebody presses it",
        Ailment::Slow => "it stays pressed for 2 s after it is let go",
        Ailment::Delayed => "every level comes 1.5 s late",
        Ailment::Intermittent => "it reads nothing 200 ms in every second",
    })
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.device.name(), self.ailment.name())
    }
}

/// A name that is no cell, and the one that was probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCell {
    pub name: String,
    pub nearest: Cell,
}

impl fmt::Display for UnknownCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no device has the ailment \"{}\"; did you mean \"{}\"?", self.name, self.nearest)
    }
}

impl std::error::Error for UnknownCell {}

impl FromStr for Cell {
    type Err = UnknownCell;

    fn from_str(name: &str) -> Result<Self, UnknownCell> {
        let nearest = Self::all().min_by_key(|cell| distance(&cell.to_string(), name));
        match nearest {
            Some(cell) if cell.to_string() == name => Ok(cell),
            nearest => {
                let first = Self { device: Device::EyeEntry, ailment: Ailment::Off };
                Err(UnknownCell { name: name.to_owned(), nearest: nearest.unwrap_or(first) })
            }
        }
    }
}

/// Cells divided by commas; a device or an ailment alone stands for its whole row or column, `all` for the table.
/// Those that are not possible are left out where they were not named themselves.
///
/// # Errors
/// The first name that is none of these.
pub fn parse_cells(text: &str) -> Result<Vec<Cell>, UnknownCell> {
    let mut cells = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let covers = |cell: &Cell| name == "all" || cell.device.name() == name || cell.ailment.name() == name;
        let before = cells.len();
        cells.extend(Cell::all().filter(|cell| covers(cell) && cell.is_possible()));
        if cells.len() == before {
            cells.push(name.parse()?);
        }
    }
    Ok(cells)
}

/// One ailment for one while: from `from` until just before `until`, on the world's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AilingWindow {
    pub cell: Cell,
    pub from: Micros,
    pub until: Micros,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_is_found_by_its_name_and_a_slip_is_put_right() {
        assert_eq!(Cell::all().count(), 14 * 7);
        for cell in Cell::all() {
            assert_eq!(cell.to_string().parse(), Ok(cell));
        }
        let error = "eye-divertr:stuck".parse::<Cell>().unwrap_err();
        assert!(error.to_string().ends_with("did you mean \"eye-diverter:stuck\"?"), "{error}");
    }

    #[test]
    fn rows_columns_and_the_table_leave_out_what_is_not_possible() {
        let count = |text: &str| parse_cells(text).map(|cells| cells.len());
        assert_eq!(count("all"), Ok(97));
        assert_eq!((count("clock"), count("delayed"), count("scale:off, off")), (Ok(6), Ok(13), Ok(15)));
        assert_eq!(count("clock:delayed"), Ok(1), "named, it is there, and whoever runs it says why it is not run");
        assert!(count("all,brakes").is_err());
        let impossible = Cell::all().filter(|cell| !cell.is_possible());
        assert_eq!(impossible.map(|cell| cell.to_string()).collect::<Vec<_>>(), ["clock:delayed"]);
    }
}
