-- Every event the gateway has heard of, in the one order it heard them: what timelines, chains of
-- causes and rebuilt read models are read from. `seq` has no gaps, and becomes visible in order.
CREATE TABLE history (
  tenant_id   text NOT NULL,
  seq         bigint NOT NULL,
  source      text NOT NULL,
  position    bigint NOT NULL,
  id          uuid NOT NULL,
  category    text NOT NULL,
  stream_id   uuid NOT NULL,
  version     int NOT NULL,
  type        text NOT NULL,
  at          timestamptz NOT NULL,
  by          text NOT NULL,
  command     uuid NOT NULL,
  correlation uuid NOT NULL,
  causation   uuid,
  traceparent text,
  data        jsonb NOT NULL,
  PRIMARY KEY (tenant_id, seq),
  UNIQUE (tenant_id, source, position)
) PARTITION BY HASH (tenant_id);
DO $$
BEGIN
  FOR part IN 0..7 LOOP
    EXECUTE format('CREATE TABLE history_%s PARTITION OF history FOR VALUES WITH (MODULUS 8, REMAINDER %s)',
                   part, part);
    PERFORM app.open_to_service(format('history_%s', part));
  END LOOP;
END $$;
-- Projectors read all tenants in order; a timeline reads one stream; a chain follows ids.
CREATE INDEX history_in_order ON history (seq);
CREATE INDEX history_of_stream ON history (tenant_id, stream_id, seq);
CREATE INDEX history_by_id ON history (tenant_id, id);

-- The place of the last event; the row is also the lock that makes places gapless and ordered.
CREATE TABLE history_head (
  one  boolean PRIMARY KEY DEFAULT true CHECK (one),
  seq  bigint NOT NULL DEFAULT 0
);
INSERT INTO history_head DEFAULT VALUES;

SELECT app.open_to_service('history');
SELECT app.grant_to_service('history', 'SELECT, INSERT'),
       app.grant_to_service('history_head', 'SELECT, UPDATE'),
       app.grant_to_reader('history', 'SELECT'),
       app.grant_to_reader('history_head', 'SELECT'),
       app.grant_to_reader('checkpoints', 'SELECT');

CREATE FUNCTION app.refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what was heard is never changed' USING ERRCODE = '42501';
END $$;
CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON history
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_rewriting();

-- Keep a batch; what was kept before is passed over. Returns how many were new. The lock comes in
-- a statement of its own, so that the next one sees all that was kept before it.
CREATE FUNCTION keep_history(
  tenants text[], sources text[], positions bigint[], ids uuid[], categories text[],
  streams uuid[], versions int[], types text[], times timestamptz[], actors text[],
  commands uuid[], correlations uuid[], causations uuid[], traceparents text[], bodies text[]
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  last_seq bigint;
  added    bigint;
  heard    text;
BEGIN
  SELECT seq INTO last_seq FROM history_head FOR UPDATE;
  WITH heard AS (
    SELECT e.*, row_number() OVER (PARTITION BY e.tenant, e.source, e.position ORDER BY e.n) AS turn
    FROM unnest(tenants, sources, positions, ids, categories, streams, versions, types, times,
                actors, commands, correlations, causations, traceparents, bodies)
      WITH ORDINALITY AS e (tenant, source, position, id, category, stream, version, type, at,
                            actor, command, correlation, causation, traceparent, body, n)
  ), fresh AS (
    SELECT *, row_number() OVER (ORDER BY n) AS place FROM heard e
    WHERE turn = 1 AND NOT EXISTS (
      SELECT FROM history h
      WHERE h.tenant_id = e.tenant AND h.source = e.source AND h.position = e.position)
  ), kept AS (
    INSERT INTO history (tenant_id, seq, source, position, id, category, stream_id, version, type,
                         at, by, command, correlation, causation, traceparent, data)
    SELECT tenant, last_seq + place, source, position, id, category, stream, version, type,
           at, actor, command, correlation, causation, traceparent, body::jsonb
    FROM fresh
    RETURNING 1
  )
  SELECT count(*) INTO added FROM kept;
  IF added > 0 THEN
    UPDATE history_head SET seq = last_seq + added;
    -- One doorbell a tenant: streams of others need not look.
    FOR heard IN SELECT DISTINCT unnest(tenants) LOOP
      PERFORM pg_notify('history', heard);
    END LOOP;
  END IF;
  RETURN added;
END $$;
