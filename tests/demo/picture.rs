//! One X-ray picture out of the pictures of the parcels in it: as they lay, merged, side by side, or cut in two.
//!
//! Knows pixels only. What lies over what multiplies: light that two parcels let through.

use std::sync::Arc;

use gatepost_models::formats::{self, Geometry};
use gatepost_models::pixels;
use gatepost_virtual::device::{ImageEvent, Part};
use gatepost_virtual::parcel::{ParcelTruth, scene_plan};
use gatepost_virtual::xray::profile::TRAINING;
use gatepost_virtual::xray::random::Random;
use gatepost_virtual::xray::{Class, DualImage, ScannerProfile, Scene, render};

/// The scanner in every virtual tunnel.
pub const SCANNER: &ScannerProfile = &TRAINING[0];
/// What a tray's rim lets through, in 1/1000, and how thick it is. Its floor is a sheet that weighs next to nothing.
const TRAY_PERMILLE: u32 = 960;
const RIM_LINES: u32 = 8;
/// Nose and tail are seen when the picture begins and ends this near to them.
const END_LINES: u32 = 7;
/// Columns of empty belt shown on each side.
const BELT_COLUMNS: u32 = 36;
/// Pictures that overlap by more than this lay side by side.
const OVERLAP_LINES: u32 = 40;

/// A parcel's own picture, and how many lines of air are before and behind it.
pub struct Drawn {
    image: DualImage,
    margin: u32,
}

/// Draws a parcel of a lane whose scenes are at most `scene_mm_max` long.
pub fn draw(parcel: &ParcelTruth, scene_mm_max: u32) -> Drawn {
    let target = parcel.target.as_deref().and_then(Class::named);
    let scene = Scene::random(parcel.scene, &scene_plan(scene_mm_max, target));
    let image = render(&scene, SCANNER, parcel.scene);
    let margin = image.height.saturating_sub(lines(scene.length_mm)) / 2;
    let missing = lines(parcel.length_mm).saturating_sub(lines(scene.length_mm));
    let image = longer(&image, margin, missing);
    let image = if shows_its_ends(&image, margin) { image } else { in_tray(&image, margin) };
    Drawn { image, margin }
}

fn lines(mm: u32) -> u32 {
    mm * 1_000 / SCANNER.belt_step_um
}

/// Whether nose and tail are seen in the picture: the film of a bag may let everything through.
fn shows_its_ends(image: &DualImage, margin: u32) -> bool {
    let wide = with_belt(image);
    let geometry = Geometry { pitch_um: SCANNER.pitch_um, belt_step_um: SCANNER.belt_step_um, air_level: None };
    let read = formats::Image::from_planes(wide.width, wide.height, wide.low, wide.high);
    let extent = read.and_then(|read| pixels::extent(&read, &geometry));
    let near = |line: u32, expected: u32| line.abs_diff(expected) <= END_LINES;
    extent.is_some_and(|extent| near(extent.first_line, margin) && near(extent.last_line + 1 + margin, image.height))
}

/// The same parcel with so much more empty belt, half of it before and half behind.
fn longer(image: &DualImage, margin: u32, missing: u32) -> DualImage {
    let width = image.width as usize;
    let (before, behind) = (missing as usize / 2, missing as usize - missing as usize / 2);
    let stretched = |plane: &[u16]| {
        let air = vec![image.air_level; width];
        let split = (margin as usize * width).min(plane.len());
        let (head, rest) = plane.split_at(split);
        let (body, tail) = rest.split_at(rest.len() - split.min(rest.len()));
        [head, &air.repeat(before), body, &air.repeat(behind), tail].concat()
    };
    DualImage {
        height: image.height + missing,
        low: stretched(&image.low),
        high: stretched(&image.high),
        truth: Vec::new(),
        ..*image
    }
}

/// The same parcel on a tray as long as itself, whose rims are seen: mail too thin or too short for the lane is sent in one.
fn in_tray(image: &DualImage, margin: u32) -> DualImage {
    let width = image.width as usize;
    let on_tray = |plane: &[u16]| -> Vec<u16> {
        let last = (image.height - margin) as usize;
        let mut plane = plane.to_vec();
        for (number, line) in plane.chunks_exact_mut(width.max(1)).enumerate() {
            let rim = (margin as usize..last).contains(&number)
                && (number < (margin + RIM_LINES) as usize || number + RIM_LINES as usize >= last);
            // The outermost columns stay air.
            if let ([_, inside @ .., _], true) = (line, rim) {
                inside.iter_mut().for_each(|light| *light = (u32::from(*light) * TRAY_PERMILLE / 1_000) as u16);
            }
        }
        plane
    };
    DualImage { low: on_tray(&image.low), high: on_tray(&image.high), truth: Vec::new(), ..*image }
}

/// The same picture with more of the empty belt beside the parcel, as a machine's whole row of diodes sees it.
fn with_belt(image: &DualImage) -> DualImage {
    let tunnel = (SCANNER.tunnel_width_mm * 1_000.0) as u32 / SCANNER.pitch_um;
    let left = BELT_COLUMNS.min(image.first_column);
    let right = BELT_COLUMNS.min(tunnel.saturating_sub(image.first_column + image.width));
    let wider = |plane: &[u16]| -> Vec<u16> {
        let widened = |line: &[u16]| {
            let mut wide = vec![image.air_level; left as usize];
            wide.extend_from_slice(line);
            wide.resize(wide.len() + right as usize, image.air_level);
            wide
        };
        plane.chunks_exact(image.width.max(1) as usize).flat_map(widened).collect()
    };
    DualImage {
        width: image.width + left + right,
        low: wider(&image.low),
        high: wider(&image.high),
        first_column: image.first_column - left,
        truth: Vec::new(),
        ..*image
    }
}

/// What the tunnel hands over for this event; `drawn` are the event's parcels, nose first. Nothing without parcels.
pub fn compose(event: &ImageEvent, drawn: &[Arc<Drawn>]) -> Option<DualImage> {
    let whole = match drawn {
        [] => return None,
        [alone] => with_belt(&alone.image),
        several => with_belt(&laid_out(event, several)),
    };
    let whole = with_grain(whole, event.number);
    let cut = whole.height * 3 / 5;
    Some(match event.part {
        Part::Whole => whole,
        Part::First => whole.split(cut).0,
        Part::Second => whole.split(cut).1,
    })
}

/// Where nothing was drawn, air as the machine sees it: each diode with what its gain correction leaves, and the grain.
fn with_grain(mut image: DualImage, seed: u32) -> DualImage {
    let mut random = Random::new(u64::from(seed));
    let air = f32::from(image.air_level);
    let grain = SCANNER.photons.sqrt().recip();
    for plane in [&mut image.low, &mut image.high] {
        let gains: Vec<f32> = (0..image.width).map(|_| 1.0 + SCANNER.gain_spread * random.normal()).collect();
        for line in plane.chunks_exact_mut(gains.len().max(1)) {
            for (light, gain) in line.iter_mut().zip(&gains).filter(|(light, _)| **light == image.air_level) {
                *light = (air * gain * (1.0 + grain * random.normal())) as u16;
            }
        }
    }
    image
}

fn laid_out(event: &ImageEvent, drawn: &[Arc<Drawn>]) -> DualImage {
    let body = |drawn: &Drawn| drawn.image.height - 2 * drawn.margin;
    let mut at = Vec::with_capacity(drawn.len());
    let mut next = 0;
    for (index, one) in drawn.iter().enumerate() {
        at.push(next);
        next += body(one) + lines(event.gap_mm.get(index).copied().unwrap_or(0));
    }
    let total = at.last().copied().unwrap_or(0) + drawn.last().map_or(0, |last| body(last));
    // Longer than the belt that passed: they lay side by side.
    let excess = total.saturating_sub(lines(event.length_mm));
    let abreast = excess > OVERLAP_LINES;
    if abreast {
        at.iter_mut().skip(1).for_each(|at| *at = at.saturating_sub(excess));
    }
    let tops: Vec<u32> =
        at.iter().zip(drawn).map(|(at, one)| (at + drawn[0].margin).saturating_sub(one.margin)).collect();
    let columns = columns(drawn, abreast);
    let height = tops.iter().zip(drawn).map(|(top, one)| top + one.image.height).max().unwrap_or(0);
    let first = columns.iter().copied().min().unwrap_or(0);
    let width = columns.iter().zip(drawn).map(|(column, one)| column - first + one.image.width).max().unwrap_or(0);
    let air = drawn[0].image.air_level;
    let plane = vec![air; (width * height) as usize];
    let mut whole = DualImage {
        width,
        height,
        low: plane.clone(),
        high: plane,
        first_column: first,
        truth: Vec::new(),
        ..drawn[0].image
    };
    for ((one, top), column) in drawn.iter().zip(tops).zip(columns) {
        lay(&mut whole, &one.image, top, column - first);
    }
    whole
}

/// The belt's columns that are left beside so many parcels side by side; nothing where the tunnel is too narrow for them.
pub fn left_beside(drawn: &[Arc<Drawn>]) -> Option<u32> {
    let tunnel = (SCANNER.tunnel_width_mm * 1_000.0) as u32 / SCANNER.pitch_um;
    tunnel.checked_sub(drawn.iter().map(|one| one.image.width).sum())
}

/// The detector column of each picture; side by side where the tunnel is wide enough.
fn columns(drawn: &[Arc<Drawn>], abreast: bool) -> Vec<u32> {
    let Some(left) = left_beside(drawn).filter(|_| abreast) else {
        return drawn.iter().map(|one| one.image.first_column).collect();
    };
    // Where there is room, as much belt between them as beside them.
    let room = left / (drawn.len() as u32 + 1);
    let mut next = room;
    let place = |one: &Arc<Drawn>| {
        let column = next;
        next += one.image.width + room;
        column
    };
    drawn.iter().map(place).collect()
}

fn lay(whole: &mut DualImage, image: &DualImage, top: u32, left: u32) {
    let air = u32::from(whole.air_level.max(1));
    for line in 0..image.height {
        let from = (line * image.width) as usize;
        let to = ((top + line) * whole.width + left) as usize;
        for column in 0..image.width as usize {
            for (into, light) in [(&mut whole.low, &image.low), (&mut whole.high, &image.high)] {
                let both = u32::from(into[to + column]) * u32::from(light[from + column]) / air;
                into[to + column] = both.min(u32::from(u16::MAX)) as u16;
            }
        }
    }
}

/// Two pages of 16-bit grey, uncompressed, low energy first (TIFF 6.0, little-endian).
pub fn tiff(image: &DualImage) -> Vec<u8> {
    const ENTRIES: u32 = 9;
    const DIRECTORY: u32 = 2 + ENTRIES * 12 + 4;
    const HEADER: u32 = 8;
    let plane_bytes = image.width * image.height * 2;
    let mut file = Vec::with_capacity((HEADER + 2 * (DIRECTORY + plane_bytes)) as usize);
    file.extend(b"II*\0");
    file.extend(HEADER.to_le_bytes());
    let pixels = HEADER + 2 * DIRECTORY;
    for page in 0..2 {
        file.extend((ENTRIES as u16).to_le_bytes());
        let long = |tag: u16, value: u32| (tag, 4_u16, value);
        let short = |tag: u16, value: u32| (tag, 3_u16, value);
        let entries = [
            long(256, image.width),
            long(257, image.height),
            short(258, 16),
            short(259, 1), // no compression
            short(262, 1), // black is zero
            long(273, pixels + page * plane_bytes),
            short(277, 1),
            long(278, image.height),
            long(279, plane_bytes),
        ];
        for (tag, kind, value) in entries {
            file.extend(tag.to_le_bytes());
            file.extend(kind.to_le_bytes());
            file.extend(1_u32.to_le_bytes());
            file.extend(value.to_le_bytes());
        }
        let next = if page == 0 { HEADER + DIRECTORY } else { 0 };
        file.extend(next.to_le_bytes());
    }
    file.extend(image.low.iter().chain(&image.high).flat_map(|value| value.to_le_bytes()));
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatepost_hardware::units::Micros;
    use gatepost_models::formats::Planes;
    use gatepost_virtual::lane::shipped;
    use gatepost_virtual::parcel::{Generator, Plan};

    fn two() -> (Vec<ParcelTruth>, Vec<Arc<Drawn>>) {
        let mut generator = Generator::new(&shipped("north"), 5);
        let plan = Plan { solid: true, ..Plan::default() };
        let parcels: Vec<ParcelTruth> = (0..2).map(|_| generator.next(&plan)).collect();
        let drawn = parcels.iter().map(|parcel| Arc::new(draw(parcel, 570))).collect();
        (parcels, drawn)
    }

    fn event(parcels: &[ParcelTruth], length_mm: u32, gap_mm: u32, part: Part) -> ImageEvent {
        ImageEvent {
            number: 1,
            parcels: parcels.iter().map(|parcel| parcel.id).collect(),
            part,
            length_mm,
            gap_mm: vec![gap_mm; parcels.len() - 1],
            started: Micros::ZERO,
            ended: Micros::ZERO,
            interrupted: false,
        }
    }

    #[test]
    fn the_stations_reader_reads_back_every_pixel() {
        let (_, drawn) = two();
        let image = &drawn[0].image;
        let read = formats::decode(std::path::Path::new("a.tif"), &tiff(image)).expect("a picture");
        assert_eq!((read.width, read.height, read.bits), (image.width, image.height, 16));
        assert_eq!(read.planes, Planes::Dual { low: image.low.clone(), high: image.high.clone() });
    }

    /// What the station measures of a picture is what the eyes measure of the parcel, well within the lane's tolerance.
    #[test]
    fn every_picture_is_as_long_as_its_parcel() {
        let geometry = Geometry { pitch_um: SCANNER.pitch_um, belt_step_um: SCANNER.belt_step_um, air_level: None };
        for (lane, longest, seed) in [("north", 570, 11), ("south", 420, 12)] {
            let mut generator = Generator::new(&shipped(lane), seed);
            let plan = Plan { solid: true, ..Plan::default() };
            for _ in 0..12 {
                let parcel = generator.next(&plan);
                let bytes = tiff(&with_belt(&draw(&parcel, longest).image));
                let read = formats::decode(std::path::Path::new("a.tif"), &bytes).expect("a picture");
                let shown = gatepost_models::pixels::extent(&read, &geometry).expect("not only air").length_mm.0;
                let off = shown.unsigned_abs().abs_diff(parcel.length_mm);
                assert!(off <= 15, "{lane}, seed {seed}: the picture is {shown} mm long, {parcel:?}");
            }
        }
    }

    #[test]
    fn two_behind_one_another_are_as_long_as_the_belt_that_passed() {
        let (parcels, drawn) = two();
        let length = parcels[0].length_mm + 50 + parcels[1].length_mm;
        let whole = compose(&event(&parcels, length, 50, Part::Whole), &drawn).expect("a picture");
        let expected = lines(length) + drawn[0].margin + drawn[1].margin;
        assert!(whole.height.abs_diff(expected) <= 4, "{} is not about {expected}", whole.height);
        let first = compose(&event(&parcels, length, 50, Part::First), &drawn).expect("a part");
        let second = compose(&event(&parcels, length, 50, Part::Second), &drawn).expect("a part");
        assert_eq!([first.low, second.low].concat(), whole.low);
    }

    #[test]
    fn two_side_by_side_are_as_long_as_the_longer() {
        let (parcels, drawn) = two();
        let length = parcels[0].length_mm.max(parcels[1].length_mm);
        let whole = compose(&event(&parcels, length, 0, Part::Whole), &drawn).expect("a picture");
        let tallest = drawn.iter().map(|one| one.image.height).max().unwrap_or(0);
        assert!(whole.height.abs_diff(tallest) <= 4, "{} is not about {tallest}", whole.height);
    }
}
