//! From a scene to counts: areal densities on the detector's grid, transmission, blur, noise, quantisation.
//!
//! It stands alone as the only place that knows both a scene and a scanner. It refuses to brighten, sharpen or colour:
//! what it writes is what a flat- and dark-corrected line-scan machine would hand over.

use super::physics::{Beam, MATERIALS, Material};
use super::picture::{DualImage, Truth};
use super::profile::ScannerProfile;
use super::random::Random;
use super::scene::Scene;
use super::shape::{Part, Shape};

/// Air left round the parcel's shadow, millimetres.
const MARGIN_MM: f32 = 8.0;
/// A target's outline is drawn where one of its parts is at least this thick, g/cm².
const TRUTH_AREAL: f32 = 0.03;

/// Columns across the belt and lines along it that an image covers.
#[derive(Clone, Copy, Debug)]
struct Grid {
    first_column: u32,
    width: usize,
    height: usize,
    pitch_mm: f32,
    step_mm: f32,
    /// Position along the belt of the first line, in the scene's frame.
    first_line_mm: f32,
    half_tunnel_mm: f32,
    source_height_mm: f32,
}

impl Grid {
    fn of(scene: &Scene, profile: &ScannerProfile) -> Grid {
        let (pitch_mm, step_mm) = (profile.pitch_um as f32 * 1e-3, profile.belt_step_um as f32 * 1e-3);
        let mut grid = Grid {
            first_column: 0,
            width: 0,
            height: 0,
            pitch_mm,
            step_mm,
            first_line_mm: 0.0,
            half_tunnel_mm: profile.tunnel_width_mm * 0.5,
            source_height_mm: profile.source_height_mm,
        };
        let (mut left, mut right) = (f32::MAX, f32::MIN);
        let (mut front, mut back) = (f32::MAX, f32::MIN);
        for corner in scene.wrapping.parts.iter().filter(|part| part.fill > 0.0).flat_map(Part::corners) {
            let shadow = grid.shadow(corner[0], corner[2]);
            left = left.min(shadow);
            right = right.max(shadow);
            front = front.min(corner[1]);
            back = back.max(corner[1]);
        }
        let columns = (profile.tunnel_width_mm / pitch_mm) as i64;
        let column = |mm: f32| ((mm + grid.half_tunnel_mm) / pitch_mm).round() as i64;
        let first = column(left - MARGIN_MM).clamp(0, columns - 1);
        let last = column(right + MARGIN_MM).clamp(first + 1, columns);
        grid.first_column = first as u32;
        grid.width = (last - first) as usize;
        grid.first_line_mm = front - MARGIN_MM;
        grid.height = (((back - front + 2.0 * MARGIN_MM) / step_mm).ceil() as usize).max(1);
        grid
    }

    /// Where the ray through (x, z) meets the belt plane, on which the pitch is stated.
    fn shadow(&self, x: f32, z: f32) -> f32 {
        x * self.source_height_mm / (self.source_height_mm - z).max(50.0)
    }

    /// Belt-plane position of a column's middle.
    fn column_mm(&self, column: usize) -> f32 {
        (self.first_column as f32 + column as f32 + 0.5) * self.pitch_mm - self.half_tunnel_mm
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

/// The image a scanner makes of a scene; the same arguments make the same image.
///
/// # Panics
/// When the profile's tube voltage is not in the spectra table (140 or 160 kV).
pub fn render(scene: &Scene, profile: &ScannerProfile, noise_seed: u64) -> DualImage {
    let grid = Grid::of(scene, profile);
    let (planes, truth) = project(scene, &grid);
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
        pitch_um: profile.pitch_um,
        belt_step_um: profile.belt_step_um,
        air_level: profile.air_level,
        first_column: grid.first_column,
        truth,
    }
}

fn project(scene: &Scene, grid: &Grid) -> (Planes, Vec<Truth>) {
    let mut planes = Planes { slots: [None; MATERIALS], materials: Vec::new(), areal: Vec::new() };
    for part in scene.wrapping.parts.iter().chain(&scene.contents.parts) {
        add_part(&mut planes, grid, part);
    }
    let mut truth = Vec::new();
    for mark in &scene.targets {
        let mut found: Option<[u32; 4]> = None;
        for part in scene.contents.parts[mark.parts.clone()].iter().filter(|part| part.fill > 0.0) {
            if let Some([x0, y0, x1, y1]) = outline(grid, part) {
                let all = found.unwrap_or([x0, y0, x1, y1]);
                found = Some([all[0].min(x0), all[1].min(y0), all[2].max(x1), all[3].max(y1)]);
            }
        }
        if let Some(pixels) = found {
            truth.push(Truth { class: mark.class, pixels });
        }
    }
    (planes, truth)
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

fn outline(grid: &Grid, part: &Part) -> Option<[u32; 4]> {
    let mut found: Option<[u32; 4]> = None;
    rays(grid, part, |pixel, areal| {
        if areal >= TRUTH_AREAL {
            let (x, y) = ((pixel % grid.width) as u32, (pixel / grid.width) as u32);
            let all = found.unwrap_or([x, y, x + 1, y + 1]);
            found = Some([all[0].min(x), all[1].min(y), all[2].max(x + 1), all[3].max(y + 1)]);
        }
    });
    found
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
            counts.push(((signal / step).round() * step).clamp(0.0, 65_535.0) as u16);
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::super::profile::{TESTING, TRAINING};
    use super::super::scene::ScenePlan;
    use super::super::targets::Class;
    use super::*;

    fn plan(targets: Vec<Class>) -> ScenePlan {
        ScenePlan { targets, size_mm_max: [300, 300, 150], ..ScenePlan::default() }
    }

    #[test]
    fn the_same_seeds_make_the_same_image_and_other_noise_another() {
        let scene = Scene::random(3, &plan(vec![Class::Firearm]));
        let image = render(&scene, &TRAINING[0], 9);
        assert_eq!(image, render(&scene, &TRAINING[0], 9));
        let other = render(&scene, &TRAINING[0], 10);
        assert_ne!(image.low, other.low);
        assert_eq!(image.truth, other.truth);
    }

    #[test]
    fn every_target_is_outlined_inside_the_image_of_every_scanner() {
        for (seed, class) in Class::ALL.into_iter().enumerate() {
            for profile in TRAINING.iter().chain([&TESTING]) {
                let scene = Scene::random(seed as u64, &plan(vec![class]));
                let image = render(&scene, profile, 1);
                assert_eq!(image.truth.len(), scene.targets.len(), "{class:?} {}", profile.name);
                for truth in &image.truth {
                    let [x0, y0, x1, y1] = truth.pixels;
                    assert!(x0 < x1 && y0 < y1 && x1 <= image.width && y1 <= image.height, "{truth:?}");
                }
                // The outline along the belt is the true size, not magnified.
                let target = &scene.targets[0];
                let lines = (image.truth[0].pixels[3] - image.truth[0].pixels[1]) * profile.belt_step_um / 1000;
                assert!(lines <= target.box_mm[3] - target.box_mm[1] + 8, "{lines} mm for {target:?}");
            }
        }
    }

    #[test]
    fn a_parcel_as_wide_as_the_scanner_takes_keeps_air_on_every_side() {
        for profile in TRAINING.iter().chain([&TESTING]) {
            let size_mm_max = [profile.widest_mm(250), 400, 250];
            for seed in 0..6 {
                let scene = Scene::random(seed, &ScenePlan { size_mm_max, ..ScenePlan::default() });
                let image = render(&scene, profile, seed);
                let (width, air) = (image.width as usize, u32::from(image.air_level) * 97 / 100);
                let sides = image.high.chunks_exact(width).flat_map(|line| [line[0], line[1], line[width - 1]]);
                let ends = image.high[..width].iter().chain(&image.high[image.high.len() - width..]).copied();
                assert!(sides.chain(ends).all(|value| u32::from(value) > air - 2500), "{} {seed}", profile.name);
            }
        }
    }

    #[test]
    fn mass_from_areal_density_agrees_with_the_scale() {
        for seed in 0..4 {
            let scene = Scene::random(seed, &plan(vec![Class::DenseObject]));
            let far = ScannerProfile { source_height_mm: 1e5, belt_step_um: 700, pitch_um: 700, ..TRAINING[0] };
            let grid = Grid::of(&scene, &far);
            let (planes, _) = project(&scene, &grid);
            let areal: f64 = planes.areal.iter().flatten().map(|&a| f64::from(a)).sum();
            let grams = areal * f64::from(grid.pitch_mm * grid.step_mm) * 1e-2;
            let error = grams / f64::from(scene.mass_g) - 1.0;
            println!("seed {seed}: {grams:.1} g in the image, {} g on the scale", scene.mass_g);
            assert!(error.abs() < 0.03, "seed {seed}: {grams} g for {} g", scene.mass_g);
        }
    }

    #[test]
    fn air_reads_the_air_level_and_lead_reads_near_nothing() {
        let scene = Scene::random(4, &plan(vec![Class::Opaque]));
        let image = render(&scene, &TRAINING[0], 2);
        let corner: f64 = image.high[..8].iter().map(|&v| f64::from(v)).sum::<f64>() / 8.0;
        assert!((corner / f64::from(image.air_level) - 1.0).abs() < 0.02, "{corner}");
        let darkest = image.high.iter().min().copied().unwrap_or_default();
        assert!(f64::from(darkest) < 0.01 * f64::from(image.air_level), "{darkest}");
    }
}
