-- Credit history; one row for each thing that was said.
CREATE TABLE {table} (
  tenant_id  text NOT NULL,
  event_id   text NOT NULL,
  company_id text COLLATE "C" NOT NULL,
  seq        bigint NOT NULL,
  at         timestamptz NOT NULL,
  by         text NOT NULL,
  what       text NOT NULL,
  cause      text,
  purpose    text,
  message    text,
  check_id   text,
  asked_by   text,
  bureau     text,
  shown      text NOT NULL,
  old        jsonb,
  new        jsonb,
  PRIMARY KEY (tenant_id, event_id)
);
CREATE INDEX ON {table} (tenant_id, company_id, seq);
CREATE INDEX ON {table} (tenant_id, at, company_id) WHERE new IS NOT NULL;
