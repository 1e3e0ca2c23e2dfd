//! What routes take beside their bodies: each parameter, and the lists of those that go together.

use super::row::{Parameter, ParameterLocation, ParameterType};
use crate::domain::audit::Action;
use crate::domain::codes::{DossierCode, Key};
use crate::domain::failure::Failure;
use crate::domain::tenant::TenantKey;
use crate::domain::view::{AttemptCursor, Cursor};
use crate::http::limits::{
    ALARM_PAGE, ATTEMPT_PAGE, AUDIT_PAGE, DELIVERY_PAGE, DOSSIER_PAGE, FEED_PAGE, INBOX_PAGE, READ_PAGE,
    REFERENCE_CHARACTERS, TENANT_PAGE, WAIT_SECONDS,
};

const fn parameter(
    name: &'static str,
    location: ParameterLocation,
    values: ParameterType,
    about: &'static str,
) -> Parameter {
    Parameter {
        name,
        location,
        required: matches!(location, ParameterLocation::Path),
        values,
        about,
    }
}

pub(in crate::http) const fn required(parameter: Parameter) -> Parameter {
    Parameter {
        required: true,
        ..parameter
    }
}

/// A day, RFC 3339.
const DATE: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";

pub(in crate::http) const DOSSIER: Parameter = parameter(
    "id",
    ParameterLocation::Path,
    ParameterType::Pattern("^dos_[0-9a-f]{32}$"),
    "The hub's tracking id.",
);
pub(in crate::http) const KEY: Parameter = parameter(
    "Idempotency-Key",
    ParameterLocation::Header,
    ParameterType::Pattern("^[!-~]{1,128}$"),
    "One value for one act; the same bytes with the same key are answered with the stored answer for 30 days.",
);
pub(in crate::http) const FORMAT: Parameter = parameter(
    "Submission-Format",
    ParameterLocation::Header,
    ParameterType::Pattern("^[a-z0-9-]+/v[0-9]+$"),
    "Name and version of the format, for a tenant with several of the same media type.",
);
pub(in crate::http) const STAFF: Parameter = parameter(
    "Acting-Staff",
    ParameterLocation::Header,
    ParameterType::Pattern(Key::PATTERN),
    "Who acts, by the tenant's own register. Required of agents.",
);
pub(in crate::http) const POINT: Parameter = parameter(
    "Receiving-Point",
    ParameterLocation::Header,
    ParameterType::Pattern(Key::PATTERN),
    "The receiving point where it happens, one of the tenant's own.",
);
pub(in crate::http) const WAIT: Parameter = parameter(
    "wait",
    ParameterLocation::Query,
    ParameterType::Number(0, WAIT_SECONDS as i64, Some(0)),
    "Seconds to wait for something new.",
);
pub(in crate::http) const ACT: &[Parameter] = &[DOSSIER, required(KEY), STAFF, POINT];
pub(in crate::http) const ONE: &[Parameter] = &[DOSSIER];
pub(in crate::http) const BLOB: &[Parameter] = &[parameter(
    "sha256",
    ParameterLocation::Path,
    ParameterType::Pattern("^([sS][hH][aA]-?256[:=-])?[0-9A-Fa-f]{64}$"),
    "SHA-256 of the file: 64 hexadecimal digits, in lower case as the hub writes them or in capitals, with or without `sha256:`.",
)];
pub(in crate::http) const PUT_BLOB: &[Parameter] = &[BLOB[0], STAFF];
pub(in crate::http) const NTH: Parameter = parameter(
    "n",
    ParameterLocation::Path,
    ParameterType::Number(1, i32::MAX as i64, None),
    "Number of the file in the dossier.",
);
pub(in crate::http) const ATTACHMENT_HEAD: &[Parameter] = &[DOSSIER, NTH, STAFF];
pub(in crate::http) const ATTACHMENT: &[Parameter] = &[
    DOSSIER,
    NTH,
    STAFF,
    parameter(
        "Range",
        ParameterLocation::Header,
        ParameterType::Anything,
        "One range of bytes, as `bytes=0-1023` (RFC 9110, 14.2). Anything else is read as if it were left out.",
    ),
    parameter(
        "If-Range",
        ParameterLocation::Header,
        ParameterType::Anything,
        "The `ETag` of the part one has: with another, the whole file is sent.",
    ),
];
pub(in crate::http) const READS: &[Parameter] = &[
    DOSSIER,
    parameter(
        "after",
        ParameterLocation::Query,
        ParameterType::Pattern("^rdg_[0-9a-f]{32}$"),
        "`next` of the page before.",
    ),
    parameter(
        "limit",
        ParameterLocation::Query,
        ParameterType::Number(1, READ_PAGE.0 as i64, Some(READ_PAGE.1 as i64)),
        "How many at most.",
    ),
];
pub(in crate::http) const FILE: &[Parameter] = &[required(KEY), FORMAT, STAFF, POINT];
pub(in crate::http) const REPORT: &[Parameter] = &[KEY, FORMAT, STAFF];
pub(in crate::http) const LIST: &[Parameter] = &[
    parameter(
        "status",
        ParameterLocation::Query,
        ParameterType::Number(1, 10, None),
        "Only those of this status.",
    ),
    parameter(
        "agency",
        ParameterLocation::Query,
        ParameterType::Pattern(Key::PATTERN),
        "Only those of this agency.",
    ),
    parameter(
        "reference",
        ParameterLocation::Query,
        ParameterType::Text(REFERENCE_CHARACTERS),
        "The submitter's reference, whole.",
    ),
    parameter(
        "code",
        ParameterLocation::Query,
        ParameterType::Pattern(DossierCode::PATTERN),
        "The official dossier code, whole.",
    ),
    parameter(
        "parked",
        ParameterLocation::Query,
        ParameterType::Truth,
        "Only those that wait for the operator.",
    ),
    parameter(
        "after",
        ParameterLocation::Query,
        ParameterType::Pattern("^dos_[0-9a-f]{32}$"),
        "`next` of the page before.",
    ),
    parameter(
        "limit",
        ParameterLocation::Query,
        ParameterType::Number(1, DOSSIER_PAGE.0 as i64, Some(DOSSIER_PAGE.1 as i64)),
        "How many at most.",
    ),
];
pub(in crate::http) const REFUSAL: &[Parameter] = &[parameter(
    "refusal",
    ParameterLocation::Path,
    ParameterType::Pattern("^rfs_[0-9a-f]{32}$"),
    "`refusal` of the problem document.",
)];
pub(in crate::http) const REFUSED: &[Parameter] = &[
    parameter(
        "tenant",
        ParameterLocation::Query,
        ParameterType::Pattern(TenantKey::PATTERN),
        "Only those of this tenant.",
    ),
    parameter(
        "since",
        ParameterLocation::Query,
        ParameterType::Moment,
        "Only those refused at this moment or later (RFC 3339).",
    ),
    parameter(
        "until",
        ParameterLocation::Query,
        ParameterType::Moment,
        "Only those refused before this moment (RFC 3339).",
    ),
    parameter(
        "after",
        ParameterLocation::Query,
        ParameterType::Pattern("^[0-9]{1,18}-rfs_[0-9a-f]{32}$"),
        "`next` of the page before.",
    ),
    parameter(
        "limit",
        ParameterLocation::Query,
        ParameterType::Number(1, DOSSIER_PAGE.0 as i64, Some(DOSSIER_PAGE.1 as i64)),
        "How many at most.",
    ),
];
pub(in crate::http) const FEED: &[Parameter] = &[
    parameter(
        "after",
        ParameterLocation::Query,
        ParameterType::Pattern(Cursor::PATTERN),
        "`next` of the page before; `0`, or nothing, is the beginning.",
    ),
    WAIT,
    parameter(
        "limit",
        ParameterLocation::Query,
        ParameterType::Number(1, FEED_PAGE.0 as i64, Some(FEED_PAGE.1 as i64)),
        "How many at most.",
    ),
];
pub(in crate::http) const ALARMS: &[Parameter] = &[
    parameter(
        "after",
        ParameterLocation::Query,
        ParameterType::Pattern(Cursor::PATTERN),
        "`next` of the page before; `0`, or nothing, is the beginning.",
    ),
    parameter(
        "near",
        ParameterLocation::Query,
        ParameterType::Truth,
        "Warnings of limits that are near, too.",
    ),
    parameter(
        "limit",
        ParameterLocation::Query,
        ParameterType::Number(1, ALARM_PAGE.0 as i64, Some(ALARM_PAGE.1 as i64)),
        "How many at most.",
    ),
];
pub(in crate::http) const IRREGULARITIES: &[Parameter] = &[
    parameter(
        "after",
        ParameterLocation::Query,
        ParameterType::Pattern(Cursor::PATTERN),
        "`next` of the page before; `0`, or nothing, is the beginning.",
    ),
    parameter(
        "agency",
        ParameterLocation::Query,
        ParameterType::Pattern(Key::PATTERN),
        "Only of dossiers this agency was responsible for.",
    ),
    parameter(
        "limit",
        ParameterLocation::Query,
        ParameterType::Number(1, ALARM_PAGE.0 as i64, Some(ALARM_PAGE.1 as i64)),
        "How many at most.",
    ),
];
pub(in crate::http) const PERIOD: &[Parameter] = &[
    parameter(
        "from",
        ParameterLocation::Query,
        ParameterType::Pattern(DATE),
        "The first day, in Vietnam; thirty days with `to` when it is left out.",
    ),
    parameter(
        "to",
        ParameterLocation::Query,
        ParameterType::Pattern(DATE),
        "The last day, in Vietnam; today when it is left out. At most 366 days from `from`.",
    ),
];
pub(in crate::http) const TAKE: &[Parameter] = &[
    parameter(
        "max",
        ParameterLocation::Query,
        ParameterType::Number(1, INBOX_PAGE.0 as i64, Some(INBOX_PAGE.1 as i64)),
        "How many messages at most.",
    ),
    WAIT,
];
pub(in crate::http) const TENANT: &[Parameter] = &[parameter(
    "key",
    ParameterLocation::Path,
    ParameterType::Pattern(TenantKey::PATTERN),
    "The tenant's stable name.",
)];
pub(in crate::http) const TENANTS: &[Parameter] = &[
    parameter(
        "kind",
        ParameterLocation::Query,
        ParameterType::Pattern("^(enterprise|agent|branch|agency|operator)$"),
        "Only those of this kind.",
    ),
    parameter(
        "ending_within_days",
        ParameterLocation::Query,
        ParameterType::Number(0, 3650, None),
        "Only those of which a certificate ends within so many days.",
    ),
    parameter(
        "after",
        ParameterLocation::Query,
        ParameterType::Pattern(TenantKey::PATTERN),
        "`next` of the page before.",
    ),
    parameter(
        "limit",
        ParameterLocation::Query,
        ParameterType::Number(1, TENANT_PAGE.0 as i64, Some(TENANT_PAGE.1 as i64)),
        "How many at most.",
    ),
];
pub(in crate::http) const AUDIT: &[Parameter] = &[
    parameter(
        "subject",
        ParameterLocation::Query,
        ParameterType::Text(100),
        "Only on this: a tenant's key, a tracking id, `directory`.",
    ),
    parameter(
        "action",
        ParameterLocation::Query,
        ParameterType::Pattern(Action::PATTERN),
        "Only of this kind.",
    ),
    parameter(
        "before",
        ParameterLocation::Query,
        ParameterType::Number(1, i64::MAX, None),
        "`next` of the page before.",
    ),
    parameter(
        "limit",
        ParameterLocation::Query,
        ParameterType::Number(1, AUDIT_PAGE.0 as i64, Some(AUDIT_PAGE.1 as i64)),
        "How many at most.",
    ),
];
pub(in crate::http) const DELIVERY: &[Parameter] = &[parameter(
    "id",
    ParameterLocation::Path,
    ParameterType::Pattern("^dlv_[0-9a-f]{32}$"),
    "A delivery.",
)];
pub(in crate::http) const CARRIED: &[Parameter] = &[
    parameter(
        "state",
        ParameterLocation::Query,
        ParameterType::Pattern("^(waiting|queued|handed|acknowledged|parked)$"),
        "Only those of this state: parked, when nothing is said; waiting or queued are those being tried again.",
    ),
    parameter(
        "agency",
        ParameterLocation::Query,
        ParameterType::Pattern(Key::PATTERN),
        "Only those to this agency.",
    ),
    parameter(
        "failure",
        ParameterLocation::Query,
        ParameterType::Pattern(Failure::PATTERN),
        "Only those of this failure.",
    ),
    parameter(
        "after",
        ParameterLocation::Query,
        ParameterType::Pattern("^dlv_[0-9a-f]{32}$"),
        "`next` of the page before.",
    ),
    parameter(
        "limit",
        ParameterLocation::Query,
        ParameterType::Number(1, DELIVERY_PAGE.0 as i64, Some(DELIVERY_PAGE.1 as i64)),
        "How many at most.",
    ),
];
pub(in crate::http) const WAY: Parameter = parameter(
    "way",
    ParameterLocation::Query,
    ParameterType::Pattern("^(webhook|queue)$"),
    "Which way.",
);
pub(in crate::http) const BEFORE: Parameter = parameter(
    "before",
    ParameterLocation::Query,
    ParameterType::Pattern(AttemptCursor::PATTERN),
    "`next` of the page before.",
);
pub(in crate::http) const ATTEMPTS_AT_ONCE: Parameter = parameter(
    "limit",
    ParameterLocation::Query,
    ParameterType::Number(1, ATTEMPT_PAGE.0 as i64, Some(ATTEMPT_PAGE.1 as i64)),
    "How many at most.",
);
pub(in crate::http) const TRIED: &[Parameter] = &[WAY, BEFORE, ATTEMPTS_AT_ONCE];
pub(in crate::http) const TRIED_OF: &[Parameter] = &[
    required(parameter(
        "tenant",
        ParameterLocation::Query,
        ParameterType::Pattern(TenantKey::PATTERN),
        "Whose.",
    )),
    BEFORE,
    ATTEMPTS_AT_ONCE,
];
pub(in crate::http) const LANGUAGE: Parameter = parameter(
    "lang",
    ParameterLocation::Query,
    ParameterType::Anything,
    "Language of the page, vi or en; else what the browser asks for.",
);
pub(in crate::http) const PAGE: &[Parameter] = &[LANGUAGE];
pub(in crate::http) const LABEL: &[Parameter] = &[
    parameter(
        "label",
        ParameterLocation::Path,
        ParameterType::Pattern("^[a-z-]+$"),
        "A label.",
    ),
    LANGUAGE,
];
pub(in crate::http) const ASSET: &[Parameter] = &[parameter(
    "file",
    ParameterLocation::Path,
    ParameterType::Pattern("^[a-z.-]+$"),
    "A file of the pages.",
)];
pub(in crate::http) const SEEN: &[Parameter] = &[DOSSIER, LANGUAGE];
