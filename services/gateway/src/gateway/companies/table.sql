-- The list. Names compare bytewise: `sort_name` is made so that this is the alphabet's order. Under
-- row-level security only such plain comparisons may use an index.
CREATE TABLE {table} (
  tenant_id         text NOT NULL,
  company_id        text COLLATE "C" NOT NULL,
  created_at        timestamptz,
  kind              text NOT NULL,
  parent_id         text,
  country           text,
  number            text,
  name              text NOT NULL,
  sort_name         text COLLATE "C" NOT NULL,
  search            text NOT NULL,
  legal_form        text,
  industries        jsonb NOT NULL,
  municipality      text,
  municipality_name text,
  relations         jsonb NOT NULL,
  owners            jsonb NOT NULL,
  department_id     text,
  band              text,
  rating_band       text,
  rated_on          date,
  watch             text,
  watch_since       timestamptz,
  watch_reason      text,
  watch_bureau      text,
  heard_at          timestamptz,
  archived          boolean NOT NULL,
  merged_into       text,
  known             jsonb NOT NULL,
  PRIMARY KEY (tenant_id, company_id)
);
CREATE INDEX ON {table} (tenant_id, archived, sort_name, company_id) WHERE created_at IS NOT NULL;
CREATE INDEX ON {table} (tenant_id, archived, created_at, company_id) WHERE created_at IS NOT NULL;
