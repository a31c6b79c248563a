//! Serial ports that come and go. The one file that names `tokio-serial`.
//!
//! A port that cannot be opened, or that went away, is tried again for ever with a growing pause; whoever listens is
//! told when it went and when it came back, and why. Bytes carry the time at which they were read.

use std::time::Duration;

use gatepost_hardware::units::Micros;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio_serial::{DataBits, Parity, SerialPortBuilderExt, SerialStream, StopBits};

use crate::config::{LineConfig, SerialConfig};
use crate::run::feed::Feed;

const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(3);
/// A line that is quiet this long lets a codec end a frame that ends by silence.
const IDLE: Duration = Duration::from_millis(20);
const READ_BYTES: usize = 4_096;

/// What happened at a port.
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

/// Opens a port as configured.
///
/// # Errors
/// The system's words.
pub fn open(config: &SerialConfig) -> Result<SerialStream, String> {
    let (bits, parity) = match config.line {
        LineConfig::EightNoneOne => (DataBits::Eight, Parity::None),
        LineConfig::SevenEvenOne => (DataBits::Seven, Parity::Even),
        LineConfig::EightEvenOne => (DataBits::Eight, Parity::Even),
    };
    tokio_serial::new(config.port.to_string_lossy(), config.baud)
        .data_bits(bits)
        .parity(parity)
        .stop_bits(StopBits::One)
        .open_native_async()
        .map_err(|error| error.to_string())
}

/// Serves one port for ever: what comes in goes to `hear`, what comes out of `say` is written. What was waiting in `say`
/// while the port was down is dropped: nothing said to a machine may be said later than it was meant.
pub async fn serve(
    config: SerialConfig,
    feed: Feed,
    mut say: mpsc::Receiver<Vec<u8>>,
    mut hear: impl FnMut(Line<'_>) + Send,
) {
    let mut pause = PAUSE_MIN;
    let mut told = false;
    loop {
        match open(&config) {
            Ok(port) => {
                while say.try_recv().is_ok() {}
                hear(Line::Up);
                (pause, told) = (PAUSE_MIN, true);
                let why = talk(port, &feed, &mut say, &mut hear).await;
                hear(Line::Down(why));
            }
            Err(why) if !told => {
                told = true;
                hear(Line::Down(why));
            }
            Err(_) => {}
        }
        if say.is_closed() {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Until the port goes away; returns why.
async fn talk(
    mut port: SerialStream,
    feed: &Feed,
    say: &mut mpsc::Receiver<Vec<u8>>,
    hear: &mut impl FnMut(Line<'_>),
) -> String {
    let mut buffer = [0; READ_BYTES];
    loop {
        tokio::select! {
            read = port.read(&mut buffer) => match read {
                // A pty whose other end is closed, or an unplugged adapter: not an empty read.
                Ok(0) => return "the device went away".to_owned(),
                Ok(used) => hear(Line::Bytes { at: feed.now(), bytes: &buffer[..used] }),
                Err(error) => return error.to_string(),
            },
            bytes = say.recv() => match bytes {
                Some(bytes) => if let Err(error) = port.write_all(&bytes).await { return error.to_string() },
                None => return "the station stops".to_owned(),
            },
            () = tokio::time::sleep(IDLE) => hear(Line::Idle { at: feed.now() }),
        }
    }
}
