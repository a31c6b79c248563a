//! Carries rollouts out: reads what stations said, asks [`super::next`], and does that. Everything it knows is in the database:
//! a central that died between two steps, or a second one beside it, goes on where it stands.

use std::time::Duration;

use gatepost_sync::session::stopped;
use gatepost_sync::topics::Down;
use tokio::sync::{mpsc, watch};

use super::{Next, next};
use crate::holds::Signatory;
use crate::intake::{Document, Request, wall_ms};
use crate::store::packages::PackageError;
use crate::store::rollouts::{Active, State, Way};
use crate::store::{Store, StoreError};

const EVERY: Duration = Duration::from_secs(2);

/// Until stopped; `signatory`: nothing where central has no key, then nobody is ordered anything.
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
                    // Kept with the order: a central that is stopping sends it at its next start.
                    let _ = requests.send(Request::Document(document)).await;
                }
            }
            Err(error) => tracing::warn!("rollouts: {error}; it is tried again"),
        }
    }
}

/// One look at every rollout; gives what is to be sent, and from when on records are to be read next.
///
/// # Errors
/// When the database refuses, or an order cannot be made.
pub async fn round(
    store: &Store,
    signatory: Option<&Signatory>,
    since_ms: i64,
    now_ms: i64,
) -> Result<(Vec<Document>, i64), PackageError> {
    let read_to = store.take_rules(since_ms).await?;
    let mut documents = Vec::new();
    for active in store.active_rollouts().await? {
        if active.state == State::Running {
            store.join_late(active.rollout).await?;
            store.count_decisions(active.rollout).await?;
        }
    }
    // Read again: with what was just counted.
    for active in store.active_rollouts().await? {
        match orders(store, &active, signatory, now_ms).await {
            Ok(orders) => documents.extend(orders),
            // What another was ordered is committed, and must go out all the same.
            Err(error) => tracing::warn!(active.rollout, "rollouts: {error}; it is tried again"),
        }
    }
    Ok((documents, read_to))
}

/// What a rollout's stations are to be sent now.
async fn orders(
    store: &Store,
    active: &Active,
    signatory: Option<&Signatory>,
    now_ms: i64,
) -> Result<Vec<Document>, PackageError> {
    let way = match active.state {
        State::Running => step(store, active, now_ms).await?,
        _ => Way::Back,
    };
    let Some(signatory) = signatory else { return Ok(Vec::new()) };
    let sent = store.order_rules(active.rollout, way, signatory, now_ms).await?;
    Ok(sent.into_iter().map(|(address, bytes)| Document { address, kind: Down::Rules, bytes }).collect())
}

/// What is next for a running rollout is done; says which way its stations are to be ordered.
async fn step(store: &Store, active: &Active, now_ms: i64) -> Result<Way, StoreError> {
    let Active { rollout, stage, soaks_since_ms, plan, stations, .. } = active;
    let (rollout, stage) = (*rollout, *stage);
    let shown = stage + 1;
    match next(plan, stage, *soaks_since_ms, stations, now_ms) {
        Next::Wait => {}
        Next::Soak => {
            let says = format!("stage {shown}: every station that can be reached has it; the soak begins");
            store.step_rollout(rollout, stage, stage, Some(now_ms), &says, now_ms).await?;
        }
        Next::NotYet => {
            let says = format!("stage {shown}: a station came back without it; the soak begins anew when it has it");
            store.step_rollout(rollout, stage, stage, None, &says, now_ms).await?;
        }
        Next::NextStage => {
            let says = format!("stage {shown} is over, stage {} begins", shown + 1);
            store.step_rollout(rollout, stage, stage + 1, None, &says, now_ms).await?;
        }
        Next::Done => {
            let says = format!("done: {} stations have it", stations.iter().filter(|one| one.applied).count());
            store.turn_rollout(rollout, State::Running, State::Done, false, &says, now_ms).await?;
        }
        Next::Back(why) => {
            tracing::warn!(rollout, "rollouts: halted, its stations go back: {why}");
            let says = format!("Rule rollout {rollout} was halted at stage {shown}, its stations go back: {why}");
            store.turn_rollout(rollout, State::Running, State::Back, true, &says, now_ms).await?;
            return Ok(Way::Back);
        }
    }
    Ok(Way::Out)
}
