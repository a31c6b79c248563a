use super::*;
use crate::random_graph::SplitMix;
use proptest::prelude::*;

const GEOMETRY: Geometry = Geometry { pitch_um: 1_500, belt_step_um: 1_000, air_level: None };
const WIDTH: u32 = 300;
const HEIGHT: u32 = 220;
const AIR: f32 = 60_000.0;

/// Something that lets `light` (1/1,000,000) through.
struct Thing {
    columns: Range<u32>,
    lines: Range<u32>,
    light: u32,
}

const fn thing(columns: Range<u32>, lines: Range<u32>, light: u32) -> Thing {
    Thing { columns, lines, light }
}

/// Air with a scanner's grain and with what its gain correction leaves, and some things in it.
fn picture(seed: u64, things: &[Thing]) -> Image {
    let mut random = SplitMix::new(seed);
    let mut plane = || -> Vec<u16> {
        let gain: Vec<f32> = (0..WIDTH).map(|_| 1.0 + 0.002 * random.normal()).collect();
        let pixel = |index: u32| {
            let (line, column) = (index / WIDTH, index % WIDTH);
            let here = |thing: &&Thing| thing.columns.contains(&column) && thing.lines.contains(&line);
            let light: f32 = things.iter().filter(here).map(|thing| thing.light as f32 / 1e6).product();
            let grain = 1.0 + 0.006 * random.normal();
            (AIR * light * gain[column as usize] * grain).clamp(0.0, 65_535.0) as u16
        };
        (0..WIDTH * HEIGHT).map(pixel).collect()
    };
    let (low, high) = (plane(), plane());
    Image::from_planes(WIDTH, HEIGHT, low, high).expect("fits")
}

fn counted(things: &[Thing]) -> u8 {
    objects(&picture(7, things), &GEOMETRY)
}

const LINES: Range<u32> = 20..200;
const FILM: u32 = 995_000;
const CARD: u32 = 988_000;

#[test]
fn objects_are_counted_where_empty_belt_runs_between_them() {
    assert_eq!(counted(&[]), 0);
    assert_eq!(counted(&[thing(40..140, LINES, 600_000)]), 1);
    assert_eq!(counted(&[thing(40..140, LINES, 600_000), thing(150..260, LINES, 900_000)]), 2, "15 mm between");
    let three = [thing(20..80, LINES, 600_000), thing(120..180, 60..120, 970_000), thing(220..280, LINES, 300_000)];
    assert_eq!(counted(&three), 3);
}

#[test]
fn lumps_in_one_wrapping_are_one() {
    for wrapping in [FILM, CARD] {
        let lumps = [thing(60..110, LINES, 500_000), thing(180..230, LINES, 200_000), thing(50..240, LINES, wrapping)];
        assert_eq!(counted(&lumps), 1, "{wrapping}");
    }
    let strap = [thing(60..110, LINES, 500_000), thing(180..230, LINES, 500_000), thing(100..190, 90..110, 900_000)];
    assert_eq!(counted(&strap), 1, "what crosses the gap on 20 mm joins them");
}

#[test]
fn what_touches_or_lies_behind_is_one() {
    assert_eq!(counted(&[thing(40..140, LINES, 600_000), thing(143..260, LINES, 900_000)]), 1, "4 mm between");
    assert_eq!(counted(&[thing(40..140, 20..100, 600_000), thing(60..160, 110..200, 900_000)]), 1);
}

#[test]
fn dead_columns_are_no_object_and_few_bits_tell_nothing() {
    assert_eq!(counted(&[thing(40..140, LINES, 600_000), thing(200..203, 0..HEIGHT, 0)]), 1);
    let two = [thing(40..140, LINES, 600_000), thing(160..260, LINES, 900_000)];
    let coarse = Image { bits: 8, ..picture(7, &two) };
    assert_eq!(objects(&coarse, &GEOMETRY), 1);
}

#[test]
fn any_picture_has_an_answer() {
    for (width, height) in [(1, 1), (3, 400), (400, 1), (24, 40)] {
        for level in [0, 1, 60_000, u16::MAX] {
            let plane: Vec<u16> =
                (0..width * height).map(|index| if index % 3 == 0 { level } else { level / 2 }).collect();
            let image = Image::from_planes(width, height, plane.clone(), plane).expect("fits");
            for geometry in [GEOMETRY, Geometry { pitch_um: 0, belt_step_um: 0, ..GEOMETRY }] {
                assert!(objects(&image, &geometry) <= 1);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// As many boxes side by side as were laid, wherever they lie and whatever is in them; in one carton they are one.
    #[test]
    fn boxes_side_by_side_are_as_many_as_were_laid(
        seed in any::<u64>(),
        boxes in prop::collection::vec((10_u32..60, 12_u32..40, 10_u32..60, 60_u32..160, 20_000_u32..970_000), 1..5),
    ) {
        let mut next = 10;
        let mut things = Vec::new();
        for &(width, gap, first, length, light) in &boxes {
            if next + width + 10 <= WIDTH {
                things.push(thing(next..next + width, first..first + length, light));
                next += width + gap;
            }
        }
        prop_assert_eq!(usize::from(objects(&picture(seed, &things), &GEOMETRY)), things.len());
        let first = things.iter().map(|thing| thing.lines.start).min().unwrap_or(0);
        let last = things.iter().map(|thing| thing.lines.end).max().unwrap_or(0);
        things.push(thing(6..WIDTH - 6, first..last, CARD));
        prop_assert_eq!(objects(&picture(seed, &things), &GEOMETRY), 1);
    }
}
