//! The rows beside the chain, held against what was sealed of them ([`crate::store::seals`]).

use std::collections::BTreeMap;

use diesel::connection::DefaultLoadingMode;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::result::Error;

use super::walked::{AuditReport, Told, Walked};
use crate::domain::attachment::FileKind;
use crate::domain::sha256::Sha256;
use crate::store::StoreError;
use crate::store::cipher::{Cipher, Sealed};
use crate::store::conn::{Conn, on_backend};
use crate::store::file_keys::attachment_row;
use crate::store::kept::Secrets;
use crate::store::kept::secret_row;
use crate::store::rows::*;
use crate::store::seals::left_by;
use crate::store::state::state_of;
use crate::store::tables::*;
use crate::store::word::{PartyRole, Word, Worded};

/// Calls `each` with every row of a table in the order of its key, one after the other as they come. One that holds what no hub writes
/// cannot be read, and is reported as such.
macro_rules! every {
    ($conn:expr, $report:ident, $table:ident, $row:ident, [$($key:ident),+], $each:expr) => {{
        let mut unreadable: Vec<String> = Vec::new();
        let mut each = $each;
        on_backend!($conn, c => {
            let rows = $table::table
                .order(($($table::$key,)+))
                .select($row::as_select())
                .load_iter::<$row, DefaultLoadingMode>(c)?;
            for row in rows {
                match row {
                    Err(Error::DeserializationError(what)) => unreadable.push(what.to_string()),
                    row => each(row?),
                }
            }
        });
        for what in unreadable {
            $report.wrong(stringify!($table), &format!("a row cannot be read: {what}"));
        }
    }};
}

pub(super) fn compare(
    conn: &mut Conn,
    cipher: &Cipher,
    walked: &mut Walked,
    report: &mut AuditReport,
) -> Result<(), StoreError> {
    dossiers(conn, &walked.dossiers, report)?;
    added(conn, &mut walked.dossiers, report)?;
    for (id, told) in &walked.dossiers {
        if !told.rows.is_empty() {
            report.wrong(
                format!("dossier {id}"),
                "rows that were sealed with it are missing or were changed",
            );
        }
    }
    files(conn, cipher, report)?;
    told_to_submitters(conn, report)?;
    register(conn, &walked.register, report)?;
    bound(conn, cipher, report)
}

/// Holds every state row against what the events add up to, and against its digest.
fn dossiers(
    conn: &mut Conn,
    told: &BTreeMap<String, Told>,
    report: &mut AuditReport,
) -> Result<(), StoreError> {
    every!(conn, report, dossiers, DossierRow, [id], |row: DossierRow| {
        report.dossiers += 1;
        let what = match told.get(&row.id) {
            None => "has no events",
            Some(told) if state_of(&row).ok().as_ref() != Some(&told.state) => {
                "its state is not what its events say"
            }
            Some(told) if told.row != Some(row.digest()) => "its row is not what was sealed",
            Some(_) => return,
        };
        report.wrong(format!("dossier {}", row.id), what);
    });
    if report.dossiers != told.len() as i64 {
        report.wrong("dossiers", "some are missing");
    }
    Ok(())
}

/// Strikes a row off those that its dossier's events sealed.
fn met(
    told: &mut BTreeMap<String, Told>,
    report: &mut AuditReport,
    dossier: &str,
    digest: &Sha256,
    place: String,
) {
    let rows = told.get_mut(dossier).map(|told| &mut told.rows);
    let found = rows.and_then(|rows| {
        let place = rows.iter().position(|row| row == digest)?;
        Some(rows.swap_remove(place))
    });
    if found.is_none() {
        report.wrong(place, "is not what was sealed");
    }
}

/// Holds the rows that commits added for dossiers against their digests.
fn added(
    conn: &mut Conn,
    told: &mut BTreeMap<String, Told>,
    report: &mut AuditReport,
) -> Result<(), StoreError> {
    documents(conn, told, report)?;
    every!(
        conn,
        report,
        natural_keys,
        NaturalKeyRow,
        [value, kind, tenant],
        |row: NaturalKeyRow| {
            let place = format!("{} of {}", row.kind.0.word(), row.dossier);
            met(told, report, &row.dossier, &row.digest(), place);
        }
    );
    every!(conn, report, deliveries, DeliveryRow, [id], |row: DeliveryRow| {
        met(
            told,
            report,
            &row.dossier,
            &row.digest(),
            format!("delivery {}", row.id),
        );
    });
    every!(
        conn,
        report,
        dossier_parties,
        PartyRow,
        [dossier, role, tenant, since],
        |row: PartyRow| {
            let place = format!("part of {} in {}", row.tenant, row.dossier);
            if !ends_as_told(told, &row) {
                report.wrong(&place, "ends at another time than its events say");
            }
            met(told, report, &row.dossier, &row.digest(), place);
        }
    );
    every!(
        conn,
        report,
        attachments,
        AttachmentRow,
        [dossier, number, position],
        |row: AttachmentRow| {
            let place = format!("file {} of event {} of {}", row.position, row.number, row.dossier);
            let amended = told.get(&row.dossier).map_or(0, |told| told.amended);
            if row.superseded != (row.kind == Word(FileKind::Filing) && row.number < amended) {
                report.wrong(&place, "stands or was replaced otherwise than its events say");
            }
            met(told, report, &row.dossier, &row.digest(), place);
        }
    );
    Ok(())
}

/// Whether a part ends when the events of its dossier say.
fn ends_as_told(told: &BTreeMap<String, Told>, row: &PartyRow) -> bool {
    // A part that ends at the very moment it began, or begins anew at the moment it ended: both are told by one moment. Who filed
    // and who received stay so.
    let Word(role) = row.role;
    let can_end = matches!(
        role,
        PartyRole::LeadAgency | PartyRole::SupervisingUnit | PartyRole::CoAgency
    );
    let name = left_by(&row.tenant, role);
    let ends = |at_once: bool| {
        let left = &told.get(&row.dossier)?.left;
        let of_tenant = left.iter().filter(|(tenant, _)| can_end && *tenant == name);
        of_tenant
            .map(|(_, at)| *at)
            .filter(|at| *at > row.since.0 || at_once && *at == row.since.0)
            .min()
    };
    let until = row.until.map(|at| at.0);
    until == ends(false) || until == ends(true)
}

/// The same of what was sent, and of what it says.
fn documents(
    conn: &mut Conn,
    told: &mut BTreeMap<String, Told>,
    report: &mut AuditReport,
) -> Result<(), StoreError> {
    every!(
        conn,
        report,
        submissions,
        SubmissionRow,
        [id, received_at],
        |row: SubmissionRow| {
            met(
                told,
                report,
                &row.dossier,
                &row.digest(),
                format!("submission {}", row.id),
            );
        }
    );
    every!(
        conn,
        report,
        contents,
        ContentRow,
        [dossier, version],
        |row: ContentRow| {
            let place = format!("content of {}, version {}", row.dossier, row.version);
            met(told, report, &row.dossier, &row.digest(), place);
        }
    );
    Ok(())
}

/// Holds the files against the keys that are wrapped for them.
fn files(conn: &mut Conn, cipher: &Cipher, report: &mut AuditReport) -> Result<(), StoreError> {
    let wrapped = || {
        wraps::table
            .filter(wraps::dossier.eq(attachments::dossier))
            .filter(wraps::tenant.eq(attachments::tenant))
            .filter(wraps::blind.eq(attachments::blind))
    };
    let differ: Vec<(String, i32, i32)> = on_backend!(conn, c => attachments::table
        .filter((attachments::arrived_at.is_null().and(exists(wrapped())))
            .or(attachments::arrived_at.is_not_null().and(not(exists(wrapped())))))
        .order((attachments::dossier, attachments::number, attachments::position))
        .select((attachments::dossier, attachments::number, attachments::position))
        .load(c))?;
    for (dossier, number, position) in differ {
        let place = format!("file {position} of event {number} of {dossier}");
        report.wrong(
            place,
            "is said to be here without its key, or the other way round",
        );
    }
    every!(
        conn,
        report,
        attachments,
        AttachmentRow,
        [dossier, number, position],
        |row: AttachmentRow| {
            let name = attachment_row(&row.dossier, row.number, row.position);
            let place = format!("file {} of event {} of {}", row.position, row.number, row.dossier);
            opens(
                cipher,
                report,
                place,
                &name,
                (row.key_id, row.nonce, row.ciphertext),
            );
        }
    );
    every!(
        conn,
        report,
        wraps,
        WrapRow,
        [dossier, tenant, blind],
        |row: WrapRow| {
            let (name, place) = (
                row.bound_name(),
                format!("key of {} for {}", row.object, row.dossier),
            );
            opens(
                cipher,
                report,
                place,
                &name,
                (row.key_id, row.nonce, row.ciphertext),
            );
        }
    );
    Ok(())
}

/// The parts of those who are told by messages and not by a feed.
const AGENCIES: [Word<PartyRole>; 2] = [Word(PartyRole::LeadAgency), Word(PartyRole::CoAgency)];

/// Holds the feed against the events: each is told to everybody who has a part in its dossier beside the agency (who
/// submitted it, the unit that receives, the one that supervises), and to nobody else.
fn told_to_submitters(conn: &mut Conn, report: &mut AuditReport) -> Result<(), StoreError> {
    let strange: Vec<i64> = on_backend!(conn, c => feed::table
        .filter(not(exists(events::table
            .filter(events::seq.eq(feed::seq)).filter(events::dossier.eq(feed::dossier))))
            .or(not(exists(dossier_parties::table
                .filter(dossier_parties::dossier.eq(feed::dossier))
                .filter(dossier_parties::tenant.eq(feed::tenant))
                .filter(dossier_parties::role.ne_all(AGENCIES))))))
        .order(feed::seq)
        .select(feed::seq)
        .load(c))?;
    for seq in strange {
        report.wrong(
            format!("feed {seq}"),
            "tells a tenant what is not its own, or what never happened",
        );
    }
    // Whoever had its part before the event and kept it beyond: at the moment a part begins or ends, the event itself says who is told.
    let untold: Vec<i64> = on_backend!(conn, c => events::table
        .inner_join(dossier_parties::table.on(dossier_parties::dossier.eq(events::dossier)))
        .filter(dossier_parties::role.ne_all(AGENCIES))
        .filter(dossier_parties::since.lt(events::at)
            .or(events::number.eq(1).and(dossier_parties::since.eq(events::at))))
        .filter(dossier_parties::until.is_null()
            .or(dossier_parties::until.gt(events::at.nullable())))
        .filter(not(exists(feed::table
            .filter(feed::seq.eq(events::seq)).filter(feed::tenant.eq(dossier_parties::tenant)))))
        .order(events::seq)
        .select(events::seq)
        .distinct()
        .load(c))?;
    for seq in untold {
        report.wrong(
            format!("feed {seq}"),
            "an event is not told to everybody who has a part in its dossier",
        );
    }
    Ok(())
}

/// Holds the register and the directory against what the audit says of their rows.
fn register(
    conn: &mut Conn,
    sealed: &BTreeMap<String, Sha256>,
    report: &mut AuditReport,
) -> Result<(), StoreError> {
    let mut there: Vec<(String, Sha256)> = Vec::new();
    every!(conn, report, tenants, TenantRow, [key], |row: TenantRow| there
        .push((row.name_in_chain(), row.digest())));
    every!(
        conn,
        report,
        certificates,
        CertificateRow,
        [thumbprint],
        |row: CertificateRow| {
            there.push((row.name_in_chain(), row.digest()));
        }
    );
    every!(conn, report, staff, StaffRow, [tenant, id], |row: StaffRow| {
        there.push((row.name_in_chain(), row.digest()));
    });
    every!(conn, report, points, PointRow, [key], |row: PointRow| there
        .push((row.name_in_chain(), row.digest())));
    every!(
        conn,
        report,
        directories,
        DirectoryRow,
        [version],
        |row: DirectoryRow| {
            there.push((row.name_in_chain(), row.digest()));
        }
    );
    every!(conn, report, formats, FormatRow, [number], |row: FormatRow| {
        there.push((row.name_in_chain(), row.digest()));
    });
    every!(
        conn,
        report,
        format_uses,
        FormatUseRow,
        [name, turn],
        |row: FormatUseRow| {
            there.push((row.name_in_chain(), row.digest()));
        }
    );
    every!(conn, report, settings, SettingRow, [name], |row: SettingRow| {
        // A register that was never changed.
        if (row.name.as_str(), row.value.as_str()) != ("register", "0")
            || sealed.contains_key("settings:register")
        {
            there.push((row.name_in_chain(), row.digest()));
        }
    });
    let mut missing: BTreeMap<&str, Sha256> = sealed
        .iter()
        .map(|(name, digest)| (name.as_str(), *digest))
        .collect();
    for (name, digest) in there {
        if missing.remove(name.as_str()) != Some(digest) {
            report.wrong(name, "is not what an operator's act wrote");
        }
    }
    for name in missing.keys() {
        report.wrong(*name, "was written by an operator's act and is missing");
    }
    Ok(())
}

/// Opens every value that is bound to its row by its key.
fn bound(conn: &mut Conn, cipher: &Cipher, report: &mut AuditReport) -> Result<(), StoreError> {
    every!(
        conn,
        report,
        idempotency_keys,
        IdempotencyRow,
        [key, tenant, route],
        |row: IdempotencyRow| {
            let (name, place) = (
                row.bound_name(),
                format!("answer kept for a key of {}", row.tenant),
            );
            opens(
                cipher,
                report,
                place,
                &name,
                (row.key_id, row.nonce, row.ciphertext),
            );
        }
    );
    every!(conn, report, refusals, RefusalRow, [id], |row: RefusalRow| {
        let (name, place) = (row.bound_name(), format!("refusal {}", row.id));
        opens(
            cipher,
            report,
            place,
            &name,
            (row.key_id, row.nonce, row.ciphertext),
        );
    });
    every!(
        conn,
        report,
        subscription_secrets,
        SecretRow,
        [tenant, id],
        |row: SecretRow| {
            let (name, place) = (
                secret_row(&row.tenant, &row.id),
                format!("secret {} of {}", row.id, row.tenant),
            );
            opens(
                cipher,
                report,
                place,
                &name,
                (row.key_id, row.nonce, row.ciphertext),
            );
        }
    );
    every!(
        conn,
        report,
        endpoints,
        EndpointRow,
        [agency],
        |row: EndpointRow| {
            if Secrets::of(&row, cipher).is_err() {
                report.wrong(
                    format!("endpoint of {}", row.agency),
                    "its secrets do not open beside its address",
                );
            }
        }
    );
    Ok(())
}

fn opens(
    cipher: &Cipher,
    report: &mut AuditReport,
    place: String,
    name: &str,
    (key_id, nonce, ciphertext): (String, Vec<u8>, Vec<u8>),
) {
    let sealed = Sealed {
        key_id,
        nonce,
        ciphertext,
    };
    if cipher.open(name, sealed).is_err() {
        report.wrong(place, "does not open: it, or its row, was changed");
    }
}
