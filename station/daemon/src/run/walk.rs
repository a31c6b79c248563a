//! The station walks its own journal because central asked: on a thread of its own, beside everything else, as
//! `gatepost verify` does.
//!
//! The journal is in use meanwhile: it grows at its end, and old segments go. So what a walk finds wrong counts only when the
//! next ones find it too.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gatepost_ledger::journal::writer::Writer;
use gatepost_ledger::verify::Report;

use crate::commands::verify::walk;
use crate::run::audit;
use crate::run::commands::Commands;

/// Walks before what is wrong is believed.
const WALKS: usize = 3;
/// Until a record that the disk had no room for is tried again.
const FULL_DISK: Duration = Duration::from_secs(60);
/// Between them: longer than an acknowledgement takes to be on the disk.
const PAUSE: Duration = Duration::from_secs(2);

/// Walks, and records what was found as the answer to the command that waits for it; nothing where none does.
pub fn start(data: &Path, commands: &Arc<Mutex<Commands>>, ledger: &Writer) {
    let waits = commands.lock().unwrap_or_else(PoisonError::into_inner).walk().cloned();
    let Some((order, message)) = waits else { return };
    let (data, commands, ledger): (PathBuf, _, _) = (data.to_owned(), Arc::clone(commands), ledger.clone());
    let started = std::thread::Builder::new().name("walk".to_owned()).spawn(move || {
        let found = repeated(&data);
        while let Some(is_durable) = audit::walked(&ledger, order, &message, &found) {
            if is_durable {
                return commands.lock().unwrap_or_else(PoisonError::into_inner).walked();
            }
            // The disk is full; the next run walks again if this one cannot say it any more.
            std::thread::park_timeout(FULL_DISK);
        }
    });
    if let Err(error) = started {
        tracing::warn!("the journal is not walked yet: the operating system gives no thread ({error})");
    }
}

fn repeated(data: &Path) -> Result<Report, String> {
    let mut found = walk(data, None);
    for _ in 1..WALKS {
        if found.as_ref().is_ok_and(|report| report.whole) {
            break;
        }
        std::thread::park_timeout(PAUSE);
        found = walk(data, None);
    }
    found
}
