//! Devices that come and go, whatever they hang on: a serial port, a connection, a HID device, a keyboard.
//!
//! What cannot be opened, or went away, is tried again for ever with a growing pause; whoever listens is told when it
//! went and when it came back, and why. Bytes carry the time at which they were read. It knows no protocol: whoever
//! listens says what is to be written.

use std::io;
use std::time::Duration;

use gatepost_hardware::units::Micros;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::config::Transport;
use crate::run::feed::Feed;
use crate::run::hid::Hid;
use crate::run::keyboard::Keyboard;
use crate::run::serial::Serial;
use crate::run::tcp;

const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(3);
/// A line that is quiet this long lets a codec end a frame that ends by silence.
pub const IDLE: Duration = Duration::from_millis(20);
/// A device that takes nothing for so long is not there any more.
const WRITE_MAX: Duration = Duration::from_secs(1);
const READ_BYTES: usize = 4_096;

/// What happened at a device.
pub enum Line<'a> {
    Up,
    /// Why, in the system's words.
    Down(String),
    Bytes {
        at: Micros,
        bytes: &'a [u8],
    },
    Idle {
        at: Micros,
    },
}

/// An open device.
pub enum Connection {
    Serial(Serial),
    Tcp(TcpStream),
    Hid(Hid),
    Keyboard(Keyboard),
}

impl Connection {
    /// Opens a device as configured.
    ///
    /// # Errors
    /// The system's words.
    pub async fn open(transport: &Transport) -> Result<Self, String> {
        match transport {
            Transport::Serial(config) => Serial::open(config).map(Self::Serial),
            Transport::Tcp(to) => tcp::connect(to).await.map(Self::Tcp),
            Transport::Hid(path) => Hid::open(path).map(Self::Hid),
            Transport::Keyboard(path) => Keyboard::open(path).map(Self::Keyboard),
        }
    }

    /// Reads what there is, at least one byte; of a HID device exactly one report. Nothing means that it went away.
    ///
    /// # Errors
    /// The system's.
    pub async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Serial(port) => port.read(buffer).await,
            Self::Tcp(stream) => tcp::read(stream, buffer).await,
            Self::Hid(hid) => hid.read(buffer).await,
            Self::Keyboard(keyboard) => keyboard.read(buffer).await,
        }
    }

    /// # Errors
    /// The system's; [`io::ErrorKind::TimedOut`] when it takes nothing.
    pub async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let writing = async {
            match self {
                Self::Serial(port) => port.write_all(bytes).await,
                Self::Tcp(stream) => tcp::write_all(stream, bytes).await,
                Self::Hid(hid) => hid.write_all(bytes),
                // A keyboard is told nothing.
                Self::Keyboard(_) => Ok(()),
            }
        };
        let late = |_| io::Error::new(io::ErrorKind::TimedOut, "it takes nothing");
        tokio::time::timeout(WRITE_MAX, writing).await.map_err(late)?
    }
}

/// Serves one device for ever: what comes in goes to `hear`, what that puts into its second argument is written at once,
/// and so is what comes out of `said`. What was waiting in `said` while the device was away is dropped: nothing said to a
/// machine may be said later than it was meant. Ends when nobody can say anything any more.
pub async fn serve<H>(transport: Transport, feed: Feed, mut said: mpsc::Receiver<Vec<u8>>, mut hear: H)
where
    H: FnMut(Line<'_>, &mut Vec<u8>) + Send,
{
    let mut pause = PAUSE_MIN;
    let mut told = false;
    loop {
        match Connection::open(&transport).await {
            Ok(connection) => {
                while said.try_recv().is_ok() {}
                (pause, told) = (PAUSE_MIN, true);
                let why = talk(connection, &feed, &mut said, &mut hear).await;
                hear(Line::Down(why), &mut Vec::new());
            }
            Err(why) if !told => {
                told = true;
                hear(Line::Down(why), &mut Vec::new());
            }
            Err(_) => {}
        }
        if said.is_closed() {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Until the device goes away; returns why.
async fn talk(
    mut connection: Connection,
    feed: &Feed,
    said: &mut mpsc::Receiver<Vec<u8>>,
    hear: &mut impl FnMut(Line<'_>, &mut Vec<u8>),
) -> String {
    let mut buffer = [0; READ_BYTES];
    let mut say = Vec::new();
    hear(Line::Up, &mut say);
    loop {
        if !say.is_empty() {
            if let Err(error) = connection.write_all(&say).await {
                return error.to_string();
            }
            say.clear();
        }
        tokio::select! {
            read = connection.read(&mut buffer) => match read {
                // A pty whose other end is closed, an unplugged adapter, a connection that ended: not an empty read.
                Ok(0) => return "the device went away".to_owned(),
                Ok(used) => hear(Line::Bytes { at: feed.now(), bytes: &buffer[..used] }, &mut say),
                Err(error) => return error.to_string(),
            },
            bytes = said.recv() => match bytes {
                Some(bytes) => say.extend_from_slice(&bytes),
                None => return "the station stops".to_owned(),
            },
            () = tokio::time::sleep(IDLE) => hear(Line::Idle { at: feed.now() }, &mut say),
        }
    }
}
