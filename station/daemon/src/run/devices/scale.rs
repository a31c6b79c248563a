//! A scale: its bytes through its codec into the lane's feed, its questions in time, its health to the desk.
//!
//! Whatever is not a weight takes the weight before it away: damage, an answer that did not come, a line that went down.

use gatepost_hardware::scale::{Manner, Request, ScaleCodec, ScaleProtocol, ScaleReport};
use gatepost_hardware::units::Micros;
use gatepost_pipeline::event::{Event, Weighed};
use gatepost_pipeline::gather::reading::Hearsay;
use gatepost_pipeline::judge::Fault;
use tokio::sync::mpsc;

use super::asking::{Asking, Listening, Turn};
use crate::config::{ScaleDevice, Transport};
use crate::run::feed::Feed;
use crate::run::health::Health;
use crate::run::line::{Line, serve};

/// Connects a scale; asks it regularly when it does not talk by itself.
///
/// # Errors
/// What is wrong with its protocol's configuration.
pub fn scale(on: Transport, config: &ScaleDevice, device: u8, feed: Feed, health: Health) -> Result<(), &'static str> {
    let codec = Box::new(ScaleCodec::new(&config.protocol)?);
    let fresh = codec.clone();
    let pace = Pace::of(&codec, config);
    let (keeps_the_port, said) = mpsc::channel(1);
    let (feed_too, heard, at) = (feed.clone(), Hearsay::default(), on.to_string());
    let mut scale = Scale { codec, fresh, heard, pace, device, feed: feed_too, health, at, failed: true };
    tokio::spawn(serve(on, feed, said, move |line, say| {
        let _open = &keeps_the_port;
        scale.hear(line, say);
    }));
    Ok(())
}

struct Scale {
    codec: Box<ScaleCodec>,
    /// The codec as it was before it heard anything.
    fresh: Box<ScaleCodec>,
    heard: Hearsay,
    pace: Pace,
    device: u8,
    feed: Feed,
    health: Health,
    /// What it hangs on, in words.
    at: String,
    failed: bool,
}

/// How the scale is brought to speak, and what its silence means.
enum Pace {
    Asked(Asking, &'static [u8]),
    /// It never rests.
    Streams(Listening),
    /// It speaks when it likes.
    Rests,
}

impl Pace {
    fn of(codec: &ScaleCodec, config: &ScaleDevice) -> Self {
        let question = codec.request(Request::ImmediateWeight).filter(|_| config.poll_ms > 0);
        match (question, config.protocol.manner()) {
            (Some(question), _) => Self::Asked(Asking::new(config.poll_ms), question),
            (None, Manner::Streams { silence_max }) => Self::Streams(Listening::new(silence_max)),
            (None, Manner::Answers | Manner::Either | Manner::Reports) => Self::Rests,
        }
    }
}

impl Scale {
    fn hear(&mut self, line: Line<'_>, say: &mut Vec<u8>) {
        match line {
            Line::Up => {
                // Half a reply from before the line went away is none.
                self.codec.clone_from(&self.fresh);
                let now = self.feed.now();
                match &mut self.pace {
                    Pace::Asked(asking, _) => asking.restart(now),
                    Pace::Streams(listening) => listening.heard(now),
                    Pace::Rests => {}
                }
                self.works();
                self.turn(now, say);
            }
            Line::Down(why) => {
                self.fails(&format!("does not answer ({why}); check its cable and power"));
                self.heard.hang_up();
                self.nothing(self.feed.now());
            }
            Line::Bytes { at, bytes } => {
                if let Pace::Asked(asking, _) = &mut self.pace {
                    asking.heard(at);
                }
                for &byte in bytes {
                    if let Some(report) = self.codec.push(at, byte) {
                        self.report(at, report);
                    }
                }
                self.turn(at, say);
            }
            Line::Idle { at } => {
                if let Some(report) = self.codec.idle(at) {
                    self.report(at, report);
                }
                self.turn(at, say);
            }
        }
    }

    fn report(&mut self, now: Micros, report: ScaleReport) {
        let damaged = matches!(report, ScaleReport::Fault { .. });
        match &mut self.pace {
            Pace::Asked(asking, _) if damaged => {
                if asking.damaged(now) {
                    self.fails(
                        "answers nothing that can be read; check its line settings (baud, parity) and its protocol",
                    );
                }
            }
            Pace::Asked(asking, _) => asking.answered(),
            Pace::Streams(listening) if !damaged => listening.heard(now),
            Pace::Streams(_) | Pace::Rests => {}
        }
        if !damaged && self.failed {
            self.works();
        }
        if let ScaleReport::Identity { serial, .. } = &report {
            self.health.identity(serial);
        }
        let (mono, (weighed, said)) = self.heard.take(&report);
        self.feed.offer(Event::Weight { mono, device: self.device, weighed, said });
    }

    /// Asks when it is time; takes the weight away when the last answer did not come, or no word of a scale that never
    /// rests.
    fn turn(&mut self, now: Micros, say: &mut Vec<u8>) {
        let (turn, question) = match &mut self.pace {
            Pace::Asked(asking, question) => (asking.turn(now), *question),
            Pace::Streams(listening) => {
                if listening.fell_silent(now) {
                    self.nothing(now);
                    let says = "sends nothing that can be read";
                    self.fails(&format!("{says}; check its power, its line settings and that it sends continuously"));
                }
                return;
            }
            Pace::Rests => return,
        };
        if let Turn::AskAgain { failed } = turn {
            self.nothing(now);
            if failed {
                self.fails("is connected and does not answer; check its power, its line settings and its protocol");
            }
        }
        if turn != Turn::Wait {
            say.extend_from_slice(question);
        }
    }

    /// What was weighed before does not count any more.
    fn nothing(&self, mono: Micros) {
        self.feed.offer(Event::Weight { mono, device: self.device, weighed: Weighed::Nothing, said: None });
    }

    fn works(&mut self) {
        self.failed = false;
        self.health.up();
        self.feed.offer(Event::Part { fault: Fault::Scale, failed: false });
    }

    fn fails(&mut self, why: &str) {
        self.failed = true;
        self.health.down(&format!("the scale at {} {why}", self.at));
        self.feed.offer(Event::Part { fault: Fault::Scale, failed: true });
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use gatepost_hardware::units::Grams;

    use super::*;
    use crate::run::feed::{Fed, feed};
    use crate::run::health::HealthBoard;

    fn connected() -> (Scale, Fed) {
        connected_by("protocol = { mt-sics = {} }")
    }

    fn connected_by(config: &str) -> (Scale, Fed) {
        let config: ScaleDevice = toml::from_str(config).expect(config);
        let codec = Box::new(ScaleCodec::new(&config.protocol).expect("a codec"));
        let (pace, (feed, fed)) = (Pace::of(&codec, &config), feed(Instant::now()));
        let (fresh, heard, health) = (codec.clone(), Hearsay::default(), HealthBoard::default().part("scale"));
        let at = "a test".to_owned();
        (Scale { codec, fresh, heard, pace, device: 1, feed, health, at, failed: true }, fed)
    }

    /// What the lane was told since it was asked last: each weight, and the serial number of who said it.
    fn told(fed: &Fed) -> Vec<(Weighed, Option<String>)> {
        let events = std::iter::from_fn(|| fed.next(Duration::ZERO).ok().flatten());
        let weight = |event| match event {
            Event::Weight { weighed, said, .. } => {
                Some((weighed, said.and_then(|said| said.serial).map(|serial| serial.to_string())))
            }
            _ => None,
        };
        events.filter_map(weight).collect()
    }

    /// What the lane was told of the scale's health since it was asked last.
    fn health_told(fed: &Fed) -> Vec<bool> {
        let events = std::iter::from_fn(|| fed.next(Duration::ZERO).ok().flatten());
        let part = |event| match event {
            Event::Part { fault: Fault::Scale, failed } => Some(failed),
            _ => None,
        };
        events.filter_map(part).collect()
    }

    /// 12.34 kg, and the same with its bits of another speed.
    const FRAME: [u8; 18] = *b"\x02,0   1234     0\r\x1b";

    #[test]
    fn a_scale_that_always_talks_and_falls_silent_has_failed_until_it_talks_again() {
        for protocol in ["toledo-continuous", "toledo-extended"] {
            let (mut scale, fed) = connected_by(&format!("protocol = {{ {protocol} = {{ checksum = true }} }}"));
            scale.hear(Line::Up, &mut Vec::new());
            let up = scale.feed.now();
            let mut idle = |ms| scale.hear(Line::Idle { at: up + Micros::from_ms(ms) }, &mut Vec::new());
            idle(2_900);
            assert_eq!(health_told(&fed), [false], "{protocol}");
            idle(3_100);
            idle(9_000);
            assert_eq!(health_told(&fed), [true], "{protocol}: dead behind a living adapter, said once");
        }
        let (mut scale, fed) = connected_by("protocol = { toledo-continuous = { checksum = true } }");
        scale.hear(Line::Up, &mut Vec::new());
        let up = scale.feed.now();
        let mut bytes = |ms, bytes: &[u8]| {
            scale.hear(Line::Bytes { at: up + Micros::from_ms(ms), bytes }, &mut Vec::new());
        };
        (0..=31).for_each(|turn| bytes(turn * 100, &FRAME.map(|byte| byte ^ 0x55)));
        assert_eq!(health_told(&fed), [false, true], "all it says is damage");
        bytes(3_200, &FRAME);
        assert_eq!(health_told(&fed), [false], "and back");
    }

    #[test]
    fn a_scale_that_may_rest_is_not_blamed_for_its_silence() {
        for config in ["protocol = { mt-sics = {} }", "protocol = { usb-hid = {} }"] {
            let (mut scale, fed) = connected_by(config);
            scale.hear(Line::Up, &mut Vec::new());
            let at = scale.feed.now() + Micros::from_ms(600_000);
            scale.hear(Line::Idle { at }, &mut Vec::new());
            assert_eq!(health_told(&fed), [false], "{config}");
        }
    }

    #[test]
    fn a_scale_that_answers_only_damage_has_failed() {
        let (mut scale, fed) = connected_by("protocol = { mt-sics = {} }\npoll_ms = 200");
        scale.hear(Line::Up, &mut Vec::new());
        let up = scale.feed.now();
        for turn in 1..=10 {
            let at = up + Micros::from_ms(turn * 200);
            scale.hear(Line::Bytes { at, bytes: b"\xd3\xa0\xff\r\n" }, &mut Vec::new());
            scale.hear(Line::Idle { at: at + Micros::from_ms(100) }, &mut Vec::new());
        }
        assert_eq!(health_told(&fed), [false, true]);
    }

    #[test]
    fn half_a_reply_does_not_survive_its_cable_nor_does_the_scales_name() {
        let (mut scale, fed) = connected();
        let mut hear = |line: Line<'_>| scale.hear(line, &mut Vec::new());
        let bytes = |text: &'static str| Line::Bytes { at: Micros(5), bytes: text.as_bytes() };
        let weight = |grams, serial: Option<&str>| (Weighed::Stable(Grams(grams)), serial.map(str::to_owned));
        hear(Line::Up);
        hear(bytes("I4 A \"4711\"\r\nS S      1.234 kg\r\n"));
        assert_eq!(told(&fed), [(Weighed::Nothing, None), weight(1_234, Some("4711"))]);
        // Put together, the two halves would be 134 kg.
        hear(bytes("S S      1"));
        hear(Line::Down("unplugged".to_owned()));
        assert_eq!(told(&fed), [(Weighed::Nothing, None)], "the weight before is gone");
        hear(Line::Up);
        hear(bytes("34 kg\r\n"));
        assert_eq!(told(&fed), [(Weighed::Nothing, None)]);
        hear(bytes("S S      0.500 kg\r\n"));
        assert_eq!(told(&fed), [weight(500, None)], "perhaps another scale");
    }

    #[test]
    fn whatever_is_not_a_weight_is_told_as_none() {
        for line in
            ["S +\r\n", "S D      1.234 kg\r\n", "ES\r\n", "Z A\r\n", "T S      0.500 kg\r\n", "S S  1#4 kg\r\n"]
        {
            let (mut scale, fed) = connected();
            scale.hear(Line::Up, &mut Vec::new());
            scale.hear(Line::Bytes { at: Micros(5), bytes: b"S S      1.234 kg\r\n" }, &mut Vec::new());
            scale.hear(Line::Bytes { at: Micros(6), bytes: line.as_bytes() }, &mut Vec::new());
            let told = told(&fed);
            assert!(
                matches!(told.as_slice(), [(Weighed::Stable(_), _), (last, _)] if !matches!(last, Weighed::Stable(_))),
                "{line}: {told:?}"
            );
        }
    }
}
