DROP TABLE alarms;
DROP TABLE watches;
