//! What each rule reads, costs and is for: `gatepost rules explain`.

use serde::Serialize;

use super::{Rule, Ruleset};
use crate::judge::{Action, Date, DetectionClass, IssueCode, Outcome, Purpose, Severity};

/// One rule, laid open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explained {
    pub rule: String,
    pub issue: IssueCode,
    pub severity: Severity,
    pub purpose: Purpose,
    pub outcome: Outcome,
    pub action: Action,
    pub clearable: bool,
    /// First and last day; nothing is open.
    pub valid_from: Option<Date>,
    pub valid_to: Option<Date>,
    pub when: String,
    pub reads: Vec<String>,
    pub tables: Vec<String>,
    pub classes: Vec<DetectionClass>,
    /// Nodes visited at worst.
    pub cost: u64,
}

impl Ruleset {
    /// Every rule in the order of the pack.
    pub fn explain(&self) -> Vec<Explained> {
        self.rules.iter().map(|rule| self.explain_rule(rule)).collect()
    }

    fn explain_rule(&self, rule: &Rule) -> Explained {
        let fields = [&rule.reads.fields, &rule.reads.presence, &rule.shown.fields, &rule.shown.presence];
        let mut reads: Vec<String> = fields.into_iter().flatten().map(|field| field.name()).collect();
        reads.sort();
        reads.dedup();
        let tables = rule.reads.tables.union(&rule.shown.tables);
        Explained {
            rule: rule.id.to_string(),
            issue: rule.issue,
            severity: rule.severity,
            purpose: rule.purpose,
            outcome: rule.outcome,
            action: rule.action,
            clearable: rule.clearable,
            valid_from: rule.days.from,
            valid_to: rule.days.to,
            when: rule.source.clone(),
            reads,
            tables: tables.filter_map(|&place| self.tables.names.get(place).cloned()).collect(),
            classes: rule.reads.classes.iter().copied().collect(),
            cost: rule.cost,
        }
    }
}
