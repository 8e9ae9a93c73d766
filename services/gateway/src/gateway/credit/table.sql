-- Credit history; one row for each thing that was said.
CREATE TABLE {table} (
  tenant_id  text NOT NULL,
  event_id   text NOT NULL,
  company_id text NOT NULL,
  seq        bigint NOT NULL,
  at         timestamptz NOT NULL,
  by         text NOT NULL,
  what       text NOT NULL,
  cause      text,
  purpose    text,
  message    text,
  old        jsonb,
  new        jsonb,
  PRIMARY KEY (tenant_id, event_id)
);
CREATE INDEX ON {table} (tenant_id, company_id, seq);
