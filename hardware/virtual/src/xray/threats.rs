//! Threats to project into pictures of real parcels (TIP): targets alone, as areal densities of two materials.
//!
//! It stands alone because it is the one way from the generator's solids into a file that a station reads. Only designs
//! that training may see are written: a threat that officers are shown is no secret. It refuses pictures of threats:
//! counts have a scanner's noise and its hardening in them, areal densities have neither. Parallel rays from above; how
//! a scanner's fan widens what stands high is the projection's to say.

mod basis;
mod file;

pub use basis::{Densities, Table};
pub use file::write;

use super::physics::{Beam, Material};
use super::profile::{ScannerProfile, View};
use super::random::{Random, mix};
use super::scene::Scene;
use super::shape::{Assembly, Pose, Vector};
use super::targets::{self, Class, Designs};

/// What is projected: what officers must find at a glance. Nothing that only chemistry tells.
pub const CLASSES: [Class; 6] =
    [Class::Firearm, Class::FirearmPart, Class::Blade, Class::Ammunition, Class::ExplosiveDevice, Class::Battery];

/// One threat as it lies: the middle of its box over the origin, its lowest point at z = 0.
#[derive(Clone, Debug)]
pub struct Threat {
    /// `class-design-number`.
    pub name: String,
    /// What it is.
    pub class: Class,
    /// Name of its design.
    pub design: &'static str,
    /// Its solids.
    pub assembly: Assembly,
}

/// Areal densities of a threat on a grid of 0.5 mm, in mg/cm² above [`MAP_ZERO`]; the middle of the grid is over the
/// origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maps {
    /// Across the belt (x).
    pub width: u32,
    /// Along it (y).
    pub height: u32,
    /// Polyethylene, row by row.
    pub organic: Vec<u16>,
    /// Steel.
    pub metal: Vec<u16>,
}

/// The count of a map where nothing is: a mixture may have less than no plastic.
pub const MAP_ZERO: u16 = 4_096;
/// Empty pixels round every map.
const RIM: usize = 2;
/// Side of a map's pixel. A millimetre would blur the edges of steel and lead: light falls a hundredfold across one.
const PITCH_MM: f32 = 0.5;
/// Rays along each side of a map's pixel.
const RAYS: usize = 2;
/// Draws after which a design that never came is given up; each comes up once in some twenty.
const DRAWS_MAX: u64 = 20_000;

/// `each` threats of every training design of [`CLASSES`]; the same seed draws the same. The first of a design lies
/// flat, the others are tilted a little.
pub fn draw(seed: u64, each: usize) -> Vec<Threat> {
    let mut drawn = Vec::new();
    for class in CLASSES {
        let designs = targets::design_names(class, Designs::Training);
        let mut found: Vec<Vec<Threat>> = vec![Vec::new(); designs.len()];
        for number in 0..DRAWS_MAX {
            if found.iter().all(|threats| threats.len() >= each) {
                break;
            }
            let mut random = Random::new(mix(mix(seed ^ 0x7149) ^ number << 8 ^ class as u64));
            let (design, made) = targets::make(class, Designs::Training, &mut random);
            let Some(threats) = designs.iter().position(|name| *name == design).map(|index| &mut found[index]) else {
                continue;
            };
            if threats.len() < each {
                let tilt = if threats.is_empty() { 0.0 } else { 0.25 };
                let turn = Pose::turned(0.0, random.range(-tilt, tilt), random.range(-tilt, tilt));
                let name = format!("{}-{design}-{}", class.name(), threats.len() + 1);
                threats.push(Threat { name, class, design, assembly: lying(&made.assembly.posed(&turn)) });
            }
        }
        drawn.extend(found.into_iter().flatten());
    }
    drawn
}

fn lying(thing: &Assembly) -> Assembly {
    let (low, high) = thing.bounds();
    thing.posed(&Pose::at(-(low[0] + high[0]) * 0.5, -(low[1] + high[1]) * 0.5, -low[2]))
}

impl Threat {
    /// Across, along, high, millimetres.
    pub fn size(&self) -> Vector {
        let (low, high) = self.assembly.bounds();
        [0, 1, 2].map(|axis| high[axis] - low[axis])
    }

    /// Its maps for a beam: every material as the mixture of polyethylene and steel that attenuates both energies as
    /// much. At an edge it is the light that is averaged, as a detector does, not the mass.
    pub fn maps(&self, beam: &Beam) -> Maps {
        let size = self.size();
        let [width, height] = [0, 1].map(|axis| (size[axis] / PITCH_MM).ceil().max(1.0) as usize + 2 * RIM);
        let rays = self.rays(width * RAYS, height * RAYS);
        let mut maps = Maps {
            width: width as u32,
            height: height as u32,
            organic: vec![MAP_ZERO; width * height],
            metal: vec![MAP_ZERO; width * height],
        };
        // The rim stays empty: curved shapes may reach a hair beyond their box.
        for line in 1..height - 1 {
            let mut before = Densities::default();
            for column in 1..width - 1 {
                let stacks = (0..RAYS * RAYS).map(|ray| {
                    let (x, y) = (column * RAYS + ray % RAYS, line * RAYS + ray / RAYS);
                    &rays[y * width * RAYS + x]
                });
                if stacks.clone().all(Vec::is_empty) {
                    continue;
                }
                let (mut low, mut high) = (0.0, 0.0);
                for stack in stacks {
                    let (low_here, high_here) = beam.transmission(stack.iter().copied());
                    (low, high) = (low + low_here, high + high_here);
                }
                let count_of_rays = (RAYS * RAYS) as f32;
                before = basis::equivalent(beam, low / count_of_rays, high / count_of_rays, before);
                let count = |areal: f32| (areal * 1_000.0 + f32::from(MAP_ZERO)).round() as u16;
                let at = line * width + column;
                (maps.organic[at], maps.metal[at]) = (count(before.organic), count(before.metal));
            }
        }
        maps
    }

    /// What every ray of a grid meets, g/cm².
    fn rays(&self, columns: usize, lines: usize) -> Vec<Vec<(Material, f32)>> {
        const STEP_MM: f32 = PITCH_MM / RAYS as f32;
        let mut stacks = vec![Vec::new(); columns * lines];
        for part in &self.assembly.parts {
            let scale = 0.1 * part.material.density() * part.fill;
            let corners = part.corners();
            let ends = |axis: usize, side: usize| {
                let at = |mm: f32| mm / STEP_MM + side as f32 * 0.5;
                let low = at(corners.iter().map(|corner| corner[axis]).fold(f32::MAX, f32::min));
                let high = at(corners.iter().map(|corner| corner[axis]).fold(f32::MIN, f32::max));
                (low.floor().max(0.0) as usize).min(side)..(high.ceil().max(0.0) as usize).min(side)
            };
            let up = part.pose.local_direction([0.0, 0.0, 1.0]);
            let middle = |at: usize, side: usize| (at as f32 + 0.5 - side as f32 * 0.5) * STEP_MM;
            for line in ends(1, lines) {
                for column in ends(0, columns) {
                    let point = [middle(column, columns), middle(line, lines), 0.0];
                    let chord = part.shape.chord(part.pose.local_point(point), up);
                    if chord > 0.0 {
                        stacks[line * columns + column].push((part.material, chord * scale));
                    }
                }
            }
        }
        stacks
    }
}

/// Air in front of the parcel's shadow in a picture (`detector`), millimetres.
const MARGIN_MM: f32 = 8.0;

/// Where a point of a scene is seen in its picture by a scanner that looks from above: columns and lines from the
/// picture's top left corner, the middle of the first pixel at (0.5, 0.5). `first_column` is the picture's. `None` for
/// other views.
pub fn seen_at(scene: &Scene, profile: &ScannerProfile, first_column: u32, point: Vector) -> Option<[f32; 2]> {
    if profile.view != View::FromAbove {
        return None;
    }
    let (pitch_mm, step_mm) = (profile.pitch_um as f32 * 1e-3, profile.belt_step_um as f32 * 1e-3);
    let shadow = point[0] * profile.source_height_mm / (profile.source_height_mm - point[2]).max(50.0);
    let column = (shadow + profile.tunnel_width_mm * 0.5) / pitch_mm - first_column as f32;
    Some([column, (point[1] - scene.bounds().0[1] + MARGIN_MM) / step_mm])
}

#[cfg(test)]
mod tests;
