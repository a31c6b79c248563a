//! Projected threats (TIP) against the same threats really lying there: what an officer is shown must be what a scanner
//! would have read.
//!
//! It stands alone because it does not trust the engine: the simulator renders a parcel with and without the item by
//! solids, rays and 48 energies, of which the engine knows a table for two materials and two maps. Errors are in units
//! of the grain, and the same figure of a second real picture stands beside each: about 1 is as good as real. Two
//! mutants must be told apart by it.
//!
//! `GATEPOST_CASES=60 cargo test -p gatepost-tests --no-default-features --features labels --test interop_tip -- --nocapture`

use std::collections::BTreeMap;

use gatepost_models::formats::{Geometry, Image};
use gatepost_models::tip::{Library, Place, Refused, Shown, Wish, project};
use gatepost_virtual::xray::profile::TRAINING;
use gatepost_virtual::xray::random::Random;
use gatepost_virtual::xray::shape::Pose;
use gatepost_virtual::xray::threats::{self, Threat, seen_at};
use gatepost_virtual::xray::{DualImage, ScannerProfile, Scene, ScenePlan, render};

fn wanted() -> usize {
    std::env::var("GATEPOST_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(60)
}

/// Low and high counts, as numbers.
type Planes = [Vec<f64>; 2];

/// One parcel with one item: what is there, what was read, what was projected, what mutants make of it.
struct Case {
    class: &'static str,
    width: usize,
    scanner: ScannerProfile,
    /// Without noise, with the item.
    clean: Planes,
    pictures: BTreeMap<&'static str, Planes>,
    /// Pixels where the item is.
    footprint: Vec<bool>,
    /// Lit pixels of the item, those of them away from every edge of its own, and lit pixels within two of its outline.
    body: Vec<usize>,
    flat: Vec<usize>,
    border: Vec<usize>,
}

const REAL: &str = "really there";
const PROJECTED: &str = "projected";
const MULTIPLIED: &str = "mutant: pictures multiplied";
const ADDED: &str = "mutant: counts added";
const SMOOTH: &str = "mutant: grain not redrawn";
const PICTURES: [&str; 5] = [REAL, PROJECTED, MULTIPLIED, ADDED, SMOOTH];

/// Counts whose light is below this share of air's say more of their own noise than of anything else.
const LIT: f64 = 0.01;

/// Fewer flat pixels than this say nothing of an item.
const FLAT_MIN: usize = 100;

fn planes(image: &DualImage) -> Planes {
    [&image.low, &image.high].map(|plane| plane.iter().map(|&count| f64::from(count)).collect())
}

/// What is shown, as the counts that it was made from.
fn counts_of(shown: &Shown, air_level: u16) -> Planes {
    let [width, height] = shown.size();
    let lights: Vec<[f32; 2]> =
        (0..width * height).map(|at| shown.light(at % width, at / width).expect("inside")).collect();
    let air = f32::from(air_level);
    [0, 1].map(|energy| lights.iter().map(|light| f64::from((light[energy] * air).round())).collect())
}

impl Case {
    /// `Err`: the engine found the place implausible.
    fn new(threat: &Threat, seed: u64, scanner: &ScannerProfile, library: &Library) -> Result<Self, Refused> {
        let plan = ScenePlan { size_mm_max: [420, 420, 200], ..ScenePlan::default() };
        let parcel = Scene::random(40_000 + seed, &plan);
        let mut random = Random::new(seed);
        let (low, high) = parcel.bounds();
        let shift = |random: &mut Random, axis: usize| {
            let slack = (high[axis] - low[axis]) * 0.12;
            (low[axis] + high[axis]) * 0.5 + random.range(-slack, slack)
        };
        let (yaw, x, y) = (random.range(-3.1, 3.1), shift(&mut random, 0), shift(&mut random, 1));
        let base = low[2] + 6.0;
        let pose = Pose::turned(yaw, 0.0, 0.0).moved(x, y, base);
        let with = parcel.with_target(threat.class, threat.design, &threat.assembly, &pose);
        let alone = parcel.emptied().with_target(threat.class, threat.design, &threat.assembly, &pose);
        let quiet = ScannerProfile { photons: 1e9, electronic_noise: 0.0, gain_spread: 0.0, ..*scanner };
        let without = render(&parcel, scanner, seed * 2 + 1);
        let middle_mm = base + threat.size()[2] * 0.5;
        let seen = seen_at(&parcel, scanner, without.first_column, [x, y, middle_mm]).expect("from above");
        let sides = [without.pitch_um, without.belt_step_um];
        let place = Place {
            middle_um: [0, 1].map(|axis| (seen[axis] * sides[axis] as f32) as i64),
            turned_mrad: (yaw * 1_000.0).round() as i32,
            mirrored: false,
            widened_e3: (1_000.0 * scanner.source_height_mm / (scanner.source_height_mm - middle_mm)).round() as u32,
        };
        let image = Image::from_planes(without.width, without.height, without.low.clone(), without.high.clone());
        let image = image.expect("a picture");
        let geometry = Geometry { pitch_um: sides[0], belt_step_um: sides[1], air_level: Some(without.air_level) };
        let wish = Wish { item: Some(&threat.name), seed, place: Some(place) };
        let projection = project(&image, &geometry, library, &wish)?;
        let projected = counts_of(projection.shown(), without.air_level);
        let (clean, clean_without) = (planes(&render(&with, &quiet, 1)), planes(&render(&parcel, &quiet, 1)));
        let (bag, item) = (planes(&without), planes(&render(&alone, scanner, seed * 2 + 90_001)));
        let air = f64::from(without.air_level);
        let mixed = |mix: fn(f64, f64, f64) -> f64| -> Planes {
            [0, 1].map(|energy| bag[energy].iter().zip(&item[energy]).map(|(&b, &i)| mix(b, i, air).max(0.0)).collect())
        };
        let smooth: Planes = [0, 1].map(|energy| {
            let ratios =
                clean[energy].iter().zip(&clean_without[energy]).map(|(with, without)| with / without.max(1.0));
            bag[energy].iter().zip(ratios).map(|(count, ratio)| count * ratio).collect()
        });
        let footprint: Vec<bool> =
            clean[1].iter().zip(&clean_without[1]).map(|(with, without)| with < &(0.99 * without)).collect();
        let pictures = BTreeMap::from([
            (REAL, planes(&render(&with, scanner, seed * 2 + 2))),
            (PROJECTED, projected),
            (MULTIPLIED, mixed(|bag, item, air| bag * item / air)),
            (ADDED, mixed(|bag, item, air| bag + item - air)),
            (SMOOTH, smooth),
        ]);
        let width = without.width as usize;
        let (body, border) = pixels(&footprint, width, &clean[1], LIT * air);
        let flat = flat(&body, width, &clean, &clean_without);
        Ok(Self {
            class: threat.class.name(),
            width,
            scanner: *scanner,
            clean,
            pictures,
            footprint,
            body,
            flat,
            border,
        })
    }

    /// The grain of a count, as the scanner has it (no gain spread: it is the same in both pictures).
    fn variance(&self, count: f64) -> f64 {
        let per_photon = f64::from(self.scanner.air_level) / f64::from(self.scanner.photons);
        per_photon * count.max(0.0) + (per_photon * f64::from(self.scanner.electronic_noise)).powi(2) + 1.0 / 12.0
    }

    /// Mean absolute error of attenuation, and root mean square of errors in units of the grain.
    fn errors(&self, picture: &str, energy: usize, pixels: &[usize]) -> [f64; 2] {
        let (mut nepers, mut squares) = (0.0, 0.0);
        for &at in pixels {
            let (count, clean) = (self.pictures[picture][energy][at].max(1.0), self.clean[energy][at].max(1.0));
            nepers += (count / clean).ln().abs();
            squares += (count - clean).powi(2) / self.variance(clean);
        }
        let pixels = pixels.len().max(1) as f64;
        [nepers / pixels, (squares / pixels).sqrt()]
    }

    /// The error at the item's outline as a part of the steps there: about how far, in pixels, the edge is off.
    fn border(&self, picture: &str) -> f64 {
        let (plane, clean) = (&self.pictures[picture][1], &self.clean[1]);
        let (mut off, mut steps) = (0.0, 0.0);
        for &at in &self.border {
            off += (plane[at] - clean[at]).abs();
            let nears = [at - 1, at + 1, at - self.width, at + self.width];
            steps += nears.into_iter().map(|near| (clean[near] - clean[at]).abs()).fold(0.0, f64::max);
        }
        off / steps.max(1.0)
    }

    /// What anybody could measure who has the picture alone: the median of squared second differences along the belt ÷
    /// what the counts there ask for. Smooth or doubled grain moves it.
    fn grain(&self, picture: &str) -> f64 {
        let plane = &self.pictures[picture][1];
        let mut found: Vec<f64> = self
            .flat
            .iter()
            .copied()
            .filter(|&at| self.footprint[at - self.width] && self.footprint[at + self.width])
            .map(|at| {
                let [before, here, after] = [at - self.width, at, at + self.width].map(|at| plane[at]);
                let asked = self.variance(before) + 4.0 * self.variance(here) + self.variance(after);
                (before - 2.0 * here + after).powi(2) / asked
            })
            .collect();
        found.sort_by(f64::total_cmp);
        found.get(found.len() / 2).copied().unwrap_or(0.455) / 0.455
    }

    /// The same of edges: the steepest step across the item's edge, of all steps there. A soft or a cut edge moves it.
    fn edge(&self, picture: &str) -> f64 {
        let plane = &self.pictures[picture][1];
        let (mut sum, mut edges) = (0.0, 0.0);
        for at in 4 * self.width..self.footprint.len() - 4 * self.width {
            if self.footprint[at] == self.footprint[at - self.width] {
                continue;
            }
            let column: Vec<f64> = (0..8).map(|line| plane[at + line * self.width - 4 * self.width]).collect();
            let steps: Vec<f64> = column.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
            let all: f64 = steps.iter().sum();
            if all > 12.0 * self.variance(plane[at]).sqrt() {
                sum += steps.iter().copied().fold(0.0, f64::max) / all;
                edges += 1.0;
            }
        }
        if edges > 0.0 { sum / edges } else { 0.0 }
    }
}

/// Lit pixels of the item, and lit pixels within two of its edge.
fn pixels(footprint: &[bool], width: usize, clean: &[f64], lit: f64) -> (Vec<usize>, Vec<usize>) {
    let height = footprint.len() / width;
    let (mut body, mut border) = (Vec::new(), Vec::new());
    for (at, &inside) in footprint.iter().enumerate().filter(|&(at, _)| clean[at] > lit) {
        let (x, y) = (at % width, at / width);
        if inside {
            body.push(at);
        }
        let mut lines = y.saturating_sub(2)..(y + 3).min(height);
        let columns = x.saturating_sub(2)..(x + 3).min(width);
        if lines.any(|line| footprint[line * width..][columns.clone()].iter().any(|&near| near != inside)) {
            border.push(at);
        }
    }
    (body, border)
}

/// Pixels of the body where the item lets as much light through as on the eight around: what is wrong there is wrong
/// with the physics; elsewhere a fifth of a pixel outweighs everything.
fn flat(body: &[usize], width: usize, clean: &Planes, without: &Planes) -> Vec<usize> {
    const STEP_MAX: f64 = 0.05;
    let taken = |at: usize| (without[1][at].max(1.0) / clean[1][at].max(1.0)).ln();
    let is_flat = |at: usize| {
        let lines = [at - width, at, at + width];
        lines.into_iter().flat_map(|at| [at - 1, at, at + 1]).all(|near| (taken(near) - taken(at)).abs() < STEP_MAX)
    };
    body.iter().copied().filter(|&at| is_flat(at)).collect()
}

/// The chance that one of the first is larger than one of the second: 0.5 where nobody could tell them apart.
fn auc(first: &[f64], second: &[f64]) -> f64 {
    let pairs = first.iter().flat_map(|one| second.iter().map(move |other| (one, other)));
    let won: f64 = pairs
        .map(|(one, other)| {
            if one > other {
                1.0
            } else if one == other {
                0.5
            } else {
                0.0
            }
        })
        .sum();
    won / (first.len() * second.len()) as f64
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[derive(Default)]
struct Figures {
    /// Root mean square error ÷ grain of the item's flat pixels, the worse energy, by picture.
    flat: BTreeMap<&'static str, f64>,
    /// Error at the outline, in pixels.
    border: BTreeMap<&'static str, f64>,
    grain_auc: BTreeMap<&'static str, f64>,
    edge_auc: BTreeMap<&'static str, f64>,
}

fn figures(cases: &[Case]) -> Figures {
    let mut figures = Figures::default();
    let all = |value: &dyn Fn(&Case) -> f64| cases.iter().map(value).collect::<Vec<f64>>();
    let (grain, edge) = (all(&|case| case.grain(REAL)), all(&|case| case.edge(REAL)));
    // Of a fine part hardly a pixel is flat.
    let flats: Vec<&Case> = cases.iter().filter(|case| case.flat.len() >= FLAT_MIN).collect();
    println!(
        "{:28} MAE nepers low/high (flat)          RMS / grain (flat)  outline  grain (AUC)    edge (AUC)",
        format!("{} cases with {} flat pixels", flats.len(), flats.iter().map(|case| case.flat.len()).sum::<usize>())
    );
    for picture in PICTURES {
        let body = [0, 1].map(|energy| mean(&all(&|case| case.errors(picture, energy, &case.body)[0])));
        let of_flat = |energy, which: usize| {
            mean(&flats.iter().map(|case| case.errors(picture, energy, &case.flat)[which]).collect::<Vec<_>>())
        };
        let flat = [0, 1].map(|energy| [0, 1].map(|which| of_flat(energy, which)));
        let border = mean(&all(&|case| case.border(picture)));
        let (grain_here, edge_here) = (all(&|case| case.grain(picture)), all(&|case| case.edge(picture)));
        let (grain_auc, edge_auc) = (auc(&grain, &grain_here), auc(&edge, &edge_here));
        println!(
            "{picture:28} {:.4} {:.4} ({:.4} {:.4})    {:.3} {:.3}         {border:.3}    {:.3} ({grain_auc:.3})  {:.3} ({edge_auc:.3})",
            body[0],
            body[1],
            flat[0][0],
            flat[1][0],
            flat[0][1],
            flat[1][1],
            mean(&grain_here),
            mean(&edge_here),
        );
        figures.flat.insert(picture, flat[0][1].max(flat[1][1]));
        figures.border.insert(picture, border);
        figures.grain_auc.insert(picture, grain_auc);
        figures.edge_auc.insert(picture, edge_auc);
    }
    for class in threats::CLASSES {
        let of: Vec<&&Case> = flats.iter().filter(|case| case.class == class.name()).collect();
        let rms = |picture, energy| {
            mean(&of.iter().map(|case| case.errors(picture, energy, &case.flat)[1]).collect::<Vec<_>>())
        };
        let (low, high) = (rms(PROJECTED, 0), rms(PROJECTED, 1));
        println!("  {:18} {:3} cases: flat RMS / grain {low:.3} {high:.3}", class.name(), of.len());
    }
    figures
}

fn cases(scanner: &ScannerProfile, library: &Library, threats: &[Threat]) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut refused: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..wanted() as u64 * 8 {
        if cases.len() == wanted() {
            break;
        }
        // A prime: all items come up, in no order.
        let threat = &threats[(seed as usize * 7_919) % threats.len()];
        match Case::new(threat, seed, scanner, library) {
            Ok(case) => cases.push(case),
            Err(Refused::NoPlace { unreal, .. }) => *refused.entry(format!("{unreal:?}")).or_default() += 1,
            // Letters of a sheet or two hardly show.
            Err(Refused::NoParcel) => *refused.entry("NoParcel".to_owned()).or_default() += 1,
            Err(other) => panic!("seed {seed}: {other}"),
        }
    }
    println!("{} cases; places refused meanwhile: {refused:?}", cases.len());
    assert_eq!(cases.len(), wanted(), "too many places were refused");
    cases
}

#[test]
fn a_projected_threat_is_read_as_a_real_one() {
    let threats = threats::draw(11, 1);
    let folder = tempfile::tempdir().expect("a folder");
    threats::write(&threats, &TRAINING[0], folder.path()).expect("a library");
    let library = Library::load(folder.path()).unwrap_or_else(|error| panic!("{error}"));
    println!("{} items for {}", library.items.len(), library.scanner.name);

    // Rays nearly parallel: the physics alone.
    println!("\nsource far away:");
    let far = ScannerProfile { source_height_mm: 30_000.0, ..TRAINING[0] };
    let figures_far = figures(&cases(&far, &library, &threats));
    println!("\n{} as it is, a fan of rays:", TRAINING[0].name);
    let figures_fan = figures(&cases(&TRAINING[0], &library, &threats));

    for figures in [&figures_far, &figures_fan] {
        assert!((figures.grain_auc[PROJECTED] - 0.5).abs() < 0.15, "grain: {}", figures.grain_auc[PROJECTED]);
        assert!((figures.grain_auc[SMOOTH] - 0.5).abs() > 0.25, "{SMOOTH}: {}", figures.grain_auc[SMOOTH]);
    }
    let (real, projected) = (figures_far.flat[REAL], figures_far.flat[PROJECTED]);
    assert!(projected < 1.5 * real, "{projected} for {real}");
    for mutant in [MULTIPLIED, ADDED] {
        assert!(figures_far.flat[mutant] > 1.5 * projected, "{mutant}: {}", figures_far.flat[mutant]);
    }
    assert!(figures_far.border[PROJECTED] < 0.5, "{}", figures_far.border[PROJECTED]);
}
