//! What holds for every text and every set of reads, not only for the vectors.

use super::{CODES_MAX, CodeRead, IDS_MAX, ItemIdentity, Kind, Problem, Standing, arbitrate, identify, lookup_keys};
use gatepost_hardware::symbology::Aim;
use proptest::prelude::*;

/// One valid identifier of every kind and form, with letters or digits only.
const VALID: [&str; 14] = [
    "RR473124829GB",
    "LX000000014CN",
    "AB000000005IE",
    "BEBRUABOLPBBAEN60073003000227",
    "BEBRUABOLPBBAEN60073",
    "9400111206206406260787",
    "420787459400111206206406260787",
    "1Z5R89390357567127",
    "1ZXX3150YW44070023",
    "1001921334250001000300779017972697",
    "9611020987654312345672",
    "00012345000000000027",
    "986578788855",
    "JJD0099999999",
];

/// Those of them that hold letters.
const WITH_LETTERS: [&str; 8] = [
    "RR473124829GB",
    "LX000000014CN",
    "AB000000005IE",
    "BEBRUABOLPBBAEN60073003000227",
    "BEBRUABOLPBBAEN60073",
    "1Z5R89390357567127",
    "1ZXX3150YW44070023",
    "JJD0099999999",
];

/// Every symbology the table names, and one that does not exist.
const AIMS: [&[u8; 2]; 12] = [b"C0", b"C1", b"d1", b"d2", b"Q3", b"e0", b"E0", b"E4", b"A0", b"z1", b"L2", b"Z9"];

fn aim() -> impl Strategy<Value = Option<Aim>> {
    proptest::option::of(proptest::sample::select(&AIMS[..]))
        .prop_map(|id| id.and_then(|&[letter, modifier]| Aim::new(letter, modifier)))
}

/// Anything, and what is nearly something: pieces of identifiers, digits, separators, brackets.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        proptest::collection::vec(any::<u8>(), 0..80).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        "(\\]C1|\\]d2|\\(|420|9[0-9]|00|1Z|JJD|[A-Z]{2})?[0-9A-Z\u{1d}()<>é]{0,40}",
        "(420)?[0-9]{5,38}",
        "[A-Z]{14,16}[0-9]{4,15}",
        (proptest::sample::select(&VALID[..]), any::<proptest::sample::Index>(), any::<char>()).prop_map(
            |(valid, at, other)| {
                let at = at.index(valid.len());
                format!("{}{other}{}", &valid[..at], &valid[at + 1..])
            }
        ),
    ]
}

fn reads() -> impl Strategy<Value = Vec<CodeRead>> {
    let code = prop_oneof![
        4 => proptest::sample::select(&VALID[..]).prop_map(CodeRead::text),
        2 => (text(), aim()).prop_map(|(text, aim)| CodeRead::Code { text, aim }),
        1 => Just(CodeRead::text("4201002391029400111206206406260787")),
        1 => Just(CodeRead::Nothing),
        1 => Just(CodeRead::Damaged),
        1 => Just(CodeRead::TooBlurred),
        1 => Just(CodeRead::NoPicture),
        1 => Just(CodeRead::Crowded),
    ];
    proptest::collection::vec(code, 0..CODES_MAX + 4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gives_an_answer_that_agrees_with_itself(text in text(), aim in aim()) {
        let found = identify(&text, aim);
        let fault = found.problems.iter().any(|problem| problem.is_fault());
        prop_assert_eq!(found.valid, !fault);
        prop_assert!(found.kind != Kind::Unknown || !found.valid);
        prop_assert!(!found.valid || found.id().is_some_and(|id| !id.is_empty()));
        prop_assert!(found.problems.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert_eq!(found.item_id().is_some(), found.standing() != Standing::Never);
        prop_assert_eq!(found.parts.contains_key("check_expected"), found.problems.contains(&Problem::CheckDigit));
        prop_assert!(found.text.len() <= super::TEXT_BYTES_MAX);
        if let Some(item) = found.item_id() {
            prop_assert!(item.id.len() <= super::ITEM_ID_BYTES_MAX);
            prop_assert!(item.id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "an item id is plain: {:?}", item);
        }
    }

    #[test]
    fn an_item_id_read_again_is_the_same_item(text in text(), aim in aim()) {
        if let Some(item) = identify(&text, aim).item_id() {
            // The short forms of FedEx and of an SSCC are known only inside their labels.
            if matches!(item.kind, Kind::S10 | Kind::Ups | Kind::Impb | Kind::Dhl) {
                prop_assert_eq!(identify(&item.id, None).item_id(), Some(item));
            }
        }
    }

    #[test]
    fn bare_digits_of_ten_to_twelve_are_never_more_than_a_candidate(text in "[0-9]{10,12}") {
        prop_assert!(identify(&text, None).standing() <= Standing::Candidate);
        prop_assert!(matches!(arbitrate(&[CodeRead::text(&text)]), ItemIdentity::NoRead(_)));
    }

    #[test]
    fn a_letter_read_as_something_else_is_never_the_same_item(
        valid in proptest::sample::select(&WITH_LETTERS[..]),
        at in any::<proptest::sample::Index>(),
        other in prop_oneof![any::<char>(), proptest::char::range('0', 'Z')],
    ) {
        let letters: Vec<usize> = (0..valid.len()).filter(|at| valid.as_bytes()[*at].is_ascii_uppercase()).collect();
        let at = letters[at.index(letters.len())];
        // Case is how people write; anything else is another number or none.
        prop_assume!(other.to_ascii_uppercase() != char::from(valid.as_bytes()[at]));
        let flipped = format!("{}{other}{}", &valid[..at], &valid[at + 1..]);
        let (before, after) = (identify(valid, None), identify(&flipped, None));
        prop_assert!(before.valid);
        prop_assert!(!after.valid || (after.kind, after.id()) != (before.kind, before.id()), "{}", flipped);
    }

    #[test]
    fn reads_without_what_is_personal_are_taken_for_the_same_parcel(reads in reads(), key in any::<[u8; 32]>()) {
        let reads = &reads[..reads.len().min(CODES_MAX)];
        let reduced: Vec<CodeRead> = reads.iter().map(|read| read.impersonal(&key)).collect();
        prop_assert_eq!(lookup_keys(&reduced), lookup_keys(reads));
        match (arbitrate(reads), arbitrate(&reduced)) {
            (ItemIdentity::NoRead(_), ItemIdentity::NoRead(_)) => {}
            (before, after) => prop_assert_eq!(before, after),
        }
        let again: Vec<CodeRead> = reduced.iter().map(|read| read.impersonal(&key)).collect();
        prop_assert_eq!(arbitrate(&again), arbitrate(&reduced), "reduced twice is reduced");
    }

    #[test]
    fn the_order_and_the_repetition_of_reads_never_matter(
        (reads, shuffled) in reads().prop_flat_map(|reads| (Just(reads.clone()), Just(reads).prop_shuffle()))
    ) {
        let expected = arbitrate(&reads);
        prop_assert_eq!(&arbitrate(&shuffled), &expected);
        prop_assert_eq!(&arbitrate(&[&shuffled[..], &reads[..]].concat()), &expected);
        prop_assert_eq!(lookup_keys(&shuffled), lookup_keys(&reads));
        match expected {
            ItemIdentity::Item(item) => prop_assert!(item.kind != Kind::S9 && item.kind != Kind::S8),
            ItemIdentity::Conflicting(ids) => {
                prop_assert!((2..=IDS_MAX).contains(&ids.len()));
                prop_assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
            }
            ItemIdentity::NoRead(cause) => prop_assert!(cause != super::Cause::ValidButNoData),
        }
    }

    #[test]
    fn one_more_candidate_never_changes_who_a_parcel_with_an_s10_is(reads in reads(), digits in "[0-9]{10,12}") {
        prop_assume!(reads.len() < CODES_MAX);
        let with_item = [&reads[..], &[CodeRead::text("RR473124829GB")]].concat();
        let with_candidate = [&with_item[..], &[CodeRead::text(&digits)]].concat();
        prop_assert_eq!(arbitrate(&with_candidate), arbitrate(&with_item));
    }

    #[test]
    fn every_wrong_check_digit_of_an_s10_is_seen(serial in 0_u32..100_000_000, wrong in 1_u32..10) {
        let at = |check: u32| identify(&format!("RR{serial:08}{check}GB"), None);
        let right = (0..10).find(|check| at(*check).valid).unwrap();
        prop_assert!((0..10).filter(|check| at(*check).valid).count() == 1);
        let found = at((right + wrong) % 10);
        prop_assert_eq!(&found.parts["check_expected"], &right.to_string());
    }
}
