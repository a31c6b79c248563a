//! All lists of one kind as the index answers from them: the whole lists, and what deltas have changed since.

use std::path::Path;

use super::changes::{Changes, Deltas, Trouble};
use super::file::Form;
use super::index::{Package, Source};
use super::line::{DeclarationLine, HoldLine, Line, ListKind};
use super::snapshot::Snapshot;

pub(super) struct Table {
    /// What is in it, in the order in which it came; nothing while it is not known whether all of it is there.
    packages: Option<Vec<Package>>,
    snapshots: Vec<Snapshot>,
    pub(super) deltas: Deltas,
    /// Whether a newer one is being made.
    pub(super) building: bool,
}

impl Table {
    /// As it was left, if the packages that it was made of are still in force.
    pub(super) fn open(changes: &Changes, source: &dyn Source, folder: &Path, kind: ListKind) -> Result<Self, Trouble> {
        let (deltas, files) = changes.deltas(kind)?;
        let in_force = source.packages(kind);
        let known = in_force.get(..files.len()).filter(|known| known.iter().map(|package| &package.file).eq(&files));
        let opened = known.and_then(|known| Some((known.to_vec(), snapshots(source, folder, known)?)));
        let (packages, snapshots) = opened.map_or((None, Vec::new()), |(known, snapshots)| (Some(known), snapshots));
        Ok(Self { packages, snapshots, deltas, building: false })
    }

    /// Makes one of these packages in `deltas`, which are empty. What is there already of whole lists is not made again.
    ///
    /// # Errors
    /// In words, when a package cannot be read or the disk has no room.
    pub(super) fn build(
        source: &dyn Source,
        folder: &Path,
        deltas: Deltas,
        packages: Vec<Package>,
    ) -> Result<Self, String> {
        for package in &packages {
            match package.claims.form {
                Form::Snapshot => Snapshot::build(source, package, folder)?,
                Form::Delta => read_delta(source, &deltas, package)?,
            }
        }
        let snapshots = snapshots(source, folder, &packages).ok_or("a list's file was damaged while it was made")?;
        Ok(Self { packages: Some(packages), snapshots, deltas, building: false })
    }

    /// Takes packages that are nothing but deltas upon what is in it.
    ///
    /// # Errors
    /// As [`Self::build`]; then it is to be built anew.
    pub(super) fn add(&mut self, source: &dyn Source, added: &[Package]) -> Result<(), String> {
        let mut packages = self.packages.take().unwrap_or_default();
        added.iter().try_for_each(|package| read_delta(source, &self.deltas, package))?;
        packages.extend_from_slice(added);
        self.packages = Some(packages);
        Ok(())
    }

    pub(super) fn packages(&self) -> Option<&[Package]> {
        self.packages.as_deref()
    }

    pub(super) fn holds(&mut self, item: &str) -> Result<Vec<HoldLine>, Trouble> {
        let mut found = std::collections::BTreeMap::new();
        for snapshot in &mut self.snapshots {
            for line in snapshot.lines(item)? {
                if let Line::Hold(line) = line {
                    let issuer = snapshot.package.claims.issuer.clone();
                    found.insert((issuer, line.hold.id.as_str().to_owned()), *line);
                }
            }
        }
        for (by, line) in self.deltas.holds(item)? {
            match line {
                Some(line) => drop(found.insert(by, line)),
                None => drop(found.remove(&by)),
            }
        }
        Ok(found.into_values().collect())
    }

    /// What the package says that came last of those that say anything.
    pub(super) fn declaration(&mut self, item: &str) -> Result<Option<DeclarationLine>, Trouble> {
        let mut said = self.deltas.declarations(item)?;
        for snapshot in &mut self.snapshots {
            if let Some(Line::Declaration(line)) = snapshot.lines(item)?.pop() {
                said.push((snapshot.package.file.clone(), *line));
            }
        }
        let packages = self.packages.as_deref().unwrap_or_default();
        let place = |file: &str| packages.iter().position(|package| package.file == file);
        Ok(said.into_iter().max_by_key(|(file, _)| place(file)).map(|(_, line)| line))
    }
}

fn snapshots(source: &dyn Source, folder: &Path, packages: &[Package]) -> Option<Vec<Snapshot>> {
    let whole = packages.iter().filter(|package| package.claims.form == Form::Snapshot);
    whole.map(|package| Snapshot::open(source, package, folder)).collect()
}

fn read_delta(source: &dyn Source, deltas: &Deltas, package: &Package) -> Result<(), String> {
    source.read(package, &mut |_, _, line| {
        deltas.take(package, line).map_err(|_| "the index cannot be written".to_owned())
    })
}
