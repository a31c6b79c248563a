//! What a belt lane knows of a parcel, put in the judge's words ([`crate::facts`] has the words). Decides nothing: what is
//! unknown stays unknown.

use gatepost_hardware::link::{LaneState as Reported, StopCause};
use gatepost_hardware::units::{Micros, WallMs};

use super::{Drive, Parcel};
use crate::event::ClockState;
use crate::facts::{fill_identity, fill_match, lane_kind, sampling_of, today};
use crate::gather::{ImageOf, blind_cause};
use crate::identify::ItemIdentity;
use crate::judge::{Association, BlindCause, Fault, Identification, Image, Inputs, LaneState, Token};
use crate::pass::PassKey;
use crate::record::{Kind, Urgency};
use crate::weighing::{self, Alibis, Weighing, alibis};

/// What is known of a parcel, and the weights behind it.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub inputs: Inputs,
    pub weights: Alibis,
}

impl Drive {
    /// Everything the judge may read about a parcel, as it is known now, and the weights behind it.
    pub(super) fn known(&self, at: usize) -> Known {
        let parcel = &self.parcels[at];
        let Known { mut inputs, weights } = match &parcel.kept {
            Some(kept) => (**kept).clone(),
            None => self.observed(parcel),
        };
        inputs.today =
            (self.trusted == ClockState::Trusted).then(|| today(self.wall, self.config.utc_offset_min)).flatten();
        inputs.lane.kind = lane_kind(self.config.map.kind);
        inputs.lane.state = if parcel.voided { LaneState::Recovering } else { lane_state(self.state) };
        inputs.lane.restart = parcel.inherited.is_some();
        inputs.lane.faults = self.failed.clone();
        inputs.lane.faults.extend(parcel.inherited);
        if parcel.unrecorded {
            inputs.lane.faults.insert(Fault::Disk);
        }
        inputs.lane.contingency = self.failed.iter().find_map(|fault| self.config.contingency.get(fault)).cloned();
        inputs.lane.exam_all = self.ordered.of(parcel.judged.as_ref().map(|judged| &judged.0));
        if parcel.twice
            && let Identification::Read { duplicate, .. } = &mut inputs.item
        {
            *duplicate = true;
        }
        (inputs.radiation, inputs.smoke) = (self.radiation, self.smoke);
        inputs.sampling = sampling_of(&self.config, parcel.key, &self.failed);
        inputs.clearance.clone_from(&parcel.clearance);
        Known { inputs, weights }
    }

    /// What devices and lists said of it.
    fn observed(&self, parcel: &Parcel) -> Known {
        let mut inputs = Inputs::blank(parcel.key);
        let pass = parcel.key;
        let (Some(tracked), Some(gathered)) = (self.track.get(pass), self.gather.get(pass)) else {
            return Known { inputs, weights: Alibis::default() };
        };
        inputs.parcel.length_mm = tracked.length_mm;
        inputs.parcel.gap_mm = tracked.gap_mm;
        inputs.association = Association::Owned;
        tracked.contested.iter().for_each(|&cause| inputs.contest(cause));
        inputs.overflow.clone_from(&gathered.overflow);
        let (weight, seen) = gathered.weight(&self.config.map, self.config.weight_tolerance_g);
        inputs.weight = weight;
        let weights = alibis(&seen, &self.config.map.devices, &self.config.protocols);
        inputs.image = self.image(gathered.image, gathered.interrupted);
        if let ImageOf::Contested { cause } = gathered.image {
            inputs.contest(cause);
        }
        fill_identity(&mut inputs, &gathered.identity_now(), gathered.identity.is_some());
        if let Some(answer) = &gathered.matched {
            fill_match(&mut inputs, answer);
        }
        Known { inputs, weights }
    }

    fn image(&self, image: ImageOf, interrupted: bool) -> Image {
        if let Some(cause) = blind_cause(image, interrupted) {
            return Image::Blind { cause };
        }
        let assessed = match image {
            ImageOf::Owned { id } => self.gather.images.assessed(id).cloned(),
            ImageOf::Waiting | ImageOf::Missing | ImageOf::Contested { .. } => None,
        };
        assessed.unwrap_or(Image::Blind { cause: BlindCause::Late })
    }

    /// A scale said something.
    pub(super) fn weighed(&mut self, mono: Micros, weighing: Weighing) {
        if let (Some(said), true) = (&weighing.said, self.wall > WallMs::ZERO) {
            let news = self.scales.meet(weighing.device, said, &self.config.map.devices, &self.config.protocols);
            news.into_iter().for_each(|scale| self.entry(Kind::Device, Urgency::default(), &scale));
        }
        let noted = self.gather.weight(&self.clock, mono, weighing);
        self.note(noted);
    }

    /// The wall clock at a moment of the station's own clock, by the last pulse.
    pub(super) fn wall_at(&self, mono: Micros) -> WallMs {
        weighing::wall_at(self.wall, self.mono, mono)
    }

    /// The file that shows this parcel.
    pub(super) fn image_digest(&self, pass: PassKey) -> Option<Token> {
        match self.gather.get(pass)?.image {
            ImageOf::Owned { id } => self.gather.images.file(id).map(|file| file.digest.clone()),
            ImageOf::Waiting | ImageOf::Missing | ImageOf::Contested { .. } => None,
        }
    }

    /// Keeps what is known of a parcel whose place is about to be forgotten.
    pub(super) fn keep_inputs(&mut self, at: usize) {
        if self.parcels[at].kept.is_none() && self.track.get(self.parcels[at].key).is_some() {
            self.parcels[at].kept = Some(Box::new(self.observed(&self.parcels[at])));
        }
    }
    pub(super) fn keep_inputs_of_all(&mut self) {
        (0..self.parcels.len()).for_each(|at| self.keep_inputs(at));
    }

    /// The item id of a parcel, as far as it is certain.
    pub(super) fn item_of(&self, at: usize) -> Option<Token> {
        let parcel = &self.parcels[at];
        let judged = parcel.judged.as_ref().map(|judged| &judged.0);
        if let Some(Identification::Read { id, .. }) =
            parcel.kept.as_deref().map(|known| &known.inputs).or(judged).map(|inputs| &inputs.item)
        {
            return Some(id.clone());
        }
        match self.gather.get(parcel.key)?.identity.as_ref()? {
            ItemIdentity::Item(item) => Token::new(&item.id),
            ItemIdentity::NoRead(_) | ItemIdentity::Conflicting(_) => None,
        }
    }
}

fn lane_state(state: Option<Reported>) -> LaneState {
    match state {
        None | Some(Reported::Setup) => LaneState::Unknown,
        Some(Reported::Ready | Reported::Starting) => LaneState::Ready,
        Some(Reported::Running) => LaneState::Running,
        Some(Reported::ChuteFull | Reported::Stopped(StopCause::Requested)) => LaneState::Stopped,
        Some(Reported::Stopped(_)) => LaneState::Recovering,
        Some(Reported::Latched(_)) => LaneState::Latched,
    }
}
