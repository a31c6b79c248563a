//! A lane's own thread: takes events, carries out effects, in order. Owns the lane's mind and its black box.
//!
//! It waits for nothing but its feed. The ledger, the lists and the cable each answer through the feed, or not at all, and
//! not at all means exam.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use gatepost_hardware::link::station::Word;
use gatepost_hardware::units::Micros;
use gatepost_ledger::journal::writer::Writer;
use gatepost_pipeline::drive::LaneView;
use gatepost_pipeline::event::{Effect, Event};
use gatepost_pipeline::judge::Token;
use gatepost_pipeline::mind::Mind;
use gatepost_pipeline::pass::PassKey;
use gatepost_pipeline::record::Pending;

use crate::blackbox::{BlackBox, Heard, fingerprint};
use crate::config::ClockSource;
use crate::run::clock;
use crate::run::devices::Cable;
use crate::run::feed::{Fed, Feed};
use crate::run::visits::Note;

/// Time between pulses: what a permit may lose by waiting for the clock.
const PULSE: Duration = Duration::from_millis(20);
/// Time between copies of the lane for the page.
const SHOW: Duration = Duration::from_millis(100);

/// Everything a lane's thread talks to.
pub struct Surroundings {
    pub feed: Feed,
    pub ledger: Writer,
    pub cable: Option<Cable>,
    /// Asks the lists; never waits. False: the question could not even be put.
    pub look_up: Box<dyn Fn(PassKey, Option<Token>) -> bool + Send>,
    /// Told of each record that is durable and speaks of a visit, on the ledger's thread.
    pub on_durable: Arc<dyn Fn(u64, Note) + Send + Sync>,
    pub shown: Arc<Mutex<Option<LaneView>>>,
    /// Told after each copy.
    pub on_show: Box<dyn Fn() + Send>,
    pub black_box: BlackBox,
    pub clock: ClockSource,
    /// Wall time of the journal's last record at start.
    pub last_record: gatepost_hardware::units::WallMs,
}

/// Starts the thread; it ends when every clone of its feed is gone.
///
/// # Errors
/// When the operating system gives no thread.
pub fn start(mind: Mind, fed: Fed, around: Surroundings) -> std::io::Result<JoinHandle<()>> {
    let name = format!("lane {}", mind.view().lane);
    std::thread::Builder::new().name(name).spawn(move || Lane { mind, around, pulsed: None, showed: None }.run(&fed))
}

struct Lane {
    mind: Mind,
    around: Surroundings,
    pulsed: Option<Instant>,
    showed: Option<Instant>,
}

impl Lane {
    fn run(mut self, fed: &Fed) {
        loop {
            let Ok(event) = fed.next(self.until_pulse()) else { return };
            if fed.lost() {
                let mono = self.around.feed.now();
                self.take(Event::CableLost { mono });
            }
            if let Some(event) = event {
                self.take(event);
            }
            if self.until_pulse().is_zero() {
                self.pulse();
            }
        }
    }

    fn until_pulse(&self) -> Duration {
        self.pulsed.map_or(Duration::ZERO, |pulsed| PULSE.saturating_sub(pulsed.elapsed()))
    }

    fn pulse(&mut self) {
        self.pulsed = Some(Instant::now());
        self.around.cable.iter().for_each(Cable::tick);
        let clock = clock::state(self.around.clock, self.around.last_record);
        self.take(Event::Pulse { mono: self.around.feed.now(), wall: clock::wall_now(), clock });
        if self.showed.is_none_or(|showed| showed.elapsed() >= SHOW) {
            self.showed = Some(Instant::now());
            if let Ok(mut shown) = self.around.shown.lock() {
                *shown = Some(self.mind.view());
            }
            (self.around.on_show)();
            self.around.black_box.flush();
        }
    }

    /// One event and all that follows from it.
    fn take(&mut self, event: Event) {
        let mut next = VecDeque::from([event]);
        while let Some(event) = next.pop_front() {
            self.around.black_box.write(&Heard::of(&event));
            let effects = self.mind.handle(event);
            if !effects.is_empty() {
                self.around.black_box.write(&fingerprint(&effects));
            }
            for effect in effects {
                next.extend(self.carry_out(effect).map(Event::Unrecorded));
            }
        }
    }

    /// Returns a record that the ledger's queue had no room for.
    fn carry_out(&mut self, effect: Effect) -> Option<Pending> {
        match effect {
            Effect::Record(pending) => {
                let feed = self.around.feed.clone();
                let (note, on_durable) = (Note::of(&pending), Arc::clone(&self.around.on_durable));
                let answered = self.around.ledger.record(
                    pending,
                    Box::new(move |result| {
                        if let (Ok(recorded), Some(note)) = (&result, note) {
                            on_durable(recorded.seq(), note);
                        }
                        feed.answer(match result {
                            Ok(recorded) => Event::Recorded(recorded),
                            Err(not) => Event::Unrecorded(not.pending),
                        });
                    }),
                );
                return answered.err().map(|overflow| overflow.pending);
            }
            // On a bench the permit is what the page shows: nothing goes over a cable.
            Effect::Permit(permit) => permit.word().into_iter().for_each(|word| self.say(word)),
            Effect::Order(order) => self.say(order.into()),
            Effect::Lookup { pass, item } => {
                // Unanswered is unanswered: the judge says so when the decision is due.
                let _put = (self.around.look_up)(pass, item);
            }
        }
        None
    }

    fn say(&self, word: Word) {
        if let Some(cable) = &self.around.cable {
            cable.send(word);
        }
    }
}

/// The station's monotonic clock, for what is stamped outside a feed.
pub fn mono(start: Instant) -> Micros {
    Micros(u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX))
}
