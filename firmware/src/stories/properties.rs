//! Random lanes: whatever is laid on the belt, said, pressed or pulled, in whatever order.
//!
//! The oracle knows nothing of the controller's insides. It sees where the bodies really are, what was said on the
//! cable, and the pins; from these alone it says which body may pass an open gate.

use super::rig::{Rig, SORTER};
use crate::log::ANSWERS_MAX;
use gatepost_hardware::link::{Action, FACTS_MAX, Fact, Input, Permit, PermitFate, Report};
use gatepost_hardware::units::Micros;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Act {
    Run(u32),
    Lay {
        gap_mm: i32,
        length_mm: i32,
    },
    /// A permit for one of the latest bodies, off by some ticks, lengths and time.
    Permit {
        back: usize,
        shift: i64,
        longer_mm: i32,
        lives_ms: u64,
    },
    Revoke {
        back: u32,
    },
    Input(Input, bool),
    Force(Option<i64>),
    Beating(bool),
    GateWorks(bool),
    Stop,
    Reset,
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![Just(Input::EStop), Just(Input::Guard), Just(Input::ExamChuteFull), Just(Input::Radiation)]
}

fn act() -> impl Strategy<Value = Act> {
    let shift = prop_oneof![6 => Just(0i64), 1 => -600..600i64];
    let longer = prop_oneof![6 => Just(0), 1 => -80..80];
    let lives = prop_oneof![5 => Just(20_000u64), 1 => 0..3_000u64];
    prop_oneof![
        10 => (1..900u32).prop_map(Act::Run),
        6 => (80..900i32, 100..600i32).prop_map(|(gap_mm, length_mm)| Act::Lay { gap_mm, length_mm }),
        8 => (0..3usize, shift, longer, lives)
            .prop_map(|(back, shift, longer_mm, lives_ms)| Act::Permit { back, shift, longer_mm, lives_ms }),
        1 => (0..3u32).prop_map(|back| Act::Revoke { back }),
        1 => (input(), any::<bool>()).prop_map(|(input, active)| Act::Input(input, active)),
        1 => prop_oneof![Just(None), (-300..500i64).prop_map(Some)].prop_map(Act::Force),
        1 => any::<bool>().prop_map(Act::Beating),
        1 => any::<bool>().prop_map(Act::GateWorks),
        1 => Just(Act::Stop),
        6 => Just(Act::Reset),
    ]
}

/// What the oracle holds about one accepted permit.
struct Held {
    permit: Permit,
    ended: bool,
}

struct World {
    rig: Rig,
    held: Vec<Held>,
    read: usize,
    next_id: u32,
    /// Inputs that are active, as the oracle pressed them.
    active: Vec<Input>,
    opened: Option<u32>,
    permits_tried: u32,
    opened_count: u32,
}

impl World {
    fn new() -> Self {
        let (held, active) = (Vec::new(), Vec::new());
        let rig = Rig::running();
        Self { rig, held, read: 0, next_id: 1, active, opened: None, permits_tried: 0, opened_count: 0 }
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Run(ms) => (0..*ms).for_each(|_| {
                self.rig.run_ms(1);
                self.check();
            }),
            Act::Lay { gap_mm, length_mm } => self.lay(*gap_mm, *length_mm),
            Act::Permit { back, shift, longer_mm, lives_ms } => self.permit(*back, *shift, *longer_mm, *lives_ms),
            Act::Revoke { back } => {
                let permit = self.next_id.saturating_sub(back + 1);
                self.rig.act(Action::Revoke { permit });
            }
            Act::Input(input, active) => {
                self.active.retain(|other| other != input);
                self.active.extend(active.then_some(*input));
                self.rig.input(*input, *active);
            }
            Act::Force(speed) => self.rig.forced_mm_s = *speed,
            Act::Beating(beating) => self.rig.beating = *beating,
            Act::GateWorks(works) => self.rig.gate_works = *works,
            Act::Stop => self.rig.act(Action::Stop),
            Act::Reset => self.rig.press_reset(),
        }
        self.check();
    }

    /// Behind the last body, and never nearer than the start of the sorter.
    fn lay(&mut self, gap_mm: i32, length_mm: i32) {
        let last = (0..self.rig.bodies.len())
            .last()
            .map(|body| self.rig.nose_mm(body) as i32 - self.rig.bodies[body].length_mm);
        let nose = last.map_or(1_400, |tail| (tail - gap_mm).min(1_400));
        self.rig.lay(SORTER, nose, length_mm);
    }

    fn permit(&mut self, back: usize, shift: i64, longer_mm: i32, lives_ms: u64) {
        let Some(body) = self.rig.bodies.len().checked_sub(back + 1) else {
            return;
        };
        let mut permit = self.rig.permit_for(body, self.next_id);
        permit.window_lo.0 += shift;
        permit.window_hi.0 += shift;
        permit.length_mm_min.0 += longer_mm;
        permit.length_mm_max.0 += longer_mm;
        permit.expires = self.rig.now + Micros::from_ms(lives_ms);
        self.next_id += 1;
        self.permits_tried += 1;
        self.held.push(Held { permit: permit.clone(), ended: false });
        self.rig.act(Action::Permit(permit));
    }

    /// Reads what was said, then looks at the pins.
    fn check(&mut self) {
        assert!(self.rig.controller.outputs().belt_permit <= self.active.is_empty(), "{:?}", self.active);
        for fact in &self.rig.facts[self.read..] {
            let (id, fate) = match fact {
                Fact::Permit { permit, fate, .. } => (*permit, *fate),
                Fact::Revoke { permit, fate: gatepost_hardware::link::RevokeFate::Revoked, .. } => {
                    (*permit, PermitFate::Missed)
                }
                _ => continue,
            };
            let held = self.held.iter_mut().find(|held| held.permit.id == id).expect("a permit that was given");
            match fate {
                PermitFate::Accepted => assert!(!held.ended),
                PermitFate::Opened => {
                    assert!(!held.ended && self.opened.is_none(), "opened once, and not after its end");
                    self.opened = Some(id);
                    self.opened_count += 1;
                }
                _ => {
                    held.ended = true;
                    self.opened = self.opened.filter(|opened| *opened != id);
                }
            }
        }
        self.read = self.rig.facts.len();
        let release = self.rig.controller.outputs().gate_release;
        assert_eq!(release, self.opened.is_some(), "the pin is released exactly while a permit is open");
        if let Some(id) = self.opened {
            self.may_be_open(id);
        }
    }

    /// The body that is next to pass, or passing, is the one this permit means.
    fn may_be_open(&self, id: u32) {
        let permit = &self.held.iter().find(|held| held.permit.id == id).expect("given").permit;
        let gate = i64::from(self.rig.map.gate.as_ref().unwrap().at_mm.0);
        let near = (0..self.rig.bodies.len()).filter(|body| {
            let nose = self.rig.nose_mm(*body);
            let tail = nose - i64::from(self.rig.bodies[*body].length_mm);
            nose > gate - 90 && tail < gate
        });
        for body in near {
            let body = &self.rig.bodies[body];
            let met = body.met_at.expect("it came by the eye");
            assert!((permit.window_lo..=permit.window_hi).contains(&met), "{permit:?} {body:?}");
            // Two millimetres: the eye is sampled once a millisecond of a belt that runs half a millimetre in it.
            let fits = body.length_mm >= permit.length_mm_min.0 - 2 && body.length_mm <= permit.length_mm_max.0 + 2;
            assert!(fits, "{permit:?} {body:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_gate_is_open_only_for_the_parcel_whose_permit_it_is(acts in prop::collection::vec(act(), 1..60)) {
        let mut world = World::new();
        for act in &acts {
            world.act(act);
        }
    }

    #[test]
    fn a_belt_that_was_stopped_moves_only_after_the_button(acts in prop::collection::vec(act(), 1..60)) {
        let mut world = World::new();
        let mut may_move = true;
        for act in acts.iter().filter(|act| !matches!(act, Act::Run(500..))) {
            may_move |= matches!(act, Act::Reset);
            world.act(act);
            let moves = world.rig.controller.outputs().belt_permit;
            prop_assert!(!moves || may_move, "{:?}", act);
            may_move &= moves;
        }
    }

    #[test]
    fn a_station_that_does_not_listen_costs_memory_for_so_many_reports_and_no_more(
        levels in prop::collection::vec((0u8..12, any::<bool>(), 1u64..40), 1..400),
    ) {
        let mut rig = Rig::booted();
        let mut now = Micros(0);
        for (eye, blocked, ms) in &levels {
            now = now + Micros::from_ms(*ms);
            rig.controller.raw_edge(*eye, *blocked, now);
            rig.controller.step(now);
        }
        let said: Vec<Report> = core::iter::from_fn(|| rig.controller.report()).collect();
        // One beat is due at the end.
        prop_assert!(said.len() <= FACTS_MAX + ANSWERS_MAX + 1);
        prop_assert!(rig.controller.report().is_none());
    }
}

/// The properties above would hold for a gate that never opens.
#[test]
fn random_traffic_does_open_the_gate() {
    let mut world = World::new();
    for number in 0..20 {
        world.act(&Act::Lay { gap_mm: 300 + number * 10, length_mm: 150 + number * 20 });
        world.act(&Act::Permit { back: 0, shift: 0, longer_mm: 0, lives_ms: 20_000 });
        world.act(&Act::Run(2_100));
    }
    world.act(&Act::Run(6_000));
    assert_eq!((world.permits_tried, world.opened_count), (20, 20));
    assert!(world.rig.bodies.iter().all(|body| body.released == Some(true)));
}
