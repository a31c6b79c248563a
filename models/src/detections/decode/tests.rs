use super::*;
use crate::random_graph::{TINY, package};
use proptest::prelude::*;

const SIDE: usize = 8;
const CELLS: usize = SIDE * SIDE;
const CLASSES: usize = 6;

/// Six empty score maps of 8 × 8 cells, and distances of 6 input pixels all round.
struct Maps {
    heatmap: Vec<f32>,
    distances: Vec<f32>,
}

impl Maps {
    fn empty() -> Self {
        Self { heatmap: vec![-20.0; CLASSES * CELLS], distances: vec![6.0; 4 * CELLS] }
    }

    fn set(&mut self, class: usize, row: usize, column: usize, logit: f32) {
        self.heatmap[class * CELLS + row * SIDE + column] = logit;
    }

    /// On a picture of 128 × 64 pixels: an input pixel is two columns and one line.
    fn decode(&self) -> Result<Vec<Detection>, OutputFault> {
        let canvas = Canvas {
            used_width: 64.0,
            used_height: 64.0,
            columns_per_pixel: 2.0,
            lines_per_pixel: 1.0,
            width: 128,
            height: 64,
        };
        let grid = Grid { columns: SIDE, rows: SIDE, heatmap: &self.heatmap, distances: &self.distances };
        decode(&grid, &canvas, &package(TINY, 1).manifest)
    }
}

#[test]
fn a_peak_becomes_a_box_in_the_pictures_own_pixels() {
    let mut maps = Maps::empty();
    maps.set(1, 2, 3, 2.0);
    // Centre (28, 20), six pixels out: (22, 14) to (34, 26) on the input.
    let expected = Detection { class: Class::Blade, score_e4: 8_808, bounds: [44, 14, 68, 26] };
    assert_eq!(maps.decode(), Ok(vec![expected]));
}

#[test]
fn thresholds_are_compared_on_whole_numbers() {
    let mut maps = Maps::empty();
    maps.set(0, 4, 4, 0.0);
    assert_eq!(maps.decode().expect("finite").len(), 1, "5,000 reaches 5,000");
    maps.set(0, 4, 4, -0.000_3);
    assert_eq!(maps.decode().expect("finite").len(), 0, "4,999 does not");
}

#[test]
fn of_equal_neighbours_the_first_in_reading_order_wins() {
    let mut maps = Maps::empty();
    for (row, column) in [(3, 3), (3, 4), (4, 2)] {
        maps.set(2, row, column, 1.0);
    }
    let found = maps.decode().expect("finite");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].bounds, [44, 22, 68, 34], "the one at row 3, column 3");
}

#[test]
fn overlaps_go_within_a_class_and_stay_between_classes() {
    let mut maps = Maps::empty();
    maps.distances.fill(30.0);
    maps.set(3, 3, 2, 3.0);
    maps.set(3, 3, 4, 2.0);
    maps.set(4, 3, 4, 1.0);
    let found = maps.decode().expect("finite");
    let classes: Vec<Class> = found.iter().map(|one| one.class).collect();
    assert_eq!(classes, [Class::ExplosiveDevice, Class::DenseObject]);
}

#[test]
fn what_is_no_number_is_a_fault_and_not_an_empty_list() {
    for poison in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut maps = Maps::empty();
        maps.set(5, 7, 7, poison);
        assert_eq!(maps.decode(), Err(OutputFault::NotFinite { output: "scores" }));
        let mut maps = Maps::empty();
        maps.distances[CELLS] = poison;
        assert_eq!(maps.decode(), Err(OutputFault::NotFinite { output: "distances" }));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever finite numbers: bounded, in order, every box whole and inside the picture.
    #[test]
    fn any_finite_outputs_give_a_bounded_ordered_list(
        heatmap in proptest::collection::vec(-6.0f32..6.0, CLASSES * CELLS),
        distances in proptest::collection::vec(-50.0f32..500.0, 4 * CELLS),
    ) {
        let found = Maps { heatmap, distances }.decode().expect("finite");
        prop_assert!(found.len() <= 50);
        prop_assert!(found.is_sorted_by_key(|one| std::cmp::Reverse(one.score_e4)));
        for one in found {
            let [left, top, right, bottom] = one.bounds;
            prop_assert!(left < right && right <= 128 && top < bottom && bottom <= 64);
            prop_assert!((5_000..=10_000).contains(&one.score_e4));
        }
    }
}
