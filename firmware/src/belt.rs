//! One segment's belt: where it is and how it moves.
//!
//! With an encoder the tick is what the encoder counted, motor on or off. Without one it is nominal speed times the
//! time the motor was allowed to run; such a belt cannot be seen to coast or to reverse, and says neither.

use core::num::NonZeroU64;
use gatepost_hardware::lane::Segment;
use gatepost_hardware::link::Motion;
use gatepost_hardware::units::{Micros, Millimetres, Tick};

/// No tick for this long: the belt stands.
pub const STANDSTILL: Micros = Micros(100_000);
/// A belt's speed is looked at over so long.
const WATCH: Micros = Micros(500_000);
/// Backward by so much while its motor drives it forward, it is off at once: the encoder's channels are swapped, or
/// somebody pulls.
const AGAINST: Millimetres = Millimetres(100);
/// Its speed may be off by so much, in per cent of the lane file's.
const OFF_SPEED_PERCENT: i64 = 30;
/// A belt at rest rocks and an encoder dithers; further back than this is a reverse.
pub const BACKLASH: Millimetres = Millimetres(5);

#[derive(Clone, Debug)]
pub struct Belt {
    encoder: bool,
    tick: i64,
    motion: Motion,
    /// The last time the tick changed (encoder) or was computed from (no encoder).
    moved: Micros,
    /// Nanometres of belt not yet worth a tick (no encoder).
    remainder_nm: u64,
    nm_per_us: u64,
    nm_per_tick: NonZeroU64,
    backlash: i64,
    backward: bool,
    /// The furthest tick in the present direction.
    turn: i64,
    /// When and where the watch over its speed began, while the motor is on. In the future: it gathers speed.
    watch: Option<(Micros, i64)>,
    spin_up: Micros,
    /// The furthest tick since the motor is on.
    ahead: i64,
    against: i64,
    /// Ticks in a second at the lane file's speed.
    usual: i64,
}

impl Belt {
    /// `spin_up`: from motor on to full speed.
    pub fn new(segment: &Segment, spin_up: Micros) -> Self {
        Self {
            encoder: segment.encoder,
            tick: 0,
            motion: Motion::Stopped,
            moved: Micros::ZERO,
            remainder_nm: 0,
            nm_per_us: u64::from(segment.speed_mm_s),
            nm_per_tick: NonZeroU64::new(u64::from(segment.tick_um) * 1_000).unwrap_or(NonZeroU64::MIN),
            backlash: segment.ticks(BACKLASH).0.max(2),
            backward: false,
            turn: 0,
            watch: None,
            spin_up,
            ahead: 0,
            against: segment.ticks(AGAINST).0,
            usual: segment.ticks(Millimetres(segment.speed_mm_s.min(100_000) as i32)).0,
        }
    }

    pub const fn tick(&self) -> Tick {
        Tick(self.tick)
    }

    pub const fn motion(&self) -> Motion {
        self.motion
    }

    pub const fn backward(&self) -> bool {
        self.backward
    }

    /// Edges up to here tell nothing: until it has come so far, the belt is taken to go backward still.
    pub const fn blind_to(&self) -> Option<Tick> {
        if self.backward { Some(Tick(self.turn.saturating_add(self.backlash))) } else { None }
    }

    /// The encoder counted `delta` ticks since the last call. Returns the motion when it changed.
    pub fn count(&mut self, delta: i64, powered: bool, now: Micros) -> Option<Motion> {
        if !self.encoder || delta == 0 {
            return None;
        }
        self.tick = self.tick.saturating_add(delta);
        self.moved = now;
        self.turn = if self.backward { self.turn.min(self.tick) } else { self.turn.max(self.tick) };
        if self.tick.abs_diff(self.turn) >= self.backlash.unsigned_abs() {
            self.backward = !self.backward;
            self.turn = self.tick;
        }
        self.become_motion(match (self.backward, powered) {
            _ if powered && self.motion == Motion::OffSpeed => Motion::OffSpeed, // until the motor is off
            (true, _) => Motion::Reversed,
            (false, true) => Motion::Running,
            (false, false) => Motion::Coasting,
        })
    }

    /// Lets time pass: counts ticks where no encoder does, and notices standstill.
    pub fn pass_time(&mut self, powered: bool, now: Micros) -> Option<Motion> {
        if self.encoder {
            if self.is_off_speed(powered, now) {
                return self.become_motion(Motion::OffSpeed);
            }
            let watched = powered && self.motion == Motion::OffSpeed;
            let still = now.saturating_sub(self.moved) >= STANDSTILL && !watched;
            return if still { self.become_motion(Motion::Stopped) } else { None };
        }
        let elapsed = now.saturating_sub(self.moved).0;
        self.moved = now;
        if powered {
            let nm = self.remainder_nm.saturating_add(elapsed.saturating_mul(self.nm_per_us));
            self.tick = self.tick.saturating_add(i64::try_from(nm / self.nm_per_tick).unwrap_or(i64::MAX));
            self.remainder_nm = nm % self.nm_per_tick;
        }
        self.become_motion(if powered { Motion::Running } else { Motion::Stopped })
    }

    /// Compares the encoder with the motor, once in each [`WATCH`].
    fn is_off_speed(&mut self, powered: bool, now: Micros) -> bool {
        let Some((since, from)) = self.watch.filter(|_| powered) else {
            self.watch = powered.then_some((now + self.spin_up, self.tick));
            self.ahead = self.tick;
            return false;
        };
        self.ahead = self.ahead.max(self.tick);
        if self.ahead.saturating_sub(self.tick) > self.against {
            return true;
        }
        if now < since {
            self.watch = Some((since, self.tick));
            return false;
        }
        if now < since + WATCH {
            return false;
        }
        self.watch = Some((now, self.tick));
        // Whoever was late looked at more than one watch.
        let elapsed_ms = i64::try_from(now.saturating_sub(since).as_ms()).unwrap_or(i64::MAX);
        let usual = self.usual.saturating_mul(elapsed_ms) / 1_000;
        let counted = self.tick.saturating_sub(from);
        counted.abs_diff(usual) > (usual.saturating_mul(OFF_SPEED_PERCENT) / 100).unsigned_abs()
    }

    fn become_motion(&mut self, motion: Motion) -> Option<Motion> {
        (core::mem::replace(&mut self.motion, motion) != motion).then_some(motion)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatepost_hardware::lane::Name;

    fn belt(encoder: bool) -> Belt {
        let segment = Segment {
            name: Name::new(),
            length_mm: Millimetres(2_000),
            tick_um: 500,
            encoder,
            speed_mm_s: 500,
            slip_permille: 20,
        };
        Belt::new(&segment, Micros(500_000))
    }

    #[test]
    fn a_belt_without_encoder_counts_time_while_its_motor_may_run() {
        let mut belt = belt(false);
        assert_eq!(belt.pass_time(false, Micros(1_000_000)), None);
        assert_eq!(belt.tick(), Tick(0));
        assert_eq!(belt.pass_time(true, Micros(1_000_700)), Some(Motion::Running));
        for step in 1..=1_000u64 {
            belt.pass_time(true, Micros(1_000_700 + step * 1_000));
        }
        assert_eq!(belt.tick(), Tick(1_000), "500 mm at 0.5 mm a tick, no microsecond lost to rounding");
    }

    #[test]
    fn a_motor_whose_belt_does_not_follow_is_seen_within_a_second() {
        // Per cent of the lane file's speed, and whether that is off. 1,000 ticks a second are nominal.
        for (percent, off) in [(100, false), (75, false), (125, false), (60, true), (0, true), (150, true), (-30, true)]
        {
            let mut belt = belt(true);
            let mut seen = Vec::new();
            for step in 1..=110u64 {
                let now = Micros(step * 10_000);
                seen.extend(belt.count(percent / 10, true, now));
                seen.extend(belt.pass_time(true, now));
            }
            assert_eq!(seen.contains(&Motion::OffSpeed), off, "{percent} %: {seen:?}");
            belt.pass_time(false, Micros(1_200_000) + STANDSTILL);
            assert_eq!(belt.motion(), Motion::Stopped);
        }
    }

    #[test]
    fn a_dithering_encoder_is_no_reverse_and_a_belt_that_backs_is() {
        let mut belt = belt(true);
        belt.count(100, true, Micros(0));
        for turn in 0..20 {
            belt.count(if turn % 2 == 0 { -3 } else { 3 }, true, Micros(turn));
            assert_eq!(belt.motion(), Motion::Running);
        }
        assert_eq!(belt.count(-10, false, Micros(30)), Some(Motion::Reversed));
        assert_eq!(belt.count(4, false, Micros(31)), None);
        assert_eq!(belt.count(8, false, Micros(32)), Some(Motion::Coasting));
        assert_eq!(belt.pass_time(false, Micros(32) + STANDSTILL), Some(Motion::Stopped));
        assert_eq!(belt.tick(), Tick(102));
    }
}
