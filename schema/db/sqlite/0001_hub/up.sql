-- What the hubs of one database agree on: version of the register, current directory.
CREATE TABLE settings (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

-- The one row every committed batch moves: last event, last block, last act, last read; the seal is over its hash, by a key the
-- database does not have. Locking it serialises the ledgers of several hubs.
CREATE TABLE head (
    id INTEGER NOT NULL,
    block INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    at TEXT NOT NULL,
    acts INTEGER NOT NULL,
    acts_hash BLOB NOT NULL,
    reads INTEGER NOT NULL,
    reads_hash BLOB NOT NULL,
    seal BLOB,
    PRIMARY KEY (id)
) STRICT;

-- One row a committed batch: a Merkle tree over its events and how far acts and reads have come, chained to the block before.
CREATE TABLE blocks (
    number INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    count INTEGER NOT NULL,
    at TEXT NOT NULL,
    root BLOB NOT NULL,
    acts INTEGER NOT NULL,
    acts_hash BLOB NOT NULL,
    reads INTEGER NOT NULL,
    reads_hash BLOB NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (number)
) STRICT;

-- Who may speak to the hub.
CREATE TABLE tenants (
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    parent TEXT,
    formats TEXT NOT NULL,
    standing TEXT NOT NULL,
    standing_since TEXT,
    PRIMARY KEY (key)
) STRICT;

-- Certificates pinned to tenants, by SHA-256 of their DER.
CREATE TABLE certificates (
    thumbprint BLOB NOT NULL,
    tenant TEXT NOT NULL,
    not_after TEXT NOT NULL,
    revoked_at TEXT,
    added_at TEXT NOT NULL,
    PRIMARY KEY (thumbprint)
) STRICT;
CREATE INDEX certificates_by_tenant ON certificates (tenant);

-- Named persons of tenants.
CREATE TABLE staff (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

-- Receiving points of branches.
CREATE TABLE points (
    key TEXT NOT NULL,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (key)
) STRICT;

-- Every directory ever imported, whole, so that an old route can be explained.
CREATE TABLE directories (
    version TEXT NOT NULL,
    imported_at TEXT NOT NULL,
    files BLOB NOT NULL,
    PRIMARY KEY (version)
) STRICT;

-- The exact bytes a tenant sent. Never edited, never dropped inside their retention.
CREATE TABLE submissions (
    id TEXT NOT NULL,
    received_at TEXT NOT NULL,
    tenant TEXT NOT NULL,
    dossier TEXT NOT NULL,
    version INTEGER NOT NULL,
    format TEXT NOT NULL,
    media_type TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    size INTEGER NOT NULL,
    receipt TEXT NOT NULL,
    refused TEXT,
    key_id TEXT NOT NULL,
    nonce BLOB NOT NULL,
    ciphertext BLOB NOT NULL,
    PRIMARY KEY (id, received_at)
) STRICT;
CREATE INDEX submissions_by_dossier ON submissions (dossier);

-- Current state of each dossier: what its events add up to.
CREATE TABLE dossiers (
    id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    reference TEXT NOT NULL,
    point TEXT,
    receiving_unit TEXT,
    supervisor TEXT,
    agency TEXT,
    parked TEXT,
    procedure TEXT NOT NULL,
    channel INTEGER NOT NULL,
    assisted INTEGER NOT NULL,
    status INTEGER NOT NULL,
    resume INTEGER,
    since TEXT NOT NULL,
    -- What each sender last stated by its own clock: JSON, moments by tenant.
    spoken TEXT NOT NULL,
    events INTEGER NOT NULL,
    version INTEGER NOT NULL,
    supplements INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    code TEXT,
    claimed_code TEXT,
    -- Opinions and fees that are open: JSON; none where nothing ever was.
    open_matters TEXT,
    time_limit TEXT NOT NULL,
    acceptance_due TEXT,
    forecast_due TEXT,
    due TEXT,
    -- The date on the receipt the applicant holds, and whether it still holds.
    promised_due TEXT,
    promise_holds INTEGER NOT NULL,
    answered_seq INTEGER,
    content_blind BLOB NOT NULL,
    route TEXT NOT NULL,
    submission TEXT NOT NULL,
    received_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (id)
) STRICT;
CREATE INDEX dossiers_by_tenant_id ON dossiers (tenant, id);
CREATE INDEX dossiers_by_agency_id ON dossiers (agency, id);
CREATE INDEX dossiers_by_status_id ON dossiers (status, id);
CREATE INDEX dossiers_by_claimed_code ON dossiers (claimed_code, id) WHERE claimed_code IS NOT NULL;
CREATE INDEX dossiers_parked ON dossiers (id) WHERE parked IS NOT NULL;

-- Canonical content of each version of a dossier; derived from the submission, never edited.
CREATE TABLE contents (
    dossier TEXT NOT NULL,
    version INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    nonce BLOB NOT NULL,
    ciphertext BLOB NOT NULL,
    PRIMARY KEY (dossier, version)
) STRICT;

-- Who has a part in a dossier; decides who sees it.
CREATE TABLE dossier_parties (
    dossier TEXT NOT NULL,
    tenant TEXT NOT NULL,
    role TEXT NOT NULL,
    point TEXT,
    since TEXT NOT NULL,
    until TEXT,
    PRIMARY KEY (dossier, role, tenant, since)
) STRICT, WITHOUT ROWID;
CREATE INDEX dossier_parties_by_tenant_dossier ON dossier_parties (tenant, dossier);

-- What must name one dossier only: a tenant's reference, an official code; and reports already taken.
CREATE TABLE natural_keys (
    kind TEXT NOT NULL,
    tenant TEXT NOT NULL,
    value TEXT NOT NULL,
    dossier TEXT NOT NULL,
    PRIMARY KEY (value, kind, tenant)
) STRICT, WITHOUT ROWID;

-- Keys of unsafe calls with the answer they got; kept 30 days.
CREATE TABLE idempotency_keys (
    tenant TEXT NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    request BLOB NOT NULL,
    at TEXT NOT NULL,
    status INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    nonce BLOB NOT NULL,
    ciphertext BLOB NOT NULL,
    PRIMARY KEY (key, tenant, route)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_at ON idempotency_keys (at);

-- What happened, in commit order. The leaf is sealed by its block.
CREATE TABLE events (
    seq INTEGER NOT NULL,
    at TEXT NOT NULL,
    id TEXT NOT NULL,
    dossier TEXT NOT NULL,
    number INTEGER NOT NULL,
    block INTEGER NOT NULL,
    salt BLOB NOT NULL,
    leaf BLOB NOT NULL,
    key_id TEXT NOT NULL,
    nonce BLOB NOT NULL,
    ciphertext BLOB NOT NULL,
    PRIMARY KEY (seq, at)
) STRICT;
CREATE INDEX events_by_dossier_number ON events (dossier, number);
CREATE INDEX events_by_block ON events (block);

-- Which tenant is told of which event.
CREATE TABLE feed (
    tenant TEXT NOT NULL,
    seq INTEGER NOT NULL,
    dossier TEXT NOT NULL,
    PRIMARY KEY (tenant, seq)
) STRICT, WITHOUT ROWID;

-- Messages to agencies and how far each has come.
CREATE TABLE deliveries (
    id TEXT NOT NULL,
    dossier TEXT NOT NULL,
    agency TEXT NOT NULL,
    event_seq INTEGER NOT NULL,
    event TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    since TEXT NOT NULL,
    ready INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    not_before TEXT NOT NULL,
    leased_until TEXT,
    traceparent TEXT,
    PRIMARY KEY (id)
) STRICT;
CREATE INDEX deliveries_by_agency_state_id ON deliveries (agency, state, id);
CREATE INDEX deliveries_by_dossier ON deliveries (dossier);

-- Deliveries the broker has not confirmed. Leased, published, deleted.
CREATE TABLE outbox (
    delivery TEXT NOT NULL,
    agency TEXT NOT NULL,
    not_before TEXT NOT NULL,
    leased_until TEXT,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (delivery)
) STRICT;
CREATE INDEX outbox_by_not_before_delivery ON outbox (not_before, delivery);

-- Every attempt to carry a delivery.
CREATE TABLE attempts (
    delivery TEXT NOT NULL,
    at TEXT NOT NULL,
    number INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (delivery, number, at, outcome)
) STRICT;

-- The chain begins with nothing.
INSERT INTO head (id, block, seq, hash, at, acts, acts_hash, reads, reads_hash)
    VALUES (1, 0, 0, zeroblob(32), '1970-01-01T00:00:00.000000Z', 0, zeroblob(32), 0, zeroblob(32));
INSERT INTO settings (name, value) VALUES ('register', '0');

-- What was done although a rule was broken, one row an event; derived from the events.
CREATE TABLE irregularities (
    seq INTEGER NOT NULL,
    at TEXT NOT NULL,
    dossier TEXT NOT NULL,
    agency TEXT,
    tenant TEXT NOT NULL,
    label TEXT NOT NULL,
    status INTEGER NOT NULL,
    PRIMARY KEY (seq)
) STRICT;
CREATE INDEX irregularities_by_agency_seq ON irregularities (agency, seq);

-- How many of them, by day in Vietnam, agency (empty: none) and broken rule.
CREATE TABLE irregular_counts (
    day TEXT NOT NULL,
    agency TEXT NOT NULL,
    label TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (day, agency, label)
) STRICT;
