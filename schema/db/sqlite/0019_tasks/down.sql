DROP INDEX dossier_parties_co_agencies;
ALTER TABLE dossiers DROP COLUMN tasks;
