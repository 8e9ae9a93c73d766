-- What each tenant has decided; no row, nothing decided yet.
CREATE TABLE {table} (
  tenant_id       text NOT NULL,
  settings_id     text NOT NULL,
  version         int NOT NULL,
  registry_policy text NOT NULL,
  PRIMARY KEY (tenant_id, settings_id)
);
