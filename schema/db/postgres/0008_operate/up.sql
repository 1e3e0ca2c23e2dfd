-- What the hub does for a tenant whose document names a divided commune: 'ask' refuses with the candidates, 'default' takes the default successor.
ALTER TABLE tenants ADD COLUMN successor_policy TEXT COLLATE "C" NOT NULL DEFAULT 'ask';

-- Days before its end at which the last warning about a certificate was given.
ALTER TABLE certificates ADD COLUMN warned SMALLINT;

-- When a person was taken off the register. The number stays theirs.
ALTER TABLE staff ADD COLUMN until TIMESTAMPTZ;

-- What operators did: to the register, to the directory, to a dossier's route. Each row's hash covers the row before.
-- `rows` has the digests of the rows that were changed by it.
CREATE TABLE audit (
    number BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    staff TEXT COLLATE "C",
    action TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    reason TEXT,
    detail TEXT NOT NULL,
    rows TEXT,
    hash BYTEA NOT NULL,
    PRIMARY KEY (number, at)
) PARTITION BY RANGE (at);
CREATE TABLE audit_rest PARTITION OF audit DEFAULT;
CREATE INDEX audit_by_subject_number ON audit (subject, number);
