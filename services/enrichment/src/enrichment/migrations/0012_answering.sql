-- The type-ahead answers from indexes alone, in as few statements as it can.
DROP FUNCTION registry.suggest;

-- Ids of entries of which a name or a later word begins so, best first; some stand there twice.
-- Four letters or more are looked for in one place first: few names begin so, mostly. More than
-- those are read tier after tier, best first, until there are enough.
--   `wholes` are whole names, which come first; of names whose words are in another order those
-- that have no further ones: whoever types the words as they come to mind rather types all of
-- them. `home` is a municipality whose companies count as two tiers larger. `~` follows after all
-- that keys are made of.
CREATE FUNCTION registry.beginning(q text, wholes text[], wanted text, home text, k int)
RETURNS int[] LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
  beyond text := q || '~';
  spaced bool := strpos(q, ' ') > 0;
  many bool := true;
  found int[];
  turned int[] := '{}';
BEGIN
  IF length(q) > 3 THEN
    SELECT count(*) > 60, array_agg(id ORDER BY key = q DESC,
        CASE WHEN slot < 8 THEN slot WHEN strpos(substr(key, length(q) + 1), ' ') = 0 THEN 8 ELSE 9 END,
        slot, score DESC, id) INTO many, found
    FROM (SELECT id, key, slot, score FROM registry.keys
          WHERE key >= q COLLATE "C" AND key < beyond COLLATE "C"
            AND (wanted IS NULL OR country = wanted) LIMIT 61) begun;
    IF NOT spaced AND (found IS NULL OR (NOT many AND home IS NULL)) THEN
      RETURN found;
    END IF;
  END IF;
  IF many OR home IS NOT NULL THEN
    IF spaced THEN
      turned := ARRAY(
        SELECT id FROM registry.keys
        WHERE slot = ANY ('{8,9,10,11,12,13,14,15}') AND key >= q COLLATE "C"
          AND key < beyond COLLATE "C" AND strpos(substr(key, length(q) + 1), ' ') = 0
          AND (wanted IS NULL OR country = wanted)
        ORDER BY slot, score DESC, id LIMIT k);
    END IF;
    found := ARRAY(
      SELECT read.id FROM generate_series(0, 17) tier, LATERAL (
        (SELECT id FROM registry.keys
         WHERE home IS NOT NULL AND municipality = home AND slot < 7
           AND slot BETWEEN CASE tier WHEN 0 THEN 0 ELSE tier + 2 END AND tier + 2
           AND key >= q COLLATE "C" AND key < beyond COLLATE "C"
           AND (wanted IS NULL OR country = wanted)
         ORDER BY slot, score DESC, id LIMIT k)
        UNION ALL
        (SELECT unnest FROM unnest(turned) WHERE tier = 8)
        UNION ALL
        (SELECT id FROM registry.keys
         WHERE slot = tier AND key >= q COLLATE "C" AND key < beyond COLLATE "C"
           AND (wanted IS NULL OR country = wanted)
         ORDER BY score DESC, id LIMIT k)) read
      LIMIT CASE WHEN home IS NULL THEN k + 5 ELSE 2 * k END);
  END IF;
  RETURN ARRAY(
    SELECT id FROM registry.keys
    WHERE key = ANY (wholes) AND slot < 8 AND (wanted IS NULL OR country = wanted)
    ORDER BY key = q DESC, slot, score DESC, id LIMIT k) || found;
END $$;

-- Ids of entries that somebody may mean who typed some words, the best first; some stand there
-- twice. `begun` are starts of names or of their later words; `words` are all words, the last of
-- which may be half typed. Plans are made once: made anew for each question they would take longer
-- than the answers.
CREATE FUNCTION registry.suggest(
  wholes text[], begun text[], words text[], wanted text, home text, k int
) RETURNS int[] LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  seen int[] := registry.beginning(begun[1], wholes, wanted, home, k);
BEGIN
  IF cardinality(begun) > 1 THEN
    seen := seen || registry.beginning(begun[2], wholes, wanted, home, k);
  END IF;
  IF cardinality(words) > 1 AND coalesce(cardinality(seen), 0) < 5 THEN
    seen := seen || registry.with_words(words, coalesce(seen, '{}'), wanted, k);
  END IF;
  RETURN seen[:CASE WHEN home IS NULL THEN k + 5 ELSE 2 * k END];
END $$;
DROP FUNCTION registry.best_of;

-- Names in which every word typed begins a word, in any order: read by the rarest of the words (a
-- start of hundreds of words is none). However common it is, few thousands of names are looked at.
-- Those come first that have as many words, and in which all but the last are typed whole.
CREATE OR REPLACE FUNCTION registry.with_words(words text[], seen int[], wanted text, k int)
RETURNS int[] LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
  rarest text;
  names bigint;
  parts text[];
  wholes text[];
  found int[] := '{}';
BEGIN
  SELECT w, used INTO rarest, names FROM unnest(words) w, LATERAL (
    SELECT CASE count(*) WHEN 300 THEN 1000000 ELSE coalesce(sum(uses), 0) END AS used FROM (
      SELECT uses FROM registry.words
      WHERE word >= w COLLATE "C" AND word < (w || '~') COLLATE "C" LIMIT 300) begun) counted
    ORDER BY used LIMIT 1;
  IF names = 0 THEN
    RETURN found;
  END IF;
  parts := ARRAY(SELECT '% ' || w || '%' FROM unnest(words) w WHERE w <> rarest);
  wholes := ARRAY(SELECT '% ' || w || ' %' FROM unnest(words[:cardinality(words) - 1]) w);
  IF names <= 3000 THEN
    RETURN ARRAY(
      SELECT id FROM (SELECT id, key, slot, score, country FROM registry.keys
                      WHERE key >= rarest AND key < rarest || '~' LIMIT 4000) near
      WHERE (' ' || key) LIKE ALL (parts) AND (wanted IS NULL OR country = wanted)
        AND id <> ALL (seen)
      ORDER BY (' ' || key || ' ') LIKE ALL (wholes) DESC,
        abs(length(key) - length(replace(key, ' ', '')) + 1 - cardinality(words)),
        slot % 8, score DESC, id LIMIT k);
  END IF;
  FOR tier IN 0..7 LOOP
    EXIT WHEN cardinality(found) >= k;
    found := found || ARRAY(
      SELECT id FROM (SELECT id, key, score, country FROM registry.keys
                      WHERE slot = ANY (ARRAY[tier, tier + 8]) AND key >= rarest
                        AND key < rarest || '~' LIMIT 3000) near
      WHERE (' ' || key) LIKE ALL (parts) AND (wanted IS NULL OR country = wanted)
        AND id <> ALL (seen || found)
      ORDER BY (' ' || key || ' ') LIKE ALL (wholes) DESC, score DESC, id LIMIT k);
  END LOOP;
  RETURN found;
END $$;

-- Up to k entries whose name, or a later word of it, begins with one of many spellings; those
-- whose name one of them is come first.
CREATE OR REPLACE FUNCTION registry.respelled(spellings text[], wanted text, k int)
RETURNS TABLE (id int, spelling text) LANGUAGE plpgsql STABLE ROWS 10
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  RETURN QUERY
  SELECT f.id, f.q FROM (
    SELECT DISTINCT ON (x.id) x.id, c.q, x.key = c.q AS whole, x.slot, x.score
    FROM unnest(spellings) WITH ORDINALITY c (q, nth), LATERAL (
      SELECT n.id, n.key, n.slot, n.score, n.country FROM registry.keys n
      WHERE n.key >= c.q COLLATE "C" AND n.key < (c.q || '~') COLLATE "C"
      LIMIT 50) x
    WHERE wanted IS NULL OR x.country = wanted
    ORDER BY x.id, x.key = c.q DESC, x.slot, c.nth) f
  ORDER BY f.whole DESC, f.slot, f.score DESC, f.id LIMIT k;
END $$;
REVOKE EXECUTE ON FUNCTION registry.suggest, registry.beginning FROM PUBLIC;
DO $$ BEGIN
  EXECUTE format('GRANT EXECUTE ON FUNCTION registry.suggest, registry.beginning TO %I',
                 current_setting('app.service_role'));
END $$;

-- What stands in this index is all that is asked of keys. A load that was interrupted begins anew.
UPDATE registry.building SET sql = 'CREATE INDEX ON registry.keys_%1$s (key, slot, score, country, id)'
  WHERE step = 'index keys';
DO $$ BEGIN
  PERFORM registry.sweep_sets(NULL);
  EXECUTE format('CREATE INDEX ON registry.keys_%1$s (key, slot, score, country, id)',
                 (SELECT id FROM registry.table_sets WHERE live));
END $$;
