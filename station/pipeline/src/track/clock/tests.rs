use super::*;
use crate::limits::CLOCK_WANDER_PPM;
use proptest::prelude::*;

/// Two clocks: the controller's reads `time` when the station's reads what [`Clocks::mono`] says. The offset gains at a
/// rate in parts per billion that may change with every step.
struct Clocks {
    mono: i64,
    /// Offset in billionths of a microsecond, so that no step rounds.
    offset: i128,
    ppb: i64,
}

impl Clocks {
    fn new(offset: i64, ppb: i64) -> Self {
        Self { mono: 2_000_000_000, offset: i128::from(offset) * 1_000_000_000, ppb }
    }
    fn pass(&mut self, us: u64) {
        self.mono += us as i64;
        self.offset += i128::from(us) * i128::from(self.ppb);
    }
    fn mono(&self) -> Micros {
        Micros(self.mono as u64)
    }
    /// What the controller reads: whole microseconds.
    fn time(&self) -> i64 {
        (i128::from(self.mono) - self.offset.div_euclid(1_000_000_000) - 1) as i64
    }
    /// A question and its answer, which take so long each.
    fn ask(&mut self, map: &mut ClockMap, (there, back): (u64, u64)) -> Proof {
        let asked = self.mono();
        self.pass(there);
        let time = Micros(self.time() as u64);
        self.pass(back);
        map.prove(asked, self.mono(), time)
    }
    fn holds(&self, map: &ClockMap) {
        let (span, truth) = (map.happened(self.mono(), (0, 0)).expect("proved"), self.time());
        assert!(span.lo <= truth && truth <= span.hi, "{truth} not in {span:?}, {map:?}");
    }
}

/// The map as it would be if nothing were known of the rate.
#[derive(Default)]
struct Plain(Option<Known>);

impl Plain {
    fn prove(&mut self, asked: Micros, heard: Micros, time: i64) {
        let at = signed(heard);
        let travelled = Rate::WORST.over(at - signed(asked)).hi;
        let fresh = Known { at, offset: Span { lo: signed(asked) - time - travelled - 1, hi: at - time } };
        self.0 = Some(self.0.and_then(|known| known.moved(at, Rate::WORST).meet(fresh)).unwrap_or(fresh));
    }
    fn width(&self, at: Micros) -> i64 {
        let offset = self.0.expect("proved").moved(signed(at), Rate::WORST).offset;
        offset.hi - offset.lo
    }
}

/// Most answers are quick; one in eight waits behind a report, one in forty behind many.
fn delay() -> impl Strategy<Value = u64> {
    prop_oneof![35 => 150u64..700, 5 => 700u64..6_000, 1 => 6_000u64..400_000]
}

#[test]
fn a_jump_is_told_from_a_slow_cable() {
    let mut map = ClockMap::default();
    assert_eq!(map.prove(Micros(1_000), Micros(1_400), Micros(200)), Proof::First);
    assert_eq!(map.prove(Micros(501_000), Micros(560_000), Micros(500_300)), Proof::Agrees);
    assert!(map.error_us(Micros(560_000)).unwrap() < 700);
    assert_eq!(map.prove(Micros(1_001_000), Micros(1_001_400), Micros(9_000)), Proof::Jumped);
}

#[test]
fn an_answer_that_waited_for_long_widens_nothing() {
    let (mut map, mut clocks) = (ClockMap::default(), Clocks::new(5_000_000, 80_000));
    for _ in 0..120 {
        clocks.ask(&mut map, (300, 300));
        clocks.pass(500_000);
    }
    let before = map.error_us(clocks.mono()).unwrap();
    assert_eq!(clocks.ask(&mut map, (300_000, 200)), Proof::Agrees);
    let after = map.error_us(clocks.mono()).unwrap();
    assert!(after <= before + 20, "{before} us, then {after} us");
}

#[test]
fn a_crystal_that_changes_its_rate_at_once_is_noticed_and_costs_only_closeness() {
    let (mut map, mut clocks) = (ClockMap::default(), Clocks::new(5_000_000, 90_000));
    for step in 0..400 {
        if step == 200 {
            clocks.ppb = -90_000;
        }
        assert_ne!(clocks.ask(&mut map, (250, 250)), Proof::Jumped);
        let inside = !(200..=212).contains(&step);
        if inside {
            clocks.holds(&map);
        }
        clocks.pass(500_000);
    }
    assert!(map.error_us(clocks.mono()).unwrap() < 700);
}

/// What no arithmetic can take away: an answer as quick as any may have waited on either way.
const QUICKEST_US: i64 = 300;

/// Prints by how much, and how much less of it is due to drift and slow answers than with nothing known of the rate.
#[test]
fn the_bound_is_several_times_narrower_between_proofs() {
    let mut random = 0x1234_5678_9ABC_DEF1u64;
    let mut draw = |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    let mut ratios = Vec::new();
    for run in 0..20 {
        let (mut map, mut plain) = (ClockMap::default(), Plain::default());
        let mut clocks = Clocks::new(900_000_000, run * 18_000 - 180_000);
        for step in 0..600 {
            let mut delay = || match draw(40) {
                0 => 6_000 + draw(200_000),
                1..5 => 700 + draw(5_000),
                _ => 150 + draw(550),
            };
            let (there, back) = (delay(), delay());
            let asked = clocks.mono();
            clocks.pass(there);
            let time = clocks.time();
            clocks.pass(back);
            map.prove(asked, clocks.mono(), Micros(time as u64));
            plain.prove(asked, clocks.mono(), time);
            clocks.pass(500_000);
            clocks.holds(&map);
            if step >= 60 {
                let (new, old) = (map.error_us(clocks.mono()).unwrap(), plain.width(clocks.mono()));
                assert!(new as i64 <= old, "{new} us is wider than {old} us");
                ratios.push(((old - QUICKEST_US) as f64 / (new as i64 - QUICKEST_US) as f64, new, old));
            }
        }
    }
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (tenth, median, most) = (ratios[ratios.len() / 10], ratios[ratios.len() / 2], ratios[ratios.len() * 9 / 10]);
    println!(
        "(times less beyond {QUICKEST_US} us, us, us without): tenth {tenth:.1?}, median {median:.1?}, ninth {most:.1?}"
    );
    assert!(tenth.0 > 2.0 && median.0 > 4.0, "{tenth:?} {median:?}");
}

proptest! {
    /// Whatever the delays, the drift within its bound and the wander within its, the truth lies in the interval: now,
    /// later, and of what happened a while ago; and no interval is wider than one that knows nothing of the rate.
    #[test]
    fn the_interval_always_holds_the_truth(
        offset in 0i64..1_000_000_000, ppm in -194i64..=194, wander in prop::collection::vec(-CLOCK_WANDER_PPM * 500..=CLOCK_WANDER_PPM * 500, 8),
        delays in prop::collection::vec((delay(), delay(), 100_000u64..900_000), 1..300), late in 0u64..2_000_000,
    ) {
        let (mut map, mut plain, mut clocks) = (ClockMap::default(), Plain::default(), Clocks::new(offset, ppm * 1_000));
        for (index, &(there, back, pause)) in delays.iter().enumerate() {
            clocks.ppb = ppm * 1_000 + wander[index % wander.len()];
            let asked = clocks.mono();
            clocks.pass(there);
            let time = clocks.time();
            clocks.pass(back);
            let proof = map.prove(asked, clocks.mono(), Micros(time as u64));
            plain.prove(asked, clocks.mono(), time);
            prop_assert!(proof != Proof::Jumped);
            clocks.holds(&map);
            clocks.pass(pause);
            clocks.holds(&map);
            prop_assert!(map.error_us(clocks.mono()).unwrap() as i64 <= plain.width(clocks.mono()));
        }
        let truth = clocks.time();
        clocks.pass(late);
        let span = map.happened(clocks.mono(), (late / 2, late)).unwrap();
        prop_assert!(span.lo <= truth && truth <= span.hi, "{truth} not in {span:?}");
    }

    /// A clock that jumps further than the interval is wide is found out by the next proof, and the truth is in again.
    #[test]
    fn a_jump_is_found_out(before in 2usize..100, by in prop_oneof![-90_000_000i64..-900_000, 900_000i64..90_000_000], ppm in -199i64..=199) {
        let (mut map, mut clocks) = (ClockMap::default(), Clocks::new(400_000_000, ppm * 1_000));
        for _ in 0..before {
            clocks.ask(&mut map, (300, 400));
            clocks.pass(500_000);
        }
        clocks.offset += i128::from(by) * 1_000_000_000;
        prop_assert_eq!(clocks.ask(&mut map, (300, 400)), Proof::Jumped);
        clocks.holds(&map);
        for _ in 0..40 {
            clocks.pass(500_000);
            prop_assert_eq!(clocks.ask(&mut map, (300, 400)), Proof::Agrees);
            clocks.holds(&map);
        }
    }
}
