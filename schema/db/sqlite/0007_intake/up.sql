-- Documents that were refused, with why. Kept 30 days within the quota of their tenant; the same document again is counted.
CREATE TABLE refusals (
    id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,
    format TEXT,
    media_type TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    size INTEGER NOT NULL,
    count INTEGER NOT NULL,
    first_at TEXT NOT NULL,
    last_at TEXT NOT NULL,
    problems TEXT NOT NULL,
    key_id TEXT NOT NULL,
    nonce BLOB NOT NULL,
    ciphertext BLOB NOT NULL,
    PRIMARY KEY (id)
) STRICT;
CREATE INDEX refusals_by_tenant_last_at_id ON refusals (tenant, last_at, id);
CREATE INDEX refusals_by_last_at_id ON refusals (last_at, id);

-- What each dossier is about, as a blind index: two of the same likeness may be one matter filed twice. The twin is the dossier
-- that was there first; the first one has none.
CREATE TABLE likenesses (
    dossier TEXT NOT NULL,
    blind BLOB NOT NULL,
    twin TEXT,
    PRIMARY KEY (dossier)
) STRICT;
CREATE INDEX likenesses_first ON likenesses (blind) WHERE twin IS NULL;

-- Refused bytes are no submissions: they have a table, a quota and an end of their own.
DELETE FROM submissions WHERE refused IS NOT NULL;
ALTER TABLE submissions DROP COLUMN refused;
