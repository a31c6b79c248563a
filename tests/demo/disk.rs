//! A disk of the station's own that can really be full: a small file system in memory, mounted over its data folder.
//!
//! Mounting needs the machine's administrator; so that nothing is left behind however a run ends, the demonstration first
//! moves into a mount namespace of its own (`unshare`), which goes with it. The station knows nothing of any of this: it
//! meets the operating system's own error. Without the right, the fault is NOT RUN.

use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use gatepost_virtual::faults::Fault;

/// Set in the environment of a demonstration that has a namespace of its own.
const INSIDE: &str = "GATEPOST_DEMO_OWN_MOUNTS";
const FILLER: &str = "filler";

/// Whether this process may mount file systems nobody else sees.
pub fn is_possible() -> bool {
    rustix::process::geteuid().is_root()
        && Command::new("unshare").args(["--mount", "true"]).status().is_ok_and(|status| status.success())
}

/// Moves into an own mount namespace when `faults` need one: this program again, in this process.
///
/// # Errors
/// When that fails.
pub fn move_in(faults: &[Fault]) -> Result<(), String> {
    if !faults.contains(&Fault::DiskFull) || std::env::var_os(INSIDE).is_some() {
        return Ok(());
    }
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let failed = Command::new("unshare")
        .args(["--mount", "--propagation", "private"])
        .arg(program)
        .args(std::env::args_os().skip(1))
        .env(INSIDE, "1")
        .exec();
    Err(format!("disk-full: no mount namespace ({failed})"))
}

/// A small disk, mounted.
pub struct SmallDisk {
    folder: PathBuf,
    is_full: bool,
}

impl SmallDisk {
    /// Mounts it over a folder and copies into it what is there.
    ///
    /// # Errors
    /// What `mount` says.
    pub fn mount(folder: &Path, mebibytes: u64) -> Result<Self, String> {
        let beside = folder.with_extension("beneath");
        let failed = |what: &str| format!("{}: {what}", folder.display());
        run("cp", &["-a".as_ref(), folder.as_os_str(), beside.as_os_str()]).map_err(|why| failed(&why))?;
        let size = format!("size={mebibytes}m");
        let words = ["-t", "tmpfs", "-o", &size, "gatepost-demo"].map(std::ffi::OsStr::new);
        run("mount", &[&words[..], &[folder.as_os_str()]].concat()).map_err(|why| failed(&why))?;
        let all = beside.join(".");
        run("cp", &["-a".as_ref(), all.as_os_str(), folder.as_os_str()]).map_err(|why| failed(&why))?;
        std::fs::remove_dir_all(&beside).map_err(|error| failed(&error.to_string()))?;
        Ok(Self { folder: folder.to_owned(), is_full: false })
    }

    /// Makes the disk as full as it is to be now; called again and again, it takes what becomes free.
    pub fn act(&mut self, full: bool) {
        if full != self.is_full {
            println!("fault disk-full: the station's disk {}", if full { "is full" } else { "has room again" });
        }
        self.is_full = full;
        let filler = self.folder.join(FILLER);
        if !full {
            let _gone = std::fs::remove_file(filler);
            return;
        }
        let Ok(mut file) = File::options().create(true).append(true).open(filler) else { return };
        for piece in [1 << 20, 4 << 10, 64] {
            let bytes = vec![0xA5; piece];
            while file.write_all(&bytes).is_ok() {}
        }
    }

    /// Puts what is on it where it would have been, and takes it away.
    ///
    /// # Errors
    /// What the system says; the data may then be lost with the disk.
    pub fn leave(mut self) -> Result<(), String> {
        self.act(false);
        let beside = self.folder.with_extension("kept");
        let failed = |what: &str| format!("{}: {what}", self.folder.display());
        run("cp", &["-a".as_ref(), self.folder.as_os_str(), beside.as_os_str()]).map_err(|why| failed(&why))?;
        run("umount", &["-l".as_ref(), self.folder.as_os_str()]).map_err(|why| failed(&why))?;
        std::fs::remove_dir_all(&self.folder).map_err(|error| failed(&error.to_string()))?;
        std::fs::rename(&beside, &self.folder).map_err(|error| failed(&error.to_string()))
    }
}

fn run(program: &str, words: &[&std::ffi::OsStr]) -> Result<(), String> {
    let done = Command::new(program).args(words).output().map_err(|error| format!("{program}: {error}"))?;
    if done.status.success() {
        return Ok(());
    }
    Err(format!("{program}: {}", String::from_utf8_lossy(&done.stderr).trim()))
}
