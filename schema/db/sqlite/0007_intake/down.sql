ALTER TABLE submissions ADD COLUMN refused TEXT;
DROP TABLE likenesses;
DROP TABLE refusals;
