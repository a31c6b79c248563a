//! A model in the engine: picture in, assessment out.

use super::assessment::{Assessed, Assessment, Blind, Cause, Timings};
use super::engine::Engine;
use crate::catalog::{CatalogError, Manifest, Mismatch, Package};
use crate::detections::{self, Class, Detection, Grid, OutputFault, decode};
use crate::formats::{Files, Geometry, Image};
use crate::limits;
use crate::pixels::{self, Attenuation, Fault, Measured, OpaqueRegion};
use gatepost_hardware::units::Grams;
use ort::session::{Session, SessionOutputs};
use ort::value::TensorRef;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// One model, ready. Not shared between threads: each has its own.
pub struct Model {
    session: Session,
    manifest: Arc<Manifest>,
    attenuation: Attenuation,
    tensor: Vec<f32>,
    /// The engine's last words, once it has panicked: nothing it says afterwards can be believed.
    broken: Option<String>,
}

/// Why a package does not run here.
#[derive(Debug)]
pub enum ModelError {
    Package(CatalogError),
    /// The engine's words.
    Engine(String),
    /// The graph does not answer what its manifest says.
    Output(OutputFault),
    /// A golden picture is answered differently, or not at all, on this machine.
    Golden(Mismatch),
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package(error) => error.fmt(f),
            Self::Engine(what) => {
                write!(f, "the engine refused the model ({what}). Install the package that fits this software")
            }
            Self::Output(fault) => write!(f, "{fault}. Install the package that fits this software"),
            Self::Golden(mismatch) => {
                write!(f, "{mismatch}. Not activated; the model before it stays. Report this machine")
            }
        }
    }
}

impl std::error::Error for ModelError {}

impl From<CatalogError> for ModelError {
    fn from(error: CatalogError) -> Self {
        Self::Package(error)
    }
}

/// Why one run gave no numbers.
enum RunFault {
    Engine(String),
    Output(OutputFault),
}

impl Model {
    /// Loads the model and runs it once on air, so that a graph that does not fit its manifest is refused here.
    /// `threads`: 1 to [`limits::THREADS_MAX`]; beyond is clamped.
    pub fn load(engine: &Engine, package: &Package, threads: usize) -> Result<Self, ModelError> {
        let attempt = std::panic::catch_unwind(AssertUnwindSafe(|| open(engine, &package.model, threads)));
        let session = attempt.unwrap_or_else(|_| Err("it gave up while loading".into())).map_err(ModelError::Engine)?;
        let input = &package.manifest.input;
        let mut model = Self {
            session,
            attenuation: Attenuation::new(input.air_level, input.attenuation_max_e3 as f32 / 1_000.0),
            tensor: vec![0.0; 2 * input.width as usize * input.height as usize],
            manifest: Arc::new(package.manifest.clone()),
            broken: None,
        };
        match model.infer(|grid| grid.heatmap.iter().chain(grid.distances).all(|value| value.is_finite())) {
            Ok(true) => Ok(model),
            Ok(false) => Err(ModelError::Output(OutputFault::NotFinite { output: "outputs" })),
            Err(RunFault::Engine(what)) => Err(ModelError::Engine(what)),
            Err(RunFault::Output(fault)) => Err(ModelError::Output(fault)),
        }
    }

    /// [`Model::load`], then every golden picture of the package: the answers must be those it was made with.
    pub fn activate(engine: &Engine, package: &Package, threads: usize) -> Result<Self, ModelError> {
        let golden = package.golden()?;
        let mut model = Self::load(engine, package, threads)?;
        for picture in &golden {
            let found = model.raw_detections(&picture.image, &picture.geometry).map_err(|what| {
                ModelError::Golden(Mismatch { name: picture.name.clone(), what: format!("blind: {what}") })
            })?;
            picture.compare(&found, |class| model.manifest.threshold_e4(class)).map_err(ModelError::Golden)?;
        }
        Ok(model)
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The geometry that this model was trained for, for a scanner that does not say its own.
    pub fn default_geometry(&self) -> Geometry {
        let input = &self.manifest.input;
        Geometry { pitch_um: input.default_pitch_um, belt_step_um: input.default_belt_step_um, air_level: None }
    }

    /// Reads a picture's file (or both of a pair) and assesses it. `scanner`: its geometry; without it, what the file
    /// states, or else [`Model::default_geometry`].
    pub fn detect_file(&mut self, path: &Path, scanner: Option<Geometry>) -> Assessment {
        self.detect_files(&Files::load(path), scanner).0
    }

    /// The same of files already read, and the picture that was in them.
    pub fn detect_files(&mut self, files: &Files, scanner: Option<Geometry>) -> (Assessment, Option<Image>) {
        let start = Instant::now();
        let image = files.decode();
        let decode_us = files.read_us + micros_since(start);
        let mut assessment = match &image {
            Ok(image) => self.detect(image, &image.geometry(scanner, self.default_geometry())),
            Err(error) => Assessment::Blind(Blind::without_looking(Cause::Quality, error.to_string())),
        };
        assessment.set_decode_us(decode_us);
        (assessment, image.ok())
    }

    /// Assesses a picture.
    pub fn detect(&mut self, image: &Image, geometry: &Geometry) -> Assessment {
        let mut timings = Timings::default();
        let start = Instant::now();
        let (measured, placed) = match self.prepare(image, geometry) {
            Ok(prepared) => prepared,
            Err(blind) => return Assessment::Blind(*blind),
        };
        timings.preprocess_us = micros_since(start);
        let quality = measured.quality.clone();
        let blind = |cause, detail: String, detections, timings| {
            Assessment::Blind(Blind { cause, detail, detections, quality: Some(quality.clone()), timings })
        };

        let start = Instant::now();
        let (manifest, mut infer_us) = (Arc::clone(&self.manifest), 0);
        let outcome = self.infer(|grid| {
            infer_us = micros_since(start);
            decode(grid, &placed.canvas, &manifest)
        });
        timings.infer_us = if infer_us == 0 { micros_since(start) } else { infer_us };
        let mut found = match outcome {
            Ok(Ok(found)) => found,
            Ok(Err(fault)) | Err(RunFault::Output(fault)) => {
                return blind(Cause::Model, fault.to_string(), Vec::new(), timings);
            }
            Err(RunFault::Engine(what)) => return blind(Cause::Engine, what, Vec::new(), timings),
        };
        self.add_opaque(image, geometry, &measured, &mut found);
        let mass = manifest.mass.as_ref().filter(|_| image.is_dual());
        let mass = mass.map(|mass| Grams(pixels::grams(&self.tensor, &manifest.input, mass, placed.pixel_um)));
        timings.postprocess_us = micros_since(start).saturating_sub(timings.infer_us);

        let opaque_area_mm2 = measured.quality.opaque_area_mm2;
        if let Some(fault) = measured.fault {
            blind(Cause::Quality, fault.to_string(), found, timings)
        } else if opaque_area_mm2 > manifest.limits.opaque_area_mm2_max {
            let most = manifest.limits.opaque_area_mm2_max;
            let detail =
                format!("{opaque_area_mm2} mm2 let nothing through (most for this model: {most}). Open or turn it");
            blind(Cause::Shield, detail, found, timings)
        } else {
            Assessment::Assessed(Assessed { detections: found, quality: measured.quality, mass, timings })
        }
    }

    /// Microseconds of the engine alone, on the tensor that the last picture left: what `bench` measures against.
    pub fn bare_inference_us(&mut self) -> Result<u64, String> {
        let start = Instant::now();
        self.infer(|_| micros_since(start)).map_err(|fault| match fault {
            RunFault::Engine(what) => what,
            RunFault::Output(fault) => fault.to_string(),
        })
    }

    /// What the graph itself reports, before opaque regions are added: for golden pictures.
    fn raw_detections(&mut self, image: &Image, geometry: &Geometry) -> Result<Vec<Detection>, String> {
        let (_, placed) = self.prepare(image, geometry).map_err(|blind| blind.detail)?;
        let manifest = Arc::clone(&self.manifest);
        match self.infer(|grid| decode(grid, &placed.canvas, &manifest)) {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(fault)) | Err(RunFault::Output(fault)) => Err(fault.to_string()),
            Err(RunFault::Engine(what)) => Err(what),
        }
    }

    /// Measures the picture and fills the tensor. Blind where there is nothing to look at; faults that leave something to
    /// see come back in the measurement.
    fn prepare(&mut self, image: &Image, geometry: &Geometry) -> Result<(Measured, pixels::Placed), Box<Blind>> {
        if geometry.pitch_um == 0 || geometry.belt_step_um == 0 {
            let detail = "the scanner's pixel has no size. Set pitch and belt step in the lane's file".to_owned();
            return Err(Box::new(Blind::without_looking(Cause::Quality, detail)));
        }
        let input = &self.manifest.input;
        let air_level = geometry.air_level.unwrap_or(input.air_level).max(1);
        if air_level != self.attenuation.air_level() {
            self.attenuation = Attenuation::new(air_level, input.attenuation_max_e3 as f32 / 1_000.0);
        }
        let mut measured = pixels::measure(image, geometry, &self.attenuation, &self.manifest.limits);
        if !image.is_dual() {
            measured.fault = measured.fault.or(Some(Fault::OneEnergy));
        }
        let nothing_to_see = matches!(measured.fault, Some(Fault::Empty | Fault::NoLight | Fault::Size));
        if let Some(fault) = measured.fault.filter(|_| nothing_to_see || !image.is_dual()) {
            let mut blind = Blind::without_looking(Cause::Quality, fault.to_string());
            blind.quality = Some(measured.quality);
            return Err(Box::new(blind));
        }
        let dark = if measured.dark_columns.len() > limits::DARK_COLUMNS_MAX as usize {
            &[]
        } else {
            &measured.dark_columns[..]
        };
        let placed = pixels::place(image, geometry, input, &self.attenuation, dark, &mut self.tensor);
        Ok((measured, placed))
    }

    /// Runs the tensor and hands the outputs, their shapes checked, to `read`.
    fn infer<T>(&mut self, read: impl FnOnce(&Grid<'_>) -> T) -> Result<T, RunFault> {
        if let Some(broken) = &self.broken {
            return Err(RunFault::Engine(broken.clone()));
        }
        let Self { session, manifest, tensor, .. } = self;
        let input = &manifest.input;
        let shape = [1usize, 2, input.height as usize, input.width as usize];
        let attempt = std::panic::catch_unwind(AssertUnwindSafe(|| {
            let engine = |error: ort::Error| RunFault::Engine(format!("the engine failed: {error}"));
            let value = TensorRef::from_array_view((shape, &tensor[..])).map_err(engine)?;
            let outputs = session.run(ort::inputs![input.tensor.as_str() => value]).map_err(engine)?;
            let (columns, rows) = manifest.grid();
            let heatmap = output(&outputs, &manifest.output.heatmap, &[1, manifest.classes.len(), rows, columns])?;
            let distances = output(&outputs, &manifest.output.distances, &[1, 4, rows, columns])?;
            Ok(read(&Grid { columns, rows, heatmap, distances }))
        }));
        attempt.unwrap_or_else(|_| {
            let words = "the engine gave up in the middle of a picture. Start the program again".to_owned();
            self.broken = Some(words.clone());
            Err(RunFault::Engine(words))
        })
    }

    /// Adds what the pixels themselves say is opaque, where the model does not say so already.
    fn add_opaque(&self, image: &Image, geometry: &Geometry, measured: &Measured, found: &mut Vec<Detection>) {
        if measured.quality.opaque_area_mm2 == 0 {
            return;
        }
        const REACH_UM: u32 = 4_000;
        const SAME_E4: u32 = 5_000;
        let reach = [REACH_UM / geometry.pitch_um, REACH_UM / geometry.belt_step_um];
        // The square inside a circle of that width: what lies across the picture is as wide as what lies along it.
        const SQUARE_UM: u32 = limits::OPAQUE_HIDES_MM_MIN * 707;
        let hides = [geometry.pitch_um, geometry.belt_step_um].map(|um| SQUARE_UM.div_ceil(um));
        let count_max = measured.opaque_count_max;
        let regions = pixels::opaque_regions(image, count_max, &measured.dark_columns, reach, hides);
        let known: Vec<[u32; 4]> =
            found.iter().filter(|one| one.class == Class::Opaque).map(|one| one.bounds).collect();
        // Measured, not guessed: full score. The model's weakest detections make room where the list is full.
        let is_new = |region: &OpaqueRegion| known.iter().all(|k| detections::overlap_e4(k, &region.bounds) <= SAME_E4);
        let added: Vec<Detection> = regions
            .iter()
            .filter(|region| is_new(region))
            .map(|region| Detection { class: Class::Opaque, score_e4: 10_000, bounds: region.bounds })
            .collect();
        found.truncate(limits::DETECTIONS_MAX - added.len());
        found.extend(added);
        detections::sort(found);
    }
}

fn open(engine: &Engine, model: &[u8], threads: usize) -> Result<Session, String> {
    fn text<T>(error: ort::Error<T>) -> String {
        error.to_string()
    }
    let builder = Session::builder(&engine.environment).map_err(text)?;
    let builder = builder.with_intra_threads(threads.clamp(1, limits::THREADS_MAX)).map_err(text)?;
    // Waiting threads sleep: the board has other work between two parcels.
    let mut builder = builder.with_intra_op_spinning(false).map_err(text)?;
    builder.commit_from_memory(model).map_err(text)
}

fn output<'r>(outputs: &'r SessionOutputs<'_>, name: &str, expected: &[usize]) -> Result<&'r [f32], RunFault> {
    let missing = || RunFault::Output(OutputFault::Missing { output: name.to_owned() });
    let value = outputs.get(name).ok_or_else(missing)?;
    let (shape, values) = value
        .try_extract_tensor::<f32>()
        .map_err(|error| RunFault::Engine(format!("the model's output {name} cannot be read: {error}")))?;
    let fits = shape.len() == expected.len() && shape.iter().zip(expected).all(|(&a, &b)| a == b as i64);
    if !fits || values.len() != expected.iter().product::<usize>() {
        let found = shape.to_vec();
        return Err(RunFault::Output(OutputFault::Shape {
            output: name.to_owned(),
            expected: expected.to_vec(),
            found,
        }));
    }
    Ok(values)
}

fn micros_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX)
}
