//! A list package: a signed first line, then the lines it vouches for.
//!
//! ```text
//! {"list":{…claims…},"signature":"<128 hex>"}\n        signed: "gatepost list 1\0" + the inner object
//! line\n line\n …                                      their BLAKE3 and number stand in the claims
//! ```
//! Read as a stream, a piece at a time: ten million lines need no more memory than ten.

use std::io::{BufRead, Write};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::line::{Line, LineParser, ListKind};
use super::{ListError, Place};
use crate::chain::Digest;
use crate::disk::{File, How, SharedDisk};
use crate::key::{PublicKey, Purpose, StationKey};
use crate::limits;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    Snapshot,
    /// Changes to the version before it.
    Delta,
}

/// What is signed, canonical JSON in this field order. Times are milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    pub kind: ListKind,
    pub form: Form,
    pub issuer: String,
    /// Stations it is for; `*` for all.
    pub audience: Vec<String>,
    pub version: u64,
    pub not_before: i64,
    pub expires: i64,
    pub lines: u64,
    /// BLAKE3 of everything after the first line.
    pub digest: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed<'a> {
    #[serde(borrow)]
    list: &'a RawValue,
    signature: std::borrow::Cow<'a, str>,
}

/// The signed first line of a package, with its line end.
pub fn first_line(key: &StationKey, claims: &Claims) -> Vec<u8> {
    // A struct of text and integers always serialises; an empty one would be refused by every reader.
    let claims = serde_json::to_string(claims).unwrap_or_default();
    let signature = HEXLOWER.encode(&key.sign(Purpose::List, claims.as_bytes()));
    format!("{{\"list\":{claims},\"signature\":\"{signature}\"}}\n").into_bytes()
}

/// Reads a package's first line and checks its signature against the issuer's keys.
///
/// # Errors
/// [`ListError::Header`], [`ListError::Untrusted`].
pub fn read_first_line(line: &[u8], trusted: &[(String, PublicKey)]) -> Result<Claims, ListError> {
    let header = |what: &str| ListError::Header(what.to_owned());
    let signed: Signed<'_> = serde_json::from_slice(line).map_err(|error| header(&error.to_string()))?;
    let claims: Claims = serde_json::from_str(signed.list.get()).map_err(|error| header(&error.to_string()))?;
    let signature = HEXLOWER.decode(signed.signature.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    let signature: [u8; 64] = signature.ok_or_else(|| header("its signature is not 128 hexadecimal digits"))?;
    let by_issuer = |(issuer, key): &(String, PublicKey)| {
        *issuer == claims.issuer && key.verifies(Purpose::List, signed.list.get().as_bytes(), &signature)
    };
    if trusted.iter().any(by_issuer) { Ok(claims) } else { Err(ListError::Untrusted { issuer: claims.issuer }) }
}

/// What a stream of lines amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Body {
    pub lines: u64,
    pub digest: Digest,
    pub bytes: u64,
}

/// Told every line as it stands and what it says; an error ends the reading.
pub type Each<'a> = &'a mut dyn FnMut(&[u8], Option<Line>) -> Result<(), ListError>;

/// Reads lines to the end, gives each to `each`, and says what they amount to.
///
/// # Errors
/// [`ListError::Line`] with file and line at the first bad one; whatever `each` says.
pub fn read_lines(
    from: &mut dyn BufRead,
    name: &str,
    first_number: u64,
    parser: &mut LineParser,
    each: Each<'_>,
) -> Result<Body, ListError> {
    let mut hasher = blake3::Hasher::new();
    let mut body = Body { lines: 0, digest: Digest::default(), bytes: 0 };
    let mut line = Vec::new();
    loop {
        line.clear();
        let place = Place { file: name.to_owned(), line: first_number + body.lines };
        let most = limits::LIST_LINE_BYTES_MAX as u64 + 2;
        let read = std::io::Read::take(&mut *from, most).read_until(b'\n', &mut line);
        let read = read.map_err(|error| ListError::Read { place: place.clone(), what: error.to_string() })?;
        if read == 0 {
            break;
        }
        hasher.update(&line);
        body.bytes += read as u64;
        body.lines += 1;
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let parsed = parser.parse(text).map_err(|error| ListError::Line { place, error })?;
        each(&line, parsed)?;
    }
    body.digest = Digest(*hasher.finalize().as_bytes());
    Ok(body)
}

/// A file of the disk as a stream.
#[derive(Debug)]
pub struct Stream {
    file: Box<dyn File>,
    at: u64,
}

impl Stream {
    pub fn over(file: Box<dyn File>) -> Self {
        Self { file, at: 0 }
    }

    /// # Errors
    /// When there is no such file.
    pub fn open(disk: &SharedDisk, path: &str) -> Result<Self, crate::disk::DiskError> {
        Ok(Self::over(disk.open(path, How::Read)?))
    }
}

impl std::io::Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read_at(self.at, into).map_err(std::io::Error::other)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// A new file of the disk, written as a stream.
#[derive(Debug)]
pub struct Sink {
    file: Box<dyn File>,
    at: u64,
}

impl Sink {
    /// # Errors
    /// When the name is taken or the disk is full.
    pub fn create(disk: &SharedDisk, path: &str) -> Result<Self, crate::disk::DiskError> {
        crate::disk::remove_if_there(disk.as_ref(), path)?;
        Ok(Self { file: disk.open(path, How::Create)?, at: 0 })
    }

    /// # Errors
    /// When the disk fails.
    pub fn finish(mut self) -> Result<(), crate::disk::DiskError> {
        self.file.sync()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write_at(self.at, bytes).map_err(std::io::Error::other)?;
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
