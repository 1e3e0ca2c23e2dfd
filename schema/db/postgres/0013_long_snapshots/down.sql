CREATE TABLE notice_attempts_before (
    tenant TEXT COLLATE "C" NOT NULL,
    way TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    number INTEGER NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    event TEXT COLLATE "C" NOT NULL,
    dossier TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    class TEXT COLLATE "C",
    reason TEXT
);
INSERT INTO notice_attempts_before SELECT * FROM notice_attempts;
DROP TABLE notice_attempts;
ALTER TABLE notice_attempts_before RENAME TO notice_attempts;
ALTER TABLE notice_attempts ADD PRIMARY KEY (tenant, at, way, seq, number);
CREATE INDEX notice_attempts_by_at ON notice_attempts (at);
ALTER TABLE head DROP CONSTRAINT head_pkey;
ALTER TABLE head ADD PRIMARY KEY (id);
DROP TABLE writer;
