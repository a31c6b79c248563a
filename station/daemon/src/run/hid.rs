//! A scale of USB's own class, through the kernel's raw HID device: one report for each read, the report's number first.
//!
//! It reads reports and writes none: what a report means is the codec's affair, and a control report could zero a scale.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use tokio::net::unix::pipe::Receiver;

/// An open HID device. To the event loop it is what a pipe is: bytes that come, now and then.
pub struct Hid(Receiver);

impl Hid {
    /// # Errors
    /// The system's words.
    pub fn open(path: &Path) -> Result<Self, String> {
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(|error| error.to_string())?;
        Receiver::from_file_unchecked(file).map(Self).map_err(|error| error.to_string())
    }

    /// One report.
    ///
    /// # Errors
    /// The system's.
    pub async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.0.readable().await?;
            // Not as a stream: a short read of a stream would count as "there is no more", and here is the next report.
            match self.0.try_read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
        }
    }

    /// # Errors
    /// Always, if there is anything to say: a HID scale is asked nothing.
    pub fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() { Ok(()) } else { Err(io::Error::other("a HID scale is asked nothing: set poll_ms = 0")) }
    }
}
