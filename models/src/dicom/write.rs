//! Elements to bytes: explicit VR little endian, sequences with delimiters, tags rising.

use super::tags::{self, Tag};
use super::{Malformed, PREAMBLE_BYTES, UNDEFINED, WORD};

/// The root that our implementation is known by (PS3.7, annex D.3.3.2): a UID below 2.25, made once from a random UUID.
const IMPLEMENTATION: &str = "2.25.213964780311925873146628390417556120951";
const EXPLICIT: &str = "1.2.840.10008.1.2.1";

/// A data set being written. What cannot be said leaves a fault behind, which [`file`] gives back in the place of a file.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    last: Option<Tag>,
    /// The first one.
    fault: Option<Malformed>,
}

impl Writer {
    /// `kind`: its value representation, one with a length of 16 bits.
    pub fn text(&mut self, tag: Tag, kind: &[u8; 2], text: &str) -> &mut Self {
        let mut value = text.as_bytes().to_vec();
        if value.len() % 2 == 1 {
            value.push(if kind == b"UI" { 0 } else { b' ' });
        }
        self.short(tag, kind, &value)
    }

    pub fn u16(&mut self, tag: Tag, number: u16) -> &mut Self {
        self.short(tag, b"US", &number.to_le_bytes())
    }

    pub fn floats(&mut self, tag: Tag, numbers: &[f32]) -> &mut Self {
        let value: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.short(tag, b"FL", &value)
    }

    /// A value of bytes (`OB`) or words (`OW`), of any even length.
    pub fn long(&mut self, tag: Tag, kind: &[u8; 2], value: &[u8]) -> &mut Self {
        debug_assert!(value.len().is_multiple_of(2), "{tag} has an odd length");
        self.head(tag, kind).extend([0, 0]);
        self.bytes.extend((value.len() as u32).to_le_bytes());
        self.bytes.extend(value);
        self
    }

    pub fn sequence<T>(&mut self, tag: Tag, items: &[T], write: impl Fn(&mut Writer, &T)) -> &mut Self {
        self.head(tag, b"SQ").extend([0, 0]);
        self.bytes.extend(UNDEFINED.to_le_bytes());
        for item in items {
            let mut inside = Writer::default();
            write(&mut inside, item);
            self.mark(tags::ITEM, UNDEFINED);
            self.bytes.extend(inside.bytes);
            self.fault = self.fault.take().or(inside.fault);
            self.mark(tags::ITEM_END, 0);
        }
        self.mark(tags::SEQUENCE_END, 0);
        self
    }

    fn short(&mut self, tag: Tag, kind: &[u8; 2], value: &[u8]) -> &mut Self {
        match u16::try_from(value.len()) {
            Ok(length) => {
                self.head(tag, kind).extend(length.to_le_bytes());
                self.bytes.extend(value);
            }
            Err(_) => {
                let what = "is longer than its 16 bits of length can say";
                self.fault.get_or_insert(Malformed::In { tag, what });
            }
        }
        self
    }

    fn head(&mut self, tag: Tag, kind: &[u8; 2]) -> &mut Vec<u8> {
        debug_assert!(self.last.is_none_or(|last| last < tag), "{tag} comes after {:?}", self.last);
        self.last = Some(tag);
        self.bytes.extend(tag.0.to_le_bytes());
        self.bytes.extend(tag.1.to_le_bytes());
        self.bytes.extend(kind);
        &mut self.bytes
    }

    fn mark(&mut self, tag: Tag, length: u32) {
        self.bytes.extend(tag.0.to_le_bytes());
        self.bytes.extend(tag.1.to_le_bytes());
        self.bytes.extend(length.to_le_bytes());
    }
}

/// A whole file of one object, or the first fault of its body.
pub(crate) fn file(class: &str, instance: &str, body: &Writer) -> Result<Vec<u8>, Malformed> {
    let mut meta = Writer::default();
    meta.long(tags::META_VERSION, b"OB", &[0, 1])
        .text(tags::META_CLASS, b"UI", class)
        .text(tags::META_INSTANCE, b"UI", instance)
        .text(tags::TRANSFER_SYNTAX, b"UI", EXPLICIT)
        .text(tags::IMPLEMENTATION_CLASS, b"UI", IMPLEMENTATION)
        .text(tags::IMPLEMENTATION_NAME, b"SH", "GATEPOST");
    let mut bytes = vec![0; PREAMBLE_BYTES];
    bytes.extend(WORD);
    let mut length = Writer::default();
    length.short(tags::META_LENGTH, b"UL", &(meta.bytes.len() as u32).to_le_bytes());
    bytes.extend(length.bytes);
    bytes.extend(meta.bytes);
    bytes.extend(&body.bytes);
    match body.fault.clone().or(meta.fault) {
        Some(fault) => Err(fault),
        None => Ok(bytes),
    }
}
