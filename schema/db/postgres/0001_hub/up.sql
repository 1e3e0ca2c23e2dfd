-- What the hubs of one database agree on: version of the register, current directory.
CREATE TABLE settings (
    name TEXT COLLATE "C" NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
);

-- The one row every committed batch moves: last event, last block, last act, last read; the seal is over its hash, by a key the
-- database does not have. Locking it serialises the ledgers of several hubs.
CREATE TABLE head (
    id SMALLINT NOT NULL,
    block BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    acts BIGINT NOT NULL,
    acts_hash BYTEA NOT NULL,
    reads BIGINT NOT NULL,
    reads_hash BYTEA NOT NULL,
    seal BYTEA,
    PRIMARY KEY (id)
);

-- One row a committed batch: a Merkle tree over its events and how far acts and reads have come, chained to the block before.
CREATE TABLE blocks (
    number BIGINT NOT NULL,
    first_seq BIGINT NOT NULL,
    count BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    root BYTEA NOT NULL,
    acts BIGINT NOT NULL,
    acts_hash BYTEA NOT NULL,
    reads BIGINT NOT NULL,
    reads_hash BYTEA NOT NULL,
    previous BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (number)
);

-- Who may speak to the hub.
CREATE TABLE tenants (
    key TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    parent TEXT COLLATE "C",
    formats TEXT NOT NULL,
    standing TEXT NOT NULL,
    standing_since TIMESTAMPTZ,
    PRIMARY KEY (key)
);

-- Certificates pinned to tenants, by SHA-256 of their DER.
CREATE TABLE certificates (
    thumbprint BYTEA NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    not_after TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ,
    added_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (thumbprint)
);
CREATE INDEX certificates_by_tenant ON certificates (tenant);

-- Named persons of tenants.
CREATE TABLE staff (
    tenant TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
);

-- Receiving points of branches.
CREATE TABLE points (
    key TEXT COLLATE "C" NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (key)
);

-- Every directory ever imported, whole, so that an old route can be explained.
CREATE TABLE directories (
    version TEXT COLLATE "C" NOT NULL,
    imported_at TIMESTAMPTZ NOT NULL,
    files BYTEA NOT NULL,
    PRIMARY KEY (version)
);

-- The exact bytes a tenant sent. Never edited, never dropped inside their retention.
CREATE TABLE submissions (
    id TEXT COLLATE "C" NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    dossier TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL,
    format TEXT COLLATE "C" NOT NULL,
    media_type TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    size BIGINT NOT NULL,
    receipt TEXT NOT NULL,
    refused TEXT COLLATE "C",
    key_id TEXT COLLATE "C" NOT NULL,
    nonce BYTEA NOT NULL,
    ciphertext BYTEA NOT NULL,
    PRIMARY KEY (id, received_at)
) PARTITION BY RANGE (received_at);
CREATE TABLE submissions_rest PARTITION OF submissions DEFAULT;
CREATE INDEX submissions_by_dossier ON submissions (dossier);

-- Current state of each dossier: what its events add up to.
CREATE TABLE dossiers (
    id TEXT COLLATE "C" NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    reference TEXT NOT NULL,
    point TEXT COLLATE "C",
    receiving_unit TEXT COLLATE "C",
    supervisor TEXT COLLATE "C",
    agency TEXT COLLATE "C",
    parked TEXT COLLATE "C",
    procedure TEXT COLLATE "C" NOT NULL,
    channel SMALLINT NOT NULL,
    assisted BOOLEAN NOT NULL,
    status SMALLINT NOT NULL,
    resume SMALLINT,
    since TIMESTAMPTZ NOT NULL,
    -- What each sender last stated by its own clock: JSON, moments by tenant.
    spoken TEXT NOT NULL,
    events INTEGER NOT NULL,
    version INTEGER NOT NULL,
    supplements INTEGER NOT NULL,
    accepted BOOLEAN NOT NULL,
    code TEXT COLLATE "C",
    claimed_code TEXT COLLATE "C",
    -- Opinions and fees that are open: JSON; none where nothing ever was.
    open_matters TEXT,
    time_limit TEXT COLLATE "C" NOT NULL,
    acceptance_due TIMESTAMPTZ,
    forecast_due TIMESTAMPTZ,
    due TIMESTAMPTZ,
    -- The date on the receipt the applicant holds, and whether it still holds.
    promised_due TIMESTAMPTZ,
    promise_holds BOOLEAN NOT NULL,
    answered_seq BIGINT,
    content_blind BYTEA NOT NULL,
    route TEXT NOT NULL,
    submission TEXT COLLATE "C" NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX dossiers_by_tenant_id ON dossiers (tenant, id);
CREATE INDEX dossiers_by_agency_id ON dossiers (agency, id);
CREATE INDEX dossiers_by_status_id ON dossiers (status, id);
CREATE INDEX dossiers_by_claimed_code ON dossiers (claimed_code, id) WHERE claimed_code IS NOT NULL;
CREATE INDEX dossiers_parked ON dossiers (id) WHERE parked IS NOT NULL;

-- Canonical content of each version of a dossier; derived from the submission, never edited.
CREATE TABLE contents (
    dossier TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    nonce BYTEA NOT NULL,
    ciphertext BYTEA NOT NULL,
    PRIMARY KEY (dossier, version)
);

-- Who has a part in a dossier; decides who sees it.
CREATE TABLE dossier_parties (
    dossier TEXT COLLATE "C" NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    point TEXT COLLATE "C",
    since TIMESTAMPTZ NOT NULL,
    until TIMESTAMPTZ,
    PRIMARY KEY (dossier, role, tenant, since)
);
CREATE INDEX dossier_parties_by_tenant_dossier ON dossier_parties (tenant, dossier);

-- What must name one dossier only: a tenant's reference, an official code; and reports already taken.
CREATE TABLE natural_keys (
    kind TEXT COLLATE "C" NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    dossier TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (value, kind, tenant)
);

-- Keys of unsafe calls with the answer they got; kept 30 days.
CREATE TABLE idempotency_keys (
    tenant TEXT COLLATE "C" NOT NULL,
    route TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    request BYTEA NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    status SMALLINT NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    nonce BYTEA NOT NULL,
    ciphertext BYTEA NOT NULL,
    PRIMARY KEY (key, tenant, route)
);
CREATE INDEX idempotency_keys_by_at ON idempotency_keys (at);

-- What happened, in commit order. The leaf is sealed by its block.
CREATE TABLE events (
    seq BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    dossier TEXT COLLATE "C" NOT NULL,
    number INTEGER NOT NULL,
    block BIGINT NOT NULL,
    salt BYTEA NOT NULL,
    leaf BYTEA NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    nonce BYTEA NOT NULL,
    ciphertext BYTEA NOT NULL,
    PRIMARY KEY (seq, at)
) PARTITION BY RANGE (at);
CREATE TABLE events_rest PARTITION OF events DEFAULT;
CREATE INDEX events_by_dossier_number ON events (dossier, number);
CREATE INDEX events_by_block ON events (block);

-- Which tenant is told of which event.
CREATE TABLE feed (
    tenant TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    dossier TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, seq)
);

-- Messages to agencies and how far each has come.
CREATE TABLE deliveries (
    id TEXT COLLATE "C" NOT NULL,
    dossier TEXT COLLATE "C" NOT NULL,
    agency TEXT COLLATE "C" NOT NULL,
    event_seq BIGINT NOT NULL,
    event TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    ready BOOLEAN NOT NULL,
    attempt INTEGER NOT NULL,
    not_before TIMESTAMPTZ NOT NULL,
    leased_until TIMESTAMPTZ,
    traceparent TEXT COLLATE "C",
    PRIMARY KEY (id)
);
CREATE INDEX deliveries_by_agency_state_id ON deliveries (agency, state, id);
CREATE INDEX deliveries_by_dossier ON deliveries (dossier);

-- Deliveries the broker has not confirmed. Leased, published, deleted.
CREATE TABLE outbox (
    delivery TEXT COLLATE "C" NOT NULL,
    agency TEXT COLLATE "C" NOT NULL,
    not_before TIMESTAMPTZ NOT NULL,
    leased_until TIMESTAMPTZ,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (delivery)
);
CREATE INDEX outbox_by_not_before_delivery ON outbox (not_before, delivery);

-- Every attempt to carry a delivery.
CREATE TABLE attempts (
    delivery TEXT COLLATE "C" NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    number INTEGER NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    reason TEXT,
    PRIMARY KEY (delivery, number, at, outcome)
) PARTITION BY RANGE (at);
CREATE TABLE attempts_rest PARTITION OF attempts DEFAULT;

-- The chain begins with nothing.
INSERT INTO head (id, block, seq, hash, at, acts, acts_hash, reads, reads_hash)
    VALUES (1, 0, 0, decode(repeat('00', 32), 'hex'), '1970-01-01T00:00:00.000000Z', 0, decode(repeat('00', 32), 'hex'), 0, decode(repeat('00', 32), 'hex'));
INSERT INTO settings (name, value) VALUES ('register', '0');

-- What was done although a rule was broken, one row an event; derived from the events.
CREATE TABLE irregularities (
    seq BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    dossier TEXT COLLATE "C" NOT NULL,
    agency TEXT COLLATE "C",
    tenant TEXT COLLATE "C" NOT NULL,
    label TEXT COLLATE "C" NOT NULL,
    status SMALLINT NOT NULL,
    PRIMARY KEY (seq)
);
CREATE INDEX irregularities_by_agency_seq ON irregularities (agency, seq);

-- How many of them, by day in Vietnam, agency (empty: none) and broken rule.
CREATE TABLE irregular_counts (
    day TEXT COLLATE "C" NOT NULL,
    agency TEXT COLLATE "C" NOT NULL,
    label TEXT COLLATE "C" NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (day, agency, label)
);
