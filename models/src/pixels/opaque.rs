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

/// The largest regions of at least `pixels_min` pixels at or below `count_max`, outside `dark_columns`, largest first; at
/// most [`limits::OPAQUE_REGIONS_MAX`]. Pixels nearer than `reach` pixels belong together.
pub fn opaque_regions(
    image: &Image,
    count_max: u16,
    dark_columns: &[u32],
    reach: [u32; 2],
    pixels_min: u64,
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
    each_opaque(&mut |x, y, index| {
        let region = &mut regions[label[index] as usize - 1];
        region.pixels += 1;
        let [left, top, right, bottom] = region.bounds;
        region.bounds = [left.min(x), top.min(y), right.max(x + 1), bottom.max(y + 1)];
    });
    regions.retain(|region| region.pixels >= pixels_min.max(1));
    regions.sort_by_key(|region| (u64::MAX - region.pixels, region.bounds[1], region.bounds[0]));
    regions.truncate(limits::OPAQUE_REGIONS_MAX);
    regions
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

    #[test]
    fn regions_are_exact_apart_and_largest_first() {
        let (small, large) = ([3, 4, 9, 10], [40, 30, 70, 41]);
        let found = opaque_regions(&image(100, 60, &[small, large]), 404, &[], [3, 3], 1);
        let expected = [OpaqueRegion { pixels: 330, bounds: large }, OpaqueRegion { pixels: 36, bounds: small }];
        assert_eq!(found, expected);
        assert_eq!(
            opaque_regions(&image(100, 60, &[small, large]), 404, &[], [3, 3], 37).len(),
            1,
            "the speck is summed only"
        );
    }

    #[test]
    fn dead_columns_are_no_region_and_many_regions_are_bounded() {
        let column = image(50, 50, &[[20, 0, 21, 50]]);
        assert!(opaque_regions(&column, 404, &[20], [2, 2], 1).is_empty());
        let specks: Vec<[u32; 4]> =
            (0..100).map(|n| [n % 10 * 10, n / 10 * 10, n % 10 * 10 + 2, n / 10 * 10 + 2]).collect();
        assert_eq!(opaque_regions(&image(100, 100, &specks), 404, &[], [1, 1], 1).len(), limits::OPAQUE_REGIONS_MAX);
    }
}
