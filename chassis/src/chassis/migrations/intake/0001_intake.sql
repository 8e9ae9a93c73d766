-- What a consumer keeps: how far it is with each source, and what it could not take in.
CREATE TABLE checkpoints (
  consumer   text NOT NULL,
  source     text NOT NULL,
  position   bigint NOT NULL,
  PRIMARY KEY (consumer, source)
);
CREATE TABLE parked (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  consumer   text NOT NULL,
  tenant_id  text NOT NULL,
  stream_id  uuid,
  source     text NOT NULL,
  position   bigint NOT NULL,
  type       text NOT NULL,
  reason     text NOT NULL,
  headers    jsonb NOT NULL,
  body       bytea NOT NULL,
  parked_at  timestamptz NOT NULL DEFAULT now(),
  retry      boolean NOT NULL DEFAULT false,
  UNIQUE (consumer, source, position)
);
CREATE INDEX parked_streams ON parked (consumer, tenant_id, stream_id);
SELECT app.open_to_service('parked');
SELECT app.grant_to_service('checkpoints', 'SELECT, INSERT, UPDATE'),
       app.grant_to_service('parked', 'SELECT, INSERT, UPDATE, DELETE');
