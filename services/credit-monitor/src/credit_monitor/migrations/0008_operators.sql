-- What an operator has paused: a bureau for everybody, or for one tenant. Nothing is asked of it
-- meanwhile; what is to be done waits.
CREATE TABLE pauses (
  bureau    text NOT NULL,
  tenant_id text NOT NULL DEFAULT '',
  paused_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (bureau, tenant_id)
);
-- Whether an account is paused, for a tenant or for all that it is for.
CREATE FUNCTION paused(account text, tenant text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT FROM pauses p WHERE p.bureau = split_part(account, '/', 1)
                 AND p.tenant_id IN ('', tenant, split_part(account, '/', 2)))
$$;
SELECT app.open_to_service('pauses');
SELECT app.grant_to_service('pauses', 'SELECT, INSERT, DELETE');
