-- By which rules a message was read or written: every version of a format that a hub of this database ever began to use, with its text. A
-- version never changes; what is corrected is the next one. Messages refer to it by its number.
CREATE TABLE formats (
    number BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL,
    sha256 BYTEA NOT NULL,
    kept_at TIMESTAMPTZ NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (number)
);
CREATE UNIQUE INDEX formats_by_name ON formats (name, version);
-- Which version stands in for all versions of its format, one row a change. The newest holds; without a format each version is used by
-- whoever has it. Going back goes to the row below.
CREATE TABLE format_uses (
    name TEXT COLLATE "C" NOT NULL,
    turn BIGINT NOT NULL,
    format BIGINT,
    below BIGINT,
    at TIMESTAMPTZ NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    staff TEXT COLLATE "C",
    PRIMARY KEY (name, turn)
);
-- Files that hubs began with though another text is in use under their name and version, and when that was seen last.
CREATE TABLE format_drifts (
    format BIGINT NOT NULL,
    sha256 BYTEA NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (format, sha256)
);
ALTER TABLE submissions ADD COLUMN format_version BIGINT;
ALTER TABLE deliveries ADD COLUMN format_version BIGINT;
-- The newest submissions of a format, for whoever tries another version on them.
CREATE INDEX submissions_by_format ON submissions (format, id);
