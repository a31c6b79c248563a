//! USPS Intelligent Mail package barcode: an optional routing code (420 and the postcode) and the package number.
//!
//! The trap is a lost separator: 34 digits are a ZIP+4 and a number of 22, or a ZIP and a number of 26. The channel (91
//! to 95) *and* the check digit decide; where both readings pass, both are kept and the code is invalid, because the
//! wrong one would name another package. The check covers the package number only, never the postcode.
//!
//! Source: USPS numbers as described by independent implementations and their test numbers; Publication 199 was not
//! seen.

use super::{Found, Kind, Problem, Text, digits};

/// The separator between GS1 elements, as a scanner sends FNC1.
const SEPARATOR: char = '\u{1d}';

/// A package number with or without routing code, or the 20 digits of the older form.
pub(super) fn recognise(text: &Text) -> Option<Found> {
    let mut pieces = text.data.split(SEPARATOR);
    let (first, second) = (pieces.next()?, pieces.next());
    if pieces.next().is_some() || !digits::all(first) {
        return None;
    }
    let found = match second {
        Some(number) => {
            let zip = first.strip_prefix("420").filter(|zip| matches!(zip.len(), 5 | 9))?;
            is_number(number).then(|| read(Some(zip), number))
        }
        None if is_number(first) => Some(read(None, first)),
        None => unseparated(text, first).or_else(|| older(text, first)),
    };
    found.map(|found| found.problem_if(text.separator_as_text, Problem::SeparatorAsText))
}

/// Whether `text` has the form of a package number: a channel, and a length that channel has.
fn is_number(text: &str) -> bool {
    let channel = text.get(..2).unwrap_or_default();
    digits::all(text)
        && matches!(channel, "91" | "92" | "93" | "94" | "95")
        && (matches!(text.len(), 22 | 26) || (text.len() == 30 && channel == "94"))
}

fn passes(number: &str) -> bool {
    digits::split_check(number).is_some_and(|(body, check)| digits::mod10(body) == check)
}

/// Takes a package number apart. Only the commercial channels say how long the mailer's number is.
fn read(zip: Option<&str>, number: &str) -> Found {
    let mailer = match &number[..2] {
        "92" => Some(&number[5..14]),
        "93" => Some(&number[5..11]),
        _ => None,
    };
    let mut found =
        Found::new(Kind::Impb).part("id", number).part("channel", &number[..2]).part("service_type", &number[2..5]);
    if let Some(mailer) = mailer {
        found = found.part("mailer_id", mailer);
    }
    if let Some((zip5, plus4)) = zip.and_then(|zip| zip.split_at_checked(5)) {
        found = found.part("zip", zip5);
        if !plus4.is_empty() {
            found = found.part("zip_plus4", plus4);
        }
    }
    match digits::split_check(number) {
        Some((body, check)) => found.check(check, digits::mod10(body)),
        None => found.problem(Problem::CheckDigit),
    }
}

/// Routing code and number without the separator between them.
fn unseparated(text: &Text, data: &str) -> Option<Found> {
    let rest = data.strip_prefix("420")?;
    let splits: Vec<_> =
        [5, 9].into_iter().filter_map(|len| rest.split_at_checked(len)).filter(|(_, n)| is_number(n)).collect();
    let passing: Vec<_> = splits.iter().filter(|(_, number)| passes(number)).collect();
    let found = match passing[..] {
        [&(zip, number)] => read(Some(zip), number),
        [(_, longer), (_, shorter), ..] => {
            Found::new(Kind::Impb).part("id_zip5", *longer).part("id_zip9", *shorter).problem(Problem::AmbiguousSplit)
        }
        [] => splits.first().map(|(zip, number)| read(Some(zip), number))?,
    };
    Some(found.problem_if(text.is_gs1(), Problem::SeparatorLost))
}

/// Twenty digits: an older number, or one of 22 whose `91` is not printed. Which, only the check digit tells; both can
/// not pass, as the `91` adds 8 to the sum. A bare number with one chance in five to pass is a candidate.
fn older(text: &Text, data: &str) -> Option<Found> {
    // Twenty digits that begin with 00 are a GS1 SSCC.
    if data.len() != 20 || data.starts_with("00") || text.is_gs1() {
        return None;
    }
    let (body, check) = digits::split_check(data)?;
    let with_channel = format!("91{data}");
    let found = if passes(&with_channel) {
        read(None, &with_channel)
    } else {
        Found::new(Kind::Impb).part("id", data).check(check, digits::mod10(body))
    };
    Some(found.problem(Problem::CandidateOnly))
}
