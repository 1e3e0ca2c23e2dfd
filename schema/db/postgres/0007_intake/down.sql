ALTER TABLE submissions ADD COLUMN refused TEXT COLLATE "C";
DROP TABLE likenesses;
DROP TABLE refusals;
