//! The state of a memory disk: what a running system sees, what is on the platter, and what lies between.

use std::collections::BTreeMap;

use super::{Counts, Crash};
use crate::disk::{Cause, DiskError};

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) nodes: Vec<Node>,
    pub(super) names: BTreeMap<String, Name>,
    pub(super) durable_names: BTreeMap<String, Name>,
    /// Name changes not yet durable, in order.
    pub(super) name_changes: Vec<NameChange>,
    /// Counts power cuts: a file opened before one cannot be used after it.
    pub(super) epoch: u64,
    pub(super) off: bool,
    pub(super) order: u64,
    pub(super) budget: Option<u64>,
    pub(super) used: u64,
    pub(super) power_after: Option<u64>,
    pub(super) sync_fails_in: Option<u64>,
    pub(super) write_fails_in: Option<u64>,
    pub(super) counts: Counts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Folder,
    File(usize),
}

#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) current: Vec<u8>,
    pub(super) durable: Vec<u8>,
    pub(super) unsynced: Vec<Change>,
    /// Taken from the budget beyond `current`, bytes.
    pub(super) allocated: u64,
}

#[derive(Debug)]
pub(super) enum Change {
    Write { order: u64, offset: usize, bytes: Vec<u8> },
    Length(usize),
}

#[derive(Clone, Debug)]
pub(super) enum NameChange {
    Put(String, Name),
    Remove(String),
    Rename(String, String),
}

impl State {
    /// Counts a change; false when the power goes in the middle of it.
    pub(super) fn change(&mut self, path: &str) -> Result<bool, DiskError> {
        self.alive(path)?;
        self.counts.changes += 1;
        if let Some(left) = &mut self.power_after {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.off = true;
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn alive(&self, path: &str) -> Result<(), DiskError> {
        if self.off { Err(DiskError::new(path, Cause::Off)) } else { Ok(()) }
    }

    pub(super) fn done(&self, path: &str, powered: bool) -> Result<(), DiskError> {
        if powered { Ok(()) } else { Err(DiskError::new(path, Cause::Off)) }
    }

    pub(super) fn file(&self, path: &str) -> Option<usize> {
        match self.names.get(path) {
            Some(Name::File(node)) => Some(*node),
            _ => None,
        }
    }

    /// The bytes of `wanted` more that still fit.
    fn room(&self, wanted: u64) -> u64 {
        self.budget.map_or(wanted, |budget| budget.saturating_sub(self.used).min(wanted))
    }

    pub(super) fn write(&mut self, node: usize, path: &str, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        let powered = self.change(path)?;
        let offset = usize::try_from(offset).map_err(|_| DiskError::new(path, Cause::Full))?;
        let mut fits = bytes.len();
        let taken = (self.nodes[node].current.len() as u64).max(self.nodes[node].allocated);
        let needed = ((offset + bytes.len()) as u64).saturating_sub(taken);
        let missing = needed - self.room(needed);
        fits -= usize::try_from(missing).unwrap_or(usize::MAX).min(fits);
        let failed = counts_down(&mut self.write_fails_in);
        if failed {
            fits /= 2;
        }
        self.order += 1;
        let order = self.order;
        let before = self.nodes[node].taken();
        let bytes = bytes[..fits].to_vec();
        self.counts.bytes_written += fits as u64;
        put(&mut self.nodes[node].current, offset, &bytes);
        self.nodes[node].unsynced.push(Change::Write { order, offset, bytes });
        self.used += self.nodes[node].taken() - before;
        if failed {
            return Err(DiskError::new(path, Cause::Failed("input/output error".to_owned())));
        }
        if missing > 0 {
            return Err(DiskError::new(path, Cause::Full));
        }
        self.done(path, powered)
    }

    pub(super) fn truncate(&mut self, node: usize, path: &str, length: u64) -> Result<(), DiskError> {
        let powered = self.change(path)?;
        let length = usize::try_from(length).map_err(|_| DiskError::new(path, Cause::Full))?;
        let before = self.nodes[node].taken();
        let grown = (length as u64).saturating_sub(before);
        if self.room(grown) < grown {
            return Err(DiskError::new(path, Cause::Full));
        }
        self.nodes[node].current.resize(length, 0);
        self.nodes[node].allocated = 0;
        self.nodes[node].unsynced.push(Change::Length(length));
        self.used = self.used + self.nodes[node].taken() - before;
        self.done(path, powered)
    }

    pub(super) fn allocate(&mut self, node: usize, path: &str, length: u64) -> Result<(), DiskError> {
        let powered = self.change(path)?;
        let before = self.nodes[node].taken();
        let grown = length.saturating_sub(before);
        if self.room(grown) < grown {
            return Err(DiskError::new(path, Cause::Full));
        }
        self.nodes[node].allocated = self.nodes[node].allocated.max(length);
        self.used += self.nodes[node].taken() - before;
        self.done(path, powered)
    }

    pub(super) fn sync(&mut self, node: usize, path: &str) -> Result<(), DiskError> {
        let powered = self.change(path)?;
        self.counts.syncs += 1;
        self.done(path, powered)?;
        let failed = counts_down(&mut self.sync_fails_in);
        let changes = std::mem::take(&mut self.nodes[node].unsynced);
        if failed {
            return Err(DiskError::new(path, Cause::Failed("input/output error on sync".to_owned())));
        }
        for change in changes {
            match change {
                Change::Write { offset, bytes, .. } => put(&mut self.nodes[node].durable, offset, &bytes),
                Change::Length(length) => self.nodes[node].durable.resize(length, 0),
            }
        }
        Ok(())
    }

    fn rename_all(names: &mut BTreeMap<String, Name>, from: &str, to: &str) {
        let below = format!("{from}/");
        let moved: Vec<String> =
            names.keys().filter(|name| *name == from || name.starts_with(&below)).cloned().collect();
        for name in moved {
            if let Some(entry) = names.remove(&name) {
                names.insert(format!("{to}{}", &name[from.len()..]), entry);
            }
        }
    }

    pub(super) fn apply(names: &mut BTreeMap<String, Name>, change: &NameChange) {
        match change {
            NameChange::Put(path, name) => {
                names.insert(path.clone(), *name);
            }
            NameChange::Remove(path) => {
                names.remove(path);
            }
            NameChange::Rename(from, to) => Self::rename_all(names, from, to),
        }
    }

    pub(super) fn name_change(&mut self, path: &str, change: NameChange) -> Result<(), DiskError> {
        let powered = self.change(path)?;
        Self::apply(&mut self.names, &change);
        self.name_changes.push(change);
        self.done(path, powered)
    }

    pub(super) fn power_on(&mut self, crash: Crash) {
        let mut random = Random(match crash {
            Crash::Seeded(seed) => seed,
            _ => 0,
        });
        let kept = match crash {
            Crash::Nothing => 0,
            Crash::Everything | Crash::Torn { .. } => self.name_changes.len(),
            Crash::Seeded(_) => random.below(self.name_changes.len() as u64 + 1) as usize,
        };
        for change in &self.name_changes[..kept] {
            Self::apply(&mut self.durable_names, change);
        }
        self.name_changes.clear();
        self.names.clone_from(&self.durable_names);
        let torn_at = self.torn_at(crash);
        for node in &mut self.nodes {
            node.crash(crash, torn_at, &mut random);
        }
        let reachable = self.names.values().filter_map(|name| match name {
            Name::File(node) => Some(self.nodes[*node].taken()),
            Name::Folder => None,
        });
        self.used = reachable.sum();
        (self.off, self.epoch) = (false, self.epoch + 1);
        (self.power_after, self.sync_fails_in, self.write_fails_in) = (None, None, None);
    }

    /// For a torn crash: the write at which the bytes that survive run out, and how much of that one survives.
    fn torn_at(&self, crash: Crash) -> (u64, u64) {
        let Crash::Torn { bytes } = crash else { return (0, 0) };
        let mut writes = BTreeMap::new();
        for change in self.nodes.iter().flat_map(|node| &node.unsynced) {
            if let Change::Write { order, bytes, .. } = change {
                writes.insert(*order, bytes.len() as u64);
            }
        }
        let mut left = bytes;
        for (order, length) in writes {
            if length > left {
                return (order, left);
            }
            left -= length;
        }
        (u64::MAX, 0)
    }
}

impl Node {
    pub(super) fn taken(&self) -> u64 {
        (self.current.len() as u64).max(self.allocated)
    }

    fn crash(&mut self, crash: Crash, torn_at: (u64, u64), random: &mut Random) {
        for change in std::mem::take(&mut self.unsynced) {
            match (crash, change) {
                (Crash::Nothing, _) => {}
                (Crash::Everything, Change::Write { offset, bytes, .. }) => put(&mut self.durable, offset, &bytes),
                (Crash::Everything | Crash::Torn { .. }, Change::Length(length)) => self.durable.resize(length, 0),
                (Crash::Torn { .. }, Change::Write { order, offset, bytes }) => {
                    let kept = match order.cmp(&torn_at.0) {
                        std::cmp::Ordering::Less => bytes.len(),
                        std::cmp::Ordering::Equal => torn_at.1 as usize,
                        std::cmp::Ordering::Greater => 0,
                    };
                    put(&mut self.durable, offset, &bytes[..kept]);
                }
                (Crash::Seeded(_), Change::Length(length)) => {
                    if random.below(2) == 0 {
                        self.durable.resize(length, 0);
                    }
                }
                (Crash::Seeded(_), Change::Write { offset, bytes, .. }) => {
                    survive(&mut self.durable, offset, &bytes, random);
                }
            }
        }
        self.current.clone_from(&self.durable);
    }
}

/// Lets a part of one unsynced write reach the platter.
fn survive(durable: &mut Vec<u8>, offset: usize, bytes: &[u8], random: &mut Random) {
    const SECTOR: usize = 512;
    match random.below(4) {
        0 => {}
        1 => put(durable, offset, bytes),
        2 => put(durable, offset, &bytes[..random.below(bytes.len() as u64 + 1) as usize]),
        _ => {
            let mut at = 0;
            while at < bytes.len() {
                let end = (((offset + at) / SECTOR + 1) * SECTOR - offset).min(bytes.len());
                if random.below(2) == 0 {
                    put(durable, offset + at, &bytes[at..end]);
                }
                at = end;
            }
        }
    }
}

fn put(into: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    let end = offset + bytes.len();
    if into.len() < end {
        into.resize(end, 0);
    }
    into[offset..end].copy_from_slice(bytes);
}

fn counts_down(left: &mut Option<u64>) -> bool {
    let Some(count) = left else { return false };
    *count = count.saturating_sub(1);
    if *count > 0 {
        return false;
    }
    *left = None;
    true
}

/// SplitMix64: small, and the same on every machine.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }
}

/// Gives back the memory of files no name leads to.
pub(super) fn free_unnamed(nodes: &mut [Node], names: &BTreeMap<String, Name>, durable: &BTreeMap<String, Name>) {
    let mut named = vec![false; nodes.len()];
    for name in names.values().chain(durable.values()) {
        if let Name::File(node) = name {
            named[*node] = true;
        }
    }
    for (node, _) in nodes.iter_mut().zip(named).filter(|(_, named)| !named) {
        *node = Node::default();
    }
}
