//! `gatepost rules`: a rule pack as data: can it be used, what is in it, do its cases hold.

use std::path::PathBuf;

use clap::Subcommand;
use gatepost_pipeline::ruleset::{BUILT_IN_CASES, Ruleset, cases};
use serde::Serialize;

use super::{Ending, Failure, Outcome, document, read_text, say};

#[derive(Subcommand)]
pub(super) enum Arguments {
    /// Can this pack be used
    Check {
        /// The pack; without one, the pack built in
        pack: Option<PathBuf>,
    },
    /// Every rule: what it asks, reads, costs and does
    Explain {
        /// The pack; without one, the pack built in
        pack: Option<PathBuf>,
        /// Only rules whose name begins so
        #[arg(long, value_name = "NAME")]
        rule: Option<String>,
    },
    /// Do the cases hold
    Test {
        /// The pack; without one, the pack built in and its cases
        #[arg(requires = "cases")]
        pack: Option<PathBuf>,
        /// The cases, as text
        cases: Option<PathBuf>,
    },
}

pub(super) fn rules(arguments: Arguments, json: bool) -> Outcome {
    match arguments {
        Arguments::Check { pack } => check(pack, json),
        Arguments::Explain { pack, rule } => explain(pack, rule.as_deref(), json),
        Arguments::Test { pack, cases } => test(pack, cases, json),
    }
}

fn load(pack: Option<PathBuf>) -> Result<Ruleset, Failure> {
    let loaded = match pack {
        None => Ruleset::built_in(),
        Some(path) => Ruleset::load(&path.display().to_string(), &read_text(&path)?),
    };
    loaded.map_err(|error| Failure::Problem(error.to_string()))
}

#[derive(Serialize)]
struct Checked {
    issuer: String,
    audience: String,
    version: u64,
    not_before: String,
    expires: String,
    digest: String,
    rules: usize,
    cost: u64,
}

fn check(pack: Option<PathBuf>, json: bool) -> Outcome {
    let rules = load(pack)?;
    let checked = Checked {
        issuer: rules.issuer().to_owned(),
        audience: rules.audience().to_owned(),
        version: rules.version(),
        not_before: rules.not_before().to_string(),
        expires: rules.expires().to_string(),
        digest: rules.digest_hex(),
        rules: rules.explain().len(),
        cost: rules.cost(),
    };
    if json {
        document(&checked)?;
    } else {
        let Checked { issuer, version, not_before, expires, digest, rules, cost, .. } = &checked;
        say(format!("good: {rules} rules of {issuer}, version {version}, {not_before} to {expires}, cost {cost}"));
        say(format!("  digest {digest}"));
    }
    Ok(Ending::Good)
}

fn explain(pack: Option<PathBuf>, named: Option<&str>, json: bool) -> Outcome {
    let mut explained = load(pack)?.explain();
    if let Some(named) = named {
        explained.retain(|one| one.rule.starts_with(named));
        if explained.is_empty() {
            return Err(Failure::Usage(format!("--rule {named}: no rule's name begins so; leave it out to see all")));
        }
    }
    if json {
        document(&explained)?;
        return Ok(Ending::Good);
    }
    for one in &explained {
        let clearable = if one.clearable { ", may be cleared on the image" } else { "" };
        say(format!(
            "{}: {} -> {} by {}{clearable}",
            one.rule,
            one.severity,
            super::hold::word(one.outcome),
            one.action
        ));
        say(format!("  about {}, for {}, cost {}", one.issue, one.purpose, one.cost));
        say(format!("  when {}", one.when));
        if !one.reads.is_empty() {
            say(format!("  reads {}", one.reads.join(", ")));
        }
    }
    Ok(Ending::Good)
}

#[derive(Serialize)]
struct Case {
    name: String,
    line: usize,
    problems: Vec<String>,
}

fn test(pack: Option<PathBuf>, file: Option<PathBuf>, json: bool) -> Outcome {
    let rules = load(pack)?;
    let (name, text) = match &file {
        Some(path) => (path.display().to_string(), read_text(path)?),
        None => ("default.cases".to_owned(), BUILT_IN_CASES.to_owned()),
    };
    let results = cases::run(&rules, &name, &text).map_err(|error| Failure::Problem(error.to_string()))?;
    let failed = results.iter().filter(|case| !case.problems.is_empty()).count();
    if json {
        let cases = results.into_iter().map(|case| Case { name: case.name, line: case.line, problems: case.problems });
        document(&cases.collect::<Vec<_>>())?;
    } else {
        for case in results.iter().filter(|case| !case.problems.is_empty()) {
            case.problems.iter().for_each(|one| say(format!("{name}:{}: case {}: {one}", case.line, case.name)));
        }
        say(format!("{} cases, {failed} do not hold", results.len()));
    }
    Ok(Ending::of(failed == 0))
}
