//! Stories about a controller at the end of its cable: who gives it a lane, and what it remembers over a reset.

use super::rig::NORTH;
use crate::{About, GatePosition, Kept, Outputs, Session};
use gatepost_hardware::lane::{LaneMap, Name, file};
use gatepost_hardware::link::frame::FRAME_MAX;
use gatepost_hardware::link::station::{StationEnd, Word};
use gatepost_hardware::link::{
    Action, BootCause, Command, Fact, Greeting, Happening, Input, LaneState, Refusal, Report, map,
};
use gatepost_hardware::units::Micros;

/// A controller, a station's end, and everything that was said.
struct Pair {
    session: Session<Box<Kept>>,
    end: StationEnd,
    heard: Vec<Report>,
    now: Micros,
    map: LaneMap,
    /// The cable drops what the controller says.
    deaf: bool,
}

fn about(eyes: u8) -> About {
    let name = |text| Name::try_from(text).unwrap();
    About { board: name("test"), firmware: name("1"), eyes, encoders: 4 }
}

impl Pair {
    fn new(kept: Box<Kept>, cause: BootCause) -> Self {
        let map = file::parse("north.toml", NORTH).unwrap();
        let session = Session::new(kept, cause, about(10));
        let mut pair =
            Self { session, end: StationEnd::default(), heard: Vec::new(), now: Micros(0), map, deaf: false };
        pair.listen();
        pair
    }

    fn listen(&mut self) {
        let mut out = [0; FRAME_MAX];
        loop {
            let used = self.session.speak(&mut out);
            if used == 0 {
                return;
            }
            if !self.deaf {
                self.heard.extend(out[..used].iter().filter_map(|&byte| self.end.hear(byte, self.now)));
            }
        }
    }

    fn say(&mut self, word: Word) {
        let mut bytes = Vec::new();
        self.end.say(word, self.now, |frame| bytes.extend_from_slice(frame));
        self.session.receive(&bytes, self.now);
        self.listen();
    }

    fn ask(&mut self, command: Command) -> Vec<Report> {
        self.heard.clear();
        self.say(Word::Ask(command));
        self.heard.clone()
    }

    fn run_ms(&mut self, count: u64) {
        for _ in 0..count {
            self.now = self.now + Micros(1_000);
            self.session.step(self.now);
            self.listen();
        }
    }

    /// Sends the whole lane map, as a station does.
    fn give_map(&mut self) -> Vec<Report> {
        let mut offset = 0;
        while let Some(part) = map::part(&self.map, offset) {
            let answers = self.ask(part);
            let Some(Report::MapWanted { offset: next }) = answers.first() else { return answers };
            offset = *next;
        }
        self.heard.clone()
    }

    fn configured(mut self) -> Self {
        self.give_map();
        assert!(self.session.wants_levels());
        self.session.gate_feedback(GatePosition::Exam, self.now);
        let crc = self.map.crc();
        self.ask(Command::Configure { crc, epoch: 7 });
        self
    }

    fn reset(self) -> Self {
        Self::new(self.session.into_kept().unwrap(), BootCause::Watchdog)
    }

    fn greeting(&mut self) -> Greeting {
        let answers = self.ask(Command::Hello { lowest: 1, highest: 1 });
        let greeting = answers.iter().find_map(|report| match report {
            Report::Hello(greeting) => Some(*greeting),
            _ => None,
        });
        greeting.expect("a greeting")
    }
}

#[test]
fn a_controller_without_a_lane_rests_and_takes_the_stations_map() {
    let mut pair = Pair::new(Box::default(), BootCause::PowerOn);
    assert_eq!((pair.greeting().crc, pair.session.outputs()), (0, Outputs::default()));
    pair.session.raw_edge(0, true, Micros(5));
    let crc = pair.map.crc();
    assert_eq!(pair.ask(Command::Configure { crc, epoch: 1 }), [Report::Refused(Refusal::Crc { mine: 0 })]);
    let answers = pair.give_map();
    assert!(
        matches!(answers.as_slice(), [Report::MapWanted { .. }, Report::Hello(greeting), ..] if greeting.crc == crc)
    );
    assert!(pair.session.wants_levels() && !pair.session.wants_levels());
    pair.ask(Command::Configure { crc, epoch: 1 });
    let part = map::part(&pair.map, 0).unwrap();
    assert_eq!(pair.ask(part), [Report::Refused(Refusal::Frozen)], "configured, then frozen");
}

#[test]
fn parts_may_come_twice_or_be_lost_and_another_map_is_taken_until_it_is_configured() {
    let mut pair = Pair::new(Box::default(), BootCause::PowerOn);
    let first = map::part(&pair.map, 0).unwrap();
    let Command::Map { total, .. } = first.clone() else { unreachable!("a part") };
    let later = Command::Map { offset: 150, total, bytes: heapless::Vec::new() };
    pair.ask(first.clone());
    assert_eq!(pair.ask(later), [Report::MapWanted { offset: 128 }], "the second is missing");
    assert_eq!(pair.ask(first), [Report::MapWanted { offset: 128 }], "from the beginning again");
    pair.give_map();
    pair.map.timing.debounce_us += 1;
    pair.give_map();
    assert_eq!(pair.greeting().crc, pair.map.crc());
}

#[test]
fn what_is_no_map_and_what_the_board_has_no_terminals_for_is_refused() {
    let mut pair = Pair::new(Box::default(), BootCause::PowerOn);
    let bytes = heapless::Vec::from_slice(&[0xFF; 40]).unwrap();
    let answers = pair.ask(Command::Map { offset: 0, total: 40, bytes: bytes.clone() });
    assert!(answers.contains(&Report::Refused(Refusal::Map)), "{answers:?}");
    assert_eq!(
        pair.ask(Command::Map { offset: 0, total: 2_000, bytes: bytes.clone() }),
        [Report::Refused(Refusal::Map)]
    );
    assert_eq!(pair.ask(Command::Map { offset: 8, total: 40, bytes }), [Report::Refused(Refusal::Map)]);
    pair.session = Session::new(Box::default(), BootCause::PowerOn, about(5));
    let answers = pair.give_map();
    assert!(answers.contains(&Report::Refused(Refusal::Board { eyes: 5, encoders: 4 })), "{answers:?}");
    assert_eq!(pair.greeting().crc, 0);
}

#[test]
fn a_reset_that_memory_outlives_goes_on_counting_and_tells_what_nobody_had_heard() {
    let mut pair = Pair::new(Box::default(), BootCause::PowerOn).configured();
    pair.run_ms(20);
    pair.deaf = true; // the station died
    pair.session.input(Input::Guard, true, pair.now);
    let before = pair.greeting_numbers();
    let mut pair = pair.reset();
    let greeting = pair.greeting();
    assert_eq!((greeting.crc, greeting.epoch, greeting.taken), (pair.map.crc(), 0, 0));
    assert_eq!((greeting.log, greeting.kept_epoch, greeting.kept_from), (7, 0, 0), "the log began before epoch 7");
    assert_eq!(greeting.next, before + 1, "one fact more: the boot");
    let facts: Vec<Fact> = pair
        .ask(Command::Resend { from: 0 })
        .into_iter()
        .filter_map(|report| match report {
            Report::Fact { fact, .. } => Some(fact),
            _ => None,
        })
        .collect();
    let at = |wanted: &dyn Fn(&Fact) -> bool| facts.iter().position(wanted).expect("the fact is kept");
    let configured = at(&|fact| matches!(fact, Fact::Configured { epoch: 7, .. }));
    let guard = at(&|fact| matches!(fact, Fact::Input { input: Input::Guard, active: true, .. }));
    let boot = at(&|fact| *fact == Fact::Boot { cause: BootCause::Watchdog, before: 7 });
    assert!(configured < guard && guard < boot);
    let crc = pair.map.crc();
    pair.ask(Command::Configure { crc, epoch: 8 });
    assert_eq!((pair.greeting().epoch, pair.greeting().log), (8, 7));
}

#[test]
fn a_power_cut_forgets_everything_and_says_so() {
    let mut pair = Pair::new(Box::default(), BootCause::PowerOn).configured();
    pair.run_ms(20);
    let mut pair = Pair::new(Box::default(), BootCause::PowerOn);
    assert_eq!((pair.greeting().log, pair.greeting().crc), (0, 0));
}

#[test]
fn an_action_that_comes_twice_is_done_once_and_one_too_early_not_at_all() {
    let mut pair = Pair::new(Box::default(), BootCause::PowerOn).configured();
    let act = |number| Command::Action { number, action: Action::StopInPlace { pass: 1 } };
    pair.ask(act(1));
    assert_eq!(pair.session.controller().unwrap().state(), LaneState::Ready);
    pair.ask(act(0));
    assert!(matches!(pair.session.controller().unwrap().state(), LaneState::Latched(_)));
    assert_eq!(pair.greeting().taken, 1);
    let answers = pair.ask(Command::Describe);
    assert!(
        matches!(answers.as_slice(), [Report::Description(_), Report::Statistics(statistics), ..] if statistics.ignored == 1)
    );
}

#[test]
fn the_trace_outlives_a_reset_too() {
    let mut pair = Pair::new(Box::default(), BootCause::PowerOn).configured().reset();
    let traced: Vec<Happening> = pair
        .ask(Command::Trace)
        .into_iter()
        .filter_map(|report| match report {
            Report::Traced { what, .. } => Some(what),
            _ => None,
        })
        .collect();
    assert!(traced.iter().any(|what| matches!(what, Happening::Configure { epoch: 7, .. })), "{traced:?}");
    assert_eq!(traced.last(), Some(&Happening::Boot { cause: BootCause::Watchdog }));
}

impl Pair {
    /// The number that the next fact will get.
    fn greeting_numbers(&mut self) -> u32 {
        let deaf = std::mem::replace(&mut self.deaf, false);
        let next = self.greeting().next;
        self.deaf = deaf;
        next
    }
}
