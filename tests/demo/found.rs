//! What this machine has for a run: a place for the page, a model, a runtime library. Says what is missing and what follows.

use std::net::SocketAddr;
use std::path::PathBuf;

use gatepost_models::{catalog, runtime};

use crate::broker::free_port;

/// Where a station's page is: as asked, else the usual place when it is free, else any.
///
/// # Errors
/// When the ports end, or none is free.
pub fn page_address(asked: Option<SocketAddr>, number: u32) -> Result<SocketAddr, String> {
    let more = u16::try_from(number - 1).unwrap_or(0);
    if let Some(asked) = asked {
        let port = asked.port().checked_add(more).ok_or("--http: the ports end at 65535")?;
        return Ok(SocketAddr::new(asked.ip(), port));
    }
    let usual = SocketAddr::from(([127, 0, 0, 1], 8_380 + more));
    if std::net::TcpListener::bind(usual).is_ok() {
        return Ok(usual);
    }
    let port = free_port().map_err(|error| format!("no port for the page: {error}"))?;
    Ok(SocketAddr::from(([127, 0, 0, 1], port)))
}

/// The model's folder and the runtime's library, where they are to be had; says what is missing and what follows.
pub fn find_model() -> (Option<PathBuf>, Option<PathBuf>) {
    let model = catalog::find(None).inspect_err(|error| {
        println!("NO MODEL: {error}. The station is BLIND: every parcel goes to exam.");
    });
    println!("Looking for ONNX Runtime {}; it is fetched once when this machine does not have it.", runtime::VERSION);
    let library = runtime::find_or_fetch(None).inspect_err(|error| {
        println!("NO RUNTIME LIBRARY: {error}. The station is BLIND: every parcel goes to exam.");
    });
    (model.ok(), library.ok().map(|library| library.path))
}
