//! A statement as it goes to the server: its text, its values as bytes, their types.

use std::error::Error as StdError;

use diesel::pg::{Pg, PgMetadataLookup, PgQueryBuilder, PgTypeMetadata};
use diesel::query_builder::bind_collector::RawBytesBindCollector;
use diesel::query_builder::{BindCollector, QueryBuilder, QueryFragment, QueryId};
use diesel::result::{Error, QueryResult};
use diesel::serialize::ToSql;
use diesel::sql_types::HasSqlType;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, Type};

/// A statement with its values.
#[derive(PartialEq, Eq)]
pub struct Query {
    pub(super) sql: String,
    pub(super) types: Vec<Type>,
    pub(super) binds: Vec<Bind>,
}

impl Query {
    /// Of something diesel has built.
    pub(in crate::store) fn of<T: QueryFragment<Pg> + QueryId>(source: &T) -> QueryResult<Self> {
        let mut text = PgQueryBuilder::default();
        source.to_sql(&mut text, &Pg)?;
        let mut values = RawBytesBindCollector::<Pg>::new();
        source.collect_binds(&mut values, &mut KnownTypes, &Pg)?;
        Query::new(text.finish(), values)
    }

    /// Of a text without values.
    pub(in crate::store) fn plain(sql: &str) -> Self {
        Query {
            sql: sql.to_owned(),
            types: Vec::new(),
            binds: Vec::new(),
        }
    }

    fn new(sql: String, values: RawBytesBindCollector<Pg>) -> QueryResult<Self> {
        let types = values.metadata.iter().map(type_of).collect::<QueryResult<_>>()?;
        let binds = values.binds.into_iter().map(Bind).collect();
        Ok(Query { sql, types, binds })
    }
}

/// Values bound one after another to a text that is always the same.
#[derive(Default)]
pub struct Binds(RawBytesBindCollector<Pg>);

impl Binds {
    /// The next value.
    pub fn push<ST, V>(&mut self, value: &V) -> QueryResult<()>
    where
        Pg: HasSqlType<ST>,
        V: ToSql<ST, Pg> + ?Sized,
    {
        self.0.push_bound_value::<ST, V>(value, &mut KnownTypes)
    }

    /// The statement they are bound to.
    pub(in crate::store) fn to(self, sql: &str) -> QueryResult<Query> {
        Query::new(sql.to_owned(), self.0)
    }
}

fn type_of(known: &PgTypeMetadata) -> QueryResult<Type> {
    let unknown = |error: Box<dyn StdError + Send + Sync>| Error::SerializationError(error);
    let oid = known.oid().map_err(|error| unknown(Box::new(error)))?;
    Type::from_oid(oid).ok_or_else(|| unknown(format!("type {oid} of PostgreSQL").into()))
}

/// Types of extensions have to be asked for; the hub uses none.
struct KnownTypes;

impl PgMetadataLookup for KnownTypes {
    fn lookup_type(&mut self, _: &str, _: Option<&str>) -> PgTypeMetadata {
        PgTypeMetadata::new(0, 0)
    }
}

/// A value as its bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bind(Option<Vec<u8>>);

impl tokio_postgres::types::ToSql for Bind {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        Ok(match &self.0 {
            Some(bytes) => {
                out.extend_from_slice(bytes);
                IsNull::No
            }
            None => IsNull::Yes,
        })
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}
