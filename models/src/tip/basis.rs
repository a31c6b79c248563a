//! Two materials for all: what a scanner's two energies see of so much plastic and so much steel, and back.
//!
//! Stands alone because it is arithmetic on a table that somebody else computed for one scanner: it knows no picture
//! and no item. Adding threats as areal densities through such a table keeps beam hardening, which multiplying two
//! pictures loses.

use crate::limits;
use serde::Deserialize;

/// `[basis]` of `library.toml`: attenuation on a grid of areal densities.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BasisTable {
    /// What the organic basis material is, for people.
    pub organic: String,
    /// What the metal one is.
    pub metal: String,
    /// Rising from 0, in mg/cm².
    pub organic_mg_cm2: Vec<u32>,
    /// The same of the metal.
    pub metal_mg_cm2: Vec<u32>,
    /// ln(air ÷ light) of the low energy in 1/100,000: one row for each areal density of metal, in it one value for
    /// each of the organic material.
    pub low_e5: Vec<Vec<u32>>,
    /// The same of the high energy.
    pub high_e5: Vec<Vec<u32>>,
}

/// Areal densities in g/cm². A noisy pixel of thin goods may be a little less than nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Areal {
    pub organic: f32,
    pub metal: f32,
}

impl Areal {
    pub fn plus(self, other: Self) -> Self {
        Self { organic: self.organic + other.organic, metal: self.metal + other.metal }
    }

    pub fn sum(self) -> f32 {
        self.organic + self.metal
    }
}

/// A table that can be read both ways.
#[derive(Clone, Debug)]
pub struct Basis {
    organic: Vec<f32>,
    metal: Vec<f32>,
    /// Low and high attenuation, metal row by metal row.
    attenuation: Vec<[f32; 2]>,
}

/// Where a value lies on a grid: the point before it, and how far on to the next (outside 0 to 1 beyond the ends).
#[derive(Clone, Copy)]
struct Spot {
    index: usize,
    part: f32,
    step: f32,
}

/// Attenuation and how it grows with either material, at one point.
struct Growth {
    here: [f32; 2],
    by_organic: [f32; 2],
    by_metal: [f32; 2],
}

/// How far below zero noise, or brass, may take a pixel, g/cm².
const ORGANIC_MIN: f32 = -4.0;
const METAL_MIN: f32 = -0.5;
/// The most that a table may speak of, mg/cm², and its attenuation, in 1/100,000.
const AREAL_MG_CM2_MAX: u32 = 200_000;
const ATTENUATION_E5_MAX: u32 = 8_000_000;

impl Basis {
    /// The table, every value looked at. The error says which key is wrong and what it may be.
    pub fn new(table: &BasisTable) -> Result<Self, String> {
        let grid = |key: &str, values: &[u32]| {
            let rising = values.first() == Some(&0) && values.is_sorted_by(|a, b| a < b);
            let bounded = (2..=limits::TIP_POINTS_MAX).contains(&values.len())
                && values.last().is_some_and(|&last| last <= AREAL_MG_CM2_MAX);
            if rising && bounded {
                return Ok(values.iter().map(|&value| value as f32 / 1_000.0).collect::<Vec<f32>>());
            }
            let most = limits::TIP_POINTS_MAX;
            Err(format!("basis.{key}: 2 to {most} areal densities, rising from 0 to at most {AREAL_MG_CM2_MAX}"))
        };
        let organic = grid("organic_mg_cm2", &table.organic_mg_cm2)?;
        let metal = grid("metal_mg_cm2", &table.metal_mg_cm2)?;
        for (key, rows) in [("low_e5", &table.low_e5), ("high_e5", &table.high_e5)] {
            if rows.len() != metal.len() || rows.iter().any(|row| row.len() != organic.len()) {
                return Err(format!("basis.{key}: {} rows of {} values belong there", metal.len(), organic.len()));
            }
            if rows.iter().flatten().any(|&value| value > ATTENUATION_E5_MAX) || rows[0][0] != 0 {
                return Err(format!("basis.{key}: values are 0 (the first) to {ATTENUATION_E5_MAX}"));
            }
        }
        let nepers = |value: &u32| *value as f32 / 100_000.0;
        let pairs = table.low_e5.iter().flatten().zip(table.high_e5.iter().flatten());
        let attenuation = pairs.map(|(low, high)| [nepers(low), nepers(high)]).collect();
        let basis = Self { organic, metal, attenuation };
        basis.check()?;
        Ok(basis)
    }

    /// In every cell more material must stop more light, and the metal the low energy more than the organic one does:
    /// else the table cannot be read backwards.
    fn check(&self) -> Result<(), String> {
        const APART: f32 = 1.005;
        for metal in 0..self.metal.len() - 1 {
            for organic in 0..self.organic.len() - 1 {
                let grows = [0.0, 1.0].into_iter().all(|part| {
                    let at = |index, grid: &[f32]| Spot { index, part, step: grid[index + 1] - grid[index] };
                    let growth = self.growth(at(organic, &self.organic), at(metal, &self.metal));
                    let [metal_low, metal_high] = growth.by_metal;
                    let [organic_low, organic_high] = growth.by_organic;
                    let rises = [metal_low, metal_high, organic_low, organic_high].iter().all(|&slope| slope > 0.0);
                    rises && metal_low * organic_high > APART * organic_low * metal_high
                });
                if !grows {
                    let (organic, metal) = (self.organic[organic] * 1_000.0, self.metal[metal] * 1_000.0);
                    return Err(format!(
                        "basis: from {organic} organic and {metal} metal (mg/cm2) on, light does not tell the two apart"
                    ));
                }
            }
        }
        Ok(())
    }

    /// Attenuation, ln(air ÷ light), of the low and the high energy. Beyond the grid straight on.
    pub fn attenuation(&self, areal: Areal) -> [f32; 2] {
        self.growth(spot(&self.organic, areal.organic), spot(&self.metal, areal.metal)).here
    }

    /// The areal densities that attenuate so: Newton's method, a handful of steps. What no mixture of the two does
    /// (lead, deep noise) comes out as the nearest that the grid's limits allow.
    pub fn areal(&self, attenuation: [f32; 2]) -> Areal {
        const STEPS_MAX: usize = 24;
        const CLOSE: f32 = 2e-5;
        let most = [self.organic[self.organic.len() - 1], self.metal[self.metal.len() - 1]];
        let mut areal = Areal::default();
        for _ in 0..STEPS_MAX {
            let growth = self.growth(spot(&self.organic, areal.organic), spot(&self.metal, areal.metal));
            let off = [attenuation[0] - growth.here[0], attenuation[1] - growth.here[1]];
            if off[0].abs().max(off[1].abs()) < CLOSE {
                break;
            }
            let [organic_low, organic_high] = growth.by_organic;
            let [metal_low, metal_high] = growth.by_metal;
            // Positive wherever `check` looked; the guard is for the straight lines beyond the grid.
            let determinant = (metal_low * organic_high - organic_low * metal_high).max(1e-6);
            let organic = (off[1] * metal_low - off[0] * metal_high) / determinant;
            let metal = (off[0] * organic_high - off[1] * organic_low) / determinant;
            areal.organic = (areal.organic + organic).clamp(ORGANIC_MIN, most[0]);
            areal.metal = (areal.metal + metal).clamp(METAL_MIN, most[1]);
        }
        areal
    }

    fn growth(&self, organic: Spot, metal: Spot) -> Growth {
        let width = self.organic.len();
        let at = |row: usize, column: usize| self.attenuation[(metal.index + row) * width + organic.index + column];
        let corners = [at(0, 0), at(0, 1), at(1, 0), at(1, 1)];
        let mut growth = Growth { here: [0.0; 2], by_organic: [0.0; 2], by_metal: [0.0; 2] };
        for energy in 0..2 {
            let [none, more_organic, more_metal, both] = corners.map(|corner| corner[energy]);
            let (thin, thick) = (more_organic - none, both - more_metal);
            let across = thin + (thick - thin) * metal.part;
            let (bare, covered) = (more_metal - none, both - more_organic);
            let along = bare + (covered - bare) * organic.part;
            growth.here[energy] = none + thin * organic.part + along * metal.part;
            growth.by_organic[energy] = across / organic.step;
            growth.by_metal[energy] = along / metal.step;
        }
        growth
    }
}

fn spot(grid: &[f32], value: f32) -> Spot {
    let index = grid.partition_point(|&point| point <= value).saturating_sub(1).min(grid.len() - 2);
    let step = grid[index + 1] - grid[index];
    Spot { index, part: (value - grid[index]) / step, step }
}
