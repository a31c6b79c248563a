//! The index's folders, `cache-<n>`: one is in use, the others were given up.

use std::path::{Path, PathBuf};

/// The end of the names of files that are whole.
pub(super) const MADE: &str = "sorted";

pub(super) fn folder(root: &Path, number: u32) -> PathBuf {
    root.join(format!("cache-{number}"))
}

/// Within one: where deltas and past decisions are.
pub(super) fn changes(folder: &Path) -> PathBuf {
    folder.join("changes")
}

/// Within one: where it is kept where each line of a whole list stands.
pub(super) fn whole(folder: &Path) -> PathBuf {
    folder.join("whole")
}

/// Removes from there what a power cut left unfinished; nothing may be being made there.
pub(super) fn remove_unfinished(whole: &Path) {
    let Ok(entries) = std::fs::read_dir(whole) else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.extension().is_none_or(|extension| extension != MADE) {
            // What stays costs only room.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// The highest number of the folders there; 1 when there is none.
pub(super) fn newest(root: &Path) -> u32 {
    numbers(root).into_iter().max().unwrap_or(1)
}

fn numbers(root: &Path) -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir(root) else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter_map(|name| name.strip_prefix("cache-")?.parse().ok()).collect()
}

pub(super) fn remove_others(root: &Path, number: u32) {
    for other in numbers(root).into_iter().filter(|other| *other != number) {
        // An abandoned folder holds nothing of worth; that it stays costs only room until the next one is given up.
        let _ = std::fs::remove_dir_all(folder(root, other));
    }
}
