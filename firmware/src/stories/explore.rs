//! Every order of small things, up to a bound: the shipped controller against a ghost that knows only the world.
//!
//! Depth first over all sequences of [`Act`]s that fit in [`Bounds`]. What is left of the bounds is part of a state, so a
//! state that was seen needs no second look, and the search ends when there is none left: within the bounds it is every
//! reachable state, not a sample. `GATEPOST_EXPLORE="steps permits disturbances"` sets other bounds, for all belts and kinds of permit.

use gatepost_hardware::link::Input;
use ghost::Kind;
use small::{Act, Small};
use std::collections::HashSet;
use std::fmt::Write as _;

mod ghost;
mod small;

/// How much may happen in one sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Bounds {
    /// So many of [`BELTS`], and so many of [`KINDS`] of permits.
    belts: usize,
    kinds: usize,
    /// Of time: 50 ms, one tick.
    steps: u8,
    permits: u8,
    /// Everything that does not happen on a good day.
    disturbances: u8,
}

/// Seconds each: two things go wrong at once; one goes wrong on a day with one permit; nothing but the permits is wrong.
const USUAL: [Bounds; 3] = [
    Bounds { belts: 1, kinds: 1, steps: 3, permits: 1, disturbances: 2 },
    Bounds { belts: 1, kinds: 2, steps: 10, permits: 1, disturbances: 1 },
    Bounds { belts: 2, kinds: 6, steps: 9, permits: 2, disturbances: 0 },
];

/// Gap before and length of each body, in ticks: a lawful pair, a pair too close, and a longer one before and behind.
const BELTS: [&[(i64, i64)]; 4] = [&[(0, 1), (2, 1)], &[(0, 1), (1, 1)], &[(0, 2), (2, 1)], &[(0, 1), (2, 2)]];

const KINDS: [Kind; 6] = [Kind::Good, Kind::Wide, Kind::Elsewhere, Kind::Soon, Kind::OtherEpoch, Kind::OtherLength];

const DISTURBANCES: [Act; 14] = [
    Act::Again,
    Act::Revoke,
    Act::Slip,
    Act::Stall,
    Act::Back,
    Act::Reverse,
    Act::Cable,
    Act::Gate,
    Act::Stop,
    Act::StopInPlace,
    Act::OtherMap,
    Act::Input(Input::EStop),
    Act::Input(Input::Guard),
    Act::Input(Input::Radiation),
];

impl Bounds {
    /// What is left after an act, if there was room for it.
    fn after(mut self, act: Act, small: &Small) -> Option<Self> {
        let left = match act {
            Act::Reset => return Some(self),
            act if small.undoes(act) => return Some(self),
            Act::Step => &mut self.steps,
            Act::Permit(..) => &mut self.permits,
            _ => &mut self.disturbances,
        };
        *left = left.checked_sub(1)?;
        Some(self)
    }
}

/// What a search saw.
#[derive(Default)]
struct Search {
    seen: HashSet<u64>,
    acts: Vec<Act>,
    done: u64,
    opened: u64,
    passed: u64,
    path: Vec<Act>,
    text: String,
}

impl Search {
    fn from(&mut self, small: &Small, left: Bounds) {
        for act in self.acts.clone() {
            let Some(after) = left.after(act, small).filter(|_| small.can(act)) else { continue };
            let mut next = small.clone();
            self.path.push(act);
            self.done += 1;
            next.act(act);
            if self.seen.insert(fingerprint(&next, after, &mut self.text)) {
                self.opened += u64::from(next.ghost.opened > small.ghost.opened);
                self.passed += u64::from(next.ghost.passed > small.ghost.passed);
                self.from(&next, after);
            }
            self.path.pop();
        }
    }
}

/// Everything that the future depends on, in 64 bits. `text` is room to write in.
fn fingerprint(small: &Small, left: Bounds, text: &mut String) -> u64 {
    text.clear();
    let everything = (small.controller.everything(), &small.lane, &small.ghost, left);
    let _ = write!(text, "{everything:?}"); // a string takes everything
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0u64, |word, byte| word << 8 | u64::from(*byte));
    let fold = |print: u64, bytes: &[u8]| {
        let product = u128::from(print ^ word(bytes)) * 0x9E37_79B9_7F4A_7C15;
        (product >> 64) as u64 ^ product as u64
    };
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    words.iter().fold(fold(text.len() as u64, rest), |print, word| fold(print, word))
}

fn explore(bounds: Bounds) -> Search {
    let permits = (0..2).flat_map(|body| KINDS[..bounds.kinds].iter().map(move |kind| Act::Permit(body, *kind)));
    let acts = [Act::Step, Act::Reset].into_iter().chain(permits).chain(DISTURBANCES).collect();
    let mut search = Search { acts, ..Search::default() };
    let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        for bodies in &BELTS[..bounds.belts] {
            search.from(&Small::running(bodies), bounds);
        }
    }));
    if let Err(found) = tried {
        println!("after {:?}", search.path);
        std::panic::resume_unwind(found);
    }
    let states = search.seen.len();
    println!(
        "{bounds:?}: {states} states, {} acts, {} openings, {} parcels let through",
        search.done, search.opened, search.passed
    );
    search
}

#[test]
fn whatever_happens_in_whatever_order_the_gate_is_open_only_for_what_was_permitted() {
    let bounds = std::env::var("GATEPOST_EXPLORE").map_or(USUAL.to_vec(), |text| {
        let numbers: Vec<u8> = text.split_whitespace().map(|word| word.parse().expect("a number")).collect();
        let [steps, permits, disturbances] = numbers[..] else { panic!("three numbers, not {text:?}") };
        vec![Bounds { belts: BELTS.len(), kinds: KINDS.len(), steps, permits, disturbances }]
    });
    let (opened, passed) = bounds
        .into_iter()
        .map(explore)
        .fold((0, 0), |(opened, passed), search| (opened + search.opened, passed + search.passed));
    assert!(opened > 0 && passed > 0, "a gate that never opens keeps every promise");
}

#[test]
fn a_station_that_comes_back_with_this_lane_s_map_may_permit_again() {
    let (mut small, permit) = (Small::running(BELTS[0]), Act::Permit(0, Kind::Good));
    for act in [Act::OtherMap, permit, Act::Step, Act::OurMap, Act::Reset, permit].into_iter().chain([Act::Step; 12]) {
        if small.can(act) {
            small.act(act);
        }
    }
    assert_eq!((small.ghost.opened, small.ghost.passed), (1, 1));
}

/// Sequences that fuzzing found (`tests/fuzz`), each longer or less likely than the bounds above: the gate stays shut.
#[test]
fn what_fuzzing_found_stays_found() {
    let permit = Act::Permit(0, Kind::Good);
    let press = Act::Input(Input::EStop);
    let refused_then_again = [press, permit, press, Act::Again, Act::Reset].to_vec();
    let nose_unseen = [Act::Step, Act::Step, Act::Step, Act::Reverse, Act::Permit(0, Kind::Wide)].to_vec();
    // Pressed just before the stop is too long, started just after.
    let stop = [permit, Act::Step, Act::Step, Act::Stop].into_iter().chain([Act::Step; 6]).chain([Act::Reset]);
    for start in [refused_then_again, nose_unseen, stop.collect()] {
        let mut small = Small::running(BELTS[0]);
        for act in start.iter().copied().chain([Act::Step; 12]) {
            small.act(act);
        }
        assert_eq!(small.ghost.opened, 0, "{start:?}");
    }
}
