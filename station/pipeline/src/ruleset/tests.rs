//! What a pack may not be, with the sentence a technician reads; and the built-in pack against its cases.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::*;
use crate::judge::{Aed, Declaration, Detection, Inputs, Source, example, judge};
use crate::pass::PassKey;

const ENVELOPE: &str = "issuer = \"t\"\naudience = \"*\"\nversion = 1\nnot_before = 2020-01-01\nexpires = 2030-01-01\n";
const TABLE: &str = "[[table]]\nname = \"limit\"\nrows = [{ countries = [\"CN\"], value = 5 }]\n";

/// A pack of one rule with this condition; the condition stands on line 18.
fn pack_of(when: &str, more: &str) -> String {
    format!(
        "{ENVELOPE}{TABLE}[[rule]]\nid = \"a\"\nissue = \"revenue\"\nseverity = \"notice\"\npurpose = \"revenue\"\n\
         outcome = \"exam\"\naction = \"open\"\ntext = \"Said.\"\n{more}\nwhen = '''{when}'''\n"
    )
}

fn load(when: &str) -> Result<Ruleset, LoadError> {
    Ruleset::load("t.toml", &pack_of(when, ""))
}

/// The problem with a condition, which must be located as well.
fn problem(when: &str) -> String {
    let error = load(when).expect_err(when);
    assert_eq!((error.file.as_str(), error.rule.as_deref(), error.line), ("t.toml", Some("a"), 18), "{error}");
    error.problem
}

/// Loaded once: an unoptimised build parses for a while.
fn built_in() -> &'static Ruleset {
    static LOADED: OnceLock<Ruleset> = OnceLock::new();
    LOADED.get_or_init(|| Ruleset::built_in().unwrap_or_else(|error| panic!("{error}")))
}

fn clean() -> Inputs {
    example::clean(PassKey::parse("A/1/1").unwrap())
}

#[test]
fn the_built_in_pack_meets_every_one_of_its_cases() {
    let rules = built_in();
    let results = cases::run(rules, "default.cases", BUILT_IN_CASES).unwrap_or_else(|error| panic!("{error}"));
    assert!(results.len() >= 60, "{} cases", results.len());
    for number in 1..=9 {
        assert!(results.iter().any(|case| case.name.starts_with(&format!("T{number} "))), "T{number} is missing");
    }
    let failed: Vec<String> = results
        .iter()
        .filter(|case| !case.problems.is_empty())
        .map(|case| format!("default.cases:{}: {}: {}", case.line, case.name, case.problems.join("; ")))
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn every_rule_of_the_built_in_pack_has_a_case_that_brings_it_up() {
    for rule in built_in().explain() {
        let id = rule.rule.split('@').next().unwrap_or_default();
        let mut expected = BUILT_IN_CASES.lines().filter_map(|line| line.trim().strip_prefix("expect "));
        assert!(expected.any(|wanted| wanted.split('@').next() == Some(id)), "no case expects {id}");
    }
}

#[test]
fn every_issue_and_every_class_has_a_rule() {
    let rules = built_in();
    let explained = rules.explain();
    let mut classes: BTreeSet<DetectionClass> = BTreeSet::new();
    let mut issues: BTreeSet<IssueCode> = BTreeSet::new();
    for rule in &explained {
        if rule.outcome > Outcome::Release {
            classes.extend(&rule.classes);
            issues.insert(rule.issue);
        }
        assert!(rule.cost > 0 && !rule.when.is_empty());
    }
    for class in DetectionClass::ALL {
        assert!(classes.contains(class), "{class} has no rule");
    }
    // The process issues are judged in code, from the first of them on.
    for issue in IssueCode::ALL.iter().filter(|&&issue| issue < IssueCode::Targeting) {
        assert!(issues.contains(issue), "{issue} has no rule");
    }
    let device = explained.iter().find(|rule| rule.rule == "explosives.device").unwrap();
    assert_eq!(device.outcome, Outcome::StopInPlace);
    let duty = explained.iter().find(|rule| rule.rule == "revenue.duty-unpaid@entry").unwrap();
    assert_eq!(duty.tables, ["de_minimis_cents", "gift_cents"]);
    assert!(duty.reads.iter().all(|field| field.starts_with("entry.")), "{:?}", duty.reads);
}

#[test]
fn the_built_in_pack_is_well_within_its_limits() {
    let rules = built_in();
    assert!(rules.cost() * 2 < PACK_COST_MAX, "costs {}", rules.cost());
    assert_eq!(rules.digest_hex().len(), 64);
}

/// Must-show row 12.
#[test]
fn a_revenue_rule_over_advance_data_is_refused_and_over_the_entry_accepted() {
    assert_eq!(
        problem("aed.value_cents > 80000"),
        "its purpose is revenue, but `aed.value_cents` may be read for operations, safety, security, narcotics, \
         biosecurity only: read the same from `entry` or `post`, which `aed` data may not replace"
    );
    assert!(load("entry.value_cents > 80000").is_ok());
    // Neither by asking whether it is there, nor through `each`, nor in the text, nor through a table.
    assert!(problem("has(aed.value_cents)").starts_with("its purpose is revenue"));
    assert!(problem("table('limit', aed.origin) > 3").starts_with("its purpose is revenue"));
    let each = pack_of("declared.value_cents > 1", "each = [\"entry\", \"aed\"]");
    assert!(Ruleset::load("t.toml", &each).unwrap_err().problem.starts_with("its purpose is revenue"));
    let text = pack_of("entry.value_cents > 1", "").replace("Said.", "Said {aed.value_cents}.");
    assert!(Ruleset::load("t.toml", &text).unwrap_err().problem.starts_with("in the text: its purpose is revenue"));
    let safety = pack_of("aed.value_cents > 80000", "").replace("purpose = \"revenue\"", "purpose = \"safety\"");
    assert!(Ruleset::load("t.toml", &safety).is_ok());
}

/// A single declaration may permit less than its source; then the rule does not see it.
#[test]
fn a_declaration_that_forbids_the_purpose_is_not_read() {
    let rules = load("has(entry.value_cents) && entry.value_cents > 100").unwrap();
    let mut inputs = clean();
    let entry = Declaration { value_cents: Some(500), ..Declaration::of(Source::Entry) };
    inputs.declared.entry = Some(entry.clone());
    assert_eq!(rules.reasons(&inputs).len(), 1);
    let purposes = [Purpose::Safety].into();
    inputs.declared.entry = Some(Declaration { purposes, ..entry });
    assert_eq!(rules.reasons(&inputs), []);
}

#[test]
fn limits_are_refused_with_what_to_do() {
    let long = format!("entry.value_cents > 1 || \"{}\" == \"b\"", "a".repeat(1024));
    assert_eq!(problem(&long), "the condition is 1058 bytes long; at most 1024 are allowed: split it into two rules");
    let wide = format!("today in [{}]", vec!["1"; 200].join(","));
    assert_eq!(problem(&wide), "the condition has 203 nodes; at most 200 are allowed: split it into two rules");
    let heavy = "l.quantity > 1 || ".repeat(16);
    assert_eq!(
        problem(&format!("entry.lines.exists(l, {heavy} l.quantity > 2)")),
        "the condition costs 2178 at worst; at most 2000 is allowed: look at a shorter list, or split it"
    );
    assert_eq!(
        problem("entry.lines.exists(l, entry.lines.exists(m, m.quantity > l.quantity))"),
        "`exists` stands inside another comprehension, which costs without limit: make two rules"
    );
    assert_eq!(
        problem(
            "size(entry.lines.filter(l, l.quantity > 1).filter(m, size(entry.lines.filter(n, n.quantity > 1)) > 1)) > 0"
        ),
        "`filter` stands inside another comprehension, which costs without limit: make two rules"
    );
    assert_eq!(
        problem("entry.lines.exists(l, l.hs.matches('61.*'))"),
        "`matches` is not allowed: a regular expression has no cost limit; use startsWith or contains"
    );
    assert_eq!(problem("entry.lines.map(l, l.hs).size() > 1"), "`map` is not allowed: compare with `exists` or `all`");
    assert_eq!(problem("{'a': 1}.size() > 0"), "maps are not allowed: their order is not certain");
    assert_eq!(
        problem("timestamp('2025-01-01T00:00:00Z') > 1"),
        "`timestamp` is not allowed: the only date is `today`, a number as 20250829"
    );
    assert_eq!(problem("weight.grams > 1.5"), "numbers with a point are not allowed: write cents, grams, millimetres");
    let deep = format!("{}today > 1{}", "(".repeat(200), ")".repeat(200));
    assert_eq!(problem(&deep), "brackets stand more than 6 deep: make two rules");
    assert_eq!(problem(&"true ? false : ".repeat(3)), "there are more than 2 choices `? :`: make two rules");
    assert!(problem("weight.grams >").starts_with("the condition is not CEL: "));
}

#[test]
fn types_are_checked_and_the_nearest_name_is_told() {
    for (when, expected) in [
        ("entry.value_cent > 1", "there is no field `entry.value_cent`; did you mean `entry.value_cents`?"),
        ("seen.firarm > 1", "there is no field `seen.firarm`; did you mean `seen.firearm`?"),
        ("trusted_shipper", "there is no field `trusted_shipper`"),
        ("weight.grams == \"heavy\"", "cannot compare a whole number with a text"),
        ("weight.grams > \"1\"", "`>` needs a whole number on both sides, but has a whole number and a text"),
        ("entry.category == \"gfit\"", "there is no word `gfit` here; did you mean `gift`?"),
        ("\"batery\" in entry.contents", "there is no word `batery` here; did you mean `battery`?"),
        ("mail.class in [\"letter\", \"parcl\"]", "there is no word `parcl` here; did you mean `parcel`?"),
        ("item.origin == \"China\"", "`China` is not a country: two capital letters, as CN"),
        ("entry.lines.exists(l, l.hz == \"61\")", "there is no member `hz`; did you mean `hs`?"),
        ("entry.lines", "the condition must be true or false, but is a list"),
        ("weight.grams + 1", "the condition must be true or false, but is a whole number"),
        ("!weight.grams", "`!` needs true or false, but stands before a whole number"),
        ("table('limits', item.origin) > 1", "there is no table `limits`; did you mean `limit`?"),
        ("table('limit', weight.grams) > 1", "table `limit` is asked by a country, but here by a whole number"),
        (
            "declared.value_cents > 1",
            "`declared.value_cents` needs `each = [\"entry\", …]`, which says whose declaration is meant",
        ),
        ("sizes(entry.lines) > 1", "there is no function `sizes`; did you mean `size`?"),
        ("entry.lines.exists(l, l.quantity)", "`exists` needs true or false, but stands before a whole number"),
        ("today in [1, \"a\"]", "a list mixes numbers and texts"),
        ("true ? 1 : \"a\"", "`? :` must give one type, but gives a whole number or a text"),
    ] {
        assert_eq!(problem(when), expected);
    }
}

#[test]
fn a_pack_is_refused_with_its_line() {
    let error = |text: &str| Ruleset::load("t.toml", text).unwrap_err().to_string();
    let good = pack_of("true", "");
    assert_eq!(error(&good.replace("action =", "acton =")), "t.toml:15: unknown field `acton`; did you mean `action`?");
    assert_eq!(
        error(&good.replace("\"revenue\"\nseverity", "\"revenu\"\nseverity")),
        "t.toml:11: unknown variant `revenu`; did you mean `revenue`?"
    );
    assert_eq!(
        error(&good.replace("id = \"a\"", "id = \"A\"")),
        "t.toml:10: rule A: an id is 1 to 48 of `a-z 0-9 . -` and does not begin with `built-in`"
    );
    assert_eq!(
        error(&good.replace("outcome = \"exam\"", "outcome = \"stop-in-place\"\nclearable = true")),
        "t.toml:10: rule a: a stop in place is never cleared on the image: take `clearable` away"
    );
    assert_eq!(
        error(&good.replace("action =", "valid_from = 2025-02-01\nvalid_to = 2025-01-01\naction =")),
        "t.toml:10: rule a: ends on 2025-01-01, before it begins on 2025-02-01"
    );
    let overlapping =
        good.replace("value = 5 }", "value = 5 }, { countries = [\"CN\"], from = 2025-01-01, value = 6 }");
    assert_eq!(error(&overlapping), "t.toml:7: table `limit` rows 1 and 2 both answer on some day: end one of them");
    let twice = format!("{good}{}", &good[good.find("[[rule]]").unwrap()..]);
    assert!(error(&twice).ends_with("rule a: another rule has the same id"), "{}", error(&twice));
    assert!(error("").starts_with("t.toml:1: missing field `issuer`"));
    let text = "Said {entry.lines}.";
    assert_eq!(
        error(&good.replace("Said.", text)),
        "t.toml:10: rule a: the text cannot show `entry.lines`: it is a list"
    );
}

#[test]
fn a_pack_that_costs_too_much_as_a_whole_is_refused() {
    let rule = |number: usize| {
        pack_of("image.detections.exists(d, d.score > 1 && d.score > 2 && d.score > 3 && d.score > 4)", "")
            .split_once("[[rule]]")
            .map(|(_, rule)| format!("[[rule]]{}", rule.replace("id = \"a\"", &format!("id = \"a{number}\""))))
            .unwrap()
    };
    let pack: String = (0..20).map(rule).collect();
    let error = Ruleset::load("t.toml", &format!("{ENVELOPE}{pack}")).unwrap_err();
    assert!(error.problem.starts_with("with this rule the pack costs 1"), "{error}");
    assert!(error.problem.contains("at most 10000 is allowed"), "{error}");
}

#[test]
fn what_is_not_known_is_a_reason_and_false_wins_beside_it() {
    let lacking = |when: &str| -> Vec<String> {
        let mut inputs = clean();
        inputs.aed = Aed::Complete;
        let reasons = load(when).unwrap().reasons(&inputs);
        reasons.iter().map(|reason| reason.rule.to_string()).collect()
    };
    assert_eq!(lacking("entry.value_cents > 5"), ["built-in.unjudged.entry"]);
    assert_eq!(lacking("entry.value_cents > 5 && false"), [""; 0]);
    assert_eq!(lacking("false && entry.value_cents > 5"), [""; 0]);
    assert_eq!(lacking("entry.value_cents > 5 || true"), ["a"]);
    assert_eq!(lacking("entry.value_cents > 5 && true"), ["built-in.unjudged.entry"]);
    assert_eq!(lacking("has(entry.value_cents) && entry.value_cents > 5"), [""; 0]);
    assert_eq!(lacking("table('limit', item.origin) > 5"), ["built-in.unjudged.table limit"]);
    assert_eq!(lacking("9223372036854775807 + weight.grams > 5"), ["built-in.rule-failed"]);
    assert_eq!(lacking("weight.grams / 0 > 5"), ["built-in.rule-failed"]);
    assert_eq!(lacking("-weight.grams < 0"), ["a"]);
}

#[test]
fn comprehensions_look_at_every_element() {
    let mut inputs = clean();
    let seen = |class, score| Detection { class, score, bounds: [0, 0, 1, 1] };
    inputs.set_assessed(
        vec![
            seen(DetectionClass::Battery, 9000),
            seen(DetectionClass::Battery, 4000),
            seen(DetectionClass::Blade, 7000),
        ],
        None,
        9000,
    );
    let holds = |when: &str| load(when).unwrap().reasons(&inputs).iter().any(|reason| reason.rule.as_str() == "a");
    assert!(holds("image.detections.exists(d, d.class == 'battery' && d.score == 4000)"));
    assert!(!holds("image.detections.exists(d, d.class == 'battery' && d.score == 7000)"));
    assert!(holds("image.detections.all(d, d.score >= 4000)"));
    assert!(!holds("image.detections.all(d, d.class == 'battery')"));
    assert!(holds("image.detections.exists_one(d, d.class == 'blade')"));
    assert!(!holds("image.detections.exists_one(d, d.class == 'battery')"));
    assert!(holds("size(image.detections.filter(d, d.class == 'battery')) == 2"));
    assert!(holds("seen.battery == 9000 && seen.firearm == 0"));
}

#[test]
fn a_class_no_rule_asks_about_is_exam() {
    let mut inputs = clean();
    inputs.set_assessed(vec![Detection { class: DetectionClass::Vape, score: 1, bounds: [0; 4] }], None, 9000);
    let verdict = judge(&inputs, &load("seen.battery > 5000").unwrap());
    assert_eq!(verdict.outcome, Outcome::Exam);
    assert_eq!(
        verdict.reasons.iter().map(|reason| reason.rule.as_str()).collect::<Vec<_>>(),
        ["built-in.no-rule.vape"]
    );
}

#[test]
fn rules_outside_their_days_are_exam() {
    let rules = load("false").unwrap();
    let mut inputs = clean();
    inputs.today = Date::new(20310101);
    assert!(rules.reasons(&inputs).iter().any(|reason| reason.rule.as_str() == "built-in.rules-expired"));
    let dated = Ruleset::load("t.toml", &pack_of("true", "valid_to = 2024-12-31")).unwrap();
    inputs.today = Date::new(20241231);
    assert_eq!(dated.reasons(&inputs)[0].rule.as_str(), "a");
    inputs.today = Date::new(20250101);
    assert_eq!(dated.reasons(&inputs)[0].rule.as_str(), "built-in.no-rules");
    // While the day is not certain every rule holds.
    inputs.today = None;
    assert_eq!(dated.reasons(&inputs)[0].rule.as_str(), "a");
}

#[test]
fn sentences_show_money_percent_and_what_is_unknown() {
    let text = pack_of("true", "")
        .replace("Said.", "{entry.value_cents|usd} of {weight.grams * 2} g, {seen.firearm|percent}, {today|day}.");
    let rules = Ruleset::load("t.toml", &text).unwrap();
    let mut inputs = clean();
    let said = |inputs: &Inputs| rules.reasons(inputs)[0].text.to_string();
    assert_eq!(said(&inputs), "unknown of 1040 g, 0 %, 2026-11-22.");
    inputs.declared.entry = Some(Declaration { value_cents: Some(123456), ..Declaration::of(Source::Entry) });
    assert_eq!(said(&inputs), "$1234.56 of 1040 g, 0 %, 2026-11-22.");
}

#[test]
fn a_case_file_is_refused_with_its_line() {
    let rules = built_in();
    let error = |text: &str| cases::run(rules, "t.cases", text).unwrap_err().to_string();
    assert_eq!(error("expect exam"), "t.cases:1: a case begins with `case NAME`");
    assert_eq!(error("case a\n  expect weapons.firarm"), "t.cases:2: there is no rule `weapons.firarm`");
    assert_eq!(error("case a\n  sees gun 9"), "t.cases:2: there is no class `gun`");
    assert!(error("case a\n  set weight.gram = 4").starts_with("t.cases:2: the inputs have no `weight.gram`"));
    assert!(error("case a\n  set weight.grams = 4.5").contains("t.cases:2: `weight.grams`: "));
    let failing = cases::run(rules, "t.cases", "case a\n  sees firearm 9000\n  expect release\ncase b").unwrap();
    assert_eq!(failing[0].problems, ["expected release; got Exam, because of [weapons.firearm]"]);
    assert_eq!(failing[1].problems, ["expects nothing"]);
}

#[test]
fn the_order_of_rules_leaves_no_trace() {
    let (straight, mut reversed) = (built_in(), Ruleset::built_in().unwrap());
    reversed.rules.reverse();
    let mut inputs = clean();
    let found = DetectionClass::ALL.iter().map(|&class| Detection { class, score: 8000, bounds: [1, 2, 3, 4] });
    inputs.set_assessed(found.collect(), None, 9000);
    inputs.declared.aed.as_mut().unwrap().contents.clear();
    let verdict = judge(&inputs, straight);
    assert!(verdict.reasons.as_slice().len() >= 15);
    assert_eq!(judge(&inputs, &reversed), verdict);
}
