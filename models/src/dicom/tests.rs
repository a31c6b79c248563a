use super::*;

/// What elements weigh in a file: a head, then this body.
fn file_of(body: &[u8]) -> Vec<u8> {
    let mut bytes = file(CLASS_TDR, "1.2.3", Writer::default().text(tags::CLASS, b"UI", CLASS_TDR)).expect("fits");
    bytes.extend(body);
    bytes
}

fn read(body: &[u8]) -> Result<(), Malformed> {
    let bytes = file_of(body);
    open(&bytes).and_then(|file| file.body(Syntax::Explicit)).map(drop)
}

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).expect("two digits")).collect()
}

/// Elements that another implementation (pydicom 3.0.2) wrote.
#[test]
fn elements_are_those_of_another_writer_byte_for_byte() {
    type Write = for<'w> fn(&'w mut Writer) -> &'w mut Writer;
    let vectors: [(&str, Write, &str); 10] = [
        (
            "alarm decision ALARM",
            |to| to.text(tags::DECISION, b"CS", "ALARM"),
            "10 40 31 10 43 53 06 00 41 4C 41 52 4D 20",
        ),
        (
            "alarm decision CLEAR",
            |to| to.text(tags::DECISION, b"CS", "CLEAR"),
            "10 40 31 10 43 53 06 00 43 4C 45 41 52 20",
        ),
        (
            "TDR type MACHINE",
            |to| to.text(tags::REPORT_TYPE, b"CS", "MACHINE"),
            "10 40 27 10 43 53 08 00 4D 41 43 48 49 4E 45 20",
        ),
        (
            "TDR type OPERATOR",
            |to| to.text(tags::REPORT_TYPE, b"CS", "OPERATOR"),
            "10 40 27 10 43 53 08 00 4F 50 45 52 41 54 4F 52",
        ),
        ("PTO id 1", |to| to.u16(tags::PTO_ID, 1), "10 40 10 10 55 53 02 00 01 00"),
        ("probability 0.95", |to| to.floats(tags::PROBABILITY, &[0.95]), "10 40 16 10 46 4C 04 00 33 33 73 3F"),
        ("alarm objects 1", |to| to.u16(tags::OBJECTS_ALARM, 1), "10 40 34 10 55 53 02 00 01 00"),
        (
            "polygon (0,0,0)(10,0,0)(0,10,0)",
            |to| to.floats(tags::POLYGON, &[0.0, 0.0, 0.0, 10.0, 0.0, 0.0, 0.0, 10.0, 0.0]),
            "10 40 1D 10 46 4C 24 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 20 41 00 00 00 00 00 00 00 00 00 00 00 \
             00 00 00 20 41 00 00 00 00",
        ),
        (
            "SOP class TDR",
            |to| to.text(tags::CLASS, b"UI", CLASS_TDR),
            "08 00 16 00 55 49 1E 00 31 2E 32 2E 38 34 30 2E 31 30 30 30 38 2E 35 2E 31 2E 34 2E 31 2E 31 2E 35 30 31 \
             2E 33 00",
        ),
        (
            "SOP class DX presentation",
            |to| to.text(tags::CLASS, b"UI", CLASS_DX_PRESENTATION),
            "08 00 16 00 55 49 20 00 31 2E 32 2E 38 34 30 2E 31 30 30 30 38 2E 35 2E 31 2E 34 2E 31 2E 31 2E 35 30 31 \
             2E 32 2E 31 00",
        ),
    ];
    for (name, write, bytes) in vectors {
        let mut writer = Writer::default();
        write(&mut writer);
        assert!(file("1", "1", &writer).expect("fits").ends_with(&hex(bytes)), "{name}");
    }
}

#[test]
fn the_same_bytes_are_read_as_their_values() {
    let body = hex("10 40 10 10 55 53 02 00 01 00 10 40 16 10 46 4C 04 00 33 33 73 3F \
         10 40 27 10 43 53 08 00 4D 41 43 48 49 4E 45 20 10 40 31 10 43 53 06 00 41 4C 41 52 4D 20");
    let bytes = file_of(&body);
    let file = open(&bytes).expect("a head");
    assert_eq!((file.class(), file.transfer_syntax()), (Ok(CLASS_TDR), Ok("1.2.840.10008.1.2.1")));
    let set = file.body(Syntax::Explicit).expect("a body");
    assert_eq!(set.u16(tags::PTO_ID), Ok(Some(1)));
    assert_eq!(set.floats(tags::PROBABILITY, 1), Ok(vec![0.95]));
    assert_eq!(set.text(tags::REPORT_TYPE), Ok(Some("MACHINE")));
    assert_eq!(set.text(tags::DECISION), Ok(Some("ALARM")));
    assert_eq!((set.text(tags::TIP), set.u16(tags::ROWS)), (Ok(None), Ok(None)), "what is not there");
    assert!(set.u16(tags::DECISION).is_err() && set.uid(tags::DECISION).is_err() && set.uid(tags::TIP).is_err());
    assert!(set.floats(tags::PROBABILITY, 0).is_err());
}

/// One sequence of two items, each an object's number: with delimiters, with lengths, implicit, and as unknown with both.
#[test]
fn sequences_are_the_same_in_every_encoding() {
    let explicit = |sequence: &str| (format!("10 40 11 10 53 51 00 00 {sequence}"), Syntax::Explicit);
    let item = "10 40 10 10 55 53 02 00";
    let implicit_items = "FE FF 00 E0 0A 00 00 00 10 40 10 10 02 00 00 00 01 00 FE FF 00 E0 FF FF FF FF 10 40 10 10 \
                          02 00 00 00 02 00 FE FF 0D E0 00 00 00 00";
    let end = "FE FF DD E0 00 00 00 00";
    let bodies = [
        explicit(&format!(
            "FF FF FF FF FE FF 00 E0 FF FF FF FF {item} 01 00 FE FF 0D E0 00 00 00 00 FE FF 00 E0 0A 00 00 00 {item} \
             02 00 {end}"
        )),
        explicit(&format!("24 00 00 00 FE FF 00 E0 0A 00 00 00 {item} 01 00 FE FF 00 E0 0A 00 00 00 {item} 02 00")),
        (format!("10 40 11 10 55 4E 00 00 FF FF FF FF {implicit_items} {end}"), Syntax::Explicit),
        (format!("10 40 11 10 55 4E 00 00 2C 00 00 00 {implicit_items}"), Syntax::Explicit),
        (format!("10 40 11 10 2C 00 00 00 {implicit_items}"), Syntax::Implicit),
        (format!("10 40 11 10 FF FF FF FF {implicit_items} {end}"), Syntax::Implicit),
    ];
    for (body, syntax) in bodies {
        let class =
            hex("08 00 16 00 1E 00 00 00 31 2E 32 2E 38 34 30 2E 31 30 30 30 38 2E 35 2E 31 2E 34 2E 31 2E 31 \
                         2E 35 30 31 2E 33 00");
        let mut bytes = if syntax == Syntax::Implicit {
            [file(CLASS_TDR, "1.2.3", &Writer::default()).expect("fits"), class].concat()
        } else {
            file_of(&[])
        };
        bytes.extend(hex(&body));
        let set = open(&bytes).and_then(|file| file.body(syntax)).unwrap_or_else(|error| panic!("{body}: {error}"));
        let items = set.items(tags::PTOS).unwrap_or_else(|error| panic!("{body}: {error}"));
        let numbers: Vec<_> = items.iter().map(|item| item.u16(tags::PTO_ID)).collect();
        assert_eq!(numbers, [Ok(Some(1)), Ok(Some(2))], "{body}");
    }
}

/// Values where items belong, and items where a value belongs: neither passes for "nothing there".
#[test]
fn what_is_there_in_another_shape_is_not_missing() {
    let wrong = hex("10 40 11 10 4F 42 00 00 02 00 00 00 41 42 10 40 31 10 53 51 00 00 00 00 00 00");
    let bytes = file_of(&wrong);
    let set = open(&bytes).and_then(|file| file.body(Syntax::Explicit)).expect("a body");
    assert!(set.has(tags::PTOS) && set.has(tags::DECISION) && !set.has(tags::TIP));
    let said = set.items(tags::PTOS).expect_err("bytes").to_string();
    assert!(said.contains("(4010,1011)") && said.contains("a sequence belongs"), "{said}");
    let said = set.text(tags::DECISION).expect_err("items").to_string();
    assert!(said.contains("(4010,1031)") && said.contains("a value belongs"), "{said}");
    assert!(set.u16(tags::DECISION).is_err() && set.floats(tags::DECISION, 1).is_err());
    assert!(set.items(tags::REGION).is_ok_and(<[_]>::is_empty));
}

#[test]
fn free_text_is_read_in_whatever_letters_and_words_are_not() {
    let latin = hex("10 40 13 10 4C 54 04 00 6D FC 6C 6C 10 40 29 10 4C 4F 06 00 6D C3 BC 6C 6C 20");
    let bytes = file_of(&latin);
    let set = open(&bytes).and_then(|file| file.body(Syntax::Explicit)).expect("a body");
    assert_eq!(set.free_text(tags::CATEGORY_TEXT), Ok(Some("müll".to_owned())));
    assert_eq!(set.free_text(tags::ALGORITHM), Ok(Some("müll".to_owned())));
    assert_eq!(set.free_text(tags::DECISION), Ok(None));
    assert!(set.text(tags::CATEGORY_TEXT).is_err(), "a word of the standard has no such letters");
}

#[test]
fn a_value_that_its_length_cannot_say_is_no_file() {
    let long = |bytes: usize| {
        let mut body = Writer::default();
        body.sequence(tags::PTOS, &[()], |to, ()| {
            to.text(tags::CATEGORY_TEXT, b"LT", &"x".repeat(bytes));
        });
        file("1", "1", &body).map(|bytes| bytes.len())
    };
    assert!(long(65_534).is_ok());
    let said = long(65_536).expect_err("wraps").to_string();
    assert!(said.contains("(4010,1013)") && said.contains("longer"), "{said}");
}

#[test]
fn what_the_standard_forbids_is_refused_by_name() {
    let said = |body: &str| read(&hex(body)).expect_err(body).to_string();
    let number = "10 40 10 10 55 53 02 00 01 00";
    let cases = [
        (format!("{number} {number}"), "twice"),
        (format!("{number} 08 00 18 00 55 49 00 00"), "order"),
        ("10 40 10 10 55 53 03 00 01 00 00".to_owned(), "odd"),
        ("10 40 10 10 58 58 02 00 01 00".to_owned(), "kind"),
        ("FE FF 00 E0 00 00 00 00".to_owned(), "an item"),
        ("FE FF 0D E0 00 00 00 00".to_owned(), "an item"),
        (format!("10 40 11 10 53 51 00 00 0A 00 00 00 {number}"), "no item"),
        ("E0 7F 10 00 4F 57 00 00 FF FF FF FF".to_owned(), "compressed"),
        (format!("10 40 11 10 53 51 00 00 12 00 00 00 FE FF 00 E0 FE FF 00 00 {number}"), "ends inside"),
        (format!("10 40 11 10 53 51 00 00 12 00 00 00 FE FF 00 E0 0C 00 00 00 {number} 00 00"), "beyond its sequence"),
        ("10 40 11 10 53 51 00 00 FF FF FF FF".to_owned(), "ends inside"),
        ("10 40 31 10 43 53 06 00 41 4C".to_owned(), "ends inside"),
        // 4 GiB that are not there, and a value that is longer than one may be.
        ("E0 7F 10 00 4F 57 00 00 FE FF FF 07".to_owned(), "ends inside"),
        ("10 40 06 10 4F 42 00 00 FE FF FF 07".to_owned(), "longer"),
    ];
    for (body, word) in &cases {
        assert!(said(body).contains(word), "{body}: {}", said(body));
    }
    let deep = "10 40 11 10 53 51 00 00 FF FF FF FF FE FF 00 E0 FF FF FF FF ".repeat(limits::DICOM_DEPTH_MAX + 1);
    assert!(said(&deep).contains("deeper"), "{}", said(&deep));
    let many = "FE FF 00 E0 00 00 00 00 ".repeat(limits::DICOM_ELEMENTS_MAX);
    assert!(said(&format!("10 40 11 10 53 51 00 00 FF FF FF FF {many}")).contains("more elements"));
}
