//! Sick devices: what each one makes of what it should say, at its pins and in its bytes.
//!
//! Apart from the lane, so that a healthy lane reads as if there were no sickness: it asks here on the way to the
//! controller and the station, and a device that nothing ails answers with what it was given. Draws come from a
//! generator of its own, so that a sick device changes no other draw of the run.

mod line;
mod pins;

use super::VirtualLane;
use super::body::Body;
use super::truth::{Chute, Happened};
use crate::ailments::{AilingWindow, Ailment, Cell, Device, EVERY, OUT};
use crate::xray::random::{Random, mix};
use gatepost_firmware::{GatePosition, Outputs};
use gatepost_hardware::lane::{EyeRole, LaneMap};
use gatepost_hardware::link::Input;
use gatepost_hardware::units::Micros;
use line::Line;
use pins::{Counter, Late, Pin};
use std::collections::BTreeSet;

/// How long the watchdog waits for a processor that stands.
const WATCHDOG: Micros = Micros(250_000);
/// A sick reset button matters only where it is needed: somebody hits the emergency stop then, and frees it again.
const E_STOP: [Micros; 2] = [Micros(500_000), Micros(2_000_000)];
/// What lies so near to a sick eye's beam may be mistaken, and its neighbours within so much, nanometres.
const BESIDE_NM: i64 = 150_000_000;
const NEIGHBOUR_NM: i64 = 700_000_000;

/// What ails just now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Active {
    pub cell: Cell,
    /// Counts the windows of a run, from 0.
    pub ordinal: usize,
    pub from: Micros,
}

impl Active {
    /// Whether an intermittent device is gone.
    pub fn is_out(&self, now: Micros) -> bool {
        now.saturating_sub(self.from).0 % EVERY.0 < OUT.0
    }
}

/// How far a controller whose clock stands has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hang {
    /// Its pins keep this.
    Standing(Outputs),
    /// The watchdog holds it.
    Held,
}

pub(super) struct Ailing {
    windows: Vec<AilingWindow>,
    active: Vec<Active>,
    random: Random,
    /// By eye.
    eyes: Vec<Pin>,
    devices: Vec<Device>,
    /// Eyes that [`Device::EyeWatch`] may mean, and segments that [`Device::Encoder`] may.
    watch: Vec<usize>,
    encoders: Vec<usize>,
    counters: Vec<Counter>,
    commands: Late<bool>,
    tremble: (u64, i64),
    positions: Late<GatePosition>,
    feedback: GatePosition,
    flutter: (u64, GatePosition),
    hand: Late<bool>,
    reset: bool,
    pulse: (u64, bool),
    e_stop: bool,
    up: Line,
    down: Line,
    /// Of another lane.
    neighbour: Option<Box<super::cable::Cabled>>,
    unplugged: bool,
    hang: Option<Hang>,
    /// How far the controller's clock is off, and until when it jumps no more.
    clock_off: i64,
    jump_due: u64,
    last: Last,
    touched: BTreeSet<(u32, Cell, bool)>,
}

/// What devices beside the belt said last.
#[derive(Clone, Debug, Default)]
struct Last {
    code: Option<Vec<u8>>,
    grams: Option<(i64, bool)>,
    image: Option<crate::device::ImageEvent>,
    held: Option<crate::device::ImageEvent>,
}

impl Ailing {
    pub fn new(map: &LaneMap, seed: u64) -> Self {
        let device = |role| match role {
            EyeRole::Entry => Device::EyeEntry,
            EyeRole::Diverter => Device::EyeDiverter,
            EyeRole::ReleaseExit => Device::EyeRelease,
            EyeRole::ExamExit => Device::EyeExam,
            _ => Device::EyeWatch,
        };
        let devices: Vec<Device> = map.eyes.iter().map(|eye| device(eye.role)).collect();
        let watch = (0..devices.len()).filter(|&eye| devices[eye] == Device::EyeWatch).collect();
        let encoders = (0..map.segments.len()).filter(|&segment| map.segments[segment].encoder).collect();
        Self {
            windows: Vec::new(),
            active: Vec::new(),
            random: Random::new(mix(seed ^ 0xA11E)),
            eyes: vec![Pin::default(); devices.len()],
            devices,
            watch,
            encoders,
            counters: vec![Counter::default(); map.segments.len()],
            commands: Late::default(),
            tremble: (0, 0),
            positions: Late::default(),
            feedback: GatePosition::Exam,
            flutter: (0, GatePosition::Between),
            hand: Late::default(),
            reset: false,
            pulse: (0, false),
            e_stop: false,
            up: Line::default(),
            down: Line::default(),
            neighbour: None,
            unplugged: false,
            hang: None,
            clock_off: 0,
            jump_due: 0,
            last: Last::default(),
            touched: BTreeSet::new(),
        }
    }

    pub fn of(&self, device: Device) -> Option<Active> {
        self.active.iter().copied().find(|active| active.cell.device == device)
    }

    /// What ails one eye; of the watch eyes another one in each window.
    fn of_eye(&self, eye: usize) -> Option<Active> {
        let active = self.of(self.devices[eye])?;
        let chosen =
            active.cell.device != Device::EyeWatch || self.watch.get(active.ordinal % self.watch.len()) == Some(&eye);
        chosen.then_some(active)
    }

    fn of_encoder(&self, segment: usize) -> Option<Active> {
        let active = self.of(Device::Encoder)?;
        (self.encoders.get(active.ordinal % self.encoders.len()) == Some(&segment)).then_some(active)
    }

    /// Whether the controller's program stands, so that its pins and its cable reach nobody.
    pub const fn is_deaf(&self) -> bool {
        self.hang.is_some()
    }

    /// Whether a device may make the entry eye count what is not there, or has lately.
    pub fn counts_anything(&self, now: Micros) -> bool {
        const AFTERMATH: Micros = Micros(5_000_000);
        self.windows.iter().any(|window| window.from < now && now < window.until + AFTERMATH)
    }

    /// Whether devices are sick in this run: then a red light over a parcel at an eye is taken for a jam.
    pub fn is_jam_likely(&self) -> bool {
        !self.windows.is_empty()
    }

    /// What the pins show.
    pub const fn outputs(&self, program: Outputs) -> Option<Outputs> {
        match self.hang {
            None => Some(program),
            Some(Hang::Standing(kept)) => Some(kept),
            Some(Hang::Held) => None,
        }
    }

    /// The moment that the controller's clock shows, on the world's axis.
    pub fn clock(&self, now: Micros) -> Micros {
        Micros(now.0.saturating_add_signed(self.clock_off))
    }

    /// A controller that booted: its clock begins anew.
    pub const fn booted(&mut self) {
        self.clock_off = 0;
    }
}

/// What begins and ends, and whom it touches.
impl VirtualLane {
    /// Lets devices be sick in these windows.
    pub fn ail(&mut self, windows: Vec<AilingWindow>) {
        self.ailing.windows = windows;
    }

    pub fn ailing(&self) -> &[AilingWindow] {
        &self.ailing.windows
    }

    pub(super) fn ail_begin(&mut self, began: Micros) {
        if self.ailing.windows.is_empty() {
            return;
        }
        let now = self.now;
        let windows = self.ailing.windows.iter().enumerate();
        let active = windows.filter(|(_, window)| window.from < now && now <= window.until);
        let active = active.map(|(ordinal, window)| Active { cell: window.cell, ordinal, from: window.from });
        self.ailing.active = active.collect();
        self.ail_clock(began);
        self.ail_cable();
        self.ail_e_stop();
        self.ail_parcels();
    }

    fn ail_clock(&mut self, began: Micros) {
        let us = (self.now - began).0 as i64;
        let active = self.ailing.of(Device::Clock);
        let Some(active) = active else {
            if self.ailing.hang.take().is_some() {
                self.ailing.clock_off = 0;
                self.reset_controller();
            }
            return;
        };
        let (begins, lasts) = (began <= active.from, self.now.saturating_sub(active.from));
        match active.cell.ailment {
            Ailment::Off | Ailment::Stuck if lasts >= WATCHDOG => self.ailing.hang = Some(Hang::Held),
            Ailment::Off if self.ailing.hang.is_none() => self.ailing.hang = Some(Hang::Standing(self.outputs())),
            Ailment::Stuck => self.ailing.clock_off -= us,
            Ailment::Slow => self.ailing.clock_off -= us / 50,
            Ailment::Intermittent if active.is_out(self.now) => self.ailing.clock_off -= us,
            Ailment::Wrong if begins => self.ailing.clock_off += 3_000_000,
            Ailment::Garbage if self.now.0 >= self.ailing.jump_due => {
                self.ailing.clock_off += self.ailing.random.count(1_000, 1_000_000) as i64;
                self.ailing.jump_due = self.now.0 + self.ailing.random.count(500_000, 1_500_000) as u64;
            }
            _ => {}
        }
    }

    fn ail_e_stop(&mut self) {
        let wanted = self.ailing.of(Device::Reset).is_some_and(|active| {
            let lasts = self.now.saturating_sub(active.from);
            E_STOP[0] <= lasts && lasts < E_STOP[1]
        });
        if std::mem::replace(&mut self.ailing.e_stop, wanted) != wanted {
            self.input(Input::EStop, wanted);
        }
    }

    /// Says whom the sick devices may have to do with.
    fn ail_parcels(&mut self) {
        for active in self.ailing.active.clone() {
            // Every other device touches whom it says something wrong of, when it does: see `ail_of`.
            if matches!(active.cell.device, Device::Cable | Device::Clock | Device::Reset) {
                self.ail_near(&active);
            }
        }
    }

    /// A device said or did something else than it should just now.
    pub(super) fn ail_of(&mut self, device: Device) {
        if let Some(active) = self.ailing.of(device) {
            self.ail_near(&active);
        }
    }

    fn ail_near(&mut self, active: &Active) {
        let stretch = self.stretch(active);
        let chute = match active.cell.device {
            Device::EyeRelease => Some(Chute::Release),
            Device::EyeExam => Some(Chute::Exam),
            _ => None,
        };
        let near = |body: &Body, wide: i64| {
            stretch.is_none_or(|(from, to)| body.nose > from - wide && body.tail() < to + wide)
        };
        let neighbours = if stretch.is_some() { NEIGHBOUR_NM } else { 0 };
        let entered = self.bodies.iter().filter(|body| body.entered || body.nose > self.eyes[0] - BESIDE_NM);
        let entered = entered.filter(|body| chute.is_none() || body.chute == chute);
        let touched: Vec<(u32, bool)> =
            entered.filter(|body| near(body, neighbours)).map(|body| (body.id, near(body, 0))).collect();
        for (parcel, direct) in touched {
            if self.ailing.touched.insert((parcel, active.cell, direct)) {
                self.tell(Happened::Ailed { parcel, cell: active.cell, direct });
            }
        }
    }

    /// The stretch of the axis whose parcels a sick device may have to do with; nothing: all of it.
    fn stretch(&self, active: &Active) -> Option<(i64, i64)> {
        let around = |at: i64| (at - BESIDE_NM, at + BESIDE_NM);
        let eye = |device| {
            (0..self.eyes.len()).find(|&eye| self.ailing.devices[eye] == device && self.ailing.of_eye(eye).is_some())
        };
        let looks = |kind| {
            let device = self.map.device(kind).map(|(_, device)| device)?;
            let base = self.belts[usize::from(device.segment)].from_nm;
            Some((base + i64::from(device.from_mm.0) * 1_000_000, base + i64::from(device.to_mm.0) * 1_000_000))
        };
        use gatepost_hardware::lane::DeviceKind as Kind;
        match active.cell.device {
            device @ (Device::EyeEntry
            | Device::EyeWatch
            | Device::EyeDiverter
            | Device::EyeRelease
            | Device::EyeExam) => eye(device).map(|eye| around(self.eyes[eye])),
            Device::Encoder => {
                let segment = (0..self.belts.len()).find(|&segment| self.ailing.of_encoder(segment).is_some())?;
                let to = if segment + 1 == self.belts.len() { i64::MAX / 2 } else { self.belts[segment].to_nm };
                Some((self.belts[segment].from_nm - BESIDE_NM, to + BESIDE_NM))
            }
            Device::Scanner => looks(Kind::Scanner),
            Device::Scale => looks(Kind::Scale),
            Device::Xray => looks(Kind::Xray),
            Device::Diverter | Device::Feedback => {
                let (eye, _) = self.map.eye(EyeRole::Diverter)?;
                Some((self.eyes[usize::from(eye)] - BESIDE_NM, i64::MAX / 2))
            }
            Device::Cable | Device::Clock | Device::Reset => None,
        }
    }
}
