-- The tenant's users.
CREATE TABLE {table} (
  tenant_id  text NOT NULL,
  user_id    text COLLATE "C" NOT NULL,
  name       jsonb NOT NULL,
  email      jsonb NOT NULL,
  role       text NOT NULL,
  created_at timestamptz NOT NULL,
  active     boolean NOT NULL,
  version    int NOT NULL,
  PRIMARY KEY (tenant_id, user_id)
);
