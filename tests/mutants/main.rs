//! `gatepost-mutants`: proves the world and its checker with mistakes in the production code.
//!
//! `gatepost-mutants [--only NAME] [--list]`. Copies the sources beside the build (`target/mutants/tree`), runs the world
//! on them as they are, and then once for each mistake of `tests/mutants/*.toml`: every one must be found, by the promise
//! that it breaks. A mistake that names a test is shown by that package's own tests instead. Exit 0 when all were, 1 when one survived or the sources themselves are not clean, 2 for wrong usage.
//! It changes nothing in the repository.

mod tree;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use clap::Parser;
use gatepost_world::mutants::{self, Mutant, Run, Test};

#[derive(Parser)]
#[command(name = "gatepost-mutants", about = "Mistakes in the production code, each of which the world must find")]
struct Arguments {
    /// Names every mutant and the promise it breaks, and builds nothing.
    #[arg(long)]
    list: bool,
    /// Only this one.
    #[arg(long)]
    only: Option<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let chosen = match chosen(arguments.only.as_deref()) {
        Ok(chosen) => chosen,
        Err(says) => {
            eprintln!("{says}");
            return ExitCode::from(2);
        }
    };
    if arguments.list {
        chosen.iter().for_each(|mutant| println!("{:<27}{:<31}{}", mutant.name, mutant.promise, mutant.file));
        return ExitCode::SUCCESS;
    }
    match prove(&chosen) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(says) => {
            eprintln!("{says}");
            ExitCode::from(1)
        }
    }
}

fn chosen(only: Option<&str>) -> Result<Vec<Mutant>, String> {
    let all = mutants::all()?;
    let Some(only) = only else { return Ok(all) };
    let names: Vec<&str> = all.iter().map(|mutant| mutant.name.as_str()).collect();
    let names = format!("there is no mutant \"{only}\"; there are {}", names.join(", "));
    let chosen: Vec<Mutant> = all.into_iter().filter(|mutant| mutant.name == only).collect();
    if chosen.is_empty() { Err(names) } else { Ok(chosen) }
}

/// Runs the sources as they are, then every mutant; how many of them failed to fail.
fn prove(chosen: &[Mutant]) -> Result<usize, String> {
    let place = place();
    let tree = tree::copy(&repository(), &place.join("tree"))?;
    let build = place.join("build");
    let mut wrong = 0;
    let runs: BTreeSet<&Run> = chosen.iter().filter(|mutant| mutant.test.is_none()).map(|mutant| &mutant.run).collect();
    if !runs.is_empty() {
        let world = built(&tree, &build)?.map_err(|says| format!("the sources do not build:\n{says}"))?;
        for run in runs {
            let (clean, said) = lived(&world, run)?;
            if !clean {
                wrong += 1;
                println!("NOT CLEAN  without any mistake: gatepost-world {}\n{said}", run.arguments().join(" "));
            }
        }
    }
    for test in chosen.iter().filter_map(|mutant| mutant.test.as_ref()).collect::<BTreeSet<&Test>>() {
        let (clean, said) = tested(test, &tree, &build)?;
        if !clean {
            wrong += 1;
            println!("NOT CLEAN  without any mistake: {} of {}\n{said}", test.name, test.package);
        }
    }
    for mutant in chosen {
        let began = Instant::now();
        let verdict = tried(mutant, &tree, &build)?;
        wrong += usize::from(verdict.is_err());
        let (word, says) = match verdict {
            Ok(finding) => ("found", finding),
            Err(says) => ("SURVIVED", says),
        };
        println!("{word:<11}{:<27}{:>4} s  {says}", mutant.name, began.elapsed().as_secs());
    }
    println!("{} mutants, {wrong} not as they must be", chosen.len());
    Ok(wrong)
}

/// The finding that shows this mutant, or why there is none.
fn tried(mutant: &Mutant, tree: &Path, build: &Path) -> Result<Result<String, String>, String> {
    let path = tree.join(&mutant.file);
    let source = tree::read(&path)?;
    tree::write(&path, &mutant.applied(&source)?)?;
    let outcome = match &mutant.test {
        Some(test) => tested(test, tree, build).map(|(_, said)| asserted(mutant, &said)),
        None => built(tree, build).and_then(|world| match world {
            Ok(world) => lived(&world, &mutant.run).map(|(_, said)| shown(mutant, &said)),
            // A mistake that the compiler finds proves nothing about the world.
            Err(says) => Err(format!("{} does not build:\n{says}", mutant.name)),
        }),
    };
    tree::write(&path, &source)?;
    outcome
}

fn shown(mutant: &Mutant, said: &str) -> Result<String, String> {
    let begins = format!("{}: ", mutant.promise);
    let finding = said.lines().find(|line| line.starts_with(&begins));
    let last = said.lines().last().unwrap_or("the world said nothing");
    finding.map(str::to_owned).ok_or_else(|| format!("nothing against \"{}\": {last}", mutant.promise))
}

/// The test's own words against a mistake, not merely a test that fails: the line with the words of its promise.
fn asserted(mutant: &Mutant, said: &str) -> Result<String, String> {
    let finding = said.lines().find(|line| line.contains(&mutant.promise));
    let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("the test said nothing");
    finding.map(|line| line.trim().to_owned()).ok_or_else(|| format!("nothing of \"{}\": {last}", mutant.promise))
}

/// Whether a package's tests pass; and everything they printed.
fn tested(test: &Test, tree: &Path, build: &Path) -> Result<(bool, String), String> {
    let output = cargo()
        .args(["test", "--locked", "--offline", "--package", &test.package, "--lib", "--color", "never", &test.name])
        .current_dir(tree)
        .env("CARGO_TARGET_DIR", build)
        .output()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    if !said.contains("test result: ") || said.contains("running 0 tests") {
        return Err(format!("{} of {} cannot be run:\n{said}", test.name, test.package));
    }
    Ok((output.status.success(), said))
}

fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The checker must find a mistake by itself, not the station's own assertions: these are left out.
const WITHOUT_ASSERTIONS: [&str; 3] = ["gatepost-firmware", "gatepost-ledger", "gatepost-pipeline"];

/// The world's program from these sources, or what the compiler said.
fn built(tree: &Path, build: &Path) -> Result<Result<PathBuf, String>, String> {
    let without =
        |package: &str| ["--config".to_owned(), format!("profile.dev.package.{package}.debug-assertions=false")];
    let output = cargo()
        .arg("build")
        .args(WITHOUT_ASSERTIONS.into_iter().flat_map(without))
        .args(["--locked", "--offline", "--package", "gatepost-tests", "--no-default-features"])
        .args(["--bin", "gatepost-world", "--color", "never"])
        .current_dir(tree)
        .env("CARGO_TARGET_DIR", build)
        .output()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    let world = build.join("debug").join("gatepost-world");
    let says = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok(if output.status.success() { Ok(world) } else { Err(says) })
}

/// Whether the checker found nothing; and everything the world printed.
fn lived(world: &Path, run: &Run) -> Result<(bool, String), String> {
    let output = Command::new(world)
        .args(run.arguments())
        .output()
        .map_err(|error| format!("{} cannot be run: {error}", world.display()))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.code() {
        Some(0) => Ok((true, said)),
        // A panic is a station that fell over, not a checker that found something.
        Some(1) => Ok((false, said)),
        _ => Ok((false, format!("{said}{}", String::from_utf8_lossy(&output.stderr)))),
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Beside what cargo builds, so that nothing of it lies in the sources.
fn place() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from);
    target.join("mutants")
}
