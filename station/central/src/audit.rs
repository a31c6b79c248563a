//! Audit A: decisions judged again from their own inputs, with the same rules. Same inputs, same verdict, or a person
//! looks.
//!
//! Pure but for the loop at the end. It adds no opinion: the pipeline's judge is asked, the answers are compared. A
//! decision by rules that central does not have is *unjudged*, which is not *same*.

use std::collections::BTreeMap;
use std::time::Duration;

use gatepost_pipeline::drive::Versions;
use gatepost_pipeline::judge::{Inputs, Verdict, Viewer, judge};
use gatepost_pipeline::ruleset::Ruleset;
use serde::Deserialize;
use tokio::sync::watch;

use crate::intake::wall_ms;
use crate::store::Store;

/// Decisions judged between two looks at the time.
const AT_ONCE: u32 = 200;
/// Between two rounds, when the last one found nothing to do.
const PAUSE: Duration = Duration::from_secs(2);
/// The shortest abbreviation of a rule pack's digest that is believed.
const DIGEST_DIGITS_MIN: usize = 12;

/// The rule packs central knows, by the hexadecimal digest of their text.
pub struct Rules {
    packs: BTreeMap<String, Ruleset>,
}

/// Of a decision's body, what judging it again needs. What stands beside it, as the bytes of its weights, may be of newer
/// software than central's.
#[derive(Deserialize)]
struct Judged {
    inputs: Inputs,
    verdict: Verdict,
    versions: Versions,
}

/// What came of judging one decision again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    Same,
    Differs(String),
    Unjudged(String),
}

impl Finding {
    /// As it is written in the table.
    pub fn name(&self) -> &'static str {
        match self {
            Finding::Same => "same",
            Finding::Differs(_) => "differs",
            Finding::Unjudged(_) => "unjudged",
        }
    }
    pub fn detail(&self) -> &str {
        match self {
            Finding::Same => "",
            Finding::Differs(detail) | Finding::Unjudged(detail) => detail,
        }
    }
}

impl Rules {
    /// The pack inside the binary and those given.
    ///
    /// # Errors
    /// When the built-in pack does not load; the text says why.
    pub fn new(others: Vec<Ruleset>) -> Result<Self, String> {
        let built_in = Ruleset::built_in().map_err(|error| error.to_string())?;
        let packs = others.into_iter().chain([built_in]).map(|pack| (pack.digest_hex(), pack)).collect();
        Ok(Self { packs })
    }

    /// Packs that rollouts brought since.
    async fn learn(&mut self, store: &Store) -> Result<(), crate::store::StoreError> {
        for digest in store.rollout_digests().await? {
            if self.packs.contains_key(&digest) {
                continue;
            }
            // It loaded when its rollout began.
            let text = store.rollout_pack(&digest).await?.unwrap_or_default();
            if let Ok(pack) = Ruleset::load("a rollout's pack", &text) {
                self.packs.insert(digest, pack);
            }
        }
        Ok(())
    }

    /// By the whole digest or its beginning.
    fn named(&self, name: &str) -> Option<&Ruleset> {
        if name.len() < DIGEST_DIGITS_MIN {
            return None;
        }
        let (digest, pack) = self.packs.range(name.to_owned()..).next()?;
        digest.starts_with(name).then_some(pack)
    }

    /// Judges one decision again.
    pub fn audit(&self, body: &serde_json::Value) -> Finding {
        let decision: Judged = match Deserialize::deserialize(body) {
            Ok(decision) => decision,
            Err(error) => return Finding::Unjudged(format!("not a decision this version understands: {error}")),
        };
        let Some(rules) = self.named(decision.versions.rules.as_str()) else {
            return Finding::Unjudged(format!("the rules {} are not here", decision.versions.rules.as_str()));
        };
        let again = judge(&decision.inputs, rules);
        if decision.verdict == again {
            return Finding::Same;
        }
        // The text goes into a log: it names what everybody may know, and a restricted reason is a draw there too.
        let nobody = Viewer { officer: false, groups: &[] };
        let seen = |verdict: &Verdict| verdict.seen_by(nobody, decision.inputs.mail_class);
        Finding::Differs(differences(&seen(&decision.verdict), &seen(&again)))
    }
}

/// What differs, in the order in which it matters.
fn differences(recorded: &Verdict, again: &Verdict) -> String {
    let rules = |verdict: &Verdict| -> Vec<String> {
        verdict.reasons.as_slice().iter().map(|reason| reason.rule.as_str().to_owned()).collect()
    };
    let (had, has) = (rules(recorded), rules(again));
    let only = |these: &[String], those: &[String]| -> String {
        these.iter().filter(|rule| !those.contains(rule)).cloned().collect::<Vec<_>>().join(", ")
    };
    format!(
        "recorded {:?}, judged again {:?}; only recorded: [{}]; only now: [{}]",
        recorded.outcome,
        again.outcome,
        only(&had, &has),
        only(&has, &had)
    )
}

/// Judges what has been verified, station by station, until stopped.
pub async fn run(store: Store, mut rules: Rules, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Err(error) = rules.learn(&store).await {
            tracing::warn!("audit: {error}");
        }
        let found = match round(&store, &rules).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!("audit: {error}");
                0
            }
        };
        if found > 0 {
            tokio::task::yield_now().await;
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// One round over every station; says how many decisions were judged.
///
/// # Errors
/// When the database refuses; what was judged before is kept.
pub async fn round(store: &Store, rules: &Rules) -> Result<usize, crate::store::StoreError> {
    let mut judged = 0;
    for committed in store.committed().await? {
        let station = committed.address.station.as_str();
        let decisions = store.unaudited(station, AT_ONCE).await?;
        let mut findings = Vec::with_capacity(decisions.len());
        for decision in &decisions {
            let envelope: Result<serde_json::Value, _> = serde_json::from_str(&decision.envelope);
            let finding = match envelope.ok().and_then(|envelope| envelope.get("body").map(|body| rules.audit(body))) {
                Some(finding) => finding,
                None => Finding::Unjudged("the record has no body".to_owned()),
            };
            if let Finding::Differs(detail) = &finding {
                tracing::warn!(station, decision.seq, "audit: a decision judged again differs: {detail}");
            }
            findings.push((decision.seq, finding));
        }
        judged += findings.len();
        if !findings.is_empty() {
            store.keep_findings(station, &findings, wall_ms()).await?;
        }
    }
    Ok(judged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatepost_pipeline::judge::{Inputs, Token, example};
    use gatepost_pipeline::pass::PassKey;
    use serde_json::{Value, json};

    /// A decision as the drive writes it, about a parcel with nothing against it.
    fn decision(rules: &Ruleset) -> Value {
        let inputs = example::clean(PassKey::parse("A/1/7").unwrap());
        let verdict = judge(&inputs, rules);
        let version = Token::clipped("1");
        json!({
            "pass": "A/1/7", "revision": 1, "supersedes": null, "image": null, "inputs": inputs, "verdict": verdict,
            "versions": {
                "software": version, "rules": Token::clipped(&rules.digest_hex()), "model": version,
                "engine": version, "lists": version
            }
        })
    }

    #[test]
    fn the_same_inputs_and_rules_give_the_same_verdict() {
        let (rules, pack) = (Rules::new(vec![]).unwrap(), Ruleset::built_in().unwrap());
        assert_eq!(rules.audit(&decision(&pack)), Finding::Same);
    }

    #[test]
    fn a_verdict_that_was_bent_is_found() {
        let (rules, pack) = (Rules::new(vec![]).unwrap(), Ruleset::built_in().unwrap());
        let mut bent = decision(&pack);
        let unknown = Inputs::blank(PassKey::parse("A/1/7").unwrap());
        bent["inputs"] = serde_json::to_value(unknown).unwrap();
        let Finding::Differs(detail) = rules.audit(&bent) else { panic!("not found") };
        assert!(detail.contains("recorded Release, judged again Exam"), "{detail}");
    }

    #[test]
    fn unknown_rules_and_unknown_shapes_are_unjudged() {
        let (rules, pack) = (Rules::new(vec![]).unwrap(), Ruleset::built_in().unwrap());
        let mut other = decision(&pack);
        for name in ["", "7", &"7".repeat(64)] {
            other["versions"]["rules"] = json!(name);
            assert!(matches!(rules.audit(&other), Finding::Unjudged(_)), "{name:?}");
        }
        assert!(matches!(rules.audit(&json!({"pass": "A/1/7"})), Finding::Unjudged(_)));
    }
}
