//! Lists: signed, checked whole, indexed, looked up; in memory and over sled.

mod common;

use std::io::Cursor;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{NOW, key, shared};
use gatepost_ledger::chain::Digest;
use gatepost_ledger::disk::memory::MemoryDisk;
use gatepost_ledger::disk::{Disk, SharedDisk};
use gatepost_ledger::key::StationKey;
use gatepost_ledger::lists::cache::{Cache, CacheSetup};
use gatepost_ledger::lists::file::first_line;
use gatepost_ledger::lists::index::{Feed, Part, Reload, Source};
use gatepost_ledger::lists::line::LineParser;
use gatepost_ledger::lists::{
    Ages, Claims, Form, History, Index, IndexState, ListError, ListKind, Lists, MemoryIndex, Trust, local_issuer,
};
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

fn install(lists: &mut Lists, kind: ListKind, form: Form, version: u64, lines: &[String]) -> Result<Claims, ListError> {
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
    let mut lists = memory(&disk);
    assert_eq!(lists.look_up(None, Some(NOW)).lists.holds, ListState::Missing);
    install(&mut lists, ListKind::Holds, Form::Snapshot, 3, &[hold(ITEM, "H-1", "exam"), hold("CP1", "H-2", "exam")])
        .unwrap();
    install(&mut lists, ListKind::Declarations, Form::Snapshot, 1, &[declared(ITEM)]).unwrap();
    let removal = r#"{"item":"CP1","remove":"H-2"}"#.to_owned();
    install(&mut lists, ListKind::Holds, Form::Delta, 4, &[hold(ITEM, "H-3", "stop-in-place"), removal]).unwrap();
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
    install(&mut lists, ListKind::Holds, Form::Snapshot, 9, &[hold("CP1", "H-9", "exam")]).unwrap();
    assert!(holds(&lists, ITEM).is_empty());
    let files = disk.list("lists").unwrap();
    assert_eq!(files.iter().filter(|entry| entry.name.starts_with("holds-")).count(), 1, "replaced files go");
}

#[test]
fn age_and_an_untrusted_clock_are_said() {
    let disk = MemoryDisk::new();
    let mut lists = memory(&disk);
    install(&mut lists, ListKind::Holds, Form::Snapshot, 3, &[hold(ITEM, "H-1", "exam")]).unwrap();
    install(&mut lists, ListKind::Declarations, Form::Snapshot, 1, &[declared("CP1")]).unwrap();
    let later = lists.look_up(Token::new(ITEM).as_ref(), Some(WallMs(NOW.0 + DAY + 5_000)));
    assert!(matches!(later.lists.holds, ListState::Stale { age_s: 86_406, .. }), "{:?}", later.lists);
    assert!(matches!(later.aed, Aed::Unknown { offline_since: Some(_) }), "stale lists cannot say missing");
    assert_eq!(later.holds.len(), 1, "an old hold still holds");
    assert!(matches!(lists.look_up(None, None).lists.holds, ListState::Stale { .. }));
}

#[test]
fn what_is_not_right_is_refused_whole() {
    let disk = MemoryDisk::new();
    let mut lists = memory(&disk);
    let body = format!("{}\n", hold(ITEM, "H-1", "exam"));
    let good = claims(ListKind::Holds, Form::Snapshot, 5, &body);
    lists.install_bytes(&signed(&good, &body), Some(NOW)).unwrap();
    let next = Claims { version: 6, ..good.clone() };
    let try_it = |lists: &mut Lists, package: Vec<u8>| lists.install_bytes(&package, Some(NOW)).unwrap_err();
    assert!(matches!(try_it(&mut lists, signed(&good, &body)), ListError::Older { found: 5, in_force: 5 }));
    let gap = Claims { version: 7, form: Form::Delta, ..good.clone() };
    assert!(matches!(try_it(&mut lists, signed(&gap, &body)), ListError::Gap { found: 7, in_force: 5 }));
    let other = Claims { audience: vec!["st-02".to_owned()], ..next.clone() };
    assert!(matches!(try_it(&mut lists, signed(&other, &body)), ListError::OtherStation { .. }));
    let early = Claims { not_before: NOW.0 + 1, ..next.clone() };
    assert!(matches!(try_it(&mut lists, signed(&early, &body)), ListError::Dates { .. }));
    let mut forged = signed(&next, &body);
    let at = forged.windows(9).position(|part| part == b"\"version\"").unwrap();
    forged[at + 10] = b'8';
    assert!(matches!(try_it(&mut lists, forged), ListError::Untrusted { .. }));
    let stolen = [first_line(&StationKey::from_bytes(&[5; 32]), &next), body.clone().into_bytes()].concat();
    assert!(matches!(try_it(&mut lists, stolen), ListError::Untrusted { .. }));
    let swapped = [first_line(&central(), &next), body.replace("H-1", "H-2").into_bytes()].concat();
    assert_eq!(try_it(&mut lists, swapped), ListError::Body);
    let release = format!("{}\n", hold(ITEM, "H-1", "release"));
    let error = try_it(&mut lists, signed(&claims(ListKind::Holds, Form::Snapshot, 6, &release), &release)).to_string();
    assert!(error.contains("line 2") && error.contains("cannot say \"release\""), "{error}");
    assert_eq!(holds(&lists, ITEM), ["H-1"]);
    assert_eq!(disk.list("lists").unwrap().len(), 2, "refused packages leave nothing behind");
}

#[test]
fn a_local_list_in_columns_is_taken_whole_or_refused_with_file_line_and_remedy() {
    let disk = MemoryDisk::new();
    let mut lists = memory(&disk);
    let until = NOW.0 + DAY;
    let mut file = "item\tid\tkind\tissue\tpurpose\tseverity\tauthority\tuntil\n# from the night shift\n".to_owned();
    file += &format!("{ITEM}\tL-1\tlocal\tnarcotics\tnarcotics\tnotice\tst-01\t{until}\n\n");
    let import = |lists: &mut Lists, text: &str| {
        lists.import_local(&key(), &mut Cursor::new(text.as_bytes()), "/media/usb/holds.tsv", Form::Snapshot, NOW)
    };
    import(&mut lists, &file).unwrap();
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
        let error = import(&mut lists, &format!("{file}{bad}")).unwrap_err().to_string();
        assert!(error.starts_with("/media/usb/holds.tsv, line 5: "), "{error}");
        assert!(error.contains(expected) && error.ends_with("nothing of this list was taken"), "{error}");
        assert_eq!(holds(&lists, ITEM), ["L-1"]);
    }
    let error = import(&mut lists, "item\tcolour\n").unwrap_err().to_string();
    assert!(
        error.contains("line 1") && error.contains("no column \"colour\"") && error.contains("severity"),
        "{error}"
    );
}

/// Found by fuzzing: such a hold was written by the import, and no start could read it back.
#[test]
fn a_hold_whose_own_words_are_remove_is_a_hold() {
    let disk = MemoryDisk::new();
    let mut lists = memory(&disk);
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

/// Waits for the index without a sleep: asks until it answers or a minute is over.
fn ready(lists: &Lists) {
    let start = Instant::now();
    while lists.index_state() != IndexState::Ready {
        assert!(start.elapsed() < Duration::from_secs(60), "the index was not built in time");
        std::thread::yield_now();
    }
}

fn over_sled(disk: &SharedDisk, folder: &std::path::Path, history: Option<History>) -> Lists {
    let setup = CacheSetup {
        folder: folder.to_owned(),
        memory_bytes: 1 << 24,
        answer: Duration::from_secs(20),
        build: Duration::from_secs(60),
        pause: Duration::from_millis(1),
    };
    Lists::open(disk.clone(), "lists", trust(), history, |source| {
        Cache::start(setup, source).map(|cache| Box::new(cache) as Box<dyn Index>)
    })
    .unwrap()
}

#[test]
fn over_sled_the_answers_are_the_same_and_an_unusable_folder_is_built_anew() {
    let folder = tempfile::tempdir().unwrap();
    let disk: SharedDisk = Arc::new(MemoryDisk::new());
    let item = Token::new(ITEM).unwrap();
    let mut lists = over_sled(&disk, folder.path(), None);
    ready(&lists);
    install(&mut lists, ListKind::Holds, Form::Snapshot, 1, &[hold(ITEM, "H-1", "exam"), hold("CP1", "H-2", "exam")])
        .unwrap();
    install(&mut lists, ListKind::Declarations, Form::Snapshot, 1, &[declared(ITEM)]).unwrap();
    let removal = r#"{"item":"CP1","remove":"H-2"}"#.to_owned();
    install(&mut lists, ListKind::Holds, Form::Delta, 2, &[hold(ITEM, "H-3", "exam"), removal]).unwrap();
    ready(&lists); // while the new lists are indexed, the old ones do not answer for them
    lists.remember(&item, Outcome::StopInPlace, NOW).unwrap();
    let start = Instant::now();
    while holds(&lists, ITEM) != ["H-1", "H-3"] || !holds(&lists, "CP1").is_empty() {
        assert!(start.elapsed() < Duration::from_secs(60), "{:?}", lists.look_up(Some(&item), Some(NOW)));
        std::thread::yield_now();
    }
    let matched = lists.look_up(Some(&item), Some(NOW));
    assert_eq!((matched.previous, matched.aed), (Previous::Decided { worst: Outcome::StopInPlace }, Aed::Complete));
    assert_eq!(personal(&lists, &item), b"Erika Mustermann");
    drop(lists);
    // What sled cannot open is left, and the lists are built from their files, past decisions from the history.
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        std::fs::remove_dir_all(&path).unwrap();
        std::fs::write(&path, b"not a folder").unwrap();
    }
    let history: History = Arc::new(|each| each(ITEM, Outcome::Exam, NOW.0));
    let lists = over_sled(&disk, folder.path(), Some(history));
    ready(&lists);
    assert_eq!(holds(&lists, ITEM), ["H-1", "H-3"]);
    assert_eq!(lists.look_up(Some(&item), Some(NOW)).previous, Previous::Decided { worst: Outcome::Exam });
    assert!(folder.path().join("cache-2").is_dir());
}

#[test]
fn an_index_that_nothing_could_be_written_for_is_there_again_once_it_can() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("index");
    // Where a folder is wanted stands a file: every new one fails, as on a full disk.
    std::fs::write(&folder, b"in the way").unwrap();
    let disk: SharedDisk = Arc::new(MemoryDisk::new());
    let mut lists = over_sled(&disk, &folder, None);
    install(&mut lists, ListKind::Holds, Form::Snapshot, 1, &[hold(ITEM, "H-1", "exam")]).unwrap();
    let start = Instant::now();
    while lists.index_state() != IndexState::Lost {
        assert!(start.elapsed() < Duration::from_secs(60), "it is not given up");
        std::thread::yield_now();
    }
    std::fs::remove_file(&folder).unwrap();
    ready(&lists);
    assert_eq!(holds(&lists, ITEM), ["H-1"]);
}

#[test]
fn while_the_index_is_built_the_answer_is_rebuilding() {
    let folder = tempfile::tempdir().unwrap();
    let disk: SharedDisk = Arc::new(MemoryDisk::new());
    let (open, gate) = std::sync::mpsc::sync_channel::<()>(1);
    let gate = std::sync::Mutex::new(gate);
    let history: History = Arc::new(move |_| {
        let _ = gate.lock().unwrap().recv();
    });
    let lists = over_sled(&disk, folder.path(), Some(history));
    let matched = lists.look_up(Token::new(ITEM).as_ref(), Some(NOW));
    assert_eq!((matched.lists.holds, matched.previous), (ListState::Rebuilding, Previous::Unknown));
    assert_eq!(lists.index_state(), IndexState::Rebuilding);
    open.send(()).unwrap();
    ready(&lists);
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

/// Packages of holds, each of one item, and how often everything of a kind was read.
#[derive(Default)]
struct Packages {
    holds: std::sync::Mutex<Vec<&'static str>>,
    read_whole: std::sync::Mutex<Vec<Part>>,
}

impl Packages {
    fn since(&self, known: usize, each: &mut dyn FnMut(Feed) -> Result<(), String>) -> Result<(), String> {
        let items = self.holds.lock().unwrap().clone();
        items[known..].iter().try_for_each(|item| {
            let line = LineParser::new(ListKind::Holds, true).parse(hold(item, "h1", "exam").as_bytes()).unwrap();
            each(Feed::Line { issuer: "central".to_owned(), line: line.unwrap() })
        })
    }
}

impl Source for Packages {
    fn feed(&self, part: Part, each: &mut dyn FnMut(Feed) -> Result<(), String>) -> Result<(), String> {
        self.read_whole.lock().unwrap().push(part);
        if part == Part::List(ListKind::Holds) { self.since(0, each) } else { Ok(()) }
    }
    fn feed_since(
        &self,
        kind: ListKind,
        name: &str,
        each: &mut dyn FnMut(Feed) -> Result<(), String>,
    ) -> Result<Option<String>, String> {
        let Ok(known) = name.parse() else { return Ok(None) };
        self.since(known, each)?;
        Ok(Some(self.name(kind)))
    }
    fn name(&self, kind: ListKind) -> String {
        if kind == ListKind::Holds { self.holds.lock().unwrap().len().to_string() } else { "none".to_owned() }
    }
}

/// An index on disk over that source.
fn over(folder: &std::path::Path, source: Arc<dyn Source>) -> Cache {
    let wait = Duration::from_secs(20);
    let setup = CacheSetup { folder: folder.to_owned(), memory_bytes: 1 << 20, answer: wait, build: wait, pause: wait };
    Cache::start(setup, source).unwrap()
}

fn built(cache: &Cache) {
    let begun = Instant::now();
    while cache.state() != IndexState::Ready {
        assert!(begun.elapsed() < Duration::from_secs(60), "the index was not built in time");
        std::thread::yield_now();
    }
}

/// Two deltas come into force before the index has looked at the first: both are in it afterwards.
#[test]
fn deltas_that_come_faster_than_the_index_looks_are_all_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let source = Arc::new(Packages::default());
    source.holds.lock().unwrap().push("RR000000001GB");
    let mut cache = over(folder.path(), source.clone());
    built(&cache);
    source.holds.lock().unwrap().extend(["RR000000002GB", "RR000000003GB"]);
    for _ in 0..2 {
        cache.reload(Reload::Added(ListKind::Holds)).unwrap();
    }
    for item in ["RR000000001GB", "RR000000002GB", "RR000000003GB"] {
        assert_eq!(cache.find(item).unwrap().holds.len(), 1, "{item}");
    }
    assert_eq!(source.read_whole.lock().unwrap().len(), Part::ALL.len(), "nothing was read twice");
    // A new list of one kind leaves the other alone.
    source.holds.lock().unwrap().push("RR000000004GB");
    cache.reload(Reload::Whole(ListKind::Holds)).unwrap();
    built(&cache);
    assert_eq!(cache.find("RR000000004GB").unwrap().holds.len(), 1);
    assert_eq!(source.read_whole.lock().unwrap()[3..], [Part::List(ListKind::Holds)]);
}

/// Gives its holds only when it may, as a long list does.
struct Slow {
    packages: Packages,
    may: std::sync::Mutex<bool>,
    woken: std::sync::Condvar,
}

impl Source for Slow {
    fn feed(&self, part: Part, each: &mut dyn FnMut(Feed) -> Result<(), String>) -> Result<(), String> {
        if part == Part::List(ListKind::Holds) {
            let _may = self.woken.wait_while(self.may.lock().unwrap(), |may| !*may).unwrap();
        }
        if part == Part::Past {
            // The journal, which has everything that ended.
            each(Feed::Past { item: ITEM.to_owned(), outcome: Outcome::Exam, at: NOW.0 })?;
        }
        self.packages.feed(part, each)
    }
    fn feed_since(
        &self,
        kind: ListKind,
        name: &str,
        each: &mut dyn FnMut(Feed) -> Result<(), String>,
    ) -> Result<Option<String>, String> {
        self.packages.feed_since(kind, name, each)
    }
    fn name(&self, kind: ListKind) -> String {
        self.packages.name(kind)
    }
}

/// What ended while a list was indexed is in the journal, and so in the index when it answers again.
#[test]
fn a_decision_that_could_not_be_remembered_is_read_from_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let source = Arc::new(Slow {
        packages: Packages::default(),
        may: std::sync::Mutex::new(true),
        woken: std::sync::Condvar::new(),
    });
    let mut cache = over(folder.path(), source.clone());
    built(&cache);
    *source.may.lock().unwrap() = false;
    source.packages.holds.lock().unwrap().push("RR000000001GB");
    cache.reload(Reload::Whole(ListKind::Holds)).unwrap();
    let read_before = source.packages.read_whole.lock().unwrap().len();
    assert!(cache.remember("RR000000009GB", Outcome::Exam, NOW.0).is_err(), "it is being built");
    *source.may.lock().unwrap() = true;
    source.woken.notify_all();
    built(&cache);
    let read = source.packages.read_whole.lock().unwrap()[read_before..].to_vec();
    assert!(read.contains(&Part::Past), "the journal was read again: {read:?}");
    assert_eq!(cache.find("RR000000001GB").unwrap().holds.len(), 1);
}
