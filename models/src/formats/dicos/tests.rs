use super::super::{self as formats, FormatError, decode as decode_file};
use super::*;
use std::path::Path;

/// A DX file in parts, encoded here by hand after PS3.5: the writer beside this file proves nothing about the reader.
#[derive(Clone)]
struct Dx {
    class: &'static str,
    syntax: &'static str,
    elements: Vec<(Tag, &'static [u8; 2], Vec<u8>)>,
}

const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const IMPLICIT: &str = "1.2.840.10008.1.2";

impl Dx {
    /// 2 columns, 3 lines, for processing: 16 bits, linear.
    fn new(samples: [u16; 6]) -> Self {
        let pixels: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let dx = Self { class: CLASS_DX_PROCESSING, syntax: EXPLICIT, elements: Vec::new() };
        dx.text(tags::INSTANCE, b"UI", "1.2.3.4")
            .text(tags::INTENT, b"CS", "FOR PROCESSING")
            .number(tags::SAMPLES_PER_PIXEL, 1)
            .text(tags::PHOTOMETRIC, b"CS", "MONOCHROME2")
            .number(tags::ROWS, 3)
            .number(tags::COLUMNS, 2)
            .bits(16, 16, 15)
            .number(tags::SIGNED, 0)
            .text(tags::INTENSITY_RELATION, b"CS", "LIN")
            .with(tags::PIXELS, b"OW", pixels)
    }

    /// Sets an element, in the place of one of that tag.
    fn with(mut self, tag: Tag, kind: &'static [u8; 2], value: Vec<u8>) -> Self {
        self.elements.retain(|(other, ..)| *other != tag);
        self.elements.push((tag, kind, value));
        self.elements.sort_by_key(|(tag, ..)| *tag);
        self
    }
    fn without(mut self, tag: Tag) -> Self {
        self.elements.retain(|(other, ..)| *other != tag);
        self
    }
    fn text(self, tag: Tag, kind: &'static [u8; 2], text: &str) -> Self {
        let padding = if kind == b"UI" { "\0" } else { " " };
        self.with(tag, kind, format!("{text}{}", if text.len() % 2 == 1 { padding } else { "" }).into_bytes())
    }
    fn number(self, tag: Tag, number: u16) -> Self {
        self.with(tag, b"US", number.to_le_bytes().to_vec())
    }
    fn bits(self, allocated: u16, stored: u16, high_bit: u16) -> Self {
        self.number(tags::BITS_ALLOCATED, allocated).number(tags::BITS_STORED, stored).number(tags::HIGH_BIT, high_bit)
    }
    fn bytes(&self) -> Vec<u8> {
        let mut file = vec![0; 128];
        file.extend(b"DICM");
        let explicit = |file: &mut Vec<u8>, tag: Tag, kind: &[u8; 2], value: &[u8]| {
            file.extend([tag.0, tag.1].map(u16::to_le_bytes).concat());
            file.extend(kind);
            if kind == b"OW" || kind == b"SQ" || kind == b"UN" {
                file.extend([0, 0]);
                file.extend((value.len() as u32).to_le_bytes());
            } else {
                file.extend((value.len() as u16).to_le_bytes());
            }
            file.extend(value);
        };
        let pad = |uid: &str| if uid.len() % 2 == 1 { format!("{uid}\0") } else { uid.to_owned() };
        explicit(&mut file, tags::META_CLASS, b"UI", pad(self.class).as_bytes());
        explicit(&mut file, tags::TRANSFER_SYNTAX, b"UI", pad(self.syntax).as_bytes());
        for (tag, kind, value) in &self.clone().text(tags::CLASS, b"UI", self.class).elements {
            if self.syntax == IMPLICIT {
                file.extend([tag.0, tag.1].map(u16::to_le_bytes).concat());
                file.extend((value.len() as u32).to_le_bytes());
                file.extend(value);
            } else {
                explicit(&mut file, *tag, kind, value);
            }
        }
        file
    }
    fn read(&self) -> Result<Image, Problem> {
        decode_file(Path::new("a.dcs"), &self.bytes()).map_err(|error| error.problem)
    }
    fn counts(&self) -> Vec<u16> {
        match self.read().expect("a picture").planes {
            Planes::Single(only) => only,
            Planes::Dual { .. } => panic!("two energies"),
        }
    }
    fn refusal(&self) -> String {
        let problem = self.read().expect_err("refused");
        FormatError { file: "a.dcs".into(), problem }.to_string()
    }
}

const SAMPLES: [u16; 6] = [60_000, 1, 2, 300, 40_000, 65_535];

#[test]
fn both_classes_are_read_in_both_syntaxes_and_say_what_they_are_worth() {
    let processing = Dx::new(SAMPLES);
    let image = processing.read().expect("a picture");
    assert_eq!((image.width, image.height, image.bits, image.source), (2, 3, 16, Source::Counts));
    assert_eq!(image.planes, Planes::Single(SAMPLES.to_vec()));
    let implicit = Dx { syntax: IMPLICIT, ..processing.clone() };
    assert_eq!(implicit.read(), Ok(image));

    let presentation = Dx { class: CLASS_DX_PRESENTATION, ..processing.clone() };
    let presentation = presentation.text(tags::INTENT, b"CS", "FOR PRESENTATION");
    assert_eq!(presentation.read().expect("a picture").source, Source::Presentation);
    let says_both = processing.clone().text(tags::INTENT, b"CS", "FOR PRESENTATION");
    assert_eq!(says_both.read().expect("a picture").source, Source::Presentation, "the lesser stands");
    let silent = processing.without(tags::INTENSITY_RELATION);
    assert_eq!(silent.read().expect("a picture").source, Source::Presentation, "not said to be linear");
}

#[test]
fn samples_are_taken_from_their_bits_and_air_is_bright() {
    let twelve = [0x0FFF, 0xF001, 0x0800, 0, 1, 2];
    assert_eq!(Dx::new(twelve).bits(16, 12, 11).counts(), [0x0FFF, 1, 0x0800, 0, 1, 2], "what lies above is dropped");
    let shifted = [0xFFF0, 0x0010, 0x8000, 0, 0x000F, 0x0020];
    assert_eq!(Dx::new(shifted).bits(16, 12, 15).counts(), [0x0FFF, 1, 0x0800, 0, 0, 2]);
    let inverse = |dx: Dx| dx.text(tags::PHOTOMETRIC, b"CS", "MONOCHROME1");
    assert_eq!(inverse(Dx::new(SAMPLES)).counts(), SAMPLES.map(|sample| u16::MAX - sample));
    assert_eq!(inverse(Dx::new(twelve).bits(16, 12, 11)).counts(), [0, 0x0FFE, 0x07FF, 0x0FFF, 0x0FFE, 0x0FFD]);
    let signed = Dx::new([0x7FFF, 5, 0, 0xFFFF, 0x8000, 0x8001]).number(tags::SIGNED, 1);
    assert_eq!(signed.counts(), [0x7FFF, 5, 0, 0, 0, 0], "less light than none is none");
    assert_eq!(inverse(signed).counts(), [0, 0x7FFA, 0x7FFF, 0x7FFF, 0x7FFF, 0x7FFF]);
    let eight = Dx::new(SAMPLES).bits(8, 8, 7).with(tags::PIXELS, b"OW", vec![0, 1, 128, 255, 7, 9]);
    assert_eq!(eight.counts(), [0, 257, 128 * 257, 65_535, 7 * 257, 9 * 257]);
    assert_eq!(eight.read().expect("a picture").bits, 8);
    let odd = eight.number(tags::ROWS, 1).number(tags::COLUMNS, 5);
    assert_eq!(odd.counts().len(), 5, "five pixels are padded to six bytes");
}

#[test]
fn two_frames_are_two_energies_only_where_the_file_says_so() {
    let two = Dx::new([1, 2, 3, 4, 5, 6]).number(tags::ROWS, 1).number(tags::COLUMNS, 3).text(tags::FRAMES, b"IS", "2");
    assert!(two.refusal().contains("two frames that it does not call two energies"), "{}", two.refusal());
    let told = two.text(tags::LOW_ENERGY, b"CS", "YES").text(tags::HIGH_ENERGY, b"CS", "YES");
    assert_eq!(told.read().expect("a picture").planes, Planes::Dual { low: vec![1, 2, 3], high: vec![4, 5, 6] });
    assert!(told.text(tags::FRAMES, b"IS", "3").refusal().contains("more than two frames"));
}

#[test]
fn a_pair_of_files_may_not_contradict_its_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, dx: &Dx| std::fs::write(folder.path().join(name), dx.bytes()).expect("written");
    let low = Dx::new(SAMPLES).text(tags::LOW_ENERGY, b"CS", "YES").text(tags::HIGH_ENERGY, b"CS", "NO");
    let high = Dx::new([9; 6]).text(tags::HIGH_ENERGY, b"CS", "YES").text(tags::PIXEL_SPACING, b"DS", "0.8\\1.5");
    write("a.low.dcs", &low);
    write("a.high.dcs", &high);
    let image = formats::read(&folder.path().join("a.high.dcs")).expect("a pair");
    assert_eq!(image.planes, Planes::Dual { low: SAMPLES.to_vec(), high: vec![9; 6] });
    assert_eq!(image.stated.geometry, Some(Geometry { pitch_um: 1_500, belt_step_um: 800, air_level: None }));
    write("b.low.dcs", &high);
    write("b.high.dcs", &low);
    let error = formats::read(&folder.path().join("b.low.dcs")).expect_err("exchanged");
    assert_eq!(error.problem, Problem::Exchanged);
    write("a.low.dcs", &low.text(tags::PIXEL_SPACING, b"DS", "1\\1"));
    let error = formats::read(&folder.path().join("a.low.dcs")).expect_err("of two scanners");
    assert_eq!(error.problem, Problem::Unequal);
    let both = |dx: Dx| dx.text(tags::LOW_ENERGY, b"CS", "YES").text(tags::HIGH_ENERGY, b"CS", "YES");
    for (low, high) in [(both(Dx::new(SAMPLES)), Dx::new([9; 6])), (Dx::new(SAMPLES), both(Dx::new([9; 6])))] {
        write("c.low.dcs", &low);
        write("c.high.dcs", &high);
        let error = formats::read(&folder.path().join("c.low.dcs")).expect_err("no half of anything");
        assert_eq!(error.problem, Problem::BothInOne);
        assert!(error.to_string().contains("both energies"), "{error}");
    }
    write("d.low.dcs", &Dx::new([7; 6]));
    write("d.high.dcs", &Dx::new([9; 6]).bits(16, 12, 11));
    let error = formats::read(&folder.path().join("d.low.dcs")).expect_err("16 bits and 12");
    assert_eq!(error.problem, Problem::Unequal);
}

/// However many bits are allocated around them.
#[test]
fn full_scale_is_that_of_the_stored_bits() {
    let full_scale = |dx: Dx| dx.read().expect("a picture").full_scale;
    let inverse = |dx: Dx| dx.text(tags::PHOTOMETRIC, b"CS", "MONOCHROME1");
    let samples = [1, 2, 3, 4, 5, 6];
    assert_eq!(full_scale(Dx::new(samples)), u16::MAX);
    assert_eq!(full_scale(Dx::new(samples).bits(16, 12, 11)), 4_095);
    assert_eq!(full_scale(inverse(Dx::new(samples).bits(16, 12, 15))), 4_095);
    assert_eq!(full_scale(Dx::new(samples).number(tags::SIGNED, 1)), 32_767);
    assert_eq!(full_scale(Dx::new(samples).bits(16, 8, 7)), u16::MAX, "spread over 16 bits");
}

/// Whoever worked on the samples, or may have: they are no longer what the detector measured.
#[test]
fn what_was_worked_on_is_presentation() {
    let dx = || Dx::new(SAMPLES);
    let sign = |dx: Dx, sign: i16| dx.with(tags::INTENSITY_SIGN, b"SS", sign.to_le_bytes().to_vec());
    let inverse = |dx: Dx| dx.text(tags::PHOTOMETRIC, b"CS", "MONOCHROME1");
    let cases = [
        ("lossy", dx().text(tags::LOSSY, b"CS", "01"), Source::Presentation),
        ("not lossy", dx().text(tags::LOSSY, b"CS", "00"), Source::Counts),
        ("derived", dx().text(tags::IMAGE_TYPE, b"CS", "DERIVED\\PRIMARY"), Source::Presentation),
        ("original", dx().text(tags::IMAGE_TYPE, b"CS", "ORIGINAL\\PRIMARY"), Source::Counts),
        ("of a type that nobody knows", dx().text(tags::IMAGE_TYPE, b"CS", "MIXED"), Source::Presentation),
        ("written over", dx().text(tags::BURNED_IN, b"CS", "YES"), Source::Presentation),
        ("not written over", dx().text(tags::BURNED_IN, b"CS", "NO"), Source::Counts),
        ("turned round, and only that said", inverse(dx()), Source::Presentation),
        ("turned round, with its sign", sign(inverse(dx()), -1), Source::Counts),
    ];
    for (name, dx, source) in cases {
        assert_eq!(dx.read().expect(name).source, source, "{name}");
    }
}

/// One item, empty: eight bytes that are the same in both syntaxes. A toolkit that does not know the tag calls it UN.
#[test]
fn a_look_up_is_refused_however_it_is_encoded() {
    let item = [0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0].to_vec();
    for (syntax, kind) in [(EXPLICIT, b"SQ"), (EXPLICIT, b"UN"), (IMPLICIT, b"SQ")] {
        let dx = Dx { syntax, ..Dx::new(SAMPLES).with(tags::MODALITY_LOOK_UP, kind, item.clone()) };
        assert!(dx.refusal().contains("its look-up (0028,3000)"), "{kind:?}: {}", dx.refusal());
    }
    let other = Dx::new(SAMPLES).with(tags::MODALITY_LOOK_UP, b"OW", item);
    assert!(other.refusal().contains("(0028,3000): is a value"), "{}", other.refusal());
}

#[test]
fn a_pixels_size_comes_from_the_file_where_it_is_told() {
    let size = |dx: &Dx| dx.read().expect("a picture").stated.geometry.map(|size| (size.pitch_um, size.belt_step_um));
    let dx = Dx::new(SAMPLES);
    assert_eq!(size(&dx), None);
    let at_detector = dx.text(tags::IMAGER_PIXEL_SPACING, b"DS", "1.0\\2.5");
    assert_eq!(size(&at_detector), Some((2_500, 1_000)), "rows lie along the belt");
    let calibrated = at_detector.text(tags::PIXEL_SPACING, b"DS", "8e-1\\1.2");
    assert_eq!(size(&calibrated), Some((1_200, 800)));
    for wrong in ["0\\1", "1", "1\\nan", "1\\1e9", "-1\\1"] {
        let dx = Dx::new(SAMPLES).text(tags::PIXEL_SPACING, b"DS", wrong);
        assert!(matches!(dx.read(), Err(Problem::Damaged(_))), "{wrong}");
    }
}

#[test]
fn what_holds_no_counts_is_refused_by_name() {
    let dx = || Dx::new(SAMPLES);
    let of = |class| Dx { class, ..dx() };
    let packed = |syntax| Dx { syntax, ..dx() };
    let cases = [
        (of("1.2.840.10008.5.1.4.1.1.2"), "a medical CT picture, not DICOS"),
        (of("1.2.840.10008.5.1.4.1.1.501.1"), "a DICOS CT volume"),
        (of("1.2.840.10008.5.1.4.1.1.501.3"), "Threat Detection Report, which has no pixels"),
        (of("1.2.3"), "class 1.2.3"),
        (packed("1.2.840.10008.1.2.2"), "big endian"),
        (packed("1.2.840.10008.1.2.1.99"), "deflated"),
        (packed("1.2.840.10008.1.2.4.70"), "lossless JPEG"),
        (packed("1.2.840.10008.1.2.4.999"), "1.2.840.10008.1.2.4.999"),
        (dx().text(tags::PHOTOMETRIC, b"CS", "PALETTE COLOR"), "palette of colours"),
        (dx().text(tags::PHOTOMETRIC, b"CS", "RGB"), "coloured"),
        (dx().number(tags::SAMPLES_PER_PIXEL, 3), "coloured"),
        (dx().text(tags::INTENSITY_RELATION, b"CS", "LOG"), "logarithms"),
        (dx().text(tags::RESCALE_SLOPE, b"DS", "2"), "rescaled"),
        (dx().text(tags::RESCALE_INTERCEPT, b"DS", "-1024"), "rescaled"),
        (dx().with(tags::INTENSITY_SIGN, b"SS", (-1i16).to_le_bytes().to_vec()), "contradict"),
        (dx().bits(32, 32, 31), "neither 8 nor 16"),
        (dx().bits(16, 6, 5), "fewer than 8"),
    ];
    for (dx, word) in cases {
        let said = dx.refusal();
        assert!(said.contains(word) && said.contains("Export"), "{word}: {said}");
    }
    let neutral = dx().text(tags::RESCALE_SLOPE, b"DS", "1").text(tags::RESCALE_INTERCEPT, b"DS", "0");
    let neutral = neutral.with(tags::INTENSITY_SIGN, b"SS", 1i16.to_le_bytes().to_vec());
    assert_eq!(neutral.read().expect("a picture").source, Source::Counts);
}

#[test]
fn headers_that_promise_too_much_or_too_little_are_found_out() {
    let dx = || Dx::new(SAMPLES);
    assert_eq!(dx().number(tags::ROWS, 4).read(), Err(Problem::Truncated));
    assert_eq!(dx().number(tags::ROWS, 8_000).number(tags::COLUMNS, 4_000).read(), Err(Problem::Truncated));
    let huge = dx().number(tags::ROWS, u16::MAX).number(tags::COLUMNS, u16::MAX);
    assert!(matches!(huge.read(), Err(Problem::TooManyPixels { .. })));
    for wrong in [
        dx().number(tags::ROWS, 2),
        dx().number(tags::ROWS, 0),
        dx().without(tags::COLUMNS),
        dx().without(tags::PIXELS),
        dx().without(tags::SIGNED),
        dx().bits(16, 12, 10),
        dx().bits(16, 16, 16),
        dx().number(tags::SIGNED, 2),
    ] {
        assert!(matches!(wrong.read(), Err(Problem::Damaged(_))), "{:?}", wrong.read());
    }
    let mut other = dx().bytes();
    // The class in the file's head is not that of its body.
    let at = other.windows(31).position(|bytes| bytes == CLASS_DX_PROCESSING.as_bytes()).expect("in the head");
    other[at + 30] = b'1';
    assert!(matches!(decode_file(Path::new("a"), &other).map_err(|error| error.problem), Err(Problem::Damaged(_))));
}

#[test]
fn what_is_written_is_read_back_whole() {
    let stated = Stated {
        geometry: Some(Geometry { pitch_um: 1_250, belt_step_um: 800, air_level: None }),
        energy: Some(Energy::Both),
    };
    let dual = Image { stated, ..Image::from_planes(3, 2, vec![1, 2, 3, 4, 5, 6], vec![9; 6]).expect("fits") };
    let file = encode(&dual).expect("fits");
    assert_eq!(decode(&file), Ok(dual.clone()));
    let single = Image {
        planes: Planes::Single(vec![7; 6]),
        source: Source::Presentation,
        stated: Stated { energy: Some(Energy::High), ..stated },
        ..dual.clone()
    };
    let file = encode(&single).expect("fits");
    assert_eq!(decode(&file), Ok(single.clone()));
    let twelve = Image { planes: Planes::Single(vec![4_095; 6]), full_scale: 4_095, ..single.clone() };
    assert_eq!(decode(&encode(&twelve).expect("fits")), Ok(twelve), "saturated stays saturated");
    let reference = reference(&file).expect("a DX file");
    assert_eq!(reference.class, CLASS_DX_PRESENTATION);
    assert!(reference.instance.starts_with("2.25.") && reference.instance.len() <= 64);
    assert_eq!(super::reference(b"not one"), None);
    assert_eq!(encode(&Image { source: Source::PseudoColour, ..single }), None);
}
