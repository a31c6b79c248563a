//! Messages sorted as they arrive: what the next commit will hold.
//!
//! Reading, hashing and checking a record needs nobody else, so it is done while the commit before is under way.

use std::collections::BTreeMap;

use gatepost_pipeline::record::Class;
use gatepost_sync::cloudevents::Event as CloudEvent;
use gatepost_sync::evidence::Chunk;
use gatepost_sync::mqtt::Message;
use gatepost_sync::parts::Want;
use gatepost_sync::runs;
use gatepost_sync::status::Status;
use gatepost_sync::topics::{Address, Topic, Up};

use crate::place::{self, Doubt};
use crate::store::ingest::{Arrived, Batch, Doubtful};

/// Messages of one commit, beside as many alerts; a run is as many as it has records.
const BATCH_MAX: usize = 1_024;

/// Stations whose questions for parts wait.
pub(super) const WANTS_MAX: usize = 4_096;

/// What arrived and is not in a commit yet.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) batch: Batch,
    pub(super) evidence: Vec<(Address, Chunk)>,
    /// Stations that just came and want to know how they stand.
    pub(super) greeted: Vec<Address>,
    /// Which parts of packages stations lack: of each its newest question.
    pub(super) wants: BTreeMap<Address, Want>,
    messages: usize,
}

impl Gathered {
    pub(super) fn is_empty(&self) -> bool {
        self.messages == 0
    }
    pub(super) fn takes_others(&self) -> bool {
        self.messages < BATCH_MAX
    }
    /// However much of the rest waits.
    pub(super) fn takes_alerts(&self) -> bool {
        self.messages < 2 * BATCH_MAX
    }

    /// Only what a `listed` station says is believed.
    pub(super) fn take(&mut self, message: Message, listed: impl Fn(&Address) -> bool) {
        let Some(Topic::Up(address, up)) = Topic::parse(&message.topic) else { return };
        self.messages += 1;
        match up {
            _ if !listed(&address) => self.doubt(address, Doubt::NotListed, message.payload),
            Up::Record(class) => sort_record(&mut self.batch, address, class, message),
            Up::History => self.messages += sort_run(&mut self.batch, &address, &message.payload),
            Up::Status => match Status::read(&message.payload, &address.station) {
                Some(status) => {
                    // A retained status only repeats what is known; a live one is a station that just came.
                    if status.online && !message.retain {
                        self.greeted.push(address.clone());
                    }
                    self.batch.statuses.push((address, status));
                }
                None => {
                    let doubt = Doubt::Unreadable("not a status of this station".to_owned());
                    self.doubt(address, doubt, message.payload);
                }
            },
            Up::Want => match Want::read(&message.payload, &address.station) {
                // Whoever finds no room asks again.
                Some(want) if self.wants.len() < WANTS_MAX || self.wants.contains_key(&address) => {
                    self.wants.insert(address, want);
                }
                Some(_) => {}
                None => {
                    tracing::warn!(%address.station, "intake: it asks for parts of a package in a way we do not know")
                }
            },
            Up::Evidence => match Chunk::read(&message.properties, message.payload) {
                Ok(chunk) => self.evidence.push((address, chunk)),
                Err(error) => tracing::warn!(%address.station, "intake: evidence refused: {error}"),
            },
        }
    }

    fn doubt(&mut self, address: Address, doubt: Doubt, bytes: Vec<u8>) {
        self.batch.doubtful.push(Doubtful { address, seq: None, doubt, bytes });
    }
}

/// Puts one record message where it belongs in the batch.
pub fn sort_record(batch: &mut Batch, address: Address, class: Class, message: Message) {
    // Without good attributes a record is still a record; only its history is not believed.
    let event = CloudEvent::read(message.content_type.as_deref(), &message.properties);
    sort(batch, address, Some(class), message.payload, event.is_ok_and(|event| event.history));
}

/// As [`sort_record`], with each record of a run by itself; says how many they are.
fn sort_run(batch: &mut Batch, address: &Address, run: &[u8]) -> usize {
    match runs::read(run) {
        Ok(records) => {
            for record in &records {
                sort(batch, address.clone(), None, record.to_vec(), true);
            }
            records.len()
        }
        Err(error) => {
            let doubt = Doubt::Unreadable(error.to_string());
            batch.doubtful.push(Doubtful { address: address.clone(), seq: None, doubt, bytes: run.to_vec() });
            1
        }
    }
}

fn sort(batch: &mut Batch, address: Address, class: Option<Class>, bytes: Vec<u8>, history: bool) {
    let read = match place::read(&address, class, &bytes) {
        Ok(received) => String::from_utf8(bytes)
            .map(|envelope| (received, envelope))
            .map_err(|error| (Doubt::Unreadable("not UTF-8".to_owned()), error.into_bytes())),
        Err(doubt) => Err((doubt, bytes)),
    };
    match read {
        Ok((received, envelope)) => {
            let arrived = Arrived::new(address.facility, &received, envelope, history);
            batch.records.entry(address.station).or_default().push(arrived);
        }
        Err((doubt, bytes)) => batch.doubtful.push(Doubtful { address, seq: None, doubt, bytes }),
    }
}
