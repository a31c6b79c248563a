//! Mutants of the production code: mistakes that someone might make, as data, each with the run or the test that must
//! show it.
//!
//! The list stands in `tests/mutants/*.toml`; here it is read, and a mutant's text is found and replaced. It builds and
//! runs nothing: that is the command `gatepost-mutants`.

use serde::Deserialize;

/// The lists, by the part of the house that they change.
const LISTS: [(&str, &str); 3] = [
    ("firmware.toml", include_str!("../mutants/firmware.toml")),
    ("ledger.toml", include_str!("../mutants/ledger.toml")),
    ("pipeline.toml", include_str!("../mutants/pipeline.toml")),
];

/// One mistake.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutant {
    pub name: String,
    /// The promise it breaks, as the checker's findings begin; for a test, words of what it says.
    pub promise: String,
    /// From the repository's root.
    pub file: String,
    /// Production text that stands there exactly once.
    pub text: String,
    pub instead: String,
    /// How the world shows it.
    #[serde(default)]
    pub run: Run,
    /// What shows it instead of the world, where the world is too large to meet it.
    #[serde(default)]
    pub test: Option<Test>,
}

/// Tests of one package, by a part of their names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    pub package: String,
    pub name: String,
}

/// How the world is to be run to see it; without the mistake the same run is clean.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Run {
    pub lane: String,
    pub seed: u64,
    pub runs: u64,
    pub parcels: u32,
    pub faults: String,
    /// Mean seconds between deaths; 0 for none.
    pub crash_every: u64,
    /// Of 1,000 parcels.
    pub late_holds: u64,
}

impl Default for Run {
    fn default() -> Self {
        let (lane, faults) = ("north".to_owned(), "none".to_owned());
        Self { lane, seed: 1, runs: 1, parcels: 60, faults, crash_every: 0, late_holds: 0 }
    }
}

impl Run {
    /// As `gatepost-world` takes it.
    pub fn arguments(&self) -> Vec<String> {
        let number = |name: &str, number: u64| [format!("--{name}"), number.to_string()];
        let words = [["--lane".to_owned(), self.lane.clone()], ["--faults".to_owned(), self.faults.clone()]];
        let numbers = [
            number("seed", self.seed),
            number("runs", self.runs),
            number("parcels", u64::from(self.parcels)),
            number("crash-every", self.crash_every),
            number("late-holds", self.late_holds),
        ];
        words.into_iter().chain(numbers).flatten().collect()
    }
}

impl Mutant {
    /// The file with the mistake in it.
    ///
    /// # Errors
    /// A sentence, when the text does not stand there exactly once.
    pub fn applied(&self, source: &str) -> Result<String, String> {
        match source.matches(&self.text).count() {
            1 => Ok(source.replacen(&self.text, &self.instead, 1)),
            count => Err(format!("{}: its text stands {count} times in {}: write it anew", self.name, self.file)),
        }
    }
}

/// All of them, in the order of the lists.
///
/// # Errors
/// A sentence with the list and the line that cannot be read.
pub fn all() -> Result<Vec<Mutant>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct List {
        mutant: Vec<Mutant>,
    }
    let mut all = Vec::new();
    for (name, text) in LISTS {
        let list: List = toml::from_str(text).map_err(|error| format!("tests/mutants/{name}: {error}"))?;
        all.extend(list.mutant);
    }
    Ok(all)
}
