//! A whole list as the index sees it: the list's own file, and beside it where each item's lines stand.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::changes::Trouble;
use super::file::Stream;
use super::folders::MADE;
use super::index::{Package, Source};
use super::line::{Line, LineParser};
use super::sorted::{Row, Sorted, Sorter};
use crate::disk::File;
use crate::limits;

pub(super) struct Snapshot {
    pub(super) package: Package,
    sorted: Sorted,
    file: Box<dyn File>,
    /// Has read the names of columns, where the list has any.
    parser: LineParser,
}

impl Snapshot {
    /// Makes the file that says where lines stand, unless it is there.
    ///
    /// # Errors
    /// In words, when the list cannot be read or the disk has no room.
    pub(super) fn build(source: &dyn Source, package: &Package, folder: &Path) -> Result<(), String> {
        let path = sorted_path(folder, package);
        if Sorted::open(&path, &package.file).is_some() {
            return Ok(());
        }
        std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        let mut sorter = Sorter::new(&path);
        source.read(package, &mut |at, bytes, line| {
            sorter.push(line.item(), at, bytes).map_err(|error| error.to_string())
        })?;
        sorter.finish(&package.file).map_err(|error| error.to_string())
    }

    /// Nothing when it was not built, or what was built is damaged.
    pub(super) fn open(source: &dyn Source, package: &Package, folder: &Path) -> Option<Self> {
        let sorted = Sorted::open(&sorted_path(folder, package), &package.file)?;
        let mut parser = LineParser::new(package.claims.kind, false);
        let mut lines = BufReader::new(Stream::over(source.open(package).ok()?));
        let mut line = Vec::new();
        lines.by_ref().take(limits::LIST_HEADER_BYTES_MAX as u64).read_until(b'\n', &mut line).ok()?;
        while !parser.has_begun() {
            line.clear();
            if lines.by_ref().take(limits::LIST_LINE_BYTES_MAX as u64 + 2).read_until(b'\n', &mut line).ok()? == 0 {
                break;
            }
            parser.parse(line.strip_suffix(b"\n").unwrap_or(&line)).ok()?;
        }
        Some(Self { package: package.clone(), sorted, file: source.open(package).ok()?, parser })
    }

    /// Every line about an item, in the list's order.
    ///
    /// # Errors
    /// [`Trouble`].
    pub(super) fn lines(&mut self, item: &str) -> Result<Vec<Line>, Trouble> {
        let rows = self.sorted.rows(item, limits::LINES_PER_ITEM_MAX).map_err(|_| Trouble::Broken)?;
        let rows = rows.ok_or(Trouble::Crowded)?;
        let mut lines = Vec::with_capacity(rows.len());
        for row in rows {
            // Another item may share the hash.
            lines.extend(Some(self.line(row)?).filter(|line| line.item() == item));
        }
        Ok(lines)
    }

    fn line(&mut self, row: Row) -> Result<Line, Trouble> {
        let mut bytes = [0; limits::LIST_LINE_BYTES_MAX + 2];
        let read = self.file.read_at(row.at, &mut bytes).map_err(|_| Trouble::Broken)?;
        let end = bytes[..read].iter().position(|&byte| byte == b'\n').map_or(read, |end| end + 1);
        let line = &bytes[..end];
        if !row.vouches_for(line) {
            return Err(Trouble::Broken);
        }
        let parsed = self.parser.parse(line.strip_suffix(b"\n").unwrap_or(line));
        parsed.ok().flatten().ok_or(Trouble::Broken)
    }
}

fn sorted_path(folder: &Path, package: &Package) -> PathBuf {
    folder.join(format!("{}.{MADE}", package.file))
}

/// Removes what is of none of these packages. What is only being made is left alone.
pub(super) fn remove_others(folder: &Path, keep: &[Package]) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let is_made = path.extension().is_some_and(|extension| extension == MADE);
        if is_made && !keep.iter().any(|package| path == sorted_path(folder, package)) {
            // What stays costs only room until the next list comes.
            let _ = std::fs::remove_file(path);
        }
    }
}
