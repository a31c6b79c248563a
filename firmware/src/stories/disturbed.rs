//! Five parcels, and at every single tick of their way one thing goes wrong.
//!
//! The way is run once undisturbed; from each tick of it every kind of disturbance starts a life of its own, with a
//! station that afterwards sends all its permits once more. The books are kept here, from what was sent and from where
//! the bodies went. `GATEPOST_EVERY=1` takes every tick; without it every [`USUAL`]th.

use crate::GatePosition;
use gatepost_hardware::link::{Fact, PermitFate};
use line::{Line, WITHOUT_PERMIT};
use std::collections::{BTreeMap, BTreeSet};

mod line;

/// Ticks from one disturbance to the next; no divisor of any distance on the belt.
const USUAL: usize = 13;
/// Steps of 10 ms until a station that says nothing is missed.
const SILENT: usize = 51;
/// No life is longer: steps of 10 ms.
const STEPS_MAX: usize = 6_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// The belt stands at once, and runs again after a second.
    Stop,
    /// It stands for longer than permits live.
    LongStop,
    /// The motor is off and the belt runs out, ever slower.
    Coast,
    /// It runs back for a while with its motor on, then forward again.
    Reverse,
    /// It runs back as far as from the diverter eye to the entry.
    LongReverse,
    /// The controller boots.
    Restart,
    /// The station is silent for longer than it may, and is there again.
    Silence,
}

const KINDS: [Kind; 7] =
    [Kind::Stop, Kind::LongStop, Kind::Coast, Kind::Reverse, Kind::LongReverse, Kind::Restart, Kind::Silence];

impl Kind {
    fn happens(self, line: &mut Line) {
        match self {
            Self::Stop | Self::LongStop => {
                line.stop();
                let steps = if self == Self::Stop { 100 } else { 250 };
                (0..steps).for_each(|_| line.step(0));
            }
            Self::Coast => {
                line.stop();
                // Eight ticks in ever more steps each.
                (1..=8).for_each(|pause| (0..pause).for_each(|step| line.step(i64::from(step == 0))));
                (0..20).for_each(|_| line.step(0));
            }
            Self::Reverse => (0..30).for_each(|_| line.step(-1)),
            Self::LongReverse => (0..240).for_each(|_| line.step(-1)),
            Self::Restart => line.reboot(),
            Self::Silence => {
                line.beats = false;
                (0..SILENT).for_each(|_| line.run());
                assert!(!line.powered && !line.gate_release(), "nobody is there, and the lane is not at rest");
                (0..10).for_each(|_| line.step(0));
                line.beats = true;
            }
        }
    }

    /// Whether permits that wait outlive it.
    fn is_survived(self) -> bool {
        matches!(self, Self::Stop | Self::Coast)
    }
}

/// What became of a life.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    lives: u32,
    released: u32,
    /// Permits that waited when it happened.
    waiting: u32,
}

fn live(mut line: Line, kind: Kind) -> Tally {
    let waiting = waiting(&line);
    let open = open(&line);
    let before = line.now;
    kind.happens(&mut line);
    // A silence has to last before anybody can know of it.
    let dead = if kind == Kind::Silence { line.now } else { before };
    line.insist();
    for step in 0.. {
        assert!(step < STEPS_MAX, "the belt came to rest for good");
        if line.is_over() {
            break;
        }
        if !line.powered {
            line.press();
        }
        line.run();
    }
    if !kind.is_survived() {
        let used = line.facts.iter().filter_map(|(boot, fact)| match fact {
            Fact::Permit { permit, fate: PermitFate::Opened, time, .. } if *time >= dead => Some((*boot, *permit)),
            _ => None,
        });
        let after: Vec<_> = used.filter(|id| waiting.contains(id) && !open.contains(id)).collect();
        assert!(after.is_empty(), "used after they were void: {after:?}");
    }
    judge(&line, kind);
    let released = line.bodies.iter().filter(|body| body.went == Some(GatePosition::Release)).count();
    Tally { lives: 1, released: released as u32, waiting: waiting.len() as u32 }
}

/// Permits sent and not ended, by boot and number.
fn waiting(line: &Line) -> BTreeSet<(u32, u32)> {
    let mut waiting: BTreeSet<(u32, u32)> = line.sent.iter().map(|(boot, permit)| (*boot, permit.id)).collect();
    for (boot, fact) in &line.facts {
        if let Fact::Permit { permit, fate, .. } = fact
            && *fate != PermitFate::Accepted
        {
            waiting.remove(&(*boot, *permit));
        }
    }
    waiting
}

/// Permits that the gate is open for.
fn open(line: &Line) -> BTreeSet<(u32, u32)> {
    let mut open = BTreeSet::new();
    for (boot, fact) in &line.facts {
        match fact {
            Fact::Permit { permit, fate: PermitFate::Opened, .. } => open.insert((*boot, *permit)),
            Fact::Permit { permit, .. } => open.remove(&(*boot, *permit)),
            _ => false,
        };
    }
    open
}

/// The whole life, from its books.
fn judge(line: &Line, kind: Kind) {
    let mut fates: BTreeMap<(u32, u32), Vec<PermitFate>> = BTreeMap::new();
    let mut passes = Vec::new();
    for &(boot, fact) in &line.facts {
        match fact {
            // A copy of a permit is refused; that says nothing of the permit.
            Fact::Permit { fate: PermitFate::Refused(_), .. } => {}
            Fact::Permit { permit, fate, .. } => fates.entry((boot, permit)).or_default().push(fate),
            Fact::Edge { eye: 0, blocked: true, pass: Some(pass), .. } => passes.push((boot, pass)),
            _ => {}
        }
    }
    for (id, fates) in &fates {
        let used = fates.iter().filter(|fate| **fate == PermitFate::Opened).count();
        let order = match fates[..] {
            [PermitFate::Accepted] | [PermitFate::Accepted, PermitFate::Missed | PermitFate::Void(_)] => true,
            [PermitFate::Accepted, PermitFate::Opened] => true, // the controller booted under it
            [PermitFate::Accepted, PermitFate::Opened, PermitFate::Closed | PermitFate::Void(_)] => true,
            _ => false,
        };
        assert!(order && used <= 1, "permit {id:?}: {fates:?}");
    }
    let distinct: BTreeSet<_> = passes.iter().copied().collect();
    assert!(distinct.len() <= line.bodies.len(), "five parcels made {} passes: {passes:?}", distinct.len());
    assert!(kind == Kind::Restart || distinct.len() == line.bodies.len(), "a pass is missing: {passes:?}");
    for (index, body) in line.bodies.iter().enumerate() {
        let released = body.went == Some(GatePosition::Release);
        assert!(!released || index != WITHOUT_PERMIT, "the one without a permit was released");
        let opened = line.sent.iter().any(|(boot, permit)| {
            // Ticks are counted anew after a boot; the order of the row is the same.
            permit.length_mm_min.0 <= (body.trail - body.lead) as i32 * 5
                && (body.trail - body.lead) as i32 * 5 <= permit.length_mm_max.0
                && fates.get(&(*boot, permit.id)).is_some_and(|fates| fates.contains(&PermitFate::Opened))
        });
        assert!(!released || opened, "parcel {index} was released and no permit of its length was used");
    }
    assert!(!line.gate_release(), "the gate is still open at the end");
}

#[test]
fn at_whatever_tick_the_belt_is_stopped_coasts_reverses_or_the_controller_boots() {
    let every = std::env::var("GATEPOST_EVERY").map_or(USUAL, |text| text.parse().expect("a number of ticks"));
    let (mut line, mut tallies, mut ticks) = (Line::running(), BTreeMap::<Kind, Tally>::new(), 0);
    while !line.is_over() {
        if ticks % every == 0 {
            for kind in KINDS {
                let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| live(line.clone(), kind)));
                let Ok(tally) = tried else { panic!("{kind:?} at tick {}", line.belt) };
                let sum = tallies.entry(kind).or_default();
                sum.lives += tally.lives;
                sum.released += tally.released;
                sum.waiting += tally.waiting;
            }
        }
        line.run();
        ticks += 1;
    }
    judge(&line, Kind::Stop);
    let released = line.bodies.iter().filter(|body| body.went == Some(GatePosition::Release)).count();
    assert_eq!(released, line.bodies.len() - 1, "undisturbed, everything permitted is released");
    for (kind, tally) in &tallies {
        println!("{kind:?}: {tally:?}");
    }
    let of = |kind| tallies[&kind];
    assert_eq!(of(Kind::Stop).released, 4 * of(Kind::Stop).lives, "a short stop costs nothing");
    assert!(of(Kind::LongStop).released < of(Kind::Stop).released && of(Kind::Reverse).waiting > 0);
}
