//! The mind of a lane, by its kind: what a daemon, a world and a replay run without knowing which.

use gatepost_hardware::lane::LaneKind;

use crate::bench::Bench;
use crate::drive::{Drive, DriveConfig, LaneView};
use crate::event::{Effect, Event};
use crate::ruleset::Ruleset;

/// One lane's mind: events in, effects out, in one synchronous call.
#[derive(Debug)]
pub enum Mind {
    /// Belts, a controller and a diverter.
    Belt(Box<Drive>),
    /// One item at a time, and an officer's hand.
    Bench(Box<Bench>),
}

impl Mind {
    /// # Errors
    /// A sentence: the lane's name cannot stand in a pass key, or no mind runs lanes of its kind.
    pub fn new(config: DriveConfig, rules: Ruleset) -> Result<Self, String> {
        runs(config.map.kind).map_err(|why| format!("lane {}: {why}", config.map.name))?;
        match config.map.kind {
            LaneKind::Bench => Ok(Self::Bench(Box::new(Bench::new(config, rules)?))),
            LaneKind::Conveyor | LaneKind::HandFed => Ok(Self::Belt(Box::new(Drive::new(config, rules)?))),
        }
    }

    /// The one entrance. Effects are to be carried out in order.
    pub fn handle(&mut self, event: Event) -> Vec<Effect> {
        match self {
            Self::Belt(drive) => drive.handle(event),
            Self::Bench(bench) => bench.handle(event),
        }
    }

    /// The lane for a page: copied, so that no page can hold the lane up.
    pub fn view(&self) -> LaneView {
        match self {
            Self::Belt(drive) => drive.view(),
            Self::Bench(bench) => bench.view(),
        }
    }
}

/// Whether lanes of this kind can be run.
///
/// # Errors
/// Why not, and what to do.
pub fn runs(kind: LaneKind) -> Result<(), &'static str> {
    match kind {
        LaneKind::Conveyor | LaneKind::Bench => Ok(()),
        LaneKind::HandFed => {
            Err("a hand-fed lane (kind = \"hand-fed\") cannot be run by this software yet: nothing would \
                                  tell which items its officer took out; make it a bench, or a conveyor with a diverter")
        }
    }
}
