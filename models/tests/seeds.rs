//! What fuzzing of picture and report readers starts from: `tests/fuzz/seeds/`, written here and nowhere else.
//!
//! `UPDATE=1` writes the files anew; without it they must be what is written, so that a seed cannot rot unseen.

use gatepost_models::dicom::Reference;
use gatepost_models::formats::{Energy, Geometry, Image, Planes, Source, Stated, decode, dicos, encode_png16};
use gatepost_models::report::words::{Ability, Abort, AbortReason, Acquisition, Category, Decision, Flag, Kind};
use gatepost_models::report::{self, Author, Judgement, Moment, Object, Region, Report, Tip, View};
use std::io::Cursor;
use std::path::Path;

const SIZE: (u32, u32) = (12, 9);
/// Bytes before a DICOM file's elements, which the targets put there themselves.
const HEAD: usize = 132;

/// A parcel in air.
fn plane(parcel: u16) -> Vec<u16> {
    let inside = |index: u32| (3..9).contains(&(index % SIZE.0)) && (2..7).contains(&(index / SIZE.0));
    (0..SIZE.0 * SIZE.1).map(|index| if inside(index) { parcel + 37 * index as u16 } else { 60_000 }).collect()
}

/// The same in a vendor's colours.
fn colours() -> Vec<u8> {
    plane(20_000)
        .iter()
        .flat_map(|&count| if count == 60_000 { [255; 3] } else { [230, (count >> 8) as u8, 40] })
        .collect()
}

fn png(color: png::ColorType, bytes: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, SIZE.0, SIZE.1);
    encoder.set_color(color);
    if color == png::ColorType::Indexed {
        encoder.set_palette([255, 255, 255, 230, 140, 40, 60, 160, 60].as_slice());
    }
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(bytes).expect("pixels");
    writer.finish().expect("a PNG");
    file
}

fn jpeg(color: image::ExtendedColorType, bytes: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, 90);
    encoder.encode(bytes, SIZE.0, SIZE.1, color).expect("a JPEG");
    file
}

fn tiff(pages: &[Vec<u16>], compression: tiff::encoder::Compression) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut file).expect("a TIFF").with_compression(compression);
    for page in pages {
        encoder.write_image::<tiff::encoder::colortype::Gray16>(SIZE.0, SIZE.1, page).expect("a page");
    }
    file.into_inner()
}

fn dx(source: Source) -> Vec<u8> {
    let geometry = Some(Geometry { pitch_um: 1_500, belt_step_um: 800, air_level: None });
    let dual = Image::from_planes(SIZE.0, SIZE.1, plane(20_000), plane(30_000)).expect("fits");
    let stated = Stated { geometry, energy: Some(Energy::Both) };
    let image = match source {
        Source::Counts => Image { stated, ..dual },
        _ => Image { planes: Planes::Single(plane(30_000)), source, ..dual },
    };
    dicos::encode(&image).expect("fits")
}

fn tdr(kind: Kind, decision: Decision, objects: Vec<Object>) -> Vec<u8> {
    let count = u16::try_from(objects.len()).ok();
    let clear = decision == Decision::Clear;
    let report = Report {
        kind,
        decision,
        abort: if clear { Abort::Success } else { Abort::Aborted },
        abort_reasons: if clear { vec![] } else { vec![AbortReason::Clipped] },
        acquisition: if clear { Acquisition::Successful } else { Acquisition::Cut },
        algorithm: vec!["net 3".into(), "fast".into()],
        decided_at: Some("20261122101500".into()),
        tip: Tip::None,
        objects_total: count,
        objects_alarm: if clear { Some(0) } else { count },
        pictures: vec![Reference::to_content(b"a picture")],
        objects,
    };
    let at = Moment::parse("20261122101500").expect("a moment");
    report::encode(&report, &Author { at, software: "gatepost", object: "north-1" }).expect("fits")
}

fn object() -> Object {
    Object {
        id: 1,
        judgements: vec![Judgement {
            category: Category::ProhibitedItem,
            description: Some("blade".into()),
            ability: Ability::NoInterference,
            flag: Flag::Threat,
            probability: Some(0.95),
        }],
        views: vec![View {
            picture: Some(Reference::to_content(b"a picture")),
            region: Some(Region { base: [1.0, 2.0, 0.0], extents: [3.0, 4.0, 1.0] }),
            polygon: vec![[0.0, 0.0, 0.0], [10.0, 0.0, 0.0], [0.0, 10.0, 0.0]],
            mass: Some(50.0),
            density: Some(7_800.0),
            z_effective: Some(26.0),
        }],
    }
}

fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    use tiff::encoder::Compression;
    let grey: Vec<u8> = plane(20_000).iter().map(|count| (count >> 8) as u8).collect();
    let pair = || [plane(20_000), plane(30_000)];
    let rgba: Vec<u8> = colours().chunks(3).flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255]).collect();
    let indices: Vec<u8> = (0..SIZE.0 * SIZE.1).map(|index| (index % 3) as u8).collect();
    vec![
        ("xray_png/sixteen-bits", encode_png16(SIZE.0, SIZE.1, &plane(20_000)).expect("fits")),
        ("xray_png/eight-bits", png(png::ColorType::Grayscale, &grey)),
        ("xray_png/two-channels", png(png::ColorType::GrayscaleAlpha, &[&grey[..], &grey].concat())),
        ("xray_tiff/one-page", tiff(&[plane(20_000)], Compression::Uncompressed)),
        ("xray_tiff/two-pages-deflate", tiff(&pair(), Compression::Deflate(tiff::encoder::DeflateLevel::Fast))),
        ("xray_tiff/two-pages-lzw", tiff(&pair(), Compression::Lzw)),
        ("pseudo_colour/rgb.png", png(png::ColorType::Rgb, &colours())),
        ("pseudo_colour/rgba.png", png(png::ColorType::Rgba, &rgba)),
        ("pseudo_colour/palette.png", png(png::ColorType::Indexed, &indices)),
        ("pseudo_colour/rgb.jpeg", jpeg(image::ExtendedColorType::Rgb8, &colours())),
        ("pseudo_colour/grey.jpeg", jpeg(image::ExtendedColorType::L8, &grey)),
        ("dicos_dx/processing-two-frames", dx(Source::Counts)[HEAD..].to_vec()),
        ("dicos_dx/presentation", dx(Source::Presentation)[HEAD..].to_vec()),
        ("tdr/machine-alarm", tdr(Kind::Machine, Decision::Alarm, vec![object(), object()])[HEAD..].to_vec()),
        ("tdr/operator-clear", tdr(Kind::Operator, Decision::Clear, vec![])[HEAD..].to_vec()),
    ]
}

#[test]
fn seeds_are_what_is_written_here_and_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/seeds");
    for (name, bytes) in seeds() {
        let path = folder.join(name);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(&path, &bytes).expect("written");
        }
        let kept = std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}; UPDATE=1 writes it"));
        assert_eq!(kept, bytes, "{name} is not what is written here; UPDATE=1 writes it anew");
        let whole = if name.starts_with("dicos_dx") || name.starts_with("tdr") {
            [&[0; HEAD - 4], &b"DICM"[..], &bytes].concat()
        } else {
            bytes
        };
        let read = match name.starts_with("tdr") {
            true => report::decode(Path::new(name), &whole).map(drop).map_err(|error| error.to_string()),
            false => decode(Path::new(name), &whole).map(drop).map_err(|error| error.to_string()),
        };
        assert_eq!(read, Ok(()));
    }
}
