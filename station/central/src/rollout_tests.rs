//! Stages, rates and steps at their edges; nothing here has a database.

use proptest::prelude::*;

use super::*;

fn stations(count: usize) -> Vec<Address> {
    (0..count).map(|n| Address::new(if n % 3 == 0 { "ORD" } else { "JFK" }, &format!("st-{n}")).unwrap()).collect()
}

fn counted(decisions: u64, flagged: u64) -> Counted {
    Counted { decisions, flagged }
}

#[test]
fn stages_are_read_and_what_makes_no_sense_is_refused() {
    let read = |texts: &[&str]| stages(texts.iter().copied());
    assert_eq!(read(&["5%", "25%", "100%"]).unwrap().len(), 3);
    assert_eq!(read(&["JFK,ORD", "LAX"]).unwrap()[0].to_string(), "JFK,ORD");
    for wrong in
        [&[][..], &["0%"], &["101%"], &["x%"], &["25%", "5%"], &["5%", "5%"], &["5%", "JFK"], &["J K"], &[""], &["-1%"]]
    {
        assert!(read(wrong).is_err(), "{wrong:?}");
    }
    assert!(read(&["JFK"; STAGES_MAX + 1]).is_err());
}

#[test]
fn the_first_stage_of_a_small_fleet_is_one_station_and_another_rollout_begins_elsewhere() {
    let (three, staged) = (stations(3), stages(["5%", "50%", "100%"]).unwrap());
    let in_first = |rollout| {
        let all = assigned(rollout, &three, &staged);
        assert_eq!(all.len(), 3);
        let first: Vec<Address> = all.iter().filter(|(_, stage)| **stage == 0).map(|(one, _)| one.clone()).collect();
        assert_eq!(first.len(), 1, "rollout {rollout}");
        first[0].clone()
    };
    let firsts: std::collections::BTreeSet<Address> = (1..40).map(in_first).collect();
    assert_eq!(firsts.len(), 3, "not always the same station has to try");
    let by_facility = assigned(1, &three, &stages(["ORD"]).unwrap());
    assert_eq!(
        by_facility.keys().map(|one| one.facility.as_str()).collect::<Vec<_>>(),
        ["ORD"],
        "the others have no part"
    );
    assert_eq!(assigned(1, &stations(200), &stages(["5%", "20%"]).unwrap()).len(), 40, "the rest never");
}

#[test]
fn a_rate_jumps_when_it_is_more_than_the_points_and_more_than_chance() {
    use Compared::{Alike, Jumped, TooFew};
    let few = DECISIONS_MIN - 1;
    // One too few on either side says nothing, however different they are.
    assert_eq!(compared(counted(few, 0), counted(1_000, 1_000), 5), TooFew);
    assert_eq!(compared(counted(1_000, 0), counted(few, few), 5), TooFew);
    assert_eq!(compared(counted(DECISIONS_MIN, 0), counted(DECISIONS_MIN, DECISIONS_MIN), 5), Jumped);
    // Exactly the points is not more than the points; up and down.
    assert_eq!(compared(counted(10_000, 500), counted(10_000, 1_000), 5), Alike);
    assert_eq!(compared(counted(10_000, 500), counted(10_000, 1_001), 5), Jumped);
    assert_eq!(compared(counted(10_000, 1_000), counted(10_000, 500), 5), Alike);
    assert_eq!(
        compared(counted(10_000, 1_001), counted(10_000, 500), 5),
        Jumped,
        "a pack that finds less is no better"
    );
    // Six points more of a hundred decisions may be chance; of ten thousand it is none.
    assert_eq!(compared(counted(100, 5), counted(100, 11), 5), Alike);
    // Nobody flagged, or everybody: no difference, no division.
    assert_eq!(compared(counted(500, 0), counted(500, 0), 0), Alike);
    assert_eq!(compared(counted(500, 500), counted(500, 500), 0), Alike);
    // Figures beyond all bounds, and such as contradict themselves, are no overflow.
    assert_eq!(compared(counted(u64::MAX, 0), counted(u64::MAX, u64::MAX), 5), Jumped);
    assert_eq!(compared(counted(200, 900), counted(200, 900), 5), Alike);
}

#[test]
fn three_standard_errors_are_where_the_formula_says() {
    // 400 and 400 decisions, 40 flagged before: with 69 after z² is 8.93, with 70 it is 9.49.
    assert_eq!(compared(counted(400, 40), counted(400, 69), 0), Compared::Alike);
    assert_eq!(compared(counted(400, 40), counted(400, 70), 0), Compared::Jumped);
}

fn at(stage: usize) -> Standing {
    Standing { name: format!("JFK/st-{stage}"), stage, reachable: true, ..Standing::default() }
}

const PLAN: Plan = Plan { stages: 2, soak_ms: 1_000, jump_points: 5 };

#[test]
fn a_stage_is_over_when_whoever_can_be_reached_has_it_and_the_soak_has_passed() {
    let applied = Standing { applied: true, ..at(0) };
    let away = Standing { reachable: false, ..at(0) };
    let later = at(1);
    assert_eq!(next(&PLAN, 0, None, &[at(0), later.clone()], 0), Next::Wait);
    assert_eq!(next(&PLAN, 0, None, &[applied.clone(), at(0)], 0), Next::Wait, "one of two");
    assert_eq!(next(&PLAN, 0, None, &[applied.clone(), away.clone(), later.clone()], 0), Next::Soak);
    assert_eq!(next(&PLAN, 0, None, &[away.clone(), later.clone()], 0), Next::Wait, "nobody has shown anything");
    assert_eq!(next(&PLAN, 0, Some(0), &[applied.clone(), later.clone()], 999), Next::Wait);
    assert_eq!(next(&PLAN, 0, Some(0), &[applied.clone(), later.clone()], 1_000), Next::NextStage);
    assert_eq!(next(&PLAN, 0, Some(0), &[applied.clone(), at(0)], 1_000), Next::NotYet, "it came back without");
    let everybody = [applied.clone(), Standing { applied: true, ..at(1) }];
    assert_eq!(next(&PLAN, 1, Some(0), &everybody, 1_000), Next::Done);
    assert_eq!(next(&PLAN, 1, None, &[applied], 0), Next::Soak, "a stage without stations");
}

#[test]
fn an_error_or_a_jump_goes_back_whatever_the_stage() {
    let bad = Standing { error: Some("case x does not hold".to_owned()), ..at(0) };
    assert!(matches!(next(&PLAN, 0, Some(0), &[bad, at(1)], 9_000), Next::Back(why) if why.contains("case x")));
    let counts = |stage, before, after| Standing { applied: true, before, after, ..at(stage) };
    let quiet = counts(0, counted(100_000, 1_000), counted(100_000, 1_000));
    let loud = counts(1, counted(500, 5), counted(500, 100));
    assert_eq!(next(&PLAN, 0, None, std::slice::from_ref(&quiet), 0), Next::Soak);
    let back = next(&PLAN, 1, Some(0), &[quiet.clone(), loud.clone()], 0);
    assert!(matches!(&back, Next::Back(why) if why.contains("20.00 % of 500")), "{back:?}");
    // Many small stages, each too small to tell.
    let small = |stage| counts(stage, counted(60, 0), counted(60, 30));
    assert!(matches!(next(&PLAN, 1, None, &[small(0), small(1)], 0), Next::Back(_)));
    assert_eq!(next(&PLAN, 0, None, &[small(0)], 0), Next::Soak, "sixty are too few to tell");
    // Two stations that always differed, and one of them has nothing to do today: that is no jump.
    let idle = counts(0, counted(1_000, 300), counted(0, 0));
    let busy = counts(0, counted(1_000, 10), counted(5_000, 50));
    assert_eq!(next(&PLAN, 0, None, &[idle, busy], 0), Next::Soak);
    let not_applied = Standing { applied: false, ..loud };
    assert_eq!(next(&PLAN, 1, None, &[not_applied], 0), Next::Wait);
}

#[test]
fn a_decision_is_flagged_by_a_rule_for_cause_and_by_nothing_else() {
    let of = |outcome: &str, rule: &str, ground: &str, supersedes: &str| {
        judged(&format!(
            r#"{{"seq":1,"body":{{"supersedes":{supersedes},"verdict":{{"outcome":"{outcome}","reasons":[{{"rule":"{rule}","ground":"{ground}","text":"x"}}]}},"versions":{{"rules":"r"}}}}}}"#
        ))
    };
    let flagged = |outcome, rule, ground| of(outcome, rule, ground, "null").unwrap().flagged;
    assert!(flagged("exam", "dangerous-goods.battery", "cause") && flagged("stop-in-place", "x", "cause"));
    assert!(!flagged("exam", "dangerous-goods.battery", "doubt") && !flagged("exam", "built-in.hold", "cause"));
    assert!(!flagged("exam", "built-in.sample", "chance") && !flagged("release", "x", "cause"));
    assert_eq!(of("exam", "x", "cause", "7"), None, "counted already");
    assert!(of("exam", "built-in.rule-failed", "doubt", "null").unwrap().failed);
    assert_eq!(judged("{}"), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn everybody_has_one_stage_and_the_order_of_asking_does_not_matter(
        rollout in 1_i64..1_000, count in 1_usize..80, first in 1_u8..50, more in 1_u8..50,
    ) {
        let staged = stages([format!("{first}%"), format!("{}%", first + more), "100%".to_owned()].iter().map(String::as_str)).unwrap();
        let mut all = stations(count);
        let once = assigned(rollout, &all, &staged);
        all.reverse();
        prop_assert_eq!(&assigned(rollout, &all, &staged), &once);
        prop_assert_eq!(once.len(), count);
        let until = |stage: usize| once.values().filter(|of| **of <= stage).count();
        prop_assert_eq!(until(0), (count * usize::from(first)).div_ceil(100));
        prop_assert_eq!(until(1), (count * usize::from(first + more)).div_ceil(100));
    }

    #[test]
    fn the_statistics_never_overflow_and_do_not_care_which_side_is_which(
        a in any::<u64>(), b in any::<u64>(), c in any::<u64>(), d in any::<u64>(), jump in 0_u32..200,
    ) {
        prop_assert_eq!(compared(counted(a, b), counted(c, d), jump), compared(counted(c, d), counted(a, b), jump));
        prop_assert_ne!(compared(counted(a, b), counted(a, b), jump), Compared::Jumped);
    }
}
