-- What is one to one with a dossier or a delivery stands in its row.

-- What a dossier is about, and which of the same likeness was there first.
ALTER TABLE dossiers ADD COLUMN likeness BYTEA;
ALTER TABLE dossiers ADD COLUMN twin TEXT COLLATE "C";
-- Limits that run: JSON, by limit when it ends and when it warns. What was told of a limit is in watches, until it ends.
ALTER TABLE dossiers ADD COLUMN running TEXT;
-- When the hub must look at a limit of it again.
ALTER TABLE dossiers ADD COLUMN look_at TIMESTAMPTZ;

UPDATE dossiers d SET likeness = l.blind, twin = l.twin FROM likenesses l WHERE l.dossier = d.id;
UPDATE dossiers d SET look_at = w.next_at
    FROM (SELECT dossier, min(next_at) AS next_at FROM watches GROUP BY dossier) w WHERE w.dossier = d.id;
UPDATE dossiers d SET running = w.running
    FROM (SELECT dossier, json_object_agg(kind, json_build_array(
              to_char(due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
              to_char(warn_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')))::text AS running
          FROM watches WHERE stage = 'running' GROUP BY dossier) w WHERE w.dossier = d.id;
DELETE FROM watches WHERE stage = 'running';
DROP TABLE likenesses;
DROP INDEX watches_by_next_at;
DROP INDEX watches_by_kind_stage;
CREATE INDEX watches_by_kind_stage ON watches (kind, stage);
CREATE INDEX dossiers_by_likeness_id ON dossiers (likeness, id) WHERE likeness IS NOT NULL;
CREATE INDEX dossiers_by_look_at_id ON dossiers (look_at, id) WHERE look_at IS NOT NULL;

-- While the broker has not confirmed a delivery: when it is sent, by whom until when, how often it was tried.
ALTER TABLE deliveries ADD COLUMN send_at TIMESTAMPTZ;
ALTER TABLE deliveries ADD COLUMN send_leased_until TIMESTAMPTZ;
ALTER TABLE deliveries ADD COLUMN send_attempts INTEGER NOT NULL DEFAULT 0;
UPDATE deliveries d SET send_at = o.not_before, send_leased_until = o.leased_until, send_attempts = o.attempts
    FROM outbox o WHERE o.delivery = d.id;
DROP TABLE outbox;
CREATE INDEX deliveries_by_send_at_id ON deliveries (send_at, id) WHERE send_at IS NOT NULL;
-- What an agency may be handed: in the order of an inbox, however much it has settled.
CREATE INDEX deliveries_to_hand_out ON deliveries (agency, id) WHERE ready AND state IN ('waiting', 'queued');

-- What is encrypted cannot be made smaller: nothing tries to. A row below a page stays whole.
ALTER TABLE submissions ALTER COLUMN ciphertext SET STORAGE EXTERNAL;
ALTER TABLE contents ALTER COLUMN ciphertext SET STORAGE EXTERNAL;
ALTER TABLE idempotency_keys ALTER COLUMN ciphertext SET STORAGE EXTERNAL;
ALTER TABLE events ALTER COLUMN ciphertext SET STORAGE EXTERNAL;
ALTER TABLE refusals ALTER COLUMN ciphertext SET STORAGE EXTERNAL;
ALTER TABLE contents SET (toast_tuple_target = 8160);
ALTER TABLE idempotency_keys SET (toast_tuple_target = 8160);
ALTER TABLE refusals SET (toast_tuple_target = 8160);
DO $$
DECLARE piece regclass;
BEGIN
    FOR piece IN SELECT inhrelid::regclass FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE inhparent IN ('submissions'::regclass, 'events'::regclass) AND c.relkind = 'r'
    LOOP
        EXECUTE format('ALTER TABLE %s SET (toast_tuple_target = 8160)', piece);
    END LOOP;
END $$;
