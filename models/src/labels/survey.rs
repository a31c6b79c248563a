//! Where in a picture codes might lie: how strongly and in which directions grey changes, cell by cell.
//!
//! Bar codes are where it changes along one direction over an oblong, matrix codes where it changes along all of them in a
//! square with less around. It finds places, not codes: the next stages turn places into tries, and a place that is print
//! costs a try.

use super::decoder::Grey;

/// Side of a cell in pixels of the surveyed picture.
const CELL: usize = 16;
/// Pixels above which a picture is surveyed at half, a third … of its size.
const PIXELS_FULL: usize = 2_500_000;
/// Places kept of each sort: the strongest.
const BARS_MAX: usize = 4;
const PATCHES_MAX: usize = 4;
/// Mean squared gradient (of a 3 × 3 operator) below which a cell is empty: about six grey levels of contrast.
const STRENGTH_MIN: f32 = 120.0;
/// Share of a bar cell's gradient that must point one way.
const ONE_WAY_MIN: f32 = 0.5;

/// Grey changes in a cell: the sums of a structure tensor, as means.
#[derive(Clone, Copy, Default)]
struct Cell {
    xx: f32,
    yy: f32,
    xy: f32,
}

impl Cell {
    fn strength(self) -> f32 {
        self.xx + self.yy
    }
    /// How much more it changes one way than the other.
    fn one_way(self) -> f32 {
        ((self.xx - self.yy).powi(2) + 4.0 * self.xy * self.xy).sqrt()
    }
    /// The way it changes most, in radians from the x axis, −π/2 to π/2.
    fn angle(self) -> f32 {
        0.5 * (2.0 * self.xy).atan2(self.xx - self.yy)
    }
    fn add(&mut self, other: Self) {
        self.xx += other.xx;
        self.yy += other.yy;
        self.xy += other.xy;
    }
}

/// An oblong of bars, in pixels of the picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bars {
    pub(super) middle: [f32; 2],
    /// Direction across the bars, in radians from the x axis.
    pub(super) angle: f32,
    /// Half its extent across the bars and along them.
    pub(super) across: f32,
    pub(super) along: f32,
}

/// An upright square that changes in all directions, in pixels of the picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patch {
    pub(super) middle: [f32; 2],
    /// Half its side.
    pub(super) half: f32,
    /// Share of its cells that change in all directions as strongly as anything in the picture.
    pub(super) full: f32,
}

pub(super) struct Survey {
    pub(super) bars: Vec<Bars>,
    pub(super) patches: Vec<Patch>,
}

/// Looks over a picture.
pub(super) fn survey(grey: Grey<'_>) -> Survey {
    let by = (1..).find(|by| grey.pixels.len() / (by * by) <= PIXELS_FULL).unwrap_or(1);
    let reduced = (by > 1).then(|| reduce(grey, by));
    let seen = reduced.as_ref().map_or(grey, |(width, height, pixels)| Grey { width: *width, height: *height, pixels });
    let (columns, rows) = (seen.width / CELL, seen.height / CELL);
    if columns < 3 || rows < 3 {
        return Survey { bars: Vec::new(), patches: Vec::new() };
    }
    let cells = cells(seen, columns, rows);
    let floor = floor(&cells);
    let grid = Grid { columns, rows, cells, floor };
    let scale = by as f32;
    let mut bars = grid.bars();
    for one in &mut bars {
        one.middle = one.middle.map(|place| place * scale);
        one.across *= scale;
        one.along *= scale;
    }
    let mut patches = grid.patches();
    for one in &mut patches {
        one.middle = one.middle.map(|place| place * scale);
        one.half *= scale;
    }
    Survey { bars, patches }
}

/// The mean of every `by` × `by` pixels.
pub(super) fn reduce(grey: Grey<'_>, by: usize) -> (usize, usize, Vec<u8>) {
    let (width, height) = (grey.width / by, grey.height / by);
    let mut pixels = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let row = |down: usize| &grey.pixels[(y * by + down) * grey.width + x * by..][..by];
            let sum: u32 = (0..by).flat_map(row).map(|&pixel| u32::from(pixel)).sum();
            pixels.push((sum / (by * by) as u32) as u8);
        }
    }
    (width, height, pixels)
}

fn cells(grey: Grey<'_>, columns: usize, rows: usize) -> Vec<Cell> {
    let width = grey.width;
    let mut cells = vec![Cell::default(); columns * rows];
    let (mut sums, mut steps) = (vec![0i32; width], vec![0i32; width]);
    // Every other line: neighbours tell the same.
    for y in (1..(rows * CELL).min(grey.height - 1)).step_by(2) {
        let line = |y: usize| &grey.pixels[y * width..(y + 1) * width];
        let (above, here, below) = (line(y - 1), line(y), line(y + 1));
        for x in 0..width {
            let (above, here, below) = (i32::from(above[x]), i32::from(here[x]), i32::from(below[x]));
            sums[x] = above + 2 * here + below;
            steps[x] = below - above;
        }
        for (column, cell) in cells[y / CELL * columns..][..columns].iter_mut().enumerate() {
            let (from, to) = ((column * CELL).max(1), ((column + 1) * CELL).min(width - 1));
            let (mut xx, mut yy, mut xy) = (0i32, 0i32, 0i32);
            for x in from..to {
                let right = sums[x + 1] - sums[x - 1];
                let down = steps[x - 1] + 2 * steps[x] + steps[x + 1];
                xx += right * right;
                yy += down * down;
                xy += right * down;
            }
            cell.add(Cell { xx: xx as f32, yy: yy as f32, xy: xy as f32 });
        }
    }
    let share = 1.0 / (CELL * CELL / 2) as f32;
    for cell in &mut cells {
        *cell = Cell { xx: cell.xx * share, yy: cell.yy * share, xy: cell.xy * share };
    }
    cells
}

/// What a sensor's grain alone makes: the strength of the emptiest tenth.
fn floor(cells: &[Cell]) -> f32 {
    let mut strengths: Vec<f32> = cells.iter().map(|cell| cell.strength()).collect();
    let place = strengths.len() / 10;
    *strengths.select_nth_unstable_by(place, f32::total_cmp).1
}

struct Grid {
    columns: usize,
    rows: usize,
    cells: Vec<Cell>,
    floor: f32,
}

impl Grid {
    fn is_bars(&self, at: usize) -> bool {
        let (one_way, signal) = (self.cells[at].one_way(), self.cells[at].strength() - self.floor);
        one_way > STRENGTH_MIN && one_way > ONE_WAY_MIN * signal && one_way > 0.15 * self.floor
    }

    /// Cells of bars that lie together and agree in direction, as oblongs; the strongest first.
    fn bars(&self) -> Vec<Bars> {
        let mut free: Vec<bool> = (0..self.cells.len()).map(|at| self.is_bars(at)).collect();
        let mut found: Vec<(f32, Bars)> = Vec::new();
        for start in 0..free.len() {
            if !free[start] {
                continue;
            }
            let group = self.group(start, &mut free);
            if let Some((strength, bars)) = self.oblong(&group) {
                found.push((strength, bars));
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        found.truncate(BARS_MAX);
        found.into_iter().map(|(_, bars)| bars).collect()
    }

    /// Takes the cells that hang together with `start`, two cells apart at most.
    fn group(&self, start: usize, free: &mut [bool]) -> Vec<usize> {
        let mut group = vec![start];
        free[start] = false;
        let mut next = 0;
        while let Some(&at) = group.get(next) {
            next += 1;
            let (column, row) = (at % self.columns, at / self.columns);
            for y in row.saturating_sub(2)..(row + 3).min(self.rows) {
                for x in column.saturating_sub(2)..(column + 3).min(self.columns) {
                    let near = y * self.columns + x;
                    if free[near] && apart(self.cells[at].angle(), self.cells[near].angle()) < 0.26 {
                        free[near] = false;
                        group.push(near);
                    }
                }
            }
        }
        group
    }

    fn oblong(&self, group: &[usize]) -> Option<(f32, Bars)> {
        if group.len() < 6 {
            return None;
        }
        let mut sum = Cell::default();
        group.iter().for_each(|&at| sum.add(self.cells[at]));
        let angle = sum.angle();
        let (cos, sin) = (angle.cos(), angle.sin());
        let places: Vec<(f32, f32, f32)> = group
            .iter()
            .map(|&at| {
                let middle = |cell: usize| (cell as f32 + 0.5) * CELL as f32;
                let (x, y) = (middle(at % self.columns), middle(at / self.columns));
                (x * cos + y * sin, y * cos - x * sin, self.cells[at].one_way())
            })
            .collect();
        let across = extent(places.iter().map(|place| (place.0, place.2)), 0.1);
        let along = extent(places.iter().map(|place| (place.1, place.2)), 0.35);
        let half = CELL as f32 * 0.5;
        let bars = Bars {
            middle: [0.5 * (across.0 + across.1), 0.5 * (along.0 + along.1)],
            angle,
            across: 0.5 * (across.1 - across.0) + half,
            along: 0.5 * (along.1 - along.0) + half,
        };
        let [u, v] = bars.middle;
        let bars = Bars { middle: [u * cos - v * sin, u * sin + v * cos], ..bars };
        // A line or an edge is long along itself and thin across.
        (bars.across > 32.0).then(|| (sum.one_way(), bars))
    }

    /// Squares that change in all directions, more than what is around them; the strongest first.
    fn patches(&self) -> Vec<Patch> {
        let width = self.columns + 1;
        let mut sums = vec![0.0f32; width * (self.rows + 1)];
        let top = self.cells.iter().map(|cell| cell.strength()).fold(0.0, f32::max);
        for row in 0..self.rows {
            for column in 0..self.columns {
                let cell = self.cells[row * self.columns + column];
                let all_ways = cell.strength() - self.floor * 1.5 - cell.one_way();
                // Strong cells count alike: a code is full of change, print only here and there.
                let share = (all_ways / (0.25 * top).max(STRENGTH_MIN)).clamp(0.0, 1.0);
                sums[(row + 1) * width + column + 1] =
                    share + sums[row * width + column + 1] + sums[(row + 1) * width + column]
                        - sums[row * width + column];
            }
        }
        let sum = |left: usize, top: usize, right: usize, bottom: usize| {
            sums[bottom * width + right] + sums[top * width + left]
                - sums[top * width + right]
                - sums[bottom * width + left]
        };
        let mut found: Vec<(f32, Patch)> = Vec::new();
        for side in 2..=24usize.min(self.columns).min(self.rows) {
            for top in 0..=self.rows - side {
                for left in 0..=self.columns - side {
                    let inside = sum(left, top, left + side, top + side);
                    let around = sum(
                        left.saturating_sub(1),
                        top.saturating_sub(1),
                        (left + side + 1).min(self.columns),
                        (top + side + 1).min(self.rows),
                    ) - inside;
                    let (full, edge) = (inside / (side * side) as f32, around / (4 * side + 4) as f32);
                    let score = (full - edge) * (side as f32).sqrt();
                    if full > 0.35 && score > 0.3 {
                        let middle = |from: usize| (from as f32 + side as f32 * 0.5) * CELL as f32;
                        let half = side as f32 * 0.5 * CELL as f32;
                        found.push((score, Patch { middle: [middle(left), middle(top)], half, full }));
                    }
                }
            }
        }
        strongest(found)
    }
}

/// The strongest squares that do not lie within each other.
fn strongest(mut found: Vec<(f32, Patch)>) -> Vec<Patch> {
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut kept: Vec<Patch> = Vec::new();
    for (_, one) in found {
        let apart = |other: &Patch| {
            let reach = (one.half.max(other.half)) * 0.9;
            (0..2).any(|axis| (one.middle[axis] - other.middle[axis]).abs() > reach)
        };
        if kept.len() < PATCHES_MAX && kept.iter().all(apart) {
            kept.push(one);
        }
    }
    kept
}

/// Angle between two directions without a sense, in radians.
fn apart(a: f32, b: f32) -> f32 {
    let turn = (a - b).abs() % std::f32::consts::PI;
    turn.min(std::f32::consts::PI - turn)
}

/// From where to where lie the places, without the ends that are weaker than `share` of the usual.
fn extent(places: impl Iterator<Item = (f32, f32)>, share: f32) -> (f32, f32) {
    const STEP: f32 = CELL as f32;
    let mut heights: Vec<(i32, f32)> = Vec::new();
    for (place, weight) in places {
        let step = (place / STEP).floor() as i32;
        match heights.iter_mut().find(|height| height.0 == step) {
            Some(height) => height.1 += weight,
            None => heights.push((step, weight)),
        }
    }
    let mut weights: Vec<f32> = heights.iter().map(|height| height.1).collect();
    let place = weights.len() * 3 / 4;
    let usual = *weights.select_nth_unstable_by(place, f32::total_cmp).1;
    let strong = heights.iter().filter(|height| height.1 >= usual * share).map(|height| height.0);
    let (low, high) = strong.fold((i32::MAX, i32::MIN), |(low, high), step| (low.min(step), high.max(step)));
    ((low as f32 + 0.5) * STEP, (high as f32 + 0.5) * STEP)
}
