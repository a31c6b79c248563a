//! The house rules as a test: who may use whom, which file may name which package, how long things may grow.
//!
//! Each table is the rule; to break one, edit it here and say why. It reads manifests and sources as text and compiles
//! nothing, so that it runs in a second. Every complaint names file, line and rule.

use std::fs;
use std::path::{Path, PathBuf};

/// Who may use whom of ours (DESIGN §3). Adding an arrow is an edit with a reason.
const ARROWS: [(&str, &str, &[&str]); 11] = [
    ("gatepost-hardware", "hardware", &[]),
    ("gatepost-firmware", "firmware", &["hardware"]),
    ("gatepost-pipeline", "station/pipeline", &["hardware"]),
    ("gatepost-models", "models", &["hardware"]),
    ("gatepost-ledger", "station/ledger", &["pipeline"]),
    ("gatepost-sync", "station/sync", &["pipeline"]),
    ("gatepost-console", "station/console", &["pipeline"]),
    ("gatepost-virtual", "hardware/virtual", &["hardware", "firmware"]),
    // No simulator, no broker, no central in what a station ships.
    ("gatepost-daemon", "station/daemon", &["hardware", "firmware", "pipeline", "ledger", "sync", "console", "models"]),
    ("gatepost-central", "station/central", &["pipeline", "sync", "console"]),
    (
        "gatepost-tests",
        "tests",
        &["hardware", "firmware", "virtual", "models", "pipeline", "ledger", "sync", "console", "daemon", "central"],
    ),
];

/// All that the pipeline may depend on: no clock, no disk, no network, no randomness.
const PIPELINE_MAY_USE: [&str; 7] = ["gatepost-hardware", "serde", "serde_json", "toml", "thiserror", "blake3", "cel"];

/// Which sources may name a package that others must be able to do without: a file, or a folder with `/` at its end.
const NAMED_IN: [(&str, &[&str]); 11] = [
    ("ort", &["models/src/session/"]),
    ("zxingcpp", &["models/src/labels/decoder.rs"]),
    ("sled", &["station/ledger/src/lists/changes.rs"]),
    ("rumqttc", &["station/sync/src/mqtt.rs"]),
    ("tokio_serial", &["station/daemon/src/run/serial.rs"]),
    ("evdev", &["station/daemon/src/run/keyboard.rs"]),
    ("rppal", &["station/daemon/src/run/pins/raspberry.rs"]),
    ("gpiocdev", &["station/daemon/src/run/pins/chip.rs"]),
    ("cel", &["station/pipeline/src/ruleset/"]),
    ("rcgen", &["station/central/src/authority.rs", "station/daemon/src/run/enrolment.rs", "tests/"]),
    ("sqlx", &["station/central/src/store.rs", "station/central/src/store/", "tests/"]),
];

/// Who may state that a record is on disk: the ledger after its sync, replay for a record it read back, and tests.
const MAY_SAY_DURABLE: [&str; 4] =
    ["station/ledger/src/journal.rs", "station/daemon/src/blackbox.rs", "station/daemon/src/replay.rs", "tests/"];

/// What may lie at the top of the repository; what tools put there themselves is not looked at.
const AT_THE_TOP: [&str; 22] = [
    "hardware",
    "firmware",
    "models",
    "station",
    "tests",
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
    "clippy.toml",
    "deny.toml",
    "rustfmt.toml",
    ".cargo",
    ".ci",
    ".gitignore",
    ".gitattributes",
    ".git",
    "target",
];

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
/// Functions that may be longer, each with its reason.
const LONG_FUNCTIONS: [(&str, &str); 0] = [];
const PACKAGES_MAX: usize = 500;

/// A source or manifest, as text, by its path from the repository's root.
struct Text {
    path: String,
    text: String,
}

impl Text {
    /// Lines of code with their numbers: no comments, and nothing from the file's own tests on.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().take_while(|line| line.trim() != "#[cfg(test)]" || line.starts_with(' '));
        (1..).zip(lines).filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
    fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every Rust source of the repository, sorted.
fn sources() -> Vec<Text> {
    fn walk(folder: &Path, path: &str, found: &mut Vec<Text>) {
        let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{path}: {error}"));
        for entry in entries.filter_map(Result::ok) {
            let name = entry.file_name().to_string_lossy().into_owned();
            let below = format!("{path}/{name}");
            let kind = entry.file_type().expect("a file's type");
            if kind.is_dir() && !matches!(name.as_str(), "target" | "venv" | "work" | "corpus" | "__pycache__") {
                walk(&entry.path(), &below, found);
            } else if kind.is_file() && name.ends_with(".rs") {
                let text = fs::read_to_string(entry.path()).unwrap_or_else(|error| panic!("{below}: {error}"));
                found.push(Text { path: below.trim_start_matches('/').to_owned(), text });
            }
        }
    }
    let mut found = Vec::new();
    for top in ["hardware", "firmware", "models", "station", "tests"] {
        walk(&root().join(top), top, &mut found);
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 100, "the sources were not found");
    found
}

fn clean(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

/// The names under `[dependencies]` and its sisters, with the line they stand in and the table's name.
fn dependencies(manifest: &str) -> Vec<(usize, String, String)> {
    let mut table = String::new();
    let mut found = Vec::new();
    for (number, line) in (1..).zip(manifest.lines()) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.split(']').next()) {
            table = name.to_owned();
        } else if table.ends_with("dependencies")
            && let Some((name, _)) = line.split_once(['.', '=', ' '])
            && !name.is_empty()
            && !name.starts_with('#')
        {
            found.push((number, table.clone(), name.to_owned()));
        }
    }
    found
}

#[test]
fn crates_use_whom_the_table_permits() {
    let mut complaints = Vec::new();
    for (name, folder, may) in ARROWS {
        let path = format!("{folder}/Cargo.toml");
        let manifest = read(&path);
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{path} is not the manifest of {name}");
        for (line, _, used) in dependencies(&manifest) {
            let ours = used.strip_prefix("gatepost-").filter(|_| used != name);
            // A package may turn on features of what it uses for its own tests.
            if ours.is_some_and(|ours| !may.contains(&ours)) {
                complaints.push(format!("{path}:{line}: {name} may not use {used} (DESIGN §3)"));
            }
        }
    }
    let members = dependencies(&read("Cargo.toml"));
    let ours = members.iter().filter(|(_, _, name)| name.starts_with("gatepost-")).count();
    assert_eq!(ours, ARROWS.len() - 1, "every crate but the tests is in the workspace's list, and in the table above");
    clean(&complaints);
}

#[test]
fn the_pipeline_stays_pure() {
    let path = "station/pipeline/Cargo.toml";
    let mut complaints = Vec::new();
    for (line, table, name) in dependencies(&read(path)) {
        if table == "dependencies" && !PIPELINE_MAY_USE.contains(&name.as_str()) {
            complaints
                .push(format!("{path}:{line}: the pipeline may not use {name}: no clock, I/O, network or chance"));
        }
    }
    // Clippy reads the nearest file only: what is banned everywhere must be banned again there.
    let own = read("station/pipeline/clippy.toml");
    for (number, line) in (1..).zip(read("clippy.toml").lines()) {
        let Some((_, banned)) = line.split_once("path = \"") else { continue };
        let banned = banned.split('"').next().unwrap_or(banned);
        let needs = !banned.starts_with("tokio::"); // which it cannot even name
        if needs && !own.contains(&format!("\"{banned}\"")) {
            complaints.push(format!("clippy.toml:{number}: station/pipeline/clippy.toml does not repeat {banned}"));
        }
    }
    clean(&complaints);
}

#[test]
fn what_both_processors_speak_needs_no_operating_system() {
    for path in ["hardware/src/lib.rs", "firmware/src/lib.rs"] {
        let text = read(path);
        let says = text.lines().any(|line| line.starts_with("#![") && line.contains("no_std"));
        assert!(says, "{path}: no_std is missing");
    }
}

/// Whether a line of code names a package: `name::` as a path of its own.
fn names(line: &str, package: &str) -> bool {
    line.match_indices(package).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let apart = before.is_none_or(|before| !before.is_alphanumeric() && before != '_' && before != ':');
        apart && line[at + package.len()..].starts_with("::")
    })
}

#[test]
fn replaceable_packages_are_named_in_one_place() {
    let mut complaints = Vec::new();
    for source in sources() {
        for (package, places) in NAMED_IN {
            let here = |place: &&&str| {
                if place.ends_with('/') { source.path.starts_with(**place) } else { source.path == **place }
            };
            if places.iter().any(|place| here(&place)) {
                continue;
            }
            for (line, _) in source.code().filter(|(_, line)| names(line, package)) {
                complaints.push(format!("{}:{line}: only {places:?} may name {package}", source.path));
            }
        }
    }
    clean(&complaints);
}

/// Promise 2: a permit needs a `Recorded`, and only who has synced may make one.
#[test]
fn only_the_ledger_says_that_a_record_is_durable() {
    let mut complaints = Vec::new();
    let mut by_ledger = 0;
    for source in sources() {
        let states = |line: &str| line.split(".durable(").skip(1).any(|rest| !rest.starts_with(')'));
        let may = source.is_test() || MAY_SAY_DURABLE.contains(&source.path.as_str());
        for (line, _) in source.code().filter(|(_, line)| states(line)) {
            by_ledger += usize::from(source.path == MAY_SAY_DURABLE[0]);
            if !may {
                complaints.push(format!("{}:{line}: only {MAY_SAY_DURABLE:?} may call Pending::durable", source.path));
            }
        }
    }
    clean(&complaints);
    assert_eq!(by_ledger, 1, "{} calls Pending::durable in exactly one place", MAY_SAY_DURABLE[0]);
}

#[test]
fn files_stay_readable_and_say_why_they_are() {
    let mut complaints = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > FILE_LINES_MAX {
            complaints.push(format!("{}:1: {lines} lines; at most {FILE_LINES_MAX}: divide it", source.path));
        }
        let headed = source.text.lines().take(5).any(|line| line.starts_with("//!"));
        if !headed && !source.path.ends_with("/tests.rs") {
            complaints.push(format!("{}:1: no header that says why it stands alone and what it refuses", source.path));
        }
    }
    clean(&complaints);
}

/// First line, name and length of every function, in rustfmt's layout.
fn functions(text: &str) -> Vec<(usize, String, usize)> {
    let mut found = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        let mut words = code.split(' ').skip_while(|word| {
            matches!(*word, "pub" | "const" | "async" | "unsafe" | "extern" | "\"C\"") || word.starts_with("pub(")
        });
        if words.next() != Some("fn") {
            continue;
        }
        let name = words.next().unwrap_or_default().split(['(', '<']).next().unwrap_or_default().to_owned();
        let ends =
            |line: &&str| line.len() - line.trim_start().len() == indent && matches!(line.trim(), "}" | "};" | "},");
        // A declaration, or a body in one line, ends where it begins.
        if line.ends_with(';') || line.ends_with('}') {
            continue;
        }
        let length = lines[index + 1..].iter().position(ends).map_or(1, |after| after + 2);
        found.push((index + 1, name, length));
    }
    found
}

#[test]
fn functions_fit_on_a_page() {
    let mut complaints = Vec::new();
    for source in sources() {
        for (line, name, length) in functions(&source.text) {
            let excused = LONG_FUNCTIONS.iter().any(|(path, long)| *path == source.path && *long == name);
            if length > FUNCTION_LINES_MAX && !excused {
                let rule = format!("at most {FUNCTION_LINES_MAX}: ifs up, fors down, leaves out");
                complaints.push(format!("{}:{line}: fn {name} has {length} lines; {rule}", source.path));
            }
        }
    }
    clean(&complaints);
}

#[test]
fn nothing_is_left_for_later() {
    // In halves, so that this file does not complain about itself.
    let banned = [concat!("todo", "!("), concat!("unimplemented", "!("), concat!("#[ign", "ore"), concat!("dbg", "!(")];
    let mut complaints = Vec::new();
    for source in sources() {
        for (line, text) in (1..).zip(source.text.lines()) {
            if let Some(banned) = banned.iter().find(|banned| text.contains(**banned)) {
                complaints.push(format!("{}:{line}: {banned} is not done; do it or leave it out", source.path));
            }
        }
    }
    clean(&complaints);
}

#[test]
fn the_top_of_the_repository_is_the_diagram() {
    let entries = fs::read_dir(root()).expect("the repository's root");
    let names = entries.filter_map(Result::ok).map(|entry| entry.file_name().to_string_lossy().into_owned());
    let strange: Vec<String> = names.filter(|name| !AT_THE_TOP.contains(&name.as_str())).collect();
    let complaints: Vec<String> =
        strange.iter().map(|name| format!("{name}:1: the top holds what DESIGN §3 draws and nothing else")).collect();
    clean(&complaints);
}

#[test]
fn the_number_of_packages_is_bounded() {
    let packages = read("Cargo.lock").lines().filter(|line| *line == "[[package]]").count();
    assert!((1..=PACKAGES_MAX).contains(&packages), "Cargo.lock: {packages} packages; at most {PACKAGES_MAX}");
}

#[test]
fn the_rules_themselves_can_see() {
    // In halves, so that this file names no package itself.
    assert!(names(concat!("use cel", "::Env;"), "cel") && names(concat!("let x = ort", "::init();"), "ort"));
    assert!(!names("parcel::track()", "cel") && !names("use crate::sled::x;", "sled") && !names("sort::by", "ort"));
    let text = "fn long(\n    a: u8,\n) {\n    a\n}\nfn short() {}\n    pub(crate) const fn inner() -> u8 {\n        1\n    }\n";
    let expected = vec![(1, "long".to_owned(), 5), (7, "inner".to_owned(), 3)];
    assert_eq!(functions(text), expected);
    let manifest =
        "[dependencies]\nserde.workspace = true\n# no\n[features]\nx = []\n[dev-dependencies]\nproptest = \"1\"\n";
    let names: Vec<String> = dependencies(manifest).into_iter().map(|(_, _, name)| name).collect();
    assert_eq!(names, ["serde", "proptest"]);
}
