//! Serial devices that do not exist: pseudo-terminals with a name in the station's folder.
//!
//! The demonstration keeps both ends open, so that a station that dies and comes back finds the same cable. It refuses
//! to store: what the station does not take is lost, as on a real line.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, QueueSelector, ioctl_tiocnxcl, tcflush, tcgetattr, tcsetattr};

/// The devices' end.
pub struct Port {
    outer: OwnedFd,
    cable: Cable,
}

/// The station's end, held so that the line stays.
pub struct Cable(OwnedFd);

impl Port {
    /// A new device whose station's end is called `name`.
    ///
    /// # Errors
    /// The system's words, with the name.
    pub fn open(name: &Path) -> Result<Self, String> {
        let failed = |error: &dyn std::fmt::Display| format!("{}: no pseudo-terminal: {error}", name.display());
        let opened = || -> rustix::io::Result<(OwnedFd, OwnedFd, std::ffi::CString)> {
            let outer = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
            grantpt(&outer)?;
            unlockpt(&outer)?;
            let path = ptsname(&outer, Vec::new())?;
            let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
            let inner = rustix::fs::open(&path, flags, Mode::empty())?;
            let mut modes = tcgetattr(&inner)?;
            modes.make_raw();
            tcsetattr(&inner, OptionalActions::Now, &modes)?;
            rustix::io::ioctl_fionbio(&outer, true)?;
            Ok((outer, inner, path))
        };
        let (outer, inner, path) = opened().map_err(|error| failed(&error))?;
        // A name left over from an earlier run points nowhere.
        let _gone = std::fs::remove_file(name);
        let target = path.to_string_lossy().into_owned();
        std::os::unix::fs::symlink(target, name).map_err(|error| failed(&error))?;
        Ok(Self { outer, cable: Cable(inner) })
    }

    /// Whatever the station has sent; nothing when there is nothing.
    pub fn read<'a>(&self, buffer: &'a mut [u8]) -> &'a [u8] {
        let used = rustix::io::read(&self.outer, &mut *buffer).unwrap_or(0);
        &buffer[..used]
    }

    /// Sends; what the line has no room for is lost.
    pub fn write(&self, bytes: &[u8]) {
        let _sent = rustix::io::write(&self.outer, bytes);
    }

    /// # Errors
    /// The system's words.
    pub fn cable(&self) -> Result<Cable, String> {
        self.cable.0.try_clone().map(Cable).map_err(|error| error.to_string())
    }
}

impl Cable {
    /// What an unplugged cable is like to whoever plugs it in: nothing waits on it, and nobody claims it alone.
    pub fn replug(&self) {
        // Both can fail only when the terminal is gone, and then there is nothing to reset.
        let _free = ioctl_tiocnxcl(&self.0);
        let _empty = tcflush(&self.0, QueueSelector::IOFlush);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[test]
    fn bytes_pass_both_ways_unchanged_and_a_replugged_cable_is_empty() {
        let folder = tempfile::tempdir().expect("a folder");
        let name = folder.path().join("scanner");
        let port = Port::open(&name).expect("a terminal");
        let mut station = std::fs::OpenOptions::new().read(true).write(true).open(&name).expect("the station's end");
        let every: Vec<u8> = (0..=255).collect();
        port.write(&every);
        let mut heard = vec![0; 256];
        station.read_exact(&mut heard).expect("the bytes");
        assert_eq!(heard, every, "a raw line changes nothing: no echo, no line ends");
        station.write_all(&every).expect("the answer");
        let mut buffer = [0; 512];
        assert_eq!(port.read(&mut buffer), every);
        assert!(port.read(&mut buffer).is_empty(), "and nothing was echoed");
        port.write(b"stale");
        port.cable().expect("the cable").replug();
        port.write(b"fresh");
        station.read_exact(&mut heard[..5]).expect("the bytes");
        assert_eq!(&heard[..5], b"fresh");
    }
}
