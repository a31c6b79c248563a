//! What central commanded, as this station keeps it: the newest number taken, and what is in force on which lane until when.
//!
//! One file, written whole before anything acts, so that a command and the number that keeps an older one away are durable
//! together, and a station that comes up judges by it from its first parcel on. A file that is there and cannot be read may
//! have sent everything to exam: then everything goes to exam for as long as any command could have said.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use gatepost_hardware::units::WallMs;
use gatepost_pipeline::event::Event;
use gatepost_pipeline::judge::{ExamAll, Sentence};
use gatepost_sync::command::{Command, NotACommand};
use gatepost_sync::envelope::{Header, Refused, Versions};
use gatepost_sync::limits::COMMAND_MS_MAX;
use serde::{Deserialize, Serialize};

use crate::run::feed::Feed;
use crate::run::rules::write_whole;

/// The folder in the data folder.
pub const FOLDER: &str = "commands";
const STANDING: &str = "standing.json";
/// Central's clock may be ahead of ours.
const CLOCK_SLACK_MS: i64 = 300_000;

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Standing {
    taken: Versions,
    /// Of every lane, also of one that is added later.
    all: Option<ExamAll>,
    lanes: BTreeMap<String, ExamAll>,
    /// The command to walk the journal that has no answer yet, and its message.
    walk: Option<(u64, String)>,
    /// To the last command.
    #[serde(default)]
    answer: Option<Answer>,
}

/// What was answered to a command: the record that says so may be lost, the command is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    pub order: u64,
    pub message: String,
    pub refused: bool,
    pub says: String,
}

/// What became of a command.
#[derive(Debug)]
pub struct Done {
    pub command: Command,
    pub says: String,
}

#[derive(Debug, thiserror::Error)]
pub enum CommandRefused {
    #[error(transparent)]
    Sealed(Refused),
    #[error(transparent)]
    Unknown(#[from] NotACommand),
    #[error("this station has no lane {0}; it has {1}")]
    NoLane(String, String),
    #[error("its time is over already; look at the clocks")]
    Over,
    #[error("it is for more than 24 hours ahead; look at the clocks, or send it again for less")]
    TooLong,
    #[error("command {0} has the journal walked and is not done")]
    Walking(u64),
    #[error("the command cannot be kept ({0}), so it is not in force; look at the data folder's disk")]
    Disk(#[from] io::Error),
}

/// The commands of this station.
#[derive(Debug)]
pub struct Commands {
    folder: PathBuf,
    /// In the order of the lanes' feeds.
    lanes: Vec<String>,
    standing: Standing,
    trouble: Option<String>,
}

impl Commands {
    pub fn open(data: &Path, lanes: Vec<String>, now: WallMs) -> Self {
        let mut commands = Self { folder: data.join(FOLDER), lanes, standing: Standing::default(), trouble: None };
        match commands.read() {
            Ok(standing) => commands.standing = standing,
            Err(why) => {
                let why = format!("{why}; everything goes to exam for a day, or until central takes an exam-all back");
                let until = WallMs(now.0.saturating_add(COMMAND_MS_MAX));
                let sentence = Sentence::clipped("what central had commanded cannot be read.");
                commands.standing.all = Some(ExamAll { order: 0, until, why: sentence });
                if let Err(error) = commands.keep(&commands.standing) {
                    tracing::warn!("{FOLDER}/{STANDING}: cannot be written ({error}); check the data folder's disk");
                }
                commands.trouble = Some(why);
            }
        }
        commands
    }

    fn read(&self) -> Result<Standing, String> {
        let path = self.folder.join(STANDING);
        let shown = path.display();
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| format!("{shown}: is damaged ({error})")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Standing::default()),
            Err(error) => Err(format!("{shown}: cannot be read ({error})")),
        }
    }

    fn keep(&self, standing: &Standing) -> io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        write_whole(&self.folder.join(STANDING), &serde_json::to_vec(standing).map_err(io::Error::from)?)
    }

    /// Why everything goes to exam although nobody can say whether central commanded it.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// The newest numbers taken, by issuer.
    pub fn versions(&self) -> &Versions {
        &self.standing.taken
    }

    /// What a lane is to go by, the longer of what is for it and what is for all; it ends by itself there.
    pub fn of_lane(&self, lane: &str) -> Option<&ExamAll> {
        let all = self.standing.all.as_ref();
        self.standing.lanes.get(lane).into_iter().chain(all).max_by_key(|ordered| ordered.until)
    }

    /// What was answered to this message, if it was the last.
    pub fn answer_to(&self, message: &str) -> Option<&Answer> {
        self.standing.answer.as_ref().filter(|answer| answer.message == message)
    }

    /// The command to walk the journal that has no answer yet, and its message.
    pub fn walk(&self) -> Option<&(u64, String)> {
        self.standing.walk.as_ref()
    }

    /// Tells each lane on which something is in force when the station comes up.
    pub fn begin(&self, feeds: &[Feed]) {
        for (lane, feed) in self.lanes.iter().zip(feeds) {
            if let Some(ordered) = self.of_lane(lane) {
                feed.answer(Event::ExamAll(Some(Box::new(ordered.clone()))));
            }
        }
    }

    /// Tells each lane what is in force there now.
    pub fn tell(&self, feeds: &[Feed]) {
        for (lane, feed) in self.lanes.iter().zip(feeds) {
            feed.answer(Event::ExamAll(self.of_lane(lane).cloned().map(Box::new)));
        }
    }

    /// Takes a command that is signed, for us, in its time and newer than all before: durable when this returns.
    ///
    /// # Errors
    /// [`CommandRefused`]; nothing is in force by it then.
    pub fn take(
        &mut self,
        header: &Header,
        message: &str,
        payload: &[u8],
        now: WallMs,
    ) -> Result<Done, CommandRefused> {
        let mut next = self.standing.clone();
        next.taken.take(header);
        match self.applied(&mut next, header.version, message, payload, now) {
            Ok(done) => {
                next.answer = Some(answered(header, message, false, &done.says));
                self.keep(&next)?;
                (self.standing, self.trouble) = (next, None);
                Ok(done)
            }
            Err(why) => {
                // The same bytes would be refused again; a disk that refuses only has them refused twice.
                self.standing.taken.take(header);
                self.standing.answer = Some(answered(header, message, true, &why.to_string()));
                if let Err(error) = self.keep(&self.standing) {
                    tracing::warn!("{FOLDER}/{STANDING}: cannot be written ({error}); check the data folder's disk");
                }
                Err(why)
            }
        }
    }

    fn applied(
        &self,
        next: &mut Standing,
        order: u64,
        message: &str,
        payload: &[u8],
        now: WallMs,
    ) -> Result<Done, CommandRefused> {
        let command = Command::read(payload)?;
        if let Some(lane) = command.lane().filter(|lane| !self.lanes.iter().any(|known| known == lane.as_str())) {
            return Err(CommandRefused::NoLane(lane.to_string(), self.lanes.join(", ")));
        }
        let says = match &command {
            Command::ExamAll { lane, until_ms, why } => {
                if *until_ms <= now.0 {
                    return Err(CommandRefused::Over);
                }
                if until_ms.saturating_sub(now.0) > COMMAND_MS_MAX + CLOCK_SLACK_MS {
                    return Err(CommandRefused::TooLong);
                }
                let ordered = ExamAll { order, until: WallMs(*until_ms), why: Sentence::clipped(why) };
                let before = match lane {
                    Some(lane) => next.lanes.remove(lane.as_str()),
                    None => next.all.take(),
                };
                let longest = longer(before, ordered);
                let says = match longest.order {
                    longest if longest == order => "in force".to_owned(),
                    longest => format!("in force, and for longer already by command {longest}"),
                };
                match lane {
                    Some(lane) => drop(next.lanes.insert(lane.to_string(), longest)),
                    None => next.all = Some(longest),
                }
                says
            }
            Command::ExamAllEnd { lane, .. } => {
                let was = self.end(next, lane.as_ref().map(|lane| lane.as_str()), now);
                if was { "taken back" } else { "nothing of the kind was in force" }.to_owned()
            }
            Command::Verify { .. } => {
                if let Some((walking, _)) = &next.walk {
                    return Err(CommandRefused::Walking(*walking));
                }
                next.walk = Some((order, message.to_owned()));
                "the journal is being walked".to_owned()
            }
        };
        Ok(Done { command, says })
    }

    /// Takes back what commands sent to exam, on one lane or on all; whether something was in force.
    fn end(&self, next: &mut Standing, lane: Option<&str>, now: WallMs) -> bool {
        let is_now = |ordered: &ExamAll| ordered.until > now;
        let Some(lane) = lane else {
            let was = next.all.iter().chain(next.lanes.values()).any(is_now);
            (next.all, next.lanes) = (None, BTreeMap::new());
            return was;
        };
        // What was for all lanes stays in force on the others.
        if let Some(all) = next.all.take() {
            for other in &self.lanes {
                let longest = longer(next.lanes.remove(other), all.clone());
                next.lanes.insert(other.clone(), longest);
            }
        }
        next.lanes.remove(lane).is_some_and(|ordered| is_now(&ordered))
    }

    /// The journal has been walked and that is on record.
    pub fn walked(&mut self) {
        self.standing.walk = None;
        if let Err(error) = self.keep(&self.standing) {
            // At worst it is walked once more.
            tracing::warn!("{FOLDER}/{STANDING}: cannot be written ({error}); check the data folder's disk");
        }
    }
}

fn answered(header: &Header, message: &str, refused: bool, says: &str) -> Answer {
    Answer { order: header.version, message: message.to_owned(), refused, says: says.to_owned() }
}

/// No command but one that takes back makes an order shorter.
fn longer(before: Option<ExamAll>, ordered: ExamAll) -> ExamAll {
    before.filter(|before| before.until > ordered.until).unwrap_or(ordered)
}
