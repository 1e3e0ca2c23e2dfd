DROP TABLE reads;
DROP TABLE wraps;
DROP TABLE attachments;
DROP TABLE blobs;
