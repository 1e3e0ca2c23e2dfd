-- Documents that were refused, with why. Kept 30 days within the quota of their tenant; the same document again is counted.
CREATE TABLE refusals (
    id TEXT COLLATE "C" NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    format TEXT COLLATE "C",
    media_type TEXT COLLATE "C" NOT NULL,
    sha256 BYTEA NOT NULL,
    size BIGINT NOT NULL,
    count INTEGER NOT NULL,
    first_at TIMESTAMPTZ NOT NULL,
    last_at TIMESTAMPTZ NOT NULL,
    problems TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    nonce BYTEA NOT NULL,
    ciphertext BYTEA NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX refusals_by_tenant_last_at_id ON refusals (tenant, last_at, id);
CREATE INDEX refusals_by_last_at_id ON refusals (last_at, id);

-- What each dossier is about, as a blind index: two of the same likeness may be one matter filed twice. The twin is the dossier
-- that was there first; the first one has none.
CREATE TABLE likenesses (
    dossier TEXT COLLATE "C" NOT NULL,
    blind BYTEA NOT NULL,
    twin TEXT COLLATE "C",
    PRIMARY KEY (dossier)
);
CREATE INDEX likenesses_first ON likenesses (blind) WHERE twin IS NULL;

-- Refused bytes are no submissions: they have a table, a quota and an end of their own.
DELETE FROM submissions WHERE refused IS NOT NULL;
ALTER TABLE submissions DROP COLUMN refused;
