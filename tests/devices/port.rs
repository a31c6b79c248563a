//! A pseudo-terminal whose far end can be asked what it is set to.
//!
//! Both ends are kept open, so that the settings stay and a station that goes and comes back finds the same cable.

use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::ioctl_fionbio;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{
    ControlModes, InputModes, OptionalActions, QueueSelector, ioctl_tiocnxcl, tcflush, tcgetattr, tcsetattr,
};

use super::wire::{Parity, Settings};

/// Bytes that nobody has read for so long that there are more than this are lost, as at a real port nobody opened.
const UNREAD_MAX: u64 = 1_024;

/// The device's end of a line.
pub struct Port {
    outer: OwnedFd,
    inner: OwnedFd,
    path: PathBuf,
    name: Option<PathBuf>,
}

impl Drop for Port {
    /// The name goes before the terminal does: its number is given to the next one that is opened, and a station that
    /// still followed the name would hear a stranger.
    fn drop(&mut self) {
        let Some(name) = &self.name else { return };
        if std::fs::read_link(name).is_ok_and(|target| target == self.path) {
            // Can fail only when somebody else was quicker.
            let _gone = std::fs::remove_file(name);
        }
    }
}

impl Port {
    /// A new line. `name`, if given, becomes a link to the station's end.
    ///
    /// # Errors
    /// The system's words.
    pub fn open(name: Option<&Path>) -> std::io::Result<Self> {
        let outer = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&outer)?;
        unlockpt(&outer)?;
        let target: CString = ptsname(&outer, Vec::new())?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let inner = rustix::fs::open(&target, flags, Mode::empty())?;
        let mut modes = tcgetattr(&inner)?;
        modes.make_raw();
        tcsetattr(&inner, OptionalActions::Now, &modes)?;
        ioctl_fionbio(&outer, true)?;
        let path = PathBuf::from(target.to_string_lossy().into_owned());
        if let Some(name) = name {
            // A name left over from an earlier run points nowhere.
            let _gone = std::fs::remove_file(name);
            std::os::unix::fs::symlink(&path, name)?;
        }
        Ok(Self { outer, inner, path, name: name.map(Path::to_owned) })
    }

    /// The station's end.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the station's end is set to. Parity is what it wants checked; see the module above.
    ///
    /// # Errors
    /// The system's.
    pub fn settings(&self) -> std::io::Result<Settings> {
        let modes = tcgetattr(&self.outer)?;
        let parity = match modes.input_modes.contains(InputModes::INPCK) {
            false => Parity::None,
            true if modes.control_modes.contains(ControlModes::PARODD) => Parity::Odd,
            true => Parity::Even,
        };
        let stops = if modes.control_modes.contains(ControlModes::CSTOPB) { 2 } else { 1 };
        Ok(Settings { baud: modes.input_speed().max(1), bits: 8, parity, stops })
    }

    /// Whatever the station has sent; nothing when there is nothing.
    pub fn read<'a>(&self, buffer: &'a mut [u8]) -> &'a [u8] {
        let used = rustix::io::read(&self.outer, &mut *buffer).unwrap_or(0);
        &buffer[..used]
    }

    /// Sends; what the line has no room for, or nobody reads, is lost.
    pub fn write(&self, bytes: &[u8]) {
        if rustix::io::ioctl_fionread(&self.inner).is_ok_and(|unread| unread > UNREAD_MAX) {
            let _emptied = tcflush(&self.inner, QueueSelector::IFlush);
        }
        let _sent = rustix::io::write(&self.outer, bytes);
    }

    /// What an unplugged cable is like to whoever plugs it in: nothing waits on it, and nobody claims it alone.
    pub fn replug(&self) {
        // Both can fail only when the terminal is gone, and then there is nothing to reset.
        let _free = ioctl_tiocnxcl(&self.inner);
        let _empty = tcflush(&self.inner, QueueSelector::IOFlush);
    }
}
