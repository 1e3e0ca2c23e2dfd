//! The tables as diesel sees them. A test holds both live databases to this file, column by column.

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// What the hubs of one database agree on: version of the register, current directory.
    settings (name) {
        /// settings.name
        name -> Text,
        /// settings.value
        value -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// The one row every committed batch moves: last event, last block. Locking it serialises the ledgers of several hubs.
    head (id) {
        /// head.id
        id -> SmallInt,
        /// head.block
        block -> BigInt,
        /// head.seq
        seq -> BigInt,
        /// head.hash
        hash -> Binary,
        /// head.at
        at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// One row a committed batch: a Merkle tree over its events, chained to the block before.
    blocks (number) {
        /// blocks.number
        number -> BigInt,
        /// blocks.first_seq
        first_seq -> BigInt,
        /// blocks.count
        count -> BigInt,
        /// blocks.at
        at -> Moment,
        /// blocks.root
        root -> Binary,
        /// blocks.previous
        previous -> Binary,
        /// blocks.hash
        hash -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Who may speak to the hub.
    tenants (key) {
        /// tenants.key
        key -> Text,
        /// tenants.name
        name -> Text,
        /// tenants.parent
        parent -> Nullable<Text>,
        /// tenants.formats
        formats -> Text,
        /// tenants.standing
        standing -> Text,
        /// tenants.standing_since
        standing_since -> Nullable<Moment>,
        /// tenants.successor_policy
        successor_policy -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Certificates pinned to tenants, by SHA-256 of their DER.
    certificates (thumbprint) {
        /// certificates.thumbprint
        thumbprint -> Binary,
        /// certificates.tenant
        tenant -> Text,
        /// certificates.not_after
        not_after -> Moment,
        /// certificates.revoked_at
        revoked_at -> Nullable<Moment>,
        /// certificates.added_at
        added_at -> Moment,
        /// certificates.warned
        warned -> Nullable<SmallInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Named persons of tenants.
    staff (tenant, id) {
        /// staff.tenant
        tenant -> Text,
        /// staff.id
        id -> Text,
        /// staff.name
        name -> Text,
        /// staff.until
        until -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Receiving points of branches.
    points (key) {
        /// points.key
        key -> Text,
        /// points.tenant
        tenant -> Text,
        /// points.name
        name -> Text,
        /// points.until
        until -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Every directory ever imported, whole, so that an old route can be explained.
    directories (version) {
        /// directories.version
        version -> Text,
        /// directories.imported_at
        imported_at -> Moment,
        /// directories.files
        files -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// What operators did, in order; each row's hash covers the row before.
    audit (number, at) {
        /// audit.number
        number -> BigInt,
        /// audit.at
        at -> Moment,
        /// audit.tenant
        tenant -> Text,
        /// audit.staff
        staff -> Nullable<Text>,
        /// audit.action
        action -> Text,
        /// audit.subject
        subject -> Text,
        /// audit.reason
        reason -> Nullable<Text>,
        /// audit.detail
        detail -> Text,
        /// audit.hash
        hash -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// The exact bytes a tenant sent. Never edited, never dropped inside their retention.
    submissions (id, received_at) {
        /// submissions.id
        id -> Text,
        /// submissions.received_at
        received_at -> Moment,
        /// submissions.tenant
        tenant -> Text,
        /// submissions.dossier
        dossier -> Text,
        /// submissions.version
        version -> Integer,
        /// submissions.format
        format -> Text,
        /// submissions.media_type
        media_type -> Text,
        /// submissions.sha256
        sha256 -> Binary,
        /// submissions.size
        size -> BigInt,
        /// submissions.receipt
        receipt -> Text,
        /// submissions.key_id
        key_id -> Text,
        /// submissions.nonce
        nonce -> Binary,
        /// submissions.ciphertext
        ciphertext -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Current state of each dossier: what its events add up to.
    dossiers (id) {
        /// dossiers.id
        id -> Text,
        /// dossiers.tenant
        tenant -> Text,
        /// dossiers.reference
        reference -> Text,
        /// dossiers.point
        point -> Nullable<Text>,
        /// dossiers.agency
        agency -> Nullable<Text>,
        /// dossiers.parked
        parked -> Nullable<Text>,
        /// dossiers.procedure
        procedure -> Text,
        /// dossiers.channel
        channel -> SmallInt,
        /// dossiers.assisted
        assisted -> Bool,
        /// dossiers.status
        status -> SmallInt,
        /// dossiers.resume
        resume -> Nullable<SmallInt>,
        /// dossiers.since
        since -> Moment,
        /// dossiers.events
        events -> Integer,
        /// dossiers.version
        version -> Integer,
        /// dossiers.supplements
        supplements -> Integer,
        /// dossiers.postponements
        postponements -> Integer,
        /// dossiers.accepted
        accepted -> Bool,
        /// dossiers.code
        code -> Nullable<Text>,
        /// dossiers.time_limit
        time_limit -> Text,
        /// dossiers.acceptance_due
        acceptance_due -> Nullable<Moment>,
        /// dossiers.forecast_due
        forecast_due -> Nullable<Moment>,
        /// dossiers.due
        due -> Nullable<Moment>,
        /// dossiers.answered_seq
        answered_seq -> Nullable<BigInt>,
        /// dossiers.content_blind
        content_blind -> Binary,
        /// dossiers.route
        route -> Text,
        /// dossiers.submission
        submission -> Text,
        /// dossiers.received_at
        received_at -> Moment,
        /// dossiers.updated_at
        updated_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Canonical content of each version of a dossier; derived from the submission, never edited.
    contents (dossier, version) {
        /// contents.dossier
        dossier -> Text,
        /// contents.version
        version -> Integer,
        /// contents.key_id
        key_id -> Text,
        /// contents.nonce
        nonce -> Binary,
        /// contents.ciphertext
        ciphertext -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Who has a part in a dossier; decides who sees it.
    dossier_parties (dossier, role, tenant, since) {
        /// dossier_parties.dossier
        dossier -> Text,
        /// dossier_parties.tenant
        tenant -> Text,
        /// dossier_parties.role
        role -> Text,
        /// dossier_parties.point
        point -> Nullable<Text>,
        /// dossier_parties.since
        since -> Moment,
        /// dossier_parties.until
        until -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// What must name one dossier only: a tenant's reference, an official code; and reports already taken.
    natural_keys (value, kind, tenant) {
        /// natural_keys.kind
        kind -> Text,
        /// natural_keys.tenant
        tenant -> Text,
        /// natural_keys.value
        value -> Text,
        /// natural_keys.dossier
        dossier -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Keys of unsafe calls with the answer they got; kept 30 days.
    idempotency_keys (key, tenant, route) {
        /// idempotency_keys.tenant
        tenant -> Text,
        /// idempotency_keys.route
        route -> Text,
        /// idempotency_keys.key
        key -> Text,
        /// idempotency_keys.request
        request -> Binary,
        /// idempotency_keys.at
        at -> Moment,
        /// idempotency_keys.status
        status -> SmallInt,
        /// idempotency_keys.key_id
        key_id -> Text,
        /// idempotency_keys.nonce
        nonce -> Binary,
        /// idempotency_keys.ciphertext
        ciphertext -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// What happened, in commit order. The leaf is sealed by its block.
    events (seq, at) {
        /// events.seq
        seq -> BigInt,
        /// events.at
        at -> Moment,
        /// events.id
        id -> Text,
        /// events.dossier
        dossier -> Text,
        /// events.number
        number -> Integer,
        /// events.block
        block -> BigInt,
        /// events.salt
        salt -> Binary,
        /// events.leaf
        leaf -> Binary,
        /// events.key_id
        key_id -> Text,
        /// events.nonce
        nonce -> Binary,
        /// events.ciphertext
        ciphertext -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Which tenant is told of which event.
    feed (tenant, seq) {
        /// feed.tenant
        tenant -> Text,
        /// feed.seq
        seq -> BigInt,
        /// feed.dossier
        dossier -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Messages to agencies and how far each has come.
    deliveries (id) {
        /// deliveries.id
        id -> Text,
        /// deliveries.dossier
        dossier -> Text,
        /// deliveries.agency
        agency -> Text,
        /// deliveries.event_seq
        event_seq -> BigInt,
        /// deliveries.event
        event -> Text,
        /// deliveries.kind
        kind -> Text,
        /// deliveries.state
        state -> Text,
        /// deliveries.since
        since -> Moment,
        /// deliveries.ready
        ready -> Bool,
        /// deliveries.attempt
        attempt -> Integer,
        /// deliveries.not_before
        not_before -> Moment,
        /// deliveries.leased_until
        leased_until -> Nullable<Moment>,
        /// deliveries.traceparent
        traceparent -> Nullable<Text>,
        /// deliveries.failure
        failure -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Deliveries the broker has not confirmed. Leased, published, deleted.
    outbox (delivery) {
        /// outbox.delivery
        delivery -> Text,
        /// outbox.agency
        agency -> Text,
        /// outbox.not_before
        not_before -> Moment,
        /// outbox.leased_until
        leased_until -> Nullable<Moment>,
        /// outbox.attempts
        attempts -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Every attempt to carry a delivery.
    attempts (delivery, number, at, outcome) {
        /// attempts.delivery
        delivery -> Text,
        /// attempts.at
        at -> Moment,
        /// attempts.number
        number -> Integer,
        /// attempts.outcome
        outcome -> Text,
        /// attempts.reason
        reason -> Nullable<Text>,
        /// attempts.failure
        failure -> Nullable<Text>,
        /// attempts.actor
        actor -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Where an agency wants its messages pushed.
    endpoints (agency) {
        /// endpoints.agency
        agency -> Text,
        /// endpoints.url
        url -> Text,
        /// endpoints.set_at
        set_at -> Moment,
        /// endpoints.set_by
        set_by -> Text,
        /// endpoints.failure
        failure -> Nullable<Text>,
        /// endpoints.failing_since
        failing_since -> Nullable<Moment>,
        /// endpoints.next_probe
        next_probe -> Nullable<Moment>,
        /// endpoints.key_id
        key_id -> Text,
        /// endpoints.nonce
        nonce -> Binary,
        /// endpoints.ciphertext
        ciphertext -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// How a submitting tenant wants to be told, beside its feed: at most one webhook and one queue each. The cursor says up
    /// to where its feed has been taken into notices.
    subscriptions (tenant, way) {
        /// subscriptions.tenant
        tenant -> Text,
        /// subscriptions.way
        way -> Text,
        /// subscriptions.state
        state -> Text,
        /// subscriptions.since
        since -> Moment,
        /// subscriptions.reason
        reason -> Nullable<Text>,
        /// subscriptions.url
        url -> Nullable<Text>,
        /// subscriptions.cursor
        cursor -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Secrets of webhooks, encrypted. The one without an end is the newest; the one before it still signs until its end.
    subscription_secrets (tenant, id) {
        /// subscription_secrets.tenant
        tenant -> Text,
        /// subscription_secrets.id
        id -> Text,
        /// subscription_secrets.since
        since -> Moment,
        /// subscription_secrets.until
        until -> Nullable<Moment>,
        /// subscription_secrets.key_id
        key_id -> Text,
        /// subscription_secrets.nonce
        nonce -> Binary,
        /// subscription_secrets.ciphertext
        ciphertext -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Events of a feed on their way to its subscriber. Leased, sent, deleted. Number 0 is the test event.
    notices (tenant, way, seq) {
        /// notices.tenant
        tenant -> Text,
        /// notices.way
        way -> Text,
        /// notices.seq
        seq -> BigInt,
        /// notices.dossier
        dossier -> Text,
        /// notices.event
        event -> Text,
        /// notices.state
        state -> Text,
        /// notices.since
        since -> Moment,
        /// notices.not_before
        not_before -> Moment,
        /// notices.leased_until
        leased_until -> Nullable<Moment>,
        /// notices.attempts
        attempts -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Every attempt to send a notice; kept 30 days.
    notice_attempts (tenant, at, way, seq, number) {
        /// notice_attempts.tenant
        tenant -> Text,
        /// notice_attempts.way
        way -> Text,
        /// notice_attempts.seq
        seq -> BigInt,
        /// notice_attempts.number
        number -> Integer,
        /// notice_attempts.at
        at -> Moment,
        /// notice_attempts.event
        event -> Text,
        /// notice_attempts.dossier
        dossier -> Text,
        /// notice_attempts.outcome
        outcome -> Text,
        /// notice_attempts.class
        class -> Nullable<Text>,
        /// notice_attempts.reason
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Limits that run on dossiers.
    watches (dossier, kind) {
        /// watches.dossier
        dossier -> Text,
        /// watches.kind
        kind -> Text,
        /// watches.due_at
        due_at -> Moment,
        /// watches.warn_at
        warn_at -> Nullable<Moment>,
        /// watches.stage
        stage -> Text,
        /// watches.next_at
        next_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// What was told of a limit, once for each cause.
    alarms (number) {
        /// alarms.number
        number -> BigInt,
        /// alarms.cause
        cause -> Text,
        /// alarms.at
        at -> Moment,
        /// alarms.kind
        kind -> Text,
        /// alarms.passed
        passed -> Bool,
        /// alarms.due_at
        due_at -> Moment,
        /// alarms.dossier
        dossier -> Nullable<Text>,
        /// alarms.agency
        agency -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Documents that were refused, with why; kept for a time, within the quota of their tenant.
    refusals (id) {
        /// refusals.id
        id -> Text,
        /// refusals.tenant
        tenant -> Text,
        /// refusals.kind
        kind -> Text,
        /// refusals.format
        format -> Nullable<Text>,
        /// refusals.media_type
        media_type -> Text,
        /// refusals.sha256
        sha256 -> Binary,
        /// refusals.size
        size -> BigInt,
        /// refusals.count
        count -> Integer,
        /// refusals.first_at
        first_at -> Moment,
        /// refusals.last_at
        last_at -> Moment,
        /// refusals.problems
        problems -> Text,
        /// refusals.key_id
        key_id -> Text,
        /// refusals.nonce
        nonce -> Binary,
        /// refusals.ciphertext
        ciphertext -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// What each dossier is about, as a blind index, and which dossier of the same likeness was there first.
    likenesses (dossier) {
        /// likenesses.dossier
        dossier -> Text,
        /// likenesses.blind
        blind -> Binary,
        /// likenesses.twin
        twin -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Files tenants have uploaded, by a keyed index of their digest.
    blobs (blind, tenant) {
        /// blobs.tenant
        tenant -> Text,
        /// blobs.blind
        blind -> Binary,
        /// blobs.object
        object -> Text,
        /// blobs.size
        size -> BigInt,
        /// blobs.uploaded_at
        uploaded_at -> Moment,
        /// blobs.unused_since
        unused_since -> Nullable<Moment>,
        /// blobs.key_id
        key_id -> Nullable<Text>,
        /// blobs.nonce
        nonce -> Nullable<Binary>,
        /// blobs.ciphertext
        ciphertext -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// The files a dossier names, by the event that named them.
    attachments (dossier, number, position) {
        /// attachments.dossier
        dossier -> Text,
        /// attachments.number
        number -> Integer,
        /// attachments.position
        position -> Integer,
        /// attachments.kind
        kind -> Text,
        /// attachments.tenant
        tenant -> Text,
        /// attachments.blind
        blind -> Binary,
        /// attachments.named_at
        named_at -> Moment,
        /// attachments.arrived_at
        arrived_at -> Nullable<Moment>,
        /// attachments.superseded
        superseded -> Bool,
        /// attachments.key_id
        key_id -> Text,
        /// attachments.nonce
        nonce -> Binary,
        /// attachments.ciphertext
        ciphertext -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// The data key of a file, wrapped for one dossier that names it.
    wraps (dossier, tenant, blind) {
        /// wraps.dossier
        dossier -> Text,
        /// wraps.tenant
        tenant -> Text,
        /// wraps.blind
        blind -> Binary,
        /// wraps.object
        object -> Text,
        /// wraps.key_id
        key_id -> Text,
        /// wraps.nonce
        nonce -> Binary,
        /// wraps.ciphertext
        ciphertext -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Who read what of which dossier.
    reads (id, at) {
        /// reads.id
        id -> Text,
        /// reads.at
        at -> Moment,
        /// reads.dossier
        dossier -> Text,
        /// reads.tenant
        tenant -> Text,
        /// reads.staff
        staff -> Nullable<Text>,
        /// reads.point
        point -> Nullable<Text>,
        /// reads.what
        what -> Text,
        /// reads.attachment
        attachment -> Nullable<Integer>,
        /// reads.first_byte
        first_byte -> Nullable<BigInt>,
        /// reads.last_byte
        last_byte -> Nullable<BigInt>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    settings,
    head,
    blocks,
    tenants,
    certificates,
    staff,
    points,
    directories,
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
    outbox,
    endpoints,
    attempts,
    subscriptions,
    subscription_secrets,
    notices,
    notice_attempts,
    watches,
    alarms,
    refusals,
    likenesses,
    blobs,
    attachments,
    wraps,
    reads
);
