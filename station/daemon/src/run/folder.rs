//! A folder in which a machine beside the belt leaves finished files: each is told of once, with when it was finished.
//!
//! A file is finished when the machine renamed it into the folder or closed it; inotify says which. Files whose names end in
//! `.part` or begin with a dot are not finished. X-rays and label cameras share it. It opens no file: what one means, and
//! when it may leave the folder, is its reader's business.

use std::path::{Path, PathBuf};
use std::time::Duration;

use gatepost_hardware::units::Micros;
use gatepost_pipeline::event::Event;
use gatepost_pipeline::judge::Fault;
use rustix::fs::inotify;
use tokio::io::unix::AsyncFd;

use crate::run::feed::Feed;
use crate::run::health::Health;

/// Pause before a folder that is not there is looked for again.
const RETRY: Duration = Duration::from_secs(1);
/// Time between two looks for files that nobody was told of, or that could not be taken away.
const LOOK: Duration = Duration::from_secs(60);
/// A file that was written to within this time may still be written to.
const STILL: Duration = Duration::from_secs(2);
/// Files told of in one look; the others are told of at the next.
const LEFT_OVER_MAX: usize = 1_024;

/// The folder of one machine.
pub struct Folder {
    pub path: PathBuf,
    /// Whose it is, for a technician: "X-ray".
    pub of: &'static str,
    /// What is broken while it is not there.
    pub fault: Fault,
}

/// A file with nothing more to come.
#[derive(Debug, PartialEq, Eq)]
pub enum Finished {
    Now {
        path: PathBuf,
        /// On the station's monotonic clock.
        at: Micros,
    },
    /// It lies there, and nobody knows when it was finished: it was there when the watch began, or has been there for a
    /// minute. So it is no reading of anything. Told again at every look while it lies there.
    Before { path: PathBuf },
}

/// Serves one folder for ever.
pub async fn serve(folder: Folder, feed: Feed, health: Health, mut each: impl FnMut(Finished)) {
    let Folder { path, of, fault } = folder;
    let shown = path.display();
    loop {
        match watch(&path) {
            Ok(watched) => {
                health.up();
                feed.offer(Event::Part { fault, failed: false });
                let why = listen(&watched, &path, &feed, &mut each).await;
                health.down(&format!("the {of}'s folder {shown} is not watched ({why}); check its share"));
            }
            Err(why) => {
                health.down(&format!("the {of}'s folder {shown} cannot be watched ({why}); make it or mount it"));
            }
        }
        feed.offer(Event::Part { fault, failed: true });
        tokio::time::sleep(RETRY).await;
    }
}

#[expect(deprecated, reason = "an OwnedFd keeps what its unsafe successor asks for")]
fn watch(folder: &Path) -> Result<AsyncFd<std::os::fd::OwnedFd>, String> {
    let events = inotify::init(inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC);
    let events = events.map_err(|error| error.to_string())?;
    let wanted = inotify::WatchFlags::CLOSE_WRITE | inotify::WatchFlags::MOVED_TO | inotify::WatchFlags::ONLYDIR;
    let gone = inotify::WatchFlags::DELETE_SELF | inotify::WatchFlags::MOVE_SELF;
    inotify::add_watch(&events, folder, wanted | gone).map_err(|error| error.to_string())?;
    AsyncFd::new(events).map_err(|error| error.to_string())
}

/// Until the folder goes away, or more was finished than the system could tell of; returns why.
async fn listen(
    watched: &AsyncFd<std::os::fd::OwnedFd>,
    folder: &Path,
    feed: &Feed,
    each: &mut impl FnMut(Finished),
) -> String {
    let mut looks = tokio::time::interval(LOOK);
    let mut age = STILL;
    loop {
        tokio::select! {
            // What was finished is told of before what lies there: one file is not both.
            biased;
            ready = watched.readable() => {
                let mut ready = match ready {
                    Ok(ready) => ready,
                    Err(error) => return error.to_string(),
                };
                if let Err(why) = told(watched, folder, feed.now(), each) {
                    return why;
                }
                ready.clear_ready();
            }
            _ = looks.tick() => {
                let (looked, still) = (folder.to_owned(), std::mem::replace(&mut age, LOOK));
                let lies = tokio::task::spawn_blocking(move || left_over(&looked, still)).await.unwrap_or_default();
                lies.into_iter().for_each(|path| each(Finished::Before { path }));
            }
        }
    }
}

/// Tells of everything that the system has told of.
fn told(
    watched: &AsyncFd<std::os::fd::OwnedFd>,
    folder: &Path,
    at: Micros,
    each: &mut impl FnMut(Finished),
) -> Result<(), String> {
    let mut buffer = [std::mem::MaybeUninit::uninit(); 8_192];
    let mut reader = inotify::Reader::new(watched.get_ref(), &mut buffer);
    loop {
        match reader.next() {
            Ok(event) => {
                if event.events().intersects(inotify::ReadFlags::DELETE_SELF | inotify::ReadFlags::MOVE_SELF) {
                    return Err("it was removed".to_owned());
                }
                if event.events().contains(inotify::ReadFlags::QUEUE_OVERFLOW) {
                    return Err("more files were finished at once than the system tells of".to_owned());
                }
                let name = event.file_name().and_then(|name| name.to_str().ok()).unwrap_or_default();
                if is_finished(name) {
                    each(Finished::Now { path: folder.join(name), at });
                }
            }
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(()),
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Finished files of a folder that nobody has written to for so long, oldest names first.
fn left_over(folder: &Path, still: Duration) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let is_still = |entry: &std::fs::DirEntry| {
        // A clock that was set back says nothing of a file's age: it waits for the next look.
        let written = entry.metadata().ok().filter(|meta| meta.is_file()).and_then(|meta| meta.modified().ok());
        written.is_some_and(|written| written.elapsed().is_ok_and(|age| age >= still))
    };
    let finished = entries.flatten().filter(|entry| is_finished(&entry.file_name().to_string_lossy()));
    let mut paths: Vec<PathBuf> = finished.filter(is_still).take(LEFT_OVER_MAX).map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn is_finished(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.ends_with(".part")
}

/// A whole file of at most so many bytes; its length is looked at before a byte of it is read.
///
/// # Errors
/// A sentence with its name.
pub fn read_bounded(path: &Path, bytes_max: u64) -> Result<Vec<u8>, String> {
    use std::io::Read;
    let shown = path.display();
    let unreadable = |error: std::io::Error| format!("{shown}: cannot be read ({error})");
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    let too_long = |length: u64| {
        format!(
            "{shown}: {length} bytes are more than such a file may have ({bytes_max}); check what the machine exports"
        )
    };
    if length > bytes_max {
        return Err(too_long(length));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    // One that grows while it is read is still bounded.
    file.take(bytes_max + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > bytes_max {
        return Err(too_long(bytes.len() as u64));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::feed::feed;
    use crate::run::health::HealthBoard;

    #[tokio::test]
    async fn a_file_is_told_of_when_it_is_closed_or_renamed_and_what_lay_there_is_told_apart() {
        let at = tempfile::tempdir().expect("a folder");
        let path = |name: &str| at.path().join(name);
        let long_ago = std::time::SystemTime::now() - Duration::from_secs(10);
        for name in ["old.png", "old.png.part", ".hidden"] {
            std::fs::write(path(name), name).expect("written");
            std::fs::File::options()
                .write(true)
                .open(path(name))
                .and_then(|file| file.set_modified(long_ago))
                .expect("aged");
        }
        // Somebody may still write it: it is told of when it is closed, or at the next look.
        std::fs::write(path("fresh.png"), b"half").expect("written");
        let (feed, _fed) = feed(std::time::Instant::now());
        let health = HealthBoard::default().part("camera");
        let (tell, mut told) = tokio::sync::mpsc::channel(8);
        let folder = Folder { path: at.path().to_owned(), of: "camera", fault: Fault::Camera };
        let watching = tokio::spawn(serve(folder, feed, health, move |file| drop(tell.try_send(file))));
        assert_eq!(told.recv().await, Some(Finished::Before { path: path("old.png") }));
        std::fs::write(path("a.png"), b"closed").expect("written");
        std::fs::write(path("b.png.part"), b"renamed").expect("written");
        std::fs::rename(path("b.png.part"), path("b.png")).expect("renamed");
        for name in ["a.png", "b.png"] {
            let Some(Finished::Now { path: is, .. }) = told.recv().await else { panic!("{name} was not told of") };
            assert_eq!(is, path(name));
        }
        watching.abort();
    }

    #[test]
    fn a_file_that_is_too_long_or_gone_is_named() {
        let at = tempfile::tempdir().expect("a folder");
        let path = at.path().join("long.jpg");
        std::fs::write(&path, [7; 100]).expect("written");
        assert_eq!(read_bounded(&path, 100).map(|bytes| bytes.len()), Ok(100));
        assert!(read_bounded(&path, 99).is_err_and(|why| why.contains("long.jpg: 100 bytes are more than")));
        assert!(
            read_bounded(&at.path().join("gone.jpg"), 9).is_err_and(|why| why.contains("gone.jpg: cannot be read"))
        );
    }
}
