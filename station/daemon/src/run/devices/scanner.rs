//! A scanner: its bytes through its codec into the lane's feed, what it is owed back at once, its trigger, who it is.
//!
//! A code may hold a name and an address: from here on the station knows its number only. The words of a reader about
//! itself are health, never a code.

use std::collections::VecDeque;

use gatepost_hardware::scanner::{Ask, Scan, ScannerCodec, ScannerProtocol};
use gatepost_hardware::units::Micros;
use gatepost_pipeline::event::Event;
use gatepost_pipeline::gather::reading::code_of;
use gatepost_pipeline::judge::Fault;
use tokio::sync::mpsc;

use crate::config::devices::Trigger;
use crate::config::{ScannerDevice, Transport};
use crate::run::feed::Feed;
use crate::run::health::Health;
use crate::run::line::{Line, serve};

/// Time between two things said to a reader, where it does not answer the first.
const ANSWER_MAX: Micros = Micros::from_ms(500);
/// After so long a silence a reader that is triggered by the station is asked to read again: it may have restarted.
const SILENCE_MAX: Micros = Micros::from_ms(10_000);

/// Connects a scanner.
///
/// # Errors
/// What is wrong with its protocol's configuration.
pub fn scanner(
    on: Transport,
    config: &ScannerDevice,
    device: u8,
    feed: Feed,
    health: Health,
) -> Result<(), &'static str> {
    let codec = Box::new(ScannerCodec::new(&config.protocol)?);
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|_| "the operating system gives no random numbers")?;
    let (keeps_the_port, said) = mpsc::channel(1);
    let ears = Ears { device, key, feed: feed.clone(), health, at: on.to_string() };
    let asks = Asks { always: config.trigger == Trigger::Always, ..Asks::default() };
    let mut scanner = Scanner { fresh: codec.clone(), codec, ears, asks };
    tokio::spawn(serve(on, feed, said, move |line, say| {
        let _open = &keeps_the_port;
        scanner.hear(line, say);
    }));
    Ok(())
}

struct Scanner {
    codec: Box<ScannerCodec>,
    /// As it is before the first byte.
    fresh: Box<ScannerCodec>,
    ears: Ears,
    asks: Asks,
}

/// What is done with a scan; apart, because a scan borrows from the codec.
struct Ears {
    device: u8,
    key: [u8; 32],
    feed: Feed,
    health: Health,
    /// What it hangs on, in words.
    at: String,
}

/// What is still to be said to the reader.
#[derive(Default)]
struct Asks {
    /// The station is the trigger.
    always: bool,
    waiting: VecDeque<Ask>,
    /// When something was said last that may be answered, and not heard since.
    said: Option<Micros>,
    heard: Micros,
}

impl Scanner {
    fn hear(&mut self, line: Line<'_>, say: &mut Vec<u8>) {
        match line {
            Line::Up => {
                // Half a code from before is none, and must not be the beginning of another.
                self.codec.clone_from(&self.fresh);
                self.ears.health.up();
                self.ears.feed.offer(Event::Part { fault: Fault::Scanner, failed: false });
                self.asks.begin(self.ears.feed.now());
                self.ask(self.ears.feed.now(), say);
            }
            Line::Down(why) => {
                let at = &self.ears.at;
                self.ears
                    .health
                    .down(&format!("the scanner at {at} does not answer ({why}); check its cable and power"));
                self.ears.feed.offer(Event::Part { fault: Fault::Scanner, failed: true });
            }
            Line::Bytes { at, bytes } => {
                for &byte in bytes {
                    let scan = self.codec.push(at, byte);
                    scan.iter().for_each(|scan| self.asks.answered(scan));
                    scan.iter().for_each(|scan| self.ears.take(scan));
                    self.codec.owed().iter().for_each(|owed| say.extend_from_slice(owed));
                }
                self.asks.heard = at;
                self.ask(at, say);
            }
            Line::Idle { at } => {
                self.codec.idle(at).iter().for_each(|scan| self.ears.take(scan));
                self.codec.owed().iter().for_each(|owed| say.extend_from_slice(owed));
                self.ask(at, say);
            }
        }
    }

    fn ask(&mut self, now: Micros, say: &mut Vec<u8>) {
        while let Some(ask) = self.asks.next(now) {
            let Some(bytes) = self.codec.request(ask) else { continue };
            say.extend_from_slice(bytes);
            self.asks.said = Some(now);
        }
    }
}

impl Ears {
    fn take(&self, scan: &Scan<'_>) {
        if let Scan::Identity { text, .. } = scan {
            self.health.identity(&String::from_utf8_lossy(text));
        }
        if let Some(code) = code_of(scan) {
            let code = code.impersonal(&self.key);
            self.feed.offer(Event::Code { mono: scan.at(), device: self.device, code });
        }
    }
}

impl Asks {
    /// The line came up: a reader that is triggered by the station reads from now on, and each is asked who it is.
    fn begin(&mut self, now: Micros) {
        self.waiting.clear();
        self.waiting.push_back(Ask::Identity);
        if self.always {
            self.waiting.push_back(Ask::Start);
        }
        (self.said, self.heard) = (None, now);
    }

    fn answered(&mut self, scan: &Scan<'_>) {
        match scan {
            Scan::Identity { .. } | Scan::Answer { .. } => self.said = None,
            Scan::Read { .. } | Scan::NoRead { .. } if self.always => {
                self.said = None;
                if !self.waiting.contains(&Ask::Start) {
                    self.waiting.push_back(Ask::Start);
                }
            }
            _ => {}
        }
    }

    /// What is to be said now, one thing at a time.
    fn next(&mut self, now: Micros) -> Option<Ask> {
        if self.said.is_some_and(|said| now - said <= ANSWER_MAX) {
            return None;
        }
        if self.always && self.waiting.is_empty() && now - self.heard > SILENCE_MAX {
            self.heard = now;
            return Some(Ask::Start);
        }
        self.waiting.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::feed::{Fed, feed};
    use crate::run::health::HealthBoard;

    const fn ms(ms: u64) -> Micros {
        Micros::from_ms(ms)
    }

    #[test]
    fn one_thing_is_said_at_a_time_and_the_trigger_again_after_a_silence() {
        let mut asks = Asks { always: true, ..Asks::default() };
        asks.begin(ms(0));
        assert_eq!(asks.next(ms(0)), Some(Ask::Identity));
        asks.said = Some(ms(0));
        assert_eq!(asks.next(ms(300)), None, "the answer is still to come");
        asks.answered(&Scan::Identity { text: b"reader", at: ms(310), raw: b"reader" });
        assert_eq!(asks.next(ms(310)), Some(Ask::Start));
        asks.said = Some(ms(310));
        assert_eq!((asks.next(ms(900)), asks.next(ms(9_999))), (None, None));
        assert_eq!(asks.next(ms(10_001)), Some(Ask::Start), "it may have restarted");
        assert_eq!(asks.next(ms(10_002)), None);
        asks.said = Some(ms(10_002));
        let read = Scan::Read { payload: b"RR473124829GB", aim: None, at: ms(10_100), raw: b"" };
        asks.answered(&read);
        asks.answered(&read);
        assert_eq!(asks.next(ms(10_101)), Some(Ask::Start), "one read may have been all that it was asked for");
        assert_eq!(asks.next(ms(10_101)), None);

        let mut asks = Asks::default();
        asks.begin(ms(0));
        assert_eq!(asks.next(ms(0)), Some(Ask::Identity));
        assert_eq!((asks.next(ms(600)), asks.next(ms(60_000))), (None, None), "a photo-eye triggers it");
    }

    fn plain() -> (Scanner, Fed) {
        let config = toml::from_str("plain = {}").expect("a protocol");
        let codec = Box::new(ScannerCodec::new(&config).expect("a codec"));
        let (feed, fed) = feed(std::time::Instant::now());
        let health = HealthBoard::default().part("scanner");
        let ears = Ears { device: 0, key: [0; 32], feed, health, at: "/dev/nowhere".to_owned() };
        (Scanner { fresh: codec.clone(), codec, ears, asks: Asks::default() }, fed)
    }

    #[test]
    fn half_a_code_goes_with_its_cable() {
        let (mut scanner, fed) = plain();
        let mut hear = |line: Line<'_>| scanner.hear(line, &mut Vec::new());
        hear(Line::Up);
        hear(Line::Bytes { at: ms(1), bytes: b"RR4731" });
        hear(Line::Down("it is gone".to_owned()));
        hear(Line::Up);
        hear(Line::Bytes { at: ms(120), bytes: b"RR473124829GB\r" });
        let heard = std::iter::from_fn(|| fed.next(std::time::Duration::ZERO).ok().flatten());
        let codes: Vec<String> =
            heard.filter(|event| matches!(event, Event::Code { .. })).map(|code| format!("{code:?}")).collect();
        assert!(codes.len() == 1 && codes[0].contains("RR473124829GB") && !codes[0].contains("RR4731RR"), "{codes:?}");
    }
}
