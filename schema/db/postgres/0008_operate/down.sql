DROP TABLE audit;
ALTER TABLE staff DROP COLUMN until;
ALTER TABLE certificates DROP COLUMN warned;
ALTER TABLE tenants DROP COLUMN successor_policy;
