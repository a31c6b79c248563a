//! The black box: everything one lane heard, and a fingerprint of everything it did, so that `gatepost replay` can live
//! the hour again and say where today's software would have done otherwise.
//!
//! JSON lines, two files of [`BYTES_MAX`] in turn; a file that goes on with a life says so. Of codes it holds what the
//! lane heard, which is their numbers and nothing personal ([`CodeRead::impersonal`]). Losing the black box never holds up a lane: a failing disk costs
//! lines, which are counted, not parcels.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use gatepost_hardware::link::Report;
use gatepost_hardware::units::{Micros, WallMs};
use gatepost_pipeline::drive::{DriveConfig, OpenPass, Versions};
use gatepost_pipeline::event::{ClockState, Effect, Event, ImageFile, LabelPicture, Matched, OfficerAction, Weighed};
use gatepost_pipeline::identify::CodeRead;
use gatepost_pipeline::judge::{ExamAll, Fault, Image, Token};
use gatepost_pipeline::pass::PassKey;
use gatepost_pipeline::record::{Pending, Recorded};
use gatepost_pipeline::ruleset::Ruleset;
use gatepost_pipeline::weighing::{Protocols, Said};
use serde::{Deserialize, Serialize};

/// Bytes of one file before the other is begun anew.
pub const BYTES_MAX: u64 = 64 << 20;

/// One line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Heard {
    /// First line.
    Begin(Begin),
    Pulse {
        mono: Micros,
        wall: WallMs,
        clock: ClockState,
    },
    Controller {
        mono: Micros,
        report: Report,
    },
    CableLost {
        mono: Micros,
    },
    Code {
        mono: Micros,
        device: u8,
        code: CodeRead,
    },
    Picture {
        mono: Micros,
        device: u8,
        picture: LabelPicture,
    },
    Weight {
        mono: Micros,
        device: u8,
        weighed: Weighed,
        /// Nothing in a black box of before there was an alibi memory.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said: Option<Box<Said>>,
    },
    Image {
        mono: Micros,
        device: u8,
        image: ImageFile,
    },
    Assessed {
        image: u32,
        assessed: Image,
    },
    Matched {
        pass: PassKey,
        answer: Box<Matched>,
    },
    ListsChanged,
    /// A rule pack came into force: its text.
    Rules {
        pack: String,
    },
    /// Central sends everything to exam; nothing: not any more.
    ExamAll {
        ordered: Option<Box<ExamAll>>,
    },
    Recorded {
        seq: u64,
        head: String,
    },
    /// The record whose body has this digest was not stored.
    Unrecorded {
        body: String,
    },
    LedgerReady,
    Part {
        fault: Fault,
        failed: bool,
    },
    Officer {
        officer: Token,
        action: OfficerAction,
    },
    /// What the events before this line made the lane do.
    Did {
        effects: u32,
        digest: String,
    },
}

/// With what the lane began.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Begin {
    pub station: String,
    pub lane: String,
    pub epoch_next: u32,
    pub open: Vec<OpenPass>,
    pub closed: Vec<PassKey>,
    pub highest: BTreeMap<u32, u32>,
    pub accounted: Option<(u32, u32)>,
    /// Empty in a black box of before there was an alibi memory.
    #[serde(default)]
    pub protocols: Protocols,
    pub versions: Versions,
    /// 0: this file begins with the life of the lane. Else files of that life were written over before it, and what
    /// the lane knew by then is not in it.
    pub part: u32,
}

impl Begin {
    /// Of a life that begins now.
    pub fn of(drive: &DriveConfig) -> Self {
        Self {
            station: drive.station.clone(),
            lane: drive.map.name.as_str().to_owned(),
            epoch_next: drive.epoch_next,
            open: drive.open.clone(),
            closed: drive.closed.clone(),
            highest: drive.highest.clone(),
            accounted: drive.accounted,
            protocols: drive.protocols.clone(),
            versions: drive.versions.clone(),
            part: 0,
        }
    }
}

impl Heard {
    /// The line of an event.
    pub fn of(event: &Event) -> Self {
        match event {
            Event::Pulse { mono, wall, clock } => Self::Pulse { mono: *mono, wall: *wall, clock: *clock },
            Event::Controller { mono, report } => Self::Controller { mono: *mono, report: report.clone() },
            Event::CableLost { mono } => Self::CableLost { mono: *mono },
            Event::Code { mono, device, code } => Self::Code { mono: *mono, device: *device, code: code.clone() },
            Event::Picture { mono, device, picture } => {
                Self::Picture { mono: *mono, device: *device, picture: picture.clone() }
            }
            Event::Weight { mono, device, weighed, said } => {
                Self::Weight { mono: *mono, device: *device, weighed: *weighed, said: said.clone() }
            }
            Event::Image { mono, device, image } => Self::Image { mono: *mono, device: *device, image: image.clone() },
            Event::Assessed { image, assessed } => Self::Assessed { image: *image, assessed: assessed.clone() },
            Event::Matched { pass, answer } => Self::Matched { pass: *pass, answer: answer.clone() },
            Event::ListsChanged => Self::ListsChanged,
            Event::Rules(rules) => Self::Rules { pack: rules.text().to_owned() },
            Event::ExamAll(ordered) => Self::ExamAll { ordered: ordered.clone() },
            Event::Recorded(recorded) => Self::recorded(recorded),
            Event::Unrecorded(pending) => Self::Unrecorded { body: body_digest(pending) },
            Event::LedgerReady => Self::LedgerReady,
            Event::Part { fault, failed } => Self::Part { fault: *fault, failed: *failed },
            Event::Officer { officer, action } => Self::Officer { officer: officer.clone(), action: action.clone() },
        }
    }

    fn recorded(recorded: &Recorded) -> Self {
        Self::Recorded { seq: recorded.seq(), head: data_encoding::HEXLOWER.encode(&recorded.head()) }
    }

    /// The event of a line; nothing for lines that are no event, and for those the ledger answers (`replay` gives back
    /// the records of its own run instead).
    pub fn event(self) -> Option<Event> {
        Some(match self {
            Self::Pulse { mono, wall, clock } => Event::Pulse { mono, wall, clock },
            Self::Controller { mono, report } => Event::Controller { mono, report },
            Self::CableLost { mono } => Event::CableLost { mono },
            Self::Code { mono, device, code } => Event::Code { mono, device, code },
            Self::Picture { mono, device, picture } => Event::Picture { mono, device, picture },
            Self::Weight { mono, device, weighed, said } => Event::Weight { mono, device, weighed, said },
            Self::Image { mono, device, image } => Event::Image { mono, device, image },
            Self::Assessed { image, assessed } => Event::Assessed { image, assessed },
            Self::Matched { pass, answer } => Event::Matched { pass, answer },
            Self::ListsChanged => Event::ListsChanged,
            // What was in force then can be read; a pack that today's software refuses would be a difference of its own.
            Self::Rules { pack } => Event::Rules(Box::new(Ruleset::load("the black box", &pack).ok()?)),
            Self::ExamAll { ordered } => Event::ExamAll(ordered),
            Self::LedgerReady => Event::LedgerReady,
            Self::Part { fault, failed } => Event::Part { fault, failed },
            Self::Officer { officer, action } => Event::Officer { officer, action },
            Self::Begin(_) | Self::Recorded { .. } | Self::Unrecorded { .. } | Self::Did { .. } => return None,
        })
    }
}

/// What tells a refused record from others that are under way.
fn body_digest(pending: &Pending) -> String {
    data_encoding::HEXLOWER.encode(&blake3::hash(pending.body()).as_bytes()[..16])
}

/// Fingerprint of what one event made the lane do.
pub fn fingerprint(effects: &[Effect]) -> Heard {
    let mut hasher = blake3::Hasher::new();
    for effect in effects {
        match effect {
            Effect::Record(pending) => {
                hasher.update(b"record ");
                hasher.update(pending.body());
            }
            Effect::Permit(permit) => drop(hasher.update(format!("permit {:?}", permit.word()).as_bytes())),
            Effect::Order(order) => drop(hasher.update(format!("order {order:?}").as_bytes())),
            Effect::Lookup { pass, item } => drop(hasher.update(format!("lookup {pass} {item:?}").as_bytes())),
        }
        hasher.update(b"\n");
    }
    let digest = data_encoding::HEXLOWER.encode(&hasher.finalize().as_bytes()[..16]);
    Heard::Did { effects: effects.len() as u32, digest }
}

/// Writes one lane's black box.
pub struct BlackBox {
    folder: PathBuf,
    file: Option<BufWriter<File>>,
    written: u64,
    second: bool,
    begin: Begin,
    /// Lines that could not be written.
    pub lost: u64,
}

impl BlackBox {
    /// `begin` is repeated at the head of each file.
    pub fn new(folder: &Path, begin: Begin) -> Self {
        let second = folder.join("blackbox-0.jsonl").exists();
        let mut made = Self { folder: folder.to_path_buf(), file: None, written: 0, second: !second, begin, lost: 0 };
        made.turn();
        made
    }

    pub fn write(&mut self, line: &Heard) {
        if let Heard::Rules { pack } = line {
            // A file that goes on with this life begins with what is in force by then.
            self.begin.versions.rules = Token::clipped(&blake3::hash(pack.as_bytes()).to_hex());
        }
        if self.written >= BYTES_MAX {
            self.turn();
        }
        self.put(line);
    }

    /// Lines reach the file at least this often: call it about once a second.
    pub fn flush(&mut self) {
        if self.file.as_mut().is_some_and(|file| file.flush().is_err()) {
            self.file = None;
        }
    }

    fn turn(&mut self) {
        self.second = !self.second;
        let path = self.folder.join(if self.second { "blackbox-1.jsonl" } else { "blackbox-0.jsonl" });
        self.file = File::create(path).ok().map(|file| BufWriter::with_capacity(1 << 16, file));
        self.written = 0;
        self.put(&Heard::Begin(self.begin.clone()));
        self.begin.part += 1;
    }

    fn put(&mut self, line: &Heard) {
        let written = serde_json::to_vec(line).ok().and_then(|mut bytes| {
            bytes.push(b'\n');
            self.file.as_mut()?.write_all(&bytes).ok()?;
            Some(bytes.len() as u64)
        });
        match written {
            Some(bytes) => self.written += bytes,
            None => self.lost += 1,
        }
    }
}

/// What `replay` found.
#[derive(Debug, Serialize)]
pub struct Difference {
    /// Line of the black box.
    pub line: usize,
    pub was: String,
    pub now: String,
}

/// Keeps the records that a replayed lane asked for, until the black box says that they were durable.
#[derive(Default)]
pub struct Replayed {
    asked: std::collections::VecDeque<Pending>,
}

impl Replayed {
    pub fn keep(&mut self, effects: Vec<Effect>) {
        self.asked.extend(effects.into_iter().filter_map(|effect| match effect {
            Effect::Record(pending) => Some(pending),
            _ => None,
        }));
    }
    /// The ledger's answer to the oldest record asked for: it was stored as `seq`.
    pub fn recorded(&mut self, seq: u64, head: [u8; 32]) -> Option<Event> {
        Some(Event::Recorded(self.asked.pop_front()?.durable(seq, head)))
    }
    /// The ledger refused the record with this body. A queue that was full refuses the newest, not the oldest; where
    /// today's software asked for another body it is the newest all the same.
    pub fn unrecorded(&mut self, body: &str) -> Option<Event> {
        let at = self.asked.iter().position(|pending| body_digest(pending) == body);
        let at = at.or(self.asked.len().checked_sub(1))?;
        self.asked.remove(at).map(Event::Unrecorded)
    }
}

#[cfg(test)]
mod tests {
    use gatepost_pipeline::record::{Audience, Kind, Urgency};

    use super::*;

    fn pending(number: u32) -> Pending {
        let body = BTreeMap::from([("number", number)]);
        Pending::entry(Kind::Device, Urgency::default(), Audience::All, "north", WallMs(0), &body).expect("a body")
    }

    #[test]
    fn a_refused_record_is_given_back_as_the_one_that_was_refused() {
        let mut replayed = Replayed::default();
        replayed.keep((1..=3).map(|number| Effect::Record(pending(number))).collect());
        let Heard::Unrecorded { body } = Heard::of(&Event::Unrecorded(pending(3))) else { panic!("another line") };
        let Some(Event::Unrecorded(back)) = replayed.unrecorded(&body) else { panic!("nothing was given back") };
        assert_eq!(back.body(), pending(3).body(), "a full queue refuses the newest");
        assert!(matches!(replayed.recorded(7, [0; 32]), Some(Event::Recorded(recorded)) if recorded.seq() == 7));
        let Some(Event::Unrecorded(back)) = replayed.unrecorded("of other software") else { panic!("nothing") };
        assert_eq!(back.body(), pending(2).body());
        assert!(replayed.unrecorded(&body).is_none());
    }

    #[test]
    fn a_weight_of_before_there_was_an_alibi_memory_is_still_heard() {
        let old = r#"{"weight":{"mono":7,"device":1,"weighed":{"stable":800}}}"#;
        let heard: Heard = serde_json::from_str(old).expect("a line");
        assert_eq!(serde_json::to_string(&heard).expect("a line"), old);
        assert!(matches!(heard.event(), Some(Event::Weight { said: None, device: 1, .. })));
    }

    #[test]
    fn a_file_that_goes_on_with_a_life_says_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let none = Token::clipped("none");
        let first = serde_json::json!({"begin": {"station": "s", "lane": "north", "epoch_next": 1, "open": [],
            "closed": [], "highest": {}, "versions": {"software": none, "rules": none, "model": none, "engine": none,
            "lists": none}, "part": 0}});
        let Ok(Heard::Begin(begin)) = serde_json::from_value(first) else { panic!("no first line") };
        let mut black_box = BlackBox::new(folder.path(), begin);
        black_box.write(&Heard::LedgerReady);
        black_box.turn();
        black_box.turn();
        black_box.flush();
        let part = |name: &str| {
            let text = std::fs::read_to_string(folder.path().join(name)).expect("a file");
            let first: Heard = serde_json::from_str(text.lines().next().expect("a line")).expect("a first line");
            let Heard::Begin(Begin { part, .. }) = first else { panic!("{first:?}") };
            part
        };
        let mut parts = [part("blackbox-0.jsonl"), part("blackbox-1.jsonl")];
        parts.sort_unstable();
        assert_eq!(parts, [1, 2], "the beginning was written over");
    }
}
