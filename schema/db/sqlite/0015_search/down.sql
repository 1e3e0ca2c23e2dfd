DROP INDEX dossiers_parked_by_unit_id;
DROP INDEX dossiers_parked_by_tenant_id;
DROP INDEX dossiers_by_supervisor_status_id;
DROP INDEX dossiers_by_unit_status_id;
DROP INDEX dossiers_by_agency_status_id;
DROP INDEX dossiers_by_tenant_status_id;
CREATE INDEX dossiers_by_agency_id ON dossiers (agency, id);
CREATE INDEX dossiers_by_tenant_id ON dossiers (tenant, id);
