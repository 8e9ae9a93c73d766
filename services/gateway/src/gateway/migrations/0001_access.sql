-- Who may come in: tenants, and their keys by hash. Nobody sees another tenant's, and a key that
-- was never given out opens nothing: what is stored cannot be turned back into a key.
CREATE TABLE tenants (
  tenant_id  text PRIMARY KEY,
  name       text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE api_keys (
  tenant_id  text NOT NULL REFERENCES tenants,
  key_id     text NOT NULL,
  digest     bytea NOT NULL,
  role       text NOT NULL CHECK (role IN ('reader', 'user', 'admin', 'operator')),
  label      text NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz,
  PRIMARY KEY (tenant_id, key_id)
);
-- Ids are drawn at random over all tenants; this is what a key is found by.
CREATE INDEX api_keys_by_id ON api_keys (key_id);

SELECT app.protect('tenants'), app.protect('api_keys');
SELECT app.grant_to_service('tenants', 'SELECT, INSERT'),
       app.grant_to_service('api_keys', 'SELECT, INSERT'),
       app.grant_to_service('api_keys', 'UPDATE (revoked_at)'),
       app.grant_to_reader('tenants', 'SELECT'),
       app.grant_to_reader('api_keys', 'SELECT (tenant_id, key_id, role, label, created_by, created_at, revoked_at)');

-- Whose key it is, before any tenant is known: the one door through row-level security, and it
-- shows one key at a time. Its owner reads all keys, through this function alone.
CREATE POLICY doorkeeper ON api_keys FOR SELECT TO CURRENT_USER USING (true);
CREATE FUNCTION app.find_key(wanted text)
RETURNS TABLE (tenant_id text, key_id text, digest bytea, role text, revoked boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT k.tenant_id, k.key_id, k.digest, k.role, k.revoked_at IS NOT NULL
  FROM api_keys k WHERE k.key_id = wanted
$$;
REVOKE ALL ON FUNCTION app.find_key(text) FROM PUBLIC;
DO $$
DECLARE
  service text := current_setting('app.service_role');
BEGIN
  EXECUTE format('GRANT EXECUTE ON FUNCTION app.find_key(text) TO %I, %I', service, service || '_reader');
END $$;
