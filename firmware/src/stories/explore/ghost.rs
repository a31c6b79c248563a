//! What may be true of an open gate, from the world and the cable alone.
//!
//! It knows where the bodies are, what the station sent and when, which buttons were pressed, and the pins. It shares no
//! rule, no field and no number with the guard: limits stand here as a person would measure them at the lane.

use super::small::{Body, GAP, Lane, ROOM, STEP, TICK_MM};
use gatepost_hardware::link::{Permit, PermitFate, PermitRefusal};
use gatepost_hardware::units::Micros;

/// How good a permit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Good,
    /// Its window has room for two noses.
    Wide,
    /// Its window is behind its body.
    Elsewhere,
    /// It expires before its body can be there, or just then.
    Soon,
    OtherEpoch,
    OtherLength,
}

/// Steps: the station must be heard within 120 ms, belts may stand for 300 ms, a gate swings within 50 ms.
const SILENT_MAX: Micros = Micros(120_000);
const STANDING_MAX: Micros = Micros(300_000);
const SWING_MAX: Micros = Micros(50_000);
/// Ticks back from the furthest point that make a reverse.
const TURN: i64 = 2;
/// The longest parcel, with a tick before and one behind, passes in 165 ms; half as long again, in whole steps.
const OPEN_RUNNING_MAX: Micros = Micros(250_000);
/// The same, and the longest stop that a permit survives.
const OPEN_MAX: Micros = Micros(550_000);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Held {
    id: u32,
    window: (i64, i64),
    length_mm: (i32, i32),
    expires: Micros,
    /// As far as the world goes: nothing happened that voids it.
    alive: bool,
    /// As far as was said.
    accepted: bool,
    ended: bool,
    /// The furthest the belt has been since it was given.
    peak: i64,
}

/// An open gate: since when, for which body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Open {
    permit: u32,
    body: Body,
    time: Micros,
    running: Micros,
}

#[derive(Clone, Debug, Default, Hash)]
pub struct Ghost {
    held: Vec<Held>,
    open: Option<Open>,
    silent: Micros,
    /// A station with another lane map has spoken, and no other since.
    forsaken: bool,
    standing: Micros,
    disagreeing: Micros,
    /// How often the gate opened, and how often it closed behind its parcel.
    pub opened: u32,
    pub passed: u32,
}

impl Ghost {
    /// The station sends a permit; `epoch` is the controller's. What is sent under a number that was used changes
    /// nothing.
    pub fn given(&mut self, permit: &Permit, epoch: u32) {
        if self.held.iter().any(|held| held.id == permit.id) {
            return;
        }
        let Permit { id, window_lo, window_hi, length_mm_min, length_mm_max, expires, .. } = *permit;
        self.held.push(Held {
            id,
            window: (window_lo.0, window_hi.0),
            length_mm: (length_mm_min.0, length_mm_max.0),
            expires,
            alive: permit.epoch == epoch,
            accepted: false,
            ended: false,
            peak: i64::MIN,
        });
    }

    pub fn revoked(&mut self, id: u32) {
        let waiting = |held: &&mut Held| held.id == id;
        self.held.iter_mut().filter(waiting).for_each(|held| held.alive = false);
    }

    /// Whatever was permitted before this moment is no longer.
    pub fn all_dead(&mut self) {
        self.held.iter_mut().for_each(|held| held.alive = false);
    }

    /// The station there is now has another lane map.
    pub fn forsaken(&mut self) {
        self.all_dead();
        self.forsaken = true;
    }

    /// A station with this lane's map is there again; what it permitted before stays dead.
    pub fn attended(&mut self) {
        self.forsaken = false;
    }

    /// A step of time went by; the lane's pins are as they were during it.
    pub fn time_passed(&mut self, lane: &Lane) {
        let count = |time: &mut Micros, on: bool| *time = if on { *time + STEP } else { Micros::ZERO };
        count(&mut self.silent, !lane.cable);
        count(&mut self.standing, !lane.powered);
        count(&mut self.disagreeing, lane.gate_release != lane.release);
        if self.silent > SILENT_MAX || self.standing > STANDING_MAX || self.disagreeing > SWING_MAX {
            self.all_dead();
        }
        if lane.e_stop || lane.guard || lane.radiation {
            self.all_dead();
        }
        for held in &mut self.held {
            held.peak = held.peak.max(lane.belt);
            held.alive &= lane.belt + TURN > held.peak;
        }
        if let Some(open) = &mut self.open {
            open.time = open.time + STEP;
            open.running = open.running + if lane.powered { STEP } else { Micros::ZERO };
        }
    }

    /// The controller says what became of a permit.
    pub fn said(&mut self, id: u32, fate: PermitFate, lane: &Lane) {
        if fate == PermitFate::Refused(PermitRefusal::WrongEpoch) {
            // It was never of this epoch: who sends its number again sends another permit, judged by itself.
            return self.held.retain(|held| held.id != id || held.accepted || held.ended);
        }
        let open = self.open.is_some_and(|open| open.permit == id);
        let held = self.held.iter_mut().find(|held| held.id == id).expect("a permit that was sent");
        match fate {
            PermitFate::Accepted => {
                assert!(!held.ended && !held.accepted, "a permit that was used or void is accepted again: {held:?}");
                held.accepted = true;
            }
            // A second copy is refused; the first lives on.
            PermitFate::Refused(_) if held.accepted => {}
            PermitFate::Opened => {
                assert!(
                    held.alive,
                    "the gate opens for a permit that is void, revoked, used or from another epoch: {held:?}"
                );
                assert!(lane.now <= held.expires, "the gate opens for a permit that has expired: {held:?}");
                assert!(self.open.is_none(), "the gate opens for {held:?} while it is open for another");
                let body =
                    held.body(&lane.bodies, lane.belt).unwrap_or_else(|why| panic!("the gate opens {why}: {held:?}"));
                let (permit, time, running) = (id, Micros::ZERO, Micros::ZERO);
                (held.alive, held.ended) = (false, true);
                self.open = Some(Open { permit, body, time, running });
                self.opened += 1;
            }
            fate => {
                (held.alive, held.ended) = (false, true);
                if open {
                    self.open = None;
                    self.passed += u32::from(fate == PermitFate::Closed);
                }
            }
        }
    }

    /// Looks at the pins, after everything that was said.
    pub fn judge(&mut self, lane: &Lane) {
        if lane.powered {
            self.standing = Micros::ZERO; // however shortly they ran
        }
        assert_eq!(lane.release, self.open.is_some(), "the pin is at release exactly while a permit is open");
        let Some(open) = self.open else { return };
        assert!(open.running <= OPEN_RUNNING_MAX && open.time <= OPEN_MAX, "the gate outlives its dead-man: {open:?}");
        let heard = self.silent <= SILENT_MAX && !self.forsaken;
        assert!(heard, "the gate outlives the station that opened it: {open:?}, silent for {}", self.silent);
        let gate = lane.belt - ROOM;
        let mut inside = lane.bodies.iter().filter(|body| (body.lead..body.trail).contains(&gate));
        let other = inside.find(|body| body.lead != open.body.lead);
        assert!(other.is_none(), "the gate is open for {open:?}, and in it is {other:?}");
    }
}

impl Held {
    /// The one body that this permit means, lying before the gate as it must.
    fn body(&self, bodies: &[Body], belt: i64) -> Result<Body, &'static str> {
        let mut meant = bodies.iter().filter(|body| (self.window.0..=self.window.1).contains(&body.lead));
        let (Some(body), None) = (meant.next(), meant.next()) else {
            return Err("for no body, or for two");
        };
        let length = (body.trail - body.lead) as i32 * TICK_MM;
        if length < self.length_mm.0 || length > self.length_mm.1 {
            return Err("for a body of another length");
        }
        let near = |other: &&Body| *other != body && other.lead < body.trail + GAP && body.lead < other.trail + GAP;
        if bodies.iter().any(|other| near(&other)) {
            return Err("for a body that another one is too near to");
        }
        let before = body.lead + ROOM - belt; // ticks until the nose is at the gate
        if (0..=1).contains(&before) { Ok(*body) } else { Err("too soon or too late") }
    }
}
