//! The index over lists and past decisions: by exact item id. Never the truth, always to be had again from the files.

use std::collections::BTreeMap;

use gatepost_pipeline::judge::Outcome;
use serde::{Deserialize, Serialize};

use super::line::{DeclarationLine, HoldLine, Line, ListKind};
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
    /// Everything of this kind is to be read again.
    Whole(ListKind),
    /// Packages of this kind were added, and they are deltas.
    Added(ListKind),
}

/// What is built by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    List(ListKind),
    /// Decisions of the past.
    Past,
}

impl Part {
    pub const ALL: [Part; 3] = [Part::List(ListKind::Holds), Part::List(ListKind::Declarations), Part::Past];
}

/// One thing to put into an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Feed {
    Line { issuer: String, line: Line },
    Past { item: String, outcome: Outcome, at: i64 },
}

/// Reads what is to be indexed, from the files.
pub trait Source: Send + Sync {
    /// Gives everything of a part to `each`.
    ///
    /// # Errors
    /// In words, when a file cannot be read.
    fn feed(&self, part: Part, each: &mut dyn FnMut(Feed) -> Result<(), String>) -> Result<(), String>;
    /// Gives the packages of a kind that came after what `name` names to `each`, and says the name of what is in force now.
    /// Nothing when they are no additions to that: then the whole part is to be built.
    ///
    /// # Errors
    /// As [`Self::feed`].
    fn feed_since(
        &self,
        kind: ListKind,
        name: &str,
        each: &mut dyn FnMut(Feed) -> Result<(), String>,
    ) -> Result<Option<String>, String>;
    /// Names what is in force of a kind now: a part built for another name is built again.
    fn name(&self, kind: ListKind) -> String;
}

pub trait Index: Send {
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
    /// The files changed.
    ///
    /// # Errors
    /// When the files cannot be read.
    fn reload(&mut self, what: Reload) -> Result<(), IndexError>;
}

/// An index in memory, built at once: for tests, the world harness and small stations.
pub struct MemoryIndex {
    source: std::sync::Arc<dyn Source>,
    tables: std::sync::Mutex<Tables>,
    /// What is in them, by kind.
    names: BTreeMap<ListKind, String>,
    state: IndexState,
}

#[derive(Debug, Default)]
struct Tables {
    /// By item, issuer and hold.
    holds: BTreeMap<(String, String, String), HoldLine>,
    declarations: BTreeMap<String, DeclarationLine>,
    past: BTreeMap<String, Past>,
}

impl Tables {
    fn take(&mut self, feed: Feed) {
        match feed {
            Feed::Line { issuer, line: Line::Hold(line) } => {
                let key = (line.item.as_str().to_owned(), issuer, line.hold.id.as_str().to_owned());
                self.holds.insert(key, *line);
            }
            Feed::Line { issuer, line: Line::Removal(line) } => {
                self.holds.remove(&(line.item.as_str().to_owned(), issuer, line.remove.as_str().to_owned()));
            }
            Feed::Line { line: Line::Declaration(line), .. } => {
                self.declarations.insert(line.item.as_str().to_owned(), *line);
            }
            Feed::Past { item, outcome, at } => {
                let past = self.past.get(&item).map_or(Past { worst: outcome, at }, |past| past.and(outcome, at));
                self.past.insert(item, past);
            }
        }
    }
}

impl MemoryIndex {
    /// # Errors
    /// When the files cannot be read.
    pub fn build(source: std::sync::Arc<dyn Source>) -> Result<Self, IndexError> {
        let tables = std::sync::Mutex::new(Tables::default());
        for part in Part::ALL {
            let fed = source.feed(part, &mut |feed| {
                // Nobody else has them yet.
                tables.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take(feed);
                Ok(())
            });
            fed.map_err(|_| IndexError::Lost)?;
        }
        let names = [ListKind::Holds, ListKind::Declarations].map(|kind| (kind, source.name(kind)));
        Ok(Self { source, tables, names: names.into(), state: IndexState::Ready })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Tables> {
        // Only whole inserts happen under the lock.
        self.tables.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Index for MemoryIndex {
    fn state(&self) -> IndexState {
        self.state
    }

    fn find(&self, item: &str) -> Result<Found, IndexError> {
        if self.state != IndexState::Ready {
            return Err(IndexError::Lost);
        }
        let tables = self.lock();
        let from = (item.to_owned(), String::new(), String::new());
        let holds = tables.holds.range(from..).take_while(|((found, _, _), _)| found == item);
        let holds = holds.map(|(_, line)| line.clone()).collect();
        let declaration = tables.declarations.get(item).map(|line| DeclarationLine { personal: None, ..line.clone() });
        Ok(Found { holds, declaration, past: tables.past.get(item).copied() })
    }

    fn personal(&self, item: &str) -> Result<Option<Sealed>, IndexError> {
        Ok(self.lock().declarations.get(item).and_then(|line| line.personal.clone()))
    }

    fn remember(&self, item: &str, outcome: Outcome, at: i64) -> Result<(), IndexError> {
        self.lock().take(Feed::Past { item: item.to_owned(), outcome, at });
        Ok(())
    }

    fn reload(&mut self, what: Reload) -> Result<(), IndexError> {
        let mut tables = std::mem::take(&mut *self.lock());
        let (Reload::Whole(kind) | Reload::Added(kind)) = what;
        let known = self.names.get(&kind).filter(|_| what == Reload::Added(kind)).cloned().unwrap_or_default();
        let name = self.source.name(kind);
        let added = self.source.feed_since(kind, &known, &mut |feed| {
            tables.take(feed);
            Ok(())
        });
        let fed = match added {
            Ok(Some(_)) => Ok(()),
            Ok(None) => {
                match kind {
                    ListKind::Holds => tables.holds.clear(),
                    ListKind::Declarations => tables.declarations.clear(),
                }
                self.source.feed(Part::List(kind), &mut |feed| {
                    tables.take(feed);
                    Ok(())
                })
            }
            Err(error) => Err(error),
        };
        match fed {
            Ok(()) => drop(self.names.insert(kind, name)),
            Err(_) => drop(self.names.remove(&kind)),
        }
        // Lost until every kind has been read whole again.
        self.state = if self.names.len() == 2 { IndexState::Ready } else { IndexState::Lost };
        *self.lock() = tables;
        fed.map_err(|_| IndexError::Lost)
    }
}
