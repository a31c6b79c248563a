//! A station in the world: the real mind of a lane, the real journal, real codecs; only the threads are missing.
//!
//! Everything here that is not the station's own code is glue that the daemon has too. It can die at any [`Step`].

use std::collections::{BTreeMap, VecDeque};

use gatepost_hardware::lane::{DeviceKind, LaneMap};
use gatepost_hardware::link::station::{StationEnd, Word};
use gatepost_hardware::link::{Fact, PermitFate, Report};
use gatepost_hardware::scale::{ScaleCodec, ScaleConfig, ScaleProtocol};
use gatepost_hardware::scanner::{ScannerCodec, ScannerProtocol};
use gatepost_hardware::units::{Grams, Micros, WallMs};
use gatepost_ledger::disk::memory::MemoryDisk;
use gatepost_ledger::journal::envelope::Envelope;
use gatepost_ledger::journal::read::Records;
use gatepost_ledger::journal::{Bounds, Health, Journal, Setup};
use gatepost_ledger::key::StationKey;
use gatepost_pipeline::drive::{DriveConfig, LaneView, Recovery, SamplingKey, Versions};
use gatepost_pipeline::event::{ClockState, Effect, Event};
use gatepost_pipeline::gather::reading::{Hearsay, code_of};
use gatepost_pipeline::judge::Token;
use gatepost_pipeline::mind::Mind;
use gatepost_pipeline::pass::PassKey;
use gatepost_pipeline::record::{Kind, Pending};
use gatepost_pipeline::ruleset::Ruleset;
use gatepost_pipeline::weighing::{Protocol, Protocols};
use std::sync::Arc;

use crate::crash::{Crashes, Step};
use crate::dialect::Dialect;

/// The world began on 2026-11-22 at midnight.
pub const WALL_START: i64 = 1_795_305_600_000;
pub const STATION: &str = "world-1";
const KEY: [u8; 32] = [7; 32];

/// The station's key in every world.
pub fn key() -> StationKey {
    StationKey::from_bytes(&KEY)
}

/// Least time between two pulses.
const PULSE_US: u64 = 20_000;

/// What a run does to its station beside crashes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// Milliseconds the wall clock is off, and then it is not trusted.
    pub clock_off_ms: i64,
}

/// What the world must know of a station that acknowledged something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    pub seq: u64,
    pub head: [u8; 32],
}

/// The station died.
#[derive(Debug)]
pub struct Died;

pub struct Station {
    mind: Mind,
    journal: Journal,
    cable: StationEnd,
    scanners: BTreeMap<u8, ScannerCodec>,
    scales: BTreeMap<u8, (ScaleCodec, Hearsay)>,
    pulsed: Option<u64>,
    tended: u64,
    was_good: bool,
    to_send: Vec<u8>,
    look_ups: Vec<(PassKey, Option<Token>)>,
    /// Everything that became durable in this run of the station.
    pub acknowledged: Vec<Acknowledged>,
}

impl Station {
    /// Starts, or starts again, on what the disk holds.
    ///
    /// # Errors
    /// What the journal or the rules say: in the world that is a finding.
    pub fn start(map: &LaneMap, disk: &MemoryDisk, rate: u16, dialect: &Dialect, rules: &str) -> Result<Self, String> {
        let setup = Setup { station: STATION.to_owned(), key: key(), bounds: Bounds::default() };
        let (journal, _opening) =
            Journal::open(Arc::new(disk.clone()), "journal", setup).map_err(|error| error.to_string())?;
        let mut recovery = Recovery::default();
        for record in Records::from(&journal.view(), 1) {
            let record = record.map_err(|error| error.to_string())?;
            let envelope = Envelope::parse(&record.bytes).map_err(|error| error.to_string())?;
            if envelope.lane == map.name.as_str() {
                recovery.read(envelope.seq, envelope.kind, envelope.body.get().as_bytes());
            }
        }
        let rules = Ruleset::load("rules", rules).map_err(|error| error.to_string())?;
        let config = DriveConfig {
            station: STATION.to_owned(),
            map: map.clone(),
            epoch_next: recovery.epoch_next(),
            open: recovery.open(),
            closed: recovery.closed(),
            highest: recovery.highest(),
            accounted: recovery.accounted(),
            sampling: Some(SamplingKey {
                id: Token::clipped("world"),
                key: [3; 32],
                rate,
                rate_trusted: 0,
                rate_drifting: rate,
            }),
            weight_tolerance_g: Grams(30),
            radiation_fitted: false,
            smoke_fitted: false,
            utc_offset_min: 0,
            contingency: BTreeMap::new(),
            protocols: protocols(map, &dialect.scale),
            versions: versions(&rules),
        };
        let codecs = |kind| map.devices.iter().enumerate().filter(move |(_, device)| device.kind == kind);
        let scanners =
            codecs(DeviceKind::Scanner).map(|(index, _)| Ok((index as u8, ScannerCodec::new(&dialect.scanner)?)));
        let scale = |index| Ok((index as u8, (ScaleCodec::new(&dialect.scale)?, Hearsay::default())));
        let scales = codecs(DeviceKind::Scale).map(|(index, _)| scale(index));
        Ok(Self {
            mind: Mind::new(config, rules)?,
            journal,
            cable: StationEnd::default(),
            scanners: scanners.collect::<Result<_, &str>>()?,
            scales: scales.collect::<Result<_, &str>>()?,
            pulsed: None,
            tended: 0,
            was_good: true,
            to_send: Vec::new(),
            look_ups: Vec::new(),
            acknowledged: Vec::new(),
        })
    }

    /// Bytes off the controller's cable.
    pub fn controller(&mut self, now: u64, bytes: &[u8], crashes: &mut Crashes) -> Result<(), Died> {
        for &byte in bytes {
            let mono = Micros(now);
            let Some(report) = self.cable.hear(byte, mono) else { continue };
            let opened = matches!(report, Report::Fact { fact: Fact::Permit { fate: PermitFate::Opened, .. }, .. });
            self.handle(now, Event::Controller { mono, report }, crashes)?;
            if opened && crashes.strike(now, Step::GateOpened) {
                return Err(Died);
            }
        }
        Ok(())
    }

    pub fn scanner(&mut self, now: u64, device: u8, bytes: &[u8], crashes: &mut Crashes) -> Result<(), Died> {
        let Some(codec) = self.scanners.get_mut(&device) else { return Ok(()) };
        let mut codes = Vec::new();
        codec.feed(Micros(now), bytes, &mut |scan| codes.extend(code_of(&scan).map(|code| (scan.at(), code))));
        codes.into_iter().try_for_each(|(mono, code)| self.handle(now, Event::Code { mono, device, code }, crashes))
    }

    pub fn scale(&mut self, now: u64, device: u8, bytes: &[u8], crashes: &mut Crashes) -> Result<(), Died> {
        let Some((codec, hearsay)) = self.scales.get_mut(&device) else { return Ok(()) };
        let mut heard = Vec::new();
        codec.feed(Micros(now), bytes, &mut |report| heard.push(hearsay.take(&report)));
        heard.into_iter().try_for_each(|(mono, (weighed, said))| {
            self.handle(now, Event::Weight { mono, device, weighed, said }, crashes)
        })
    }

    /// What devices said whose word ends by silence.
    fn listen(&mut self, now: u64, crashes: &mut Crashes) -> Result<(), Died> {
        let mut events = Vec::new();
        for (&device, codec) in &mut self.scanners {
            let code = codec.idle(Micros(now)).and_then(|scan| Some((scan.at(), code_of(&scan)?)));
            events.extend(code.map(|(mono, code)| Event::Code { mono, device, code }));
        }
        for (&device, (codec, hearsay)) in &mut self.scales {
            let word = codec.idle(Micros(now)).map(|report| hearsay.take(&report));
            events.extend(word.map(|(mono, (weighed, said))| Event::Weight { mono, device, weighed, said }));
        }
        events.into_iter().try_for_each(|event| self.handle(now, event, crashes))
    }

    /// Time goes by.
    pub fn tick(&mut self, now: u64, weather: Weather, crashes: &mut Crashes) -> Result<(), Died> {
        if crashes.strike(now, Step::Anywhere) {
            return Err(Died);
        }
        self.listen(now, crashes)?;
        let wall = self.wall(now, weather);
        if self.tended + 1_000_000 <= now {
            self.tended = now;
            let good = *self.journal.tend(wall) == Health::Good;
            if good && !self.was_good {
                self.handle(now, Event::LedgerReady, crashes)?;
            }
            self.was_good = good;
        }
        if self.pulsed.is_none_or(|pulsed| now >= pulsed + PULSE_US) {
            self.pulsed = Some(now);
            self.cable.tick(Micros(now), |frame| self.to_send.extend_from_slice(frame));
            let clock = if weather.clock_off_ms == 0 { ClockState::Trusted } else { ClockState::Untrusted };
            self.handle(now, Event::Pulse { mono: Micros(now), wall, clock }, crashes)?;
        }
        Ok(())
    }

    fn wall(&self, now: u64, weather: Weather) -> WallMs {
        WallMs(WALL_START + (now / 1_000) as i64 + weather.clock_off_ms)
    }

    /// One event and all that follows from it, each record synced by itself.
    pub fn handle(&mut self, now: u64, event: Event, crashes: &mut Crashes) -> Result<(), Died> {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for effect in self.mind.handle(event) {
                match effect {
                    Effect::Record(pending) => events.extend(self.record(now, pending, crashes)?),
                    Effect::Permit(permit) => {
                        if crashes.strike(now, Step::PermitMade) {
                            return Err(Died);
                        }
                        permit.word().into_iter().for_each(|word| self.say(now, word));
                        if crashes.strike(now, Step::PermitSent) {
                            return Err(Died);
                        }
                    }
                    Effect::Order(order) => self.say(now, order.into()),
                    Effect::Lookup { pass, item } => self.look_ups.push((pass, item)),
                }
            }
        }
        Ok(())
    }

    fn record(&mut self, now: u64, pending: Pending, crashes: &mut Crashes) -> Result<Vec<Event>, Died> {
        let kind = pending.kind();
        let strike = |crashes: &mut Crashes, step| match crashes.strike(now, step) {
            true => Err(Died),
            false => Ok(()),
        };
        match kind {
            Kind::Decision => strike(crashes, Step::Decided)?,
            Kind::Sighting => strike(crashes, Step::ExitSeen)?,
            _ => {}
        }
        if let Err(refused) = self.journal.append(pending) {
            return Ok(vec![Event::Unrecorded(refused.pending)]);
        }
        strike(crashes, Step::Appended)?;
        let commit = self.journal.commit(self.wall(now, Weather::default()));
        self.was_good &= commit.health == Health::Good;
        let mut events = Vec::new();
        for result in commit.results {
            match result {
                Ok(recorded) => {
                    self.acknowledged.push(Acknowledged { seq: recorded.seq(), head: recorded.head() });
                    events.push(Event::Recorded(recorded));
                }
                Err(pending) => events.push(Event::Unrecorded(pending)),
            }
        }
        if kind == Kind::Decision {
            strike(crashes, Step::Durable)?;
        }
        Ok(events)
    }

    fn say(&mut self, now: u64, word: Word) {
        self.cable.say(word, Micros(now), |frame| self.to_send.extend_from_slice(frame));
    }

    /// Bytes for the controller.
    pub fn said(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.to_send)
    }
    pub fn asked(&mut self) -> Vec<(PassKey, Option<Token>)> {
        std::mem::take(&mut self.look_ups)
    }
    pub fn view(&self) -> LaneView {
        self.mind.view()
    }
    /// A clean stop: the head is signed.
    pub fn stop(self, now: u64) {
        let wall = self.wall(now, Weather::default());
        let _commit = self.journal.close(wall);
    }
}

fn protocols(map: &LaneMap, scale: &ScaleConfig) -> Protocols {
    let protocol = Protocol::of(scale);
    map.device(DeviceKind::Scale).into_iter().map(|(index, _)| (index, protocol.clone())).collect()
}

fn versions(rules: &Ruleset) -> Versions {
    let token = Token::clipped;
    Versions {
        software: token(env!("CARGO_PKG_VERSION")),
        rules: token(&rules.digest_hex()),
        model: token("injected by the world"),
        engine: token("none"),
        lists: token("world"),
    }
}
