//! A controller on its cable, with a real lane's map, bytes that no station sends, and pins and times that no lane shows:
//! nothing panics or overflows, the gate is open only within its dead-man and for a permit that was accepted and has not ended, belts run only after the
//! button and against no input.
#![no_main]

use gatepost_firmware::guard::Figures;
use gatepost_firmware::session::About;
use gatepost_firmware::{GatePosition, Kept, Session};
use gatepost_hardware::lane::{LaneMap, file};
use gatepost_hardware::link::frame::{FRAME_MAX, Sender};
use gatepost_hardware::link::{BootCause, Command, Fact, Input, PART_MAX, PermitFate, Report, map};
use gatepost_hardware::units::Micros;
use std::collections::BTreeSet;
use std::sync::LazyLock;

static NORTH: LazyLock<LaneMap> = LazyLock::new(|| {
    file::parse("north.toml", include_str!("../../../hardware/lanes/north.toml")).expect("a shipped lane")
});
const STOPS: [Input; 4] = [Input::EStop, Input::Guard, Input::Radiation, Input::ExamChuteFull];

/// What must be true of the pins, from what was done and said.
#[derive(Default)]
struct Watch {
    /// Number of the next fact.
    told: u32,
    active: BTreeSet<Input>,
    pressed: bool,
    powered: bool,
    /// When the station, or what may have sounded like it, was last heard.
    heard: Micros,
    opened: Option<(u32, Micros)>,
    accepted: BTreeSet<u32>,
    ended: BTreeSet<u32>,
}

impl Watch {
    fn look(&mut self, session: &mut Session<Box<Kept>>, now: Micros) {
        while let Some(report) = session.report() {
            let Report::Fact { number, fact } = report else { continue };
            if number < self.told {
                continue; // somebody asked for it again
            }
            self.told = number + 1;
            if let Fact::Permit { permit, fate, .. } = fact {
                self.said(permit, fate, now);
            }
        }
        let outputs = session.outputs();
        assert_eq!(outputs.gate_release, self.opened.is_some(), "open exactly while a permit is");
        let cap = Figures::of(&NORTH).expect("a lane with a gate").open_time_cap;
        if let Some((_, since)) = self.opened {
            assert!(now.saturating_sub(since) <= cap, "the gate outlives its dead-man");
        }
        let silent = now.saturating_sub(self.heard) > Micros::from_ms(u64::from(NORTH.timing.heartbeat_ms_max));
        assert!(!silent || !outputs.gate_release && !outputs.belt_permit, "gate or belts outlive the station");
        assert!(!outputs.belt_permit || self.active.is_empty(), "belts run against {:?}", self.active);
        assert!(!outputs.belt_permit || self.powered || self.pressed, "belts start and nobody pressed the button");
        self.pressed &= !outputs.belt_permit || self.powered;
        self.powered = outputs.belt_permit;
    }

    fn said(&mut self, permit: u32, fate: PermitFate, now: Micros) {
        match fate {
            PermitFate::Accepted => {
                assert!(!self.ended.contains(&permit) && self.accepted.insert(permit), "{permit} is accepted again");
            }
            PermitFate::Opened => {
                assert!(
                    self.accepted.contains(&permit) && !self.ended.contains(&permit),
                    "{permit} is used after its end"
                );
                assert!(self.opened.is_none(), "two permits open");
                self.opened = Some((permit, now));
                self.ended.insert(permit);
            }
            PermitFate::Refused(_) => {}
            PermitFate::Missed | PermitFate::Void(_) | PermitFate::Closed => {
                self.opened = self.opened.filter(|(open, _)| *open != permit);
                self.ended.insert(permit);
            }
        }
    }
}

/// A station that frames what it says.
struct Cable {
    sender: Sender,
    acted: u32,
}

impl Cable {
    fn say(&mut self, session: &mut Session<Box<Kept>>, command: &Command, now: Micros) {
        let mut out = [0; FRAME_MAX];
        let used = self.sender.encode(command, &mut out).unwrap_or(0);
        session.receive(&out[..used], now);
    }

    /// Any command at all; an action is numbered as it should be half of the time.
    fn say_any(&mut self, session: &mut Session<Box<Kept>>, message: &[u8], now: Micros) {
        let Ok(mut command) = postcard::from_bytes::<Command>(message) else { return };
        if let Command::Action { number, .. } = &mut command
            && *number % 2 == 0
        {
            *number = self.acted;
            self.acted += 1;
        }
        self.say(session, &command, now);
    }

    fn greet(&mut self, session: &mut Session<Box<Kept>>) {
        let mut offset = 0;
        while let Some(part) = map::part(&NORTH, offset) {
            self.say(session, &part, Micros::ZERO);
            offset += PART_MAX as u16;
        }
        self.say(session, &Command::Configure { crc: NORTH.crc(), epoch: 1 }, Micros::ZERO);
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut bytes = data.iter().copied().take(1_200);
    let name = |text: &str| text.try_into().expect("short");
    let about = About { board: name("fuzz"), firmware: name("0"), eyes: 10, encoders: 4 };
    let mut session = Session::new(Box::<Kept>::default(), BootCause::PowerOn, about);
    let mut cable = Cable { sender: Sender::default(), acted: 0 };
    let (mut watch, mut now) = (Watch::default(), Micros::ZERO);
    if bytes.next().is_some_and(|setup| setup & 1 == 0) {
        cable.greet(&mut session);
    }
    while let Some(what) = bytes.next() {
        let detail = bytes.next().unwrap_or(0);
        // From a microsecond to days.
        now = now.saturating_add(Micros(1 << (u32::from(detail >> 2) % 41)));
        match what % 12 {
            0 | 1 => session.raw_edge(what >> 4, detail & 1 != 0, now),
            2 => session.encoder(what >> 6, i32::from(detail as i8), now),
            3 => session.encoder(what >> 6, i32::MIN.wrapping_shr(u32::from(detail % 31)), now),
            4 => {
                let noise: Vec<u8> = bytes.by_ref().take(usize::from(what >> 4)).collect();
                session.receive(&noise, now);
                watch.heard = if noise.contains(&0) { now } else { watch.heard }; // it may end a frame
            }
            5 => {
                let input = STOPS[usize::from(what >> 4) % 4];
                let active = detail & 1 != 0;
                session.input(input, active, now);
                // Without a lane, an input means nothing yet.
                if session.controller().is_some() {
                    if active {
                        watch.active.insert(input)
                    } else {
                        watch.active.remove(&input)
                    };
                }
            }
            6 | 7 => {
                watch.pressed |= detail & 1 != 0;
                session.input(Input::Reset, detail & 1 != 0, now);
            }
            8 => {
                let position =
                    [GatePosition::Exam, GatePosition::Release, GatePosition::Between][usize::from(detail) % 3];
                session.gate_feedback(position, now);
            }
            9 => session.step(now),
            _ => {
                let message: Vec<u8> = bytes.by_ref().take(usize::from(detail % 48)).collect();
                cable.say_any(&mut session, &message, now);
                watch.heard = now;
            }
        }
        // An edge that is not believed yet settles nothing; a board looks in every turn.
        session.step(now);
        watch.look(&mut session, now);
    }
});
