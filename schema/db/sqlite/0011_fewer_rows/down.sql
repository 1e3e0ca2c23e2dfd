CREATE TABLE outbox (
    delivery TEXT NOT NULL,
    agency TEXT NOT NULL,
    not_before TEXT NOT NULL,
    leased_until TEXT,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (delivery)
) STRICT;
INSERT INTO outbox (delivery, agency, not_before, leased_until, attempts)
    SELECT id, agency, send_at, send_leased_until, send_attempts FROM deliveries WHERE send_at IS NOT NULL;
CREATE INDEX outbox_by_not_before_delivery ON outbox (not_before, delivery);
DROP INDEX deliveries_to_hand_out;
DROP INDEX deliveries_by_send_at_id;
ALTER TABLE deliveries DROP COLUMN send_at;
ALTER TABLE deliveries DROP COLUMN send_leased_until;
ALTER TABLE deliveries DROP COLUMN send_attempts;

CREATE TABLE likenesses (
    dossier TEXT NOT NULL,
    blind BLOB NOT NULL,
    twin TEXT,
    PRIMARY KEY (dossier)
) STRICT;
INSERT INTO likenesses (dossier, blind, twin) SELECT id, likeness, twin FROM dossiers WHERE likeness IS NOT NULL;
CREATE INDEX likenesses_first ON likenesses (blind) WHERE twin IS NULL;
CREATE INDEX likenesses_by_blind_dossier ON likenesses (blind, dossier);
DROP INDEX watches_by_kind_stage;
-- The first moment after the end of a limit that does not warn is a microsecond later: moments are texts with six digits.
INSERT INTO watches (dossier, kind, due_at, warn_at, stage, next_at)
    SELECT d.id, w.key, w.value ->> 0, w.value ->> 1, 'running',
           coalesce(w.value ->> 1, substr(w.value ->> 0, 1, 20) || printf('%06d', CAST(substr(w.value ->> 0, 21, 6) AS INTEGER) + 1) || 'Z')
    FROM dossiers d, json_each(d.running) w WHERE d.running IS NOT NULL;
CREATE INDEX watches_by_next_at ON watches (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX watches_by_kind_stage ON watches (kind, stage) WHERE stage <> 'running';
DROP INDEX dossiers_by_likeness_id;
DROP INDEX dossiers_by_look_at_id;
ALTER TABLE dossiers DROP COLUMN likeness;
ALTER TABLE dossiers DROP COLUMN twin;
ALTER TABLE dossiers DROP COLUMN running;
ALTER TABLE dossiers DROP COLUMN look_at;
