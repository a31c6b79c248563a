//! Who types commands at a station, and who is handed what they made. Files under the data folder lie open to whoever may
//! read them, which is the station's own user (README, limits); what commands print, log and export does not.

use std::path::Path;
use std::process::{Command, ExitCode};

use gatepost_ledger::disk::{Disk, How};
use serde_json::json;

use super::{Day, Scene, Stopped, alike, day, restricted};

/// Set to the words of a command in the process that is to carry it out.
const WORDS: &str = "GATEPOST_TEST_WORDS";

const CONFIG: &str = concat!(
    "[station]\nname = \"try-1\"\nfacility = \"jfk\"\ndata = \"data\"\nclock = \"host\"\n[[lane]]\nfile = \"",
    env!("CARGO_MANIFEST_DIR"),
    "/../hardware/lanes/north.toml\"\ncontroller = { port = \"no-such-port\" }\n"
);

/// No test: the command itself, in a process of its own, where its output can be heard.
#[test]
fn a_command_carried_out() {
    let Ok(words) = std::env::var(WORDS) else { return };
    let code = gatepost_daemon::commands::main(words.split('\n').map(Into::into));
    std::process::exit(i32::from(code != ExitCode::SUCCESS));
}

/// What a command prints and logs, and whether it was content.
fn gatepost(at: &Path, words: &[&str]) -> String {
    let words: Vec<&str> = ["gatepost"].into_iter().chain(words.iter().copied()).collect();
    let own = ["--exact", "restricted::technician::a_command_carried_out", "--nocapture", "--test-threads=1"];
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(own).env(WORDS, words.join("\n")).env("GATEPOST_LOG", "trace").current_dir(at);
    let done = command.output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&at.display().to_string(), "DIR");
    format!("{:?}\n{}\n{}", done.status.code(), text(&done.stdout), text(&done.stderr))
}

#[test]
fn commands_and_exports_say_of_a_restricted_hold_what_they_say_of_a_draw() {
    alike(|day| {
        let folder = written(day);
        let at = folder.path();
        let mut seen = Vec::new();
        let mut tried = |words: &[&str]| {
            let said = gatepost(at, words);
            assert!(said.starts_with("Some(0)"), "{words:?}: {said}");
            seen.push((words.join(" "), said));
        };
        tried(&["verify", "data"]);
        tried(&["verify", "data", "--json"]);
        tried(&["weights", "data"]);
        tried(&["export", "data", "--item", &day.item, "--out", "item"]);
        tried(&["export", "data", "--pass", &day.pass, "--out", "pass", "--json"]);
        tried(&["verify-package", "item"]);
        tried(&["verify-package", "item", "--json"]);
        for file in ["item", "pass"] {
            seen.push((format!("the file {file}"), std::fs::read_to_string(at.join(file)).expect("a package")));
        }
        seen
    });
}

#[test]
fn a_package_for_those_who_may_know_is_whole() {
    let day = day(Stopped::Held, Scene::Belt);
    let folder = written(day);
    let said = gatepost(folder.path(), &["export", "data", "--item", &day.item, "--whole", "--out", "item"]);
    assert!(said.starts_with("Some(0)"), "{said}");
    let package = std::fs::read_to_string(folder.path().join("item")).expect("a package");
    assert!(package.contains(super::GROUP) && package.contains("operation-7"));
}

#[test]
fn the_list_of_holds_is_silent_about_restricted_ones() {
    let listed = |items: &[(&str, bool)]| {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("station.toml"), CONFIG).expect("a file");
        let line = |(number, (item, secret)): (usize, &(&str, bool))| {
            let open = gatepost_world::lists::targeted(&format!("open-{number}"));
            let hold = if *secret { restricted() } else { open };
            let mut hold = serde_json::to_value(hold).expect("a hold");
            hold["kind"] = json!("local");
            json!({"item": item, "hold": hold, "until": 1_900_000_000_000_i64}).to_string() + "\n"
        };
        let lines: String = items.iter().enumerate().map(line).collect();
        std::fs::write(folder.path().join("lines"), lines).expect("a file");
        let taken = gatepost(folder.path(), &["hold", "import", "--config", "station.toml", "lines"]);
        assert!(taken.starts_with("Some(0)"), "{taken}");
        let listed = |words: &[&str]| {
            let all = [&["hold", "list", "--config", "station.toml"], words].concat();
            (format!("{all:?}"), gatepost(folder.path(), &all))
        };
        vec![listed(&[]), listed(&["--json"]), listed(&["--all"]), listed(&["--all", "--json"])]
    };
    let (open, secret) = (("RR473124829GB", false), ("RB123456785US", true));
    let (without, with) = (listed(&[open]), listed(&[open, secret]));
    assert_eq!(super::differs(&without, &with), None);
    super::found_when_leaked(&with, |with| super::differs(&without, with).is_some());
}

/// The day's journal on a real disk, as a station's data folder.
fn written(day: &Day) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("data/journal");
    std::fs::create_dir_all(&journal).expect("a folder");
    std::fs::write(folder.path().join("data/station.key"), [7; 32]).expect("a file");
    for entry in day.disk.list("journal").expect("the journal") {
        let file = day.disk.open(&format!("journal/{}", entry.name), How::Read).expect("a file");
        let mut bytes = vec![0; entry.length as usize];
        file.read_at(0, &mut bytes).expect("its bytes");
        std::fs::write(journal.join(&entry.name), bytes).expect("written");
    }
    folder
}
