//! `[contingency.PART]`: the facility's plan for running while a part of a lane does not work (DESIGN, promise 3).
//!
//! Apart from the rest because a plan that cannot be carried out must be refused when it is written, not when it is needed.

use std::collections::BTreeMap;

use gatepost_pipeline::judge::{Contingency, ContingencyPlan, Fault};
use serde::Deserialize;

/// By part: `scanner`, `scale`, `x-ray`, `x-ray-drift`, `model`, `camera`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct ContingencyConfig(BTreeMap<Fault, ContingencyPlan>);

impl ContingencyConfig {
    pub fn plans(&self) -> BTreeMap<Fault, ContingencyPlan> {
        self.0.clone()
    }

    /// What is wrong with the first plan that cannot be carried out, and what to do.
    pub(super) fn problem(&self) -> Option<String> {
        self.0.iter().find_map(|(part, plan)| {
            let why = match (part, plan.plan) {
                (Fault::Controller | Fault::Cable | Fault::Diverter | Fault::Eye | Fault::Encoder | Fault::Disk, _) => {
                    "everything goes to exam while it fails, whatever a plan says; remove the plan"
                }
                (Fault::Beacon | Fault::Uplink, _) => "lanes do not hear of it; remove the plan",
                (_, Contingency::SlowFeed) => {
                    "belts have one speed, so slow-feed cannot be carried out; use stop, exam-by-class or exam-all"
                }
                (_, Contingency::ExamByClass) if plan.classes.is_empty() => {
                    "exam-by-class needs the classes that go to exam, as classes = [\"letter\"]"
                }
                (_, Contingency::Stop | Contingency::ExamAll) if !plan.classes.is_empty() => {
                    "classes belong to exam-by-class alone; remove them"
                }
                _ => return None,
            };
            Some(format!("contingency.{part}: {why}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ContingencyConfig, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_plan_is_by_part_and_only_what_can_be_carried_out_is_one() {
        let good = "[scanner]\nplan = \"exam-by-class\"\nclasses = [\"letter\", \"ems\"]\n[x-ray]\nplan = \"stop\"\n";
        let config = read(good).expect("a plan");
        assert_eq!(config.problem(), None);
        assert_eq!(config.plans()[&Fault::Scanner].classes.len(), 2);
        for (text, says) in [
            ("[model]\nplan = \"slow-feed\"\n", "contingency.model: belts have one speed"),
            ("[disk]\nplan = \"stop\"\n", "contingency.disk: everything goes to exam"),
            ("[uplink]\nplan = \"exam-all\"\n", "contingency.uplink: lanes do not hear of it"),
            ("[scale]\nplan = \"exam-by-class\"\n", "needs the classes"),
            ("[scale]\nplan = \"exam-all\"\nclasses = [\"letter\"]\n", "classes belong to"),
        ] {
            let problem = read(text).expect("readable").problem().expect("refused");
            assert!(problem.contains(says), "{problem}");
        }
        assert!(read("[scaner]\nplan = \"stop\"\n").expect_err("no such part").contains("scaner"));
        assert!(read("[scale]\nplan = \"hope\"\n").expect_err("no such plan").contains("hope"));
    }
}
