//! A backup as lines of text, the same for every database: a header, each table with its rows, keys where they were asked for,
//! and last what all of it must amount to.
//!
//! ```text
//! {"gatepost-backup":1,"schema":8,"made_ms":1790856000000,…}
//! {"table":"hold_list","columns":[["version","number"],["bytes","bytes"],…]}
//! [1,"Z2F0ZXBvc3Q=",null]
//! {"manifest":{"tables":[{"table":"hold_list","rows":1,"blake3":"…"}],…}}
//! {"whole":"…"}
//! ```
//!
//! A row is an array of numbers, texts and nulls; what its column calls bytes is base64. The digest of a table is over its line
//! and its rows, that of the whole over every line before the last, line ends included. Nothing counts without the last line.

use std::io::{self, Write};

use data_encoding::BASE64;
use gatepost_sync::chain::Digest;
use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};

/// Of this form; another is refused.
pub const FORM: u32 = 1;
/// One line: a rule pack with its cases is the largest row there is, 4 MiB; before lists went in parts one could be larger.
pub const LINE_BYTES_MAX: usize = 64 << 20;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    #[serde(rename = "gatepost-backup")]
    pub form: u32,
    /// The newest migration that the database had seen.
    pub schema: i64,
    /// Milliseconds since 1970.
    pub made_ms: i64,
    pub software: String,
    /// By which public key stations know this central; nothing where it signs nothing.
    pub signed_by: Option<SignedBy>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedBy {
    pub issuer: String,
    /// 64 hexadecimal digits.
    pub public_key: String,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Holds {
    Number,
    Text,
    Bytes,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    pub table: String,
    pub columns: Vec<(String, Holds)>,
}

/// One value of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    Nothing,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Cell {
    /// What it takes in memory and in a statement.
    pub fn bytes(&self) -> usize {
        match self {
            Cell::Nothing | Cell::Number(_) => 8,
            Cell::Text(text) => text.len(),
            Cell::Bytes(bytes) => bytes.len(),
        }
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Cell::Nothing => serializer.serialize_unit(),
            Cell::Number(number) => serializer.serialize_i64(*number),
            Cell::Text(text) => serializer.serialize_str(text),
            Cell::Bytes(bytes) => serializer.serialize_str(&BASE64.encode(bytes)),
        }
    }
}

/// A file that central cannot live without, as it stands.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    pub key: String,
    /// Base64.
    bytes: String,
}

impl Key {
    pub fn new(key: &str, bytes: &[u8]) -> Self {
        Self { key: key.to_owned(), bytes: BASE64.encode(bytes) }
    }
    /// Nothing where it is not base64.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        BASE64.decode(self.bytes.as_bytes()).ok()
    }
}

/// Never what it holds.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.key)
    }
}

/// What the backup must amount to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub tables: Vec<Sum>,
    /// The names of the keys in it.
    pub keys: Vec<String>,
    /// Pieces of evidence that the database knows as whole, and their bytes; they lie beside it and are not in the backup.
    pub evidence_files: i64,
    pub evidence_bytes: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sum {
    pub table: String,
    pub rows: u64,
    pub blake3: Digest,
}

impl Manifest {
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|sum| sum.rows).sum()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Last {
    pub manifest: Manifest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Whole {
    pub whole: Digest,
}

/// Writes a backup, line by line, in this order: tables with their rows, keys, the end.
pub struct Writer<W> {
    out: W,
    whole: blake3::Hasher,
    table: Option<(String, u64, blake3::Hasher)>,
    manifest: Manifest,
    line: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// # Errors
    /// When it cannot be written; so of everything else here.
    pub fn begin(out: W, header: &Header) -> io::Result<Self> {
        let (whole, manifest) = (blake3::Hasher::new(), Manifest::default());
        let mut writer = Self { out, whole, table: None, manifest, line: Vec::new() };
        writer.say(header)?;
        Ok(writer)
    }

    /// # Errors
    /// When it cannot be written.
    pub fn table(&mut self, table: &Table) -> io::Result<()> {
        self.sum_up();
        self.table = Some((table.table.clone(), 0, blake3::Hasher::new()));
        self.say(table)
    }

    /// A row of the table that was begun last.
    ///
    /// # Errors
    /// When it cannot be written, or is longer than a line may be.
    pub fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        if let Some((_, rows, _)) = &mut self.table {
            *rows += 1;
        }
        self.say(&Row(cells))
    }

    /// # Errors
    /// When it cannot be written.
    pub fn key(&mut self, key: &Key) -> io::Result<()> {
        self.sum_up();
        self.manifest.keys.push(key.key.clone());
        self.say(key)
    }

    /// What all of it must amount to; without this it is no backup.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end(mut self, evidence_files: i64, evidence_bytes: i64) -> io::Result<(W, Manifest)> {
        self.sum_up();
        (self.manifest.evidence_files, self.manifest.evidence_bytes) = (evidence_files, evidence_bytes);
        let manifest = std::mem::take(&mut self.manifest);
        let last = Last { manifest };
        self.say(&last)?;
        let whole = Digest(*self.whole.finalize().as_bytes());
        self.say(&Whole { whole })?;
        self.out.flush()?;
        Ok((self.out, last.manifest))
    }

    fn sum_up(&mut self) {
        if let Some((table, rows, hasher)) = self.table.take() {
            let blake3 = Digest(*hasher.finalize().as_bytes());
            self.manifest.tables.push(Sum { table, rows, blake3 });
        }
    }

    fn say(&mut self, line: &impl Serialize) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, line)?;
        self.line.push(b'\n');
        if self.line.len() > LINE_BYTES_MAX {
            let said = format!("a row of {} bytes is more than a backup takes ({LINE_BYTES_MAX})", self.line.len());
            return Err(io::Error::new(io::ErrorKind::InvalidData, said));
        }
        self.whole.update(&self.line);
        if let Some((_, _, hasher)) = &mut self.table {
            hasher.update(&self.line);
        }
        self.out.write_all(&self.line)
    }
}

struct Row<'a>(&'a [Cell]);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_seq(Some(self.0.len()))?;
        self.0.iter().try_for_each(|cell| row.serialize_element(cell))?;
        row.end()
    }
}
