//! Model packages: what a model is, whether these bytes are that model, and whether it still answers as it did.
//!
//! A package is a folder: `manifest.toml`, `model.onnx`, `golden/` (pictures with the answers they gave when the model was
//! made), `CARD.md`. Nothing of a package is believed before its digest and its ranges are checked; nothing is active before
//! its golden pictures gave the same answers on this machine ([`crate::session::Model::activate`]).

mod golden;
mod manifest;

pub use golden::{Golden, Mismatch};
pub use manifest::{Calibration, Decoding, Input, Manifest, Mass, Output, PixelLimits};

use crate::formats::{Problem, read_bounded};
use crate::limits;
use std::fmt;
use std::path::{Path, PathBuf};

pub const MANIFEST: &str = "manifest.toml";
pub const MODEL: &str = "model.onnx";
/// The model that ships.
pub const SHIPPED: &str = "mail";

/// A package whose manifest is right and whose model has the manifest's digest.
#[derive(Clone)]
pub struct Package {
    pub folder: PathBuf,
    pub manifest: Manifest,
    /// `model.onnx`, checked.
    pub model: Vec<u8>,
}

/// Why a folder is no usable package. The text names file, fault and remedy.
#[derive(Debug)]
pub struct CatalogError {
    pub file: PathBuf,
    pub fault: PackageFault,
}

#[derive(Debug, PartialEq, Eq)]
pub enum PackageFault {
    Unreadable(String),
    TooManyBytes(u64),
    /// Not the manifest's words, keys or types; with line and column where known.
    Manifest(String),
    /// A value outside what this program can do.
    Range(String),
    OtherDigest {
        expected: String,
        found: String,
    },
    /// A package that is to be activated must bring golden pictures.
    NoGolden,
    Golden(String),
    NotFound,
}

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file.display())?;
        match &self.fault {
            PackageFault::Unreadable(what) => write!(f, "cannot be read ({what}). Check the path and who may read it"),
            PackageFault::TooManyBytes(bytes) => {
                write!(f, "{bytes} bytes are more than this file may have. Not a model package")
            }
            PackageFault::Manifest(what) => {
                write!(f, "{what}. The package does not fit this software: install the one made for it")
            }
            PackageFault::Range(what) => {
                write!(f, "{what}. The package does not fit this software: install the one made for it")
            }
            PackageFault::OtherDigest { expected, found } => write!(
                f,
                "BLAKE3 is {found}, the manifest says {expected}: not the model that was approved. Install the package again"
            ),
            PackageFault::NoGolden => {
                f.write_str("holds no golden pictures, so the model cannot be checked. Install the package again")
            }
            PackageFault::Golden(what) => write!(f, "{what}. Install the package again"),
            PackageFault::NotFound => {
                f.write_str("no model package. Install one, or name its folder in the configuration")
            }
        }
    }
}

impl std::error::Error for CatalogError {}

impl Package {
    /// Reads and checks manifest and model. Golden pictures are read when the model is activated.
    pub fn load(folder: &Path) -> Result<Self, CatalogError> {
        let manifest_file = folder.join(MANIFEST);
        let text = read_text(&manifest_file)?;
        let manifest = Manifest::parse(&text).map_err(|fault| CatalogError { file: manifest_file.clone(), fault })?;
        let model_file = folder.join(MODEL);
        let model = bounded(&model_file, limits::MODEL_BYTES_MAX)?;
        let found = blake3::hash(&model).to_hex().to_string();
        if found != manifest.digest || model.len() as u64 != manifest.bytes {
            let fault = PackageFault::OtherDigest { expected: manifest.digest.clone(), found };
            return Err(CatalogError { file: model_file, fault });
        }
        Ok(Self { folder: folder.to_path_buf(), manifest, model })
    }

    /// The package's golden pictures with their answers, in the order of their names. At least one.
    pub fn golden(&self) -> Result<Vec<Golden>, CatalogError> {
        golden::read(&self.folder.join("golden"))
    }
}

/// Where the package is: the configured folder, else `models/mail` beside the program, else the packaged one, else (in a
/// program built and run in its source tree) the source tree's.
pub fn find(configured: Option<&Path>) -> Result<PathBuf, CatalogError> {
    if let Some(folder) = configured {
        return Ok(folder.to_path_buf());
    }
    let beside = std::env::current_exe().ok().and_then(|program| Some(program.parent()?.join("models").join(SHIPPED)));
    let packaged = Path::new("/usr/share/gatepost/models").join(SHIPPED);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog").join(SHIPPED);
    let known = beside.into_iter().chain([packaged, source.clone()]);
    known
        .into_iter()
        .find(|folder| folder.join(MANIFEST).is_file())
        .ok_or(CatalogError { file: source, fault: PackageFault::NotFound })
}

fn bounded(file: &Path, bytes_max: u64) -> Result<Vec<u8>, CatalogError> {
    read_bounded(file, bytes_max).map_err(|problem| {
        let fault = match problem {
            Problem::TooManyBytes { bytes } => PackageFault::TooManyBytes(bytes),
            Problem::Unreadable(what) => PackageFault::Unreadable(what),
            other => PackageFault::Unreadable(format!("{other:?}")),
        };
        CatalogError { file: file.to_path_buf(), fault }
    })
}

fn read_text(file: &Path) -> Result<String, CatalogError> {
    String::from_utf8(bounded(file, limits::MANIFEST_BYTES_MAX)?).map_err(|_| CatalogError {
        file: file.to_path_buf(),
        fault: PackageFault::Unreadable("not UTF-8 text".into()),
    })
}

#[cfg(test)]
mod tests;
