//! A copy of the sources that may be spoilt.
//!
//! What git knows and what it does not ignore, nothing else: no build, no models in training. A file that did not change
//! since the last copy is left alone, so that only what changed is compiled again.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes `tree` a copy of the repository's sources, and gives it back.
///
/// # Errors
/// A sentence that names the file.
pub fn copy(repository: &Path, tree: &Path) -> Result<PathBuf, String> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"])
        .current_dir(repository)
        .output()
        .map_err(|error| format!("git cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(format!("git does not list the sources: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let names = String::from_utf8_lossy(&output.stdout).into_owned();
    // Git still lists a file that was removed and not committed.
    let names: BTreeSet<&str> = names.split('\0').filter(|name| repository.join(name).is_file()).collect();
    for name in &names {
        let bytes = fs::read(repository.join(name)).map_err(|error| format!("{name}: {error}"))?;
        let to = tree.join(name);
        if fs::read(&to).is_ok_and(|before| before == bytes) {
            continue;
        }
        let folder = to.parent().unwrap_or(tree);
        fs::create_dir_all(folder).and_then(|()| fs::write(&to, bytes)).map_err(|error| format!("{name}: {error}"))?;
    }
    remove_others(tree, "", &names)?;
    Ok(tree.to_owned())
}

/// Removes what the repository no longer has.
fn remove_others(tree: &Path, below: &str, names: &BTreeSet<&str>) -> Result<(), String> {
    let wrong = |error: std::io::Error| format!("{}: {error}", tree.join(below).display());
    for entry in fs::read_dir(tree.join(below)).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        let name = match below {
            "" => entry.file_name().to_string_lossy().into_owned(),
            below => format!("{below}/{}", entry.file_name().to_string_lossy()),
        };
        if entry.file_type().map_err(wrong)?.is_dir() {
            remove_others(tree, &name, names)?;
        } else if !names.contains(name.as_str()) {
            fs::remove_file(entry.path()).map_err(wrong)?;
        }
    }
    Ok(())
}

/// # Errors
/// A sentence that names the file.
pub fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// # Errors
/// A sentence that names the file.
pub fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
