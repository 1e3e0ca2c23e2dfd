//! The tables as diesel sees them. A test holds both live databases to these files, column by column.

mod carrying;
mod chain;
mod filed;
mod files;
mod register;
mod versions;

pub use carrying::*;
pub use chain::*;
pub use filed::*;
pub use files::*;
pub use register::*;
pub use versions::*;

diesel::allow_tables_to_appear_in_same_query!(
    settings,
    head,
    writer,
    blocks,
    tenants,
    certificates,
    staff,
    points,
    code_counters,
    directories,
    formats,
    format_uses,
    format_drifts,
    audit,
    submissions,
    dossiers,
    contents,
    dossier_parties,
    natural_keys,
    idempotency_keys,
    events,
    feed,
    deliveries,
    endpoints,
    attempts,
    subscriptions,
    subscription_secrets,
    way_positions,
    notices,
    notice_attempts,
    watches,
    alarms,
    refusals,
    blobs,
    attachments,
    wraps,
    reads
);
