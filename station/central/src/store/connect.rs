//! Opening the database, and the little in which SQLite and PostgreSQL differ.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AnyPool, AssertSqlSafe, ConnectOptions, SqlSafeStr};

use super::{Store, StoreError};

const MIGRATIONS: [(i64, &str, &str); 9] = [
    (1, "records", include_str!("../../migrations/0001_records.sql")),
    (2, "holds", include_str!("../../migrations/0002_holds.sql")),
    (3, "follow", include_str!("../../migrations/0003_follow.sql")),
    (4, "access", include_str!("../../migrations/0004_access.sql")),
    (5, "parts", include_str!("../../migrations/0005_parts.sql")),
    (6, "rollouts", include_str!("../../migrations/0006_rollouts.sql")),
    (7, "commands", include_str!("../../migrations/0007_commands.sql")),
    (8, "restored", include_str!("../../migrations/0008_restored.sql")),
    (9, "post", include_str!("../../migrations/0009_post.sql")),
];
/// The newest of them.
pub(super) const SCHEMA: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

const READERS: u32 = 4;
/// A server takes what intake, audit and holds write side by side.
const SERVER_WRITERS: u32 = 3;
/// How long a start waits for a database that is not there yet, and a question for a free connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// Every connection to a file: what a commit returned for survives a power cut; only another program can hold the lock.
const SQLITE_SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
     PRAGMA busy_timeout = 10000;";
/// One that only reads takes the file as it is.
const SQLITE_READING: &str = "PRAGMA busy_timeout = 10000;";
/// The same for a server, whatever its configuration says.
const POSTGRES_SETTINGS: &str = "SET synchronous_commit = on";

/// Where central keeps what it knows.
#[derive(Clone, Debug)]
pub enum Database {
    /// A SQLite file; made when missing.
    File(PathBuf),
    /// `postgres://user:password@host/database`.
    Url(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    /// Ends a SELECT whose rows are to stay as they are until the commit; nothing where there is one writer anyway.
    pub(super) fn locking(self) -> Option<&'static str> {
        match self {
            Kind::Sqlite => None,
            Kind::Postgres => Some(" FOR UPDATE"),
        }
    }

    /// Whether a batch was refused because another central wrote the same records at the same time, or the server broke a ring
    /// of waiting (PostgreSQL's 23505 and 40P01): begun again it finds what the other wrote.
    pub(super) fn met_another(self, error: &sqlx::Error) -> bool {
        let code = error.as_database_error().and_then(|error| error.code());
        self == Kind::Postgres && code.is_some_and(|code| ["23505", "40P01"].contains(&code.as_ref()))
    }

    /// Lets nobody else change the holds until the commit: a list signed from what another is adding to would leave it out.
    pub(super) fn alone_with_holds(self) -> Option<&'static str> {
        match self {
            Kind::Sqlite => None,
            Kind::Postgres => Some("LOCK TABLE hold_list IN EXCLUSIVE MODE"),
        }
    }

    /// The same for rollouts and the numbers of orders.
    pub(super) fn alone_with_rollouts(self) -> Option<&'static str> {
        match self {
            Kind::Sqlite => None,
            Kind::Postgres => Some("LOCK TABLE rollout IN EXCLUSIVE MODE"),
        }
    }

    /// The same for commands and their numbers.
    pub(super) fn alone_with_commands(self) -> Option<&'static str> {
        match self {
            Kind::Sqlite => None,
            Kind::Postgres => Some("LOCK TABLE command IN EXCLUSIVE MODE"),
        }
    }

    /// Begins a transaction that sees one moment of everything, and keeps nobody from writing.
    pub(super) fn one_moment(self) -> &'static str {
        match self {
            Kind::Sqlite => "BEGIN",
            Kind::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    /// Counts what is there, whosever it is.
    pub(super) fn tables_in_it(self) -> &'static str {
        match self {
            Kind::Sqlite => "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'",
            Kind::Postgres => "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema()",
        }
    }

    fn settings(self, writes: bool) -> &'static str {
        match self {
            Kind::Sqlite if !writes => SQLITE_READING,
            Kind::Sqlite => SQLITE_SETTINGS,
            Kind::Postgres => POSTGRES_SETTINGS,
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Kind::Sqlite => "is the disk full or read-only?",
            Kind::Postgres => "is the server up, and may this user use this database? See store.database",
        }
    }
}

impl Database {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Database::File(_) => Kind::Sqlite,
            Database::Url(_) => Kind::Postgres,
        }
    }

    /// Without user, password and what else follows: for errors and logs.
    pub(super) fn shown(&self) -> String {
        match self {
            Database::File(file) => file.display().to_string(),
            Database::Url(url) => match url.split_once("://") {
                Some((scheme, rest)) => {
                    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
                    format!("{scheme}://{}", rest.split('?').next().unwrap_or_default())
                }
                None => "(not a URL)".to_owned(),
            },
        }
    }

    fn options(&self, writes: bool) -> Result<AnyConnectOptions, sqlx::Error> {
        match self {
            Database::File(file) => AnyConnectOptions::from_url(&file_options(file, writes).to_url_lossy()),
            Database::Url(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => url.parse(),
            Database::Url(_) => {
                let said =
                    "a database is postgres://user:password@host/name; leave store.database out for a SQLite file";
                Err(sqlx::Error::Configuration(said.into()))
            }
        }
    }

    /// Held while the schema is brought up to date: two programs that start at once would both do it. A server has its own
    /// lock for that.
    fn alone(&self) -> Result<Option<File>, sqlx::Error> {
        let Self::File(file) = self else { return Ok(None) };
        let lock = File::create(file.with_extension("lock"))?;
        lock.lock()?;
        Ok(Some(lock))
    }

    /// One connection that only reads; its schema is left as it is.
    pub(super) async fn reading(&self) -> Result<AnyPool, StoreError> {
        self.pool_for_all_of_it(self.kind() == Kind::Postgres).await
    }

    /// One connection that writes, and who else would bring the schema up to date waits.
    pub(super) async fn writing_alone(&self) -> Result<(Option<File>, AnyPool), StoreError> {
        let alone = self.alone().map_err(|error| StoreError::Open(self.shown(), error, self.kind().remedy()))?;
        Ok((alone, self.pool_for_all_of_it(true).await?))
    }

    /// One connection whose statements take as long as all rows do: nobody is warned of that.
    async fn pool_for_all_of_it(&self, writes: bool) -> Result<AnyPool, StoreError> {
        self.pool_with(1, writes, AnyConnectOptions::disable_statement_logging).await
    }

    async fn pool(&self, connections: u32, writes: bool) -> Result<AnyPool, StoreError> {
        self.pool_with(connections, writes, |options| options).await
    }

    async fn pool_with(
        &self,
        connections: u32,
        writes: bool,
        tuned: fn(AnyConnectOptions) -> AnyConnectOptions,
    ) -> Result<AnyPool, StoreError> {
        let kind = self.kind();
        let failed = |error| StoreError::Open(self.shown(), error, kind.remedy());
        let options = self.options(writes).map_err(failed)?;
        let pool = AnyPoolOptions::new().max_connections(connections).acquire_timeout(PATIENCE);
        let pool = pool.after_connect(move |connection, _| {
            Box::pin(async move {
                sqlx::raw_sql(kind.settings(writes)).execute(connection).await?;
                Ok(())
            })
        });
        pool.connect_with(tuned(options)).await.map_err(failed)
    }
}

fn file_options(file: &Path, writes: bool) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(file).create_if_missing(writes).read_only(!writes)
}

/// The way from an empty database to this schema.
pub(super) fn migrator(kind: Kind, schema: i64) -> Migrator {
    let migrations = MIGRATIONS.into_iter().filter(|(version, ..)| *version <= schema).map(|(version, name, sql)| {
        let sql = match kind {
            Kind::Sqlite => sql.to_owned(),
            // The one type that goes by another name there.
            Kind::Postgres => sql.replace(" BLOB ", " BYTEA "),
        };
        let sql = AssertSqlSafe(sql).into_sql_str();
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}

impl Store {
    /// Opens or makes the database and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be opened, or is newer than this program.
    pub async fn open(database: &Database) -> Result<Self, StoreError> {
        install_default_drivers();
        let kind = database.kind();
        let writers = if kind == Kind::Postgres { SERVER_WRITERS } else { 1 };
        let writer = database.pool(writers, true).await?;
        let alone = database.alone().map_err(|error| StoreError::Open(database.shown(), error, kind.remedy()))?;
        migrator(kind, SCHEMA).run(&writer).await?;
        drop(alone);
        let readers = database.pool(READERS, kind == Kind::Postgres).await?;
        let store = Self { writer, readers, kind, used: Arc::default() };
        store.complete_holds().await?;
        Ok(store)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password() {
        let shown = |url: &str| Database::Url(url.to_owned()).shown();
        assert_eq!(shown("postgres://central:p@ss@db.example/gatepost"), "postgres://db.example/gatepost");
        assert_eq!(shown("postgres:///gatepost?host=/run/db&password=secret"), "postgres:///gatepost");
        assert_eq!(shown("central:secret"), "(not a URL)");
    }

    #[tokio::test]
    async fn what_is_no_database_is_refused_with_a_remedy() {
        let said = |database: Database| async move { Store::open(&database).await.unwrap_err().to_string() };
        let other = said(Database::Url("mysql://user:secret@host/x".to_owned())).await;
        assert!(other.contains("leave store.database out") && !other.contains("secret"), "{other}");
        let file = said(Database::File("/nonexistent/central.sqlite".into())).await;
        assert!(file.contains("/nonexistent/central.sqlite") && file.contains("read-only?"), "{file}");
    }
}
