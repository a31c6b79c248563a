//! The lane controller's own firmware on its emulated board: pins from outside, bytes on its cable, no part of it replaced.
//!
//! Needs the package qemu-system-arm and `cargo firmware` (which builds both images, and fails where one is too large, its
//! stack too deep, or can panic). Every dead-man time is measured at the emulated pin.
//!
//! `cargo test -p gatepost-tests --test interop_controller -- --nocapture`; `GATEPOST_MOMENTS=20 GATEPOST_PARCELS=1000` for
//! the figures of the README, 6 and 30 where nothing is said.

#[path = "interop/measured.rs"]
mod measured;
#[path = "interop/played.rs"]
#[expect(dead_code, reason = "shared with the other tests on the demonstration's files")]
mod played;
#[path = "interop/real_time.rs"]
mod real_time;

use std::time::{Duration, Instant};

use gatepost_firmware::board::quadrature::pins_at;
use gatepost_hardware::link::station::{StationEnd, Word};
use gatepost_hardware::link::{BootCause, Command, Fact, Input, LaneState, PermitFate, Report, StopCause, VoidCause};
use gatepost_hardware::units::Micros;
use gatepost_world::emulator::{Emulator, Image, wires};
use measured::{MARGIN, measured};
use played::Played;
use real_time::{RealTime, north};

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}: a number")))
}

const BELTS: u8 = wires::BELT_PERMIT;
const GATE: u8 = wires::GATE_RELEASE;

fn state(bench: &RealTime) -> Option<LaneState> {
    bench.facts.iter().rev().find_map(|(_, fact)| match fact {
        Fact::Lane { state, .. } => Some(*state),
        _ => None,
    })
}

#[test]
fn it_boots_bare_takes_its_lane_over_the_cable_and_moves_only_after_the_reset_button() {
    measured("emulated controller: boot and first start", || {
        let mut bench = RealTime::start(Image::Product, 1, 3);
        assert!(bench.until(10, |bench| state(bench) == Some(LaneState::Ready)), "{:?}", bench.reports);
        let (first, last) = (bench.greetings[0], bench.greetings[bench.greetings.len() - 1]);
        assert_eq!((first.crc, first.epoch, first.cause), (0, 0, BootCause::PowerOn));
        assert_eq!(last.crc, bench.lane.map().crc());
        assert!(matches!(bench.facts[0], (0, Fact::Boot { cause: BootCause::PowerOn, .. })), "{:?}", bench.facts);
        // The operator of the virtual lane sees amber and presses the button; the warning comes before the belts.
        assert!(bench.until(10, |bench| bench.outputs().levels & wires::BUZZER != 0), "a start warning");
        assert_eq!(bench.outputs().levels & BELTS, 0, "no belt before the warning is over");
        assert!(bench.until(10, |bench| bench.outputs().levels & BELTS != 0));
        assert!(
            bench.until(1, |bench| bench.outputs().levels == BELTS | wires::GREEN),
            "{:#x}",
            bench.outputs().levels
        );

        bench.lane.input(Input::EStop, true);
        let pulled = Instant::now();
        assert!(bench.until(2, |bench| bench.outputs().levels & BELTS == 0), "e-stop is seen");
        println!("e-stop contact to belt permit off at the pin: {:?}", bench.outputs().since[2].duration_since(pulled));
        assert!(bench.until(2, |bench| state(bench) == Some(LaneState::Stopped(StopCause::EStop))));

        bench.say(Word::Ask(Command::Describe));
        assert!(bench.until(2, |bench| bench.statistics.is_some()));
        assert!(
            bench.reports.iter().any(|report| matches!(report, Report::Description(said) if said.board == "lm3s6965"))
        );
    });
}

#[test]
fn only_what_was_permitted_leaves_by_release_and_facts_come_once_and_in_order() {
    measured("emulated controller: twelve parcels", || {
        let parcels = 12;
        let mut bench = RealTime::start(Image::Product, 5, parcels);
        assert!(bench.until(120, |bench| bench.lane.finished()), "the lane came to rest; {:?}", state(&bench));
        let (released, strange) = bench.released();
        let fates = |wanted: PermitFate| {
            bench.facts.iter().filter(|(_, fact)| matches!(fact, Fact::Permit { fate, .. } if *fate == wanted)).count()
        };
        let (opened, closed) = (fates(PermitFate::Opened), fates(PermitFate::Closed));
        println!(
            "{parcels} parcels: {released} released, {strange} of them without permit; gate opened {opened} times"
        );
        assert_eq!(strange, 0);
        assert_eq!((opened, closed), (released, released), "{:?}", bench.facts);
        assert!(released >= parcels as usize - 1, "{:?}", bench.facts);
        let in_order = bench.facts.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0);
        assert!(in_order, "numbered without a gap");
        bench.say(Word::Ask(Command::Describe));
        bench.until(2, |bench| bench.statistics.is_some());
        let statistics = bench.statistics.expect("statistics");
        println!("{statistics:?}");
        assert_eq!((statistics.edges_lost, statistics.facts_lost), (0, 0));
        // An edge is believed when it has held, or when the processor was given its time again.
        let patience = 3_000 + statistics.slowest.0;
        let edges: Vec<&Fact> =
            bench.facts.iter().map(|(_, fact)| fact).filter(|fact| edge_time(fact).is_some()).collect();
        let late = edges.windows(2).find(|pair| edge_time(pair[0]) > edge_time(pair[1]).map(|time| time + patience));
        assert_eq!(late, None, "edges in the order of time");
    });
}

fn edge_time(fact: &Fact) -> Option<u64> {
    match fact {
        Fact::Edge { time, .. } => Some(time.0),
        _ => None,
    }
}

fn permit_fate(fact: &Fact) -> Option<(u32, PermitFate)> {
    match fact {
        Fact::Permit { permit, fate, .. } => Some((*permit, *fate)),
        _ => None,
    }
}

#[test]
fn a_pulled_cable_stops_the_belts_and_shuts_the_gate_within_the_heartbeat_limit_and_opens_nothing() {
    measured("emulated controller: a pulled cable", || {
        let mut bench = RealTime::start(Image::Product, 9, 40);
        assert!(bench.until(60, |bench| bench.outputs().levels & GATE != 0), "a gate that stands open");
        let limit = Duration::from_millis(u64::from(bench.lane.map().timing.heartbeat_ms_max));
        bench.talks = false;
        let pulled = Instant::now();
        assert!(bench.until(3, |bench| bench.outputs().levels & BELTS == 0), "the belts went off");
        assert!(bench.until(1, |bench| bench.outputs().levels & GATE == 0), "the gate went back");
        let shown = bench.outputs();
        let (belts, gate) = (shown.since[2].duration_since(pulled), shown.since[3].saturating_duration_since(pulled));
        println!(
            "cable pulled with the gate open: belts off at the pin after {belts:?}, gate at exam after {gate:?} (limit {limit:?})"
        );
        assert!(belts <= limit + MARGIN && gate <= limit + MARGIN);
        bench.pass(1_000);
        assert_eq!(bench.outputs().levels & (BELTS | GATE), 0, "silence opens nothing");
        // It was not through, and nobody says so: it opened, and its station was gone.
        let fates: Vec<(u32, PermitFate)> = bench.facts.iter().filter_map(|(_, fact)| permit_fate(fact)).collect();
        let opened = fates.iter().rev().find(|(_, fate)| *fate == PermitFate::Opened).map(|(permit, _)| *permit);
        let last = fates.iter().rev().find(|(permit, _)| Some(*permit) == opened).map(|(_, fate)| *fate);
        assert_eq!(last, Some(PermitFate::Void(VoidCause::Heartbeat)), "{fates:?}");
        bench.talks = true;
        assert!(bench.until(20, |bench| bench.outputs().levels & BELTS != 0), "after the reset button it runs again");
        assert_eq!(bench.released().1, 0);
    });
}

/// Who goes away at a random moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gone {
    /// The controller's main loop hangs; interrupts are still taken.
    Loop,
    /// Its processor takes no interrupt any more.
    Processor,
    /// The station was killed, or the cable pulled: at the controller both are silence.
    Station,
}

impl Gone {
    const ALL: [Self; 3] = [Self::Loop, Self::Processor, Self::Station];

    /// How long the outputs may outlive it.
    fn limit(self, bench: &RealTime) -> Duration {
        Duration::from_millis(match self {
            Self::Loop => 250,
            Self::Processor => 500,
            Self::Station => u64::from(bench.lane.map().timing.heartbeat_ms_max),
        })
    }

    fn set(self, gone: bool, bench: &mut RealTime) {
        let hang = |pin| bench.board.wired().emulator.set(pin, gone).unwrap_or_else(|why| panic!("{why}"));
        match self {
            Self::Loop => hang(wires::HANG),
            Self::Processor => hang(wires::HANG_DEAF),
            Self::Station => bench.talks = !gone,
        }
    }
}

#[test]
fn whoever_goes_away_at_a_random_moment_the_outputs_go_off_in_time_and_nothing_is_forgotten() {
    measured("emulated controller: station, loop and processor gone at random moments", || {
        let (moments, seed) = (number("GATEPOST_MOMENTS", 6), number("GATEPOST_SEED", 17));
        println!("seed {seed}, {moments} moments");
        let mut bench = RealTime::start(Image::Hanging, seed, 1_000);
        let (mut random, mut worst) = (seed, [Duration::ZERO; 3]);
        for moment in 0..moments {
            let which = (moment % 3) as usize;
            let (gone, wanted) = (Gone::ALL[which], if moment % 6 < 3 { GATE } else { BELTS });
            assert!(
                bench.until(90, |bench| bench.outputs().levels & wanted != 0),
                "moment {moment}: the lane runs; {}",
                bench.lately()
            );
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            bench.pass(random >> 33 & 0x1FF);
            let (known, boots) = (bench.facts.len(), bench.greetings.len());
            let (told, limit) = (Instant::now(), gone.limit(&bench));
            gone.set(true, &mut bench);
            assert!(
                bench.until(3, |bench| bench.outputs().levels & (BELTS | GATE) == 0),
                "{moment}: {gone:?}: outputs off"
            );
            let took =
                (2..4).map(|bit| bench.outputs().since[bit].saturating_duration_since(told)).max().unwrap_or_default();
            worst[which] = worst[which].max(took);
            assert!(took <= limit + MARGIN, "moment {moment}: {gone:?}: off after {took:?}, the limit is {limit:?}");
            gone.set(false, &mut bench);
            if gone == Gone::Station {
                continue;
            }
            let again =
                bench.until(10, |bench| bench.facts[known..].iter().any(|(_, fact)| matches!(fact, Fact::Boot { .. })));
            assert!(again, "moment {moment}: its boot is a fact; {:?}", &bench.greetings[boots..]);
            let next = bench.facts[known - 1].0 + 1;
            let greeting = bench.greetings[boots];
            assert!(greeting.cause == BootCause::Watchdog && greeting.next >= next, "{greeting:?} after fact {next}");
        }
        let in_order = bench.facts.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0);
        assert!(in_order, "facts are numbered on over {moments} moments, without a gap");
        let (released, strange) = bench.released();
        println!("{moments} moments: {released} released between, {strange} of them without permit");
        for (gone, worst) in Gone::ALL.into_iter().zip(worst) {
            println!(
                "  {gone:?} gone: outputs off at the pin after {worst:?} at most (limit {:?})",
                gone.limit(&bench)
            );
        }
        assert_eq!(strange, 0);
    });
}

/// Edges as fast as the emulator takes them, then paced; answers to a question.
#[test]
fn edges_a_second_and_round_trips() {
    measured("emulated controller: edges a second and round trips", || {
        let mut bench = RealTime::start(Image::Product, 3, 1);
        assert!(bench.until(10, |bench| state(bench) == Some(LaneState::Ready)));
        let (edges, began) = (20_000i64, Instant::now());
        let (a, b) = wires::encoder(0);
        let before = tick(&mut bench);
        for edge in 1..=edges {
            let (high_a, high_b) = pins_at(edge);
            {
                let emulator = &mut bench.board.wired().emulator;
                emulator.set(a, high_a).and_then(|()| emulator.set(b, high_b)).unwrap_or_else(|why| panic!("{why}"));
            }
            if edge % 200 == 0 {
                bench.say(Word::Ask(Command::Beat));
            }
        }
        let took = began.elapsed();
        bench.pass(300);
        let counted = tick(&mut bench) - before;
        let rate = edges as f64 / took.as_secs_f64();
        let bites = bench.board.wired().bites.len();
        println!("{edges} edges at {rate:.0} a second: {counted} counted");
        assert_eq!(bites, 0, "the watchdog bit: this machine kept the emulator from running for 250 ms");
        assert_eq!(counted, edges, "an edge was lost at {rate:.0} edges a second");
        assert!(rate >= 2_000.0, "{rate:.0} edges a second");

        let mut trips = round_trips(1_000);
        trips.sort_unstable();
        println!(
            "round trip of a time question: p50 {:?}, p99 {:?}",
            trips[trips.len() / 2],
            trips[trips.len() * 99 / 100]
        );
        assert!(trips[trips.len() / 2] < Duration::from_millis(20));
    });
}

/// Where the first belt stands.
fn tick(bench: &mut RealTime) -> i64 {
    let heard = bench.reports.len();
    let mut at = None;
    bench.until(5, |bench| {
        at = bench.reports[heard..].iter().rev().find_map(|report| match report {
            Report::Beat { ticks, .. } => Some(ticks.first()?.0),
            _ => None,
        });
        at.is_some()
    });
    at.expect("a beat with ticks")
}

/// Without a lane between: question after question, as fast as they are answered.
fn round_trips(count: u64) -> Vec<Duration> {
    let path = Image::Product.path().unwrap_or_else(|why| panic!("{why}"));
    let mut emulator = Emulator::start(&path, wires::at_rest()).unwrap_or_else(|why| panic!("{why}"));
    let mut end = StationEnd::default();
    let mut trips = Vec::new();
    for host in 0..count {
        let asked = Instant::now();
        end.say(Word::Ask(Command::TimeSync { host: Micros(host) }), Micros(0), |frame| emulator.send(frame));
        let mut answered = false;
        while !answered {
            assert!(asked.elapsed() < Duration::from_secs(5), "question {host} was not answered");
            for byte in emulator.heard() {
                let said = end.hear(byte, Micros(0));
                answered |= matches!(said, Some(Report::Time { host: said, .. }) if said == Micros(host));
            }
            std::thread::yield_now();
        }
        trips.push(asked.elapsed());
    }
    trips
}

/// The whole product with the emulated controller: real station, real ledger, the checker's word.
#[test]
fn the_real_station_and_the_emulated_controller_keep_the_promises() {
    measured("emulated controller: the real station", || {
        let (parcels, seed) = (number("GATEPOST_PARCELS", 30), number("GATEPOST_SEED", 7));
        println!("seed {seed}, {parcels} parcels, lane {}", north().name);
        let words = ["--controller", "qemu", "--lane", "north"];
        let (parcels, seed) = (parcels.to_string(), seed.to_string());
        let played = Played::with(&[&words[..], &["--parcels", &parcels, "--seed", &seed]].concat());
        assert!(played.findings().is_empty(), "{}", played.findings().join("\n"));
        assert_eq!(played.code, 0);
    });
}
