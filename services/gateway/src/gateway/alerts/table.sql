-- Alerts; a note stays sealed.
CREATE TABLE {table} (
  tenant_id       text NOT NULL,
  alert_id        text NOT NULL,
  seq             bigint NOT NULL,
  kind            text NOT NULL,
  company_id      text,
  raised_at       timestamptz NOT NULL,
  told_to         jsonb NOT NULL,
  old             text,
  new             text,
  bureau          text,
  model           text,
  companies       int,
  state           text NOT NULL,
  escalated_at    timestamptz,
  escalated_to    jsonb NOT NULL,
  acknowledged_at timestamptz,
  acknowledged_by text,
  note            jsonb,
  PRIMARY KEY (tenant_id, alert_id)
);
CREATE INDEX ON {table} (tenant_id, seq);
CREATE INDEX ON {table} (tenant_id, state, seq);
CREATE INDEX ON {table} (tenant_id, company_id, seq);
