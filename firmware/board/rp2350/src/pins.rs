//! Which pin is what: the source of the wiring. Nothing else in this board knows a pin's number.
//!
//! A lane's every terminal is 33 pins, and the cable two: more than the 26 of a Raspberry Pi Pico 2, and `north` alone, with
//! eight eyes, is too much for it. So this board is the chip's large package, the **RP2350B** with 48 pins, on a
//! module that brings them out (Pimoroni PGA2350, WeAct RP2350B). GP23 to GP25 and GP47 stay free: a button, a lamp and the
//! chip select of a second memory are there on some modules.
//!
//! **No pull of the chip's own is used.** Up to stepping A2, a pin of the RP2350 with its pull-down may stand near 2.2 V once
//! it was high (erratum E9): a cut wire could go on reading as a closed contact. Every input has 4.7 kΩ to 0 V outside,
//! next to the module, and every output 10 kΩ; without them the board must not be used.
//!
//! | what | pins | wired | level 0, and a cut wire |
//! |---|---|---|---|
//! | the cable, to and from the station | GP0, GP1 | UART0, 115,200 baud 8N1 | silence: the belts stop, the gate goes to exam |
//! | belt permit (contactor), gate release (valve) | GP2, GP3 | high drives; pulled down outside | off: belts rest, gate at exam |
//! | lamps red, amber, green, buzzer | GP4, GP5, GP6, GP7 | high drives | dark |
//! | encoders of segments 0–3, A then B | GP8/9, GP10/11, GP12/13, GP14/15 | push-pull, 90° apart | no step: an encoder fault while the motor runs |
//! | e-stop, guard (a contact of the safety relay) | GP16, GP17 | normally closed | active: stopped |
//! | reset button | GP18 | normally open | not pressed |
//! | exam chute full (eye across the chute) | GP19 | light-on output | full: the feed stops |
//! | radiation, smoke (alarm relay, held while all is well) | GP20, GP21 | normally closed; bridged where there is none | alarm: latched |
//! | belt stop (pull cord) | GP22 | normally closed; bridged where there is none | active: stopped |
//! | gate at exam, gate at release (proximity switches) | GP26, GP27 | normally open | between: a stuck gate |
//! | eyes 0–9 (the lane file's order) | GP32–GP41 | light-on output of the receiver | blocked: a jam |

use gatepost_firmware::board::{INPUTS, Levels, Shown};
use gatepost_hardware::lane::{EYES_MAX, SEGMENTS_MAX};

/// A pin, by its number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pin(pub u8);

pub const SEND: Pin = Pin(0);
pub const HEAR: Pin = Pin(1);
pub const EYES: [Pin; EYES_MAX] =
    [Pin(32), Pin(33), Pin(34), Pin(35), Pin(36), Pin(37), Pin(38), Pin(39), Pin(40), Pin(41)];
/// A and B of each segment's encoder.
pub const ENCODERS: [(Pin, Pin); SEGMENTS_MAX] =
    [(Pin(8), Pin(9)), (Pin(10), Pin(11)), (Pin(12), Pin(13)), (Pin(14), Pin(15))];
/// In the order of [`INPUTS`].
const CONTACTS: [Pin; INPUTS.len()] = [Pin(16), Pin(17), Pin(18), Pin(19), Pin(20), Pin(21), Pin(22)];
const GATE_AT_EXAM: Pin = Pin(26);
const GATE_AT_RELEASE: Pin = Pin(27);

/// In the order of [`Shown::pins`]: belt permit, gate, red, amber, green, buzzer.
const OUTPUTS: [Pin; 6] = [Pin(2), Pin(3), Pin(4), Pin(5), Pin(6), Pin(7)];
pub const RED: u32 = bits(&[OUTPUTS[2]]) as u32;
/// All outputs stand in the low word.
pub const ALL_OUTPUTS: u32 = bits(&OUTPUTS) as u32;
/// All that is read, a bit a pin.
pub const ALL_INPUTS: u64 = bits(&EYES)
    | bits(&CONTACTS)
    | bits(&[GATE_AT_EXAM, GATE_AT_RELEASE])
    | bits(&[ENCODERS[0].0, ENCODERS[0].1, ENCODERS[1].0, ENCODERS[1].1])
    | bits(&[ENCODERS[2].0, ENCODERS[2].1, ENCODERS[3].0, ENCODERS[3].1]);
const _: () = assert!(ALL_OUTPUTS.count_ones() == 6 && ALL_INPUTS.count_ones() == 27, "a pin is used twice");
const _: () = assert!((ALL_OUTPUTS as u64 | bits(&[SEND, HEAR])) & ALL_INPUTS == 0, "a pin is used twice");

/// Groups of eight pins whose edges are stamped, as the interrupt's registers have them. All else is looked at in every turn.
pub const ENCODER_GROUP: usize = 1;
pub const EYE_GROUPS: [usize; 2] = [4, 5];

/// All levels at one moment, a bit a pin.
#[derive(Clone, Copy)]
pub struct Look(pub u64);

impl Look {
    pub fn high(self, pin: Pin) -> bool {
        self.0 & pin.bit() != 0
    }

    /// What the levels mean to the lane.
    pub fn levels(self) -> Levels {
        let high = |pin: Option<&Pin>| pin.is_some_and(|pin| self.high(*pin));
        let (exam, release) = (self.high(GATE_AT_EXAM), self.high(GATE_AT_RELEASE));
        Levels::wired(|eye| high(EYES.get(eye)), |contact| high(CONTACTS.get(contact)), exam, release)
    }
}

impl Pin {
    const fn bit(self) -> u64 {
        1 << self.0
    }
    /// Its group of eight, and its place there.
    pub const fn place(self) -> (usize, u32) {
        (self.0 as usize / 8, self.0 as u32 % 8)
    }
}

const fn bits(pins: &[Pin]) -> u64 {
    let (mut bits, mut at) = (0, 0);
    while at < pins.len() {
        bits |= pins[at].bit();
        at += 1;
    }
    bits
}

/// Output levels.
pub fn output_levels(shown: &Shown) -> u32 {
    shown.bits(OUTPUTS.map(|pin| pin.bit() as u32)) // all in the low word
}
