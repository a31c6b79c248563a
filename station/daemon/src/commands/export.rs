//! `gatepost export`: one file that proves what the station recorded about one item or one pass.
//!
//! Works beside a running station: it reads a snapshot of the journal (links to closed segments, a copy of the open one),
//! signs the newest records there, and changes nothing of the station's own. Personal data never come along. Of a parcel that
//! was drawn at random, or looks so, the decision comes as everybody may know it ([`covered`]).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{ArgGroup, Args};
use gatepost_ledger::chain::Digest;
use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::disk::real::RealDisk;
use gatepost_ledger::journal::envelope::Envelope;
use gatepost_ledger::journal::read::Records;
use gatepost_ledger::journal::{Bounds, Journal, Setup, View};
use gatepost_ledger::key::StationKey;
use gatepost_ledger::package::{Attached, package};
use gatepost_pipeline::identify::{VisitWindow, same_visit};
use gatepost_pipeline::pass::PassKey;
use gatepost_pipeline::record::{Kind, WallMs};
use serde::{Deserialize, Serialize};

use covered::covered;

use super::{Ending, Failure, Outcome, document, hold, problem, say, scratch::Scratch, verify};
use crate::run::clock::wall_now;

mod covered;

#[derive(Args)]
#[command(group(ArgGroup::new("what").required(true).args(["item", "pass"])))]
pub(super) struct Arguments {
    /// A station's data folder
    dir: PathBuf,
    /// Everything about this item's number
    #[arg(long, value_name = "ID")]
    item: Option<String>,
    /// Only the Nth visit of that number, 1 the oldest (numbers are used again after a year)
    #[arg(long, value_name = "N", requires = "item", value_parser = clap::value_parser!(u32).range(1..))]
    visit: Option<u32>,
    /// Everything about this pass, as north/3/17
    #[arg(long, value_name = "KEY")]
    pass: Option<String>,
    /// The file to write
    #[arg(long, value_name = "F")]
    out: PathBuf,
    /// With decisions by chance word for word, which may be the cover of something: not for everybody's eyes
    #[arg(long)]
    whole: bool,
}

#[derive(Serialize)]
struct Exported {
    file: PathBuf,
    passes: Vec<PassKey>,
    records: u64,
    signed: u64,
    images: u64,
    /// Decisions by chance, told in words: `--whole` has them.
    told: u64,
    /// Images named by the records that are not on the disk any more.
    images_missing: Vec<String>,
}

/// What of a body says to whom it belongs.
#[derive(Deserialize)]
struct Named {
    pass: Option<PassKey>,
    item: Option<serde_json::Value>,
    image: Option<String>,
    inputs: Option<NamedInputs>,
}

#[derive(Deserialize)]
struct NamedInputs {
    item: NamedItem,
}

#[derive(Deserialize)]
struct NamedItem {
    id: Option<String>,
}

impl Named {
    fn of(envelope: &Envelope<'_>) -> Option<Self> {
        serde_json::from_str(envelope.body.get()).ok()
    }
    fn item_id(&self) -> Option<&str> {
        let decided = self.inputs.as_ref().and_then(|inputs| inputs.item.id.as_deref());
        decided.or_else(|| self.item.as_ref().and_then(serde_json::Value::as_str))
    }
}

pub(super) fn export(arguments: &Arguments, json: bool) -> Outcome {
    let dir = &arguments.dir;
    let shown = dir.display().to_string();
    if !dir.join("journal").is_dir() {
        let says = "no journal here; name a station's data folder (station.data of its configuration)";
        return Err(Failure::Usage(format!("{shown}: {says}")));
    }
    let item = arguments.item.as_deref().map(|text| hold::item_of(text, true)).transpose()?;
    let pass = arguments.pass.as_deref().map(pass_of).transpose()?;
    let scratch = Scratch::new(Some(dir)).or_else(|_| Scratch::new(None))?;
    let view = open_snapshot(dir, &scratch)?;
    let picked = pick(&view, item.as_deref(), pass, arguments.visit).map_err(|error| problem(&shown, error))?;
    if picked.passes.is_empty() && picked.seqs.is_empty() {
        let what = item.or_else(|| pass.map(|pass| pass.to_string())).unwrap_or_default();
        return Err(problem(&shown, format!("nothing is recorded about {what}; check the number, or ask central")));
    }
    let told =
        if arguments.whole { BTreeMap::new() } else { covered(&view, &picked.seqs).map_err(|e| problem(&shown, e))? };
    let belongs = |envelope: &Envelope<'_>| picked.seqs.contains(&envelope.seq) && !told.contains_key(&envelope.seq);
    let mut made = package(&view, &belongs, None, &[]).map_err(|error| problem(&shown, error))?;
    made.told = told.into_values().collect();
    let mut images_missing = Vec::new();
    for digest in &picked.images {
        match image(dir, *digest) {
            Some(bytes) => made.files.push(Attached { digest: *digest, base64: data_encoding::BASE64.encode(&bytes) }),
            None => images_missing.push(digest.to_string()),
        }
    }
    let proof = gatepost_ledger::package::verify_package(&made, verify::own_key(dir));
    let bytes = serde_json::to_vec(&made).map_err(|error| problem("the package cannot be written", error))?;
    write(&arguments.out, &bytes)?;
    let exported = Exported {
        file: arguments.out.clone(),
        passes: picked.passes.into_iter().collect(),
        records: proof.records,
        signed: proof.signed,
        images: proof.images,
        told: proof.told,
        images_missing,
    };
    if json {
        document(&exported)?;
    } else {
        let Exported { records, signed, images, told, .. } = &exported;
        say(format!("{}: {records} records ({signed} signed), {images} images", arguments.out.display()));
        if *told > 0 {
            say(format!(
                "  {told} decisions by chance are told in words: --whole has them, for those who may know them"
            ));
        }
        exported
            .images_missing
            .iter()
            .for_each(|one| say(format!("  image {one} is not on this disk any more: central has it")));
    }
    proof.problems.iter().for_each(|one| super::warn(format!("gatepost: {one}")));
    Ok(Ending::of(proof.whole))
}

pub(super) fn pass_of(text: &str) -> Result<PassKey, Failure> {
    PassKey::parse(text)
        .ok_or_else(|| Failure::Usage(format!("--pass {text}: a pass is written lane/epoch/pass, as north/3/17")))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let shown = path.display();
    // Evidence is not for everybody's eyes, and never written over other evidence.
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(|error| problem(shown, format!("cannot be written ({error}); name a new file on a disk with room")))
}

/// The journal as it is now, opened in a folder of our own.
pub(super) fn open_snapshot(dir: &Path, scratch: &Scratch) -> Result<View, Failure> {
    let shown = dir.display().to_string();
    let unreadable = |error: std::io::Error| {
        problem(&shown, format!("the journal cannot be read ({error}); run as the station's user"))
    };
    let (from, to) = (dir.join("journal"), scratch.path().join("journal"));
    std::fs::create_dir_all(&to).map_err(unreadable)?;
    let mut names: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(&from).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_file() {
            names.push(path);
        }
    }
    names.sort();
    let segments = |path: &&PathBuf| {
        path.file_name().and_then(|name| gatepost_ledger::journal::segment::number(name.to_str()?)).is_some()
    };
    let newest = names.iter().rfind(segments).cloned();
    for path in &names {
        let Some(name) = path.file_name() else { continue };
        let closed = segments(&path) && Some(path) != newest.as_ref();
        let linked = closed && std::fs::hard_link(path, to.join(name)).is_ok();
        let ballast = name.to_str().is_some_and(|name| name.contains("reserve") || name.contains("ballast"));
        if !linked && !ballast {
            std::fs::copy(path, to.join(name)).map_err(unreadable)?;
        }
    }
    let own = verify::station_key(dir);
    let signs = own.is_some();
    let key = own.map_or_else(StationKey::generate, Ok).map_err(|error| problem(&shown, error))?;
    let disk: SharedDisk = Arc::new(RealDisk::new(scratch.path()).map_err(|error| problem(&shown, error))?);
    let station = station_of(&to).unwrap_or_else(|| "unknown".to_owned());
    let setup = Setup { station, key, bounds: Bounds { reserve_bytes: 0, ..Bounds::default() } };
    let (mut journal, _) = Journal::open(disk, "journal", setup).map_err(|error| problem(&shown, error))?;
    if signs {
        journal.sign_now(wall_now());
    }
    Ok(journal.view())
}

/// The station's name, as the first segment's head has it.
fn station_of(journal: &Path) -> Option<String> {
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(journal).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    names.sort();
    let first = names.into_iter().find(|path| {
        path.file_name().and_then(|name| gatepost_ledger::journal::segment::number(name.to_str()?)).is_some()
    })?;
    let mut head = vec![0; 4_096];
    let used = std::io::Read::read(&mut std::fs::File::open(first).ok()?, &mut head).ok()?;
    let text = String::from_utf8_lossy(&head[..used]).into_owned();
    let (_, rest) = text.split_once("\"station\":\"")?;
    rest.split_once('"').map(|(name, _)| name.to_owned())
}

#[derive(Default)]
struct Picked {
    seqs: BTreeSet<u64>,
    passes: BTreeSet<PassKey>,
    images: BTreeSet<Digest>,
}

/// Reads the journal twice: which passes are meant, then everything that names one of them.
fn pick(view: &View, item: Option<&str>, pass: Option<PassKey>, visit: Option<u32>) -> Result<Picked, String> {
    let mut picked = Picked { passes: pass.into_iter().collect(), ..Picked::default() };
    let (mut visits, mut of_visit) = (0, BTreeSet::new());
    let mut first_seen: Option<WallMs> = None;
    if let Some(item) = item {
        each(view, &mut |envelope, named| {
            if named.item_id() != Some(item) {
                return;
            }
            let at = WallMs(envelope.at);
            if !first_seen.is_some_and(|first| same_visit(first, at, VisitWindow::S10)) {
                first_seen = Some(at);
                visits += 1;
            }
            if visit.is_none_or(|wanted| wanted == visits) {
                of_visit.insert(envelope.seq);
                picked.passes.extend(named.pass);
            }
        })?;
    }
    each(view, &mut |envelope, named| {
        let of_pass = named.pass.is_some_and(|pass| picked.passes.contains(&pass));
        if of_pass || of_visit.contains(&envelope.seq) {
            picked.seqs.insert(envelope.seq);
            if envelope.kind == Kind::Decision {
                picked.images.extend(named.image.as_deref().and_then(Digest::parse));
            }
        }
    })?;
    Ok(picked)
}

fn each(view: &View, with: &mut dyn FnMut(&Envelope<'_>, &Named)) -> Result<(), String> {
    for record in Records::from(view, view.first_seq()) {
        let record = record.map_err(|error| error.to_string())?;
        let envelope = Envelope::parse(&record.bytes).map_err(|error| format!("record {}: {error}", record.seq))?;
        if let Some(named) = Named::of(&envelope) {
            with(&envelope, &named);
        }
    }
    Ok(())
}

/// An image by its digest, if it is still there and still itself.
fn image(dir: &Path, digest: Digest) -> Option<Vec<u8>> {
    for folder in std::fs::read_dir(dir.join("evidence")).ok()? {
        for end in ["", ".acked"] {
            let Ok(bytes) = std::fs::read(folder.as_ref().ok()?.path().join(format!("{digest}{end}"))) else {
                continue;
            };
            return (Digest::of(&bytes) == digest).then_some(bytes);
        }
    }
    None
}
