-- Files tenants have uploaded. A tenant's file is found by a keyed index of its digest; the object that holds its bytes has a name
-- of its own. The three last columns are its data key as wrapped for the uploader, there only until a dossier names the file.
CREATE TABLE blobs (
    tenant TEXT COLLATE "C" NOT NULL,
    blind BYTEA NOT NULL,
    object TEXT COLLATE "C" NOT NULL,
    size BIGINT NOT NULL,
    uploaded_at TIMESTAMPTZ NOT NULL,
    unused_since TIMESTAMPTZ,
    key_id TEXT COLLATE "C",
    nonce BYTEA,
    ciphertext BYTEA,
    PRIMARY KEY (blind, tenant)
);
CREATE UNIQUE INDEX blobs_by_object ON blobs (object);
CREATE INDEX blobs_unused ON blobs (unused_since) WHERE unused_since IS NOT NULL;
CREATE INDEX blobs_unused_by_tenant ON blobs (tenant) WHERE unused_since IS NOT NULL;

-- The files a dossier names, by the event that named them. What they are called is encrypted.
CREATE TABLE attachments (
    dossier TEXT COLLATE "C" NOT NULL,
    number INTEGER NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    blind BYTEA NOT NULL,
    named_at TIMESTAMPTZ NOT NULL,
    arrived_at TIMESTAMPTZ,
    superseded BOOLEAN NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    nonce BYTEA NOT NULL,
    ciphertext BYTEA NOT NULL,
    PRIMARY KEY (dossier, number, position)
);
CREATE INDEX attachments_awaited ON attachments (blind, tenant) WHERE arrived_at IS NULL;
CREATE INDEX attachments_awaited_since ON attachments (named_at) WHERE arrived_at IS NULL;

-- The data key of a file, wrapped for one dossier that names it. A dossier without its wraps cannot be read any more.
CREATE TABLE wraps (
    dossier TEXT COLLATE "C" NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    blind BYTEA NOT NULL,
    object TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    nonce BYTEA NOT NULL,
    ciphertext BYTEA NOT NULL,
    PRIMARY KEY (dossier, tenant, blind)
);
CREATE INDEX wraps_by_blob ON wraps (blind, tenant, dossier);

-- Who read what of which dossier, in the order it was committed; blocks seal it.
CREATE TABLE reads (
    id TEXT COLLATE "C" NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    number BIGINT NOT NULL,
    dossier TEXT COLLATE "C" NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    staff TEXT COLLATE "C",
    point TEXT COLLATE "C",
    what TEXT COLLATE "C" NOT NULL,
    attachment INTEGER,
    first_byte BIGINT,
    last_byte BIGINT,
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE TABLE reads_rest PARTITION OF reads DEFAULT;
CREATE INDEX reads_by_dossier ON reads (dossier, id);
CREATE INDEX reads_by_number ON reads (number);
