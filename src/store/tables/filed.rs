//! Dossiers: what was filed, where it stands, what runs on it, what was refused.

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
        /// submissions.format_version
        format_version -> Nullable<BigInt>,
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
        /// dossiers.receiving_unit
        receiving_unit -> Nullable<Text>,
        /// dossiers.supervisor
        supervisor -> Nullable<Text>,
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
        /// dossiers.spoken
        spoken -> Text,
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
        /// dossiers.claimed_code
        claimed_code -> Nullable<Text>,
        /// dossiers.open_matters
        open_matters -> Nullable<Text>,
        /// dossiers.tasks
        tasks -> Nullable<Text>,
        /// dossiers.time_limit
        time_limit -> Text,
        /// dossiers.acceptance_due
        acceptance_due -> Nullable<Moment>,
        /// dossiers.forecast_due
        forecast_due -> Nullable<Moment>,
        /// dossiers.due
        due -> Nullable<Moment>,
        /// dossiers.promised_due
        promised_due -> Nullable<Moment>,
        /// dossiers.promise_holds
        promise_holds -> Bool,
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
        /// dossiers.likeness
        likeness -> Nullable<Binary>,
        /// dossiers.twin
        twin -> Nullable<Text>,
        /// dossiers.running
        running -> Nullable<Text>,
        /// dossiers.look_at
        look_at -> Nullable<Moment>,
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

    /// Limits of dossiers that are near or have passed, until what they wait for happens.
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

    /// What was done although a rule was broken, one row an event.
    irregularities (seq) {
        /// irregularities.seq
        seq -> BigInt,
        /// irregularities.at
        at -> Moment,
        /// irregularities.dossier
        dossier -> Text,
        /// irregularities.agency
        agency -> Nullable<Text>,
        /// irregularities.tenant
        tenant -> Text,
        /// irregularities.label
        label -> Text,
        /// irregularities.status
        status -> SmallInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// How many of them, by day in Vietnam, agency and broken rule: what the quality index is computed from.
    irregular_counts (day, agency, label) {
        /// irregular_counts.day
        day -> Text,
        /// irregular_counts.agency
        agency -> Text,
        /// irregular_counts.label
        label -> Text,
        /// irregular_counts.count
        count -> BigInt,
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
