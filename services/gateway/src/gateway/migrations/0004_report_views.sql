-- Who opened which company's credit, and when: whoever saw what a bureau takes back is to be told.
-- `seq` is the latest thing they saw, `noted` that its owner knows of it.
CREATE TABLE report_views (
  tenant_id  text NOT NULL,
  company_id uuid NOT NULL,
  viewed_by  text NOT NULL,
  seq        bigint NOT NULL,
  at         timestamptz NOT NULL,
  noted      boolean NOT NULL DEFAULT false,
  PRIMARY KEY (tenant_id, company_id, viewed_by)
);
CREATE INDEX report_views_to_note ON report_views (at) WHERE NOT noted;
SELECT app.open_to_service('report_views');
SELECT app.grant_to_service('report_views', 'SELECT, INSERT, UPDATE'),
       app.grant_to_reader('report_views', 'SELECT');
