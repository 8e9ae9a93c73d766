-- The record: what happened, in one gapless order; every command that was ever answered; and
-- what only one stream of a tenant may have.
CREATE TABLE events (
  position   bigint PRIMARY KEY,
  tenant_id  text NOT NULL,
  category   text NOT NULL,
  stream_id  uuid NOT NULL,
  version    int NOT NULL,
  event_id   uuid NOT NULL,
  type       text NOT NULL,
  data       jsonb NOT NULL,
  meta       jsonb NOT NULL,
  -- One thing may have streams of several kinds under one id: a person's company, their erasure.
  UNIQUE (tenant_id, stream_id, category, version)
);
CREATE TABLE commands (
  tenant_id  text NOT NULL,
  command_id uuid NOT NULL,
  digest     bytea NOT NULL,
  answer     jsonb NOT NULL,
  PRIMARY KEY (tenant_id, command_id)
);
-- Keys are hashed under the tenant's own key: a claim may be made from a personal number.
CREATE TABLE claims (
  tenant_id  text NOT NULL,
  kind       text NOT NULL,
  key        bytea NOT NULL,
  stream_id  uuid NOT NULL,
  PRIMARY KEY (tenant_id, kind, key),
  UNIQUE (tenant_id, kind, stream_id)
);
-- How far the relay has put the record on the bus. `epoch` counts rebuilds of the stream.
CREATE TABLE relay (
  one        boolean PRIMARY KEY DEFAULT true CHECK (one),
  position   bigint NOT NULL DEFAULT 0,
  epoch      int NOT NULL DEFAULT 0
);
INSERT INTO relay DEFAULT VALUES;

SELECT app.open_to_service('events'), app.open_to_service('commands'), app.open_to_service('claims');
SELECT app.grant_to_service('events', 'SELECT, INSERT'),
       app.grant_to_service('commands', 'SELECT, INSERT'),
       app.grant_to_service('claims', 'SELECT, INSERT, DELETE'),
       app.grant_to_service('relay', 'SELECT, UPDATE');

CREATE FUNCTION app.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what happened is never changed' USING ERRCODE = '42501';
END $$;
CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON events
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON commands
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();

-- Group commit. One call appends for many callers: one lock, one commit, each its own outcome.
--   a_: per append (command)   w_: per write (stream) of an append
--   e_: per event, in the order of the writes   c_: per claim of an append
-- Outcomes: added · again (same command: `answer` as before, with its `digest`) · claimed
-- (`holder` has it) · conflict (somebody wrote first).
CREATE FUNCTION append_batch(
  a_tenant text[], a_command uuid[], a_digest bytea[], a_category text[], a_stream uuid[],
  a_version int[], a_created jsonb[], a_meta jsonb[],
  w_append int[], w_category text[], w_stream uuid[], w_expected int[], w_size int[],
  e_id uuid[], e_type text[], e_data jsonb[],
  c_append int[], c_stream uuid[], c_kind text[], c_key bytea[]
) RETURNS TABLE (outcome text, answer jsonb, digest bytea, holder uuid)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  base bigint;
BEGIN
  -- A statement of its own: the next one's snapshot then sees every earlier commit. The lock is
  -- held to the end of the transaction, so positions become visible in order.
  PERFORM pg_advisory_xact_lock(7001);
  SELECT coalesce(max(position), 0) INTO base FROM events;
  RETURN QUERY
  WITH asked AS (
    SELECT * FROM unnest(a_tenant, a_command, a_digest, a_category, a_stream, a_version,
                         a_created, a_meta)
      WITH ORDINALITY AS a (tenant, command, digest, category, stream, version, created, meta, n)
  ), writes AS (
    SELECT w.*, a.tenant,
      coalesce((SELECT e.version FROM events e WHERE e.tenant_id = a.tenant
                AND e.stream_id = w.stream AND e.category = w.category
                ORDER BY e.version DESC LIMIT 1), 0) AS head,
      row_number() OVER (PARTITION BY a.tenant, w.category, w.stream ORDER BY w.o) AS turn,
      (sum(w.size) OVER (ORDER BY w.o) - w.size)::int AS skip
    FROM unnest(w_append, w_category, w_stream, w_expected, w_size)
      WITH ORDINALITY AS w (n, category, stream, expected, size, o)
    JOIN asked a USING (n)
  ), claiming AS (
    SELECT c.*, a.tenant, k.stream_id AS held_by,
      first_value(c.stream) OVER (PARTITION BY a.tenant, c.kind, c.key ORDER BY c.o) AS first
    FROM unnest(c_append, c_stream, c_kind, c_key) WITH ORDINALITY AS c (n, stream, kind, key, o)
    JOIN asked a USING (n)
    LEFT JOIN claims k ON k.tenant_id = a.tenant AND k.kind = c.kind AND k.key = c.key
  ), judged AS (
    SELECT a.*, d.digest AS seen, d.answer AS before,
      (SELECT c.held_by FROM claiming c
       WHERE c.n = a.n AND c.held_by <> c.stream ORDER BY c.o LIMIT 1) AS holder,
      row_number() OVER (PARTITION BY a.tenant, a.command ORDER BY a.n) = 1
      AND NOT EXISTS (SELECT FROM writes w
                      WHERE w.n = a.n AND (w.head <> w.expected OR w.turn > 1))
      AND NOT EXISTS (SELECT FROM claiming c WHERE c.n = a.n AND c.first <> c.stream) AS free
    FROM asked a LEFT JOIN commands d ON d.tenant_id = a.tenant AND d.command_id = a.command
  ), winners AS (
    SELECT * FROM judged j WHERE j.seen IS NULL AND j.holder IS NULL AND j.free
  ), added AS (
    INSERT INTO events (position, tenant_id, category, stream_id, version, event_id, type, data, meta)
    SELECT base + row_number() OVER (ORDER BY w.o, k), w.tenant, w.category, w.stream,
      w.expected + k, e_id[w.skip + k], e_type[w.skip + k], e_data[w.skip + k], a.meta
    FROM winners a JOIN writes w USING (n) CROSS JOIN generate_series(1, w.size) k
    RETURNING position, tenant_id, category, stream_id
  ), released AS (
    DELETE FROM claims k USING claiming c JOIN winners USING (n)
    WHERE k.tenant_id = c.tenant AND k.kind = c.kind AND k.stream_id = c.stream AND k.key <> c.key
    RETURNING 1
  ), kept AS (
    INSERT INTO claims SELECT c.tenant, c.kind, c.key, c.stream FROM claiming c JOIN winners USING (n)
    WHERE c.held_by IS NULL AND (SELECT count(*) FROM released) >= 0
    ON CONFLICT (tenant_id, kind, key) DO NOTHING
    RETURNING 1
  ), ends AS (
    SELECT w.n, max(d.position) AS position FROM writes w
    JOIN added d ON d.tenant_id = w.tenant AND d.stream_id = w.stream AND d.category = w.category
    GROUP BY w.n
  ), answers AS (
    SELECT a.n, a.tenant, a.command, a.digest, jsonb_build_object(
      'stream_id', a.stream,
      'position', coalesce(x.position, base),
      'version', a.version + coalesce((SELECT w.size FROM writes w
                                       WHERE w.n = a.n AND w.stream = a.stream
                                       AND w.category = a.category), 0),
      'created', a.created) AS answer
    FROM winners a LEFT JOIN ends x USING (n)
  ), noted AS (
    INSERT INTO commands SELECT tenant, command, digest, answer FROM answers RETURNING 1
  )
  SELECT CASE WHEN j.seen IS NOT NULL THEN 'again' WHEN x.n IS NOT NULL THEN 'added'
              WHEN j.holder IS NOT NULL THEN 'claimed' ELSE 'conflict' END,
         coalesce(j.before, x.answer), coalesce(j.seen, x.digest), j.holder
  FROM judged j LEFT JOIN answers x USING (n) ORDER BY j.n;
  -- One doorbell a batch; one for every appending transaction would serialise their commits.
  PERFORM pg_notify('events', '');
END $$;
