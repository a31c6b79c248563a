//! A PostgreSQL of our own: Debian's programs, a folder that goes with it, a Unix socket in it and no port at all.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;

pub struct Postgres {
    programs: PathBuf,
    folder: TempDir,
    user: Option<(u32, u32)>,
    databases: AtomicU32,
}

/// Several tests at once share one server; the last to go stops it.
static RUNNING: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());

impl Postgres {
    /// # Panics
    /// Without PostgreSQL's programs; names the package.
    pub fn running() -> Arc<Self> {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        running.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Self::start());
            *running = Arc::downgrade(&server);
            server
        })
    }

    fn start() -> Self {
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let programs =
            versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").exists()).max();
        let programs = programs
            .expect("this test needs a real PostgreSQL: install the package `postgresql` (apt-get install postgresql)");
        let folder = tempfile::tempdir().expect("a folder");
        // It refuses to run as root.
        let user = rustix::process::geteuid().is_root().then(unprivileged);
        if let Some((user, group)) = user {
            chown(folder.path(), Some(user), Some(group)).expect("the folder is given away");
        }
        let server = Self { programs, folder, user, databases: AtomicU32::new(0) };
        server.run("initdb", &["--username=central", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        let options = format!("-k {} -c listen_addresses=''", server.folder.path().display());
        let log = server.folder.path().join("log").display().to_string();
        server.run("pg_ctl", &["start", "--wait", "--silent", "--log", &log, "--options", &options]);
        server
    }

    /// Kills what it held and starts it again, as a machine that lost its power would.
    pub fn die_and_come_back(&self) {
        self.run("pg_ctl", &["stop", "--mode=immediate", "--silent"]);
        let options = format!("-k {} -c listen_addresses=''", self.folder.path().display());
        let log = self.folder.path().join("log").display().to_string();
        self.run("pg_ctl", &["start", "--wait", "--silent", "--log", &log, "--options", &options]);
    }

    /// An empty database; its URL.
    pub async fn new_database(&self) -> String {
        let name = format!("central_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut connection = PgConnection::connect(&self.url("postgres")).await.expect("a connection");
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        connection.execute(create).await.expect("a database");
        self.url(&name)
    }

    /// Where its socket is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&user=central", self.folder.path().display())
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.programs.join(program));
        command.arg("--pgdata").arg(self.folder.path().join("data")).args(arguments).current_dir(self.folder.path());
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        let output = command.output().unwrap_or_else(|error| panic!("{program}: {error}"));
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?}: {said}{log}");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.run("pg_ctl", &["stop", "--mode=immediate", "--silent"]);
    }
}

/// User and group `postgres`, which the package makes.
fn unprivileged() -> (u32, u32) {
    let users = std::fs::read_to_string(Path::new("/etc/passwd")).expect("the list of users");
    let fields: Vec<&str> =
        users.lines().find(|line| line.starts_with("postgres:")).expect("the user `postgres`").split(':').collect();
    let id = |at: usize| fields.get(at).and_then(|id| id.parse().ok()).expect("ids of the user `postgres`");
    (id(2), id(3))
}
