//! What hands do: lay an item down, put a second one beside it, lift it, put it into a chute.
//!
//! Seen through the devices alone. A reading belongs to whatever lies there, unless it was measured before the last item
//! was gone; an image that an earlier item still owes makes every image nobody's until it came or was given up.

use gatepost_hardware::lane::DeviceKind;
use gatepost_hardware::units::{Grams, Micros};
use serde::Serialize;

use super::plate::Plate as Seen;
use super::presentation::{Lifted, Presentation};
use super::{Bench, EMPTY_BELOW, Plate, REPEATS_WITHIN};
use crate::drive::{AlarmCode, OpenPass};
use crate::event::{ImageFile, LabelPicture, Weighed};
use crate::identify::CodeRead;
use crate::judge::{ContestedCause, Image, Outcome, Overflow, Token};
use crate::limits::{HAND_MS, LIFTED_MS_MAX, PRESENTATION_MS_MAX, PRESENTATIONS_MAX, SCANNED_MS_MAX};
use crate::pass::PassKey;
use crate::pass::life::{End, Signal, State};
use crate::record::{Kind, Urgency};
use crate::sighted::EndBody;
use crate::weighing::Weighing;

/// What the labels at the chutes say: scanned by an officer who puts an item there. Nothing is released by them.
pub const CHUTE_RELEASE: &str = "GATEPOST:RELEASE";
pub const CHUTE_EXAM: &str = "GATEPOST:EXAM";

/// Ids of loose items kept.
const LOOSE_MAX: usize = 64;

/// Body of a *presentation*: an item is on the bench, and owes a decision and an end.
#[derive(Serialize)]
struct PresentationBody {
    pass: PassKey,
    /// What was read first.
    begun_by: DeviceKind,
    /// It may have lain there before the station started.
    restart: bool,
}

impl Presentation {
    /// As the journal of an earlier life shows it.
    pub(super) fn left_open(open: &OpenPass) -> Self {
        Self {
            inherited: true,
            seq: Some(open.seq).filter(|&seq| seq > 0),
            revision: open.revision,
            state: open.end.map_or(State::OnBelt, State::GoneUndecided),
            stale: open.end.is_some(),
            ..Self::new(open.pass, Micros::ZERO, true)
        }
    }
}

impl Presentation {
    /// A release is not shown any more until it is decided anew.
    pub(super) fn hide(&mut self, at: Micros) {
        if self.state == State::Permitted {
            self.signal(Signal::PermitLost);
            self.darken(at);
            (self.stale, self.again) = (true, true);
        }
    }
}

impl Bench {
    pub(super) fn code(&mut self, mono: Micros, device: u8, code: CodeRead) {
        if let CodeRead::Code { text, .. } = &code
            && let Some(end) = chute(text)
        {
            return self.put(end);
        }
        if let Some(at) = self.here().or_else(|| self.begin(mono, device, DeviceKind::Scanner)) {
            let presentation = &mut self.presentations[at];
            if presentation.readings.code(device, code) {
                presentation.news(mono);
            }
        }
    }

    /// A camera looked at what lies here. What it sees is no act of the officer's: a chute's label in the background puts
    /// nothing anywhere, and a picture without a code begins nothing.
    pub(super) fn picture(&mut self, mono: Micros, device: u8, picture: LabelPicture) {
        let begun =
            |bench: &mut Self| picture.shows_code().then(|| bench.begin(mono, device, DeviceKind::Camera)).flatten();
        let Some(at) = self.here().or_else(|| begun(self)) else { return };
        let presentation = &mut self.presentations[at];
        if presentation.readings.label(device, picture) {
            presentation.news(mono);
        }
    }

    pub(super) fn weight(&mut self, mono: Micros, weighing: Weighing) {
        if let (Some(said), true) = (&weighing.said, self.wall > gatepost_hardware::units::WallMs::ZERO) {
            let news = self.scales.meet(weighing.device, said, &self.config.map.devices, &self.config.protocols);
            news.into_iter().for_each(|scale| self.entry(Kind::Device, Urgency::default(), &scale));
        }
        let weighed = weighing.weighed;
        if weighed != Weighed::Nothing {
            self.scale_silent = Micros::ZERO;
        }
        let empty = match weighed {
            Weighed::Empty => true,
            Weighed::Stable(grams) => grams < EMPTY_BELOW,
            Weighed::Moving | Weighed::OutOfRange | Weighed::Tared | Weighed::Nothing => false,
        };
        if empty {
            self.plate = Plate::Empty;
            let Some(at) = self.here() else { return };
            let plate = &mut self.presentations[at].readings.plate;
            if plate.was_laid() {
                self.lift(at, mono);
            } else {
                plate.take(mono, &weighing, Grams::ZERO, None, false);
            }
            return;
        }
        let begun = |bench: &mut Self| {
            let scale = bench.config.map.device(DeviceKind::Scale).map(|(index, _)| index)?;
            matches!(weighed, Weighed::Stable(_)).then(|| bench.begin(mono, scale, DeviceKind::Scale)).flatten()
        };
        let Some(at) = self.here().or_else(|| begun(self)) else { return };
        if matches!(weighed, Weighed::Stable(_)) {
            self.plate = Plate::Occupied;
        }
        let presentation = &mut self.presentations[at];
        let (was_weighed, decided) = (presentation.readings.plate.is_weighed(), presentation.judged.is_some());
        match presentation.readings.plate.take(mono, &weighing, REPEATS_WITHIN, presentation.shown, decided) {
            Seen::Stands if !was_weighed => presentation.news(mono),
            Seen::Nothing | Seen::Stands => {}
            Seen::Pressed => presentation.hide(mono),
            Seen::Heavier => self.second_item(at),
            Seen::Lighter => presentation.contest(ContestedCause::TwoObjects),
        }
    }

    /// A scale that says nothing any more, or whose line went away, does not see what lies on it: what lies there from
    /// here on may be another item. What was on it is lost from sight, and presented anew, as after a restart.
    pub(super) fn watch(&mut self) {
        if self.has_scale() || self.config.map.device(DeviceKind::Scale).is_none() {
            return;
        }
        self.plate = Plate::Unseen;
        let Some(at) = self.here() else { return };
        if !self.presentations[at].readings.plate.was_laid() {
            return self.presentations[at].contest(ContestedCause::Unwatched);
        }
        self.presentations[at].readings.plate.lose();
        self.gone(at, self.mono);
        self.plate = Plate::Unseen;
        let says =
            "the scale said nothing any more while it lay there: check the scale's cable, and lay the item down anew";
        self.end(at, End::Unaccounted, says);
    }

    /// A second item was laid down before the first was taken off.
    fn second_item(&mut self, at: usize) {
        let presentation = &mut self.presentations[at];
        if presentation.readings.contested.contains(&ContestedCause::Appeared) {
            return;
        }
        presentation.contest(ContestedCause::Appeared);
        let key = presentation.key;
        let says = "something was laid on the bench beside it: both go to exam, each is to be presented alone";
        self.alarm(AlarmCode::Inserted, Some(key), says);
    }

    pub(super) fn image(&mut self, mono: Micros, device: u8, file: ImageFile) {
        let early = self.is_leftover(mono, device);
        let Some(at) = self.here().filter(|_| !early) else {
            if early || !self.owed.is_empty() {
                self.owed.pop_front();
                return self.orphan(device);
            }
            let begun = self.begin(mono, device, DeviceKind::Xray);
            return begun.into_iter().for_each(|at| self.presentations[at].readings.image(file.clone()));
        };
        let in_doubt = !self.owed.is_empty();
        let presentation = &mut self.presentations[at];
        let first = presentation.readings.images.is_empty();
        presentation.readings.image(file);
        presentation.news(mono);
        if in_doubt || !first {
            presentation.contest(ContestedCause::ImageOrder);
        }
        if !first {
            self.owed.pop_front(); // one of them is the image that was owed
        }
    }

    pub(super) fn assessed(&mut self, image: u32, assessed: Image) {
        for presentation in &mut self.presentations {
            let stale = presentation.judged.is_some();
            let pictures = &mut presentation.readings.images;
            if let Some(picture) = pictures.iter_mut().find(|picture| picture.file.id == image) {
                picture.assessed = Some(assessed.clone());
                presentation.stale |= stale;
            }
        }
    }

    fn orphan(&mut self, device: u8) {
        let name = self.device(device).map_or("?", |device| device.name.as_str());
        let says = format!("{name} read something that belongs to no item on the bench");
        self.alarm(AlarmCode::Orphan, None, &says);
    }

    /// Events were lost: what lies on the bench may have been seen in part.
    pub(super) fn overflowed(&mut self) {
        if let Some(at) = self.here() {
            self.presentations[at].readings.overflow.insert(Overflow::Queue);
            self.presentations[at].news(self.mono);
        }
    }

    /// Whether a reading may have been taken before the last item was gone.
    fn is_leftover(&self, mono: Micros, device: u8) -> bool {
        let latency_ms = self.device(device).map_or(0, |device| device.latency_ms_max);
        mono.saturating_sub(Micros::from_ms(u64::from(latency_ms))) < self.emptied
    }

    /// An item is on the bench: it is named, and that is recorded. Nothing while it cannot be dated, or still is the last one.
    fn begin(&mut self, mono: Micros, device: u8, by: DeviceKind) -> Option<usize> {
        let undated = self.wall == gatepost_hardware::units::WallMs::ZERO;
        if undated || by != DeviceKind::Scale && self.is_leftover(mono, device) {
            return None;
        }
        if self.presentations.len() == PRESENTATIONS_MAX {
            let says = "too many items are not finished: take nothing more until the records are stored";
            self.alarm(AlarmCode::TooManyPasses, None, says);
            return None;
        }
        self.count += 1;
        let key = PassKey { lane: self.lane, epoch: self.epoch, pass: self.count };
        let restart = self.plate == Plate::Unseen;
        self.entry(Kind::Presentation, Urgency::default(), &PresentationBody { pass: key, begun_by: by, restart });
        // The one before it has surely been put away by now.
        if let Some(at) = self.presentations.iter().rposition(|last| last.lifted.is_some() && last.state.is_on_belt()) {
            self.put_down(at);
        }
        self.presentations.push(Presentation::new(key, mono, restart));
        Some(self.presentations.len() - 1)
    }

    /// The scale is empty: the officer has the item in his hands.
    fn lift(&mut self, at: usize, mono: Micros) {
        let slow = self.config.map.device(DeviceKind::Scale).map_or(0, |(_, scale)| scale.latency_ms_max);
        let presentation = &mut self.presentations[at];
        let slow = Micros::from_ms(u64::from(slow) + HAND_MS);
        // The hand was at it before the plate moved; what changed while it was on its way came too late for it.
        let moved = presentation.readings.plate.touched();
        let sign = moved.filter(|at| mono.saturating_sub(*at) <= Micros::from_ms(LIFTED_MS_MAX)).unwrap_or(mono);
        let hand = sign.saturating_sub(slow);
        let now = presentation.shown.filter(|(_, since)| *since <= hand);
        let before = presentation.was.filter(|((_, since), until)| *since <= hand && *until >= hand);
        let seen = now.or(before.map(|(shown, _)| shown)).map(|(outcome, _)| outcome);
        let goes = match seen {
            Some(Outcome::Release) => End::Release,
            Some(Outcome::Exam) => End::Exam,
            Some(Outcome::StopInPlace) | None => End::Removed,
        };
        let goes = presentation.put.unwrap_or(goes);
        let followed = seen == Some(Outcome::Release);
        presentation.lifted = Some(Lifted { at: mono, goes, followed });
        let taken_back = presentation.judged.as_ref().is_some_and(|judged| judged.1.outcome > Outcome::Release);
        if goes == End::Release && followed && taken_back {
            self.alarm_too_late(at);
        }
        self.gone(at, mono);
    }

    /// The bench is free for the next one; an image that did not come may come all the same.
    fn gone(&mut self, at: usize, mono: Micros) {
        self.emptied = mono;
        self.plate = Plate::Empty;
        let has_xray = self.config.map.device(DeviceKind::Xray).is_some();
        let until = self.presentations[at].began + Micros::from_ms(PRESENTATION_MS_MAX);
        if has_xray && self.presentations[at].readings.images.is_empty() && until > mono {
            self.owed.push_back(until);
        }
    }

    /// An officer says where the item goes. On a working scale it is gone when the scale says so.
    fn put(&mut self, end: End) {
        let last = |presentation: &Presentation| presentation.state.is_on_belt() && !presentation.inherited;
        if let Some(at) = self.presentations.iter().rposition(last) {
            self.put_one(at, end);
        }
    }

    pub(super) fn put_one(&mut self, at: usize, end: End) {
        let has_scale = self.has_scale();
        let presentation = &mut self.presentations[at];
        if presentation.lifted.is_none() {
            presentation.put = Some(end);
            if has_scale && presentation.readings.plate.was_laid() {
                return;
            }
            self.gone(at, self.mono);
        }
        let presentation = &mut self.presentations[at];
        let shown = presentation.state == State::Permitted;
        let followed = presentation.lifted.is_some_and(|lifted| lifted.followed) || shown;
        presentation.lifted = Some(Lifted { at: self.mono, goes: end, followed });
        self.put_down(at);
    }

    /// Time goes by: what was lifted is in its chute; what was only scanned will not be laid down any more.
    pub(super) fn put_away(&mut self) {
        for at in 0..self.presentations.len() {
            let presentation = &self.presentations[at];
            if !presentation.state.is_on_belt() {
                continue;
            }
            match presentation.lifted {
                Some(lifted) if self.mono >= lifted.at + Micros::from_ms(LIFTED_MS_MAX) => self.put_down(at),
                None if self.has_scale()
                    && presentation.lies_here()
                    && !presentation.readings.plate.was_laid()
                    && self.mono >= presentation.began + Micros::from_ms(SCANNED_MS_MAX) =>
                {
                    self.gone(at, self.mono);
                    self.end(at, End::Unaccounted, "was scanned and never laid on the bench");
                }
                Some(_) | None => {}
            }
        }
    }

    /// A lifted item is where it was put.
    fn put_down(&mut self, at: usize) {
        let presentation = &self.presentations[at];
        let key = presentation.key;
        let Some(lifted) = presentation.lifted else { return };
        match (lifted.goes, lifted.followed) {
            (End::Release, false) => {
                let says = format!("{key} was put into release and was not to be released: fetch it there");
                self.alarm(AlarmCode::ReleasedWithoutPermit, Some(key), &says);
            }
            (End::Exam, true) => {
                let says = format!("{key} was released but put into exam");
                self.alarm(AlarmCode::WentToExam, Some(key), &says);
            }
            _ => {}
        }
        let says = match lifted.goes {
            End::Release | End::Exam => "taken off the bench",
            End::Removed | End::Unaccounted => {
                "was taken off the bench before its decision was shown: lay it on again, or into exam"
            }
        };
        self.end(at, lifted.goes, says);
    }

    /// Ends a presentation, once. Its record is made when its decision is durable.
    pub(super) fn end(&mut self, at: usize, end: End, says: &'static str) {
        let presentation = &mut self.presentations[at];
        if !presentation.state.is_on_belt() {
            return;
        }
        presentation.signal(Signal::Gone(end));
        presentation.ends = Some(says);
        presentation.shown = None;
        presentation.release = None;
        let item = presentation.item();
        let (key, loose) = (presentation.key, matches!(end, End::Removed | End::Unaccounted));
        if let Some(item) = item.as_ref().map(Token::as_str) {
            self.loose.retain(|known| known != item);
            if loose {
                self.loose.push_back(item.to_owned());
            }
            if self.loose.len() > LOOSE_MAX {
                self.loose.pop_front();
            }
        }
        if loose {
            let code = if end == End::Removed { AlarmCode::Removed } else { AlarmCode::Unaccounted };
            self.alarm(code, Some(key), &format!("{key} {says}"));
        }
    }

    /// The record of an end, behind the durable decision that it names.
    pub(super) fn account(&mut self, at: usize) {
        let presentation = &mut self.presentations[at];
        let State::Closed(end) = presentation.state else { return };
        if presentation.asking {
            return; // a later decision is on its way
        }
        let Some(says) = presentation.ends.take() else { return };
        let (pass, item, decision) = (Some(presentation.key), presentation.item(), presentation.seq);
        let urgency = match end {
            End::Removed => AlarmCode::Removed.urgency(),
            End::Unaccounted => AlarmCode::Unaccounted.urgency(),
            End::Release | End::Exam => Urgency::default(),
        };
        self.entry(Kind::Sighting, urgency, &EndBody { pass, item, end, decision, fact: None, says });
    }
}

/// The chute whose label this is.
fn chute(text: &str) -> Option<End> {
    match text {
        CHUTE_RELEASE => Some(End::Release),
        CHUTE_EXAM => Some(End::Exam),
        _ => None,
    }
}
