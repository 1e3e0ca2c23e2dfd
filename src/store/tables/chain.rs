//! The chain, and what makes a call or a name one: settings, head, blocks, events, feeds, keys.

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

    /// The one row that whoever writes locks first; it serialises the ledgers of several hubs. Nothing in it changes.
    writer (id) {
        /// writer.id
        id -> SmallInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::moment::Moment;

    /// The head of the chain: last event, last block. One row, written anew with each block.
    head (block) {
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
        /// head.acts
        acts -> BigInt,
        /// head.acts_hash
        acts_hash -> Binary,
        /// head.reads
        reads -> BigInt,
        /// head.reads_hash
        reads_hash -> Binary,
        /// head.seal
        seal -> Nullable<Binary>,
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
        /// blocks.acts
        acts -> BigInt,
        /// blocks.acts_hash
        acts_hash -> Binary,
        /// blocks.reads
        reads -> BigInt,
        /// blocks.reads_hash
        reads_hash -> Binary,
        /// blocks.previous
        previous -> Binary,
        /// blocks.hash
        hash -> Binary,
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
