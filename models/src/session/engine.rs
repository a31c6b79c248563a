//! The library, loaded once for the life of the process.

use crate::runtime::Library;
use ort::environment::Environment;
use std::fmt;
use std::path::PathBuf;
use std::sync::Mutex;

/// ONNX Runtime, loaded. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(super) environment: Environment,
    library: Library,
}

/// Why the library is no engine. Names the file.
#[derive(Debug)]
pub enum EngineError {
    /// Not loadable, or too old; the loader's words.
    Load { path: PathBuf, what: String },
    /// A process loads one library, and this one has loaded another.
    OtherLoaded { path: PathBuf, loaded: PathBuf },
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load { path, what } => write!(
                f,
                "{}: not a usable ONNX Runtime library ({what}). Run `gatepost runtime fetch`, or name another file",
                path.display()
            ),
            Self::OtherLoaded { path, loaded } => {
                write!(f, "{}: {} is loaded already. Start the program again", path.display(), loaded.display())
            }
        }
    }
}

impl std::error::Error for EngineError {}

/// The one engine of this process.
static LOADED: Mutex<Option<Engine>> = Mutex::new(None);

impl Engine {
    /// Loads the library that [`crate::runtime::find`] checked. A second call with the same digest gives the same engine.
    pub fn open(library: &Library) -> Result<Self, EngineError> {
        let load = |what: String| EngineError::Load { path: library.path.clone(), what };
        let mut loaded = LOADED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(engine) = loaded.as_ref() {
            if engine.library.sha256 == library.sha256 {
                return Ok(engine.clone());
            }
            return Err(EngineError::OtherLoaded { path: library.path.clone(), loaded: engine.library.path.clone() });
        }
        // An absolute path: a bare name would be searched for by the loader, and another file could answer to it.
        let path = library.path.canonicalize().map_err(|error| load(error.to_string()))?;
        let attempt = std::panic::catch_unwind(|| -> Result<Environment, String> {
            let builder = ort::init_from(&path).map_err(|error| error.to_string())?;
            builder.with_name("gatepost").with_telemetry(false).build().map_err(|error| error.to_string())
        });
        let environment = attempt.unwrap_or_else(|_| Err("it gave up while loading".into())).map_err(load)?;
        let engine = Self { environment, library: library.clone() };
        *loaded = Some(engine.clone());
        Ok(engine)
    }

    /// The file that was loaded, with its digest.
    pub fn library(&self) -> &Library {
        &self.library
    }
}
