//! A folder: one file a message, which has its name only when it is whole and on the disk; and a folder of answers. Whoever
//! takes a message deletes its file; sent again it stands there again, the same.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::settings::FileConfig;
use super::super::{ANSWER_BYTES_MAX, Answer};
use super::{Sent, Sink, Soon};

/// A folder on another machine may hang.
const PATIENCE: Duration = Duration::from_secs(20);
/// Answers taken at once; the others wait in their folder.
const ANSWERS_MAX: usize = 256;
/// Names looked at for them.
const NAMES_MAX: usize = 10_000;

pub(super) struct Folder {
    folder: PathBuf,
    answers: PathBuf,
    /// Files of the answers that were given last.
    given: Vec<PathBuf>,
}

impl Folder {
    pub(super) fn new(config: &FileConfig) -> Self {
        Self { folder: config.folder.clone(), answers: config.answers.clone(), given: Vec::new() }
    }
}

impl Sink for Folder {
    fn send<'s>(&'s mut self, number: i64, wire: &'s str) -> Soon<'s, Sent> {
        let (folder, wire) = (self.folder.clone(), wire.to_owned());
        Box::pin(async move {
            let shown = folder.display().to_string();
            match aside(move || write(&folder, number, &wire)).await {
                Ok(()) => Sent::Taken(None),
                Err(error) => Sent::Unreachable(format!(
                    "the folder {shown} cannot be written: {error}; make it, make room in it, or let central's user write there"
                )),
            }
        })
    }

    fn answers(&mut self) -> Soon<'_, Result<Vec<Answer>, String>> {
        Box::pin(async move {
            let folder = self.answers.clone();
            let found = aside(move || read_all(&folder)).await.map_err(|error| {
                format!(
                    "the folder {} cannot be read: {error}; make it, or let central's user read it",
                    self.answers.display()
                )
            })?;
            let (files, answers) = found.into_iter().unzip();
            self.given = files;
            Ok(answers)
        })
    }

    fn kept(&mut self) -> Soon<'_, ()> {
        let given = std::mem::take(&mut self.given);
        Box::pin(async move {
            let done = aside(move || {
                // One that cannot be deleted is read again, which changes nothing.
                given.iter().for_each(|file| forget(file));
                Ok(())
            });
            let _ = done.await;
        })
    }
}

/// Away from the runtime, and not for ever.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    match tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(work)).await {
        Ok(done) => done.map_err(io::Error::other)?,
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "no answer from the disk")),
    }
}

fn write(folder: &Path, number: i64, wire: &str) -> io::Result<()> {
    let (part, whole) = (folder.join(format!(".{number:012}.part")), folder.join(format!("{number:012}.json")));
    let mut file = File::create(&part)?;
    let written = file.write_all(wire.as_bytes()).and_then(|()| file.write_all(b"\n")).and_then(|()| file.sync_all());
    if let Err(error) = written {
        // On a full disk every byte counts.
        let _ = fs::remove_file(&part);
        return Err(error);
    }
    fs::rename(&part, &whole)?;
    File::open(folder)?.sync_all()
}

/// Files that hold an answer; what holds none is put aside under another name, for a person. One that cannot be read keeps no
/// other from being read.
fn read_all(folder: &Path) -> io::Result<Vec<(PathBuf, Answer)>> {
    let is_answer = |file: &PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".json") && !name.starts_with('.') && file.symlink_metadata().is_ok_and(|found| found.is_file())
    };
    let names = fs::read_dir(folder)?.filter_map(Result::ok).map(|entry| entry.path());
    let mut files: Vec<PathBuf> = names.filter(is_answer).take(NAMES_MAX).collect();
    files.sort();
    let mut answers = Vec::new();
    for file in files {
        if answers.len() >= ANSWERS_MAX {
            break;
        }
        match read_one(&file) {
            Ok(Ok(answer)) => answers.push((file, answer)),
            Ok(Err(why)) => {
                tracing::warn!(file = %file.display(), "post: no answer, put aside: {why}");
                let mut aside = file.clone().into_os_string();
                aside.push(".unreadable");
                if let Err(error) = fs::rename(&file, aside) {
                    tracing::warn!(file = %file.display(), "post: it cannot be put aside: {error}");
                }
            }
            // Whoever wrote it may have taken it back.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(file = %file.display(), "post: an answer cannot be read: {error}; let central's user read it");
            }
        }
    }
    Ok(answers)
}

fn read_one(file: &Path) -> io::Result<Result<Answer, String>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(ANSWER_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Answer::read(&bytes))
}

fn forget(file: &Path) {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(file = %file.display(), "post: an answer that was read cannot be deleted: {error}");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::post::Verdict;

    fn folder(at: &Path) -> Folder {
        let (folder, answers) = (at.join("out"), at.join("in"));
        Folder::new(&FileConfig { folder, answers })
    }

    #[tokio::test]
    async fn a_message_is_a_file_and_an_answer_another() {
        let at = tempfile::tempdir().unwrap();
        let mut sink = folder(at.path());
        assert!(matches!(sink.send(7, "{}").await, Sent::Unreachable(why) if why.contains("make it")));
        assert!(sink.answers().await.unwrap_err().contains("cannot be read"));
        fs::create_dir(at.path().join("out")).unwrap();
        fs::create_dir(at.path().join("in")).unwrap();
        for _ in 0..2 {
            assert_eq!(sink.send(7, "{\"number\":7}").await, Sent::Taken(None));
        }
        let names: Vec<_> =
            fs::read_dir(at.path().join("out")).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(names, ["000000000007.json"]);
        assert_eq!(fs::read_to_string(at.path().join("out/000000000007.json")).unwrap(), "{\"number\":7}\n");

        let answer = |name: &str, text: &str| fs::write(at.path().join("in").join(name), text).unwrap();
        answer("a.json", r#"{"number":7,"state":"acknowledged"}"#);
        answer(".b.json", r#"{"number":8,"state":"acknowledged"}"#);
        answer("c.json", "garbage");
        answer("d.json", &"9".repeat(ANSWER_BYTES_MAX + 5));
        std::os::unix::fs::symlink("/etc/passwd", at.path().join("in/e.json")).unwrap();
        let answers = sink.answers().await.unwrap();
        assert_eq!(answers, [Answer { number: 7, verdict: Verdict::Acknowledged }]);
        // Not durable yet: it is given again.
        assert_eq!(sink.answers().await.unwrap(), answers);
        sink.kept().await;
        assert_eq!(sink.answers().await.unwrap(), []);
        let mut left: Vec<_> =
            fs::read_dir(at.path().join("in")).unwrap().map(|file| file.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".b.json", "c.json.unreadable", "d.json.unreadable", "e.json"]);
    }
}
