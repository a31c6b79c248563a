//! The picture that an item shall lie in: its light, its parcel's outline, its grain. Looked at once, before any place
//! is tried.
//!
//! Stands alone because it decides whether a picture is one to project into at all: two energies of counts, air around
//! a parcel, and the grain of the scanner that the library was made for.

use super::library::Scanner;
use super::noise::Noise;
use super::refused::Refused;
use crate::formats::{Geometry, Image, Planes, Source};

/// Side of a cell of the outline, micrometres.
const CELL_UM: u32 = 4_000;
/// A cell that takes this part of the light or more is parcel. Its mean over ten pixels has a grain of 0.2 %, and gain
/// correction leaves as much.
const PARCEL_ATTENUATION: f32 = 0.018;
/// Air that takes more of the light than this is no air: the air level is another one.
const AIR_ATTENUATION_MAX: f32 = 0.05;
/// Pairs of air pixels that say how large the grain is.
const PAIRS_MIN: usize = 500;
/// The grain's variance, in 1/1,000 of what the library's scanner has: beyond, the library is another scanner's.
const GRAIN_E3: std::ops::RangeInclusive<u32> = 600..=1_600;

pub(super) struct Ground<'a> {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) low: &'a [u16],
    pub(super) high: &'a [u16],
    /// The count of air.
    pub(super) air: f32,
    pub(super) pitch_mm: f32,
    pub(super) step_mm: f32,
    /// Counts come in multiples of this: a converter of fewer bits.
    pub(super) quantum: u16,
    pub(super) full_scale: u16,
    pub(super) noise: Noise,
    /// Measured grain ÷ the scanner's, in 1/1,000 of the variance.
    pub(super) grain_e3: u32,
    /// Columns that saw no light on any line: a diode that is dead is no lead.
    dead: Vec<bool>,
    cell: [usize; 2],
    columns: usize,
    inside: Vec<bool>,
}

impl<'a> Ground<'a> {
    pub(super) fn of(image: &'a Image, geometry: &Geometry, scanner: &Scanner) -> Result<Self, Refused> {
        let Planes::Dual { low, high } = &image.planes else { return Err(Refused::OneEnergy) };
        if image.source != Source::Counts {
            return Err(Refused::NoCounts);
        }
        if geometry.pitch_um == 0 || geometry.belt_step_um == 0 {
            return Err(Refused::NoSize);
        }
        let air = f32::from(geometry.air_level.unwrap_or(scanner.air_level).max(1));
        let quantum = low.iter().chain(high).fold(0, |divisor, &count| common_divisor(divisor, count)).max(1);
        let side = |um: u32, pixels: u32| (CELL_UM.div_ceil(um) as usize).min(pixels as usize).max(1);
        let cell = [side(geometry.pitch_um, image.width), side(geometry.belt_step_um, image.height)];
        let mut ground = Self {
            width: image.width as usize,
            height: image.height as usize,
            low,
            high,
            air,
            pitch_mm: geometry.pitch_um as f32 / 1_000.0,
            step_mm: geometry.belt_step_um as f32 / 1_000.0,
            quantum,
            full_scale: image.full_scale,
            noise: Noise::of(scanner, air, quantum),
            grain_e3: 0,
            dead: dead_columns(image.width as usize, low, high),
            cell,
            columns: (image.width as usize).div_ceil(cell[0]),
            inside: Vec::new(),
        };
        let dark = ground.cells();
        ground.inside = outline(&dark, ground.columns);
        if !ground.inside.contains(&true) {
            return Err(Refused::NoParcel);
        }
        ground.check_air()?;
        Ok(ground)
    }

    /// Whether each cell takes light, row by row.
    fn cells(&self) -> Vec<bool> {
        let rows = self.height.div_ceil(self.cell[1]);
        let mut sums = vec![(0.0f64, 0u32); self.columns * rows];
        let lines = self.low.chunks_exact(self.width).zip(self.high.chunks_exact(self.width));
        for (line, (low, high)) in lines.enumerate() {
            let row = line / self.cell[1] * self.columns;
            for (column, (&low, &high)) in low.iter().zip(high).enumerate() {
                let (sum, pixels) = &mut sums[row + column / self.cell[0]];
                *sum += f64::from(low) + f64::from(high);
                *pixels += 2;
            }
        }
        let bright = f64::from(self.air * (-PARCEL_ATTENUATION).exp());
        sums.into_iter().map(|(sum, pixels)| sum < bright * f64::from(pixels.max(1))).collect()
    }

    /// Air outside the outline must read as air, with the scanner's grain: the median, because a bag's film may lie there.
    fn check_air(&mut self) -> Result<(), Refused> {
        /// The median of squared normal numbers.
        const MEDIAN_OF_SQUARES: f32 = 0.455;
        let (mut light, mut squares) = (0.0f64, Vec::new());
        for line in 1..self.height {
            for column in (0..self.width).filter(|&column| self.is_air(column, line) && self.is_air(column, line - 1)) {
                let (at, before) = (line * self.width + column, (line - 1) * self.width + column);
                for plane in [self.low, self.high] {
                    let pair = [plane[at], plane[before]];
                    if pair.iter().any(|&count| count == 0 || count == self.full_scale) {
                        continue;
                    }
                    let [one, other] = pair.map(f32::from);
                    light += f64::from(one);
                    // The column's own gain is in both of a pair.
                    squares
                        .push((one - other) * (one - other) / (self.noise.variance(one) + self.noise.variance(other)));
                }
            }
        }
        let bright = f64::from(self.air * (-AIR_ATTENUATION_MAX).exp());
        if squares.len() < PAIRS_MIN || light / (squares.len() as f64) < bright {
            return Err(Refused::NoAir);
        }
        let middle = squares.len() / 2;
        let median = *squares.select_nth_unstable_by(middle, f32::total_cmp).1;
        self.grain_e3 = (1_000.0 * median / MEDIAN_OF_SQUARES).round().min(1e9) as u32;
        if GRAIN_E3.contains(&self.grain_e3) { Ok(()) } else { Err(Refused::OtherScanner { grain_e3: self.grain_e3 }) }
    }

    /// Outside the outline, and no neighbour of it.
    fn is_air(&self, column: usize, line: usize) -> bool {
        let (cell, row) = (column / self.cell[0], line / self.cell[1]);
        let rows = self.inside.len() / self.columns;
        (row.saturating_sub(1)..(row + 2).min(rows)).all(|row| {
            (cell.saturating_sub(1)..(cell + 2).min(self.columns)).all(|cell| !self.inside[row * self.columns + cell])
        })
    }

    /// Inside the parcel's outline.
    pub(super) fn is_inside(&self, column: usize, line: usize) -> bool {
        self.inside[line / self.cell[1] * self.columns + column / self.cell[0]]
    }

    /// In a column without light.
    pub(super) fn is_dead(&self, column: usize) -> bool {
        self.dead[column]
    }

    /// Middles of the cells inside the outline, in millimetres from the picture's top left corner.
    pub(super) fn places(&self) -> Vec<[f32; 2]> {
        let middle = |index: usize, cell: usize, side: f32| (index as f32 + 0.5) * cell as f32 * side;
        let inside = self.inside.iter().enumerate().filter(|&(_, &inside)| inside);
        inside
            .map(|(at, _)| {
                [
                    middle(at % self.columns, self.cell[0], self.pitch_mm),
                    middle(at / self.columns, self.cell[1], self.step_mm),
                ]
            })
            .collect()
    }

    /// Attenuation of both energies at a pixel; where no light came, of the least light there is.
    pub(super) fn attenuation(&self, at: usize) -> [f32; 2] {
        let least = self.noise.least_light();
        [self.low[at], self.high[at]].map(|count| (self.air / f32::from(count).max(least)).ln())
    }
}

fn dead_columns(width: usize, low: &[u16], high: &[u16]) -> Vec<bool> {
    let mut dead = vec![true; width];
    for plane in [low, high] {
        let mut lit = vec![false; width];
        for line in plane.chunks_exact(width) {
            lit.iter_mut().zip(line).for_each(|(lit, &count)| *lit |= count > 0);
        }
        dead.iter_mut().zip(lit).for_each(|(dead, lit)| *dead &= !lit);
    }
    dead
}

/// The largest thing in the picture, its holes filled: of cells that take light, what air does not reach from the
/// picture's edges.
fn outline(dark: &[bool], columns: usize) -> Vec<bool> {
    let rows = dark.len() / columns;
    let on_edge = |at: usize| {
        let (column, row) = (at % columns, at / columns);
        column == 0 || row == 0 || column + 1 == columns || row + 1 == rows
    };
    let mut air = vec![false; dark.len()];
    let mut open: Vec<usize> = (0..dark.len()).filter(|&at| on_edge(at) && !dark[at]).collect();
    open.iter().for_each(|&at| air[at] = true);
    while let Some(at) = open.pop() {
        for near in neighbours(at, columns, rows) {
            if !air[near] && !dark[near] {
                air[near] = true;
                open.push(near);
            }
        }
    }
    let mut best: Vec<usize> = Vec::new();
    let mut seen = air;
    for start in 0..dark.len() {
        if seen[start] {
            continue;
        }
        seen[start] = true;
        let mut group = vec![start];
        let mut next = 0;
        while next < group.len() {
            for near in neighbours(group[next], columns, rows) {
                if !seen[near] {
                    seen[near] = true;
                    group.push(near);
                }
            }
            next += 1;
        }
        if group.len() > best.len() {
            best = group;
        }
    }
    let mut inside = vec![false; dark.len()];
    best.into_iter().for_each(|at| inside[at] = true);
    inside
}

/// The up to four neighbours of a cell.
fn neighbours(at: usize, columns: usize, rows: usize) -> impl Iterator<Item = usize> {
    let (column, row) = (at % columns, at / columns);
    [
        (column > 0).then(|| at - 1),
        (column + 1 < columns).then_some(at + 1),
        (row > 0).then(|| at - columns),
        (row + 1 < rows).then_some(at + columns),
    ]
    .into_iter()
    .flatten()
}

fn common_divisor(one: u16, other: u16) -> u16 {
    let (mut one, mut other) = (one, other);
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}
