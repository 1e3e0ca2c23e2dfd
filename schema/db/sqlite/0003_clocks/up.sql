-- Limits that run on dossiers. `next_at` is when the hub must look at one again; a limit that has passed stays until what it
-- waited for happens, so that it can be counted and a late act be known as late.
CREATE TABLE watches (
    dossier TEXT NOT NULL,
    kind TEXT NOT NULL,
    due_at TEXT NOT NULL,
    warn_at TEXT,
    stage TEXT NOT NULL,
    next_at TEXT,
    PRIMARY KEY (dossier, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX watches_by_next_at ON watches (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX watches_by_kind_stage ON watches (kind, stage) WHERE stage <> 'running';

-- What was told of a limit, once for each cause, in the order it was told.
CREATE TABLE alarms (
    number INTEGER NOT NULL,
    cause TEXT NOT NULL,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    passed INTEGER NOT NULL,
    due_at TEXT NOT NULL,
    dossier TEXT,
    agency TEXT,
    PRIMARY KEY (number)
) STRICT;
CREATE UNIQUE INDEX alarms_by_cause ON alarms (cause);
