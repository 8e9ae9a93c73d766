-- How users want to hear of alerts; no row, as it comes.
CREATE TABLE {table} (
  tenant_id   text NOT NULL,
  user_id     text NOT NULL,
  version     int NOT NULL,
  mail        text NOT NULL,
  digest_hour int NOT NULL,
  language    text NOT NULL,
  PRIMARY KEY (tenant_id, user_id)
);
