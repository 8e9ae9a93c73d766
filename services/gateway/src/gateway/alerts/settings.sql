-- What becomes of each tenant's alerts; no row, as it comes.
CREATE TABLE {table} (
  tenant_id            text NOT NULL,
  settings_id          text NOT NULL,
  version              int NOT NULL,
  escalate_after_hours int NOT NULL,
  escalate_to          jsonb NOT NULL,
  PRIMARY KEY (tenant_id, settings_id)
);
