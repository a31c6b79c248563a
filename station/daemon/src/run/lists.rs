//! The lists' own thread: answers look-ups through the lane's feed, and remembers what became of items.
//!
//! A lane never waits for it: a question that finds no room, or no answer, is unanswered, and the judge says so.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gatepost_hardware::units::WallMs;
use gatepost_ledger::lists::Lists;
use gatepost_ledger::lists::index::IndexState;
use gatepost_pipeline::event::{ClockState, Event};
use gatepost_pipeline::judge::{Lists as ListStates, Token};
use gatepost_pipeline::pass::PassKey;

use crate::config::{ClockSource, ConfigError};
use crate::run::clock;
use crate::run::feed::Feed;
use crate::run::keeper::Chores;
use crate::run::visits::Visit;

/// Questions waiting at the lists.
const ASKED_MAX: usize = 128;
/// Visits that wait for an index that is being built; beyond, it reads the journal again.
const LATE_MAX: usize = 4_096;
/// Time between looks at the index while nobody asks.
const LOOK: Duration = Duration::from_millis(250);

pub enum Ask {
    LookUp { pass: PassKey, item: Option<Token>, feed: Feed },
    Remember(Visit),
}

/// What the thread works with.
pub struct Desk {
    pub lists: Arc<Lists>,
    /// The state of the lists at the last look-up, for the page.
    pub listed: Arc<Mutex<Option<ListStates>>>,
    pub clock: ClockSource,
    pub last_record: WallMs,
    pub feeds: Vec<Feed>,
    /// Where an item's personal text goes.
    pub chores: Chores,
}

/// # Errors
/// When the operating system gives no thread.
pub fn start(desk: Desk) -> Result<SyncSender<Ask>, ConfigError> {
    let (asks, asked) = sync_channel(ASKED_MAX);
    let run = move || {
        let (mut ready, mut late) = (false, Vec::new());
        loop {
            let ask = asked.recv_timeout(LOOK);
            let is_ready = desk.lists.index_state() == IndexState::Ready;
            if is_ready && !ready {
                // Whoever was looked up while the index was being built is looked up again.
                desk.feeds.iter().for_each(|feed| feed.offer(Event::ListsChanged));
            }
            ready = is_ready;
            if ready {
                late.drain(..).for_each(|visit| desk.remember(&visit));
            }
            match ask {
                Ok(Ask::LookUp { pass, item, feed }) => desk.answer(pass, item.as_ref(), &feed),
                Ok(Ask::Remember(visit)) if !ready && late.len() < LATE_MAX => late.push(visit),
                Ok(Ask::Remember(visit)) => desk.remember(&visit),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    };
    std::thread::Builder::new()
        .name("lists".to_owned())
        .spawn(run)
        .map_err(|error| ConfigError(format!("the operating system gives no thread for the lists: {error}")))?;
    Ok(asks)
}

impl Desk {
    fn answer(&self, pass: PassKey, item: Option<&Token>, feed: &Feed) {
        let trusted = clock::state(self.clock, self.last_record) == ClockState::Trusted;
        let now = trusted.then(clock::wall_now);
        let answer = self.lists.look_up(item, now);
        let personal = item.and_then(|item| Some((item.clone(), self.lists.personal(item).ok()??)));
        if let Ok(mut listed) = self.listed.lock() {
            *listed = Some(answer.lists.clone());
        }
        feed.offer(Event::Matched { pass, answer: Box::new(answer) });
        if let Some((item, sealed)) = personal {
            self.chores.keep(item, sealed);
        }
    }

    fn remember(&self, visit: &Visit) {
        // The journal has it, and is read again by an index that could not take it.
        if let Err(error) = self.lists.remember(&visit.item, visit.worst, visit.at) {
            tracing::debug!("a visit is not in the index yet: {error}");
        }
    }
}
