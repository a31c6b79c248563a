//! What is refused, and where; no byte of a backup can be another.

use std::io::Cursor;

use proptest::prelude::*;

use super::super::form::{Header, Key, Writer};
use super::*;

fn columns(names: &[(&str, Holds)]) -> Vec<(String, Holds)> {
    names.iter().map(|(name, holds)| ((*name).to_owned(), *holds)).collect()
}

fn backup() -> Vec<u8> {
    let header = Header { form: FORM, schema: 1, made_ms: 5, software: "0.1.0".to_owned(), signed_by: None };
    let mut writer = Writer::begin(Vec::new(), &header).unwrap();
    let all = [("number", Holds::Number), ("text", Holds::Text), ("bytes", Holds::Bytes)];
    writer.table(&Table { table: "things".to_owned(), columns: columns(&all) }).unwrap();
    writer.row(&[Cell::Number(-7), Cell::Text("a \"word\"\n\u{0}é".to_owned()), Cell::Bytes(vec![0, 255])]).unwrap();
    writer.row(&[Cell::Number(i64::MAX), Cell::Nothing, Cell::Bytes(Vec::new())]).unwrap();
    writer.table(&Table { table: "none".to_owned(), columns: columns(&all[..1]) }).unwrap();
    writer.key(&Key::new("holds.key", &[3; 32])).unwrap();
    writer.end(1, 2).unwrap().0
}

fn read(bytes: &[u8]) -> Result<Vec<Item>, ReadError> {
    let mut reader = Reader::new(Cursor::new(bytes))?;
    let mut items = Vec::new();
    loop {
        items.push(reader.next()?);
        if matches!(items.last(), Some(Item::End(_))) {
            return Ok(items);
        }
    }
}

fn said(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

#[test]
fn what_was_written_is_read() {
    let items = read(&backup()).unwrap();
    let [Item::Table(_), Item::Row(first), Item::Row(second), Item::Table(_), Item::Key(key), Item::End(end)] =
        &items[..]
    else {
        panic!("{items:?}")
    };
    let text = Cell::Text("a \"word\"\n\u{0}é".to_owned());
    assert_eq!(first, &[Cell::Number(-7), text, Cell::Bytes(vec![0, 255])]);
    assert_eq!(second, &[Cell::Number(i64::MAX), Cell::Nothing, Cell::Bytes(Vec::new())]);
    assert_eq!(key.bytes().unwrap(), [3; 32]);
    assert!(!format!("{key:?}").contains("Aw"), "a key is not shown");
    let counted: Vec<(&str, u64)> = end.tables.iter().map(|sum| (sum.table.as_str(), sum.rows)).collect();
    assert_eq!((counted, end.evidence_bytes), (vec![("things", 2), ("none", 0)], 2));
}

#[test]
fn the_written_form_is_frozen() {
    let text = String::from_utf8(backup()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], r#"{"gatepost-backup":1,"schema":1,"made_ms":5,"software":"0.1.0","signed_by":null}"#);
    assert_eq!(lines[1], r#"{"table":"things","columns":[["number","number"],["text","text"],["bytes","bytes"]]}"#);
    assert_eq!(lines[2], r#"[-7,"a \"word\"\n\u0000é","AP8="]"#);
    assert_eq!(lines[3], r#"[9223372036854775807,null,""]"#);
    assert!(lines[6].starts_with(r#"{"manifest":{"tables":[{"table":"things","rows":2,"blake3":""#), "{}", lines[6]);
    assert!(lines[7].starts_with(r#"{"whole":""#) && lines.len() == 8);
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let good = String::from_utf8(backup()).unwrap();
    let changed = |from: &str, to: &str| said(good.replacen(from, to, 1).as_bytes());
    let null = changed("9223372036854775807,null", "9223372036854775807,0");
    assert!(null.contains("line 4") && null.contains("things.text holds what is no Text"), "{null}");
    let other = changed("[-7,", "[-8,");
    assert!(
        other.contains("line 7") && other.contains("the table things has 2 rows") && other.contains("changed"),
        "{other}"
    );
    let short = changed(",null,\"\"]", ",null]");
    assert!(short.contains("line 4") && short.contains("2 values, 3 belong there"), "{short}");
    let lines: Vec<&str> = good.split_inclusive('\n').collect();
    let without = |gone: usize| {
        said(lines.iter().enumerate().filter(|(n, _)| *n != gone).map(|(_, l)| *l).collect::<String>().as_bytes())
    };
    assert!(without(3).contains("has 1 rows"), "{}", without(3));
    assert!(without(4).contains("missing, or too many"), "{}", without(4));
    assert!(without(5).contains("missing, or too many"), "{}", without(5));
    assert!(without(6).contains("no row, no table"), "{}", without(6));
    assert!(without(7).contains("its last line is missing"), "{}", without(7));
    assert!(said(format!("{good}[1]\n").as_bytes()).contains("behind its last line"));
    assert!(said(b"").contains("it is empty") && said(b"PK\x03\x04\n").contains("first line"));
    assert!(changed("backup\":1", "backup\":2").contains("reads 1"));
    let far = changed("[-7", "[9223372036854775808");
    let place = format!("line 3, at byte {}:", lines[0].len() + lines[1].len());
    assert!(far.contains(&place) && far.contains("things.number"), "{far}");
}

#[test]
fn a_line_without_an_end_takes_no_more_memory_than_a_line() {
    let endless = std::io::repeat(b'[');
    let mut begun = backup();
    begun.truncate(begun.iter().position(|byte| *byte == b'\n').unwrap() + 1);
    let mut reader = Reader::new(std::io::BufReader::new(Cursor::new(begun).chain(endless))).unwrap();
    assert!(reader.next().unwrap_err().to_string().contains("a line of more than"));
    assert!(reader.line.capacity() <= 2 * LINE_BYTES_MAX + 4_096);
}

#[test]
fn a_disk_that_fills_up_is_an_error() {
    struct Small(usize);
    impl std::io::Write for Small {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let header = Header { form: FORM, schema: 1, made_ms: 5, software: "0.1.0".to_owned(), signed_by: None };
    let mut writer = Writer::begin(Small(200), &header).unwrap();
    let full = (0..100).try_for_each(|n| writer.row(&[Cell::Number(n)])).unwrap_err();
    assert_eq!(full.kind(), io::ErrorKind::StorageFull);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn no_byte_can_be_another(at in any::<usize>(), flip in 1_u8..=255) {
        let mut bytes = backup();
        let at = at % bytes.len();
        bytes[at] ^= flip;
        prop_assert!(read(&bytes).is_err());
    }

    #[test]
    fn no_beginning_of_it_is_whole(end in any::<usize>()) {
        let bytes = backup();
        prop_assert!(read(&bytes[..end % bytes.len()]).is_err());
    }

    #[test]
    fn garbage_is_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), begin in 0_usize..400) {
        let mut all = backup();
        all.truncate(begin);
        all.extend(bytes);
        prop_assert!(read(&all).is_err());
    }
}
