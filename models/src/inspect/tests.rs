use super::*;
use crate::detections::{Class, Detection};
use crate::formats::Planes;
use crate::session::{Assessed, Blind, Settings, Timings};

const GEOMETRY: Geometry = Geometry { pitch_um: 2_000, belt_step_um: 1_000, air_level: None };

/// Air, then stripes of polyethylene, aluminium, steel (2 g/cm² at 160 kV, `dual_energy_table.csv`) and of nothing at all.
fn stripes() -> Image {
    // (attenuation low, high): R = 1.148, 1.64, 2.08.
    let materials = [(0.0, 0.0), (0.413, 0.36), (0.566, 0.345), (1.29, 0.62), (7.0, 7.0)];
    let count = |attenuation: f64| (60_000.0 * (-attenuation).exp()).round() as u16;
    let plane = |pick: fn(&(f64, f64)) -> f64| -> Vec<u16> {
        (0..20).flat_map(|_| materials.iter().flat_map(|material| [count(pick(material)); 40])).collect()
    };
    Image::from_planes(200, 20, plane(|material| material.0), plane(|material| material.1)).expect("fits")
}

fn assessed(detections: Vec<Detection>) -> Assessment {
    let timings = Timings { decode_us: 1_500, preprocess_us: 250, infer_us: 6_000, postprocess_us: 10 };
    Assessment::Assessed(Assessed { detections, quality: Quality::default(), mass: None, timings })
}

#[test]
fn the_json_has_the_contracts_keys() {
    let found = Detection { class: Class::Blade, score_e4: 8_800, bounds: [1, 2, 30, 40] };
    let entry = serde_json::to_value(Inspected::new(Path::new("a.png"), &assessed(vec![found]))).expect("JSON");
    assert_eq!(entry["file"], "a.png");
    assert!(entry["blind"].is_null() && entry["mass_g"].is_null() && entry["quality"]["parcel_area_mm2"] == 0);
    let expected = serde_json::json!([{"class": "blade", "score": 8_800, "box": [1, 2, 30, 40]}]);
    assert_eq!(entry["findings"], expected);
    assert_eq!(entry["ms"], serde_json::json!({"decode": 1.5, "preprocess": 0.25, "infer": 6.0, "postprocess": 0.01}));
}

#[test]
fn materials_have_the_colours_officers_know() {
    let canvas = render(&stripes(), &GEOMETRY, &Palette::usual(60_000), &[], None).expect("drawn");
    // Columns are 2 mm and lines 1 mm: drawn twice as wide.
    let color = |stripe: u32| {
        let at = ((10 * canvas.width + stripe * 80 + 40) * 3) as usize;
        [canvas.rgb[at], canvas.rgb[at + 1], canvas.rgb[at + 2]]
    };
    assert_eq!(color(0), [255; 3], "air is white");
    let [red, green, blue] = color(1);
    assert!(red > green && green > blue, "organic is orange: {:?}", color(1));
    let [red, green, blue] = color(2);
    assert!(green > red && green > blue, "inorganic is green: {:?}", color(2));
    let [red, green, blue] = color(3);
    assert!(blue > green && green > red, "metal is blue: {:?}", color(3));
    assert_eq!(color(4), [0; 3], "what lets nothing through is black");
}

#[test]
fn boxes_carry_words_and_a_blind_picture_says_so() {
    let image = stripes();
    let found = Detection { class: Class::Blade, score_e4: 8_800, bounds: [50, 2, 90, 18] };
    let plain = render(&image, &GEOMETRY, &Palette::usual(60_000), &[], None).expect("drawn");
    let boxed = render(&image, &GEOMETRY, &Palette::usual(60_000), &[found], None).expect("drawn");
    let at = |canvas: &Canvas, x: u32, y: u32| canvas.rgb[((y * canvas.width + x) * 3) as usize..][..3].to_vec();
    assert_eq!(at(&boxed, 100, 17), [200, 0, 40], "the frame's left side");
    assert!(plain.rgb != boxed.rgb);
    let blind = Blind {
        cause: Cause::Shield,
        detail: String::new(),
        detections: vec![],
        quality: None,
        timings: Timings::default(),
    };
    let said = render(&image, &GEOMETRY, &Palette::usual(60_000), &[], Some(Cause::Shield)).expect("drawn");
    assert_eq!(at(&said, 0, said.height - 1), [200, 0, 40], "a band below the legend");
    let png = png_of(&image, &GEOMETRY, 60_000, &Assessment::Blind(blind)).expect("encoded");
    assert_eq!(&png[1..4], b"PNG");
}

#[test]
fn a_pair_is_one_entry_and_an_unreadable_file_is_blind_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let image = stripes();
    let Planes::Dual { low, high } = &image.planes else { panic!("dual") };
    let (low_file, high_file) = (folder.path().join("a.low.png"), folder.path().join("a.high.png"));
    std::fs::write(&low_file, formats::encode_png16(200, 20, low).expect("fits")).expect("written");
    std::fs::write(&high_file, formats::encode_png16(200, 20, high).expect("fits")).expect("written");
    // No model there: blind for the model's sake, whatever the file.
    let settings = Settings { model: Some(folder.path().join("none")), runtime: None, threads: 1 };
    let mut inspector = Inspector::open(&settings);
    let pictures = folder.path().join("pictures");
    let files = [low_file, high_file, folder.path().join("missing.png")];
    let reports = folder.path().join("reports");
    let at = Moment::parse("20261122101500").expect("a moment");
    let folders = Folders { pictures: Some(&pictures), reports: Some((&reports, at)) };
    let entries = inspect(&mut inspector, &files, Some(GEOMETRY), folders).expect("written");
    assert_eq!(entries.len(), 2, "a pair is one");
    assert!(entries.iter().all(|entry| entry.blind.is_some() && entry.detail.is_some() && entry.findings.is_empty()));
    assert!(pictures.join("a.png").is_file() && !pictures.join("missing.png").exists());
    let report = report::read(&reports.join("a.tdr.dcs")).expect("a report");
    assert_eq!((report.pictures.len(), report.abort), (2, report::words::Abort::Aborted), "blind, of both energies");
    assert!(!reports.join("missing.tdr.dcs").exists());
}

/// A folder with a picture of each of these names.
fn folder_of(names: &[&str]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().expect("a folder");
    let Planes::Dual { low, .. } = stripes().planes else { panic!("dual") };
    let bytes = formats::encode_png16(200, 20, &low).expect("fits");
    let files: Vec<PathBuf> = names.iter().map(|name| folder.path().join(name)).collect();
    for file in &files {
        std::fs::create_dir_all(file.parent().expect("in a folder")).expect("made");
        std::fs::write(file, &bytes).expect("written");
    }
    (folder, files)
}

fn without_a_model(folder: &Path) -> Inspector {
    Inspector::open(&Settings { model: Some(folder.join("none")), runtime: None, threads: 1 })
}

#[test]
fn two_files_of_one_name_are_refused_before_anything_is_written() {
    let (folder, files) = folder_of(&["first.png", "east/a.png", "west/a.png"]);
    let mut inspector = without_a_model(folder.path());
    let out = folder.path().join("out");
    let at = Moment::parse("20261122101500").expect("a moment");
    for folders in
        [Folders { pictures: Some(&out), reports: None }, Folders { pictures: None, reports: Some((&out, at)) }]
    {
        let said = inspect(&mut inspector, &files, None, folders).expect_err("one of them would be lost").to_string();
        assert!(said.contains("east/a.png") && said.contains("west/a.png") && said.contains("rename one"), "{said}");
        assert!(!out.exists(), "not even the first file's");
    }
    assert_eq!(inspect(&mut inspector, &files, None, Folders::default()).map(|entries| entries.len()), Ok(3));
    let pair_and_page = [folder.path().join("b.low.png"), folder.path().join("b.tif")];
    let folders = Folders { pictures: Some(&out), reports: None };
    assert!(inspect(&mut inspector, &pair_and_page, None, folders).is_err(), "a pair's name is its stem");
}

#[test]
fn a_file_to_be_looked_at_is_never_written_over() {
    let (folder, files) = folder_of(&["a.png"]);
    let before = std::fs::read(&files[0]).expect("there");
    let folders = Folders { pictures: Some(folder.path()), reports: None };
    let said = inspect(&mut without_a_model(folder.path()), &files, None, folders).expect_err("over it").to_string();
    assert!(said.contains("a.png") && said.contains("another folder"), "{said}");
    assert_eq!(std::fs::read(&files[0]).expect("there"), before);
}

#[test]
fn what_is_too_large_to_write_says_nothing_of_folders() {
    let said = write(Path::new("a.png"), None).expect_err("too large").to_string();
    assert!(said.contains("a.png") && said.contains("larger") && !said.contains("folder"), "{said}");
    let folder = tempfile::tempdir().expect("a folder");
    let said = write(folder.path(), Some(b"x")).expect_err("a folder").to_string();
    assert!(said.contains("Check the folder"), "{said}");
}
