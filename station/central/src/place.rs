//! Where an arriving record belongs in its station's chain. Pure: knows the neighbours it is given and nothing else.
//!
//! Records may come in any order. Each carries `prev` and thereby claims its own head, so a record is checked against
//! the one before and the one after as soon as they are here. Who came first is believed until the chain says otherwise;
//! the later one is put aside and a person looks.

use std::collections::BTreeMap;

use gatepost_pipeline::record::Class;
use gatepost_sync::chain::{Digest, Received};
use gatepost_sync::topics::Address;

/// A stored record, as far as the chain is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub prev: Digest,
    pub digest: Digest,
    pub head: Digest,
}

impl From<&Received> for Link {
    fn from(received: &Received) -> Self {
        Self { prev: received.envelope.prev, digest: received.digest, head: received.head }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placed {
    New,
    /// The very same bytes are here already.
    Repeated,
    Refused(Doubt),
}

/// Why a message is put aside.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    #[error("unreadable: {0}")]
    Unreadable(String),
    #[error("the station {claimed} is named inside, the message came from {topic}")]
    OtherStation { claimed: String, topic: String },
    #[error("this station is known at {known}, the message came from {topic}")]
    OtherFacility { known: String, topic: String },
    #[error("the station is not on the list of stations")]
    NotListed,
    #[error("the station was taken out of service, and its key is believed no more")]
    Revoked,
    #[error("a record of class {is} came on the topic of class {topic}")]
    OtherClass { is: &'static str, topic: &'static str },
    #[error("another record with this number is stored: {stored}")]
    Differs { stored: Digest },
    #[error("it does not follow record {before}, whose head is {head}; it names {prev}")]
    BrokenBefore { before: u64, head: Digest, prev: Digest },
    #[error("record {after} does not follow it: that one names {prev}, this one's head is {head}")]
    BrokenAfter { after: u64, prev: Digest, head: Digest },
}

impl Doubt {
    /// A short name, for tables and counts.
    pub fn name(&self) -> &'static str {
        match self {
            Doubt::Unreadable(_) => "unreadable",
            Doubt::OtherStation { .. } => "other-station",
            Doubt::OtherFacility { .. } => "other-facility",
            Doubt::NotListed => "not-listed",
            Doubt::Revoked => "revoked",
            Doubt::OtherClass { .. } => "other-class",
            Doubt::Differs { .. } => "differs",
            Doubt::BrokenBefore { .. } => "broken-before",
            Doubt::BrokenAfter { .. } => "broken-after",
        }
    }
}

/// Reads a record and checks what can be checked without any other; `class`: that of its topic, where that has one.
///
/// # Errors
/// [`Doubt`] when the bytes are no record, or speak for another station or class than their topic.
pub fn read(address: &Address, class: Option<Class>, bytes: &[u8]) -> Result<Received, Doubt> {
    let received = Received::read(bytes).map_err(|error| Doubt::Unreadable(error.to_string()))?;
    if received.envelope.station != address.station.as_str() {
        return Err(Doubt::OtherStation {
            claimed: received.envelope.station,
            topic: address.station.as_str().to_owned(),
        });
    }
    if let Some(class) = class
        && received.envelope.class != class
    {
        return Err(Doubt::OtherClass { is: received.envelope.class.name(), topic: class.name() });
    }
    Ok(received)
}

/// The stored records around those that arrive, of one station.
#[derive(Clone, Debug, Default)]
pub struct Neighbourhood {
    links: BTreeMap<u64, Link>,
}

impl Neighbourhood {
    pub fn know(&mut self, seq: u64, link: Link) {
        self.links.insert(seq, link);
    }

    /// The record of that number, if it is known.
    pub fn link(&self, seq: u64) -> Option<&Link> {
        self.links.get(&seq)
    }

    /// Decides about one record; if it is new, it is a neighbour for the next from now on.
    pub fn place(&mut self, seq: u64, link: Link) -> Placed {
        if let Some(stored) = self.links.get(&seq) {
            return match stored.digest == link.digest {
                true => Placed::Repeated,
                false => Placed::Refused(Doubt::Differs { stored: stored.digest }),
            };
        }
        if let Some(before) = seq.checked_sub(1)
            && let Some(stored) = self.links.get(&before)
            && stored.head != link.prev
        {
            return Placed::Refused(Doubt::BrokenBefore { before, head: stored.head, prev: link.prev });
        }
        if let Some(after) = seq.checked_add(1)
            && let Some(stored) = self.links.get(&after)
            && stored.prev != link.head
        {
            return Placed::Refused(Doubt::BrokenAfter { after, prev: stored.prev, head: link.head });
        }
        self.links.insert(seq, link);
        Placed::New
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A chain of `count` records of station st-01, as bytes.
    fn chain(count: u64) -> Vec<Vec<u8>> {
        let mut prev = Digest::ZERO;
        (1..=count)
            .map(|seq| {
                let bytes = format!(
                    r#"{{"seq":{seq},"prev":"{prev}","station":"st-01","lane":"A","at":5,"kind":"decision","class":"decision","audience":"all","body":{{"pass":"A/1/{seq}"}}}}"#
                );
                prev = Received::read(bytes.as_bytes()).unwrap().head;
                bytes.into_bytes()
            })
            .collect()
    }

    fn address() -> Address {
        Address::new("JFK", "st-01").unwrap()
    }

    fn place(hood: &mut Neighbourhood, bytes: &[u8]) -> Placed {
        let received = read(&address(), Some(Class::Decision), bytes).unwrap();
        hood.place(received.envelope.seq, Link::from(&received))
    }

    #[test]
    fn a_message_that_speaks_for_another_is_refused() {
        let record = &chain(1)[0];
        let other = Address::new("JFK", "st-02").unwrap();
        assert!(matches!(read(&other, Some(Class::Decision), record), Err(Doubt::OtherStation { .. })));
        assert!(matches!(read(&address(), Some(Class::Alert), record), Err(Doubt::OtherClass { .. })));
        assert!(matches!(read(&address(), Some(Class::Decision), b"{}"), Err(Doubt::Unreadable(_))));
        assert!(read(&address(), None, record).is_ok());
    }

    #[test]
    fn an_altered_record_fits_neither_before_nor_after_nor_in_place() {
        let chain = chain(5);
        let altered = String::from_utf8(chain[2].clone()).unwrap().replace("A/1/3", "A/1/9").into_bytes();
        let mut hood = Neighbourhood::default();
        assert_eq!(place(&mut hood, &chain[3]), Placed::New);
        assert!(matches!(place(&mut hood, &altered), Placed::Refused(Doubt::BrokenAfter { after: 4, .. })));
        assert_eq!(place(&mut hood, &chain[2]), Placed::New);
        assert!(matches!(place(&mut hood, &altered), Placed::Refused(Doubt::Differs { .. })));
        let foreign = String::from_utf8(chain[4].clone()).unwrap();
        let foreign = foreign.replacen(&Received::read(&chain[3]).unwrap().head.to_string(), &"7".repeat(64), 1);
        assert!(matches!(place(&mut hood, foreign.as_bytes()), Placed::Refused(Doubt::BrokenBefore { before: 4, .. })));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_true_chain_fits_in_any_order_with_repetitions(order in proptest::collection::vec(0_usize..12, 0..40)) {
            let (chain, mut hood, mut seen) = (chain(12), Neighbourhood::default(), std::collections::BTreeSet::new());
            for index in order.into_iter().chain(0..12) {
                let expected = if seen.insert(index) { Placed::New } else { Placed::Repeated };
                prop_assert_eq!(place(&mut hood, &chain[index]), expected);
            }
        }
    }
}
