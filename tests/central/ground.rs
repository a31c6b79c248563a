//! Where a central of a test keeps its things: a folder of its own, and in it a SQLite file, or a database of its own on a
//! private PostgreSQL.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gatepost_central::Config;
use gatepost_central::store::{Database, Store};
use sqlx::{AnyConnection, ConnectOptions, Connection};
use tempfile::TempDir;

use super::postgres::Postgres;

pub struct Ground {
    folder: TempDir,
    server: Option<(Arc<Postgres>, String)>,
}

impl Ground {
    pub fn file() -> Self {
        sqlx::any::install_default_drivers();
        Self { folder: tempfile::tempdir().expect("a folder"), server: None }
    }

    /// # Panics
    /// Without PostgreSQL's programs; names the package.
    pub async fn postgres() -> Self {
        let server = Postgres::running();
        let url = server.new_database().await;
        Self { server: Some((server, url)), ..Self::file() }
    }

    /// A new one of the same kind.
    pub async fn another(&self) -> Self {
        if self.server.is_some() { Self::postgres().await } else { Self::file() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn database(&self) -> Database {
        match &self.server {
            Some((_, url)) => Database::Url(url.clone()),
            None => Database::File(self.folder.path().join("central.sqlite")),
        }
    }

    /// Of the database on a server; nothing for a file.
    pub fn url(&self) -> Option<String> {
        self.server.as_ref().map(|(_, url)| url.clone())
    }

    /// The folder of the server's socket; nothing for a file.
    pub fn server(&self) -> Option<PathBuf> {
        self.server.as_ref().map(|(server, _)| server.folder().to_owned())
    }

    pub async fn open(&self) -> Store {
        Store::open(&self.database()).await.expect("the store opens")
    }

    /// A central's configuration, on this ground and with a broker at that port.
    pub fn config(&self, broker_port: u16) -> Config {
        let mut config = Config::local(broker_port, self.folder.path());
        config.store.database = self.url();
        config
    }

    /// A connection to a database that need not be there yet.
    pub async fn connect_new(&self) -> AnyConnection {
        if self.server.is_none() {
            std::fs::File::create(self.folder.path().join("central.sqlite")).expect("a file");
        }
        self.connect().await
    }

    /// A new database as a central of that schema left it.
    pub async fn migrate(&self, schema: i64) {
        let mut connection = self.connect_new().await;
        for (version, name, sql) in super::stories::MIGRATIONS.into_iter().filter(|(version, ..)| *version <= schema) {
            let sql = if self.url().is_some() { sql.replace(" BLOB ", " BYTEA ") } else { sql.to_owned() };
            let sql = sqlx::SqlSafeStr::into_sql_str(sqlx::AssertSqlSafe(sql));
            let simple = sqlx::migrate::MigrationType::Simple;
            let one = sqlx::migrate::Migration::new(version, name.into(), simple, sql, false);
            let mut migrator = sqlx::migrate::Migrator::with_migrations(vec![one]);
            migrator.set_ignore_missing(true);
            migrator.run(&mut connection).await.expect("brought up to date");
        }
    }

    /// A connection past the product's own.
    pub async fn connect(&self) -> AnyConnection {
        let url = match &self.server {
            Some((_, url)) => url.clone(),
            None => {
                let file = self.folder.path().join("central.sqlite");
                sqlx::sqlite::SqliteConnectOptions::new().filename(file).to_url_lossy().to_string()
            }
        };
        AnyConnection::connect(&url).await.expect("a connection")
    }
}
