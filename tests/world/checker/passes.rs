//! Every pass with all that is known of it: what it really was, and what the journal says of it.
//!
//! Joins the two by the controller's number and judges nothing.

use std::collections::BTreeMap;

use super::journal::Journal;
use super::record::{Alarm, Body, Decision, End, Key, Sighting};
use super::truth::{NOBODY, Parcel, Truth};

/// A record's number and time beside what it says.
#[derive(Clone, Copy, Debug)]
pub struct At<'a, T> {
    pub seq: u64,
    /// Milliseconds since 1970.
    pub at: i64,
    pub what: &'a T,
}

/// One pass.
#[derive(Debug)]
pub struct Pass<'a> {
    pub key: Key,
    /// Who crossed; more than one where the eye saw one thing. Empty: the journal speaks of a pass that never was.
    pub parcels: Vec<&'a Parcel>,
    pub entered_us: u64,
    /// In the order of the journal.
    pub decisions: Vec<At<'a, Decision>>,
    pub ends: Vec<At<'a, Sighting>>,
    pub alarms: Vec<At<'a, Alarm>>,
    /// Something besides the parcel itself had to do with its way: a fault, an outage, another pass of the same parcel.
    pub disturbed: bool,
    /// A sick eye counted it where nobody was; somebody may have been taken for it all the same.
    pub nobody: bool,
}

impl<'a> Pass<'a> {
    fn new(key: Key) -> Self {
        Self {
            key,
            parcels: Vec::new(),
            entered_us: u64::MAX,
            decisions: Vec::new(),
            ends: Vec::new(),
            alarms: Vec::new(),
            disturbed: false,
            nobody: false,
        }
    }

    /// The decision in effect: the last one.
    pub fn effective(&self) -> Option<&At<'a, Decision>> {
        self.decisions.last()
    }
    /// Whether nothing of it is on the belts any more.
    pub fn is_gone(&self) -> bool {
        self.parcels.iter().all(|parcel| parcel.gone_us().is_some())
    }
    pub fn released(&self) -> bool {
        self.parcels.iter().any(|parcel| parcel.released())
    }
    pub fn end(&self) -> Option<End> {
        self.ends.first().map(|end| end.what.end)
    }
    pub fn alarm(&self, code: &str) -> Option<&At<'a, Alarm>> {
        self.alarms.iter().find(|alarm| alarm.what.code == code)
    }
    /// The parcel, where there is exactly one.
    pub fn only(&self) -> Option<&'a Parcel> {
        match self.parcels.as_slice() {
            [parcel] => Some(parcel),
            _ => None,
        }
    }
}

/// One lane: its passes in order, and what belongs to none.
#[derive(Debug)]
pub struct Lane<'a> {
    pub truth: &'a Truth,
    pub passes: Vec<Pass<'a>>,
    /// Parcels that no pass is named for: put on the belt from the side, or not seen at the entry.
    pub strangers: Vec<&'a Parcel>,
    /// Alarms and ends that name no pass.
    pub alarms: Vec<At<'a, Alarm>>,
    pub ends: Vec<At<'a, Sighting>>,
    pub outages: Vec<(u64, u64)>,
}

impl<'a> Lane<'a> {
    pub fn new(truth: &'a Truth, journal: &'a Journal) -> Self {
        let mut lane = Self {
            truth,
            passes: Vec::new(),
            strangers: Vec::new(),
            alarms: Vec::new(),
            ends: Vec::new(),
            outages: truth.outages(),
        };
        let mut passes = BTreeMap::new();
        let numbers = lane.crossed(&mut passes);
        lane.recorded(journal, &mut passes);
        lane.passes = passes.into_values().collect();
        let outages = &lane.outages;
        for pass in &mut lane.passes {
            let touched = |parcel: &&Parcel| !parcel.touched.is_empty() || numbers.get(&parcel.id) != Some(&1);
            let from = pass.entered_us;
            let until = pass.parcels.iter().map(|parcel| parcel.gone_us().unwrap_or(u64::MAX)).max().unwrap_or(0);
            pass.disturbed = pass.nobody
                || pass.parcels.iter().any(touched)
                || outages.iter().any(|&(begin, end)| begin <= until && from <= end);
        }
        lane
    }

    /// Passes from the truth; how many passes each parcel has.
    fn crossed(&mut self, passes: &mut BTreeMap<Key, Pass<'a>>) -> BTreeMap<u32, u32> {
        let mut numbers: BTreeMap<u32, u32> = BTreeMap::new();
        for crossing in &self.truth.crossings {
            let Some(epoch) = crossing.epoch else { continue };
            let key = Key { lane: self.truth.lane.clone(), epoch, pass: crossing.pass };
            if crossing.parcel == NOBODY {
                of(passes, &key).nobody = true;
            }
            let Some(parcel) = self.truth.parcel(crossing.parcel) else { continue };
            let pass = of(passes, &key);
            pass.entered_us = pass.entered_us.min(crossing.at_us);
            if pass.parcels.iter().all(|known| known.id != parcel.id) {
                pass.parcels.push(parcel);
                *numbers.entry(parcel.id).or_default() += 1;
            }
        }
        let here = |parcel: &&Parcel| parcel.entered_us.or(parcel.inserted_us).is_some();
        let unnamed = |parcel: &&Parcel| !numbers.contains_key(&parcel.id);
        self.strangers = self.truth.parcels.iter().filter(here).filter(unnamed).collect();
        numbers
    }

    fn recorded(&mut self, journal: &'a Journal, passes: &mut BTreeMap<Key, Pass<'a>>) {
        for record in journal.records.iter().filter(|record| record.lane == self.truth.lane) {
            let (seq, at) = (record.seq, record.at);
            match &record.body {
                Body::Decision(what) => of(passes, &what.pass).decisions.push(At { seq, at, what }),
                Body::Sighting(what) => match &what.pass {
                    Some(key) => of(passes, key).ends.push(At { seq, at, what }),
                    None => self.ends.push(At { seq, at, what }),
                },
                Body::Alarm(what) => match &what.pass {
                    Some(key) => of(passes, key).alarms.push(At { seq, at, what }),
                    None => self.alarms.push(At { seq, at, what }),
                },
                Body::Began(what) => drop(of(passes, &what.pass)),
                Body::Disposition(_) | Body::Presentation(_) | Body::Other => {}
            }
        }
    }
}

fn of<'p, 'a>(passes: &'p mut BTreeMap<Key, Pass<'a>>, key: &Key) -> &'p mut Pass<'a> {
    passes.entry(key.clone()).or_insert_with_key(|key| Pass::new(key.clone()))
}
