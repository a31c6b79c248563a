//! The folder that a station reads: `library.toml` and two 16-bit maps an item. The text is written by hand, because it
//! is read by another crate that checks every word of it; it comes last, so that a folder without it is none.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use image::ImageEncoder;

use super::super::physics::Beam;
use super::super::profile::ScannerProfile;
use super::{MAP_ZERO, Maps, PITCH_MM, Table, Threat};

/// Writes a library for a scanner's pictures. The same threats and scanner give the same bytes.
///
/// # Errors
/// What the file system or the encoder says, with the path; a tube voltage that is not in the spectra table.
pub fn write(threats: &[Threat], scanner: &ScannerProfile, folder: &Path) -> io::Result<()> {
    let beam = Beam::at(scanner.kilovolts).ok_or_else(|| io::Error::other("a tube voltage without a spectrum"))?;
    std::fs::create_dir_all(folder)?;
    let mut text = head(scanner, &Table::of(beam));
    for threat in threats {
        let maps = threat.maps(beam);
        let organic = format!("{}.organic.png", threat.name);
        let metal = format!("{}.metal.png", threat.name);
        let organic_digest = plane(&maps, &maps.organic, folder, &organic)?;
        let metal_digest = plane(&maps, &maps.metal, folder, &metal)?;
        let height_mm = threat.size()[2].ceil().max(1.0) as u32;
        let _in_memory = write!(
            text,
            "\n[[items]]\nname = \"{}\"\nclass = \"{}\"\ndesign = \"{}\"\nwidth = {}\nheight = {}\nheight_mm = {height_mm}\n\
             organic = \"{organic}\"\norganic_digest = \"{organic_digest}\"\n\
             metal = \"{metal}\"\nmetal_digest = \"{metal_digest}\"\n",
            threat.name,
            threat.class.name(),
            threat.design,
            maps.width,
            maps.height,
        );
    }
    whole(folder, "library.toml", text.as_bytes())
}

fn head(scanner: &ScannerProfile, table: &Table) -> String {
    let e3 = |value: f32| (value * 1_000.0).round() as u32;
    let rows = |rows: &[Vec<u32>]| rows.iter().map(|row| format!("    {row:?},\n")).collect::<String>();
    let [low, high] = &table.attenuation_e5;
    format!(
        "# A threat library (TIP), written by gatepost-virtual: areal densities as {0}, {1} kV, sees them.\n\
         # Maps: 16-bit grey PNG, 0.5 mm a pixel, 1 mg/cm2 a count above map_zero.\n\
         format = 1\nmap_pitch_um = {13}\nmap_unit_e3 = 1000\nmap_zero = {MAP_ZERO}\n\n\
         [scanner]\nname = \"{0}\"\nkilovolts = {1}\npitch_um = {2}\nbelt_step_um = {3}\nair_level = {4}\n\
         photons = {5}\nelectronic_e3 = {6}\ncrosstalk_e3 = {7}\nmotion_e3 = {8}\n\n\
         [basis]\norganic = \"polyethylene\"\nmetal = \"steel\"\norganic_mg_cm2 = {9:?}\nmetal_mg_cm2 = {10:?}\n\
         # ln(air / light) in 1/100,000: a row for each areal density of metal.\n\
         low_e5 = [\n{11}]\nhigh_e5 = [\n{12}]\n",
        scanner.name,
        scanner.kilovolts,
        scanner.pitch_at_belt_um(scanner.view),
        scanner.belt_step_um,
        scanner.air_level,
        scanner.photons.round() as u32,
        e3(scanner.electronic_noise),
        e3(scanner.crosstalk),
        e3(scanner.motion),
        table.organic_mg_cm2,
        table.metal_mg_cm2,
        rows(low),
        rows(high),
        (PITCH_MM * 1_000.0).round() as u32,
    )
}

/// Writes one map and gives its BLAKE3.
fn plane(maps: &Maps, counts: &[u16], folder: &Path, name: &str) -> io::Result<String> {
    let native: Vec<u8> = counts.iter().flat_map(|count| count.to_ne_bytes()).collect();
    let mut file = Vec::new();
    image::codecs::png::PngEncoder::new(&mut file)
        .write_image(&native, maps.width, maps.height, image::ExtendedColorType::L16)
        .map_err(|error| io::Error::other(format!("{name}: {error}")))?;
    whole(folder, name, &file)?;
    Ok(blake3::hash(&file).to_hex().to_string())
}

/// A file that appears whole under its name.
fn whole(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let partial = folder.join(format!(".{name}.partial"));
    let path = folder.join(name);
    let written = std::fs::write(&partial, bytes).and_then(|()| std::fs::rename(&partial, &path));
    written.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}
