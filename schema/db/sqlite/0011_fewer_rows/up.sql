-- What is one to one with a dossier or a delivery stands in its row.

-- What a dossier is about, and which of the same likeness was there first.
ALTER TABLE dossiers ADD COLUMN likeness BLOB;
ALTER TABLE dossiers ADD COLUMN twin TEXT;
-- Limits that run: JSON, by limit when it ends and when it warns. What was told of a limit is in watches, until it ends.
ALTER TABLE dossiers ADD COLUMN running TEXT;
-- When the hub must look at a limit of it again.
ALTER TABLE dossiers ADD COLUMN look_at TEXT;

UPDATE dossiers SET likeness = l.blind, twin = l.twin FROM likenesses l WHERE l.dossier = dossiers.id;
UPDATE dossiers SET look_at = w.next_at
    FROM (SELECT dossier, min(next_at) AS next_at FROM watches GROUP BY dossier) w WHERE w.dossier = dossiers.id;
UPDATE dossiers SET running = w.running
    FROM (SELECT dossier, json_group_object(kind, json_array(due_at, warn_at)) AS running
          FROM watches WHERE stage = 'running' GROUP BY dossier) w WHERE w.dossier = dossiers.id;
DELETE FROM watches WHERE stage = 'running';
DROP TABLE likenesses;
DROP INDEX watches_by_next_at;
DROP INDEX watches_by_kind_stage;
CREATE INDEX watches_by_kind_stage ON watches (kind, stage);
CREATE INDEX dossiers_by_likeness_id ON dossiers (likeness, id) WHERE likeness IS NOT NULL;
CREATE INDEX dossiers_by_look_at_id ON dossiers (look_at, id) WHERE look_at IS NOT NULL;

-- While the broker has not confirmed a delivery: when it is sent, by whom until when, how often it was tried.
ALTER TABLE deliveries ADD COLUMN send_at TEXT;
ALTER TABLE deliveries ADD COLUMN send_leased_until TEXT;
ALTER TABLE deliveries ADD COLUMN send_attempts INTEGER NOT NULL DEFAULT 0;
UPDATE deliveries SET send_at = o.not_before, send_leased_until = o.leased_until, send_attempts = o.attempts
    FROM outbox o WHERE o.delivery = deliveries.id;
DROP TABLE outbox;
CREATE INDEX deliveries_by_send_at_id ON deliveries (send_at, id) WHERE send_at IS NOT NULL;
-- What an agency may be handed: in the order of an inbox, however much it has settled.
CREATE INDEX deliveries_to_hand_out ON deliveries (agency, id) WHERE ready AND state IN ('waiting', 'queued');
