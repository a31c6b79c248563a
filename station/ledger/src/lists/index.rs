//! The index over lists and past decisions: by exact item id. Never the truth, always to be had again from the files.

use gatepost_pipeline::judge::Outcome;
use serde::{Deserialize, Serialize};

use super::file::{Claims, Form};
use super::line::{DeclarationLine, HoldLine, Line, ListKind};
use crate::disk::File;
use crate::limits;
use crate::sealed::Sealed;

/// Whether the lane may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IndexState {
    Ready,
    /// Being built from the files; the lane goes to exam and says so.
    Rebuilding,
    /// It could not be built; the lane goes to exam until a restart.
    Lost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    #[error("the index of the lists is being rebuilt")]
    Rebuilding,
    #[error("the index of the lists is lost; restart the station")]
    Lost,
    #[error("the index did not answer in time")]
    Late,
    #[error(
        "a list repeats one item more than {} times; ask its issuer for a list without repetitions",
        limits::LINES_PER_ITEM_MAX
    )]
    Crowded,
}

/// What past decisions about an item amount to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Past {
    /// Their maximum: a later release never hides an earlier hold.
    pub worst: Outcome,
    /// Wall time of the last one, ms.
    pub at: i64,
}

/// For how long a past decision counts, ms: a post may use a number again after a year.
pub const PAST_MS: i64 = 365 * 86_400_000;

impl Past {
    /// With another decision added; one that is too old no longer counts.
    pub fn and(self, outcome: Outcome, at: i64) -> Self {
        if at.saturating_sub(self.at) > PAST_MS {
            return Self { worst: outcome, at };
        }
        Self { worst: self.worst.max(outcome), at: self.at.max(at) }
    }
}

/// Everything an index knows of an item id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    pub holds: Vec<HoldLine>,
    /// Without the personal text.
    pub declaration: Option<DeclarationLine>,
    pub past: Option<Past>,
}

/// A change of the lists in force. What it does not name stays as it is: a new hold list costs no minute of reading millions of
/// declarations again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// The lists of this kind are others now.
    Whole(ListKind),
    /// Packages of this kind were added, and they are deltas.
    Added(ListKind),
}

/// A package in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    pub claims: Claims,
    /// The file's name in the lists' folder; no two packages have the same.
    pub file: String,
}

/// Told where a line begins in its package's file, its bytes with the line end, and what it says.
pub type EachLine<'a> = &'a mut dyn FnMut(u64, &[u8], Line) -> Result<(), String>;

/// Reads what is to be indexed, from the files.
pub trait Source: Send + Sync {
    /// The packages in force of a kind, in the order in which they came: a delta after its snapshot.
    fn packages(&self, kind: ListKind) -> Vec<Package>;
    /// Gives every line of a package to `each`.
    ///
    /// # Errors
    /// In words, when the file cannot be read or is not what was signed.
    fn read(&self, package: &Package, each: EachLine<'_>) -> Result<(), String>;
    /// The package's file, to read single lines of.
    ///
    /// # Errors
    /// In words, when there is none.
    fn open(&self, package: &Package) -> Result<Box<dyn File>, String>;
    /// Gives every decision of the past to `each`: item, outcome, wall time in ms.
    ///
    /// # Errors
    /// What `each` says.
    fn history(&self, each: &mut dyn FnMut(&str, Outcome, i64) -> Result<(), String>) -> Result<(), String>;
}

/// What came after `known`, where that is nothing but deltas; nothing where `now` is another list.
pub(super) fn added<'n>(known: &[Package], now: &'n [Package]) -> Option<&'n [Package]> {
    let added = now.strip_prefix(known)?;
    added.iter().all(|package| package.claims.form == Form::Delta).then_some(added)
}

pub trait Index: Send + Sync {
    fn state(&self) -> IndexState;
    /// # Errors
    /// When the index cannot answer: the lane goes to exam.
    fn find(&self, item: &str) -> Result<Found, IndexError>;
    /// The sealed personal text of an item's declaration.
    ///
    /// # Errors
    /// As [`Self::find`].
    fn personal(&self, item: &str) -> Result<Option<Sealed>, IndexError>;
    /// Adds a decision to what is remembered of an item.
    ///
    /// # Errors
    /// As [`Self::find`]; the journal still has it.
    fn remember(&self, item: &str, outcome: Outcome, at: i64) -> Result<(), IndexError>;
    /// Does what can be done for a package that will be in force in a moment, while the one before still answers.
    ///
    /// # Errors
    /// In words, when it cannot be done now, as on a full disk.
    fn prepare(&self, _package: &Package) -> Result<(), String> {
        Ok(())
    }
    /// The files changed.
    ///
    /// # Errors
    /// When the files cannot be read.
    fn reload(&self, what: Reload) -> Result<(), IndexError>;
}
