//! What an officer does at the bench beside laying down and lifting, allowed or denied; both are recorded.

use super::Bench;
use crate::event::{Effect, OfficerAction};
use crate::judge::{Clearance, Token};
use crate::officer::{ActionBody, ClearanceBody, may_clear};
use crate::pass::PassKey;
use crate::pass::life::{End, State};
use crate::record::{Kind, Pending, Urgency};

impl Bench {
    pub(super) fn officer(&mut self, officer: &Token, action: OfficerAction) {
        match action {
            OfficerAction::Clear { pass, verdict, every_view_seen } => {
                self.clear(officer, pass, verdict, every_view_seen);
            }
            OfficerAction::Removed { pass } => {
                let here = self.find(pass).filter(|&at| self.presentations[at].state.is_on_belt());
                let denied = here.is_none().then(|| "the item is no longer on the bench".to_owned());
                self.audit(officer, "removed-by-hand", Some(pass), denied);
                here.into_iter().for_each(|at| self.put_one(at, End::Removed));
            }
            OfficerAction::StopBelt => {
                self.audit(officer, "stop-belt", None, Some("a bench has no belt to stop".to_owned()));
            }
        }
    }

    /// Clear on screen: durable before anything follows from it.
    fn clear(&mut self, officer: &Token, pass: PassKey, verdict: Token, every_view_seen: bool) {
        if let Err(denied) = self.may_clear(pass, &verdict, every_view_seen) {
            return self.audit(officer, "clear-on-screen", Some(pass), Some(denied));
        }
        let Some(at) = self.find(pass) else { return };
        let body = ClearanceBody { pass, disposition: "clear-on-screen", officer, verdict: &verdict, every_view_seen };
        let made = Pending::clearance(pass, self.wall, &body);
        debug_assert!(made.is_ok(), "{made:?}");
        if let Ok(pending) = made {
            self.presentations[at].clearing = Some(Clearance { verdict, disposition_seq: 0, every_view_seen });
            self.out.push(Effect::Record(pending));
        }
    }

    fn may_clear(&self, pass: PassKey, shown: &Token, every_view_seen: bool) -> Result<(), String> {
        let at = self.find(pass).ok_or("the item is no longer on the bench")?;
        let presentation = &self.presentations[at];
        if !presentation.lies_here() || presentation.restart || presentation.state != State::Decided {
            return Err("the item cannot be cleared: lay it on the bench again".to_owned());
        }
        let (_, verdict) = presentation.judged.as_deref().ok_or("the item is not decided yet")?;
        may_clear(verdict, shown, every_view_seen)
    }

    fn audit(&mut self, officer: &Token, action: &'static str, pass: Option<PassKey>, denied: Option<String>) {
        let urgency = Urgency { denied: denied.is_some(), ..Urgency::default() };
        self.entry(Kind::Audit, urgency, &ActionBody { action, pass, officer, denied });
    }
}
