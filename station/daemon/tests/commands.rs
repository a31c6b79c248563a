//! The built `gatepost`, as a technician types it: what it prints, what it says of bad input, how it exits.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use gatepost_daemon::blackbox::{Begin, BlackBox, Heard, fingerprint};
use gatepost_hardware::lane::file;
use gatepost_hardware::link::{BootCause, Fact, Greeting, LaneState, Report};
use gatepost_hardware::units::{Micros, WallMs};
use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::disk::memory::MemoryDisk;
use gatepost_ledger::disk::real::RealDisk;
use gatepost_ledger::journal::{Bounds, Journal, Setup, segment};
use gatepost_ledger::key::StationKey;
use gatepost_pipeline::drive::{Drive, DriveConfig, Versions};
use gatepost_pipeline::event::{ClockState, Effect, Event};
use gatepost_pipeline::judge::{Fault, Token};
use gatepost_pipeline::record::{Audience, Kind, Pending, Urgency};
use gatepost_pipeline::ruleset::Ruleset;
use serde_json::{Value, json};

#[path = "commands/camera.rs"]
mod camera;
#[path = "commands/pins.rs"]
mod pins;
#[path = "commands/tip.rs"]
mod tip;
#[path = "commands/weights.rs"]
mod weights;

struct Answer {
    code: i32,
    out: String,
    err: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {} {}", self.out, self.err))
    }
    #[track_caller]
    fn is(self, code: i32, says: &[&str]) -> Self {
        assert_eq!(self.code, code, "{} {}", self.out, self.err);
        let all = format!("{}{}", self.out, self.err);
        says.iter().for_each(|part| assert!(all.contains(part), "{part:?} is missing in {all}"));
        self
    }
}

fn gatepost(words: &[&str]) -> Answer {
    let done = Command::new(env!("CARGO_BIN_EXE_gatepost")).args(words).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Answer { code: done.status.code().unwrap_or(-1), out: text(done.stdout), err: text(done.stderr) }
}

const LANES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../hardware/lanes");

fn station() -> String {
    format!(
        r#"[station]
name = "try-1"
facility = "jfk"
data = "data"
clock = "host"

[[lane]]
file = "{LANES}/north.toml"
controller = {{ port = "no-such-port" }}
[lane.scanner.scanner]
serial = {{ port = "no-such-scanner", baud = 9600 }}
protocol = {{ plain = {{}} }}
[lane.scale.scale]
serial = {{ port = "no-such-scale", baud = 9600, line = "7E1" }}
protocol = {{ mt-sics = {{}} }}
[lane.xray.xray]
folder = "xray"
pitch_um = 1500
belt_step_um = 1000
"#
    )
}

/// A folder with a configuration in it.
struct Site {
    folder: tempfile::TempDir,
}

impl Site {
    fn new() -> Self {
        Self::with(&station())
    }
    fn with(text: &str) -> Self {
        let site = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::write(site.at("station.toml"), text).unwrap();
        site
    }
    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    fn text(&self, name: &str) -> String {
        self.at(name).display().to_string()
    }
    fn config(&self) -> String {
        self.text("station.toml")
    }
}

/// The log of a station may lie on the disk that is full; a line that cannot be written must not end it.
#[test]
fn a_log_that_cannot_be_written_ends_nothing() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let console = format!("[console]\nhttp = \"{}\"\n", taken.local_addr().unwrap());
    let site = Site::with(&(station() + &console));
    let mut run = Command::new(env!("CARGO_BIN_EXE_gatepost"));
    run.args(["run", "--config", &site.config()]);
    let heard = String::from_utf8(run.output().unwrap().stderr).unwrap();
    assert!(heard.contains("starts") && heard.contains("has not been heard yet"), "there is something to log: {heard}");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    assert_eq!(run.stderr(full).output().unwrap().status.code(), Some(1), "a taken port is all that ends it");
}

#[test]
fn id_says_what_the_vectors_say() {
    let good = gatepost(&["id", "--json", "RR473124829GB", "RB123456785GB"]).is(0, &[]).json();
    assert_eq!(good[0]["kind"], "s10");
    assert_eq!((&good[0]["valid"], &good[0]["parts"]["check"]), (&json!(true), &json!("9")));
    let bad = gatepost(&["id", "--json", "RB123456786US"]).is(1, &[]).json();
    assert_eq!((&bad[0]["valid"], &bad[0]["problems"]), (&json!(false), &json!(["check-digit"])));
    assert_eq!(bad[0]["parts"]["check_expected"], "5");
    let keys: Vec<&String> = bad[0].as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 5, "{keys:?}");
    gatepost(&["id", "RB123456786US"]).is(1, &["NOT valid", "the check digit is wrong", "scan it again"]);
}

#[test]
fn wiring_draws_a_lane_and_says_what_is_wrong_with_what_was_typed() {
    let site = Site::new();
    let (north, out) = (format!("{LANES}/north.toml"), site.text("north.svg"));
    gatepost(&["wiring", "--lane", &north, "--out", &out]).is(0, &["north.svg", "lane north", "A4 landscape"]);
    let drawn = gatepost(&["wiring", "--lane", &north]).is(0, &["<svg", "infeed-end", "FB_RELEASE"]).out;
    assert_eq!(std::fs::read_to_string(&out).unwrap(), drawn);
    let listed = gatepost(&["wiring", "--json", "--lane", &north]).is(0, &[]).json();
    let eye = json!({"terminal": "EYE0", "direction": "input", "device": "eye entry", "detail": "infeed 100 mm, entry",
        "at_24_v": "beam received", "at_0_v_or_cut": "blocked", "cable": "W1.0"});
    assert_eq!((&listed["lane"], &listed["connections"][0]), (&json!("north"), &eye));

    gatepost(&["wiring", "--lane", &north, "--board", "lm3s6965"]).is(0, &[">PB0<", ">PA3<"]);
    gatepost(&["wiring", "--lane", &north, "--board", "rp2350"]).is(0, &[">GP32<", ">GP3<"]);
    gatepost(&["wiring", "--lane", &north, "--board", "uno"]).is(2, &["uno: no such board; there is lm3s6965, rp2350"]);

    gatepost(&["wiring"]).is(2, &["--lane"]);
    gatepost(&["wiring", "--lane", "no-such.toml"]).is(1, &["no-such.toml", "cannot be read", "check the name"]);
    gatepost(&["wiring", "--lane", &north, "--out", "north.pdf"]).is(2, &["north.pdf", "ends in .svg"]);
    gatepost(&["wiring", "--lane", &north, "--out", "/no/such/folder/a.svg"]).is(1, &["a.svg", "cannot be written"]);
    std::fs::write(site.at("bad.toml"), std::fs::read_to_string(&north).unwrap().replace("swing_ms", "swingms"))
        .unwrap();
    gatepost(&["wiring", "--lane", &site.text("bad.toml")]).is(1, &["bad.toml:", "unknown field `swingms`"]);
}

#[test]
fn wrong_words_exit_with_2_and_name_the_nearest() {
    gatepost(&["idd"]).is(2, &["a similar subcommand exists: 'id'"]);
    gatepost(&["check", "--confg", "x"]).is(2, &["--config"]);
    gatepost(&["export", "/tmp", "--out", "x"]).is(2, &["--item"]);
    gatepost(&["id"]).is(2, &["required"]);
    gatepost(&["verify", "/nowhere"]).is(2, &["/nowhere", "data folder"]);
    gatepost(&["probe", "scale", "--port", "x", "--protocol", "mt-sic = {}"]).is(2, &["expected one of `mt-sics`"]);
    gatepost(&["probe", "scale", "--port", "x", "--tcp", "y:1"]).is(2, &["--tcp", "cannot be used with"]);
    gatepost(&["--help"]).is(0, &["doctor", "replay"]);
    gatepost(&["bench", "uplink"]).is(1, &["not built yet"]);
}

#[test]
fn a_port_is_probed_on_its_own_speed_and_settings() {
    let on = ["--port", "/nowhere/tty", "--baud", "4800", "--line", "7E1", "--seconds", "1"];
    gatepost(&[&["probe", "scanner"], &on[..]].concat()).is(1, &["/nowhere/tty"]);
}

#[test]
fn check_takes_a_good_configuration_and_sums_each_lane() {
    let site = Site::new();
    let found = gatepost(&["check", "--json", "--config", &site.config()]).is(0, &[]).json();
    assert_eq!((&found["good"], &found["problems"]), (&json!(true), &json!([])));
    let timings = found["lanes"][0]["timings"].as_array().unwrap();
    assert_eq!(timings.len(), 3);
    for one in timings {
        let figure = |name: &str| one[name].as_i64().unwrap();
        let costs = figure("device_ms") + figure("inference_ms") + figure("record_and_permit_ms");
        assert_eq!(figure("slack_ms"), figure("way_ms") - costs);
        assert!(figure("slack_ms") > 1_000, "{one}");
    }
    assert!(!site.at("data").exists(), "check makes nothing");
}

/// Every bad configuration is refused with file, place and remedy; `run` refuses it as `check` does.
#[test]
fn bad_configurations_are_refused_with_place_and_remedy() {
    let refused = |from: &str, to: &str, says: &[&str]| {
        assert!(station().contains(from), "{from}");
        let site = Site::with(&station().replacen(from, to, 1));
        gatepost(&["check", "--config", &site.config()]).is(1, says);
        site
    };
    let unknown = refused("facility", "facilty", &["station.toml:3:", "`facilty`", "did you mean `facility`?"]);
    gatepost(&["run", "--config", &unknown.config()]).is(1, &["did you mean `facility`?"]);
    refused("\"try-1\"", "\"a name too long for us\"", &["station.name", "1 to 15 letters"]);
    refused("north.toml", "nroth.toml", &["nroth.toml", "check lane.file"]);
    refused("controller = ", "# controller = ", &["a conveyor needs lane.controller"]);
    refused("[lane.scale.scale]", "[lane.scale.other]", &["\"scale\" is not connected", "[lane.scale.scale]"]);
    refused("mt-sics = {}", "mt-sic = {}", &["station.toml:", "mt-sic", "mt-sics"]);
    refused("pitch_um = 1500", "pitch_um = 0", &["pitch_um and belt_step_um must be above 0"]);
    refused("clock = \"host\"", "clock = \"host\"\n[rules]\npack = \"no.toml\"", &["no.toml", "rules.pack"]);
    let poll = "protocol = { mt-sics = {} }\npoll_ms = 5000";
    refused("protocol = { mt-sics = {} }", poll, &["scale \"scale\"", "5020 ms", "slow this belt"]);
    let model = "clock = \"host\"\n[model]\npackage = \"no-model\"";
    refused("clock = \"host\"", model, &["every parcel goes to exam"]);
    let trusted = "clock = \"host\"\n[lists]\ntrusted = [\"central\"]";
    refused("clock = \"host\"", trusted, &["write issuer=key"]);
    let trusted = "clock = \"host\"\n[rules]\ntrusted = [\"central=77\"]";
    refused("clock = \"host\"", trusted, &["rules.trusted", "no key of 64 hex digits"]);
    let ordered = Site::with(&station());
    std::fs::create_dir_all(ordered.at("data/rules")).unwrap();
    std::fs::write(ordered.at("data/rules/in-force.json"), "{").unwrap();
    gatepost(&["check", "--config", &ordered.config()])
        .is(1, &["in-force.json: is damaged", "until central orders anew"]);
    gatepost(&["check", "--json", "--config", "/nowhere.toml"]).is(1, &["/nowhere.toml", "--config"]).json();
}

#[test]
fn doctor_says_cause_and_next_action_of_what_is_not_there() {
    let site = Site::new();
    std::fs::create_dir(site.at("xray")).unwrap();
    let found = gatepost(&["doctor", "--json", "--config", &site.config()]).is(1, &[]).json();
    let of = |part: &str| found.as_array().unwrap().iter().find(|one| one["part"] == part).unwrap().clone();
    assert_eq!(of("north xray")["works"], true);
    for part in ["north controller", "north scanner", "north scale"] {
        let one = of(part);
        assert_eq!(one["works"], false, "{one}");
        assert!(one["what"].as_str().unwrap().contains("does not exist"), "{one}");
        assert!(one["next_action"].as_str().unwrap().contains("/dev/serial/by-id"), "{one}");
    }
}

#[test]
fn rules_check_explain_and_test_the_pack_built_in_and_refuse_a_broken_one() {
    assert_eq!(gatepost(&["rules", "check", "--json"]).is(0, &[]).json()["issuer"], "gatepost");
    gatepost(&["rules", "test"]).is(0, &[" 0 do not hold"]);
    let explained = gatepost(&["rules", "explain", "--json"]).is(0, &[]).json();
    assert!(explained.as_array().unwrap().len() > 20);
    let site = Site::with("version = \"one\"");
    gatepost(&["rules", "check", &site.config()]).is(1, &["station.toml:1"]);
}

fn entry(number: u64) -> Pending {
    let body = json!({"pass": format!("north/1/{number}"), "item": if number == 2 { "RR473124829GB" } else { "RB123456785GB" }});
    let at = WallMs(1_790_000_000_000 + number as i64);
    Pending::entry(Kind::Sighting, Urgency::default(), Audience::All, "north", at, &body).unwrap()
}

/// A data folder with a journal of `count` records; closed cleanly.
fn data(folder: &Path, count: u64) {
    let disk: SharedDisk = Arc::new(RealDisk::new(folder).unwrap());
    let key = StationKey::load_or_create(disk.as_ref(), "station.key").unwrap();
    let setup = Setup { station: "try-1".to_owned(), key, bounds: Bounds { reserve_bytes: 0, ..Bounds::default() } };
    let (mut journal, _) = Journal::open(disk, "journal", setup).unwrap();
    for number in 1..=count {
        journal.append(entry(number)).unwrap();
    }
    let commit = journal.commit(WallMs(1_790_000_001_000));
    assert!(commit.results.iter().all(Result::is_ok));
    let closed = journal.close(WallMs(1_790_000_002_000));
    assert!(closed.results.is_empty());
}

#[test]
fn verify_finds_a_whole_journal_whole_and_names_the_file_of_a_damaged_one() {
    let site = Site::new();
    data(&site.at("data"), 20);
    let whole = gatepost(&["verify", "--json", &site.text("data")]).is(0, &[]).json();
    assert_eq!((&whole["whole"], &whole["records"], &whole["signed_to"]), (&json!(true), &json!(20), &json!(20)));
    let segment = std::fs::read_dir(site.at("data/journal")).unwrap().map(|entry| entry.unwrap().path());
    let segment =
        { segment }.find(|path| segment::number(path.file_name().unwrap().to_str().unwrap()).is_some()).unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let broken = gatepost(&["verify", "--json", &site.text("data")]).is(1, &[]).json();
    assert_eq!(broken["whole"], false);
    let file = broken["problems"][0]["file"].as_str().unwrap();
    assert!(segment.to_str().unwrap().ends_with(file.rsplit('/').next().unwrap()), "{broken}");
    gatepost(&["verify", &site.text("data")]).is(1, &["NOT WHOLE", "keep this folder as it is"]);
    let other = "7".repeat(63) + "x";
    gatepost(&["verify", &site.text("data"), "--key", &other]).is(2, &["64 hexadecimal digits"]);
}

#[test]
fn an_exported_item_proves_itself_offline_and_a_changed_one_does_not() {
    let site = Site::new();
    data(&site.at("data"), 20);
    let out = site.text("item.json");
    let words = ["export", "--json", &site.text("data"), "--item", "rr 4731 2482 9gb", "--out", &out];
    let made = gatepost(&words).is(0, &[]).json();
    assert_eq!((&made["records"], &made["signed"], &made["passes"]), (&json!(1), &json!(1), &json!(["north/1/2"])));
    gatepost(&words).is(1, &["cannot be written", "name a new file"]);
    assert_eq!(gatepost(&["verify-package", "--json", &out]).is(0, &[]).json()["whole"], true);
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(!text.contains("RB123456785GB"), "records about others stay at home");
    std::fs::write(&out, text.replacen("RR473124829GB", "RR473124829GC", 1)).unwrap();
    gatepost(&["verify-package", &out]).is(1, &["NOT WHOLE"]);
    let pass = site.text("pass.json");
    gatepost(&["export", &site.text("data"), "--pass", "north/1/7", "--out", &pass]).is(0, &["1 records (1 signed)"]);
    gatepost(&["export", &site.text("data"), "--pass", "north", "--out", &pass]).is(2, &["lane/epoch/pass"]);
    let none = ["export", &site.text("data"), "--item", "CY987654326DE", "--out", &pass];
    gatepost(&none).is(1, &["nothing is recorded about CY987654326DE"]);
    assert_eq!(gatepost(&["verify", "--json", &site.text("data")]).is(0, &[]).json()["records"], 20);
}

#[test]
fn holds_are_added_listed_and_ended_here_and_nobody_elses_are() {
    let site = Site::new();
    let config = site.config();
    let add = ["hold", "add", "--config", &config, "RR 473 124 829 GB", "--id", "H1", "--issue", "narcotics"];
    gatepost(&add).is(0, &["RR473124829GB"]);
    gatepost(&["hold", "add", "--config", &config, "RR473124828GB"]).is(2, &["check digit", "--as-written"]);
    let listed = gatepost(&["hold", "list", "--json", "--config", &config]).is(0, &[]).json();
    assert_eq!((&listed[0]["item"], &listed[0]["hold"]["kind"]), (&json!("RR473124829GB"), &json!("local")));
    assert_eq!(listed.as_array().unwrap().len(), 1);
    gatepost(&["hold", "remove", "--config", &config, "RR473124829GB", "H2"]).is(1, &["there is no hold H2"]);
    gatepost(&["hold", "remove", "--config", &config, "RR473124829GB", "H1"]).is(0, &[]);
    assert_eq!(gatepost(&["hold", "list", "--json", "--config", &config]).json(), json!([]));
    gatepost(&["declarations", "import", "--config", &config, &config]).is(1, &["is not signed"]);
}

/// The same with ten million lines: `gatepost hold import --config F LIST` on a list made by
/// `seq -f 'RR%.0fGB…' 10000000`; what is tested here does not depend on the length.
#[test]
fn one_bad_line_in_a_hold_list_of_100_000_names_file_and_line_and_nothing_is_taken() {
    let site = Site::new();
    let mut text = String::from("item\tid\tkind\tissue\tpurpose\tseverity\tauthority\tuntil\n");
    for number in 2..=100_000 {
        let issue = if number == 77_777 { "narcotic" } else { "narcotics" };
        text += &format!("RR{number:09}GB\tX{number}\tlocal\t{issue}\tnarcotics\talert\tus\t4000000000000\n");
    }
    std::fs::write(site.at("holds.tsv"), text).unwrap();
    let import = ["hold", "import", "--config", &site.config(), &site.text("holds.tsv")];
    gatepost(&import).is(1, &["holds.tsv, line 77777", "narcotic", "nothing of this list was taken"]);
    assert_eq!(gatepost(&["hold", "list", "--json", "--config", &site.config()]).json(), json!([]));
    gatepost(&["hold", "import", "--config", &site.config(), "/nowhere.tsv"])
        .is(1, &["/nowhere.tsv", "check the name"]);
}

#[test]
fn a_running_station_keeps_others_out_of_its_memory() {
    let site = Site::new();
    std::fs::create_dir(site.at("data")).unwrap();
    let lock = std::fs::File::create(site.at("data/station.lock")).unwrap();
    lock.lock().unwrap();
    gatepost(&["hold", "remove", "--config", &site.config(), "RR473124829GB", "H1"])
        .is(1, &["in use by a running station", "stop it first"]);
    gatepost(&["run", "--config", &site.config()]).is(1, &["in use by a running station"]);
    drop(lock);
    gatepost(&["hold", "list", "--config", &site.config()]).is(0, &[]);
}

fn versions_of_none() -> Versions {
    let none = Token::clipped("none");
    let [software, rules, model, engine, lists] = std::array::from_fn(|_| none.clone());
    Versions { software, rules, model, engine, lists }
}

/// A controller that was never configured.
fn greeting(crc: u32) -> Greeting {
    Greeting {
        version: 1,
        crc,
        epoch: 0,
        cause: BootCause::PowerOn,
        log: 0,
        kept_from: 0,
        kept_epoch: 0,
        next: 0,
        taken: 0,
    }
}

/// A short life of lane north, with a real journal's answers, written as the station writes it.
fn record_black_box(site: &Site) -> PathBuf {
    let map = file::parse("north", &std::fs::read_to_string(format!("{LANES}/north.toml")).unwrap()).unwrap();
    let config = DriveConfig {
        station: "try-1".to_owned(),
        epoch_next: 4,
        open: Vec::new(),
        closed: Vec::new(),
        highest: Default::default(),
        accounted: None,
        sampling: None,
        weight_tolerance_g: gatepost_hardware::units::Grams(30),
        radiation_fitted: false,
        smoke_fitted: false,
        utc_offset_min: 0,
        contingency: Default::default(),
        protocols: Default::default(),
        versions: versions_of_none(),
        map: map.clone(),
    };
    let begin = Begin::of(&config);
    let mut drive = Drive::new(config, Ruleset::built_in().unwrap()).unwrap();
    let mut black_box = BlackBox::new(site.folder.path(), begin);
    let bounds = Bounds { reserve_bytes: 0, ..Bounds::default() };
    let setup = Setup { station: "try-1".to_owned(), key: StationKey::from_bytes(&[7; 32]), bounds };
    let (mut journal, _) = Journal::open(Arc::new(MemoryDisk::new()), "journal", setup).unwrap();
    let wall = WallMs(1_790_000_000_000);
    let told = |ms, report| Event::Controller { mono: Micros::from_ms(ms), report };
    let mut events = vec![
        Event::Pulse { mono: Micros::from_ms(20), wall, clock: ClockState::Trusted },
        told(30, Report::Hello(greeting(map.crc()))),
        told(40, Report::Fact { number: 0, fact: Fact::Configured { epoch: 4, time: Micros::ZERO } }),
        told(50, Report::Fact { number: 1, fact: Fact::Lane { state: LaneState::Ready, time: Micros::from_ms(1) } }),
        told(60, Report::Fact { number: 2, fact: Fact::Lane { state: LaneState::Running, time: Micros::from_ms(2) } }),
        Event::Part { fault: Fault::Scale, failed: true },
        Event::Pulse { mono: Micros::from_ms(700), wall: WallMs(wall.0 + 700), clock: ClockState::Trusted },
    ];
    events.reverse();
    while let Some(event) = events.pop() {
        black_box.write(&Heard::of(&event));
        let effects = drive.handle(event);
        if !effects.is_empty() {
            black_box.write(&fingerprint(&effects));
        }
        for effect in effects {
            let Effect::Record(pending) = effect else { continue };
            journal.append(pending).unwrap();
            let recorded = journal.commit(wall).results.into_iter().map(Result::unwrap);
            events.extend(recorded.map(Event::Recorded).collect::<Vec<_>>());
        }
    }
    black_box.flush();
    assert_eq!(black_box.lost, 0);
    ["blackbox-0.jsonl", "blackbox-1.jsonl"].iter().map(|name| site.at(name)).find(|path| path.exists()).unwrap()
}

#[test]
fn a_black_box_lived_again_is_the_same_and_a_changed_line_is_a_difference() {
    let site = Site::new();
    std::fs::create_dir(site.at("data")).unwrap();
    let file = record_black_box(&site);
    let shown = file.display().to_string();
    let same = gatepost(&["replay", "--json", &shown, "--config", &site.config()]).is(0, &[]).json();
    assert_eq!((&same["same"], &same["differences"]), (&json!(true), &json!([])));
    assert!(same["events"].as_u64().unwrap() >= 10, "{same}");
    let text = std::fs::read_to_string(&file).unwrap();
    let changed = text.lines().position(|line| line.contains("\"running\"")).unwrap();
    std::fs::write(&file, text.replacen("\"running\"", "\"chute-full\"", 1)).unwrap();
    let differs = gatepost(&["replay", "--json", &shown, "--config", &site.config()]).is(1, &[]).json();
    assert_eq!(differs["differences"][0]["line"], changed + 2, "{differs}");
    std::fs::write(&file, text.replacen("\"Part\"", "\"part\"", 1).replacen("{\"part\"", "{\"prat\"", 1)).unwrap();
    gatepost(&["replay", &shown, "--config", &site.config()]).is(1, &["no line of a black box"]);
    std::fs::write(&file, "{}\n").unwrap();
    gatepost(&["replay", &shown, "--config", &site.config()]).is(1, &[":1: is no line of a black box"]);
}
