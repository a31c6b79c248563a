//! Faults that happen outside the lane: the broker and central go away and come back.

use std::time::Instant;

use gatepost_central::{Central, Config};
use gatepost_hardware::units::Micros;
use gatepost_virtual::faults::{Fault, FaultSchedule};

use crate::broker::Broker;
use crate::station::FAULTS_FROM_MS;

pub struct Outside {
    schedule: FaultSchedule,
    start: Instant,
    broker_down: bool,
}

impl Outside {
    /// `longest_ms`: how long the run will take.
    pub fn new(seed: u64, faults: &[Fault], longest_ms: u64) -> Self {
        let ours: Vec<Fault> =
            faults.iter().copied().filter(|fault| matches!(fault, Fault::BrokerDown | Fault::CentralDown)).collect();
        let until = Micros::from_ms(FAULTS_FROM_MS + longest_ms * 9 / 10);
        let schedule = match ours.as_slice() {
            [] => FaultSchedule::none(),
            ours => FaultSchedule::random(seed, ours, Micros::from_ms(FAULTS_FROM_MS), until),
        };
        Self { schedule, start: Instant::now(), broker_down: false }
    }

    /// Makes of broker and central what the schedule says they are now.
    ///
    /// # Errors
    /// When one of them does not come back.
    pub async fn act(
        &mut self,
        broker: &mut Broker,
        central: &mut Option<Central>,
        config: &Config,
    ) -> Result<(), String> {
        let now = Micros(u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX));
        let down = self.schedule.active(Fault::BrokerDown, now);
        if down != self.broker_down {
            self.broker_down = down;
            println!("fault broker-down: the broker is {}", if down { "gone" } else { "back, and remembers nothing" });
            if down { broker.down() } else { broker.up().await? }
        }
        match (self.schedule.active(Fault::CentralDown, now), central.is_some()) {
            (true, true) => {
                println!("fault central-down: central is gone");
                // Vanishes as a killed process does: no goodbye.
                drop(central.take());
            }
            (false, false) => {
                *central = Some(Central::start(config.clone()).await.map_err(|error| format!("central: {error}"))?);
                println!("fault central-down: central is back");
            }
            _ => {}
        }
        Ok(())
    }

    /// Everything is back.
    ///
    /// # Errors
    /// When one of them does not come back.
    pub async fn end(
        &mut self,
        broker: &mut Broker,
        central: &mut Option<Central>,
        config: &Config,
    ) -> Result<(), String> {
        self.schedule = FaultSchedule::none();
        self.act(broker, central, config).await
    }
}
