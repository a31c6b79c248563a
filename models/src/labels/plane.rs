//! Grey as real numbers, to restore: cut out, smooth, sharpen, undo a blur, enlarge.
//!
//! Plain arithmetic on rectangles. It knows nothing of codes, and nothing here grows beyond what it was given, but by the
//! factor that was asked for.

use super::decoder::Grey;

/// `width × height` values, row by row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plane {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) values: Vec<f32>,
}

impl Plane {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, height, values: vec![0.0; width * height] }
    }

    /// A rectangle of a picture, as far as it lies inside; with where its corner is.
    pub(super) fn cut(grey: Grey<'_>, middle: [f32; 2], half: f32) -> (Self, [f32; 2]) {
        let clamp = |value: f32, most: usize| (value.max(0.0) as usize).min(most);
        let (left, right) = (clamp(middle[0] - half, grey.width), clamp(middle[0] + half, grey.width));
        let (top, bottom) = (clamp(middle[1] - half, grey.height), clamp(middle[1] + half, grey.height));
        let rows = (top..bottom).flat_map(|y| &grey.pixels[y * grey.width + left..y * grey.width + right]);
        let plane =
            Self { width: right - left, height: bottom - top, values: rows.map(|&pixel| f32::from(pixel)).collect() };
        (plane, [left as f32, top as f32])
    }

    fn row(&self, y: usize) -> &[f32] {
        &self.values[y * self.width..(y + 1) * self.width]
    }

    /// The light of each place spread as a lens of this standard deviation spreads it.
    pub(super) fn blurred(&self, deviation: f32) -> Self {
        let taps = gauss(deviation);
        self.along_rows(&taps).along_columns(&taps)
    }

    fn along_rows(&self, taps: &[f32]) -> Self {
        let mut out = Self::new(self.width, self.height);
        for y in 0..self.height {
            let width = self.width;
            spread(self.row(y), taps, &mut out.values[y * width..(y + 1) * width]);
        }
        out
    }

    fn along_columns(&self, taps: &[f32]) -> Self {
        let reach = taps.len() / 2;
        let mut out = Self::new(self.width, self.height);
        for y in 0..self.height {
            let width = self.width;
            let row = &mut out.values[y * width..(y + 1) * width];
            for (index, &share) in taps.iter().enumerate() {
                let from = (y + index).saturating_sub(reach).min(self.height - 1);
                row.iter_mut().zip(self.row(from)).for_each(|(out, value)| *out += value * share);
            }
        }
        out
    }

    /// The same moved by a part of a pixel: what stood at `x + dx, y + dy`.
    fn moved(&self, dx: f32, dy: f32, share: f32, into: &mut Self) {
        let (left, top) = (dx.floor(), dy.floor());
        for (x, y, part) in [
            (left, top, (1.0 - (dx - left)) * (1.0 - (dy - top))),
            (left + 1.0, top, (dx - left) * (1.0 - (dy - top))),
            (left, top + 1.0, (1.0 - (dx - left)) * (dy - top)),
            (left + 1.0, top + 1.0, (dx - left) * (dy - top)),
        ] {
            let (x, y, share) = (x as isize, y as isize, part * share);
            if share < 1e-3 {
                continue;
            }
            for row in 0..self.height {
                let from = self.row(row.saturating_add_signed(y).min(self.height - 1));
                let to = &mut into.values[row * self.width..(row + 1) * self.width];
                let (skip, skip_to) = (x.max(0) as usize, (-x).max(0) as usize);
                let (skip, skip_to) = (skip.min(self.width), skip_to.min(self.width));
                // What lies outside is what lies at the edge.
                to[..skip_to].iter_mut().for_each(|out| *out += from[0] * share);
                to[self.width - skip..].iter_mut().for_each(|out| *out += from[self.width - 1] * share);
                let inside = self.width.saturating_sub(skip.max(skip_to));
                let shifted = &from[skip..skip + inside];
                to[skip_to..skip_to + inside].iter_mut().zip(shifted).for_each(|(out, value)| *out += value * share);
            }
        }
    }

    /// Smeared along a way.
    fn smeared(&self, smear: Smear) -> Self {
        let steps = smear.length.ceil().max(1.0) as usize;
        let mut out = Self::new(self.width, self.height);
        for step in 0..steps {
            let along = ((step as f32 + 0.5) / steps as f32 - 0.5) * smear.length;
            self.moved(along * smear.angle.cos(), along * smear.angle.sin(), 1.0 / steps as f32, &mut out);
        }
        out
    }

    /// Richardson and Lucy's way back from a blur that is its own mirror: a few rounds, because grain grows with each. `None`
    /// where time ended on the way, which is asked before each round.
    fn restored(&self, rounds: usize, blur: impl Fn(&Self) -> Self, in_time: &mut dyn FnMut() -> bool) -> Option<Self> {
        let lifted: Vec<f32> = self.values.iter().map(|value| value + 1.0).collect();
        let seen = Self { values: lifted, ..*self };
        let mut guess = seen.clone();
        for _ in 0..rounds {
            if !in_time() {
                return None;
            }
            let mut ratio = blur(&guess);
            ratio.values.iter_mut().zip(&seen.values).for_each(|(blurred, seen)| *blurred = seen / blurred.max(0.5));
            let correction = blur(&ratio);
            guess.values.iter_mut().zip(&correction.values).for_each(|(guess, factor)| *guess *= factor);
        }
        Some(guess)
    }

    pub(super) fn refocused(&self, deviation: f32, rounds: usize, in_time: &mut dyn FnMut() -> bool) -> Option<Self> {
        self.restored(rounds, |plane| plane.blurred(deviation), in_time)
    }

    pub(super) fn unsmeared(&self, smear: Smear, rounds: usize, in_time: &mut dyn FnMut() -> bool) -> Option<Self> {
        self.restored(rounds, |plane| plane.smeared(smear), in_time)
    }

    /// The mean of every `by` × `by` values.
    pub(super) fn reduced(&self, by: usize) -> Self {
        let mut out = Self::new(self.width / by, self.height / by);
        let share = 1.0 / (by * by) as f32;
        for y in 0..out.height * by {
            let to = &mut out.values[y / by * out.width..][..out.width];
            to.iter_mut()
                .zip(self.row(y).chunks_exact(by))
                .for_each(|(out, near)| *out += near.iter().sum::<f32>() * share);
        }
        out
    }

    /// Twice the size, straight between neighbours.
    pub(super) fn doubled(&self) -> Self {
        let (width, height) = (self.width * 2, self.height * 2);
        let mut wide = Self::new(width, self.height);
        for y in 0..self.height {
            let row = self.row(y);
            for (x, &value) in row.iter().enumerate() {
                let (before, after) = (row[x.saturating_sub(1)], row[(x + 1).min(self.width - 1)]);
                wide.values[y * width + 2 * x] = 0.75 * value + 0.25 * before;
                wide.values[y * width + 2 * x + 1] = 0.75 * value + 0.25 * after;
            }
        }
        let mut out = Self::new(width, height);
        for y in 0..height {
            let near = y / 2;
            let other = if y % 2 == 0 { near.saturating_sub(1) } else { (near + 1).min(self.height - 1) };
            let to = &mut out.values[y * width..(y + 1) * width];
            to.iter_mut()
                .zip(wide.row(near).iter().zip(wide.row(other)))
                .for_each(|(out, (a, b))| *out = 0.75 * a + 0.25 * b);
        }
        out
    }

    /// As 8-bit grey, from the darkest hundredth to the brightest.
    pub(super) fn grey(&self) -> Vec<u8> {
        let mut sorted: Vec<f32> = self.values.iter().step_by(7).copied().collect();
        if sorted.is_empty() {
            return Vec::new();
        }
        sorted.sort_unstable_by(f32::total_cmp);
        let (dark, bright) = (sorted[sorted.len() / 100], sorted[sorted.len() - 1 - sorted.len() / 100]);
        let factor = 255.0 / (bright - dark).max(1.0);
        self.values.iter().map(|value| ((value - dark) * factor).round().clamp(0.0, 255.0) as u8).collect()
    }
}

/// A straight motion while the shutter was open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Smear {
    pub(super) length: f32,
    /// Radians from the x axis.
    pub(super) angle: f32,
}

/// Shares of a Gaussian, the middle one in the middle.
pub(super) fn gauss(deviation: f32) -> Vec<f32> {
    let reach = (deviation * 2.6).ceil().clamp(1.0, 24.0) as i32;
    let shares: Vec<f32> = (-reach..=reach).map(|x| (-0.5 * (x as f32 / deviation).powi(2)).exp()).collect();
    let sum: f32 = shares.iter().sum();
    shares.iter().map(|share| share / sum).collect()
}

/// One row spread over its neighbours; what lies outside is what lies at the ends.
pub(super) fn spread(row: &[f32], taps: &[f32], out: &mut [f32]) {
    let (Some(&first), Some(&last)) = (row.first(), row.last()) else { return };
    let reach = taps.len() / 2;
    let mut padded = Vec::with_capacity(row.len() + 2 * reach);
    padded.extend(std::iter::repeat_n(first, reach));
    padded.extend_from_slice(row);
    padded.extend(std::iter::repeat_n(last, reach));
    out.fill(0.0);
    for (index, &share) in taps.iter().enumerate() {
        out.iter_mut().zip(&padded[index..]).for_each(|(out, value)| *out += value * share);
    }
}
