//! A disk in memory that loses power, tears, fills and fails as a real one does, by order or by a seed.
//!
//! Production tests and the world harness run the ledger on it. It is harsher than most hardware: what was not synced
//! may survive whole, in part, torn at any byte or with holes; names are not durable until their folder was synced; a
//! failed sync drops the bytes it was to write while reads still show them, as Linux does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use super::{Cause, Disk, DiskError, Entry, File, How, split};

/// Cloning shares the disk.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk {
    state: Arc<Mutex<State>>,
}

/// What is left of unsynced work when the power comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// Nothing.
    Nothing,
    /// All of it.
    Everything,
    /// The first so many bytes in the order they were written; all names.
    Torn { bytes: u64 },
    /// By a seed: some names, and of every write all, none, a part, or some of its sectors.
    Seeded(u64),
}

/// What the disk was asked for since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Everything that changes the disk: writes, syncs, truncations, names.
    pub changes: u64,
    pub syncs: u64,
    pub folder_syncs: u64,
    pub bytes_written: u64,
}

#[derive(Debug, Default)]
struct State {
    nodes: Vec<Node>,
    names: BTreeMap<String, Name>,
    durable_names: BTreeMap<String, Name>,
    /// Name changes not yet durable, in order.
    name_changes: Vec<NameChange>,
    /// Counts power cuts: a file opened before one cannot be used after it.
    epoch: u64,
    off: bool,
    order: u64,
    budget: Option<u64>,
    used: u64,
    power_after: Option<u64>,
    sync_fails_in: Option<u64>,
    write_fails_in: Option<u64>,
    counts: Counts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Folder,
    File(usize),
}

#[derive(Debug, Default)]
struct Node {
    current: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Change>,
    /// Taken from the budget beyond `current`, bytes.
    allocated: u64,
}

#[derive(Debug)]
enum Change {
    Write { order: u64, offset: usize, bytes: Vec<u8> },
    Length(usize),
}

#[derive(Clone, Debug)]
enum NameChange {
    Put(String, Name),
    Remove(String),
    Rename(String, String),
}

#[derive(Debug)]
struct MemoryFile {
    disk: MemoryDisk,
    path: String,
    node: usize,
    epoch: u64,
    writable: bool,
}

impl MemoryDisk {
    pub fn new() -> Self {
        Self::default()
    }

    /// At most so many bytes in all files together; nothing for no bound.
    pub fn set_budget(&self, bytes: Option<u64>) {
        self.lock().budget = bytes;
    }

    /// Bytes taken by all files.
    pub fn used(&self) -> u64 {
        self.lock().used
    }

    pub fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// The power goes in the middle of the `changes`-th change from now (1 = the next one).
    pub fn power_off_in(&self, changes: u64) {
        self.lock().power_after = Some(changes);
    }

    pub fn power_off(&self) {
        self.lock().off = true;
    }

    pub fn is_off(&self) -> bool {
        self.lock().off
    }

    /// Loses what `crash` says, forgets ordered faults, and runs again.
    pub fn power_on(&self, crash: Crash) {
        self.lock().power_on(crash);
    }

    /// The `syncs`-th file sync from now fails (1 = the next one) and drops the bytes it was to write.
    pub fn fail_sync_in(&self, syncs: u64) {
        self.lock().sync_fails_in = Some(syncs);
    }

    /// The `writes`-th write from now fails half-way.
    pub fn fail_write_in(&self, writes: u64) {
        self.lock().write_fails_in = Some(writes);
    }

    /// Changes a file behind the ledger's back, durably: damage.
    pub fn damage(&self, path: &str, with: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.lock();
        let Some(Name::File(node)) = state.names.get(path).copied() else { return };
        let before = state.nodes[node].current.len() as u64;
        with(&mut state.nodes[node].current);
        let after = state.nodes[node].current.len() as u64;
        state.used = state.used + after - before;
        state.nodes[node].durable = state.nodes[node].current.clone();
        state.nodes[node].unsynced.clear();
    }

    /// A separate disk with the same durable and visible contents; no faults ordered.
    pub fn fork(&self) -> Self {
        let state = self.lock();
        let mut copy = State { names: state.names.clone(), used: state.used, ..State::default() };
        copy.durable_names.clone_from(&copy.names);
        for node in &state.nodes {
            let allocated = node.allocated;
            let (current, durable) = (node.current.clone(), node.current.clone());
            copy.nodes.push(Node { current, durable, unsynced: Vec::new(), allocated });
        }
        Self { state: Arc::new(Mutex::new(copy)) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A test that panicked while holding the lock has failed already; its disk is still consistent.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl State {
    /// Counts a change; false when the power goes in the middle of it.
    fn change(&mut self, path: &str) -> Result<bool, DiskError> {
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

    fn alive(&self, path: &str) -> Result<(), DiskError> {
        if self.off { Err(DiskError::new(path, Cause::Off)) } else { Ok(()) }
    }

    fn done(&self, path: &str, powered: bool) -> Result<(), DiskError> {
        if powered { Ok(()) } else { Err(DiskError::new(path, Cause::Off)) }
    }

    fn file(&self, path: &str) -> Option<usize> {
        match self.names.get(path) {
            Some(Name::File(node)) => Some(*node),
            _ => None,
        }
    }

    /// The bytes of `wanted` more that still fit.
    fn room(&self, wanted: u64) -> u64 {
        self.budget.map_or(wanted, |budget| budget.saturating_sub(self.used).min(wanted))
    }

    fn write(&mut self, node: usize, path: &str, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
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

    fn truncate(&mut self, node: usize, path: &str, length: u64) -> Result<(), DiskError> {
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

    fn allocate(&mut self, node: usize, path: &str, length: u64) -> Result<(), DiskError> {
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

    fn sync(&mut self, node: usize, path: &str) -> Result<(), DiskError> {
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

    fn apply(names: &mut BTreeMap<String, Name>, change: &NameChange) {
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

    fn name_change(&mut self, path: &str, change: NameChange) -> Result<(), DiskError> {
        let powered = self.change(path)?;
        Self::apply(&mut self.names, &change);
        self.name_changes.push(change);
        self.done(path, powered)
    }

    fn power_on(&mut self, crash: Crash) {
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
    fn taken(&self) -> u64 {
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

impl Disk for MemoryDisk {
    fn open(&self, path: &str, how: How) -> Result<Box<dyn File>, DiskError> {
        let mut state = self.lock();
        state.alive(path)?;
        let node = match (state.file(path), how) {
            (Some(_), How::Create) => return Err(DiskError::new(path, Cause::Exists)),
            (Some(node), _) => node,
            (None, How::Create) => {
                let (folder, _) = split(path);
                if !folder.is_empty() && state.names.get(folder) != Some(&Name::Folder) {
                    return Err(DiskError::new(path, Cause::NotFound));
                }
                let node = state.nodes.len();
                state.nodes.push(Node::default());
                state.name_change(path, NameChange::Put(path.to_owned(), Name::File(node)))?;
                node
            }
            (None, _) => return Err(DiskError::new(path, Cause::NotFound)),
        };
        let (epoch, path) = (state.epoch, path.to_owned());
        Ok(Box::new(MemoryFile { disk: self.clone(), path, node, epoch, writable: how != How::Read }))
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, DiskError> {
        let state = self.lock();
        state.alive(folder)?;
        let found = state.names.iter().filter(|(path, _)| split(path).0 == folder);
        let mut entries: Vec<Entry> = found
            .map(|(path, name)| match name {
                Name::Folder => Entry { name: split(path).1.to_owned(), length: 0, folder: true },
                Name::File(node) => {
                    let length = state.nodes[*node].current.len() as u64;
                    Entry { name: split(path).1.to_owned(), length, folder: false }
                }
            })
            .collect();
        entries.sort();
        Ok(entries)
    }

    fn create_dir(&self, folder: &str) -> Result<(), DiskError> {
        let mut state = self.lock();
        let mut made = String::new();
        for part in folder.split('/') {
            made = super::join(&made, part);
            if state.names.contains_key(&made) {
                continue;
            }
            let powered = state.change(&made)?;
            state.done(&made, powered)?;
            state.names.insert(made.clone(), Name::Folder);
            state.durable_names.insert(made.clone(), Name::Folder);
        }
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), DiskError> {
        let mut state = self.lock();
        state.alive(from)?;
        if !state.names.contains_key(from) {
            return Err(DiskError::new(from, Cause::NotFound));
        }
        let replaced = state.file(to).map_or(0, |node| state.nodes[node].taken());
        state.used -= replaced;
        state.name_change(from, NameChange::Rename(from.to_owned(), to.to_owned()))
    }

    fn remove(&self, path: &str) -> Result<(), DiskError> {
        let mut state = self.lock();
        state.alive(path)?;
        let Some(node) = state.file(path) else { return Err(DiskError::new(path, Cause::NotFound)) };
        state.used -= state.nodes[node].taken();
        state.name_change(path, NameChange::Remove(path.to_owned()))
    }

    fn sync_dir(&self, folder: &str) -> Result<(), DiskError> {
        let mut state = self.lock();
        let powered = state.change(folder)?;
        state.counts.folder_syncs += 1;
        state.done(folder, powered)?;
        // One journal for all folders, as ext4 has: everything up to the last change in this folder is durable now.
        let touches = |change: &NameChange| match change {
            NameChange::Put(path, _) | NameChange::Remove(path) => split(path).0 == folder,
            NameChange::Rename(from, to) => split(from).0 == folder || split(to).0 == folder,
        };
        let Some(last) = state.name_changes.iter().rposition(touches) else { return Ok(()) };
        let durable: Vec<NameChange> = state.name_changes.drain(..=last).collect();
        for change in &durable {
            State::apply(&mut state.durable_names, change);
        }
        let State { nodes, names, durable_names, .. } = &mut *state;
        if durable.iter().any(|change| !matches!(change, NameChange::Put(..))) {
            free_unnamed(nodes, names, durable_names);
        }
        Ok(())
    }
}

/// Gives back the memory of files no name leads to.
fn free_unnamed(nodes: &mut [Node], names: &BTreeMap<String, Name>, durable: &BTreeMap<String, Name>) {
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

impl MemoryFile {
    fn locked(&self, writing: bool) -> Result<MutexGuard<'_, State>, DiskError> {
        let state = self.disk.lock();
        state.alive(&self.path)?;
        if state.epoch != self.epoch {
            return Err(DiskError::new(&self.path, Cause::Off));
        }
        if writing && !self.writable {
            return Err(DiskError::new(&self.path, Cause::Failed("opened for reading only".to_owned())));
        }
        Ok(state)
    }
}

impl File for MemoryFile {
    fn length(&self) -> Result<u64, DiskError> {
        Ok(self.locked(false)?.nodes[self.node].current.len() as u64)
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<usize, DiskError> {
        let state = self.locked(false)?;
        let current = &state.nodes[self.node].current;
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(current.len());
        let length = into.len().min(current.len() - from);
        into[..length].copy_from_slice(&current[from..from + length]);
        Ok(length)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        self.locked(true)?.write(self.node, &self.path, offset, bytes)
    }

    fn sync(&mut self) -> Result<(), DiskError> {
        self.locked(true)?.sync(self.node, &self.path)
    }

    fn truncate(&mut self, length: u64) -> Result<(), DiskError> {
        self.locked(true)?.truncate(self.node, &self.path, length)
    }

    fn allocate(&mut self, length: u64) -> Result<(), DiskError> {
        self.locked(true)?.allocate(self.node, &self.path, length)
    }
}
