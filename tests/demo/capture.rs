//! Everything that goes over the wire to and from the broker, byte for byte, when somebody asks for it.
//!
//! A file for each direction of each connection, so that nothing is torn apart. For tests that look for what must not be
//! there; it understands nothing of what it keeps.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Where connections are kept; nothing: nowhere.
#[derive(Clone, Default)]
pub struct Capture {
    folder: Option<PathBuf>,
    connections: Arc<AtomicU32>,
}

/// One connection's two files.
pub struct Kept {
    pub up: Option<File>,
    pub down: Option<File>,
}

impl Capture {
    /// # Errors
    /// When the folder cannot be made.
    pub fn into_folder(folder: PathBuf) -> Result<Self, String> {
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Self { folder: Some(folder), connections: Arc::default() })
    }

    /// # Errors
    /// When a file cannot be made: a capture with holes proves nothing.
    pub fn connection(&self) -> std::io::Result<Kept> {
        let Some(folder) = &self.folder else { return Ok(Kept { up: None, down: None }) };
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        let file = |way| File::create(folder.join(format!("connection-{number:04}-{way}.mqtt"))).map(Some);
        Ok(Kept { up: file("up")?, down: file("down")? })
    }
}

/// Carries one direction until it ends, keeping what passes.
///
/// # Errors
/// The connection's, or the file's.
pub async fn carry<R, W>(mut from: R, mut to: W, mut kept: Option<File>) -> std::io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        if let Some(file) = &mut kept {
            file.write_all(&buffer[..read])?;
        }
        to.write_all(&buffer[..read]).await?;
    }
}
