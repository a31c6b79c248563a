//! Label cameras in the configuration.
//!
//! A camera hangs on a folder, as an X-ray does. It is apart from scanners, because no bytes of a protocol come from it.

use std::path::PathBuf;

use gatepost_hardware::symbology::Symbology;
use gatepost_models::labels::Settings;
use serde::Deserialize;

/// `[lane.camera.NAME]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraDevice {
    /// The folder into which the camera writes or renames its finished pictures (PNG, JPEG or TIFF), each under a new name.
    /// They leave it when they are stored: they show names and addresses.
    pub folder: PathBuf,
    /// Codes that are looked for; absent: Code 128, Data Matrix and QR. Each further one costs time, and the weaker ones
    /// (ITF, Codabar, Code 39) find codes where none are.
    #[serde(default)]
    pub symbologies: Option<Vec<Symbology>>,
}

impl CameraDevice {
    /// What the reader is told.
    pub fn settings(&self) -> Settings {
        let usual = Settings::default();
        Settings { symbologies: self.symbologies.clone().unwrap_or_else(|| usual.symbologies.clone()), ..usual }
    }

    /// The first thing wrong with it.
    pub fn problem(&self) -> Option<&'static str> {
        self.symbologies
            .as_ref()
            .is_some_and(Vec::is_empty)
            .then_some("symbologies = []: it would never read anything; name one, or remove the line")
    }
}
