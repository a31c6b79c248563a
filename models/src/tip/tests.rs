//! Round trips, grain, places, and that nothing of a projection stays.

use super::library::LibraryFault;
use super::noise::Noise;
use super::*;
use crate::formats::Source;
use proptest::prelude::*;
use std::path::Path;

fn library() -> Library {
    load(|_, bytes| bytes).expect("the sample")
}

/// The sample's files, each as `change` leaves it.
fn load(change: impl Fn(&str, Vec<u8>) -> Vec<u8>) -> Result<Library, LibraryError> {
    let files: Vec<(String, Vec<u8>)> =
        sample::files().into_iter().map(|(name, bytes)| (name.clone(), change(&name, bytes))).collect();
    let find = |file: &Path| {
        let found = files.iter().find(|(name, _)| file.ends_with(name)).map(|(_, bytes)| bytes.clone());
        found.ok_or(LibraryError { file: file.to_owned(), fault: LibraryFault::Unreadable("not there".into()) })
    };
    let text = find(Path::new(LIBRARY))?;
    Library::from_text(Path::new(""), &text, find)
}

fn edited(from: &str, to: &str) -> Result<Library, LibraryError> {
    load(|name, bytes| {
        if name != LIBRARY {
            return bytes;
        }
        let text = String::from_utf8(bytes).expect("text");
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1).into_bytes()
    })
}

fn geometry() -> Geometry {
    Geometry { pitch_um: sample::PITCH_UM, belt_step_um: sample::STEP_UM, air_level: None }
}

fn planes(image: &Image) -> [&[u16]; 2] {
    let Planes::Dual { low, high } = &image.planes else { panic!("two energies") };
    [low, high]
}

/// A place in the carton where nothing else lies.
const FREE: Place = Place { middle_um: [240_000, 60_000], turned_mrad: 300, mirrored: false, widened_e3: 1_000 };

#[test]
fn what_the_table_says_forward_it_says_backward() {
    let basis = library().basis;
    for organic in [0.0f32, 0.03, 0.4, 2.0, 9.0, 20.0, 45.0] {
        for metal in [0.0f32, 0.02, 0.3, 1.1, 4.0, 12.0, 30.0] {
            let areal = Areal { organic, metal };
            let back = basis.areal(basis.attenuation(areal));
            // Half a percent, of a tenth of a gram at least.
            for (found, made) in [(back.organic, organic), (back.metal, metal)] {
                assert!((found - made).abs() <= 0.005 * made.max(0.1), "{back:?} for {areal:?}");
            }
        }
    }
}

#[test]
fn light_that_is_less_has_the_grain_of_less_light() {
    let noise = Noise::of(&library().scanner, f32::from(sample::AIR), 1);
    let mut random = SplitMix::new(5);
    for (count, share) in [(50_000.0f32, 0.5), (20_000.0, 0.1), (3_000.0, 0.7), (600.0, 0.3), (60_000.0, 0.9)] {
        const DRAWS: usize = 40_000;
        // The count as a scanner reads it first, then through the item: together the grain of what is left.
        let draws: Vec<f64> = (0..DRAWS)
            .map(|_| {
                let first = (count + noise.variance(count).sqrt() * random.normal()).max(0.0);
                f64::from(noise.through(first, share, &mut random))
            })
            .collect();
        let mean = draws.iter().sum::<f64>() / DRAWS as f64;
        let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / DRAWS as f64;
        let asked = f64::from(noise.variance(count * share));
        assert!((mean / f64::from(count * share) - 1.0).abs() < 0.01, "{mean} for {count} x {share}");
        assert!((variance / asked - 1.0).abs() < 0.05, "{variance} for {asked}: {count} x {share}");
        let scaled = f64::from(noise.variance(count) * share * share);
        assert!(share > 0.8 || variance > 1.2 * scaled, "scaling alone is too smooth");
    }
}

#[test]
fn an_item_takes_the_light_that_its_mass_takes() {
    let (library, image) = (library(), sample::picture(1));
    let wish = Wish { item: Some("bar"), seed: 4, place: Some(FREE) };
    let projection = project(&image, &geometry(), &library, &wish).expect("a free place");
    let [column, line] = [160u32, 60];
    let (mut before, mut after) = ([0.0f64; 2], [0.0f64; 2]);
    for at in 0..25 {
        let (column, line) = (column - 2 + at % 5, line - 2 + at / 5);
        let index = (line * image.width + column) as usize;
        let light = projection.shown().light(column, line).expect("inside");
        for energy in 0..2 {
            before[energy] += f64::from(planes(&image)[energy][index]);
            after[energy] += f64::from(light[energy] * f32::from(sample::AIR));
        }
    }
    for energy in 0..2 {
        let taken = (before[energy] / after[energy]).ln();
        let asked = f64::from(sample::METAL[energy] * sample::BAR);
        assert!((taken - asked).abs() < 0.02, "energy {energy}: {taken} for {asked}");
    }
}

#[test]
fn retracting_gives_the_original_back_and_the_record_stays() {
    let (library, image) = (library(), sample::picture(2));
    let untouched = image.clone();
    let projection = project(&image, &geometry(), &library, &Wish { seed: 9, ..Wish::default() }).expect("a place");
    let text = serde_json::to_string(projection.record()).expect("a record");
    assert!(text.starts_with("{\"tip\":true,"), "{text}");
    let (original, record) = projection.retract();
    assert!(std::ptr::eq(original, &image) && *original == untouched);
    assert_eq!(serde_json::from_str::<Record>(&text).expect("the same"), record);
    assert!(serde_json::from_str::<Record>(&text.replace("\"tip\":true", "\"tip\":false")).is_err());
    assert_eq!(record.picture, record::picture_digest(&untouched));
    assert_eq!(record.library, library.digest);
}

#[test]
fn nothing_changes_outside_the_item_and_the_seed_is_all() {
    let (library, image) = (library(), sample::picture(3));
    for seed in 0..6 {
        let wish = Wish { seed, ..Wish::default() };
        let projection = project(&image, &geometry(), &library, &wish).expect("a place");
        let again = project(&image, &geometry(), &library, &wish).expect("a place");
        assert_eq!(projection.record(), again.record());
        let [left, top, right, bottom] = projection.record().bounds;
        let mut changed = 0;
        for line in 0..image.height {
            for column in 0..image.width {
                let at = (line * image.width + column) as usize;
                let light = projection.shown().light(column, line).expect("inside");
                assert_eq!(Some(light), again.shown().light(column, line));
                let counts = light.map(|share| (share * f32::from(sample::AIR)).round() as u16);
                let same = counts == [planes(&image)[0][at], planes(&image)[1][at]];
                let inside = (left..right).contains(&column) && (top..bottom).contains(&line);
                assert!(same || inside, "{column},{line} of seed {seed}");
                changed += u32::from(!same);
            }
        }
        let realism = projection.record().realism;
        assert!(changed > 200 && realism.inside_e4 >= 9_800 && realism.strays == 0, "{changed} {realism:?}");
        assert!(realism.frame_e5 <= 100 && realism.grain_e3.abs_diff(1_000) < 200, "{realism:?}");
    }
}

#[test]
fn implausible_places_are_refused_with_their_reason() {
    let (library, mut image) = (library(), sample::picture(4));
    let at = |image: &Image, place| {
        let wish = Wish { item: Some("bar"), seed: 1, place: Some(place) };
        project(image, &geometry(), &library, &wish).err()
    };
    let no_place = |unreal| Some(Refused::NoPlace { tries: 1, unreal });
    assert_eq!(at(&image, FREE), None);
    let beyond = |middle_um| Place { middle_um, ..FREE };
    assert_eq!(at(&image, beyond([30_000, 60_000])), no_place(Unreal::Outside), "half out of the carton");
    assert_eq!(at(&image, beyond([-900_000_000, i64::MAX / 4_000])), no_place(Unreal::Outside));
    // A lead sheet where it would lie.
    let width = image.width as usize;
    let Planes::Dual { low, high } = &mut image.planes else { panic!("two energies") };
    for plane in [low, high] {
        for line in 40..80 {
            plane[line * width + 140..line * width + 176].fill(7);
        }
    }
    assert_eq!(at(&image, FREE), no_place(Unreal::OntoOpaque));
    let everywhere = Wish { item: Some("bar"), seed: 1, place: None };
    let found = project(&image, &geometry(), &library, &everywhere).expect("elsewhere is room");
    assert_eq!(found.record().realism.opaque_before_e4, 0);
}

#[test]
fn pictures_that_cannot_hold_a_threat_are_refused() {
    let library = library();
    let refused = |image: &Image, geometry: Geometry| {
        project(image, &geometry, &library, &Wish::default()).err().expect("refused")
    };
    let image = sample::picture(5);
    let one = Image { planes: Planes::Single(planes(&image)[1].to_vec()), ..image.clone() };
    assert_eq!(refused(&one, geometry()), Refused::OneEnergy);
    assert_eq!(refused(&Image { source: Source::PseudoColour, ..image.clone() }, geometry()), Refused::NoCounts);
    assert_eq!(refused(&image, Geometry { pitch_um: 0, ..geometry() }), Refused::NoSize);
    assert_eq!(refused(&image, Geometry { air_level: Some(30_000), ..geometry() }), Refused::NoParcel);
    let air = Image::from_planes(60, 60, vec![60_000; 3_600], vec![60_000; 3_600]).expect("fits");
    assert_eq!(refused(&air, geometry()), Refused::NoParcel);
    let full = Image::from_planes(60, 60, vec![30_000; 3_600], vec![30_000; 3_600]).expect("fits");
    assert_eq!(refused(&full, geometry()), Refused::NoAir);
    let no_item = project(&image, &geometry(), &library, &Wish { item: Some("gun"), ..Wish::default() }).err();
    assert!(matches!(no_item, Some(Refused::NoItem { .. })));
    // Each second line twice as far from the mean: another scanner's grain.
    let mut other = image.clone();
    let Planes::Dual { low, high } = &mut other.planes else { panic!("two energies") };
    for plane in [low, high] {
        plane.iter_mut().enumerate().for_each(|(at, count)| *count += if at / 200 % 2 == 0 { 900 } else { 0 });
    }
    assert!(matches!(refused(&other, geometry()), Refused::OtherScanner { .. }));
    for reason in Unreal::ALL {
        let words = Refused::NoPlace { tries: 3, unreal: reason }.to_string();
        assert!(words.contains("at 3 places") && words.len() > 60, "{words}");
    }
}

#[test]
fn coarse_converters_stay_coarse_and_dead_diodes_dead() {
    let (library, mut image) = (library(), sample::picture(6));
    let Planes::Dual { low, high } = &mut image.planes else { panic!("two energies") };
    for plane in [low, high] {
        plane.iter_mut().for_each(|count| *count = *count / 16 * 16);
        (0..240).for_each(|line| plane[line * 200 + 160] = 0);
    }
    let wish = Wish { item: Some("slab"), seed: 1, place: Some(FREE) };
    let projection = project(&image, &geometry(), &library, &wish).expect("a free place");
    let air = f32::from(sample::AIR);
    for line in 0..image.height {
        assert_eq!(projection.shown().light(160, line), Some([0.0; 2]));
        for column in 0..image.width {
            let light = projection.shown().light(column, line).expect("inside");
            assert!(light.iter().all(|share| ((share * air).round() as u32).is_multiple_of(16)));
        }
    }
    assert_eq!(projection.shown().light(200, 0), None);
}

#[test]
fn drawings_say_what_they_are_and_no_model_takes_them() {
    let (library, image) = (library(), sample::picture(7));
    let projection = project(&image, &geometry(), &library, &Wish { seed: 2, ..Wish::default() }).expect("a place");
    let drawn = |marked| projection.shown().png(marked).expect("drawn");
    let (marked, plain) = (drawn(Marked::InWords), drawn(Marked::Not));
    let read = |bytes: &[u8]| crate::formats::decode(Path::new("drawn"), bytes).expect("a picture");
    let (marked, plain) = (read(&marked), read(&plain));
    assert!(marked.height > plain.height, "the words stand on a band of their own");
    // What comes back is for eyes only: blind.
    assert_eq!(marked.source, Source::PseudoColour);
    let refused = project(&marked, &geometry(), &library, &Wish::default()).err();
    assert_eq!(refused, Some(Refused::OneEnergy));
}

#[test]
fn libraries_that_are_none_are_refused_by_name() {
    let says = |found: Result<Library, LibraryError>, part: &str| {
        let Err(error) = found else { panic!("it was read: {part}") };
        let words = error.to_string();
        assert!(words.contains(part) && words.contains(". "), "{words}");
    };
    says(edited("format = 1", "format = 2"), "format is 2; possible here: 1 to 1");
    says(edited("photons = 40000", "photons = 0"), "scanner.photons is 0");
    says(edited("class = \"blade\"", "class = \"gun\""), "unknown variant");
    says(edited("bar.organic.png", "../bar.organic.png"), "no folder");
    says(edited("name = \"slab\"", "name = \"bar\""), "stands twice");
    says(edited("width = 64", "width = 63"), "not a grey PNG of 16 bits and 63 x 18 pixels");
    says(edited("kilovolts = 160", "kilovolts = 160\nkilovolt = 1"), "unknown field");
    says(edited("low_e5 = [[0,", "low_e5 = [[1,"), "basis.low_e5: values are 0 (the first)");
    says(edited("high_e5 = [[0, 17000,", "high_e5 = [[0, 200000,"), "light does not tell the two apart");
    says(edited("organic_mg_cm2 = [0, 1000", "organic_mg_cm2 = [0, 10000"), "rising from 0");
    says(edited("map_zero = 1000", "map_zero = 1001"), "end in a frame");
    let damaged = load(|name, mut bytes| {
        if name == "slab.metal.png" {
            bytes[60] ^= 1;
        }
        bytes
    });
    says(damaged, "slab.metal.png: BLAKE3 is");
    says(Library::load(Path::new("no such folder")), "library.toml: cannot be read");
}

/// What fuzzing starts from: `UPDATE=1` writes it anew.
#[test]
fn the_fuzz_targets_seed_is_the_samples_table_of_contents() {
    let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/seeds/tip_library/sample");
    let text = sample::files().pop().expect("the table of contents").1;
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(seed.parent().expect("a folder")).expect("made");
        std::fs::write(&seed, &text).expect("written");
    }
    assert!(std::fs::read(&seed).is_ok_and(|found| found == text), "UPDATE=1 writes {}", seed.display());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands in the file, it is a library that can be worked with or a sentence.
    #[test]
    fn any_change_to_the_text_is_a_library_or_a_sentence(at in 0usize..4_000, with in "[ -~]{0,6}", cut in 0usize..6) {
        let found = load(|name, bytes| {
            if name != LIBRARY {
                return bytes;
            }
            let at = at % bytes.len();
            let end = (at + cut).min(bytes.len());
            [&bytes[..at], with.as_bytes(), &bytes[end..]].concat()
        });
        match found {
            Ok(library) => {
                for nepers in [[0.0, 0.0], [8.0, 0.1], [0.1, 8.0], [30.0, 30.0], [-1.0, 2.0]] {
                    let areal = library.basis.areal(nepers);
                    prop_assert!(areal.organic.is_finite() && areal.metal.is_finite());
                }
            }
            Err(error) => prop_assert!(error.to_string().len() < 800, "{error}"),
        }
    }

    /// Wherever an item is asked for, it is there whole or the picture stays as it was.
    #[test]
    fn any_place_is_plausible_or_refused(x in -400i64..800, y in -400i64..800, turned in -9_000i32..9_000, bits in 0u64..64) {
        static GIVEN: std::sync::LazyLock<(Library, Image)> = std::sync::LazyLock::new(|| (library(), sample::picture(8)));
        let (library, image) = &*GIVEN;
        let place = Place {
            middle_um: [x * 1_000, y * 1_000],
            turned_mrad: turned,
            mirrored: bits & 1 == 1,
            widened_e3: 1_000 + (bits * 20) as u32,
        };
        let wish = Wish { item: Some(if bits & 2 == 0 { "bar" } else { "slab" }), seed: bits, place: Some(place) };
        if let Ok(projection) = project(image, &geometry(), library, &wish) {
            let record = projection.record();
            prop_assert!(record.bounds[0] < record.bounds[2] && record.bounds[2] <= image.width);
            prop_assert!(record.bounds[1] < record.bounds[3] && record.bounds[3] <= image.height);
            prop_assert!(record.realism.inside_e4 >= 9_800);
        }
    }
}
