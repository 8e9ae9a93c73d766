-- The plain way for one caller alone who writes to its own stream: the same promises and outcomes
-- as `append_batch`, by statements that each touch one row. Judging a set costs more than that.
CREATE FUNCTION append_one(
  a_tenant text, a_command uuid, a_digest bytea, a_category text, a_stream uuid, a_version int,
  a_created jsonb, a_meta jsonb, e_id uuid[], e_type text[], e_data jsonb[],
  c_kind text, c_key bytea
) RETURNS TABLE (outcome text, answer jsonb, digest bytea, holder uuid)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  base bigint;
  head int;
  size int := cardinality(e_id);
BEGIN
  -- A statement of its own: the next one's snapshot then sees every earlier commit.
  PERFORM pg_advisory_xact_lock(7001);
  SELECT d.answer, d.digest INTO answer, digest FROM commands d
  WHERE d.tenant_id = a_tenant AND d.command_id = a_command;
  IF FOUND THEN
    outcome := 'again';
    RETURN NEXT;
    RETURN;
  END IF;
  IF c_kind IS NOT NULL THEN
    SELECT k.stream_id INTO holder FROM claims k
    WHERE k.tenant_id = a_tenant AND k.kind = c_kind AND k.key = c_key AND k.stream_id <> a_stream;
    IF FOUND THEN
      outcome := 'claimed';
      RETURN NEXT;
      RETURN;
    END IF;
  END IF;
  SELECT e.version INTO head FROM events e
  WHERE e.tenant_id = a_tenant AND e.stream_id = a_stream AND e.category = a_category
  ORDER BY e.version DESC LIMIT 1;
  IF size > 0 AND coalesce(head, 0) <> a_version THEN
    outcome := 'conflict';
    RETURN NEXT;
    RETURN;
  END IF;
  SELECT coalesce(max(position), 0) INTO base FROM events;
  INSERT INTO events (position, tenant_id, category, stream_id, version, event_id, type, data, meta)
  SELECT base + k, a_tenant, a_category, a_stream, a_version + k, e_id[k], e_type[k], e_data[k], a_meta
  FROM generate_series(1, size) k;
  IF c_kind IS NOT NULL THEN
    DELETE FROM claims k WHERE k.tenant_id = a_tenant AND k.kind = c_kind
      AND k.stream_id = a_stream AND k.key <> c_key;
    INSERT INTO claims VALUES (a_tenant, c_kind, c_key, a_stream)
    ON CONFLICT (tenant_id, kind, key) DO NOTHING;
  END IF;
  outcome := 'added';
  digest := a_digest;
  answer := jsonb_build_object('stream_id', a_stream, 'position', base + size,
                               'version', a_version + size, 'created', a_created);
  INSERT INTO commands VALUES (a_tenant, a_command, a_digest, answer);
  PERFORM pg_notify('events', '');
  RETURN NEXT;
END $$;
