//! What is carried: to agencies, and to submitters.

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
        /// deliveries.send_at
        send_at -> Nullable<Moment>,
        /// deliveries.send_leased_until
        send_leased_until -> Nullable<Moment>,
        /// deliveries.send_attempts
        send_attempts -> Integer,
        /// deliveries.format_version
        format_version -> Nullable<BigInt>,
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

    /// How a submitting tenant wants to be told, beside its feed: at most one webhook and one queue each.
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
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// How far each way of a submitter has come: the cursor says up to where it has been told, but for what has a notice; what comes after
    /// it is told by the hub that holds the way. The row with the highest number is the one that holds.
    way_positions (tenant, way, number) {
        /// way_positions.tenant
        tenant -> Text,
        /// way_positions.way
        way -> Text,
        /// way_positions.number
        number -> BigInt,
        /// way_positions.cursor
        cursor -> BigInt,
        /// way_positions.held_by
        held_by -> Nullable<Text>,
        /// way_positions.held_until
        held_until -> Nullable<Moment>,
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

    /// Events that a subscriber could not be told of yet, those that hang, and what waits behind such. Leased, sent, deleted. Number 0 is
    /// the test event.
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
