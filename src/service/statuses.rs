//! What agencies report: in canonical form or their own, over HTTPS or from the broker.

mod absent;
mod judged;
mod said;
mod tasks;

use std::collections::HashMap;
use std::sync::Arc;

use super::ServiceError;
use super::refusals::Refused;
use super::texts::{bounded, line, not_in_future};
use crate::adapt::{StatusDocument, StatusItem};
use crate::clock::Clock;
use crate::domain::attachment;
use crate::domain::codes::DossierCode;
use crate::domain::details::Details;
use crate::domain::event::Verdict;
use crate::domain::ids::DossierId;
use crate::domain::lifecycle::Role;
use crate::domain::rejection::{Language, Problem, Rejection, problems};
use crate::domain::status::Status;
use crate::domain::submission::IdempotencyKey;
use crate::domain::tenant::{Standing, TenantKey, TenantKind};
use crate::domain::text::limits;
use crate::domain::time::Timestamp;
use crate::domain::view::{ProblemView, RefusedKind, StatusAnswer, StatusReport, StatusResult};
use crate::identity::{Access, Permission, Scope};
use crate::service::acts::{Acts, of_agency};
use crate::service::credentials::Credentials;
use crate::service::directory::DirectoryInUse;
use crate::service::formats_in_use::FormatsInUse;
use crate::service::parts::Base;
use crate::service::refusals::Refusals;
use crate::store::conn::Conn;
use crate::store::kept::KeptDossier;
use crate::store::ledger::{Act, Acted, DossierAction};
use crate::store::{Store, read};

/// A message of an agency.
pub struct Reported {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Media type without parameters, lower case.
    pub media_type: String,
    /// `Submission-Format`, where it was sent; else the canonical form.
    pub format: Option<String>,
    /// `Idempotency-Key`. Reports are known again by their content; one that does not say when it happened, by this key.
    pub key: Option<IdempotencyKey>,
    /// W3C trace context.
    pub traceparent: Option<String>,
}

/// A message of an agency that has been read.
pub struct Reports {
    access: Access,
    reported: Reported,
    document: Result<ReadWith, Rejection>,
    /// Dossiers that were looked up with those of other messages, by the names they have here; none where there is none.
    looked_up: HashMap<String, Option<KeptDossier>>,
}

impl Reports {
    /// The dossiers it names, as it names them: by tracking id or by official code. Nothing of a message that cannot be read.
    pub fn dossiers(&self) -> impl Iterator<Item = &str> {
        let items = self.document.iter().flat_map(|(document, _)| &document.items);
        items.filter_map(|item| item.dossier.as_deref())
    }
}

/// A message that was read, and the number of the version it was read with.
type ReadWith = (StatusDocument, Option<i64>);

/// A dossier, and the code it claims by which it was named.
type Named = (KeptDossier, Option<DossierCode>);

/// The canonical form of statuses, by this name or none.
const CANONICAL: &str = "canonical/v1";

/// Reports of agencies.
pub struct Statuses {
    store: Arc<Store>,
    clock: Clock,
    credentials: Arc<Credentials>,
    directory: Arc<DirectoryInUse>,
    formats: Arc<FormatsInUse>,
    acts: Arc<Acts>,
    refusals: Arc<Refusals>,
}

impl Statuses {
    pub(super) fn new(base: &Base, acts: &Arc<Acts>, refusals: &Arc<Refusals>) -> Self {
        Statuses {
            store: Arc::clone(&base.store),
            clock: base.clock.clone(),
            credentials: Arc::clone(&base.credentials),
            directory: Arc::clone(&base.directory),
            formats: Arc::clone(&base.formats),
            acts: Arc::clone(acts),
            refusals: Arc::clone(refusals),
        }
    }

    /// Takes an agency's reports, each for itself: one bad report never spoils the others.
    ///
    /// # Errors
    /// When the message as a whole cannot be read.
    pub async fn report(&self, access: &Access, reported: Reported) -> Result<StatusAnswer, ServiceError> {
        let reports = self.read_reported(access, reported)?;
        self.take_reports(reports).await
    }

    /// Reads an agency's message, and nothing more.
    fn read_reported(&self, access: &Access, reported: Reported) -> Result<Reports, ServiceError> {
        access.permit(Permission::StatusReport)?;
        Ok(Reports {
            document: self.read_reports(access.tenant().formats.as_slice(), &reported),
            access: access.clone(),
            reported,
            looked_up: HashMap::new(),
        })
    }

    /// Looks up the dossiers that messages name by tracking id, of all agencies together. What is not looked up here is when its report
    /// is taken.
    ///
    /// # Errors
    /// What the database says.
    pub async fn look_up(&self, messages: Vec<&mut Reports>) -> Result<(), ServiceError> {
        let mut asked = Vec::with_capacity(messages.len());
        for message in &messages {
            let scope = message.access.permit(Permission::StatusReport)?;
            let named = message
                .dossiers()
                .filter_map(|name| name.parse::<DossierId>().ok());
            let ids: Vec<String> = named.map(|id| id.to_string()).collect();
            asked.push((message.access.key().clone(), scope, ids));
        }
        let read = move |conn: &mut Conn| {
            let mut by_agency: HashMap<TenantKey, (Scope, Vec<String>)> = HashMap::new();
            for (agency, scope, ids) in asked {
                by_agency
                    .entry(agency)
                    .or_insert((scope, Vec::new()))
                    .1
                    .extend(ids);
            }
            let mut found = HashMap::with_capacity(by_agency.len());
            for (agency, (scope, ids)) in by_agency {
                found.insert(agency, read::dossiers_by_id(conn, &scope, &ids)?);
            }
            Ok(found)
        };
        let found = self.store.readers.run(read).await?;
        for message in messages {
            let Some(theirs) = found.get(message.access.key()) else {
                continue;
            };
            let names: Vec<String> = message.dossiers().map(str::to_owned).collect();
            message.looked_up = names
                .into_iter()
                .filter_map(|name| {
                    let id = name.parse::<DossierId>().ok()?.to_string();
                    match theirs.get(&id) {
                        None => Some((name, None)),
                        Some(Ok(dossier)) => Some((name, Some(dossier.clone()))),
                        // It is looked at by itself.
                        Some(Err(_)) => None,
                    }
                })
                .collect();
        }
        Ok(())
    }

    /// Takes what was read, each report for itself.
    ///
    /// # Errors
    /// When the message as a whole cannot be read.
    pub async fn take_reports(
        &self,
        Reports {
            access,
            reported,
            document,
            mut looked_up,
        }: Reports,
    ) -> Result<StatusAnswer, ServiceError> {
        let access = &access;
        let (document, format_version) = match document {
            Ok(read) => read,
            Err(rejection) => {
                let refused = Refused {
                    kind: RefusedKind::Statuses,
                    bytes: &reported.bytes,
                    media_type: &reported.media_type,
                    format: reported.format.as_deref(),
                };
                return Err(self.refusals.keep(access, &refused, rejection).await.into());
            }
        };
        let mut results = Vec::with_capacity(document.items.len());
        for mut item in document.items {
            let report = std::mem::replace(&mut item.report, Ok(None));
            results.push(match report {
                Ok(None) => Answering(&item).nothing(),
                Ok(Some(report)) => {
                    // Once: an earlier report of the same message may change it.
                    let known = looked_up.remove(&report.dossier);
                    let reported = (&reported, format_version);
                    self.report_one(access, (&item, report), reported, known).await?
                }
                Err(problems) => Answering(&item).refused(&problems),
            });
        }
        Ok(StatusAnswer {
            results,
            warnings: views(&document.warnings),
        })
    }

    /// What was reported, and the number of the version it was read with.
    fn read_reports(&self, formats: &[String], reported: &Reported) -> Result<ReadWith, Rejection> {
        let name = reported.format.as_deref().unwrap_or(CANONICAL);
        let unknown = |expected: String| Problem::from(problems::FormatUnknown { expected: &expected });
        let activated = self.formats.load().is_activated(name, formats);
        if name != CANONICAL && !activated && !formats.iter().any(|f| f == name) {
            return Err(unknown(formats.join(", ")).into());
        }
        let in_use = self.formats.load();
        // Who names a version has it; the canonical form is nobody's choice.
        let adapter = match reported.format {
            Some(_) => in_use.registry().get(name),
            None => in_use.registry().current(name).map(Arc::as_ref),
        };
        match adapter {
            Some(adapter) if adapter.reads_statuses() => {
                let document = adapter.read_statuses_unjudged(&reported.bytes, &reported.media_type)?;
                Ok((document, in_use.number(adapter.name())))
            }
            _ => Err(unknown(CANONICAL.to_owned()).into()),
        }
    }

    async fn report_one(
        &self,
        access: &Access,
        (item, mut report): (&StatusItem, StatusReport),
        (reported, format_version): (&Reported, Option<i64>),
        known: Option<Option<KeptDossier>>,
    ) -> Result<StatusResult, ServiceError> {
        let path = &item.path;
        let call = reported.key.as_ref().map(|key| format!("{}{path}", key.as_str()));
        let traceparent = reported.traceparent.clone();
        let answering = Answering(item);
        let scope = access.permit(Permission::StatusReport)?;
        let named = match known {
            Some(Some(row)) => Ok((row, None)),
            Some(None) => Err(self.absent(access, &report.dossier).await?),
            None => self.named(access, scope, &report.dossier).await?,
        };
        let (row, confirms) = match named {
            Ok(found) => found,
            Err(problem) => {
                return Ok(answering.refused(&[item.located(problem, "/dossier")]));
            }
        };
        let now = self.clock.now();
        let role = of_agency(access, &row);
        let judged = self.judged(role, item, &mut report, (&row, now));
        let prepared = prepared(access, role, &mut report, now).map_err(|problem| {
            let pointer = problem.path.clone().unwrap_or_default();
            item.located(problem, &pointer)
        });
        let within = attachment::within_limit(&item.files, "files");
        let (occurred_at, officer, action) = match judged.unless_refused(within.and(prepared)) {
            Ok(prepared) => prepared,
            Err(problems) => return Ok(answering.refused(&problems)),
        };
        let key = self.report_key(&row, &report, (&action, officer.as_deref()), call.as_deref());
        let (brought, not_its) = tasks::code_of(role, &row, report.assigned_code.take());
        let (assigned_code, odd) = self
            .directory
            .code_of(brought.or(confirms), row.agency.as_ref(), now);
        let act = Act {
            key: None,
            dossier: row.id.to_string(),
            actor: access.actor(),
            role,
            report_key: Some(key),
            action,
            paths: item.files.iter().filter_map(|file| file.path.clone()).collect(),
            occurred_at,
            stated: report.occurred_at.is_some(),
            assigned_code,
            officer,
            foreign_values: report.foreign_values,
            format_version,
            clockwork: self.directory.clockwork(&row),
            turns: self.directory.turns(&row),
            own_queue: self.directory.reads_own_queue(access),
            traceparent,
        };
        let acted = self.acts.take(&row, act).await?;
        // What is said of a code that was not looked at would mislead: nothing of a rejected report was taken.
        let odd = odd.filter(|_| !matches!(acted.verdict, Verdict::Rejected | Verdict::Repeated));
        let beside = odd.iter().chain(&acted.warnings).chain(&not_its);
        let beside = beside.map(|warning| {
            let place = warning.path.as_deref().unwrap_or("/assigned_code");
            item.located(warning.clone(), place)
        });
        Ok(answering.taken(&acted, &beside.chain(judged.warnings).collect::<Vec<_>>()))
    }

    /// The same report again has the same key: dossier, status, moment, note and details. Blind, since a note may name a person.
    fn report_key(
        &self,
        row: &KeptDossier,
        report: &StatusReport,
        (action, officer): (&DossierAction, Option<&str>),
        call: Option<&str>,
    ) -> String {
        let (text, more) = said::beside(action);
        let occurred = report.occurred_at.map(Timestamp::as_micros).unwrap_or_default();
        // Without a moment of its own a report can be told from a later one that says the same only by the call it came in.
        let fresh = match (report.occurred_at, call) {
            (Some(_), _) => String::new(),
            (None, Some(call)) => call.to_owned(),
            (None, None) => self.clock.now().to_string(),
        };
        let mut said = format!(
            "{}|{}|{occurred}|{fresh}|{}|{}",
            row.id,
            report.status,
            report.assigned_code.as_ref().map_or("", DossierCode::as_str),
            text.unwrap_or("")
        );
        if !more.is_empty() {
            said.push('|');
            said.push_str(&more);
        }
        if let Some(officer) = officer {
            said.push_str(&format!("|officer={officer}"));
        }
        for beside in &report.foreign_values {
            said.push_str(&format!("|{}={}", beside.path, beside.value));
        }
        hex::encode(self.store.cipher.blind("report", said.as_bytes()))
    }

    /// The dossier a report names, by tracking id or official code, if the agency has a part in it; or why none is named. A code
    /// that was only claimed comes with it: to report under it confirms it.
    async fn named(
        &self,
        access: &Access,
        scope: Scope,
        named: &str,
    ) -> Result<Result<Named, Problem>, ServiceError> {
        if let Ok(id) = named.parse::<DossierId>() {
            let read = move |c: &mut Conn| read::dossier(c, &scope, &id.to_string());
            let found = self.store.readers.run(read).await?;
            return match found {
                Some(row) => Ok(Ok((row, None))),
                None => self.absent(access, named).await.map(Err),
            };
        }
        let Ok(code) = named.parse::<DossierCode>() else {
            return Ok(Err(problems::NotFound.into()));
        };
        let (agency, asked) = (access.key().key().to_owned(), code.clone());
        let read = move |c: &mut Conn| read::by_code(c, &scope, &agency, asked.as_str());
        Ok(match self.store.readers.run(read).await? {
            read::ByCode::Confirmed(row) => Ok((*row, None)),
            read::ByCode::Claimed(row) => Ok((*row, Some(code))),
            read::ByCode::Ambiguous => Err(problems::DossierCodeAmbiguous.into()),
            read::ByCode::Absent => Err(self.absent(access, named).await?),
        })
    }

    /// Reads a message that came out of the broker from the agency the broker vouches for; [`Statuses::take_reports`] takes it.
    ///
    /// # Errors
    /// An agency that is not registered or not active has no part in anything.
    pub fn read_from_queue(&self, agency: &str, reported: Reported) -> Result<Reports, ServiceError> {
        let key = agency.parse().map_err(|_| problems::NotFound)?;
        let key = TenantKey::new(TenantKind::Agency, &key);
        let register = self.credentials.register();
        let tenant = register.tenant(&key).ok_or(problems::NotFound)?;
        if tenant.standing != Standing::Active {
            return Err(problems::TenantSuspended.into());
        }
        let access = Access::vouched_by_broker(std::sync::Arc::clone(tenant));
        self.read_reported(&access, reported)
    }
}

/// When it happened, the officer, and what it asks for of whoever has this part.
fn prepared(
    access: &Access,
    role: Role,
    report: &mut StatusReport,
    now: Timestamp,
) -> Result<(Timestamp, Option<String>, DossierAction), Problem> {
    let occurred_at = not_in_future("occurred_at", report.occurred_at, now)?;
    let text = bounded("/text", report.text.clone(), limits::NOTE)?;
    let officer = line("/officer", report.officer.clone(), limits::OFFICER)?;
    let action = match role {
        Role::CoAgency => tasks::action(access, report, text)?,
        _ => action(report, text)?,
    };
    Ok((occurred_at, officer, action))
}

/// What a report asks for: a status, or the correction of a result.
fn action(report: &mut StatusReport, text: Option<String>) -> Result<DossierAction, Problem> {
    let lists = report.take_lists();
    if lists.correction {
        lists.check(report.status)?;
        return Ok(DossierAction::Correct {
            results: lists.results,
            refusal: lists.refusal,
            text,
        });
    }
    Ok(DossierAction::Report {
        to: report.status,
        text,
        details: Details::of(report.status, lists)?,
        back: report.back,
        new_due: report.new_due,
        task: report.task,
    })
}

/// The answer to one item.
struct Answering<'a>(&'a StatusItem);

impl Answering<'_> {
    fn refused(&self, problems: &[Problem]) -> StatusResult {
        self.result(None, None, views(problems), &[])
    }

    /// Its word means none of the statuses, which is among its warnings.
    fn nothing(&self) -> StatusResult {
        self.result(None, None, Vec::new(), &[])
    }

    fn taken(&self, acted: &Acted, warnings: &[Problem]) -> StatusResult {
        let problem = acted.problem.clone().map(|problem| match problem.path {
            Some(_) => problem,
            // What the ledger says is of the step.
            None => self.0.located(problem, "/status"),
        });
        let problems = views(problem.as_slice());
        StatusResult {
            dossier_code: acted.code.clone(),
            ..self.result(Some(acted.verdict), Some(acted.status), problems, warnings)
        }
    }

    fn result(
        &self,
        verdict: Option<Verdict>,
        status: Option<Status>,
        problems: Vec<ProblemView>,
        warnings: &[Problem],
    ) -> StatusResult {
        let mut told = views(warnings);
        told.extend(views(&self.0.warnings));
        StatusResult {
            dossier: self.0.dossier.clone().unwrap_or_default(),
            verdict,
            status,
            dossier_code: None,
            problem: problems.first().cloned(),
            problems,
            warnings: told,
        }
    }
}

fn views(problems: &[Problem]) -> Vec<ProblemView> {
    let view = |problem| ProblemView::of(problem, Language::Vietnamese);
    problems.iter().map(view).collect()
}
