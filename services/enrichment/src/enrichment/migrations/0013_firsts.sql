-- What one to three letters find is put down beforehand: nothing else of such a question takes as
-- long as finding its ten rows one by one. `start` is how words begin, `wanted` a country, or empty
-- for all, and `slot` that of the key by which the entry is found.

-- Put down what some starts find, in all countries and in each, as `beginning` would; `n` is the
-- set.
CREATE FUNCTION registry.fill_firsts(n int, starts text[], countries text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format($sql$ DELETE FROM registry.firsts_%1$s WHERE start = ANY ($1) $sql$, n)
    USING starts;
  EXECUTE format($sql$
    INSERT INTO registry.firsts_%1$s
    SELECT s.start, w.wanted, best.place, best.slot, e.*
    FROM unnest($1) s (start), unnest(ARRAY[''] || $2) w (wanted), LATERAL (
      SELECT id, min(slot) AS slot, row_number() OVER (ORDER BY min(nth)) AS place
      FROM (
        SELECT id, slot, row_number() OVER () AS nth FROM (
          (SELECT id, slot FROM registry.keys_%1$s k
           WHERE k.key = s.start AND slot < 8 AND w.wanted IN ('', k.country)
           ORDER BY slot, score DESC, id LIMIT 10)
          UNION ALL
          (SELECT read.id, read.slot FROM generate_series(0, 17) tier, LATERAL (
             SELECT id, slot FROM registry.keys_%1$s k
             WHERE k.slot = tier AND k.key >= s.start AND k.key < s.start || '~'
               AND w.wanted IN ('', k.country)
             ORDER BY score DESC, id LIMIT 10) read)
          LIMIT 20) ordered) numbered
      GROUP BY id ORDER BY place LIMIT 10) best
    JOIN registry.entries_%1$s e ON e.id = best.id $sql$, n) USING starts, countries;
END $$;

-- Put down anew what finds some entries that have changed, or found them before.
CREATE FUNCTION registry.renew_firsts(ids int[]) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  starts text[] := ARRAY(
    SELECT start FROM registry.firsts WHERE id = ANY (ids)
    UNION
    SELECT k.start FROM (
      SELECT left(key, letters) COLLATE "C" AS start, key, slot, score, country
      FROM registry.keys, generate_series(1, 3) letters
      WHERE id = ANY (ids) AND length(key) >= letters) k, unnest(ARRAY['', k.country]) w (wanted)
    WHERE strpos(k.start, ' ') = 0 AND (k.key = k.start OR NOT EXISTS (
      SELECT FROM registry.firsts f
      WHERE f.start = k.start AND f.wanted = w.wanted AND f.place = 10
        AND (f.slot, -f.score) < (k.slot, -k.score))));
BEGIN
  IF starts <> '{}' THEN
    PERFORM registry.fill_firsts(
      id, starts, ARRAY(SELECT country FROM registry.sources ORDER BY country))
    FROM registry.table_sets WHERE live;
  END IF;
END $$;

INSERT INTO registry.building VALUES
(18, 'firsts', '{index tiers,index keys,index ids,words}', $sql$
  CREATE TABLE registry.firsts_%1$s (LIKE registry.firsts);
  SELECT registry.fill_firsts(%1$s,
    ARRAY(SELECT DISTINCT left(word, letters) FROM registry.words_%1$s, generate_series(1, 3) letters),
    ARRAY(SELECT DISTINCT country FROM registry.entries_%1$s))
$sql$),
(19, 'index firsts', '{firsts}', $sql$
  CREATE INDEX ON registry.firsts_%1$s (start, wanted, place);
  CREATE INDEX ON registry.firsts_%1$s (id)
$sql$);
UPDATE registry.building SET upon = upon || '{index firsts}', place = 20,
  sql = 'ANALYZE registry.facts_%1$s, registry.entries_%1$s, registry.keys_%1$s,
         registry.words_%1$s, registry.slips_%1$s, registry.firsts_%1$s'
  WHERE step = 'count';

-- The functions that go over all tables of a set, with one more.
CREATE OR REPLACE FUNCTION registry.show_set(n int) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  part text;
BEGIN
  FOREACH part IN ARRAY '{facts,entries,keys,words,slips,firsts}'::text[] LOOP
    EXECUTE format('CREATE OR REPLACE VIEW registry.%1$s AS SELECT * FROM registry.%1$s_%2$s',
                   part, n);
  END LOOP;
  UPDATE registry.table_sets SET live = false WHERE live;
  UPDATE registry.table_sets SET live = true WHERE id = n;
END $$;
CREATE OR REPLACE FUNCTION registry.sweep_sets(kept int) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  gone record;
BEGIN
  FOR gone IN SELECT id, live FROM registry.table_sets WHERE id IS DISTINCT FROM kept LOOP
    EXECUTE format('DROP TABLE IF EXISTS registry.incoming_%1$s, registry.progress_%1$s', gone.id);
    CONTINUE WHEN gone.live;
    EXECUTE format('DROP TABLE IF EXISTS registry.facts_%1$s, registry.entries_%1$s,
                    registry.keys_%1$s, registry.words_%1$s, registry.slips_%1$s,
                    registry.firsts_%1$s', gone.id);
    DELETE FROM registry.table_sets WHERE id = gone.id;
  END LOOP;
END $$;
CREATE OR REPLACE FUNCTION registry.finish_set(n int) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('GRANT MAINTAIN ON registry.entries_%1$s, registry.keys_%1$s, registry.words_%1$s,
                  registry.slips_%1$s, registry.firsts_%1$s TO %2$I', n, session_user);
END $$;

-- What changes and what is removed moves what short starts find, in the same transaction.
ALTER FUNCTION registry.take RENAME TO take_rows;
REVOKE EXECUTE ON FUNCTION registry.take_rows FROM PUBLIC;
CREATE FUNCTION registry.take(changes jsonb) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM registry.take_rows(changes);
  PERFORM registry.renew_firsts(ARRAY(SELECT id FROM pg_temp.taken));
END $$;
CREATE OR REPLACE FUNCTION registry.purge(gone_country text, gone text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  ids int[];
BEGIN
  PERFORM pg_advisory_xact_lock(7102);
  ids := ARRAY(
    SELECT id FROM registry.entries WHERE number = ANY (gone) AND country = gone_country);
  DELETE FROM registry.facts f WHERE f.number = ANY (gone) AND f.country = gone_country;
  DELETE FROM registry.keys k WHERE k.id = ANY (ids);
  DELETE FROM registry.entries e WHERE e.id = ANY (ids);
  DELETE FROM registry.picks p WHERE p.number = ANY (gone) AND p.country = gone_country;
  PERFORM registry.renew_firsts(ids);
END $$;
REVOKE EXECUTE ON FUNCTION registry.take, registry.fill_firsts, registry.renew_firsts FROM PUBLIC;
DO $$ BEGIN
  EXECUTE format('GRANT EXECUTE ON FUNCTION registry.take TO %I',
                 current_setting('app.service_role'));
END $$;

-- The set being read gets what it lacks.
DO $$
DECLARE
  n int := (SELECT id FROM registry.table_sets WHERE live);
BEGIN
  EXECUTE format('CREATE TABLE registry.firsts_%1$s (
    start text COLLATE "C" NOT NULL, wanted text NOT NULL, place smallint NOT NULL,
    slot smallint NOT NULL, LIKE registry.entries)', n);
  PERFORM registry.show_set(n);
  PERFORM registry.fill_firsts(n,
    ARRAY(SELECT DISTINCT left(word, letters) FROM registry.words, generate_series(1, 3) letters),
    ARRAY(SELECT country FROM registry.sources));
  EXECUTE format('CREATE INDEX ON registry.firsts_%1$s (start, wanted, place)', n);
  EXECUTE format('CREATE INDEX ON registry.firsts_%1$s (id)', n);
END $$;
SELECT app.grant_to_service('registry.firsts', 'SELECT');
