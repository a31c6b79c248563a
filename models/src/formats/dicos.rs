//! DICOS digital X-ray (DX): uncompressed grey, 8 or 16 bit, one frame or two.
//!
//! Tags, classes and enumerations are DICOM's (PS3.3 C.7.6.3 and C.8.11.3, PS3.6); NEMA IIC 1, which narrows them, has not
//! been seen. So what a file does not say clearly is refused or counts for less, never for more:
//!
//! - *for processing*, with samples proportional to the light: counts. *For presentation*, or of an unstated relation: a
//!   look-up may have been applied, which is [`Source::Presentation`];
//! - lossy, derived, written-over samples, and MONOCHROME1 without an intensity sign: presentation too. Somebody has worked
//!   on what the detector measured;
//! - logarithmic, rescaled or look-up samples are refused: what air reads as is no longer known;
//! - MONOCHROME2 is bright where there is air. MONOCHROME1 is turned round. A file whose intensity sign says otherwise
//!   than its photometric interpretation is refused;
//! - two frames are two energies, the low one first, only where the file says that it has detectors of both.

use super::{Energy, Geometry, Image, Planes, Problem, Source, Stated, check_size, widen};
use crate::dicom::{
    self, CLASS_DX_PRESENTATION, CLASS_DX_PROCESSING, DataSet, Malformed, Reference, Syntax, Tag, Writer, tags,
};

pub(super) fn decode(bytes: &[u8]) -> Result<Image, Problem> {
    let file = dicom::open(bytes)?;
    let class = file.class()?;
    if class != CLASS_DX_PRESENTATION && class != CLASS_DX_PROCESSING {
        return Err(Problem::Unsupported(dicom::class_name(class).into()));
    }
    let uid = file.transfer_syntax()?;
    let Some(syntax @ (Syntax::Explicit | Syntax::Implicit)) = dicom::syntax(uid) else {
        return Err(Problem::Unsupported(format!("pixels packed as {}", dicom::syntax_name(uid)).into()));
    };
    let set = file.body(syntax)?;
    let pixels = Pixels::of(&set)?;
    let stated = Stated { geometry: geometry(&set)?, energy: energy(&set)? };
    let planes = pixels.planes(&set, stated.energy)?;
    let source = source(class, &set)?;
    let (bits, full_scale) = (pixels.bits(), pixels.full_scale());
    Ok(Image { width: pixels.width, height: pixels.height, bits, full_scale, planes, source, stated })
}

/// The picture that a DX file is, for reports on it. `None` for any other file.
pub fn reference(bytes: &[u8]) -> Option<Reference> {
    let file = dicom::open(bytes).ok()?;
    let set = file.body(dicom::syntax(file.transfer_syntax().ok()?)?).ok()?;
    let class = file.class().ok().filter(|class| [CLASS_DX_PRESENTATION, CLASS_DX_PROCESSING].contains(class))?;
    Some(Reference { class: class.to_owned(), instance: set.uid(tags::INSTANCE).ok()?.to_owned() })
}

/// A picture as a DX file, for processing or for presentation as its source says: what a simulated scanner writes. `None`
/// for pseudo-colours, which have no counts.
pub fn encode(image: &Image) -> Option<Vec<u8>> {
    let (class, intent) = match image.source {
        Source::Counts => (CLASS_DX_PROCESSING, "FOR PROCESSING"),
        Source::Presentation => (CLASS_DX_PRESENTATION, "FOR PRESENTATION"),
        Source::PseudoColour => return None,
    };
    let (frames, samples): (&str, Vec<u16>) = match &image.planes {
        Planes::Single(only) => ("1", only.clone()),
        Planes::Dual { low, high } => ("2", low.iter().chain(high).copied().collect()),
    };
    let pixels: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let instance = dicom::instance_of(&[&pixels]);
    let energy = if image.is_dual() { Some(Energy::Both) } else { image.stated.energy };
    let told = |asked| if energy == Some(asked) || energy == Some(Energy::Both) { "YES" } else { "NO" };
    let mut body = Writer::default();
    body.text(tags::CLASS, b"UI", class)
        .text(tags::INSTANCE, b"UI", &instance)
        .text(tags::MODALITY, b"CS", "XRAY")
        .text(tags::INTENT, b"CS", intent)
        .u16(tags::SAMPLES_PER_PIXEL, 1)
        .text(tags::PHOTOMETRIC, b"CS", "MONOCHROME2")
        .text(tags::FRAMES, b"IS", frames)
        .u16(tags::ROWS, u16::try_from(image.height).ok()?)
        .u16(tags::COLUMNS, u16::try_from(image.width).ok()?);
    if let Some(Geometry { pitch_um, belt_step_um, .. }) = image.stated.geometry {
        let mm = |um: u32| f64::from(um) / 1_000.0;
        body.text(tags::PIXEL_SPACING, b"DS", &format!("{}\\{}", mm(belt_step_um), mm(pitch_um)));
    }
    // As many bits as its full scale has: where samples are saturated stays known.
    let stored = (u16::BITS - image.full_scale.leading_zeros()).max(9) as u16;
    body.u16(tags::BITS_ALLOCATED, 16)
        .u16(tags::BITS_STORED, stored)
        .u16(tags::HIGH_BIT, stored - 1)
        .u16(tags::SIGNED, 0)
        .text(tags::INTENSITY_RELATION, b"CS", "LIN");
    if energy.is_some() {
        body.text(tags::LOW_ENERGY, b"CS", told(Energy::Low)).text(tags::HIGH_ENERGY, b"CS", told(Energy::High));
    }
    body.text(tags::DICOS_VERSION, b"CS", "V03").long(tags::PIXELS, b"OW", &pixels);
    dicom::file(class, &instance, &body).ok()
}

impl From<Malformed> for Problem {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::Cut => Self::Truncated,
            other => Self::Damaged(other.to_string()),
        }
    }
}

/// How the samples lie, within limits.
struct Pixels {
    width: u32,
    height: u32,
    frames: usize,
    allocated: u16,
    stored: u16,
    high_bit: u16,
    signed: bool,
    inverted: bool,
}

impl Pixels {
    fn of(set: &DataSet<'_>) -> Result<Self, Problem> {
        let number = |tag: Tag| set.u16(tag)?.ok_or(Malformed::In { tag, what: "is missing" });
        if number(tags::SAMPLES_PER_PIXEL)? != 1 {
            return Err(Problem::Unsupported("a coloured picture, which no longer holds the attenuation".into()));
        }
        let frames = match set.decimals(tags::FRAMES)?[..] {
            [] | [1.0] => 1,
            [2.0] => 2,
            _ => return Err(Problem::Unsupported("more than two frames".into())),
        };
        let pixels = Self {
            width: number(tags::COLUMNS)?.into(),
            height: number(tags::ROWS)?.into(),
            frames,
            allocated: number(tags::BITS_ALLOCATED)?,
            stored: number(tags::BITS_STORED)?,
            high_bit: number(tags::HIGH_BIT)?,
            signed: match number(tags::SIGNED)? {
                0 => false,
                1 => true,
                _ => return Err(Malformed::In { tag: tags::SIGNED, what: "is neither 0 nor 1" }.into()),
            },
            inverted: inverted(set)?,
        };
        check_size(pixels.width, pixels.height)?;
        if pixels.allocated != 8 && pixels.allocated != 16 {
            return Err(Problem::Unsupported("samples that are neither 8 nor 16 bit wide".into()));
        }
        if pixels.stored < 8 {
            return Err(Problem::Unsupported("fewer than 8 bits a pixel".into()));
        }
        if pixels.high_bit >= pixels.allocated || pixels.high_bit + 1 < pixels.stored {
            return Err(Problem::Damaged("its stored bits do not lie in those allocated".into()));
        }
        Ok(pixels)
    }

    /// Of one sample, once read.
    fn bits(&self) -> u8 {
        if self.stored == 8 { 8 } else { 16 }
    }

    /// The highest count that a sample can be.
    fn full_scale(&self) -> u16 {
        self.spread(self.most())
    }

    /// The highest sample.
    fn most(&self) -> u16 {
        u16::MAX >> (16 - self.stored + u16::from(self.signed))
    }

    fn planes(&self, set: &DataSet<'_>, energy: Option<Energy>) -> Result<Planes, Problem> {
        if self.frames == 2 && energy != Some(Energy::Both) {
            return Err(Problem::Unsupported(
                "two frames that it does not call two energies (4010,0001 and 4010,0002 both YES)".into(),
            ));
        }
        let raw = set.bytes(tags::PIXELS)?.ok_or(Malformed::In { tag: tags::PIXELS, what: "is missing" })?;
        let count = check_size(self.width, self.height)? * self.frames;
        let length = count * usize::from(self.allocated / 8);
        // 8-bit samples are padded to an even length.
        if raw.len() < length {
            return Err(Problem::Truncated);
        }
        if raw.len() > length.next_multiple_of(2) {
            return Err(Problem::Damaged("it holds more pixels than its rows and columns".into()));
        }
        let mut samples: Vec<u16> = match self.allocated {
            8 => raw[..length].iter().map(|&sample| self.count(sample.into())).collect(),
            _ => raw.as_chunks::<2>().0.iter().map(|&pair| self.count(u16::from_le_bytes(pair))).collect(),
        };
        if self.frames == 1 {
            return Ok(Planes::Single(samples));
        }
        let high = samples.split_off(count / 2);
        // The capacity of both would stay with the first.
        samples.shrink_to_fit();
        Ok(Planes::Dual { low: samples, high })
    }

    /// One stored sample as a count: what lies beside its bits is dropped, less light than none (the sign's bit) is none.
    fn count(&self, raw: u16) -> u16 {
        let full = u16::MAX >> (16 - self.stored);
        let value = (raw >> (self.high_bit + 1 - self.stored)) & full;
        let most = self.most();
        let value = if value > most { 0 } else { value };
        self.spread(if self.inverted { most - value } else { value })
    }

    fn spread(&self, sample: u16) -> u16 {
        if self.bits() == 8 { widen(sample as u8) } else { sample }
    }
}

/// Whether a high sample means little light.
fn inverted(set: &DataSet<'_>) -> Result<bool, Problem> {
    let inverted = match set.text(tags::PHOTOMETRIC)? {
        Some("MONOCHROME2") => false,
        Some("MONOCHROME1") => true,
        Some("PALETTE COLOR") => {
            return Err(Problem::Unsupported(
                "samples that index a palette of colours, which no longer hold the attenuation".into(),
            ));
        }
        Some(_) => {
            return Err(Problem::Unsupported("a coloured picture, which no longer holds the attenuation".into()));
        }
        None => return Err(Malformed::In { tag: tags::PHOTOMETRIC, what: "is missing" }.into()),
    };
    // SS: the same 16 bits, signed.
    let sign = set.u16(tags::INTENSITY_SIGN)?.map(u16::cast_signed);
    match sign {
        None => Ok(inverted),
        Some(1) if !inverted => Ok(false),
        Some(-1) if inverted => Ok(true),
        Some(_) => Err(Problem::Unsupported(
            "its intensity sign (0028,1041) and its photometric interpretation (0028,0004) contradict each other"
                .into(),
        )),
    }
}

/// What the samples are worth, or why air's level can no longer be known.
fn source(class: &str, set: &DataSet<'_>) -> Result<Source, Problem> {
    let is = |tag: Tag, neutral: f64| Ok::<_, Malformed>(set.decimals(tag)?.iter().all(|&number| number == neutral));
    if !is(tags::RESCALE_SLOPE, 1.0)? || !is(tags::RESCALE_INTERCEPT, 0.0)? {
        return Err(Problem::Unsupported("rescaled samples (0028,1052 and 0028,1053)".into()));
    }
    if !set.items(tags::MODALITY_LOOK_UP)?.is_empty() {
        return Err(Problem::Unsupported("samples that mean something only after its look-up (0028,3000)".into()));
    }
    let linear = match set.text(tags::INTENSITY_RELATION)? {
        Some("LIN") => true,
        None => false,
        Some("LOG") => return Err(Problem::Unsupported("logarithms of the light (0028,1040), not counts".into())),
        Some(_) => false,
    };
    let for_processing =
        class == CLASS_DX_PROCESSING && matches!(set.text(tags::INTENT)?, None | Some("FOR PROCESSING"));
    // Without a sign the photometric interpretation may be no more than how it is to be shown.
    let sense_is_known = set.text(tags::PHOTOMETRIC)? == Some("MONOCHROME2") || set.has(tags::INTENSITY_SIGN);
    let untouched = sense_is_known
        && matches!(set.words(tags::IMAGE_TYPE)?.first(), None | Some(&"ORIGINAL"))
        && matches!(set.text(tags::LOSSY)?, None | Some("00"))
        && matches!(set.text(tags::BURNED_IN)?, None | Some("NO"));
    Ok(if for_processing && linear && untouched { Source::Counts } else { Source::Presentation })
}

/// Which detectors the file says it comes from. The words are DICOM's usual ones and unverified against IIC 1.
fn energy(set: &DataSet<'_>) -> Result<Option<Energy>, Malformed> {
    let yes = |tag: Tag| Ok(set.text(tag)? == Some("YES"));
    Ok(match (yes(tags::LOW_ENERGY)?, yes(tags::HIGH_ENERGY)?) {
        (true, true) => Some(Energy::Both),
        (true, false) => Some(Energy::Low),
        (false, true) => Some(Energy::High),
        (false, false) => None,
    })
}

/// The size of a pixel, where the file tells it: calibrated, or else at the detector. Rows lie along the belt.
fn geometry(set: &DataSet<'_>) -> Result<Option<Geometry>, Malformed> {
    const UM_MAX: f64 = 100_000.0;
    for tag in [tags::PIXEL_SPACING, tags::IMAGER_PIXEL_SPACING] {
        let um: Vec<f64> = set.decimals(tag)?.iter().map(|mm| (mm * 1_000.0).round()).collect();
        match um[..] {
            [] => {}
            [row, column] if (1.0..=UM_MAX).contains(&row) && (1.0..=UM_MAX).contains(&column) => {
                return Ok(Some(Geometry { pitch_um: column as u32, belt_step_um: row as u32, air_level: None }));
            }
            _ => return Err(Malformed::In { tag, what: "is not the size of a pixel in millimetres" }),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
