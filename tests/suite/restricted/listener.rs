//! Who listens at the broker. What records say is readable there (README, limits); which topic they take, in what order, how
//! many there are and what stands beside them must tell nothing.

use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::journal::{Bounds, Journal, Setup};
use gatepost_ledger::outbox::Outbox;
use gatepost_sync::cloudevents::Event as CloudEvent;
use gatepost_sync::topics::{Address, Up};
use gatepost_world::station::{STATION, key};
use std::sync::Arc;

use super::{Day, alike};

#[test]
fn topics_and_their_order_are_those_of_a_draw() {
    alike(|day| vec![("the topics".to_owned(), sent(day).join("\n"))]);
}

/// The topic of every record and what stands beside it, in the order in which the station sends them.
fn sent(day: &Day) -> Vec<String> {
    let disk: SharedDisk = Arc::new(day.disk.clone());
    let setup = Setup { station: STATION.to_owned(), key: key(), bounds: Bounds::default() };
    let (journal, _) = Journal::open(disk, "journal", setup).expect("the journal");
    let mut outbox = Outbox::open(journal.view()).expect("the outbox");
    let address = Address::new("JFK", STATION).expect("an address");
    let mut topics = Vec::new();
    while let Some(shipment) = outbox.next().expect("a record") {
        let topic = address.up(Up::Record(shipment.class));
        let beside =
            CloudEvent::of_record(&address, shipment.record.seq, shipment.kind, shipment.at, false).properties();
        topics.push(format!("{topic} {beside:?}"));
    }
    topics
}
