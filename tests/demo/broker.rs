//! The embedded broker, behind a door that can be shut.
//!
//! rumqttd has no way to stop. So stations and central talk to a relay on a port that stays; when the broker is to be
//! down the relay drops every connection and the port, and afterwards it leads to a new broker that remembers nothing,
//! as one that lost its memory would. An old broker's threads idle until this process ends.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as Bound};
use std::time::Duration;

use rumqttd::{ConnectionSettings, RouterConfig, ServerSettings};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::capture::{self, Capture};

/// Largest message: list packages are the large ones.
const PAYLOAD_BYTES_MAX: usize = 16 << 20;
const INFLIGHT_MAX: usize = 500;
const CONNECTIONS_MAX: usize = 64;
/// How long a broker may take to listen.
const START_MAX: Duration = Duration::from_secs(20);

pub struct Broker {
    port: u16,
    /// The inner broker's port; nothing: down.
    leads: watch::Sender<Option<u16>>,
}

impl Broker {
    /// # Errors
    /// A sentence when no broker listens.
    pub async fn start(capture: Capture) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("the broker's port: {error}");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let (leads, led) = watch::channel(Some(start_inner().await?));
        tokio::spawn(relay(listener, port, led, capture));
        Ok(Self { port, leads })
    }

    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Nobody reaches it any more, and it forgets everything.
    pub fn down(&self) {
        self.leads.send_replace(None);
    }

    /// # Errors
    /// A sentence when no broker listens.
    pub async fn up(&self) -> Result<(), String> {
        let inner = start_inner().await?;
        self.leads.send_replace(Some(inner));
        Ok(())
    }
}

/// A new rumqttd on a free port of this machine.
async fn start_inner() -> Result<u16, String> {
    let failed = |error: &dyn std::fmt::Display| format!("the embedded broker does not start: {error}");
    // rumqttd wants a number; a free one may be taken before it binds, and then it is asked again.
    for _ in 0..5 {
        let port = free_port().map_err(|error| failed(&error))?;
        let mut broker = rumqttd::Broker::new(settings(port));
        let (ended, end) = tokio::sync::oneshot::channel();
        std::thread::Builder::new()
            .name("broker".to_owned())
            .spawn(move || {
                let why = broker.start().err().map_or_else(|| "it ended".to_owned(), |error| error.to_string());
                let _nobody_asks = ended.send(why);
            })
            .map_err(|error| failed(&error))?;
        tokio::select! {
            () = listens(port) => return Ok(port),
            _why = end => {}
            () = tokio::time::sleep(START_MAX) => {}
        }
    }
    Err(failed(&"no free port"))
}

/// A port of this machine that is free just now.
///
/// # Errors
/// The system's.
pub fn free_port() -> std::io::Result<u16> {
    Ok(Bound::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

async fn listens(port: u16) {
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn settings(port: u16) -> rumqttd::Config {
    let connections = ConnectionSettings {
        connection_timeout_ms: 60_000,
        max_payload_size: PAYLOAD_BYTES_MAX,
        max_inflight_count: INFLIGHT_MAX,
        auth: None,
        external_auth: None,
        dynamic_filters: true,
    };
    let server = ServerSettings {
        name: "demo".to_owned(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        tls: None,
        next_connection_delay_ms: 1,
        connections,
    };
    let router = RouterConfig {
        max_connections: CONNECTIONS_MAX,
        max_outgoing_packet_count: 400,
        max_segment_size: 32 << 20,
        max_segment_count: 4,
        ..RouterConfig::default()
    };
    rumqttd::Config { router, v5: Some(HashMap::from([("demo".to_owned(), server)])), ..rumqttd::Config::default() }
}

/// Carries connections to wherever the door leads, until there is no door any more.
async fn relay(listener: TcpListener, port: u16, mut leads: watch::Receiver<Option<u16>>, capture: Capture) {
    let mut listener = Some(listener);
    loop {
        let to = *leads.borrow_and_update();
        let Some(to) = to else {
            listener = None;
            if leads.changed().await.is_err() {
                return;
            }
            continue;
        };
        if listener.is_none() {
            listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.ok();
        }
        let Some(open) = &listener else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        tokio::select! {
            accepted = open.accept() => if let Ok((outer, _)) = accepted {
                tokio::spawn(carry(outer, to, leads.clone(), capture.clone()));
            },
            changed = leads.changed() => if changed.is_err() { return },
        }
    }
}

/// One connection, until either end or the door closes it.
async fn carry(outer: TcpStream, to: u16, mut leads: watch::Receiver<Option<u16>>, capture: Capture) {
    let Ok(inner) = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).await else { return };
    let _quick = (outer.set_nodelay(true), inner.set_nodelay(true));
    let kept = match capture.connection() {
        Ok(kept) => kept,
        // Nobody connects rather than something passing unseen.
        Err(error) => return eprintln!("the capture cannot be written: {error}"),
    };
    let ((from_outer, to_outer), (from_inner, to_inner)) = (outer.into_split(), inner.into_split());
    let both = async {
        tokio::join!(capture::carry(from_outer, to_inner, kept.up), capture::carry(from_inner, to_outer, kept.down))
    };
    tokio::select! {
        _ended = both => {}
        _shut = leads.wait_for(|now| *now != Some(to)) => {}
    }
}
