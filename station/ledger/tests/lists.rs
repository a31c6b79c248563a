//! Lists: signed, checked whole, indexed, looked up; in memory and over sled.

mod common;
#[path = "lists/index.rs"]
mod index;

use std::io::Cursor;

use common::{NOW, key, shared};
use gatepost_ledger::chain::Digest;
use gatepost_ledger::disk::Disk;
use gatepost_ledger::disk::memory::MemoryDisk;
use gatepost_ledger::key::StationKey;
use gatepost_ledger::lists::file::first_line;
use gatepost_ledger::lists::line::LineParser;
use gatepost_ledger::lists::{Ages, Claims, Form, ListError, ListKind, Lists, MemoryIndex, Trust, local_issuer};
use gatepost_ledger::sealed::ReceivingKey;
use gatepost_pipeline::judge::{Aed, ListState, Outcome, Previous, Token};
use gatepost_pipeline::record::WallMs;
use proptest::prelude::*;

const DAY: i64 = 86_400_000;

fn central() -> StationKey {
    StationKey::from_bytes(&[21; 32])
}

fn trust() -> Trust {
    Trust {
        station: "st-01".to_owned(),
        keys: vec![("central".to_owned(), central().public()), (local_issuer("st-01"), key().public())],
        ages: Ages { holds_ms: DAY, declarations_ms: DAY },
    }
}

fn memory(disk: &MemoryDisk) -> Lists {
    Lists::open(shared(disk), "lists", trust(), None, |source| Ok(Box::new(MemoryIndex::build(source)?))).unwrap()
}

fn hold(item: &str, id: &str, outcome: &str) -> String {
    format!(
        r#"{{"item":"{item}","hold":{{"id":"{id}","kind":"presentation","issue":"narcotics","purpose":"narcotics","severity":"alert","outcome":"{outcome}","authority":"cbp","audience":"all"}}}}"#
    )
}

fn declared(item: &str) -> String {
    let sealed = ReceivingKey::from_seed(&[5; 32]).public().seal(item, b"Erika Mustermann").unwrap();
    format!(r#"{{"item":"{item}","aed":{{"state":"complete"}},"personal":"{}"}}"#, sealed.as_str())
}

/// What the lists keep of an item, opened as the station opens it.
fn personal(lists: &Lists, item: &Token) -> Vec<u8> {
    let sealed = lists.personal(item).unwrap().expect("a declaration with personal text");
    ReceivingKey::from_seed(&[5; 32]).open(item.as_str(), &sealed).unwrap()
}

fn claims(kind: ListKind, form: Form, version: u64, body: &str) -> Claims {
    Claims {
        kind,
        form,
        issuer: "central".to_owned(),
        audience: vec!["*".to_owned()],
        version,
        not_before: NOW.0 - 1_000,
        expires: NOW.0 + 2 * DAY,
        lines: body.lines().count() as u64,
        digest: Digest::of(body.as_bytes()),
    }
}

fn signed(claims: &Claims, body: &str) -> Vec<u8> {
    [first_line(&central(), claims), body.as_bytes().to_vec()].concat()
}

fn install(lists: &Lists, kind: ListKind, form: Form, version: u64, lines: &[String]) -> Result<Claims, ListError> {
    let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
    lists.install_bytes(&signed(&claims(kind, form, version, &body), &body), Some(NOW))
}

fn holds(lists: &Lists, item: &str) -> Vec<String> {
    let matched = lists.look_up(Token::new(item).as_ref(), Some(NOW));
    matched.holds.iter().map(|hold| hold.id.as_str().to_owned()).collect()
}

const ITEM: &str = "RR473124829GB";

#[test]
fn snapshots_and_deltas_are_looked_up_by_exact_id_and_survive_a_restart() {
    let disk = MemoryDisk::new();
    let lists = memory(&disk);
    assert_eq!(lists.look_up(None, Some(NOW)).lists.holds, ListState::Missing);
    install(&lists, ListKind::Holds, Form::Snapshot, 3, &[hold(ITEM, "H-1", "exam"), hold("CP1", "H-2", "exam")])
        .unwrap();
    install(&lists, ListKind::Declarations, Form::Snapshot, 1, &[declared(ITEM)]).unwrap();
    let removal = r#"{"item":"CP1","remove":"H-2"}"#.to_owned();
    install(&lists, ListKind::Holds, Form::Delta, 4, &[hold(ITEM, "H-3", "stop-in-place"), removal]).unwrap();
    for lists in [&lists, &memory(&disk)] {
        assert_eq!(holds(lists, ITEM), ["H-1", "H-3"]);
        assert!(holds(lists, "CP1").is_empty() && holds(lists, "RR473124829G").is_empty());
        let matched = lists.look_up(Token::new(ITEM).as_ref(), Some(NOW));
        assert_eq!(matched.aed, Aed::Complete);
        assert_eq!(matched.lists.holds, ListState::Fresh { version: Token::new("4").unwrap(), age_s: 1 });
        assert!(!serde_json::to_string(&matched).unwrap().contains("Erika"), "no personal text in a match");
        assert_eq!(personal(lists, &Token::new(ITEM).unwrap()), b"Erika Mustermann");
        assert_eq!(lists.look_up(Token::new("XX").as_ref(), Some(NOW)).aed, Aed::Missing);
    }
    install(&lists, ListKind::Holds, Form::Snapshot, 9, &[hold("CP1", "H-9", "exam")]).unwrap();
    assert!(holds(&lists, ITEM).is_empty());
    let files = disk.list("lists").unwrap();
    assert_eq!(files.iter().filter(|entry| entry.name.starts_with("holds-")).count(), 1, "replaced files go");
}

#[test]
fn age_and_an_untrusted_clock_are_said() {
    let disk = MemoryDisk::new();
    let lists = memory(&disk);
    install(&lists, ListKind::Holds, Form::Snapshot, 3, &[hold(ITEM, "H-1", "exam")]).unwrap();
    install(&lists, ListKind::Declarations, Form::Snapshot, 1, &[declared("CP1")]).unwrap();
    let later = lists.look_up(Token::new(ITEM).as_ref(), Some(WallMs(NOW.0 + DAY + 5_000)));
    assert!(matches!(later.lists.holds, ListState::Stale { age_s: 86_406, .. }), "{:?}", later.lists);
    assert!(matches!(later.aed, Aed::Unknown { offline_since: Some(_) }), "stale lists cannot say missing");
    assert_eq!(later.holds.len(), 1, "an old hold still holds");
    assert!(matches!(lists.look_up(None, None).lists.holds, ListState::Stale { .. }));
}

#[test]
fn what_is_not_right_is_refused_whole() {
    let disk = MemoryDisk::new();
    let lists = memory(&disk);
    let body = format!("{}\n", hold(ITEM, "H-1", "exam"));
    let good = claims(ListKind::Holds, Form::Snapshot, 5, &body);
    lists.install_bytes(&signed(&good, &body), Some(NOW)).unwrap();
    let next = Claims { version: 6, ..good.clone() };
    let try_it = |lists: &Lists, package: Vec<u8>| lists.install_bytes(&package, Some(NOW)).unwrap_err();
    assert!(matches!(try_it(&lists, signed(&good, &body)), ListError::Older { found: 5, in_force: 5 }));
    let gap = Claims { version: 7, form: Form::Delta, ..good.clone() };
    assert!(matches!(try_it(&lists, signed(&gap, &body)), ListError::Gap { found: 7, in_force: 5 }));
    let other = Claims { audience: vec!["st-02".to_owned()], ..next.clone() };
    assert!(matches!(try_it(&lists, signed(&other, &body)), ListError::OtherStation { .. }));
    let early = Claims { not_before: NOW.0 + 1, ..next.clone() };
    assert!(matches!(try_it(&lists, signed(&early, &body)), ListError::Dates { .. }));
    let mut forged = signed(&next, &body);
    let at = forged.windows(9).position(|part| part == b"\"version\"").unwrap();
    forged[at + 10] = b'8';
    assert!(matches!(try_it(&lists, forged), ListError::Untrusted { .. }));
    let stolen = [first_line(&StationKey::from_bytes(&[5; 32]), &next), body.clone().into_bytes()].concat();
    assert!(matches!(try_it(&lists, stolen), ListError::Untrusted { .. }));
    let swapped = [first_line(&central(), &next), body.replace("H-1", "H-2").into_bytes()].concat();
    assert_eq!(try_it(&lists, swapped), ListError::Body);
    let release = format!("{}\n", hold(ITEM, "H-1", "release"));
    let error = try_it(&lists, signed(&claims(ListKind::Holds, Form::Snapshot, 6, &release), &release)).to_string();
    assert!(error.contains("line 2") && error.contains("cannot say \"release\""), "{error}");
    assert_eq!(holds(&lists, ITEM), ["H-1"]);
    assert_eq!(disk.list("lists").unwrap().len(), 2, "refused packages leave nothing behind");
}

#[test]
fn a_local_list_in_columns_is_taken_whole_or_refused_with_file_line_and_remedy() {
    let disk = MemoryDisk::new();
    let lists = memory(&disk);
    let until = NOW.0 + DAY;
    let mut file = "item\tid\tkind\tissue\tpurpose\tseverity\tauthority\tuntil\n# from the night shift\n".to_owned();
    file += &format!("{ITEM}\tL-1\tlocal\tnarcotics\tnarcotics\tnotice\tst-01\t{until}\n\n");
    let import = |lists: &Lists, text: &str| {
        lists.import_local(&key(), &mut Cursor::new(text.as_bytes()), "/media/usb/holds.tsv", Form::Snapshot, NOW)
    };
    import(&lists, &file).unwrap();
    assert_eq!(holds(&lists, ITEM), ["L-1"]);
    let later = lists.look_up(Token::new(ITEM).as_ref(), Some(WallMs(until + 1)));
    assert!(later.holds.is_empty(), "a local hold ends");
    for (bad, expected) in [
        (format!("CP1\tL-2\tlocal\tnarcotic\tnarcotics\tnotice\tst-01\t{until}\n"), "narcotic"),
        ("CP1\tL-2\tlocal\n".to_owned(), "the line has 3 columns, the first line 8"),
        (format!("CP1\tL-2\tpresentation\tnarcotics\tnarcotics\tnotice\tcbp\t{until}\n"), "write kind \"local\""),
        ("CP1\tL-2\tlocal\tnarcotics\tnarcotics\tnotice\tst-01\t\n".to_owned(), "give \"until\""),
        (format!("CP1\tL-2\tlocal\tnarcotics\tnarcotics\tnotice\tst-01\t{}\n", NOW.0 - 1), "ended already"),
    ] {
        let error = import(&lists, &format!("{file}{bad}")).unwrap_err().to_string();
        assert!(error.starts_with("/media/usb/holds.tsv, line 5: "), "{error}");
        assert!(error.contains(expected) && error.ends_with("nothing of this list was taken"), "{error}");
        assert_eq!(holds(&lists, ITEM), ["L-1"]);
    }
    let error = import(&lists, "item\tcolour\n").unwrap_err().to_string();
    assert!(
        error.contains("line 1") && error.contains("no column \"colour\"") && error.contains("severity"),
        "{error}"
    );
}

/// Found by fuzzing: such a hold was written by the import, and no start could read it back.
#[test]
fn a_hold_whose_own_words_are_remove_is_a_hold() {
    let disk = MemoryDisk::new();
    let lists = memory(&disk);
    let until = NOW.0 + DAY;
    let columns = "item\tid\tkind\tissue\tpurpose\tseverity\tauthority\tuntil";
    let file = format!("{columns}\n{ITEM}\tremove\tlocal\tnarcotics\tnarcotics\tnotice\tremove\t{until}\n");
    lists.import_local(&key(), &mut Cursor::new(file.as_bytes()), "holds.tsv", Form::Snapshot, NOW).unwrap();
    for lists in [&lists, &memory(&disk)] {
        assert_eq!(holds(lists, ITEM), ["remove"]);
    }
}

#[test]
fn a_past_hold_is_never_hidden_by_a_later_release_until_it_is_a_year_old() {
    let lists = memory(&MemoryDisk::new());
    let item = Token::new(ITEM).unwrap();
    let previous = |now| lists.look_up(Some(&item), Some(now)).previous;
    assert_eq!(previous(NOW), Previous::None);
    lists.remember(&item, Outcome::Exam, NOW).unwrap();
    lists.remember(&item, Outcome::Release, WallMs(NOW.0 + DAY)).unwrap();
    assert_eq!(previous(NOW), Previous::Decided { worst: Outcome::Exam });
    lists.remember(&item, Outcome::Release, WallMs(NOW.0 + 400 * DAY)).unwrap();
    assert_eq!(previous(NOW), Previous::Decided { worst: Outcome::Release });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_line_makes_the_parser_panic(lines in prop::collection::vec("[ -~\t\\x00é]{0,60}", 0..4), removals: bool) {
        for kind in [ListKind::Holds, ListKind::Declarations] {
            let mut parser = LineParser::new(kind, removals);
            for line in &lines {
                if let Err(error) = parser.parse(line.as_bytes()) {
                    prop_assert!(!error.what.is_empty() && !error.remedy.is_empty());
                }
            }
        }
    }

    #[test]
    fn a_damaged_hold_line_is_an_error_or_another_hold(at in 0_usize..150, byte: u8) {
        let mut line = hold(ITEM, "H-1", "exam").into_bytes();
        let at = at % line.len();
        line[at] = byte;
        let mut parser = LineParser::new(ListKind::Holds, false);
        if let Ok(Some(gatepost_ledger::lists::Line::Hold(line))) = parser.parse(&line) {
            prop_assert!(line.hold.outcome > Outcome::Release);
        }
    }
}
