-- What a registry says anew of some numbers: facts, entries, keys and words change together, so
-- that what is committed is found at once, by its name and by a slip in it.
CREATE SEQUENCE registry.entry_ids AS int START 1000000000 MAXVALUE 1999999999 CYCLE;

-- `changes` are rows as files have them, each with its form, its facts and their day. One caller
-- at a time: two would insert the same new word.
CREATE FUNCTION registry.take(changes jsonb) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7102);
  CREATE TEMPORARY TABLE IF NOT EXISTS pg_temp.taken (
    id int, country text, number text COLLATE "C", parent text, name text, key text COLLATE "C",
    city text, municipality text, legal_form text, active boolean, bankrupt boolean, score int
  ) ON COMMIT DELETE ROWS;
  TRUNCATE pg_temp.taken;

  DELETE FROM registry.facts f USING jsonb_to_recordset(changes)
      AS c (country text, number text, file_rank smallint)
    WHERE f.number = c.number AND f.country = c.country AND f.file_rank = c.file_rank;
  INSERT INTO registry.facts (country, number, file_rank, line, form, facts, as_of)
    SELECT c.country, c.number, c.file_rank, 0, c.form, c.facts, c.as_of
    FROM jsonb_to_recordset(changes) AS c (country text, number text, file_rank smallint,
      form text, facts text, as_of timestamptz);

  -- What a row does not say, an entry keeps.
  INSERT INTO pg_temp.taken
    SELECT coalesce(e.id, nextval('registry.entry_ids')::int), c.country, c.number,
      coalesce(c.parent, e.parent), coalesce(c.name, e.name), coalesce(c.key, e.key),
      coalesce(c.city, e.city), coalesce(c.municipality, e.municipality),
      coalesce(c.legal_form, e.legal_form), c.ended IS NOT TRUE, c.bankrupt IS TRUE,
      CASE WHEN c.employees IS NULL AND c.since IS NULL AND e.score > 0
             AND c.ended IS NOT TRUE AND c.bankrupt IS NOT TRUE THEN e.score
           ELSE registry.score(c.ended IS NOT TRUE, c.bankrupt IS TRUE, c.employees, c.since) END
    FROM jsonb_to_recordset(changes) AS c (country text, number text, parent text, name text,
      key text, city text, municipality text, legal_form text, employees int, since int,
      ended boolean, bankrupt boolean)
    LEFT JOIN registry.entries e ON e.number = c.number AND e.country = c.country
    WHERE coalesce(c.name, e.name) IS NOT NULL;
  DELETE FROM registry.entries e USING pg_temp.taken t WHERE e.id = t.id;
  INSERT INTO registry.entries SELECT * FROM pg_temp.taken;

  DELETE FROM registry.keys k USING pg_temp.taken t WHERE k.id = t.id;
  INSERT INTO registry.keys (slot, key, score, country, municipality, id)
    SELECT n.slot, n.key, t.score, t.country, t.municipality, t.id
    FROM pg_temp.taken t
      JOIN registry.table_sets s ON s.live
      LEFT JOIN registry.entries head ON head.number = t.parent AND head.country = t.country,
      LATERAL registry.turned(
        t.key, registry.slot(t.active, t.parent IS NOT NULL, t.score, s.edges)) n
    WHERE head.key IS DISTINCT FROM t.key;

  WITH fresh AS (
    INSERT INTO registry.words (word, uses)
    SELECT DISTINCT word, 1 FROM pg_temp.taken, unnest(string_to_array(key, ' ')) word
    ON CONFLICT (word) DO NOTHING RETURNING word)
  INSERT INTO registry.slips (slip, start, uses)
    SELECT s.slip, b.start, 1
    FROM (SELECT DISTINCT n.start FROM fresh, registry.starts(word) n) b, registry.slips_of(b.start) s
    WHERE NOT EXISTS (SELECT FROM registry.slips k WHERE k.slip = b.start AND k.start = b.start);
  UPDATE registry.sources SET changed_at = now()
    WHERE country IN (SELECT country FROM pg_temp.taken);
END $$;

-- Forget numbers that a registry has removed for legal reasons: nothing of them is kept.
CREATE FUNCTION registry.purge(gone_country text, gone text[]) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7102);
  DELETE FROM registry.facts f WHERE f.number = ANY (gone) AND f.country = gone_country;
  DELETE FROM registry.keys k USING registry.entries e
    WHERE e.number = ANY (gone) AND e.country = gone_country AND k.id = e.id;
  DELETE FROM registry.entries e WHERE e.number = ANY (gone) AND e.country = gone_country;
  DELETE FROM registry.picks p WHERE p.number = ANY (gone) AND p.country = gone_country;
END $$;

REVOKE EXECUTE ON FUNCTION registry.take, registry.purge FROM PUBLIC;
DO $$ BEGIN
  EXECUTE format('GRANT EXECUTE ON FUNCTION registry.take, registry.purge TO %I',
                 current_setting('app.service_role'));
END $$;
