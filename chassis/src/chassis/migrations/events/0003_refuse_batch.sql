-- A refusal is an answer too, and stands in `commands` like any other: a `Problem` instead of an
-- `Answer`. Whichever of a command's attempts comes here first decides for all of them, so it waits
-- for the lock that appends wait for.
-- Outcomes: refused · again (the command was answered before, or is so by another of this batch).
CREATE FUNCTION refuse_batch(
  a_tenant text[], a_command uuid[], a_digest bytea[], a_problem jsonb[]
) RETURNS TABLE (outcome text, answer jsonb, digest bytea, holder uuid)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  -- A statement of its own: the next one's snapshot then sees every earlier commit.
  PERFORM pg_advisory_xact_lock(7001);
  RETURN QUERY
  WITH asked AS (
    SELECT *, row_number() OVER (PARTITION BY tenant, command ORDER BY n) AS turn
    FROM unnest(a_tenant, a_command, a_digest, a_problem)
      WITH ORDINALITY AS a (tenant, command, digest, problem, n)
  ), noted AS (
    INSERT INTO commands (tenant_id, command_id, digest, answer)
    SELECT tenant, command, digest, problem FROM asked WHERE turn = 1
    ON CONFLICT (tenant_id, command_id) DO NOTHING
    RETURNING tenant_id, command_id
  )
  SELECT CASE WHEN a.turn = 1 AND k.command_id IS NOT NULL THEN 'refused' ELSE 'again' END,
         NULL::jsonb, NULL::bytea, NULL::uuid
  FROM asked a LEFT JOIN noted k ON k.tenant_id = a.tenant AND k.command_id = a.command
  ORDER BY a.n;
END $$;
