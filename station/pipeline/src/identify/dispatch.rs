//! UPU S8 (dispatch) and S9 (receptacle): what the tag of a bag or tray says.
//!
//! They never identify an item. They have no check digit: the values of the fields are the only evidence of a
//! misreading, and are held to their ranges for that reason.

use super::{Found, Kind, Problem, Text, digits, issuers};

/// Origin and destination office, category and subclass: all letters.
const LETTERS: usize = 15;
const S8_LEN: usize = 20;
const S9_LEN: usize = 29;

/// An S8 of 20 or an S9 of 29 characters.
pub(super) fn recognise(text: &Text) -> Option<Found> {
    let tag = text.upper.as_str();
    if !matches!(tag.len(), S8_LEN | S9_LEN) || !begins_as_tag(tag) {
        return None;
    }
    let found = dispatch(tag, if tag.len() == S8_LEN { Kind::S8 } else { Kind::S9 });
    Some(if tag.len() == S8_LEN { found } else { receptacle(found, tag) })
}

/// A text that begins as a tag does and is too short or too long: a tag read in part.
pub(super) fn nearly(text: &Text) -> Option<Found> {
    let tag = text.upper.as_str();
    ((LETTERS + 1..=40).contains(&tag.len()) && begins_as_tag(tag))
        .then(|| Found::new(Kind::Unknown).problem(Problem::WrongLength))
}

/// Letters, then digits to the end.
fn begins_as_tag(tag: &str) -> bool {
    tag.split_at_checked(LETTERS)
        .is_some_and(|(letters, rest)| letters.bytes().all(|byte| byte.is_ascii_uppercase()) && digits::all(rest))
}

fn dispatch(tag: &str, kind: Kind) -> Found {
    let (origin, destination, category, subclass) = (&tag[..6], &tag[6..12], &tag[12..13], &tag[13..15]);
    Found::new(kind)
        .part("id", tag)
        .part("origin", origin)
        .part("destination", destination)
        .part("category", category)
        .part("class", &tag[13..14])
        .part("subclass", subclass)
        .part("year_digit", &tag[15..16])
        .part("dispatch", &tag[16..20])
        .problem_if(!matches!(category, "A" | "B" | "C" | "D"), Problem::FieldOutOfRange)
        .problem_if(&tag[16..20] == "0000", Problem::FieldOutOfRange)
        .problem_if(!issuers::known(&origin[..2]) || !issuers::known(&destination[..2]), Problem::CountryUnknown)
}

fn receptacle(found: Found, tag: &str) -> Found {
    let flag = |text: &str| matches!(text, "0" | "1" | "9");
    let (serial, last, registered, weight) = (&tag[20..23], &tag[23..24], &tag[24..25], &tag[25..29]);
    found
        .part("dispatch_id", &tag[..S8_LEN])
        .part("receptacle", serial)
        .part("last", meaning(last))
        .part("registered_or_insured", meaning(registered))
        .part("weight_kg", weight_kg(weight))
        .problem_if(serial == "000" || !flag(last) || !flag(registered), Problem::FieldOutOfRange)
}

fn meaning(flag: &str) -> &'static str {
    match flag {
        "0" => "no",
        "1" => "yes",
        "9" => "not stated",
        _ => "unknown",
    }
}

/// Four digits of 0.1 kg as kilograms; 9999 means more than can be written.
fn weight_kg(tenths: &str) -> String {
    if tenths == "9999" {
        return "more than 999.8".to_owned();
    }
    let whole = tenths[..3].trim_start_matches('0');
    format!("{}.{}", if whole.is_empty() { "0" } else { whole }, &tenths[3..])
}
