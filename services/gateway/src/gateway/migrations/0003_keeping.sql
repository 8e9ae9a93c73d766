-- Keep a batch; what was kept before is passed over. Returns how many were new. The lock comes in
-- a statement of its own, so that the next one sees all that was kept before it.
--
-- Nearly always everything is new: then no row is looked for, and what the database knows of its
-- own tables, which is nothing while they are young, does not matter.
CREATE OR REPLACE FUNCTION keep_history(
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
  BEGIN
    INSERT INTO history (tenant_id, seq, source, position, id, category, stream_id, version, type,
                         at, by, command, correlation, causation, traceparent, data)
    SELECT tenant, last_seq + n, source, position, id, category, stream, version, type,
           at, actor, command, correlation, causation, traceparent, body::jsonb
    FROM unnest(tenants, sources, positions, ids, categories, streams, versions, types, times,
                actors, commands, correlations, causations, traceparents, bodies)
      WITH ORDINALITY AS e (tenant, source, position, id, category, stream, version, type, at,
                            actor, command, correlation, causation, traceparent, body, n);
    added := cardinality(tenants);
  EXCEPTION WHEN unique_violation THEN
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
  END;
  IF added > 0 THEN
    UPDATE history_head SET seq = last_seq + added;
    -- One doorbell a tenant: streams of others need not look.
    FOR heard IN SELECT DISTINCT unnest(tenants) LOOP
      PERFORM pg_notify('history', heard);
    END LOOP;
  END IF;
  RETURN added;
END $$;
