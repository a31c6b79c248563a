//! A detector that has learned nothing: a fixed graph with random weights, for measuring speed.
//!
//! Stands alone so that `bench` and tests need neither Python nor the trained model: the graph is written here, byte for
//! byte the same from the same seed. Its detections mean nothing, and a station refuses to activate it (it has no golden
//! pictures).

mod onnx;

use crate::catalog::{self, Manifest, Package};
use crate::detections::Class;
use onnx::{Attribute, Graph, Value};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Proportions of the graph: a stem, then stages of depthwise 3 × 3 and pointwise convolutions at strides 8, 16 and 32,
/// each twice as wide as the one before; the deepest is unfolded back to stride 8 beside the first, for two heads.
#[derive(Clone, Copy, Debug)]
pub struct Proportions {
    /// Side of the square input in pixels; a multiple of 32.
    pub side: u32,
    /// Channels at stride 8; a multiple of 4.
    pub channels: usize,
    /// Blocks at strides 8, 16 and 32.
    pub blocks: [usize; 3],
}

/// What `bench pipeline` and `bench inspect` run: 1.0 million parameters on 2 × 512 × 512.
pub const BENCH: Proportions = Proportions { side: 512, channels: 96, blocks: [4, 6, 3] };
/// A tiny one for tests.
pub const TINY: Proportions = Proportions { side: 64, channels: 12, blocks: [1, 1, 1] };
/// The seed of the graph that figures are quoted for.
pub const SEED: u64 = 1;

const CLASSES: [Class; 6] =
    [Class::Firearm, Class::Blade, Class::Battery, Class::ExplosiveDevice, Class::DenseObject, Class::Opaque];
const STRIDE: u32 = 8;

/// A graph and how many numbers it holds.
pub struct RandomGraph {
    pub onnx: Vec<u8>,
    pub parameters: usize,
}

/// The graph of these proportions from this seed.
pub fn generate(proportions: Proportions, seed: u64) -> RandomGraph {
    build(proportions, seed, -4.0, 1.0)
}

/// The same with another bias on the scores: not-a-number makes a model whose answers cannot be believed.
pub fn with_bias(proportions: Proportions, seed: u64, score_bias: f32) -> RandomGraph {
    build(proportions, seed, score_bias, 1.0)
}

/// The same with every weight times `gain`: a large one gives a model that answers on air and breaks down on a parcel.
pub fn with_gain(proportions: Proportions, seed: u64, gain: f32) -> RandomGraph {
    build(proportions, seed, -4.0, gain)
}

fn build(proportions: Proportions, seed: u64, score_bias: f32, gain: f32) -> RandomGraph {
    let Proportions { side, channels, blocks } = proportions;
    let mut build =
        Build { graph: Graph::new("gatepost-random"), random: SplitMix::new(seed), parameters: 0, layers: 0, gain };
    build.graph.input(&Value { name: "image", shape: &[1, 2, i64::from(side), i64::from(side)] });
    let stem = (channels / 6).max(2);
    let first = Convolution { inputs: 2, outputs: stem, kernel: 3, stride: 2, groups: 1 };
    let mut last = build.convolution("image", first, 0.0, true);
    last = build.block(&last, stem, channels / 2, 2);
    last = build.stage(&last, channels / 2, channels, blocks[0]);
    let fine = last.clone();
    last = build.stage(&last, channels, 2 * channels, blocks[1]);
    last = build.stage(&last, 2 * channels, 4 * channels, blocks[2]);
    // Sixteen cells of stride 8 lie in one of stride 32: its channels are dealt out to them.
    const UNFOLD: usize = 4;
    let deep = 4 * channels;
    let unfolded = channels / 4;
    let dealt = Convolution { inputs: deep, outputs: unfolded * UNFOLD * UNFOLD, kernel: 1, stride: 1, groups: 1 };
    last = build.convolution(&last, dealt, 0.0, true);
    build.graph.node("DepthToSpace", &[&last], "unfolded", &[Attribute::One("blocksize", UNFOLD as i64)]);
    build.graph.node("Concat", &[&fine, "unfolded"], "joined", &[Attribute::One("axis", 1)]);
    last = build.block("joined", channels + unfolded, channels, 1);
    let head = |outputs| Convolution { inputs: channels, outputs, kernel: 1, stride: 1, groups: 1 };
    let heatmap = build.convolution(&last, head(CLASSES.len()), score_bias, false);
    build.graph.node("Identity", &[&heatmap], "heatmap", &[]);
    let distances = build.convolution(&last, head(4), 12.0, true);
    build.graph.node("Identity", &[&distances], "distances", &[]);
    let cells = i64::from(side / STRIDE);
    build.graph.output(&Value { name: "heatmap", shape: &[1, CLASSES.len() as i64, cells, cells] });
    build.graph.output(&Value { name: "distances", shape: &[1, 4, cells, cells] });
    RandomGraph { onnx: build.graph.finish(), parameters: build.parameters }
}

/// A whole package around the graph, in memory.
pub fn package(proportions: Proportions, seed: u64) -> Package {
    package_of(generate(proportions, seed).onnx, proportions)
}

/// A package around any graph of these proportions.
pub fn package_of(onnx: Vec<u8>, proportions: Proportions) -> Package {
    let text = manifest(&onnx, proportions);
    let manifest = Manifest::parse(&text).expect("this module writes manifests that this crate reads");
    Package { folder: PathBuf::from("random"), manifest, model: onnx }
}

/// Writes `manifest.toml` and `model.onnx` into a folder, for a station that is to be measured.
pub fn write(folder: &Path, proportions: Proportions, seed: u64) -> std::io::Result<()> {
    let graph = generate(proportions, seed);
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join(catalog::MODEL), &graph.onnx)?;
    std::fs::write(folder.join(catalog::MANIFEST), manifest(&graph.onnx, proportions))
}

fn manifest(onnx: &[u8], proportions: Proportions) -> String {
    let (digest, bytes, side) = (blake3::hash(onnx).to_hex(), onnx.len(), proportions.side);
    let words: Vec<String> = CLASSES.iter().map(|class| format!("\"{}\"", class.as_str())).collect();
    let mut text = format!(
        r#"format = 1
name = "random"
version = "1"
digest = "{digest}"
bytes = {bytes}
classes = [{classes}]

[input]
tensor = "image"
width = {side}
height = {side}
channels = ["high_attenuation", "low_minus_high_attenuation"]
preprocessing = "attenuation-area-v1"
air_level = 60000
attenuation_max_e3 = 6000
scale_e3 = [500, 1000]
resolution_um_min = 1000
default_pitch_um = 1500
default_belt_step_um = 1000

[output]
heatmap = "heatmap"
distances = "distances"
stride = {STRIDE}

[decoding]
method = "centre-peaks-v1"
iou_max_e4 = 5000
detections_max = 50

[calibration]
method = "none"

[limits]
opaque_attenuation_e3 = 5000
opaque_area_mm2_max = 600
parcel_attenuation_e3 = 30
parcel_area_mm2_min = 400
width_px_max = 4096
height_px_max = 8192

[provenance]
trained_on = "nothing: random weights"

[thresholds]
"#,
        classes = words.join(", ")
    );
    for class in CLASSES {
        let _ = writeln!(text, "{} = 5000", class.as_str());
    }
    text
}

#[derive(Clone, Copy)]
struct Convolution {
    inputs: usize,
    outputs: usize,
    kernel: i64,
    stride: i64,
    groups: usize,
}

struct Build {
    graph: Graph,
    random: SplitMix,
    parameters: usize,
    layers: usize,
    gain: f32,
}

impl Build {
    /// A block that halves the picture, then more of the same width.
    fn stage(&mut self, input: &str, inputs: usize, outputs: usize, blocks: usize) -> String {
        let mut last = self.block(input, inputs, outputs, 2);
        for _ in 0..blocks {
            last = self.block(&last, outputs, outputs, 1);
        }
        last
    }

    /// A depthwise 3 × 3 and a pointwise convolution, each with its rectifier. The name of its output.
    fn block(&mut self, input: &str, inputs: usize, outputs: usize, stride: i64) -> String {
        let depthwise = Convolution { inputs, outputs: inputs, kernel: 3, stride, groups: inputs };
        let middle = self.convolution(input, depthwise, 0.0, true);
        self.convolution(&middle, Convolution { inputs, outputs, kernel: 1, stride: 1, groups: 1 }, 0.0, true)
    }

    fn convolution(&mut self, input: &str, shape: Convolution, bias: f32, rectified: bool) -> String {
        let Convolution { inputs, outputs, kernel, stride, groups } = shape;
        let layer = self.layers;
        self.layers += 1;
        let (weight, offset, sum) = (format!("w{layer}"), format!("b{layer}"), format!("c{layer}"));
        let fan_in = inputs / groups * (kernel * kernel) as usize;
        let count = outputs * fan_in;
        // Keeps the variance through a rectifier, so that neither end of the graph drowns or overflows.
        let spread = (2.0 / fan_in as f32).sqrt();
        let weights: Vec<f32> = (0..count).map(|_| self.random.normal() * spread * self.gain).collect();
        self.graph.constant(&weight, &[outputs as i64, (inputs / groups) as i64, kernel, kernel], &weights);
        self.graph.constant(&offset, &[outputs as i64], &vec![bias; outputs]);
        self.parameters += count + outputs;
        let pad = kernel / 2;
        self.graph.node(
            "Conv",
            &[input, &weight, &offset],
            &sum,
            &[
                Attribute::List("kernel_shape", &[kernel, kernel]),
                Attribute::List("strides", &[stride, stride]),
                Attribute::List("pads", &[pad, pad, pad, pad]),
                Attribute::One("group", groups as i64),
            ],
        );
        if !rectified {
            return sum;
        }
        let out = format!("r{layer}");
        self.graph.node("Relu", &[&sum], &out, &[]);
        out
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): a fixed sequence on every machine.
pub(crate) struct SplitMix(u64);

impl SplitMix {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Near enough to a normal distribution of variance 1: the sum of twelve uniform numbers, less 6. Only exact operations,
    /// so that every machine gets the same bits.
    pub(crate) fn normal(&mut self) -> f32 {
        const PART: u64 = (1 << 20) - 1;
        let mut sum = 0;
        for _ in 0..4 {
            let bits = self.next();
            sum += (bits & PART) + (bits >> 20 & PART) + (bits >> 40 & PART);
        }
        sum as f32 / (1 << 20) as f32 - 6.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bench_graph_has_a_million_parameters() {
        let graph = generate(BENCH, SEED);
        assert!((950_000..=1_050_000).contains(&graph.parameters), "{}", graph.parameters);
        assert!(graph.onnx.len() > graph.parameters * 4);
    }

    /// Figures are quoted for these bytes: if this changes, so do they.
    #[test]
    fn the_tiny_graph_is_frozen() {
        let digest = blake3::hash(&generate(TINY, SEED).onnx).to_hex();
        assert_eq!(&digest[..16], "49ffc17f2fc9eb63");
        assert!(generate(TINY, SEED).onnx != generate(TINY, SEED + 1).onnx);
    }

    #[test]
    fn random_numbers_have_mean_0_and_variance_1() {
        let mut random = SplitMix::new(7);
        let values: Vec<f32> = (0..10_000).map(|_| random.normal()).collect();
        let mean = values.iter().sum::<f32>() / 10_000.0;
        let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f32>() / 10_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }
}
