//! The elements this crate reads or writes, by tag (DICOM PS3.6; group 4010 is DICOS).
//!
//! Apart from their use so that each number stands once. Who needs another adds it here, with its value representation
//! where it is written.

use std::fmt;

/// Group and element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag(pub u16, pub u16);

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({:04X},{:04X})", self.0, self.1)
    }
}

pub const META_LENGTH: Tag = Tag(0x0002, 0x0000);
pub const META_VERSION: Tag = Tag(0x0002, 0x0001);
pub const META_CLASS: Tag = Tag(0x0002, 0x0002);
pub const META_INSTANCE: Tag = Tag(0x0002, 0x0003);
pub const TRANSFER_SYNTAX: Tag = Tag(0x0002, 0x0010);
pub const IMPLEMENTATION_CLASS: Tag = Tag(0x0002, 0x0012);
pub const IMPLEMENTATION_NAME: Tag = Tag(0x0002, 0x0013);

/// ORIGINAL, or DERIVED from the samples of another picture; then more.
pub const IMAGE_TYPE: Tag = Tag(0x0008, 0x0008);
pub const CLASS: Tag = Tag(0x0008, 0x0016);
pub const INSTANCE: Tag = Tag(0x0008, 0x0018);
pub const STUDY_DATE: Tag = Tag(0x0008, 0x0020);
pub const CONTENT_DATE: Tag = Tag(0x0008, 0x0023);
pub const STUDY_TIME: Tag = Tag(0x0008, 0x0030);
pub const CONTENT_TIME: Tag = Tag(0x0008, 0x0033);
pub const MODALITY: Tag = Tag(0x0008, 0x0060);
pub const INTENT: Tag = Tag(0x0008, 0x0068);
pub const MANUFACTURER: Tag = Tag(0x0008, 0x0070);
pub const MODEL_NAME: Tag = Tag(0x0008, 0x1090);
pub const REFERENCED_STUDIES: Tag = Tag(0x0008, 0x1110);
pub const REFERENCED_SERIES: Tag = Tag(0x0008, 0x1115);
pub const REFERENCED_INSTANCES: Tag = Tag(0x0008, 0x114A);
pub const REFERENCED_CLASS: Tag = Tag(0x0008, 0x1150);
pub const REFERENCED_INSTANCE: Tag = Tag(0x0008, 0x1155);
pub const REFERENCED_OBJECTS: Tag = Tag(0x0008, 0x1199);

/// DICOS: the object of inspection, where a patient stands in medicine.
pub const OBJECT_ID: Tag = Tag(0x0010, 0x0020);
pub const OBJECT_ID_ISSUER: Tag = Tag(0x0010, 0x0021);
pub const OBJECT_ID_KIND: Tag = Tag(0x0010, 0x0022);

/// Millimetres at the detector: row spacing, then column spacing.
pub const IMAGER_PIXEL_SPACING: Tag = Tag(0x0018, 0x1164);
pub const SOFTWARE: Tag = Tag(0x0018, 0x1020);

pub const STUDY: Tag = Tag(0x0020, 0x000D);
pub const SERIES: Tag = Tag(0x0020, 0x000E);
pub const INSTANCE_NUMBER: Tag = Tag(0x0020, 0x0013);

pub const SAMPLES_PER_PIXEL: Tag = Tag(0x0028, 0x0002);
pub const PHOTOMETRIC: Tag = Tag(0x0028, 0x0004);
pub const FRAMES: Tag = Tag(0x0028, 0x0008);
pub const ROWS: Tag = Tag(0x0028, 0x0010);
pub const COLUMNS: Tag = Tag(0x0028, 0x0011);
/// Millimetres, calibrated: row spacing, then column spacing.
pub const PIXEL_SPACING: Tag = Tag(0x0028, 0x0030);
pub const BITS_ALLOCATED: Tag = Tag(0x0028, 0x0100);
pub const BITS_STORED: Tag = Tag(0x0028, 0x0101);
pub const HIGH_BIT: Tag = Tag(0x0028, 0x0102);
pub const SIGNED: Tag = Tag(0x0028, 0x0103);
/// `YES`: words are drawn over the samples.
pub const BURNED_IN: Tag = Tag(0x0028, 0x0301);
/// `LIN`: the samples are proportional to the light.
pub const INTENSITY_RELATION: Tag = Tag(0x0028, 0x1040);
/// 1: more light is a higher sample; -1: a lower one.
pub const INTENSITY_SIGN: Tag = Tag(0x0028, 0x1041);
pub const RESCALE_INTERCEPT: Tag = Tag(0x0028, 0x1052);
pub const RESCALE_SLOPE: Tag = Tag(0x0028, 0x1053);
/// `01`: detail was dropped once, whatever packs the samples now.
pub const LOSSY: Tag = Tag(0x0028, 0x2110);
/// A look-up that must be applied before the samples mean anything.
pub const MODALITY_LOOK_UP: Tag = Tag(0x0028, 0x3000);

pub const LOW_ENERGY: Tag = Tag(0x4010, 0x0001);
pub const HIGH_ENERGY: Tag = Tag(0x4010, 0x0002);
pub const REGION: Tag = Tag(0x4010, 0x1001);
pub const REGION_BASE: Tag = Tag(0x4010, 0x1004);
pub const REGION_EXTENTS: Tag = Tag(0x4010, 0x1005);
pub const PTO_ID: Tag = Tag(0x4010, 0x1010);
pub const PTOS: Tag = Tag(0x4010, 0x1011);
pub const CATEGORY: Tag = Tag(0x4010, 0x1012);
pub const CATEGORY_TEXT: Tag = Tag(0x4010, 0x1013);
pub const ABILITY: Tag = Tag(0x4010, 0x1014);
pub const FLAG: Tag = Tag(0x4010, 0x1015);
pub const PROBABILITY: Tag = Tag(0x4010, 0x1016);
pub const MASS: Tag = Tag(0x4010, 0x1017);
pub const DENSITY: Tag = Tag(0x4010, 0x1018);
pub const Z_EFFECTIVE: Tag = Tag(0x4010, 0x1019);
pub const POLYGON: Tag = Tag(0x4010, 0x101D);
pub const ABORT_REASON: Tag = Tag(0x4010, 0x1021);
pub const ABORT_FLAG: Tag = Tag(0x4010, 0x1024);
pub const REPORT_TYPE: Tag = Tag(0x4010, 0x1027);
pub const ALGORITHM: Tag = Tag(0x4010, 0x1029);
pub const DECISION_TIME: Tag = Tag(0x4010, 0x102B);
pub const DECISION: Tag = Tag(0x4010, 0x1031);
pub const OBJECTS_TOTAL: Tag = Tag(0x4010, 0x1033);
pub const OBJECTS_ALARM: Tag = Tag(0x4010, 0x1034);
pub const REPRESENTATIONS: Tag = Tag(0x4010, 0x1037);
pub const ASSESSMENTS: Tag = Tag(0x4010, 0x1038);
pub const TIP: Tag = Tag(0x4010, 0x1039);
pub const DICOS_VERSION: Tag = Tag(0x4010, 0x103A);
pub const ACQUISITION_STATUS: Tag = Tag(0x4010, 0x1044);
pub const SCAN_TYPE: Tag = Tag(0x4010, 0x1048);

pub const PIXELS: Tag = Tag(0x7FE0, 0x0010);

pub(super) const ITEM: Tag = Tag(0xFFFE, 0xE000);
pub(super) const ITEM_END: Tag = Tag(0xFFFE, 0xE00D);
pub(super) const SEQUENCE_END: Tag = Tag(0xFFFE, 0xE0DD);

/// What is a sequence although its file does not say so: an implicit one, or one that calls it unknown. Others of a stated
/// length are passed over whole.
pub(super) const SEQUENCES: [Tag; 9] = [
    REFERENCED_STUDIES,
    REFERENCED_SERIES,
    REFERENCED_INSTANCES,
    REFERENCED_OBJECTS,
    MODALITY_LOOK_UP,
    REGION,
    PTOS,
    REPRESENTATIONS,
    ASSESSMENTS,
];
