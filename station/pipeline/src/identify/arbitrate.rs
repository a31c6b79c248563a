//! One parcel, all the codes read on it, one identity, or the reason why there is none.
//!
//! Whose codes they are was settled before, by where on the belt they were read. The rules, in order:
//!
//! 1. Codes that give the same canonical number are one: an S10 printed, scanned twice and repeated in a 2D code; a
//!    USPS number with and without its routing code; a FedEx label and the twelve digits below it.
//! 2. Two different valid S10 are two items: *conflicting*.
//! 3. One S10 is the item. A USPS number beside it is its last mile, an SSCC is its carton's: neither conflicts. An
//!    express carrier's number beside it is a second item id: *conflicting* (two parcels, or an old label left on).
//! 4. Without an S10: one number of UPS, FedEx, DHL or USPS is the item; two different ones conflict. Without those,
//!    the same with SSCC.
//! 5. A USPS code that can be read as two numbers stands for the one that another code of the parcel confirms, and
//!    beside an S10 for none; alone it is both: *conflicting*.
//! 6. Candidates (bare digits, shapes without a check), receptacle and dispatch tags, products and unknown texts never
//!    make an identity, beat one or contest one.
//! 7. Nothing left: *no read*, with the most telling cause: a wrong check digit, then damage, then why a picture of the
//!    label could not be read, then candidates that contradict each other, then that there is no item label.
//!
//! The order and the repetition of the reads never matter. It does not ask whether the number is known to anyone: that
//! cause ([`Cause::ValidButNoData`]) is matching's to give.

use super::{Identifier, ItemId, Kind, Problem, Standing, identify};
use gatepost_hardware::symbology::Aim;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most different codes one parcel is taken to carry. A parcel that shows more is several, or a sheet of labels.
pub const CODES_MAX: usize = 32;

/// The most numbers named in a conflict or a look-up, the smallest first.
pub const IDS_MAX: usize = 8;

/// What a reader said about one parcel, once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodeRead {
    /// A code's text and, where the reader sends it, its symbology.
    Code { text: String, aim: Option<Aim> },
    /// The reader looked and found no code (its no-read string, or an empty frame).
    Nothing,
    /// The reader found a code and could not decode it.
    Damaged,
    /// A camera sees a label with too little light or contrast.
    TooDark,
    /// A camera sees a label out of focus, or moving.
    TooBlurred,
    /// A camera sees a label of too few pixels.
    TooSmall,
    /// A camera sees a label that goes on outside the picture.
    CutOff,
    /// A camera took a picture that could not be opened, or not be looked at in time.
    NoPicture,
    /// A camera sees more codes than it names: more than one parcel carries.
    Crowded,
}

impl CodeRead {
    /// A code without a symbology identifier, or with one in front of its text.
    pub fn text(text: &str) -> Self {
        Self::Code { text: text.to_owned(), aim: None }
    }

    /// Why a camera read nothing although something was there to be read.
    const fn unclear(&self) -> Option<Cause> {
        match self {
            Self::TooDark => Some(Cause::TooDark),
            Self::TooBlurred => Some(Cause::TooBlurred),
            Self::TooSmall => Some(Cause::TooSmall),
            Self::CutOff => Some(Cause::CutOff),
            Self::Code { .. } | Self::Nothing | Self::Damaged | Self::NoPicture | Self::Crowded => None,
        }
    }
}

/// Who a parcel is, from its codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemIdentity {
    Item(ItemId),
    NoRead(Cause),
    /// Two or more item numbers, ascending, at most [`IDS_MAX`] named: contested, exam.
    Conflicting(Vec<ItemId>),
}

/// Why a parcel has no identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// No code, or only codes that are no item's number.
    NoLabel,
    /// A code is there and cannot be read, or only in part.
    Damaged,
    BadCheckDigit,
    /// No certain number, and uncertain ones that contradict each other; or more codes than a parcel has.
    ConflictingIds,
    /// A good number of which nobody has data. Never from [`arbitrate`]: matching says it.
    ValidButNoData,
    /// A label that a camera saw and could not read: too little light, blur, too few pixels, a part of it only.
    TooDark,
    TooBlurred,
    TooSmall,
    CutOff,
    /// Nothing was read, and a camera's picture could not be looked at.
    NoPicture,
}

impl Cause {
    pub const ALL: [Cause; 10] = [
        Cause::NoLabel,
        Cause::Damaged,
        Cause::BadCheckDigit,
        Cause::ConflictingIds,
        Cause::ValidButNoData,
        Cause::TooDark,
        Cause::TooBlurred,
        Cause::TooSmall,
        Cause::CutOff,
        Cause::NoPicture,
    ];

    /// The stable name, as serialised.
    pub const fn code(self) -> &'static str {
        match self {
            Cause::NoLabel => "no-label",
            Cause::Damaged => "damaged",
            Cause::BadCheckDigit => "bad-check-digit",
            Cause::ConflictingIds => "conflicting-ids",
            Cause::ValidButNoData => "valid-but-no-data",
            Cause::TooDark => "too-dark",
            Cause::TooBlurred => "too-blurred",
            Cause::TooSmall => "too-small",
            Cause::CutOff => "cut-off",
            Cause::NoPicture => "no-picture",
        }
    }

    /// For the officer: what it is and what to do.
    pub const fn says(self) -> &'static str {
        match self {
            Cause::NoLabel => "no item label was read: turn the parcel and look for one, else key what is written",
            Cause::Damaged => "the label is damaged or was read in part: key the number from the label",
            Cause::BadCheckDigit => "the number's check digit is wrong: compare it with the label and key it again",
            Cause::ConflictingIds => "the codes contradict each other: cover old labels and scan the valid one",
            Cause::ValidButNoData => "the number is good, but no declaration for it is known here",
            Cause::TooDark => {
                "the label's picture is too dark or too pale: scan it by hand, and have the lamp looked at"
            }
            Cause::TooBlurred => "the label's picture is blurred: scan it by hand, and have the camera looked at",
            Cause::TooSmall => "the label is too small in its picture: scan it by hand",
            Cause::CutOff => "the label is only partly in its picture: scan it by hand",
            Cause::NoPicture => "the camera's picture could not be looked at: scan the label by hand",
        }
    }
}

/// Decides who a parcel is. Never panics, looks at every read, gives the same for every order of them.
pub fn arbitrate(reads: &[CodeRead]) -> ItemIdentity {
    let Some(codes) = distinct(reads) else {
        return ItemIdentity::NoRead(Cause::ConflictingIds);
    };
    let found: Vec<Identifier> = codes.into_iter().map(|(text, aim)| identify(text, aim)).collect();
    let of = |standing| -> BTreeSet<ItemId> {
        found.iter().filter(|code| code.standing() == standing).filter_map(Identifier::item_id).collect()
    };
    let posts = of(Standing::Post);
    let carriers = of(Standing::Carrier);
    if !posts.is_empty() {
        return one_of(posts.into_iter().chain(carriers).collect());
    }
    let certain: BTreeSet<ItemId> = carriers.into_iter().chain(of(Standing::Routing)).collect();
    let unconfirmed = found
        .iter()
        .filter_map(Identifier::alternatives)
        .filter(|alternatives| !alternatives.iter().any(|id| certain.contains(id)));
    let mut packages: BTreeSet<ItemId> = certain.iter().cloned().chain(unconfirmed.flatten()).collect();
    if packages.is_empty() {
        packages = of(Standing::Unit);
    }
    if packages.is_empty() {
        return ItemIdentity::NoRead(cause(reads, &found, &of(Standing::Candidate)));
    }
    one_of(packages)
}

/// Every number worth asking the lists about, candidates too (a hit only escalates): ascending, each once, at most
/// [`IDS_MAX`], the stronger kept first. None when there are more than [`CODES_MAX`] codes: that parcel has no
/// identity.
pub fn lookup_keys(reads: &[CodeRead]) -> Vec<ItemId> {
    let mut keys: BTreeSet<(core::cmp::Reverse<Standing>, ItemId)> = BTreeSet::new();
    for (text, aim) in distinct(reads).unwrap_or_default() {
        let code = identify(text, aim);
        let standing = core::cmp::Reverse(code.standing());
        keys.extend(code.item_id().map(|id| (standing, id)));
        keys.extend(code.alternatives().into_iter().flatten().map(|id| (standing, id)));
    }
    let kept: BTreeSet<ItemId> = keys.into_iter().take(IDS_MAX).map(|(_, id)| id).collect();
    kept.into_iter().collect()
}

/// The different codes among the reads; nothing when there are more than a parcel carries.
fn distinct(reads: &[CodeRead]) -> Option<BTreeSet<(&str, Option<Aim>)>> {
    let mut codes = BTreeSet::new();
    for read in reads {
        if let CodeRead::Code { text, aim } = read {
            codes.insert((text.as_str(), *aim));
        }
        if codes.len() > CODES_MAX || *read == CodeRead::Crowded {
            return None;
        }
    }
    Some(codes)
}

/// One number is the item, more are a conflict.
fn one_of(mut ids: BTreeSet<ItemId>) -> ItemIdentity {
    match (ids.len(), ids.pop_first()) {
        (_, None) => ItemIdentity::NoRead(Cause::NoLabel),
        (1, Some(id)) => ItemIdentity::Item(id),
        (_, Some(first)) => ItemIdentity::Conflicting(core::iter::once(first).chain(ids).take(IDS_MAX).collect()),
    }
}

fn cause(reads: &[CodeRead], found: &[Identifier], candidates: &BTreeSet<ItemId>) -> Cause {
    let certain = |code: &&Identifier| !code.problems.contains(&Problem::CandidateOnly);
    let any = |problem: Problem| found.iter().filter(certain).any(|code| code.problems.contains(&problem));
    let of_an_item = |code: &Identifier| code.kind != Kind::Gs1 || code.parts.contains_key("sscc");
    if found.iter().filter(certain).any(|code| code.problems.contains(&Problem::CheckDigit) && of_an_item(code)) {
        return Cause::BadCheckDigit;
    }
    let unreadable = [Problem::Fragment, Problem::ServiceIndicatorReserved, Problem::ElementString];
    if unreadable.into_iter().any(any) || reads.contains(&CodeRead::Damaged) {
        return Cause::Damaged;
    }
    if let Some(cause) = reads.iter().filter_map(CodeRead::unclear).min() {
        return cause;
    }
    match candidates.len() {
        2.. => Cause::ConflictingIds,
        _ if reads.contains(&CodeRead::NoPicture) => Cause::NoPicture,
        _ => Cause::NoLabel,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEM: &str = "RR473124829GB";
    const OTHER_ITEM: &str = "EE876543216CA";
    const PACKAGE: &str = "9400111206206406260787";
    const UPS: &str = "1Z999AA10123456784";
    const CANDIDATE: &str = "986578788855";
    const RECEPTACLE: &str = "BEBRUABOLPBBAEN60073003000227";

    fn of(texts: &[&str]) -> ItemIdentity {
        arbitrate(&texts.iter().map(|text| CodeRead::text(text)).collect::<Vec<_>>())
    }
    fn id(kind: Kind, id: &str) -> ItemId {
        ItemId { kind, id: id.to_owned() }
    }
    fn item(kind: Kind, text: &str) -> ItemIdentity {
        ItemIdentity::Item(id(kind, text))
    }

    #[test]
    fn codes_that_agree_are_one_item() {
        assert_eq!(of(&[ITEM, "RR 473 124 829 GB", "]d1RR473124829GB", "rr473124829gb"]), item(Kind::S10, ITEM));
        assert_eq!(of(&[PACKAGE, "]C142078745\u{1d}9400111206206406260787"]), item(Kind::Impb, PACKAGE));
        let label = "1001901781990001000300617767839437";
        assert_eq!(of(&[label, "617767839437"]), item(Kind::Fedex, "617767839437"));
    }

    #[test]
    fn an_s10_beside_routing_carton_receptacle_product_or_candidate_is_the_item() {
        for beside in [
            PACKAGE,
            "420787459400111206206406260787",
            "]C142078745",
            "]C100123456789012345675",
            RECEPTACLE,
            "]E04006381333931",
            CANDIDATE,
            "3318810025",
            "GM60511234567890",
            "any other text",
        ] {
            assert_eq!(of(&[beside, ITEM]), item(Kind::S10, ITEM), "{beside}");
        }
    }

    #[test]
    fn two_item_ids_conflict() {
        let both = ItemIdentity::Conflicting(vec![id(Kind::S10, OTHER_ITEM), id(Kind::S10, ITEM)]);
        assert_eq!(of(&[ITEM, OTHER_ITEM]), both);
        assert_eq!(of(&[OTHER_ITEM, CANDIDATE, ITEM, OTHER_ITEM]), both);
        assert_eq!(of(&[ITEM, UPS]), ItemIdentity::Conflicting(vec![id(Kind::S10, ITEM), id(Kind::Ups, UPS)]));
        assert_eq!(of(&[PACKAGE, UPS]), ItemIdentity::Conflicting(vec![id(Kind::Impb, PACKAGE), id(Kind::Ups, UPS)]));
        assert!(matches!(of(&[PACKAGE, "9400111201080805483016"]), ItemIdentity::Conflicting(_)));
    }

    #[test]
    fn without_an_s10_the_carriers_number_is_the_item_and_then_the_carton() {
        assert_eq!(of(&[UPS, CANDIDATE, RECEPTACLE]), item(Kind::Ups, UPS));
        assert_eq!(of(&[UPS, "]C100123456789012345675"]), item(Kind::Ups, UPS));
        assert_eq!(of(&["JJD0099999999"]), item(Kind::Dhl, "JJD0099999999"));
        assert_eq!(of(&["]C100123456789012345675"]), item(Kind::Gs1, "123456789012345675"));
    }

    #[test]
    fn a_number_that_can_be_read_as_two_is_the_one_another_code_confirms() {
        let joined = "420100239102".to_owned() + PACKAGE;
        let longer = "9102".to_owned() + PACKAGE;
        let both = vec![id(Kind::Impb, &longer), id(Kind::Impb, PACKAGE)];
        assert_eq!(of(&[&joined]), ItemIdentity::Conflicting(both));
        assert_eq!(of(&[&joined, PACKAGE]), item(Kind::Impb, PACKAGE));
        assert_eq!(of(&[&joined, &longer]), item(Kind::Impb, &longer));
        assert_eq!(of(&[&joined, ITEM]), item(Kind::S10, ITEM));
        assert!(matches!(of(&[&joined, UPS]), ItemIdentity::Conflicting(ids) if ids.len() == 3));
    }

    #[test]
    fn no_read_says_why() {
        let no_read = ItemIdentity::NoRead;
        assert_eq!(arbitrate(&[]), no_read(Cause::NoLabel));
        assert_eq!(arbitrate(&[CodeRead::Nothing, CodeRead::Nothing]), no_read(Cause::NoLabel));
        assert_eq!(of(&[RECEPTACLE, "]E04006381333931", "hello", "]E04006381333932"]), no_read(Cause::NoLabel));
        assert_eq!(of(&[CANDIDATE]), no_read(Cause::NoLabel));
        assert_eq!(of(&[CANDIDATE, "996578788855"]), no_read(Cause::NoLabel));
        assert_eq!(of(&[CANDIDATE, "477179081230"]), no_read(Cause::ConflictingIds));
        assert_eq!(arbitrate(&[CodeRead::Nothing, CodeRead::Damaged]), no_read(Cause::Damaged));
        assert_eq!(of(&["RR47312482", CANDIDATE]), no_read(Cause::Damaged));
        assert_eq!(of(&["JB123456785DE"]), no_read(Cause::Damaged));
        assert_eq!(of(&["RR473124828GB", "RR47312482"]), no_read(Cause::BadCheckDigit));
        assert_eq!(of(&["1Z1111111111111111"]), no_read(Cause::BadCheckDigit));
        assert_eq!(arbitrate(&[CodeRead::Nothing, CodeRead::CutOff, CodeRead::TooDark]), no_read(Cause::TooDark));
        assert_eq!(arbitrate(&[CodeRead::TooSmall, CodeRead::Damaged]), no_read(Cause::Damaged));
        assert_eq!(arbitrate(&[CodeRead::NoPicture, CodeRead::TooBlurred]), no_read(Cause::TooBlurred));
        assert_eq!(arbitrate(&[CodeRead::Nothing, CodeRead::NoPicture]), no_read(Cause::NoPicture));
        for (at, cause) in Cause::ALL.into_iter().enumerate() {
            assert_eq!(serde_json::to_string(&cause).unwrap(), format!("\"{}\"", cause.code()));
            assert_eq!(cause as usize, at);
            assert!(cause.says().len() > 30);
        }
    }

    #[test]
    fn a_damaged_or_mistyped_second_code_does_not_hide_a_good_one() {
        assert_eq!(of(&[ITEM, "RR473124828GB", "RR47312482"]), item(Kind::S10, ITEM));
        assert_eq!(arbitrate(&[CodeRead::Damaged, CodeRead::text(ITEM), CodeRead::Nothing]), item(Kind::S10, ITEM));
    }

    #[test]
    fn more_codes_than_a_parcel_has_are_no_identity_and_repetition_is_not_more() {
        let many: Vec<String> = (0..=CODES_MAX).map(|n| format!("text {n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(of(&many), ItemIdentity::NoRead(Cause::ConflictingIds));
        assert_eq!(of(&[ITEM; 1_000]), item(Kind::S10, ITEM));
        let crowd = [CodeRead::text(ITEM), CodeRead::Crowded];
        assert_eq!(arbitrate(&crowd), ItemIdentity::NoRead(Cause::ConflictingIds), "one not named may contradict it");
        assert_eq!(lookup_keys(&crowd), []);
    }

    #[test]
    fn the_lists_are_asked_about_every_number_and_candidates_too() {
        let reads = [CANDIDATE, ITEM, "420787459400111206206406260787", RECEPTACLE, "RR473124828GB", ITEM];
        let keys = lookup_keys(&reads.map(CodeRead::text));
        assert_eq!(keys, [id(Kind::S10, ITEM), id(Kind::Impb, PACKAGE), id(Kind::Fedex, CANDIDATE)]);
        let product = CodeRead::Code { text: CANDIDATE.to_owned(), aim: Aim::new(b'E', b'0') };
        assert_eq!(lookup_keys(&[product]), [], "with its symbology it is a product and no candidate");
        let crowd: Vec<CodeRead> = (10..30).map(|n| CodeRead::text(&format!("GM60511234567{n}"))).collect();
        let keys = lookup_keys(&[&crowd[..], &[CodeRead::text(ITEM)]].concat());
        assert_eq!(keys.len(), IDS_MAX);
        assert!(keys.contains(&id(Kind::S10, ITEM)), "the strong one is kept");
    }
}
