//! The closed vocabularies a verdict is written in: reasons, classes, causes, states.
//!
//! Apart from everything that uses them because they are a contract with four readers (rules, records, central, the
//! officer's page): a word is added here or nowhere. This file knows no parcel and decides nothing.

use core::fmt;
use serde::{Deserialize, Serialize};

/// Declares a closed vocabulary: an ordered enum whose members have one spelling in records, rules and pages.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$member_doc:meta])* $member:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$member_doc])* #[serde(rename = $text)] $member),+ }

        impl $name {
            /// Every member, in order.
            pub const ALL: &'static [$name] = &[$($name::$member),+];
            /// Every spelling, in the same order.
            pub const NAMES: &'static [&'static str] = &[$($text),+];

            /// The spelling used in records, rules and pages.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$member => $text),+ }
            }
            /// The member spelled so.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|member| member.as_str() == text)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words!(
    /// What a reason is about: the seven Priority Trade Issues (19 USC 4322), the other mission issues, then what goes
    /// wrong with the process itself.
    IssueCode {
        Agriculture = "agriculture",
        Antidumping = "antidumping",
        ImportSafety = "import-safety",
        IntellectualProperty = "intellectual-property",
        Revenue = "revenue",
        Textiles = "textiles",
        TradeAgreements = "trade-agreements",
        ForcedLabor = "forced-labor",
        Narcotics = "narcotics",
        Weapons = "weapons",
        Explosives = "explosives",
        DangerousGoods = "dangerous-goods",
        Biosecurity = "biosecurity",
        /// Money itself: bulk cash and monetary instruments.
        Currency = "currency",
        /// A hold whose authority named no issue.
        Targeting = "targeting",
        /// Something keeps the parcel from being seen, or its mass does not agree with what is seen.
        Concealment = "concealment",
        Identification = "identification",
        Association = "association",
        Equipment = "equipment",
        Data = "data",
        Restart = "restart",
        Capacity = "capacity",
        Sampling = "sampling",
    }
);

words!(
    /// What kind of ground a reason stands on. Doubt and chance never open a sealed letter; cause may (19 CFR 145.3).
    Ground { Doubt = "doubt", Chance = "chance", Cause = "cause" }
);

words!(
    /// How much speaks against a parcel, all reasons together.
    RiskLevel { None = "none", Low = "low", Elevated = "elevated", High = "high", Critical = "critical" }
);

words!(
    /// How loudly a reason speaks. An *alert* puts its record on the alert topic (`record::class`).
    Severity { Info = "info", Notice = "notice", Alert = "alert" }
);

words!(
    /// Why data may be read. Every rule declares one; every field permits some (customs.md §1: advance data serve safety
    /// and security, not the determination of entry or commercial enforcement).
    Purpose {
        Operations = "operations",
        Safety = "safety",
        Security = "security",
        Narcotics = "narcotics",
        Biosecurity = "biosecurity",
        /// Commercial enforcement: antidumping, intellectual property, textiles, preference, forced labor, consumer goods.
        Trade = "trade",
        Revenue = "revenue",
    }
);

words!(
    /// Where a declared fact comes from.
    Source { Aed = "aed", Entry = "entry", Post = "post" }
);

impl Source {
    /// Whether facts of this source may be read for `purpose`. Advance data serve safety and security; determining entry
    /// and commercial enforcement need the entry itself, or the form on the item (19 USC 1415(a)(3)(F) as read in
    /// customs.md §1: to be confirmed by counsel).
    pub const fn permits(self, purpose: Purpose) -> bool {
        match self {
            Source::Aed => !matches!(purpose, Purpose::Trade | Purpose::Revenue),
            Source::Entry | Source::Post => true,
        }
    }
}

words!(
    /// The cheapest sufficient thing to do about a reason; later is dearer. The maximum decides.
    Action {
        None = "none",
        DataReview = "data-review",
        ImageReview = "image-review",
        Canine = "canine",
        External = "external",
        Open = "open",
        Test = "test",
        Laboratory = "laboratory",
        Agency = "agency",
    }
);

words!(
    /// What the model reports. In order of danger, so that a bounded list keeps the worst.
    DetectionClass {
        ExplosiveDevice = "explosive_device",
        Firearm = "firearm",
        FirearmPart = "firearm_part",
        Ammunition = "ammunition",
        Blade = "blade",
        Powder = "powder",
        Pills = "pills",
        Opaque = "opaque",
        DenseObject = "dense_object",
        Battery = "battery",
        Vape = "vape",
        Liquid = "liquid",
        PlantMatter = "plant_matter",
        Currency = "currency",
        RepeatedGoods = "repeated_goods",
    }
);

words!(
    /// What kind of item id was read (DESIGN §5, `gatepost id`).
    ItemKind {
        S10 = "s10", S9 = "s9", S8 = "s8", Impb = "impb", Ups = "ups", Fedex = "fedex", Dhl = "dhl", Gs1 = "gs1",
        Unknown = "unknown",
    }
);

words!(
    /// Why there is no item id.
    NoReadCause {
        NoLabel = "no-label",
        Damaged = "damaged",
        BadCheckDigit = "bad-check-digit",
        ConflictingIds = "conflicting-ids",
        /// A valid code that is no item id, or one no data belong to.
        NoData = "valid-but-no-data",
        ScannerOff = "scanner-off",
        Late = "late",
        /// What a label camera saw of a label that it could not read.
        TooDark = "too-dark",
        TooBlurred = "too-blurred",
        TooSmall = "too-small",
        CutOff = "cut-off",
        /// Its picture could not be looked at.
        NoPicture = "no-picture",
    }
);

words!(
    /// Why it is not certain whose reading this is (promise 5).
    ContestedCause {
        Gap = "gap-too-small",
        TooLong = "too-long",
        Abreast = "abreast",
        Merged = "merged",
        Appeared = "appeared",
        TwoOwners = "two-possible-owners",
        TwoObjects = "two-objects",
        TwoIds = "two-ids",
        Handoff = "lost-at-hand-off",
        ImageOrder = "image-order",
        Neighbour = "neighbour-contested",
        Uncounted = "belt-moved-uncounted",
        /// The scale did not watch it for a while: another item may lie there.
        Unwatched = "not-watched",
    }
);

words!(
    /// Why there is no usable weight.
    NoWeightCause {
        NotYet = "not-yet", Unstable = "unstable", OutOfRange = "out-of-range", TwoObjects = "two-objects",
        Late = "late", ScaleOff = "scale-off", NoScale = "no-scale",
        /// A tare stands on the scale: what it shows is too light, or no weight at all.
        Tared = "tared",
    }
);

words!(
    /// Why the image was not assessed (promise 8).
    BlindCause {
        Shield = "shield", Engine = "engine", Late = "late", Quality = "quality", Interrupted = "interrupted",
        Model = "model", NoImage = "none",
    }
);

words!(
    /// A datum that advance data must hold (customs.md §1).
    AedField {
        Sender = "sender", Recipient = "recipient", Contents = "contents", Pieces = "pieces", Weight = "weight",
        Value = "value", ItemId = "item-id",
    }
);

words!(
    /// What a declaration says is inside, as tags drawn from its words and HS codes. The words themselves are free text,
    /// personal, and never stand here.
    ContentTag {
        Alcohol = "alcohol", Ammunition = "ammunition", AnimalProduct = "animal-product", Battery = "battery",
        Blade = "blade", Clothing = "clothing", Cosmetic = "cosmetic", Currency = "currency", Document = "document",
        Electronics = "electronics", Firearm = "firearm", FirearmPart = "firearm-part", Food = "food",
        Jewellery = "jewellery", Liquid = "liquid", Medicine = "medicine", Plant = "plant", Powder = "powder",
        Seed = "seed", Supplement = "supplement", Tobacco = "tobacco", Tool = "tool", Toy = "toy", Vape = "vape",
        /// The words say nothing ("gift", "stuff", "sample").
        Vague = "vague",
    }
);

words!(
    /// The reason for export the sender ticked (customs form CN 22 and CN 23).
    Category {
        Gift = "gift", Documents = "documents", SaleOfGoods = "sale-of-goods", Sample = "sample",
        Returned = "returned", Other = "other",
    }
);

words!(
    /// What look-ups of a declaration's HS codes and origin in the trade lists found.
    TradeFlag {
        Antidumping = "antidumping", Quota = "quota", ForcedLabor = "forced-labor", Recordation = "recordation",
        ImportSafety = "import-safety", Preference = "preference-claimed", PreferenceDoubt = "preference-doubt",
        PartnerAgency = "partner-agency",
    }
);

words!(
    /// What kind of list a hold stands in.
    HoldKind {
        /// The customs authority asked to be presented with this item.
        Presentation = "presentation",
        Entity = "entity",
        PartnerAgency = "partner-agency",
        /// An officer at this station.
        Local = "local",
        /// An earlier decision kept in the cache.
        Cached = "cached",
    }
);

words!(
    /// What a lane is (DESIGN §3).
    LaneKind { Conveyor = "conveyor", HandFed = "hand-fed", Bench = "bench" }
);

words!(
    /// Where a lane stands. Only `running` is good for a release.
    LaneState {
        Unknown = "unknown", Recovering = "recovering", Ready = "ready", Running = "running", Stopped = "stopped",
        Latched = "latched",
    }
);

words!(
    /// A device or part of the station that does not work.
    Fault {
        Scanner = "scanner", Scale = "scale", XRay = "x-ray", Controller = "controller", Cable = "cable",
        Diverter = "diverter", Eye = "eye", Encoder = "encoder", Disk = "disk", Model = "model",
        Beacon = "beacon", Uplink = "uplink", Camera = "camera",
        /// The X-ray works, and no longer sees as it did: more parcels are drawn at random.
        Drift = "x-ray-drift",
    }
);

impl Fault {
    /// What an alarm says when a part begins to fail, or no longer does.
    pub fn said(self, failed: bool) -> String {
        match (self, failed) {
            (Self::Drift, true) => "the X-ray no longer sees as it did: more parcels are drawn at random".to_owned(),
            (Self::Drift, false) => "the X-ray sees as it did again".to_owned(),
            (part, true) => format!("{part} does not work"),
            (part, false) => format!("{part} works again"),
        }
    }
}

words!(
    /// What ran full (promise 9: full means "to exam" and "say so").
    Overflow {
        Queue = "queue", Images = "images", Detections = "detections", Holds = "holds", Lines = "declaration-lines",
        Readings = "readings", Reasons = "reasons", ExamChute = "exam-chute", Disk = "disk",
    }
);

words!(
    /// The facility's signed plan for running without a part (promise 3).
    Contingency { SlowFeed = "slow-feed", Stop = "stop", ExamByClass = "exam-by-class", ExamAll = "exam-all" }
);

words!(
    /// The legal class of the mail. Unknown counts as sealed letter everywhere (19 CFR 145.3).
    MailClass {
        Unknown = "unknown", Letter = "letter", Parcel = "parcel", SmallPacket = "small-packet", Ems = "ems",
        MBag = "m-bag", PrintedMatter = "printed-matter",
    }
);

impl MailClass {
    /// Whether the sealed-letter rules hold: not opened without a warrant, or reasonable cause to suspect goods.
    pub const fn is_sealed_letter(self) -> bool {
        matches!(self, Self::Unknown | Self::Letter)
    }
}

words!(
    /// A sensor that says *stop here*, or that there is none.
    Sensor { Unknown = "unknown", NotFitted = "not-fitted", Quiet = "quiet", Alarm = "alarm" }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back_and_spelled_as_serde_spells_it() {
        for &class in DetectionClass::ALL {
            assert_eq!(DetectionClass::parse(class.as_str()), Some(class));
            assert_eq!(serde_json::to_string(&class).unwrap(), format!("\"{class}\""));
        }
        assert_eq!(DetectionClass::parse("gun"), None);
        assert!(Action::Open > Action::External && Severity::Alert > Severity::Notice);
        assert_eq!(DetectionClass::ALL.iter().min(), Some(&DetectionClass::ExplosiveDevice));
    }
}
