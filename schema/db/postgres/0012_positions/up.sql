-- The cursor says up to where a way has been told of its feed; only what failed, or waits behind such, has a notice of its own. What
-- comes after the cursor is told by one hub at a time: which, and until when without a word from it.
ALTER TABLE subscriptions ADD COLUMN held_by TEXT COLLATE "C";
ALTER TABLE subscriptions ADD COLUMN held_until TIMESTAMPTZ;
