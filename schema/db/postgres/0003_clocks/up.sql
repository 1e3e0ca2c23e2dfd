-- Limits that run on dossiers. `next_at` is when the hub must look at one again; a limit that has passed stays until what it
-- waited for happens, so that it can be counted and a late act be known as late.
CREATE TABLE watches (
    dossier TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    warn_at TIMESTAMPTZ,
    stage TEXT COLLATE "C" NOT NULL,
    next_at TIMESTAMPTZ,
    PRIMARY KEY (dossier, kind)
);
CREATE INDEX watches_by_next_at ON watches (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX watches_by_kind_stage ON watches (kind, stage) WHERE stage <> 'running';

-- What was told of a limit, once for each cause, in the order it was told.
CREATE TABLE alarms (
    number BIGINT NOT NULL,
    cause TEXT COLLATE "C" NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    passed BOOLEAN NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    dossier TEXT COLLATE "C",
    agency TEXT COLLATE "C",
    PRIMARY KEY (number)
);
CREATE UNIQUE INDEX alarms_by_cause ON alarms (cause);
