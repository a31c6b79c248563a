//! One serial port with its line settings. The one file that names `tokio-serial`.
//!
//! What a driver refuses is not guessed away: the settings are read back. A port that stays at eight bits without parity
//! when asked for seven with (USB ports without a line behind them, device servers, every pseudo-terminal) gets its
//! parity here, bit for bit as a UART would give it ([`parity`]). It refuses to open a port that somebody else holds.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_serial::{
    ClearBuffer, DataBits, Parity as PortParity, SerialPort, SerialPortBuilderExt, SerialStream, StopBits,
};

use crate::config::SerialConfig;
use crate::config::devices::{LineConfig, Parity};

pub mod parity;

/// An open port.
pub struct Serial {
    stream: SerialStream,
    /// The settings that are made here, because the driver does not make them.
    by_hand: Option<LineConfig>,
}

impl Serial {
    /// Opens a port as configured; what lay in it, received under other settings, is thrown away.
    ///
    /// # Errors
    /// The system's words.
    pub fn open(config: &SerialConfig) -> Result<Self, String> {
        let stream = tokio_serial::new(config.port.to_string_lossy(), config.baud)
            .data_bits(bits(config.line))
            .parity(parity_of(config.line))
            .stop_bits(StopBits::One)
            .open_native_async()
            .map_err(|error| error.to_string())?;
        let mut port = Self { stream, by_hand: None };
        port.settle(config.line).map_err(|error| error.to_string())?;
        Ok(port)
    }

    /// Other settings on the open port; what lay in it is thrown away.
    ///
    /// # Errors
    /// The system's words.
    pub fn set(&mut self, baud: u32, line: LineConfig) -> Result<(), String> {
        self.change(baud, line).map_err(|error| error.to_string())
    }

    fn change(&mut self, baud: u32, line: LineConfig) -> tokio_serial::Result<()> {
        self.stream.set_baud_rate(baud)?;
        self.stream.set_data_bits(bits(line))?;
        self.stream.set_parity(parity_of(line))?;
        self.settle(line)
    }

    /// Looks at what became of the settings.
    fn settle(&mut self, line: LineConfig) -> tokio_serial::Result<()> {
        self.by_hand = None;
        if line.is_seven() && self.stream.data_bits()? == DataBits::Eight {
            self.stream.set_data_bits(DataBits::Eight)?;
            self.stream.set_parity(PortParity::None)?;
            self.by_hand = Some(line);
        }
        self.stream.clear(ClearBuffer::All)
    }

    /// Reads what there is, at least one byte. Nothing means that the port went away.
    ///
    /// # Errors
    /// The system's.
    pub async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let used = self.stream.read(buffer).await?;
        if let Some(line) = self.by_hand {
            parity::check(line.parity(), &mut buffer[..used]);
        }
        Ok(used)
    }

    /// # Errors
    /// The system's.
    pub async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.by_hand {
            None => self.stream.write_all(bytes).await,
            Some(line) => {
                let mut bytes = bytes.to_vec();
                parity::add(line.parity(), &mut bytes);
                self.stream.write_all(&bytes).await
            }
        }
    }
}

const fn bits(line: LineConfig) -> DataBits {
    if line.is_seven() { DataBits::Seven } else { DataBits::Eight }
}

const fn parity_of(line: LineConfig) -> PortParity {
    match line.parity() {
        Parity::None => PortParity::None,
        Parity::Even => PortParity::Even,
        Parity::Odd => PortParity::Odd,
    }
}
