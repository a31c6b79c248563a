//! UPU S10: the thirteen characters under which post and customs know an item.
//!
//! Two service letters, eight digits, a check digit, the issuer's country. The check covers the eight digits only, so
//! letters can be misread unseen, and because the remainders 0 and 6 both give 5, one substitution in fifty-five of the
//! digits passes too. Nothing here repairs either: a valid S10 is well-formed, not proven.
//!
//! Source: UPU S10 as described by independent implementations; the ranges change between issues of the standard.

use super::{Found, Kind, Problem, Text, digits, issuers};
use serde::{Deserialize, Serialize};

/// What the service letters say about the item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// Domestic, bilateral or multilateral use: nothing about the item follows from it.
    Agreed,
    RfidTracked,
    Parcel,
    Ems,
    Ecommerce,
    LetterTracked,
    MBag,
    BusinessReply,
    Registered,
    /// Letter post containing goods, neither registered nor insured nor tracked.
    LetterGoods,
    InsuredLetter,
    /// J K S T W: no post can be assigned them.
    Reserved,
    Unassigned,
}

/// Which agreement a sub-range is kept for; an item in it follows that agreement's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    Bilateral,
    Multilateral,
    BilateralOrMultilateral,
}

struct Range {
    first: u8,
    second: (u8, u8),
    service: Service,
    agreement: Option<Agreement>,
}

const fn range(letters: &[u8; 3], service: Service, agreement: Option<Agreement>) -> Range {
    Range { first: letters[0], second: (letters[1], letters[2]), service, agreement }
}

const ANY: Option<Agreement> = Some(Agreement::BilateralOrMultilateral);
const TWO: Option<Agreement> = Some(Agreement::Bilateral);
const MANY: Option<Agreement> = Some(Agreement::Multilateral);

/// First letter, then the first and last second letter of the range. What is not listed is unassigned. AV–AZ are the
/// RFID range; lists differ about AA–AU, where numbers are in use, and both are taken as one.
const RANGES: [Range; 30] = [
    range(b"AAZ", Service::RfidTracked, ANY),
    range(b"BAZ", Service::Agreed, ANY),
    range(b"CAY", Service::Parcel, None),
    range(b"CZZ", Service::Parcel, TWO),
    range(b"DAZ", Service::Agreed, ANY),
    range(b"EAW", Service::Ems, None),
    range(b"EXZ", Service::Ems, ANY),
    range(b"GAA", Service::Agreed, ANY),
    range(b"GDD", Service::Agreed, ANY),
    range(b"HAW", Service::Ecommerce, None),
    range(b"HXY", Service::Ecommerce, MANY),
    range(b"HZZ", Service::Ecommerce, TWO),
    range(b"LAY", Service::LetterTracked, None),
    range(b"LZZ", Service::LetterTracked, TWO),
    range(b"MAZ", Service::MBag, None),
    range(b"NAZ", Service::Agreed, ANY),
    range(b"PAZ", Service::Agreed, ANY),
    range(b"QAM", Service::BusinessReply, None),
    range(b"RAY", Service::Registered, None),
    range(b"RZZ", Service::Registered, TWO),
    range(b"UAY", Service::LetterGoods, None),
    range(b"UZZ", Service::LetterGoods, TWO),
    range(b"VAY", Service::InsuredLetter, None),
    range(b"VZZ", Service::InsuredLetter, TWO),
    range(b"ZAZ", Service::Agreed, ANY),
    range(b"JAZ", Service::Reserved, None),
    range(b"KAZ", Service::Reserved, None),
    range(b"SAZ", Service::Reserved, None),
    range(b"TAZ", Service::Reserved, None),
    range(b"WAZ", Service::Reserved, None),
];

impl Service {
    /// The stable name, as in parts and rules.
    pub const fn code(self) -> &'static str {
        match self {
            Service::Agreed => "agreed",
            Service::RfidTracked => "rfid-tracked",
            Service::Parcel => "parcel",
            Service::Ems => "ems",
            Service::Ecommerce => "ecommerce",
            Service::LetterTracked => "letter-tracked",
            Service::MBag => "m-bag",
            Service::BusinessReply => "business-reply",
            Service::Registered => "registered",
            Service::LetterGoods => "letter-goods",
            Service::InsuredLetter => "insured-letter",
            Service::Reserved => "reserved",
            Service::Unassigned => "unassigned",
        }
    }
}

impl Agreement {
    pub const fn code(self) -> &'static str {
        match self {
            Agreement::Bilateral => "bilateral",
            Agreement::Multilateral => "multilateral",
            Agreement::BilateralOrMultilateral => "bilateral-or-multilateral",
        }
    }
}

/// What the two service letters mean, and under which agreement. `indicator` is anything; what is not two upper-case
/// letters of an assigned range is unassigned.
pub fn service(indicator: &str) -> (Service, Option<Agreement>) {
    let &[first, second] = indicator.as_bytes() else {
        return (Service::Unassigned, None);
    };
    RANGES
        .iter()
        .find(|range| range.first == first && (range.second.0..=range.second.1).contains(&second))
        .map_or((Service::Unassigned, None), |range| (range.service, range.agreement))
}

const WEIGHTS: [u8; 8] = [8, 6, 4, 2, 3, 5, 9, 7];

/// The check digit of eight ASCII digits: 11 − (Σ digit × weight mod 11), where 10 becomes 0 and 11 becomes 5.
pub(super) fn check_digit(serial: &[u8]) -> u8 {
    let sum: u32 = serial.iter().zip(WEIGHTS).map(|(byte, w)| u32::from(digits::value(*byte)) * u32::from(w)).sum();
    match 11 - sum % 11 {
        10 => 0,
        11 => 5,
        digit => digit as u8,
    }
}

/// Anything of the shape of an S10, valid or not: the shape is claimed so that no looser pattern can swallow it.
pub(super) fn recognise(text: &Text) -> Option<Found> {
    let number = text.upper.as_str();
    if !has_shape(number.as_bytes(), LETTERS_DIGITS_LETTERS) {
        return None;
    }
    let (indicator, serial, issuer) = (&number[..2], &number[2..10], &number[11..]);
    let (service, agreement) = service(indicator);
    let mut found = Found::new(Kind::S10)
        .part("id", number)
        .part("service_indicator", indicator)
        .part("service", service.code())
        .part("serial", serial)
        .part("issuer", issuer)
        .check(digits::value(number.as_bytes()[10]), check_digit(serial.as_bytes()))
        .problem_if(service == Service::Reserved, Problem::ServiceIndicatorReserved)
        .problem_if(service == Service::Unassigned, Problem::ServiceIndicatorUnassigned)
        .problem_if(!issuers::known(issuer), Problem::IssuerUnknown);
    if let Some(agreement) = agreement {
        found = found.part("agreement", agreement.code());
    }
    Some(found)
}

const LETTERS_DIGITS_LETTERS: &[u8; 13] = b"LLDDDDDDDDDLL";

/// Whether `bytes` follow a shape of `L` (letter) and `D` (digit).
fn has_shape(bytes: &[u8], shape: &[u8]) -> bool {
    bytes.len() == shape.len() && bytes.iter().zip(shape).all(|(byte, class)| fits(*byte, *class))
}

fn fits(byte: u8, class: u8) -> bool {
    if class == b'D' { byte.is_ascii_digit() } else { byte.is_ascii_uppercase() }
}

/// A torn or smudged S10: the whole number with one wrong character among its digits, or a beginning, an end or both
/// with digits missing. Only the reason why nothing was read depends on it, never an identity.
pub(super) fn fragment(text: &Text) -> Option<Found> {
    let bytes = text.upper.as_bytes();
    let head = bytes.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let tail = bytes.iter().rev().take_while(|byte| byte.is_ascii_uppercase()).count();
    let smudged = text.upper.chars().count() == 13
        && text.upper.chars().zip(LETTERS_DIGITS_LETTERS).all(|(c, class)| *class == b'D' || c.is_ascii_uppercase())
        && text
            .upper
            .chars()
            .zip(LETTERS_DIGITS_LETTERS)
            .filter(|(c, class)| **class == b'D' && !c.is_ascii_digit())
            .count()
            == 1;
    let middle = bytes.get(head..bytes.len().saturating_sub(tail)).unwrap_or_default();
    let torn = head <= 2
        && tail <= 2
        && head + tail >= 1
        && (6..=9).contains(&middle.len())
        && middle.iter().all(u8::is_ascii_digit)
        && bytes.len() < 13;
    (smudged || torn).then(|| Found::new(Kind::Unknown).problem(Problem::Fragment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identify::identify;

    /// How many of all 10^8 serials have each weighted sum modulo 11, counted exactly, a digit at a time.
    fn remainders() -> [u64; 11] {
        let mut counts = [0; 11];
        counts[0] = 1;
        for weight in WEIGHTS {
            let mut next = [0; 11];
            for (rest, count) in counts.iter().enumerate() {
                for digit in 0..10 {
                    next[(rest + digit * usize::from(weight)) % 11] += count;
                }
            }
            counts = next;
        }
        counts
    }

    #[test]
    fn over_all_serials_the_check_digit_five_stands_on_eighteen_percent_and_every_other_on_nine() {
        let counts = remainders();
        assert_eq!(counts.iter().sum::<u64>(), 100_000_000);
        let mut by_digit = [0_u64; 10];
        for (rest, count) in counts.iter().enumerate() {
            // A serial with that remainder, found by trying, goes through the production rule.
            let serial = (0..).map(|n| format!("{n:08}")).find(|serial| remainder(serial) == rest).unwrap();
            by_digit[usize::from(check_digit(serial.as_bytes()))] += count;
        }
        for (digit, count) in by_digit.into_iter().enumerate() {
            let basis_points = count / 10_000;
            let expected = if digit == 5 { 1_818 } else { 909 };
            assert!(basis_points.abs_diff(expected) <= 1, "digit {digit}: {basis_points} in 10,000");
        }
    }

    fn remainder(serial: &str) -> usize {
        serial.bytes().zip(WEIGHTS).map(|(b, w)| usize::from(b - b'0') * usize::from(w)).sum::<usize>() % 11
    }

    #[test]
    fn about_one_substitution_and_one_transposition_in_fifty_five_pass_unseen() {
        let (mut substituted, mut substituted_unseen, mut swapped, mut swapped_unseen) = (0_u32, 0_u32, 0_u32, 0_u32);
        // Every 4,999th serial: 20,005 of them, spread over the whole range.
        for n in (0..100_000_000_u32).step_by(4_999) {
            let serial: [u8; 8] = format!("{n:08}").into_bytes().try_into().unwrap();
            let right = check_digit(&serial);
            for at in 0..8 {
                for digit in (b'0'..=b'9').filter(|digit| *digit != serial[at]) {
                    let mut wrong = serial;
                    wrong[at] = digit;
                    substituted += 1;
                    substituted_unseen += u32::from(check_digit(&wrong) == right);
                }
            }
            for at in 0..7 {
                let mut wrong = serial;
                wrong.swap(at, at + 1);
                swapped += u32::from(wrong != serial);
                swapped_unseen += u32::from(wrong != serial && check_digit(&wrong) == right);
            }
        }
        let per_10_000 = |part: u32, whole: u32| part * 10_000 / whole;
        assert!(
            (160..=200).contains(&per_10_000(substituted_unseen, substituted)),
            "{substituted_unseen}/{substituted}"
        );
        assert!((160..=200).contains(&per_10_000(swapped_unseen, swapped)), "{swapped_unseen}/{swapped}");
    }

    #[test]
    fn service_ranges_follow_the_table_at_their_edges() {
        let of = |indicator: &str| service(indicator);
        for (indicator, expected, agreement) in [
            ("AA", Service::RfidTracked, ANY),
            ("AV", Service::RfidTracked, ANY),
            ("BA", Service::Agreed, ANY),
            ("CA", Service::Parcel, None),
            ("CY", Service::Parcel, None),
            ("CZ", Service::Parcel, TWO),
            ("EW", Service::Ems, None),
            ("EX", Service::Ems, ANY),
            ("GA", Service::Agreed, ANY),
            ("GB", Service::Unassigned, None),
            ("GC", Service::Unassigned, None),
            ("GD", Service::Agreed, ANY),
            ("GE", Service::Unassigned, None),
            ("HW", Service::Ecommerce, None),
            ("HX", Service::Ecommerce, MANY),
            ("HZ", Service::Ecommerce, TWO),
            ("LZ", Service::LetterTracked, TWO),
            ("MA", Service::MBag, None),
            ("QM", Service::BusinessReply, None),
            ("QN", Service::Unassigned, None),
            ("RZ", Service::Registered, TWO),
            ("UZ", Service::LetterGoods, TWO),
            ("VV", Service::InsuredLetter, None),
            ("VZ", Service::InsuredLetter, TWO),
            ("ZZ", Service::Agreed, ANY),
            ("FA", Service::Unassigned, None),
            ("Y", Service::Unassigned, None),
            ("", Service::Unassigned, None),
        ] {
            assert_eq!(of(indicator), (expected, agreement), "{indicator}");
        }
        for first in "JKSTW".chars() {
            assert!(('A'..='Z').all(|second| of(&format!("{first}{second}")).0 == Service::Reserved), "{first}");
        }
        for first in "FIOXY".chars() {
            assert!(('A'..='Z').all(|second| of(&format!("{first}{second}")).0 == Service::Unassigned), "{first}");
        }
    }

    #[test]
    fn a_torn_or_smudged_number_is_a_fragment_and_a_carrier_number_is_not() {
        for torn in ["RR47312482", "RR473124829", "RR473124829G", "473124829GB", "RR47312429GB", "RR4731?4829GB"] {
            assert_eq!(identify(torn, None).problems, [Problem::Fragment], "{torn}");
        }
        for smudged in ["RR47312482OGB", "RR4731\u{fffd}4829GB", "LX00000001CN"] {
            assert_eq!(identify(smudged, None).problems, [Problem::Fragment], "{smudged}");
        }
        for other in ["GM1234567890", "473124829", "HELLO", "1Z999AA10123456784"] {
            assert!(!identify(other, None).problems.contains(&Problem::Fragment), "{other}");
        }
    }
}
