//! The station as its page sees it, put together from what every part says of itself.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use gatepost_console::desk::{
    Backlog, Decided, Degraded, Denied, Desk, Device, ImageRef, Ledger, LedgerHealth, ListAge, Queued, Refusal,
    StationView, Uplink, Wish,
};
use gatepost_hardware::units::WallMs;
use gatepost_ledger::chain::Digest;
use gatepost_ledger::journal::writer::Writer;
use gatepost_ledger::journal::{Health as JournalHealth, View};
use gatepost_models::formats::{self, Geometry};
use gatepost_pipeline::drive::{LaneView, ParcelView};
use gatepost_pipeline::event::{ClockState, Event};
use gatepost_pipeline::judge::{Inputs, ListState, Lists as ListStates, Outcome};
use gatepost_pipeline::pass::PassKey;
use gatepost_pipeline::pass::life::{End, State};
use gatepost_pipeline::record::{Audience, Kind, Pending, Urgency};
use gatepost_sync::session::LinkState;
use serde::Serialize;
use tokio::sync::watch;

use crate::config::ClockSource;
use crate::run::clock;
use crate::run::feed::Feed;
use crate::run::health::HealthBoard;
use crate::run::uplink::SharedEvidence;

/// Parcels kept of an exam chute, and decisions kept for the page.
const QUEUE_MAX: usize = 64;
const DECISIONS_MAX: usize = 20;

/// One lane's ends: where it shows itself and where wishes go.
pub struct LaneEnd {
    pub shown: Arc<Mutex<Option<LaneView>>>,
    pub feed: Feed,
}

/// Everything the desk reads.
pub struct StationDesk {
    pub station: String,
    pub utc_offset_min: i32,
    pub clock: ClockSource,
    pub last_record: WallMs,
    pub lanes: BTreeMap<String, LaneEnd>,
    pub health: HealthBoard,
    pub journal: View,
    pub journal_health: Arc<Mutex<JournalHealth>>,
    pub ledger: Writer,
    pub evidence: SharedEvidence,
    pub geometry: Geometry,
    pub link: Option<watch::Receiver<LinkState>>,
    pub lists: Arc<Mutex<Option<ListStates>>>,
    pub changes: watch::Sender<u64>,
    pub seen: Mutex<Seen>,
}

/// What the page remembers between looks: chutes fill while nobody looks, so lanes tell it.
#[derive(Default)]
pub struct Seen {
    queue: VecDeque<Queued>,
    decisions: VecDeque<Decided>,
    /// The newest revision seen of each pass on a belt, and the last look at it.
    known: BTreeMap<PassKey, ParcelView>,
}

impl StationDesk {
    /// A lane showed itself: note what was decided and what left since.
    pub fn lane_showed(&self) {
        let views: Vec<LaneView> = self.lanes.values().filter_map(|lane| lane.shown.lock().ok()?.clone()).collect();
        if let Ok(mut seen) = self.seen.lock() {
            seen.take(&views, clock::wall_now());
        }
        self.changes.send_modify(|count| *count += 1);
    }

    fn devices(&self) -> Vec<Device> {
        let kind = |name: &str| match name.rsplit(' ').next() {
            Some("controller") => "lane controller",
            Some("scanner") => "scanner",
            Some("scale") => "scale",
            Some("xray") => "X-ray",
            _ => "part",
        };
        let device = |(name, part): (String, crate::run::health::PartHealth)| Device {
            kind: kind(&name).to_owned(),
            name,
            works: part.works,
            since: Some(part.since),
            says: match (part.says.is_empty(), part.identity.is_empty()) {
                (true, false) => format!("works; it says that it is {}", part.identity),
                _ => part.says,
            },
        };
        self.health.read().into_iter().map(device).collect()
    }

    /// What the page cannot see for itself: it names failed parts, a full ledger and an untrusted clock by itself.
    fn degraded(&self, uplink: &Uplink) -> Vec<Degraded> {
        let mut degraded = self.exam_all();
        if self.link.is_none() || uplink.connected {
            return degraded;
        }
        degraded.push(Degraded {
            fault: Some(gatepost_pipeline::judge::Fault::Uplink),
            what: "Central operations cannot be reached.".to_owned(),
            still_works: "Everything at the station; records are kept and sent later.".to_owned(),
            since: uplink.since,
            to_do: uplink.trouble.clone().unwrap_or_else(|| "Check the network cable.".to_owned()),
        });
        degraded
    }

    /// A lane that central sends to exam is not a broken one: said, so that nobody looks for a fault.
    fn exam_all(&self) -> Vec<Degraded> {
        let of_lane = |(name, lane): (&String, &LaneEnd)| {
            let ordered = lane.shown.lock().ok()?.as_ref()?.exam_all.clone()?;
            Some(Degraded {
                fault: None,
                what: format!("Lane {name}: {}", ordered.says(self.utc_offset_min)),
                still_works: "Everything; parcels are read, weighed and seen as always, and all go to exam.".to_owned(),
                since: None,
                to_do: "Examine what comes; call central operations if the exam chute cannot hold it.".to_owned(),
            })
        };
        self.lanes.iter().filter_map(of_lane).collect()
    }

    fn uplink(&self) -> Uplink {
        let Some(link) = &self.link else { return Uplink::default() };
        let link = link.borrow();
        let last = self.journal.last_seq();
        Uplink {
            connected: link.connected,
            since: Some(WallMs(link.since_ms)),
            trouble: link.trouble.clone(),
            backlog: Backlog { decision: link.backlog, ..Backlog::default() },
            acked: last.saturating_sub(link.backlog),
        }
    }

    fn ledger(&self) -> Ledger {
        let health = match self.journal_health.lock().map(|health| health.clone()) {
            Ok(JournalHealth::Good) => LedgerHealth::Writes,
            Ok(JournalHealth::Full) => LedgerHealth::Full,
            Ok(JournalHealth::Broken(error)) => LedgerHealth::Failing { says: error.to_string() },
            Err(_) => LedgerHealth::Failing { says: "the writer stopped".to_owned() },
        };
        let last = self.journal.last_seq();
        Ledger { health, last_seq: (last > 0).then_some(last), free_bytes: None }
    }

    fn list_ages(&self) -> Vec<ListAge> {
        let Some(states) = self.lists.lock().ok().and_then(|states| states.clone()) else { return Vec::new() };
        let age = |name: &str, state: &ListState| {
            let (version, age_s, stale) = match state {
                ListState::Fresh { version, age_s } => (version.as_str(), Some(*age_s), false),
                ListState::Stale { version, age_s } => (version.as_str(), Some(*age_s), true),
                ListState::Missing => ("none", None, true),
                ListState::NoAnswer => ("no answer", None, true),
                ListState::Rebuilding => ("being rebuilt", None, true),
            };
            ListAge { name: name.to_owned(), version: version.to_owned(), age_s, stale }
        };
        vec![age("holds", &states.holds), age("declarations", &states.declarations)]
    }
}

impl Desk for StationDesk {
    fn view(&self) -> StationView {
        let lanes = self.lanes.values().filter_map(|lane| lane.shown.lock().ok()?.clone()).collect();
        let (exam_queue, decisions) = self.seen.lock().map_or_else(|_| (Vec::new(), Vec::new()), |seen| seen.shown());
        let (uplink, ledger) = (self.uplink(), self.ledger());
        StationView {
            station: self.station.clone(),
            software: env!("CARGO_PKG_VERSION").to_owned(),
            now: clock::wall_now(),
            clock_trusted: clock::state(self.clock, self.last_record) == ClockState::Trusted,
            utc_offset_min: self.utc_offset_min,
            lanes,
            exam_queue,
            decisions,
            devices: self.devices(),
            degraded: self.degraded(&uplink),
            lists: self.list_ages(),
            uplink,
            ledger,
        }
    }

    fn image(&self, digest: &str) -> Option<Vec<u8>> {
        let digest: Digest = serde_json::from_value(serde_json::Value::String(digest.to_owned())).ok()?;
        let bytes = self.evidence.lock().ok()?.get(digest).ok()?;
        let picture = formats::decode(std::path::Path::new("evidence"), &bytes).ok()?;
        let png = gatepost_models::inspect::pseudo_colour_png(&picture, &self.geometry, &[]);
        (!png.is_empty()).then_some(png)
    }

    fn act(&self, wish: Wish) -> Result<(), Denied> {
        let lane = self.lanes.get(wish.lane.as_str());
        let lane = lane.ok_or_else(|| Denied(format!("this station has no lane \"{}\"", wish.lane)))?;
        lane.feed.offer(Event::Officer { officer: wish.officer, action: wish.action });
        Ok(())
    }

    fn refused(&self, refusal: Refusal) {
        #[derive(Serialize)]
        struct Refused<'a> {
            action: &'static str,
            denied: &'static str,
            peer: &'a str,
            times: u64,
        }
        let body = Refused { action: "page", denied: refusal.why, peer: &refusal.peer, times: refusal.times };
        let urgency = Urgency { denied: true, ..Urgency::default() };
        if let Ok(pending) = Pending::entry(Kind::Audit, urgency, Audience::All, "", clock::wall_now(), &body) {
            // Full: the record is lost, the refusal stands.
            let _kept = self.ledger.record(pending, Box::new(drop));
        }
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

impl Seen {
    /// What lies in the exam chutes, and what was decided, the newest first.
    pub fn shown(&self) -> (Vec<Queued>, Vec<Decided>) {
        (self.queue.iter().cloned().collect(), self.decisions.iter().cloned().collect())
    }

    /// How the lanes show themselves now.
    pub fn take(&mut self, views: &[LaneView], now: WallMs) {
        for view in views {
            let Some(epoch) = view.epoch else { continue };
            let here: BTreeMap<PassKey, &ParcelView> =
                view.parcels.iter().map(|parcel| (parcel.pass, parcel)).collect();
            for parcel in &view.parcels {
                let changed = self.known.get(&parcel.pass).is_none_or(|known| known.verdict != parcel.verdict);
                if let (true, Some(verdict), Some(inputs)) = (changed, &parcel.verdict, &parcel.inputs) {
                    self.decisions.push_front(Decided {
                        pass: parcel.pass,
                        at: now,
                        seq: parcel.record,
                        inputs: inputs.clone(),
                        weights: parcel.weights.clone(),
                        verdict: verdict.clone(),
                        image: image_ref(parcel),
                    });
                    self.decisions.truncate(DECISIONS_MAX);
                }
                if let (Some(seq), Some(newest)) =
                    (parcel.record, self.decisions.iter_mut().find(|decided| decided.pass == parcel.pass))
                {
                    newest.seq = Some(seq);
                }
                self.known.insert(parcel.pass, parcel.clone());
            }
            let lane = view.lane.as_str();
            let left: Vec<PassKey> = self
                .known
                .keys()
                .filter(|pass| pass.lane.as_str() == lane && pass.epoch == epoch && !here.contains_key(pass))
                .copied()
                .collect();
            for pass in left {
                if let Some(parcel) = self.known.remove(&pass) {
                    self.left(&parcel, now);
                }
            }
        }
    }

    /// A parcel that was not to be released, or whose end says so, lies in the exam chute.
    fn left(&mut self, parcel: &ParcelView, now: WallMs) {
        let went = match parcel.state.end() {
            Some(end) => end == End::Exam,
            None => parcel.outcome != Some(Outcome::Release) && parcel.state != State::Opened,
        };
        if !went {
            return;
        }
        self.queue.push_back(Queued {
            pass: parcel.pass,
            item: parcel.item.clone(),
            verdict: parcel.verdict.clone(),
            mail_class: parcel
                .inputs
                .as_ref()
                .map_or(gatepost_pipeline::judge::MailClass::Unknown, |inputs: &Inputs| inputs.mail_class),
            length_mm: parcel.length_mm,
            weight_g: parcel.weight_g,
            image: image_ref(parcel),
            since: now,
        });
        if self.queue.len() > QUEUE_MAX {
            self.queue.pop_front();
        }
    }
}

fn image_ref(parcel: &ParcelView) -> Option<ImageRef> {
    parcel.image.clone().map(|digest| ImageRef { digest, width_px: 0, height_px: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatepost_console::sample;

    #[test]
    fn a_decision_on_the_page_gets_the_number_of_its_record_once_that_is_durable() {
        let mut lanes = sample::station(40_000).lanes;
        let recorded = |lanes: &mut Vec<LaneView>, record: Option<u64>| {
            lanes.iter_mut().flat_map(|lane| &mut lane.parcels).for_each(|parcel| parcel.record = record);
        };
        let mut seen = Seen::default();
        recorded(&mut lanes, None);
        seen.take(&lanes, WallMs(1));
        assert!(!seen.decisions.is_empty() && seen.decisions.iter().all(|decided| decided.seq.is_none()));
        recorded(&mut lanes, Some(7));
        seen.take(&lanes, WallMs(1));
        assert!(seen.decisions.iter().all(|decided| decided.seq == Some(7)));
        // Judged anew: the newer one waits for a record of its own.
        for parcel in lanes.iter_mut().flat_map(|lane| &mut lane.parcels) {
            parcel.record = None;
            parcel.verdict.iter_mut().for_each(|verdict| verdict.outcome = Outcome::StopInPlace);
        }
        let before = seen.decisions.len();
        seen.take(&lanes, WallMs(1));
        let waiting = seen.decisions.iter().filter(|decided| decided.seq.is_none()).count();
        assert!(waiting > 0 && waiting == seen.decisions.len() - before, "{waiting} of {}", seen.decisions.len());
    }
}
