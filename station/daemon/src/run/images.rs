//! From an X-ray's folder to the lane: one finished file is one image.
//!
//! A file's length and digest go to the lane at once ([`folder`] tells when it is finished); then the evidence store writes
//! and syncs the file *beside* the model's inference, and only when both are done does the lane hear what was seen: no
//! decision rests on an image that could be lost. A file that cannot be read is a blind image, never a silent one.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use gatepost_hardware::units::{Grams, Micros, Millimetres};
use gatepost_ledger::disk::SharedDisk;
use gatepost_models::drift::vitals;
use gatepost_models::formats::{self, Geometry};
use gatepost_models::pixels;
use gatepost_models::session::{Assessment, Cause, Inspector};
use gatepost_pipeline::event::{Event, ImageFile};
use gatepost_pipeline::judge::{BlindCause, Detection, DetectionClass, Fault, Image, Inputs, Token};
use gatepost_pipeline::pass::PassKey;

use crate::config::XrayDevice;
use crate::run::drift::Watch;
use crate::run::feed::Feed;
use crate::run::folder::{self, Finished, Folder};
use crate::run::health::Health;
use crate::run::uplink::SharedEvidence;

/// What all X-rays of a station share.
#[derive(Clone)]
pub struct Looker {
    pub inspector: Arc<Mutex<Inspector>>,
    pub evidence: SharedEvidence,
    /// Counts images of this station run.
    pub images: Arc<AtomicU32>,
    /// Where it is kept how each of them sees.
    pub disk: SharedDisk,
}

/// One X-ray, as its lane's configuration describes it.
#[derive(Clone)]
struct Scanner {
    device: u8,
    geometry: Geometry,
    numbered: bool,
    watch: Watch,
}

/// Serves one X-ray's folder for ever; `watch` hears of every picture whether it still sees as it did.
pub async fn serve(
    config: XrayDevice,
    folder: PathBuf,
    device: u8,
    feed: Feed,
    health: Health,
    looker: Looker,
    watch: Watch,
) {
    let geometry = Geometry { pitch_um: config.pitch_um, belt_step_um: config.belt_step_um, ..looker.geometry() };
    let scanner = Scanner { device, geometry, numbered: config.numbered, watch };
    let watched = Folder { path: folder, of: "X-ray", fault: Fault::XRay };
    folder::serve(watched, feed.clone(), health, |file| match file {
        Finished::Now { path, at } => look(path, at, scanner.clone(), feed.clone(), looker.clone()),
        // Of parcels that nobody waits for any more.
        Finished::Before { .. } => {}
    })
    .await;
}

/// The last digits of a file's name before its ending: `north-000123.tif` is 123.
fn number_of(path: &Path) -> Option<u32> {
    let stem = path.file_stem()?.to_str()?;
    let digits = stem.len() - stem.bytes().rev().take_while(u8::is_ascii_digit).count();
    stem[digits..].parse().ok()
}

/// One image, on a thread where waiting for a disk is allowed.
fn look(path: PathBuf, at: Micros, scanner: Scanner, feed: Feed, looker: Looker) {
    let Scanner { device, geometry, numbered, watch } = scanner;
    tokio::task::spawn_blocking(move || {
        let id = looker.images.fetch_add(1, Ordering::Relaxed) + 1;
        let bytes = folder::read_bounded(&path, gatepost_models::limits::FILE_BYTES_MAX);
        let digest = bytes.as_deref().map_or([0; 32], |bytes| *blake3::hash(bytes).as_bytes());
        let picture = bytes
            .as_deref()
            .map_err(Clone::clone)
            .and_then(|bytes| formats::decode(&path, bytes).map_err(|error| error.to_string()));
        let extent = picture.as_ref().ok().and_then(|picture| pixels::extent(picture, &geometry));
        let length_mm = extent.map_or(Millimetres::ZERO, |extent| extent.length_mm);
        let objects = picture.as_ref().map_or(1, |picture| pixels::objects(picture, &geometry).max(1));
        let digest = Token::clipped(&data_encoding::HEXLOWER.encode(&digest));
        let number = if numbered { number_of(&path) } else { None };
        let image = ImageFile { id, digest, number, length_mm, objects };
        feed.offer(Event::Image { mono: at, device, image });
        let assessed = match (bytes, picture) {
            (Ok(bytes), Ok(picture)) => match looker.assess(&path, &bytes, &picture, &geometry, &feed) {
                Ok(seen) => {
                    feed.offer(Event::Assessed { image: id, assessed: judged(&seen) });
                    // The lane has its answer: how the scanner saw is the next parcel's matter.
                    return watch.hear(&vitals(&picture, &seen), &feed);
                }
                Err(cause) => Image::Blind { cause },
            },
            (_, Err(why)) | (Err(why), _) => {
                tracing::warn!("{why}");
                Image::Blind { cause: BlindCause::Quality }
            }
        };
        feed.offer(Event::Assessed { image: id, assessed });
    });
}

impl Looker {
    pub fn new(inspector: Inspector, evidence: SharedEvidence, disk: SharedDisk) -> Self {
        Self { inspector: Arc::new(Mutex::new(inspector)), evidence, images: Arc::default(), disk }
    }

    fn geometry(&self) -> Geometry {
        // A lock that is poisoned by a panic still holds the geometry it was opened with.
        self.inspector.lock().unwrap_or_else(std::sync::PoisonError::into_inner).default_geometry()
    }

    /// The evidence is stored beside the inference; the file leaves the scanner's folder when it is.
    fn assess(&self, path: &Path, bytes: &[u8], picture: &formats::Image, geometry: &Geometry, feed: &Feed) -> Seen {
        let (stored, seen) = std::thread::scope(|scope| {
            let store = scope.spawn(|| {
                let mut evidence = self.evidence.lock().map_err(|_| "the evidence store stopped".to_owned())?;
                evidence.put(bytes).map(drop).map_err(|error| error.to_string())
            });
            let seen = self.inspector.lock().map(|mut inspector| inspector.detect(picture, geometry));
            (store.join().unwrap_or_else(|_| Err("the evidence store stopped".to_owned())), seen)
        });
        if let Err(why) = stored {
            tracing::error!(
                "{}: its evidence could not be stored ({why}); the image counts as not seen",
                path.display()
            );
            feed.offer(Event::Part { fault: Fault::Disk, failed: true });
            return Err(BlindCause::NoImage);
        }
        let _stays = std::fs::remove_file(path).inspect_err(|error| tracing::warn!("{}: {error}", path.display()));
        let Ok(seen) = seen else { return Err(BlindCause::Engine) };
        let failed = matches!(&seen, Assessment::Blind(blind) if matches!(blind.cause, Cause::Engine | Cause::Model));
        feed.offer(Event::Part { fault: Fault::Model, failed });
        Ok(seen)
    }
}

/// What the model said, or why it was not asked.
type Seen = Result<Assessment, BlindCause>;

/// What the model said, in the judge's words.
fn judged(seen: &Assessment) -> Image {
    match seen {
        Assessment::Assessed(seen) => {
            let detections = seen.detections.iter().filter_map(|detection| {
                Some(Detection {
                    class: DetectionClass::parse(detection.class.as_str())?,
                    score: detection.score_e4,
                    bounds: detection.bounds.map(|edge| i32::try_from(edge).unwrap_or(i32::MAX)),
                })
            });
            assessed(detections.collect(), seen.mass, seen.quality.score_e4)
        }
        Assessment::Blind(blind) => Image::Blind {
            cause: match blind.cause {
                Cause::Shield => BlindCause::Shield,
                Cause::Engine => BlindCause::Engine,
                Cause::Model => BlindCause::Model,
                Cause::Quality => BlindCause::Quality,
            },
        },
    }
}

/// The judge bounds its own lists; what it cuts off it says.
fn assessed(detections: Vec<Detection>, mass: Option<Grams>, quality: u16) -> Image {
    let Some(pass) = PassKey::parse("image/0/0") else { return Image::NotYet };
    let mut inputs = Inputs::blank(pass);
    inputs.set_assessed(detections, mass, quality);
    inputs.image
}
