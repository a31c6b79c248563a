//! Starting the lanes: each one's devices, its mind, its black box.

use std::sync::Arc;

use gatepost_hardware::lane::{Device, DeviceKind, LaneMap};
use gatepost_hardware::units::Grams;
use gatepost_pipeline::drive::DriveConfig;
use gatepost_pipeline::mind::Mind;
use gatepost_pipeline::weighing::{Protocol, Protocols};

use crate::blackbox::{Begin, BlackBox};
use crate::config::{Config, ConfigError, LaneConfig};
use crate::run::drift::{Drifting, Watch};
use crate::run::feed::{Fed, Feed};
use crate::run::lists::Ask;
use crate::run::pins::OnPins;
use crate::run::{Station, devices, images, lane, load_rules, make_folder, systemd};

impl Station {
    /// What a lane's mind is told.
    pub(super) fn lane(&self, config: &Config, lane: &LaneConfig, map: LaneMap) -> DriveConfig {
        let recovered = self.recovered.get(map.name.as_str()).cloned().unwrap_or_default();
        DriveConfig {
            station: config.station.name.clone(),
            epoch_next: recovered.epoch_next(),
            open: recovered.open(),
            closed: recovered.closed(),
            highest: recovered.highest(),
            accounted: recovered.accounted(),
            sampling: Some(self.sampling.clone()),
            weight_tolerance_g: Grams(lane.weight_tolerance_g),
            radiation_fitted: lane.radiation_fitted,
            smoke_fitted: lane.smoke_fitted,
            utc_offset_min: config.station.utc_offset_min,
            contingency: config.contingency.plans(),
            protocols: protocols(lane, &map),
            versions: self.versions.clone(),
            map,
        }
    }
}

/// How the scales of a lane speak, by index in its map.
fn protocols(lane: &LaneConfig, map: &LaneMap) -> Protocols {
    let protocol = |(index, device): (usize, &Device)| {
        let scale = lane.scales.get(device.name.as_str())?;
        Some((index as u8, Protocol::of(&scale.protocol)))
    };
    map.devices.iter().enumerate().filter_map(protocol).collect()
}

/// Starts one lane: its devices, its mind, its black box.
///
/// # Errors
/// [`ConfigError`]: what is wrong with a device, the lane or the rules.
pub(super) fn start(
    config: &Config,
    lane: &LaneConfig,
    drive: DriveConfig,
    feed: Feed,
    fed: Fed,
    station: &Station,
) -> Result<(), ConfigError> {
    let (map, name) = (drive.map.clone(), drive.map.name.as_str().to_owned());
    let begin = Begin::of(&drive);
    let folder = config.data().join("blackbox").join(&name);
    make_folder(&folder)?;
    let mind = Mind::new(drive, load_rules(config)?).map_err(ConfigError)?;
    let health = || station.board.part(&format!("{name} controller"));
    let cable = match (lane.controller.clone(), lane.pins.clone()) {
        (Some(mut serial), _) => {
            serial.port = config.path(&serial.port);
            Some(devices::controller(serial, feed.clone(), health()))
        }
        (None, Some(pins)) => {
            Some(devices::controller_on_pins(OnPins { pins, map: map.clone() }, feed.clone(), health()))
        }
        (None, None) => None,
    };
    connect(config, lane, &map, &feed, station)?;
    let asks = station.asks.clone();
    let (remembering, visits) = (station.asks.clone(), Arc::clone(&station.visits));
    let asking = feed.clone();
    let (desk, wake) = (Arc::clone(&station.desk), Arc::clone(&station.wake));
    let shown = station.desk.lanes.get(&name).map(|end| Arc::clone(&end.shown)).unwrap_or_default();
    let around = lane::Surroundings {
        feed,
        ledger: station.ledger.clone(),
        cable,
        look_up: Box::new(move |pass, item| asks.try_send(Ask::LookUp { pass, item, feed: asking.clone() }).is_ok()),
        on_durable: Arc::new(move |seq, note| {
            let ended = visits.lock().ok().and_then(|mut visits| visits.take(seq, note));
            if let Some(visit) = ended {
                // The index is a cache: what it has no room for it is told when it is built again.
                let _cached = remembering.try_send(Ask::Remember(visit));
            }
        }),
        shown,
        on_show: Box::new(move || {
            desk.lane_showed();
            wake.notify_one();
            systemd::alive();
        }),
        black_box: BlackBox::new(&folder, begin),
        clock: config.station.clock,
        last_record: station.last_record,
    };
    lane::start(mind, fed, around)
        .map(drop)
        .map_err(|error| ConfigError(format!("lane {name}: the operating system gives no thread: {error}")))
}

/// Connects every device of a lane.
fn connect(
    config: &Config,
    lane: &LaneConfig,
    map: &LaneMap,
    feed: &Feed,
    station: &Station,
) -> Result<(), ConfigError> {
    let drifting = Drifting::default();
    for (index, device) in map.devices.iter().enumerate() {
        let (index, name) = (index as u8, device.name.as_str());
        let health = |kind: &str| station.board.part(&format!("{} {kind}", map.name));
        let wrong = |why: &str| ConfigError(format!("lane {}, device {name}: {why}", map.name));
        match device.kind {
            DeviceKind::Scanner => {
                let scanner = &lane.scanners[name];
                let on = scanner.transport().map_err(|why| wrong(&why))?.within(&config.folder);
                devices::scanner(on, scanner, index, feed.clone(), health("scanner")).map_err(wrong)?;
            }
            DeviceKind::Scale => {
                let scale = &lane.scales[name];
                let on = scale.transport().map_err(|why| wrong(&why))?.within(&config.folder);
                devices::scale(on, scale, index, feed.clone(), health("scale")).map_err(wrong)?;
            }
            DeviceKind::Xray => {
                let xray = lane.xrays[name].clone();
                let folder = config.path(&xray.folder);
                let (looker, lane) = (station.looker.clone(), map.name.as_str());
                let watch =
                    Watch::open(looker.disk.clone(), lane, name, index, health("xray drift"), Arc::clone(&drifting));
                tokio::spawn(images::serve(xray, folder, index, feed.clone(), health("xray"), looker, watch));
            }
            DeviceKind::Camera => {
                let camera = &lane.cameras[name];
                let (folder, cellar) = (config.path(&camera.folder), station.cellar.clone());
                devices::camera(camera, folder, index, feed.clone(), health("camera"), cellar).map_err(wrong)?;
            }
        }
    }
    Ok(())
}
