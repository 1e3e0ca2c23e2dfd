CREATE TABLE outbox (
    delivery TEXT COLLATE "C" NOT NULL,
    agency TEXT COLLATE "C" NOT NULL,
    not_before TIMESTAMPTZ NOT NULL,
    leased_until TIMESTAMPTZ,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (delivery)
);
INSERT INTO outbox (delivery, agency, not_before, leased_until, attempts)
    SELECT id, agency, send_at, send_leased_until, send_attempts FROM deliveries WHERE send_at IS NOT NULL;
CREATE INDEX outbox_by_not_before_delivery ON outbox (not_before, delivery);
DROP INDEX deliveries_to_hand_out;
DROP INDEX deliveries_by_send_at_id;
ALTER TABLE deliveries DROP COLUMN send_at;
ALTER TABLE deliveries DROP COLUMN send_leased_until;
ALTER TABLE deliveries DROP COLUMN send_attempts;

CREATE TABLE likenesses (
    dossier TEXT COLLATE "C" NOT NULL,
    blind BYTEA NOT NULL,
    twin TEXT COLLATE "C",
    PRIMARY KEY (dossier)
);
INSERT INTO likenesses (dossier, blind, twin) SELECT id, likeness, twin FROM dossiers WHERE likeness IS NOT NULL;
CREATE INDEX likenesses_first ON likenesses (blind) WHERE twin IS NULL;
CREATE INDEX likenesses_by_blind_dossier ON likenesses (blind, dossier);
DROP INDEX watches_by_kind_stage;
INSERT INTO watches (dossier, kind, due_at, warn_at, stage, next_at)
    SELECT d.id, w.key, (w.value ->> 0)::timestamptz, (w.value ->> 1)::timestamptz, 'running',
           coalesce((w.value ->> 1)::timestamptz, (w.value ->> 0)::timestamptz + interval '1 microsecond')
    FROM dossiers d, json_each(d.running::json) w WHERE d.running IS NOT NULL;
CREATE INDEX watches_by_next_at ON watches (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX watches_by_kind_stage ON watches (kind, stage) WHERE stage <> 'running';
DROP INDEX dossiers_by_likeness_id;
DROP INDEX dossiers_by_look_at_id;
ALTER TABLE dossiers DROP COLUMN likeness;
ALTER TABLE dossiers DROP COLUMN twin;
ALTER TABLE dossiers DROP COLUMN running;
ALTER TABLE dossiers DROP COLUMN look_at;

ALTER TABLE submissions ALTER COLUMN ciphertext SET STORAGE EXTENDED;
ALTER TABLE contents ALTER COLUMN ciphertext SET STORAGE EXTENDED;
ALTER TABLE idempotency_keys ALTER COLUMN ciphertext SET STORAGE EXTENDED;
ALTER TABLE events ALTER COLUMN ciphertext SET STORAGE EXTENDED;
ALTER TABLE refusals ALTER COLUMN ciphertext SET STORAGE EXTENDED;
ALTER TABLE contents RESET (toast_tuple_target);
ALTER TABLE idempotency_keys RESET (toast_tuple_target);
ALTER TABLE refusals RESET (toast_tuple_target);
DO $$
DECLARE piece regclass;
BEGIN
    FOR piece IN SELECT inhrelid::regclass FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE inhparent IN ('submissions'::regclass, 'events'::regclass) AND c.relkind = 'r'
    LOOP
        EXECUTE format('ALTER TABLE %s RESET (toast_tuple_target)', piece);
    END LOOP;
END $$;
