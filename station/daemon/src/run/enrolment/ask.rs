//! One question to central over HTTP and its answer: bounded, in time or not at all. What is said proves itself
//! ([`gatepost_sync::enrol`]), so it may go in the clear.

use std::time::Duration;

use gatepost_sync::enrol::{ANSWER_BYTES_MAX, Sealed};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// For all of it.
const PATIENCE: Duration = Duration::from_secs(30);
/// Shown of a refusal.
const SAID_CHARS_MAX: usize = 400;
const PORT: u16 = 80;

/// # Errors
/// A sentence: what is wrong, and what to look at.
pub(super) fn ask(central: &str, path: &str, sealed: &Sealed) -> Result<Sealed, String> {
    let at = address(central)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let asked = async { tokio::time::timeout(PATIENCE, exchange(&at, path, sealed)).await };
    let (status, bytes) = match runtime.block_on(asked) {
        Ok(answered) => answered.map_err(|error| {
            format!("central at {at} cannot be asked: {error}; check its address, the network, and that central runs")
        })?,
        Err(_) => return Err(format!("central at {at} does not answer; check the network and try again")),
    };
    match status {
        StatusCode::OK => serde_json::from_slice(&bytes)
            .map_err(|_| format!("what answers at {at} is no central of this version; check its address")),
        _ => Err(format!("central at {at} says: {}", said(&bytes))),
    }
}

/// `host:port` of `http://host:port`.
///
/// # Errors
/// A sentence.
pub fn address(central: &str) -> Result<String, String> {
    let wrong = || format!("central's address {central:?} is not http://HOST:PORT, as http://central.example:8480");
    if central.starts_with("https://") {
        return Err("central's address is http://HOST:PORT: what is said proves itself, and hides nothing".to_owned());
    }
    let at = central.strip_prefix("http://").unwrap_or(central).trim_end_matches('/');
    let plain = |char: char| char.is_ascii_alphanumeric() || ".:-[]_".contains(char);
    if at.is_empty() || !at.chars().all(plain) {
        return Err(wrong());
    }
    let has_port = at.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    Ok(if has_port { at.to_owned() } else { format!("{at}:{PORT}") })
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

async fn exchange(at: &str, path: &str, sealed: &Sealed) -> Result<(StatusCode, Bytes), AnyError> {
    let stream = TcpStream::connect(at).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Ends with the runtime.
    tokio::spawn(connection);
    let request = Request::post(path)
        .header(header::HOST, at)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(serde_json::to_vec(sealed)?)))?;
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await?;
    Ok((status, body.to_bytes()))
}

/// Whoever said it: nothing that a terminal would take for more than text.
fn said(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().filter(|char| !char.is_control()).take(SAID_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn central_is_named_by_host_and_port() {
        assert_eq!(address("http://central:8480/").unwrap(), "central:8480");
        assert_eq!(address("10.0.0.7").unwrap(), "10.0.0.7:80");
        assert!(address("https://central").unwrap_err().contains("proves itself"));
        for wrong in ["", "http://", "http://a/b", "ftp://x\r\n", "user@host"] {
            assert!(address(wrong).unwrap_err().contains("http://HOST:PORT"), "{wrong}");
        }
        assert_eq!(said(b"No.\x1b[2J\r\n"), "No.[2J");
    }
}
