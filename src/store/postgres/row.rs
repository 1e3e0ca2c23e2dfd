//! Rows of PostgreSQL as diesel reads them.

use std::error::Error;
use std::num::NonZeroU32;
use std::ops::Range;

use diesel::backend::Backend;
use diesel::pg::{Pg, PgValue, TypeOidLookup};
use diesel::row::{Field, PartialRow, Row, RowIndex, RowSealed};
use tokio_postgres::types::{FromSql, Type};

/// One row, with the types of its columns.
pub struct PgRow {
    row: tokio_postgres::Row,
    oids: Vec<Oid>,
}

/// The number of a column's type.
struct Oid(NonZeroU32);

impl TypeOidLookup for Oid {
    fn lookup(&self) -> NonZeroU32 {
        self.0
    }
}

impl From<tokio_postgres::Row> for PgRow {
    fn from(row: tokio_postgres::Row) -> Self {
        // No type of PostgreSQL has the number 0.
        let oid = |column: &tokio_postgres::Column| {
            Oid(NonZeroU32::new(column.type_().oid()).unwrap_or(NonZeroU32::MAX))
        };
        let oids = row.columns().iter().map(oid).collect();
        PgRow { row, oids }
    }
}

impl RowSealed for PgRow {}

impl<'a> Row<'a, Pg> for PgRow {
    type InnerPartialRow = Self;
    type Field<'f>
        = PgField<'f>
    where
        Self: 'f,
        'a: 'f;

    fn field_count(&self) -> usize {
        self.row.len()
    }

    fn get<'f, I>(&'f self, index: I) -> Option<Self::Field<'f>>
    where
        'a: 'f,
        Self: RowIndex<I>,
    {
        let index = self.idx(index)?;
        Some(PgField { row: self, index })
    }

    fn partial_row(&self, range: Range<usize>) -> PartialRow<'_, Self::InnerPartialRow> {
        PartialRow::new(self, range)
    }
}

impl RowIndex<usize> for PgRow {
    fn idx(&self, index: usize) -> Option<usize> {
        (index < self.row.len()).then_some(index)
    }
}

impl<'a> RowIndex<&'a str> for PgRow {
    fn idx(&self, name: &'a str) -> Option<usize> {
        self.row.columns().iter().position(|column| column.name() == name)
    }
}

/// One value of a row.
pub struct PgField<'a> {
    row: &'a PgRow,
    index: usize,
}

impl<'a> Field<'a, Pg> for PgField<'a> {
    fn field_name(&self) -> Option<&str> {
        self.row
            .row
            .columns()
            .get(self.index)
            .map(tokio_postgres::Column::name)
    }

    fn value(&self) -> Option<<Pg as Backend>::RawValue<'_>> {
        let Raw(bytes) = self.row.row.try_get(self.index).ok()?;
        Some(PgValue::new(bytes?, self.row.oids.get(self.index)?))
    }
}

/// The bytes of a value as they came, whatever its type.
struct Raw<'a>(Option<&'a [u8]>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, bytes: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Raw(Some(bytes)))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Raw(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
