ALTER TABLE subscriptions ADD COLUMN cursor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscriptions ADD COLUMN held_by TEXT;
ALTER TABLE subscriptions ADD COLUMN held_until TEXT;
UPDATE subscriptions SET (cursor, held_by, held_until) = (SELECT p.cursor, p.held_by, p.held_until FROM way_positions p
    WHERE p.tenant = subscriptions.tenant AND p.way = subscriptions.way);
DROP TABLE way_positions;
