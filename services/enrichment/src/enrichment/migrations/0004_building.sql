-- From rows of files to a table set, step by step; a step is done whole or not at all, and noted,
-- so that a load goes on where it was interrupted. The functions run as the owner, because tables
-- are made and dropped.

-- Begin a set, or take up the one that a load of the same edition left unfinished. Rows come in
-- unlogged, and so do the notes: a crash of the server takes both, and the load begins anew.
CREATE FUNCTION registry.begin_set(wanted text, day timestamptz) RETURNS int LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  n int;
  begun boolean := false;
BEGIN
  SELECT max(id) INTO n FROM registry.table_sets
  WHERE NOT live AND edition = wanted AND as_of = day
    AND to_regclass(format('registry.progress_%s', id)) IS NOT NULL;
  IF n IS NOT NULL THEN
    EXECUTE format('SELECT EXISTS (SELECT FROM registry.progress_%s)', n) INTO begun;
  END IF;
  IF begun THEN
    RETURN n;
  END IF;
  INSERT INTO registry.table_sets (edition, as_of) VALUES (wanted, day) RETURNING id INTO n;
  EXECUTE format(
    'CREATE UNLOGGED TABLE registry.incoming_%1$s (
       country text NOT NULL, number text COLLATE "C" NOT NULL, file_rank smallint NOT NULL,
       line int NOT NULL, parent text COLLATE "C", name text, key text COLLATE "C", city text,
       municipality text COLLATE "C", legal_form text, employees int, since smallint,
       ended boolean, bankrupt boolean);
     CREATE UNLOGGED TABLE registry.progress_%1$s (
       step text PRIMARY KEY, skipped jsonb NOT NULL DEFAULT ''{}'');
     CREATE TABLE registry.facts_%1$s (LIKE registry.facts);
     INSERT INTO registry.progress_%1$s (step) VALUES (''begun'');
     GRANT INSERT ON registry.incoming_%1$s, registry.facts_%1$s TO %2$I;
     GRANT SELECT, INSERT ON registry.progress_%1$s TO %2$I', n, session_user);
  RETURN n;
END $$;

-- What each step does, and which steps it builds upon; %1$s is the set. Two are done at once.
CREATE TABLE registry.building (
  place int PRIMARY KEY, step text UNIQUE NOT NULL, upon text[] NOT NULL, sql text NOT NULL
);
INSERT INTO registry.building VALUES
(1, 'companies', '{}', $sql$
  CREATE TABLE registry.entries_%1$s AS
  SELECT (row_number() OVER ())::int AS id, country, number, parent, name, key, city, municipality,
         legal_form, active, bankrupt, registry.score(active, bankrupt, employees, since) AS score
  FROM (SELECT country, number, registry.known(parent ORDER BY file_rank DESC, line DESC) AS parent,
          registry.known(name ORDER BY file_rank DESC, line DESC) AS name,
          registry.known(key ORDER BY file_rank DESC, line DESC) AS key,
          registry.known(city ORDER BY file_rank DESC, line DESC) AS city,
          registry.known(municipality ORDER BY file_rank DESC, line DESC) AS municipality,
          registry.known(legal_form ORDER BY file_rank DESC, line DESC) AS legal_form,
          registry.known(employees ORDER BY file_rank DESC, line DESC) AS employees,
          registry.known(since ORDER BY file_rank DESC, line DESC) AS since,
          bool_or(ended) IS NOT TRUE AS active, bool_or(bankrupt) IS TRUE AS bankrupt
        FROM (SELECT DISTINCT ON (country, number, file_rank) * FROM registry.incoming_%1$s
              ORDER BY country, number, file_rank DESC, line DESC) last_lines
        GROUP BY country, number) joined
  WHERE name IS NOT NULL
  UNION ALL
  SELECT (2000000000 + row_number() OVER ())::int, country, number, parent, name, key, city,
         municipality, legal_form, active, bankrupt, score
  FROM registry.entries e
  WHERE e.country <> ALL (ARRAY(SELECT DISTINCT country FROM registry.incoming_%1$s))
$sql$),
-- What the files say nothing about, countries that is, is carried over from the set being read.
(2, 'facts of other countries', '{}', $sql$
  INSERT INTO registry.facts_%1$s SELECT * FROM registry.facts f
  WHERE f.country <> ALL (ARRAY(SELECT DISTINCT country FROM registry.incoming_%1$s))
$sql$),
(3, 'index facts', '{facts of other countries}', 'CREATE INDEX ON registry.facts_%1$s (number, country)'),
(4, 'tiers', '{companies}', $sql$
  UPDATE registry.table_sets SET edges = coalesce(
    (SELECT percentile_disc(ARRAY[.55, .80, .92, .975, .993, .999]) WITHIN GROUP (ORDER BY score)
     FROM registry.entries_%1$s WHERE active AND parent IS NULL), '{0}')
  WHERE id = %1$s
$sql$),
-- A sub-unit of its company's own name is found through the company.
(5, 'keys', '{tiers}', $sql$
  CREATE TABLE registry.keys_%1$s AS
  SELECT t.slot, t.key, e.score, e.country, e.municipality, e.id
  FROM registry.entries_%1$s e
    JOIN registry.table_sets s ON s.id = %1$s
    LEFT JOIN registry.entries_%1$s head ON head.country = e.country AND head.number = e.parent,
    LATERAL registry.turned(
      e.key, registry.slot(e.active, e.parent IS NOT NULL, e.score, s.edges)) t
  WHERE head.key IS DISTINCT FROM e.key
$sql$),
(6, 'index numbers', '{companies}', 'CREATE UNIQUE INDEX ON registry.entries_%1$s (number, country)'),
(7, 'index ids', '{companies}', 'CREATE UNIQUE INDEX ON registry.entries_%1$s (id)'),
(8, 'index parents', '{companies}', $sql$
  CREATE INDEX ON registry.entries_%1$s (parent, country) WHERE parent IS NOT NULL $sql$),
(9, 'words', '{keys}', $sql$
  CREATE TABLE registry.words_%1$s AS
  SELECT word COLLATE "C" AS word, count(*)::int AS uses
  FROM registry.keys_%1$s, unnest(string_to_array(key, ' ')) word
  WHERE slot < 8 OR slot = 16 GROUP BY 1
$sql$),
(10, 'index tiers', '{keys}', 'CREATE INDEX ON registry.keys_%1$s (slot, key, score, country, id)'),
(11, 'slips', '{words}', $sql$
  CREATE TABLE registry.slips_%1$s AS
  SELECT s.slip, w.start, w.uses
  FROM (SELECT t.start, sum(uses)::int AS uses
        FROM registry.words_%1$s, registry.starts(word) t GROUP BY t.start) w,
       registry.slips_of(w.start) s
$sql$),
-- Of an expression, so that the planner never takes it for the index before it.
(12, 'index keys', '{keys}', $sql$ CREATE INDEX ON registry.keys_%1$s ((key || '')) $sql$),
(13, 'index slips', '{slips}', 'CREATE INDEX ON registry.slips_%1$s (slip) INCLUDE (start, uses)'),
(14, 'index key ids', '{keys}', 'CREATE INDEX ON registry.keys_%1$s (id)'),
(15, 'index places', '{keys}', $sql$
  CREATE INDEX ON registry.keys_%1$s (municipality, slot, key, score, country, id)
  WHERE slot < 7 $sql$),
(16, 'index words', '{words}', 'CREATE UNIQUE INDEX ON registry.words_%1$s (word)'),
(17, 'count', '{index facts,index ids,index numbers,index parents,index tiers,index keys,index key ids,
  index places,index words,index slips}', $sql$
  ANALYZE registry.facts_%1$s, registry.entries_%1$s, registry.keys_%1$s, registry.words_%1$s,
          registry.slips_%1$s $sql$);
SELECT app.grant_to_service('registry.building', 'SELECT');

-- Do a step of building a set, and note that it is done. A step that an interrupted load has begun
-- may still go on in the server: then it is waited for, and not done again.
CREATE FUNCTION registry.build(n int, wanted text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  done boolean;
BEGIN
  PERFORM pg_advisory_xact_lock(7103, hashtext(wanted));
  EXECUTE format('SELECT EXISTS (SELECT FROM registry.progress_%s WHERE step = %L)', n, wanted)
    INTO done;
  IF done THEN
    RETURN;
  END IF;
  EXECUTE format((SELECT sql FROM registry.building WHERE step = wanted), n);
  EXECUTE format('INSERT INTO registry.progress_%s (step) VALUES (%L)', n, wanted);
END $$;

-- Let the loader vacuum a finished set, so that indexes alone answer.
CREATE FUNCTION registry.finish_set(n int) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('GRANT MAINTAIN ON registry.entries_%1$s, registry.keys_%1$s, registry.words_%1$s,
                  registry.slips_%1$s TO %2$I', n, session_user);
END $$;

-- Note whose facts the set holds; in the transaction that shows it.
CREATE FUNCTION registry.note_sources(n int) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format(
    'INSERT INTO registry.sources (country, edition, as_of, entries, units)
     SELECT e.country, s.edition, s.as_of, count(*) FILTER (WHERE e.parent IS NULL), count(e.parent)
     FROM registry.entries_%1$s e, registry.table_sets s
     WHERE s.id = %1$s AND e.country = ANY (ARRAY(SELECT DISTINCT country
                                                  FROM registry.incoming_%1$s))
     GROUP BY e.country, s.edition, s.as_of
     ON CONFLICT (country) DO UPDATE SET (edition, as_of, loaded_at, changed_at, entries, units)
       = (excluded.edition, excluded.as_of, now(), NULL, excluded.entries, excluded.units)', n);
END $$;
