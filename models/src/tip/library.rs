//! A threat library: a folder with `library.toml` and two maps an item, believed only after every byte was looked at.
//!
//! Stands alone because it reads foreign files: all is bounded before memory is asked for, and every fault is a
//! sentence with the file, what is wrong and what to do. It knows no picture.

use super::basis::{Areal, Basis, BasisTable};
use crate::detections::Class;
use crate::formats::{self, Geometry, Planes, Problem, Source, read_bounded};
use crate::limits;
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};

/// The folder's table of contents.
pub const LIBRARY: &str = "library.toml";
/// Letters of what the reader of TOML says.
const WORDS_MAX: usize = 400;

/// `library.toml`, format 1. Integers only; unknown keys are refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// 1.
    pub format: u32,
    /// Side of a map's pixel, micrometres.
    pub map_pitch_um: u32,
    /// What a count of a map is, in 1/1,000 mg/cm².
    pub map_unit_e3: u32,
    /// The count where nothing is. Below it: less than none, as brass is steel with less than no plastic.
    pub map_zero: u16,
    pub scanner: Scanner,
    pub basis: BasisTable,
    pub items: Vec<Entry>,
}

/// The scanner that the library was made for: what its table, its noise and its edges are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scanner {
    pub name: String,
    /// Tube voltage.
    pub kilovolts: u32,
    /// Its usual geometry, where neither station nor file says another.
    pub pitch_um: u32,
    pub belt_step_um: u32,
    pub air_level: u16,
    /// Detected photons per pixel and energy in air.
    pub photons: u32,
    /// Electronic noise, in 1/1,000 photons.
    pub electronic_e3: u32,
    /// Part of a pixel's light that reaches each neighbour across the belt, in 1/1,000.
    pub crosstalk_e3: u32,
    /// Part of a line smeared into the next one, in 1/1,000.
    pub motion_e3: u32,
}

/// One item, as `library.toml` names it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub name: String,
    pub class: Class,
    pub design: String,
    /// Pixels across and along.
    pub width: u32,
    pub height: u32,
    /// How high it stands as it lies, millimetres.
    pub height_mm: u32,
    /// Files of its maps, and their BLAKE3.
    pub organic: String,
    pub organic_digest: String,
    pub metal: String,
    pub metal_digest: String,
}

/// One item, its maps read and checked.
#[derive(Clone, Debug)]
pub struct Item {
    pub name: String,
    pub class: Class,
    pub design: String,
    pub height_mm: u32,
    pub(super) width: u32,
    pub(super) height: u32,
    /// Counts of organic and metal, row by row.
    organic: Vec<u16>,
    metal: Vec<u16>,
    /// g/cm² of one count, and the count of nothing.
    unit: f32,
    zero: u16,
}

/// A library whose every byte is what its digests say.
#[derive(Clone, Debug)]
pub struct Library {
    /// BLAKE3 of `library.toml`, which names that of every map.
    pub digest: String,
    pub scanner: Scanner,
    pub(super) basis: Basis,
    pub(super) map_pitch_um: u32,
    pub items: Vec<Item>,
}

/// Why a folder is no usable library. The text names file, fault and remedy.
#[derive(Debug, PartialEq, Eq)]
pub struct LibraryError {
    pub file: PathBuf,
    pub fault: LibraryFault,
}

#[derive(Debug, PartialEq, Eq)]
pub enum LibraryFault {
    Unreadable(String),
    TooManyBytes(u64),
    /// Not the library's words, keys or types.
    Words(String),
    /// A value outside what this program can do.
    Range(String),
    OtherDigest {
        expected: String,
        found: String,
    },
    /// A map that is no map.
    Map(String),
}

impl fmt::Display for LibraryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file.display())?;
        match &self.fault {
            LibraryFault::Unreadable(what) => {
                write!(f, "cannot be read ({what}). Check the library's folder and who may read it")
            }
            LibraryFault::TooManyBytes(bytes) => {
                write!(f, "{bytes} bytes are more than this file may have. Not a threat library")
            }
            LibraryFault::Words(what) | LibraryFault::Range(what) => {
                write!(f, "{what}. The library does not fit this software: install the one made for it")
            }
            LibraryFault::OtherDigest { expected, found } => write!(
                f,
                "BLAKE3 is {found}, {LIBRARY} says {expected}: not the map that was made. Install the library again"
            ),
            LibraryFault::Map(what) => write!(f, "{what}. Install the library again"),
        }
    }
}

impl std::error::Error for LibraryError {}

impl Contents {
    /// Text to contents whose every value this program can work with; the table is checked by [`Basis::new`].
    pub fn parse(text: &str) -> Result<Self, LibraryFault> {
        // The reader quotes the line it stumbled over, however long.
        let words = |text: String| text.trim().replace('\n', " ").chars().take(WORDS_MAX).collect();
        let contents: Self = toml::from_str(text).map_err(|error| LibraryFault::Words(words(error.to_string())))?;
        contents.check().map_err(LibraryFault::Range)?;
        Ok(contents)
    }

    fn check(&self) -> Result<(), String> {
        let scanner = &self.scanner;
        let ranges = [
            ("format", u64::from(self.format), 1, 1),
            ("map_pitch_um", self.map_pitch_um.into(), 100, 10_000),
            ("map_unit_e3", self.map_unit_e3.into(), 1, 10_000),
            ("scanner.kilovolts", scanner.kilovolts.into(), 20, 600),
            ("scanner.pitch_um", scanner.pitch_um.into(), 50, 20_000),
            ("scanner.belt_step_um", scanner.belt_step_um.into(), 50, 20_000),
            ("scanner.air_level", scanner.air_level.into(), 1_000, u16::MAX.into()),
            ("scanner.photons", scanner.photons.into(), 100, 100_000_000),
            ("scanner.electronic_e3", scanner.electronic_e3.into(), 0, 1_000_000),
            ("scanner.crosstalk_e3", scanner.crosstalk_e3.into(), 0, 250),
            ("scanner.motion_e3", scanner.motion_e3.into(), 0, 500),
            ("items", self.items.len() as u64, 1, limits::TIP_ITEMS_MAX as u64),
        ];
        for (key, value, least, most) in ranges {
            if value < least || value > most {
                return Err(format!("{key} is {value}; possible here: {least} to {most}"));
            }
        }
        let mut pixels = 0;
        for (index, item) in self.items.iter().enumerate() {
            item.check().map_err(|what| format!("items[{index}] ({}): {what}", shortened(&item.name)))?;
            if self.items[..index].iter().any(|before| before.name == item.name) {
                return Err(format!("items[{index}]: the name {} stands twice", shortened(&item.name)));
            }
            pixels += 2 * u64::from(item.width) * u64::from(item.height);
        }
        if pixels > limits::TIP_PIXELS_MAX {
            return Err(format!("{pixels} pixels of maps; possible here: {}", limits::TIP_PIXELS_MAX));
        }
        Ok(())
    }
}

fn shortened(name: &str) -> String {
    name.chars().take(40).collect()
}

impl Entry {
    fn check(&self) -> Result<(), String> {
        let plain = |text: &str| {
            let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
            (1..=100).contains(&text.len()) && !text.starts_with('.') && text.bytes().all(letters)
        };
        let words =
            [("name", &self.name), ("design", &self.design), ("organic", &self.organic), ("metal", &self.metal)];
        if let Some((key, _)) = words.iter().find(|(_, text)| !plain(text)) {
            return Err(format!("{key} is 1 to 100 letters, digits, points, hyphens, no folder"));
        }
        for digest in [&self.organic_digest, &self.metal_digest] {
            if digest.len() != 64 || !digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
                return Err("a digest is 64 lower-case hexadecimal digits".into());
            }
        }
        let sides = 3..=limits::TIP_MAP_SIDE_MAX;
        if !sides.contains(&self.width) || !sides.contains(&self.height) {
            return Err(format!("its sides are 3 to {} pixels", limits::TIP_MAP_SIDE_MAX));
        }
        if !(1..=2_000).contains(&self.height_mm) {
            return Err("height_mm is 1 to 2000".into());
        }
        Ok(())
    }
}

impl Library {
    /// Reads and checks a library's folder, maps and all.
    pub fn load(folder: &Path) -> Result<Self, LibraryError> {
        let text = bounded(&folder.join(LIBRARY), limits::TIP_TEXT_BYTES_MAX)?;
        Self::from_text(folder, &text, |file| bounded(file, limits::TIP_MAP_BYTES_MAX))
    }

    /// The same of a text in memory, and of maps that `read` gives by their path.
    pub fn from_text(
        folder: &Path,
        text: &[u8],
        read: impl Fn(&Path) -> Result<Vec<u8>, LibraryError>,
    ) -> Result<Self, LibraryError> {
        let refused = |fault| LibraryError { file: folder.join(LIBRARY), fault };
        let words = std::str::from_utf8(text).map_err(|_| refused(LibraryFault::Words("not UTF-8 text".into())))?;
        let contents = Contents::parse(words).map_err(refused)?;
        let basis = Basis::new(&contents.basis).map_err(|what| refused(LibraryFault::Range(what)))?;
        let (unit, zero) = (contents.map_unit_e3 as f32 / 1_000_000.0, contents.map_zero);
        let mut items = Vec::with_capacity(contents.items.len());
        for entry in contents.items {
            let [organic, metal] =
                [(&entry.organic, &entry.organic_digest), (&entry.metal, &entry.metal_digest)].map(|(name, digest)| {
                    let file = folder.join(name);
                    read(&file).and_then(|bytes| {
                        map(&bytes, digest, [entry.width, entry.height], zero)
                            .map_err(|fault| LibraryError { file, fault })
                    })
                });
            let (organic, metal) = (organic?, metal?);
            if organic.iter().chain(&metal).all(|&count| count == zero) {
                let fault = LibraryFault::Map("nothing is on either map".into());
                return Err(LibraryError { file: folder.join(&entry.organic), fault });
            }
            let Entry { name, class, design, width, height, height_mm, .. } = entry;
            items.push(Item { name, class, design, height_mm, width, height, organic, metal, unit, zero });
        }
        let digest = blake3::hash(text).to_hex().to_string();
        Ok(Self { digest, scanner: contents.scanner, basis, map_pitch_um: contents.map_pitch_um, items })
    }

    /// The item of that name.
    pub fn item(&self, name: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.name == name)
    }

    /// What its scanner's pixels measure.
    pub fn geometry(&self) -> Geometry {
        let Scanner { pitch_um, belt_step_um, air_level, .. } = self.scanner;
        Geometry { pitch_um, belt_step_um, air_level: Some(air_level) }
    }
}

impl Item {
    /// Areal densities at a pixel of its maps; nothing beyond them.
    pub(super) fn areal(&self, column: i32, line: i32) -> Areal {
        let inside = |at: i32, side: u32| u32::try_from(at).ok().filter(|&at| at < side);
        let Some((column, line)) = inside(column, self.width).zip(inside(line, self.height)) else {
            return Areal::default();
        };
        let at = line as usize * self.width as usize + column as usize;
        let grams = |count: u16| (f32::from(count) - f32::from(self.zero)) * self.unit;
        Areal { organic: grams(self.organic[at]), metal: grams(self.metal[at]) }
    }
}

/// One map out of its file's bytes. Its rim must be empty: an item cut off there would show as a straight edge.
fn map(bytes: &[u8], digest: &str, [width, height]: [u32; 2], zero: u16) -> Result<Vec<u16>, LibraryFault> {
    let found = blake3::hash(bytes).to_hex().to_string();
    if found != digest {
        return Err(LibraryFault::OtherDigest { expected: digest.to_owned(), found });
    }
    let image = formats::decode(Path::new("map"), bytes)
        .map_err(|error| LibraryFault::Map(format!("no picture ({:?})", error.problem)))?;
    if image.bits != 16 || image.source != Source::Counts || (image.width, image.height) != (width, height) {
        return Err(LibraryFault::Map(format!("not a grey PNG of 16 bits and {width} x {height} pixels")));
    }
    let Planes::Single(counts) = image.planes else {
        return Err(LibraryFault::Map("has two planes; a map has one".into()));
    };
    let (columns, lines) = (width as usize, height as usize);
    let on_rim = |at: usize| {
        let (column, line) = (at % columns, at / columns);
        column == 0 || line == 0 || column + 1 == columns || line + 1 == lines
    };
    if counts.iter().enumerate().any(|(at, &count)| count != zero && on_rim(at)) {
        return Err(LibraryFault::Map("something lies on the map's outermost pixels: it would end in a frame".into()));
    }
    Ok(counts)
}

fn bounded(file: &Path, bytes_max: u64) -> Result<Vec<u8>, LibraryError> {
    read_bounded(file, bytes_max).map_err(|problem| {
        let fault = match problem {
            Problem::TooManyBytes { bytes } => LibraryFault::TooManyBytes(bytes),
            Problem::Unreadable(what) => LibraryFault::Unreadable(what),
            other => LibraryFault::Unreadable(format!("{other:?}")),
        };
        LibraryError { file: file.to_path_buf(), fault }
    })
}
