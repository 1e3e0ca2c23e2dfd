-- Where an agency wants its messages pushed. The secrets that sign them are one sealed value. While the endpoint fails as a whole
-- it is spared: what fails, since when, and when the next probe goes.
CREATE TABLE endpoints (
    agency TEXT NOT NULL,
    url TEXT NOT NULL,
    set_at TEXT NOT NULL,
    set_by TEXT NOT NULL,
    failure TEXT,
    failing_since TEXT,
    next_probe TEXT,
    key_id TEXT NOT NULL,
    nonce BLOB NOT NULL,
    ciphertext BLOB NOT NULL,
    PRIMARY KEY (agency)
) STRICT, WITHOUT ROWID;

-- Why a delivery is not there yet, or was given up; and who intervened.
ALTER TABLE deliveries ADD COLUMN failure TEXT;
ALTER TABLE attempts ADD COLUMN failure TEXT;
ALTER TABLE attempts ADD COLUMN actor TEXT;
CREATE INDEX deliveries_failed ON deliveries (id) WHERE failure IS NOT NULL;

-- What the broker has confirmed and nobody has taken out of its queue, as far as is known: what is lost when a queue is.
CREATE INDEX deliveries_in_queue ON deliveries (agency, since) WHERE state = 'queued' AND NOT ready;
