//! `bench inspect`: what looking at a picture costs beside the bare inference, same threads, one run.

use crate::formats::{self, Geometry};
use crate::random_graph::SEED;
use crate::session::{Engine, Model};
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};

/// The figure first, what was measured beside it. Medians over all rounds, in microseconds.
#[derive(Debug, Serialize)]
pub struct BenchInspect {
    /// (decode + preprocess + infer + postprocess) ÷ bare inference, of medians.
    pub ratio_total_to_inference: f64,
    pub total_us: u64,
    /// The engine alone, on the tensor that the last picture left.
    pub bare_inference_us: u64,
    pub decode_us: u64,
    pub preprocess_us: u64,
    pub infer_us: u64,
    pub postprocess_us: u64,
    pub pictures: usize,
    pub rounds: usize,
    pub model: String,
    pub engine: String,
    pub threads: usize,
}

#[derive(Debug)]
pub enum BenchError {
    NoPictures,
    /// A picture that is blind measures nothing.
    Blind {
        file: PathBuf,
        detail: String,
    },
    Unwritable {
        path: PathBuf,
        what: String,
    },
}

impl fmt::Display for BenchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPictures => f.write_str("no pictures to measure with: name X-ray files"),
            Self::Blind { file, detail } => {
                write!(f, "{}: not assessed, so there is nothing to measure ({detail})", file.display())
            }
            Self::Unwritable { path, what } => write!(f, "{}: cannot be written ({what})", path.display()),
        }
    }
}

impl std::error::Error for BenchError {}

/// Assesses every file `rounds` times, each followed by a bare inference: both meet the same weather on a shared machine.
pub fn bench_inspect(
    engine: &Engine,
    model: &mut Model,
    threads: usize,
    files: &[PathBuf],
    geometry: &Geometry,
    rounds: usize,
) -> Result<BenchInspect, BenchError> {
    if files.is_empty() {
        return Err(BenchError::NoPictures);
    }
    let (mut stages, mut bare) = (Vec::new(), Vec::new());
    for round in 0..=rounds.max(1) {
        for file in files {
            let assessment = model.detect_file(file, Some(*geometry));
            if let Some(blind) = assessment.blind() {
                return Err(BenchError::Blind { file: file.clone(), detail: blind.detail.clone() });
            }
            let alone = model.bare_inference_us().map_err(|detail| BenchError::Blind { file: file.clone(), detail })?;
            // The first round warms caches and is not counted.
            if round > 0 {
                stages.push(assessment.timings());
                bare.push(alone);
            }
        }
    }
    let median_of = |part: fn(&crate::session::Timings) -> u64| median(stages.iter().map(part).collect());
    let (total_us, bare_inference_us) = (median_of(|timings| timings.total_us()), median(bare));
    let manifest = model.manifest();
    Ok(BenchInspect {
        ratio_total_to_inference: total_us as f64 / bare_inference_us.max(1) as f64,
        total_us,
        bare_inference_us,
        decode_us: median_of(|timings| timings.decode_us),
        preprocess_us: median_of(|timings| timings.preprocess_us),
        infer_us: median_of(|timings| timings.infer_us),
        postprocess_us: median_of(|timings| timings.postprocess_us),
        pictures: files.len(),
        rounds: rounds.max(1),
        model: format!("{} {} ({})", manifest.name, manifest.version, &manifest.digest[..12]),
        engine: format!("onnxruntime {} ({})", crate::runtime::VERSION, &engine.library().sha256[..12]),
        threads,
    })
}

fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}

/// Pictures to measure with where nobody names any: parcels of random blocks with a scanner's grain, 400 columns by 600
/// lines, two energies as pairs of 16-bit PNG files. Not physics: only the sizes and the packing matter here.
pub fn bench_pictures(folder: &Path, count: usize) -> Result<Vec<PathBuf>, BenchError> {
    const SIZE: (u32, u32) = (400, 600);
    let unwritable = |path: &Path, what: String| BenchError::Unwritable { path: path.to_path_buf(), what };
    std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, error.to_string()))?;
    let mut files = Vec::new();
    for number in 0..count {
        let mut random = crate::random_graph::SplitMix::new(SEED + number as u64);
        let mut attenuation = vec![0.0f32; (SIZE.0 * SIZE.1) as usize];
        for _ in 0..40 {
            let mut side = |least: u64, most: u64| (least + random.next() % (most - least)) as u32;
            let (left, top) = (side(30, 300), side(30, 480));
            let (right, bottom) = ((left + side(10, 120)).min(370), (top + side(10, 160)).min(570));
            let dense = side(1, 40) as f32 / 100.0;
            for y in top..bottom {
                let line = (y * SIZE.0) as usize;
                attenuation[line + left as usize..line + right as usize].iter_mut().for_each(|value| *value += dense);
            }
        }
        for (energy, factor) in [("low", 1.3f32), ("high", 1.0)] {
            let samples: Vec<u16> = attenuation
                .iter()
                .map(|value| {
                    let light = 60_000.0 * (-value.min(4.5) * factor).exp();
                    // About the grain of 40,000 photons a pixel.
                    (light + random.normal() * (light * 1.5).sqrt()).clamp(0.0, 65_534.0) as u16
                })
                .collect();
            let path = folder.join(format!("bench-{number}.{energy}.png"));
            let bytes = formats::encode_png16(SIZE.0, SIZE.1, &samples)
                .ok_or_else(|| unwritable(&path, "too large to encode".into()))?;
            std::fs::write(&path, bytes).map_err(|error| unwritable(&path, error.to_string()))?;
            if energy == "low" {
                files.push(path);
            }
        }
    }
    Ok(files)
}
