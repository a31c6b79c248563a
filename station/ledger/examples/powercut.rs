//! A simulated power cut on a real file system, as root:
//! `cargo run --release -p gatepost-ledger --example powercut -- [ROUNDS]`.
//!
//! Each round makes a small ext4 on a loop device, lets a child append groups, shuts the file system down under it
//! (`EXT4_IOC_SHUTDOWN`, no log flush), mounts it again and looks for every record that was acknowledged at least 40 ms
//! before the cut (the one whose sync was under way may be missing in any program: an artefact of the method). Prints
//! NOT RUN where loop devices or the mount are refused.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::disk::real::RealDisk;
use gatepost_ledger::journal::read::Records;
use gatepost_ledger::journal::{Bounds, Journal, Setup};
use gatepost_ledger::key::StationKey;
use gatepost_ledger::verify;
use gatepost_pipeline::record::{Audience, Kind, Pending, Urgency, WallMs};

const NOW: WallMs = WallMs(1_790_000_000_000);
/// Acknowledged this long before the cut, a record must be there.
const GRACE: Duration = Duration::from_millis(40);

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("--child") => child(&arguments.next().unwrap_or_default()),
        rounds => {
            let rounds = rounds.and_then(|text| text.parse().ok()).unwrap_or(50);
            match all(rounds) {
                Ok(true) => ExitCode::SUCCESS,
                Ok(false) => ExitCode::FAILURE,
                Err(why) => {
                    println!("NOT RUN: {why}");
                    ExitCode::SUCCESS
                }
            }
        }
    }
}

fn open(folder: &Path) -> Result<(SharedDisk, Journal), String> {
    let disk: SharedDisk = Arc::new(RealDisk::new(folder).map_err(|error| error.to_string())?);
    let bounds = Bounds { segment_bytes: 100_000, reserve_bytes: 65_536, checkpoint_records: 64, ..Bounds::default() };
    let setup = Setup { station: "st-01".to_owned(), key: StationKey::from_bytes(&[7; 32]), bounds };
    let opened = Journal::open(disk.clone(), "journal", setup).map_err(|error| error.to_string())?;
    Ok((disk, opened.0))
}

/// Appends groups of one to eight and prints the number of each record when its group is durable.
fn child(folder: &str) -> ExitCode {
    let Ok((_, mut journal)) = open(Path::new(folder)) else { return ExitCode::FAILURE };
    let mut out = std::io::stdout();
    for size in (1..=8).cycle() {
        for number in 0..size {
            let body = BTreeMap::from([("text", "x".repeat(700 + number))]);
            let made = Pending::entry(Kind::Device, Urgency::default(), Audience::All, "A", NOW, &body);
            let Ok(Ok(())) = made.map(|pending| journal.append(pending)) else { return ExitCode::FAILURE };
        }
        for result in journal.commit(NOW).results {
            let Ok(recorded) = result else { return ExitCode::SUCCESS };
            if writeln!(out, "{}", recorded.seq()).is_err() {
                return ExitCode::SUCCESS;
            }
        }
    }
    ExitCode::SUCCESS
}

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program} {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
}

/// A file system in a file, mounted while this lives.
struct Loop {
    image: PathBuf,
    mount: PathBuf,
}

impl Loop {
    fn new() -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("gatepost-powercut-{}", std::process::id()));
        let (image, mount) = (folder.join("image"), folder.join("mount"));
        std::fs::create_dir_all(&mount).map_err(|error| error.to_string())?;
        let file = std::fs::File::create(&image).map_err(|error| error.to_string())?;
        file.set_len(64 * 1024 * 1024).map_err(|error| error.to_string())?;
        run("mkfs.ext4", &["-q", "-F", &image.display().to_string()])?;
        Ok(Self { image, mount })
    }
    fn mount(&self) -> Result<(), String> {
        run("mount", &["-o", "loop", &self.image.display().to_string(), &self.mount.display().to_string()])
    }
    fn unmount(&self) -> Result<(), String> {
        run("umount", &[&self.mount.display().to_string()])
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        // Nothing is mounted in the good case; the folder goes either way.
        let _ = self.unmount();
        if let Some(folder) = self.image.parent() {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

fn all(rounds: u32) -> Result<bool, String> {
    let (mut lost, mut bad, mut acknowledged, mut torn) = (0, 0, 0, 0);
    for round in 0..rounds {
        let result = one(round)?;
        lost += result.lost;
        bad += u32::from(!result.whole || result.lost > 0);
        acknowledged += result.acknowledged;
        torn += u32::from(result.torn);
    }
    println!(
        "{rounds} rounds: {acknowledged} records acknowledged {GRACE:?} before the cut, {lost} lost, {bad} bad rounds, {torn} torn tails cut off"
    );
    Ok(bad == 0)
}

struct Round {
    acknowledged: u64,
    lost: u64,
    whole: bool,
    torn: bool,
}

fn one(round: u32) -> Result<Round, String> {
    let disk = Loop::new()?;
    disk.mount()?;
    let mut child = Command::new(std::env::current_exe().map_err(|error| error.to_string())?)
        .args(["--child", &disk.mount.display().to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let acks = listen(&mut child, Duration::from_millis(150 + u64::from(round * 37 % 400)));
    let cut = Instant::now();
    let shut = shutdown(&disk.mount);
    child.kill().and_then(|()| child.wait()).map_err(|error| error.to_string())?;
    disk.unmount()?;
    shut?;
    let certain = acks.iter().filter(|(_, at)| cut.duration_since(*at) >= GRACE).map(|(seq, _)| *seq).max();
    disk.mount()?;
    let result = look(&disk.mount, certain.unwrap_or(0));
    disk.unmount()?;
    if let Ok(found) = &result
        && (found.lost > 0 || !found.whole)
    {
        println!("round {round}: {} lost of {}, whole: {}", found.lost, found.acknowledged, found.whole);
    }
    result.or_else(|what| {
        println!("round {round}: {what}");
        Ok(Round { acknowledged: certain.unwrap_or(0), lost: certain.unwrap_or(0), whole: false, torn: false })
    })
}

/// What the child says within `time`, with when it was heard.
fn listen(child: &mut Child, time: Duration) -> Vec<(u64, Instant)> {
    let Some(output) = child.stdout.take() else { return Vec::new() };
    let (sender, heard) = sync_channel(1 << 20);
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let Ok(seq) = line.parse::<u64>() else { continue };
            if sender.send((seq, Instant::now())).is_err() {
                return;
            }
        }
    });
    let end = Instant::now() + time;
    let mut acks = Vec::new();
    loop {
        match heard.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(ack) => acks.push(ack),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return acks,
        }
    }
}

fn look(mount: &Path, certain: u64) -> Result<Round, String> {
    let disk: SharedDisk = Arc::new(RealDisk::new(mount).map_err(|error| error.to_string())?);
    let before = verify::journal(&disk, "journal", None).map_err(|error| error.to_string())?;
    let (disk, journal) = open(mount)?;
    let found = Records::from(&journal.view(), 1).map_while(Result::ok).count() as u64;
    let _ = journal.close(NOW);
    let after = verify::journal(&disk, "journal", None).map_err(|error| error.to_string())?;
    let (lost, torn) = (certain.saturating_sub(found), !before.notes.is_empty());
    Ok(Round { acknowledged: certain, lost, whole: before.whole && after.whole, torn })
}

/// Stops the file system at once, dropping its journal's unwritten part: through `python3`, because the call needs an
/// `ioctl` and this project has no unsafe code.
fn shutdown(mount: &Path) -> Result<(), String> {
    // EXT4_IOC_SHUTDOWN = _IOR('X', 125, __u32); EXT4_GOING_FLAGS_NOLOGFLUSH = 2.
    let script =
        "import fcntl,struct,os,sys;fcntl.ioctl(os.open(sys.argv[1],os.O_RDONLY),0x8004587d,struct.pack('I',2))";
    run("python3", &["-c", script, &mount.display().to_string()])
}
