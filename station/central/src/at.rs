//! What every command beside a running central begins with: whose database, and who does it.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use gatepost_central::Config;
pub use gatepost_central::backup::day;
use gatepost_central::store::Store;

pub const DAY_MS: i64 = 86_400_000;

#[derive(Args)]
pub struct At {
    /// Central's configuration, TOML
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Who does it, for the record; your login name when left out
    #[arg(long)]
    by: Option<String>,
}

impl At {
    pub async fn open(&self) -> Result<(Config, Store), String> {
        let config = Config::read(&self.config).map_err(|error| error.to_string())?;
        let store = Store::open(&config.store.database()).await.map_err(|error| error.to_string())?;
        Ok((config, store))
    }

    pub fn by(&self) -> String {
        self.by.clone().or_else(|| std::env::var("USER").ok()).unwrap_or_else(|| "a shell".to_owned())
    }
}

/// Carries a command out, on a runtime of its own.
pub fn block_on<T>(command: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(command)
}

pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
