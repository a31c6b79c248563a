//! The whole run: broker, central and stations up, parcels on, faults from outside, everything down in order.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gatepost_central::{Central, Config as CentralConfig};
use tokio::sync::watch;

use crate::announce;
use crate::arguments::{Arguments, Wanted};
use crate::broker::Broker;
use crate::capture::Capture;
use crate::found::{find_model, page_address};
use crate::kills::Kills;
use crate::outside::Outside;
use crate::people::write_people;
use crate::report::{self, Remains, conclude};
use crate::station::{Common, Station, expected_ms};
use crate::tables::Tables;

/// A station may take so long until it has its lists; a debug build on a busy machine does.
const READY_MAX: Duration = Duration::from_secs(60);
/// How long everything recorded may take to be acknowledged at the end.
const SETTLE_MAX: Duration = Duration::from_secs(90);
/// Belts are empty this long before the station may stop: ends are written after the last parcel.
const QUIET: Duration = Duration::from_secs(6);
const LOOK: Duration = Duration::from_millis(100);
/// Between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(10);

pub struct Stage {
    pub broker: Broker,
    pub central: Option<Central>,
    central_config: CentralConfig,
    tables: Tables,
    stations: Vec<Station>,
    parcels: Option<u32>,
}

/// Runs it all. `stop` turns true at Ctrl-C.
///
/// # Errors
/// A sentence: what could not be started or read.
pub async fn run(
    arguments: &Arguments,
    wanted: &Wanted,
    data: PathBuf,
    mut stop: watch::Receiver<bool>,
) -> Result<report::Outcome, String> {
    let mut stage = Stage::set(arguments, wanted, data).await?;
    let ran = stage.play(arguments, wanted, &mut stop).await;
    let settled = ran.as_ref().is_ok_and(|settled| *settled);
    let mut remains = stage.strike(settled, arguments.capture.as_deref()).await?;
    // Told to stop in the middle: what lies on the belts has no end yet, which is nobody's fault.
    let concluded = ran.and_then(|_| conclude(arguments, &remains, *stop.borrow() && !settled));
    for disk in remains.iter_mut().filter_map(|station| station.disk.take()) {
        disk.leave()?;
    }
    concluded
}

impl Stage {
    async fn set(arguments: &Arguments, wanted: &Wanted, data: PathBuf) -> Result<Self, String> {
        let (model, engine) = tokio::task::block_in_place(find_model);
        let capture = arguments.capture.clone().map_or(Ok(Capture::default()), Capture::into_folder)?;
        let broker = Broker::start(capture).await?;
        let central_folder = data.join("central");
        let mut central_config = CentralConfig::local(broker.port(), &central_folder);
        let central = Central::start(central_config.clone()).await.map_err(|error| format!("central: {error}"))?;
        central_config.http.listen = central.http();
        let tables = Tables::open(&central_folder.join("central.sqlite")).await?;
        let (issuer, key) = central.signatory().ok_or("central has no key for its hold lists")?;
        let parcels = wanted.parcels.map(|parcels| parcels / wanted.lanes.len() as u32);
        let common = Common {
            data,
            seed: arguments.seed,
            pace: arguments.pace,
            lanes: wanted.lanes.clone(),
            parcels,
            faults: wanted.faults.clone(),
            controller: arguments.controller,
            broker_port: broker.port(),
            central_key: format!("{issuer}={key}"),
            model,
            runtime: engine,
        };
        // A list must exist for the stations to have one.
        announce::place_hold(&central, "RR473124829GB").await?;
        let mut stage = Self { broker, central: Some(central), central_config, tables, stations: Vec::new(), parcels };
        for number in 1..=arguments.stations {
            let http = page_address(arguments.http, number)?;
            stage.stations.push(tokio::task::block_in_place(|| Station::prepare(&common, number, http))?);
        }
        Ok(stage)
    }

    /// From the first list to the last acknowledgement. Whether everything came to rest.
    async fn play(
        &mut self,
        arguments: &Arguments,
        wanted: &Wanted,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<bool, String> {
        let mut announced = Vec::new();
        for index in 0..self.stations.len() {
            announced.push(self.announce(index).await?.unwrap_or_default());
            self.stations[index].start()?;
        }
        self.say_where();
        for (index, digest) in announced.iter().enumerate() {
            self.await_lists(index, digest, stop).await?;
        }
        self.stations.iter().flat_map(|station| &station.lanes).for_each(crate::lane::Lane::feed);
        let mut outside = Outside::new(arguments.seed, &wanted.faults, self.longest_ms());
        let mut kills = Kills::draw(arguments.seed, arguments.kills, self.longest_ms());
        let patience = Duration::from_millis(self.longest_ms() * 4) + Duration::from_secs(120);
        let (started, mut told, mut quiet) = (Instant::now(), Instant::now(), None);
        while !*stop.borrow() {
            outside.act(&mut self.broker, &mut self.central, &self.central_config).await?;
            kills.act(self.stations.first().and_then(|station| station.process.as_ref()));
            self.fill_disks();
            if self.parcels.is_none() {
                self.announce_on().await?;
            }
            if told.elapsed() >= PROGRESS {
                told = Instant::now();
                self.progress();
            }
            let empty = self.stations.iter().flat_map(|station| &station.lanes).all(|lane| lane.shown().finished);
            quiet = if empty { quiet.or(Some(Instant::now())) } else { None };
            if arguments.parcels.is_some() || arguments.headless {
                if quiet.is_some_and(|since: Instant| since.elapsed() >= QUIET) {
                    break;
                }
                if started.elapsed() > patience {
                    println!(
                        "The lanes did not come to rest in {} s; what is on the belts stays there.",
                        patience.as_secs()
                    );
                    break;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _stopped = stop.changed() => {}
            }
        }
        self.stations.iter_mut().filter_map(|station| station.disk.as_mut()).for_each(|(_, disk)| disk.act(false));
        outside.end(&mut self.broker, &mut self.central, &self.central_config).await?;
        self.progress();
        if !*stop.borrow() && !arguments.headless {
            println!("Every parcel has left. The pages stay until Ctrl-C.");
            let _stopped = stop.wait_for(|stop| *stop).await;
        }
        self.settle().await?;
        Ok(quiet.is_some())
    }

    /// Waits until central has acknowledged everything that a station says it has recorded, for a while. What a station
    /// records after that, it sends before it stops.
    async fn settle(&self) -> Result<(), String> {
        let (started, mut since) = (Instant::now(), None);
        while started.elapsed() < SETTLE_MAX {
            let mut whole = true;
            for station in &self.stations {
                whole &= self.tables.progress(&station.name).await?.is_whole();
            }
            since = if whole { since.or(Some(Instant::now())) } else { None };
            if since.is_some_and(|since: Instant| since.elapsed() > Duration::from_secs(3)) {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        println!("Central has not acknowledged everything after {} s.", SETTLE_MAX.as_secs());
        Ok(())
    }

    /// Fills the stations' own disks while their fault lasts.
    fn fill_disks(&mut self) {
        for station in &mut self.stations {
            let Some(start) = station.lanes.first().map(|lane| lane.start) else { continue };
            if let Some((window, disk)) = &mut station.disk {
                let now = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
                disk.act((window.from.0..window.until.0).contains(&now));
            }
        }
    }

    async fn announce(&mut self, index: usize) -> Result<Option<String>, String> {
        let Some(central) = &self.central else { return Ok(None) };
        let station = &mut self.stations[index];
        let mut news = false;
        for (lane, running) in station.lanes.iter().enumerate() {
            let up_to = self.parcels.unwrap_or_else(|| running.shown().laid + 200);
            news |= station.announcer.know(lane, up_to);
        }
        if news { station.announcer.send(central).await.map(Some) } else { Ok(None) }
    }

    /// In a run without end, what comes is announced before it comes.
    async fn announce_on(&mut self) -> Result<(), String> {
        for index in 0..self.stations.len() {
            self.announce(index).await?;
        }
        Ok(())
    }

    /// Until a station has recorded that its lists are in force.
    async fn await_lists(&self, index: usize, declarations: &str, stop: &watch::Receiver<bool>) -> Result<(), String> {
        let (name, started) = (&self.stations[index].name, Instant::now());
        while started.elapsed() < READY_MAX && !*stop.borrow() {
            let lists = self.tables.lists(name).await?;
            let has = |wanted: &dyn Fn(&str, &str) -> bool| {
                lists.iter().any(|(document, digest, in_force, _)| *in_force && wanted(document, digest))
            };
            if has(&|document, _| document == "holds") && has(&|_, digest| digest == declarations) {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        let lists = self.tables.lists(name).await?;
        println!(
            "{name} has not put its lists in force after {} s; until then everything goes to exam.",
            READY_MAX.as_secs()
        );
        lists
            .iter()
            .filter(|list| !list.2)
            .for_each(|(document, _, _, says)| println!("  it says of {document}: {says}"));
        println!("  its words: {}", self.stations[index].folder.join("station.log").display());
        Ok(())
    }

    fn say_where(&self) {
        for station in &self.stations {
            println!(
                "{}  console  http://{}/   words {}",
                station.name,
                station.http,
                station.folder.join("station.log").display()
            );
        }
        if let Some(central) = &self.central {
            println!("central       http://{}/", central.http());
        }
        println!("Ctrl-C stops everything.");
    }

    fn progress(&self) {
        for station in &self.stations {
            for (index, lane) in station.lanes.iter().enumerate() {
                let shown = lane.shown();
                println!(
                    "{} lane {}: {} laid, {} on the belt, {} released, {} to exam, {} removed",
                    station.name,
                    index + 1,
                    shown.laid,
                    shown.on_belt,
                    shown.released,
                    shown.exam,
                    shown.removed
                );
            }
        }
    }

    fn longest_ms(&self) -> u64 {
        let maps = self.stations.iter().flat_map(|station| &station.lanes).map(|lane| &lane.map);
        maps.map(|map| expected_ms(map, self.parcels.unwrap_or(300))).max().unwrap_or(60_000)
    }

    /// Ends everything in order and keeps what the checker needs.
    async fn strike(mut self, settled: bool, people: Option<&Path>) -> Result<Vec<Remains>, String> {
        let mut remains = Vec::new();
        for station in self.stations.drain(..) {
            let process = station.process;
            let ended = tokio::task::block_in_place(|| process.map(crate::process::Process::stop)).unwrap_or_default();
            if !ended.clean {
                println!(
                    "{}: its process did not stop in order; its words: {}",
                    station.name,
                    station.folder.join("station.log").display()
                );
            }
            let mut lanes = Vec::new();
            for lane in station.lanes {
                let start = lane.start;
                lanes.push((start, tokio::task::block_in_place(|| lane.stop())?));
            }
            if let Some(folder) = people {
                write_people(folder, lanes.iter().map(|(_, end)| end))?;
            }
            remains.push(Remains {
                name: station.name,
                folder: station.folder,
                lanes,
                down: ended.down,
                disk: station.disk.map(|(_, disk)| disk),
                central: None,
                settled,
            });
        }
        if let Some(central) = self.central.take() {
            central.stop().await;
        }
        for station in &mut remains {
            station.central = Some(self.tables.of_station(&station.name).await?);
            let (progress, last) = (self.tables.progress(&station.name).await?, report::last_seq(&station.folder)?);
            let reached = u64::try_from(progress.verified_to).unwrap_or(0);
            match reached >= last {
                true => println!("{}: central has acknowledged all {last} records.", station.name),
                false => println!("{}: central has acknowledged {reached} of {last} records.", station.name),
            }
        }
        Ok(remains)
    }
}
