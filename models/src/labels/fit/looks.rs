//! What each character of Code 128 looks like through blur, and the sequence of characters nearest to what was seen.

use super::{MODULES, PER, SHARED, SPILL, STOP_WINDOW, SYMBOLS, VALUES, WINDOW};
use gatepost_hardware::symbology::code128;
use std::sync::OnceLock;

/// Blurs tried: standard deviations in modules.
const BLURS: [f32; 4] = [0.35, 0.6, 0.85, 1.1];

/// What each character looks like at one blur.
pub(super) struct Looks {
    /// Ink, with its spill.
    pub(super) symbols: Vec<[f32; WINDOW]>,
    pub(super) stop: [f32; STOP_WINDOW],
    /// Squares of those, summed.
    weights: Vec<f32>,
    /// Twice the product of each with each next one, where they touch; and with the stop.
    touching: Vec<[f32; SYMBOLS]>,
    touching_stop: Vec<f32>,
}

impl Looks {
    fn new(blur: f32) -> Self {
        let symbols: Vec<[f32; WINDOW]> = (0..SYMBOLS as u8).map(|value| look(value, blur)).collect();
        let stop: [f32; STOP_WINDOW] = look(code128::STOP, blur);
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let touch = |one: &[f32; WINDOW], next: &[f32]| 2.0 * dot(&one[WINDOW - SHARED..], &next[..SHARED]);
        let touching = symbols.iter().map(|one| std::array::from_fn(|next| touch(one, &symbols[next]))).collect();
        Self {
            weights: symbols.iter().map(|one| dot(one, one)).collect(),
            touching_stop: symbols.iter().map(|one| touch(one, &stop)).collect(),
            touching,
            symbols,
            stop,
        }
    }

    pub(super) fn all() -> &'static [Self] {
        static ALL: OnceLock<Vec<Looks>> = OnceLock::new();
        ALL.get_or_init(|| BLURS.iter().map(|&blur| Self::new(blur)).collect())
    }
}

/// One character's ink under a blur: what a sample sees of each bar.
fn look<const LENGTH: usize>(value: u8, blur: f32) -> [f32; LENGTH] {
    let mut ink = [0.0; LENGTH];
    let mut at = SPILL as f32;
    for (index, width) in code128::widths(value).into_iter().flatten().enumerate() {
        let end = at + f32::from(width);
        if index % 2 == 0 {
            for (sample, ink) in ink.iter_mut().enumerate() {
                let x = (sample as f32 + 0.5) / PER as f32;
                *ink += below((x - at) / blur) - below((x - end) / blur);
            }
        }
        at = end;
    }
    ink
}

/// The normal distribution's share below `z`, to a thousandth.
fn below(z: f32) -> f32 {
    let (a, t) = (z.abs(), 1.0 / (1.0 + 0.332_67 * z.abs()));
    let tail = (-0.5 * a * a).exp() * 0.398_942_3 * t * (0.436_183_6 + t * (-0.120_167_6 + t * 0.937_298));
    if z < 0.0 { tail } else { 1.0 - tail }
}

/// What a character costs at its place, without its neighbours.
fn alone(seen: &[f32], place: usize, value: usize, looks: &Looks) -> f32 {
    let from = place * MODULES * PER;
    let product: f32 = seen[from..from + WINDOW].iter().zip(&looks.symbols[value]).map(|(a, b)| a * b).sum();
    looks.weights[value] - 2.0 * product
}

/// The sequence of characters nearest to what was seen, and what it would look like.
pub(super) fn nearest(seen: &[f32], characters: usize, looks: &Looks) -> Option<(Vec<u8>, Vec<f32>)> {
    let mut costs = vec![f32::INFINITY; SYMBOLS];
    for (value, cost) in costs.iter_mut().enumerate().skip(VALUES) {
        *cost = alone(seen, 0, value, looks);
    }
    let mut came: Vec<Vec<u8>> = Vec::with_capacity(characters);
    for place in 1..characters {
        let mut next = vec![f32::INFINITY; SYMBOLS];
        let mut from = vec![0u8; SYMBOLS];
        let first = if place == 1 { VALUES..SYMBOLS } else { 0..VALUES };
        for before in first {
            let cost = costs[before];
            let touching = &looks.touching[before];
            for value in 0..VALUES {
                let sum = cost + touching[value];
                if sum < next[value] {
                    next[value] = sum;
                    from[value] = before as u8;
                }
            }
        }
        for (value, cost) in next.iter_mut().enumerate().take(VALUES) {
            *cost += alone(seen, place, value, looks);
        }
        came.push(from);
        costs = next;
    }
    let end = (0..VALUES)
        .min_by(|&a, &b| (costs[a] + looks.touching_stop[a]).total_cmp(&(costs[b] + looks.touching_stop[b])))?;
    let mut values = vec![end as u8];
    for from in came.iter().rev() {
        values.push(from[usize::from(*values.last()?)]);
    }
    values.reverse();
    Some((values.clone(), model(&values, looks, seen.len())))
}

fn model(values: &[u8], looks: &Looks, samples: usize) -> Vec<f32> {
    let mut model = vec![0.0; samples];
    let mut add = |place: usize, look: &[f32]| {
        let from = place * MODULES * PER;
        model[from..].iter_mut().zip(look).for_each(|(sum, ink)| *sum += ink);
    };
    for (place, &value) in values.iter().enumerate() {
        add(place, &looks.symbols[usize::from(value)]);
    }
    add(values.len(), &looks.stop);
    model
}

/// By how much each character beats its next best between the same neighbours.
pub(super) fn margins<'a>(seen: &'a [f32], values: &'a [u8], looks: &'a Looks) -> impl Iterator<Item = f32> + 'a {
    (0..values.len()).map(move |place| {
        let choices = if place == 0 { VALUES..SYMBOLS } else { 0..VALUES };
        let cost = |value: usize| {
            let before = if place == 0 { 0.0 } else { looks.touching[usize::from(values[place - 1])][value] };
            let after = match values.get(place + 1) {
                Some(&next) => looks.touching[value][usize::from(next)],
                None => looks.touching_stop[value],
            };
            alone(seen, place, value, looks) + before + after
        };
        let chosen = usize::from(values[place]);
        let best = cost(chosen);
        choices.filter(|&value| value != chosen).map(cost).fold(f32::MAX, f32::min) - best
    })
}
