//! A hand scanner that types, through the kernel's event device. The one file that names `evdev`.
//!
//! The device is taken for this station alone (EVIOCGRAB) as soon as it is open: what a label says must never be typed
//! into whatever page is on the screen. Key events are handed on as the codec reads them, three bytes each; every other
//! event is nothing, but for the kernel's word that some were lost. It refuses to be a keyboard: nothing is typed.

use std::io;
use std::path::Path;

use evdev::EventType;
use evdev::raw_stream::{EventStream, RawDevice};
use gatepost_hardware::scanner::keyboard::{MISSED, event};

/// `SYN_DROPPED` of Linux' input-event-codes.h: the kernel's queue ran over.
const SYN_DROPPED: u16 = 3;

/// An open, grabbed keyboard.
pub struct Keyboard(EventStream);

impl Keyboard {
    /// # Errors
    /// The system's words; also when another program has it grabbed already.
    pub fn open(path: &Path) -> Result<Self, String> {
        let opened = || -> io::Result<EventStream> {
            let mut device = RawDevice::open(path)?;
            device.grab()?;
            device.into_event_stream()
        };
        opened().map(Self).map_err(|error| error.to_string())
    }

    /// The next key event, three bytes.
    ///
    /// # Errors
    /// The system's; also when it was unplugged.
    pub async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let next = self.0.next_event().await?;
            let bytes = match next.event_type() {
                EventType::KEY => event(next.code(), u8::try_from(next.value()).unwrap_or(0)),
                EventType::SYNCHRONIZATION if next.code() == SYN_DROPPED => MISSED,
                _ => continue,
            };
            let Some(start) = buffer.get_mut(..bytes.len()) else {
                return Err(io::Error::other("a buffer of three bytes at least"));
            };
            start.copy_from_slice(&bytes);
            return Ok(bytes.len());
        }
    }
}
