//! Belts: motors that start and coast, encoders that count, eyes' geometry on one axis.
//!
//! Apart from the parcels on them. All places are nanometres along the whole lane (segment after segment, then the
//! chutes), all times microseconds: integers, so that a seed is the same run everywhere.

use crate::xray::random::Random;
use gatepost_hardware::lane::{LaneMap, Segment};

/// From standstill to full speed.
const START_US: i64 = 250_000;
const FULL: i64 = 1_000_000;

/// One segment's belt.
#[derive(Clone, Debug)]
pub struct Belt {
    /// Where it begins and ends on the lane's axis.
    pub from_nm: i64,
    pub to_nm: i64,
    /// Nanometres a microsecond.
    speed: i64,
    pub encoder: bool,
    tick_nm: i64,
    /// Millionths of full speed.
    ramp: i64,
    /// Of this stop.
    coast_us: i64,
    /// Millionths by which it runs fast or slow just now.
    unsteady: i64,
    steady_us: i64,
    /// How far it has run, and how much of that its encoder has told.
    pub run_nm: i64,
    told: i64,
}

/// The belts of a lane, in order.
pub fn belts(map: &LaneMap) -> Vec<Belt> {
    let mut from_nm = 0;
    let mut belts = Vec::new();
    for segment in &map.segments {
        let belt = Belt::new(segment, from_nm);
        from_nm = belt.to_nm;
        belts.push(belt);
    }
    belts
}

impl Belt {
    fn new(segment: &Segment, from_nm: i64) -> Self {
        Self {
            from_nm,
            to_nm: from_nm + i64::from(segment.length_mm.0) * 1_000_000,
            speed: i64::from(segment.speed_mm_s),
            encoder: segment.encoder,
            tick_nm: i64::from(segment.tick_um) * 1_000,
            ramp: 0,
            coast_us: 1,
            unsteady: 0,
            steady_us: 0,
            run_nm: 0,
            told: 0,
        }
    }

    pub const fn speed(&self) -> i64 {
        self.speed
    }

    pub const fn moves(&self) -> bool {
        self.ramp > 0
    }

    /// Draws how far this stop coasts. A belt without encoder has a brake, as X-ray tunnels do.
    pub fn stop(&mut self, random: &mut Random) {
        let coast_mm = if self.encoder { random.count(100, 200) } else { random.count(10, 30) } as i64;
        self.coast_us = (2 * coast_mm * 1_000_000 / self.speed.max(1)).max(1);
    }

    /// Runs for `us`; returns the nanometres of it. `forced`: nanometres a microsecond, whatever the motor does.
    pub fn advance(&mut self, us: i64, powered: bool, forced: Option<i64>, random: &mut Random) -> i64 {
        let ramp = self.ramp;
        let change = if powered { us * FULL / START_US } else { -us * FULL / self.coast_us };
        self.ramp = (self.ramp + change).clamp(0, FULL);
        self.steady_us -= us;
        if self.steady_us <= 0 {
            self.steady_us = 500_000;
            self.unsteady = (self.unsteady + random.count(0, 4_000) as i64 - 2_000).clamp(-8_000, 8_000);
        }
        let way = match forced {
            Some(speed) => {
                self.ramp = 0;
                speed * us
            }
            None => self.speed * us * ((ramp + self.ramp) / 2) / FULL * (FULL + self.unsteady) / FULL,
        };
        self.run_nm += way;
        way
    }

    /// The ticks an encoder counts up to the belt's place `run_nm`, since the last call.
    pub fn ticks_to(&mut self, run_nm: i64) -> i32 {
        if !self.encoder {
            return 0;
        }
        let count = run_nm.div_euclid(self.tick_nm);
        let delta = count - self.told;
        self.told = count;
        delta as i32 // a step is milliseconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lane::shipped;

    #[test]
    fn a_stopped_belt_coasts_and_its_encoder_tells_all_of_it() {
        let mut random = Random::new(1);
        let mut belt = belts(&shipped("north")).remove(0);
        let mut ticks = 0;
        let mut run = |belt: &mut Belt, powered, ms| {
            for _ in 0..ms {
                belt.advance(1_000, powered, None, &mut random);
                ticks += i64::from(belt.ticks_to(belt.run_nm));
            }
            belt.run_nm / 1_000_000
        };
        let ran = run(&mut belt, true, 2_000);
        assert!((910..965).contains(&ran), "two seconds at 500 mm/s, less the start: {ran}");
        belt.stop(&mut Random::new(2));
        let coasted = run(&mut belt, false, 2_000) - ran;
        assert!((95..210).contains(&coasted), "{coasted}");
        assert!(!belt.moves());
        assert_eq!(ticks, belt.run_nm.div_euclid(500_000));
    }
}
