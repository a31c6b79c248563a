//! Scanners as data: what differs from one line-scan machine to the next.
//!
//! It stands alone so that a profile can be kept back from training, and a test can hold that it was. It refuses to
//! know scenes. Figures are of the usual sizes (`reference/xray-physics.md` §3, geometry and noise), not of a make.

/// A line-scan scanner: a fan of rays from a point source above the belt to a row of detectors below it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScannerProfile {
    /// Its name in labels and reports.
    pub name: &'static str,
    /// Tube voltage, 140 or 160 kV.
    pub kilovolts: u32,
    /// Detector pitch as seen at the belt's surface, micrometres (across the belt, image x).
    pub pitch_um: u32,
    /// Belt travel per line, micrometres (along the belt, image y).
    pub belt_step_um: u32,
    /// Height of the source over the belt, millimetres.
    pub source_height_mm: f32,
    /// Tunnel width at the belt, millimetres.
    pub tunnel_width_mm: f32,
    /// Tunnel height, millimetres.
    pub tunnel_height_mm: f32,
    /// Detected photons per pixel and channel in air.
    pub photons: f32,
    /// Electronic noise, in photons.
    pub electronic_noise: f32,
    /// Spread of what gain correction leaves, relative, per column.
    pub gain_spread: f32,
    /// Part of a pixel's light that reaches each neighbour across the belt.
    pub crosstalk: f32,
    /// Part of a line smeared into the next one by belt motion.
    pub motion: f32,
    /// Counts in air after correction; no light is 0.
    pub air_level: u16,
    /// Bits the converter really resolves, 12 to 16, scaled to 16 in the file.
    pub bits: u32,
}

impl ScannerProfile {
    /// The widest parcel of a height, in millimetres, that keeps air on both sides of its shadow wherever the belt
    /// carries it: the fan spreads what stands high. For `ScenePlan::size_mm_max`.
    pub fn widest_mm(&self, height_mm: u32) -> u32 {
        let spread = (self.source_height_mm - height_mm as f32).max(0.0) / self.source_height_mm;
        ((self.tunnel_width_mm - 2.0 * EDGE_MM) * spread) as u32
    }
}

/// Air that must remain between a shadow and the tunnel's wall.
const EDGE_MM: f32 = 12.0;

/// Counts in air of every built-in profile.
pub const AIR_LEVEL: u16 = 60_000;

const BASE: ScannerProfile = ScannerProfile {
    name: "parcel-1500",
    kilovolts: 160,
    pitch_um: 1500,
    belt_step_um: 1000,
    source_height_mm: 900.0,
    tunnel_width_mm: 620.0,
    tunnel_height_mm: 420.0,
    photons: 40_000.0,
    electronic_noise: 4.0,
    gain_spread: 0.002,
    crosstalk: 0.06,
    motion: 0.15,
    air_level: AIR_LEVEL,
    bits: 16,
};

/// Profiles that training and the virtual lane may use.
pub const TRAINING: [ScannerProfile; 3] = [
    BASE,
    ScannerProfile {
        name: "fine-0800",
        pitch_um: 800,
        belt_step_um: 1250,
        source_height_mm: 780.0,
        photons: 18_000.0,
        electronic_noise: 6.0,
        crosstalk: 0.10,
        ..BASE
    },
    ScannerProfile {
        name: "older-1600",
        kilovolts: 140,
        pitch_um: 1600,
        belt_step_um: 1600,
        source_height_mm: 1050.0,
        photons: 26_000.0,
        electronic_noise: 8.0,
        gain_spread: 0.004,
        motion: 0.3,
        ..BASE
    },
];

/// The profile kept for testing: another voltage and geometry pair, a shorter source, twelve bits, fewer photons.
pub const TESTING: ScannerProfile = ScannerProfile {
    name: "unseen-1200",
    kilovolts: 140,
    pitch_um: 1200,
    belt_step_um: 800,
    source_height_mm: 700.0,
    photons: 14_000.0,
    electronic_noise: 7.0,
    gain_spread: 0.005,
    crosstalk: 0.08,
    motion: 0.25,
    bits: 12,
    ..BASE
};

/// A built-in profile by name.
pub fn named(name: &str) -> Option<&'static ScannerProfile> {
    TRAINING.iter().chain(std::iter::once(&TESTING)).find(|profile| profile.name == name)
}
