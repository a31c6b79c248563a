//! The gate. Nothing else in the controller can open it.
//!
//! It stands alone so that it can be read in one sitting and explored whole: a gate at rest (exam), a claim that one
//! measured parcel makes with one permit, and [`denial`], which lists everything that must be true when the gate opens.
//! Once open it closes by itself: when the parcel's tail has passed, when the belt carries the parcel back, when a
//! feedback disagrees, when nobody is at the other end of the cable, or when the dead-man time is over. It refuses a
//! second claim while it is open, and it never waits for anything.

use crate::belt::BACKLASH;
use gatepost_hardware::lane::LaneMap;
use gatepost_hardware::link::{GateState, VoidCause};
use gatepost_hardware::units::{Micros, Millimetres, Tick};

/// What the position feedback of the gate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatePosition {
    Exam,
    Release,
    /// Neither switch, or both: moving, or broken.
    Between,
}

/// Distances and times of one gate, worked out once from the lane's map. Ticks are of the diverter eye's segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// From the diverter eye to the gate.
    pub room: Tick,
    /// The gate is commanded this far before a parcel's nose is there: the swing, a quarter more, and 10 mm.
    pub open_before: Tick,
    /// Later than this far before the gate it would still swing when the nose arrives.
    pub swing: Tick,
    /// The tail is believed to be past the gate this far behind it: slip since the eye, and 10 mm.
    pub close_after: Tick,
    pub gap_min: Tick,
    /// The longest item.
    pub longest: Tick,
    /// Backward further than this is a reverse.
    pub backlash: Tick,
    pub tick_um: u32,
    pub feedback: bool,
    /// Longest time from command to position by the lane file, and the longest that is no fault.
    pub swing_usual: Micros,
    pub swing_time: Micros,
    /// Belt from the gate to where its release exit has long been reached.
    pub exit: Tick,
    /// Longest time open while the belts may run.
    pub open_time_max: Micros,
    /// Longest time open in all, standing belts included.
    pub open_time_cap: Micros,
}

/// One parcel with one permit, as measured at the diverter eye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    pub permit: u32,
    pub pass: u32,
    pub epoch: u32,
    pub expires: Micros,
    pub window_lo: Tick,
    pub window_hi: Tick,
    pub length_mm_min: Millimetres,
    pub length_mm_max: Millimetres,
    /// Ticks at the diverter eye.
    pub lead: Tick,
    pub trail: Tick,
    /// Where the parcel before ends, and where the next one begins or the known belt ends.
    pub before: Tick,
    pub behind: Tick,
}

/// The lane at the moment of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scene {
    pub now: Micros,
    pub tick: Tick,
    /// `None`: not configured.
    pub epoch: Option<u32>,
    /// Belts may run, and nothing that stops them is wrong.
    pub running: bool,
    pub heartbeat: bool,
    pub latched: bool,
    /// E-stop, guard or jam.
    pub hands_in: bool,
    pub backward: bool,
    /// The belts have stood longer than a permit survives.
    pub long_stop: bool,
}

/// What an open gate goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub now: Micros,
    pub tick: Tick,
    /// The belts' motors may run.
    pub powered: bool,
    /// A station that has this lane's map was heard within its limit.
    pub attended: bool,
}

/// Why the gate does not open for a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The nose has not come far enough, or the lane does not run: ask again.
    NotYet,
    /// The nose is so near that the gate would still swing.
    TooLate,
    Void(VoidCause),
}

/// Why an open gate closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    Passed,
    Void(VoidCause),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    pub permit: u32,
    pub pass: u32,
    /// Ticks at which the gate was commanded, and at which the tail is past it.
    pub from: Tick,
    pub until: Tick,
    since: Micros,
    run_time: Micros,
    /// Longest `run_time`.
    run_time_max: Micros,
}

#[derive(Clone, Debug)]
pub struct Guard {
    figures: Figures,
    open: Option<Opening>,
    position: GatePosition,
    commanded: Micros,
    /// Whether it has reached, since the command, where it should be; and whether that was late.
    arrived: bool,
    late: bool,
    /// Something lies in its swing.
    swept: bool,
    /// Where the belt was when the last opening ended; at a boot nobody knows what was let through.
    closed_at: Tick,
    stepped: Micros,
}

impl Figures {
    /// `None` on a lane without diverter eye and gate: there every claim is refused for want of a guard.
    pub fn of(map: &LaneMap) -> Option<Self> {
        let (gate, (_, eye)) = (map.gate.as_ref()?, map.eye(gatepost_hardware::lane::EyeRole::Diverter)?);
        let segment = map.segments.get(usize::from(eye.segment))?;
        let room_mm = gate.at_mm.0 - eye.at_mm.0;
        let swing_mm = i32::try_from(u64::from(gate.swing_ms) * u64::from(segment.speed_mm_s) / 1_000).ok()?;
        let slack_mm = room_mm - map.items.length_mm_max.0 - map.items.gap_mm_min.0;
        let open_before_mm = (swing_mm + swing_mm / 4 + 10).min(slack_mm);
        let slip_mm = room_mm * i32::from(segment.slip_permille) / 1_000;
        let close_after_mm = (slip_mm + 10).min((map.items.gap_mm_min.0 - 2 * swing_mm) / 2).max(0);
        let across = Millimetres(open_before_mm + map.items.length_mm_max.0 + close_after_mm);
        let open_time_max = Micros(segment.time(across).0 * 3 / 2);
        let ticks = |mm| segment.ticks(Millimetres(mm));
        Some(Self {
            room: ticks(room_mm),
            open_before: ticks(open_before_mm),
            swing: ticks(swing_mm),
            close_after: ticks(close_after_mm),
            gap_min: ticks(map.items.gap_mm_min.0),
            longest: segment.ticks(map.items.length_mm_max),
            backlash: segment.ticks(BACKLASH),
            tick_um: segment.tick_um,
            feedback: gate.feedback,
            swing_usual: Micros::from_ms(u64::from(gate.swing_ms)),
            exit: ticks(i32::try_from(u64::from(gate.exit_ms_max) * u64::from(segment.speed_mm_s) / 1_000).ok()?),
            swing_time: Micros::from_ms(u64::from(gate.swing_ms) * 3 / 2 + 20),
            open_time_max,
            open_time_cap: open_time_max + Micros::from_ms(u64::from(map.timing.stop_ms_max)),
        })
    }

    /// How long the belts may run while the gate is open for `way`: what they need at their speed, a tenth more, and a start.
    /// Ticks may stand when an encoder dies; the next nose must not find the gate open for all that.
    fn run_time_max(&self, way: Tick) -> Micros {
        const START_US: u64 = 150_000;
        let across = (self.open_before + self.longest + self.close_after).0.max(1).unsigned_abs();
        // `open_time_max` is one and a half times what the belts need for all of `across`.
        let needed = self.open_time_max.0.saturating_mul(2) / 3 * way.0.max(0).unsigned_abs() / across;
        Micros((needed + needed / 10 + START_US).min(self.open_time_max.0))
    }

    fn length(&self, claim: &Claim) -> Millimetres {
        let um = (claim.trail - claim.lead).0.saturating_mul(i64::from(self.tick_um));
        Millimetres(i32::try_from((um + 500) / 1_000).unwrap_or(i32::MAX))
    }
}

/// Everything that must be true when the gate opens for a claim. Pure.
///
/// # Errors
/// The first thing that is not true.
pub fn denial(figures: &Figures, claim: &Claim, scene: &Scene) -> Result<(), Denial> {
    let void = |cause| Err(Denial::Void(cause));
    let nose = claim.lead + figures.room; // the tick at which the nose is at the gate
    if scene.tick < nose - figures.open_before {
        return Err(Denial::NotYet);
    }
    if scene.latched {
        return void(VoidCause::Latched);
    }
    if scene.epoch != Some(claim.epoch) || !scene.heartbeat {
        return void(VoidCause::Heartbeat);
    }
    if scene.hands_in {
        return void(VoidCause::Guard);
    }
    if scene.backward {
        return void(VoidCause::Reversed);
    }
    if scene.long_stop {
        return void(VoidCause::LongStop);
    }
    if scene.now > claim.expires {
        return void(VoidCause::Expired);
    }
    let length = figures.length(claim);
    if claim.trail <= claim.lead || length < claim.length_mm_min || length > claim.length_mm_max {
        return void(VoidCause::Length);
    }
    if claim.lead < claim.window_lo || claim.lead > claim.window_hi {
        return Err(Denial::TooLate);
    }
    let alone = claim.lead - claim.before >= figures.gap_min && claim.behind - claim.trail >= figures.gap_min;
    let gate_free = claim.before + figures.room + figures.close_after <= scene.tick;
    if !alone || !gate_free {
        return void(VoidCause::Gap);
    }
    if scene.tick > nose - figures.swing {
        return Err(Denial::TooLate);
    }
    if scene.running { Ok(()) } else { Err(Denial::NotYet) }
}

impl Guard {
    pub const fn new(figures: Figures, now: Micros) -> Self {
        Self {
            figures,
            open: None,
            position: GatePosition::Between,
            commanded: now,
            arrived: false,
            late: false,
            swept: false,
            closed_at: Tick::ZERO,
            stepped: now,
        }
    }

    pub const fn figures(&self) -> Figures {
        self.figures
    }

    /// The output: true is release.
    pub const fn release(&self) -> bool {
        self.open.is_some()
    }

    pub const fn opening(&self) -> Option<&Opening> {
        self.open.as_ref()
    }

    pub fn feedback(&mut self, position: GatePosition, now: Micros) {
        self.position = position;
        if position == self.wanted() && !self.arrived {
            self.arrived = true;
            self.late = now.saturating_sub(self.commanded) > self.figures.swing_usual;
        }
    }

    /// Whether something lies in the gate's swing.
    pub fn sweep(&mut self, blocked: bool) {
        self.swept = blocked;
    }

    /// Whether what comes by at the release exit at this tick can have been let through.
    pub fn explains_exit(&self, tick: Tick) -> bool {
        self.release() || tick <= self.closed_at + self.figures.exit
    }

    fn wanted(&self) -> GatePosition {
        if self.release() { GatePosition::Release } else { GatePosition::Exam }
    }

    fn command(&mut self, now: Micros) {
        (self.commanded, self.arrived, self.late) = (now, false, false);
    }

    /// Where the gate is, as far as that is known.
    pub fn state(&self, now: Micros) -> GateState {
        let swinging = now.saturating_sub(self.commanded) <= self.figures.swing_time;
        if self.figures.feedback && self.position != self.wanted() && !swinging {
            return GateState::Stuck;
        }
        match (self.late, self.release()) {
            (true, _) => GateState::Slow,
            (false, true) => GateState::Release,
            (false, false) => GateState::Exam,
        }
    }

    /// Opens for a claim, if [`denial`] has nothing against it.
    ///
    /// # Errors
    /// See [`denial`]; [`VoidCause::GateFault`] when the gate is not where it should be, [`VoidCause::Gap`] when it is
    /// still open for another parcel, or something lies in its swing.
    pub fn open(&mut self, claim: &Claim, scene: &Scene) -> Result<(), Denial> {
        denial(&self.figures, claim, scene)?;
        if self.state(scene.now) == GateState::Stuck {
            return Err(Denial::Void(VoidCause::GateFault));
        }
        if self.open.is_some() || self.swept {
            return Err(Denial::Void(VoidCause::Gap));
        }
        let until = claim.trail + self.figures.room + self.figures.close_after;
        let Claim { permit, pass, .. } = *claim;
        let (from, run_time) = (scene.tick, Micros::ZERO);
        let run_time_max = self.figures.run_time_max(until - from);
        self.open = Some(Opening { permit, pass, from, until, since: scene.now, run_time, run_time_max });
        self.command(scene.now);
        Ok(())
    }

    /// Lets time and belt pass. Returns the opening that ended now.
    ///
    /// Standing belts alone do not close it, whoever stopped them: an officer's stop of some seconds must not pinch the
    /// parcel that lies in the gate, nor turn one that is half released into one that is half examined; and behind an
    /// e-stop or an open guard somebody may be reaching in, whom a gate that swings over standing belts would meet for no
    /// parcel's sake (what must not move at all is the safety chain's business, not ours). All those stops have a person
    /// or a station to end them, and the cap if they do not. Silence has nobody: whoever gave the permit can no longer
    /// take it back, so the host's limit is the gate's own, whatever else is wrong and whatever lies in its swing.
    pub fn step(&mut self, moment: &Moment) -> Option<(Opening, Closing)> {
        let Moment { now, tick, powered, attended } = *moment;
        let before = core::mem::replace(&mut self.stepped, now);
        let stuck = self.state(now) == GateState::Stuck;
        let opening = self.open.as_mut()?;
        if powered {
            opening.run_time = opening.run_time + now.saturating_sub(before.max(opening.since));
        }
        let closing = if tick >= opening.until && !self.swept {
            Closing::Passed
        } else if tick < opening.from - self.figures.backlash {
            Closing::Void(VoidCause::Reversed)
        } else if stuck {
            Closing::Void(VoidCause::GateFault)
        } else if !attended {
            Closing::Void(VoidCause::Heartbeat)
        } else if opening.run_time > opening.run_time_max {
            Closing::Void(VoidCause::Expired)
        } else if now.saturating_sub(opening.since) > self.figures.open_time_cap {
            Closing::Void(VoidCause::LongStop)
        } else {
            return None;
        };
        let ended = self.open.take();
        self.closed_at = tick;
        self.command(now);
        ended.map(|opening| (opening, closing))
    }
}

#[cfg(test)]
mod everything;
#[cfg(test)]
mod tests;
