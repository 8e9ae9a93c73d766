-- The last day of its own clock on which a tenant's old reports and enquiries were forgotten.
CREATE TABLE kept_until (
  tenant_id text PRIMARY KEY,
  slot      date NOT NULL
);
SELECT app.open_to_service('kept_until');
SELECT app.grant_to_service('kept_until', 'SELECT, INSERT, UPDATE');
