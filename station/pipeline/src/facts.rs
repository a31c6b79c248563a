//! What is known of an item, put in the judge's words: what a belt and a bench have in common.
//!
//! Apart from the lanes' minds so that the same reading means the same to every judge. It decides nothing and guesses
//! nothing: what is unknown stays unknown.

use std::collections::BTreeSet;

use gatepost_hardware::units::WallMs;

use crate::drive::DriveConfig;
use crate::event::Matched;
use crate::identify::{Cause, ItemIdentity, Kind as IdKind};
use crate::judge::{
    ContestedCause, Country, Date, Fault, Identification, Inputs, ItemKind, MailClass, NoReadCause, Sampling, Token,
    sampling,
};
use crate::pass::PassKey;

/// What the lists answered.
pub(crate) fn fill_match(inputs: &mut Inputs, answer: &Matched) {
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

/// Who it is; `certain`: no scanner can add anything.
pub(crate) fn fill_identity(inputs: &mut Inputs, identity: &ItemIdentity, certain: bool) {
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

/// The keyed draw of this pass. While the X-ray drifts its findings are worth less, whoever sent the parcel.
pub(crate) fn sampling_of(config: &DriveConfig, pass: PassKey, failed: &BTreeSet<Fault>) -> Option<Sampling> {
    config.sampling.as_ref().map(|keyed| {
        let least = if failed.contains(&Fault::Drift) { keyed.rate_drifting } else { 0 };
        Sampling {
            key_id: keyed.id.clone(),
            draw: sampling::draw(&keyed.key, &config.station, pass),
            rate: keyed.rate.max(least),
            rate_trusted: keyed.rate_trusted.max(least),
        }
    })
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
        Cause::TooDark => NoReadCause::TooDark,
        Cause::TooBlurred => NoReadCause::TooBlurred,
        Cause::TooSmall => NoReadCause::TooSmall,
        Cause::CutOff => NoReadCause::CutOff,
        Cause::NoPicture => NoReadCause::NoPicture,
    }
}

pub(crate) fn lane_kind(kind: gatepost_hardware::lane::LaneKind) -> crate::judge::LaneKind {
    use gatepost_hardware::lane::LaneKind as Of;
    match kind {
        Of::Conveyor => crate::judge::LaneKind::Conveyor,
        Of::HandFed => crate::judge::LaneKind::HandFed,
        Of::Bench => crate::judge::LaneKind::Bench,
    }
}

/// The civil day at the facility (days to date after Howard Hinnant's `civil_from_days`).
pub fn today(wall: WallMs, utc_offset_min: i32) -> Option<Date> {
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
