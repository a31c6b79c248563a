//! Bytes to elements. Values are borrowed; only the list of elements is allocated, and grows with what was read.

use super::tags::{self, Tag};
use super::{Malformed, PREAMBLE_BYTES, Syntax, UNDEFINED, WORD};
use crate::limits;
use std::borrow::Cow;

/// A file's head, read; its body, not yet.
#[derive(Debug)]
pub(crate) struct File<'b> {
    bytes: &'b [u8],
    meta: DataSet<'b>,
    /// Where the body begins.
    body: usize,
}

/// What fills a text up to an even length.
const PADDING: [char; 2] = ['\0', ' '];

/// Elements by rising tag.
#[derive(Debug, Default)]
pub(crate) struct DataSet<'b>(Vec<(Tag, Value<'b>)>);

#[derive(Debug)]
enum Value<'b> {
    Bytes(&'b [u8]),
    Items(Vec<DataSet<'b>>),
}

/// The preamble and group 0002, which is explicit little endian whatever follows (PS3.10, 7.1).
pub(crate) fn open(bytes: &[u8]) -> Result<File<'_>, Malformed> {
    let start = PREAMBLE_BYTES + WORD.len();
    if bytes.len() < start {
        return Err(Malformed::Cut);
    }
    let mut reader = Reader { bytes, at: start, left: limits::DICOM_ELEMENTS_MAX };
    let mut meta = DataSet::default();
    while bytes.get(reader.at..reader.at + 2) == Some(&[2, 0]) {
        reader.element(&mut meta, Ending::Byte(bytes.len()), Syntax::Explicit, 0)?;
    }
    Ok(File { bytes, meta, body: reader.at })
}

impl<'b> File<'b> {
    pub fn transfer_syntax(&self) -> Result<&'b str, Malformed> {
        self.meta.uid(tags::TRANSFER_SYNTAX)
    }

    /// The body, and that it is an object of the class its head states. `syntax` as [`super::syntax`] reads
    /// [`File::transfer_syntax`].
    pub fn body(&self, syntax: Syntax) -> Result<DataSet<'b>, Malformed> {
        let mut reader = Reader { bytes: self.bytes, at: self.body, left: limits::DICOM_ELEMENTS_MAX };
        let body = reader.data_set(Ending::Byte(self.bytes.len()), syntax, 0)?;
        if body.uid(tags::CLASS)? != self.class()? {
            return Err(Malformed::In { tag: tags::CLASS, what: "is not the class of the file's head" });
        }
        Ok(body)
    }

    /// The class that the file's head states.
    pub fn class(&self) -> Result<&'b str, Malformed> {
        self.meta.uid(tags::META_CLASS)
    }
}

impl<'b> DataSet<'b> {
    pub fn has(&self, tag: Tag) -> bool {
        self.value(tag).is_some()
    }

    /// A value's bytes; `None` where there is no such element. A sequence in its place is not taken for nothing.
    pub fn bytes(&self, tag: Tag) -> Result<Option<&'b [u8]>, Malformed> {
        match self.value(tag) {
            Some(Value::Bytes(bytes)) => Ok(Some(bytes)),
            Some(Value::Items(_)) => Err(Malformed::In { tag, what: "is a sequence, where a value belongs" }),
            None => Ok(None),
        }
    }

    /// No items where there is no such element. A value in its place is not taken for none: what is in it is not known.
    pub fn items(&self, tag: Tag) -> Result<&[DataSet<'b>], Malformed> {
        match self.value(tag) {
            Some(Value::Items(items)) => Ok(items),
            Some(Value::Bytes(_)) => Err(Malformed::In { tag, what: "is a value, where a sequence belongs" }),
            None => Ok(&[]),
        }
    }

    /// A value's text without its padding; `None` where there is none, or an empty one.
    pub fn text(&self, tag: Tag) -> Result<Option<&'b str>, Malformed> {
        let Some(bytes) = self.text_bytes(tag)? else { return Ok(None) };
        let text = std::str::from_utf8(bytes).map_err(|_| Malformed::In { tag, what: "is neither ASCII nor UTF-8" })?;
        let text = text.trim_matches(PADDING);
        Ok((!text.is_empty()).then_some(text))
    }

    /// A text for people (LO, LT), whose letters decide nothing. What is no UTF-8 is read as ISO_IR 100 (Latin 1), whatever
    /// the file calls it (0008,0005): a wrong letter loses less than a report.
    pub fn free_text(&self, tag: Tag) -> Result<Option<String>, Malformed> {
        let Some(bytes) = self.text_bytes(tag)? else { return Ok(None) };
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(bytes.iter().map(|&byte| char::from(byte)).collect()),
        };
        let text = text.trim_matches(PADDING);
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    fn text_bytes(&self, tag: Tag) -> Result<Option<&'b [u8]>, Malformed> {
        let bytes = self.bytes(tag)?;
        if bytes.is_some_and(|bytes| bytes.len() > limits::DICOM_TEXT_BYTES_MAX) {
            return Err(Malformed::In { tag, what: "is longer than a text may be" });
        }
        Ok(bytes)
    }

    /// A text's values, between backslashes.
    pub fn words(&self, tag: Tag) -> Result<Vec<&'b str>, Malformed> {
        Ok(self.text(tag)?.into_iter().flat_map(|text| text.split('\\')).map(str::trim).collect())
    }

    /// A UID, which must be there (PS3.5, 9.1: at most 64 digits and dots).
    pub fn uid(&self, tag: Tag) -> Result<&'b str, Malformed> {
        let uid = self.text(tag)?.ok_or(Malformed::In { tag, what: "is missing" })?;
        if uid.len() > 64 || !uid.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit()) {
            return Err(Malformed::In { tag, what: "is no UID" });
        }
        Ok(uid)
    }

    pub fn u16(&self, tag: Tag) -> Result<Option<u16>, Malformed> {
        let Some(bytes) = self.bytes(tag)?.filter(|bytes| !bytes.is_empty()) else { return Ok(None) };
        match <[u8; 2]>::try_from(bytes) {
            Ok(bytes) => Ok(Some(u16::from_le_bytes(bytes))),
            Err(_) => Err(Malformed::In { tag, what: "is not one number of 16 bits" }),
        }
    }

    /// Numbers of 32 bits, at most `count_max`; none where the element is missing or empty.
    pub fn floats(&self, tag: Tag, count_max: usize) -> Result<Vec<f32>, Malformed> {
        let (numbers, rest) = self.bytes(tag)?.unwrap_or_default().as_chunks::<4>();
        if !rest.is_empty() || numbers.len() > count_max {
            return Err(Malformed::In { tag, what: "has not as many 32-bit numbers as it may" });
        }
        Ok(numbers.iter().map(|&number| f32::from_le_bytes(number)).collect())
    }

    /// Decimal numbers in text (DS, IS).
    pub fn decimals(&self, tag: Tag) -> Result<Vec<f64>, Malformed> {
        let number = |word: &str| word.parse::<f64>().ok().filter(|number| number.is_finite());
        let numbers: Option<Vec<f64>> = self.words(tag)?.into_iter().map(number).collect();
        numbers.ok_or(Malformed::In { tag, what: "is not a decimal number" })
    }

    fn value(&self, tag: Tag) -> Option<&Value<'b>> {
        self.0.binary_search_by_key(&tag, |(tag, _)| *tag).ok().map(|index| &self.0[index].1)
    }
}

/// Where a data set or a sequence ends.
#[derive(Clone, Copy, PartialEq)]
enum Ending {
    /// Exactly at this byte.
    Byte(usize),
    /// At its delimiter, before this byte.
    Delimiter(usize),
}

impl Ending {
    fn end(self) -> usize {
        match self {
            Self::Byte(end) | Self::Delimiter(end) => end,
        }
    }
}

struct Header {
    tag: Tag,
    /// Of explicit elements; `None` of implicit ones and delimiters.
    kind: Option<[u8; 2]>,
    length: u32,
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
    /// Elements and items that may still come.
    left: usize,
}

impl<'b> Reader<'b> {
    fn data_set(&mut self, ending: Ending, syntax: Syntax, depth: usize) -> Result<DataSet<'b>, Malformed> {
        let mut set = DataSet::default();
        while self.at < ending.end() {
            if self.element(&mut set, ending, syntax, depth)? {
                return Ok(set);
            }
        }
        if matches!(ending, Ending::Delimiter(_)) { Err(Malformed::Cut) } else { Ok(set) }
    }

    /// Reads one element into `set`; true where it was the delimiter instead.
    fn element(
        &mut self,
        set: &mut DataSet<'b>,
        ending: Ending,
        syntax: Syntax,
        depth: usize,
    ) -> Result<bool, Malformed> {
        let start = self.at;
        let Header { tag, kind, length } = self.header(ending.end(), syntax)?;
        if tag == tags::ITEM_END && length == 0 && matches!(ending, Ending::Delimiter(_)) {
            return Ok(true);
        }
        if tag.0 == tags::ITEM.0 {
            return Err(Malformed::At { byte: start, what: "an item or a delimiter where an element belongs" });
        }
        if set.0.last().is_some_and(|(last, _)| *last >= tag) {
            return Err(Malformed::At { byte: start, what: "an element twice, or not in the order of tags" });
        }
        let unsaid = length == UNDEFINED || tags::SEQUENCES.contains(&tag);
        let sequence = match kind {
            Some(kind) => kind == *b"SQ" || (kind == *b"UN" && unsaid),
            None => unsaid,
        };
        let value = if sequence {
            // PS3.5, 6.2.2: an unknown sequence is implicit inside.
            let inside = if kind == Some(*b"UN") { Syntax::Implicit } else { syntax };
            let ending = self.ending(length, ending.end())?;
            Value::Items(self.items(ending, inside, depth + 1)?)
        } else if length == UNDEFINED {
            return Err(Malformed::At { byte: start, what: "compressed pixels, or a value without a length" });
        } else {
            let most = if tag == tags::PIXELS { limits::FILE_BYTES_MAX } else { limits::DICOM_VALUE_BYTES_MAX };
            if u64::from(length) > most {
                return Err(Malformed::At { byte: start, what: "a value that is longer than one may be" });
            }
            let end = self.ending(length, ending.end())?.end();
            Value::Bytes(&self.bytes[std::mem::replace(&mut self.at, end)..end])
        };
        set.0.push((tag, value));
        Ok(false)
    }

    fn items(&mut self, ending: Ending, syntax: Syntax, depth: usize) -> Result<Vec<DataSet<'b>>, Malformed> {
        if depth > limits::DICOM_DEPTH_MAX {
            return Err(Malformed::At { byte: self.at, what: "sequences nested deeper than any report needs" });
        }
        let mut items = Vec::new();
        while self.at < ending.end() {
            let start = self.at;
            let Header { tag, length, .. } = self.header(ending.end(), syntax)?;
            if tag == tags::SEQUENCE_END && length == 0 && matches!(ending, Ending::Delimiter(_)) {
                return Ok(items);
            }
            if tag != tags::ITEM {
                return Err(Malformed::At { byte: start, what: "something that is no item, in a sequence" });
            }
            let inside = self.ending(length, ending.end())?;
            items.push(self.data_set(inside, syntax, depth)?);
        }
        if matches!(ending, Ending::Delimiter(_)) { Err(Malformed::Cut) } else { Ok(items) }
    }

    /// Where something of this length ends, inside what ends at `outer`.
    fn ending(&self, length: u32, outer: usize) -> Result<Ending, Malformed> {
        if length == UNDEFINED {
            return Ok(Ending::Delimiter(outer));
        }
        if length % 2 == 1 {
            return Err(Malformed::At { byte: self.at, what: "an odd length" });
        }
        match self.at.checked_add(length as usize) {
            Some(end) if end <= outer => Ok(Ending::Byte(end)),
            Some(end) if end <= self.bytes.len() => {
                Err(Malformed::At { byte: self.at, what: "a value that reaches beyond its sequence" })
            }
            _ => Err(Malformed::Cut),
        }
    }

    fn header(&mut self, end: usize, syntax: Syntax) -> Result<Header, Malformed> {
        let start = self.at;
        self.left = self
            .left
            .checked_sub(1)
            .ok_or(Malformed::At { byte: start, what: "more elements than a file may have" })?;
        let [g0, g1, e0, e1] = self.take::<4>(end)?;
        let tag = Tag(u16::from_le_bytes([g0, g1]), u16::from_le_bytes([e0, e1]));
        if syntax == Syntax::Implicit || tag.0 == tags::ITEM.0 {
            let length = u32::from_le_bytes(self.take::<4>(end)?);
            return Ok(Header { tag, kind: None, length });
        }
        let kind = self.take::<2>(end)?;
        let length = match &kind {
            b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"SQ" | b"SV" | b"UC" | b"UN" | b"UR" | b"UT" | b"UV" => {
                self.take::<2>(end)?;
                u32::from_le_bytes(self.take::<4>(end)?)
            }
            b"AE" | b"AS" | b"AT" | b"CS" | b"DA" | b"DS" | b"DT" | b"FD" | b"FL" | b"IS" | b"LO" | b"LT" | b"PN"
            | b"SH" | b"SL" | b"SS" | b"ST" | b"TM" | b"UI" | b"UL" | b"US" => {
                u32::from(u16::from_le_bytes(self.take::<2>(end)?))
            }
            _ => return Err(Malformed::At { byte: start, what: "an element of a kind that does not exist" }),
        };
        Ok(Header { tag, kind: Some(kind), length })
    }

    fn take<const N: usize>(&mut self, end: usize) -> Result<[u8; N], Malformed> {
        let taken = self.bytes[..end].get(self.at..).and_then(|rest| rest.first_chunk::<N>()).ok_or(Malformed::Cut)?;
        self.at += N;
        Ok(*taken)
    }
}
