//! Rules: signed, versioned, dated data that turn inputs into reasons.
//!
//! A pack is TOML; a rule's condition is CEL, compiled once at load within limits (DESIGN §4.6). A rule can add a reason
//! and nothing else. What a rule cannot decide, because a field is not known, a date has no row, a number is too large,
//! is a reason as well: silence is never "safe". This module verifies no signature and opens no file.

mod table;
mod schema;
mod node;
mod compile;
mod lower;
mod text;
mod error;
mod pack;
mod explain;
pub mod cases;

use std::collections::{BTreeMap, BTreeSet};

use crate::judge::{
    Action, Date, DetectionClass, Evidence, Ground, Image, Inputs, IssueCode, Outcome, Purpose, Reason, Severity, Token,
};
use crate::record::Audience;

pub use crate::facts::today;
pub use error::LoadError;
pub use explain::Explained;
pub use pack::{PACK_BYTES_MAX, PACK_COST_MAX, RULES_MAX};

use compile::Reads;
use node::{Fault, Node, Scope};
use schema::Field;
use table::{Days, Table};
use text::Template;

/// The pack that ships inside the binary and is trusted as part of it.
pub const BUILT_IN: &str = include_str!("../rules/default.toml");
/// The cases that hold for it, in the form of [`cases`].
pub const BUILT_IN_CASES: &str = include_str!("../rules/default.cases");

/// A rule pack, checked and ready. Judging with it neither waits nor fails.
#[derive(Debug)]
pub struct Ruleset {
    issuer: Token,
    audience: Token,
    version: u64,
    not_before: Date,
    expires: Date,
    digest: [u8; 32],
    text: String,
    tables: Tables,
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Tables {
    names: Vec<String>,
    tables: Vec<Table>,
}

#[derive(Debug)]
struct Rule {
    id: Token,
    issue: IssueCode,
    severity: Severity,
    purpose: Purpose,
    ground: Ground,
    outcome: Outcome,
    action: Action,
    deepest_step: Action,
    clearable: bool,
    points: u16,
    audience: Audience,
    days: Days,
    /// The condition as written, for `explain`.
    source: String,
    when: Node,
    template: Template,
    cost: u64,
    /// What the condition reads, and what the text shows.
    reads: Reads,
    shown: Reads,
}

impl Ruleset {
    /// Reads a pack. `file` is only named in errors.
    ///
    /// # Errors
    /// [`LoadError`] names file, line, rule and remedy. Nothing of a refused pack is used.
    pub fn load(file: &str, text: &str) -> Result<Self, LoadError> {
        pack::load(file, text)
    }

    /// The pack inside the binary.
    ///
    /// # Errors
    /// None that a test would let pass; the type keeps the promise that nothing here panics.
    pub fn built_in() -> Result<Self, LoadError> {
        Self::load("default.toml", BUILT_IN)
    }

    pub fn issuer(&self) -> &str {
        self.issuer.as_str()
    }
    /// The facility or station the pack is for; `*` is all.
    pub fn audience(&self) -> &str {
        self.audience.as_str()
    }
    pub fn version(&self) -> u64 {
        self.version
    }
    /// The first day the pack holds.
    pub fn not_before(&self) -> Date {
        self.not_before
    }
    /// The last day the pack holds.
    pub fn expires(&self) -> Date {
        self.expires
    }
    /// BLAKE3 of the pack's text.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }
    /// The same, as 64 hexadecimal digits.
    pub fn digest_hex(&self) -> String {
        blake3::Hash::from(self.digest).to_hex().to_string()
    }
    /// The pack as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }
    /// What all rules cost together at worst, in nodes visited.
    pub fn cost(&self) -> u64 {
        self.rules.iter().map(|rule| rule.cost).sum()
    }

    /// Every reason these rules have against a parcel.
    pub(crate) fn reasons(&self, inputs: &Inputs) -> Vec<Reason> {
        let mut found = Found::default();
        for rule in self.in_force(inputs.today) {
            let scope = Scope { inputs, tables: &self.tables.tables, purpose: rule.purpose };
            match scope.holds(&rule.when) {
                Ok(true) => found.reasons.push(rule.reason(scope)),
                Ok(false) => {}
                Err(fault) => found.fault(&self.tables, rule, fault),
            }
        }
        self.uncovered(inputs, &mut found.reasons);
        self.validity(inputs, &mut found.reasons);
        found.into_reasons()
    }

    /// The rules of a day; all of them while the day is not certain, since a rule can only escalate.
    fn in_force(&self, today: Option<Date>) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(move |rule| today.is_none_or(|today| rule.days.include(today)))
    }

    /// A detection that no rule in force asks about would be silence.
    fn uncovered(&self, inputs: &Inputs, reasons: &mut Vec<Reason>) {
        let Image::Assessed { detections, .. } = &inputs.image else { return };
        let seen: BTreeSet<DetectionClass> = detections.iter().map(|detection| detection.class).collect();
        for class in seen {
            if !self.in_force(inputs.today).any(|rule| rule.reads.classes.contains(&class)) {
                let text = format!("The image shows {class}, and no rule says what to do about it.");
                reasons.push(Reason::doubt(&format!("no-rule.{class}"), IssueCode::Data, &text));
            }
        }
    }

    fn validity(&self, inputs: &Inputs, reasons: &mut Vec<Reason>) {
        let Some(today) = inputs.today else { return };
        if today < self.not_before || today > self.expires {
            let text = format!("The rules hold from {} to {}: not today.", self.not_before, self.expires);
            reasons.push(Reason::doubt("rules-expired", IssueCode::Data, &text));
        }
        if self.in_force(Some(today)).next().is_none() {
            reasons.push(Reason::doubt("no-rules", IssueCode::Data, "No rule is in force today."));
        }
    }
}

/// A pack, and the name that decisions give it. A parcel keeps the one of its first decision.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) rules: Ruleset,
    pub(crate) name: Token,
}

impl Named {
    /// A pack that comes into force while the lane runs.
    pub(crate) fn by_its_digest(rules: Ruleset) -> Self {
        Self { name: Token::clipped(&rules.digest_hex()), rules }
    }
}

/// What judging all rules brought up.
#[derive(Default)]
struct Found {
    reasons: Vec<Reason>,
    /// Rules that could not be judged, by the first part of what they lacked: `weight`, `seen`, `entry`.
    unjudged: BTreeMap<String, (u32, BTreeSet<String>)>,
    failed: BTreeSet<String>,
}

impl Found {
    fn fault(&mut self, tables: &Tables, rule: &Rule, fault: Fault) {
        let lacked = match fault {
            Fault::Unknown(field) => field.name(),
            Fault::NoMember(member) => format!("lines.{member}"),
            Fault::NoRow(place) => format!("table {}", tables.names.get(place).map_or("?", String::as_str)),
            Fault::Arithmetic | Fault::Type => {
                self.failed.insert(rule.id.to_string());
                return;
            }
        };
        let root = lacked.split('.').next().unwrap_or_default().to_owned();
        let (rules, fields) = self.unjudged.entry(root).or_default();
        *rules += 1;
        fields.insert(lacked);
    }

    fn into_reasons(mut self) -> Vec<Reason> {
        for (root, (rules, fields)) in self.unjudged {
            let text = format!("Not known: {root}; {rules} rules could not be judged without it.");
            let evidence = fields.iter().map(|field| Evidence::Field(Token::clipped(field)));
            let doubt = Reason::doubt(&format!("unjudged.{root}"), IssueCode::Data, &text).with_evidence(evidence);
            self.reasons.push(Reason { action: Action::DataReview, ..doubt });
        }
        if !self.failed.is_empty() {
            let failed: Vec<String> = self.failed.into_iter().take(4).collect();
            let text = format!("Rules failed and were not judged: {}.", failed.join(", "));
            self.reasons.push(Reason::doubt("rule-failed", IssueCode::Data, &text));
        }
        self.reasons
    }
}

impl Rule {
    fn reason<'a>(&'a self, scope: Scope<'a>) -> Reason {
        Reason {
            rule: self.id.clone(),
            issue: self.issue,
            severity: self.severity,
            purpose: self.purpose,
            ground: self.ground,
            outcome: self.outcome,
            action: self.action,
            deepest_step: self.deepest_step,
            clearable: self.clearable,
            points: self.points,
            audience: self.audience.clone(),
            evidence: Default::default(),
            text: self.template.show(scope),
        }
        .with_evidence(self.evidence(scope.inputs))
    }

    /// The detections of the classes this rule asks about, then the fields it read.
    fn evidence(&self, inputs: &Inputs) -> Vec<Evidence> {
        let mut evidence = Vec::new();
        if let Image::Assessed { detections, .. } = &inputs.image {
            for (place, _) in detections.iter().enumerate().filter(|(_, seen)| self.reads.classes.contains(&seen.class))
            {
                evidence.push(Evidence::Detection(place as u16));
            }
        }
        let fields = self.reads.fields.iter().filter(|field| !matches!(field, Field::Seen(_)));
        evidence.extend(fields.map(|field| Evidence::Field(Token::clipped(&field.name()))));
        evidence
    }
}

#[cfg(test)]
mod tests;
