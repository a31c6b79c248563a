//! Which rule pack this station judges by: its own (of its configuration, or built in), or one that central ordered.
//!
//! A pack is checked whole before anything counts: what it is written in, its costs and types, for whom and for when it is,
//! and the cases that came with it. The one before is kept. What is in force is a file, so a restart comes up with it; where
//! that file cannot be read the station's own pack is in force, and that is said.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use gatepost_hardware::units::WallMs;
use gatepost_pipeline::event::ClockState;
use gatepost_pipeline::judge::Date;
use gatepost_pipeline::ruleset::{PACK_BYTES_MAX, Ruleset, cases, today};
use gatepost_sync::rules::{NotAnOrder, RulesOrder, RulesPack};
use serde::{Deserialize, Serialize};

use crate::config::ClockSource;
use crate::run::clock;

/// The folder in the data folder.
pub const FOLDER: &str = "rules";
const IN_FORCE: &str = "in-force.json";

/// Whose rules they are, and how this station knows which day it is.
#[derive(Clone, Debug)]
pub struct Who {
    pub facility: String,
    pub station: String,
    pub utc_offset_min: i32,
    pub clock: ClockSource,
    /// Wall time of the journal's last record at start.
    pub last_record: WallMs,
}

/// The station's own pack, as text; `file` is named in errors.
#[derive(Clone, Debug)]
pub struct Own {
    pub file: String,
    pub text: String,
}

/// What central ordered last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// The order's version.
    pub order: u64,
    /// The pack's digest; nothing: the station's own.
    pub pack: Option<String>,
    /// Since when, milliseconds since 1970.
    pub since: i64,
    /// The digest of the pack before.
    pub before: String,
}

/// Why a pack is not in force.
#[derive(Debug, thiserror::Error)]
pub enum RulesRefused {
    #[error(transparent)]
    Order(#[from] NotAnOrder),
    #[error("{0}; the pack before stays in force")]
    Pack(String),
    #[error("the pack is for {audience}, this is {station} of {facility}; central sent it to the wrong station")]
    OtherStation { audience: String, station: String, facility: String },
    #[error(
        "the pack holds from {0} to {1}, and today is {2}: not one parcel could be judged by it; the pack before stays"
    )]
    Dates(Date, Date, Date),
    #[error("this station's clock is not trusted, so nobody can say whether the pack's days are now; set the clock")]
    Clock,
    #[error("the pack holds no rule; the pack before stays in force")]
    Empty,
    #[error("case {0}: {1}; the pack before stays in force")]
    Case(String, String),
    #[error("the pack cannot be kept ({0}); look at the data folder's disk")]
    Disk(#[from] io::Error),
}

impl RulesRefused {
    /// Whether the same order may be good another time.
    pub fn may_come_again(&self) -> bool {
        matches!(self, Self::Clock | Self::Disk(_))
    }
}

/// The packs of this station.
#[derive(Debug)]
pub struct Packs {
    folder: PathBuf,
    who: Who,
    own: Own,
    standing: Option<Standing>,
    /// Why what central ordered cannot be read.
    trouble: Option<String>,
}

impl Packs {
    pub fn open(data: &Path, who: Who, own: Own) -> Self {
        let mut packs = Self { folder: data.join(FOLDER), who, own, standing: None, trouble: None };
        match packs.read_standing() {
            Ok(standing) => packs.standing = standing,
            Err(why) => {
                packs.trouble = Some(format!("{why}; the station's own rules are in force until central orders anew"))
            }
        }
        packs
    }

    fn read_standing(&self) -> Result<Option<Standing>, String> {
        let path = self.folder.join(IN_FORCE);
        let shown = path.display();
        let standing: Standing = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| format!("{shown}: is damaged ({error})"))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("{shown}: cannot be read ({error})")),
        };
        if let Some(digest) = &standing.pack {
            self.kept(digest)?;
        }
        Ok(Some(standing))
    }

    /// A pack that central sent, as it was sent.
    fn kept(&self, digest: &str) -> Result<Ruleset, String> {
        let path = self.folder.join(format!("{digest}.toml"));
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{shown}: cannot be read ({error})"))?;
        let rules = Ruleset::load(&shown, &text).map_err(|error| error.to_string())?;
        if rules.digest_hex() != digest {
            return Err(format!("{shown}: is not the pack that central sent: it was changed, or damaged"));
        }
        Ok(rules)
    }

    /// The rules in force.
    ///
    /// # Errors
    /// When the station's own pack is wrong: file, line, rule and remedy.
    pub fn in_force(&self) -> Result<Ruleset, String> {
        match self.standing.as_ref().and_then(|standing| standing.pack.as_ref()) {
            Some(digest) => self.kept(digest),
            None => Ruleset::load(&self.own.file, &self.own.text).map_err(|error| error.to_string()),
        }
    }

    /// The rules of that digest, if they are here.
    pub fn named(&self, digest: &str) -> Option<Ruleset> {
        let own = Ruleset::load(&self.own.file, &self.own.text).ok().filter(|own| own.digest_hex() == digest);
        own.or_else(|| self.kept(digest).ok())
    }

    /// What central ordered last; nothing before its first order.
    pub fn standing(&self) -> Option<&Standing> {
        self.standing.as_ref()
    }

    /// Why the station's own rules are in force although central ordered others.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// What time it is, where this station's clock can be trusted.
    pub fn now(&self) -> Option<WallMs> {
        let Who { clock, last_record, .. } = &self.who;
        (clock::state(*clock, *last_record) == ClockState::Trusted).then(clock::wall_now)
    }

    /// Takes an order into force, for good; gives the rules for each lane to judge by.
    ///
    /// # Errors
    /// [`RulesRefused`]; what was in force stays so.
    pub fn take(&mut self, order: u64, payload: &[u8], now: WallMs) -> Result<Ruleset, RulesRefused> {
        let (rules, pack) = match RulesOrder::read(payload)? {
            RulesOrder::Own => (
                Ruleset::load(&self.own.file, &self.own.text).map_err(|error| RulesRefused::Pack(error.to_string()))?,
                None,
            ),
            RulesOrder::Pack(pack) => {
                let rules = self.checked(order, &pack, now)?;
                let digest = rules.digest_hex();
                std::fs::create_dir_all(&self.folder)?;
                write_whole(&self.folder.join(format!("{digest}.toml")), pack.pack.as_bytes())?;
                (rules, Some(digest))
            }
        };
        let mut before = self.in_force().map(|rules| rules.digest_hex()).unwrap_or_default();
        if before == rules.digest_hex() {
            // The same again: what was before it stays what was before.
            before = self.standing.as_ref().map_or(before, |standing| standing.before.clone());
        }
        let standing = Standing { order, pack, since: now.0, before };
        std::fs::create_dir_all(&self.folder)?;
        write_whole(&self.folder.join(IN_FORCE), &serde_json::to_vec(&standing).map_err(io::Error::from)?)?;
        self.forget_all_but(&standing);
        (self.standing, self.trouble) = (Some(standing), None);
        Ok(rules)
    }

    fn checked(&self, order: u64, pack: &RulesPack, now: WallMs) -> Result<Ruleset, RulesRefused> {
        let file = format!("order {order}");
        let rules = Ruleset::load(&file, &pack.pack).map_err(|error| RulesRefused::Pack(error.to_string()))?;
        let Who { facility, station, utc_offset_min, .. } = &self.who;
        if !["*", facility, station].contains(&rules.audience()) {
            let (audience, station, facility) = (rules.audience().to_owned(), station.clone(), facility.clone());
            return Err(RulesRefused::OtherStation { audience, station, facility });
        }
        let day = today(now, *utc_offset_min).filter(|_| self.now().is_some()).ok_or(RulesRefused::Clock)?;
        if day < rules.not_before() || day > rules.expires() {
            return Err(RulesRefused::Dates(rules.not_before(), rules.expires(), day));
        }
        if rules.explain().is_empty() {
            return Err(RulesRefused::Empty);
        }
        let results = match &pack.cases {
            Some(text) => cases::run(&rules, &file, text).map_err(|error| RulesRefused::Pack(error.to_string()))?,
            None => Vec::new(),
        };
        match results.into_iter().find(|case| !case.problems.is_empty()) {
            Some(case) => Err(RulesRefused::Case(case.name, case.problems.join("; "))),
            None => Ok(rules),
        }
    }

    /// The one in force and the one before stay.
    fn forget_all_but(&self, standing: &Standing) {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let stays = Some(&name) == standing.pack.as_ref() || name == standing.before;
            if path.extension().is_some_and(|end| end == "toml") && !stays {
                // Left over costs a megabyte at most, and goes with the next order.
                let _left = std::fs::remove_file(path);
            }
        }
    }
}

/// Bytes of a pack in a file that is there whole or not at all.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = path.with_extension("part");
    let mut file = File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&part, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

const _: () = assert!(PACK_BYTES_MAX as u64 <= gatepost_sync::limits::RULES_ORDER_BYTES_MAX);
