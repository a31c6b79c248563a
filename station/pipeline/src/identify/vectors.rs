//! Every vector table of `identifiers.md`, by name: what is valid, what is not and the digit it should have had, and
//! the traps in which one scheme looks like another.

use super::{Identifier, Kind, Problem, identify};
use gatepost_hardware::symbology::Aim;

fn keyed(text: &str) -> Identifier {
    identify(text, None)
}

fn part<'a>(found: &'a Identifier, name: &str) -> &'a str {
    found.parts.get(name).map_or("", String::as_str)
}

#[track_caller]
fn valid(kind: Kind, text: &str) -> Identifier {
    let found = keyed(text);
    assert_eq!((found.kind, found.valid), (kind, true), "{text}: {found:?}");
    found
}

/// Invalid for its check digit alone, which should have been `expected`.
#[track_caller]
fn wrong(kind: Kind, text: &str, expected: &str) {
    let found = keyed(text);
    assert_eq!((found.kind, found.valid), (kind, false), "{text}: {found:?}");
    assert!(found.problems.contains(&Problem::CheckDigit), "{text}");
    assert_eq!(part(&found, "check_expected"), expected, "{text}");
}

#[test]
fn s10_v1_to_v16_are_valid_with_the_listed_digit() {
    for (name, text, digit) in [
        ("v1", "RR473124829GB", "9"),
        ("v2", "RB123456785GB", "5"),
        ("v3", "EE876543216CA", "6"),
        ("v4", "EE471108151FR", "1"),
        ("v5", "AB123100000IE", "0"),
        ("v6", "AB000000005IE", "5"),
        ("v7", "RB167995284IT", "4"),
        ("v8", "LL572405406US", "6"),
        ("v9", "CY987654326DE", "6"),
        ("v10", "UJ314159268HK", "8"),
        ("v11", "HA555555555CN", "5"),
        ("v12", "VV999999995CH", "5"),
        ("v13", "LX000000014CN", "4"),
        ("v14", "LZ200000006US", "6"),
        ("v15", "RN271828189FR", "9"),
        ("v16", "EV100000003KR", "3"),
    ] {
        let found = valid(Kind::S10, text);
        assert_eq!((part(&found, "check"), &found.problems[..]), (digit, &[][..]), "{name}");
        assert_eq!(found.id(), Some(text), "{name}");
    }
}

#[test]
fn s10_i1_to_i5_are_invalid_with_the_expected_digit() {
    for (name, text, expected) in [
        ("i1", "RB123456786US", "5"),
        ("i2", "RR473124828GB", "9"),
        ("i3", "AB123456789AB", "5"),
        ("i4", "CP001020301BR", "7"),
        ("i5", "UA000000019CN", "4"),
    ] {
        println!("{name}");
        wrong(Kind::S10, text, expected);
    }
}

#[test]
fn s10_p1_is_valid_with_an_unknown_issuer_and_p2_has_a_reserved_letter() {
    assert_eq!(valid(Kind::S10, "RB123456785XX").problems, [Problem::IssuerUnknown]);
    let reserved = keyed("JB123456785DE");
    assert_eq!((reserved.kind, reserved.valid), (Kind::S10, false));
    assert_eq!(reserved.problems, [Problem::ServiceIndicatorReserved]);
    assert_eq!(valid(Kind::S10, "FB123456785DE").problems, [Problem::ServiceIndicatorUnassigned]);
}

#[test]
fn s10_u1_and_u2_show_what_the_check_digit_cannot_see() {
    for (name, misread) in [("u1", "RB323456785GB"), ("u2", "RB113456785GB")] {
        let found = valid(Kind::S10, misread);
        assert_ne!(found.item_id(), keyed("RB123456785GB").item_id(), "{name}: valid, and another item");
    }
}

#[test]
fn s10_keyed_with_spaces_and_small_letters_or_scanned_is_the_same() {
    for text in ["EE 876 543 216 CA", "ee876543216ca", " EE876543216CA\r\n", "EE\u{a0}876543216CA", "]C0EE876543216CA"]
    {
        assert_eq!(valid(Kind::S10, text).id(), Some("EE876543216CA"), "{text:?}");
    }
    let found = valid(Kind::S10, "EE876543216CA");
    let parts = ["service_indicator", "service", "serial", "check", "issuer"].map(|name| part(&found, name));
    assert_eq!(parts, ["EE", "ems", "87654321", "6", "CA"]);
    assert_eq!(part(&valid(Kind::S10, "LZ200000006US"), "agreement"), "bilateral");
}

#[test]
fn dhl_ecommerce_does_not_swallow_s10() {
    assert_eq!(valid(Kind::S10, "LX000000014CN").kind, Kind::S10);
    wrong(Kind::S10, "LX000000015CN", "4");
    wrong(Kind::S10, "RX123456789CN", "5");
    let found = valid(Kind::Dhl, "GM60511234567890");
    assert_eq!(found.problems, [Problem::CandidateOnly, Problem::NoCheckDigit]);
    assert_eq!(keyed("INTERNATIONAL").kind, Kind::Unknown);
}

#[test]
fn s9_decodes_and_a_missing_character_rejects_it() {
    let found = valid(Kind::S9, "BEBRUABOLPBBAEN60073003000227");
    let names = ["origin", "destination", "category", "class", "subclass", "year_digit", "dispatch", "receptacle"];
    assert_eq!(names.map(|n| part(&found, n)), ["BEBRUA", "BOLPBB", "A", "E", "EN", "6", "0073", "003"]);
    let names = ["last", "registered_or_insured", "weight_kg", "dispatch_id"];
    assert_eq!(names.map(|n| part(&found, n)), ["no", "no", "22.7", "BEBRUABOLPBBAEN60073"]);

    let found = valid(Kind::S9, "CNSHAAUSJFKAACN60123001110105");
    let names =
        ["origin", "destination", "subclass", "dispatch", "receptacle", "last", "registered_or_insured", "weight_kg"];
    assert_eq!(names.map(|n| part(&found, n)), ["CNSHAA", "USJFKA", "CN", "0123", "001", "yes", "yes", "10.5"]);
    assert!(found.item_id().is_none(), "a receptacle is no item");

    let cut = keyed("BEBRUABOLPBBAEN6007300300022");
    assert_eq!((cut.kind, cut.valid, &cut.problems[..]), (Kind::Unknown, false, &[Problem::WrongLength][..]));
}

#[test]
fn s8_is_the_first_twenty_characters_and_fields_keep_to_their_ranges() {
    assert_eq!(valid(Kind::S8, "BEBRUABOLPBBAEN60073").parts.len(), 8);
    for bad in [
        "BEBRUABOLPBBXEN60073",
        "BEBRUABOLPBBAEN60000",
        "BEBRUABOLPBBAEN60073000000227",
        "BEBRUABOLPBBAEN60073003500227",
        "BEBRUABOLPBBAEN60073003020227",
    ] {
        assert_eq!(keyed(bad).problems, [Problem::FieldOutOfRange], "{bad}");
    }
    assert_eq!(valid(Kind::S8, "XXBRUABOLPBBAEN60073").problems, [Problem::CountryUnknown]);
    assert_eq!(part(&valid(Kind::S9, "BEBRUABOLPBBAEN60073003999999"), "weight_kg"), "more than 999.8");
}

#[test]
fn aim_scan_data_parses_as_listed() {
    for text in [
        "]C1011231231231233310ABC123\u{1d}99TESTING",
        "]Q3011231231231233310ABC123\u{1d}99TESTING",
        "]d2011231231231233310ABC123\u{1d}99TESTING",
        "]d20112312312312333\u{1d}10ABC123\u{1d}99TESTING",
        "(01)12312312312333(10)ABC123(99)TESTING",
        "]C1011231231231233310ABC123<GS>99TESTING",
    ] {
        let found = valid(Kind::Gs1, text);
        let values = ["01", "10", "99"].map(|name| part(&found, name));
        assert_eq!(values, ["12312312312333", "ABC123", "TESTING"], "{text:?}");
        assert_eq!(found.problems.contains(&Problem::SeparatorAsText), text.contains("<GS>"));
        assert!(found.item_id().is_none(), "a product is no item");
    }
    let found = valid(Kind::Gs1, "]C101123456789012312012");
    assert_eq!((part(&found, "01"), part(&found, "20")), ("12345678901231", "12"));
    let found = valid(Kind::Gs1, "]C100123456789012345675");
    assert_eq!((part(&found, "sscc"), part(&found, "check")), ("123456789012345675", "5"));
    wrong(Kind::Gs1, "]C100123456789012345674", "5");
    let found = valid(Kind::Impb, "]C142078745\u{1d}9400111206206406260787");
    assert_eq!((part(&found, "zip"), found.id()), ("78745", Some("9400111206206406260787")));
    let found = valid(Kind::Gs1, "]C1420SW1A1AA\u{1d}10ABC");
    assert_eq!((part(&found, "postcode"), part(&found, "10")), ("SW1A1AA", "ABC"), "420 is variable");
    let found = valid(Kind::Gs1, "]C1410401234500000942078745");
    assert_eq!((part(&found, "410"), part(&found, "postcode")), ("4012345000009", "78745"), "410 is fixed");
    assert_eq!(part(&valid(Kind::Gs1, "]C13302000227"), "gross_kg"), "2.27");
    assert_eq!(part(&valid(Kind::Gs1, "]C13100000227"), "net_kg"), "227");
}

/// Rules 4.1: these need no separator after them, whatever follows; one that stands there is skipped.
#[test]
fn gs1_elements_of_predefined_length_end_without_a_separator() {
    let numbers = [("00", "123456789012345675"), ("01", "12312312312333"), ("02", "12312312312333")];
    let dates = ["11", "12", "13", "15", "16", "17", "18", "19"].map(|name| (name, "261122"));
    let measures = ["3102", "3202", "3302", "3402", "3502", "3602"].map(|name| (name, "000227"));
    let places = [("410", "4012345000009"), ("414", "4012345000009"), ("20", "12"), ("03", "12312312312333")];
    for (name, value) in numbers.into_iter().chain(dates).chain(measures).chain(places) {
        for separator in ["", "\u{1d}"] {
            let text = format!("]C1{name}{value}{separator}10AB");
            let found = valid(Kind::Gs1, &text);
            assert_eq!([name, "10"].map(|name| part(&found, name)), [value, "AB"], "{text:?}");
        }
    }
}

/// Rules 4.1: all others end at a separator or with the data; 23 too, which once was fixed.
#[test]
fn gs1_elements_of_variable_length_run_on_without_a_separator() {
    let others = [("10", 20), ("21", 20), ("235", 28), ("400", 30), ("420", 20), ("421", 12), ("91", 90), ("99", 90)];
    for (name, longest) in others {
        let long = "7".repeat(longest);
        let apart = valid(Kind::Gs1, &format!("]C1{name}{long}\u{1d}2012"));
        assert_eq!([name, "20"].map(|name| part(&apart, name)), [&long[..], "12"], "{name}");
        let joined = keyed(&format!("]C1{name}772012"));
        assert_eq!(part(&joined, name), "772012", "{name}: nothing says where it ends");
    }
    for (name, longest) in [("10", 20), ("420", 20), ("421", 12), ("99", 90)] {
        assert!(!keyed(&format!("]C1{name}{}", "7".repeat(longest + 1))).valid, "{name}");
    }
}

#[test]
fn an_element_string_that_does_not_come_out_even_is_a_fault() {
    for text in ["]C10012345678901234567", "]C1", "]C10", "]C1991\u{1}", "]C10112312312312", "]C110\u{1d}", "]C106123"]
    {
        let found = keyed(text);
        assert!(!found.valid && found.item_id().is_none(), "{text:?}: {found:?}");
    }
    assert!(!keyed(&format!("]C110{}", "A".repeat(21))).valid, "a batch has at most 20 characters");
    assert!(!keyed("]C110A\u{1d}10B").valid, "two batches contradict each other");
    assert!(!keyed("]C13309000227").valid, "nine decimals of six digits");
    assert_eq!(keyed("]C1421840123\u{1d}1\u{1d}").problems, [Problem::ElementString]);
    assert_eq!(keyed("[)>\u{1e}01\u{1d}961Z\u{1d}UPSN").kind, Kind::Unknown);
}

#[test]
fn retail_codes_are_products() {
    let found = valid(Kind::Gs1, "]E04006381333931");
    assert_eq!((part(&found, "gtin"), found.item_id()), ("04006381333931", None));
    wrong(Kind::Gs1, "]E04006381333932", "1");
    // Twelve digits of a UPC would be a FedEx candidate, were it not for the symbology.
    assert_eq!(identify("036000291452", Aim::new(b'E', b'0')).kind, Kind::Gs1);
}

#[test]
fn impb_numbers_are_valid_as_listed() {
    for text in [
        "9400111206206406260787",
        "9400111201080805483016",
        "9405803699300124287899",
        "9434611206206406227577",
        "9505511069605048600624",
        "9361289878700317633795",
        "9261292700768711948021",
        "92748931507708513018050063",
        "92001903060085300042901077",
        "9101123456789000000013",
    ] {
        assert_eq!(valid(Kind::Impb, text).id(), Some(text));
    }
    assert_eq!(part(&valid(Kind::Impb, "9361289878700317633795"), "mailer_id"), "898787");
    assert_eq!(part(&valid(Kind::Impb, "9261292700768711948021"), "mailer_id"), "927007687");
    assert_eq!(part(&valid(Kind::Impb, "9400 1112 0620 6406 2607 87"), "service_type"), "001");
}

#[test]
fn impb_with_a_routing_code_splits_as_listed() {
    for (text, zip, plus4) in [
        ("420787459400111206206406260787", "78745", ""),
        ("4201002334249200190132607600833457", "10023", "3424"),
        ("4201028200009261290113185417468510", "10282", "0000"),
        ("420221539101026837331000039521", "22153", ""),
        ("420902459261290336128704042634", "90245", ""),
        ("420112139261290983497923666238", "11213", ""),
    ] {
        let found = valid(Kind::Impb, text);
        assert_eq!((part(&found, "zip"), part(&found, "zip_plus4")), (zip, plus4), "{text}");
        assert_eq!(found.id(), Some(&text[3 + zip.len() + plus4.len()..]), "{text}");
        assert!(!found.problems.contains(&Problem::SeparatorLost), "nothing is known about keyed text");
    }
    let scanned = valid(Kind::Impb, "]C1420787459400111206206406260787");
    assert_eq!(scanned.problems, [Problem::SeparatorLost]);
}

#[test]
fn impb_of_twenty_digits_is_tried_with_and_without_the_91() {
    for (text, id) in [
        ("03071790000523483741", "03071790000523483741"),
        ("71123456789123456787", "71123456789123456787"),
        ("71969010756003077385", "9171969010756003077385"),
    ] {
        assert_eq!(valid(Kind::Impb, text).id(), Some(id));
        assert_eq!(keyed(text).problems, [Problem::CandidateOnly], "one chance in five");
    }
}

#[test]
fn impb_invalid_ones_are_invalid() {
    wrong(Kind::Impb, "9434611206206407667131", "6");
    wrong(Kind::Impb, "4201028200009261290113185417468511", "0");
    wrong(Kind::Impb, "9101123456789000000014", "3");
    wrong(Kind::Impb, "03071790000523483742", "1");
}

#[test]
fn impb_without_separator_that_passes_both_ways_is_ambiguous_and_with_it_is_not() {
    // ZIP 10023-9102 before a number of 22, or ZIP 10023 before one of 26: 91 is a channel, and 9102 adds 30.
    let joined = keyed("4201002391029400111206206406260787");
    assert_eq!((joined.kind, joined.valid, joined.id()), (Kind::Impb, false, None));
    assert_eq!(joined.problems, [Problem::AmbiguousSplit]);
    let numbers = joined.alternatives().unwrap().map(|number| number.id);
    assert_eq!(numbers, ["91029400111206206406260787", "9400111206206406260787"]);
    let apart = valid(Kind::Impb, "]C1420100239102\u{1d}9400111206206406260787");
    assert_eq!((part(&apart, "zip"), part(&apart, "zip_plus4")), ("10023", "9102"));
}

#[test]
fn ups_valid_and_invalid_with_the_expected_digit() {
    for text in [
        "1Z5R89390357567127",
        "1Z879E930346834440",
        "1Z410E7W0392751591",
        "1Z8V92A70367203024",
        "1ZXX3150YW44070023",
        "1Z12345E6605272234",
        "1Z999AA10123456784",
    ] {
        assert_eq!(valid(Kind::Ups, text).problems, []);
    }
    wrong(Kind::Ups, "1Z1111111111111111", "8");
    wrong(Kind::Ups, "1Z12345E0205271688", "6");
    assert_eq!(keyed("1Z999AA1012345678X").problems, [Problem::CheckDigit]);
}

#[test]
fn fedex_valid_and_invalid_with_the_expected_digit() {
    for text in ["986578788855", "477179081230", "799531274483", "790535312317", "974367662710"] {
        assert_eq!(valid(Kind::Fedex, text).problems, [Problem::CandidateOnly], "twelve bare digits");
    }
    wrong(Kind::Fedex, "996578788855", "6");
    for text in [
        "1001921334250001000300779017972697",
        "1001901781990001000300617767839437",
        "9622001560001234567100794808390594",
    ] {
        let found = valid(Kind::Fedex, text);
        assert_eq!((found.id(), &found.problems[..]), (Some(&text[22..]), &[][..]));
    }
    wrong(Kind::Fedex, "1001901781990001000300617767839438", "7");
    for text in ["041441760228964", "568283610012000", "568283610012734"] {
        assert_eq!(valid(Kind::Fedex, text).problems, [Problem::CandidateOnly], "fifteen bare digits");
    }
    wrong(Kind::Fedex, "568283610012732", "4");
    assert_eq!(valid(Kind::Fedex, "9611020987654312345672").id(), Some("987654312345672"));
}

#[test]
fn fedex_20_is_an_sscc_and_nothing_in_it_says_fedex() {
    // The classification order puts GS1 `00` before FedEx 20: both are the same eighteen digits with the same check.
    let found = valid(Kind::Gs1, "00012345000000000027");
    assert_eq!(part(&found, "sscc"), "012345000000000027");
    wrong(Kind::Gs1, "00012345000000000028", "7");
}

#[test]
fn dhl_valid_and_invalid_with_the_expected_digit_and_only_candidates() {
    for text in ["3318810025", "73891051146", "8487135506", "1099255990", "3821724944"] {
        assert_eq!(valid(Kind::Dhl, text).problems, [Problem::CandidateOnly]);
    }
    wrong(Kind::Dhl, "3318810010", "4");
    wrong(Kind::Dhl, "3318810034", "6");
    for piece in ["JJD0099999999", "JVGL0999999990"] {
        assert_eq!(valid(Kind::Dhl, piece).problems, [Problem::NoCheckDigit]);
    }
}

#[test]
fn a_symbology_identifier_is_taken_off_and_one_beside_the_text_wins() {
    let plain = Aim::new(b'C', b'0');
    // (10) is a batch under GS1; without it ten digits are a candidate of DHL.
    assert_eq!(keyed("]C11099255990").kind, Kind::Gs1);
    for text in ["]C11099255990", "1099255990"] {
        let found = identify(text, plain);
        assert_eq!((found.kind, found.text.as_str()), (Kind::Dhl, "1099255990"), "{text}");
    }
    assert_eq!(keyed("]\u{e9}1").text, "]\u{e9}1");
}

/// Table 4.2: whichever symbology carries it, an S10 is that S10; only the retail codes say what their digits are.
#[test]
fn every_aim_identifier_of_the_table_leaves_an_s10_what_it_is() {
    for id in [
        "]C0", "]C1", "]C2", "]d1", "]d2", "]d4", "]d5", "]d6", "]A0", "]F0", "]L2", "]U0", "]U1", "]Q1", "]Q3", "]Q5",
        "]e0", "]I0", "]I1", "]G0", "]z0", "]z1", "]J0", "]J1",
    ] {
        assert_eq!(valid(Kind::S10, &format!("{id}RR473124829GB")).id(), Some("RR473124829GB"), "{id}");
    }
    for id in ["]E0", "]E3", "]E4"] {
        assert_eq!(keyed(&format!("{id}RR473124829GB")).item_id(), None, "{id}");
    }
}

/// The trap of a scanner set to send `]A0NR`: a no-read is matched before anything is classified, and if a codec's list
/// lacks the text, it is still no item.
#[test]
fn no_read_texts_are_no_items() {
    for text in ["NR", "]A0NR", "NOREAD", "NoRead", "no code!", "ERROR", "OVER", "ERR07", "?", "???", "**"] {
        let found = keyed(text);
        assert!(!found.valid && found.item_id().is_none(), "{text}: {found:?}");
    }
}

#[test]
fn texts_that_are_nothing_are_unknown_and_say_so() {
    for (text, problem) in [
        ("", Problem::Empty),
        ("  \r\n", Problem::Empty),
        ("hello", Problem::NotRecognised),
        ("123456789", Problem::NotRecognised),
        ("9699999999999999999999999", Problem::NotRecognised),
        ("\u{ff32}\u{ff32}473124829GB", Problem::NotRecognised),
    ] {
        let found = keyed(text);
        assert_eq!((found.kind, found.valid, &found.problems[..]), (Kind::Unknown, false, &[problem][..]), "{text:?}");
    }
    let long = keyed(&"\u{e9}".repeat(400));
    assert_eq!((&long.problems[..], long.text.len()), (&[Problem::TooLong][..], 512));
}

#[test]
fn the_json_is_the_shape_of_the_id_command() {
    let found = keyed("RR 473 124 828 gb");
    let json = concat!(
        r#"{"text":"RR 473 124 828 gb","kind":"s10","valid":false,"problems":["check-digit"],"#,
        r#""parts":{"check":"8","check_expected":"9","id":"RR473124828GB","issuer":"GB","serial":"47312482","#,
        r#""service":"registered","service_indicator":"RR"}}"#
    );
    assert_eq!(serde_json::to_string(&found).unwrap(), json);
    assert_eq!(serde_json::from_str::<Identifier>(json).unwrap(), found);
}
