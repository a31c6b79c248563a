//! The two connections to the broker: one for alerts, one for everything else.
//!
//! A broker keeps one queue for each client. Stations that come back after hours fill it with tens of thousands of records,
//! and an alert raised now would wait behind them for as long as they take.

use std::time::Duration;

use gatepost_pipeline::record::Class;
use gatepost_sync::mqtt::{Broker, Connection, Ended, Event};
use gatepost_sync::topics::{Name, Up, from_everywhere};

/// How long a goodbye may take.
const GOODBYE_PATIENCE: Duration = Duration::from_secs(2);

pub(super) struct Lines {
    pub(super) alerts: Connection,
    /// What goes back to stations goes here too.
    pub(super) others: Connection,
}

impl Lines {
    pub(super) async fn open(broker: &Broker) -> Result<Self, Ended> {
        let client_id = format!("{}-alerts", broker.client_id);
        let alerts = Connection::open(&Broker { client_id, ..broker.clone() }, None).await?;
        Ok(Self { alerts, others: Connection::open(broker, None).await? })
    }

    /// Asks for every station's messages, or with a group for its share of them.
    pub(super) fn subscribe(&mut self, group: Option<&Name>) -> Result<(), Ended> {
        for up in Up::ALL {
            let line = if up == Up::Record(Class::Alert) { &mut self.alerts } else { &mut self.others };
            line.subscribe(&from_everywhere(up, group)).map_err(|_| Ended::ByUs)?;
        }
        Ok(())
    }

    /// What was handed over goes out before the goodbye, if the broker takes it in time.
    pub(super) async fn goodbye(&mut self) -> Ended {
        self.alerts.disconnect();
        self.others.disconnect();
        let others = &mut self.others;
        let closed = async {
            loop {
                if let Event::Closed(ended) = others.next().await {
                    return ended;
                }
            }
        };
        tokio::time::timeout(GOODBYE_PATIENCE, closed).await.unwrap_or(Ended::ByUs)
    }
}
