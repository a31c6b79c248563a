//! The store on a real database: order, repetition, forgery, restart. Each story runs on SQLite and on PostgreSQL.

use std::collections::BTreeMap;
use std::sync::Arc;

use gatepost_central::holds::Signatory;
use gatepost_central::place::{self, Doubt};
use gatepost_central::store::Store;
use gatepost_central::store::holds::{HoldChange, HoldError};
use gatepost_central::store::ingest::{Arrived, Batch, Committed, Doubtful, Outcome};
use gatepost_pipeline::record::Class;
use gatepost_sync::chain::{Digest, Received};
use gatepost_sync::ranges::RangeSet;
use gatepost_sync::status::Status;
use gatepost_sync::topics::{Address, Name};

pub use super::access::{
    a_database_that_takes_nothing_more_shows_its_pages_all_the_same, a_session_begins_with_a_token_and_ends_with_it,
    every_question_needs_a_token_for_it_and_a_stolen_one_is_stopped_at_once,
    who_is_refused_often_waits_and_fills_no_disk,
};
pub use super::backups::{
    a_backup_names_every_table_and_column_that_is_really_there, a_backup_of_a_running_central_is_of_one_moment,
    a_backup_of_every_older_schema_is_restored_and_brought_up_to_date,
    every_row_comes_back_from_one_kind_of_database_to_the_other,
    keys_go_along_when_asked_for_and_their_absence_is_said,
    what_a_restored_central_says_is_newer_than_all_it_ever_said, what_is_not_whole_or_not_ours_restores_nothing,
};
pub use super::commands::a_command_is_numbered_once_sent_one_at_a_time_and_stands_as_the_station_answers;
pub use super::enrol::{
    a_code_lets_one_station_in_once, a_mistyped_facility_takes_nobody_out_and_an_open_invitation_can_be_closed,
    an_enrolled_key_renews_another_is_refused_and_one_taken_out_is_believed_no_more,
    several_that_take_stations_out_at_once_leave_the_whole_list, whoever_tries_codes_waits_and_closes_no_invitation,
};
use super::ground::Ground;
use super::holds::hold_on;
pub use super::holds::{
    a_hold_is_followed_to_its_end_in_whatever_order_records_come,
    a_hold_that_no_station_would_take_is_refused_and_one_whose_time_is_over_is_not_followed,
    a_late_hold_finds_its_item_and_an_item_that_came_back_is_found, something_of_everything,
    what_is_restricted_stands_on_no_page_of_holds,
};
pub use super::hostile::{
    a_station_that_records_in_anothers_name_is_put_aside, hostile_text_in_every_field_is_text_and_changes_nothing,
};
pub use super::post::{
    a_bench_tells_what_it_presented_as_soon_as_it_is_known, a_restricted_operation_looks_to_the_post_like_a_draw,
    hostile_words_are_words_to_the_post_too, how_far_the_post_knows_of_the_holds_is_counted_beside_their_way,
    the_post_is_asked_for_an_item_answers_and_is_told_when_the_hold_ends, two_centrals_tell_the_post_everything_once,
    what_became_of_an_item_is_told_by_the_table_and_never_guessed,
    what_may_have_arrived_is_sent_again_the_same_and_no_item_overtakes_itself,
};
pub use super::rollouts::{
    a_pack_that_flags_another_share_of_parcels_goes_back_to_the_one_before,
    a_person_halts_resumes_and_goes_back_and_a_second_rollout_waits_for_the_first,
    a_rollout_goes_stage_by_stage_and_orders_everybody_once, a_station_taken_out_is_in_no_rollout_and_holds_none_up,
    a_station_that_has_not_said_yet_what_it_took_goes_back_to_what_it_was_ordered_last,
    an_error_of_one_station_takes_all_back_and_is_an_alert, stations_that_are_away_or_new_are_not_forgotten,
    what_a_station_was_ordered_back_from_is_not_what_the_next_rollout_goes_back_to,
};

pub(super) const NOW_MS: i64 = 1_790_856_000_000;

pub(super) fn address(station: &str) -> Address {
    Address::new("JFK", station).unwrap()
}

/// A chain of records of one station; each tenth is an alert.
pub(super) fn chain(station: &str, count: u64) -> Vec<String> {
    let mut prev = Digest::ZERO;
    (1..=count)
        .map(|seq| {
            let class = if seq % 10 == 0 { "alert" } else { "decision" };
            let bytes = format!(
                r#"{{"seq":{seq},"prev":"{prev}","station":"{station}","lane":"A","at":{NOW_MS},"kind":"decision","class":"{class}","audience":"all","body":{{"pass":"A/1/{seq}","item":"RB{seq}","verdict":{{"outcome":"exam","reasons":[{{"text":"Reason {seq}."}}]}}}}}}"#
            );
            prev = Received::read(bytes.as_bytes()).unwrap().head;
            bytes
        })
        .collect()
}

pub(super) fn arrived(facility: &str, station: &str, record: &str) -> Arrived {
    let class = if record.contains(r#""class":"alert""#) { Class::Alert } else { Class::Decision };
    let received = place::read(&address(station), Some(class), record.as_bytes()).unwrap();
    Arrived::new(Name::new(facility).unwrap(), &received, record.to_owned(), false)
}

/// Of st-01.
pub(super) fn batch_of(records: impl IntoIterator<Item = Arrived>) -> Batch {
    let records = records.into_iter().collect();
    Batch { records: BTreeMap::from([(address("st-01").station, records)]), ..Batch::default() }
}

pub(super) fn batch<'a>(station: &str, records: impl IntoIterator<Item = &'a String>) -> Batch {
    let arrived = records.into_iter().map(|record| arrived("JFK", station, record)).collect();
    Batch { records: BTreeMap::from([(address(station).station, arrived)]), ..Batch::default() }
}

async fn commit(store: &Store, batch: Batch) -> Outcome {
    store.commit(batch, NOW_MS).await.unwrap()
}

fn told(outcome: &Outcome) -> &Committed {
    &outcome.stations[0]
}

pub async fn records_in_any_order_are_stored_once_and_verified_when_the_last_gap_closes(ground: Ground) {
    let store = ground.open().await;
    let chain = chain("st-01", 30);
    let first = commit(&store, batch("st-01", chain[20..].iter().rev())).await;
    assert_eq!((told(&first).verified.is_empty(), told(&first).high), (true, Some(30)));
    assert_eq!(told(&first).received, (21..=30).collect());
    let second = commit(&store, batch("st-01", chain[..10].iter().chain(&chain[25..27]))).await;
    assert_eq!(told(&second).verified, (1..=10).collect());
    assert_eq!((second.stored, second.repeated), (10, 2));
    let station = &store.stations().await.unwrap()[0];
    assert_eq!((station.gaps.clone(), station.chain_verified_to), ((11..=20).collect(), Some(10)));
    let third = commit(&store, batch("st-01", &chain[10..20])).await;
    assert_eq!(told(&third).verified, (1..=30).collect());
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.durable, counts.verified, counts.missing, counts.received, counts.repeated), (30, 30, 0, 32, 2));
    assert!(store.stations().await.unwrap()[0].gaps.is_empty());
}

pub async fn a_long_chain_is_walked_in_steps(ground: Ground) {
    let store = ground.open().await;
    let chain = chain("st-01", 9_000);
    for records in chain[1..].chunks(1_000).rev() {
        commit(&store, batch("st-01", records)).await;
    }
    let last = commit(&store, batch("st-01", &chain[..1])).await;
    assert_eq!(told(&last).verified, (1..=9_000).collect());
}

pub async fn what_is_altered_forged_or_foreign_is_put_aside_and_never_acknowledged(ground: Ground) {
    let store = ground.open().await;
    let chain = chain("st-01", 6);
    commit(&store, batch("st-01", &chain[..3])).await;
    let altered = chain[3].replace("\"exam\"", "\"release\"");
    let rewritten = chain[2].replace("\"exam\"", "\"release\"");
    let outcome = commit(&store, batch("st-01", [&rewritten, &chain[4], &altered])).await;
    // Nothing is wrong with the altered record's own beginning; what follows it disproves it.
    assert_eq!(outcome.quarantined, 2);
    assert_eq!(told(&outcome).received, (5..=5).collect());
    assert_eq!(told(&outcome).verified, (1..=3).collect());
    let mut elsewhere = batch("st-01", []);
    elsewhere.records = BTreeMap::from([(address("st-01").station, vec![arrived("LAX", "st-01", &chain[3])])]);
    let outcome = commit(&store, elsewhere).await;
    assert!(told(&outcome).received.is_empty());
    let reasons: Vec<String> = store.quarantined(10).await.unwrap().into_iter().map(|doubt| doubt.reason).collect();
    for reason in ["differs", "broken-after", "other-facility"] {
        assert!(reasons.iter().any(|found| found == reason), "{reason} in {reasons:?}");
    }
    // The same again is counted, not stored twice; the true record still finds its place.
    commit(&store, batch("st-01", [&altered])).await;
    assert_eq!(store.quarantined(10).await.unwrap().len(), 3);
    let healed = commit(&store, batch("st-01", &chain)).await;
    assert_eq!(told(&healed).verified, (1..=6).collect());
}

pub async fn a_new_process_goes_on_where_the_last_commit_ended(ground: Ground) {
    let store = ground.open().await;
    let chain = chain("st-01", 20);
    commit(&store, batch("st-01", &chain[..12])).await;
    store.close().await;
    let store = ground.open().await;
    let known = store.committed().await.unwrap();
    assert_eq!((known[0].verified.clone(), known[0].high), ((1..=12).collect(), Some(12)));
    let outcome = commit(&store, batch("st-01", &chain[10..])).await;
    assert_eq!((told(&outcome).verified.clone(), outcome.repeated), ((1..=20).collect(), 2));
}

pub async fn alerts_are_listed_newest_first_and_history_is_not_fresh(ground: Ground) {
    let store = ground.open().await;
    let chain = chain("st-01", 20);
    let mut batch = batch("st-01", &chain);
    for arrived in batch.records.values_mut().flatten() {
        arrived.history = arrived.seq <= 10;
    }
    assert_eq!(commit(&store, batch).await.fresh_alerts, 1);
    let alerts = store.alerts(None, 10).await.unwrap();
    let seen: Vec<_> = alerts.iter().map(|alert| (alert.seq, alert.fresh, alert.reason.as_str())).collect();
    assert_eq!(seen, [(20, true, "Reason 20."), (10, false, "Reason 10.")]);
    assert_eq!(alerts[0].item.as_deref(), Some("RB20"));
    assert!(store.alerts(Some(NOW_MS), 10).await.unwrap().is_empty());
}

pub async fn a_status_shows_what_is_awaited_and_an_old_last_will_changes_nothing(ground: Ground) {
    let store = ground.open().await;
    let status = |since_ms, online, high| Status {
        station: address("st-01").station,
        online,
        since_ms,
        high,
        backlog: 4,
        software: "0.1.0".into(),
    };
    let say = |status| Batch { statuses: vec![(address("st-01"), status)], ..Batch::default() };
    commit(&store, say(status(2_000, true, Some(9)))).await;
    commit(&store, batch("st-01", &chain("st-01", 5))).await;
    commit(&store, say(status(1_000, false, None))).await;
    let station = &store.stations().await.unwrap()[0];
    assert!(station.online);
    assert_eq!(station.awaited, (6..=9).collect());
    commit(&store, say(status(2_000, false, None))).await;
    let station = &store.stations().await.unwrap()[0];
    assert!(!station.online);
    assert_eq!(station.awaited, (6..=9).collect::<RangeSet>(), "a promise is not taken back");
}

pub async fn stations_do_not_touch_each_other(ground: Ground) {
    let store = ground.open().await;
    let mut both = batch("st-01", &chain("st-01", 7));
    both.records.extend(batch("st-02", &chain("st-02", 3)).records);
    let outcome = commit(&store, both).await;
    let ends: Vec<_> = outcome.stations.iter().map(|told| (told.address.station.to_string(), told.high)).collect();
    assert_eq!(ends, [("st-01".to_owned(), Some(7)), ("st-02".to_owned(), Some(3))]);
}

/// The schemas that were in use before, in order.
pub(super) const MIGRATIONS: [(i64, &str, &str); 9] = [
    (1, "records", include_str!("../../station/central/migrations/0001_records.sql")),
    (2, "holds", include_str!("../../station/central/migrations/0002_holds.sql")),
    (3, "follow", include_str!("../../station/central/migrations/0003_follow.sql")),
    (4, "access", include_str!("../../station/central/migrations/0004_access.sql")),
    (5, "parts", include_str!("../../station/central/migrations/0005_parts.sql")),
    (6, "rollouts", include_str!("../../station/central/migrations/0006_rollouts.sql")),
    (7, "commands", include_str!("../../station/central/migrations/0007_commands.sql")),
    (8, "restored", include_str!("../../station/central/migrations/0008_restored.sql")),
    (9, "post", include_str!("../../station/central/migrations/0009_post.sql")),
];

/// What a central of every older version left is read by this one, and nothing of it is lost.
pub async fn a_database_of_every_older_schema_is_brought_up_to_date(ground: Ground) {
    let mut connection = ground.connect_new().await;
    for (version, name, sql) in MIGRATIONS {
        let sql = if ground.url().is_some() { sql.replace(" BLOB ", " BYTEA ") } else { sql.to_owned() };
        let sql = sqlx::SqlSafeStr::into_sql_str(sqlx::AssertSqlSafe(sql));
        let simple = sqlx::migrate::MigrationType::Simple;
        let one = sqlx::migrate::Migration::new(version, name.into(), simple, sql, false);
        let mut migrator = sqlx::migrate::Migrator::with_migrations(vec![one]);
        migrator.set_ignore_missing(true);
        migrator.run(&mut connection).await.unwrap();
        if version == 1 {
            let station = "INSERT INTO station (station, facility, first_heard_ms, last_heard_ms, durable) VALUES ('st-01', 'JFK', 1, 2, 3)";
            sqlx::query(station).execute(&mut connection).await.unwrap();
        }
        if version == 2 {
            for (id, audience) in [("h1", "\"all\""), ("h2", r#"{"restricted":{"group":"g","cover":"c"}}"#)] {
                let HoldChange::Place(line) = hold_on("RB123456785US", id, audience) else { return };
                sqlx::query("INSERT INTO hold (id, item, line, placed_ms, placed_by) VALUES ($1, $2, $3, 5, 'ann')")
                    .bind(id)
                    .bind(line.item.as_str())
                    .bind(serde_json::to_string(&line).unwrap())
                    .execute(&mut connection)
                    .await
                    .unwrap();
            }
        }
    }
    let store = ground.open().await;
    assert_eq!(store.stations().await.unwrap()[0].durable, 3);
    let funnel = store.funnel(&gatepost_central::follow::Patience::default(), NOW_MS).await.unwrap();
    assert_eq!(funnel.iter().map(|of| (of.facility.as_str(), of.placed)).collect::<Vec<_>>(), [("JFK", 1)]);
    let signatory = Signatory::load_or_create("central", &ground.path().join("key")).unwrap();
    let list = store.change_hold(&place_hold("h3"), "ann", &signatory, NOW_MS).await.unwrap();
    assert_eq!((lines(&list.bytes), list.version), (3, 1));
}

/// A command beside a central that has just been installed.
pub async fn programs_that_start_at_once_bring_a_new_database_up_to_date_once(ground: Ground) {
    let database = ground.database();
    let opened = (0..4).map(|_| {
        let database = database.clone();
        // Each on a thread of its own: whoever waits for the other waits on the system.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { Store::open(&database).await.map(drop).map_err(|error| error.to_string()) })
        })
    });
    let opened: Vec<_> = opened.collect();
    for one in opened {
        assert_eq!(one.join().unwrap(), Ok(()));
    }
}

pub async fn a_database_of_a_newer_program_is_refused(ground: Ground) {
    let store = ground.open().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 SELECT 999, description, success, checksum, execution_time FROM _sqlx_migrations WHERE version = 1";
    sqlx::query(newer).execute(&mut ground.connect().await).await.unwrap();
    store.close().await;
    let refused = Store::open(&ground.database()).await.unwrap_err();
    assert!(refused.to_string().contains("newer gatepost-central"), "{refused}");
}

fn place_hold(id: &str) -> HoldChange {
    hold_on("RB123456785US", id, "\"all\"")
}

fn lines(package: &[u8]) -> usize {
    package.iter().filter(|byte| **byte == b'\n').count() - 1
}

pub async fn holds_are_placed_once_lifted_once_and_signed_into_rising_versions(ground: Ground) {
    let store = ground.open().await;
    let signatory = Signatory::load_or_create("central", &ground.path().join("key")).unwrap();
    let change = async |change: &HoldChange| store.change_hold(change, "officer 7", &signatory, NOW_MS).await;
    assert!(store.hold_list().await.unwrap().is_none());
    assert_eq!(lines(&change(&place_hold("h1")).await.unwrap().bytes), 1);
    assert_eq!(lines(&change(&place_hold("h2")).await.unwrap().bytes), 2);
    assert!(matches!(change(&place_hold("h1")).await, Err(HoldError::Known(_))));
    let lifted = change(&HoldChange::Lift("h1".to_owned())).await.unwrap();
    assert_eq!((lines(&lifted.bytes), lifted.version), (1, 3));
    assert!(String::from_utf8_lossy(&lifted.bytes).contains("\"version\":3"));
    assert!(matches!(change(&HoldChange::Lift("h1".to_owned())).await, Err(HoldError::Unknown(_))));
    assert!(matches!(change(&place_hold("h1")).await, Err(HoldError::Known(_))), "an id is used once");
    assert_eq!(store.hold_list().await.unwrap(), Some(lifted));
}

pub async fn what_no_text_may_hold_keeps_no_batch_out(ground: Ground) {
    let store = ground.open().await;
    let chain = chain("st-01", 12);
    let strange = |record: &String| {
        let record = record.replace("\"lane\":\"A\"", "\"lane\":\"A\\u0000\"").replace("RB", "\\u0000\\u001f");
        record.replace("Reason", "\\u0007'; DROP TABLE record; --")
    };
    let first = strange(&chain[0]);
    let outcome = commit(&store, batch("st-01", [&first])).await;
    assert_eq!((outcome.stored, told(&outcome).verified.clone()), (1, (1..=1).collect()));
    let alarm = strange(&chain[9]);
    let outcome = commit(&store, batch("st-01", [&alarm])).await;
    assert_eq!((outcome.stored, outcome.fresh_alerts), (1, 1));
    let alerts = store.alerts(None, 10).await.unwrap();
    assert_eq!(alerts[0].item.as_deref(), Some("\u{fffd}\u{fffd}10"));
    assert_eq!(alerts[0].reason, "\u{fffd}'; DROP TABLE record; -- 10.");
    let mut nonsense = batch("st-01", []);
    nonsense.doubtful.push(Doubtful {
        address: address("st-01"),
        seq: None,
        doubt: Doubt::Unreadable("a\u{0}b".to_owned()),
        bytes: b"\x00\xff".to_vec(),
    });
    assert_eq!(commit(&store, nonsense).await.quarantined, 1);
}

/// Many centrals at one database: whoever comes second sees what the first wrote, and nobody waits for ever.
pub async fn two_centrals_at_once_store_everything_once(ground: Ground) {
    let stores = [ground.open().await, ground.open().await, ground.open().await];
    let stations: Vec<String> = (1..=40).map(|n| format!("st-{n:02}")).collect();
    let chains: Vec<Vec<String>> = stations.iter().map(|station| chain(station, 60)).collect();
    let batches = |own: usize| {
        // Every central hears everything, in another order, some of it twice.
        (0..60).map(move |step| (step * (2 * own + 7) + own * 13) % 60)
    };
    let mut tasks = Vec::new();
    for (own, store) in stores.iter().cloned().enumerate() {
        let (stations, chains) = (stations.clone(), chains.clone());
        tasks.push(tokio::spawn(async move {
            let mut stored = 0;
            for at in batches(own) {
                let mut together = Batch::default();
                for (station, chain) in stations.iter().zip(&chains) {
                    together.records.extend(batch(station, [&chain[at]]).records);
                }
                stored += store.commit(together, NOW_MS).await.expect("committed").stored;
            }
            stored
        }));
    }
    let mut stored = 0;
    for task in tasks {
        stored += task.await.expect("done");
    }
    let counts = stores[0].counts().await.unwrap();
    assert_eq!((stored, counts.durable, counts.verified), (2_400, 2_400, 2_400));
    assert_eq!((counts.received, counts.repeated, counts.quarantined), (7_200, 4_800, 0));
}

/// No list may leave out what another central has just placed.
pub async fn holds_of_two_centrals_at_once_are_all_in_the_last_list(ground: Ground) {
    let stores = [ground.open().await, ground.open().await];
    let signatory = Arc::new(Signatory::load_or_create("central", &ground.path().join("key")).unwrap());
    let mut tasks = Vec::new();
    for (own, store) in stores.iter().cloned().enumerate() {
        let signatory = signatory.clone();
        tasks.push(tokio::spawn(async move {
            for n in 0..40 {
                let change = place_hold(&format!("h{own}-{n}"));
                store.change_hold(&change, "officer 7", &signatory, NOW_MS).await.expect("placed");
            }
        }));
    }
    for task in tasks {
        task.await.expect("done");
    }
    let list = stores[0].hold_list().await.unwrap().unwrap();
    assert_eq!((lines(&list.bytes), list.version), (80, 80));
}

/// Every story that is told of one central, as tests on one ground.
#[macro_export]
macro_rules! central_stories {
    ($name:ident, $ground:expr) => {
        $crate::central_stories!(
            $name, $ground,
            records_in_any_order_are_stored_once_and_verified_when_the_last_gap_closes,
            a_long_chain_is_walked_in_steps,
            what_is_altered_forged_or_foreign_is_put_aside_and_never_acknowledged,
            a_new_process_goes_on_where_the_last_commit_ended,
            alerts_are_listed_newest_first_and_history_is_not_fresh,
            a_status_shows_what_is_awaited_and_an_old_last_will_changes_nothing,
            stations_do_not_touch_each_other,
            a_database_of_every_older_schema_is_brought_up_to_date,
            programs_that_start_at_once_bring_a_new_database_up_to_date_once,
            a_database_of_a_newer_program_is_refused,
            holds_are_placed_once_lifted_once_and_signed_into_rising_versions,
            a_hold_is_followed_to_its_end_in_whatever_order_records_come,
            a_late_hold_finds_its_item_and_an_item_that_came_back_is_found,
            what_is_restricted_stands_on_no_page_of_holds,
            a_hold_that_no_station_would_take_is_refused_and_one_whose_time_is_over_is_not_followed,
            what_no_text_may_hold_keeps_no_batch_out,
            a_rollout_goes_stage_by_stage_and_orders_everybody_once,
            an_error_of_one_station_takes_all_back_and_is_an_alert,
            a_pack_that_flags_another_share_of_parcels_goes_back_to_the_one_before,
            a_person_halts_resumes_and_goes_back_and_a_second_rollout_waits_for_the_first,
            stations_that_are_away_or_new_are_not_forgotten,
            what_a_station_was_ordered_back_from_is_not_what_the_next_rollout_goes_back_to,
            a_station_that_has_not_said_yet_what_it_took_goes_back_to_what_it_was_ordered_last,
            a_station_taken_out_is_in_no_rollout_and_holds_none_up,
            a_command_is_numbered_once_sent_one_at_a_time_and_stands_as_the_station_answers,
            the_post_is_asked_for_an_item_answers_and_is_told_when_the_hold_ends,
            what_became_of_an_item_is_told_by_the_table_and_never_guessed,
            a_bench_tells_what_it_presented_as_soon_as_it_is_known,
            a_restricted_operation_looks_to_the_post_like_a_draw,
            what_may_have_arrived_is_sent_again_the_same_and_no_item_overtakes_itself,
            two_centrals_tell_the_post_everything_once,
            hostile_words_are_words_to_the_post_too,
            how_far_the_post_knows_of_the_holds_is_counted_beside_their_way,
            every_question_needs_a_token_for_it_and_a_stolen_one_is_stopped_at_once,
            a_session_begins_with_a_token_and_ends_with_it,
            who_is_refused_often_waits_and_fills_no_disk,
            a_database_that_takes_nothing_more_shows_its_pages_all_the_same,
            a_code_lets_one_station_in_once,
            an_enrolled_key_renews_another_is_refused_and_one_taken_out_is_believed_no_more,
            whoever_tries_codes_waits_and_closes_no_invitation,
            a_mistyped_facility_takes_nobody_out_and_an_open_invitation_can_be_closed,
            several_that_take_stations_out_at_once_leave_the_whole_list,
            every_row_comes_back_from_one_kind_of_database_to_the_other,
            a_backup_names_every_table_and_column_that_is_really_there,
            a_backup_of_a_running_central_is_of_one_moment,
            what_is_not_whole_or_not_ours_restores_nothing,
            a_backup_of_every_older_schema_is_restored_and_brought_up_to_date,
            what_a_restored_central_says_is_newer_than_all_it_ever_said,
            keys_go_along_when_asked_for_and_their_absence_is_said,
            a_station_that_records_in_anothers_name_is_put_aside,
            hostile_text_in_every_field_is_text_and_changes_nothing
        );
    };
    ($name:ident, $ground:expr, $($story:ident),+) => {
        mod $name {
            use super::*;
            $(#[tokio::test]
            async fn $story() {
                stories::$story($ground).await;
            })+
        }
    };
}
