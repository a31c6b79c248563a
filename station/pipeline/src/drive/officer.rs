//! What an officer does to the lane, allowed or denied; both are recorded.

use super::{AlarmCode, Drive, OfficerAction};
use crate::event::{Effect, Order};
use crate::judge::{Clearance, Token};
use crate::officer::{ActionBody, ClearanceBody, may_clear};
use crate::pass::PassKey;
use crate::pass::life::{End, State};
use crate::record::{Kind, Pending, Urgency};

impl Drive {
    pub(super) fn officer(&mut self, officer: &Token, action: OfficerAction) {
        match action {
            OfficerAction::Clear { pass, verdict, every_view_seen } => {
                self.clear(officer, pass, verdict, every_view_seen)
            }
            OfficerAction::Removed { pass } => {
                self.audit(officer, "removed-by-hand", Some(pass), None);
                self.end(pass, End::Removed, "was taken off the belt by hand");
            }
            OfficerAction::StopBelt => {
                self.order(Order::Stop);
                self.audit(officer, "stop-belt", None, None);
                self.alarm(AlarmCode::LaneStopped, None, "an officer stopped the belt");
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
            self.parcels[at].clearing = Some(Clearance { verdict, disposition_seq: 0, every_view_seen });
            self.out.push(Effect::Record(pending));
        }
    }

    fn may_clear(&self, pass: PassKey, shown: &Token, every_view_seen: bool) -> Result<(), String> {
        let at = self.find(pass).ok_or("the parcel is no longer on the belt")?;
        let parcel = &self.parcels[at];
        if parcel.inherited.is_some() || parcel.state != State::Decided || self.track.is_beyond_diverter(pass) {
            return Err("the parcel is past the point where it can be cleared".to_owned());
        }
        let (_, verdict) = parcel.judged.as_deref().ok_or("the parcel is not decided yet")?;
        may_clear(verdict, shown, every_view_seen)
    }

    fn audit(&mut self, officer: &Token, action: &'static str, pass: Option<PassKey>, denied: Option<String>) {
        let urgency = Urgency { denied: denied.is_some(), ..Urgency::default() };
        self.entry(Kind::Audit, urgency, &ActionBody { action, pass, officer, denied });
    }
}
