//! Scanners as data: what differs from one line-scan machine to the next.
//!
//! It stands alone so that a profile can be kept back from training, and a test can hold that it was. It refuses to
//! know scenes. Figures are of the usual sizes (`reference/xray-physics.md` §3, geometry and noise), not of a make.

/// Where the source stands; the detectors are in a row on the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Detectors under the belt.
    FromAbove,
    /// Detectors over the tunnel.
    FromBelow,
    /// Detectors upright beside the belt, on the side of greater x.
    FromSide,
}

/// A line-scan scanner: a fan of rays from a point source to a row of detectors, once or twice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScannerProfile {
    /// Its name in labels and reports.
    pub name: &'static str,
    /// Tube voltage, 140 or 160 kV.
    pub kilovolts: u32,
    /// Detector pitch, micrometres: across the belt (image x), or up from it in a side view. What a picture says of its
    /// pixels is smaller where the belt is not at the detectors: [`ScannerProfile::pitch_at_belt_um`].
    pub pitch_um: u32,
    /// Belt travel per line, micrometres (along the belt, image y).
    pub belt_step_um: u32,
    /// The view every picture has.
    pub view: View,
    /// The second view, of a scanner that has one.
    pub second_view: Option<View>,
    /// From the source to the detectors, millimetres.
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
    /// Count at which the converter is full: brighter reads the same.
    pub saturation: u16,
    /// Bits the converter really resolves, 12 to 16, scaled to 16 in the file.
    pub bits: u32,
}

impl ScannerProfile {
    /// Width of a pixel at the belt's surface, or at the belt's middle line in a side view, micrometres: what a station is
    /// told of its scanner.
    pub fn pitch_at_belt_um(&self, view: View) -> u32 {
        let from_detectors_mm = match view {
            View::FromAbove => 0.0,
            View::FromBelow => self.tunnel_height_mm,
            View::FromSide => 0.5 * self.tunnel_width_mm,
        };
        (self.pitch_um as f32 * (1.0 - from_detectors_mm / self.source_height_mm)).round() as u32
    }

    /// The widest parcel of a height, in millimetres, that keeps air on both sides of its shadow wherever the belt
    /// carries it: the fan spreads what stands high. For `ScenePlan::size_mm_max`.
    pub fn widest_mm(&self, height_mm: u32) -> u32 {
        // The parcel's end that is nearest to the source casts the widest shadow.
        let nearest = match self.view {
            View::FromBelow => self.tunnel_height_mm,
            View::FromAbove | View::FromSide => height_mm as f32,
        };
        let spread = (self.source_height_mm - nearest).max(0.0) / self.source_height_mm;
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
    view: View::FromAbove,
    second_view: None,
    source_height_mm: 900.0,
    tunnel_width_mm: 620.0,
    tunnel_height_mm: 420.0,
    photons: 40_000.0,
    electronic_noise: 4.0,
    gain_spread: 0.002,
    crosstalk: 0.06,
    motion: 0.15,
    air_level: AIR_LEVEL,
    saturation: u16::MAX,
    bits: 16,
};

/// Profiles that training and the virtual lane may use.
pub const TRAINING: [ScannerProfile; 6] = [
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
    ScannerProfile {
        name: "upward-1600",
        kilovolts: 140,
        pitch_um: 1600,
        belt_step_um: 1300,
        view: View::FromBelow,
        source_height_mm: 1150.0,
        photons: 60_000.0,
        electronic_noise: 3.0,
        crosstalk: 0.03,
        saturation: 62_500,
        ..BASE
    },
    ScannerProfile {
        name: "twelve-bit-1500",
        pitch_um: 1500,
        belt_step_um: 1500,
        source_height_mm: 820.0,
        photons: 12_000.0,
        electronic_noise: 9.0,
        gain_spread: 0.006,
        motion: 0.2,
        bits: 12,
        ..BASE
    },
    ScannerProfile {
        name: "two-view-1000",
        pitch_um: 1000,
        belt_step_um: 1000,
        second_view: Some(View::FromSide),
        source_height_mm: 1250.0,
        photons: 30_000.0,
        electronic_noise: 5.0,
        gain_spread: 0.001,
        crosstalk: 0.08,
        motion: 0.25,
        ..BASE
    },
];

/// Profiles kept for choosing thresholds: two between those of training in pitch, step and photons, noisier than most, and
/// a coarser one than any, as a facility's next scanner may be.
pub const CALIBRATION: [ScannerProfile; 3] = [
    ScannerProfile {
        name: "choosing-1350",
        pitch_um: 1350,
        belt_step_um: 1100,
        source_height_mm: 860.0,
        photons: 16_000.0,
        electronic_noise: 8.0,
        gain_spread: 0.005,
        crosstalk: 0.09,
        motion: 0.3,
        ..BASE
    },
    ScannerProfile {
        name: "choosing-upward-1150",
        kilovolts: 140,
        pitch_um: 1150,
        belt_step_um: 1500,
        view: View::FromBelow,
        source_height_mm: 1080.0,
        photons: 34_000.0,
        electronic_noise: 6.0,
        gain_spread: 0.003,
        crosstalk: 0.04,
        motion: 0.1,
        saturation: 63_000,
        bits: 12,
        ..BASE
    },
    ScannerProfile {
        name: "choosing-coarse-1850",
        pitch_um: 1850,
        belt_step_um: 1700,
        second_view: Some(View::FromSide),
        source_height_mm: 1100.0,
        tunnel_width_mm: 700.0,
        photons: 20_000.0,
        electronic_noise: 11.0,
        gain_spread: 0.004,
        crosstalk: 0.13,
        motion: 0.4,
        ..BASE
    },
];

/// Profiles kept for testing: other pitches, steps, heights and photons, twelve bits at the lower voltage, and the other
/// direction of the rays with another tunnel.
pub const TESTING: [ScannerProfile; 3] = [
    ScannerProfile {
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
    },
    ScannerProfile {
        name: "unseen-upward-1500",
        pitch_um: 1500,
        belt_step_um: 1400,
        view: View::FromBelow,
        source_height_mm: 1000.0,
        tunnel_width_mm: 660.0,
        tunnel_height_mm: 460.0,
        photons: 22_000.0,
        electronic_noise: 5.0,
        gain_spread: 0.003,
        crosstalk: 0.05,
        motion: 0.1,
        saturation: 64_000,
        ..BASE
    },
    ScannerProfile {
        name: "unseen-two-view-1700",
        pitch_um: 1700,
        belt_step_um: 1150,
        second_view: Some(View::FromSide),
        source_height_mm: 960.0,
        photons: 50_000.0,
        electronic_noise: 10.0,
        gain_spread: 0.004,
        crosstalk: 0.12,
        motion: 0.35,
        ..BASE
    },
];

/// A built-in profile by name.
pub fn named(name: &str) -> Option<&'static ScannerProfile> {
    TRAINING.iter().chain(&CALIBRATION).chain(&TESTING).find(|profile| profile.name == name)
}
