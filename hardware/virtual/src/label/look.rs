//! The ten conditions of a label in front of a camera, and how hard each is.
//!
//! Hardness is set so that a plain decoder reads about as much of each as it did of the reference set: nearly all clean
//! ones, no bar code at a free angle or in noise, a quarter of the defocused.

use super::Hand;
use crate::xray::random::Random;

/// What happens to a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    Clean,
    Tilted15,
    AnyAngle,
    Perspective,
    Defocus,
    Motion,
    Noise,
    LowContrast,
    LowResolution,
    /// A little of everything.
    Combined,
}

/// How the camera sees it. Lengths in pixels of the picture, grey from 0 to 255.
#[derive(Clone, Debug)]
pub(super) struct Look {
    /// Width of a bar code's module.
    pub(super) module: f32,
    pub(super) angle_deg: f32,
    /// Relative growth of scale across half a picture, along x and y.
    pub(super) perspective: [f32; 2],
    /// How far a label's middle stands out of its plane, of its width.
    pub(super) bend: f32,
    /// Standard deviation of the lens.
    pub(super) blur: f32,
    /// Length and direction.
    pub(super) motion: (f32, f32),
    /// Standard deviation of the sensor.
    pub(super) noise: f32,
    pub(super) paper: f32,
    pub(super) ink: f32,
    /// Light at one side over light at the other.
    pub(super) falloff: f32,
    /// Share of the code's width that lies outside the picture.
    pub(super) cut: Option<f32>,
}

impl Condition {
    pub const ALL: [Self; 10] = [
        Self::Clean,
        Self::Tilted15,
        Self::AnyAngle,
        Self::Perspective,
        Self::Defocus,
        Self::Motion,
        Self::Noise,
        Self::LowContrast,
        Self::LowResolution,
        Self::Combined,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Tilted15 => "tilted 15°",
            Self::AnyAngle => "any angle",
            Self::Perspective => "perspective",
            Self::Defocus => "defocus",
            Self::Motion => "motion",
            Self::Noise => "noise",
            Self::LowContrast => "low contrast",
            Self::LowResolution => "low resolution",
            Self::Combined => "combined",
        }
    }

    pub(super) fn look(self, hand: Hand, random: &mut Random) -> Look {
        let mut look = Look {
            module: random.range(2.6, 3.4),
            angle_deg: random.range(-2.0, 2.0),
            perspective: [0.0; 2],
            bend: if hand == Hand::Second { random.range(-0.01, 0.01) } else { 0.0 },
            blur: random.range(0.4, 0.6),
            motion: (0.0, 0.0),
            noise: random.range(1.5, 3.0),
            paper: random.range(205.0, 240.0),
            ink: random.range(20.0, 50.0),
            falloff: random.range(0.85, 1.0),
            cut: None,
        };
        let sign = if random.chance(0.5) { 1.0 } else { -1.0 };
        match self {
            Self::Clean => {}
            Self::Tilted15 => look.angle_deg = sign * random.range(14.0, 16.0),
            Self::AnyAngle => look.angle_deg = 90.0 * random.count(0, 3) as f32 + random.range(20.0, 70.0),
            Self::Perspective => look.perspective = [sign * random.range(0.15, 0.3), random.range(-0.2, 0.2)],
            // A disc hides more than a Gaussian of the same deviation.
            Self::Defocus if hand == Hand::Second => look.blur = look.module * random.range(0.6, 0.85),
            Self::Defocus => look.blur = look.module * random.range(0.75, 1.0),
            Self::Motion => look.motion = (look.module * random.range(1.4, 2.6), random.range(0.0, 180.0)),
            Self::Noise => look.noise = random.range(27.0, 36.0),
            Self::LowContrast => {
                look.paper = random.range(90.0, 140.0);
                look.ink = look.paper - random.range(20.0, 40.0);
                look.noise = random.range(1.0, 2.0);
            }
            Self::LowResolution => look.module = random.range(1.5, 1.9),
            Self::Combined => {
                look.module = random.range(2.1, 2.9);
                look.angle_deg = sign * random.range(3.0, 15.0);
                look.perspective = [sign * random.range(0.05, 0.12), random.range(-0.1, 0.1)];
                look.blur = look.module * random.range(0.25, 0.4);
                look.motion = (look.module * random.range(0.3, 0.8), random.range(0.0, 180.0));
                look.noise = random.range(4.0, 9.0);
                look.paper = random.range(140.0, 190.0);
                look.ink = look.paper - random.range(60.0, 110.0);
                look.falloff = random.range(0.6, 0.9);
            }
        }
        look
    }
}
