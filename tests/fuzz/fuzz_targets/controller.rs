//! The lane controller on its smallest lane: whatever is said, pressed, pulled or pushed, the gate is open only for
//! what was permitted, and never for longer than its dead-man. The lane and the ghost that judges are those of the
//! exploration (`firmware/src/stories/explore`).
#![no_main]

use gatepost_firmware::{Controller, GatePosition, Kept};
use gatepost_hardware::link::{Command, Input};
use small::{Act, Small};

#[path = "../../../firmware/src/stories/explore/ghost.rs"]
mod ghost;
#[path = "../../../firmware/src/stories/explore/small.rs"]
#[expect(dead_code, unused_imports, reason = "its own test uses them")]
mod small;

use ghost::Kind;

const KINDS: [Kind; 6] = [Kind::Good, Kind::Wide, Kind::Elsewhere, Kind::Soon, Kind::OtherEpoch, Kind::OtherLength];
const INPUTS: [Input; 3] = [Input::EStop, Input::Guard, Input::Radiation];
const ROWS: [&[(i64, i64)]; 4] =
    [&[(0, 1), (2, 1), (2, 2)], &[(0, 1), (1, 1)], &[(0, 2), (2, 1), (3, 1), (2, 1)], &[(0, 1), (2, 2)]];

/// Every other byte is a step of time, so that something can come of what is said between.
fn act(byte: u8) -> Act {
    let which = usize::from(byte >> 4);
    match byte & 15 {
        0..6 => Act::Step,
        6 | 7 => Act::Permit(which % 4, KINDS[which / 4 % 2]),
        8 => Act::Permit(which % 4, KINDS[which % 6]),
        9 => [Act::Again, Act::Revoke][which % 2],
        10 => [Act::Slip, Act::Back, Act::Stall, Act::Reverse][which % 4],
        11 => [Act::Cable, Act::Gate][which % 2],
        12 => [Act::Stop, Act::StopInPlace, Act::OtherMap, Act::OurMap][which % 4],
        13 => Act::Input(INPUTS[which % 3]),
        _ => Act::Reset,
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [row, bytes @ ..] = data else { return };
    let mut small = Small::running(ROWS[usize::from(*row) % 4]);
    let mut bytes = bytes.iter().copied().take(600);
    while let Some(byte) = bytes.next() {
        if byte != 0xFF {
            let act = act(byte);
            if small.can(act) {
                small.act(act);
            }
            continue;
        }
        // Anything at all that a station could say, as it comes off the cable.
        let length = usize::from(bytes.next().unwrap_or(0) % 48);
        let message: Vec<u8> = bytes.by_ref().take(length).collect();
        // Through a pulled cable comes nothing, or the ghost would count as silence what the controller heard.
        if !small.lane.cable {
            continue;
        }
        match postcard::from_bytes::<Command>(&message) {
            // Numbered as it should be half of the time.
            Ok(Command::Action { number, action }) if number % 2 == 0 => small.order(action),
            Ok(command) => small.say(command),
            Err(_) => {}
        }
    }
});
