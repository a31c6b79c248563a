//! One item on the bench, from its first reading until its end is on disk: what was said of it, and how far it has come.
//!
//! Apart from the bench because readings add up here and nowhere else. One at a time is the rule of a bench, so whatever
//! is read while an item lies there is its own; what shows that there were two contests it.

use std::collections::BTreeSet;
use std::sync::Arc;

use gatepost_hardware::lane::{DeviceKind, LaneMap};
use gatepost_hardware::units::{Grams, Micros};

use super::plate::OnPlate;
use crate::event::{ImageFile, LabelPicture, Matched};
use crate::identify::{CodeRead, ItemIdentity, arbitrate};
use crate::judge::{
    BlindCause, Clearance, ContestedCause, Image, Inputs, ListState, NoWeightCause, Outcome, Overflow, Token, Verdict,
    Weight,
};
use crate::limits::{CODES_MAX, LABELS_MAX, PRESENTATION_IMAGES_MAX};
use crate::pass::PassKey;
use crate::pass::life::{End, Signal, State};
use crate::record::Recorded;
use crate::ruleset::Named;
use crate::weighing::{Alibis, Stands, Weighing};

#[derive(Debug)]
pub(super) struct Presentation {
    pub key: PassKey,
    pub state: State,
    /// First reading, and the last one that said something new.
    pub began: Micros,
    pub heard: Micros,
    /// Nobody saw the bench empty before it: it may have lain there while the station was away.
    pub restart: bool,
    /// Of an earlier life of the station, which ended while it lay there.
    pub inherited: bool,
    pub readings: Readings,
    pub lists: Answer,
    /// Its id was on an item that was taken away by hand, or lost, and did not come back through a chute.
    pub twice: bool,
    pub judged: Option<Box<(Inputs, Verdict)>>,
    /// The weights that it was judged from.
    pub weights: Alibis,
    /// By which rules it is judged, from its first decision on: one pack for one item.
    pub rules: Option<Arc<Named>>,
    /// Judge again: something it was judged from has changed. `again`: and record it, even if the verdict is the same.
    pub stale: bool,
    pub again: bool,
    /// The ledger gave a decision of it back.
    pub unrecorded: bool,
    /// Decisions asked for so far; whether one is on its way to the disk; the newest durable one.
    pub revision: u32,
    pub asking: bool,
    pub seq: Option<u64>,
    /// Proof of a durable release, until it is shown.
    pub release: Option<Recorded>,
    /// What the officer sees of it, and since when.
    pub shown: Option<(Outcome, Micros)>,
    /// What was seen before that, and until when.
    pub was: Option<((Outcome, Micros), Micros)>,
    pub clearance: Option<Clearance>,
    /// The clearance being written, as it will stand when durable.
    pub clearing: Option<Clearance>,
    /// The chute's label was scanned, or the officer said that it was taken away.
    pub put: Option<End>,
    pub lifted: Option<Lifted>,
    /// Why it ended, until the record of its end is made.
    pub ends: Option<&'static str>,
}

/// The lists' answer, and how often they were asked: an answer counts when it is the one to the last question.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub identity: Option<ItemIdentity>,
    pub asked: u32,
    pub asked_at: Micros,
    /// When they were asked of this identity first.
    pub since: Micros,
    pub answered: u32,
    pub matched: Option<Box<Matched>>,
}

/// An item was taken off the scale.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lifted {
    pub at: Micros,
    /// Where it goes if its chute says nothing else.
    pub goes: End,
    /// The officer acted on a release that was shown.
    pub followed: bool,
}

/// What the devices said.
#[derive(Clone, Debug, Default)]
pub(super) struct Readings {
    codes: Vec<CodeRead>,
    /// Scanners and cameras, by index in the lane map, that have spoken.
    scanned: BTreeSet<u8>,
    /// The pictures of its label, by their digests.
    pub labels: Vec<Token>,
    pub plate: OnPlate,
    pub images: Vec<Pictured>,
    pub contested: BTreeSet<ContestedCause>,
    pub overflow: BTreeSet<Overflow>,
}

#[derive(Clone, Debug)]
pub(super) struct Pictured {
    pub file: ImageFile,
    pub assessed: Option<Image>,
}

impl Presentation {
    pub fn new(key: PassKey, began: Micros, restart: bool) -> Self {
        Self {
            key,
            state: State::OnBelt,
            began,
            heard: began,
            restart,
            inherited: false,
            readings: Readings::default(),
            lists: Answer::default(),
            twice: false,
            judged: None,
            weights: Alibis::default(),
            rules: None,
            stale: false,
            again: false,
            unrecorded: false,
            revision: 0,
            asking: false,
            seq: None,
            release: None,
            shown: None,
            was: None,
            clearance: None,
            clearing: None,
            put: None,
            lifted: None,
            ends: None,
        }
    }

    /// Takes a signal; one that the table does not know is a defect of ours, and leaves the state as it was.
    pub fn signal(&mut self, signal: Signal) {
        let after = self.state.after(signal);
        debug_assert!(after.is_some(), "{}: {signal:?} in state {:?}", self.key, self.state);
        self.state = after.unwrap_or(self.state);
    }

    /// Nothing is shown of it any more.
    pub fn darken(&mut self, at: Micros) {
        self.was = self.shown.take().map(|shown| (shown, at)).or(self.was);
    }

    /// Whether it lies on the bench.
    pub fn lies_here(&self) -> bool {
        self.state.is_on_belt() && self.lifted.is_none() && !self.inherited
    }

    /// Something new was said of it.
    pub fn news(&mut self, at: Micros) {
        self.heard = at;
        self.stale |= self.judged.is_some();
    }

    pub fn contest(&mut self, cause: ContestedCause) {
        if self.readings.contested.insert(cause) {
            self.stale |= self.judged.is_some();
        }
    }

    /// Whether nothing about it is on its way to the disk any more.
    pub fn is_settled(&self) -> bool {
        let done = matches!(self.state, State::Closed(_)) && self.ends.is_none();
        done && self.seq.is_some() && self.clearing.is_none() && !self.stale && !self.asking
    }

    /// The item id, as far as it is certain.
    pub fn item(&self) -> Option<Token> {
        match self.lists.identity.as_ref()? {
            ItemIdentity::Item(item) => Token::new(&item.id),
            ItemIdentity::NoRead(_) | ItemIdentity::Conflicting(_) => None,
        }
    }
}

impl Answer {
    /// The lists' answer to the last question.
    pub fn current(&self) -> Option<&Matched> {
        self.matched.as_deref().filter(|_| self.answered == self.asked)
    }

    /// Whether they could not answer, and may when they are asked again.
    pub fn may_come(&self) -> bool {
        let silent = |list: &ListState| matches!(list, ListState::Rebuilding | ListState::NoAnswer);
        self.current().is_some_and(|matched| silent(&matched.lists.holds) || silent(&matched.lists.declarations))
    }
}

impl Readings {
    /// Whether the code is new.
    pub fn code(&mut self, device: u8, code: CodeRead) -> bool {
        let first = self.scanned.insert(device);
        if self.codes.contains(&code) {
            return first;
        }
        if self.codes.len() == CODES_MAX {
            return self.overflow.insert(Overflow::Readings);
        }
        self.codes.push(code);
        true
    }

    /// Whether the picture says something new.
    pub fn label(&mut self, device: u8, picture: LabelPicture) -> bool {
        if self.labels.len() < LABELS_MAX {
            self.labels.extend(picture.digest);
        }
        let first = self.scanned.insert(device);
        let codes = picture.reads.into_iter().map(|code| self.code(device, code));
        codes.fold(first, |new, code| new | code)
    }

    pub fn image(&mut self, file: ImageFile) {
        if file.objects > 1 {
            self.contested.insert(ContestedCause::Abreast);
        }
        if self.images.len() == PRESENTATION_IMAGES_MAX {
            self.overflow.insert(Overflow::Images);
        } else {
            self.images.push(Pictured { file, assessed: None });
        }
    }

    pub fn is_scanned(&self, map: &LaneMap) -> bool {
        let mut readers = map.devices.iter().enumerate().filter(|(_, device)| device.kind.reads_labels());
        readers.all(|(index, _)| self.scanned.contains(&(index as u8)))
    }

    /// Whether every device of the bench has said what it can say.
    pub fn is_complete(&self, map: &LaneMap) -> bool {
        let weighed = self.plate.is_weighed() || devices(map, DeviceKind::Scale).next().is_none();
        let pictured = !self.images.is_empty() && self.images.iter().all(|image| image.assessed.is_some());
        let pictured = pictured || devices(map, DeviceKind::Xray).next().is_none();
        self.is_scanned(map) && weighed && pictured
    }

    pub fn identity(&self) -> ItemIdentity {
        arbitrate(&self.codes)
    }

    /// The weight, or why there is none, and the weighing that says so.
    pub fn weight(&self, map: &LaneMap, tolerance_g: Grams) -> (Weight, Vec<(Stands, &Weighing)>) {
        if devices(map, DeviceKind::Scale).next().is_none() {
            return (Weight::Unknown { cause: NoWeightCause::NoScale }, Vec::new());
        }
        let two = [ContestedCause::TwoObjects, ContestedCause::Appeared, ContestedCause::Abreast];
        self.plate.weight(tolerance_g, two.iter().any(|cause| self.contested.contains(cause)))
    }

    /// The one image of the item.
    pub fn picture(&self) -> Option<&Pictured> {
        match self.images.as_slice() {
            [one] if !self.contested.contains(&ContestedCause::ImageOrder) => Some(one),
            _ => None,
        }
    }

    /// What was seen in it, or why nothing was.
    pub fn seen(&self) -> Image {
        match self.picture() {
            None => Image::Blind { cause: BlindCause::NoImage },
            Some(picture) => picture.assessed.clone().unwrap_or(Image::Blind { cause: BlindCause::Late }),
        }
    }
}

/// Indices of the devices of a kind.
fn devices(map: &LaneMap, kind: DeviceKind) -> impl Iterator<Item = u8> {
    map.devices.iter().enumerate().filter(move |(_, device)| device.kind == kind).map(|(index, _)| index as u8)
}
