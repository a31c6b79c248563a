//! ONNX Runtime's own library: where it is, whether it is the one we mean, and how a user gets it.
//!
//! Stands alone because it is the only place of this crate that looks at the environment, runs another program (`pip`)
//! or leads to a download. A station never downloads: `run` only calls [`find`]. Only [`fetch`], which a person, the demo
//! or the tests call, does. Nothing here loads the library: that is [`crate::session::Engine::open`].
//!
//! The library is pinned: one version, one SHA-256 per architecture, of the wheel that it comes in and of the library
//! itself. The cached and the packaged library are checked against the pin at each load. A path that a person names, in the
//! configuration or in `GATEPOST_ORT`, may be another build; its digest is computed and recorded all the same.

mod wheel;

use crate::limits;
use sha2::{Digest, Sha256};
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The version of ONNX Runtime that this crate is built and tested against.
pub const VERSION: &str = "1.31.1";
/// The library's file name, packaged and cached.
pub const LIBRARY: &str = "libonnxruntime.so.1.31.1";
/// The environment variable that names a library file, before anything packaged or cached.
pub const OVERRIDE: &str = "GATEPOST_ORT";
/// Where the Debian package puts the library.
pub const PACKAGED: &str = "/usr/lib/gatepost";

/// One architecture's pinned files: onnxruntime 1.31.1 for CPython 3.11 from the Python Package Index. The Python
/// version only names the wheel; the library inside does not depend on it.
struct Pin {
    architecture: &'static str,
    wheel: &'static str,
    platform: &'static str,
    wheel_sha256: &'static str,
    library_sha256: &'static str,
}

const PINS: [Pin; 2] = [
    Pin {
        architecture: "x86_64",
        wheel: "onnxruntime-1.31.1-cp311-cp311-manylinux_2_28_x86_64.whl",
        platform: "manylinux_2_28_x86_64",
        wheel_sha256: "5752bd508126ae7c49894d3b9d2e83f0c3d487319246d04c444b393308d7ad7f",
        library_sha256: "fc44112fbe06d7d689c57e11d3862031f64711007e4ee020f8eed5185fd2c1d3",
    },
    Pin {
        architecture: "aarch64",
        wheel: "onnxruntime-1.31.1-cp311-cp311-manylinux_2_28_aarch64.whl",
        platform: "manylinux_2_28_aarch64",
        wheel_sha256: "da05378364c44d4407e463982d2bf8d5e4cfea873283757e48beeb41df97b7f3",
        library_sha256: "8aa3b76b28c778a2b1dd660d34161adb1d508c9ccd04ff9dc80e26eca5df8467",
    },
];

/// Who said that the library is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Configured,
    Override,
    Packaged,
    Cached,
}

/// A library file, its digest just computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Library {
    pub path: PathBuf,
    pub origin: Origin,
    /// Lower-case hexadecimal.
    pub sha256: String,
    /// Whether the digest is this architecture's pinned one. Always true for packaged and cached libraries.
    pub pinned: bool,
}

/// Why there is no usable library. The text says where to put one.
#[derive(Debug)]
pub enum RuntimeError {
    /// Looked at all of these.
    NotFound { looked_at: Vec<PathBuf> },
    /// A named file is not there or cannot be read.
    Unreadable { path: PathBuf, what: String },
    /// Not the file that is pinned.
    OtherDigest { path: PathBuf, expected: &'static str, found: String },
    /// No pinned library for this processor.
    Architecture,
    /// Neither `XDG_CACHE_HOME` nor `HOME` says where a cache may be.
    NoCache,
    /// `pip` could not bring the wheel.
    Download { wheel: &'static str, cache: PathBuf, what: String },
    /// The wheel does not hold what it should.
    Wheel { path: PathBuf, what: String },
}

impl fmt::Display for RuntimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let put = format!("Or put {LIBRARY} of onnxruntime {VERSION} there, or name it in {OVERRIDE}");
        match self {
            Self::NotFound { looked_at } => {
                let places: Vec<String> = looked_at.iter().map(|path| path.display().to_string()).collect();
                write!(
                    f,
                    "no ONNX Runtime library; looked at {}. Run `gatepost runtime fetch`. {put}",
                    places.join(", ")
                )
            }
            Self::Unreadable { path, what } => {
                write!(f, "{}: cannot be read ({what}). Check the path and who may read it", path.display())
            }
            Self::OtherDigest { path, expected, found } => write!(
                f,
                "{}: SHA-256 is {found}, not the pinned {expected}. Delete it and run `gatepost runtime fetch`. {put}",
                path.display()
            ),
            Self::Architecture => write!(
                f,
                "no ONNX Runtime library is pinned for {}. Build version {VERSION} for it and name it in {OVERRIDE}",
                std::env::consts::ARCH
            ),
            Self::NoCache => {
                write!(f, "no cache folder: set XDG_CACHE_HOME or HOME, or name the library in {OVERRIDE}")
            }
            Self::Download { wheel, cache, what } => write!(
                f,
                "could not download {wheel}: {what}. Without network, bring that file from the Python Package Index, \
                 take onnxruntime/capi/{LIBRARY} out of it (it is a zip file) and put it into {}. Or name it in {OVERRIDE}",
                cache.display()
            ),
            Self::Wheel { path, what } => write!(f, "{}: {what}. Delete it and fetch again", path.display()),
        }
    }
}

impl std::error::Error for RuntimeError {}

/// Finds the library and checks it: the path in the configuration, else `GATEPOST_ORT`, else the packaged file (beside
/// the program, or in [`PACKAGED`]), else the user's cache. A place that is named but wrong is an error and not skipped:
/// who names a file means that file.
pub fn find(configured: Option<&Path>) -> Result<Library, RuntimeError> {
    if let Some(path) = configured {
        return named(path, Origin::Configured);
    }
    if let Some(path) = environment(OVERRIDE) {
        return named(&path, Origin::Override);
    }
    let mut looked_at = Vec::new();
    for folder in packaged_folders() {
        let path = folder.join(LIBRARY);
        if path.exists() {
            return pinned(&path, Origin::Packaged);
        }
        looked_at.push(path);
    }
    if let Ok(folder) = cache_folder() {
        let path = folder.join(LIBRARY);
        if path.exists() {
            return pinned(&path, Origin::Cached);
        }
        looked_at.push(path);
    }
    Err(RuntimeError::NotFound { looked_at })
}

/// Brings the pinned library into the user's cache, once: several processes wait for one another. Needs `python3` with
/// `pip`, and the network, unless the library is there already.
pub fn fetch() -> Result<Library, RuntimeError> {
    let folder = cache_folder()?;
    wheel::fetch_into(&folder, pin()?)
}

/// What the demo and the tests call: [`find`], and [`fetch`] when nothing is configured, packaged or cached, or when what
/// is cached is damaged.
pub fn find_or_fetch(configured: Option<&Path>) -> Result<Library, RuntimeError> {
    match find(configured) {
        Err(RuntimeError::NotFound { .. }) => fetch(),
        Err(RuntimeError::OtherDigest { path, .. }) if Some(path.as_path()) == cached_path().as_deref() => fetch(),
        other => other,
    }
}

/// The user's cache folder of this version and architecture. It need not exist.
pub fn cache_folder() -> Result<PathBuf, RuntimeError> {
    let base = environment("XDG_CACHE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| environment("HOME").map(|home| home.join(".cache")))
        .ok_or(RuntimeError::NoCache)?;
    Ok(base.join("gatepost").join(format!("onnxruntime-{VERSION}-{}", std::env::consts::ARCH)))
}

fn cached_path() -> Option<PathBuf> {
    cache_folder().ok().map(|folder| folder.join(LIBRARY))
}

fn packaged_folders() -> Vec<PathBuf> {
    let beside = std::env::current_exe().ok().and_then(|program| program.parent().map(Path::to_path_buf));
    beside.into_iter().chain([PathBuf::from(PACKAGED)]).collect()
}

fn pin() -> Result<&'static Pin, RuntimeError> {
    PINS.iter().find(|pin| pin.architecture == std::env::consts::ARCH).ok_or(RuntimeError::Architecture)
}

fn named(path: &Path, origin: Origin) -> Result<Library, RuntimeError> {
    let sha256 = digest_of(path)?;
    let pinned = pin().is_ok_and(|pin| pin.library_sha256 == sha256);
    Ok(Library { path: path.to_path_buf(), origin, sha256, pinned })
}

fn pinned(path: &Path, origin: Origin) -> Result<Library, RuntimeError> {
    let expected = pin()?.library_sha256;
    let found = digest_of(path)?;
    if found != expected {
        return Err(RuntimeError::OtherDigest { path: path.to_path_buf(), expected, found });
    }
    Ok(Library { path: path.to_path_buf(), origin, sha256: found, pinned: true })
}

/// The SHA-256 of a file of bounded length, in lower-case hexadecimal.
fn digest_of(path: &Path) -> Result<String, RuntimeError> {
    let unreadable = |what: String| RuntimeError::Unreadable { path: path.to_path_buf(), what };
    let file = std::fs::File::open(path).map_err(|error| unreadable(error.to_string()))?;
    let mut bounded = file.take(limits::RUNTIME_LIBRARY_BYTES_MAX + 1);
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; 1 << 16];
    let mut length = 0;
    loop {
        let count = bounded.read(&mut chunk).map_err(|error| unreadable(error.to_string()))?;
        if count == 0 {
            break;
        }
        length += count as u64;
        hasher.update(&chunk[..count]);
    }
    if length > limits::RUNTIME_LIBRARY_BYTES_MAX {
        return Err(unreadable("larger than any library of ONNX Runtime".into()));
    }
    Ok(hexadecimal(&hasher.finalize()))
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[allow(clippy::disallowed_methods, reason = "the one place of this crate that reads the environment: paths of a user")]
fn environment(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests;
