//! The board's serial line: bytes, as fast as they are said.
//!
//! A thread reads them at once, because an emulated processor stands still while nobody does, and a real one does not.
//! Nobody's words wait without end: what is not asked for is lost, as on a wire.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};

/// Words of some minutes.
const KEPT_MAX: usize = 1 << 20;

pub struct Serial {
    stream: UnixStream,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Serial {
    pub fn new(stream: UnixStream) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("the emulator's serial line: {error}");
        let mut reads = stream.try_clone().map_err(failed)?;
        let heard = Arc::new(Mutex::new(Vec::new()));
        let keeps = Arc::clone(&heard);
        // Ends when the emulator does.
        let listens = move || {
            let mut bytes = [0; 4_096];
            while let Ok(count @ 1..) = reads.read(&mut bytes) {
                let mut kept = keeps.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() < KEPT_MAX {
                    kept.extend_from_slice(&bytes[..count]);
                }
            }
        };
        std::thread::Builder::new().name("serial".to_owned()).spawn(listens).map_err(failed)?;
        Ok(Self { stream, heard })
    }

    pub fn send(&mut self, bytes: &[u8]) {
        let _lost_when_gone = self.stream.write_all(bytes);
    }

    pub fn heard(&mut self) -> Vec<u8> {
        std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
