ALTER TABLE subscriptions ADD COLUMN cursor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subscriptions ALTER COLUMN cursor DROP DEFAULT;
ALTER TABLE subscriptions ADD COLUMN held_by TEXT COLLATE "C";
ALTER TABLE subscriptions ADD COLUMN held_until TIMESTAMPTZ;
UPDATE subscriptions SET cursor = p.cursor, held_by = p.held_by, held_until = p.held_until FROM way_positions p
    WHERE p.tenant = subscriptions.tenant AND p.way = subscriptions.way;
DROP TABLE way_positions;
