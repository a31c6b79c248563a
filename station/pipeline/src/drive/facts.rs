//! What is known of a parcel, put in the judge's words. Decides nothing: what is unknown stays unknown.

use gatepost_hardware::link::{LaneState as Reported, StopCause};
use gatepost_hardware::units::WallMs;

use super::{Drive, Parcel};
use crate::event::{ClockState, Matched};
use crate::gather::{ImageOf, blind_cause};
use crate::identify::{Cause, ItemIdentity, Kind as IdKind};
use crate::judge::{
    Association, BlindCause, ContestedCause, Country, Date, Fault, Identification, Image, Inputs, ItemKind, LaneState,
    MailClass, NoReadCause, Sampling, Token, sampling,
};

impl Drive {
    /// Everything the judge may read about a parcel, as it is known now.
    pub(super) fn inputs(&self, at: usize) -> Inputs {
        let parcel = &self.parcels[at];
        let mut inputs = match &parcel.kept {
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
        if parcel.twice
            && let Identification::Read { duplicate, .. } = &mut inputs.item
        {
            *duplicate = true;
        }
        (inputs.radiation, inputs.smoke) = (self.radiation, self.smoke);
        inputs.sampling = self.config.sampling.as_ref().map(|keyed| Sampling {
            key_id: keyed.id.clone(),
            draw: sampling::draw(&keyed.key, &self.config.station, parcel.key),
            rate: keyed.rate,
            rate_trusted: keyed.rate_trusted,
        });
        inputs.clearance.clone_from(&parcel.clearance);
        inputs
    }

    /// What devices and lists said of it.
    fn observed(&self, parcel: &Parcel) -> Inputs {
        let mut inputs = Inputs::blank(parcel.key);
        let pass = parcel.key.pass;
        let (Some(tracked), Some(gathered)) = (self.track.get(pass), self.gather.get(pass)) else {
            return inputs;
        };
        inputs.parcel.length_mm = tracked.length_mm;
        inputs.parcel.gap_mm = tracked.gap_mm;
        inputs.association = Association::Owned;
        tracked.contested.iter().for_each(|&cause| inputs.contest(cause));
        inputs.overflow.clone_from(&gathered.overflow);
        inputs.weight = gathered.weight(&self.config.map, self.config.weight_tolerance_g);
        inputs.image = self.image(gathered.image, gathered.interrupted);
        if let ImageOf::Contested { cause } = gathered.image {
            inputs.contest(cause);
        }
        fill_identity(&mut inputs, &gathered.identity_now(), gathered.identity.is_some());
        if let Some(answer) = &gathered.matched {
            fill_match(&mut inputs, answer);
        }
        inputs
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

    /// The file that shows this parcel.
    pub(super) fn image_digest(&self, pass: u32) -> Option<Token> {
        match self.gather.get(pass)?.image {
            ImageOf::Owned { id } => self.gather.images.file(id).map(|file| file.digest.clone()),
            ImageOf::Waiting | ImageOf::Missing | ImageOf::Contested { .. } => None,
        }
    }

    /// Keeps what is known of a parcel whose place is about to be forgotten.
    pub(super) fn keep_inputs(&mut self, at: usize) {
        if self.parcels[at].kept.is_none() && self.track.get(self.parcels[at].key.pass).is_some() {
            self.parcels[at].kept = Some(Box::new(self.observed(&self.parcels[at])));
        }
    }
    pub(super) fn keep_inputs_of_lost(&mut self) {
        (0..self.parcels.len()).for_each(|at| self.keep_inputs(at));
    }

    /// The item id of a parcel, as far as it is certain.
    pub(super) fn item_of(&self, at: usize) -> Option<Token> {
        let parcel = &self.parcels[at];
        let judged = parcel.judged.as_ref().map(|judged| &judged.0);
        if let Some(Identification::Read { id, .. }) = parcel.kept.as_deref().or(judged).map(|inputs| &inputs.item) {
            return Some(id.clone());
        }
        match self.gather.get(parcel.key.pass).filter(|_| Some(parcel.key.epoch) == self.epoch)?.identity.as_ref()? {
            ItemIdentity::Item(item) => Token::new(&item.id),
            ItemIdentity::NoRead(_) | ItemIdentity::Conflicting(_) => None,
        }
    }
}

pub(super) fn fill_match(inputs: &mut Inputs, answer: &Matched) {
    inputs.set_holds(answer.holds.clone());
    inputs.aed = answer.aed.clone();
    inputs.declared = answer.declared.clone();
    inputs.trusted_shipper = answer.trusted_shipper;
    inputs.previous = answer.previous.clone();
    inputs.lists = answer.lists.clone();
    if let Some(class) = answer.mail_class {
        inputs.mail_class = class;
    }
}

fn fill_identity(inputs: &mut Inputs, identity: &ItemIdentity, certain: bool) {
    inputs.item = match identity {
        ItemIdentity::Item(item) => match Token::new(&item.id) {
            Some(id) => Identification::Read { id, kind: item_kind(item.kind), duplicate: false },
            None => Identification::NoRead { cause: NoReadCause::Damaged },
        },
        ItemIdentity::NoRead(_) if !certain => Identification::NoRead { cause: NoReadCause::Late },
        ItemIdentity::NoRead(cause) => Identification::NoRead { cause: no_read_cause(*cause) },
        ItemIdentity::Conflicting(_) => Identification::NoRead { cause: NoReadCause::ConflictingIds },
    };
    if matches!(identity, ItemIdentity::Conflicting(_)) {
        inputs.contest(ContestedCause::TwoIds);
    }
    if let ItemIdentity::Item(item) = identity
        && item.kind == IdKind::S10
    {
        inputs.mail_class = mail_class(&item.id);
        inputs.id_origin = item.id.get(11..13).and_then(Country::new);
    }
}

/// The class that an S10's service indicator states (identifiers.md §1.2). Those that say nothing about the class, and
/// those of bilateral use, are unknown, which counts as sealed letter.
fn mail_class(s10: &str) -> MailClass {
    match s10.as_bytes().first() {
        Some(b'C' | b'H') => MailClass::Parcel,
        Some(b'E') => MailClass::Ems,
        Some(b'U') => MailClass::SmallPacket,
        Some(b'L' | b'R' | b'V') => MailClass::Letter,
        Some(b'M') => MailClass::MBag,
        _ => MailClass::Unknown,
    }
}

fn item_kind(kind: IdKind) -> ItemKind {
    match kind {
        IdKind::S10 => ItemKind::S10,
        IdKind::S9 => ItemKind::S9,
        IdKind::S8 => ItemKind::S8,
        IdKind::Impb => ItemKind::Impb,
        IdKind::Ups => ItemKind::Ups,
        IdKind::Fedex => ItemKind::Fedex,
        IdKind::Dhl => ItemKind::Dhl,
        IdKind::Gs1 => ItemKind::Gs1,
        IdKind::Unknown => ItemKind::Unknown,
    }
}

fn no_read_cause(cause: Cause) -> NoReadCause {
    match cause {
        Cause::NoLabel => NoReadCause::NoLabel,
        Cause::Damaged => NoReadCause::Damaged,
        Cause::BadCheckDigit => NoReadCause::BadCheckDigit,
        Cause::ConflictingIds => NoReadCause::ConflictingIds,
        Cause::ValidButNoData => NoReadCause::NoData,
    }
}

fn lane_kind(kind: gatepost_hardware::lane::LaneKind) -> crate::judge::LaneKind {
    use gatepost_hardware::lane::LaneKind as Of;
    match kind {
        Of::Conveyor => crate::judge::LaneKind::Conveyor,
        Of::HandFed => crate::judge::LaneKind::HandFed,
        Of::Bench => crate::judge::LaneKind::Bench,
    }
}

fn lane_state(state: Option<Reported>) -> LaneState {
    match state {
        None | Some(Reported::Setup) => LaneState::Unknown,
        Some(Reported::Ready) => LaneState::Ready,
        Some(Reported::Running) => LaneState::Running,
        Some(Reported::ChuteFull | Reported::Stopped(StopCause::Requested)) => LaneState::Stopped,
        Some(Reported::Stopped(_)) => LaneState::Recovering,
        Some(Reported::Latched(_)) => LaneState::Latched,
    }
}

/// The civil day at the facility (days to date after Howard Hinnant's `civil_from_days`).
fn today(wall: WallMs, utc_offset_min: i32) -> Option<Date> {
    let days = (wall.0 + i64::from(utc_offset_min) * 60_000).div_euclid(86_400_000);
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_shifted + 2) / 5 + 1;
    let month = if month_shifted < 10 { month_shifted + 3 } else { month_shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    u32::try_from(year * 10_000 + month * 100 + day).ok().and_then(Date::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_turns_where_the_facility_is() {
        let day = |ms, offset| today(WallMs(ms), offset).map(Date::yyyymmdd);
        assert_eq!(day(0, 0), Some(19700101));
        assert_eq!(day(1_709_251_199_000, 0), Some(20240229));
        assert_eq!(day(1_709_251_200_000, 0), Some(20240301));
        assert_eq!(day(1_709_251_200_000, -300), Some(20240229));
        assert_eq!(day(1_795_392_000_000, 0), Some(20261123));
    }
}
