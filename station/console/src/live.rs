//! News for open pages: the regions that changed, as server-sent events.
//!
//! One look at the station serves every page, at most five a second and none while no page is open. A page that reads
//! slowly misses looks, not news: each event holds every region that changed since the last one it was sent. Every
//! second something is sent, so that a page can tell silence from calm.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use axum::response::sse::Event;
use futures_util::Stream;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::desk::Desk;
use crate::limits::{BEAT_EVERY, LIVE_PAGES_MAX, LOOK_EVERY};
use crate::page;
use crate::shown::Shown;

/// The page as it is: each region with the number of the look at which it last changed.
#[derive(Debug, Default)]
struct Look {
    number: u64,
    regions: Vec<(&'static str, Arc<str>, u64)>,
}

pub struct Live {
    desk: Arc<dyn Desk>,
    newest: Mutex<Arc<Look>>,
    news: watch::Sender<u64>,
    places: Arc<Semaphore>,
    /// Names this run of the station: a page of another run loads itself anew.
    run: String,
}

/// What one event carries.
#[derive(Serialize)]
struct News<'a> {
    run: &'a str,
    regions: BTreeMap<&'static str, &'a str>,
}

impl Live {
    pub fn new(desk: Arc<dyn Desk>, run: String) -> Self {
        let places = Arc::new(Semaphore::new(LIVE_PAGES_MAX));
        Self { desk, newest: Mutex::default(), news: watch::Sender::new(0), places, run }
    }

    /// Looks whenever the station has changed, until stopped.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut changes = self.desk.changes();
        let mut told = true;
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                changed = changes.changed(), if told => told = changed.is_ok(),
                () = tokio::time::sleep(BEAT_EVERY) => {}
            }
            if self.news.receiver_count() > 0 {
                self.look();
            }
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Looks at the station and notes which regions differ from the last look.
    fn look(&self) {
        let regions = page::regions(&Shown::of(&self.desk.view()));
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let number = newest.number + 1;
        let mark = |region: page::Region| match newest.regions.iter().find(|(id, ..)| *id == region.id) {
            Some((id, html, since)) if **html == *region.html => (*id, Arc::clone(html), *since),
            _ => (region.id, Arc::from(region.html), number),
        };
        let regions: Vec<_> = regions.into_iter().map(mark).collect();
        *newest = Arc::new(Look { number, regions });
        drop(newest);
        self.news.send_replace(number);
    }

    /// A page's own stream of events; nothing when as many pages are open as the station keeps up to date.
    pub fn follow(
        self: Arc<Self>,
        stop: watch::Receiver<bool>,
    ) -> Option<impl Stream<Item = Result<Event, Infallible>>> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let news = self.news.subscribe();
        self.look();
        let follower = Follower { live: self, news, stop, sent: 0, _place: place };
        Some(futures_util::stream::unfold(follower, Follower::next))
    }
}

struct Follower {
    live: Arc<Live>,
    news: watch::Receiver<u64>,
    stop: watch::Receiver<bool>,
    /// The look that was sent last; 0 before the first.
    sent: u64,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        if self.sent > 0 {
            tokio::select! {
                _ = self.stop.wait_for(|stop| *stop) => return None,
                news = self.news.changed() => news.ok()?,
                () = tokio::time::sleep(BEAT_EVERY) => {}
            }
        }
        if *self.stop.borrow() {
            return None;
        }
        let look = Arc::clone(&self.live.newest.lock().unwrap_or_else(PoisonError::into_inner));
        let changed = look.regions.iter().filter(|(_, _, since)| *since > self.sent);
        let regions = changed.map(|(id, html, _)| (*id, &**html)).collect();
        let news = News { run: &self.live.run, regions };
        // Texts under texts: this cannot fail, and an empty event is a beat all the same.
        let data = serde_json::to_string(&news).unwrap_or_default();
        self.sent = look.number;
        Some((Ok(Event::default().data(data)), self))
    }
}
