//! Into an empty database, in one transaction: schema, rows, the way on to the newest schema, and what must not be as it was.
//! Whoever dies in the middle leaves an empty database.

use std::io::BufRead;

use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, AnyPool};

use super::{RowsError, SCHEMA, made_by, names};
use crate::backup::form::{Cell, Holds, Manifest, Table};
use crate::backup::read::{Item, Reader};
use crate::store::connect::{self, Database, Kind};
use crate::store::many::{self, Column, in_chunks};
use crate::store::onward::{self, Onward};

/// What goes to the database at once.
const AT_ONCE_BYTES: usize = 4 << 20;
const AT_ONCE_ROWS: usize = 1_024;

/// What a restore did.
#[derive(Debug)]
pub struct Given {
    pub manifest: Manifest,
    pub onward: Onward,
}

impl Database {
    /// Puts a backup into this database, which must be empty. `beside` is done when all of it is checked and in, before it counts.
    ///
    /// # Errors
    /// [`RowsError`]; the database is empty then.
    pub async fn give<R: BufRead, E: From<RowsError>>(
        &self,
        mut reader: Reader<R>,
        now_ms: i64,
        beside: impl FnOnce() -> Result<(), E>,
    ) -> Result<Given, E> {
        install_default_drivers();
        let (_alone, pool) = self.writing_alone().await.map_err(RowsError::from)?;
        let given = self.give_with(&pool, &mut reader, now_ms, beside).await;
        // What did not get as far as the commit is gone when this returns.
        pool.close().await;
        given
    }

    async fn give_with<R: BufRead, E: From<RowsError>>(
        &self,
        pool: &AnyPool,
        reader: &mut Reader<R>,
        now_ms: i64,
        beside: impl FnOnce() -> Result<(), E>,
    ) -> Result<Given, E> {
        let kind = self.kind();
        let begun = async {
            let mut transaction = pool.begin().await?;
            self.refuse_unless_empty(&mut transaction).await?;
            let (schema, made_ms) = (reader.header().schema, reader.header().made_ms);
            connect::migrator(kind, schema).run(&mut *transaction).await.map_err(crate::store::StoreError::from)?;
            let manifest = rows(&mut transaction, kind, reader).await?;
            connect::migrator(kind, SCHEMA).run(&mut *transaction).await.map_err(crate::store::StoreError::from)?;
            let onward = onward::after_restore(&mut transaction, made_ms, now_ms).await?;
            Ok::<_, RowsError>((transaction, Given { manifest, onward }))
        };
        let (transaction, given) = begun.await?;
        beside()?;
        transaction.commit().await.map_err(RowsError::from)?;
        Ok(given)
    }

    async fn refuse_unless_empty(&self, connection: &mut AnyConnection) -> Result<(), RowsError> {
        let tables: i64 = sqlx::query_scalar(self.kind().tables_in_it()).fetch_one(connection).await?;
        if tables > 0 { Err(RowsError::NotEmpty(self.shown(), tables)) } else { Ok(()) }
    }
}

/// Whether a backup holds the tables of its schema, each once; and that its schema is one we know.
pub struct Expected {
    schema: i64,
    missing: Vec<Table>,
}

impl Expected {
    /// # Errors
    /// [`RowsError::Newer`].
    pub async fn of(schema: i64) -> Result<Self, RowsError> {
        if schema > SCHEMA {
            return Err(RowsError::Newer(schema));
        }
        Ok(Self { schema, missing: made_by(schema).await? })
    }

    /// # Errors
    /// [`RowsError::NotTheSchema`] where it is another.
    pub fn found(&mut self, table: &Table) -> Result<(), RowsError> {
        let Some(at) = self.missing.iter().position(|expected| expected.table == table.table) else {
            return Err(self.not_the_schema(format!("there is no table {}", table.table)));
        };
        match self.missing.swap_remove(at) == *table {
            true => Ok(()),
            false => Err(self.not_the_schema(format!("the table {} has other columns", table.table))),
        }
    }

    /// # Errors
    /// [`RowsError::NotTheSchema`] where a table is missing.
    pub fn end(&self) -> Result<(), RowsError> {
        match self.missing.first() {
            Some(table) => Err(self.not_the_schema(format!("the table {} is missing", table.table))),
            None => Ok(()),
        }
    }

    fn not_the_schema(&self, what: String) -> RowsError {
        RowsError::NotTheSchema { schema: self.schema, what }
    }
}

async fn rows<R: BufRead>(
    connection: &mut AnyConnection,
    kind: Kind,
    reader: &mut Reader<R>,
) -> Result<Manifest, RowsError> {
    let mut expected = Expected::of(reader.header().schema).await?;
    let mut open: Option<Table> = None;
    let (mut waiting, mut bytes) = (Vec::new(), 0);
    loop {
        let item = reader.next()?;
        if let (Item::Row(cells), Some(table)) = (&item, &open) {
            bytes += cells.iter().map(Cell::bytes).sum::<usize>();
            if let Item::Row(cells) = item {
                waiting.push(cells);
            }
            if bytes > AT_ONCE_BYTES || waiting.len() >= AT_ONCE_ROWS {
                insert(connection, kind, table, &waiting).await?;
                (waiting, bytes) = (Vec::new(), 0);
            }
            continue;
        }
        if let Some(table) = open.take() {
            insert(connection, kind, &table, &waiting).await?;
            (waiting, bytes) = (Vec::new(), 0);
        }
        match item {
            Item::Table(table) => {
                expected.found(&table)?;
                open = Some(table);
            }
            Item::End(manifest) => {
                expected.end()?;
                return Ok(manifest);
            }
            Item::Key(_) | Item::Row(_) => {}
        }
    }
}

async fn insert(
    connection: &mut AnyConnection,
    kind: Kind,
    table: &Table,
    rows: &[Vec<Cell>],
) -> Result<(), sqlx::Error> {
    let columns: Vec<Column> = table.columns.iter().map(|(_, holds)| column(*holds)).collect();
    for rows in in_chunks(kind, rows) {
        let sql = |source: &str| format!("INSERT INTO {} ({}) {source}", table.table, names(table));
        let insert = many::over_any(kind, &columns, rows, sql, |row| row.iter().map(value));
        insert.execute(&mut *connection).await?;
    }
    Ok(())
}

const fn column(holds: Holds) -> Column {
    match holds {
        Holds::Number => Column::Number,
        Holds::Text => Column::Text,
        Holds::Bytes => Column::Bytes,
    }
}

fn value(cell: &Cell) -> many::Cell<'_> {
    match cell {
        Cell::Nothing => many::Cell::NoText,
        Cell::Number(number) => (*number).into(),
        Cell::Text(text) => text.as_str().into(),
        Cell::Bytes(bytes) => many::Cell::Bytes(bytes),
    }
}
