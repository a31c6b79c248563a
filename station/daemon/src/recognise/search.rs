//! One port of which nothing is known: in which order it is tried, and for how long.
//!
//! 1. *Listen* with eight bits at the usual speed. A device that talks is then listened to at every speed, first with
//!    eight bits (which shows seven with parity too), then with a parity bit more.
//! 2. A silent one is *asked*, setting by setting: scales for a weight, then scanners for their name. Nothing else is
//!    ever said ([`super::candidates`]).
//! 3. One that is silent still is *waited for*: whoever stands there scans a code. Each scan that means nothing under one
//!    setting has the next one tried.
//! 4. What fits, but may be chance, is *listened to again* where it fits best: what contradicts it there takes it back.
//!
//! Every step has its bound in [`Patience`], and their sum is the bound of the whole.

use std::path::Path;
use std::time::Duration;

use gatepost_hardware::units::Micros;
use tokio::time::{Instant, timeout, timeout_at};

use super::candidates::{Candidate, Kind, TABLE};
use super::finding::{Finding, Verdict};
use super::ports::holder;
use super::score::Burst;
use super::{Explanation, SURE, explain};
use crate::config::SerialConfig;
use crate::config::devices::LineConfig;
use crate::run::serial::Serial;

/// Speeds in the order in which they are met.
pub const BAUDS: [u32; 8] = [9_600, 115_200, 19_200, 38_400, 57_600, 4_800, 2_400, 1_200];
/// A line that was quiet this long has ended its sentence.
const QUIET: Duration = Duration::from_millis(60);
/// A line that is not quiet for so long is not waited for.
const BABBLE: Duration = Duration::from_millis(600);
/// Bytes after which a setting under which nothing fits is given up.
const ENOUGH_BYTES: usize = 160;
/// Fewer bytes than this are a click on the line, not noise.
const LOUD_BYTES: usize = 12;
/// After a change of settings: what comes so soon was sent, or taken off the line, under those before (an adapter hands on
/// what it holds every 16 ms).
const LEFT_OVER: Duration = Duration::from_millis(20);
/// Questions put to a device that answered, to be sure.
const CONFIRM_MAX: u32 = 4;

/// How long each step may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the first byte of a device that talks by itself.
    pub listen: Duration,
    /// For a device that talks, under each setting.
    pub setting: Duration,
    /// From the end of a question to the beginning of its answer.
    pub answer: Duration,
    /// For somebody to scan a code; none at all where nobody stands there.
    pub scan: Duration,
}

impl Patience {
    /// What real devices need; `scan` seconds for a person.
    pub const fn usual(scan: Duration) -> Self {
        Self {
            listen: Duration::from_millis(1_500),
            setting: Duration::from_millis(1_000),
            answer: Duration::from_millis(200),
            scan,
        }
    }
}

const GONE: &str = "it went away";

/// What is told while the search goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Listening,
    Asking,
    /// Somebody should scan a code now, and go on until the port is named.
    ScanNow,
}

/// Tries one port. Never fails: what went wrong is a finding too.
pub async fn search(port: &Path, patience: Patience, tell: &dyn Fn(Step)) -> Finding {
    let config = SerialConfig { port: port.to_owned(), baud: BAUDS[0], line: LineConfig::EightNoneOne };
    let serial = match Serial::open(&config) {
        Ok(serial) => serial,
        Err(why) => return Finding::of(port, closed(port, why)),
    };
    let mut search =
        Search { serial, patience, start: Instant::now(), heard: Vec::new(), fits: Vec::new(), bytes: 0, loud: 0 };
    let verdict = match search.whole(tell).await {
        Ok(()) => search.verdict(),
        Err(why) => Verdict::Failed { why },
    };
    Finding::of(port, verdict)
}

fn closed(port: &Path, why: String) -> Verdict {
    let held = why.contains("lock") || why.contains("busy");
    if held { Verdict::Held { by: holder(port) } } else { Verdict::Failed { why } }
}

struct Search {
    serial: Serial,
    patience: Patience,
    start: Instant,
    /// Under the present setting.
    heard: Vec<Burst>,
    /// One for each setting under which anything fits.
    fits: Vec<Fit>,
    /// Of the whole search.
    bytes: usize,
    /// Settings under which the line was not quiet.
    loud: usize,
}

/// All that was heard under a setting, and what explains it, best first.
struct Fit {
    setting: Setting,
    heard: Vec<Burst>,
    found: Vec<Explanation>,
}

impl Fit {
    fn value(&self) -> u32 {
        self.found.first().map_or(0, |one| one.score.value())
    }
}

type Setting = (u32, LineConfig);
type Tried = Result<(), String>;

impl Search {
    async fn whole(&mut self, tell: &dyn Fn(Step)) -> Tried {
        tell(Step::Listening);
        let usual = (BAUDS[0], LineConfig::EightNoneOne);
        self.listen_at(usual, self.patience.listen).await?;
        if !self.heard.is_empty() && !self.is_enough() {
            // Once more: a click when a port is opened is no device.
            self.heard.clear();
            self.listen_at(usual, self.patience.listen).await?;
            if !self.heard.is_empty() && !self.is_enough() {
                self.listen_everywhere().await?;
            }
        }
        if self.fits.is_empty() && self.loud < BAUDS.len() {
            tell(Step::Asking);
            self.ask_everywhere(Kind::Scale).await?;
            if self.fits.is_empty() {
                self.ask_everywhere(Kind::Scanner).await?;
            }
            if self.fits.is_empty() && !self.patience.scan.is_zero() {
                tell(Step::ScanNow);
                self.wait_for_scans().await?;
            }
        }
        self.hear_more().await?;
        self.ask_who().await
    }

    /// A device that talks, at each speed.
    async fn listen_everywhere(&mut self) -> Tried {
        for setting in heard_settings() {
            self.set(setting).await?;
            self.listen_at(setting, self.patience.setting).await?;
            if self.is_enough() {
                return Ok(());
            }
            self.loud += usize::from(self.heard_bytes() >= LOUD_BYTES);
        }
        Ok(())
    }

    /// Listens for so long, or until what was heard is explained for sure, or is enough to know that it is not.
    async fn listen_at(&mut self, setting: Setting, wait: Duration) -> Tried {
        let until = Instant::now() + wait;
        loop {
            self.listen(until.saturating_duration_since(Instant::now())).await?;
            let fits = self.judge(setting);
            let hopeless = !fits && self.heard_bytes() >= ENOUGH_BYTES;
            if self.is_sure() || hopeless || Instant::now() >= until {
                return Ok(());
            }
        }
    }

    /// A silent device, asked under each setting.
    async fn ask_everywhere(&mut self, kind: Kind) -> Tried {
        let questions = questions(kind, Candidate::question);
        if questions.is_empty() {
            return Ok(());
        }
        for setting in asked_settings() {
            self.set(setting).await?;
            for question in &questions {
                self.ask(question, setting).await?;
                if self.judge(setting) {
                    return self.confirm(setting).await;
                }
            }
        }
        Ok(())
    }

    /// Something answered: its own question again, until that is no chance any more.
    async fn confirm(&mut self, setting: Setting) -> Tried {
        for _ in 0..CONFIRM_MAX {
            let named = self.best().and_then(|best| best.found.first());
            let Some(question) = named.and_then(|named| named.candidate.question()) else { return Ok(()) };
            if self.is_sure() {
                return Ok(());
            }
            self.ask(&question, setting).await?;
            self.judge(setting);
        }
        Ok(())
    }

    /// A person scans; each scan that means nothing moves on to the next setting.
    async fn wait_for_scans(&mut self) -> Tried {
        let until = Instant::now() + self.patience.scan;
        for setting in heard_settings().into_iter().cycle() {
            self.set(setting).await?;
            self.listen(until.saturating_duration_since(Instant::now())).await?;
            if self.judge(setting) || Instant::now() >= until {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Something fits, but it may be chance: listens on where it was heard. What then contradicts it makes room for what
    /// fitted under another setting.
    async fn hear_more(&mut self) -> Tried {
        let until = Instant::now() + self.patience.scan.max(self.patience.listen);
        while !self.fits.is_empty() && !self.is_enough() && Instant::now() < until {
            let Some(setting) = self.back_to_best().await? else { return Ok(()) };
            while self.best().is_some_and(|best| best.setting == setting) && !self.is_enough() && Instant::now() < until
            {
                self.listen_at(setting, self.patience.setting).await?;
            }
            if self.fits.is_empty() {
                self.listen_everywhere().await?;
            }
        }
        Ok(())
    }

    /// A scanner it is, by the codes that it read; which make, it may say itself. No scale is on this line, so every make
    /// can be asked.
    async fn ask_who(&mut self) -> Tried {
        let Some(best) = self.best() else { return Ok(()) };
        let scanner = best.found.first().is_some_and(|one| one.candidate.kind == Kind::Scanner && !one.score.own_words);
        if !scanner || !self.is_enough() {
            return Ok(());
        }
        let Some(setting) = self.back_to_best().await? else { return Ok(()) };
        for question in questions(Kind::Scanner, Candidate::who) {
            self.ask(&question, setting).await?;
            self.judge(setting);
        }
        Ok(())
    }

    async fn set(&mut self, (baud, line): Setting) -> Tried {
        self.heard.clear();
        self.serial.set(baud, line)?;
        let (until, mut buffer) = (Instant::now() + LEFT_OVER, [0; 512]);
        while let Ok(read) = timeout_at(until, self.serial.read(&mut buffer)).await {
            if read.map_err(|error| error.to_string())? == 0 {
                return Err(GONE.to_owned());
            }
        }
        Ok(())
    }

    /// To the setting under which something fits best, with what was heard there.
    async fn back_to_best(&mut self) -> Result<Option<Setting>, String> {
        let Some((setting, heard)) = self.best().map(|best| (best.setting, best.heard.clone())) else {
            return Ok(None);
        };
        self.set(setting).await?;
        self.heard = heard;
        Ok(Some(setting))
    }

    async fn ask(&mut self, question: &[u8], (baud, _): Setting) -> Tried {
        self.serial.write_all(question).await.map_err(|error| error.to_string())?;
        // The question's own time on the line, and that of an answer of the same length again.
        let on_the_line = Duration::from_micros(question.len() as u64 * 2 * 11_000_000 / u64::from(baud));
        self.listen(self.patience.answer + on_the_line).await
    }

    /// Waits so long for a byte; after the first, until the line is quiet.
    async fn listen(&mut self, wait: Duration) -> Tried {
        let (mut wait, mut buffer) = (wait, [0; 512]);
        let mut first = None;
        while let Ok(read) = timeout(wait, self.serial.read(&mut buffer)).await {
            let used = read.map_err(|error| error.to_string())?;
            if used == 0 {
                return Err(GONE.to_owned());
            }
            let at = Micros(u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX));
            self.heard.push(Burst { at, bytes: buffer[..used].to_vec() });
            self.bytes += used;
            wait = QUIET;
            if first.get_or_insert_with(Instant::now).elapsed() > BABBLE {
                return Ok(());
            }
        }
        Ok(())
    }

    fn heard_bytes(&self) -> usize {
        self.heard.iter().map(|burst| burst.bytes.len()).sum()
    }

    /// Explains all that was heard under the present setting; whether anything does.
    fn judge(&mut self, setting: Setting) -> bool {
        if self.heard.is_empty() {
            return false;
        }
        let found = explain(&self.heard, setting.1);
        let fits = !found.is_empty();
        self.fits.retain(|fit| fit.setting != setting);
        if fits {
            self.fits.push(Fit { setting, heard: self.heard.clone(), found });
        }
        fits
    }

    fn best(&self) -> Option<&Fit> {
        self.fits.iter().max_by_key(|fit| fit.value())
    }

    /// It cannot be chance.
    fn is_enough(&self) -> bool {
        self.best().is_some_and(|best| best.value() >= SURE)
    }
    /// And there is one explanation only.
    fn is_sure(&self) -> bool {
        self.is_enough() && self.best().is_some_and(|best| best.found.len() == 1)
    }

    fn verdict(self) -> Verdict {
        match self.fits.into_iter().max_by_key(Fit::value) {
            Some(best) => Verdict::Named { baud: best.setting.0, explanations: best.found },
            None if self.bytes >= LOUD_BYTES => Verdict::Noise { bytes: self.bytes },
            None => Verdict::Silent,
        }
    }
}

/// What the rows of one kind ask, each once.
fn questions(kind: Kind, of: fn(&Candidate) -> Option<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut questions: Vec<Vec<u8>> = Vec::new();
    for question in TABLE.iter().filter(|row| row.kind == kind).filter_map(of) {
        if !questions.contains(&question) {
            questions.push(question);
        }
    }
    questions
}

/// The settings that a device is listened to under: eight bits show seven with parity too.
fn heard_settings() -> Vec<Setting> {
    let more = [LineConfig::EightEvenOne, LineConfig::EightOddOne];
    let first = BAUDS.iter().map(|&baud| (baud, LineConfig::EightNoneOne));
    first.chain(BAUDS.iter().flat_map(|&baud| more.map(|line| (baud, line)))).collect()
}

/// The settings that a question is put under: the commonest first, and at last every one.
fn asked_settings() -> Vec<Setting> {
    let usual = [LineConfig::EightNoneOne, LineConfig::SevenEvenOne];
    let rare = [LineConfig::EightEvenOne, LineConfig::SevenOddOne, LineConfig::EightOddOne];
    let of = |lines: &[LineConfig]| -> Vec<Setting> {
        BAUDS.iter().flat_map(|&baud| lines.iter().map(move |&line| (baud, line))).collect()
    };
    let mut settings = of(&usual);
    settings.extend(of(&rare));
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_asked_under_once() {
        let settings = asked_settings();
        let mut sorted = settings.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!((settings.len(), sorted.len()), (BAUDS.len() * LineConfig::ALL.len(), settings.len()));
        assert_eq!(settings[0], (9_600, LineConfig::EightNoneOne));
    }
}
