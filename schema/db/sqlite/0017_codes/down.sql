DROP TABLE code_counters;
DROP INDEX tenants_with_codes;
ALTER TABLE tenants DROP COLUMN codes;
