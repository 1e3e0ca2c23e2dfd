DROP INDEX deliveries_in_queue;
DROP INDEX deliveries_failed;
ALTER TABLE attempts DROP COLUMN actor;
ALTER TABLE attempts DROP COLUMN failure;
ALTER TABLE deliveries DROP COLUMN failure;
DROP TABLE endpoints;
