//! GS1 element strings: application identifiers and their values, one after the other.
//!
//! A few identifiers have a length fixed by the standard for ever and need no separator; every other value runs to the
//! next separator (FNC1, which a scanner sends as 0x1D) or to the end. A separator after a fixed one is allowed. What
//! does not come out even is a fault, not a shorter list: a cut-off element string must not name a unit.
//!
//! Source: GS1's syntax dictionary and engine, as read in `identifiers.md` §4.1.

use super::{Found, Kind, Problem, Text, digits};
use std::collections::BTreeMap;

const SEPARATOR: char = '\u{1d}';

/// Makes one form of the three in which element strings arrive: scanned, with `<GS>` written out, and printed with
/// parentheses. Separators at the ends go.
pub(super) fn unfold(compact: &str) -> String {
    let text = compact.replace("<GS>", "\u{1d}");
    let unfolded =
        if let Some(rest) = text.strip_prefix('(') { rest.replace('(', "\u{1d}").replace(')', "") } else { text };
    unfolded.trim_matches(SEPARATOR).to_owned()
}

/// An element string, when the code says it is one (its symbology, a separator, parentheses, the `00` of an SSCC) .
pub(super) fn recognise(text: &Text) -> Option<Found> {
    let sscc = text.data.len() == 20 && text.data.starts_with("00") && digits::all(&text.data);
    let marked = text.is_gs1() || text.data.contains(SEPARATOR) || text.upper.starts_with('(');
    if !sscc && !marked {
        return None;
    }
    match elements(&text.data) {
        Some(elements) => Some(describe(&elements).problem_if(text.separator_as_text, Problem::SeparatorAsText)),
        // Other messages use 0x1D too: without the symbology's word it is only some text.
        None => text.is_gs1().then(|| Found::new(Kind::Gs1).problem(Problem::ElementString)),
    }
}

/// An EAN or UPC code: a product's number. Digits beyond the thirteenth are an add-on.
pub(super) fn retail(text: &Text) -> Found {
    let code = text.upper.get(..13).unwrap_or(&text.upper);
    match digits::split_check(code) {
        Some((body, check)) if matches!(code.len(), 8 | 12 | 13) => {
            let gtin = format!("{code:0>14}");
            Found::new(Kind::Gs1).part("id", gtin.clone()).part("gtin", gtin).check(check, digits::mod10(body))
        }
        _ => Found::new(Kind::Unknown).problem(Problem::NotRecognised),
    }
}

/// Identifier → value; nothing when the string is not whole, or gives one identifier two values.
fn elements(data: &str) -> Option<BTreeMap<&str, &str>> {
    let allowed = |byte: u8| byte.is_ascii_graphic() || byte == SEPARATOR as u8;
    if !data.bytes().all(allowed) {
        return None;
    }
    let mut found = BTreeMap::new();
    let mut rest = data;
    while !rest.is_empty() {
        let end = match fixed_length(rest) {
            Some(length) => length,
            None => rest.find(SEPARATOR).unwrap_or(rest.len()),
        };
        let (element, after) = rest.split_at_checked(end)?;
        let (identifier, value) = element.split_at_checked(identifier_length(element)?)?;
        if !is_value(identifier, value) || found.insert(identifier, value).is_some_and(|other| other != value) {
            return None;
        }
        rest = after.strip_prefix(SEPARATOR).unwrap_or(after);
    }
    (!found.is_empty()).then_some(found)
}

/// The whole length, identifier included, of the elements that need no separator.
fn fixed_length(data: &str) -> Option<usize> {
    match data.get(..2)? {
        "00" => Some(20),
        "01" | "02" | "03" => Some(16),
        "04" => Some(18),
        "11" | "12" | "13" | "14" | "15" | "16" | "17" | "18" | "19" => Some(8),
        "20" => Some(4),
        "31" | "32" | "33" | "34" | "35" | "36" => Some(10),
        "41" => Some(16),
        _ => None,
    }
}

/// How many digits the identifier has that `element` begins with; nothing for ranges never assigned.
fn identifier_length(element: &str) -> Option<usize> {
    let length = match element.get(..2)? {
        "00" | "01" | "02" | "03" | "04" | "10" | "11" | "12" | "13" | "14" | "15" | "16" | "17" | "18" | "19"
        | "20" | "21" | "22" | "30" | "37" => 2,
        "90" | "91" | "92" | "93" | "94" | "95" | "96" | "97" | "98" | "99" => 2,
        "23" | "24" | "25" | "40" | "41" | "42" | "71" => 3,
        "31" | "32" | "33" | "34" | "35" | "36" | "39" | "43" | "70" | "72" | "80" | "81" | "82" => 4,
        _ => return None,
    };
    digits::all(element.get(..length)?).then_some(length)
}

/// Whether the value can stand behind its identifier. A separator inside means a fixed-length value was cut short.
fn is_value(identifier: &str, value: &str) -> bool {
    if fixed_length(identifier).is_some() {
        return digits::all(value);
    }
    let longest = match identifier {
        "30" | "37" => 8,
        "421" => 12,
        "10" | "21" | "22" | "420" => 20,
        "90" | "240" | "241" | "400" | "401" | "403" => 30,
        _ => 90,
    };
    let character = |byte: u8| byte.is_ascii_graphic() && !b"#$@[\\]^`{|}~".contains(&byte);
    (1..=longest).contains(&value.len()) && value.bytes().all(character)
}

fn describe(elements: &BTreeMap<&str, &str>) -> Found {
    let mut found = Found::new(Kind::Gs1);
    let mut printed = String::new();
    for (identifier, value) in elements {
        printed.push_str(&format!("({identifier}){value}"));
        found = found.part(identifier, *value);
        found = match *identifier {
            "00" => checked(found.part("sscc", *value), value),
            "01" => checked(found.part("gtin", *value), value),
            "02" | "03" => checked(found, value),
            "420" => found.part("postcode", *value),
            measure if measure.len() == 4 => match &measure[..3] {
                "310" => weight(found, "net_kg", measure, value),
                "330" => weight(found, "gross_kg", measure, value),
                "320" => weight(found, "net_lb", measure, value),
                "340" => weight(found, "gross_lb", measure, value),
                _ => found,
            },
            location if location.starts_with("41") => checked(found, value),
            _ => found,
        };
    }
    let id = elements.get("00").map_or(printed, |sscc| (*sscc).to_owned());
    found.part("id", id)
}

fn checked(found: Found, value: &str) -> Found {
    match digits::split_check(value) {
        Some((body, check)) => found.check(check, digits::mod10(body)),
        None => found.problem(Problem::ElementString),
    }
}

/// Six digits with as many decimals as the identifier's last digit says; more than six is no weight.
fn weight(found: Found, name: &str, identifier: &str, value: &str) -> Found {
    let decimals = usize::from(digits::value(identifier.as_bytes()[3]));
    match value.len().checked_sub(decimals).and_then(|whole| value.split_at_checked(whole)) {
        Some((whole, "")) => found.part(name, number(whole)),
        Some((whole, fraction)) => found.part(name, format!("{}.{fraction}", number(whole))),
        None => found.problem(Problem::FieldOutOfRange),
    }
}

fn number(whole: &str) -> &str {
    let digits = whole.trim_start_matches('0');
    if digits.is_empty() { "0" } else { digits }
}
