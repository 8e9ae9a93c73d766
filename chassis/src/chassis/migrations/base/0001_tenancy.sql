-- What every service's database begins with: who the tenant is, and row-level security by it.
CREATE SCHEMA IF NOT EXISTS app;

-- The tenant of this transaction; raises where none was set, so that a forgotten tenant is an
-- error and never an empty answer (a transaction-local setting reads '' afterwards, not missing).
CREATE OR REPLACE FUNCTION app.tenant() RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
  tenant text := current_setting('app.tenant', true);
BEGIN
  IF tenant IS NULL OR tenant = '' THEN
    RAISE EXCEPTION 'no tenant is set in this transaction' USING ERRCODE = '42501';
  END IF;
  RETURN tenant;
END $$;

CREATE OR REPLACE FUNCTION app.grant_to_service(relation text, privileges text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('GRANT %s ON %s TO %I', privileges, relation::regclass,
                 current_setting('app.service_role'));
END $$;

CREATE OR REPLACE FUNCTION app.grant_to_reader(relation text, privileges text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('GRANT %s ON %s TO %I', privileges, relation::regclass,
                 current_setting('app.service_role') || '_reader');
END $$;

-- Nobody, the owner included, sees or writes another tenant's rows.
CREATE OR REPLACE FUNCTION app.protect(relation text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', relation::regclass);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', relation::regclass);
  EXECUTE format('CREATE POLICY tenant ON %s USING (tenant_id = app.tenant())
                  WITH CHECK (tenant_id = app.tenant())', relation::regclass);
END $$;

-- The same, but the service's own role works across tenants: relays, projectors, workers.
CREATE OR REPLACE FUNCTION app.open_to_service(relation text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  service text := current_setting('app.service_role');
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', relation::regclass);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', relation::regclass);
  EXECUTE format('CREATE POLICY service ON %s TO %I USING (true) WITH CHECK (true)',
                 relation::regclass, service);
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = service || '_reader') THEN
    EXECUTE format('CREATE POLICY tenant ON %s TO %I USING (tenant_id = app.tenant())',
                   relation::regclass, service || '_reader');
  END IF;
END $$;
