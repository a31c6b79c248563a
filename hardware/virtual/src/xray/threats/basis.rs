//! Polyethylene and steel for everything: mixtures that attenuate both energies as a stack of real materials does, and
//! the table by which a station, which knows no spectra, reads pictures the same way.

use super::super::physics::{Beam, Material};

/// Areal densities in g/cm².
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Densities {
    /// Polyethylene.
    pub organic: f32,
    /// Steel.
    pub metal: f32,
}

/// Attenuation of both materials together, on a grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// mg/cm², rising from 0.
    pub organic_mg_cm2: Vec<u32>,
    /// mg/cm², rising from 0.
    pub metal_mg_cm2: Vec<u32>,
    /// ln(air ÷ light) in 1/100,000, low and high energy: a row for each metal value.
    pub attenuation_e5: [Vec<Vec<u32>>; 2],
}

/// The most of either in a mixture, and the least plastic: with less than none, brass and copper are harder steel. A
/// map's 16 bits of mg/cm² hold both.
const MOST: f32 = 60.0;
const ORGANIC_LEAST: f32 = -4.0;

fn attenuation(beam: &Beam, densities: Densities) -> [f64; 2] {
    let (low, high) =
        beam.transmission([(Material::Polyethylene, densities.organic), (Material::Steel, densities.metal)]);
    [low, high].map(nepers)
}

fn nepers(light: f32) -> f64 {
    -f64::from(light.max(1e-30)).ln()
}

/// The mixture with these transmissions, looked for from a neighbour's. Where none is (lead, gold), the one material
/// alone that lets as much of the high energy through: that is what makes a pixel dark.
pub fn equivalent(beam: &Beam, low: f32, high: f32, near: Densities) -> Densities {
    const STEPS_MAX: usize = 40;
    const CLOSE: f64 = 2e-5;
    let wanted = [nepers(low), nepers(high)];
    let mut found = near;
    for _ in 0..STEPS_MAX {
        let here = attenuation(beam, found);
        let off = [wanted[0] - here[0], wanted[1] - here[1]];
        if off[0].abs().max(off[1].abs()) < CLOSE {
            return found;
        }
        // Slopes over a step that single precision resolves.
        let step = 0.02 + 0.01 * (found.organic.abs() + found.metal);
        let more_organic = attenuation(beam, Densities { organic: found.organic + step, ..found });
        let more_metal = attenuation(beam, Densities { metal: found.metal + step, ..found });
        let slope = |more: [f64; 2]| [0, 1].map(|energy| (more[energy] - here[energy]) / f64::from(step));
        let (organic, metal) = (slope(more_organic), slope(more_metal));
        let determinant = (metal[0] * organic[1] - organic[0] * metal[1]).max(1e-9);
        let add_organic = (off[1] * metal[0] - off[0] * metal[1]) / determinant;
        let add_metal = (off[0] * organic[1] - off[1] * organic[0]) / determinant;
        let moved = |from: f32, by: f64, least: f32| (from + by.clamp(-8.0, 8.0) as f32).clamp(least, MOST);
        let next = Densities {
            organic: moved(found.organic, add_organic, ORGANIC_LEAST),
            metal: moved(found.metal, add_metal, 0.0),
        };
        if next == found {
            break;
        }
        found = next;
    }
    let here = attenuation(beam, found);
    if (wanted[1] - here[1]).abs() < 0.005 && (wanted[0] - here[0]).abs() < 0.02 {
        return found;
    }
    // Harder than any mixture, or too dark for the numbers.
    let organic = alone(beam, wanted[1], |areal| Densities { organic: areal, metal: 0.0 });
    let metal = alone(beam, wanted[1], |areal| Densities { organic: 0.0, metal: areal });
    let far = |one: Densities| (attenuation(beam, one)[0] - wanted[0]).abs();
    if far(organic) < far(metal) { organic } else { metal }
}

/// So much of one material that the high energy is attenuated by `wanted`, by halving.
fn alone(beam: &Beam, wanted: f64, of: impl Fn(f32) -> Densities) -> Densities {
    let (mut least, mut most) = (0.0, MOST);
    for _ in 0..30 {
        let middle = 0.5 * (least + most);
        if attenuation(beam, of(middle))[1] < wanted { least = middle } else { most = middle }
    }
    of(0.5 * (least + most))
}

impl Table {
    /// Fine where attenuation bends (thin metal), coarse where it is nearly straight: between its points, linear
    /// reading is good to a thousandth of the light.
    pub fn of(beam: &Beam) -> Table {
        let organic_mg_cm2 = grid(400.0, 1.2, 80_000.0);
        let metal_mg_cm2 = grid(10.0, 1.09, 60_000.0);
        let row = |energy: usize, metal: u32| {
            organic_mg_cm2
                .iter()
                .map(|&organic| {
                    let grams = |mg: u32| mg as f32 * 1e-3;
                    let densities = Densities { organic: grams(organic), metal: grams(metal) };
                    (attenuation(beam, densities)[energy].max(0.0) * 1e5).round() as u32
                })
                .collect::<Vec<u32>>()
        };
        let attenuation_e5 = [0, 1].map(|energy| metal_mg_cm2.iter().map(|&metal| row(energy, metal)).collect());
        let mut table = Table { organic_mg_cm2, metal_mg_cm2, attenuation_e5 };
        // Nothing attenuates by nothing, whatever single precision makes of the sum of a spectrum.
        table.attenuation_e5.iter_mut().for_each(|energy: &mut Vec<Vec<u32>>| energy[0][0] = 0);
        table
    }
}

/// 0, then steps that begin at `first` and grow by `growth`, up to about `last`.
fn grid(first: f64, growth: f64, last: f64) -> Vec<u32> {
    let mut points = vec![0];
    let (mut at, mut step) = (first, first);
    while at < last {
        points.push(at.round() as u32);
        step *= growth;
        at += step;
    }
    points
}
