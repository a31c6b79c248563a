//! A board of plain values: what the round tells a session, and when.

use super::*;
use crate::About;
use edges::Edges;
use gatepost_hardware::lane::{LaneMap, file};
use gatepost_hardware::link::frame::{Receiver, Sender};
use gatepost_hardware::link::{BootCause, Command, Fact, Greeting, Report, map};
use std::boxed::Box;
use std::vec::Vec;

/// Pins and a cable in memory.
#[derive(Default)]
struct Bench {
    now: u64,
    edges: Edges,
    levels: Levels,
    shown: Vec<Shown>,
    to_hear: Vec<u8>,
    said: Vec<u8>,
    lost: u32,
}

impl Board for Bench {
    fn now(&mut self) -> Micros {
        Micros(self.now)
    }
    fn next_edge(&mut self) -> Option<Edge> {
        self.edges.take()
    }
    fn edges_lost(&mut self) -> u32 {
        self.lost
    }
    fn levels(&mut self) -> Option<(Levels, Micros)> {
        self.edges.is_empty().then_some((self.levels, Micros(self.now)))
    }
    fn show(&mut self, shown: Shown) {
        if self.shown.last() != Some(&shown) {
            self.shown.push(shown);
        }
    }
    fn hear(&mut self, into: &mut [u8]) -> usize {
        let count = into.len().min(self.to_hear.len());
        into[..count].copy_from_slice(&self.to_hear[..count]);
        self.to_hear.drain(..count);
        count
    }
    fn room(&mut self) -> usize {
        FRAME_MAX
    }
    fn say(&mut self, bytes: &[u8]) {
        self.said.extend_from_slice(bytes);
    }
}

struct Rig {
    bench: Bench,
    round: Round,
    session: Session<Box<Kept>>,
    sender: Sender,
    receiver: Receiver,
    facts: Vec<Fact>,
}

fn north() -> LaneMap {
    file::parse("north.toml", include_str!("../../../hardware/lanes/north.toml")).unwrap()
}

impl Rig {
    /// Booted, with its lane, configured, nothing wrong at any input.
    fn configured() -> Self {
        let name = gatepost_hardware::lane::Name::new;
        let about = About { board: name(), firmware: name(), eyes: 10, encoders: 4 };
        let mut rig = Self {
            bench: Bench { levels: Levels { gate_at_exam: true, ..Levels::default() }, ..Bench::default() },
            round: Round::new(),
            session: Session::new(Box::default(), BootCause::PowerOn, about),
            sender: Sender::default(),
            receiver: Receiver::default(),
            facts: Vec::new(),
        };
        let lane = north();
        let mut offset = 0;
        while let Some(Command::Map { total, bytes, .. }) = map::part(&lane, offset) {
            let length = bytes.len() as u16;
            rig.tell(&Command::Map { offset, total, bytes });
            offset += length;
            rig.pass(20);
        }
        rig.tell(&Command::Configure { crc: lane.crc(), epoch: 1 });
        rig.pass(50);
        assert!(rig.facts.iter().any(|fact| matches!(fact, Fact::Configured { .. })), "{:?}", rig.facts);
        rig
    }

    fn tell(&mut self, command: &Command) {
        let mut frame = [0; FRAME_MAX];
        let used = self.sender.encode(command, &mut frame).unwrap();
        self.bench.to_hear.extend_from_slice(&frame[..used]);
    }

    /// Milliseconds, a turn each.
    fn pass(&mut self, ms: u64) -> Vec<Report> {
        let mut reports = Vec::new();
        for _ in 0..ms {
            self.bench.now += 1_000;
            if self.bench.now.is_multiple_of(100_000) {
                self.tell(&Command::Beat);
            }
            self.round.turn(&mut self.session, &mut self.bench);
            for byte in core::mem::take(&mut self.bench.said) {
                reports.extend(self.receiver.push::<Report>(byte).map(|received| received.message));
            }
        }
        self.facts.extend(reports.iter().filter_map(|report| match report {
            Report::Fact { fact, .. } => Some(*fact),
            _ => None,
        }));
        reports
    }

    fn since(&self, from: usize, which: impl Fn(&Fact) -> bool) -> usize {
        self.facts[from..].iter().filter(|fact| which(fact)).count()
    }
}

#[test]
fn a_lost_edge_is_healed_by_the_next_look_and_said() {
    let mut rig = Rig::configured();
    let from = rig.facts.len();
    rig.bench.levels.blocked = 1 << 3;
    rig.bench.lost = 2;
    rig.pass(20);
    let edges = |fact: &Fact| matches!(fact, Fact::Edge { eye: 3, blocked: true, .. });
    assert_eq!(rig.since(from, edges), 1, "seen by looking, though no edge came");
    rig.tell(&Command::Describe);
    let reports = rig.pass(5);
    let lost = reports.iter().find_map(|report| match report {
        Report::Statistics(statistics) => Some(statistics.edges_lost),
        _ => None,
    });
    assert_eq!(lost, Some(2));
}

#[test]
fn an_edge_is_told_once_with_its_own_time_and_after_the_ticks_before_it() {
    let mut rig = Rig::configured();
    let (from, at) = (rig.facts.len(), rig.bench.now + 700);
    rig.bench.edges.turned(0, 1, Micros(at - 500));
    rig.bench.edges.turned(0, 1, Micros(at - 200));
    rig.bench.edges.eye(0, true, Micros(at));
    rig.bench.edges.turned(0, 1, Micros(at + 100));
    rig.bench.levels.blocked = 1;
    rig.pass(20);
    let told: Vec<_> = rig.facts[from..]
        .iter()
        .filter_map(|fact| match fact {
            Fact::Edge { eye: 0, blocked: true, tick, time, .. } => Some((tick.0, time.0)),
            _ => None,
        })
        .collect();
    assert_eq!(told, [(2, at)]);
}

#[test]
fn belts_start_by_the_button_alone_and_a_stop_is_shown_in_the_same_turn() {
    let mut rig = Rig::configured();
    rig.pass(200);
    assert!(rig.bench.shown.iter().all(|shown| !shown.belt_permit));
    let index = |wanted| INPUTS.iter().position(|input| *input == wanted).unwrap();
    rig.bench.levels.active = 1 << index(Input::Reset);
    rig.pass(200);
    rig.bench.levels.active = 0;
    let warning = u64::from(north().timing.start_warning_ms);
    rig.pass(warning + 100);
    assert!(rig.bench.shown.last().is_some_and(|shown| shown.belt_permit && shown.green));
    rig.bench.levels.active = 1 << index(Input::EStop);
    rig.pass(1);
    assert!(rig.bench.shown.last().is_some_and(|shown| !shown.belt_permit && shown.red));
}

#[test]
fn a_bare_board_introduces_itself_and_shows_rest() {
    let name = gatepost_hardware::lane::Name::new;
    let about = About { board: name(), firmware: name(), eyes: 10, encoders: 4 };
    let mut session = Session::new(Box::<Kept>::default(), BootCause::PowerOn, about);
    let (mut bench, mut round, mut receiver) = (Bench::default(), Round::new(), Receiver::default());
    round.turn(&mut session, &mut bench);
    let said = bench.said.iter().find_map(|byte| receiver.push::<Report>(*byte));
    assert!(matches!(said.map(|said| said.message), Some(Report::Hello(Greeting { crc: 0, epoch: 0, .. }))));
    assert!(bench.shown.iter().all(|shown| !shown.belt_permit && !shown.gate_release && shown.red));
}

#[test]
fn a_cut_wire_is_what_stops_and_never_a_press() {
    let cut = Levels::wired(|_| false, |_| false, false, false);
    let reset = 1 << INPUTS.iter().position(|input| *input == Input::Reset).unwrap();
    assert_eq!((cut.blocked, cut.active), (0x3FF, 0x7F & !reset));
    let whole = Levels::wired(|eye| eye != 3, |contact| INPUTS[contact] != Input::Guard, true, false);
    let guard = 1 << INPUTS.iter().position(|input| *input == Input::Guard).unwrap();
    assert_eq!(whole, Levels { blocked: 1 << 3, active: guard | reset, gate_at_exam: true, gate_at_release: false });
}

#[test]
fn outputs_are_bits_in_their_order() {
    let shown = Shown { gate_release: true, buzzer: true, ..Shown::default() };
    assert_eq!(shown.bits([1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7]), 1 << 3 | 1 << 7);
    assert_eq!(Shown::default().bits([!0; 6]), 0);
}
