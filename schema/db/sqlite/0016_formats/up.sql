-- By which rules a message was read or written: every version of a format that a hub of this database ever began to use, with its text. A
-- version never changes; what is corrected is the next one. Messages refer to it by its number.
CREATE TABLE formats (
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    kept_at TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (number)
) STRICT;
CREATE UNIQUE INDEX formats_by_name ON formats (name, version);
-- Which version stands in for all versions of its format, one row a change. The newest holds; without a format each version is used by
-- whoever has it. Going back goes to the row below.
CREATE TABLE format_uses (
    name TEXT NOT NULL,
    turn INTEGER NOT NULL,
    format INTEGER,
    below INTEGER,
    at TEXT NOT NULL,
    tenant TEXT NOT NULL,
    staff TEXT,
    PRIMARY KEY (name, turn)
) STRICT;
-- Files that hubs began with though another text is in use under their name and version, and when that was seen last.
CREATE TABLE format_drifts (
    format INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    since TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    PRIMARY KEY (format, sha256)
) STRICT;
ALTER TABLE submissions ADD COLUMN format_version INTEGER;
ALTER TABLE deliveries ADD COLUMN format_version INTEGER;
-- The newest submissions of a format, for whoever tries another version on them.
CREATE INDEX submissions_by_format ON submissions (format, id);
