//! An index in memory, built at once: for tests, the world harness and small stations.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gatepost_pipeline::judge::Outcome;

use super::index::{Found, Index, IndexError, IndexState, Package, Past, Reload, Source, added};
use super::line::{DeclarationLine, HoldLine, Line, ListKind};
use crate::sealed::Sealed;

pub struct MemoryIndex {
    source: Arc<dyn Source>,
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    /// By item, issuer and hold.
    holds: BTreeMap<(String, String, String), HoldLine>,
    declarations: BTreeMap<String, DeclarationLine>,
    past: BTreeMap<String, Past>,
    /// What is in them, by kind; a kind that could not be read is not there, and nothing is answered until it could.
    packages: BTreeMap<ListKind, Vec<Package>>,
}

impl Tables {
    fn take(&mut self, issuer: &str, line: Line) {
        match line {
            Line::Hold(line) => {
                let key = (line.item.as_str().to_owned(), issuer.to_owned(), line.hold.id.as_str().to_owned());
                self.holds.insert(key, *line);
            }
            Line::Removal(line) => {
                self.holds.remove(&(line.item.as_str().to_owned(), issuer.to_owned(), line.remove.as_str().to_owned()));
            }
            Line::Declaration(line) => {
                self.declarations.insert(line.item.as_str().to_owned(), *line);
            }
        }
    }

    fn remember(&mut self, item: &str, outcome: Outcome, at: i64) {
        let past = self.past.get(item).map_or(Past { worst: outcome, at }, |past| past.and(outcome, at));
        self.past.insert(item.to_owned(), past);
    }

    /// Reads what is in force of a kind and not yet in here.
    fn read(&mut self, source: &dyn Source, kind: ListKind) -> Result<(), String> {
        let now = source.packages(kind);
        let known = self.packages.remove(&kind).unwrap_or_default();
        let fresh = added(&known, &now).unwrap_or_else(|| {
            match kind {
                ListKind::Holds => self.holds.clear(),
                ListKind::Declarations => self.declarations.clear(),
            }
            &now
        });
        for package in fresh {
            source.read(package, &mut |_, _, line| {
                self.take(&package.claims.issuer, line);
                Ok(())
            })?;
        }
        self.packages.insert(kind, now);
        Ok(())
    }

    fn is_whole(&self) -> bool {
        self.packages.len() == 2
    }
}

impl MemoryIndex {
    /// # Errors
    /// When the files cannot be read.
    pub fn build(source: Arc<dyn Source>) -> Result<Self, IndexError> {
        let mut tables = Tables::default();
        for kind in [ListKind::Holds, ListKind::Declarations] {
            tables.read(source.as_ref(), kind).map_err(|_| IndexError::Lost)?;
        }
        let told = source.history(&mut |item, outcome, at| {
            tables.remember(item, outcome, at);
            Ok(())
        });
        told.map_err(|_| IndexError::Lost)?;
        Ok(Self { source, tables: Mutex::new(tables) })
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        // A reading that ended half-way has said so in `packages`.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index for MemoryIndex {
    fn state(&self) -> IndexState {
        if self.lock().is_whole() { IndexState::Ready } else { IndexState::Lost }
    }

    fn find(&self, item: &str) -> Result<Found, IndexError> {
        let tables = self.lock();
        if !tables.is_whole() {
            return Err(IndexError::Lost);
        }
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
        self.lock().remember(item, outcome, at);
        Ok(())
    }

    fn reload(&self, what: Reload) -> Result<(), IndexError> {
        let (Reload::Whole(kind) | Reload::Added(kind)) = what;
        self.lock().read(self.source.as_ref(), kind).map_err(|_| IndexError::Lost)
    }
}
