//! Cases of a rule pack as text an officer could read, and their running: `gatepost rules test`.
//!
//! ```text
//! case a battery nobody declared
//!     today 2026-11-22
//!     sees battery 8000
//!     declares entry
//!     set declared.entry.value_cents = 4500
//!     expect exam
//!     expect dangerous-goods.battery
//!     expect no revenue.duty-unpaid@entry
//!     expect clearable
//! ```
//! A case starts from a clean parcel (`base blank`: from nothing known). `set` takes a path of the inputs, as a record
//! writes them, and a JSON value.

use gatepost_hardware::units::Grams;
use serde_json::Value as Json;

use super::Ruleset;
use super::error::LoadError;
use super::schema::Value;
use crate::judge::{
    Action, Date, Declaration, Detection, DetectionClass, Image, Inputs, Outcome, Source, Verdict, clearable, example,
    judge,
};
use crate::pass::PassKey;

/// How one case went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseResult {
    pub name: String,
    pub line: usize,
    /// What was expected and did not come, in order; empty is good.
    pub problems: Vec<String>,
}

/// Runs all cases of a text. `file` is only named in errors.
///
/// # Errors
/// [`LoadError`] for a line that cannot be read or a value the inputs do not take.
pub fn run(rules: &Ruleset, file: &str, text: &str) -> Result<Vec<CaseResult>, LoadError> {
    let mut results = Vec::new();
    let mut open: Option<Case> = None;
    for (index, line) in text.lines().enumerate() {
        let (number, line) = (index + 1, line.trim());
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let refuse = |problem: String| LoadError { file: file.to_owned(), line: number, rule: None, problem };
        if let Some(name) = line.strip_prefix("case ") {
            results.extend(open.take().map(|case| case.finish()));
            open = Some(Case::new(name, number).map_err(refuse)?);
        } else {
            let case = open.as_mut().ok_or_else(|| refuse("a case begins with `case NAME`".to_owned()))?;
            case.line(rules, line).map_err(refuse)?;
        }
    }
    results.extend(open.map(Case::finish));
    Ok(results)
}

struct Case {
    name: String,
    line: usize,
    inputs: Inputs,
    /// Made at the first expectation.
    verdict: Option<Verdict>,
    problems: Vec<String>,
}

fn example_pass() -> Result<PassKey, String> {
    PassKey::parse("A/1/1").ok_or_else(|| "the example pass is not one".to_owned())
}

impl Case {
    fn new(name: &str, line: usize) -> Result<Self, String> {
        let inputs = example::clean(example_pass()?);
        Ok(Self { name: name.to_owned(), line, inputs, verdict: None, problems: Vec::new() })
    }

    fn finish(mut self) -> CaseResult {
        if self.verdict.is_none() {
            self.problems.push("expects nothing".to_owned());
        }
        CaseResult { name: self.name, line: self.line, problems: self.problems }
    }

    fn line(&mut self, rules: &Ruleset, line: &str) -> Result<(), String> {
        let (verb, rest) = line.split_once(' ').ok_or_else(|| format!("`{line}` says nothing"))?;
        if verb == "expect" {
            return self.expect(rules, rest);
        }
        if self.verdict.is_some() {
            return Err(format!("`{verb}` stands after `expect`: begin a new case"));
        }
        match verb {
            "base" if rest == "blank" => self.inputs = Inputs::blank(example_pass()?),
            "today" => {
                let date = Date::parse(rest).ok_or_else(|| format!("`{rest}` is not a day, as 2025-08-29"))?;
                self.inputs.today = Some(date);
            }
            "declares" => self.declares(rest)?,
            "sees" => self.sees(rest)?,
            "set" => self.set(rest)?,
            _ => return Err(format!("there is no `{verb}`; there are base, today, declares, sees, set, expect")),
        }
        Ok(())
    }

    fn declares(&mut self, rest: &str) -> Result<(), String> {
        let source = Source::parse(rest).ok_or_else(|| format!("`{rest}` is not a source: aed, entry, post"))?;
        let declaration = Some(Declaration::of(source));
        match source {
            Source::Aed => self.inputs.declared.aed = declaration,
            Source::Entry => self.inputs.declared.entry = declaration,
            Source::Post => self.inputs.declared.post = declaration,
        }
        Ok(())
    }

    fn sees(&mut self, rest: &str) -> Result<(), String> {
        let (class, score) = rest.split_once(' ').ok_or("`sees` needs a class and a score, as `sees battery 8000`")?;
        let class = DetectionClass::parse(class).ok_or_else(|| format!("there is no class `{class}`"))?;
        let score = score.parse().ok().filter(|&score: &u16| score <= 10_000);
        let score = score.ok_or("a score goes from 0 to 10000")?;
        let (mut seen, mass_g, quality) = match &self.inputs.image {
            Image::Assessed { detections, mass_g, quality } => (detections.as_slice().to_vec(), *mass_g, *quality),
            Image::NotYet | Image::Blind { .. } => (Vec::new(), None::<Grams>, 9_000),
        };
        seen.push(Detection { class, score, bounds: [10, 10, 60, 60] });
        self.inputs.set_assessed(seen, mass_g, quality);
        Ok(())
    }

    fn set(&mut self, rest: &str) -> Result<(), String> {
        let (path, value) =
            rest.split_once('=').ok_or("`set` needs a path and a value, as `set mail_class = \"ems\"`")?;
        let value: Json =
            serde_json::from_str(value.trim()).map_err(|error| format!("the value is not JSON: {error}"))?;
        let mut inputs = serde_json::to_value(&self.inputs).map_err(|error| error.to_string())?;
        let mut at = &mut inputs;
        for key in path.trim().split('.') {
            at = at.get_mut(key).ok_or_else(|| format!("the inputs have no `{}` at `{key}` now", path.trim()))?;
        }
        *at = value;
        self.inputs = serde_json::from_value(inputs).map_err(|error| format!("`{}`: {error}", path.trim()))?;
        Ok(())
    }

    fn expect(&mut self, rules: &Ruleset, wanted: &str) -> Result<(), String> {
        let verdict = self.verdict.get_or_insert_with(|| judge(&self.inputs, rules));
        let has = |rule: &str| verdict.reasons.iter().any(|reason| reason.rule.as_str() == rule);
        let words: Vec<&str> = wanted.split_whitespace().collect();
        let met = match words.as_slice() {
            ["release"] => verdict.outcome == Outcome::Release,
            ["exam"] => verdict.outcome == Outcome::Exam,
            ["stop-in-place"] => verdict.outcome == Outcome::StopInPlace,
            ["clearable"] => clearable(verdict).is_ok(),
            ["not", "clearable"] => clearable(verdict).is_err(),
            ["action", action] => {
                verdict.action == Action::parse(action).ok_or_else(|| format!("there is no action `{action}`"))?
            }
            ["table", name, key, "=", value] => rules.look_up(name, &self.inputs, key) == value.parse().ok(),
            ["no", rule] => rules.knows(rule)? && !has(rule),
            [rule] => rules.knows(rule)? && has(rule),
            _ => return Err(format!("`expect {wanted}` cannot be read")),
        };
        if !met {
            let got: Vec<&str> = verdict.reasons.iter().map(|reason| reason.rule.as_str()).collect();
            self.problems.push(format!(
                "expected {wanted}; got {:?}, because of [{}]",
                verdict.outcome,
                got.join(", ")
            ));
        }
        Ok(())
    }
}

impl Ruleset {
    /// A table's value, for a case.
    fn look_up(&self, name: &str, inputs: &Inputs, key: &str) -> Option<i64> {
        let place = self.tables.names.iter().position(|known| known == name)?;
        let key = key.parse().map_or(Value::Text(key), Value::Int);
        self.tables.tables[place].look_up(inputs.today?, &key)
    }

    /// A case that names no existing rule would pass for ever.
    fn knows(&self, rule: &str) -> Result<bool, String> {
        let known = rule.starts_with("built-in.") || self.rules.iter().any(|known| known.id.as_str() == rule);
        if known { Ok(true) } else { Err(format!("there is no rule `{rule}`")) }
    }
}
