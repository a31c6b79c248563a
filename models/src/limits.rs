//! Every bound of this crate in one place, as sums, with the relations between them checked by the compiler.
//!
//! Full means an error that says so, never a smaller picture and never "nothing found".

/// Detector columns of one picture. The widest line scanners for parcels have about 2,000 diodes.
pub const IMAGE_WIDTH_MAX: u32 = 8_192;
/// Belt lines of one picture: 16 m of belt at 1 mm a line.
pub const IMAGE_HEIGHT_MAX: u32 = 16_384;
/// Pixels of one plane, whatever its proportions.
pub const IMAGE_PIXELS_MAX: u64 = 4_096 * 8_192;
/// Energies in one picture.
pub const PLANES_MAX: u64 = 2;
/// Bytes of a sample once read.
pub const SAMPLE_BYTES: u64 = 2;
/// Container overhead (headers, chunk lengths, text) allowed on top of incompressible samples.
pub const CONTAINER_BYTES_MAX: u64 = 1 << 20;
/// One picture file. Larger is refused by its length, before a byte of it is read.
pub const FILE_BYTES_MAX: u64 = IMAGE_PIXELS_MAX * PLANES_MAX * SAMPLE_BYTES + CONTAINER_BYTES_MAX;
/// No packing that these formats use expands further than deflate's 1,032 : 1 (LZW's best is about 1,370 : 1). A header
/// that promises more than this times the file's length is damaged, and is found out before memory is asked for.
pub const EXPANSION_MAX: u64 = 1_400;
/// The same for JPEG, in pixels: a block of 64 takes one bit at least (ITU-T T.81: its DC code, in a progressive scan that has
/// no others). Every pixel costs its reader some nine bytes on the way, so what a header promises is held to what can be.
pub const JPEG_PIXELS_PER_BYTE_MAX: u64 = 64 * 8;
/// A tag's value inside a TIFF directory: lists of strips, of which each line has at most two, take 128 KiB.
pub const TIFF_VALUE_BYTES_MAX: usize = 1 << 20;

/// Sequences inside sequences of a DICOM file: a report's deepest has five.
pub const DICOM_DEPTH_MAX: usize = 8;
/// Elements and items of one DICOM file: a report's object has about thirty.
pub const DICOM_ELEMENTS_MAX: usize = 8_192;
/// One value that is no pixels: a bitmap of a region of 512 x 512 x 512 voxels.
pub const DICOM_VALUE_BYTES_MAX: u64 = 16 << 20;
/// One text: DICOM's longest (LT) has 10,240 characters.
pub const DICOM_TEXT_BYTES_MAX: usize = 10_240;
/// One report: a few regions' bitmaps.
pub const REPORT_BYTES_MAX: u64 = 4 * DICOM_VALUE_BYTES_MAX;
/// Reasons why one report's author stopped looking; DICOS has nine.
pub const REPORT_ABORT_REASONS_MAX: usize = 16;
/// Elements, items and delimiters that one item of a report may take, at most: a view, with its item and its end (2), a
/// reference and a region of an item of two numbers in a sequence (6 each), and four values.
pub const REPORT_ITEM_ELEMENTS_MAX: usize = 2 + 6 + 6 + 4;
/// Corners of a polygon around an object.
pub const REPORT_CORNERS_MAX: usize = 4_096;

/// Text of a model package's manifest or of one golden answer.
pub const MANIFEST_BYTES_MAX: u64 = 64 << 10;
/// Weights of one model.
pub const MODEL_BYTES_MAX: u64 = 64 << 20;
/// Classes of one model.
pub const CLASSES_MAX: usize = 32;
/// Side of a model's input in pixels.
pub const INPUT_SIDE_MAX: u32 = 1_024;
/// Detections one picture can yield, after overlaps are removed.
pub const DETECTIONS_MAX: usize = 64;
/// Peaks looked at before overlaps are removed, per class: the best of them.
pub const PEAKS_MAX: usize = 512;
/// Golden pictures of one package.
pub const GOLDEN_MAX: usize = 32;
/// Threads inference may be given.
pub const THREADS_MAX: usize = 16;

/// Opaque regions listed one by one; the area of all is always summed.
pub const OPAQUE_REGIONS_MAX: usize = 16;
/// Narrower opaque places than this are summed but not listed: the least that is sought, detonators and small-bore rounds,
/// is as thick, and a motor's shaft or the rim of a tin is not. Too much of the narrow is blind by its sum all the same.
pub const OPAQUE_HIDES_MM_MIN: u32 = 6;
/// A sample at or below the air level divided by this saw no light worth the name.
pub const AIR_TO_DARK_RATIO: u16 = 1_000;
/// Columns without light (a dead diode, read as none of the belt) that one picture may have, each bridged from its
/// neighbours. More is a failing detector card: blind.
pub const DARK_COLUMNS_MAX: u32 = 2;
/// Light by which the low energy must exceed the high one before the planes are called exchanged, in 1/10,000. The pixels of a
/// letter are told from air by the high energy's own grain, which then looks like attenuation: 2 in 10,000 were seen in
/// letters of 13 g; parcels differ by 50 to 150 the right way round.
pub const SWAPPED_LIGHT_E4_MIN: u32 = 30;
/// Lines without light that one picture may have. A lost line is a lost piece of parcel: none.
pub const DARK_LINES_MAX: u32 = 0;
/// Share of pixels at full scale above which a picture is over-exposed, in 1/10,000.
pub const SATURATED_SHARE_E4_MAX: u32 = 200;
/// Air levels above this leave no room to tell full scale (of 16 bits; in proportion, of fewer) from bright air, so saturation
/// is not judged.
pub const AIR_LEVEL_WITH_HEADROOM_MAX: u16 = 64_000;
/// A run of parcel this wide (millimetres) on the first or last line means that the parcel goes on outside.
pub const CUT_RUN_MM_MIN: u64 = 8;

/// Side of a label picture in pixels: a 16-megapixel camera.
pub const LABEL_SIDE_MAX: u32 = 4_096;
/// One label picture's file: three colours of 8 bits that no packing made smaller.
pub const LABEL_FILE_BYTES_MAX: u64 = LABEL_SIDE_MAX as u64 * LABEL_SIDE_MAX as u64 * 3 + CONTAINER_BYTES_MAX;
/// Memory its unpacking may take: four samples of 16 bits a pixel, and as much again.
pub const LABEL_DECODE_BYTES_MAX: u64 = LABEL_SIDE_MAX as u64 * LABEL_SIDE_MAX as u64 * 4 * 2 * 2;
/// Codes one picture can yield.
pub const LABEL_CODES_MAX: usize = 32;

/// The runtime library, unpacked, and the wheel around it.
pub const RUNTIME_LIBRARY_BYTES_MAX: u64 = 64 << 20;
pub const RUNTIME_WHEEL_BYTES_MAX: u64 = 64 << 20;

/// Text of a threat library: its table of attenuation and a few hundred items.
pub const TIP_TEXT_BYTES_MAX: u64 = 512 << 10;
/// Items of one threat library.
pub const TIP_ITEMS_MAX: usize = 1_024;
/// Side of an item's map in pixels, of half a millimetre as a rule: what is longer fits no parcel that a machine sorts.
pub const TIP_MAP_SIDE_MAX: u32 = 1_024;
/// One map's file.
pub const TIP_MAP_BYTES_MAX: u64 =
    TIP_MAP_SIDE_MAX as u64 * TIP_MAP_SIDE_MAX as u64 * SAMPLE_BYTES + CONTAINER_BYTES_MAX;
/// Pixels of all maps of one library: 64 MiB.
pub const TIP_PIXELS_MAX: u64 = (64 << 20) / SAMPLE_BYTES;
/// Areal densities of one basis material in a library's table.
pub const TIP_POINTS_MAX: usize = 128;
/// Places tried for one item before it is said that none is plausible.
pub const TIP_TRIES_MAX: u32 = 64;

const _: () = {
    assert!(IMAGE_PIXELS_MAX <= IMAGE_WIDTH_MAX as u64 * IMAGE_HEIGHT_MAX as u64);
    assert!(FILE_BYTES_MAX < 256 << 20, "one picture must fit a small board's memory several times");
    assert!(IMAGE_WIDTH_MAX as u64 * u16::MAX as u64 <= u32::MAX as u64, "a line's light is summed in 32 bits");
    assert!(IMAGE_WIDTH_MAX <= IMAGE_HEIGHT_MAX && IMAGE_HEIGHT_MAX <= u16::MAX as u32, "and its pixels counted in 16");
    assert!(LABEL_DECODE_BYTES_MAX <= 256 << 20, "a label picture must fit a small board's memory");
    assert!(DICOM_VALUE_BYTES_MAX <= FILE_BYTES_MAX && REPORT_BYTES_MAX <= FILE_BYTES_MAX);
    assert!(REPORT_CORNERS_MAX * 3 * 4 < u16::MAX as usize, "a polygon's length is written in 16 bits");
    assert!(OPAQUE_REGIONS_MAX < DETECTIONS_MAX);
    assert!(PEAKS_MAX >= DETECTIONS_MAX);
    assert!(2 * TIP_MAP_SIDE_MAX as u64 * TIP_MAP_SIDE_MAX as u64 <= TIP_PIXELS_MAX, "one item fits a library");
};
