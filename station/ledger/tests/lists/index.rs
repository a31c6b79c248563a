//! The index over long lists: on disk as in memory, built once, in force at once, and never believed when it has rotted.

use std::io::Cursor;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gatepost_ledger::disk::memory::MemoryDisk;
use gatepost_ledger::disk::{Cause, Disk, DiskError, Entry, File, How, SharedDisk};
use gatepost_ledger::lists::cache::{Cache, CacheSetup};
use gatepost_ledger::lists::index::{EachLine, Package, Source};
use gatepost_ledger::lists::{FilesSource, Form, History, Index, IndexState, ListError, ListKind, Lists, MemoryIndex};
use gatepost_pipeline::judge::{Aed, ListState, Outcome, Previous, Token};

use crate::common::{NOW, key};
use crate::{DAY, ITEM, declared, hold, holds, install, personal, trust};

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
    let lists = over_sled(&disk, folder.path(), None);
    ready(&lists);
    install(&lists, ListKind::Holds, Form::Snapshot, 1, &[hold(ITEM, "H-1", "exam"), hold("CP1", "H-2", "exam")])
        .unwrap();
    install(&lists, ListKind::Declarations, Form::Snapshot, 1, &[declared(ITEM)]).unwrap();
    let removal = r#"{"item":"CP1","remove":"H-2"}"#.to_owned();
    install(&lists, ListKind::Holds, Form::Delta, 2, &[hold(ITEM, "H-3", "exam"), removal]).unwrap();
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
    let lists = over_sled(&disk, &folder, None);
    install(&lists, ListKind::Holds, Form::Snapshot, 1, &[hold(ITEM, "H-1", "exam")]).unwrap();
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

/// Whoever comes waits until it is open.
struct Gate {
    open: std::sync::Mutex<bool>,
    woken: std::sync::Condvar,
}

impl Default for Gate {
    fn default() -> Self {
        Self { open: std::sync::Mutex::new(true), woken: std::sync::Condvar::new() }
    }
}

impl Gate {
    fn set(&self, open: bool) {
        *self.open.lock().unwrap() = open;
        self.woken.notify_all();
    }
    fn pass(&self) {
        drop(self.woken.wait_while(self.open.lock().unwrap(), |open| !*open).unwrap());
    }
}

/// The files of the lists; says what is read of them, and lets the index have its files only when it may.
struct Watched {
    files: Arc<FilesSource>,
    read: std::sync::Mutex<Vec<String>>,
    /// Before the lines of a package are read.
    reads: Gate,
    /// Before a package's file is opened.
    opens: Gate,
}

impl Watched {
    /// What was read since it was asked last.
    fn read(&self) -> Vec<String> {
        std::mem::take(&mut self.read.lock().unwrap())
    }
}

impl Source for Watched {
    fn packages(&self, kind: ListKind) -> Vec<Package> {
        self.files.packages(kind)
    }
    fn read(&self, package: &Package, each: EachLine<'_>) -> Result<(), String> {
        let claims = &package.claims;
        self.read.lock().unwrap().push(format!("{:?} {:?} {}", claims.kind, claims.form, claims.version));
        self.reads.pass();
        self.files.read(package, each)
    }
    fn open(&self, package: &Package) -> Result<Box<dyn File>, String> {
        self.opens.pass();
        self.files.open(package)
    }
    fn history(&self, each: &mut dyn FnMut(&str, Outcome, i64) -> Result<(), String>) -> Result<(), String> {
        self.read.lock().unwrap().push("the journal".to_owned());
        // What ended while a list was indexed.
        each(ITEM, Outcome::Exam, NOW.0)
    }
}

/// Lists over an index on disk that is watched.
fn watched(disk: &SharedDisk, folder: &std::path::Path) -> (Lists, Arc<Watched>) {
    let wait = Duration::from_secs(20);
    let setup = CacheSetup { folder: folder.to_owned(), memory_bytes: 1 << 20, answer: wait, build: wait, pause: wait };
    let mut kept = None;
    let lists = Lists::open(disk.clone(), "lists", trust(), None, |files| {
        let (reads, opens) = (Gate::default(), Gate::default());
        let source = Arc::new(Watched { files, read: std::sync::Mutex::default(), reads, opens });
        kept = Some(source.clone());
        Cache::start(setup, source).map(|cache| Box::new(cache) as Box<dyn Index>)
    });
    (lists.unwrap(), kept.unwrap())
}

/// Deltas come into force before the index has looked at the first: all are in it, and nothing is read twice, not even whole
/// lists by the station's next start.
#[test]
fn deltas_that_come_faster_than_the_index_looks_are_all_in_it_and_nothing_is_read_twice() {
    let folder = tempfile::tempdir().unwrap();
    let disk: SharedDisk = Arc::new(MemoryDisk::new());
    let (lists, source) = watched(&disk, folder.path());
    ready(&lists);
    let one = |item: &str| [hold(item, "H-1", "exam")];
    install(&lists, ListKind::Declarations, Form::Snapshot, 1, &[declared("CP1")]).unwrap();
    install(&lists, ListKind::Holds, Form::Snapshot, 1, &one("CP1")).unwrap();
    ready(&lists);
    assert_eq!(source.read(), ["the journal", "Declarations Snapshot 1", "Holds Snapshot 1"]);
    install(&lists, ListKind::Holds, Form::Delta, 2, &one("CP2")).unwrap();
    install(&lists, ListKind::Holds, Form::Delta, 3, &one("CP3")).unwrap();
    for item in ["CP1", "CP2", "CP3"] {
        assert_eq!(holds(&lists, item), ["H-1"], "{item}");
    }
    assert_eq!(source.read(), ["Holds Delta 2", "Holds Delta 3"]);
    // A new list of one kind leaves the other alone.
    install(&lists, ListKind::Holds, Form::Snapshot, 4, &one("CP4")).unwrap();
    ready(&lists);
    assert_eq!((holds(&lists, "CP4").len(), holds(&lists, "CP1").len()), (1, 0));
    assert_eq!(source.read(), ["Holds Snapshot 4"]);
    let gone = Arc::downgrade(&source);
    drop((lists, source));
    while gone.strong_count() > 0 {
        std::thread::yield_now(); // the index's thread ends
    }
    let (lists, source) = watched(&disk, folder.path());
    ready(&lists);
    assert_eq!(holds(&lists, "CP4"), ["H-1"]);
    assert!(source.read().is_empty());
}

/// What ended while a list was indexed is in the journal, and so in the index when it answers again.
#[test]
fn a_decision_that_could_not_be_remembered_is_read_from_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let disk: SharedDisk = Arc::new(MemoryDisk::new());
    let (lists, source) = watched(&disk, folder.path());
    ready(&lists);
    assert_eq!(source.read(), ["the journal"]);
    source.opens.set(false);
    install(&lists, ListKind::Holds, Form::Snapshot, 1, &[hold("CP1", "H-1", "exam")]).unwrap();
    assert!(lists.remember(&Token::new(ITEM).unwrap(), Outcome::Exam, NOW).is_err(), "it is being built");
    assert_eq!(
        lists.look_up(None, Some(NOW)).lists.holds,
        ListState::Fresh { version: Token::new("1").unwrap(), age_s: 1 }
    );
    assert_eq!(lists.look_up(Token::new("CP1").as_ref(), Some(NOW)).lists.holds, ListState::Rebuilding);
    source.opens.set(true);
    ready(&lists);
    assert_eq!(source.read(), ["Holds Snapshot 1", "the journal"]);
    assert_eq!(holds(&lists, "CP1"), ["H-1"]);
}

/// A list is taken while others ask: they are answered by the one before, in full, until the new one is in force.
#[test]
fn while_a_long_list_is_read_the_one_before_answers() {
    let folder = tempfile::tempdir().unwrap();
    let disk: SharedDisk = Arc::new(MemoryDisk::new());
    let (lists, source) = watched(&disk, folder.path());
    let lists = Arc::new(lists);
    install(&lists, ListKind::Holds, Form::Snapshot, 1, &[hold("CP1", "H-1", "exam")]).unwrap();
    ready(&lists);
    source.read();
    source.reads.set(false);
    let next = std::thread::spawn({
        let lists = Arc::clone(&lists);
        move || install(&lists, ListKind::Holds, Form::Snapshot, 2, &[hold("CP1", "H-2", "exam")]).unwrap()
    });
    while source.read.lock().unwrap().is_empty() {
        std::thread::yield_now(); // until the new one is being read
    }
    let matched = lists.look_up(Token::new("CP1").as_ref(), Some(NOW));
    assert_eq!(matched.lists.holds, ListState::Fresh { version: Token::new("1").unwrap(), age_s: 1 });
    assert_eq!(holds(&lists, "CP1"), ["H-1"]);
    lists.remember(&Token::new(ITEM).unwrap(), Outcome::Exam, NOW).unwrap();
    source.reads.set(true);
    next.join().unwrap();
    ready(&lists);
    assert_eq!(holds(&lists, "CP1"), ["H-2"]);
}

/// Several issuers, repetitions, columns, ends and changes: both indexes answer alike.
#[test]
fn the_index_on_disk_and_the_one_in_memory_answer_alike() {
    let folder = tempfile::tempdir().unwrap();
    let disk: SharedDisk = Arc::new(MemoryDisk::new());
    let lists = over_sled(&disk, folder.path(), None);
    let until = NOW.0 + DAY;
    let columns = format!(
        "# night\nitem\tid\tkind\tissue\tpurpose\tseverity\tauthority\tuntil\nCP1\tL-1\tlocal\tnarcotics\tnarcotics\tnotice\tst-01\t{until}\n"
    );
    lists.import_local(&key(), &mut Cursor::new(columns.as_bytes()), "usb", Form::Snapshot, NOW).unwrap();
    let twice = [hold("CP1", "H-1", "exam"), hold("CP2", "H-2", "exam"), hold("CP1", "H-1", "stop-in-place")];
    install(&lists, ListKind::Holds, Form::Snapshot, 1, &twice).unwrap();
    let changed = [r#"{"item":"CP2","remove":"H-2"}"#.to_owned(), hold("CP3", "H-3", "exam")];
    install(&lists, ListKind::Holds, Form::Delta, 2, &changed).unwrap();
    let again = [hold("CP2", "H-2", "stop-in-place"), r#"{"item":"CP3","remove":"H-3"}"#.to_owned()];
    install(&lists, ListKind::Holds, Form::Delta, 3, &again).unwrap();
    install(&lists, ListKind::Declarations, Form::Snapshot, 1, &[declared("CP1"), declared("CP2")]).unwrap();
    let late = r#"{"item":"CP2","aed":{"state":"late"}}"#.to_owned();
    install(&lists, ListKind::Declarations, Form::Delta, 2, &[late]).unwrap();
    ready(&lists);
    let beside = Lists::open(disk, "lists", trust(), None, |source| Ok(Box::new(MemoryIndex::build(source)?))).unwrap();
    for item in ["CP1", "CP2", "CP3", "CP4"].map(|item| Token::new(item).unwrap()) {
        let (one, other) = (lists.look_up(Some(&item), Some(NOW)), beside.look_up(Some(&item), Some(NOW)));
        assert_eq!(one, other);
        assert_eq!(lists.personal(&item).unwrap(), beside.personal(&item).unwrap());
    }
    let [first, second] = ["CP1", "CP2"].map(|item| lists.look_up(Token::new(item).as_ref(), Some(NOW)));
    assert_eq!(first.holds.iter().map(|hold| hold.id.as_str()).collect::<Vec<_>>(), ["H-1", "L-1"]);
    assert_eq!((first.holds[0].outcome, second.holds[0].outcome), (Outcome::StopInPlace, Outcome::StopInPlace));
    assert_eq!(second.aed, Aed::Late);
}

/// A list that says the same item again and again is not read through while a parcel waits.
#[test]
fn an_item_that_a_list_repeats_without_end_is_not_answered_and_others_are() {
    let folder = tempfile::tempdir().unwrap();
    let disk: SharedDisk = Arc::new(MemoryDisk::new());
    let lists = over_sled(&disk, folder.path(), None);
    let mut lines = vec![hold("CP1", "H-1", "exam"); 300];
    lines.push(hold("CP2", "H-2", "exam"));
    install(&lists, ListKind::Holds, Form::Snapshot, 1, &lines).unwrap();
    ready(&lists);
    assert_eq!(lists.look_up(Token::new("CP1").as_ref(), Some(NOW)).lists.holds, ListState::NoAnswer);
    assert_eq!(holds(&lists, "CP2"), ["H-2"]);
    assert_eq!(lists.index_state(), IndexState::Ready);
}

/// What rots on the disk is noticed when it is read, and is never believed.
#[test]
fn a_line_that_is_not_the_one_that_was_signed_is_never_answered() {
    let root = tempfile::tempdir().unwrap();
    let disk: SharedDisk = Arc::new(gatepost_ledger::disk::real::RealDisk::new(root.path()).unwrap());
    let lists = over_sled(&disk, &root.path().join("index"), None);
    install(&lists, ListKind::Holds, Form::Snapshot, 1, &[hold("CP1", "H-1", "stop-in-place")]).unwrap();
    ready(&lists);
    let list = disk.list("lists").unwrap().into_iter().find(|entry| entry.name.ends_with(".list")).unwrap().name;
    let path = root.path().join("lists").join(list);
    let changed = std::fs::read_to_string(&path).unwrap().replace("\"stop-in-place\"", "\"exam\"         ");
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, changed.as_bytes(), 0).unwrap();
    let start = Instant::now();
    while lists.index_state() != IndexState::Lost {
        let matched = lists.look_up(Token::new("CP1").as_ref(), Some(NOW));
        assert!(matches!(matched.lists.holds, ListState::NoAnswer | ListState::Rebuilding), "{matched:?}");
        assert!(start.elapsed() < Duration::from_secs(60), "it is not given up");
    }
}

/// A disk that does everything but say what is in a folder.
#[derive(Debug)]
struct Blind(MemoryDisk);

impl Disk for Blind {
    fn open(&self, path: &str, how: How) -> Result<Box<dyn File>, DiskError> {
        self.0.open(path, how)
    }
    fn list(&self, folder: &str) -> Result<Vec<Entry>, DiskError> {
        Err(DiskError::new(folder, Cause::Failed("input/output error".to_owned())))
    }
    fn create_dir(&self, folder: &str) -> Result<(), DiskError> {
        self.0.create_dir(folder)
    }
    fn rename(&self, from: &str, to: &str) -> Result<(), DiskError> {
        self.0.rename(from, to)
    }
    fn remove(&self, path: &str) -> Result<(), DiskError> {
        self.0.remove(path)
    }
    fn sync_dir(&self, folder: &str) -> Result<(), DiskError> {
        self.0.sync_dir(folder)
    }
}

/// What fails once a list is in force does not keep the index with the list before.
#[test]
fn a_list_that_is_in_force_is_indexed_whatever_fails_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let disk: SharedDisk = Arc::new(Blind(MemoryDisk::new()));
    let lists = over_sled(&disk, folder.path(), None);
    for version in 1..=2 {
        let item = format!("CP{version}");
        install(&lists, ListKind::Holds, Form::Snapshot, version, &[hold(&item, "H-1", "exam")]).unwrap();
        ready(&lists);
        assert_eq!(holds(&lists, &item), ["H-1"]);
    }
}

/// A list that cannot be made ready is refused, and the one before answers on.
#[test]
fn a_list_for_which_the_index_has_no_room_is_refused_and_the_one_before_stays() {
    let folder = tempfile::tempdir().unwrap();
    let disk: SharedDisk = Arc::new(MemoryDisk::new());
    let lists = over_sled(&disk, folder.path(), None);
    install(&lists, ListKind::Holds, Form::Snapshot, 1, &[hold("CP1", "H-1", "exam")]).unwrap();
    ready(&lists);
    // Nothing more can be made there, as on a full disk; what is open stays.
    let whole = folder.path().join("cache-1").join("whole");
    std::fs::rename(&whole, folder.path().join("aside")).unwrap();
    std::fs::write(&whole, b"in the way").unwrap();
    let again = |version| install(&lists, ListKind::Holds, Form::Snapshot, version, &[hold("CP2", "H-2", "exam")]);
    assert!(matches!(again(2), Err(ListError::NotReady(_))));
    assert_eq!((holds(&lists, "CP1").len(), holds(&lists, "CP2").len()), (1, 0));
    assert_eq!(disk.list("lists").unwrap().iter().filter(|entry| entry.name.ends_with(".list")).count(), 1);
    std::fs::remove_file(&whole).unwrap();
    again(2).unwrap();
    ready(&lists);
    assert_eq!((holds(&lists, "CP1").len(), holds(&lists, "CP2").len()), (0, 1));
}

/// Look-ups wait for a short delta; a long one is built beside, and until it is there nothing is answered.
#[test]
fn a_long_delta_is_in_force_without_the_folder_being_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let disk: SharedDisk = Arc::new(MemoryDisk::new());
    let lists = over_sled(&disk, folder.path(), None);
    install(&lists, ListKind::Holds, Form::Snapshot, 1, &[hold("CP0", "H-1", "exam")]).unwrap();
    let lines: Vec<_> = (1..=10_001).map(|at| hold(&format!("CP{at}"), "H-2", "exam")).collect();
    install(&lists, ListKind::Holds, Form::Delta, 2, &lines).unwrap();
    let start = Instant::now();
    while holds(&lists, "CP10001").is_empty() {
        let matched = lists.look_up(Token::new("CP10001").as_ref(), Some(NOW));
        assert!(!matched.holds.is_empty() || matched.lists.holds == ListState::Rebuilding, "{matched:?}");
        assert!(start.elapsed() < Duration::from_secs(60), "it is not in force");
    }
    assert_eq!(holds(&lists, "CP0"), ["H-1"]);
    assert!(folder.path().join("cache-1").is_dir(), "the folder was given up");
}
