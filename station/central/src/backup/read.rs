//! Reading a backup: one line at a time, each bounded and checked, and nothing is whole before its last line said so.
//!
//! Where something is wrong the error names the line and the byte at which it begins. A value that was changed and is still a
//! value is found by the digest of its table.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use data_encoding::BASE64;
use gatepost_sync::chain::Digest;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::form::{Cell, FORM, Header, Holds, Key, LINE_BYTES_MAX, Last, Manifest, Sum, Table, Whole};

/// What a backup is refused for.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("it cannot be read: {0}")]
    Disk(#[from] io::Error),
    #[error("this is no backup of central: {0}")]
    Other(String),
    #[error(
        "it is damaged in line {line}, at byte {byte}: {what}; take another copy, nothing of this one can be relied on"
    )]
    Damaged { line: u64, byte: u64, what: String },
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub enum Item {
    Table(Table),
    /// Of the table before, one value for each column, of its kind.
    Row(Vec<Cell>),
    Key(Key),
    /// All of it was here, as it was written.
    End(Manifest),
}

pub struct Reader<R> {
    input: R,
    header: Header,
    /// Lines and bytes before the one in `line`.
    lines: u64,
    bytes: u64,
    line: Vec<u8>,
    whole: blake3::Hasher,
    table: Option<(Table, u64, blake3::Hasher)>,
    /// What was read so far.
    found: Manifest,
}

impl Reader<BufReader<File>> {
    /// # Errors
    /// [`ReadError`] when it cannot be opened, or does not begin as a backup does.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        Self::new(BufReader::with_capacity(1 << 20, File::open(path)?))
    }
}

impl<R: BufRead> Reader<R> {
    /// # Errors
    /// [`ReadError`] when it does not begin as a backup does.
    pub fn new(input: R) -> Result<Self, ReadError> {
        #[derive(serde::Deserialize)]
        struct Form {
            #[serde(rename = "gatepost-backup")]
            form: u32,
        }
        let header = Header { form: FORM, schema: 0, made_ms: 0, software: String::new(), signed_by: None };
        let (whole, line, found) = (blake3::Hasher::new(), Vec::new(), Manifest::default());
        let mut reader = Self { input, header, lines: 0, bytes: 0, line, whole, table: None, found };
        let other = |what: &str| ReadError::Other(what.to_owned());
        if !reader.next_line()? {
            return Err(other("it is empty"));
        }
        let form: Form = serde_json::from_slice(&reader.line)
            .map_err(|_| other("its first line does not say {\"gatepost-backup\":1,…}"))?;
        if form.form != FORM {
            let said =
                format!("its form is {}, this gatepost-central reads {FORM}; use the one that made it", form.form);
            return Err(ReadError::Other(said));
        }
        reader.header = reader.parsed("the header")?;
        if reader.header.schema < 1 {
            return Err(reader.damaged("the header names no schema"));
        }
        reader.whole.update(&reader.line);
        Ok(reader)
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What comes next; after [`Item::End`] it is not to be asked again.
    ///
    /// # Errors
    /// [`ReadError`] says what is wrong, and where.
    #[expect(clippy::should_implement_trait, reason = "no iterator: it ends with an item, never without")]
    pub fn next(&mut self) -> Result<Item, ReadError> {
        if !self.next_line()? {
            return Err(self.damaged("it ends here, without what it must amount to: it was cut off"));
        }
        if self.line.first() == Some(&b'[') {
            return self.row();
        }
        match &self.line {
            line if line.starts_with(b"{\"table\"") => self.begin_table(),
            line if line.starts_with(b"{\"key\"") => self.key(),
            line if line.starts_with(b"{\"manifest\"") => self.end(),
            _ => Err(self.damaged("this is no row, no table, no key and no end")),
        }
    }

    fn begin_table(&mut self) -> Result<Item, ReadError> {
        self.sum_up();
        let table: Table = self.parsed("a table")?;
        if self.found.tables.iter().any(|sum| sum.table == table.table) {
            return Err(self.damaged(&format!("the table {} comes a second time", table.table)));
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.line);
        self.whole.update(&self.line);
        self.table = Some((table.clone(), 0, hasher));
        Ok(Item::Table(table))
    }

    fn key(&mut self) -> Result<Item, ReadError> {
        self.sum_up();
        let key: Key = self.parsed("a key")?;
        if key.bytes().is_none() {
            return Err(self.damaged("a key is not written in base64"));
        }
        self.whole.update(&self.line);
        self.found.keys.push(key.key.clone());
        Ok(Item::Key(key))
    }

    fn row(&mut self) -> Result<Item, ReadError> {
        let values: Vec<Value> = self.parsed("a row")?;
        let Some((table, rows, hasher)) = &mut self.table else {
            return Err(self.damaged("a row that belongs to no table"));
        };
        hasher.update(&self.line);
        *rows += 1;
        self.whole.update(&self.line);
        let (name, columns) = (&table.table, &table.columns);
        if values.len() != columns.len() {
            let what = format!("a row of {name} has {} values, {} belong there", values.len(), columns.len());
            return Err(self.damaged(&what));
        }
        let cells = columns.iter().zip(values).map(|((column, holds), value)| {
            cell(*holds, value).ok_or_else(|| format!("{name}.{column} holds what is no {holds:?}"))
        });
        let cells: Result<Vec<Cell>, String> = cells.collect();
        cells.map(Item::Row).map_err(|what| self.damaged(&what))
    }

    /// The manifest, the last line, and nothing behind it; everything as it was read.
    fn end(&mut self) -> Result<Item, ReadError> {
        self.sum_up();
        let Last { manifest } = self.parsed("what it must amount to")?;
        for (said, found) in manifest.tables.iter().zip(&self.found.tables) {
            if said != found {
                let what = format!(
                    "the table {} has {} rows of digest {}, and was written with {} rows of digest {} as {}: it was changed",
                    found.table, found.rows, found.blake3, said.rows, said.blake3, said.table
                );
                return Err(self.damaged(&what));
            }
        }
        if manifest.tables.len() != self.found.tables.len() || manifest.keys != self.found.keys {
            return Err(self.damaged("tables or keys are missing, or too many"));
        }
        self.whole.update(&self.line);
        let found = Digest(*self.whole.finalize().as_bytes());
        if !self.next_line()? {
            return Err(self.damaged("its last line is missing: it was cut off"));
        }
        let Whole { whole } = self.parsed("the last line")?;
        if whole != found {
            return Err(self.damaged(&format!("its digest is {found}, it was written with {whole}: it was changed")));
        }
        match self.next_line()? {
            true => Err(self.damaged("something stands behind its last line")),
            false => Ok(Item::End(manifest)),
        }
    }

    fn sum_up(&mut self) {
        if let Some((table, rows, hasher)) = self.table.take() {
            let blake3 = Digest(*hasher.finalize().as_bytes());
            self.found.tables.push(Sum { table: table.table, rows, blake3 });
        }
    }

    /// Reads the next line with its end; false where there is none.
    fn next_line(&mut self) -> Result<bool, ReadError> {
        self.bytes += self.line.len() as u64;
        self.lines += 1;
        self.line.clear();
        let read = (&mut self.input).take(LINE_BYTES_MAX as u64 + 1).read_until(b'\n', &mut self.line)?;
        if read > LINE_BYTES_MAX {
            return Err(self.damaged(&format!("a line of more than {LINE_BYTES_MAX} bytes")));
        }
        if read > 0 && self.line.last() != Some(&b'\n') {
            return Err(self.damaged("the line has no end: it was cut off"));
        }
        Ok(read > 0)
    }

    fn parsed<T: DeserializeOwned>(&self, what: &str) -> Result<T, ReadError> {
        serde_json::from_slice(&self.line).map_err(|error| self.damaged(&format!("{what} cannot be read: {error}")))
    }

    fn damaged(&self, what: &str) -> ReadError {
        ReadError::Damaged { line: self.lines, byte: self.bytes, what: what.to_owned() }
    }
}

fn cell(holds: Holds, value: Value) -> Option<Cell> {
    match (holds, value) {
        (_, Value::Null) => Some(Cell::Nothing),
        (Holds::Number, Value::Number(number)) => number.as_i64().map(Cell::Number),
        (Holds::Text, Value::String(text)) => Some(Cell::Text(text)),
        (Holds::Bytes, Value::String(text)) => BASE64.decode(text.as_bytes()).ok().map(Cell::Bytes),
        _ => None,
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
