//! What a station holds: a model that is ready, or the reason why every picture will be blind. Opening it never fails.

use super::assessment::{Assessment, Blind, Cause};
use super::engine::Engine;
use super::model::{Model, ModelError};
use crate::catalog::{self, Package};
use crate::formats::{Files, Geometry, Image};
use crate::runtime;
use std::path::PathBuf;

/// What to open. `None` means: look where it is packaged (see [`runtime::find`], [`catalog::find`]).
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub runtime: Option<PathBuf>,
    pub model: Option<PathBuf>,
    /// Inference threads; 0 means 1.
    pub threads: usize,
}

/// What answers, for the record of every decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    /// `NAME VERSION`.
    pub model: String,
    /// BLAKE3 of the weights.
    pub model_digest: String,
    /// SHA-256 of the library.
    pub engine_digest: String,
    /// Whether that is the pinned library.
    pub engine_pinned: bool,
}

pub struct Inspector {
    state: Result<Box<Ready>, Box<Blind>>,
}

struct Ready {
    model: Model,
    versions: Versions,
}

impl Inspector {
    /// Finds, checks and loads library and model, and runs the golden pictures. Never downloads.
    pub fn open(settings: &Settings) -> Self {
        Self { state: open(settings) }
    }

    /// Why every picture will be blind, if so.
    pub fn trouble(&self) -> Option<&Blind> {
        self.state.as_ref().err().map(|blind| &**blind)
    }

    pub fn versions(&self) -> Option<&Versions> {
        self.state.as_ref().ok().map(|ready| &ready.versions)
    }

    pub fn model(&mut self) -> Option<&mut Model> {
        self.state.as_mut().ok().map(|ready| &mut ready.model)
    }

    /// The model's own geometry; a usual scanner's where there is no model.
    pub fn default_geometry(&self) -> Geometry {
        match &self.state {
            Ok(ready) => ready.model.default_geometry(),
            Err(_) => Geometry { pitch_um: 1_500, belt_step_um: 1_000, air_level: None },
        }
    }

    pub fn detect(&mut self, image: &Image, geometry: &Geometry) -> Assessment {
        match &mut self.state {
            Ok(ready) => ready.model.detect(image, geometry),
            Err(blind) => Assessment::Blind(Blind::clone(blind)),
        }
    }

    /// See [`Model::detect_files`].
    pub fn detect_files(&mut self, files: &Files, scanner: Option<Geometry>) -> (Assessment, Option<Image>) {
        match &mut self.state {
            Ok(ready) => ready.model.detect_files(files, scanner),
            Err(blind) => (Assessment::Blind(Blind::clone(blind)), files.decode().ok()),
        }
    }
}

fn open(settings: &Settings) -> Result<Box<Ready>, Box<Blind>> {
    let blind =
        |cause: Cause, error: &dyn std::fmt::Display| Box::new(Blind::without_looking(cause, error.to_string()));
    let library = runtime::find(settings.runtime.as_deref()).map_err(|error| blind(Cause::Engine, &error))?;
    let folder = catalog::find(settings.model.as_deref()).map_err(|error| blind(Cause::Model, &error))?;
    let package = Package::load(&folder).map_err(|error| blind(Cause::Model, &error))?;
    let engine = Engine::open(&library).map_err(|error| blind(Cause::Engine, &error))?;
    let model = Model::activate(&engine, &package, settings.threads.max(1)).map_err(|error| {
        let cause = if matches!(error, ModelError::Engine(_)) { Cause::Engine } else { Cause::Model };
        blind(cause, &error)
    })?;
    let versions = Versions {
        model: format!("{} {}", package.manifest.name, package.manifest.version),
        model_digest: package.manifest.digest.clone(),
        engine_digest: engine.library().sha256.clone(),
        engine_pinned: engine.library().pinned,
    };
    Ok(Box::new(Ready { model, versions }))
}

/// A station's inference thread owns its inspector.
const _: () = {
    const fn movable<T: Send>() {}
    movable::<Inspector>();
};
