//! Where many like things lie: a pile on a table, layers in a tray.
//!
//! It stands alone because targets, look-alikes and goods all come in heaps, and things thrown at random would stand
//! inside one another: a heap here is layers of a jittered close packing. It knows places only, not what lies there.

use super::random::Random;
use super::shape::{Pose, Vector};

/// Middles of about `count` things in a pile, one at least: layers that shrink upwards, `aspect` times as long (y) as wide (x).
/// `pitch_mm` is how near two may lie, `layer_mm` how high a layer is; the lowest things lie on z = 0.
pub fn pile(
    random: &mut Random,
    count: usize,
    pitch_mm: f32,
    layer_mm: f32,
    layers: usize,
    aspect: f32,
) -> Vec<Vector> {
    // An ellipse of area A holds A / (0.87 pitch²) things; layer i has 1 - i / layers of the lowest one's area.
    let lowest = count as f32 * 0.87 * pitch_mm * pitch_mm / ((layers + 1) as f32 * 0.5);
    let across = (lowest / (std::f32::consts::PI * aspect)).sqrt().max(pitch_mm * 0.5);
    let mut places = Vec::new();
    for layer in 0..layers {
        let shrunk = (1.0 - layer as f32 / layers as f32).sqrt();
        let half = [across * shrunk, across * aspect * shrunk];
        let inside = |p: &[f32; 2]| (p[0] / half[0]).powi(2) + (p[1] / half[1]).powi(2) <= 1.0;
        for [x, y] in packed(random, half, pitch_mm).into_iter().filter(inside) {
            places.push([x, y, (layer as f32 + 0.5) * layer_mm]);
        }
    }
    if places.is_empty() {
        places.push([0.0, 0.0, 0.5 * layer_mm]);
    }
    places
}

/// Middles of things that fill a rectangle of full sizes `size` in whole layers, the lowest on z = 0.
pub fn tray(random: &mut Random, size: [f32; 2], pitch_mm: f32, layer_mm: f32, layers: usize) -> Vec<Vector> {
    let half = size.map(|s| ((s - pitch_mm) * 0.5).max(0.0));
    (0..layers)
        .flat_map(|layer| {
            let z = (layer as f32 + 0.5) * layer_mm;
            packed(random, half, pitch_mm).into_iter().map(move |[x, y]| [x, y, z])
        })
        .collect()
}

/// A thing at a place, turned any way round and leaning by up to `lean` radians.
pub fn thrown(random: &mut Random, at: Vector, lean: f32) -> Pose {
    let turn = Pose::turned(random.range(0.0, 6.3), random.range(-lean, lean), random.range(-lean, lean));
    turn.moved(at[0], at[1], at[2])
}

/// Close packing in a rectangle, begun anywhere and shaken a little.
fn packed(random: &mut Random, half: [f32; 2], pitch_mm: f32) -> Vec<[f32; 2]> {
    let mut places = Vec::new();
    let rows = (2.0 * half[1] / (0.87 * pitch_mm)) as usize;
    let columns = (2.0 * half[0] / pitch_mm) as usize;
    let slack = [half[0] - 0.5 * columns as f32 * pitch_mm, half[1] - 0.435 * rows as f32 * pitch_mm];
    let begin = [0, 1].map(|axis| random.range(0.0, 2.0 * slack[axis].max(0.0)) - half[axis]);
    for row in 0..=rows {
        let odd = row % 2;
        for column in 0..=columns - odd.min(columns) {
            let shake = |random: &mut Random| random.range(-0.08, 0.08) * pitch_mm;
            let x = begin[0] + (column as f32 + 0.5 * odd as f32) * pitch_mm + shake(random);
            places.push([x, begin[1] + 0.87 * row as f32 * pitch_mm + shake(random)]);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_in_a_heap_keep_apart_and_their_number_is_about_right() {
        for seed in 0..40 {
            let mut random = Random::new(seed);
            let (count, layers) = (random.count(20, 90), random.count(1, 3));
            let places = pile(&mut random, count, 10.0, 6.0, layers, 1.4);
            assert!((count * 6 / 10..=count * 15 / 10).contains(&places.len()), "{} for {count}", places.len());
            assert!(!pile(&mut random, 1, 10.0, 6.0, 1, 1.2).is_empty());
            for (i, a) in places.iter().enumerate() {
                for b in places[..i].iter().filter(|b| b[2] == a[2]) {
                    let apart = (a[0] - b[0]).hypot(a[1] - b[1]);
                    assert!(apart > 8.0, "seed {seed}: {apart} mm apart with a pitch of 10");
                }
            }
            let tray = tray(&mut random, [60.0, 90.0], 10.0, 6.0, 2);
            assert!(tray.iter().all(|p| p[0].abs() < 26.0 && p[1].abs() < 41.0 && p[2] < 12.0), "{tray:?}");
        }
    }
}
