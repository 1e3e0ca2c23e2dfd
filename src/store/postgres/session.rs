//! One session: diesel's connection over tokio-postgres, on the thread that owns it.
//!
//! The session's thread drives the line itself while it waits for an answer; no other thread and no task is woken for a statement. What
//! went wrong is told with its SQLSTATE ([`Session::cause`]), and statements that do not need each other's answers are sent together
//! ([`Session::together`], [`Session::ask_ahead`]).

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use diesel::connection::{
    AnsiTransactionManager, CacheSize, ConnectionSealed, DefaultLoadingMode, DynInstrumentation,
    Instrumentation, InstrumentationEvent, LoadConnection, SimpleConnection, StrQueryHelper,
};
use diesel::expression::QueryMetadata;
use diesel::migration::{CREATE_MIGRATIONS_TABLE, MigrationConnection};
use diesel::pg::Pg;
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::result::{ConnectionError, ConnectionResult, DatabaseErrorKind, Error, QueryResult};
use futures_util::TryStreamExt;
use futures_util::future::{Either, join_all, select};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, Row, RowStream, Statement};

use super::cause;
use super::query::Query;
use super::row::PgRow;
use crate::store::cause::Cause;

/// What carries the session; it ends when the session has ended.
pub(super) type Line = Pin<Box<dyn Future<Output = Result<(), tokio_postgres::Error>> + Send>>;

/// Statements that are sent together at most: the answers of one are read before the next are sent.
const TOGETHER: usize = 30;

/// Statements the server keeps prepared for a session at most; beyond, one is planned each time it is sent. The hub's own are some
/// hundreds: no text has a place for each of several rows ([`crate::store::script`]).
const KEPT: usize = 1_000;

/// A session of PostgreSQL. It blocks its thread, so only the store's own threads use it.
pub struct Session {
    client: Client,
    /// None when it has ended, or was given up. Whoever still waits for an answer hears of it when the line is let go.
    line: Option<Line>,
    runtime: Waiting,
    statements: HashMap<String, Statement>,
    /// What was asked ahead, with what came of it.
    ahead: VecDeque<(Query, Answered)>,
    transactions: AnsiTransactionManager,
    instrumentation: DynInstrumentation,
    /// How long each answer may take; none while nothing is in hand.
    limit: Option<Duration>,
    /// Why the last statement that failed did so.
    failed: Cause,
}

/// Rows, and how many a statement was about.
type Answered = (Vec<Row>, u64);

/// Where the thread waits. Let go without waiting for what it may still have in hand.
struct Waiting(Option<Runtime>);

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Why there is no answer.
enum Missed {
    /// It was not there in time.
    Late,
    /// What the server or the line says.
    Said(tokio_postgres::Error),
}

impl From<tokio_postgres::Error> for Missed {
    fn from(error: tokio_postgres::Error) -> Self {
        Missed::Said(error)
    }
}

impl Session {
    pub(super) fn new(client: Client, line: Line, runtime: Runtime) -> Self {
        Session {
            client,
            line: Some(line),
            runtime: Waiting(Some(runtime)),
            statements: HashMap::new(),
            ahead: VecDeque::new(),
            transactions: AnsiTransactionManager::default(),
            instrumentation: DynInstrumentation::default_instrumentation(),
            limit: None,
            failed: Cause::Refused,
        }
    }

    /// Whether it has not ended by itself meanwhile.
    pub(in crate::store) fn is_alive(&mut self) -> bool {
        if let (Some(line), Some(runtime)) = (&mut self.line, &self.runtime.0) {
            // What the server has said since is read here: that it ended the session, above all.
            let has_ended = runtime.block_on(async {
                tokio::task::yield_now().await;
                line.as_mut()
                    .poll(&mut Context::from_waker(Waker::noop()))
                    .is_ready()
            });
            if has_ended {
                self.line = None;
            }
        }
        self.line.is_some()
    }

    /// How long each answer may take from now on; none takes it as it comes.
    pub(in crate::store) fn limit(&mut self, limit: Option<Duration>) {
        self.limit = limit;
    }

    /// Why the last statement that failed did so.
    pub(in crate::store) fn cause(&self) -> Cause {
        if self.line.is_none() {
            Cause::Lost
        } else {
            self.failed
        }
    }

    /// Sends statements that do not need each other's answers in one trip, in their order. When one fails, that failure is told; the
    /// others may have been done, which is a transaction's matter.
    pub(in crate::store) fn together(&mut self, queries: Vec<Query>) -> QueryResult<()> {
        let mut left = queries.into_iter().peekable();
        while left.peek().is_some() {
            let piece: Vec<Query> = left.by_ref().take(TOGETHER).collect();
            self.piece_together(piece)?;
        }
        Ok(())
    }

    /// The statements of a trip, each as the server knows it. What was asked ahead of another trip is forgotten.
    fn begun(&mut self, queries: &[Query]) -> QueryResult<Vec<Statement>> {
        self.ahead.clear();
        let begun = queries.iter().map(|query| {
            self.starts(query);
            self.prepared(query)
        });
        begun.collect()
    }

    fn piece_together(&mut self, queries: Vec<Query>) -> QueryResult<()> {
        let statements = self.begun(&queries)?;
        let answers = self.wait(async |client| {
            let sent = queries
                .into_iter()
                .zip(&statements)
                .map(async |(query, statement)| client.execute_raw(statement, query.binds).await);
            Ok(join_all(sent).await)
        })?;
        // The first that failed says why; those after it only that the transaction is over.
        for answer in answers {
            answer.map_err(|error| self.told(Missed::Said(error)))?;
        }
        Ok(())
    }

    /// Asks in one trip what will be asked in this order. Whoever asks the same next is given what came; when something else is asked,
    /// the rest is forgotten. Only within a transaction that holds what could change the answers, or where nothing can.
    pub(in crate::store) fn ask_ahead(&mut self, queries: Vec<Query>) -> QueryResult<()> {
        let statements = self.begun(&queries)?;
        let answers = self.wait(async |client| {
            let sent = queries.iter().zip(&statements).map(async |(query, statement)| {
                answered(client.query_raw(statement, &query.binds).await?).await
            });
            Ok(join_all(sent).await)
        })?;
        for (query, answer) in queries.into_iter().zip(answers) {
            let answer = answer.map_err(|error| self.told(Missed::Said(error)))?;
            self.ahead.push_back((query, answer));
        }
        Ok(())
    }

    /// Begins a transaction, and asks ahead in the same trip.
    pub(in crate::store) fn begin(&mut self, mut queries: Vec<Query>) -> QueryResult<()> {
        queries.insert(0, Query::plain("BEGIN"));
        self.ask_ahead(queries)?;
        self.ahead.pop_front();
        Ok(())
    }

    /// What was asked ahead, if it is asked for now.
    fn known(&mut self, query: &Query) -> Option<Answered> {
        let (asked, answer) = self.ahead.pop_front()?;
        if asked == *query {
            return Some(answer);
        }
        self.ahead.clear();
        None
    }

    /// The statement as the server knows it. It is known by its text: diesel would have a statement planned anew each time whose text
    /// might differ for a type, as that of any update, and each time costs a trip.
    fn prepared(&mut self, query: &Query) -> QueryResult<Statement> {
        if let Some(known) = self.statements.get(&query.sql) {
            return Ok(known.clone());
        }
        let statement =
            self.wait(async |client| Ok(client.prepare_typed(&query.sql, &query.types).await?))?;
        if self.statements.len() < KEPT {
            self.statements.insert(query.sql.clone(), statement.clone());
        }
        Ok(statement)
    }

    /// Sends something, and carries the line until it is answered.
    fn wait<T>(&mut self, ask: impl AsyncFnOnce(&Client) -> Result<T, Missed>) -> QueryResult<T> {
        let (client, limit) = (&self.client, self.limit);
        let (Some(runtime), Some(line)) = (&self.runtime.0, &mut self.line) else {
            return Err(ended("the session has ended"));
        };
        let answered = runtime.block_on(async {
            let asked = std::pin::pin!(async {
                let asked = ask(client);
                match limit {
                    Some(limit) => tokio::time::timeout(limit, asked)
                        .await
                        .unwrap_or(Err(Missed::Late)),
                    None => asked.await,
                }
            });
            match select(asked, &mut *line).await {
                Either::Left((answer, _)) => answer,
                Either::Right((_, asked)) => {
                    // Let go, so that what still waits for an answer is told that there is none.
                    *line = Box::pin(std::future::poll_fn(|_| Poll::Ready(Ok(()))));
                    asked.await
                }
            }
        });
        answered.map_err(|missed| self.told(missed))
    }

    fn told(&mut self, missed: Missed) -> Error {
        match missed {
            Missed::Late => {
                tracing::warn!("the database does not answer; its session is given up");
                self.line = None;
                ended("the database does not answer")
            }
            Missed::Said(error) => match error.as_db_error() {
                Some(said) => {
                    self.failed = cause::of_state(said.code());
                    if self.failed == Cause::Lost {
                        self.line = None;
                    }
                    cause::told(said)
                }
                None => {
                    if error.is_closed() || self.client.is_closed() {
                        self.line = None;
                    }
                    self.failed = Cause::Refused;
                    Error::DatabaseError(
                        DatabaseErrorKind::UnableToSendCommand,
                        Box::new(cause::chain(&error)),
                    )
                }
            },
        }
    }

    fn starts(&mut self, query: &Query) {
        let shown = StrQueryHelper::new(&query.sql);
        self.instrumentation
            .on_connection_event(InstrumentationEvent::start_query(&shown));
    }

    /// What a statement gives, and how many rows it was about.
    fn run(&mut self, query: Query) -> QueryResult<Answered> {
        if let Some(answer) = self.known(&query) {
            return Ok(answer);
        }
        self.starts(&query);
        let is_kept = self.statements.len() < KEPT || self.statements.contains_key(&query.sql);
        let statement = if is_kept {
            Some(self.prepared(&query)?)
        } else {
            None
        };
        self.wait(async |client| {
            let Query {
                sql, types, binds, ..
            } = query;
            let stream = match &statement {
                Some(statement) => client.query_raw(statement, binds).await?,
                // Nothing of it is kept, and it goes in one trip.
                None => client.query_typed_raw(&sql, binds.into_iter().zip(types)).await?,
            };
            Ok(answered(stream).await?)
        })
    }
}

/// Everything that comes of a statement.
async fn answered(stream: RowStream) -> Result<Answered, tokio_postgres::Error> {
    let mut stream = std::pin::pin!(stream);
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await? {
        rows.push(row);
    }
    Ok((rows, stream.rows_affected().unwrap_or_default()))
}

fn ended(why: &str) -> Error {
    Error::DatabaseError(DatabaseErrorKind::ClosedConnection, Box::new(why.to_owned()))
}

impl SimpleConnection for Session {
    fn batch_execute(&mut self, sql: &str) -> QueryResult<()> {
        self.ahead.clear();
        self.instrumentation
            .on_connection_event(InstrumentationEvent::start_query(&StrQueryHelper::new(sql)));
        self.wait(async |client| Ok(client.batch_execute(sql).await?))
    }
}

impl ConnectionSealed for Session {}

impl diesel::Connection for Session {
    type Backend = Pg;
    type TransactionManager = AnsiTransactionManager;

    /// Sessions are opened by [`super::Postgres`], which knows how.
    fn establish(_: &str) -> ConnectionResult<Self> {
        Err(ConnectionError::BadConnection(
            "not by an address alone".to_owned(),
        ))
    }

    fn execute_returning_count<T>(&mut self, source: &T) -> QueryResult<usize>
    where
        T: QueryFragment<Pg> + QueryId,
    {
        let (_, changed) = self.run(Query::of(source)?)?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    fn transaction_state(&mut self) -> &mut AnsiTransactionManager {
        &mut self.transactions
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        &mut *self.instrumentation
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.instrumentation = instrumentation.into();
    }

    /// Statements are kept up to a bound of the session's own.
    fn set_prepared_statement_cache_size(&mut self, _: CacheSize) {}
}

impl LoadConnection<DefaultLoadingMode> for Session {
    type Cursor<'conn, 'query> = std::iter::Map<std::vec::IntoIter<Row>, fn(Row) -> QueryResult<PgRow>>;
    type Row<'conn, 'query> = PgRow;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> QueryResult<Self::Cursor<'conn, 'query>>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Pg> + QueryId + 'query,
        Pg: QueryMetadata<T::SqlType>,
    {
        let (rows, _) = self.run(Query::of(&source.as_query())?)?;
        Ok(rows.into_iter().map(|row| Ok(PgRow::from(row))))
    }
}

impl MigrationConnection for Session {
    fn setup(&mut self) -> QueryResult<usize> {
        self.batch_execute(CREATE_MIGRATIONS_TABLE).map(|()| 0)
    }
}
