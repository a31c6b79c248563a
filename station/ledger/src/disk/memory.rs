//! A disk in memory that loses power, tears, fills and fails as a real one does, by order or by a seed.
//!
//! Production tests and the world harness run the ledger on it. It is harsher than most hardware: what was not synced
//! may survive whole, in part, torn at any byte or with holes; names are not durable until their folder was synced; a
//! failed sync drops the bytes it was to write while reads still show them, as Linux does.

mod state;

use std::sync::{Arc, Mutex, MutexGuard};

use super::{Cause, Disk, DiskError, Entry, File, How, split};
use state::{Name, NameChange, Node, State, free_unnamed};

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
