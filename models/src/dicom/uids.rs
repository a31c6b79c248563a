//! Classes of objects, transfer syntaxes and references, by UID (DICOM PS3.6, annex A).

/// A DICOS picture whose samples may have been through a look-up, for eyes.
pub const CLASS_DX_PRESENTATION: &str = "1.2.840.10008.5.1.4.1.1.501.2.1";
/// A DICOS picture as the detector measured it, for algorithms.
pub const CLASS_DX_PROCESSING: &str = "1.2.840.10008.5.1.4.1.1.501.2.2";
/// A DICOS Threat Detection Report.
pub const CLASS_TDR: &str = "1.2.840.10008.5.1.4.1.1.501.3";

/// Classes by the name a technician knows, for refusals.
const CLASSES: [(&str, &str); 9] = [
    (CLASS_DX_PRESENTATION, "a DICOS X-ray picture for presentation"),
    (CLASS_DX_PROCESSING, "a DICOS X-ray picture for processing"),
    (CLASS_TDR, "a DICOS Threat Detection Report, which has no pixels"),
    ("1.2.840.10008.5.1.4.1.1.501.1", "a DICOS CT volume, not a line-scan picture"),
    ("1.2.840.10008.5.1.4.1.1.501.4", "a DICOS 2D picture of a person"),
    ("1.2.840.10008.5.1.4.1.1.501.5", "a DICOS 3D picture of a person"),
    ("1.2.840.10008.5.1.4.1.1.501.6", "a DICOS quadrupole resonance measurement"),
    ("1.2.840.10008.5.1.4.1.1.2", "a medical CT picture, not DICOS"),
    ("1.2.840.10008.5.1.4.1.1.1.1", "a medical digital X-ray picture, not DICOS"),
];

/// Transfer syntaxes by name, and how their elements are encoded where this crate can read them.
const SYNTAXES: [(&str, &str, Option<Syntax>); 7] = [
    ("1.2.840.10008.1.2", "implicit VR little endian", Some(Syntax::Implicit)),
    ("1.2.840.10008.1.2.1", "explicit VR little endian", Some(Syntax::Explicit)),
    ("1.2.840.10008.1.2.2", "explicit VR big endian", None),
    ("1.2.840.10008.1.2.1.99", "deflated", None),
    // A toolkit's default, written over reports too, which have no pixels to compress.
    ("1.2.840.10008.1.2.4.70", "lossless JPEG", Some(Syntax::Compressed)),
    ("1.2.840.10008.1.2.4.90", "lossless JPEG 2000", Some(Syntax::Compressed)),
    ("1.2.840.10008.1.2.5", "run lengths", Some(Syntax::Compressed)),
];

/// How the elements of a file are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    Implicit,
    Explicit,
    /// Explicit, with pixels that this crate does not unpack.
    Compressed,
}

/// `None` for a syntax whose elements cannot be read here.
pub(crate) fn syntax(uid: &str) -> Option<Syntax> {
    SYNTAXES.iter().find(|(known, ..)| *known == uid).and_then(|(_, _, syntax)| *syntax)
}

pub(crate) fn syntax_name(uid: &str) -> String {
    let known = SYNTAXES.iter().find(|(known, ..)| *known == uid);
    known.map_or_else(|| format!("transfer syntax {uid}"), |(_, name, _)| format!("{name} ({uid})"))
}

pub(crate) fn class_name(uid: &str) -> String {
    let known = CLASSES.iter().find(|(known, _)| *known == uid);
    known.map_or_else(|| format!("an object of class {uid}"), |(_, name)| format!("{name} ({uid})"))
}

/// One object, named by its class and its own UID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub class: String,
    pub instance: String,
}

impl Reference {
    /// A picture that has no UID of its own (PNG, TIFF), by its content: the UID that it would have as DICOS DX for
    /// processing. UIDs below 2.25 are 128-bit numbers in decimal (ITU-T X.667).
    pub fn to_content(bytes: &[u8]) -> Self {
        Self { class: CLASS_DX_PROCESSING.to_owned(), instance: instance_of(&[bytes]) }
    }
}

/// A UID that the same parts always get.
pub(crate) fn instance_of(parts: &[&[u8]]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
    }
    let mut number = [0; 16];
    number.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    format!("2.25.{}", u128::from_be_bytes(number))
}
