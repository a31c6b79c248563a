//! Bars laid straight: an oblong of the picture, turned so that bars stand upright, and averaged along them.
//!
//! This is what a line scanner cannot do and an area sensor can: a bar is as long as it is high, so its grain can be
//! averaged away without losing an edge. Bands (parts of the height) are averaged apart, so that two of them can bear
//! witness to the same code.

use super::decoder::Grey;
use super::plane::{gauss, spread};
use super::survey::Bars;

/// Samples to a pixel across the bars.
const FINE: f32 = 2.0;
/// Samples across at most; longer oblongs are sampled coarser.
const SAMPLES_MAX: f32 = 2_400.0;
/// Lines along the bars at most.
const LINES_MAX: f32 = 160.0;
/// Bands whose skew is looked for.
const BANDS: usize = 8;
/// Sub-samples to a sample when edges are placed.
pub(super) const EDGES: usize = 4;

/// Averages of bands, upright; the first sample of each is the same place across.
pub(super) struct Strip {
    /// The oblong as it was sampled.
    pub(super) bars: Bars,
    /// Half of what the survey saw across, in pixels.
    seen: f32,
    /// How alike neighbouring slices of its height are, 0 to 1: print is not, bars are.
    pub(super) alike: f32,
    /// Pixels to a sample.
    step: f32,
    /// One profile for each of [`BANDS`] equal parts of the height, skew taken out.
    bands: Vec<Vec<f32>>,
}

impl Strip {
    /// Samples the oblong and what is around its ends: quiet zones, and bars that the survey found too weak. Of its height
    /// only what shows the same bars throughout: print above or below is left out. `None` where slices of its height are
    /// less alike than `alike_min`, which costs little to know.
    pub(super) fn new(grey: Grey<'_>, bars: Bars, alike_min: f32) -> Option<Self> {
        let (bars, alike) = steady(grey, bars);
        (alike >= alike_min).then(|| Self::sampled(grey, bars, alike))
    }

    fn sampled(grey: Grey<'_>, bars: Bars, alike: f32) -> Self {
        let reach = bars.across * 1.12 + 24.0;
        let step = (1.0 / FINE).max(2.0 * reach / SAMPLES_MAX);
        let samples = (2.0 * reach / step) as usize;
        let lines = (2.0 * bars.along).clamp(BANDS as f32, LINES_MAX) as usize;
        let (cos, sin) = (bars.angle.cos(), bars.angle.sin());
        let mut bands = vec![vec![0.0f32; samples]; BANDS];
        let mut counts = [0.0f32; BANDS];
        for line in 0..lines {
            let share = (line as f32 + 0.5) / lines as f32;
            let band = (share * BANDS as f32) as usize;
            let v = (share * 2.0 - 1.0) * bars.along;
            counts[band] += 1.0;
            let (x0, y0) = (bars.middle[0] - v * sin - reach * cos, bars.middle[1] + v * cos - reach * sin);
            add_line(grey, (x0, y0), (cos * step, sin * step), &mut bands[band]);
        }
        for (band, count) in bands.iter_mut().zip(counts) {
            band.iter_mut().for_each(|value| *value /= count.max(1.0));
        }
        let mut strip = Self { bars: Bars { across: reach, ..bars }, seen: bars.across, alike, step, bands };
        strip.straighten();
        strip
    }

    /// Takes out what is left of skew, and of bars that fan out: the two numbers that make the bands agree best.
    fn straighten(&mut self) {
        let samples = self.bands[0].len() as f32;
        let halves: Vec<Halves> = self.bands.iter().map(|band| Halves::of(band)).collect();
        let score = |skew: f32, fan: f32| {
            let mut sum = vec![0.0f32; self.bands[0].len() / 2];
            halves.iter().enumerate().for_each(|(index, half)| half.add(&mut sum, band_height(index), skew, fan));
            sum.iter().zip(&sum[2..]).map(|(before, after)| (after - before).powi(2)).sum::<f32>()
        };
        let (mut best, mut skew, mut fan) = (score(0.0, 0.0), 0.0f32, 0.0f32);
        // Samples of shift at the top and bottom band; a degree off at 50 pixels is one pixel.
        for (reach, pace) in [(12.0f32, 1.5f32), (1.0, 0.5)] {
            let (skew_from, fan_from) = (skew, fan);
            let paces = (reach / pace) as i32;
            for turn in -paces..=paces {
                for spread in -(paces / 2)..=paces / 2 {
                    let tried = (skew_from + turn as f32 * pace, fan_from + spread as f32 * pace);
                    let found = score(tried.0, tried.1);
                    if found > best {
                        (best, skew, fan) = (found, tried.0, tried.1);
                    }
                }
            }
        }
        for (index, band) in self.bands.iter_mut().enumerate() {
            let height = band_height(index);
            let moved: Vec<f32> = (0..band.len())
                .map(|at| {
                    let across = at as f32 / samples * 2.0 - 1.0;
                    at_place(band, at as f32 + height * (skew + fan * across))
                })
                .collect();
            *band = moved;
        }
    }

    /// Averages of `parts` equal parts of the height.
    pub(super) fn parts(&self, parts: usize) -> Vec<Vec<f32>> {
        let each = BANDS / parts;
        let average = |bands: &[Vec<f32>]| {
            let mut sum = vec![0.0f32; bands[0].len()];
            for band in bands {
                sum.iter_mut().zip(band).for_each(|(sum, value)| *sum += value / bands.len() as f32);
            }
            sum
        };
        self.bands.chunks(each).take(parts).map(average).collect()
    }

    /// The corners of the bars that the survey saw.
    pub(super) fn code_corners(&self) -> [[f32; 2]; 4] {
        let samples = self.bands[0].len() as f32;
        let aside = (self.bars.across - self.seen) / self.step;
        self.corners(aside, samples - aside)
    }

    /// Grey across those bars, one value a pixel, of the band in the middle.
    pub(super) fn pixels_across(&self) -> Vec<f32> {
        let band = &self.bands[BANDS / 2];
        let aside = ((self.bars.across - self.seen) / self.step) as usize;
        let pace = (1.0 / self.step).round().max(1.0) as usize;
        band[aside.min(band.len() / 2)..band.len() - aside.min(band.len() / 2)].iter().step_by(pace).copied().collect()
    }

    /// Pixels to a sample.
    pub(super) fn step(&self) -> f32 {
        self.step
    }

    /// Where a code lies in the picture: from one place across to another, in samples, over the oblong's whole height.
    pub(super) fn corners(&self, from: f32, to: f32) -> [[f32; 2]; 4] {
        let (cos, sin) = (self.bars.angle.cos(), self.bars.angle.sin());
        let place = |sample: f32, side: f32| {
            let u = sample * self.step - self.bars.across;
            let v = side * self.bars.along;
            [self.bars.middle[0] + u * cos - v * sin, self.bars.middle[1] + u * sin + v * cos]
        };
        // Read against the direction across, its top is the other side.
        let up = if to >= from { -1.0 } else { 1.0 };
        [place(from, up), place(to, up), place(to, -up), place(from, -up)]
    }
}

/// Samples by which a band is moved at most, while skew is looked for.
const MOVED_MAX: usize = 24;
/// Every second sample of a band is moved together with so many next to it.
const TOGETHER: usize = 16;

/// A band's even and odd samples apart, so that its every second sample, moved, is a run of neighbours; its ends repeated.
struct Halves([Vec<f32>; 2]);

impl Halves {
    fn of(band: &[f32]) -> Self {
        let sample = |at: usize| band[at.saturating_sub(MOVED_MAX).min(band.len() - 1)];
        Self([0, 1].map(|odd| (0..band.len() / 2 + MOVED_MAX).map(|half| sample(2 * half + odd)).collect()))
    }

    /// Adds the band's every second sample, moved by its share of skew and fan.
    fn add(&self, sum: &mut [f32], height: f32, skew: f32, fan: f32) {
        let samples = (2 * sum.len()) as f32;
        for (block, sums) in sum.chunks_mut(TOGETHER).enumerate() {
            let first = 2 * block * TOGETHER;
            let across = (first + TOGETHER) as f32 / samples * 2.0 - 1.0;
            let moved = (height * (skew + fan * across)).round() as isize;
            let at = (first + MOVED_MAX).saturating_add_signed(moved.clamp(-(MOVED_MAX as isize), MOVED_MAX as isize));
            sums.iter_mut().zip(&self.0[at % 2][at / 2..]).for_each(|(sum, value)| *sum += value);
        }
    }
}

/// Slices of an oblong's height that are compared with each other.
const SLICES: usize = 24;

/// The part of an oblong's height in which neighbouring slices look alike, and how alike: none where no part is.
fn steady(grey: Grey<'_>, bars: Bars) -> (Bars, f32) {
    let (cos, sin) = (bars.angle.cos(), bars.angle.sin());
    let samples = (2.0 * bars.across) as usize;
    let tall = 2.0 * bars.along / SLICES as f32;
    if samples < 16 || tall < 0.5 {
        return (bars, 0.0);
    }
    let lines = tall.clamp(1.0, 3.0) as usize;
    let slope = |slice: usize| {
        let mut sum = vec![0.0f32; samples];
        for line in 0..lines {
            let v = (slice as f32 + (line as f32 + 0.5) / lines as f32) * tall - bars.along;
            let corner = (bars.middle[0] - v * sin - bars.across * cos, bars.middle[1] + v * cos - bars.across * sin);
            add_line(grey, corner, (cos, sin), &mut sum);
        }
        let mut smooth = vec![0.0; samples];
        spread(&sum, &gauss(0.8), &mut smooth);
        smooth.windows(3).map(|near| near[2] - near[0]).collect::<Vec<f32>>()
    };
    let slopes: Vec<Vec<f32>> = (0..SLICES).map(slope).collect();
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let alike: Vec<f32> = slopes
        .windows(2)
        .map(|pair| dot(&pair[0], &pair[1]) / (dot(&pair[0], &pair[0]) * dot(&pair[1], &pair[1])).sqrt().max(1.0))
        .collect();
    let usual = alike.iter().copied().fold(0.0, f32::max) * 0.6;
    let (mut best, mut from) = ((0, 0), 0);
    for at in 0..=alike.len() {
        if at == alike.len() || alike[at] < usual {
            if at - from > best.1 - best.0 {
                best = (from, at);
            }
            from = at + 1;
        }
    }
    if best.1 - best.0 < 2 {
        return (bars, 0.0);
    }
    let mean = alike[best.0..best.1].iter().sum::<f32>() / (best.1 - best.0) as f32;
    // Both ends are whole slices of bars.
    let (top, bottom) = (best.0 as f32 * tall - bars.along, (best.1 + 1) as f32 * tall - bars.along);
    let (v, along) = (0.5 * (top + bottom), 0.5 * (bottom - top));
    (Bars { middle: [bars.middle[0] - v * sin, bars.middle[1] + v * cos], along, ..bars }, mean)
}

/// Where a band stands, −1 to 1.
fn band_height(index: usize) -> f32 {
    (index as f32 + 0.5) / BANDS as f32 * 2.0 - 1.0
}

/// Adds grey along a line; what lies outside the picture is what lies at its edge.
fn add_line(grey: Grey<'_>, (x0, y0): (f32, f32), (dx, dy): (f32, f32), band: &mut [f32]) {
    let (most_x, most_y) = (grey.width as f32 - 1.001, grey.height as f32 - 1.001);
    let last = band.len() as f32;
    let is_inside = |from: f32, step: f32, most: f32| {
        let to = from + step * last;
        from.min(to) >= 1.0 && from.max(to) <= most - 1.0
    };
    if is_inside(x0, dx, most_x) && is_inside(y0, dy, most_y) {
        return add_line_inside(grey, (x0, y0), (dx, dy), band);
    }
    for (at, value) in band.iter_mut().enumerate() {
        let x = (x0 + dx * at as f32).clamp(0.0, most_x);
        let y = (y0 + dy * at as f32).clamp(0.0, most_y);
        let (left, top) = (x as usize, y as usize);
        *value += between(grey, top * grey.width + left, x - left as f32, y - top as f32);
    }
}

/// The same where nothing lies outside: in steps of a 65,536th of a pixel, which need no care for each sample.
fn add_line_inside(grey: Grey<'_>, (x0, y0): (f32, f32), (dx, dy): (f32, f32), band: &mut [f32]) {
    const ONE: f32 = 65_536.0;
    let [mut x, mut y, step_x, step_y] = [x0, y0, dx, dy].map(|place| (place * ONE) as i64);
    let share = |place: i64| (place & 0xFFFF) as f32 * (1.0 / ONE);
    for value in band {
        *value += between(grey, (y >> 16) as usize * grey.width + (x >> 16) as usize, share(x), share(y));
        x += step_x;
        y += step_y;
    }
}

/// Grey between four pixels, by the shares of the right and of the lower ones.
fn between(grey: Grey<'_>, corner: usize, right: f32, down: f32) -> f32 {
    let pair = |at: usize| match grey.pixels.get(at..at + 2) {
        Some(&[one, other]) => (f32::from(one), f32::from(other)),
        _ => (0.0, 0.0),
    };
    let (upper, lower) = (pair(corner), pair(corner + grey.width));
    let upper = upper.0 + (upper.1 - upper.0) * right;
    let lower = lower.0 + (lower.1 - lower.0) * right;
    upper + (lower - upper) * down
}

fn at_place(row: &[f32], place: f32) -> f32 {
    let place = place.clamp(0.0, row.len() as f32 - 1.001);
    let left = place as usize;
    row[left] + (row[left + 1] - row[left]) * (place - left as f32)
}

/// A profile with a blur of this standard deviation (in samples) undone.
pub(super) fn refocused(profile: &[f32], deviation: f32, rounds: usize) -> Vec<f32> {
    let taps = gauss(deviation);
    let low = profile.iter().copied().fold(f32::MAX, f32::min);
    let seen: Vec<f32> = profile.iter().map(|value| value - low + 1.0).collect();
    let mut guess = seen.clone();
    let (mut ratio, mut correction) = (vec![0.0; seen.len()], vec![0.0; seen.len()]);
    for _ in 0..rounds {
        spread(&guess, &taps, &mut ratio);
        ratio.iter_mut().zip(&seen).for_each(|(blurred, seen)| *blurred = seen / blurred.max(0.1));
        spread(&ratio, &taps, &mut correction);
        guess.iter_mut().zip(&correction).for_each(|(guess, factor)| *guess *= factor);
    }
    guess
}

/// A profile as bars and spaces, [`EDGES`] times as fine: each sample against the middle between the darkest and the
/// brightest nearby.
pub(super) fn black_and_white(profile: &[f32], nearby: usize) -> Vec<u8> {
    let (low, high) = (lowest(profile, nearby), lowest(&negated(profile), nearby));
    let smooth = gauss(nearby as f32 / 4.0);
    let middle: Vec<f32> = low.iter().zip(&high).map(|(low, high)| 0.5 * (low - high)).collect();
    let mut threshold = vec![0.0; middle.len()];
    spread(&middle, &smooth, &mut threshold);
    let above: Vec<f32> = profile.iter().zip(&threshold).map(|(value, threshold)| value - threshold).collect();
    let fine = (0..profile.len() * EDGES).map(|at| at_place(&above, at as f32 / EDGES as f32));
    fine.map(|value| if value > 0.0 { 255 } else { 0 }).collect()
}

fn negated(values: &[f32]) -> Vec<f32> {
    values.iter().map(|value| -value).collect()
}

/// The lowest value within `nearby` samples on either side.
fn lowest(values: &[f32], nearby: usize) -> Vec<f32> {
    // Lowest of blocks, then of neighbouring blocks: coarse, and as good.
    let blocks: Vec<f32> =
        values.chunks(nearby.max(1)).map(|block| block.iter().copied().fold(f32::MAX, f32::min)).collect();
    (0..values.len())
        .map(|at| {
            let block = at / nearby.max(1);
            let near = block.saturating_sub(1)..(block + 2).min(blocks.len());
            blocks[near].iter().copied().fold(f32::MAX, f32::min)
        })
        .collect()
}
