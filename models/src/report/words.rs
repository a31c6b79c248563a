//! The words of a report, on the wire and in types: the one place to change when they are checked against NEMA IIC 1.
//!
//! Types, decisions, flags and categories are the enumerations of pyDICOS (Stratovan's toolkit, DICOS v03), and were seen
//! in files that it wrote: `MACHINE`, `ALARM`, `CLEAR`, `SUCCESS`, `ANOMALY`, `PI`, `NO_INTERFERENCE`, `NO_THREAT`,
//! `THREAT`, `HIGH_THREAT`. Acquisition states and exercises are those of its C++ headers (`GeneralSeriesModule.h`,
//! `TipImage.h`). Unverified on the wire: all others, and every abort reason. A library for another language writes
//! `NO_ALARM` where pyDICOS writes `CLEAR`: both are read, `CLEAR` is written.

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $value:ident = $word:literal $(| $other:literal)*,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
            pub enum $name {
                $($(#[$about])* $value,)*
            }

            impl $name {
                pub const ALL: &'static [Self] = &[$(Self::$value,)*];

                /// The word that is written.
                pub const fn as_str(self) -> &'static str {
                    match self { $(Self::$value => $word,)* }
                }

                /// `None` for a word that is not in the table.
                pub fn parse(word: &str) -> Option<Self> {
                    match word {
                        $($word $(| $other)* => Some(Self::$value),)*
                        _ => None,
                    }
                }
            }
        )*
    };
}

words! {
    /// Who speaks (TDR type).
    Kind {
        Machine = "MACHINE",
        Operator = "OPERATOR",
        /// What was really in the parcel, in a test.
        GroundTruth = "GROUND_TRUTH",
        /// Others' reports in one.
        Aggregate = "AGGREGATE",
        ModifiedAggregate = "MOD_AGGREGATE",
    }

    Decision {
        Alarm = "ALARM",
        Clear = "CLEAR" | "NO_ALARM",
        Unknown = "UNKNOWN",
    }

    /// Whether the looking came to its end.
    Abort {
        Success = "SUCCESS",
        Aborted = "ABORT",
        Unknown = "UNKNOWN",
    }

    AbortReason {
        Oversize = "OVERSIZE",
        Clipped = "CLIPPED",
        IncompleteScan = "INCOMPLETE_SCAN",
        FailedReconstruction = "FAILED_RECONSTRUCTION",
        Timeout = "TIMEOUT",
        NotReviewed = "NOT_REVIEWED",
        UnknownDataType = "UNKNOWN_DATA_TYPE",
        UserInterrupt = "USER_INTERRUPT",
        OutOfBounds = "OUT_OF_BOUNDS",
        /// Any other word.
        Other = "UNKNOWN",
    }

    /// How the scan ended.
    Acquisition {
        Successful = "SUCCESSFUL",
        Jam = "JAM",
        Oversize = "OVERSIZE",
        Slip = "SLIP",
        Incomplete = "INCOMPLETE",
        Cut = "CUT",
        Merged = "MERGED",
        Stitched = "STITCHED",
        /// Any other word, or none.
        Unknown = "UNKNOWN",
    }

    /// What kind of exercise a picture was (TIP type).
    Exercise {
        /// A fictitious threat in the picture of a parcel. `TIP`: what we wrote once.
        Projected = "FTI" | "TIP",
        /// A picture made up whole.
        Composite = "CTI",
    }

    Category {
        Explosive = "EXPLOSIVE",
        ProhibitedItem = "PI",
        Contraband = "CONTRABAND",
        Anomaly = "ANOMALY",
        Laptop = "LAPTOP",
        Pharmaceutical = "PHARMACEUTICAL",
        Metal = "METAL",
        NonMetal = "NONMETAL",
        Other = "OTHER",
        Unknown = "UNKNOWN",
    }

    /// Whether the algorithm could see the object.
    Ability {
        NoInterference = "NO_INTERFERENCE",
        Shield = "SHIELD",
        Unknown = "UNKNOWN",
    }

    /// What an object is taken for.
    Flag {
        HighThreat = "HIGH_THREAT",
        Threat = "THREAT",
        NoThreat = "NO_THREAT",
        Unknown = "UNKNOWN",
    }
}
