//! One station of the fleet: the real uplink over a memory that grows while it runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gatepost_sync::acks::EvidenceAck;
use gatepost_sync::evidence::Chunk;
use gatepost_sync::mqtt::Broker;
use gatepost_sync::outbox::{Backlog, Memory, Outbox, OutboxError, Outgoing};
use gatepost_sync::ranges::RangeSet;
use gatepost_sync::session::{self, Config, Control, Inbound, LinkState};
use gatepost_sync::topics::Address;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// A memory that others may add to.
#[derive(Clone, Default)]
pub struct Shared(Arc<Mutex<Memory>>);

impl Shared {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn push(&self, record: Outgoing) {
        self.memory().push(record);
    }
}

impl Outbox for Shared {
    fn next(&mut self, skip: &RangeSet, records_max: usize, bytes_max: usize) -> Result<Vec<Outgoing>, OutboxError> {
        self.memory().next(skip, records_max, bytes_max)
    }
    fn again(&mut self) {
        self.memory().again();
    }
    fn acknowledged(&mut self, ranges: &RangeSet) -> Result<(), OutboxError> {
        self.memory().acknowledged(ranges)
    }
    fn backlog(&self) -> Backlog {
        self.memory().backlog()
    }
    fn evidence(&mut self) -> Result<Option<Chunk>, OutboxError> {
        self.memory().evidence()
    }
    fn evidence_acknowledged(&mut self, ack: &EvidenceAck) -> Result<(), OutboxError> {
        self.memory().evidence_acknowledged(ack)
    }
}

/// A running uplink.
pub struct Station {
    pub outbox: Shared,
    pub link: watch::Receiver<LinkState>,
    control: Control,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Station {
    pub fn start(address: &Address, port: u16, outbox: Shared) -> Self {
        // Nothing here opens documents; the channel only has to be there and roomy.
        let (inbound, mut documents) = mpsc::channel(64);
        tokio::spawn(async move { while documents.recv().await.is_some() {} });
        Self::listening(address, port, outbox, inbound)
    }

    /// The same; documents go there.
    pub fn listening(address: &Address, port: u16, outbox: Shared, inbound: mpsc::Sender<Inbound>) -> Self {
        let broker = Broker::new("127.0.0.1", port, &format!("gatepost-{}-{}", address.facility, address.station));
        let config = Config { address: address.clone(), broker, software: "fleet".to_owned() };
        let ((control, stop), (state, link)) = (Control::new(), watch::channel(LinkState::default()));
        let memory = outbox.clone();
        let for_task = control.clone();
        let task = tokio::spawn(session::run(config, memory, inbound, for_task, state));
        Self { outbox, link, control, stop, task }
    }

    pub fn push(&self, records: impl IntoIterator<Item = Outgoing>) {
        records.into_iter().for_each(|record| self.outbox.push(record));
        self.control.wake();
    }

    /// Until central has verified everything up to there.
    pub async fn verified(&self, seq: u64) {
        let mut link = self.link.clone();
        // The sender lives as long as the task; without it nothing more would come.
        let _ = link.wait_for(|state| state.verified_to.is_some_and(|verified| verified >= seq)).await;
    }

    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let _ = self.task.await;
    }
}
