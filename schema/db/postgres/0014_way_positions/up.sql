-- How far a way has been told is written several times a second. As the head of the chain, it is a new row each time and the one before is
-- removed: the newest is found first in its index, however many old ones a report's snapshot keeps from being cleared away.
CREATE TABLE way_positions (
    tenant TEXT COLLATE "C" NOT NULL,
    way TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    cursor BIGINT NOT NULL,
    held_by TEXT COLLATE "C",
    held_until TIMESTAMPTZ,
    PRIMARY KEY (tenant, way, number)
);
INSERT INTO way_positions (tenant, way, number, cursor, held_by, held_until)
    SELECT tenant, way, 1, cursor, held_by, held_until FROM subscriptions;
ALTER TABLE subscriptions DROP COLUMN cursor;
ALTER TABLE subscriptions DROP COLUMN held_by;
ALTER TABLE subscriptions DROP COLUMN held_until;
