//! Who may speak, who is responsible, and what operators did.

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
        /// tenants.codes
        codes -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// How far the running numbers of a day have come, of the official codes that the hub gives.
    code_counters (day, unit) {
        /// code_counters.day
        day -> Text,
        /// code_counters.unit
        unit -> Text,
        /// code_counters.last
        last -> Integer,
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
        /// audit.rows
        rows -> Nullable<Text>,
        /// audit.hash
        hash -> Binary,
    }
}
