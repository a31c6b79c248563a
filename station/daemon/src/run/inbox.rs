//! The inbox: how a command hands lists to a station that runs, through a folder that only the station's user can write.
//!
//! `gatepost hold add` and the imports put a whole file here; the station takes it within a second, answers beside it and
//! records what it did. Whoever can write here could as well read the station's key: entries count as entered at the
//! station. So they only escalate (holds are added, never ended or replaced), and what was signed is checked as if it
//! had come from central. Anything else is refused with its reason.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gatepost_hardware::units::WallMs;
use gatepost_ledger::key::StationKey;
use gatepost_ledger::lists::file::read_lines;
use gatepost_ledger::lists::line::LineParser;
use gatepost_ledger::lists::{Claims, Form, ListKind, Lists};
use serde::{Deserialize, Serialize};

/// The folder in the data folder.
pub const FOLDER: &str = "inbox";
/// Bytes of one file: ten million lines.
const FILE_BYTES_MAX: u64 = 4 << 30;
/// Files looked at in one turn; the others wait for the next.
const FILES_MAX: usize = 16;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letter {
    /// Lines of holds, entered here.
    Holds,
    /// A list that somebody signed.
    Package,
}

impl Letter {
    const fn ending(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Package => "package",
        }
    }
    fn of(path: &Path) -> Option<Self> {
        [Self::Holds, Self::Package].into_iter().find(|kind| path.extension().is_some_and(|end| end == kind.ending()))
    }
}

/// What the station made of a file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    InForce(Claims),
    Refused(String),
}

/// Puts a file into the inbox of a running station; where.
///
/// # Errors
/// When it cannot be written whole.
pub fn put(data: &Path, kind: Letter, from: &mut impl Read, name: &str) -> io::Result<PathBuf> {
    let path = data.join(FOLDER).join(format!("{name}.{}", kind.ending()));
    let part = path.with_extension("part");
    let mut file = File::create(&part)?;
    io::copy(from, &mut file)?;
    file.sync_all()?;
    std::fs::rename(&part, &path)?;
    Ok(path)
}

/// Waits for the station's answer to a file; nothing when it does not come in time.
pub fn answer(path: &Path, wait: Duration) -> Option<Answer> {
    let answer = path.with_extension("answer");
    let asked = Instant::now();
    while asked.elapsed() < wait {
        if let Ok(text) = std::fs::read(&answer) {
            let _read_once = std::fs::remove_file(&answer);
            return serde_json::from_slice(&text).ok();
        }
        std::thread::park_timeout(Duration::from_millis(50));
    }
    None
}

/// One file that was taken in or refused.
pub struct Taken {
    pub name: String,
    /// BLAKE3 of the file, in hex.
    pub digest: String,
    pub result: Result<Claims, String>,
}

/// Takes what waits, oldest name first, and answers beside it.
pub fn take_all(data: &Path, lists: &Lists, key: &StationKey, now: WallMs) -> Vec<Taken> {
    let Ok(entries) = std::fs::read_dir(data.join(FOLDER)) else { return Vec::new() };
    let mut waiting: Vec<(PathBuf, Letter)> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            Letter::of(&path).map(|kind| (path, kind))
        })
        .collect();
    waiting.sort_by(|(one, _), (other, _)| one.cmp(other));
    waiting.truncate(FILES_MAX);
    waiting.into_iter().map(|(path, kind)| take(&path, kind, lists, key, now)).collect()
}

fn take(path: &Path, kind: Letter, lists: &Lists, key: &StationKey, now: WallMs) -> Taken {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (digest, result) = match digest(path) {
        Ok(digest) => (digest, take_in(path, &name, kind, lists, key, now)),
        Err(error) => (String::new(), Err(error.to_string())),
    };
    // A package that was taken has been moved away.
    let _gone = std::fs::remove_file(path);
    let says = match &result {
        Ok(claims) => Answer::InForce(claims.clone()),
        Err(why) => Answer::Refused(why.clone()),
    };
    let text = serde_json::to_vec(&says).unwrap_or_default();
    let part = path.with_extension("part");
    let answered = std::fs::write(&part, text).and_then(|()| std::fs::rename(&part, path.with_extension("answer")));
    if let Err(error) = answered {
        tracing::warn!("{name}: the answer cannot be written ({error})");
    }
    Taken { name, digest, result }
}

fn take_in(
    path: &Path,
    name: &str,
    kind: Letter,
    lists: &Lists,
    key: &StationKey,
    now: WallMs,
) -> Result<Claims, String> {
    if kind == Letter::Package {
        return lists.install(&format!("{FOLDER}/{name}"), Some(now)).map_err(|error| error.to_string());
    }
    let mut lines = BufReader::new(File::open(path).map_err(|error| error.to_string())?);
    // Read as a whole list would be: no line may end a hold.
    let mut parser = LineParser::new(ListKind::Holds, false);
    read_lines(&mut lines, name, 1, &mut parser, &mut |_, _| Ok(())).map_err(|error| error.to_string())?;
    lines.seek(SeekFrom::Start(0)).map_err(|error| error.to_string())?;
    lists.import_local(key, &mut lines, name, Form::Delta, now).map_err(|error| error.to_string())
}

fn digest(path: &Path) -> io::Result<String> {
    let file = File::open(path)?;
    if file.metadata()?.len() > FILE_BYTES_MAX {
        return Err(io::Error::other(format!("more than {FILE_BYTES_MAX} bytes: no list of ours is so long")));
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file)?;
    Ok(hasher.finalize().to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use gatepost_ledger::disk::SharedDisk;
    use gatepost_ledger::disk::real::RealDisk;
    use gatepost_ledger::lists::{Ages, MemoryIndex, Trust, local_issuer};
    use gatepost_pipeline::judge::Token;

    use super::*;

    const NOW: WallMs = WallMs(1_790_000_000_000);
    const HOLD: &str = r#"{"item":"RR473124829GB","hold":{"id":"l-1","kind":"local","issue":"targeting","purpose":"security","severity":"alert","outcome":"exam","authority":"station","audience":"all"},"until":1790000900000}"#;

    #[test]
    fn a_hold_put_into_the_inbox_is_in_force_and_nothing_there_ends_one() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join(FOLDER)).expect("an inbox");
        let disk: SharedDisk = Arc::new(RealDisk::new(folder.path()).expect("a disk"));
        let key = StationKey::from_bytes(&[3; 32]);
        let ages = Ages { holds_ms: 1, declarations_ms: 1 };
        let trust = Trust { station: "st-1".into(), keys: vec![(local_issuer("st-1"), key.public())], ages };
        let lists =
            Lists::open(disk, "lists", trust, None, |source| Ok(Box::new(MemoryIndex::build(source)?))).expect("lists");
        let turn = |kind, text: &str, name| {
            let path = put(folder.path(), kind, &mut text.as_bytes(), name).expect("put");
            let taken = take_all(folder.path(), &lists, &key, NOW);
            assert_eq!(taken.len(), 1);
            let held = lists.look_up(Token::new("RR473124829GB").as_ref(), Some(NOW)).holds.len();
            (answer(&path, Duration::from_secs(1)).expect("an answer"), held, path.exists())
        };
        let (says, held, left) = turn(Letter::Holds, &format!("{HOLD}\n"), "1");
        assert!(matches!(says, Answer::InForce(claims) if claims.lines == 1));
        assert_eq!((held, left), (1, false));
        let (says, held, _) = turn(Letter::Holds, r#"{"item":"RR473124829GB","remove":"l-1"}"#, "2");
        assert!(matches!(says, Answer::Refused(why) if why.contains("cannot remove a hold")));
        assert_eq!(held, 1);
        let (says, held, _) = turn(Letter::Package, &format!("{HOLD}\n"), "3");
        assert!(matches!(says, Answer::Refused(_)), "not signed");
        assert_eq!(held, 1);
        assert!(std::fs::read_dir(folder.path().join(FOLDER)).expect("a folder").next().is_none(), "nothing is left");
    }
}
