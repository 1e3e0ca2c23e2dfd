DROP INDEX submissions_by_format;
ALTER TABLE deliveries DROP COLUMN format_version;
ALTER TABLE submissions DROP COLUMN format_version;
DROP TABLE format_drifts;
DROP TABLE format_uses;
DROP TABLE formats;
DELETE FROM settings WHERE name = 'formats';
