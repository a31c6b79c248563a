//! What an officer's acts leave in the journal, and what a clearance on the screen needs: the same on a belt and a bench.

use serde::Serialize;

use crate::judge::{Token, Verdict, clearable};
use crate::pass::PassKey;

/// Body of a *disposition*: cleared on the screen.
#[derive(Serialize)]
pub(crate) struct ClearanceBody<'a> {
    pub pass: PassKey,
    pub disposition: &'static str,
    pub officer: &'a Token,
    pub verdict: &'a Token,
    pub every_view_seen: bool,
}

/// Body of an *audit*: an act, and why it was denied if it was.
#[derive(Serialize)]
pub(crate) struct ActionBody<'a> {
    pub action: &'static str,
    pub pass: Option<PassKey>,
    pub officer: &'a Token,
    pub denied: Option<String>,
}

/// Whether this verdict may be cleared on the screen by an officer who was shown the verdict of digest `shown`.
///
/// # Errors
/// Why not, for the officer to read.
pub(crate) fn may_clear(verdict: &Verdict, shown: &Token, every_view_seen: bool) -> Result<(), String> {
    if verdict.digest() != *shown {
        return Err("the decision has changed since it was shown: look again".to_owned());
    }
    if !every_view_seen {
        return Err("every view must be seen before a parcel is cleared".to_owned());
    }
    clearable(verdict).map_err(|why| why.to_string())
}
