//! What the fleet speaks to: a broker, a database, and centrals as processes of their own that can be killed.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gatepost_central::{Central, Config};
use gatepost_world::central::{Ground, Mosquitto};

use crate::distance::Distance;

/// What a site's broker needs for hundreds of stations that come back at once: with a thousand messages waiting for central, as
/// is usual, the rest would be thrown away and sent again.
pub const BROKER: &str = "max_queued_messages 100000\nmax_inflight_messages 1000\nset_tcp_nodelay true\n";

pub struct Site {
    pub ground: Ground,
    pub broker: Mosquitto,
    distance: Option<Distance>,
}

impl Site {
    pub async fn new(postgres: bool) -> Self {
        let ground = if postgres { Ground::postgres().await } else { Ground::file() };
        let broker = Mosquitto::with(ground.path(), BROKER);
        Self { ground, broker, distance: None }
    }

    /// With PostgreSQL so far away.
    ///
    /// # Errors
    /// When there is no socket to be had.
    pub async fn at_a_distance(one_way: Duration) -> Result<Self, String> {
        let mut site = Self::new(true).await;
        let server = site.ground.server().ok_or("no server")?;
        site.distance = Some(Distance::before(&server, one_way).map_err(|error| error.to_string())?);
        Ok(site)
    }

    /// As its centrals know it.
    fn database(&self) -> Option<String> {
        let url = self.ground.url()?;
        match (&self.distance, self.ground.server()) {
            (Some(distance), Some(server)) => {
                Some(url.replace(&server.display().to_string(), &distance.folder().display().to_string()))
            }
            _ => Some(url),
        }
    }

    /// A central of its own process; with `share` one of several consumers.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn central(&self, number: usize, share: bool) -> Result<Consumer, String> {
        self.central_with(number, share, "")
    }

    /// The same, with more tables in its configuration.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn central_with(&self, number: usize, share: bool, more: &str) -> Result<Consumer, String> {
        let mut text =
            format!("[broker]\nhost = \"127.0.0.1\"\nport = {}\nclient_id = \"central-{number}\"\n", self.broker.port);
        if share {
            text += "share_group = \"ops\"\n";
        }
        let folder = self.ground.path();
        text += &format!("[store]\ndirectory = {folder:?}\nevidence = {:?}\n", folder.join("evidence"));
        if let Some(url) = self.database() {
            text += &format!("database = {url:?}\n");
        }
        text += "[http]\nlisten = \"127.0.0.1:0\"\n";
        text += more;
        let config = folder.join(format!("central-{number}.toml"));
        std::fs::write(&config, text).map_err(|error| error.to_string())?;
        let mut consumer = Consumer { config, child: None };
        consumer.start()?;
        Ok(consumer)
    }
}

pub struct Consumer {
    config: PathBuf,
    child: Option<Child>,
}

impl Consumer {
    /// # Errors
    /// When this program cannot be started again.
    pub fn start(&mut self) -> Result<(), String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let child = Command::new(program).arg("central").arg(&self.config).stdin(Stdio::null()).spawn();
        self.child = Some(child.map_err(|error| error.to_string())?);
        Ok(())
    }

    /// kill -9.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It is gone already, or goes now.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What such a process does: central, until it is killed.
///
/// # Errors
/// When it cannot start.
pub async fn serve(config: &std::path::Path) -> Result<(), String> {
    let config = Config::read(config).map_err(|error| error.to_string())?;
    let _central = Central::start(config).await.map_err(|error| error.to_string())?;
    std::future::pending().await
}
