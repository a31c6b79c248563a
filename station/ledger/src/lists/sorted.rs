//! Where the lines of a list stand, sorted by item: a file that is made once and never changed.
//!
//! ```text
//! rows of 24 bytes, sorted: item's hash · where its line begins in the list's file · line's hash     three u64, little-endian
//! 32 bytes                  BLAKE3 of the list's name, a zero byte and the rows
//! ```
//! A hash is the first eight bytes of a BLAKE3. Two items may share one: whoever reads a line compares the item. Made with
//! bounded memory however long the list is; what is damaged is not opened, and made again from the list. What is damaged after
//! that is an error where it is read: a row that changed would be a hold that is not found.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const ROW_BYTES: usize = 24;
const SEAL_BYTES: usize = 32;
/// Rows that one read fetches; the first hash of each such block is held in memory: a look-up reads the disk once.
const BLOCK_ROWS: usize = 128;
/// Rows sorted in memory at once, 24 MiB; a longer list is sorted in runs, which are merged.
const RUN_ROWS: usize = 1 << 20;

/// Where one line about an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    item: u64,
    /// Where the line begins, bytes from the start of the list's file.
    pub(super) at: u64,
    line: u64,
}

impl Row {
    fn of(item: &str, at: u64, line: &[u8]) -> Self {
        Self { item: hash(item.as_bytes()), at, line: hash(line) }
    }

    /// Whether these bytes, with their line end, are the line.
    pub(super) fn vouches_for(&self, line: &[u8]) -> bool {
        self.line == hash(line)
    }

    fn bytes(self) -> [u8; ROW_BYTES] {
        let mut bytes = [0; ROW_BYTES];
        for (part, into) in [self.item, self.at, self.line].iter().zip(bytes.chunks_exact_mut(8)) {
            into.copy_from_slice(&part.to_le_bytes());
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Self {
        let mut parts = bytes.chunks_exact(8).map(|part| part.try_into().map_or(0, u64::from_le_bytes));
        let mut next = || parts.next().unwrap_or(0);
        Self { item: next(), at: next(), line: next() }
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&blake3::hash(bytes).as_bytes()[..8]);
    u64::from_le_bytes(first)
}

/// Such a file, opened.
pub(super) struct Sorted {
    file: File,
    rows: usize,
    fence: Vec<Fence>,
}

/// What is remembered of a block.
struct Fence {
    /// The first item's hash.
    first: u64,
    /// Of all its bytes, as they were when the seal was looked at.
    block: u64,
}

impl Sorted {
    /// Nothing when it is not there, not whole, or not of the list `name`.
    pub(super) fn open(path: &Path, name: &str) -> Option<Self> {
        let file = File::open(path).ok()?;
        let bytes = usize::try_from(file.metadata().ok()?.len()).ok()?.checked_sub(SEAL_BYTES)?;
        let rows = bytes / ROW_BYTES;
        let (mut seal, mut fence) = (sealer(name), Vec::with_capacity(rows.div_ceil(BLOCK_ROWS)));
        let mut from = BufReader::with_capacity(1 << 16, &file);
        let mut block = vec![0; BLOCK_ROWS * ROW_BYTES];
        for first in (0..rows).step_by(BLOCK_ROWS) {
            let block = &mut block[..(rows - first).min(BLOCK_ROWS) * ROW_BYTES];
            from.read_exact(block).ok()?;
            seal.update(block);
            fence.push(Fence { first: Row::read(&block[..ROW_BYTES]).item, block: hash(block) });
        }
        let mut sealed = Vec::new();
        from.read_to_end(&mut sealed).ok()?;
        (sealed == seal.finalize().as_bytes()).then_some(Self { file, rows, fence })
    }

    /// Where the lines about an item may stand, in the list's order; nothing when there are more than `most`.
    ///
    /// # Errors
    /// When the disk fails, or no longer says what it said.
    pub(super) fn rows(&self, item: &str, most: usize) -> io::Result<Option<Vec<Row>>> {
        let wanted = hash(item.as_bytes());
        let mut found = Vec::new();
        let mut bytes = [0; BLOCK_ROWS * ROW_BYTES];
        // The block before the first one that begins with it or after it: there it may begin.
        let start = self.fence.partition_point(|fence| fence.first < wanted).saturating_sub(1);
        for (at, fence) in self.fence.iter().enumerate().skip(start) {
            let first = at * BLOCK_ROWS;
            let block = &mut bytes[..(self.rows - first).min(BLOCK_ROWS) * ROW_BYTES];
            self.file.read_exact_at(block, (first * ROW_BYTES) as u64)?;
            if hash(block) != fence.block {
                return Err(io::Error::other("the index of a list has changed on the disk"));
            }
            for row in block.chunks_exact(ROW_BYTES).map(Row::read) {
                if row.item > wanted {
                    return Ok(Some(found));
                }
                if row.item == wanted {
                    if found.len() == most {
                        return Ok(None);
                    }
                    found.push(row);
                }
            }
        }
        Ok(Some(found))
    }
}

fn sealer(name: &str) -> blake3::Hasher {
    let mut seal = blake3::Hasher::new();
    seal.update(name.as_bytes()).update(&[0]);
    seal
}

/// Makes such a file. What it leaves beside it when it is given up goes with it.
pub(super) struct Sorter {
    path: PathBuf,
    rows: Vec<Row>,
    rows_max: usize,
    runs: Vec<PathBuf>,
}

impl Sorter {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), rows: Vec::new(), rows_max: RUN_ROWS, runs: Vec::new() }
    }

    /// # Errors
    /// When the disk fails.
    pub(super) fn push(&mut self, item: &str, at: u64, line: &[u8]) -> io::Result<()> {
        if self.rows.len() == self.rows_max {
            self.spill()?;
        }
        self.rows.push(Row::of(item, at, line));
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        self.rows.sort_unstable();
        let path = self.beside(&format!("run-{}", self.runs.len()));
        self.runs.push(path.clone());
        let mut run = BufWriter::new(File::create(path)?);
        self.rows.drain(..).try_for_each(|row| run.write_all(&row.bytes()))?;
        run.flush()
    }

    fn beside(&self, what: &str) -> PathBuf {
        self.path.with_extension(what)
    }

    /// Whole at its place, or not there.
    ///
    /// # Errors
    /// When the disk fails.
    pub(super) fn finish(mut self, name: &str) -> io::Result<()> {
        let beside = self.beside("new");
        let written = self.write(&beside, name).and_then(|()| fs::rename(&beside, &self.path));
        if written.is_err() {
            // It would only take room, which may be what is missing.
            let _ = fs::remove_file(&beside);
        }
        written
    }

    fn write(&mut self, path: &Path, name: &str) -> io::Result<()> {
        let (mut into, mut seal) = (BufWriter::with_capacity(1 << 16, File::create(path)?), sealer(name));
        let mut put = |row: Row| {
            seal.update(&row.bytes());
            into.write_all(&row.bytes())
        };
        if self.runs.is_empty() {
            self.rows.sort_unstable();
            self.rows.drain(..).try_for_each(&mut put)?;
        } else {
            self.spill()?;
            self.rows = Vec::new();
            merge(&self.runs, &mut put)?;
        }
        into.write_all(seal.finalize().as_bytes())?;
        into.into_inner()?.sync_all()
    }
}

impl Drop for Sorter {
    fn drop(&mut self) {
        for run in &self.runs {
            // What stays goes with the folder.
            let _ = fs::remove_file(run);
        }
    }
}

fn merge(runs: &[PathBuf], put: &mut dyn FnMut(Row) -> io::Result<()>) -> io::Result<()> {
    let open = |path: &PathBuf| Ok(BufReader::with_capacity(1 << 16, File::open(path)?));
    let mut runs = runs.iter().map(open).collect::<io::Result<Vec<_>>>()?;
    let mut heads = BinaryHeap::new();
    for (at, run) in runs.iter_mut().enumerate() {
        heads.extend(next(run)?.map(|row| Reverse((row, at))));
    }
    while let Some(Reverse((row, at))) = heads.pop() {
        put(row)?;
        heads.extend(next(&mut runs[at])?.map(|row| Reverse((row, at))));
    }
    Ok(())
}

fn next(run: &mut impl Read) -> io::Result<Option<Row>> {
    let mut bytes = [0; ROW_BYTES];
    match run.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(Row::read(&bytes))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sorted in runs of `rows_max`, opened again.
    fn sorted(folder: &Path, lines: &[(String, u64)], rows_max: usize) -> Sorted {
        let path = folder.join("holds.sorted");
        let mut sorter = Sorter::new(&path);
        sorter.rows_max = rows_max;
        for (item, at) in lines {
            sorter.push(item, *at, item.as_bytes()).unwrap();
        }
        sorter.finish("holds").unwrap();
        assert_eq!(fs::read_dir(folder).unwrap().count(), 1, "nothing is left beside it");
        Sorted::open(&path, "holds").unwrap()
    }

    fn places(sorted: &Sorted, item: &str) -> Vec<u64> {
        sorted.rows(item, 1_000).unwrap().unwrap().iter().map(|row| row.at).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_line_of_an_item_is_found_in_the_lists_order(
            numbers in prop::collection::vec(0_u32..200, 0..700), rows_max in 1_usize..400,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let lines: Vec<_> = (10..).zip(&numbers).map(|(at, number)| (format!("RR{number}"), at)).collect();
            let sorted = sorted(folder.path(), &lines, rows_max);
            for number in 0..201 {
                let item = format!("RR{number}");
                let expected: Vec<_> = lines.iter().filter(|(of, _)| *of == item).map(|(_, at)| *at).collect();
                prop_assert_eq!(places(&sorted, &item), expected);
            }
        }

        #[test]
        fn a_damaged_file_is_not_opened(at in 0_usize..500, bit in 0_u8..8, cut: bool) {
            let folder = tempfile::tempdir().unwrap();
            let lines: Vec<_> = (0..20).map(|at| (format!("RR{at}"), at)).collect();
            drop(sorted(folder.path(), &lines, 6));
            let path = folder.path().join("holds.sorted");
            let mut bytes = fs::read(&path).unwrap();
            let at = at % bytes.len();
            if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
            fs::write(&path, bytes).unwrap();
            prop_assert!(Sorted::open(&path, "holds").is_none());
        }
    }

    #[test]
    fn what_changes_on_the_disk_after_it_was_opened_is_an_error_where_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let lines: Vec<_> = (0..400).map(|at| (format!("RR{at}"), at)).collect();
        let sorted = sorted(folder.path(), &lines, 100);
        let path = folder.path().join("holds.sorted");
        let mut bytes = fs::read(&path).unwrap();
        bytes[200 * ROW_BYTES] ^= 1;
        fs::OpenOptions::new().write(true).open(&path).unwrap().write_all_at(&bytes, 0).unwrap();
        let (mut found, mut failed) = (0, 0);
        for (item, at) in &lines {
            match sorted.rows(item, 10) {
                Ok(rows) => {
                    assert_eq!(rows.unwrap().iter().map(|row| row.at).collect::<Vec<_>>(), [*at]);
                    found += 1;
                }
                Err(_) => failed += 1,
            }
        }
        assert!(failed >= BLOCK_ROWS && found >= 400 - 2 * BLOCK_ROWS, "{failed} failed, {found} were found");
    }

    #[test]
    fn a_list_longer_than_a_block_about_one_item_is_found_whole_or_said_to_be_too_long() {
        let folder = tempfile::tempdir().unwrap();
        let mut lines: Vec<_> = (0..400).map(|at| ("RR1".to_owned(), at)).collect();
        lines.extend((400..900).map(|at| (format!("CP{at}"), at)));
        let sorted = sorted(folder.path(), &lines, 100);
        assert_eq!(places(&sorted, "RR1"), (0..400).collect::<Vec<_>>());
        assert_eq!(sorted.rows("RR1", 400).unwrap().map(|rows| rows.len()), Some(400));
        assert!(sorted.rows("RR1", 399).unwrap().is_none());
    }

    #[test]
    fn a_file_of_another_list_is_not_opened_and_a_row_vouches_for_its_line_alone() {
        let folder = tempfile::tempdir().unwrap();
        let sorted = sorted(folder.path(), &[("RR1".to_owned(), 7)], 10);
        assert!(Sorted::open(&folder.path().join("holds.sorted"), "declarations").is_none());
        let row = sorted.rows("RR1", 1).unwrap().unwrap()[0];
        assert!(row.vouches_for(b"RR1") && !row.vouches_for(b"RR2"));
    }
}
