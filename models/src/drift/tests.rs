use super::*;
use crate::random_graph::SplitMix;

/// How a scanner sees: air low and high, grain low and high, energies, share of findings and of blind pictures.
#[derive(Clone, Copy)]
struct Sees {
    levels: [f64; LEVELS],
    found: f64,
    blind: f64,
}

const WELL: Sees = Sees { levels: [58_000.0, 60_000.0, 0.010, 0.007, 1.35], found: 0.04, blind: 0.01 };

/// What one picture of it is like: air wanders by 0.2 %, grain is measured within 5 %, parcels' energies differ by 6 %.
fn picture(sees: Sees, random: &mut SplitMix) -> Vitals {
    const WANDER: [f64; LEVELS] = [0.002, 0.002, 0.05, 0.05, 0.06];
    let levels: [f64; LEVELS] =
        std::array::from_fn(|at| sees.levels[at] * (1.0 + WANDER[at] * f64::from(random.normal())));
    let mut chance = |share: f64| (random.next() % 10_000) as f64 / 10_000.0 < share;
    Vitals {
        air: Some([Air { level: levels[0], grain: levels[2] }, Air { level: levels[1], grain: levels[3] }]),
        energies: Some(levels[4]),
        found: chance(sees.found),
        blind: chance(sees.blind),
    }
}

fn learnt(random: &mut SplitMix) -> Guard {
    let mut guard = Guard::default();
    for number in 1..=LEARNING {
        assert_eq!(guard.reference(), None);
        assert_eq!(guard.hear(&picture(WELL, random)), number == LEARNING);
    }
    guard
}

/// Pictures until any sign drifts, and the signs.
fn until(guard: &mut Guard, sees: Sees, most: u32, random: &mut SplitMix) -> Option<(u32, Vec<Sign>)> {
    (1..=most).find_map(|number| {
        guard.hear(&picture(sees, random));
        (!guard.drifting().is_empty()).then(|| (number, guard.drifting().to_vec()))
    })
}

#[test]
fn a_scanner_that_sees_as_it_did_is_left_alone() {
    let mut alarms = 0;
    for seed in 0..20 {
        let mut random = SplitMix::new(seed);
        let mut guard = learnt(&mut random);
        alarms += u32::from(until(&mut guard, WELL, 10_000, &mut random).is_some());
    }
    println!("{alarms} of 20 quiet scanners called drifting within 10,000 pictures");
    assert!(alarms <= 1, "{alarms} of 20");
}

#[test]
fn what_drifts_is_named_and_good_again_when_it_is() {
    type Ails = fn(&mut Sees);
    let cases: [(Sign, Ails, u32); 7] = [
        (Sign::AirLow, |sees| sees.levels[0] *= 0.99, 30),
        (Sign::AirHigh, |sees| sees.levels[1] *= 1.01, 30),
        (Sign::GrainLow, |sees| sees.levels[2] *= 1.15, 30),
        (Sign::GrainHigh, |sees| sees.levels[3] *= 1.15, 30),
        (Sign::Energies, |sees| sees.levels[4] *= 1.06, 100),
        (Sign::Findings, |sees| sees.found = 0.25, 400),
        (Sign::Blind, |sees| sees.blind = 0.2, 400),
    ];
    for (sign, ail, within) in cases {
        let mut sees = WELL;
        ail(&mut sees);
        let mut worst = 0;
        for seed in 100..110 {
            let mut random = SplitMix::new(seed);
            let mut guard = learnt(&mut random);
            let (pictures, signs) = until(&mut guard, sees, within, &mut random).expect("it is heard");
            assert_eq!(signs, [sign]);
            worst = worst.max(pictures);
            // Calibrated: good again by itself, and soon.
            let good = (1..=400).find(|_| {
                guard.hear(&picture(WELL, &mut random));
                guard.drifting().is_empty()
            });
            assert!(good.is_some(), "{sign:?} is not good again");
        }
        println!("{sign:?}: heard after {worst} pictures at worst of ten");
    }
}

#[test]
fn a_reference_is_kept_as_text_and_holds_after_a_restart() {
    let mut random = SplitMix::new(3);
    let guard = learnt(&mut random);
    let text = serde_json::to_string(guard.reference().expect("learnt")).expect("it is text");
    let kept: Reference = serde_json::from_str(&text).expect("it is read again");
    assert!(kept.is_sane());
    let mut guard = Guard::with(kept);
    let mut sees = WELL;
    sees.levels[1] *= 0.98;
    assert!(until(&mut guard, sees, 30, &mut random).is_some());
}

#[test]
fn nonsense_says_nothing() {
    let mut random = SplitMix::new(4);
    let mut guard = learnt(&mut random);
    let nan = Air { level: f64::NAN, grain: f64::INFINITY };
    for vitals in
        [Some([nan, nan]), None].map(|air| Vitals { air, energies: Some(f64::NAN), found: false, blind: false })
    {
        for _ in 0..4 {
            assert!(!guard.hear(&vitals));
        }
    }
    let insane = Reference { pictures: 0, ..guard.reference().expect("learnt").clone() };
    assert!(!insane.is_sane());
}
