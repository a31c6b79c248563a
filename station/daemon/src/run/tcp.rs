//! A reader, a scale or a device server that waits for a connection.
//!
//! Silence is no sign of life on a network, so the kernel asks: a peer whose power is gone is noticed within half a
//! minute, and the connection is made anew. It refuses to wait for bytes to fill a packet.

use std::io;
use std::time::Duration;

use rustix::net::sockopt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CONNECT_MAX: Duration = Duration::from_secs(5);
/// Silence before the kernel asks, time between its questions, questions without an answer.
const ALIVE_IDLE: Duration = Duration::from_secs(10);
const ALIVE_EVERY: Duration = Duration::from_secs(5);
const ALIVE_COUNT: u32 = 4;

/// # Errors
/// The system's words, or that nobody answered.
pub async fn connect(to: &str) -> Result<TcpStream, String> {
    let stream = tokio::time::timeout(CONNECT_MAX, TcpStream::connect(to))
        .await
        .map_err(|_| format!("no answer in {} s", CONNECT_MAX.as_secs()))?
        .map_err(|error| error.to_string())?;
    let set = || -> io::Result<()> {
        stream.set_nodelay(true)?;
        sockopt::set_socket_keepalive(&stream, true)?;
        sockopt::set_tcp_keepidle(&stream, ALIVE_IDLE)?;
        sockopt::set_tcp_keepintvl(&stream, ALIVE_EVERY)?;
        sockopt::set_tcp_keepcnt(&stream, ALIVE_COUNT)?;
        Ok(())
    };
    set().map_err(|error| error.to_string())?;
    Ok(stream)
}

/// # Errors
/// The system's.
pub async fn read(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    stream.read(buffer).await
}

/// # Errors
/// The system's.
pub async fn write_all(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await
}
