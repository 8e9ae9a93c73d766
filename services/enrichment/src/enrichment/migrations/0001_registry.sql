-- What the company registries publish. It is the same for every tenant, so no tenant's rows are
-- here. Every load fills a table set of its own; three views say which set is being read.
CREATE SCHEMA registry;

-- Which edition of each country's registry the views show.
CREATE TABLE registry.sources (
  country    text PRIMARY KEY,
  edition    text NOT NULL,
  as_of      timestamptz NOT NULL,
  loaded_at  timestamptz NOT NULL DEFAULT now(),
  entries    int NOT NULL,
  units      int NOT NULL
);
CREATE TABLE registry.table_sets (
  id         int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  begun_at   timestamptz NOT NULL DEFAULT now(),
  live       boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX one_live_set ON registry.table_sets (live) WHERE live;

-- Facts of several files about one company become one document; the later file has the last word.
CREATE AGGREGATE registry.joined(jsonb) (
  SFUNC = jsonb_concat, STYPE = jsonb, INITCOND = '{}', PARALLEL = SAFE
);

-- Larger and older companies first; the insolvent after the others, the inactive last.
CREATE FUNCTION registry.score(facts jsonb, active boolean) RETURNS int LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN NOT active THEN -1
              WHEN facts->'proceedings' @> '[{"kind": "bankruptcy"}]' THEN 0
              ELSE 100 * least(coalesce((facts->'employees'->>'low')::int, 0), 100000)
                   + 1 + least(98, greatest(0, 2100 - left(facts->>'registered_on', 4)::int)) END;
$$;
CREATE FUNCTION registry.is_active(facts jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT NOT facts ?| ARRAY['deregistered_on', 'ceased'];
$$;

-- The functions that build and switch run as the owner, because tables are made and dropped.
CREATE FUNCTION registry.begin_set() RETURNS int LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  n int;
BEGIN
  INSERT INTO registry.table_sets DEFAULT VALUES RETURNING id INTO n;
  EXECUTE format(
    'CREATE UNLOGGED TABLE registry.incoming_%1$s (
       country text NOT NULL, number text NOT NULL, parent text,
       file_rank smallint NOT NULL, line int NOT NULL, facts jsonb NOT NULL);
     CREATE TABLE registry.entries_%1$s (
       id int NOT NULL, country text NOT NULL, number text COLLATE "C" NOT NULL,
       name text NOT NULL, key text COLLATE "C" NOT NULL, city text, legal_form text,
       active boolean NOT NULL, score int NOT NULL, facts jsonb NOT NULL);
     CREATE TABLE registry.units_%1$s (
       country text NOT NULL, number text COLLATE "C" NOT NULL, parent text COLLATE "C" NOT NULL,
       name text NOT NULL, active boolean NOT NULL, facts jsonb NOT NULL);
     CREATE TABLE registry.keys_%1$s (
       slot smallint NOT NULL, key text COLLATE "C" NOT NULL, score int NOT NULL,
       country text NOT NULL, id int NOT NULL)', n);
  EXECUTE format('GRANT INSERT ON registry.incoming_%s TO %I', n, session_user);
  RETURN n;
END $$;

-- From rows of files to entries, sub-units and the keys of the type-ahead. What the files say
-- nothing about, countries that is, is carried over from the set being read.
CREATE FUNCTION registry.fill_set(n int) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format(
    'INSERT INTO registry.entries_%1$s
     SELECT row_number() OVER (ORDER BY country, number), country, number, facts->>''name'',
       facts->>''key'', facts->>''city'', facts->''legal_form''->>''code'', active,
       registry.score(facts, active), facts - ''{key,city}''::text[]
     FROM (SELECT country, number, facts, registry.is_active(facts) AS active
           FROM (SELECT country, number,
                   registry.joined(facts ORDER BY file_rank, line) AS facts
                 FROM registry.incoming_%1$s WHERE parent IS NULL GROUP BY country, number) j
           WHERE facts ? ''name'') named;
     INSERT INTO registry.units_%1$s
     SELECT DISTINCT ON (country, number) country, number, parent, facts->>''name'',
       registry.is_active(facts), facts - ''{key,city}''::text[]
     FROM registry.incoming_%1$s WHERE parent IS NOT NULL AND facts ? ''name''
     ORDER BY country, number, line DESC;
     INSERT INTO registry.entries_%1$s
     SELECT (SELECT count(*) FROM registry.entries_%1$s) + row_number() OVER (ORDER BY id),
       country, number, name, key, city, legal_form, active, score, facts
     FROM registry.entries e
     WHERE NOT EXISTS (SELECT FROM registry.incoming_%1$s i WHERE i.country = e.country);
     INSERT INTO registry.units_%1$s SELECT * FROM registry.units u
     WHERE NOT EXISTS (SELECT FROM registry.incoming_%1$s i WHERE i.country = u.country)', n);
  -- A name is found by any of its words: one key a word, the name turned to begin with it. The
  -- slot says which keys to read first: 0-6 the name itself, best tier first, 7-13 a later word
  -- of it, 14 and 15 the same for companies no longer active.
  EXECUTE format(
    'INSERT INTO registry.keys_%1$s
     SELECT CASE WHEN active THEN 6 - width_bucket(score, edges) + CASE p WHEN 1 THEN 0 ELSE 7 END
                 ELSE CASE p WHEN 1 THEN 14 ELSE 15 END END,
       array_to_string(words[p:] || words[:p - 1], '' ''), score, country, id
     FROM (SELECT coalesce(percentile_disc(ARRAY[.55,.80,.92,.973,.991,.997])
             WITHIN GROUP (ORDER BY score), ARRAY[0]) AS edges
           FROM registry.entries_%1$s WHERE active) tiers,
       (SELECT *, string_to_array(key, '' '') AS words FROM registry.entries_%1$s) e,
       generate_series(1, least(cardinality(words), 8)) p
     WHERE p = 1 OR (length(words[p]) > 1 AND words[p] <> ALL (''{och,og,the,av}''))', n);
  EXECUTE format(
    'ALTER TABLE registry.entries_%1$s ADD PRIMARY KEY (id);
     CREATE UNIQUE INDEX ON registry.entries_%1$s (country, number);
     CREATE INDEX ON registry.entries_%1$s (number);
     CREATE INDEX ON registry.entries_%1$s (key, score DESC, id) WHERE active;
     CREATE UNIQUE INDEX ON registry.units_%1$s (country, number);
     CREATE INDEX ON registry.units_%1$s (country, parent, number);
     CREATE INDEX ON registry.keys_%1$s (slot, key, score, country, id);
     ANALYZE registry.entries_%1$s;
     ANALYZE registry.units_%1$s;
     ANALYZE registry.keys_%1$s', n);
END $$;

-- Let readers see another set, all at once. They hold the views for no longer than a transaction;
-- the caller sets lock_timeout, so that a long reader never makes the others queue behind this.
CREATE FUNCTION registry.show_set(n int) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format(
    'CREATE OR REPLACE VIEW registry.entries AS SELECT * FROM registry.entries_%1$s;
     CREATE OR REPLACE VIEW registry.units AS SELECT * FROM registry.units_%1$s;
     CREATE OR REPLACE VIEW registry.keys AS SELECT * FROM registry.keys_%1$s', n);
  UPDATE registry.table_sets SET live = false WHERE live;
  UPDATE registry.table_sets SET live = true WHERE id = n;
END $$;

-- Note whose facts the set holds; in the transaction that shows it.
CREATE FUNCTION registry.note_sources(n int, edition text, as_of timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format(
    'INSERT INTO registry.sources (country, edition, as_of, entries, units)
     SELECT country, $1, $2, (SELECT count(*) FROM registry.entries_%1$s e WHERE e.country = c.country),
       (SELECT count(*) FROM registry.units_%1$s u WHERE u.country = c.country)
     FROM (SELECT DISTINCT country FROM registry.incoming_%1$s) c
     ON CONFLICT (country) DO UPDATE SET (edition, as_of, loaded_at, entries, units)
       = (excluded.edition, excluded.as_of, now(), excluded.entries, excluded.units)', n)
    USING edition, as_of;
END $$;

-- Drop a set's tables: those of earlier sets and of loads that were interrupted, and what only
-- the load of the live one needed.
CREATE FUNCTION registry.sweep_sets() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  gone record;
BEGIN
  FOR gone IN SELECT id, live FROM registry.table_sets LOOP
    EXECUTE format('DROP TABLE IF EXISTS registry.incoming_%s', gone.id);
    CONTINUE WHEN gone.live;
    EXECUTE format('DROP TABLE IF EXISTS registry.entries_%1$s, registry.units_%1$s,
                    registry.keys_%1$s', gone.id);
    DELETE FROM registry.table_sets WHERE id = gone.id;
  END LOOP;
END $$;

-- Before the first load there is an empty set, so that readers always find their views.
SELECT registry.begin_set();
SELECT registry.show_set(1);

-- The type-ahead: up to k companies whose name, or a later word of it, begins with q; `whole`
-- says that nothing follows. `beyond` is q followed by a character after all that keys are made
-- of. The best tier is read first and the walk ends as soon as there are enough.
CREATE FUNCTION registry.suggest(q text, wanted text, k int) RETURNS TABLE (id int, whole boolean)
LANGUAGE plpgsql STABLE ROWS 10 AS $$
#variable_conflict use_column
DECLARE
  beyond text := q || '~';
  seen int[] := '{}';
  wholes int;
BEGIN
  SELECT coalesce(array_agg(id), '{}') INTO seen FROM (
    SELECT id FROM registry.entries
    WHERE active AND key = q AND (wanted IS NULL OR country = wanted)
    ORDER BY score DESC, id LIMIT k) found;
  wholes := cardinality(seen);
  FOR tier IN 0..15 LOOP
    EXIT WHEN cardinality(seen) >= k;
    seen := seen || ARRAY(
      SELECT id FROM registry.keys
      WHERE slot = tier AND key >= q AND key < beyond AND id <> ALL (seen)
        AND (wanted IS NULL OR country = wanted)
      GROUP BY id ORDER BY max(score) DESC, min(key), id LIMIT k - cardinality(seen));
  END LOOP;
  RETURN QUERY SELECT found.id, found.place <= wholes
    FROM unnest(seen) WITH ORDINALITY AS found (id, place) ORDER BY found.place;
END $$;

SELECT app.grant_to_service('registry.sources', 'SELECT'),
       app.grant_to_service('registry.table_sets', 'SELECT'),
       app.grant_to_service('registry.entries', 'SELECT'),
       app.grant_to_service('registry.units', 'SELECT'),
       app.grant_to_service('registry.keys', 'SELECT');
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA registry FROM PUBLIC;
DO $$ BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA registry TO %I', current_setting('app.service_role'));
  EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA registry TO %I',
                 current_setting('app.service_role'));
END $$;
