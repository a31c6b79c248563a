//! The camera: where each pixel looks, and what lens, motion, light, sensor and packing make of it.

use super::Hand;
use super::look::Look;
use super::paper::{DOTS, Sheet};
use crate::xray::random::Random;

/// Pixels of a picture.
pub const WIDTH: usize = 1_280;
pub const HEIGHT: usize = 800;
/// What the code keeps from the picture's edges.
const MARGIN: f32 = 6.0;
/// Looks per pixel and axis.
const LOOKS: usize = 3;

/// From dots of paper to pixels: rotation and scale about the code's middle, perspective, a shift.
struct View {
    middle: [f32; 2],
    scale: f32,
    turn: (f32, f32),
    perspective: [f32; 2],
    shift: [f32; 2],
    bend: f32,
    wide: f32,
}

impl View {
    fn new(sheet: &Sheet, look: &Look, random: &mut Random) -> Self {
        let [left, top, right, bottom] = sheet.code;
        let angle = look.angle_deg.to_radians();
        let half = WIDTH as f32 * 0.5;
        let mut view = Self {
            middle: [(left + right) * 0.5, (top + bottom) * 0.5],
            scale: look.module / DOTS,
            turn: (angle.cos(), angle.sin()),
            perspective: look.perspective.map(|growth| growth / half),
            shift: [0.0; 2],
            bend: look.bend,
            wide: sheet.width as f32,
        };
        let corners =
            |view: &Self| [[left, top], [right, top], [right, bottom], [left, bottom]].map(|dot| view.pixel(dot));
        for axis in 0..2 {
            let size = [WIDTH as f32, HEIGHT as f32][axis];
            let extent = |view: &Self| {
                let places = corners(view).map(|corner| corner[axis]);
                (places.iter().copied().fold(f32::MAX, f32::min), places.iter().copied().fold(f32::MIN, f32::max))
            };
            let (mut low, mut high) = extent(&view);
            if high - low > size - 2.0 * MARGIN {
                view.scale *= (size - 2.0 * MARGIN) / (high - low) * 0.97;
                (low, high) = extent(&view);
            }
            view.shift[axis] = random.range(MARGIN - low, (size - MARGIN - high).max(MARGIN - low + 0.1));
        }
        if let Some(cut) = look.cut {
            let [left, _, right, _] = sheet.bare;
            let wide = (right - left) * view.scale;
            let outside = wide * (0.5 - cut);
            view.shift[0] = if random.chance(0.5) { outside } else { WIDTH as f32 - outside };
        }
        view
    }

    fn pixel(&self, [u, v]: [f32; 2]) -> [f32; 2] {
        let (u, v) = ((u - self.middle[0]) * self.scale, (v - self.middle[1]) * self.scale);
        let (x, y) = (u * self.turn.0 - v * self.turn.1, u * self.turn.1 + v * self.turn.0);
        let depth = 1.0 + self.perspective[0] * x + self.perspective[1] * y;
        [x / depth + self.shift[0], y / depth + self.shift[1]]
    }

    /// The way back; a bent label is bent here only.
    fn dot(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let (x, y) = (x - self.shift[0], y - self.shift[1]);
        let depth = 1.0 - self.perspective[0] * x - self.perspective[1] * y;
        let (x, y) = (x / depth, y / depth);
        let (u, v) = (x * self.turn.0 + y * self.turn.1, y * self.turn.0 - x * self.turn.1);
        let (u, v) = (u / self.scale, v / self.scale);
        let across = u / self.wide;
        let bent = self.bend * self.wide * across * across * 4.0;
        [u * (1.0 + self.bend * across) + self.middle[0], v + bent + self.middle[1]]
    }
}

/// Pixels, and where the code's corners are in them.
pub(super) fn photograph(sheet: &Sheet, look: &Look, hand: Hand, random: &mut Random) -> (Vec<u8>, [[f32; 2]; 4]) {
    let view = View::new(sheet, look, random);
    let mut plane = scene(sheet, &view, look, random);
    lens(&mut plane, look, hand, random);
    light(&mut plane, look, hand, random);
    let pixels = sensor(&plane, look, hand, random);
    let [left, top, right, bottom] = sheet.bare;
    (pixels, [[left, top], [right, top], [right, bottom], [left, bottom]].map(|dot| view.pixel(dot)))
}

/// The label on its parcel, sharp.
fn scene(sheet: &Sheet, view: &View, look: &Look, random: &mut Random) -> Vec<f32> {
    let parcel = Cloth::new(random.range(0.35, 0.65) * look.paper, 8.0, random);
    let inks: Vec<f32> = (0..=255).map(|ink| look.paper - (look.paper - look.ink) * ink as f32 / 255.0).collect();
    let share = 1.0 / (LOOKS * LOOKS) as f32;
    let mut plane = vec![0.0; WIDTH * HEIGHT];
    for (at, value) in plane.iter_mut().enumerate() {
        let (x, y) = ((at % WIDTH) as f32, (at / WIDTH) as f32);
        // Within a pixel the way to the paper is straight.
        let origin = view.dot([x, y]);
        let (right, down) = (view.dot([x + 1.0, y]), view.dot([x, y + 1.0]));
        let mut sum = 0.0;
        for look in 0..LOOKS * LOOKS {
            let part = |step: usize| (step as f32 + 0.5) / LOOKS as f32;
            let (a, b) = (part(look % LOOKS), part(look / LOOKS));
            let place = |axis: usize| origin[axis] + (right[axis] - origin[axis]) * a + (down[axis] - origin[axis]) * b;
            sum += match sheet.at(place(0), place(1)) {
                Some(ink) => inks[usize::from(ink)],
                None => parcel.at(x, y),
            };
        }
        *value = sum * share;
    }
    plane
}

/// Blur and smear.
fn lens(plane: &mut Vec<f32>, look: &Look, hand: Hand, random: &mut Random) {
    let taps = match hand {
        Hand::First => None,
        // As much blur as the other hand's: a disc's standard deviation along an axis is half its radius.
        Hand::Second if look.blur > 0.8 => Some(disc(look.blur * 2.0)),
        Hand::Second => None,
    };
    match taps {
        Some(taps) => *plane = spread(plane, &taps),
        None => {
            let along = gauss(look.blur);
            *plane = spread(plane, &along);
            *plane = spread(plane, &along.iter().map(|&(dx, dy, share)| (dy, dx, share)).collect::<Vec<_>>());
        }
    }
    let (length, direction) = look.motion;
    if length > 0.0 {
        let turn = if hand == Hand::Second { random.range(-25.0, 25.0) } else { 0.0 };
        *plane = spread(plane, &smear(length, direction, turn));
    }
}

type Tap = (isize, isize, f32);
/// Farthest tap.
const REACH: usize = 16;

fn gauss(deviation: f32) -> Vec<Tap> {
    let reach = ((deviation * 3.0).ceil() as isize).clamp(1, REACH as isize);
    normal((-reach..=reach).map(|x| (x, 0, (-0.5 * (x as f32 / deviation).powi(2)).exp())).collect())
}

fn disc(radius: f32) -> Vec<Tap> {
    let reach = (radius.ceil() as isize).clamp(1, REACH as isize);
    let side = || -reach..=reach;
    let share = |x: isize, y: isize| (radius + 0.5 - ((x * x + y * y) as f32).sqrt()).clamp(0.0, 1.0);
    normal(side().flat_map(|y| side().map(move |x| (x, y, share(x, y)))).filter(|tap| tap.2 > 0.0).collect())
}

/// A way of this length, with a bend of `turn` degrees in its middle.
fn smear(length: f32, direction_deg: f32, turn_deg: f32) -> Vec<Tap> {
    let steps = (length * 8.0).ceil().max(1.0);
    let mut taps: Vec<Tap> = Vec::new();
    for step in 0..=steps as usize {
        let along = (step as f32 / steps - 0.5) * length;
        let bent = if along > 0.0 { turn_deg } else { 0.0 };
        let angle = (direction_deg + bent).to_radians();
        let (x, y) = (along * angle.cos(), along * angle.sin());
        for (dx, dy) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
            let (cell_x, cell_y) = (x.floor() + dx, y.floor() + dy);
            let share = (1.0 - (x - cell_x).abs()) * (1.0 - (y - cell_y).abs());
            let (cell_x, cell_y) = (cell_x as isize, cell_y as isize);
            match taps.iter_mut().find(|tap| (tap.0, tap.1) == (cell_x, cell_y)) {
                Some(tap) => tap.2 += share,
                None => taps.push((cell_x, cell_y, share)),
            }
        }
    }
    normal(taps)
}

fn normal(mut taps: Vec<Tap>) -> Vec<Tap> {
    let sum: f32 = taps.iter().map(|tap| tap.2).sum();
    taps.iter_mut().for_each(|tap| tap.2 /= sum);
    taps
}

/// Every pixel's light spread over the taps; what lies outside is what lies at the edge.
fn spread(plane: &[f32], taps: &[Tap]) -> Vec<f32> {
    let wide = WIDTH + 2 * REACH;
    let mut padded = Vec::with_capacity(wide * (HEIGHT + 2 * REACH));
    for y in 0..HEIGHT + 2 * REACH {
        let row = &plane[y.saturating_sub(REACH).min(HEIGHT - 1) * WIDTH..][..WIDTH];
        padded.extend(std::iter::repeat_n(row[0], REACH));
        padded.extend_from_slice(row);
        padded.extend(std::iter::repeat_n(row[WIDTH - 1], REACH));
    }
    let mut out = vec![0.0; WIDTH * HEIGHT];
    for (y, row) in out.chunks_exact_mut(WIDTH).enumerate() {
        for &(dx, dy, share) in taps {
            let from = (y + REACH).wrapping_add_signed(dy) * wide + REACH.wrapping_add_signed(dx);
            row.iter_mut().zip(&padded[from..from + WIDTH]).for_each(|(out, light)| *out += light * share);
        }
    }
    out
}

/// Light that falls off to one side, or to the corners.
fn light(plane: &mut [f32], look: &Look, hand: Hand, random: &mut Random) {
    let angle = random.range(0.0, std::f32::consts::TAU);
    let (cos, sin) = (angle.cos(), angle.sin());
    for (at, value) in plane.iter_mut().enumerate() {
        let x = (at % WIDTH) as f32 / WIDTH as f32 - 0.5;
        let y = (at / WIDTH) as f32 / HEIGHT as f32 - 0.5;
        let away = match hand {
            Hand::First => x * cos + y * sin + 0.5,
            Hand::Second => (x * x + y * y) * 2.0,
        };
        *value *= 1.0 - (1.0 - look.falloff) * away.clamp(0.0, 1.0);
    }
}

fn sensor(plane: &[f32], look: &Look, hand: Hand, random: &mut Random) -> Vec<u8> {
    let rows: Vec<f32> = (0..HEIGHT).map(|_| random.normal() * look.noise * 0.15).collect();
    let noisy = |random: &mut Random, (at, &value): (usize, &f32)| match hand {
        Hand::First => value + random.normal() * look.noise,
        Hand::Second => {
            // Photons: the more light the more noise; the same at a middle grey.
            let deviation = look.noise * (value.max(4.0) / 120.0).sqrt();
            let dead = random.chance(look.noise * 0.000_2);
            if dead { random.range(0.0, 255.0) } else { value + random.normal() * deviation + rows[at / WIDTH] }
        }
    };
    let pixels: Vec<u8> =
        plane.iter().enumerate().map(|sample| noisy(random, sample).round().clamp(0.0, 255.0) as u8).collect();
    match hand {
        Hand::First => pixels,
        Hand::Second => packed(&pixels, random.count(80, 92) as u8).unwrap_or(pixels),
    }
}

/// Through JPEG and back.
fn packed(pixels: &[u8], quality: u8) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode(pixels, WIDTH as u32, HEIGHT as u32, image::ExtendedColorType::L8)
        .ok()?;
    let back = image::load_from_memory_with_format(&bytes, image::ImageFormat::Jpeg).ok()?;
    Some(back.into_luma8().into_raw())
}

/// A parcel's surface: a grey with slow waves of random height.
pub(super) struct Cloth {
    grey: f32,
    waves: Vec<(f32, f32, f32)>,
    height: f32,
}

impl Cloth {
    pub(super) fn new(grey: f32, height: f32, random: &mut Random) -> Self {
        let wave = |random: &mut Random| {
            (random.range(-0.08, 0.08), random.range(-0.08, 0.08), random.range(0.0, std::f32::consts::TAU))
        };
        Self { grey, waves: (0..4).map(|_| wave(random)).collect(), height }
    }

    pub(super) fn at(&self, x: f32, y: f32) -> f32 {
        let waves: f32 = self.waves.iter().map(|&(along, down, phase)| (x * along + y * down + phase).sin()).sum();
        self.grey + waves * self.height / 4.0
    }
}
