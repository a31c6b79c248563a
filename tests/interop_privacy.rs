//! A whole run searched for every name, address, number and word of the people its parcels belong to.
//!
//! They go in where real ones would: sealed in the declarations, and in the clear in the two-dimensional code of every
//! label; on one lane in pictures of the labels too. Searched afterwards: every byte that went over the wire to and from the broker, every file of station and
//! central (journal, evidence, lists, index, black box, log, databases), every value of every table of central, and the
//! exported evidence package of every item. Nothing may be found; a name planted in a record is.
//!
//! `cargo test -p gatepost-tests --test interop_privacy -- --nocapture`

#[path = "interop/played.rs"]
#[expect(dead_code, reason = "shared with the other tests on the demonstration's files")]
mod played;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use gatepost_ledger::chain::Digest;
use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::disk::real::RealDisk;
use gatepost_ledger::journal::{Bounds, Journal, Setup};
use gatepost_ledger::key::StationKey;
use gatepost_ledger::limits::LABEL_BYTES_MAX;
use gatepost_ledger::personal::{Personal, system_entropy};
use gatepost_ledger::verify;
use gatepost_models::labels::{LabelReader, Picture};
use gatepost_pipeline::record::{Audience, Kind, Pending, Urgency, WallMs};
use played::{Played, STATION, files};
use sqlx::Row;
use sqlx::sqlite::SqlitePool;

/// What is looked for, as bytes in capitals, and where nothing of it may be.
struct Search {
    secrets: Vec<String>,
    /// First eight bytes of every secret: one pass over the bytes finds candidates.
    begins: BTreeSet<[u8; 8]>,
    bytes: u64,
    places: u64,
}

impl Search {
    fn new(secrets: impl Iterator<Item = String>) -> Self {
        let secrets: Vec<String> = secrets.collect();
        let begin = |secret: &String| secret.as_bytes()[..8].try_into().expect("secrets are longer");
        Self { begins: secrets.iter().map(begin).collect(), secrets, bytes: 0, places: 0 }
    }

    /// The secrets in these bytes, whatever the case.
    fn in_bytes(&mut self, bytes: &[u8]) -> BTreeSet<String> {
        self.bytes += bytes.len() as u64;
        self.places += 1;
        let upper = bytes.to_ascii_uppercase();
        let mut found = BTreeSet::new();
        for (at, begin) in upper.windows(8).enumerate() {
            if self.begins.contains(begin) {
                let here = self.secrets.iter().filter(|secret| upper[at..].starts_with(secret.as_bytes()));
                found.extend(here.cloned());
            }
        }
        found
    }

    fn in_folder(&mut self, folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for file in files(folder) {
            let bytes = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            found.extend(self.in_bytes(&bytes).into_iter().map(|secret| format!("{secret} in {}", file.display())));
        }
        found
    }

    /// Every value of every table.
    async fn in_tables(&mut self, pool: &SqlitePool) -> Vec<String> {
        let tables: Vec<(String,)> = sqlx::query_as("SELECT name FROM sqlite_master WHERE type = 'table'")
            .fetch_all(pool)
            .await
            .expect("tables");
        let mut found = Vec::new();
        for (table,) in tables {
            let columns: Vec<(String,)> = sqlx::query_as("SELECT name FROM pragma_table_info($1)")
                .bind(&table)
                .fetch_all(pool)
                .await
                .expect("columns");
            for (column,) in columns {
                let query =
                    format!("SELECT CAST(\"{column}\" AS BLOB) FROM \"{table}\" WHERE \"{column}\" IS NOT NULL");
                let rows = sqlx::query(sqlx::AssertSqlSafe(query)).fetch_all(pool).await.expect("values");
                for row in rows {
                    let value: Vec<u8> = row.get(0);
                    found.extend(
                        self.in_bytes(&value).into_iter().map(|secret| format!("{secret} in {table}.{column}")),
                    );
                }
            }
        }
        found
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_named_anywhere_but_in_the_store_that_forgets() {
    let played = Played::with(&["--parcels", "16", "--seed", "23", "--pace", "2", "--capture", "DATA/wire"]);
    let people = std::fs::read_to_string(played.beside("wire/people.txt")).expect("the people of the run");
    std::fs::remove_file(played.beside("wire/people.txt")).expect("put away before the search");
    let people: Vec<(&str, &str)> = people.lines().filter_map(|line| line.split_once(' ')).collect();
    assert!(people.len() >= 16 * 5, "{} names", people.len());
    let mut search = Search::new(people.iter().map(|(secret, _)| (*secret).to_owned()));

    let items: BTreeSet<&str> = people.iter().map(|(_, item)| *item).collect();
    let exports = played.beside("exports");
    std::fs::create_dir_all(&exports).expect("a folder");
    let exported = items.iter().filter(|item| export(&played.station(), item, &exports)).count();
    assert!(exported >= 8, "{exported} items were exported: those whose labels were read");

    let mut found = search.in_folder(&played.data);
    found.extend(search.in_folder(&played.beside("wire")));
    found.extend(search.in_folder(&exports));
    let pool = played.central().await;
    found.extend(search.in_tables(&pool).await);
    pool.close().await;
    println!(
        "{} names, addresses, numbers and words of {} parcels looked for in {} bytes of {} files and values: {} found",
        people.len(),
        items.len(),
        search.bytes,
        search.places,
        found.len()
    );
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(search.bytes > 1_000_000, "there was something to search");

    the_search_finds_what_is_planted(&mut search, people[7].0);
    forgotten_with_its_key(&played, &people);
}

/// The picture of a label shows everything that was sealed elsewhere: it is in the store that forgets, and nowhere else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_labels_picture_is_nowhere_but_in_the_store_that_forgets() {
    let words = ["--lane", "west", "--parcels", "8", "--seed", "29", "--pace", "2", "--capture", "DATA/wire"];
    let played = Played::with(&words);
    let people = std::fs::read_to_string(played.beside("wire/people.txt")).expect("the people of the run");
    std::fs::remove_file(played.beside("wire/people.txt")).expect("put away before the search");
    let people: Vec<(&str, &str)> = people.lines().filter_map(|line| line.split_once(' ')).collect();
    let mut search = Search::new(people.iter().map(|(secret, _)| (*secret).to_owned()));
    let mut found = search.in_folder(&played.data);
    found.extend(search.in_folder(&played.beside("wire")));
    for file in [files(&played.data), files(&played.beside("wire"))].concat() {
        let bytes = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let picture = bytes.windows(PNG.len()).any(|window| window == PNG);
        found.extend(picture.then(|| format!("a picture in {}", file.display())));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));

    let digests: BTreeSet<String> = played.journal().iter().flat_map(|record| labels_of(&record.envelope)).collect();
    let disk: SharedDisk = Arc::new(RealDisk::new(&played.station()).expect("the station's folder"));
    let store = Personal::open(disk, "personal/labels", system_entropy()).expect("the store").holding(LABEL_BYTES_MAX);
    let (mut shown, mut recorded) = (0, 0);
    for visit in store.visits().expect("visits") {
        let picture = store.unseal(&visit).expect("it opens").expect("it is there");
        let known = |digest: &&String| {
            Digest::parse(digest).is_some_and(|digest| store.matches(&visit, &picture, digest).expect("a key"))
        };
        recorded += digests.iter().filter(known).count();
        let picture = Picture::decode(Path::new(visit.as_str()), &picture).expect("a picture");
        let texts: Vec<String> =
            LabelReader::default().read(&picture).codes.into_iter().map(|code| code.text).collect();
        let named = |(secret, item): &&(&str, &str)| {
            visit.as_str().starts_with(item) && texts.iter().any(|text| text.contains(secret))
        };
        shown += usize::from(people.iter().filter(named).count() == 5);
    }
    println!("{shown} pictures show their people; {recorded} are named by {} digests in records", digests.len());
    assert!(shown >= 6, "the store has the pictures of those labels that were read");
    assert_eq!(recorded, digests.len(), "every digest in a record is of a picture in the store");
    assert!(recorded >= 6);
}

/// How every PNG file begins.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The label pictures that a record names.
fn labels_of(envelope: &serde_json::Value) -> Vec<String> {
    let labels = envelope["body"]["labels"].as_array().map_or(&[][..], Vec::as_slice);
    labels.iter().filter_map(|digest| digest.as_str().map(str::to_owned)).collect()
}

/// One item's evidence package; false when no pass was read as that item.
fn export(station: &Path, item: &str, into: &Path) -> bool {
    let file = into.join(format!("{item}.package"));
    let words: Vec<OsString> =
        ["gatepost".into(), "export".into(), station.into(), "--item".into(), item.into(), "--out".into(), file.into()]
            .into();
    gatepost_daemon::commands::main(words) == ExitCode::SUCCESS
}

/// The mutant: a record with a name in it, in a real journal, among all its bytes.
fn the_search_finds_what_is_planted(search: &mut Search, secret: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let disk: SharedDisk = Arc::new(RealDisk::new(folder.path()).expect("a disk"));
    let bounds = Bounds { reserve_bytes: 0, ..Bounds::default() };
    let setup = Setup { station: STATION.to_owned(), key: StationKey::from_bytes(&[1; 32]), bounds };
    let (mut journal, _) = Journal::open(disk, "journal", setup).expect("a journal");
    for number in 0..200 {
        let text = if number == 137 { format!("for {}", secret.to_lowercase()) } else { "nobody".to_owned() };
        let body = std::collections::BTreeMap::from([("says", text)]);
        let planted = Pending::entry(Kind::Audit, Urgency::default(), Audience::All, "north", WallMs(number), &body)
            .expect("a body");
        journal.append(planted).expect("room");
        let committed = journal.commit(WallMs(number));
        assert!(committed.results.iter().all(Result::is_ok));
    }
    let found = search.in_folder(folder.path());
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with(secret), "{found:?}");
}

/// The store opens with the visit's key, and with the key the people are gone; what was recorded stays whole.
fn forgotten_with_its_key(played: &Played, people: &[(&str, &str)]) {
    let disk: SharedDisk = Arc::new(RealDisk::new(&played.station()).expect("the station's folder"));
    let mut store = Personal::open(disk.clone(), "personal", system_entropy()).expect("the store");
    let visits = store.visits().expect("visits");
    assert!(visits.len() >= 8, "{} visits have personal text", visits.len());
    for visit in &visits {
        let item = visit.as_str().split('-').next().expect("an item");
        let text = store.unseal(visit).expect("it opens").expect("it is there");
        let text = String::from_utf8(text).expect("text");
        let named = people.iter().filter(|(secret, of)| *of == item && text.contains(secret)).count();
        assert_eq!(named, 5, "the store has all of {item}");
        assert!(store.destroy(visit).expect("destroyed"));
        assert_eq!(store.unseal(visit).expect("a look"), None);
    }
    let report = verify::journal(&disk, "journal", None).expect("a journal");
    assert!(report.whole, "{:?}", report.problems);
    println!("{} visits forgotten; {} records still verify", visits.len(), report.records);
}
