//! `setup devices` against virtual devices on settings that it is not told: all named right, or honestly ambiguous.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use gatepost_daemon::config::SerialConfig;
use gatepost_daemon::config::devices::LineConfig;
use gatepost_daemon::recognise::finding::Shown;
use gatepost_daemon::recognise::search::{Patience, search};
use gatepost_daemon::run::serial::Serial;
use gatepost_hardware::units::Micros;
use gatepost_world::devices::actor::{Noise, Silent};
use gatepost_world::devices::bench::{Bench, Device};
use gatepost_world::devices::scales::{MtSicsScale, NciScale, PosScale, SmaScale, ToledoScale};
use gatepost_world::devices::scanners::{Make, PlainScanner, SsiScanner, TalkingScanner};

use crate::measured::measured;

/// A device, and what must be said of its port.
struct Case {
    device: Device,
    settings: &'static str,
    verdict: &'static [&'static str],
    /// Protocols that may be named.
    protocols: &'static [&'static str],
}

fn case(
    settings: &'static str,
    actor: impl gatepost_world::devices::actor::Actor + 'static,
    verdict: &'static [&'static str],
    protocols: &'static [&'static str],
) -> Case {
    Case { device: Device::new(settings, actor), settings, verdict, protocols }
}

const SICS: &[&str] = &["mt-sics = {}"];
const CHECKED: &[&str] = &["toledo-continuous = { checksum = true }"];
const UNCHECKED: &[&str] = &["toledo-continuous = { checksum = false }"];
const EXTENDED: &[&str] = &["toledo-extended = { checksum = true }"];
/// The unit is asked for.
const TILL_KILOGRAMS: &[&str] = &["toledo-8217 = { unit = \"?\", number = \"00.000\" }"];
const TILL_POUNDS: &[&str] = &["toledo-8217 = { unit = \"?\", number = \"000.00\" }"];
const NCI: &[&str] = &["nci = {}"];
const SMA: &[&str] = &["sma = {}"];
const PLAIN: &[&str] = &["plain = {}"];
const FRAMED: &[&str] = &["plain = { framing = \"stx-etx\" }"];
const SILENCE: &[&str] = &["plain = { framing = \"idle-gap\", terminators = \"\" }"];
const SSI: &[&str] = &["ssi = {}"];
const SICK: &[&str] = &["sick = {}"];
const COGNEX: &[&str] = &["cognex = { response = \"extended\" }"];
const KEYENCE: &[&str] = &["keyence = {}"];
const NAMED: &[&str] = &["named"];

fn cases() -> Vec<Case> {
    let crlf = || PlainScanner::new("", false, 400);
    vec![
        case("9600 8N1", MtSicsScale::default(), NAMED, SICS),
        case("2400 7E1", MtSicsScale::default(), NAMED, SICS),
        case("19200 8O1", MtSicsScale::default(), NAMED, SICS),
        case("9600 7E1", PosScale::new("00.000"), NAMED, TILL_KILOGRAMS),
        case("4800 7O1", PosScale::new("000.00"), NAMED, TILL_POUNDS),
        case("9600 8N1", NciScale::new(false), NAMED, NCI),
        case("1200 7E1", NciScale::new(true), NAMED, NCI),
        case("9600 8N1", SmaScale::default(), NAMED, SMA),
        case("57600 8E1", SmaScale::default(), NAMED, SMA),
        case("9600 8E1", ToledoScale::new(true, 120), NAMED, CHECKED),
        case("4800 7E1", ToledoScale::new(true, 150), NAMED, CHECKED),
        case("38400 7O1", ToledoScale::new(false, 90), NAMED, UNCHECKED),
        case("9600 8N1", ToledoScale::new(false, 200), NAMED, UNCHECKED),
        case("19200 7E1", ToledoScale::extended(true, 140), NAMED, EXTENDED),
        case("115200 8N1", crlf(), NAMED, PLAIN),
        case("9600 8O1", PlainScanner::new("", true, 500), NAMED, PLAIN),
        case("57600 8N1", PlainScanner::new("framing = \"stx-etx\"", false, 450), NAMED, FRAMED),
        case("9600 7E1", PlainScanner::new("framing = \"stx-etx\"", true, 380), NAMED, FRAMED),
        case("9600 8N1", PlainScanner::new("framing = \"idle-gap\"\nterminators = \"\"", false, 420), NAMED, SILENCE),
        case("1200 8N1", PlainScanner::new("terminators = \"\\r\"", false, 800), NAMED, PLAIN),
        case("9600 8N1", SsiScanner::new(900), NAMED, SSI),
        case("38400 8E1", SsiScanner::new(0), NAMED, SSI),
        case("57600 8N1", TalkingScanner::new(Make::Sick, 600), NAMED, SICK),
        case("115200 8N1", TalkingScanner::new(Make::Cognex, 500), NAMED, COGNEX),
        case("9600 8E1", TalkingScanner::new(Make::Keyence, 550), NAMED, KEYENCE),
        case("9600 8N1", Silent, &["silent"], &[]),
        case("9600 8N1", Noise::new(7), &["noise"], &[]),
    ]
}

#[test]
fn every_device_is_named_on_settings_that_nobody_told() {
    measured("devices on settings that nobody told", name_every_device);
}

fn name_every_device() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("an event loop");
    let (cases, devices): (Vec<_>, Vec<_>) =
        cases().into_iter().map(|one| ((one.settings, one.verdict, one.protocols), one.device)).unzip();
    let bench = Bench::start(devices);
    let patience = Patience { answer: Duration::from_millis(60), ..Patience::usual(Duration::from_secs(8)) };
    let begun = Instant::now();
    let found = runtime.block_on(all(bench.paths().to_vec(), patience));
    println!("{} ports in {:?}", found.len(), begun.elapsed());
    let changed = bench.changed();
    let mut wrong = Vec::new();
    for ((settings, verdict, protocols), found) in cases.iter().zip(&found) {
        let named: Vec<&str> = found.explanations.iter().map(|one| one.protocol).collect();
        let right = |one: &gatepost_daemon::recognise::finding::ShownExplanation| {
            protocols.contains(&one.protocol)
                && one.baud.zip(one.line).is_some_and(|(baud, line)| format!("{baud} {line}") == *settings)
        };
        let honest = found.explanations.is_empty() == protocols.is_empty()
            && (protocols.is_empty() || found.explanations.iter().any(right));
        println!("{settings}: {} {}", found.verdict, found.what);
        if !verdict.contains(&found.verdict) || !honest {
            wrong.push(format!("{settings} {protocols:?}: {} {named:?}: {}", found.verdict, found.what));
        }
    }
    assert!(wrong.is_empty(), "{} of {} are not named right:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    for (changed, (settings, ..)) in changed.iter().zip(&cases) {
        assert!(changed.is_empty(), "{settings}: it was told {changed:?}");
    }
}

async fn all(ports: Vec<PathBuf>, patience: Patience) -> Vec<Shown> {
    let tasks = tokio::task::LocalSet::new();
    let searches: Vec<_> = ports
        .into_iter()
        .map(|port| tasks.spawn_local(async move { search(&port, patience, &|_| {}).await.shown() }))
        .collect();
    tasks
        .run_until(async {
            let mut found = Vec::new();
            for search in searches {
                found.push(search.await.expect("a search ends"));
            }
            found
        })
        .await
}

/// What an adapter took off the line at the right speed, and hands on at a wrong one, names no device there.
#[test]
fn a_code_that_comes_late_is_not_taken_for_one_of_the_next_speed() {
    let talks = || Device::new("115200 8N1", PlainScanner::new("", false, 950));
    let held = b"RR473124829GB\r\n";
    let bench = Bench::start(vec![
        talks().behind_adapter(held, Micros::from_ms(5)),
        talks().behind_adapter(held, Micros::from_ms(60)),
    ]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("an event loop");
    let found = runtime.block_on(all(bench.paths().to_vec(), Patience::usual(Duration::from_secs(8))));
    for found in found {
        let [named] = found.explanations.as_slice() else { panic!("{found:?}") };
        assert_eq!((found.verdict, named.baud, named.line), ("named", Some(115_200), Some("8N1")), "{found:?}");
    }
}

#[test]
fn a_port_that_somebody_holds_is_said_to_be_held_and_one_that_is_none_to_be_none() {
    let bench = Bench::start(vec![Device::new("9600 8N1", Silent)]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("an event loop");
    let port = bench.paths()[0].clone();
    let config = SerialConfig { port: port.clone(), baud: 9_600, line: LineConfig::EightNoneOne };
    let patience = Patience::usual(Duration::ZERO);
    runtime.block_on(async {
        let held = Serial::open(&config).expect("the first one");
        let found = search(&port, patience, &|_| {}).await.shown();
        assert_eq!(found.verdict, "held", "{found:?}");
        assert!(found.next.contains("stop that program"), "{found:?}");
        drop(held);
        let gone = search(&PathBuf::from("/dev/no-such-port"), patience, &|_| {}).await.shown();
        assert_eq!(gone.verdict, "failed", "{gone:?}");
    });
}

/// A lane whose scanner and scale were configured by somebody who guessed.
#[test]
fn doctor_says_what_a_device_sounds_like_that_is_configured_wrong() {
    let bench = Bench::start(vec![
        Device::new("9600 8N1", Silent),
        Device::new("9600 8N1", PlainScanner::new("framing = \"stx-etx\"", true, 300)),
        Device::new("9600 7E1", PosScale::new("00.000")),
    ]);
    let [controller, scanner, scale] = bench.paths() else { panic!("three devices") };
    let folder = tempfile::tempdir().expect("a folder");
    let lane = concat!(env!("CARGO_MANIFEST_DIR"), "/../hardware/lanes/north.toml");
    let text = format!(
        "[station]\nname = \"try-1\"\nfacility = \"jfk\"\ndata = \"data\"\nclock = \"host\"\n\n[[lane]]\nfile = \"{lane}\"\n\
         controller = {{ port = \"{}\" }}\n[lane.scanner.scanner]\nserial = {{ port = \"{}\", baud = 9600 }}\n\
         protocol = {{ plain = {{}} }}\n[lane.scale.scale]\nserial = {{ port = \"{}\", baud = 9600 }}\n\
         protocol = {{ mt-sics = {{}} }}\npoll_ms = 200\n[lane.xray.xray]\nfolder = \"xray\"\npitch_um = 1500\n\
         belt_step_um = 1000\n",
        controller.display(),
        scanner.display(),
        scale.display()
    );
    let file = folder.path().join("station.toml");
    std::fs::write(&file, text).expect("a file");
    let config = gatepost_daemon::config::Config::read(&file).expect("a configuration");
    let maps = config.lane_maps().expect("a lane");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("an event loop");
    let found = runtime.block_on(gatepost_daemon::commands::doctor::devices(&config, &maps));
    let of = |part: &str| found.iter().find(|one| one.part == part).unwrap_or_else(|| panic!("{part}: {found:#?}"));
    let check = |part: &str, what: &str, cause: &str, next: &str| {
        let one = of(part);
        let (said, to_do) = (one.likely_cause.as_deref().unwrap_or(""), one.next_action.as_deref().unwrap_or(""));
        assert!(!one.works && one.what.contains(what) && said.contains(cause) && to_do.contains(next), "{one:#?}");
    };
    check("north controller", "is silent", "no power", "check its power");
    let framed = "protocol = { plain = { framing = \"stx-etx\" } }";
    check("north scanner", "mean nothing as it is configured", "codes between STX and ETX at 9600 8N1", framed);
    let till = "baud = 9600, line = \"7E1\" }, protocol = { toledo-8217 = { unit = \"?\", number = \"00.000\" } }";
    check("north scale", "nothing heard as it is configured", "Toledo 8217 or 8213 scale at 9600 7E1", till);
    assert!(bench.changed().iter().all(Vec::is_empty), "{:?}", bench.changed());
}
