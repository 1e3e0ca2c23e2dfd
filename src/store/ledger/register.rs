//! Changes of the register: whom they name is loaded, the domain decides, and rows, audit and version are one commit.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;

use super::audit;
use super::batch::Batch;
use super::command::Command;
use super::enrol::{self, ROWS_A_STATEMENT};
use super::issue;
use super::requests::{Expiring, RegisterChange, Registered, WarnExpiring};
use crate::domain::audit::{Action, AuditAction};
use crate::domain::codes::Key;
use crate::domain::register::{Change, Decision, Known, decide, warning_due};
use crate::domain::tenant::{Actor, TenantKey, TenantKind, Thumbprint};
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::moment::At;
use crate::store::of_row;
use crate::store::rows::*;
use crate::store::tables::*;
use crate::store::word::{TenantStanding, Word};

impl Command for RegisterChange {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<Registered, StoreError> {
        let registered = change(conn, batch.now, self)?;
        if matches!(self.change, Change::Alter { codes: Some(_), .. }) {
            issue::read_again(batch, conn)?;
        }
        Ok(registered)
    }
}

impl Command for WarnExpiring {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<Vec<Expiring>, StoreError> {
        warn_expiring(conn, batch.now)
    }
}

fn change(conn: &mut Conn, now: Timestamp, asked: &RegisterChange) -> Result<Registered, StoreError> {
    let known = known(conn, now, &asked.change)?;
    let Decision { enrolment, actions } = match decide(known, &asked.change, now) {
        Ok(decision) => decision,
        Err(rejection) => return Ok(Registered::Refused(rejection)),
    };
    if actions.is_empty() {
        return Ok(Registered::Done {
            version: enrol::version(conn)?,
            actions: 0,
        });
    }
    let (version, changed) = enrol::enrol(conn, now, &enrolment)?;
    let reason = Some(asked.reason.as_str());
    audit::append_with(conn, now, &asked.actor, reason, &actions, changed)?;
    Ok(Registered::Done {
        version,
        actions: actions.len(),
    })
}

/// Names of a change, to be looked up.
#[derive(Default)]
struct Names {
    tenants: BTreeSet<String>,
    agents_of: Option<String>,
    certificates: BTreeSet<Thumbprint>,
    staff_of: BTreeSet<String>,
    points: BTreeSet<String>,
    operators: bool,
}

impl Names {
    fn of(change: &Change) -> Self {
        let mut names = Names::default();
        match change {
            Change::Register(newcomers) => {
                for newcomer in newcomers {
                    names.tenant(&newcomer.tenant.key);
                    names
                        .tenants
                        .extend(newcomer.tenant.parent.as_ref().map(ToString::to_string));
                    names
                        .certificates
                        .extend(newcomer.certificates.iter().map(|c| c.thumbprint));
                    if !newcomer.staff.is_empty() {
                        names.staff_of.insert(newcomer.tenant.key.to_string());
                    }
                    names
                        .points
                        .extend(newcomer.points.iter().map(|p| p.key.to_string()));
                }
            }
            Change::Alter { tenant, .. } | Change::Resume(tenant) => names.tenant(tenant),
            Change::Suspend(tenant) => {
                names.tenant(tenant);
                names.operators = tenant.kind() == TenantKind::Operator;
            }
            Change::Close(tenant) => {
                names.tenant(tenant);
                names.operators = tenant.kind() == TenantKind::Operator;
                names.agents_of = (tenant.kind() == TenantKind::Enterprise).then(|| tenant.to_string());
            }
            Change::AddCertificate(certificate) => {
                names.tenant(&certificate.tenant);
                names.certificates.insert(certificate.thumbprint);
            }
            Change::RevokeCertificate { tenant, thumbprint } => {
                names.tenant(tenant);
                names.certificates.insert(*thumbprint);
                names.operators = tenant.kind() == TenantKind::Operator;
            }
            Change::AddStaff(person) => {
                names.tenant(&person.tenant);
                names.staff_of.insert(person.tenant.to_string());
            }
            Change::RemoveStaff { tenant, .. } => {
                names.tenant(tenant);
                names.staff_of.insert(tenant.to_string());
            }
            Change::AddPoint(point) => {
                names.tenant(&point.tenant);
                names.points.insert(point.key.to_string());
            }
            Change::EndPoint { tenant, key } => {
                names.tenant(tenant);
                names.points.insert(key.to_string());
            }
        }
        names
    }

    fn tenant(&mut self, key: &TenantKey) {
        self.tenants.insert(key.to_string());
    }
}

/// Loads the rows that are named, one query a table and piece.
macro_rules! named {
    ($conn:expr, $table:ident, $row:ident, $column:ident, $names:expr) => {{
        let names: Vec<_> = $names.into_iter().collect();
        let mut rows: Vec<$row> = Vec::new();
        for piece in names.chunks(ROWS_A_STATEMENT) {
            rows.extend(on_backend!($conn, c => $table::table
                .filter($table::$column.eq_any(piece)).select($row::as_select()).load(c))?);
        }
        rows
    }};
}

fn known(conn: &mut Conn, now: Timestamp, change: &Change) -> Result<Known, StoreError> {
    let names = Names::of(change);
    let mut tenants = named!(conn, tenants, TenantRow, key, names.tenants);
    tenants.extend(named!(conn, tenants, TenantRow, parent, names.agents_of));
    let prints = names
        .certificates
        .into_iter()
        .map(|print| print.as_bytes().to_vec());
    let certificates = named!(conn, certificates, CertificateRow, thumbprint, prints);
    let staff = named!(conn, staff, StaffRow, tenant, names.staff_of);
    let points = named!(conn, points, PointRow, key, names.points);
    let mut known = Known {
        operators: if names.operators {
            operators(conn, now)?
        } else {
            Vec::new()
        },
        ..Known::default()
    };
    for row in &tenants {
        let tenant = of_row::tenant(row)?;
        known.tenants.insert(tenant.key.clone(), tenant);
    }
    for row in &certificates {
        let certificate = of_row::certificate(row)?;
        known.certificates.insert(certificate.thumbprint, certificate);
    }
    let mut people: HashMap<(TenantKey, Key), _> = HashMap::new();
    for row in staff {
        let person = of_row::person(row)?;
        people.insert((person.tenant.clone(), person.id.clone()), person);
    }
    known.staff = people;
    for row in points {
        let point = of_row::point(row)?;
        known.points.insert(point.key.clone(), point);
    }
    Ok(known)
}

/// Who could give an operator its voice back.
fn operators(conn: &mut Conn, now: Timestamp) -> Result<Vec<(TenantKey, Thumbprint)>, StoreError> {
    let rows: Vec<CertificateRow> = on_backend!(conn, c => certificates::table
        .filter(certificates::tenant.eq_any(tenants::table
            .filter(tenants::key.like("operator.%")).filter(tenants::standing.eq(Word(TenantStanding::Active))).select(tenants::key)))
        .filter(certificates::revoked_at.is_null())
        .filter(certificates::not_after.gt(At(now)))
        .select(CertificateRow::as_select()).load(c))?;
    rows.iter()
        .map(|row| of_row::certificate(row).map(|certificate| (certificate.tenant, certificate.thumbprint)))
        .collect()
}

/// Finds the certificates whose next warning is due, notes that it is given, and says which: each once, on one hub.
fn warn_expiring(conn: &mut Conn, now: Timestamp) -> Result<Vec<Expiring>, StoreError> {
    let furthest = crate::domain::register::WARN_DAYS
        .iter()
        .copied()
        .max()
        .unwrap_or(0);
    let horizon = now.plus(std::time::Duration::from_secs(
        u64::from(furthest.unsigned_abs()) * 86_400,
    ));
    let rows: Vec<CertificateRow> = on_backend!(conn, c => certificates::table
        .filter(certificates::not_after.le(At(horizon))).filter(certificates::not_after.ge(At(now)))
        .filter(certificates::revoked_at.is_null())
        .filter(certificates::tenant.ne_all(tenants::table.filter(tenants::standing.eq(Word(TenantStanding::Closed))).select(tenants::key)))
        .order(certificates::not_after)
        .select(CertificateRow::as_select()).load(c))?;
    let (mut warned, mut actions) = (Vec::new(), Vec::new());
    for row in &rows {
        let due = warning_due(row.not_after.0, now);
        let Some(days) = due.filter(|days| row.warned.is_none_or(|last| *days < last)) else {
            continue;
        };
        on_backend!(conn, c => diesel::update(certificates::table.find(&row.thumbprint))
            .set(certificates::warned.eq(Some(days))).execute(c))?;
        let certificate = of_row::certificate(row)?;
        actions.push(
            AuditAction::on(Action::CertificateExpiring, &certificate.tenant)
                .with("thumbprint", certificate.thumbprint)
                .with("not_after", certificate.not_after)
                .with("days", days),
        );
        warned.push(Expiring { certificate, days });
    }
    if !actions.is_empty() {
        audit::append(conn, now, &Actor::hub(), None, &actions)?;
    }
    Ok(warned)
}
