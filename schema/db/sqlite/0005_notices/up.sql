-- How a submitting tenant wants to be told, beside its feed: at most one webhook and one queue each. The cursor says up to where
-- its feed has been taken into notices.
CREATE TABLE subscriptions (
    tenant TEXT NOT NULL,
    way TEXT NOT NULL,
    state TEXT NOT NULL,
    since TEXT NOT NULL,
    reason TEXT,
    url TEXT,
    cursor INTEGER NOT NULL,
    PRIMARY KEY (tenant, way)
) STRICT, WITHOUT ROWID;

-- Secrets of webhooks, encrypted. The one without an end is the newest; the one before it still signs until its end.
CREATE TABLE subscription_secrets (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    since TEXT NOT NULL,
    until TEXT,
    key_id TEXT NOT NULL,
    nonce BLOB NOT NULL,
    ciphertext BLOB NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

-- Events of a feed on their way to its subscriber. Leased, sent, deleted. Number 0 is the test event.
CREATE TABLE notices (
    tenant TEXT NOT NULL,
    way TEXT NOT NULL,
    seq INTEGER NOT NULL,
    dossier TEXT NOT NULL,
    event TEXT NOT NULL,
    state TEXT NOT NULL,
    since TEXT NOT NULL,
    not_before TEXT NOT NULL,
    leased_until TEXT,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (tenant, way, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX notices_by_dossier_seq ON notices (tenant, way, dossier, seq);
CREATE INDEX notices_by_state_not_before ON notices (state, not_before);

-- Every attempt to send a notice; kept 30 days.
CREATE TABLE notice_attempts (
    tenant TEXT NOT NULL,
    way TEXT NOT NULL,
    seq INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at TEXT NOT NULL,
    event TEXT NOT NULL,
    dossier TEXT NOT NULL,
    outcome TEXT NOT NULL,
    class TEXT,
    reason TEXT,
    PRIMARY KEY (tenant, at, way, seq, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX notice_attempts_by_at ON notice_attempts (at);
