//! How a controller comes to be, in place: a board has no stack for a lane that is made beside the one it has.
//!
//! [`Controller::unborn`] is small words only; everything that a lane adds is written where it stays. A part of a
//! controller that [`Controller::begin`] does not name does not compile.

use super::{Controller, HELLO};
use crate::belt::Belt;
use crate::eyes::{Debounce, Flicker};
use crate::guard::{Figures, Guard};
use crate::kept::Kept;
use crate::lane::Lane;
use crate::log::Log;
use crate::passes::Passes;
use crate::schedule::Schedule;
use crate::zone::Zone;
use core::ops::DerefMut;
use gatepost_hardware::lane::{EyeRole, ItemLimits, LaneKind, LaneMap, Name, Timing};
use gatepost_hardware::link::{BootCause, Fact, GateState, Happening, LaneState, map};
use gatepost_hardware::units::{Micros, Millimetres, Tick};
use heapless::Vec;

/// No lane.
const NOWHERE: LaneMap = LaneMap {
    name: Name::new(),
    kind: LaneKind::Bench,
    segments: Vec::new(),
    eyes: Vec::new(),
    gate: None,
    devices: Vec::new(),
    items: ItemLimits {
        length_mm_min: Millimetres(0),
        length_mm_max: Millimetres(0),
        gap_mm_min: Millimetres(0),
        length_tolerance_mm: Millimetres(0),
        window_mm: Millimetres(0),
    },
    timing: Timing {
        debounce_us: 0,
        heartbeat_ms_max: 0,
        permit_ms_max: 0,
        stop_ms_max: 0,
        start_warning_ms: 0,
        start_ms: 0,
    },
};

impl<K: DerefMut<Target = Kept>> Controller<K> {
    /// A controller that has just booted, or just learned its lane: gate at exam, belts off, nothing known of what lies on
    /// them. The owner of the pins passes every level once before it lets time pass.
    pub fn new(map: LaneMap, boot: BootCause, kept: K, now: Micros) -> Self {
        let mut controller = Self::unborn(kept);
        controller.map = map;
        controller.begin(boot, now);
        controller
    }

    /// A controller without a lane: it has memory, and nothing that it is told means anything.
    pub(crate) fn unborn(kept: K) -> Self {
        Self {
            kept,
            map: NOWHERE,
            crc: 0,
            boot: BootCause::PowerOn,
            now: Micros::ZERO,
            belts: Vec::new(),
            eyes: Vec::new(),
            blocked_since: Vec::new(),
            flicker: Vec::new(),
            lane: Lane::default(),
            state: LaneState::Setup,
            epoch: None,
            configured: Micros::ZERO,
            heard: Micros::ZERO,
            passes: Passes::new(Tick::ZERO),
            zone: Zone::default(),
            schedule: Schedule::default(),
            guard: None,
            diverter: None,
            gate_state: GateState::Exam,
            stopped: Micros::ZERO,
            log: Log::default(),
            beat_due: Micros::ZERO,
            hello_due: Micros::ZERO,
            inventory_owed: false,
            taken: 0,
            ignored: 0,
        }
    }

    /// Takes the map that memory holds, if it is one and `fits`; [`Self::begin`] must follow.
    ///
    /// # Errors
    /// `None`: it is no map. `Some`: it does not fit.
    #[inline(never)] // a decoded map is large, and on no other call's stack
    pub(crate) fn recall(&mut self, fits: impl FnOnce(&LaneMap) -> bool) -> Result<(), Option<DoesNotFit>> {
        let map = map::decode(self.kept.map()).ok_or(None)?;
        if !fits(&map) {
            return Err(Some(DoesNotFit));
        }
        self.map = map;
        Ok(())
    }

    /// The lane is over, its memory is not.
    #[inline(never)]
    pub(crate) fn leave_lane(&mut self) {
        self.log.resume(&self.kept);
        (self.crc, self.epoch, self.taken) = (0, None, 0);
    }

    /// A new life with the map that it has.
    #[inline(never)]
    pub(crate) fn begin(&mut self, cause: BootCause, at: Micros) {
        let Self {
            map,
            crc,
            boot,
            now,
            belts,
            eyes,
            blocked_since,
            flicker,
            // These begin below; a new part has to be told here, and to begin somewhere.
            kept: _,
            passes: _,
            zone: _,
            schedule: _,
            lane: _,
            guard: _,
            diverter: _,
            state: _,
            gate_state: _,
            stopped: _,
            log: _,
            epoch: _,
            configured: _,
            heard: _,
            beat_due: _,
            hello_due: _,
            inventory_owed: _,
            taken: _,
            ignored: _,
        } = self;
        let spin_up = Micros::from_ms(u64::from(map.timing.start_ms));
        (*crc, *boot, *now) = (map.crc(), cause, at);
        refill(belts, map.segments.iter().map(|segment| Belt::new(segment, spin_up)));
        refill(eyes, map.eyes.iter().map(|_| Debounce::default()));
        refill(blocked_since, map.eyes.iter().map(|_| Tick::ZERO));
        refill(flicker, map.eyes.iter().map(|_| Flicker::default()));
        self.begin_rules(at);
        let before = self.begin_words(at);
        self.say(Fact::Boot { cause, before }, Happening::Boot { cause });
        self.say_hello();
    }

    /// What it knows of the lane: nothing.
    fn begin_rules(&mut self, at: Micros) {
        let warning = Micros::from_ms(u64::from(self.map.timing.start_warning_ms));
        let entry = self.map.eye(EyeRole::Entry).and_then(|(_, eye)| self.map.segments.get(usize::from(eye.segment)));
        let items = &self.map.items;
        let slide = Millimetres(items.window_mm.0.min(items.length_mm_min.0 / 2));
        self.passes.anew(entry.map_or(Tick::ZERO, |segment| segment.ticks(slide)));
        self.zone.anew();
        self.schedule.anew();
        self.lane = Lane::default();
        self.lane.warning = warning;
        self.guard = Figures::of(&self.map).map(|figures| Guard::new(figures, at));
        self.diverter = self.map.eye(EyeRole::Diverter).map(|(_, eye)| eye.segment);
        (self.state, self.gate_state, self.stopped) = (LaneState::Setup, GateState::Exam, at);
    }

    /// What it has to say, and to whom. Returns what the boot before was called.
    fn begin_words(&mut self, at: Micros) -> u32 {
        let before = self.kept.epoch();
        self.log.resume(&self.kept);
        self.kept.end_epoch();
        (self.epoch, self.configured, self.heard) = (None, Micros::ZERO, at);
        (self.beat_due, self.hello_due, self.inventory_owed) = (at, at + HELLO, false);
        (self.taken, self.ignored) = (0, 0);
        before
    }
}

/// The map is one, and not one for this board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DoesNotFit;

/// As [`crate::bounded`], where the list stays.
fn refill<T, const N: usize>(list: &mut Vec<T, N>, items: impl Iterator<Item = T>) {
    list.clear();
    for item in items.take(N) {
        let _ = list.push(item); // at most N
    }
}
