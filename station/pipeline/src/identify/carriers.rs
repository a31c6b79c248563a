//! The express carriers: UPS, FedEx, DHL.
//!
//! A number with a prefix of its own is a carrier's number. A bare number of 10, 11, 12 or 15 digits, and a DHL
//! eCommerce number, whose pattern is two letters and anything, are candidates: their check digits pass by chance one
//! time in seven to ten, or do not exist.
//!
//! Source: rules and test numbers of independent implementations.

use super::{Found, Kind, Problem, Text, digits};

/// `1Z`, six of the shipper, two of the service, seven of the package, a check digit.
pub(super) fn ups(text: &Text) -> Option<Found> {
    let number = text.upper.as_str();
    if number.len() != 18 || !number.starts_with("1Z") || !number.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let sum: u32 =
        number[2..17].bytes().enumerate().map(|(at, b)| ups_value(b) * if at % 2 == 0 { 1 } else { 2 }).sum();
    let expected = ((10 - sum % 10) % 10) as u8;
    let found = Found::new(Kind::Ups)
        .part("id", number)
        .part("shipper", &number[2..8])
        .part("service", &number[8..10])
        .part("package", &number[10..17]);
    let last = number.as_bytes()[17];
    Some(if last.is_ascii_digit() {
        found.check(digits::value(last), expected)
    } else {
        found.part("check_expected", expected.to_string()).problem(Problem::CheckDigit)
    })
}

/// A digit counts as itself, a letter as its ASCII code less 63, modulo 10.
fn ups_value(byte: u8) -> u32 {
    if byte.is_ascii_digit() { u32::from(digits::value(byte)) } else { u32::from(byte.wrapping_sub(63)) % 10 }
}

/// The 34 digits of a FedEx label (beginning with 10 or 96) and the 22 of Ground (96). The number people know is
/// the end of it: 12 digits and 15 digits.
pub(super) fn fedex_long(text: &Text) -> Option<Found> {
    let code = text.data.as_str();
    if !digits::all(code) {
        return None;
    }
    let (id, check, expected) = match (code.len(), code.get(..2).unwrap_or_default()) {
        (34, "10" | "96") => (&code[22..], code.as_bytes()[33], digits::mod11(&code[20..33], [1, 7, 3])),
        (22, "96") => (&code[7..], code.as_bytes()[21], digits::mod10(&code[7..21])),
        _ => return None,
    };
    Some(Found::new(Kind::Fedex).part("id", id).part("label", code).check(digits::value(check), expected))
}

/// Bare digits, of which the length is all that says whose they could be. A GS1 code is never one.
pub(super) fn bare(text: &Text) -> Option<Found> {
    let number = text.upper.as_str();
    if text.is_gs1() {
        return None;
    }
    let (body, check) = digits::split_check(number)?;
    let (kind, expected) = match number.len() {
        10 | 11 => (Kind::Dhl, digits::mod7(body)),
        12 => (Kind::Fedex, digits::mod11(body, [3, 1, 7])),
        15 => (Kind::Fedex, digits::mod10(body)),
        _ => return None,
    };
    Some(Found::new(kind).part("id", number).check(check, expected).problem(Problem::CandidateOnly))
}

/// The country and product letters with which DHL eCommerce numbers begin.
const ECOMMERCE: [&str; 10] = ["GM", "LX", "RX", "UV", "CN", "SG", "TH", "IN", "HK", "MY"];

/// DHL's piece identifiers (`JJD`, `JVGL`) and eCommerce numbers. Neither has a check digit.
pub(super) fn dhl(text: &Text) -> Option<Found> {
    let number = text.upper.as_str();
    let piece = number.strip_prefix("JJD").or_else(|| number.strip_prefix("JVGL"));
    if piece.is_some_and(|serial| digits::all(serial) && (9..=20).contains(&serial.len())) {
        return Some(Found::new(Kind::Dhl).part("id", number).part("form", "piece").problem(Problem::NoCheckDigit));
    }
    let rest = ECOMMERCE.iter().find_map(|prefix| number.strip_prefix(prefix))?;
    let shaped = (10..=39).contains(&rest.len())
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
        // A word is not a number: without this, INTERNATIONAL is DHL's.
        && rest.bytes().any(|byte| byte.is_ascii_digit());
    shaped.then(|| {
        Found::new(Kind::Dhl)
            .part("id", number)
            .part("form", "ecommerce")
            .problem(Problem::NoCheckDigit)
            .problem(Problem::CandidateOnly)
    })
}
