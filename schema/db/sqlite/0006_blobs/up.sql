-- Files tenants have uploaded. A tenant's file is found by a keyed index of its digest; the object that holds its bytes has a name
-- of its own. The three last columns are its data key as wrapped for the uploader, there only until a dossier names the file.
CREATE TABLE blobs (
    tenant TEXT NOT NULL,
    blind BLOB NOT NULL,
    object TEXT NOT NULL,
    size INTEGER NOT NULL,
    uploaded_at TEXT NOT NULL,
    unused_since TEXT,
    key_id TEXT,
    nonce BLOB,
    ciphertext BLOB,
    PRIMARY KEY (blind, tenant)
) STRICT;
CREATE UNIQUE INDEX blobs_by_object ON blobs (object);
CREATE INDEX blobs_unused ON blobs (unused_since) WHERE unused_since IS NOT NULL;
CREATE INDEX blobs_unused_by_tenant ON blobs (tenant) WHERE unused_since IS NOT NULL;

-- The files a dossier names, by the event that named them. What they are called is encrypted.
CREATE TABLE attachments (
    dossier TEXT NOT NULL,
    number INTEGER NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    tenant TEXT NOT NULL,
    blind BLOB NOT NULL,
    named_at TEXT NOT NULL,
    arrived_at TEXT,
    superseded INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    nonce BLOB NOT NULL,
    ciphertext BLOB NOT NULL,
    PRIMARY KEY (dossier, number, position)
) STRICT;
CREATE INDEX attachments_awaited ON attachments (blind, tenant) WHERE arrived_at IS NULL;
CREATE INDEX attachments_awaited_since ON attachments (named_at) WHERE arrived_at IS NULL;

-- The data key of a file, wrapped for one dossier that names it. A dossier without its wraps cannot be read any more.
CREATE TABLE wraps (
    dossier TEXT NOT NULL,
    tenant TEXT NOT NULL,
    blind BLOB NOT NULL,
    object TEXT NOT NULL,
    key_id TEXT NOT NULL,
    nonce BLOB NOT NULL,
    ciphertext BLOB NOT NULL,
    PRIMARY KEY (dossier, tenant, blind)
) STRICT;
CREATE INDEX wraps_by_blob ON wraps (blind, tenant, dossier);

-- Who read what of which dossier, in the order it was committed; blocks seal it.
CREATE TABLE reads (
    id TEXT NOT NULL,
    at TEXT NOT NULL,
    number INTEGER NOT NULL,
    dossier TEXT NOT NULL,
    tenant TEXT NOT NULL,
    staff TEXT,
    point TEXT,
    what TEXT NOT NULL,
    attachment INTEGER,
    first_byte INTEGER,
    last_byte INTEGER,
    PRIMARY KEY (id, at)
) STRICT;
CREATE INDEX reads_by_dossier ON reads (dossier, id);
CREATE INDEX reads_by_number ON reads (number);
