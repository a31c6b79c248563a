//! What a station's configuration adds to a lane's drawing: the ports of its devices, and its own pins where it has them.
//!
//! Without one the drawing says how such names look. It refuses a configuration that does not have the lane.

use std::collections::BTreeMap;
use std::path::Path;

use gatepost_hardware::lane::LaneMap;
use gatepost_hardware::pin::Polarity;

use super::terminals::{Board, PERMITTING};
use crate::commands::{Failure, problem};
use crate::config::pins::{OutputRole, PinsConfig, Role, input_name};
use crate::config::{Config, LaneConfig, Transport};

#[derive(Default)]
pub struct Site {
    /// By name of the device; the controller's own is `controller`.
    pub ports: BTreeMap<String, String>,
    pub board: Option<Board>,
    /// The board is the station's: no cable to a controller.
    pub own_pins: bool,
}

impl Site {
    /// The lane's part of a station's configuration.
    ///
    /// # Errors
    /// The configuration's own, and a sentence when no lane of it has the map's name.
    pub fn read(path: &Path, map: &LaneMap) -> Result<Self, Failure> {
        let config = Config::read(path)?;
        let maps = config.lane_maps()?;
        let found = maps.iter().zip(&config.lanes).find(|(one, _)| one.name == map.name);
        let Some((one, lane)) = found else {
            let has: Vec<&str> = maps.iter().map(|one| one.name.as_str()).collect();
            let says = format!("it has no lane \"{}\", only {}; give the lane file it names", map.name, has.join(", "));
            return Err(problem(path.display(), says));
        };
        if one.crc() != map.crc() {
            let says = format!("its lane \"{}\" is another file than --lane: give the one it names", map.name);
            return Err(problem(path.display(), says));
        }
        Ok(Self {
            ports: ports(&config, lane),
            board: lane.pins.as_ref().map(|pins| board(pins, map)),
            own_pins: lane.pins.is_some(),
        })
    }
}

fn ports(config: &Config, lane: &LaneConfig) -> BTreeMap<String, String> {
    let shown = |path: &Path| config.path(path).display().to_string();
    let controller = lane.controller.iter().map(|one| ("controller", shown(&one.port)));
    // What hangs on nothing was refused when the configuration was read.
    let on = |on: Result<Transport, String>| on.map(|on| on.within(&config.folder).to_string()).unwrap_or_default();
    let scanners = lane.scanners.iter().map(|(name, one)| (name.as_str(), on(one.transport())));
    let scales = lane.scales.iter().map(|(name, one)| (name.as_str(), on(one.transport())));
    let folders = lane.xrays.iter().map(|(name, one)| (name.as_str(), shown(&one.folder)));
    let cameras = lane.cameras.iter().map(|(name, one)| (name.as_str(), shown(&one.folder)));
    let all = controller.chain(scanners).chain(scales).chain(folders).chain(cameras);
    all.map(|(name, shown)| (name.to_owned(), shown)).collect()
}

/// The terminals on this board's own pins. A pin whose polarity is not the one of the drawing's levels says so.
fn board(pins: &PinsConfig, map: &LaneMap) -> Board {
    let all = pins.pins().into_iter().map(|(role, pin)| {
        let terminal = terminal(&role, map);
        let high = role.is_output() || PERMITTING.contains(&terminal.as_str()) || terminal.starts_with("ENC");
        let usual = if high { Polarity::ActiveHigh } else { Polarity::ActiveLow };
        let turned = if pin.polarity == usual { "" } else { ", inverted" };
        (terminal, format!("line {}{turned}", pin.line))
    });
    Board { name: "this station's own board".to_owned(), pins: all.collect() }
}

fn terminal(role: &Role, map: &LaneMap) -> String {
    let segment = |name: &str| map.segments.iter().position(|one| one.name == name).unwrap_or_default();
    match role {
        Role::Eye(name) => {
            format!("EYE{}", map.eyes.iter().position(|one| one.name == name.as_str()).unwrap_or_default())
        }
        Role::EncoderA(name) => format!("ENC{}A", segment(name)),
        Role::EncoderB(name) => format!("ENC{}B", segment(name)),
        Role::FeedbackExam => "FB_EXAM".to_owned(),
        Role::FeedbackRelease => "FB_RELEASE".to_owned(),
        Role::Input(input) => match input_name(*input).as_str() {
            "exam-chute-full" => "CHUTE".to_owned(),
            "radiation" => "RAD".to_owned(),
            name => name.replace('-', "").to_uppercase(),
        },
        Role::Output(output) => match output {
            OutputRole::Belt => "BELT",
            OutputRole::Gate => "GATE",
            OutputRole::Alive => "ALIVE",
            OutputRole::Red => "LAMP_R",
            OutputRole::Amber => "LAMP_A",
            OutputRole::Green => "LAMP_G",
            OutputRole::Buzzer => "BUZZER",
        }
        .to_owned(),
    }
}
