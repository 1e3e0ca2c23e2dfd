-- How a submitting tenant wants to be told, beside its feed: at most one webhook and one queue each. The cursor says up to where
-- its feed has been taken into notices.
CREATE TABLE subscriptions (
    tenant TEXT COLLATE "C" NOT NULL,
    way TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    reason TEXT COLLATE "C",
    url TEXT,
    cursor BIGINT NOT NULL,
    PRIMARY KEY (tenant, way)
);

-- Secrets of webhooks, encrypted. The one without an end is the newest; the one before it still signs until its end.
CREATE TABLE subscription_secrets (
    tenant TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    until TIMESTAMPTZ,
    key_id TEXT COLLATE "C" NOT NULL,
    nonce BYTEA NOT NULL,
    ciphertext BYTEA NOT NULL,
    PRIMARY KEY (tenant, id)
);

-- Events of a feed on their way to its subscriber. Leased, sent, deleted. Number 0 is the test event.
CREATE TABLE notices (
    tenant TEXT COLLATE "C" NOT NULL,
    way TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    dossier TEXT COLLATE "C" NOT NULL,
    event TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    not_before TIMESTAMPTZ NOT NULL,
    leased_until TIMESTAMPTZ,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (tenant, way, seq)
);
CREATE INDEX notices_by_dossier_seq ON notices (tenant, way, dossier, seq);
CREATE INDEX notices_by_state_not_before ON notices (state, not_before);

-- Every attempt to send a notice; kept 30 days.
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
);
CREATE INDEX notice_attempts_by_at ON notice_attempts (at);
