//! The DICOM container: elements out of a file's bytes, and into them. X-ray pictures ([`crate::formats`]) and Threat
//! Detection Reports ([`crate::report`]) both lie in it.
//!
//! Stands alone because it knows tags, lengths and nesting, and not what any of it means. It reads little-endian files
//! without compressed pixels, from memory, and borrows every value: nothing is allocated by a length that a file states,
//! which readers of streams cannot promise. Every bound is in [`limits`]. What the standard (DICOM PS3.5 and PS3.10)
//! forbids is refused and not repaired: an element that stands twice could be a second alarm decision.

mod read;
pub mod tags;
mod uids;
mod write;

pub(crate) use read::{DataSet, open};
pub use tags::Tag;
pub use uids::{CLASS_DX_PRESENTATION, CLASS_DX_PROCESSING, CLASS_TDR, Reference};
pub(crate) use uids::{Syntax, class_name, instance_of, syntax, syntax_name};
pub(crate) use write::{Writer, file};

use crate::limits;
use std::fmt;

/// Why bytes are no DICOM file of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// They end inside an element.
    Cut,
    /// At a byte of the file.
    At { byte: usize, what: &'static str },
    /// In an element's value.
    In { tag: Tag, what: &'static str },
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut => f.write_str("it ends inside an element"),
            Self::At { byte, what } => write!(f, "byte {byte}: {what}"),
            Self::In { tag, what } => write!(f, "element {tag}: {what}"),
        }
    }
}

/// Bytes before the data: 128 that belong to nobody, and the word.
const PREAMBLE_BYTES: usize = 128;
const WORD: &[u8] = b"DICM";
/// The length of an element that ends with a delimiter instead.
const UNDEFINED: u32 = u32::MAX;

/// Whether bytes say that they are a DICOM file.
pub(crate) fn is_dicom(bytes: &[u8]) -> bool {
    bytes.get(PREAMBLE_BYTES..).is_some_and(|rest| rest.starts_with(WORD))
}

const _: () = assert!(limits::DICOM_DEPTH_MAX >= 5, "a report's picture reference lies four sequences deep");

#[cfg(test)]
mod tests;
