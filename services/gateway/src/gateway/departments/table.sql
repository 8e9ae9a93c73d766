-- The tenant's own departments.
CREATE TABLE {table} (
  tenant_id     text NOT NULL,
  department_id text COLLATE "C" NOT NULL,
  name          text NOT NULL,
  created_at    timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, department_id)
);
