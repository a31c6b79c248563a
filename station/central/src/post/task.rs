//! Tells the post: makes what is to be told, hands over what is due, and keeps what is answered. Everything it knows is in the
//! database: a central that was killed, or a second one beside it, goes on where it stands, and what may have arrived already
//! is sent once more with the same number.

use std::time::Duration;

use gatepost_sync::backoff::Backoff;
use gatepost_sync::session::stopped;
use tokio::sync::watch;
use tokio::time::Instant;

use super::codes::Codes;
use super::sink::{Sent, Sink};
use crate::intake::wall_ms;
use crate::store::{Store, StoreError};

const EVERY: Duration = Duration::from_secs(1);
/// After so long a batch is cut short; with the last message's two times out it is shorter than the desk is kept.
const BATCH: Duration = Duration::from_secs(10);
/// Transactions that make messages before some are sent.
const MAKES_MAX: usize = 64;

pub struct Teller {
    pub store: Store,
    pub codes: Codes,
    pub sink: Box<dyn Sink>,
    /// After so long without an answer a message is sent again.
    pub again_ms: Option<i64>,
    /// Tells this central from others at the desk.
    holder: String,
    backoff: Backoff,
    rests_until: Instant,
    trouble: String,
    opened: bool,
}

impl Teller {
    pub fn new(store: Store, codes: Codes, sink: Box<dyn Sink>, again_ms: Option<i64>) -> Self {
        // Two centrals with the same number would tell everything twice, and it would still be known by its numbers.
        let holder = format!("{:016x}", getrandom::u64().unwrap_or_default() ^ u64::from(std::process::id()));
        let (backoff, rests_until) = (Backoff::default(), Instant::now());
        Self { store, codes, sink, again_ms, holder, backoff, rests_until, trouble: String::new(), opened: false }
    }

    /// Until stopped.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stopped(&mut stop) => break,
                _ = tick.tick() => {}
            }
            // What is dropped on the way is begun, and sent again by whoever comes next.
            let round = tokio::select! {
                () = stopped(&mut stop) => break,
                round = self.round() => round,
            };
            if let Err(error) = round {
                tracing::warn!("post: {error}; it is tried again");
            }
        }
        // Another central need not wait; if the database is gone, it waits a minute.
        let _ = self.store.leave_desk(&self.holder).await;
    }

    /// One look at everything.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn round(&mut self) -> Result<(), StoreError> {
        if !self.opened {
            self.store.open_post(wall_ms()).await?;
            self.store.look_up_again(&self.codes).await?;
            self.opened = true;
        }
        if !self.store.hold_desk(&self.holder, wall_ms()).await? {
            return Ok(());
        }
        for _ in 0..MAKES_MAX {
            if !self.store.make_post(&self.holder, &self.codes, wall_ms()).await? {
                break;
            }
        }
        if Instant::now() < self.rests_until {
            return Ok(());
        }
        // Answers that cannot be asked for keep no message back.
        let (heard, carried) = (self.hear().await?, self.carry().await?);
        match heard.or(carried) {
            Some(why) => self.rest(why),
            None => {
                if !self.trouble.is_empty() {
                    tracing::info!("post: nothing stands in the way any more");
                    self.trouble.clear();
                }
                self.backoff.succeeded();
            }
        }
        Ok(())
    }

    /// Keeps what was answered; says what stands in the way.
    async fn hear(&mut self) -> Result<Option<String>, StoreError> {
        let answers = match self.sink.answers().await {
            Ok(answers) => answers,
            Err(why) => return Ok(Some(why)),
        };
        if answers.is_empty() {
            return Ok(None);
        }
        let known = self.store.take_post_answers(&answers, wall_ms()).await?;
        if known < answers.len() {
            tracing::warn!(
                "post: {} answers are about messages that were never sent, or settled",
                answers.len() - known
            );
        }
        self.sink.kept().await;
        Ok(None)
    }

    /// Hands over what is due; says what stands in the way.
    async fn carry(&mut self) -> Result<Option<String>, StoreError> {
        let begun = Instant::now();
        // Then answers are heard, and what is new is made, before more goes out.
        while begun.elapsed() < BATCH {
            let due = self.store.begin_post(&self.holder, &self.codes, wall_ms()).await?;
            if due.is_empty() {
                return Ok(None);
            }
            let (mut results, mut unreachable) = (Vec::with_capacity(due.len()), None);
            for (message, wire) in due {
                let sent = self.sink.send(message.number, &wire).await;
                if let Sent::Unreachable(why) = &sent {
                    unreachable = Some(why.clone());
                }
                results.push((message, sent));
                if unreachable.is_some() || begun.elapsed() > BATCH {
                    break;
                }
            }
            self.store.settle_post(&results, self.again_ms, wall_ms()).await?;
            if unreachable.is_some() {
                return Ok(unreachable);
            }
        }
        Ok(None)
    }

    /// Leaves the way alone for a while, and says so once.
    fn rest(&mut self, why: String) {
        self.rests_until = Instant::now() + self.backoff.failed(getrandom::u32().unwrap_or(0));
        if self.trouble != why {
            tracing::warn!("post: {why}; messages wait");
            self.trouble = why;
        }
    }
}
