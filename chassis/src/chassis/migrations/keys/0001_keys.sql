-- The keys that personal texts are sealed under, apart from everything sealed with them. Each is
-- wrapped under the master key, which is in no database.
CREATE TABLE subject_keys (
  tenant_id  text NOT NULL,
  subject_id uuid NOT NULL,
  wrapped    bytea,
  created_at timestamptz NOT NULL DEFAULT now(),
  destroyed_at timestamptz,
  PRIMARY KEY (tenant_id, subject_id),
  CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);
-- What claims and command digests are hashed with: the same wish must hash alike.
CREATE TABLE tenant_keys (
  tenant_id  text PRIMARY KEY,
  wrapped    bytea NOT NULL
);
SELECT app.protect('subject_keys'), app.protect('tenant_keys');
