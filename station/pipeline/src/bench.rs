//! A bench's mind: one item at a time under a scanner, on a scale, before an X-ray; events in, effects out.
//!
//! Apart from the belt lane ([`crate::drive`]) because nothing moves here and no controller counts: the station itself
//! counts *presentations*. One begins with the first reading after the bench was empty (`hands`), gathers what the
//! devices say (`presentation`), is judged when all of them have spoken or a deadline has passed (`decide`), and ends when
//! the officer has taken the item away. Each begins with a record of its own, so that a death of the station loses none.
//! The officer's hand is the diverter: a release is shown only from its durable record. It owns no device, waits for
//! nothing and reads no clock.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use gatepost_hardware::lane::{Device, DeviceKind};
use gatepost_hardware::units::{Grams, Micros, WallMs};
use serde::Serialize;

use crate::drive::{Alarm, AlarmCode, DriveConfig};
use crate::event::{ClockState, Effect, Event};
use crate::judge::{Clearance, ExamAll, Fault};
use crate::limits::{
    ALARMS_MAX, PRESENTATION_MS_MAX, PULSE_MS_MAX, RECORDS_WAITING_MAX, SCALE_SILENT_MS_MAX, SCALE_WATCHES_MS_MAX,
};
use crate::ordered::Ordered;
use crate::pass::life::{End, Signal};
use crate::pass::{LaneName, PassKey};
use crate::record::{Audience, Kind, Pending, Recorded, Urgency};
use crate::ruleset::{Named, Ruleset};
use crate::sighted::EpochBody;
use crate::weighing::{self, Met, Weighing};
pub use hands::{CHUTE_EXAM, CHUTE_RELEASE};
use presentation::Presentation;

mod presentation;
mod plate;
mod hands;
mod decide;
mod officer;
mod view;
#[cfg(test)]
mod tests;

/// Lighter than this is nothing: the last digit of a bench scale, and dust.
pub const EMPTY_BELOW: Grams = Grams(4);
/// A scale at rest repeats itself within this; a larger change is a hand, or a second item.
pub const REPEATS_WITHIN: Grams = Grams(10);

/// What is known of the plate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plate {
    /// Nobody has seen it empty since the station started.
    Unseen,
    Empty,
    Occupied,
}

#[derive(Debug)]
pub struct Bench {
    config: DriveConfig,
    lane: LaneName,
    rules: Arc<Named>,
    /// One for each life of the station, and the presentations begun in it.
    epoch: u32,
    count: u32,
    /// In order. The last may lie on the bench; the others wait for the disk.
    presentations: Vec<Presentation>,
    plate: Plate,
    scales: Met,
    /// How long the scale has said nothing, as far as the station was awake to hear it.
    scale_silent: Micros,
    /// When the last item was taken away: what was measured before is not the next one's.
    emptied: Micros,
    /// Until when an image may still come of an item that was taken away without one.
    owed: VecDeque<Micros>,
    /// Ids of items that were taken away by hand or lost, the last of them.
    loose: VecDeque<String>,
    failed: BTreeSet<Fault>,
    ordered: Ordered,
    /// The ledger gave records back; nothing is decided until it stores again.
    waiting: VecDeque<Pending>,
    mono: Micros,
    wall: WallMs,
    trusted: ClockState,
    alarms: VecDeque<Alarm>,
    out: Vec<Effect>,
}

impl Bench {
    /// # Errors
    /// A sentence, when the lane's name cannot stand in a pass key.
    pub fn new(config: DriveConfig, rules: Ruleset) -> Result<Self, String> {
        let name = config.map.name.as_str();
        let lane = LaneName::new(name).ok_or_else(|| format!("lane \"{name}\": use 1 to 15 letters, digits or -"))?;
        // An item of an earlier life may have been taken away without its image.
        let owed = !config.open.is_empty() || !config.closed.is_empty();
        Ok(Self {
            lane,
            rules: Arc::new(Named { rules, name: config.versions.rules.clone() }),
            epoch: config.epoch_next,
            count: 0,
            presentations: config.open.iter().map(Presentation::left_open).collect(),
            plate: Plate::Unseen,
            scales: Met::default(),
            scale_silent: Micros::ZERO,
            emptied: Micros::ZERO,
            owed: owed.then_some(Micros::from_ms(PRESENTATION_MS_MAX)).into_iter().collect(),
            loose: VecDeque::new(),
            failed: BTreeSet::new(),
            ordered: Ordered::default(),
            waiting: VecDeque::new(),
            mono: Micros::ZERO,
            wall: WallMs::ZERO,
            trusted: ClockState::Untrusted,
            alarms: VecDeque::new(),
            out: Vec::new(),
            config,
        })
    }

    /// The one entrance. Effects are to be carried out in order.
    pub fn handle(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Pulse { mono, wall, clock } => self.pulse(mono, wall, clock),
            // A bench has no controller, and a feed that ran over lost what cannot be known: what lies there is in doubt.
            Event::Controller { .. } => {}
            Event::CableLost { .. } => self.overflowed(),
            Event::Code { mono, device, code } => self.code(mono, device, code),
            Event::Picture { mono, device, picture } => self.picture(mono, device, picture),
            Event::Weight { mono, device, weighed, said } => {
                let at = weighing::wall_at(self.wall, self.mono, mono);
                self.weight(mono, Weighing { device, at, weighed, said });
            }
            Event::Image { mono, device, image } => self.image(mono, device, image),
            Event::Assessed { image, assessed } => self.assessed(image, assessed),
            Event::Matched { pass, answer } => self.matched(pass, answer),
            Event::ListsChanged => self.look_up_again(),
            Event::Rules(rules) => self.rules = Arc::new(Named::by_its_digest(*rules)),
            Event::ExamAll(ordered) => self.exam_all(ordered),
            Event::Recorded(recorded) => self.recorded(recorded),
            Event::Unrecorded(pending) => self.unrecorded(pending),
            Event::LedgerReady => self.ledger_ready(),
            Event::Part { fault, failed } => self.part(fault, failed),
            Event::Officer { officer, action } => self.officer(&officer, action),
        }
        self.advance();
        std::mem::take(&mut self.out)
    }

    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    fn pulse(&mut self, mono: Micros, wall: WallMs, clock: ClockState) {
        let first = self.wall == WallMs::ZERO;
        let asleep = mono.saturating_sub(if first { mono } else { self.mono });
        self.scale_silent = self.scale_silent + asleep.min(Micros::from_ms(PULSE_MS_MAX));
        (self.mono, self.wall, self.trusted) = (mono, wall, clock);
        if first {
            // Counted from here: the clock of a life begins anywhere.
            self.owed.iter_mut().for_each(|until| *until = *until + mono);
            self.entry(Kind::Config, Urgency::default(), &EpochBody { controller_epoch: self.epoch });
            for at in 0..self.presentations.len() {
                let says = "the station stopped while it lay on the bench: what lies there now is presented anew";
                self.end(at, End::Unaccounted, says);
            }
        }
        self.owed.retain(|until| *until > mono);
        if let Some(says) = self.ordered.turn(wall, clock, self.config.utc_offset_min) {
            self.alarm(AlarmCode::ExamAll, None, &says);
        }
    }

    /// Every presentation takes the step it is due.
    fn advance(&mut self) {
        if self.wall == WallMs::ZERO {
            return; // no pulse yet: nothing can be dated
        }
        self.watch();
        self.put_away();
        for at in 0..self.presentations.len() {
            self.look_up(at);
            self.decide_if_due(at);
            self.show_if_due(at);
            self.account(at);
        }
        self.presentations.retain(|presentation| !presentation.is_settled());
    }

    fn recorded(&mut self, recorded: Recorded) {
        let Some(at) = recorded.pass().and_then(|pass| self.find(pass)) else { return };
        let presentation = &mut self.presentations[at];
        if recorded.kind() == Kind::Disposition {
            let seq = recorded.seq();
            presentation.clearance =
                presentation.clearing.take().map(|clearance| Clearance { disposition_seq: seq, ..clearance });
            presentation.stale = true;
            return;
        }
        presentation.seq = Some(recorded.seq());
        presentation.asking = false;
        if recorded.revision() == Some(presentation.revision) {
            presentation.signal(Signal::Durable);
            presentation.release = Some(recorded);
        }
    }

    fn unrecorded(&mut self, pending: Pending) {
        if self.failed.insert(Fault::Disk) {
            let says =
                "the ledger cannot store: everything goes to exam until it can; free disk space or replace the disk";
            self.alarm(AlarmCode::LedgerFull, None, says);
        }
        if pending.kind() != Kind::Decision {
            if self.waiting.len() < RECORDS_WAITING_MAX {
                self.waiting.push_back(pending);
            }
            return;
        }
        if let Some(at) = pending.pass().and_then(|pass| self.find(pass)) {
            let presentation = &mut self.presentations[at];
            presentation.unrecorded = true;
            presentation.asking = false;
            presentation.revision -= 1;
            presentation.signal(Signal::Unrecorded);
        }
    }

    fn ledger_ready(&mut self) {
        if !self.failed.remove(&Fault::Disk) {
            return;
        }
        self.out.extend(self.waiting.drain(..).map(Effect::Record));
        for presentation in self.presentations.iter_mut().filter(|presentation| presentation.unrecorded) {
            presentation.stale = true;
        }
        self.alarm(AlarmCode::LedgerReady, None, "the ledger stores again");
    }

    fn part(&mut self, fault: Fault, failed: bool) {
        let changed = if failed { self.failed.insert(fault) } else { self.failed.remove(&fault) };
        if changed {
            self.alarm(AlarmCode::Part, None, &fault.said(failed));
        }
    }

    /// Central sends everything to exam, or takes that back: what is judged already and lies here is judged again, under it.
    fn exam_all(&mut self, ordered: Option<Box<ExamAll>>) {
        if self.ordered.take(ordered.map(|ordered| *ordered), self.wall, self.trusted) {
            for presentation in self.presentations.iter_mut().filter(|known| known.state.is_on_belt()) {
                presentation.stale |= presentation.judged.is_some();
            }
        }
    }

    /// Records an alarm and keeps it for the page.
    fn alarm(&mut self, code: AlarmCode, pass: Option<PassKey>, says: &str) {
        let alarm = Alarm { code, pass, at: self.wall, says: says.to_owned() };
        self.entry(Kind::Device, code.urgency(), &alarm);
        if self.alarms.len() == ALARMS_MAX {
            self.alarms.pop_front();
        }
        self.alarms.push_back(alarm);
    }

    fn entry<B: Serialize>(&mut self, kind: Kind, urgency: Urgency, body: &B) {
        let made = Pending::entry(kind, urgency, Audience::All, self.lane.as_str(), self.wall, body);
        debug_assert!(made.is_ok(), "{made:?}");
        self.out.extend(made.ok().map(Effect::Record));
    }

    fn find(&self, key: PassKey) -> Option<usize> {
        self.presentations.iter().position(|presentation| presentation.key == key)
    }
    /// Whether the scale would have said by now that a hand is at the plate.
    fn is_watched(&self) -> bool {
        let fitted = self.config.map.device(DeviceKind::Scale).is_some();
        !fitted || self.scale_silent < Micros::from_ms(SCALE_WATCHES_MS_MAX)
    }
    /// The item that lies on the bench.
    fn here(&self) -> Option<usize> {
        self.presentations.iter().rposition(Presentation::lies_here)
    }
    fn device(&self, index: u8) -> Option<&Device> {
        self.config.map.devices.get(usize::from(index))
    }
    /// Whether laying an item down and lifting it can be seen.
    fn has_scale(&self) -> bool {
        let silent = self.scale_silent >= Micros::from_ms(SCALE_SILENT_MS_MAX);
        self.config.map.device(DeviceKind::Scale).is_some() && !silent && !self.failed.contains(&Fault::Scale)
    }
}
