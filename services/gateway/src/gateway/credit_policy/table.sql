-- What each tenant decided of ratings; no row, nothing decided yet.
CREATE TABLE {table} (
  tenant_id text NOT NULL,
  policy_id text NOT NULL,
  version   int NOT NULL,
  policy    jsonb NOT NULL,
  PRIMARY KEY (tenant_id, policy_id)
);
