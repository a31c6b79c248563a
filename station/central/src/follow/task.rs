//! Behind the intake: whatever records bring of a held item, or of a list, is looked at as soon as it is durable; a new hold is
//! run against everything that is known already.
//!
//! Nothing depends on a message reaching it: what was overlooked (a central that died between, a second one that placed the
//! hold) is found by the next look at everything.

use std::collections::BTreeSet;
use std::time::Duration;

use gatepost_sync::session::stopped;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::end_name;
use crate::intake::{Request, wall_ms};
use crate::store::follow::{AT_ONCE, Touched};
use crate::store::{Store, StoreError};

/// Commits waiting to be looked at; beyond, everything is.
pub const WAITING_MAX: usize = 256;
/// How soon a hold that another program placed is noticed.
const LISTS_EVERY: Duration = Duration::from_secs(2);
/// How often everything is looked at again.
const ALL_EVERY: Duration = Duration::from_secs(3_600);
/// After a database that refused.
const PAUSE: Duration = Duration::from_secs(1);

/// What is said to the follower.
#[derive(Clone, Debug)]
pub enum News {
    Touched(Touched),
    /// The hold list was signed anew.
    List,
}

/// Tells the follower, and never waits for it.
#[derive(Clone, Debug)]
pub struct Teller {
    news: mpsc::Sender<News>,
    /// Counts what it could not be told.
    missed: watch::Sender<u64>,
}

impl Teller {
    pub fn tell(&self, news: News) {
        if let News::Touched(touched) = &news
            && touched.is_empty()
        {
            return;
        }
        if self.news.try_send(news).is_err() {
            self.missed.send_modify(|times| *times += 1);
        }
    }
}

pub struct Follower {
    store: Store,
    news: mpsc::Receiver<News>,
    missed: watch::Receiver<u64>,
    requests: mpsc::Sender<Request>,
    /// The newest list whose holds have been looked at; nothing at the start.
    version: Option<u64>,
    everything_at: Instant,
}

/// A follower and who tells it; new lists go out through `requests`.
pub fn follower(store: Store, requests: mpsc::Sender<Request>) -> (Follower, Teller) {
    let (news, waiting) = mpsc::channel(WAITING_MAX);
    let (times, missed) = watch::channel(0);
    let everything_at = Instant::now();
    let follower = Follower { store, news: waiting, missed, requests, version: None, everything_at };
    (follower, Teller { news, missed: times })
}

impl Follower {
    /// Until stopped.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut tick = tokio::time::interval(LISTS_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !*stop.borrow() {
            let mut touched = Touched::default();
            tokio::select! {
                () = stopped(&mut stop) => return,
                _ = tick.tick() => {}
                Ok(()) = self.missed.changed() => self.everything_at = Instant::now(),
                Some(news) = self.news.recv() => {
                    let mut next = Some(news);
                    while let Some(news) = next {
                        if let News::Touched(more) = news {
                            touched.add(more);
                        }
                        next = self.news.try_recv().ok();
                    }
                }
            }
            if let Err(error) = self.look(&touched).await {
                tracing::warn!("holds: {error}; everything is looked at again");
                self.everything_at = Instant::now();
                // A database that is gone does not hold up whoever stops central.
                let _ = tokio::time::timeout(PAUSE, stopped(&mut stop)).await;
            }
        }
    }

    async fn look(&mut self, touched: &Touched) -> Result<(), StoreError> {
        if !touched.lists.is_empty() {
            self.store.take_lists(&touched.lists).await?;
        }
        let holds: Vec<String> = self.store.holds_touched(touched).await?.into_iter().collect();
        for holds in holds.chunks(AT_ONCE) {
            self.follow(holds).await?;
        }
        self.store.end_holds(wall_ms()).await?;
        let version = self.store.hold_version().await?;
        if self.version.is_none_or(|known| known < version) {
            // To the stations first: what is on a belt now is more urgent than what is gone.
            self.send().await?;
        }
        if let Some(known) = self.version.filter(|known| *known < version) {
            self.follow_all(known).await?;
        }
        self.version = Some(version);
        if self.everything_at <= Instant::now() {
            let stations = self.store.committed().await?;
            let stations: BTreeSet<String> =
                stations.iter().map(|committed| committed.address.station.to_string()).collect();
            self.store.take_lists(&stations).await?;
            self.follow_all(0).await?;
            self.everything_at = Instant::now() + ALL_EVERY;
        }
        Ok(())
    }

    /// Every hold in force that came with a list newer than this.
    async fn follow_all(&self, version: u64) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let holds = self.store.holds_in_force(&after, version).await?;
            let Some(last) = holds.last() else { return Ok(()) };
            self.follow(&holds).await?;
            last.clone_into(&mut after);
        }
    }

    async fn follow(&self, holds: &[String]) -> Result<(), StoreError> {
        for (_, walk) in self.store.follow(holds, wall_ms()).await? {
            let Some((end, place)) = walk.lost else { continue };
            // Without the hold and the item: whoever reads the log may not be meant to know of a restricted one.
            let (end, station) = (end_name(end), &place.station);
            tracing::warn!(end, station, lane = place.lane, "holds: a held item is not in exam; fetch it back");
        }
        Ok(())
    }

    async fn send(&self) -> Result<(), StoreError> {
        if let Some(list) = self.store.hold_list().await? {
            // A central that is stopping says it at its next start.
            let _ = self.requests.send(Request::HoldList(list)).await;
        }
        Ok(())
    }
}
