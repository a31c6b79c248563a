//! A database that is not next door: a socket before PostgreSQL's through which every byte takes its time, both ways.

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// What clients look for in the folder that `host` names.
const SOCKET: &str = ".s.PGSQL.5432";

/// Gone when dropped, with what runs through it.
pub struct Distance {
    folder: TempDir,
    task: tokio::task::JoinHandle<()>,
}

impl Distance {
    /// Before the server whose socket lies in `server`.
    ///
    /// # Errors
    /// When the socket cannot be made.
    pub fn before(server: &Path, one_way: Duration) -> std::io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let listener = UnixListener::bind(folder.path().join(SOCKET))?;
        let server = server.join(SOCKET);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = UnixStream::connect(&server).await else { continue };
                let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
                tokio::spawn(carry(from_client, to_server, one_way));
                tokio::spawn(carry(from_server, to_client, one_way));
            }
        });
        Ok(Self { folder, task })
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Distance {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What is read is written so much later, in order; much may be under way.
async fn carry(
    mut from: impl AsyncReadExt + Unpin + Send + 'static,
    mut to: impl AsyncWriteExt + Unpin,
    one_way: Duration,
) {
    let (sender, mut under_way) = mpsc::channel::<(Instant, Vec<u8>)>(1_024);
    tokio::spawn(async move {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            if sender.send((Instant::now() + one_way, buffer[..read].to_vec())).await.is_err() {
                return;
            }
        }
    });
    while let Some((at, bytes)) = under_way.recv().await {
        tokio::time::sleep_until(at).await;
        if to.write_all(&bytes).await.is_err() {
            return;
        }
    }
    // The other side sees the end as it sees everything: it may be gone already.
    let _ = to.shutdown().await;
}
