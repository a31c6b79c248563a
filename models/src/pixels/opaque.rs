//! Regions that nothing shone through, as boxes.
//!
//! Grown on a coarse grid, so that its memory is bounded whatever the noise; areas and boxes are of single pixels.

use crate::formats::Image;
use crate::limits;

/// One connected region that could not be seen through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpaqueRegion {
    pub pixels: u64,
    /// Left, top, right, bottom in pixels of the picture; right and bottom exclusive.
    pub bounds: [u32; 4],
}

/// Most cells along one side of the grid.
const CELLS_MAX: u32 = 512;

/// The largest regions at or below `count_max`, outside `dark_columns`, that `hides` pixels across and along fit into without
/// a gap, largest first; at most [`limits::OPAQUE_REGIONS_MAX`]. Pixels nearer than `reach` pixels belong together.
pub fn opaque_regions(
    image: &Image,
    count_max: u16,
    dark_columns: &[u32],
    reach: [u32; 2],
    hides: [u32; 2],
) -> Vec<OpaqueRegion> {
    let cell =
        [reach[0].max(image.width.div_ceil(CELLS_MAX)).max(1), reach[1].max(image.height.div_ceil(CELLS_MAX)).max(1)];
    let columns = image.width.div_ceil(cell[0]) as usize;
    let rows = image.height.div_ceil(cell[1]) as usize;
    let each_opaque = |visit: &mut dyn FnMut(u32, u32, usize)| {
        for (y, line) in image.penetrating().chunks_exact(image.width as usize).enumerate() {
            for (x, _) in line.iter().enumerate().filter(|&(_, &count)| count <= count_max) {
                if !dark_columns.contains(&(x as u32)) {
                    visit(x as u32, y as u32, (y / cell[1] as usize) * columns + x / cell[0] as usize);
                }
            }
        }
    };
    let mut occupied = vec![false; columns * rows];
    each_opaque(&mut |_, _, index| occupied[index] = true);
    let (label, count) = labels(&occupied, columns, rows);
    let mut regions = vec![OpaqueRegion { pixels: 0, bounds: [u32::MAX, u32::MAX, 0, 0] }; count];
    let mut hiding = vec![false; count];
    let mut window = Window::new(hides, image.width);
    each_opaque(&mut |x, y, index| {
        let number = label[index] as usize - 1;
        let region = &mut regions[number];
        region.pixels += 1;
        let [left, top, right, bottom] = region.bounds;
        region.bounds = [left.min(x), top.min(y), right.max(x + 1), bottom.max(y + 1)];
        hiding[number] |= window.ends_at(x, y);
    });
    let mut numbers = hiding.iter();
    regions.retain(|_| numbers.next().is_some_and(|hides| *hides));
    regions.sort_by_key(|region| (u64::MAX - region.pixels, region.bounds[1], region.bounds[0]));
    regions.truncate(limits::OPAQUE_REGIONS_MAX);
    regions
}

/// Whether a rectangle of opaque pixels without a gap ends at the pixel visited last, line by line from the left.
struct Window {
    size: [u32; 2],
    /// Length of the run that ends at the last pixel, and where that pixel lies.
    run: u32,
    last: Option<[u32; 2]>,
    /// For each column: in how many lines one after the other a long enough run ended or went on there, and the last of them.
    tall: Vec<(u32, u32)>,
}

impl Window {
    fn new(size: [u32; 2], width: u32) -> Self {
        Self { size: size.map(|side| side.max(1)), run: 0, last: None, tall: vec![(0, 0); width as usize] }
    }

    fn ends_at(&mut self, x: u32, y: u32) -> bool {
        let goes_on = self.last.is_some_and(|last| last == [x.wrapping_sub(1), y]);
        self.run = if goes_on { self.run + 1 } else { 1 };
        self.last = Some([x, y]);
        if self.run < self.size[0] {
            return false;
        }
        let (count, line) = &mut self.tall[x as usize];
        *count = if *count > 0 && *line + 1 == y { *count + 1 } else { 1 };
        *line = y;
        *count >= self.size[1]
    }
}

/// Numbers the 8-connected groups of occupied cells from 1.
fn labels(occupied: &[bool], columns: usize, rows: usize) -> (Vec<u32>, usize) {
    let mut label = vec![0u32; occupied.len()];
    let mut count = 0;
    let mut open = Vec::new();
    for start in 0..occupied.len() {
        if !occupied[start] || label[start] != 0 {
            continue;
        }
        count += 1;
        label[start] = count as u32;
        open.push(start);
        while let Some(cell) = open.pop() {
            let (column, row) = (cell % columns, cell / columns);
            for near_row in row.saturating_sub(1)..(row + 2).min(rows) {
                for near_column in column.saturating_sub(1)..(column + 2).min(columns) {
                    let near = near_row * columns + near_column;
                    if occupied[near] && label[near] == 0 {
                        label[near] = count as u32;
                        open.push(near);
                    }
                }
            }
        }
    }
    (label, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(width: u32, height: u32, opaque: &[[u32; 4]]) -> Image {
        let plane: Vec<u16> = (0..width * height)
            .map(|index| {
                let (x, y) = (index % width, index / width);
                let inside = |[left, top, right, bottom]: &[u32; 4]| {
                    (*left..*right).contains(&x) && (*top..*bottom).contains(&y)
                };
                if opaque.iter().any(inside) { 10 } else { 60_000 }
            })
            .collect();
        Image::from_planes(width, height, plane.clone(), plane).expect("fits")
    }

    fn regions(image: &Image, dark_columns: &[u32], hides: [u32; 2]) -> Vec<OpaqueRegion> {
        opaque_regions(image, 404, dark_columns, [3, 3], hides)
    }

    #[test]
    fn regions_are_exact_apart_and_largest_first() {
        let (small, large) = ([3, 4, 9, 10], [40, 30, 70, 41]);
        let found = regions(&image(100, 60, &[small, large]), &[], [1, 1]);
        let expected = [OpaqueRegion { pixels: 330, bounds: large }, OpaqueRegion { pixels: 36, bounds: small }];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_too_narrow_to_hide_anything_is_summed_only() {
        let (rod, plate, sieve) = ([5, 3, 8, 55], [20, 10, 24, 16], [60, 10, 90, 50]);
        let narrow = image(100, 60, &[rod, plate, sieve]);
        let bounds = |hides| regions(&narrow, &[], hides).into_iter().map(|one| one.bounds).collect::<Vec<_>>();
        assert_eq!(bounds([3, 6]), [sieve, rod, plate]);
        assert_eq!(bounds([4, 6]), [sieve, plate], "the rod is three wide");
        assert_eq!(bounds([4, 7]), [sieve], "the plate is six long");
        // Bars with light between them hide nothing, however many.
        let bars: Vec<[u32; 4]> = (0..10).map(|n| [10 + 5 * n, 5, 13 + 5 * n, 50]).collect();
        assert!(regions(&image(100, 60, &bars), &[], [4, 6]).is_empty());
    }

    #[test]
    fn a_window_is_found_wherever_a_slow_look_finds_one() {
        proptest::proptest!(|(cells in proptest::collection::vec(proptest::bool::weighted(0.8), 12 * 9),
                              across in 1u32..5, along in 1u32..5)| {
            let opaque = |x: u32, y: u32| cells[(y * 12 + x) as usize];
            let mut window = Window::new([across, along], 12);
            let mut found = false;
            for (x, y) in (0..9).flat_map(|y| (0..12).map(move |x| (x, y))).filter(|&(x, y)| opaque(x, y)) {
                found |= window.ends_at(x, y);
            }
            let slow = (0..=12 - across).flat_map(|left| (0..=9 - along).map(move |top| (left, top))).any(|(left, top)| {
                (left..left + across).all(|x| (top..top + along).all(|y| opaque(x, y)))
            });
            proptest::prop_assert_eq!(found, slow);
        });
    }

    #[test]
    fn dead_columns_are_no_region_and_many_regions_are_bounded() {
        let column = image(50, 50, &[[20, 0, 21, 50]]);
        assert!(regions(&column, &[20], [1, 1]).is_empty());
        let specks: Vec<[u32; 4]> =
            (0..100).map(|n| [n % 10 * 10, n / 10 * 10, n % 10 * 10 + 2, n / 10 * 10 + 2]).collect();
        let found = opaque_regions(&image(100, 100, &specks), 404, &[], [1, 1], [1, 1]);
        assert_eq!(found.len(), limits::OPAQUE_REGIONS_MAX);
    }
}
