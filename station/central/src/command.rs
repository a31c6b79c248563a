//! Carries commands out: reads what stations answered, lets go of what is over, and signs and sends what is due. Everything it
//! knows is in the database: a central that died, or a second one beside it, goes on where it stands.
//!
//! A station has one command under way at a time, so that none overtakes another: a station refuses whatever is older than
//! what it took last. What is under way is said again to who comes back, until it is answered or over.

use std::time::Duration;

use gatepost_sync::session::stopped;
use gatepost_sync::topics::Down;
use tokio::sync::{mpsc, watch};

use crate::holds::Signatory;
use crate::intake::{Document, Request, wall_ms};
use crate::store::{Store, StoreError};

const EVERY: Duration = Duration::from_secs(1);

/// Until stopped; `signatory`: nothing where central has no key, then nobody is commanded anything.
pub async fn run(
    store: Store,
    signatory: Option<std::sync::Arc<Signatory>>,
    requests: mpsc::Sender<Request>,
    mut stop: watch::Receiver<bool>,
) {
    let (mut tick, mut since_ms) = (tokio::time::interval(EVERY), 0);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopped(&mut stop) => return,
            _ = tick.tick() => {}
        }
        match round(&store, signatory.as_deref(), since_ms, wall_ms()).await {
            Ok((documents, read_to)) => {
                since_ms = read_to;
                for document in documents {
                    // Kept with the command: a central that is stopping sends it at its next start.
                    let _ = requests.send(Request::Document(document)).await;
                }
            }
            Err(error) => tracing::warn!("commands: {error}; it is tried again"),
        }
    }
}

/// One look at every command; gives what is to be sent, and from when on records are to be read next.
///
/// # Errors
/// When the database refuses.
pub async fn round(
    store: &Store,
    signatory: Option<&Signatory>,
    since_ms: i64,
    now_ms: i64,
) -> Result<(Vec<Document>, i64), StoreError> {
    let read_to = store.take_answers(since_ms).await?;
    store.expire_commands(now_ms).await?;
    let Some(signatory) = signatory else { return Ok((Vec::new(), read_to)) };
    let due = store.sign_commands(signatory, now_ms).await?;
    let documents = due.into_iter().map(|(address, bytes)| Document { address, kind: Down::Command, bytes }).collect();
    Ok((documents, read_to))
}
