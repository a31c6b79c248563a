//! From a scene to counts: areal densities on the detector's grid, transmission, blur, noise, quantisation.
//!
//! It stands alone as the only place that knows both a scene and a scanner. It refuses to brighten, sharpen or colour:
//! what it writes is what a flat- and dark-corrected line-scan machine would hand over.

use super::physics::{Beam, MATERIALS, Material};
use super::picture::{DualImage, Truth};
use super::profile::{ScannerProfile, View};
use super::random::{Random, mix};
use super::scene::Scene;
use super::shape::{Part, Pose, Shape};

/// Air left round the parcel's shadow, millimetres.
const MARGIN_MM: f32 = 8.0;
/// A target's outline is drawn where one of its parts is at least this thick, g/cm².
const TRUTH_AREAL: f32 = 0.03;

/// Columns across the belt and lines along it that an image covers, in the frame of its view: the source stands straight
/// above the middle of the detectors, which lie in the plane z = 0, and the belt runs along y.
#[derive(Clone, Copy, Debug)]
struct Grid {
    first_column: u32,
    width: usize,
    height: usize,
    pitch_mm: f32,
    step_mm: f32,
    /// Position along the belt of the first line, in the scene's frame.
    first_line_mm: f32,
    half_detectors_mm: f32,
    source_height_mm: f32,
}

/// From the scene's frame to the view's.
fn into_view(view: View, profile: &ScannerProfile) -> Pose {
    match view {
        View::FromAbove => Pose::at(0.0, 0.0, 0.0),
        View::FromBelow => Pose::turned(0.0, 0.0, std::f32::consts::PI).moved(0.0, 0.0, profile.tunnel_height_mm),
        View::FromSide => Pose::turned(0.0, 0.0, std::f32::consts::FRAC_PI_2).moved(
            -0.5 * profile.tunnel_height_mm,
            0.0,
            0.5 * profile.tunnel_width_mm,
        ),
    }
}

impl Grid {
    fn of(seen: &Seen, view: View, profile: &ScannerProfile) -> Grid {
        let (pitch_mm, step_mm) = (profile.pitch_um as f32 * 1e-3, profile.belt_step_um as f32 * 1e-3);
        let detectors_mm = match view {
            View::FromAbove | View::FromBelow => profile.tunnel_width_mm,
            // Up to where the shadow of what fills the tunnel falls.
            View::FromSide => profile.tunnel_height_mm * 2.2,
        };
        let mut grid = Grid {
            first_column: 0,
            width: 0,
            height: 0,
            pitch_mm,
            step_mm,
            first_line_mm: 0.0,
            half_detectors_mm: detectors_mm * 0.5,
            source_height_mm: profile.source_height_mm,
        };
        let (mut left, mut right) = (f32::MAX, f32::MIN);
        let (mut front, mut back) = (f32::MAX, f32::MIN);
        for corner in seen.wrapping.iter().filter(|part| part.fill > 0.0).flat_map(Part::corners) {
            let shadow = grid.shadow(corner[0], corner[2]);
            left = left.min(shadow);
            right = right.max(shadow);
            front = front.min(corner[1]);
            back = back.max(corner[1]);
        }
        let columns = (detectors_mm / pitch_mm) as i64;
        let column = |mm: f32| ((mm + grid.half_detectors_mm) / pitch_mm).round() as i64;
        let first = column(left - MARGIN_MM).clamp(0, columns - 1);
        let last = column(right + MARGIN_MM).clamp(first + 1, columns);
        grid.first_column = first as u32;
        grid.width = (last - first) as usize;
        grid.first_line_mm = front - MARGIN_MM;
        grid.height = (((back - front + 2.0 * MARGIN_MM) / step_mm).ceil() as usize).max(1);
        grid
    }

    /// Where the ray through (x, z) meets the detectors, on which the pitch is stated.
    fn shadow(&self, x: f32, z: f32) -> f32 {
        x * self.source_height_mm / (self.source_height_mm - z).max(50.0)
    }

    /// Position of a column's middle.
    fn column_mm(&self, column: usize) -> f32 {
        (self.first_column as f32 + column as f32 + 0.5) * self.pitch_mm - self.half_detectors_mm
    }

    /// Columns and lines a part may touch, as half-open ranges.
    fn reach(&self, part: &Part) -> ([usize; 2], [usize; 2]) {
        let (mut columns, mut lines) = ([f32::MAX, f32::MIN], [f32::MAX, f32::MIN]);
        for corner in part.corners() {
            let column = (self.shadow(corner[0], corner[2]) - self.column_mm(0)) / self.pitch_mm;
            let line = (corner[1] - self.first_line_mm) / self.step_mm;
            columns = [columns[0].min(column), columns[1].max(column)];
            lines = [lines[0].min(line), lines[1].max(line)];
        }
        let range = |ends: [f32; 2], size: usize| {
            let low = (ends[0].floor().max(0.0) as usize).min(size);
            [low, ((ends[1].ceil() + 1.0).max(0.0) as usize).clamp(low, size)]
        };
        (range(columns, self.width), range(lines, self.height))
    }
}

/// Areal densities, one plane per material the scene uses.
struct Planes {
    slots: [Option<usize>; MATERIALS],
    materials: Vec<Material>,
    areal: Vec<Vec<f32>>,
}

impl Planes {
    fn slot(&mut self, material: Material, pixels: usize) -> usize {
        *self.slots[material as usize].get_or_insert_with(|| {
            self.materials.push(material);
            self.areal.push(vec![0.0; pixels]);
            self.areal.len() - 1
        })
    }
}

/// A scene's parts in the frame of a view.
struct Seen {
    wrapping: Vec<Part>,
    contents: Vec<Part>,
}

impl Seen {
    fn of(scene: &Scene, view: View, profile: &ScannerProfile) -> Seen {
        let turn = into_view(view, profile);
        let turned = |parts: &[Part]| {
            parts.iter().map(|part| Part { pose: turn.over(&part.pose), ..part.clone() }).collect::<Vec<_>>()
        };
        Seen { wrapping: turned(&scene.wrapping.parts), contents: turned(&scene.contents.parts) }
    }
}

/// The image a scanner makes of a scene, its first view; the same arguments make the same image.
///
/// # Panics
/// When the profile's tube voltage is not in the spectra table (140 or 160 kV).
pub fn render(scene: &Scene, profile: &ScannerProfile, noise_seed: u64) -> DualImage {
    render_view(scene, profile, profile.view, noise_seed)
}

/// Every view a scanner has of a scene, the first one as [`render`] makes it.
///
/// # Panics
/// As [`render`].
pub fn render_views(scene: &Scene, profile: &ScannerProfile, noise_seed: u64) -> Vec<DualImage> {
    let second = profile.second_view.map(|view| render_view(scene, profile, view, mix(noise_seed ^ 2)));
    std::iter::once(render(scene, profile, noise_seed)).chain(second).collect()
}

/// One view of a scene.
///
/// # Panics
/// As [`render`].
pub fn render_view(scene: &Scene, profile: &ScannerProfile, view: View, noise_seed: u64) -> DualImage {
    let seen = Seen::of(scene, view, profile);
    let grid = Grid::of(&seen, view, profile);
    let planes = project(&seen, &grid);
    let truth = truths(scene, &seen, &grid, &planes);
    let beam = Beam::at(profile.kilovolts).expect("a tube voltage of the spectra table");
    let (mut low, mut high) = transmit(beam, &planes, grid.width * grid.height);
    for plane in [&mut low, &mut high] {
        blur(plane, &grid, profile);
    }
    let mut random = Random::new(noise_seed);
    let low = count(&low, &grid, profile, &mut random);
    let high = count(&high, &grid, profile, &mut random);
    DualImage {
        width: grid.width as u32,
        height: grid.height as u32,
        low,
        high,
        pitch_um: profile.pitch_at_belt_um(view),
        belt_step_um: profile.belt_step_um,
        air_level: profile.air_level,
        first_column: grid.first_column,
        truth,
    }
}

fn project(seen: &Seen, grid: &Grid) -> Planes {
    let mut planes = Planes { slots: [None; MATERIALS], materials: Vec::new(), areal: Vec::new() };
    for part in seen.wrapping.iter().chain(&seen.contents) {
        add_part(&mut planes, grid, part);
    }
    planes
}

/// The outline of every target, and how much lies over and under it.
fn truths(scene: &Scene, seen: &Seen, grid: &Grid, planes: &Planes) -> Vec<Truth> {
    let mut truth = Vec::new();
    let mut own = vec![0.0f32; if scene.targets.is_empty() { 0 } else { grid.width * grid.height }];
    for mark in &scene.targets {
        let parts = &seen.contents[mark.parts.clone()];
        let mut found: Option<[u32; 4]> = None;
        for part in parts {
            let outlined = part.fill > 0.0;
            rays(grid, part, |pixel, areal| {
                own[pixel] += areal;
                if outlined && areal >= TRUTH_AREAL {
                    let (x, y) = ((pixel % grid.width) as u32, (pixel / grid.width) as u32);
                    let all = found.unwrap_or([x, y, x + 1, y + 1]);
                    found = Some([all[0].min(x), all[1].min(y), all[2].max(x + 1), all[3].max(y + 1)]);
                }
            });
        }
        if let Some(pixels) = found {
            let (own_mg_cm2, over_mg_cm2) = thickness(&own, planes);
            truth.push(Truth { class: mark.class, pixels, own_mg_cm2, over_mg_cm2 });
        }
        own.fill(0.0);
    }
    truth
}

/// Mean areal density of a target where it is, and of everything else there, mg/cm².
fn thickness(own: &[f32], planes: &Planes) -> (u32, u32) {
    let (mut pixels, mut mine, mut all) = (0.0f64, 0.0f64, 0.0f64);
    for (pixel, &areal) in own.iter().enumerate().filter(|(_, areal)| **areal >= TRUTH_AREAL) {
        pixels += 1.0;
        mine += f64::from(areal);
        all += planes.areal.iter().map(|plane| f64::from(plane[pixel])).sum::<f64>();
    }
    let mean = |sum: f64| (1000.0 * sum / pixels.max(1.0)).max(0.0).round() as u32;
    (mean(mine), mean(all - mine))
}

/// A bar thinner than a pixel would fall between rays; it is widened at equal mass.
fn widened(part: &Part, grid: &Grid) -> Part {
    let least = 0.6 * grid.pitch_mm.max(grid.step_mm);
    match part.shape {
        Shape::Cylinder(radius, half) if radius < least => Part {
            shape: Shape::Cylinder(least, half),
            fill: part.fill * (radius / least).powi(2),
            material: part.material,
            pose: part.pose,
        },
        _ => part.clone(),
    }
}

/// Calls `visit(pixel index, areal density in g/cm²)` for every ray that a part meets.
fn rays(grid: &Grid, part: &Part, mut visit: impl FnMut(usize, f32)) {
    let part = widened(part, grid);
    let (columns, lines) = grid.reach(&part);
    let scale = 0.1 * part.material.density() * part.fill;
    let line_step = part.pose.local_direction([0.0, grid.step_mm, 0.0]);
    for column in columns[0]..columns[1] {
        let x = grid.column_mm(column);
        let length = (x * x + grid.source_height_mm * grid.source_height_mm).sqrt();
        let direction = part.pose.local_direction([-x / length, 0.0, grid.source_height_mm / length]);
        let y = grid.first_line_mm + (lines[0] as f32 + 0.5) * grid.step_mm;
        let mut point = part.pose.local_point([x, y, 0.0]);
        for line in lines[0]..lines[1] {
            let chord = part.shape.chord(point, direction);
            if chord > 0.0 {
                visit(line * grid.width + column, chord * scale);
            }
            point = [point[0] + line_step[0], point[1] + line_step[1], point[2] + line_step[2]];
        }
    }
}

fn add_part(planes: &mut Planes, grid: &Grid, part: &Part) {
    let slot = planes.slot(part.material, grid.width * grid.height);
    let plane = &mut planes.areal[slot];
    rays(grid, part, |pixel, areal| plane[pixel] += areal);
}

fn transmit(beam: &Beam, planes: &Planes, pixels: usize) -> (Vec<f32>, Vec<f32>) {
    let (mut low, mut high) = (vec![1.0; pixels], vec![1.0; pixels]);
    let mut stack = Vec::with_capacity(planes.materials.len());
    for pixel in 0..pixels {
        stack.clear();
        for (material, plane) in planes.materials.iter().zip(&planes.areal) {
            if plane[pixel] > 1e-5 {
                stack.push((*material, plane[pixel]));
            }
        }
        if !stack.is_empty() {
            (low[pixel], high[pixel]) = beam.transmission(stack.iter().copied());
        }
    }
    (low, high)
}

/// Light shared with the neighbours across the belt, and smear along it.
fn blur(plane: &mut [f32], grid: &Grid, profile: &ScannerProfile) {
    let share = profile.crosstalk;
    for line in plane.chunks_exact_mut(grid.width) {
        let mut before = line[0];
        for x in 0..line.len() {
            let here = line[x];
            let after = line[(x + 1).min(line.len() - 1)];
            line[x] = here + share * (before + after - 2.0 * here);
            before = here;
        }
    }
    for index in (grid.width..plane.len()).rev() {
        plane[index] += profile.motion * (plane[index - grid.width] - plane[index]);
    }
}

fn count(plane: &[f32], grid: &Grid, profile: &ScannerProfile, random: &mut Random) -> Vec<u16> {
    let gains: Vec<f32> = (0..grid.width).map(|_| 1.0 + profile.gain_spread * random.normal()).collect();
    let offsets: Vec<f32> = (0..grid.width).map(|_| 0.5 * profile.electronic_noise * random.normal()).collect();
    let to_counts = f32::from(profile.air_level) / profile.photons;
    let step = (1u32 << (16 - profile.bits.clamp(12, 16))) as f32;
    let mut counts = Vec::with_capacity(plane.len());
    for line in plane.chunks_exact(grid.width) {
        for ((passed, gain), offset) in line.iter().zip(&gains).zip(&offsets) {
            let photons = random.poisson(passed * profile.photons);
            let signal = (photons + profile.electronic_noise * random.normal() + offset) * gain * to_counts;
            counts.push(((signal / step).round() * step).clamp(0.0, f32::from(profile.saturation)) as u16);
        }
    }
    counts
}

#[cfg(test)]
mod tests;
