//! Version 1 of the cable, byte for byte: every message against `tests/golden/link-v1.txt`, both ways.

use super::frame::{FRAME_MAX, Receiver, Sender};
use super::*;
use crate::units::{Micros, Millimetres, Tick};
use serde::de::DeserializeOwned;

const FILE: &str = include_str!("../../../tests/golden/link-v1.txt");
const TIME: Micros = Micros(50_000);

/// Name and bytes of every line.
fn lines() -> impl Iterator<Item = (&'static str, std::vec::Vec<u8>)> {
    let lines = FILE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| {
        let (name, rest) = line.split_once(": ").expect("a name, a colon, bytes");
        let is_byte = |word: &&str| word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        // What the bytes are begins at the first word that is none.
        let parts = rest.split(" | ").flat_map(|part| part.split(' ').take_while(is_byte));
        (name, parts.map(|byte| u8::from_str_radix(byte, 16).expect("a byte")).collect())
    })
}

fn bytes_of(name: &str) -> std::vec::Vec<u8> {
    lines().find(|(line, _)| *line == name).unwrap_or_else(|| panic!("{name} is not in the file")).1
}

fn holds<M: Serialize + DeserializeOwned + PartialEq + core::fmt::Debug>(name: &str, message: &M) {
    let mut room = [0; FRAME_MAX];
    let bytes = bytes_of(name);
    assert_eq!(postcard::to_slice(message, &mut room).unwrap(), bytes, "{name}: encoded");
    assert_eq!(&postcard::from_bytes::<M>(&bytes).unwrap(), message, "{name}: decoded");
}

fn name(text: &str) -> Name {
    Name::try_from(text).unwrap()
}

fn permit() -> Action {
    Action::Permit(Permit {
        id: 77,
        epoch: 9,
        pass: 17,
        window_lo: Tick(-5),
        window_hi: Tick(1_000),
        length_mm_min: Millimetres(100),
        length_mm_max: Millimetres(140),
        expires: Micros(2_000_000),
    })
}

fn commands() -> std::vec::Vec<(&'static str, Command)> {
    let act = |number, action| Command::Action { number, action };
    let bytes = Vec::from_slice(&[0xDE, 0xAD, 0]).unwrap();
    vec![
        ("command.hello", Command::Hello { lowest: 1, highest: 1 }),
        ("command.map", Command::Map { offset: 128, total: 300, bytes }),
        ("command.configure", Command::Configure { crc: 0xDEAD_BEEF, epoch: 9 }),
        ("command.inventory", Command::Inventory),
        ("command.beat", Command::Beat),
        ("command.time-sync", Command::TimeSync { host: Micros(1_000_000) }),
        ("command.resend", Command::Resend { from: 300 }),
        ("command.describe", Command::Describe),
        ("command.trace", Command::Trace),
        ("command.permit", act(5, permit())),
        ("command.revoke", act(6, Action::Revoke { permit: 77 })),
        ("command.stop", act(7, Action::Stop)),
        ("command.stop-in-place", act(8, Action::StopInPlace { pass: 17 })),
        ("command.forget", act(u32::MAX, Action::Forget { epoch: 9, pass: 17 })),
    ]
}

fn greeting() -> Report {
    Report::Hello(Greeting {
        version: 1,
        crc: 0xDEAD_BEEF,
        epoch: 9,
        cause: BootCause::Watchdog,
        log: 7,
        kept_from: 100,
        kept_epoch: 8,
        next: 612,
        taken: 3,
    })
}

fn reports() -> std::vec::Vec<(&'static str, Report)> {
    let refused = Report::Refused;
    let ticks = Vec::from_slice(&[Tick(-1), Tick(0), Tick(12_345)]).unwrap();
    let passes = Vec::from_slice(&[17, 300]).unwrap();
    let description = Description { board: name("lm3s6965"), firmware: name("0.1.0"), eyes: 10, encoders: 4 };
    let statistics = Statistics {
        up: Micros(1_000_000),
        heard: 1,
        dropped: 2,
        missing: 3,
        ignored: 4,
        facts_lost: 5,
        edges_lost: 6,
        slowest: Micros(1_500),
        stack_used: 2_048,
        stack_size: 16_384,
    };
    vec![
        ("report.hello", greeting()),
        ("report.refused.version", refused(Refusal::Version { lowest: 1, highest: 1 })),
        ("report.refused.crc", refused(Refusal::Crc { mine: 0xDEAD_BEEF })),
        ("report.refused.not-configured", refused(Refusal::NotConfigured)),
        ("report.refused.frozen", refused(Refusal::Frozen)),
        ("report.refused.map", refused(Refusal::Map)),
        ("report.refused.board", refused(Refusal::Board { eyes: 10, encoders: 4 })),
        ("report.beat", Report::Beat { time: TIME, ticks, next: 612, taken: 3 }),
        ("report.time", Report::Time { host: Micros(1_000_000), time: TIME }),
        ("report.resending", Report::Resending { from: 100 }),
        ("report.inventory", Report::Inventory { passes, complete: true }),
        ("report.map-wanted", Report::MapWanted { offset: 128 }),
        ("report.description", Report::Description(description)),
        ("report.statistics", Report::Statistics(statistics)),
    ]
}

fn facts() -> std::vec::Vec<(String, Fact)> {
    let (before, time) = (Some(Tick(-3)), TIME);
    let mut facts = vec![
        ("edge".to_owned(), Fact::Edge { eye: 5, blocked: true, tick: Tick(5_200), before, time, pass: Some(17) }),
        (
            "edge.plain".to_owned(),
            Fact::Edge { eye: 0, blocked: false, tick: Tick(200), before: None, time, pass: None },
        ),
        ("lane.latched.stopinplace".to_owned(), Fact::Lane { state: LaneState::Latched(StopCause::StopInPlace), time }),
        ("configured".to_owned(), Fact::Configured { epoch: 9, time }),
    ];
    let mut add =
        |kind: &str, word: std::string::String, fact| facts.push((format!("{kind}.{}", word.to_lowercase()), fact));
    use Motion as M;
    for motion in [M::Running, M::Stopped, M::Coasting, M::Reversed, M::OffSpeed] {
        add("belt", format!("{motion:?}"), Fact::Belt { segment: 2, motion, tick: Tick(5_200), time });
    }
    use Input as I;
    let inputs = [I::EStop, I::Guard, I::Reset, I::ExamChuteFull, I::Radiation, I::Smoke, I::BeltStop];
    for (index, input) in inputs.into_iter().enumerate() {
        add("input", format!("{input:?}"), Fact::Input { input, active: index % 2 == 0, time });
    }
    let permit = |fate| Fact::Permit { permit: 77, pass: 17, fate, time };
    for fate in [PermitFate::Accepted, PermitFate::Missed, PermitFate::Opened, PermitFate::Closed] {
        add("permit", format!("{fate:?}"), permit(fate));
    }
    use PermitRefusal as R;
    let refusals =
        [R::NotConfigured, R::WrongEpoch, R::AlreadyUsed, R::Expired, R::TooLate, R::Overlap, R::LaneNotMoving];
    for refusal in refusals.into_iter().chain([R::GateFault, R::Full]) {
        add("permit.refused", format!("{refusal:?}"), permit(PermitFate::Refused(refusal)));
    }
    use VoidCause as V;
    let causes = [V::Revoked, V::Expired, V::Heartbeat, V::LongStop, V::Guard, V::Reversed, V::Length, V::Gap];
    for cause in causes.into_iter().chain([V::GateFault, V::Latched, V::EdgesLost]) {
        add("permit.void", format!("{cause:?}"), permit(PermitFate::Void(cause)));
    }
    for fate in [RevokeFate::Revoked, RevokeFate::TooLate, RevokeFate::Unknown] {
        add("revoke", format!("{fate:?}"), Fact::Revoke { permit: 77, fate, time });
    }
    for state in [GateState::Exam, GateState::Release, GateState::Stuck, GateState::Slow] {
        add("gate", format!("{state:?}"), Fact::Gate { state, time });
    }
    use LaneState as L;
    for state in [L::Setup, L::Ready, L::Running, L::ChuteFull, L::Starting] {
        add("lane", format!("{state:?}"), Fact::Lane { state, time });
    }
    use StopCause as C;
    let causes = [C::EStop, C::Guard, C::Heartbeat, C::Requested, C::GateFault, C::Jam, C::Radiation, C::Smoke];
    for cause in causes.into_iter().chain([C::StopInPlace, C::BeltStop, C::Encoder, C::Escaped, C::Eye]) {
        add("lane.stopped", format!("{cause:?}"), Fact::Lane { state: L::Stopped(cause), time });
    }
    for cause in [BootCause::PowerOn, BootCause::Watchdog, BootCause::Other] {
        add("boot", format!("{cause:?}"), Fact::Boot { cause, before: 9 });
    }
    facts
}

fn traced() -> std::vec::Vec<(&'static str, Happening)> {
    use Happening as H;
    vec![
        ("boot", H::Boot { cause: BootCause::PowerOn }),
        ("hello", H::Hello { highest: 1 }),
        ("configure", H::Configure { crc: 0xDEAD_BEEF, epoch: 9 }),
        ("stop-command", H::StopCommand),
        ("stop-in-place", H::StopInPlace { pass: 17 }),
        ("forget", H::Forget { pass: 17 }),
        ("edge", H::Edge { eye: 5, blocked: true, tick: Tick(5_200) }),
        ("belt", H::Belt { segment: 2, motion: Motion::Running }),
        ("input", H::Input { input: Input::Reset, active: true }),
        ("permit", H::Permit { permit: 77, fate: PermitFate::Opened }),
        ("revoke", H::Revoke { permit: 77, fate: RevokeFate::TooLate }),
        ("gate", H::Gate { state: GateState::Stuck }),
        ("lane", H::Lane { state: LaneState::Running }),
        ("edges-lost", H::EdgesLost { count: 3 }),
    ]
}

#[test]
fn every_message_is_the_bytes_of_version_1() {
    let (commands, reports, facts, traced) = (commands(), reports(), facts(), traced());
    let count = commands.len() + reports.len() + facts.len() + traced.len();
    commands.iter().for_each(|(name, command)| holds(name, command));
    reports.iter().for_each(|(name, report)| holds(name, report));
    for (name, fact) in facts {
        holds(&format!("fact.{name}"), &Report::Fact { number: 300, fact });
    }
    for (name, what) in traced {
        holds(&format!("traced.{name}"), &Report::Traced { left: 4, time: TIME, what });
    }
    let lines = lines().filter(|(name, _)| !name.starts_with("frame.")).count();
    assert_eq!(lines, count, "every line of the file is held by a message");
}

#[test]
fn frames_are_the_bytes_of_version_1() {
    let (_, report) = facts().into_iter().find(|(name, _)| name == "edge").unwrap();
    frame_holds(0, "command.beat", &Command::Beat);
    frame_holds(1, "command.permit", &Command::Action { number: 5, action: permit() });
    frame_holds(u16::MAX, "report.hello", &greeting());
    frame_holds(258, "fact.edge", &Report::Fact { number: 300, fact: report });
}

fn frame_holds<M: Serialize + DeserializeOwned + PartialEq + core::fmt::Debug>(seq: u16, name: &str, message: &M) {
    let bytes = bytes_of(&format!("frame.{seq}.{name}"));
    let (mut out, mut sender, mut used) = ([0; FRAME_MAX], Sender::default(), 0);
    for _ in 0..=seq {
        used = sender.encode(message, &mut out).unwrap();
    }
    assert_eq!(&out[..used], bytes, "{name}");
    let mut receiver = Receiver::default();
    let heard = bytes.iter().find_map(|&byte| receiver.push::<M>(byte));
    assert_eq!(heard.map(|received| received.message).as_ref(), Some(message), "{name}");
}
