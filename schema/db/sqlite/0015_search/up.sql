-- Looking for dossiers in a status goes by whose they are: an index for each part that a tenant can have in one, with the status before
-- the id. Without it, what others have in that status is passed over, and that grows. A branch that files is its own receiving unit.
DROP INDEX dossiers_by_tenant_id;
DROP INDEX dossiers_by_agency_id;
CREATE INDEX dossiers_by_tenant_status_id ON dossiers (tenant, status, id);
CREATE INDEX dossiers_by_agency_status_id ON dossiers (agency, status, id);
CREATE INDEX dossiers_by_unit_status_id ON dossiers (receiving_unit, status, id) WHERE receiving_unit <> tenant;
CREATE INDEX dossiers_by_supervisor_status_id ON dossiers (supervisor, status, id) WHERE supervisor IS NOT NULL;
-- What waits for the operator is little.
CREATE INDEX dossiers_parked_by_tenant_id ON dossiers (tenant, id) WHERE parked IS NOT NULL;
CREATE INDEX dossiers_parked_by_unit_id ON dossiers (receiving_unit, id) WHERE parked IS NOT NULL;
-- A part that had ended was given a later end when its tenant came back and went again. It ended when the next began.
UPDATE dossier_parties SET until = (SELECT min(n.since) FROM dossier_parties n
    WHERE n.dossier = dossier_parties.dossier AND n.role = dossier_parties.role AND n.since > dossier_parties.since)
    WHERE role IN ('lead-agency', 'supervising-unit') AND until IS NOT NULL AND EXISTS (SELECT 1 FROM dossier_parties n
        WHERE n.dossier = dossier_parties.dossier AND n.role = dossier_parties.role AND n.since > dossier_parties.since
        AND n.since < dossier_parties.until);
