//! A tiny threat library and a picture that it fits, for tests: nobody would be trained with a bar and a slab.
//!
//! Stands alone so that tests of the engine, of the command and of the reader need no simulator. One energy each, so
//! that what must come out can be said with a pencil.

use super::library::{LIBRARY, Scanner};
use super::noise::Noise;
use crate::formats::{Image, encode_png16};
use crate::random_graph::SplitMix;
use std::fmt::Write;
use std::path::Path;

/// Attenuation in cm²/g, low and high energy.
pub const ORGANIC: [f32; 2] = [0.20, 0.17];
pub const METAL: [f32; 2] = [1.0, 0.45];
/// The steel bar, in g/cm², and the plastic slab.
pub const BAR: f32 = 1.6;
pub const SLAB: f32 = 4.0;
/// The picture's pixels, columns and lines, micrometres; its air.
pub const PITCH_UM: u32 = 1_500;
pub const STEP_UM: u32 = 1_000;
pub const AIR: u16 = 60_000;
const PHOTONS: u32 = 40_000;
const ZERO: u16 = 1_000;

/// The library's files: `library.toml` last.
pub fn files() -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut items = String::new();
    for (name, class, size, organic, metal) in
        [("bar", "blade", [64, 18], 0.0, BAR), ("slab", "explosive_device", [46, 36], SLAB, 0.0)]
    {
        let map = |areal: f32| {
            let [width, height]: [u32; 2] = size;
            let inside = |at: u32| (2..width - 2).contains(&(at % width)) && (2..height - 2).contains(&(at / width));
            let count = |at: u32| ZERO + if inside(at) { (areal * 1_000.0) as u16 } else { 0 };
            let samples: Vec<u16> = (0..width * height).map(count).collect();
            encode_png16(width, height, &samples).unwrap_or_default()
        };
        let _in_memory = write!(
            items,
            "\n[[items]]\nname = \"{name}\"\nclass = \"{class}\"\ndesign = \"{name}\"\nwidth = {}\nheight = {}\nheight_mm = 10\n",
            size[0], size[1]
        );
        for (material, areal) in [("organic", organic), ("metal", metal)] {
            let (file, bytes) = (format!("{name}.{material}.png"), map(areal));
            let digest = blake3::hash(&bytes).to_hex();
            let _in_memory = write!(items, "{material} = \"{file}\"\n{material}_digest = \"{digest}\"\n");
            files.push((file, bytes));
        }
    }
    files.push((LIBRARY.to_owned(), (head() + &items).into_bytes()));
    files
}

/// `library.toml` without its items.
fn head() -> String {
    let grid: [u32; 4] = [0, 1_000, 10_000, 50_000];
    let rows = |energy: usize| -> String {
        let at = |organic: u32, metal: u32| {
            (100.0 * (ORGANIC[energy] * organic as f32 + METAL[energy] * metal as f32)).round() as u32
        };
        grid.map(|metal| format!("{:?}, ", grid.map(|organic| at(organic, metal)))).concat()
    };
    format!(
        "format = 1\nmap_pitch_um = 1000\nmap_unit_e3 = 1000\nmap_zero = {ZERO}\n\n[scanner]\nname = \"sample\"\n\
         kilovolts = 160\npitch_um = {PITCH_UM}\nbelt_step_um = {STEP_UM}\nair_level = {AIR}\nphotons = {PHOTONS}\n\
         electronic_e3 = 4000\ncrosstalk_e3 = 60\nmotion_e3 = 150\n\n[basis]\norganic = \"plastic\"\nmetal = \"steel\"\n\
         organic_mg_cm2 = {grid:?}\nmetal_mg_cm2 = {grid:?}\nlow_e5 = [{}]\nhigh_e5 = [{}]\n",
        rows(0),
        rows(1)
    )
}

/// Writes the library into a folder, which must be there.
pub fn write_into(folder: &Path) -> std::io::Result<()> {
    files().into_iter().try_for_each(|(name, bytes)| std::fs::write(folder.join(name), bytes))
}

/// A carton with two things in it, 200 columns and 240 lines, grainy as the library's scanner has it.
pub fn picture(seed: u64) -> Image {
    let scanner = Scanner {
        name: String::new(),
        kilovolts: 160,
        pitch_um: PITCH_UM,
        belt_step_um: STEP_UM,
        air_level: AIR,
        photons: PHOTONS,
        electronic_e3: 4_000,
        crosstalk_e3: 0,
        motion_e3: 0,
    };
    let noise = Noise::of(&scanner, f32::from(AIR), 1);
    let mut random = SplitMix::new(seed);
    let plane = |energy: usize, random: &mut SplitMix| -> Vec<u16> {
        let areal = |at: u32| {
            let (column, line) = (at % 200, at / 200);
            let inside = |x: std::ops::Range<u32>, y: std::ops::Range<u32>| x.contains(&column) && y.contains(&line);
            let carton = if inside(20..180, 20..220) { 0.25 } else { 0.0 };
            let (paper, tin) = (if inside(40..120, 40..120) { 2.5 } else { 0.0 }, inside(130..160, 120..180));
            [carton + paper, if tin { 0.8 } else { 0.0 }]
        };
        let attenuation = |at: u32| ORGANIC[energy] * areal(at)[0] + METAL[energy] * areal(at)[1];
        // Many photons, of which so many come through: the same grain as a scanner's.
        let bright = f32::from(AIR) * 1_000.0;
        let dark = |at: u32, random: &mut SplitMix| {
            noise.through(bright, (-attenuation(at)).exp() / 1_000.0, random).round() as u16
        };
        (0..200 * 240).map(|at| dark(at, random)).collect()
    };
    let low = plane(0, &mut random);
    let high = plane(1, &mut random);
    Image {
        width: 200,
        height: 240,
        bits: 16,
        full_scale: u16::MAX,
        planes: crate::formats::Planes::Dual { low, high },
        source: crate::formats::Source::Counts,
        stated: crate::formats::Stated::default(),
    }
}
