-- Which company has which number.
CREATE TABLE {table} (
  tenant_id  text NOT NULL,
  company_id text NOT NULL,
  country    text NOT NULL,
  number     text NOT NULL,
  PRIMARY KEY (tenant_id, company_id)
);
CREATE INDEX ON {table} (tenant_id, country, number);
