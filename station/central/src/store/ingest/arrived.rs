//! A record on its way into the database, with all that its row will say: made where messages are read, so that the commit
//! only writes.

use gatepost_pipeline::record::{Class, Kind};
use gatepost_sync::chain::Received;
use gatepost_sync::topics::Name;

use crate::alert::{self, Alert, LANE_CHARS_MAX, Named, plain};
use crate::place::Link;

/// A record message that its topic does not contradict.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub facility: Name,
    pub seq: u64,
    pub link: Link,
    /// The record itself; UTF-8, since it was read as JSON.
    pub envelope: String,
    pub history: bool,
    pub(super) row: Told,
}

/// What its row tells of its inside.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) at: i64,
    pub(super) lane: String,
    pub(super) kind: Kind,
    pub(super) class: Class,
    pub(super) named: Named,
    pub(super) alert: Option<Alert>,
}

impl Arrived {
    pub fn new(facility: Name, received: &Received, envelope: String, history: bool) -> Self {
        let read = &received.envelope;
        let row = Told {
            at: read.at,
            lane: plain(&read.lane, LANE_CHARS_MAX),
            kind: read.kind,
            class: read.class,
            named: alert::named(&read.body),
            alert: alert::alert(read),
        };
        Self { facility, seq: read.seq, link: Link::from(received), envelope, history, row }
    }
}
