//! Looking for dossiers: newest first, a page at a time.
//!
//! What a question costs is bounded by its page, whatever is in the tables. The path to the rows is an index that has the caller, and the
//! status where one is asked for, before the id; what no index leads to is passed over, [`LONGEST_WALK`] dossiers at most, and then the
//! page says from where to go on. Several such paths (the agents of an enterprise, a branch that files and supervises) are asked each by
//! itself and put in one order here: a database that is asked for all of them at once reads everything they have to find the newest.

use std::borrow::Cow;

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::dossiers::of_confirmed;
use super::reach::{Parties, Seen, agency_of, reached, seen};
use crate::domain::codes::Key;
use crate::domain::status::Status;
use crate::domain::tenant::{TenantKey, TenantKind};
use crate::identity::Scope;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::kept::KeptDossier;
use crate::store::postgres::Query;
use crate::store::rows::*;
use crate::store::tables::*;
use crate::store::word::{Code, NaturalKind, Word};

/// Dossiers of the caller that are passed over for one page at most, because they are not what is looked for.
pub const LONGEST_WALK: usize = 5_000;

/// How much farther each look goes than the one before it.
const FARTHER: usize = 4;

/// After every id.
const END: &str = "~";

/// Which dossiers to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// In this status.
    pub status: Option<Status>,
    /// Of this agency.
    pub agency: Option<Key>,
    /// With one of these references of the submitter's, where any is named.
    pub references: Vec<String>,
    /// With this official code.
    pub code: Option<String>,
    /// Without a responsible agency.
    pub parked: bool,
    /// Older than this tracking id.
    pub after: Option<String>,
    /// At most so many.
    pub limit: usize,
}

/// A page of dossiers.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Newest first.
    pub dossiers: Vec<KeptDossier>,
    /// The tracking id to go on after; none where nothing is left. There may be fewer dossiers than asked for, even none, and more to
    /// come.
    pub next: Option<String>,
}

/// A path to ids, newest first: what an index has before the id.
enum IndexPath<'a> {
    /// Everything.
    All,
    /// Everything in a status.
    Status(Status),
    /// What waits for the operator to name an agency.
    Parked,
    /// What a tenant filed and waits for the operator.
    FiledParked(&'a str),
    /// What a unit received that another filed and waits for the operator.
    ReceivedParked(&'a str),
    /// What a tenant has a part in.
    Part(Cow<'a, str>),
    /// What a tenant filed, in a status.
    Filed(&'a str, Status),
    /// What a unit received that another filed, in a status.
    Received(&'a str, Status),
    /// What a unit supervises, in a status.
    Supervised(&'a str, Status),
    /// What an agency is responsible for, in a status.
    Competent(&'a str, Status),
    /// What an agency has a task in beside the competent one, in whichever status.
    Shared(&'a str),
}

/// A part beside the competent agency that has not ended. Written out, because a database uses its index of them only when it sees the
/// words.
fn is_co_agency() -> SqlLiteral<Bool> {
    sql("dossier_parties.role = 'co-agency' AND dossier_parties.until IS NULL")
}

/// The newest ids on a path that are older than `$after`.
macro_rules! newest {
    ($path:expr, $after:expr, $width:expr, $query:ident => $asked:expr) => {{
        macro_rules! of {
            ($condition:expr) => {{
                let $query = dossiers::table
                    .filter($condition)
                    .filter(dossiers::id.lt($after))
                    .order(dossiers::id.desc())
                    .limit($width)
                    .select(dossiers::id);
                $asked
            }};
        }
        match $path {
            IndexPath::All => {
                let $query = dossiers::table
                    .filter(dossiers::id.lt($after))
                    .order(dossiers::id.desc())
                    .limit($width)
                    .select(dossiers::id);
                $asked
            }
            IndexPath::Status(status) => of!(dossiers::status.eq(Code(*status))),
            IndexPath::Parked => of!(dossiers::parked.is_not_null()),
            IndexPath::FiledParked(tenant) => {
                of!(dossiers::tenant.eq(tenant).and(dossiers::parked.is_not_null()))
            }
            IndexPath::ReceivedParked(unit) => of!(dossiers::receiving_unit
                .eq(unit)
                .and(dossiers::receiving_unit.ne(dossiers::tenant.nullable()))
                .and(dossiers::parked.is_not_null())),
            IndexPath::Part(tenant) => {
                let $query = dossier_parties::table
                    .filter(dossier_parties::tenant.eq(tenant.as_ref()))
                    .filter(dossier_parties::until.is_null())
                    .filter(dossier_parties::dossier.lt($after))
                    .order(dossier_parties::dossier.desc())
                    .limit($width)
                    .select(dossier_parties::dossier);
                $asked
            }
            IndexPath::Shared(tenant) => {
                let $query = dossier_parties::table
                    .filter(dossier_parties::tenant.eq(tenant))
                    .filter(is_co_agency())
                    .filter(dossier_parties::dossier.lt($after))
                    .order(dossier_parties::dossier.desc())
                    .limit($width)
                    .select(dossier_parties::dossier);
                $asked
            }
            IndexPath::Filed(tenant, status) => of!(dossiers::tenant
                .eq(tenant)
                .and(dossiers::status.eq(Code(*status)))),
            IndexPath::Received(unit, status) => of!(dossiers::receiving_unit
                .eq(unit)
                .and(dossiers::receiving_unit.ne(dossiers::tenant.nullable()))
                .and(dossiers::status.eq(Code(*status)))),
            IndexPath::Supervised(unit, status) => of!(dossiers::supervisor
                .eq(unit)
                .and(dossiers::status.eq(Code(*status)))),
            IndexPath::Competent(agency, status) => of!(dossiers::agency
                .eq(agency)
                .and(dossiers::status.eq(Code(*status)))),
        }
    }};
}

/// Dossiers, newest first.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn list(conn: &mut Conn, scope: &Scope, filter: &Filter) -> Result<Listed, StoreError> {
    let seen = seen(conn, scope)?;
    if let Some(ids) = named(conn, seen.as_ref(), filter)? {
        let found = wanted(conn, seen.as_ref(), filter, &ids)?;
        return page(conn, &found, filter, None);
    }
    let paths = paths(seen.as_ref(), filter);
    let all_wanted = is_led_to(seen.as_ref(), filter);
    let (mut found, mut passed) = (Vec::new(), 0);
    let (mut after, mut width) = (filter.after.clone(), filter.limit + 1);
    loop {
        let (ids, no_more) = next(conn, &paths, after.as_deref().unwrap_or(END), width)?;
        passed += ids.len();
        after = ids.last().cloned().or(after);
        found.extend(match all_wanted {
            true => ids,
            false => wanted(conn, seen.as_ref(), filter, &ids)?,
        });
        if found.len() > filter.limit || no_more {
            return page(conn, &found, filter, None);
        }
        if passed >= LONGEST_WALK {
            return page(conn, &found, filter, after);
        }
        width = (width * FARTHER).min(LONGEST_WALK - passed);
    }
}

/// As many as a page has; what is left over, or where the walk ended, says from where to go on.
fn page(
    conn: &mut Conn,
    found: &[String],
    filter: &Filter,
    ended: Option<String>,
) -> Result<Listed, StoreError> {
    let (shown, more) = found.split_at(filter.limit.min(found.len()));
    let next = match more.is_empty() {
        true => ended,
        false => shown.last().cloned(),
    };
    if shown.is_empty() {
        return Ok(Listed {
            dossiers: Vec::new(),
            next,
        });
    }
    let rows: Vec<DossierRow> = on_backend!(conn, c => dossiers::table
        .filter(dossiers::id.eq_any(shown)).order(dossiers::id.desc()).select(DossierRow::as_select()).load(c))?;
    let dossiers = rows.iter().map(KeptDossier::of).collect::<Result<_, _>>()?;
    Ok(Listed { dossiers, next })
}

/// The ids a filter names by themselves, by reference and by code (confirmed, or claimed); none where it names none. Claims are asked
/// for with who sees them, since anybody may claim a code, and the page counts only what its reader sees. [`wanted`] judges every id
/// by the row it has then.
fn named(conn: &mut Conn, seen: Option<&Seen>, filter: &Filter) -> Result<Option<Vec<String>>, StoreError> {
    let mut found: Option<Vec<String>> = None;
    if !filter.references.is_empty() {
        found = Some(on_backend!(conn, c => natural_keys::table
            .filter(natural_keys::value.eq_any(&filter.references)).filter(natural_keys::kind.eq(Word(NaturalKind::Reference)))
            .select(natural_keys::dossier).load(c))?);
    }
    if let Some(code) = &filter.code {
        let confirmed = of_confirmed(conn, code)?;
        let after = filter.after.as_deref().unwrap_or(END);
        let claims: Vec<String> = on_backend!(conn, c => reached!(dossiers::table
                .filter(dossiers::claimed_code.eq(code)).filter(dossiers::id.lt(after)).into_boxed(), seen)
            .order(dossiers::id.desc()).limit(filter.limit as i64 + 1).select(dossiers::id).load(c))?;
        let ids: Vec<String> = confirmed.into_iter().chain(claims).collect();
        found = Some(match found {
            Some(before) => before.into_iter().filter(|id| ids.contains(id)).collect(),
            None => ids,
        });
    }
    Ok(found)
}

/// The paths to what a filter looks for.
fn paths<'a>(seen: Option<&'a Seen>, filter: &'a Filter) -> Vec<IndexPath<'a>> {
    let Some(seen) = seen else {
        return vec![match (filter.parked, filter.agency.as_ref(), filter.status) {
            (true, _, _) => IndexPath::Parked,
            (false, Some(agency), Some(status)) => IndexPath::Competent(agency.as_str(), status),
            (false, Some(agency), None) => {
                IndexPath::Part(Cow::Owned(TenantKey::new(TenantKind::Agency, agency).to_string()))
            }
            (false, None, Some(status)) => IndexPath::Status(status),
            (false, None, None) => IndexPath::All,
        }];
    };
    let of_tenant = |tenant: &'a String| -> Vec<IndexPath<'a>> {
        let is_unit = tenant.starts_with(TenantKind::Branch.word());
        match (filter.parked, filter.status, agency_of(tenant)) {
            (true, _, None) if is_unit => {
                vec![IndexPath::FiledParked(tenant), IndexPath::ReceivedParked(tenant)]
            }
            (true, _, None) => vec![IndexPath::FiledParked(tenant)],
            // What waits for an agency has none.
            (true, _, Some(_)) => Vec::new(),
            (false, None, _) => vec![IndexPath::Part(Cow::Borrowed(tenant))],
            (false, Some(status), Some(agency)) => {
                vec![IndexPath::Competent(agency, status), IndexPath::Shared(tenant)]
            }
            (false, Some(status), None) if is_unit => vec![
                IndexPath::Filed(tenant, status),
                IndexPath::Received(tenant, status),
                IndexPath::Supervised(tenant, status),
            ],
            (false, Some(status), None) => vec![IndexPath::Filed(tenant, status)],
        }
    };
    seen.tenants.iter().flat_map(of_tenant).collect()
}

/// Whether the paths lead to nothing but what a filter looks for.
fn is_led_to(seen: Option<&Seen>, filter: &Filter) -> bool {
    match filter.parked {
        true => filter.status.is_none() && filter.agency.is_none(),
        // What an agency has a task in is in whichever status.
        false if filter.status.is_some() => {
            seen.is_none_or(|seen| seen.agencies.is_empty() && filter.agency.is_none())
        }
        false => filter.agency.is_none() || seen.is_none(),
    }
}

/// The newest ids on any of these paths that are older than `after`, newest first, about `width` of them; and whether there are no more.
fn next(
    conn: &mut Conn,
    paths: &[IndexPath<'_>],
    after: &str,
    width: usize,
) -> Result<(Vec<String>, bool), StoreError> {
    // A branch that files receives as well, and has two parts in one dossier. Asked for each dossier once, PostgreSQL may read all first.
    let most = |path: &IndexPath<'_>| match path {
        IndexPath::Part(_) => width as i64 * 2,
        _ => width as i64,
    };
    if let (Conn::Pg(session), true) = (&mut *conn, paths.len() > 1) {
        // One trip. Each answer is as good a moment later.
        let queries = paths
            .iter()
            .map(|path| newest!(path, after, most(path), query => Query::of(&query)))
            .collect::<QueryResult<_>>()?;
        session.ask_ahead(queries)?;
    }
    let (mut ids, mut reached) = (Vec::new(), None);
    for path in paths {
        let more: Vec<String> =
            on_backend!(conn, c => newest!(path, after, most(path), query => query.load(c)))?;
        if more.len() as i64 == most(path) {
            // There may be more on this path, all of it older than this.
            reached = reached.max(more.last().cloned());
        }
        ids.extend(more);
    }
    ids.sort_unstable_by(|a: &String, b| b.cmp(a));
    ids.dedup();
    if let Some(reached) = &reached {
        ids.retain(|id| id >= reached);
    }
    let all = reached.is_none() && ids.len() <= width;
    ids.truncate(width);
    Ok((ids, all))
}

/// What a dossier is looked for by.
#[derive(Queryable, Selectable)]
#[diesel(table_name = dossiers)]
struct Features {
    id: String,
    status: Code,
    parked: Option<String>,
    #[diesel(embed)]
    parties: Parties,
}

impl Features {
    fn are(&self, seen: Option<&Seen>, filter: &Filter) -> bool {
        let agency = self.parties.agency.as_deref();
        seen.is_none_or(|seen| seen.reaches(&self.parties))
            && filter.status.is_none_or(|status| self.status == Code(status))
            && filter
                .agency
                .as_ref()
                .is_none_or(|key| agency == Some(key.as_str()))
            && (!filter.parked || self.parked.is_some())
            && filter.after.as_ref().is_none_or(|after| self.id < *after)
    }
}

/// The ids of those of these dossiers that are looked for, newest first. The database is asked for them by their ids alone: where it may
/// choose what to go by, it may choose everything an agency has.
fn wanted(
    conn: &mut Conn,
    seen: Option<&Seen>,
    filter: &Filter,
    ids: &[String],
) -> Result<Vec<String>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let features: Vec<Features> = on_backend!(conn, c => dossiers::table
        .filter(dossiers::id.eq_any(ids)).order(dossiers::id.desc()).select(Features::as_select()).load(c))?;
    let wanted = features.into_iter().filter(|of| of.are(seen, filter));
    Ok(wanted.map(|of| of.id).collect())
}
