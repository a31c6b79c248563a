//! A virtual lane of either kind, for who runs it without caring which: a belt, or a bench with its officer.

use super::VirtualLane;
use super::bench::{Seen, VirtualBench};
use super::outside::Outside;
use super::truth::Truth;
use crate::device::Emission;
use crate::faults::FaultSchedule;
use crate::parcel::{ParcelTruth, Plan};
use gatepost_hardware::lane::{LaneKind, LaneMap};
use gatepost_hardware::units::Micros;

pub enum AnyLane {
    Belt(Box<VirtualLane>),
    Bench(Box<VirtualBench>),
}

macro_rules! either {
    ($self:ident, $lane:ident => $does:expr) => {
        match $self {
            Self::Belt($lane) => $does,
            Self::Bench($lane) => $does,
        }
    };
}

impl AnyLane {
    /// By the map's kind. `pace`: how many times as fast the hands at a bench are; a belt's pace stands in its map.
    pub fn new(map: LaneMap, seed: u64, plan: Plan, faults: FaultSchedule, pace: f64) -> Self {
        match map.kind {
            LaneKind::Bench => Self::Bench(Box::new(VirtualBench::new(map, seed, plan, faults).at_pace(pace))),
            LaneKind::Conveyor | LaneKind::HandFed => Self::Belt(Box::new(VirtualLane::new(map, seed, plan, faults))),
        }
    }

    /// With a controller that is somewhere else; a bench has none.
    pub fn controlled_by(self, controller: Box<dyn Outside>) -> Self {
        match self {
            Self::Belt(lane) => Self::Belt(Box::new(lane.controlled_by(controller))),
            bench @ Self::Bench(_) => bench,
        }
    }

    pub fn now(&self) -> Micros {
        either!(self, lane => lane.now())
    }
    pub fn map(&self) -> &LaneMap {
        either!(self, lane => lane.map())
    }
    pub fn truth(&self) -> &[Truth] {
        either!(self, lane => lane.truth())
    }
    pub fn parcels(&self) -> &[ParcelTruth] {
        either!(self, lane => lane.parcels())
    }
    pub fn faults(&self) -> &FaultSchedule {
        either!(self, lane => lane.faults())
    }
    pub fn finished(&self) -> bool {
        either!(self, lane => lane.finished())
    }
    pub fn feed(&mut self, on: bool) {
        either!(self, lane => lane.feed(on));
    }
    pub fn advance(&mut self, us: u64) {
        either!(self, lane => lane.advance(us));
    }
    pub fn emitted(&mut self) -> Vec<Emission> {
        either!(self, lane => lane.emitted())
    }

    /// How many parcels lie on the belts, or on the bench.
    pub fn lying(&self) -> usize {
        match self {
            Self::Belt(lane) => lane.on_belt().len(),
            Self::Bench(bench) => bench.lying().len(),
        }
    }
    /// Bytes from the station to the controller; a bench has none.
    pub fn send(&mut self, bytes: &[u8]) {
        if let Self::Belt(lane) = self {
            lane.send(bytes);
        }
    }
    /// What the officer at a bench sees.
    pub fn show(&mut self, seen: &Seen) {
        if let Self::Bench(bench) = self {
            bench.show(seen);
        }
    }
}
