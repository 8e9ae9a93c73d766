-- The card; one row a company.
CREATE TABLE {table} (
  tenant_id   text NOT NULL,
  company_id  text NOT NULL,
  version     int NOT NULL,
  created_at  timestamptz,
  created_in  text,
  kind        text NOT NULL,
  parent_id   text,
  archived_at timestamptz,
  merged_at   timestamptz,
  merged_into text,
  merged      jsonb NOT NULL,
  department  jsonb,
  known       jsonb NOT NULL,
  addresses   jsonb NOT NULL,
  relations   jsonb NOT NULL,
  owners      jsonb NOT NULL,
  invoicing   jsonb,
  proposals   jsonb NOT NULL,
  credit      jsonb NOT NULL,
  units       jsonb NOT NULL,
  PRIMARY KEY (tenant_id, company_id)
);
CREATE INDEX ON {table} (tenant_id, parent_id) WHERE parent_id IS NOT NULL;
