//! From a form to an officer's wish. Reads what was sent; whether it is granted is the lane's to decide.

use gatepost_pipeline::event::OfficerAction;
use gatepost_pipeline::judge::Token;
use gatepost_pipeline::pass::{LaneName, PassKey};
use serde::Deserialize;

use crate::desk::Wish;

/// Who acts, until there are accounts.
const OFFICER: &str = "station-screen";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    pub token: String,
    lane: String,
    action: String,
    pass: Option<String>,
    verdict: Option<String>,
    seen: Option<String>,
}

impl Form {
    /// # Errors
    /// What does not fit, for the officer to read.
    pub fn wish(&self) -> Result<Wish, &'static str> {
        let lane = LaneName::new(&self.lane).ok_or("The form names no lane.")?;
        let pass = || {
            let pass = self.pass.as_deref().and_then(PassKey::parse).ok_or("The form names no parcel.")?;
            if pass.lane == lane { Ok(pass) } else { Err("The form names a parcel of another lane.") }
        };
        let action = match self.action.as_str() {
            "stop-belt" => OfficerAction::StopBelt,
            "removed" => OfficerAction::Removed { pass: pass()? },
            "clear" => {
                let verdict = self.verdict.as_deref().filter(|verdict| crate::guard::is_digest(verdict));
                let verdict = verdict.and_then(Token::new).ok_or("The form does not say which decision it clears.")?;
                OfficerAction::Clear { pass: pass()?, verdict, every_view_seen: self.seen.as_deref() == Some("yes") }
            }
            _ => return Err("The form asks for something this station does not know."),
        };
        Ok(Wish { lane, officer: Token::clipped(OFFICER), action })
    }

    /// What is told when the lane has been asked.
    pub fn asked(&self) -> &'static str {
        match self.action.as_str() {
            "stop-belt" => "The lane was told to stop.",
            "removed" => "Noted: the parcel was taken off the belt.",
            _ => "Clearance asked for. The belt shows R when it is granted.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(action: &str, pass: Option<&str>, verdict: Option<&str>) -> Form {
        Form {
            token: String::new(),
            lane: "north".into(),
            action: action.into(),
            pass: pass.map(str::to_owned),
            verdict: verdict.map(str::to_owned),
            seen: Some("yes".into()),
        }
    }

    #[test]
    fn a_form_becomes_exactly_one_wish() {
        let pass = PassKey::parse("north/3/17").unwrap();
        assert_eq!(form("stop-belt", None, None).wish().unwrap().action, OfficerAction::StopBelt);
        assert_eq!(form("removed", Some("north/3/17"), None).wish().unwrap().action, OfficerAction::Removed { pass });
        let digest = "0a".repeat(32);
        let clear = form("clear", Some("north/3/17"), Some(&digest)).wish().unwrap();
        let verdict = Token::new(&digest).unwrap();
        assert_eq!(clear.action, OfficerAction::Clear { pass, verdict, every_view_seen: true });
        assert_eq!((clear.lane, clear.officer.as_str()), (pass.lane, "station-screen"));
    }

    #[test]
    fn what_does_not_fit_is_refused_with_a_sentence() {
        for bad in [
            form("removed", None, None),
            form("removed", Some("south/3/17"), None),
            form("removed", Some("north/3/17/9"), None),
            form("clear", Some("north/3/17"), None),
            form("clear", Some("north/3/17"), Some("../../etc/passwd")),
            form("open-gate", Some("north/3/17"), None),
            Form { lane: "<script>".into(), ..form("stop-belt", None, None) },
        ] {
            assert!(bad.wish().unwrap_err().ends_with('.'));
        }
        let unseen = Form { seen: None, ..form("clear", Some("north/3/17"), Some(&"0a".repeat(32))) };
        assert!(matches!(unseen.wish().unwrap().action, OfficerAction::Clear { every_view_seen: false, .. }));
    }
}
