//! What can be wrong with an identifier, in words for whoever holds the parcel.
//!
//! The list is closed, and the codes are stable: rules, pages and the `id` command name them. A *fault* makes the
//! identifier invalid; a *remark* leaves it valid and is there to be judged.

use serde::{Deserialize, Serialize};

/// Faults first, then remarks. Serialises to its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Problem {
    Empty,
    TooLong,
    CheckDigit,
    ServiceIndicatorReserved,
    FieldOutOfRange,
    AmbiguousSplit,
    Fragment,
    WrongLength,
    ElementString,
    NotRecognised,
    ServiceIndicatorUnassigned,
    IssuerUnknown,
    CountryUnknown,
    CandidateOnly,
    NoCheckDigit,
    SeparatorLost,
    SeparatorAsText,
}

impl Problem {
    pub const ALL: [Problem; 17] = [
        Problem::Empty,
        Problem::TooLong,
        Problem::CheckDigit,
        Problem::ServiceIndicatorReserved,
        Problem::FieldOutOfRange,
        Problem::AmbiguousSplit,
        Problem::Fragment,
        Problem::WrongLength,
        Problem::ElementString,
        Problem::NotRecognised,
        Problem::ServiceIndicatorUnassigned,
        Problem::IssuerUnknown,
        Problem::CountryUnknown,
        Problem::CandidateOnly,
        Problem::NoCheckDigit,
        Problem::SeparatorLost,
        Problem::SeparatorAsText,
    ];

    /// Whether an identifier with this problem is invalid.
    pub const fn is_fault(self) -> bool {
        match self {
            Problem::Empty
            | Problem::TooLong
            | Problem::CheckDigit
            | Problem::ServiceIndicatorReserved
            | Problem::FieldOutOfRange
            | Problem::AmbiguousSplit
            | Problem::Fragment
            | Problem::WrongLength
            | Problem::ElementString
            | Problem::NotRecognised => true,
            Problem::ServiceIndicatorUnassigned
            | Problem::IssuerUnknown
            | Problem::CountryUnknown
            | Problem::CandidateOnly
            | Problem::NoCheckDigit
            | Problem::SeparatorLost
            | Problem::SeparatorAsText => false,
        }
    }

    /// The stable name, as in the `id` command's JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Problem::Empty => "empty",
            Problem::TooLong => "too-long",
            Problem::CheckDigit => "check-digit",
            Problem::ServiceIndicatorReserved => "service-indicator-reserved",
            Problem::FieldOutOfRange => "field-out-of-range",
            Problem::AmbiguousSplit => "ambiguous-split",
            Problem::Fragment => "fragment",
            Problem::WrongLength => "wrong-length",
            Problem::ElementString => "element-string",
            Problem::NotRecognised => "not-recognised",
            Problem::ServiceIndicatorUnassigned => "service-indicator-unassigned",
            Problem::IssuerUnknown => "issuer-unknown",
            Problem::CountryUnknown => "country-unknown",
            Problem::CandidateOnly => "candidate-only",
            Problem::NoCheckDigit => "no-check-digit",
            Problem::SeparatorLost => "separator-lost",
            Problem::SeparatorAsText => "separator-as-text",
        }
    }

    /// What it means and what to do about it.
    pub const fn says(self) -> &'static str {
        match self {
            Problem::Empty => "there is no text: scan or type the number again",
            Problem::TooLong => "longer than any identifier: this is some other code, scan the item number",
            Problem::CheckDigit => "the check digit is wrong: a character was misread or mistyped, scan it again",
            Problem::ServiceIndicatorReserved => {
                "the first letter (J, K, S, T or W) is reserved and no post may use it: scan again, hold if it stays"
            }
            Problem::FieldOutOfRange => "a field holds a value it cannot have: scan the tag again",
            Problem::AmbiguousSplit => {
                "postcode and package number cannot be told apart: scan again, the scanner must send separators (0x1D)"
            }
            Problem::Fragment => "part of an item number: characters are missing or unreadable, key it from the label",
            Problem::WrongLength => "letters as in a receptacle tag, but not 29 (or 20) characters: scan the tag again",
            Problem::ElementString => "not a whole GS1 element string: a part is cut off, unknown or not allowed",
            Problem::NotRecognised => "no identifier known here: scan the item number, not another code of the label",
            Problem::ServiceIndicatorUnassigned => "the service letters are not assigned in the ranges known here",
            Problem::IssuerUnknown => "check digit right, but the last two letters are no known issuer",
            Problem::CountryUnknown => "an office code begins with letters that are no known country",
            Problem::CandidateOnly => {
                "could be a carrier's number, but its form proves nothing: never used as an identity"
            }
            Problem::NoCheckDigit => "this kind of number has no check digit that could show a misreading",
            Problem::SeparatorLost => {
                "the scanner dropped the separator (0x1D) after the postcode: correct its settings"
            }
            Problem::SeparatorAsText => "the scanner sent the separator as text, not as 0x1D: correct its settings",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_the_serialised_name_and_every_problem_tells_what_it_means() {
        for (at, problem) in Problem::ALL.into_iter().enumerate() {
            assert_eq!(serde_json::to_string(&problem).unwrap(), format!("\"{}\"", problem.code()));
            assert!(problem.says().len() > 30, "{problem:?} says too little");
            assert_eq!(problem as usize, at, "ALL is complete and in order");
        }
    }
}
