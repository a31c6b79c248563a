//! What is true of every hold, from what the simulator did; and where central says otherwise. Knows nothing of how central
//! comes to its answer.

use std::collections::{BTreeMap, BTreeSet};

use gatepost_central::follow::Step;
use gatepost_central::store::funnel::{Funnel, Recovery, Way};

use super::gateway::{self, Gateway, Post};
use super::{FACILITIES, REFUSING, hold_of, stations};

/// What is to become of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    NeverComes,
    ReleasedBefore,
    InExamBefore,
    LostOnBelt,
    /// In exam, and then nothing.
    NotPresented,
    NotExamined,
    NoOutcome,
    Done,
}

impl Ending {
    const ALL: [Self; 8] = [
        Self::Done,
        Self::NotPresented,
        Self::NeverComes,
        Self::LostOnBelt,
        Self::NotExamined,
        Self::ReleasedBefore,
        Self::NoOutcome,
        Self::InExamBefore,
    ];

    /// Whether it was there before its hold.
    pub fn is_before(self) -> bool {
        matches!(self, Self::ReleasedBefore | Self::InExamBefore)
    }

    /// Whether it comes after it.
    pub fn comes(self) -> bool {
        !self.is_before() && self != Self::NeverComes
    }

    /// How many of presented, examined and outcome follow, once it is in exam.
    pub fn stages(self) -> usize {
        match self {
            Self::NotExamined => 1,
            Self::NoOutcome => 2,
            Self::Done => 3,
            _ => 0,
        }
    }
}

/// How far an item got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Went {
    pub end: &'static str,
    pub stages: usize,
}

#[derive(Debug)]
pub struct Parcel {
    pub item: String,
    /// The station that it comes to.
    pub post: usize,
    pub ending: Ending,
    pub went: Went,
}

impl Parcel {
    fn facility(&self) -> &'static str {
        FACILITIES[self.post / stations()]
    }

    /// Its station is away while it comes.
    pub fn is_away(&self) -> bool {
        self.post % stations() + 1 == stations() && self.facility() != REFUSING
    }

    /// Steps at its facility; none where nobody saw it since it is held.
    fn reached(&self) -> BTreeSet<Step> {
        let came: &[Step] = match self.ending {
            Ending::NeverComes | Ending::ReleasedBefore => return BTreeSet::new(),
            Ending::InExamBefore => &[Step::Seen, Step::Diverted],
            _ if self.went.end == "exam" => {
                &[Step::Seen, Step::Diverted, Step::Presented, Step::Examined, Step::Outcome][..2 + self.went.stages]
            }
            _ => &[Step::Seen],
        };
        let applied = (self.facility() != REFUSING).then_some(Step::Applied);
        came.iter().copied().chain([Step::Distributed]).chain(applied).collect()
    }

    /// What the post is told of it, in order, once it hears of it at all.
    fn told(&self) -> Vec<&'static str> {
        let asked = ["hold-request -"].into_iter();
        let presented = (self.went.stages >= 1).then_some("presented EDB");
        asked.chain(presented).chain((self.went.stages >= 3).then_some("terminated EDX")).collect()
    }

    fn is_lost(&self) -> bool {
        self.ending == Ending::ReleasedBefore || (self.ending.comes() && self.went.end != "exam")
    }
}

pub struct Truth {
    pub parcels: Vec<Parcel>,
    /// Items whose holds no station can have heard of.
    pub unsent: Vec<String>,
    gateway: Gateway,
}

/// The post's steps of a hold on this item.
fn post_steps(item: &str) -> &'static [Step] {
    match gateway::of(item) {
        Post::Deaf => &[],
        Post::Silent => &[Step::SentToPost],
        Post::Answers => &[Step::SentToPost, Step::AcknowledgedByPost],
    }
}

/// What central says.
pub struct Said {
    pub funnel: Vec<Funnel>,
    pub ways: Vec<Way>,
    pub recoveries: Vec<Recovery>,
}

fn before(reached: &BTreeSet<Step>) -> Option<Step> {
    if reached.contains(&Step::Outcome) {
        return None;
    }
    super::ALL_STEPS.into_iter().find(|step| !reached.contains(step))
}

impl Truth {
    pub fn new(holds: u64, gateway: Gateway) -> Self {
        let posts = FACILITIES.len() * stations();
        let parcel = |number: u64| {
            let number = number as usize;
            let ending = Ending::ALL[number % Ending::ALL.len()];
            let went = Went { end: if ending == Ending::InExamBefore { "exam" } else { "release" }, stages: 0 };
            // Every ending at every station.
            Parcel { item: format!("HD{number:09}US"), post: number / Ending::ALL.len() % posts, ending, went }
        };
        Self { parcels: (0..holds).map(parcel).collect(), unsent: Vec::new(), gateway }
    }

    pub fn items(&self) -> Vec<String> {
        self.parcels.iter().map(|parcel| parcel.item.clone()).collect()
    }

    pub fn lost(&self) -> impl Iterator<Item = &Parcel> {
        self.parcels.iter().filter(|parcel| parcel.is_lost())
    }

    /// How many holds stand before each step, at the facility their item came to.
    pub fn stands_before(&self) -> BTreeMap<&'static str, u64> {
        let mut stands = BTreeMap::new();
        for parcel in &self.parcels {
            let step = match parcel.reached() {
                none if none.is_empty() => Some(if parcel.facility() == REFUSING { Step::Applied } else { Step::Seen }),
                reached => before(&reached),
            };
            *stands.entry(step.map_or("done", Step::name)).or_default() += 1;
        }
        stands.insert(Step::Distributed.name(), self.unsent.len() as u64);
        for step in
            self.items().iter().chain(&self.unsent).filter_map(|item| super::POST_STEPS.get(post_steps(item).len()))
        {
            *stands.entry(step.name()).or_default() += 1;
        }
        stands
    }

    /// Everything in which central is wrong, in words.
    pub fn differences(&self, said: &Said, now_ms: i64) -> Vec<String> {
        let mut differences = Vec::new();
        for facility in FACILITIES {
            let Some(funnel) = said.funnel.iter().find(|of| of.facility == facility) else {
                differences.push(format!("{facility}: central does not know it"));
                continue;
            };
            self.compare_funnel(facility, funnel, &mut differences);
        }
        self.compare_ways(&said.ways, now_ms, &mut differences);
        self.compare_recoveries(&said.recoveries, &mut differences);
        self.compare_post(&mut differences);
        differences
    }

    fn compare_funnel(&self, facility: &str, funnel: &Funnel, differences: &mut Vec<String>) {
        let (mut reached, mut missing): (BTreeMap<Step, i64>, BTreeMap<Step, i64>) = Default::default();
        for parcel in &self.parcels {
            let mut steps = if parcel.facility() == facility { parcel.reached() } else { BTreeSet::new() };
            steps.insert(Step::Distributed);
            steps.extend((facility != REFUSING).then_some(Step::Applied));
            steps.iter().for_each(|step| *reached.entry(*step).or_default() += 1);
            before(&steps).into_iter().for_each(|step| *missing.entry(step).or_default() += 1);
        }
        for (item, done) in self.waited_for() {
            post_steps(item).iter().for_each(|step| *reached.entry(*step).or_default() += 1);
            if let Some(step) = super::POST_STEPS.get(post_steps(item).len()).filter(|_| !done) {
                *missing.entry(*step).or_default() += 1;
            }
        }
        let unsent = self.unsent.len() as i64;
        *missing.entry(Step::Distributed).or_default() += unsent;
        let stalled: BTreeMap<Step, i64> =
            missing.iter().filter(|(step, _)| **step != Step::Seen).map(|(step, n)| (*step, *n)).collect();
        let placed = self.parcels.len() as i64 + unsent;
        if funnel.placed != placed {
            differences.push(format!("{facility}: {} placed, not {placed}", funnel.placed));
        }
        for (what, says, is) in [
            ("reached", &funnel.reached, &reached),
            ("missing", &funnel.missing, &missing),
            ("stalled", &funnel.stalled, &stalled),
        ] {
            for step in super::POST_STEPS.into_iter().chain(super::ALL_STEPS) {
                let (says, is) = (says.get(&step).copied().unwrap_or(0), is.get(&step).copied().unwrap_or(0));
                if says != is {
                    differences.push(format!("{facility}: {says} {what} {}, not {is}", step.name()));
                }
            }
        }
    }

    /// Every item that is held, and whether its outcome is recorded.
    fn waited_for(&self) -> impl Iterator<Item = (&String, bool)> {
        let parcels = self.parcels.iter().map(|parcel| (&parcel.item, parcel.reached().contains(&Step::Outcome)));
        parcels.chain(self.unsent.iter().map(|item| (item, false)))
    }

    /// What the post itself heard, whatever central says of it.
    fn compare_post(&self, differences: &mut Vec<String>) {
        differences.extend(self.gateway.complaints());
        for parcel in self.parcels.iter().filter(|parcel| gateway::of(&parcel.item) != Post::Deaf) {
            let (heard, is) = (self.gateway.told(&parcel.item), parcel.told());
            if heard != is {
                differences.push(format!("{}: the post heard {heard:?}, not {is:?}", parcel.item));
            }
        }
    }

    fn compare_ways(&self, ways: &[Way], now_ms: i64, differences: &mut Vec<String>) {
        let mut ways: BTreeMap<(String, String), &Way> =
            ways.iter().map(|way| ((way.hold.clone(), way.facility.clone()), way)).collect();
        for parcel in &self.parcels {
            let (hold, reached) = (hold_of(&parcel.item), parcel.reached());
            let way = ways.remove(&(hold.clone(), parcel.facility().to_owned()));
            let says: BTreeSet<Step> = way.map(|way| way.reached.keys().copied().collect()).unwrap_or_default();
            let told = post_steps(&parcel.item).iter().filter(|_| !reached.is_empty());
            let told: BTreeSet<Step> = reached.iter().chain(told).copied().collect();
            let stalled = !reached.is_empty() && before(&reached).is_some_and(|step| step != Step::Seen);
            let says_stalled = way.is_some_and(|way| way.stalled);
            let from_the_future = way.is_some_and(|way| way.since_ms > now_ms);
            if says != told || stalled != says_stalled || from_the_future {
                differences.push(format!("{hold}: {says:?}, stalled {says_stalled}, not {told:?}, stalled {stalled}"));
            }
        }
        differences.extend(ways.keys().map(|(hold, facility)| format!("{hold} was never at {facility}")));
    }

    fn compare_recoveries(&self, recoveries: &[Recovery], differences: &mut Vec<String>) {
        let mut open: BTreeMap<&str, &Recovery> =
            recoveries.iter().filter(|one| one.found_ms.is_none()).map(|one| (one.hold.as_str(), one)).collect();
        for parcel in self.lost() {
            let hold = hold_of(&parcel.item);
            let right = open.remove(hold.as_str()).is_some_and(|one| {
                let station = format!("{}-{}", parcel.facility().to_lowercase(), parcel.post % stations());
                (one.went.as_str(), one.station.as_str()) == (parcel.went.end, station.as_str())
            });
            if !right {
                differences.push(format!(
                    "{hold}: {} at {}, and nobody fetches it back",
                    parcel.went.end,
                    parcel.facility()
                ));
            }
        }
        differences.extend(open.keys().map(|hold| format!("{hold}: to be fetched back, and is not gone")));
    }
}
