-- When a receiving point was ended. The key stays its tenant's.
ALTER TABLE points ADD COLUMN until TIMESTAMPTZ;
