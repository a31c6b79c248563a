//! Labels with a code: which of the two readers reads it, as what, and in what time.

use super::{picture, quantile, spent, timed};
use gatepost_hardware::symbology::Symbology;
use gatepost_models::labels::{LabelReader, plain};
use gatepost_virtual::label::{Condition, Hand, Kind, draw};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
pub(super) struct Figures {
    pub(super) ratio_to_plain: f64,
    pictures: u32,
    read_percent: f64,
    misread: u32,
    plain_percent: f64,
    plain_misread: u32,
    ms_median: f64,
    ms_p95: f64,
    ms_max: f64,
    plain_ms_median: f64,
    plain_ms_p95: f64,
    /// By condition: read by Gatepost and by the plain decoder, of how many.
    conditions: Vec<Row>,
    kinds: Vec<Row>,
    /// The cause said of each label that was not read.
    causes: BTreeMap<&'static str, u32>,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    read: u32,
    plain: u32,
    of: u32,
}

impl Figures {
    /// Bar 4; of no picture, it says nothing.
    pub(super) fn holds(&self) -> bool {
        self.pictures == 0
            || self.read_percent >= 94.0 && self.misread == 0 && self.ratio_to_plain <= 1.3 && self.ms_p95 <= 300.0
    }
}

pub(super) fn measure(hand: Hand, seed: u64, each: u64, verbose: bool) -> Figures {
    let symbologies = [Symbology::Code128, Symbology::DataMatrix, Symbology::Qr];
    let reader = LabelReader::default();
    let row = |name| Row { name, read: 0, plain: 0, of: 0 };
    let mut conditions: Vec<Row> = Condition::ALL.iter().map(|condition| row(condition.name())).collect();
    let mut kinds: Vec<Row> = Kind::ALL.iter().map(|kind| row(kind.name())).collect();
    let (mut ours_ms, mut plain_ms) = (Vec::new(), Vec::new());
    let (mut misread, mut plain_misread, mut causes) = (0, 0, BTreeMap::new());
    for number in 0..each {
        for (by_condition, condition) in conditions.iter_mut().zip(Condition::ALL) {
            for (by_kind, kind) in kinds.iter_mut().zip(Kind::ALL) {
                let label = draw(kind, condition, hand, seed + number);
                let picture = picture(label.pixels);
                let began = spent();
                let by_plain = plain(&picture, &symbologies);
                plain_ms.push((spent() - began).as_secs_f64() * 1e3);
                let (by_us, ms) = timed(&reader, &picture);
                ours_ms.push(ms);
                let read = by_us.codes.iter().any(|code| code.bytes == label.data);
                let plain = by_plain.iter().any(|code| code.bytes == label.data);
                misread += by_us.codes.iter().filter(|code| code.bytes != label.data).count() as u32;
                plain_misread += by_plain.iter().filter(|code| code.bytes != label.data).count() as u32;
                for row in [&mut *by_condition, &mut *by_kind] {
                    row.read += u32::from(read);
                    row.plain += u32::from(plain);
                    row.of += 1;
                }
                if !read {
                    *causes.entry(by_us.cause.map_or("another code", |cause| cause.as_str())).or_insert(0) += 1;
                }
                if verbose && !read {
                    eprintln!("not read: {} {} seed {}", kind.name(), condition.name(), seed + number);
                }
            }
        }
    }
    let of: u32 = kinds.iter().map(|row| row.of).sum();
    let percent = |pick: fn(&Row) -> u32| {
        (f64::from(kinds.iter().map(pick).sum::<u32>()) * 10_000.0 / f64::from(of.max(1))).round() / 100.0
    };
    Figures {
        ratio_to_plain: (quantile(&ours_ms, 0.5) / quantile(&plain_ms, 0.5).max(0.01) * 100.0).round() / 100.0,
        pictures: of,
        read_percent: percent(|row| row.read),
        misread,
        plain_percent: percent(|row| row.plain),
        plain_misread,
        ms_median: quantile(&ours_ms, 0.5),
        ms_p95: quantile(&ours_ms, 0.95),
        ms_max: quantile(&ours_ms, 1.0),
        plain_ms_median: quantile(&plain_ms, 0.5),
        plain_ms_p95: quantile(&plain_ms, 0.95),
        conditions,
        kinds,
        causes,
    }
}
