//! The whole virtual lane with the real controller and a station that knows the truth and nothing else.

use super::*;
use crate::faults::FaultWindow;
use gatepost_hardware::link::station::{StationEnd, Word};
use gatepost_hardware::link::{Action, Command, Fact, Greeting, LaneState, Permit, PermitFate, Report, map};
use gatepost_hardware::units::Tick;
use std::collections::BTreeMap;

/// Gives every parcel a permit when it is on the last belt, from where it truly is.
struct Station {
    lane: VirtualLane,
    end: StationEnd,
    permits: bool,
    given: BTreeMap<u32, u32>,
    fates: Vec<(u32, PermitFate)>,
    epoch: u32,
    emissions: Vec<Emission>,
}

impl Station {
    fn new(map: &str, seed: u64, plan: Plan, faults: FaultSchedule, permits: bool) -> Self {
        let lane = VirtualLane::new(shipped(map), seed, plan, faults);
        let (end, given, emissions) = (StationEnd::default(), BTreeMap::new(), Vec::new());
        Self { lane, end, permits, given, fates: Vec::new(), epoch: 1, emissions }
    }

    fn say(&mut self, word: Word) {
        let mut bytes = Vec::new();
        self.end.say(word, self.lane.now(), |frame| bytes.extend_from_slice(frame));
        self.end.tick(self.lane.now(), |frame| bytes.extend_from_slice(frame));
        self.lane.send(&bytes);
    }

    /// Until everything planned has left, or for so long at most.
    fn run(&mut self, seconds_max: u64) {
        while !self.lane.finished() && self.lane.now() < Micros::from_ms(seconds_max * 1_000) {
            self.lane.advance(10_000);
            for emission in self.lane.emitted() {
                if let Emitted::Controller(bytes) = &emission.what {
                    bytes.clone().into_iter().for_each(|byte| self.hear(byte));
                }
                self.emissions.push(emission);
            }
            if self.lane.now().as_ms().is_multiple_of(100) {
                self.say(Word::Ask(Command::Beat));
            }
        }
    }

    fn hear(&mut self, byte: u8) {
        let mine = self.lane.map().crc();
        let part = |station: &mut Self, offset| {
            if let Some(part) = map::part(station.lane.map(), offset) {
                station.say(Word::Ask(part));
            }
        };
        match self.end.hear(byte, self.lane.now()) {
            Some(Report::Hello(Greeting { epoch: 0, crc, .. })) if crc == mine => {
                self.epoch += 1;
                self.say(Word::Ask(Command::Configure { crc, epoch: self.epoch }));
            }
            Some(Report::Hello(Greeting { epoch: 0, .. })) => part(self, 0),
            Some(Report::MapWanted { offset }) => part(self, offset),
            Some(Report::Beat { ticks, .. }) if self.permits => self.permit(*ticks.last().unwrap()),
            Some(Report::Fact { fact: Fact::Permit { pass, fate, .. }, .. }) => self.fates.push((pass, fate)),
            _ => {}
        }
    }

    /// `tick`: of the last belt, now.
    fn permit(&mut self, tick: Tick) {
        for permit in self.lane.permits(tick, Millimetres(25)) {
            if !self.given.contains_key(&permit.pass) {
                let id = self.given.len() as u32 + 1;
                self.given.insert(permit.pass, id);
                self.say(Word::Act(Action::Permit(Permit { id, epoch: self.epoch, ..permit })));
            }
        }
    }

    fn left(&self, chute: Chute) -> usize {
        let by = |truth: &&Truth| matches!(truth.what, Happened::Left { chute: left, .. } if left == chute);
        self.lane.truth().iter().filter(by).count()
    }

    /// Fates that are not the usual way of a permit.
    fn odd(&self) -> Vec<&(u32, PermitFate)> {
        let usual = [PermitFate::Accepted, PermitFate::Opened, PermitFate::Closed];
        self.fates.iter().filter(|(_, fate)| !usual.contains(fate)).collect()
    }

    fn count(&self, which: impl Fn(&Happened) -> bool) -> usize {
        self.lane.truth().iter().filter(|truth| which(&truth.what)).count()
    }
}

fn clean(parcels: u32) -> Plan {
    Plan { parcels, unreadable_permille: 0, ..Plan::default() }
}

#[test]
fn with_permits_for_all_two_hundred_parcels_leave_by_release_on_both_lanes() {
    for map in ["north", "south"] {
        let mut station = Station::new(map, 7, clean(200), FaultSchedule::none(), true);
        station.run(1_200);
        assert!(station.lane.finished());
        assert_eq!((station.left(Chute::Release), station.left(Chute::Exam)), (200, 0), "{map} {:?}", station.odd());
        assert_eq!(station.count(|what| matches!(what, Happened::MovedUnder { .. })), 0, "{map}");
        assert_eq!(station.count(|what| matches!(what, Happened::Passed { .. })), 200, "{map}");
        assert_eq!(station.count(|what| matches!(what, Happened::Read { .. })), 200, "{map}");
        assert_eq!(
            station.count(|what| matches!(what, Happened::Weighed { stable: true, parcels, .. } if parcels.len() == 1)),
            200,
            "{map}"
        );
        let whole = |what: &Happened| matches!(what, Happened::Imaged { image, sent: true } if image.parcels.len() == 1 && !image.interrupted);
        assert_eq!(station.count(whole), 200, "{map}");
        let sent =
            |what: &dyn Fn(&Emitted) -> bool| station.emissions.iter().filter(|emission| what(&emission.what)).count();
        assert_eq!(sent(&|what| matches!(what, Emitted::Scanner { .. })), 200);
        assert_eq!(sent(&|what| matches!(what, Emitted::Scale { .. })), 200);
        assert_eq!(sent(&|what| matches!(what, Emitted::Image { .. })), 200);
    }
}

#[test]
fn without_permits_all_leave_by_exam_and_a_full_chute_stops_the_feed() {
    let mut station = Station::new("north", 8, Plan { exam_chute: 4, ..clean(40) }, FaultSchedule::none(), false);
    station.run(1_200);
    assert!(station.lane.finished());
    assert_eq!((station.left(Chute::Release), station.left(Chute::Exam)), (0, 40));
    assert!(station.count(|what| *what == Happened::ChuteFull { full: true }) > 3);
    assert!(station.count(|what| *what == Happened::Reset) > 3, "each time somebody had to press");
}

#[test]
fn a_cut_cable_stops_the_belts_and_what_was_permitted_before_goes_to_exam() {
    let window = FaultWindow { fault: Fault::CableCut, from: Micros::from_ms(40_000), until: Micros::from_ms(45_000) };
    let mut station = Station::new("north", 9, clean(60), FaultSchedule { windows: vec![window] }, true);
    station.run(600);
    assert!(station.lane.finished());
    let stopped = station.lane.truth().iter().find(|truth| truth.what == Happened::Belts { run: false }).unwrap();
    assert!((window.from..window.until).contains(&stopped.at));
    let exam = station.left(Chute::Exam);
    assert!((1..=6).contains(&exam), "{exam} parcels held a permit on the last belt");
    assert_eq!(station.left(Chute::Release) + exam, 60);
    assert_eq!(station.lane.controller().unwrap().state(), LaneState::Running);
}

#[test]
fn the_same_seed_is_the_same_run_to_the_microsecond() {
    let run = |seed| {
        let faults = FaultSchedule::random(seed, &Fault::ALL, Micros::from_ms(5_000), Micros::from_ms(300_000));
        let mut station = Station::new("south", seed, clean(60), faults, true);
        station.run(400);
        let (truth, parcels) = (station.lane.truth().to_vec(), station.lane.parcels().to_vec());
        (truth, parcels, station.emissions)
    };
    assert_eq!(run(3), run(3));
}

/// Runs one lane under one fault for its whole length.
fn under(fault: Fault, parcels: u32) -> Station {
    let window = FaultWindow { fault, from: Micros::from_ms(15_000), until: Micros::from_ms(45_000) };
    let mut station = Station::new("north", 11, clean(parcels), FaultSchedule { windows: vec![window] }, true);
    station.run(400);
    station
}

fn touched(station: &Station, fault: Fault) -> usize {
    station.count(|what| matches!(what, Happened::Touched { fault: by, direct: true, .. } if *by == fault))
}

#[test]
fn every_fault_of_the_lane_touches_parcels_and_shows_at_its_device() {
    let scans = |station: &Station| {
        station.emissions.iter().filter(|emission| matches!(emission.what, Emitted::Scanner { .. })).count()
    };
    let images = |station: &Station| {
        station.emissions.iter().filter(|emission| matches!(emission.what, Emitted::Image { .. })).count()
    };
    for fault in Fault::ALL.into_iter().filter(|fault| !fault.outside()) {
        let station = under(fault, 32);
        let touched = touched(&station, fault);
        assert!(station.lane.finished(), "{fault}");
        assert!(touched > 2, "{fault}: {touched}");
        let removed = station.count(|what| matches!(what, Happened::Removed { .. }));
        let inserted = station.count(|what| matches!(what, Happened::Inserted { .. }));
        assert_eq!(station.left(Chute::Release) + station.left(Chute::Exam), 32 + inserted - removed, "{fault}");
        match fault {
            Fault::NoRead => assert_eq!(station.count(|what| matches!(what, Happened::NoRead { .. })), touched),
            Fault::DoubleRead => assert_eq!(scans(&station), 32 + touched),
            Fault::ScannerOff => assert_eq!(scans(&station), 32 - touched),
            Fault::Touching | Fault::Abreast => {
                let passes: BTreeSet<u32> = station
                    .lane
                    .truth()
                    .iter()
                    .filter_map(|truth| match truth.what {
                        Happened::Passed { pass, .. } => Some(pass),
                        _ => None,
                    })
                    .collect();
                assert!(passes.len() < 32, "{fault}: the eye took two for one");
            }
            Fault::Lost => assert_eq!(removed, touched),
            Fault::Inserted => assert_eq!(inserted, touched),
            Fault::ImageMissing => assert_eq!(images(&station), 32 - touched),
            Fault::ImageSplit => assert_eq!(images(&station), 32 + touched),
            Fault::ImageMerged => assert!(images(&station) < 32),
            Fault::ScaleUnstable => {
                assert_eq!(station.count(|what| matches!(what, Happened::Weighed { stable: false, .. })), touched);
            }
            Fault::ControllerReset => assert_eq!(station.lane.controller().unwrap().schedule().slots().len(), 0),
            _ => {}
        }
    }
}

#[test]
fn under_all_faults_every_parcel_is_somewhere_and_traffic_goes_on() {
    for (map, seed) in [("north", 21), ("south", 22)] {
        let faults = FaultSchedule::random(seed, &Fault::ALL, Micros::from_ms(10_000), Micros::from_ms(330_000));
        let mut station = Station::new(map, seed, clean(170), faults, true);
        station.run(900);
        assert!(station.lane.finished(), "{map}: {:?}", station.lane.controller().unwrap().state());
        let removed = station.count(|what| matches!(what, Happened::Removed { .. }));
        let (release, exam) = (station.left(Chute::Release), station.left(Chute::Exam));
        assert_eq!(release + exam + removed, station.lane.parcels().len(), "{map}");
        assert!(release >= 110, "{map}: {release} by release, {exam} by exam; {:?}", station.odd());
    }
}
