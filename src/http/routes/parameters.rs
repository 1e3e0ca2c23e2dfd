//! What routes take beside their bodies: each parameter, and the lists of those that go together.

use super::row::{Parameter, Place, Values};
use crate::domain::audit::Action;
use crate::domain::codes::{DossierCode, Key};
use crate::domain::failure::Failure;
use crate::domain::tenant::TenantKey;
use crate::domain::view::{AttemptCursor, Cursor};
use crate::http::limits::{
    ALARM_PAGE, ATTEMPT_PAGE, AUDIT_PAGE, DELIVERY_PAGE, DOSSIER_PAGE, FEED_PAGE, INBOX_PAGE, READ_PAGE,
    REFERENCE_CHARACTERS, TENANT_PAGE, WAIT_SECONDS,
};

const fn parameter(name: &'static str, place: Place, values: Values, about: &'static str) -> Parameter {
    Parameter {
        name,
        place,
        required: matches!(place, Place::Path),
        values,
        about,
    }
}

pub(super) const fn required(parameter: Parameter) -> Parameter {
    Parameter {
        required: true,
        ..parameter
    }
}

/// A day, RFC 3339.
const DATE: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";

pub(super) const DOSSIER: Parameter = parameter(
    "id",
    Place::Path,
    Values::Pattern("^dos_[0-9a-f]{32}$"),
    "The hub's tracking id.",
);
pub(super) const KEY: Parameter = parameter(
    "Idempotency-Key",
    Place::Header,
    Values::Pattern("^[!-~]{1,128}$"),
    "One value for one act; the same bytes with the same key are answered with the stored answer for 30 days.",
);
pub(super) const FORMAT: Parameter = parameter(
    "Submission-Format",
    Place::Header,
    Values::Pattern("^[a-z0-9-]+/v[0-9]+$"),
    "Name and version of the format, for a tenant with several of the same media type.",
);
pub(super) const STAFF: Parameter = parameter(
    "Acting-Staff",
    Place::Header,
    Values::Pattern(Key::PATTERN),
    "Who acts, by the tenant's own register. Required of postal agents.",
);
pub(super) const POINT: Parameter = parameter(
    "Receiving-Point",
    Place::Header,
    Values::Pattern(Key::PATTERN),
    "The receiving point where it happens, one of the tenant's own.",
);
pub(super) const WAIT: Parameter = parameter(
    "wait",
    Place::Query,
    Values::Number(0, WAIT_SECONDS as i64, Some(0)),
    "Seconds to wait for something new.",
);
pub(super) const ACT: &[Parameter] = &[DOSSIER, required(KEY), STAFF, POINT];
pub(super) const ONE: &[Parameter] = &[DOSSIER];
pub(super) const BLOB: &[Parameter] = &[parameter(
    "sha256",
    Place::Path,
    Values::Pattern("^([sS][hH][aA]-?256[:=-])?[0-9A-Fa-f]{64}$"),
    "SHA-256 of the file: 64 hexadecimal digits, in lower case as the hub writes them or in capitals, with or without `sha256:`.",
)];
pub(super) const PUT_BLOB: &[Parameter] = &[BLOB[0], STAFF];
pub(super) const NTH: Parameter = parameter(
    "n",
    Place::Path,
    Values::Number(1, i32::MAX as i64, None),
    "Number of the file in the dossier.",
);
pub(super) const ATTACHMENT_HEAD: &[Parameter] = &[DOSSIER, NTH, STAFF];
pub(super) const ATTACHMENT: &[Parameter] = &[
    DOSSIER,
    NTH,
    STAFF,
    parameter(
        "Range",
        Place::Header,
        Values::Anything,
        "One range of bytes, as `bytes=0-1023` (RFC 9110, 14.2). Anything else is read as if it were left out.",
    ),
    parameter(
        "If-Range",
        Place::Header,
        Values::Anything,
        "The `ETag` of the part one has: with another, the whole file is sent.",
    ),
];
pub(super) const READS: &[Parameter] = &[
    DOSSIER,
    parameter(
        "after",
        Place::Query,
        Values::Pattern("^rdg_[0-9a-f]{32}$"),
        "`next` of the page before.",
    ),
    parameter(
        "limit",
        Place::Query,
        Values::Number(1, READ_PAGE.0 as i64, Some(READ_PAGE.1 as i64)),
        "How many at most.",
    ),
];
pub(super) const FILE: &[Parameter] = &[required(KEY), FORMAT, STAFF, POINT];
pub(super) const REPORT: &[Parameter] = &[KEY, FORMAT, STAFF];
pub(super) const LIST: &[Parameter] = &[
    parameter(
        "status",
        Place::Query,
        Values::Number(1, 10, None),
        "Only those of this status.",
    ),
    parameter(
        "agency",
        Place::Query,
        Values::Pattern(Key::PATTERN),
        "Only those of this agency.",
    ),
    parameter(
        "reference",
        Place::Query,
        Values::Text(REFERENCE_CHARACTERS),
        "The submitter's reference, whole.",
    ),
    parameter(
        "code",
        Place::Query,
        Values::Pattern(DossierCode::PATTERN),
        "The official dossier code, whole.",
    ),
    parameter(
        "parked",
        Place::Query,
        Values::Truth,
        "Only those that wait for the operator.",
    ),
    parameter(
        "after",
        Place::Query,
        Values::Pattern("^dos_[0-9a-f]{32}$"),
        "`next` of the page before.",
    ),
    parameter(
        "limit",
        Place::Query,
        Values::Number(1, DOSSIER_PAGE.0 as i64, Some(DOSSIER_PAGE.1 as i64)),
        "How many at most.",
    ),
];
pub(super) const REFUSAL: &[Parameter] = &[parameter(
    "refusal",
    Place::Path,
    Values::Pattern("^rfs_[0-9a-f]{32}$"),
    "`refusal` of the problem document.",
)];
pub(super) const REFUSED: &[Parameter] = &[
    parameter(
        "tenant",
        Place::Query,
        Values::Pattern(TenantKey::PATTERN),
        "Only those of this tenant.",
    ),
    parameter(
        "since",
        Place::Query,
        Values::Moment,
        "Only those refused at this moment or later (RFC 3339).",
    ),
    parameter(
        "until",
        Place::Query,
        Values::Moment,
        "Only those refused before this moment (RFC 3339).",
    ),
    parameter(
        "after",
        Place::Query,
        Values::Pattern("^[0-9]{1,18}-rfs_[0-9a-f]{32}$"),
        "`next` of the page before.",
    ),
    parameter(
        "limit",
        Place::Query,
        Values::Number(1, DOSSIER_PAGE.0 as i64, Some(DOSSIER_PAGE.1 as i64)),
        "How many at most.",
    ),
];
pub(super) const FEED: &[Parameter] = &[
    parameter(
        "after",
        Place::Query,
        Values::Pattern(Cursor::PATTERN),
        "`next` of the page before; `0`, or nothing, is the beginning.",
    ),
    WAIT,
    parameter(
        "limit",
        Place::Query,
        Values::Number(1, FEED_PAGE.0 as i64, Some(FEED_PAGE.1 as i64)),
        "How many at most.",
    ),
];
pub(super) const ALARMS: &[Parameter] = &[
    parameter(
        "after",
        Place::Query,
        Values::Pattern(Cursor::PATTERN),
        "`next` of the page before; `0`, or nothing, is the beginning.",
    ),
    parameter(
        "near",
        Place::Query,
        Values::Truth,
        "Warnings of limits that are near, too.",
    ),
    parameter(
        "limit",
        Place::Query,
        Values::Number(1, ALARM_PAGE.0 as i64, Some(ALARM_PAGE.1 as i64)),
        "How many at most.",
    ),
];
pub(super) const IRREGULARITIES: &[Parameter] = &[
    parameter(
        "after",
        Place::Query,
        Values::Pattern(Cursor::PATTERN),
        "`next` of the page before; `0`, or nothing, is the beginning.",
    ),
    parameter(
        "agency",
        Place::Query,
        Values::Pattern(Key::PATTERN),
        "Only of dossiers this agency was responsible for.",
    ),
    parameter(
        "limit",
        Place::Query,
        Values::Number(1, ALARM_PAGE.0 as i64, Some(ALARM_PAGE.1 as i64)),
        "How many at most.",
    ),
];
pub(super) const PERIOD: &[Parameter] = &[
    parameter(
        "from",
        Place::Query,
        Values::Pattern(DATE),
        "The first day, in Vietnam; thirty days with `to` when it is left out.",
    ),
    parameter(
        "to",
        Place::Query,
        Values::Pattern(DATE),
        "The last day, in Vietnam; today when it is left out. At most 366 days from `from`.",
    ),
];
pub(super) const TAKE: &[Parameter] = &[
    parameter(
        "max",
        Place::Query,
        Values::Number(1, INBOX_PAGE.0 as i64, Some(INBOX_PAGE.1 as i64)),
        "How many messages at most.",
    ),
    WAIT,
];
pub(super) const TENANT: &[Parameter] = &[parameter(
    "key",
    Place::Path,
    Values::Pattern(TenantKey::PATTERN),
    "The tenant's stable name.",
)];
pub(super) const TENANTS: &[Parameter] = &[
    parameter(
        "kind",
        Place::Query,
        Values::Pattern("^(enterprise|agent|branch|agency|operator)$"),
        "Only those of this kind.",
    ),
    parameter(
        "ending_within_days",
        Place::Query,
        Values::Number(0, 3650, None),
        "Only those of which a certificate ends within so many days.",
    ),
    parameter(
        "after",
        Place::Query,
        Values::Pattern(TenantKey::PATTERN),
        "`next` of the page before.",
    ),
    parameter(
        "limit",
        Place::Query,
        Values::Number(1, TENANT_PAGE.0 as i64, Some(TENANT_PAGE.1 as i64)),
        "How many at most.",
    ),
];
pub(super) const AUDIT: &[Parameter] = &[
    parameter(
        "subject",
        Place::Query,
        Values::Text(100),
        "Only on this: a tenant's key, a tracking id, `directory`.",
    ),
    parameter(
        "action",
        Place::Query,
        Values::Pattern(Action::PATTERN),
        "Only of this kind.",
    ),
    parameter(
        "before",
        Place::Query,
        Values::Number(1, i64::MAX, None),
        "`next` of the page before.",
    ),
    parameter(
        "limit",
        Place::Query,
        Values::Number(1, AUDIT_PAGE.0 as i64, Some(AUDIT_PAGE.1 as i64)),
        "How many at most.",
    ),
];
pub(super) const DELIVERY: &[Parameter] = &[parameter(
    "id",
    Place::Path,
    Values::Pattern("^dlv_[0-9a-f]{32}$"),
    "A delivery.",
)];
pub(super) const CARRIED: &[Parameter] = &[
    parameter(
        "state",
        Place::Query,
        Values::Pattern("^(waiting|queued|handed|acknowledged|parked)$"),
        "Only those of this state: parked, when nothing is said; waiting or queued are those being tried again.",
    ),
    parameter(
        "agency",
        Place::Query,
        Values::Pattern(Key::PATTERN),
        "Only those to this agency.",
    ),
    parameter(
        "failure",
        Place::Query,
        Values::Pattern(Failure::PATTERN),
        "Only those of this failure.",
    ),
    parameter(
        "after",
        Place::Query,
        Values::Pattern("^dlv_[0-9a-f]{32}$"),
        "`next` of the page before.",
    ),
    parameter(
        "limit",
        Place::Query,
        Values::Number(1, DELIVERY_PAGE.0 as i64, Some(DELIVERY_PAGE.1 as i64)),
        "How many at most.",
    ),
];
pub(super) const WAY: Parameter = parameter(
    "way",
    Place::Query,
    Values::Pattern("^(webhook|queue)$"),
    "Which way.",
);
pub(super) const BEFORE: Parameter = parameter(
    "before",
    Place::Query,
    Values::Pattern(AttemptCursor::PATTERN),
    "`next` of the page before.",
);
pub(super) const ATTEMPTS_AT_ONCE: Parameter = parameter(
    "limit",
    Place::Query,
    Values::Number(1, ATTEMPT_PAGE.0 as i64, Some(ATTEMPT_PAGE.1 as i64)),
    "How many at most.",
);
pub(super) const TRIED: &[Parameter] = &[WAY, BEFORE, ATTEMPTS_AT_ONCE];
pub(super) const TRIED_OF: &[Parameter] = &[
    required(parameter(
        "tenant",
        Place::Query,
        Values::Pattern(TenantKey::PATTERN),
        "Whose.",
    )),
    BEFORE,
    ATTEMPTS_AT_ONCE,
];
pub(super) const LANGUAGE: Parameter = parameter(
    "lang",
    Place::Query,
    Values::Anything,
    "Language of the page, vi or en; else what the browser asks for.",
);
pub(super) const PAGE: &[Parameter] = &[LANGUAGE];
pub(super) const LABEL: &[Parameter] = &[
    parameter("label", Place::Path, Values::Pattern("^[a-z-]+$"), "A label."),
    LANGUAGE,
];
pub(super) const ASSET: &[Parameter] = &[parameter(
    "file",
    Place::Path,
    Values::Pattern("^[a-z.-]+$"),
    "A file of the pages.",
)];
pub(super) const SEEN: &[Parameter] = &[DOSSIER, LANGUAGE];
