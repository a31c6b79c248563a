//! Letters as strokes, and signs that nobody can read: what stands around a code.
//!
//! Strokes, because a label's print must not depend on a font that is installed, and pen, slant and width make many hands
//! of one. It aims at looking like print, not at beauty.

use crate::xray::random::Random;

/// A point on the grid of a letter: 4 wide, 6 high, the origin top left.
pub(super) type Point = (f32, f32);

/// The strokes of a letter or digit. Others are a dash.
pub(super) fn strokes(letter: char) -> Vec<Vec<Point>> {
    let drawn = match letter.to_ascii_uppercase() {
        'A' => "06 20 46,14 34",
        'B' => "00 06 36 45 44 33 03,33 42 41 30 00",
        'C' => "41 30 10 01 05 16 36 45",
        'D' => "00 06 26 44 42 20 00",
        'E' => "40 00 06 46,03 33",
        'F' => "40 00 06,03 33",
        'G' => "41 30 10 01 05 16 36 45 43 23",
        'H' => "00 06,40 46,03 43",
        'I' => "20 26",
        'J' => "40 45 36 16 05",
        'K' => "00 06,40 03 46",
        'L' => "00 06 46",
        'M' => "06 00 23 40 46",
        'N' => "06 00 46 40",
        'O' => "10 30 41 45 36 16 05 01 10",
        'P' => "06 00 30 41 42 33 03",
        'Q' => "10 30 41 45 36 16 05 01 10,24 46",
        'R' => "06 00 30 41 42 33 03,23 46",
        'S' => "41 30 10 01 02 13 33 44 45 36 16 05",
        'T' => "00 40,20 26",
        'U' => "00 05 16 36 45 40",
        'V' => "00 26 40",
        'W' => "00 16 23 36 40",
        'X' => "00 46,40 06",
        'Y' => "00 23 40,23 26",
        'Z' => "00 40 06 46",
        '0' => "10 30 41 45 36 16 05 01 10,32 14",
        '1' => "11 20 26",
        '2' => "01 10 30 41 42 06 46",
        '3' => "00 40 22 33 44 45 36 16 05",
        '4' => "36 30 04 44",
        '5' => "40 00 02 32 43 45 36 16 05",
        '6' => "40 10 02 05 16 36 45 44 33 03",
        '7' => "00 40 16",
        '8' => "10 30 41 42 33 13 02 01 10,13 04 05 16 36 45 44 33",
        '9' => "06 36 44 41 30 10 01 02 13 43",
        ' ' => "",
        '.' => "26 25",
        ':' => "22 21,26 25",
        '/' => "06 40",
        _ => "13 33",
    };
    let point = |text: &str| {
        let mut digits = text.bytes().map(|digit| f32::from(digit - b'0'));
        Some((digits.next()?, digits.next()?))
    };
    drawn.split(',').map(|stroke| stroke.split(' ').filter_map(point).collect()).collect()
}

/// A sign of some strokes across the same grid.
pub(super) fn sign(random: &mut Random) -> Vec<Vec<Point>> {
    (0..random.count(3, 7))
        .map(|_| {
            let along = random.range(0.0, 6.0);
            match random.count(0, 3) {
                0 => vec![(0.0, along), (4.0, along)],
                1 => vec![(along * 0.66, 0.0), (along * 0.66, 6.0)],
                2 => vec![(random.range(0.0, 4.0), along), (random.range(0.0, 4.0), random.range(0.0, 6.0))],
                _ => vec![(0.5, along * 0.5), (3.5, along * 0.5), (3.5, along * 0.5 + 2.5), (0.5, along * 0.5 + 2.5)],
            }
        })
        .collect()
}
