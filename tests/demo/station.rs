//! One station of the demonstration: its folder, its configuration, its lanes and its process.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use gatepost_hardware::lane::{DeviceKind, LaneKind, LaneMap};
use gatepost_hardware::units::Micros;
use gatepost_ledger::disk::real::RealDisk;
use gatepost_ledger::sealed::{ReceivingKey, SealTo};
use gatepost_sync::topics::Address;
use gatepost_virtual::faults::{Fault, FaultSchedule, FaultWindow};
use gatepost_virtual::lane::any::AnyLane;
use gatepost_virtual::parcel::Plan;
use gatepost_world::emulator::Image;
use gatepost_world::emulator::controller::Emulated;

use crate::announce::Announcer;
use crate::arguments::Controllers;
use crate::disk::SmallDisk;
use crate::history;
use crate::lane::{self, Lane};
use crate::lane_file;
use crate::picture::SCANNER;
use crate::port::Port;
use crate::process::{self, Process};
use crate::screen::Screen;

pub const FACILITY: &str = "DEMO";

/// What every station of a run shares.
pub struct Common {
    pub data: PathBuf,
    pub seed: u64,
    pub pace: f64,
    pub lanes: Vec<&'static str>,
    /// Of each lane; nothing: without end.
    pub parcels: Option<u32>,
    pub faults: Vec<Fault>,
    pub controller: Controllers,
    pub broker_port: u16,
    /// `issuer=key` of central's hold list.
    pub central_key: String,
    pub model: Option<PathBuf>,
    pub runtime: Option<PathBuf>,
}

/// A lane before it runs.
struct Planned {
    text: String,
    map: LaneMap,
    seed: u64,
    plan: Plan,
    faults: FaultSchedule,
}

pub struct Station {
    pub name: String,
    pub folder: PathBuf,
    pub http: SocketAddr,
    pub lanes: Vec<Lane>,
    pub announcer: Announcer,
    pub process: Option<Process>,
    /// When its disk is to be full, and the disk; nothing: it lives on the machine's own.
    pub disk: Option<(FaultWindow, SmallDisk)>,
    runs: Arc<AtomicBool>,
}

/// Parcels of a lane that are surely past the gate when they were laid this long after the start.
pub fn expected_ms(map: &LaneMap, parcels: u32) -> u64 {
    if map.kind == LaneKind::Bench {
        return u64::from(parcels) * 6_000; // hands do not get much faster with the pace
    }
    let speed = map.segments.iter().map(|segment| u64::from(segment.speed_mm_s)).min().unwrap_or(1).max(1);
    let belt: u64 = map.segments.iter().map(|segment| u64::from(segment.length_mm.0.unsigned_abs())).sum();
    (u64::from(parcels) * 850 + belt + 2_000) * 1_000 / speed
}

impl Station {
    /// Makes the folder and starts the lanes, without parcels. The station's process is not started yet.
    ///
    /// # Errors
    /// A sentence: what could not be made, and where.
    pub fn prepare(common: &Common, number: u32, http: SocketAddr) -> Result<Self, String> {
        let name = format!("st-{number:02}");
        let folder = common.data.join(&name);
        make(&folder)?;
        let disk = own_disk(common, &folder)?;
        for inside in ["dev", "lanes"] {
            make(&folder.join(inside))?;
        }
        let run = history::begin(&folder)?;
        let planned = plan(common, number, run, disk.as_ref().map(|(window, _)| *window))?;
        let address = Address::new(FACILITY, &name).ok_or("the station's name cannot stand in a topic")?;
        let announced: Vec<_> = planned.iter().map(|lane| (lane.map.clone(), lane.seed, lane.plan.clone())).collect();
        let announcer = Announcer::new(address, enrol(&folder)?, &announced)?;
        let images = common.data.join("xray").join(&name);
        let config = configuration(common, &name, http, &planned, &announcer.trusted(), &images);
        write(&folder.join("station.toml"), &config)?;
        let runs = Arc::new(AtomicBool::new(false));
        let mut lanes = Vec::new();
        for lane in planned {
            write(&folder.join("lanes").join(format!("{}.toml", lane.map.name)), &lane.text)?;
            lanes.push(start_lane(&folder, &images, lane, &runs, (common, http))?);
        }
        Ok(Self { name, folder, http, lanes, announcer, process: None, disk, runs })
    }

    /// Starts the station itself.
    ///
    /// # Errors
    /// A sentence.
    pub fn start(&mut self) -> Result<(), String> {
        let cables: Vec<_> = self.lanes.iter().map(Lane::cables).collect();
        self.process = Some(Process::start(process::Setup {
            config: self.folder.join("station.toml"),
            log: self.folder.join("station.log"),
            runs: Arc::clone(&self.runs),
            before: Box::new(move || cables.iter().flat_map(|lane| lane.iter()).for_each(crate::port::Cable::replug)),
        })?);
        Ok(())
    }
}

/// The key that personal text is sealed to, as it would be handed over when a station is enrolled; made at its first start.
fn enrol(folder: &Path) -> Result<SealTo, String> {
    let disk = RealDisk::new(folder).map_err(|error| error.to_string())?;
    let key = ReceivingKey::load_or_create(&disk, gatepost_daemon::run::personal::KEY);
    key.map(|key| key.public()).map_err(|error| error.to_string())
}

/// A small disk where the fault asks for one: room for the ledger's reserve, its first files and every image.
fn own_disk(common: &Common, folder: &Path) -> Result<Option<(FaultWindow, SmallDisk)>, String> {
    if !common.faults.contains(&Fault::DiskFull) {
        return Ok(None);
    }
    let parcels = common.parcels.unwrap_or(600);
    let longest = common.lanes.iter().filter_map(|lane| lane_file::at_pace(lane, common.pace).ok());
    let all_ms = longest.map(|(_, map)| expected_ms(&map, parcels)).max().unwrap_or(60_000);
    // Alone in the middle; behind the others where there are others.
    let alone = common.faults.iter().all(|fault| fault.outside());
    let from = FAULTS_FROM_MS + if alone { all_ms * 3 / 10 } else { all_ms * 9 / 10 };
    let until = from + (all_ms / 5).clamp(5_000, 12_000);
    let window = FaultWindow { fault: Fault::DiskFull, from: Micros::from_ms(from), until: Micros::from_ms(until) };
    let disk = SmallDisk::mount(folder, 160 + 2 * u64::from(parcels) * common.lanes.len() as u64)?;
    Ok(Some((window, disk)))
}

fn plan(common: &Common, number: u32, run: u32, disk: Option<FaultWindow>) -> Result<Vec<Planned>, String> {
    let ms = |ms: u32| Some((f64::from(ms) / common.pace).round() as u32);
    let mut planned = Vec::new();
    for (index, lane) in common.lanes.iter().enumerate() {
        let (text, map) = lane_file::at_controller(lane, common.pace, common.controller)?;
        // No two lanes and no two runs share serial numbers: those of item ids follow from the seed.
        let apart = u64::from(number) * 2 + index as u64 + u64::from(run) * 37;
        let seed = common.seed.wrapping_mul(32).wrapping_add(apart);
        let plan = Plan {
            parcels: common.parcels.unwrap_or(u32::MAX),
            solid: true,
            officer_ms: ms(3_000),
            operator_ms: ms(1_500),
            supervisor_ms: ms(5_000),
            ..Plan::default()
        };
        let inside: Vec<Fault> = common.faults.iter().copied().filter(|fault| !fault.outside()).collect();
        let all_ms = common.parcels.map_or(600_000, |parcels| expected_ms(&map, parcels));
        let (from, until) = (Micros::from_ms(FAULTS_FROM_MS), Micros::from_ms(FAULTS_FROM_MS + all_ms * 9 / 10));
        let mut faults =
            if inside.is_empty() { FaultSchedule::none() } else { FaultSchedule::random(seed, &inside, from, until) };
        // The lane cannot see it; its log says which parcels it happened to.
        faults.windows.extend(disk);
        planned.push(Planned { text, map, seed, plan, faults });
    }
    Ok(planned)
}

/// The station has started and the first parcels are on the belt by then.
pub const FAULTS_FROM_MS: u64 = 15_000;

/// `around`: what every lane of the run shares, and the page that an officer at a bench looks at.
fn start_lane(
    folder: &Path,
    images: &Path,
    planned: Planned,
    runs: &Arc<AtomicBool>,
    around: (&Common, SocketAddr),
) -> Result<Lane, String> {
    let map = planned.map.clone();
    let dev = |device: &str| folder.join("dev").join(format!("{}-{device}", map.name));
    let mut devices = BTreeMap::new();
    for (index, device) in map.devices.iter().enumerate() {
        if matches!(device.kind, DeviceKind::Scanner | DeviceKind::Scale) {
            devices.insert(index as u8, Port::open(&dev(device.name.as_str()))?);
        }
    }
    let labels = images.join(format!("{}-labels", map.name));
    let images = images.join(map.name.as_str());
    make(&images)?;
    let (common, http) = around;
    let screen = (map.kind == LaneKind::Bench).then(|| Screen::watch(http, map.name.as_str())).transpose();
    let mut lane = AnyLane::new(planned.map, planned.seed, planned.plan, planned.faults, common.pace);
    if common.controller == Controllers::Qemu && map.kind == LaneKind::Conveyor {
        lane = lane.controlled_by(Box::new(Emulated::start(Image::Product)?));
    }
    Lane::start(lane::Setup {
        controller: Port::open(&dev("controller"))?,
        lane,
        screen: screen.map_err(|error| format!("lane {}: {error}", map.name))?,
        devices,
        images,
        labels,
        station_runs: Arc::clone(runs),
    })
}

fn configuration(
    common: &Common,
    name: &str,
    http: SocketAddr,
    lanes: &[Planned],
    post: &str,
    images: &Path,
) -> String {
    let quoted = |path: &Path| serde_json::Value::from(path.to_string_lossy()).to_string();
    let mut text = format!(
        "# Written by gatepost-demo; paths are relative to this file.\n[station]\nname = \"{name}\"\n\
         facility = \"{FACILITY}\"\ndata = \".\"\nclock = \"host\"\n\n[console]\nhttp = \"{http}\"\n\n\
         [uplink]\nhost = \"127.0.0.1\"\nport = {}\n\n[lists]\ntrusted = [\"{}\", \"{post}\"]\n\n[model]\nthreads = 1\n",
        common.broker_port, common.central_key,
    );
    for (key, path) in [("package", &common.model), ("runtime", &common.runtime)] {
        if let Some(path) = path {
            text += &format!("{key} = {}\n", quoted(path));
        }
    }
    for lane in lanes {
        let folder = |name: String| quoted(&images.join(name));
        text += &lane_configuration(
            &lane.map,
            &folder(lane.map.name.to_string()),
            &folder(format!("{}-labels", lane.map.name)),
        );
    }
    text
}

fn lane_configuration(map: &LaneMap, images: &str, labels: &str) -> String {
    let lane = map.name.as_str();
    let mut text = format!("\n[[lane]]\nfile = \"lanes/{lane}.toml\"\n");
    if map.kind != LaneKind::Bench {
        text += &format!("controller = {{ port = \"dev/{lane}-controller\" }}\n");
    }
    for device in &map.devices {
        let name = device.name.as_str();
        let serial = format!("serial = {{ port = \"dev/{lane}-{name}\" }}");
        text += &match device.kind {
            DeviceKind::Scanner => format!("\n[lane.scanner.{name}]\n{serial}\nprotocol = {{ plain = {{}} }}\n"),
            DeviceKind::Scale => {
                format!("\n[lane.scale.{name}]\n{serial}\nprotocol = {{ mt-sics = {{}} }}\npoll_ms = 0\n")
            }
            DeviceKind::Camera => format!("\n[lane.camera.{name}]\nfolder = {labels}\n"),
            DeviceKind::Xray => format!(
                "\n[lane.xray.{name}]\nfolder = {images}\npitch_um = {}\nbelt_step_um = {}\nnumbered = true\n",
                SCANNER.pitch_um, SCANNER.belt_step_um
            ),
        };
    }
    text
}

fn make(folder: &Path) -> Result<(), String> {
    std::fs::create_dir_all(folder)
        .map_err(|error| format!("{}: cannot be made ({error}); check --data", folder.display()))
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    std::fs::write(file, text).map_err(|error| format!("{}: cannot be written ({error}); check --data", file.display()))
}
