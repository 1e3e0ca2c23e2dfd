-- A report that holds an old snapshot keeps every version of a row from being removed. What changes with each commit must not be looked
-- for among its old versions, and what is removed goes with its table.

-- Whoever writes locks this row first, which puts the hubs of one database in a row. Nothing in it ever changes.
CREATE TABLE writer (
    id SMALLINT NOT NULL,
    PRIMARY KEY (id)
);
INSERT INTO writer (id) VALUES (1);

-- The head of the chain is written anew with each block and the one before removed: the newest is found first in its index, however many
-- old ones nobody may clear away yet.
ALTER TABLE head DROP CONSTRAINT head_pkey;
ALTER TABLE head ADD PRIMARY KEY (block);

-- The log of attempts to tell submitters is kept for a time: by the day, so that what is over goes with its table.
ALTER TABLE notice_attempts RENAME TO notice_attempts_before;
ALTER TABLE notice_attempts_before RENAME CONSTRAINT notice_attempts_pkey TO notice_attempts_before_pkey;
DROP INDEX notice_attempts_by_at;
CREATE TABLE notice_attempts (
    tenant TEXT COLLATE "C" NOT NULL,
    way TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    number INTEGER NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    event TEXT COLLATE "C" NOT NULL,
    dossier TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    class TEXT COLLATE "C",
    reason TEXT,
    PRIMARY KEY (tenant, at, way, seq, number)
) PARTITION BY RANGE (at);
CREATE TABLE notice_attempts_rest PARTITION OF notice_attempts DEFAULT;
CREATE INDEX notice_attempts_rest_by_at ON notice_attempts_rest (at);
-- Days begin at midnight in Vietnam, as the hub makes them.
DO $$
DECLARE day DATE;
BEGIN
    FOR day IN SELECT DISTINCT (at AT TIME ZONE 'UTC' + INTERVAL '7 hours')::DATE FROM notice_attempts_before LOOP
        EXECUTE format('CREATE TABLE notice_attempts_%s PARTITION OF notice_attempts FOR VALUES FROM (%L) TO (%L)', to_char(day, 'YYYY_MM_DD'),
            (day - INTERVAL '7 hours') AT TIME ZONE 'UTC', (day + 1 - INTERVAL '7 hours') AT TIME ZONE 'UTC');
    END LOOP;
END $$;
INSERT INTO notice_attempts SELECT * FROM notice_attempts_before;
DROP TABLE notice_attempts_before;
