-- Where an agency wants its messages pushed. The secrets that sign them are one sealed value. While the endpoint fails as a whole
-- it is spared: what fails, since when, and when the next probe goes.
CREATE TABLE endpoints (
    agency TEXT COLLATE "C" NOT NULL,
    url TEXT NOT NULL,
    set_at TIMESTAMPTZ NOT NULL,
    set_by TEXT COLLATE "C" NOT NULL,
    failure TEXT COLLATE "C",
    failing_since TIMESTAMPTZ,
    next_probe TIMESTAMPTZ,
    key_id TEXT COLLATE "C" NOT NULL,
    nonce BYTEA NOT NULL,
    ciphertext BYTEA NOT NULL,
    PRIMARY KEY (agency)
);

-- Why a delivery is not there yet, or was given up; and who intervened.
ALTER TABLE deliveries ADD COLUMN failure TEXT COLLATE "C";
ALTER TABLE attempts ADD COLUMN failure TEXT COLLATE "C";
ALTER TABLE attempts ADD COLUMN actor TEXT COLLATE "C";
CREATE INDEX deliveries_failed ON deliveries (id) WHERE failure IS NOT NULL;

-- What the broker has confirmed and nobody has taken out of its queue, as far as is known: what is lost when a queue is.
CREATE INDEX deliveries_in_queue ON deliveries (agency, since) WHERE state = 'queued' AND NOT ready;
