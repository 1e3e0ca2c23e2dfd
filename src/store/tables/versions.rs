//! Which rules messages are read and written by.

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Every version of a format that was ever in use, with its text. Never edited.
    formats (number) {
        /// formats.number
        number -> BigInt,
        /// formats.name
        name -> Text,
        /// formats.version
        version -> Integer,
        /// formats.sha256
        sha256 -> Binary,
        /// formats.kept_at
        kept_at -> Moment,
        /// formats.text
        text -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Which version stands in for all versions of its format; the newest row of a name holds.
    format_uses (name, turn) {
        /// format_uses.name
        name -> Text,
        /// format_uses.turn
        turn -> BigInt,
        /// format_uses.format
        format -> Nullable<BigInt>,
        /// format_uses.below
        below -> Nullable<BigInt>,
        /// format_uses.at
        at -> Moment,
        /// format_uses.tenant
        tenant -> Text,
        /// format_uses.staff
        staff -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// Files that hubs began with though another text is in use under their name.
    format_drifts (format, sha256) {
        /// format_drifts.format
        format -> BigInt,
        /// format_drifts.sha256
        sha256 -> Binary,
        /// format_drifts.since
        since -> Moment,
        /// format_drifts.seen_at
        seen_at -> Moment,
    }
}
