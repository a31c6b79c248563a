//! What changes: the deltas upon lists, and decisions of the past. The one file that names `sled`.
//!
//! Whole lists are not in here ([`super::snapshot`]): sled takes memory and minutes for millions of lines that never change.

use std::collections::BTreeMap;
use std::path::Path;

use gatepost_pipeline::judge::Outcome;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sled::{Db, Tree};

use super::index::{Package, Past};
use super::line::{DeclarationLine, HoldLine, Line, ListKind};
use crate::limits;

/// Why the index cannot go on, or cannot answer about one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// More than [`limits::LINES_PER_ITEM_MAX`] lines are about the item.
    Crowded,
    /// Any failure of sled or of what is on the disk; the folder is abandoned, whatever it is.
    Broken,
}

impl From<sled::Error> for Trouble {
    fn from(_: sled::Error) -> Self {
        Self::Broken
    }
}
impl From<serde_json::Error> for Trouble {
    fn from(_: serde_json::Error) -> Self {
        Self::Broken
    }
}

#[derive(Clone)]
pub(super) struct Changes {
    db: Db,
    past: Tree,
}

/// The name of the tree of past decisions, and of the mark that the journal has been read into it.
const PAST: &str = "past";

/// What is noted of a kind: which generation of deltas counts, and the files of the packages that it belongs to.
#[derive(Default, Serialize, Deserialize)]
struct Noted {
    generation: u64,
    files: Vec<String>,
}

impl Changes {
    pub(super) fn open(path: &Path, memory_bytes: u64) -> Result<Self, Trouble> {
        let db = sled::Config::new().path(path).cache_capacity(memory_bytes).use_compression(false).open()?;
        let past = db.open_tree(PAST)?;
        let changes = Self { db, past };
        changes.remove_others()?;
        Ok(changes)
    }

    fn noted(&self, kind: ListKind) -> Result<Noted, Trouble> {
        let noted = self.db.get(word(kind))?;
        Ok(noted.map(|bytes| serde_json::from_slice(&bytes)).transpose()?.unwrap_or_default())
    }

    /// The deltas of a kind, and the files of the packages that they are part of.
    pub(super) fn deltas(&self, kind: ListKind) -> Result<(Deltas, Vec<String>), Trouble> {
        let Noted { generation, files } = self.noted(kind)?;
        Ok((self.generation(kind, generation)?, files))
    }

    fn generation(&self, kind: ListKind, generation: u64) -> Result<Deltas, Trouble> {
        Ok(Deltas { kind, generation, tree: self.db.open_tree(tree_name(kind, generation))? })
    }

    /// The next generation of a kind's deltas, empty: it counts once it is noted.
    pub(super) fn fresh(&self, kind: ListKind) -> Result<Deltas, Trouble> {
        let generation = self.noted(kind)?.generation + 1;
        // What a build left there that never came to its end.
        self.db.drop_tree(tree_name(kind, generation))?;
        self.generation(kind, generation)
    }

    /// Notes which deltas count and what they belong to; only after they are there.
    pub(super) fn note(&self, deltas: &Deltas, packages: &[Package]) -> Result<(), Trouble> {
        let files = packages.iter().map(|package| package.file.clone()).collect();
        let noted = Noted { generation: deltas.generation, files };
        self.db.flush()?;
        self.db.insert(word(deltas.kind), serde_json::to_vec(&noted)?)?;
        Ok(())
    }

    /// Removes a generation that counts no more.
    pub(super) fn remove(&self, deltas: &Deltas) -> Result<(), Trouble> {
        self.db.drop_tree(tree_name(deltas.kind, deltas.generation))?;
        Ok(())
    }

    /// Removes what a build left behind that never came to its end.
    fn remove_others(&self) -> Result<(), Trouble> {
        let mut known = Vec::new();
        for kind in [ListKind::Holds, ListKind::Declarations] {
            known.push(tree_name(kind, self.noted(kind)?.generation));
        }
        for name in self.db.tree_names() {
            let name = String::from_utf8_lossy(&name).into_owned();
            if name.contains('-') && !known.contains(&name) {
                self.db.drop_tree(name)?;
            }
        }
        Ok(())
    }

    pub(super) fn past(&self, item: &str) -> Result<Option<Past>, Trouble> {
        Ok(self.past.get(item)?.map(|bytes| serde_json::from_slice(&bytes)).transpose()?)
    }

    pub(super) fn remember(&self, item: &str, outcome: Outcome, at: i64) -> Result<(), Trouble> {
        let past = self.past(item)?.map_or(Past { worst: outcome, at }, |before| before.and(outcome, at));
        self.past.insert(item, serde_json::to_vec(&past)?)?;
        Ok(())
    }

    /// Whether the journal has been read into it.
    pub(super) fn knows_the_past(&self) -> Result<bool, Trouble> {
        Ok(self.db.contains_key(PAST)?)
    }

    pub(super) fn note_the_past(&self, is_known: bool) -> Result<(), Trouble> {
        if is_known {
            self.db.flush()?;
            self.db.insert(PAST, &[])?;
        } else {
            self.db.remove(PAST)?;
        }
        Ok(())
    }
}

/// One generation of the deltas upon the lists of a kind.
#[derive(Clone)]
pub(super) struct Deltas {
    kind: ListKind,
    generation: u64,
    tree: Tree,
}

/// What a delta said.
#[derive(Serialize, Deserialize)]
struct Said<T> {
    /// The file of the package that said it.
    from: String,
    /// Nothing: the hold has ended.
    line: Option<T>,
}

/// An issuer, and which of its holds; of a declaration nothing.
type By = (String, String);
/// The last word of the deltas about each hold on an item; nothing where it has ended.
pub(super) type HoldChanges = BTreeMap<By, Option<HoldLine>>;

impl Deltas {
    pub(super) fn take(&self, package: &Package, line: Line) -> Result<(), Trouble> {
        let (issuer, from) = (package.claims.issuer.as_str(), package.file.clone());
        let (key, said) = match line {
            Line::Hold(line) => {
                let key = key(line.item.as_str(), issuer, line.hold.id.as_str());
                (key, serde_json::to_vec(&Said { from, line: Some(line) })?)
            }
            Line::Removal(line) => {
                let key = key(line.item.as_str(), issuer, line.remove.as_str());
                (key, serde_json::to_vec(&Said::<HoldLine> { from, line: None })?)
            }
            Line::Declaration(line) => {
                (key(line.item.as_str(), issuer, ""), serde_json::to_vec(&Said { from, line: Some(line) })?)
            }
        };
        self.tree.insert(key, said)?;
        Ok(())
    }

    pub(super) fn holds(&self, item: &str) -> Result<HoldChanges, Trouble> {
        Ok(self.said(item)?.into_iter().map(|(by, said)| (by, said.line)).collect())
    }

    /// What each issuer's deltas declare of an item, and in which package's file.
    pub(super) fn declarations(&self, item: &str) -> Result<Vec<(String, DeclarationLine)>, Trouble> {
        let said = self.said(item)?.into_iter();
        Ok(said.filter_map(|(_, said)| Some((said.from, said.line?))).collect())
    }

    fn said<T: DeserializeOwned>(&self, item: &str) -> Result<Vec<(By, Said<T>)>, Trouble> {
        let mut found = Vec::new();
        for entry in self.tree.scan_prefix([item.as_bytes(), &[0]].concat()) {
            if found.len() == limits::LINES_PER_ITEM_MAX {
                return Err(Trouble::Crowded);
            }
            let (key, value) = entry?;
            let mut parts = key.split(|&byte| byte == 0).map(|part| String::from_utf8_lossy(part).into_owned()).skip(1);
            let by = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            found.push((by, serde_json::from_slice(&value)?));
        }
        Ok(found)
    }
}

const fn word(kind: ListKind) -> &'static str {
    match kind {
        ListKind::Holds => "holds",
        ListKind::Declarations => "declarations",
    }
}

fn tree_name(kind: ListKind, generation: u64) -> String {
    format!("{}-{generation}", word(kind))
}

/// Item, issuer and hold between zero bytes: what an item id, a name and a token cannot hold.
fn key(item: &str, issuer: &str, hold: &str) -> Vec<u8> {
    [item.as_bytes(), issuer.as_bytes(), hold.as_bytes()].join(&0)
}
