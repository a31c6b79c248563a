//! Pictures in which nothing is to be read: no code, half a code, a code whose own check is wrong; codes over which
//! something lies, which may be read as printed; and codes whose number has a wrong check digit, which may be too and must
//! not be believed.

use super::{picture, quantile, timed};
use gatepost_models::labels::LabelReader;
use gatepost_pipeline::identify::identify;
use gatepost_virtual::label::{Condition, Flaw, Hand, Kind, Nothing, draw_flawed, without_code};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
pub(super) struct Figures {
    pictures: u32,
    /// Codes read where none is, texts that were not printed, and wrong check digits believed.
    invented: u32,
    /// Wrong check digits, read as printed and refused.
    refused: u32,
    /// Covered codes, read as printed.
    covered_read: u32,
    by_sort: BTreeMap<&'static str, u32>,
    ms_median: f64,
    ms_p95: f64,
    ms_max: f64,
}

impl Figures {
    /// Bar 5.
    pub(super) fn holds(&self) -> bool {
        self.invented == 0
    }
}

/// What is drawn, in turn.
#[derive(Clone, Copy)]
enum Sort {
    Nothing(Nothing),
    Flawed(Flaw),
}

impl Sort {
    const COUNT: u64 = Nothing::ALL.len() as u64 + 5;

    fn of(number: u64) -> Self {
        match number % Self::COUNT {
            0 => Self::Flawed(Flaw::CheckDigit),
            1 | 2 => Self::Flawed(Flaw::Symbol),
            3 | 4 => Self::Flawed(Flaw::Covered),
            other => Self::Nothing(Nothing::ALL[other as usize - 5]),
        }
    }

    /// Whether a code that was printed and read may be there.
    fn allows(self, believed: bool) -> bool {
        match self {
            Self::Flawed(Flaw::CheckDigit) => !believed,
            Self::Flawed(Flaw::Covered) => true,
            Self::Flawed(_) | Self::Nothing(_) => false,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Nothing(nothing) => nothing.name(),
            Self::Flawed(Flaw::CheckDigit) => "wrong check digit",
            Self::Flawed(Flaw::Covered) => "covered",
            Self::Flawed(_) => "wrong symbol check",
        }
    }
}

pub(super) fn measure(hand: Hand, seed: u64, pictures: u64) -> Figures {
    let reader = LabelReader::default();
    let (mut invented, mut refused, mut covered_read) = (0, 0, 0);
    let (mut by_sort, mut times) = (BTreeMap::new(), Vec::new());
    for number in 0..pictures {
        let sort = Sort::of(number);
        let turn = (number / Sort::COUNT) as usize;
        let condition = Condition::ALL[turn % Condition::ALL.len()];
        let kind = Kind::ALL[turn % Kind::ALL.len()];
        let (pixels, printed) = match sort {
            Sort::Nothing(nothing) => (without_code(nothing, condition, hand, seed + number), None),
            Sort::Flawed(flaw) => {
                let label = draw_flawed(kind, flaw, condition, hand, seed + number);
                (label.pixels, Some(label.data))
            }
        };
        let (labels, ms) = timed(&reader, &picture(pixels));
        times.push(ms);
        *by_sort.entry(sort.name()).or_insert(0) += 1;
        for code in labels.codes {
            let believed = identify(&String::from_utf8_lossy(&code.bytes), code.aim).valid;
            if printed.as_ref() == Some(&code.bytes) && sort.allows(believed) {
                let counted = if believed { &mut covered_read } else { &mut refused };
                *counted += 1;
            } else {
                invented += 1;
                eprintln!("invented: {:?} of {} {} seed {}", code.text, sort.name(), condition.name(), seed + number);
            }
        }
    }
    Figures {
        pictures: times.len() as u32,
        invented,
        refused,
        covered_read,
        by_sort,
        ms_median: quantile(&times, 0.5),
        ms_p95: quantile(&times, 0.95),
        ms_max: quantile(&times, 1.0),
    }
}
