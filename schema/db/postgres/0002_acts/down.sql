ALTER TABLE dossiers DROP COLUMN postponements;
