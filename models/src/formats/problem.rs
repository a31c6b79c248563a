//! Why a file gave no picture, in words that say what to do. Apart so that the readers stay readable.

use crate::limits;
use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

/// Why a file gave no picture. Each names the file, what is wrong with it, and what to do.
#[derive(Debug)]
pub struct FormatError {
    pub file: PathBuf,
    pub problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The operating system's words.
    Unreadable(String),
    TooManyBytes {
        bytes: u64,
    },
    TooManyPixels {
        width: u64,
        height: u64,
    },
    NotAPicture,
    /// The file ends before its picture does.
    Truncated,
    /// The reader's words.
    Damaged(String),
    /// What the file is, that this crate does not read.
    Unsupported(Cow<'static, str>),
    /// Two planes of different size or depth.
    Unequal,
    /// The files of a pair say themselves that each is the other energy.
    Exchanged,
    /// A file of a pair says itself that it is of both energies.
    BothInOne,
    /// One file of a pair is not there.
    PairMissing(PathBuf),
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file.display())?;
        match &self.problem {
            Problem::Unreadable(what) => write!(f, "cannot be read ({what}). Check the path and who may read it"),
            Problem::TooManyBytes { bytes } => write!(
                f,
                "{bytes} bytes are more than a picture may have ({}). Not a scanner's picture, or several in one file: \
                 export one view per file",
                limits::FILE_BYTES_MAX
            ),
            Problem::TooManyPixels { width, height } => write!(
                f,
                "{width} x {height} pixels are more than a picture may have ({} columns, {} lines, {} pixels). Check the \
                 scanner's export, or split the scan",
                limits::IMAGE_WIDTH_MAX,
                limits::IMAGE_HEIGHT_MAX,
                limits::IMAGE_PIXELS_MAX
            ),
            Problem::NotAPicture => {
                f.write_str("neither PNG, TIFF, DICOS nor JPEG. Export grey PNG, TIFF or DICOS DX, 8 to 16 bit")
            }
            Problem::Truncated => f.write_str(
                "ends before its picture does. It was cut off while written or copied: copy it again, or scan again",
            ),
            Problem::Damaged(what) => write!(f, "damaged ({what}). Copy it again, or scan again"),
            Problem::Unsupported(what) => {
                write!(f, "{what}. Export grey PNG, TIFF or uncompressed DICOS DX, 8 to 16 bit, one or two energies")
            }
            Problem::Unequal => f.write_str("its two energies differ in size or depth. Both must come from one scan"),
            Problem::Exchanged => f.write_str(
                "low and high energy are exchanged: the files say themselves what they are. Name each after its energy",
            ),
            Problem::BothInOne => f.write_str(
                "a file of its pair says itself that it is of both energies. Export each energy into a file of its own",
            ),
            Problem::PairMissing(partner) => {
                write!(f, "its other energy, {}, is not there. Put both files in one folder", partner.display())
            }
        }
    }
}

impl std::error::Error for FormatError {}
