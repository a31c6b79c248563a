//! Central lost and brought back: every row, from one kind of database to the other, and nothing of what is damaged.

use std::io::{BufReader, Cursor};
use std::path::PathBuf;

use ed25519_dalek::VerifyingKey;
use gatepost_central::backup::form::{FORM, Header, Key};
use gatepost_central::backup::read::Reader;
use gatepost_central::backup::{self, Signing, keys};
use gatepost_central::config::EnrolmentConfig;
use gatepost_central::holds::Signatory;
use gatepost_central::rollout::task;
use gatepost_central::store::Store;
use gatepost_central::store::backup::{RowsError, SCHEMA, made_by};
use gatepost_central::store::commands::Whom;
use gatepost_central::store::onward::LEAP;
use gatepost_central::store::rollouts::State;
use gatepost_sync::command::Command;
use gatepost_sync::envelope::{self, Header as Sealed, Refused, TrustedKey, Versions};
use gatepost_sync::topics::{Address, Down, Name};

use super::ground::Ground;
use super::holds::{hold_on, something_of_everything};
use super::rows::{rows, strange_rows, tables};
use super::stories::{NOW_MS, batch, chain};

const BACKUP_MS: i64 = NOW_MS + 1_000;
const RESTORED_MS: i64 = NOW_MS + 60_000;

fn header(schema: i64) -> Header {
    Header { form: FORM, schema, made_ms: BACKUP_MS, software: "0.1.0".to_owned(), signed_by: None }
}

async fn taken(ground: &Ground) -> Vec<u8> {
    ground.database().take(header, &[], Vec::new()).await.expect("a backup").0
}

async fn given(ground: &Ground, backup: &[u8]) -> Result<(), RowsError> {
    let reader = Reader::new(BufReader::new(Cursor::new(backup)))?;
    ground.database().give(reader, RESTORED_MS, || Ok::<_, RowsError>(())).await.map(drop)
}

async fn execute(ground: &Ground, sql: &'static str) {
    sqlx::query(sql).execute(&mut ground.connect().await).await.expect("done");
}

/// What a restore changes on purpose, done by hand to the database that was backed up.
async fn as_if_restored(ground: &Ground) {
    execute(ground, "DELETE FROM session").await;
    execute(ground, "UPDATE invitation SET ends_ms = 1790856001000 WHERE used_ms IS NULL AND ends_ms > 1790856001000")
        .await;
    execute(ground, "UPDATE rollout SET state = 'halted', changed_ms = 1790856060000 WHERE state = 'running'").await;
}

pub async fn every_row_comes_back_from_one_kind_of_database_to_the_other(ground: Ground) {
    let store = ground.open().await;
    something_of_everything(&ground, &store).await;
    strange_rows(&ground).await;
    let (there, back) = (Ground::file(), ground.another().await);
    let backup = taken(&ground).await;
    given(&there, &backup).await.expect("restored");
    as_if_restored(&ground).await;
    let (mut before, mut after) = (rows(&ground).await, rows(&there).await);
    // What a restore adds: that it was one, and why a rollout stands still.
    let added = |rows: &mut Vec<String>, what: &str| {
        let at = rows.iter().position(|row| row.contains(what)).unwrap_or_else(|| panic!("{what} in {rows:?}"));
        rows.remove(at)
    };
    added(after.get_mut("restored").expect("a table"), "restored_ms=Some(1790856060000) backup_ms=Some(1790856001000)");
    added(
        after.get_mut("rollout_event").expect("a table"),
        "was halted: central was restored from a backup of 2026-10-01",
    );
    assert!(before.values().filter(|rows| !rows.is_empty()).count() >= before.len() - 1, "something of everything");
    for (table, rows) in &before {
        assert_eq!(after.get(table), Some(rows), "{table}");
    }
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    // And back into the first kind.
    given(&back, &taken(&there).await).await.expect("restored");
    (before, after) = (rows(&there).await, rows(&back).await);
    added(after.get_mut("restored").expect("a table"), "number=Some(9007199254740995)");
    assert_eq!(before, after);
}

pub async fn a_backup_names_every_table_and_column_that_is_really_there(ground: Ground) {
    ground.open().await;
    let really = tables(&ground, &mut ground.connect().await).await;
    let known = made_by(SCHEMA).await.expect("tables");
    assert_eq!(known.iter().map(|of| &of.table).collect::<Vec<_>>(), really.keys().collect::<Vec<_>>());
    for table in known {
        let columns: Vec<&String> = table.columns.iter().map(|(name, _)| name).collect();
        assert_eq!(
            columns,
            really[&table.table].iter().map(|column| &column.name).collect::<Vec<_>>(),
            "{}",
            table.table
        );
    }
}

/// While records arrive the backup is of one moment: what a station was told is counted where it is stored.
pub async fn a_backup_of_a_running_central_is_of_one_moment(ground: Ground) {
    let store = ground.open().await;
    let chain = chain("st-01", 6_000);
    store.commit(batch("st-01", &chain[..3_000]), NOW_MS).await.expect("committed");
    let (more, writing) = (chain[3_000..].to_vec(), store.clone());
    let goes_on = tokio::spawn(async move {
        for some in more.chunks(50) {
            writing.commit(batch("st-01", some), NOW_MS).await.expect("committed while a backup is made");
        }
    });
    let mut ends = Vec::new();
    while !goes_on.is_finished() {
        let there = Ground::file();
        given(&there, &taken(&ground).await).await.expect("restored");
        let restored = there.open().await;
        let counts = restored.counts().await.expect("counted");
        let records: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM record")
            .fetch_one(&mut there.connect().await)
            .await
            .expect("counted");
        assert_eq!((counts.durable, counts.verified, counts.missing), (records, records, 0));
        ends.push(records);
    }
    goes_on.await.expect("done");
    assert!(ends.first().is_some_and(|first| *first < 6_000), "a backup while it ran: {ends:?}");
}

pub async fn what_is_not_whole_or_not_ours_restores_nothing(ground: Ground) {
    let store = ground.open().await;
    something_of_everything(&ground, &store).await;
    let (backup, there) = (taken(&ground).await, ground.another().await);
    let text = String::from_utf8(backup.clone()).expect("text");
    let refused = async |bytes: &[u8]| {
        let said = given(&there, bytes).await.expect_err("refused").to_string();
        assert!(tables(&there, &mut there.connect_new().await).await.is_empty(), "nothing is left of it: {said}");
        said
    };
    let end = backup.len();
    assert!(refused(&backup[..end - 80]).await.contains("cut off"));
    assert!(refused(&backup[..end / 2]).await.contains("cut off"));
    assert!(
        refused(text.replacen("Seizure", "Release", 1).replacen("exam", "Exam", 1).as_bytes())
            .await
            .contains("it was changed")
    );
    assert!(refused(text.replacen("null", "0", 1).as_bytes()).await.contains("damaged in line"));
    let newer = text.replacen(&format!("\"schema\":{SCHEMA}"), "\"schema\":999", 1);
    assert!(refused(newer.as_bytes()).await.contains("use the newer gatepost-central"));
    let less = Header { schema: SCHEMA - 1, ..header(0) };
    let older = text.replacen(text.lines().next().expect("a line"), &serde_json::to_string(&less).expect("text"), 1);
    let said = refused(older.as_bytes()).await;
    assert!(said.contains(&format!("does not hold what schema {} is made of", SCHEMA - 1)), "{said}");
    // One that dies in the middle: dropped while rows go in.
    let reader = Reader::new(BufReader::new(Cursor::new(backup.clone()))).expect("a backup");
    let dies = || Err::<(), _>(RowsError::NoDatabase);
    there.database().give(reader, RESTORED_MS, dies).await.expect_err("died");
    assert!(tables(&there, &mut there.connect_new().await).await.is_empty());
    given(&there, &backup).await.expect("the whole one goes in");
    let twice = given(&there, &backup).await.expect_err("refused").to_string();
    assert!(twice.contains("tables already") && twice.contains("empty database"), "{twice}");
    // Where there is no central there is nothing to back up.
    let nothing = ground.another().await;
    nothing.connect_new().await;
    let said = nothing.database().take(header, &[], Vec::new()).await.expect_err("refused").to_string();
    assert!(said.contains("nothing to back up"), "{said}");
}

pub async fn a_backup_of_every_older_schema_is_restored_and_brought_up_to_date(ground: Ground) {
    for schema in 1..=SCHEMA {
        let (old, new) = (ground.another().await, ground.another().await);
        old.migrate(schema).await;
        strange_rows(&old).await;
        let backup = taken(&old).await;
        assert!(backup.starts_with(format!("{{\"gatepost-backup\":1,\"schema\":{schema},").as_bytes()));
        given(&new, &backup).await.expect("restored");
        new.open().await;
        let (before, after) = (rows(&old).await, rows(&new).await);
        for (table, rows) in before.iter().filter(|(table, _)| !["session", "restored"].contains(&table.as_str())) {
            assert_eq!(after[table].len(), rows.len(), "{table} of schema {schema}");
        }
        assert_eq!(after["restored"].len(), if schema < 8 { 1 } else { 4 });
    }
}

fn restored_again(leap: i64, found: i64) {
    assert!(found > leap && found < leap + 100, "{found} is just above {leap}");
}

/// A list, an order and a command that were given after the backup was made; then the database is lost.
pub async fn what_a_restored_central_says_is_newer_than_all_it_ever_said(ground: Ground) {
    let store = ground.open().await;
    something_of_everything(&ground, &store).await;
    let signatory = Signatory::load_or_create("central", &ground.path().join("key")).expect("a key");
    let backup = taken(&ground).await;
    let us = Address::new("JFK", "st-01").expect("an address");
    let key: [u8; 32] =
        data_encoding::HEXLOWER.decode(signatory.public_key().as_bytes()).expect("hex").try_into().expect("32");
    let key = VerifyingKey::from_bytes(&key).expect("a key");
    let issuer = Name::new("central").expect("a name");
    let trusted = [TrustedKey { issuer, key, documents: vec![Down::Rules, Down::Command] }];
    let mut station = Versions::default();
    let (list, said) = everything_anew(&store, &signatory, "h-late").await;
    assert_eq!(list, 2);
    for (kind, bytes) in &said {
        let opened = envelope::open(bytes, *kind, &us, &trusted, &station, NOW_MS + 1).expect("taken");
        // And a thousand more after it.
        station.take(&Sealed { version: opened.header.version + 1_000, ..opened.header });
    }
    let there = ground.another().await;
    given(&there, &backup).await.expect("restored");
    let restored = there.open().await;
    let rollouts = restored.rollouts().await.expect("rollouts");
    assert_eq!(rollouts[0].state, State::Halted, "it waits for a person");
    let (list, said) = everything_anew(&restored, &signatory, "h-late").await;
    restored_again(LEAP, i64::try_from(list).expect("a number"));
    assert_eq!(said.len(), 2);
    for (kind, bytes) in &said {
        let opened = envelope::open(bytes, *kind, &us, &trusted, &station, NOW_MS + 1);
        let header =
            opened.map_err(|refused: Refused| format!("{kind:?}: {refused}")).expect("newer than what it took").header;
        restored_again(LEAP, i64::try_from(header.version).expect("a number"));
        station.take(&header);
    }
    // And so again, the next time.
    let third = ground.another().await;
    given(&third, &taken(&there).await).await.expect("restored");
    let list = third.open().await.change_hold(&hold_on("RBH9US", "h-9", "\"all\""), "ann", &signatory, NOW_MS).await;
    restored_again(2 * LEAP, i64::try_from(list.expect("a list").version).expect("a number"));
}

/// A hold, the way back of the rollout, and a command: the list's number, and what goes to the station.
async fn everything_anew(store: &Store, signatory: &Signatory, hold: &str) -> (u64, Vec<(Down, Vec<u8>)>) {
    let list = store.change_hold(&hold_on("RBH3US", hold, "\"all\""), "ann", signatory, NOW_MS).await.expect("a list");
    store.change_rollout(1, State::Back, "ann", NOW_MS).await.expect("goes back");
    let round = task::round(store, Some(signatory), 0, NOW_MS).await.expect("a round");
    let mut said: Vec<(Down, Vec<u8>)> = round.0.into_iter().map(|document| (document.kind, document.bytes)).collect();
    // What waits from before has a number from before.
    store.expire_commands(NOW_MS + 100 * 3_600_000).await.expect("expired");
    let command = Command::ExamAll { lane: None, until_ms: NOW_MS + 3_600_000, why: "a drill".to_owned() };
    store.order_command(&Whom::All, &command, "ann", NOW_MS).await.expect("ordered");
    let signed = store.sign_commands(signatory, NOW_MS).await.expect("signed");
    said.extend(signed.into_iter().map(|(_, bytes)| (Down::Command, bytes)));
    (list.version, said)
}

fn configured(ground: &Ground) -> gatepost_central::Config {
    let mut config = ground.config(1);
    config.enrolment = Some(EnrolmentConfig::usual());
    config
}

pub async fn keys_go_along_when_asked_for_and_their_absence_is_said(ground: Ground) {
    let config = configured(&ground);
    let store = ground.open().await;
    something_of_everything(&ground, &store).await;
    let registrar = gatepost_central::enrol::Registrar::open(&config, store, NOW_MS).await;
    drop(registrar.map_err(|error| error.to_string()).expect("keys are made"));
    let out = ground.path().join("backups");
    std::fs::create_dir(&out).expect("a folder");
    let without = backup::make(&config, &out, false, NOW_MS).await.expect("a backup");
    let with = backup::make(&config, &out.join("with-keys"), true, NOW_MS).await.expect("a backup");
    assert_eq!(with.manifest.keys, ["holds.key", "authority.pem", "authority.key"]);
    assert!(without.file.ends_with("central-20261001-120000.backup") && without.manifest.keys.is_empty());
    assert!(
        backup::make(&config, &with.file, true, NOW_MS)
            .await
            .expect_err("refused")
            .to_string()
            .contains("written over")
    );
    let known = keys::signed_by(&config).expect("a key").expect("a key");
    let bare = ground.another().await;
    let restored = backup::restore(&configured(&bare), &without.file, NOW_MS).await.expect("restored");
    let missing = Signing::Missing { path: bare.path().join("central.key"), known: Some(known.clone()) };
    assert_eq!((restored.signing, restored.keys_put.len()), (missing, 0));
    assert_eq!(restored.authority_missing, None, "it had signed for nobody");
    let other = ground.another().await;
    let its_own = configured(&other);
    Signatory::load_or_create("central", &other.path().join("central.key")).expect("a key");
    let refused = backup::restore(&its_own, &with.file, NOW_MS).await.expect_err("refused").to_string();
    assert!(refused.contains("is another key than the one in the backup"), "{refused}");
    let restored = backup::restore(&its_own, &without.file, NOW_MS).await.expect("restored");
    assert!(matches!(restored.signing, Signing::Another { .. }), "{restored:?}");
    let whole = ground.another().await;
    let restored = backup::restore(&configured(&whole), &with.file, NOW_MS).await.expect("restored");
    assert_eq!((restored.signing, restored.keys_put.len()), (Signing::Known, 3));
    for name in ["central.key", "authority.pem", "authority.key"] {
        let read = |ground: &Ground| std::fs::read(ground.path().join(name)).expect("a key");
        assert!(read(&ground) == read(&whole), "{name}");
        let path: PathBuf = whole.path().join(name);
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).expect("a key").permissions());
        assert_eq!(mode & 0o777, if name.ends_with("pem") { 0o644 } else { 0o600 });
    }
    assert!(!format!("{:?}", Key::new("holds.key", b"secret")).contains("c2Vj"));
}
