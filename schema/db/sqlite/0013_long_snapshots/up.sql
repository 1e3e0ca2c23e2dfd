-- Of PostgreSQL, where it puts the hubs of one database in a row; SQLite has one writer by itself.
CREATE TABLE writer (
    id INTEGER NOT NULL,
    PRIMARY KEY (id)
) STRICT;
INSERT INTO writer (id) VALUES (1);
