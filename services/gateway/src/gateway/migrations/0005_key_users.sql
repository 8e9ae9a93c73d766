-- Some keys are one user's own: "mine" is theirs, and what is done with such a key they did.
ALTER TABLE api_keys ADD COLUMN user_id uuid;
SELECT app.grant_to_reader('api_keys', 'SELECT (user_id)');

-- A function's form cannot be changed in place. Whoever reads the columns by name goes on reading.
DROP FUNCTION app.find_key(text);
CREATE FUNCTION app.find_key(wanted text)
RETURNS TABLE (tenant_id text, key_id text, digest bytea, role text, revoked boolean, user_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT k.tenant_id, k.key_id, k.digest, k.role, k.revoked_at IS NOT NULL, k.user_id
  FROM api_keys k WHERE k.key_id = wanted
$$;
REVOKE ALL ON FUNCTION app.find_key(text) FROM PUBLIC;
DO $$
DECLARE
  service text := current_setting('app.service_role');
BEGIN
  EXECUTE format('GRANT EXECUTE ON FUNCTION app.find_key(text) TO %I, %I', service, service || '_reader');
END $$;
