ALTER TABLE subscriptions DROP COLUMN held_by;
ALTER TABLE subscriptions DROP COLUMN held_until;
