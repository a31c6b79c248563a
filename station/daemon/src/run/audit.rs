//! Records that the station makes about itself: what it began with, what it found wrong, what it took in or let go.
//!
//! Shapes only. A record that cannot be queued is lost and said in the log; what it is about has happened all the same.

use gatepost_hardware::units::WallMs;
use gatepost_ledger::disk::DiskError;
use gatepost_ledger::journal::Torn;
use gatepost_ledger::journal::writer::Writer;
use gatepost_ledger::retain::Dropped;
use gatepost_ledger::verify::{Problem, Report};
use gatepost_pipeline::drive::Versions;
use gatepost_pipeline::record::{Audience, Kind, Pending, Urgency};
use serde::Serialize;

use crate::run::clock;
use crate::run::commands::{Answer, Done};
use crate::run::rules::Packs;

/// Puts a record of the whole station into the journal.
pub fn put<B: Serialize>(ledger: &Writer, kind: Kind, urgency: Urgency, body: &B) {
    let made = Pending::entry(kind, urgency, Audience::All, "", clock::wall_now(), body);
    let queued = made.map_err(|error| error.to_string()).and_then(|pending| {
        ledger.record_waiting(pending, Box::new(drop)).map_err(|_| "the ledger has stopped".to_owned())
    });
    if let Err(why) = queued {
        tracing::error!("a record of the station is lost: {why}");
    }
}

/// *config*: with what this run of the station began.
#[derive(Serialize)]
pub struct Began<'a> {
    pub event: &'static str,
    pub versions: &'a Versions,
    /// The key that signs, and the one personal text is sealed to.
    pub key: String,
    pub seal_to: String,
    /// Wall time of the last record before.
    pub last_record: WallMs,
}

/// *audit*, an alert: bytes at the journal's end that were never acknowledged, as after a cut of the power. Recorded as
/// possible tampering, because from inside nobody can tell.
#[derive(Serialize)]
pub struct Found<'a> {
    event: &'static str,
    segment: &'a str,
    at: u64,
    bytes: u64,
    kept_as: Option<&'a str>,
    says: &'static str,
}

pub fn torn(ledger: &Writer, torn: &Torn) {
    let body = Found {
        event: "torn-tail",
        segment: &torn.segment,
        at: torn.at,
        bytes: torn.bytes,
        kept_as: torn.kept_as.as_deref(),
        says: "the journal ended in a record that was never whole; it was cut off and kept beside",
    };
    put(ledger, Kind::Audit, Urgency { tampering: true, ..Urgency::default() }, &body);
}

/// *device*, an alert: the disk did something that the journal overcame.
#[derive(Serialize)]
struct Trouble<'a> {
    event: &'static str,
    path: &'a str,
    says: String,
}

pub fn trouble(ledger: &Writer, error: &DiskError) {
    let body = Trouble { event: "disk-trouble", path: &error.path, says: error.cause.to_string() };
    put(ledger, Kind::Device, Urgency { alert: true, ..Urgency::default() }, &body);
}

/// *device*, an alert: the disk is about to be full, while there is still room to say so.
#[derive(Serialize)]
struct Short {
    event: &'static str,
    room_bytes: u64,
    says: &'static str,
}

pub fn disk_short(ledger: &Writer, room_bytes: u64) {
    let says = "the data folder's disk is nearly full: parcels go to exam until there is room; free disk space";
    let body = Short { event: "disk-short", room_bytes, says };
    put(ledger, Kind::Device, Urgency { alert: true, ..Urgency::default() }, &body);
}

/// *device*, an alert: pictures of labels are not kept. Said once, until one is kept again.
#[derive(Serialize)]
struct LabelLost<'a> {
    event: &'static str,
    camera: &'a str,
    says: &'static str,
}

pub fn label_lost(ledger: &Writer, camera: &str) {
    let says = "its label pictures cannot be stored and stay in its folder; the station's log says why";
    let body = LabelLost { event: "label-not-kept", camera, says };
    put(ledger, Kind::Device, Urgency { alert: true, ..Urgency::default() }, &body);
}

/// *audit*: pictures of labels that were read went before their time, for room.
#[derive(Serialize)]
struct LabelsPushedOut {
    event: &'static str,
    pictures: u64,
}

pub fn labels_pushed_out(ledger: &Writer, pictures: u64) {
    put(ledger, Kind::Audit, Urgency::default(), &LabelsPushedOut { event: "labels-pushed-out", pictures });
}

/// *audit*: records that central has and that were let go here.
#[derive(Serialize)]
struct Retained {
    event: &'static str,
    first_seq: u64,
    last_seq: u64,
    segments: usize,
}

pub fn retained(ledger: &Writer, gone: &[Dropped]) {
    let (Some(first), Some(last)) = (gone.first(), gone.last()) else { return };
    let body =
        Retained { event: "retention", first_seq: first.first_seq, last_seq: last.last_seq, segments: gone.len() };
    put(ledger, Kind::Audit, Urgency::default(), &body);
}

/// *config*: which rules are in force since when, or why an order about them was refused; that is an alert.
#[derive(Serialize)]
pub struct RulesBody<'a> {
    pub event: &'static str,
    /// The version of central's order; 0: before its first.
    pub order: u64,
    /// Of the pack in force, or of what was refused.
    pub digest: &'a str,
    pub in_force: bool,
    /// Milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<&'a str>,
    pub says: &'a str,
}

/// The rules in force, as the station knows them.
pub fn rules_in_force(ledger: &Writer, packs: &Packs, digest: &str) {
    let standing = packs.standing();
    let body = RulesBody {
        event: "rules",
        order: standing.map_or(0, |standing| standing.order),
        digest,
        in_force: true,
        since: standing.map(|standing| standing.since),
        before: standing.map(|standing| standing.before.as_str()),
        says: packs.trouble().unwrap_or("in force"),
    };
    tracing::info!("rules {digest}: {}", body.says);
    let urgency = Urgency { alert: packs.trouble().is_some(), ..Urgency::default() };
    put(ledger, Kind::Config, urgency, &body);
}

pub fn rules_refused(ledger: &Writer, order: u64, digest: &str, says: &str) {
    tracing::warn!("rules of order {order}: {says}");
    let body = RulesBody { event: "rules", order, digest, in_force: false, since: None, before: None, says };
    put(ledger, Kind::Config, Urgency { denied: true, ..Urgency::default() }, &body);
}

/// *config*, an alert: an order about rules that cannot be taken yet, and is tried again.
pub fn rules_wait(ledger: &Writer, order: u64, digest: &str, says: &str) {
    tracing::warn!("rules of order {order}: {says}; it is tried again");
    let body = RulesBody { event: "rules-wait", order, digest, in_force: false, since: None, before: None, says };
    put(ledger, Kind::Config, Urgency { alert: true, ..Urgency::default() }, &body);
}

/// *config*: what became of a command of central's: taken, refused (an alert), or, of a walk of the journal, what it found.
#[derive(Serialize)]
struct CommandBody<'a> {
    event: &'static str,
    /// The command's number; 0 where the message was not believed.
    order: u64,
    /// BLAKE3 of the message, by which central knows what is meant.
    message: &'a str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    verb: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lane: Option<&'a str>,
    /// Milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    walked: Option<Walked<'a>>,
    says: &'a str,
}

/// How far a journal was walked, and the first that is wrong with it.
#[derive(Serialize)]
struct Walked<'a> {
    whole: bool,
    records: u64,
    first_seq: u64,
    last_seq: u64,
    signed_to: u64,
    problems: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_problem: Option<&'a Problem>,
}

impl<'a> CommandBody<'a> {
    fn new(order: u64, message: &'a str, state: &'static str, says: &'a str) -> Self {
        let (verb, lane, until, why, walked) = (None, None, None, None, None);
        Self { event: "command", order, message, state, verb, lane, until, why, walked, says }
    }
}

pub fn command_taken(ledger: &Writer, order: u64, message: &str, done: &Done) {
    let command = &done.command;
    tracing::info!("command {order}, {}: {}", command.verb(), done.says);
    let body = CommandBody {
        verb: Some(command.verb()),
        lane: command.lane().map(|lane| lane.as_str()),
        until: command.until_ms(),
        why: Some(command.why()),
        ..CommandBody::new(order, message, "taken", &done.says)
    };
    put(ledger, Kind::Config, Urgency::default(), &body);
}

/// An alert: a command that cannot be taken yet, and is tried again; central goes on waiting for the answer.
pub fn command_waits(ledger: &Writer, order: u64, message: &str, says: &str) {
    tracing::warn!("command {order}: {says}; it is tried again");
    let body = CommandBody::new(order, message, "waits", says);
    put(ledger, Kind::Config, Urgency { denied: true, ..Urgency::default() }, &body);
}

/// The answer to a command that central says again.
pub fn command_answered(ledger: &Writer, answer: &Answer) {
    let Answer { order, message, refused, says } = answer;
    let body = CommandBody::new(*order, message, if *refused { "refused" } else { "taken" }, says);
    put(ledger, Kind::Config, Urgency { denied: *refused, ..Urgency::default() }, &body);
}

pub fn command_refused(ledger: &Writer, order: u64, message: &str, says: &str) {
    tracing::warn!("command {order}: {says}");
    let body = CommandBody::new(order, message, "refused", says);
    put(ledger, Kind::Config, Urgency { denied: true, ..Urgency::default() }, &body);
}

/// What a walk of the journal found; that it is not whole is an alert. Says whether it is on the disk, nothing when the
/// ledger has stopped.
pub fn walked(ledger: &Writer, order: u64, message: &str, found: &Result<Report, String>) -> Option<bool> {
    let (walked, says) = match found {
        Err(why) => (None, format!("the journal could not be read to its end: {why}")),
        Ok(report) => {
            let first = report.problems.first();
            let walked = Walked {
                whole: report.whole,
                records: report.records,
                first_seq: report.first_seq,
                last_seq: report.last_seq,
                signed_to: report.signed_to,
                problems: report.problems.len(),
                first_problem: first,
            };
            (Some(walked), walk_says(report))
        }
    };
    tracing::info!("command {order}, verify: {says}");
    let urgency = Urgency { alert: !found.as_ref().is_ok_and(|report| report.whole), ..Urgency::default() };
    let body = CommandBody { verb: Some("verify"), walked, ..CommandBody::new(order, message, "done", &says) };
    let pending = Pending::entry(Kind::Config, urgency, Audience::All, "", clock::wall_now(), &body).ok()?;
    let (told, is_durable) = std::sync::mpsc::sync_channel(1);
    // Whoever asked waits for it, so there is room.
    let done = Box::new(move |result: Result<_, _>| told.try_send(result.is_ok()).unwrap_or_default());
    ledger.record_waiting(pending, done).ok()?;
    is_durable.recv().ok()
}

fn walk_says(report: &Report) -> String {
    let Report { first_seq, last_seq, signed_to, .. } = report;
    match report.problems.as_slice() {
        [] => format!("the journal is whole: records {first_seq} to {last_seq}, signed up to {signed_to}"),
        [first, more @ ..] => {
            let Problem { file, at, seq, what, remedy } = first;
            let more = if more.is_empty() { String::new() } else { format!(" ({} more)", more.len()) };
            format!("the journal is NOT whole: {file}, byte {at}, record {seq}: {what}{more}; {remedy}")
        }
    }
}

/// *config*, an alert: nobody can say any more whether central had sent everything to exam.
pub fn commands_lost(ledger: &Writer, says: &str) {
    tracing::warn!("{says}");
    let body = CommandBody::new(0, "", "lost", says);
    put(ledger, Kind::Config, Urgency { alert: true, ..Urgency::default() }, &body);
}

/// *list*: what came, from where, and whether it is in force. Refused is an alert.
#[derive(Serialize)]
pub struct ListBody<'a> {
    pub document: &'a str,
    pub digest: String,
    pub in_force: bool,
    pub says: String,
}

pub fn list(ledger: &Writer, document: &str, digest: String, taken: Result<(), String>) {
    let in_force = taken.is_ok();
    let says = taken.err().unwrap_or_else(|| "in force".to_owned());
    tracing::info!("{document}: {says}");
    let urgency = Urgency { denied: !in_force, ..Urgency::default() };
    put(ledger, Kind::List, urgency, &ListBody { document, digest, in_force, says });
}
