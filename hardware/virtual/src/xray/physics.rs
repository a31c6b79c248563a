//! What X-rays do in matter: materials, spectra, and the transmission of a stack of areal densities.
//!
//! It stands alone so that the physics can be checked against published tables without a scene or a detector. It
//! refuses scatter and monoenergetic short cuts: beam hardening is what a fixed pair of energies would hide.
//!
//! Numbers: `hardware/virtual/data` (NIST XCOM attenuation, SpekPy spectra behind an assumed sandwich detector).

use std::sync::OnceLock;

/// Energy bins of the forward model; a multiple of eight so that the inner loop fills vector registers.
pub const BINS: usize = 48;

/// Upper limits of the bins in keV: narrow where attenuation bends most, with a limit at each heavy K edge (tin 29,
/// gold 81, lead 88), because an average over an edge would let through what the metal stops.
const BIN_LIMITS: [f64; BINS] = [
    26.0, 29.0, 32.0, 35.0, 38.0, 41.0, 44.0, 47.0, 50.0, 53.0, 56.0, 58.0, 60.0, 62.0, 64.0, 66.0, 68.0, 70.0, 72.0,
    74.0, 76.0, 78.0, 81.0, 83.0, 85.0, 88.0, 90.0, 92.0, 94.0, 96.0, 98.0, 100.0, 102.0, 104.0, 107.0, 110.0, 113.0,
    116.0, 119.0, 122.0, 126.0, 130.0, 134.0, 138.0, 142.0, 146.0, 150.0, 1000.0,
];

macro_rules! materials {
    ($($(#[$doc:meta])* $name:ident = $key:literal),+ $(,)?) => {
        /// What things are made of. Soft goods use a solid's attenuation at a fraction of its density.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs)]
        pub enum Material { $($(#[$doc])* $name),+ }

        impl Material {
            /// Every material, in table order.
            pub const ALL: &[Material] = &[$(Material::$name),+];

            /// Its key in `data/attenuation.csv`.
            pub fn key(self) -> &'static str {
                match self { $(Material::$name => $key),+ }
            }
        }
    };
}

materials! {
    Polyethylene = "PE", Pvc = "PVC", Pet = "PET", Abs = "ABS", Nylon = "nylon6", Acrylic = "PMMA",
    Cellulose = "cellulose", Protein = "leather_protein", Water = "H2O", Ethanol = "ethanol", Sugar = "sucrose",
    Salt = "NaCl", Paracetamol = "paracetamol", CocaineSalt = "cocaineHCl", Tnt = "TNT", Rdx = "RDX",
    AmmoniumNitrate = "NH4NO3", BoneMineral = "hydroxyapatite", Glass = "sodalime", LeadGlass = "leadglass",
    CircuitBoard = "FR4", LithiumCell = "liion_cell", Aluminium = "Al", Titanium = "Ti", Steel = "Fe",
    Copper = "Cu", Brass = "brass", Zinc = "Zn", Silver = "Ag", Tin = "Sn", Gold = "Au", Lead = "Pb",
}

/// The number of materials.
pub const MATERIALS: usize = Material::ALL.len();

impl Material {
    /// Density of the solid in g/cm³.
    pub fn density(self) -> f32 {
        table().rows[self as usize].density as f32
    }

    /// K edge in keV where it lies inside the table; between two grid points the curve jumps there.
    fn edge_kev(self) -> Option<f64> {
        match self {
            Material::Silver => Some(25.514),
            Material::Tin => Some(29.200),
            Material::Gold => Some(80.725),
            Material::Lead | Material::LeadGlass => Some(88.005),
            _ => None,
        }
    }

    /// Mass attenuation in cm²/g at an energy in keV, interpolated log-log on the side of the K edge it is on.
    pub fn attenuation(self, energy_kev: f64) -> f64 {
        let table = table();
        let row = &table.rows[self as usize];
        let grid: Vec<usize> = (0..table.energies.len())
            .filter(|&i| match self.edge_kev() {
                Some(edge) => (table.energies[i] < edge) == (energy_kev < edge),
                None => true,
            })
            .collect();
        if grid.len() == 1 {
            // One point below the edge: photoelectric absorption falls with about the cube of the energy.
            return row.mass_attenuation[grid[0]] * (energy_kev / table.energies[grid[0]]).powf(-2.7);
        }
        let upper = grid.iter().position(|&i| table.energies[i] >= energy_kev).unwrap_or(grid.len() - 1).max(1);
        log_log(table, row, &grid, upper, energy_kev)
    }
}

/// The mean of the two parabolas in log-log through the point's interval and one neighbour: a straight line between
/// points 10 keV apart reads up to 1 % high where the photoelectric part gives way to scattering.
fn log_log(table: &Table, row: &Row, grid: &[usize], upper: usize, energy_kev: f64) -> f64 {
    let x = energy_kev.ln();
    let point = |i: usize| (table.energies[grid[i]].ln(), row.mass_attenuation[grid[i]].ln());
    let (x0, y0) = point(upper - 1);
    let (x1, y1) = point(upper);
    let slope = (y1 - y0) / (x1 - x0);
    let line = y0 + slope * (x - x0);
    if x < x0 || x > x1 {
        return line.exp();
    }
    let bend = |third: usize| {
        let (x2, y2) = point(third);
        ((y2 - y0) / (x2 - x0) - slope) / (x2 - x1)
    };
    let before = (upper >= 2).then(|| bend(upper - 2));
    let after = (upper + 1 < grid.len()).then(|| bend(upper + 1));
    let bend = match (before, after) {
        (Some(before), Some(after)) => 0.5 * (before + after),
        (one, other) => one.or(other).unwrap_or(0.0),
    };
    (line + bend * (x - x0) * (x - x1)).exp()
}

struct Row {
    density: f64,
    mass_attenuation: Vec<f64>,
}

struct Table {
    energies: Vec<f64>,
    rows: Vec<Row>,
}

/// The table is part of the source, so a fault in it is a fault of the build and found by any test.
fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut lines = numbers_of(include_str!("../../data/attenuation.csv"));
        let header = lines.next().expect("attenuation.csv has a header");
        let energies = header.split(',').skip(2).map(number).collect();
        let rows: Vec<(&str, Row)> = lines
            .map(|line| {
                let mut cells = line.split(',');
                let key = cells.next().unwrap_or_default();
                let density = number(cells.next().unwrap_or_default());
                (key, Row { density, mass_attenuation: cells.map(number).collect() })
            })
            .collect();
        assert!(
            rows.iter().map(|row| row.0).eq(Material::ALL.iter().map(|material| material.key())),
            "attenuation.csv and Material::ALL disagree"
        );
        Table { energies, rows: rows.into_iter().map(|row| row.1).collect() }
    })
}

fn numbers_of(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty())
}

fn number(cell: &str) -> f64 {
    cell.parse().expect("a number in a built-in table")
}

/// A tube and a sandwich detector, reduced to `BINS` energies.
#[derive(Debug)]
pub struct Beam {
    low: [f32; BINS],
    high: [f32; BINS],
    /// cm²/g, per material and bin.
    attenuation: Vec<[f32; BINS]>,
}

impl Beam {
    /// The beam at a tube voltage of the table (140 or 160 kV); `None` for any other.
    pub fn at(kilovolts: u32) -> Option<&'static Beam> {
        static BEAMS: OnceLock<[Beam; 2]> = OnceLock::new();
        let beams = BEAMS.get_or_init(|| [Beam::reduced(140), Beam::reduced(160)]);
        match kilovolts {
            140 => Some(&beams[0]),
            160 => Some(&beams[1]),
            _ => None,
        }
    }

    /// Merges the 1 keV bins of the table into `BINS`. A bin's attenuation is the mean over its 1 keV parts, weighted by
    /// what both channels detect there.
    fn reduced(kilovolts: u32) -> Beam {
        let lines: Vec<[f64; 3]> = numbers_of(include_str!("../../data/spectra.csv"))
            .skip(1)
            .filter_map(|line| {
                let cells: Vec<f64> = line.split(',').map(number).collect();
                (cells[0] as u32 == kilovolts).then(|| [cells[1], cells[2], cells[3]])
            })
            .collect();
        let mut beam = Beam { low: [0.0; BINS], high: [0.0; BINS], attenuation: vec![[0.0; BINS]; MATERIALS] };
        let mut weight = [0.0f64; BINS];
        let mut sums = vec![[0.0f64; BINS]; MATERIALS];
        for [energy, low, high] in lines {
            let bin = BIN_LIMITS.iter().position(|&limit| energy < limit).unwrap_or(BINS - 1);
            beam.low[bin] += low as f32;
            beam.high[bin] += high as f32;
            weight[bin] += low + high;
            for (sum, &material) in sums.iter_mut().zip(Material::ALL) {
                sum[bin] += (low + high) * material.attenuation(energy);
            }
        }
        for (row, sum) in beam.attenuation.iter_mut().zip(&sums) {
            for bin in 0..BINS {
                row[bin] = if weight[bin] > 0.0 { (sum[bin] / weight[bin]) as f32 } else { 0.0 };
            }
        }
        for channel in [&mut beam.low, &mut beam.high] {
            let total: f32 = channel.iter().sum();
            channel.iter_mut().for_each(|weight| *weight /= total);
        }
        beam
    }

    /// Transmission (low, high), each in 0..=1, through areal densities in g/cm² of the given materials.
    pub fn transmission(&self, stack: impl IntoIterator<Item = (Material, f32)>) -> (f32, f32) {
        let mut depth = [0.0f32; BINS];
        for (material, areal) in stack {
            let row = &self.attenuation[material as usize];
            for (depth, attenuation) in depth.iter_mut().zip(row) {
                *depth += areal * attenuation;
            }
        }
        let (mut low, mut high) = (0.0, 0.0);
        for ((depth, low_weight), high_weight) in depth.iter().zip(&self.low).zip(&self.high) {
            let passed = exp_negative(*depth);
            low += low_weight * passed;
            high += high_weight * passed;
        }
        (low, high)
    }
}

/// e^-x for x ≥ 0, relative error below 1e-5, in plain arithmetic so that it vectorises and reads the same everywhere.
#[inline]
fn exp_negative(x: f32) -> f32 {
    /// Adding and subtracting 1.5 × 2^23 rounds to a whole number, which is left in the low bits.
    const ROUNDER: f32 = 12_582_912.0;
    let scaled = (x * -std::f32::consts::LOG2_E).max(-120.0);
    let rounded = scaled + ROUNDER;
    let y = (scaled - (rounded - ROUNDER)) * std::f32::consts::LN_2;
    let series =
        1.0 + y * (1.0 + y * (0.5 + y * (1.0 / 6.0 + y * (1.0 / 24.0 + y * (1.0 / 120.0 + y * (1.0 / 720.0))))));
    let exponent = (rounded.to_bits() as i32).wrapping_sub(ROUNDER.to_bits() as i32) + 127;
    f32::from_bits((exponent as u32) << 23) * series
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected: `data/wedges.csv`, computed on the full 1 keV grid by another program.
    #[test]
    fn step_wedges_agree_with_the_published_model_within_two_percent() {
        let mut worst = (0.0f64, String::new());
        let mut steps = 0;
        for line in numbers_of(include_str!("../../data/wedges.csv")).skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            let beam = Beam::at(number(cells[0]) as u32).expect("140 and 160 kV");
            let material = Material::ALL.iter().find(|m| m.key() == cells[1]).expect("a known material");
            let areal = number(cells[2]) as f32;
            let (low, high) = beam.transmission([(*material, areal)]);
            for (ours, theirs) in [(low, number(cells[3])), (high, number(cells[4]))] {
                // Below a ten-thousandth the detector counts single photons: not a wedge step any more.
                if theirs >= 1e-4 {
                    let error = (f64::from(ours) / theirs - 1.0).abs();
                    if error > worst.0 {
                        worst = (error, line.to_string());
                    }
                    steps += 1;
                }
            }
        }
        println!("{steps} steps, worst {:.3} % at {}", worst.0 * 100.0, worst.1);
        assert!(steps > 300, "{steps} steps compared");
        assert!(worst.0 < 0.02, "{worst:?}");
    }

    #[test]
    fn dual_energy_ratio_orders_plastic_water_aluminium_and_steel() {
        let beam = Beam::at(160).expect("160 kV");
        let ratio = |material| {
            let (low, high) = beam.transmission([(material, 2.0)]);
            low.ln() / high.ln()
        };
        // xray-physics.md §3, R at 2 g/cm².
        for (material, expected) in [
            (Material::Polyethylene, 1.148),
            (Material::Sugar, 1.211),
            (Material::Water, 1.237),
            (Material::CocaineSalt, 1.344),
            (Material::Aluminium, 1.64),
            (Material::Steel, 2.08),
            (Material::Copper, 2.06),
            (Material::Tin, 1.65),
            (Material::Lead, 1.15),
        ] {
            assert!((ratio(material) - expected).abs() < 0.02, "{material:?}: {} for {expected}", ratio(material));
        }
    }

    #[test]
    fn exponential_is_close_and_never_negative() {
        for step in 0..4000 {
            let x = step as f32 * 0.02;
            let exact = f64::from(-x).exp();
            let ours = f64::from(exp_negative(x));
            assert!((ours / exact - 1.0).abs() < 1e-5, "{x}: {ours} for {exact}");
        }
        assert!(exp_negative(1e9) >= 0.0);
    }
}
