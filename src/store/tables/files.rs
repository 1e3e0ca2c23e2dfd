//! Files: uploaded, named, wrapped, read.

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
        /// reads.number
        number -> BigInt,
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
