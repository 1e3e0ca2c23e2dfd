-- What each of several agencies has to do in a dossier, and how far it has come: what its events add up to, as JSON; NULL for one agency's.
ALTER TABLE dossiers ADD COLUMN tasks TEXT;
-- The dossiers in which an agency has a task beside the agency that leads: looking for them in a status goes by these alone.
CREATE INDEX dossier_parties_co_agencies ON dossier_parties (tenant, dossier) WHERE role = 'co-agency' AND until IS NULL;
