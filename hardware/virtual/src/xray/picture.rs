//! Dual-energy images as files and as the belt may spoil them: two parcels in one image, one parcel in two.
//!
//! It stands alone because it knows pixels only. It refuses to resample: joining and cutting move lines as they are.

use std::io;
use std::path::{Path, PathBuf};

use super::targets::Class;

/// A target's outline in an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truth {
    /// What it is.
    pub class: Class,
    /// x0, y0, x1, y1 in pixels, right and bottom exclusive.
    pub pixels: [u32; 4],
    /// Its own mean areal density where it is, mg/cm².
    pub own_mg_cm2: u32,
    /// That of everything above and below it there.
    pub over_mg_cm2: u32,
}

/// Two planes of counts, line after line; air reads `air_level`, no light reads 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DualImage {
    /// Detector columns (across the belt).
    pub width: u32,
    /// Lines (along the belt).
    pub height: u32,
    /// Low-energy counts, `width * height` of them.
    pub low: Vec<u16>,
    /// High-energy counts, as many.
    pub high: Vec<u16>,
    /// Pixel width at the belt, micrometres.
    pub pitch_um: u32,
    /// Pixel height, micrometres.
    pub belt_step_um: u32,
    /// Counts in air.
    pub air_level: u16,
    /// Detector column that image column 0 is.
    pub first_column: u32,
    /// What is really there.
    pub truth: Vec<Truth>,
}

impl DualImage {
    /// Length along the belt in millimetres, air round the parcel included.
    pub fn length_mm(&self) -> u32 {
        (u64::from(self.height) * u64::from(self.belt_step_um) / 1000) as u32
    }

    /// Two images as one, the second `gap_lines` of air behind the first: what a scanner hands over when it does not
    /// see the gap. Columns stay where they were on the detector.
    pub fn merged(first: &DualImage, second: &DualImage, gap_lines: u32) -> DualImage {
        let left = first.first_column.min(second.first_column);
        let right = (first.first_column + first.width).max(second.first_column + second.width);
        let (width, height) = (right - left, first.height + gap_lines + second.height);
        let mut merged = DualImage {
            width,
            height,
            low: vec![first.air_level; (width * height) as usize],
            high: vec![first.air_level; (width * height) as usize],
            first_column: left,
            truth: Vec::new(),
            ..first.clone_frame()
        };
        for (image, top) in [(first, 0), (second, first.height + gap_lines)] {
            let shift = image.first_column - left;
            for line in 0..image.height {
                let from = (line * image.width) as usize..((line + 1) * image.width) as usize;
                let start = ((top + line) * width + shift) as usize;
                merged.low[start..start + image.width as usize].copy_from_slice(&image.low[from.clone()]);
                merged.high[start..start + image.width as usize].copy_from_slice(&image.high[from]);
            }
            merged.truth.extend(image.truth.iter().map(|truth| {
                let [x0, y0, x1, y1] = truth.pixels;
                Truth { pixels: [x0 + shift, y0 + top, x1 + shift, y1 + top], ..*truth }
            }));
        }
        merged
    }

    /// The image cut in two before a line, as when a scanner ends an image too early. A target cut through is in both.
    pub fn split(&self, line: u32) -> (DualImage, DualImage) {
        let line = line.min(self.height);
        let cut = |top: u32, bottom: u32| {
            let pixels = (top * self.width) as usize..(bottom * self.width) as usize;
            let truth = self.truth.iter().filter(|t| t.pixels[1] < bottom && t.pixels[3] > top).map(|t| {
                let [x0, y0, x1, y1] = t.pixels;
                Truth { pixels: [x0, y0.max(top) - top, x1, y1.min(bottom) - top], ..*t }
            });
            DualImage {
                height: bottom - top,
                low: self.low[pixels.clone()].to_vec(),
                high: self.high[pixels].to_vec(),
                truth: truth.collect(),
                ..self.clone_frame()
            }
        };
        (cut(0, line), cut(line, self.height))
    }

    fn clone_frame(&self) -> DualImage {
        DualImage { low: Vec::new(), high: Vec::new(), truth: Vec::new(), ..*self }
    }

    /// Writes `NAME.low.png` and `NAME.high.png` (16-bit grey) into a folder; each appears whole under its name.
    ///
    /// # Errors
    /// What the file system or the encoder says, with the path.
    pub fn write_pair(&self, folder: &Path, name: &str) -> io::Result<[PathBuf; 2]> {
        let low = self.write_plane(&self.low, folder, &format!("{name}.low.png"))?;
        let high = self.write_plane(&self.high, folder, &format!("{name}.high.png"))?;
        Ok([low, high])
    }

    fn write_plane(&self, plane: &[u16], folder: &Path, name: &str) -> io::Result<PathBuf> {
        let path = folder.join(name);
        let partial = folder.join(format!(".{name}.partial"));
        let failed = |error: &dyn std::fmt::Display| io::Error::other(format!("{}: {error}", path.display()));
        let bytes: Vec<u8> = plane.iter().flat_map(|value| value.to_ne_bytes()).collect();
        image::save_buffer_with_format(
            &partial,
            &bytes,
            self.width,
            self.height,
            image::ExtendedColorType::L16,
            image::ImageFormat::Png,
        )
        .map_err(|error| failed(&error))?;
        std::fs::rename(&partial, &path).map_err(|error| failed(&error))?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(width: u32, height: u32, first_column: u32, level: u16) -> DualImage {
        let truth = vec![Truth { class: Class::Blade, pixels: [1, 1, 3, 4], own_mg_cm2: 2000, over_mg_cm2: 500 }];
        let plane = vec![level; (width * height) as usize];
        DualImage {
            width,
            height,
            low: plane.clone(),
            high: plane,
            pitch_um: 1500,
            belt_step_um: 1000,
            air_level: 60_000,
            first_column,
            truth,
        }
    }

    #[test]
    fn two_images_merge_where_they_were_on_the_detector_and_split_again() {
        let (first, second) = (image(6, 5, 4, 100), image(4, 7, 8, 200));
        let merged = DualImage::merged(&first, &second, 3);
        assert_eq!((merged.width, merged.height, merged.first_column), (8, 15, 4));
        assert_eq!(merged.truth[1].pixels, [5, 9, 7, 12]);
        assert_eq!(merged.low[8 * 8 + 4], 200);
        assert_eq!(merged.low[6 * 8], 60_000, "the gap is air");
        let (front, back) = merged.split(5);
        assert_eq!((front.height, back.height), (5, 10));
        assert_eq!(front.truth, first.truth);
        assert_eq!(back.truth[0].pixels, [5, 4, 7, 7]);
        assert_eq!([front.low, back.low].concat(), merged.low);
    }

    #[test]
    fn a_cut_through_a_target_leaves_it_in_both() {
        let (front, back) = image(6, 5, 0, 1).split(2);
        assert_eq!((front.truth[0].pixels, back.truth[0].pixels), ([1, 1, 3, 2], [1, 0, 3, 2]));
    }
}
