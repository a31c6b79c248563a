//! A rule pack as text: TOML in, checked rules out, or an error that names the file, the line and the rule.
//!
//! The envelope's fields (issuer, audience, version, days) stand in the same text, under the same signature; who
//! verifies the signature verifies these very bytes. Unknown keys are refused.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::compile::{Compiled, Reads, compile};
use super::error::{LoadError, did_you_mean, line_of};
use super::schema::Type;
use super::table::{self, Days, TableText};
use super::text::Template;
use super::{Rule, Ruleset, Tables};
use crate::judge::{Action, Ground, IssueCode, Outcome, Purpose, Severity, Source, Token};
use crate::record::Audience;

pub const PACK_BYTES_MAX: usize = 1 << 20;
pub const RULES_MAX: usize = 256;
const TABLES_MAX: usize = 64;
/// What all rules of a pack may cost together: the nodes visited for one parcel at worst.
pub const PACK_COST_MAX: u64 = 10_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PackText {
    issuer: String,
    /// The facility or station this is for; `*` is all.
    audience: String,
    version: u64,
    not_before: toml::value::Datetime,
    expires: toml::value::Datetime,
    #[serde(default, rename = "table")]
    tables: Vec<TableText>,
    #[serde(default, rename = "rule")]
    rules: Vec<RuleText>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    id: toml::Spanned<String>,
    issue: IssueCode,
    severity: Severity,
    purpose: Purpose,
    #[serde(default = "cause")]
    ground: Ground,
    outcome: Outcome,
    action: Action,
    /// The deepest step it permits; its action, where nothing is said.
    deepest_step: Option<Action>,
    #[serde(default)]
    clearable: bool,
    #[serde(default)]
    points: u16,
    #[serde(default)]
    officers_only: bool,
    valid_from: Option<toml::value::Datetime>,
    valid_to: Option<toml::value::Datetime>,
    each: Option<Vec<Source>>,
    when: toml::Spanned<String>,
    text: String,
}

fn cause() -> Ground {
    Ground::Cause
}

/// Reads and checks a whole pack.
pub(super) fn load(file: &str, text: &str) -> Result<Ruleset, LoadError> {
    let refuse = |line: usize, problem: String| LoadError { file: file.to_owned(), line, rule: None, problem };
    if text.len() > PACK_BYTES_MAX {
        return Err(refuse(1, format!("the pack is {} bytes long; at most {PACK_BYTES_MAX} are allowed", text.len())));
    }
    let pack: PackText = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        refuse(line, explain_toml(error.message()))
    })?;
    let envelope = |problem| refuse(1, problem);
    let issuer =
        Token::new(&pack.issuer).ok_or_else(|| envelope("`issuer` must be 1 to 64 ASCII characters".into()))?;
    let audience =
        Token::new(&pack.audience).ok_or_else(|| envelope("`audience` must be 1 to 64 ASCII characters".into()))?;
    let not_before = table::day(pack.not_before).map_err(envelope)?;
    let expires = table::day(pack.expires).map_err(envelope)?;
    if pack.rules.len() > RULES_MAX || pack.tables.len() > TABLES_MAX {
        let (rules, tables) = (pack.rules.len(), pack.tables.len());
        return Err(envelope(format!(
            "the pack has {rules} rules and {tables} tables; at most {RULES_MAX} and {TABLES_MAX} are allowed"
        )));
    }
    let (names, tables) = table::read_all(file, text, pack.tables)?.into_iter().unzip();
    let tables = Tables { names, tables };
    let rules = read_rules(file, text, pack.rules, &tables)?;
    let digest = *blake3::hash(text.as_bytes()).as_bytes();
    Ok(Ruleset {
        issuer,
        audience,
        version: pack.version,
        not_before,
        expires,
        digest,
        text: text.to_owned(),
        tables,
        rules,
    })
}

fn read_rules(file: &str, pack: &str, texts: Vec<RuleText>, tables: &Tables) -> Result<Vec<Rule>, LoadError> {
    let (mut rules, mut ids, mut cost) = (Vec::new(), BTreeSet::new(), 0);
    for text in texts {
        let id = text.id.get_ref().clone();
        let id_line = line_of(pack, text.id.span().start);
        let when_line = line_of(pack, text.when.span().start);
        let refuse = |line, problem| LoadError { file: file.to_owned(), line, rule: Some(id.clone()), problem };
        if !ids.insert(id.clone()) {
            return Err(refuse(id_line, "another rule has the same id".to_owned()));
        }
        let days = Days::read(text.valid_from, text.valid_to).map_err(|problem| refuse(id_line, problem))?;
        check_shape(&text).map_err(|problem| refuse(id_line, problem))?;
        let sources: Vec<Option<Source>> = match &text.each {
            Some(each) => each.iter().copied().map(Some).collect(),
            None => vec![None],
        };
        for source in sources {
            let rule = read_rule(&text, source, days, tables)
                .map_err(|(in_when, problem)| refuse(if in_when { when_line } else { id_line }, problem))?;
            cost += rule.cost;
            rules.push(rule);
        }
        if cost > PACK_COST_MAX {
            let problem = format!(
                "with this rule the pack costs {cost} at worst; at most {PACK_COST_MAX} is allowed: make conditions \
                 shorter, or compare with `seen` instead of looking through image.detections"
            );
            return Err(refuse(when_line, problem));
        }
        if rules.len() > RULES_MAX {
            return Err(refuse(id_line, format!("`each` makes more than {RULES_MAX} rules")));
        }
    }
    Ok(rules)
}

/// What a rule may say about itself.
fn check_shape(text: &RuleText) -> Result<(), String> {
    let id = text.id.get_ref();
    let spelled = id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-');
    if id.is_empty() || id.len() > 48 || !spelled || id.starts_with("built-in") {
        return Err("an id is 1 to 48 of `a-z 0-9 . -` and does not begin with `built-in`".to_owned());
    }
    if text.ground == Ground::Chance {
        return Err("chance is drawn by the station, not by a rule: use `cause` or `doubt`".to_owned());
    }
    if text.clearable && text.outcome == Outcome::StopInPlace {
        return Err("a stop in place is never cleared on the image: take `clearable` away".to_owned());
    }
    if text.outcome == Outcome::Release && text.action > Action::DataReview {
        return Err("a rule that only informs (outcome release) asks for `none` or `data-review`".to_owned());
    }
    if text.outcome > Outcome::Release && text.action == Action::None {
        return Err("a rule that stops a parcel must say by what `action` it is settled".to_owned());
    }
    if text.deepest_step.is_some_and(|deepest| deepest < text.action) {
        return Err("`deepest_step` permits less than `action` asks for".to_owned());
    }
    if text.points > 10_000 {
        return Err("`points` go from 0 to 10,000".to_owned());
    }
    if text.each.as_ref().is_some_and(Vec::is_empty) {
        return Err("`each` names no source; there are aed, entry, post".to_owned());
    }
    Ok(())
}

/// One rule for one source. The error says whether it lies in `when`.
fn read_rule(text: &RuleText, each: Option<Source>, days: Days, tables: &Tables) -> Result<Rule, (bool, String)> {
    let Compiled { node, kind, cost, reads } =
        compile(text.when.get_ref(), tables, each).map_err(|problem| (true, problem))?;
    if kind != Type::Bool {
        return Err((true, format!("the condition must be true or false, but is {}", kind.describe())));
    }
    let (template, shown, shown_cost) = Template::read(&text.text, tables, each).map_err(|problem| (false, problem))?;
    check_purpose(text.purpose, &reads).map_err(|problem| (true, problem))?;
    check_purpose(text.purpose, &shown).map_err(|problem| (false, format!("in the text: {problem}")))?;
    let id = each.map_or_else(|| text.id.get_ref().clone(), |source| format!("{}@{source}", text.id.get_ref()));
    Ok(Rule {
        id: Token::clipped(&id),
        issue: text.issue,
        severity: text.severity,
        purpose: text.purpose,
        ground: text.ground,
        outcome: text.outcome,
        action: text.action,
        deepest_step: text.deepest_step.unwrap_or(text.action),
        clearable: text.clearable,
        points: text.points,
        audience: if text.officers_only { Audience::Officer } else { Audience::All },
        days,
        source: text.when.get_ref().trim().to_owned(),
        when: node,
        template,
        cost: cost + shown_cost,
        shown,
        reads,
    })
}

/// Promise 12: a rule that reads what its purpose does not allow is refused at load.
fn check_purpose(purpose: Purpose, reads: &Reads) -> Result<(), String> {
    let forbidden = reads.fields.union(&reads.presence).find(|field| !field.permits(purpose));
    let Some(field) = forbidden else { return Ok(()) };
    let name = field.name();
    let source = name.split('.').next().unwrap_or_default().to_owned();
    let permitted: Vec<&str> =
        Purpose::ALL.iter().filter(|&&purpose| field.permits(purpose)).map(|purpose| purpose.as_str()).collect();
    Err(format!(
        "its purpose is {purpose}, but `{name}` may be read for {} only: read the same from `entry` or `post`, which \
         `{source}` data may not replace",
        permitted.join(", ")
    ))
}

/// TOML's own message on one line, with the nearest word where one was unknown.
fn explain_toml(message: &str) -> String {
    let message = message.replace('\n', " ");
    let mut quoted = message.split('`').skip(1).step_by(2);
    let nearest = match quoted.next() {
        Some(wrong) if message.starts_with("unknown ") => did_you_mean(wrong, quoted),
        _ => String::new(),
    };
    let message = message.split(", expected").next().unwrap_or_default();
    format!("{message}{nearest}")
}
