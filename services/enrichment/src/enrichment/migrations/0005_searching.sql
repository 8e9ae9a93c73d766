-- The type-ahead: up to k entries that somebody may mean who typed some words, the best first.
--   `wholes` are names that the words may be, in any order and without a legal form;
--   `begun` are starts of names or of their later words; `words` are all words, the last of which
--   may be half typed; `home` is a municipality whose companies count as two tiers larger.
-- `~` follows after all that keys are made of. Plans are made once: made anew for each question,
-- they would take longer than the answers.
CREATE FUNCTION registry.suggest(
  wholes text[], begun text[], words text[], wanted text, home text, k int
) RETURNS SETOF registry.entries LANGUAGE plpgsql STABLE ROWS 10
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  seen int[] := ARRAY(
    SELECT id FROM registry.keys
    WHERE (key || '') = ANY (wholes) AND slot < 8 AND (wanted IS NULL OR country = wanted)
    ORDER BY key = wholes[1] DESC, slot, score DESC, id LIMIT k);
  q text;
BEGIN
  FOREACH q IN ARRAY begun LOOP
    seen := registry.best_of(q, seen, wanted, home, k);
  END LOOP;
  IF cardinality(seen) < 5 AND cardinality(words) > 1 THEN
    seen := seen || registry.with_words(words, seen, wanted, k);
  END IF;
  RETURN QUERY SELECT e.* FROM unnest(seen[:k]) WITH ORDINALITY s (id, place)
    JOIN registry.entries e ON e.id = s.id ORDER BY s.place;
END $$;

-- Names, or later words, that begin so: tier after tier, best first, until there are enough.
CREATE FUNCTION registry.best_of(q text, seen int[], wanted text, home text, k int)
RETURNS int[] LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
  beyond text := q || '~';
BEGIN
  IF NOT EXISTS (SELECT FROM registry.keys
                 WHERE (key || '') >= q COLLATE "C" AND (key || '') < beyond COLLATE "C") THEN
    RETURN seen;
  END IF;
  FOR tier IN 0..17 LOOP
    FOR near IN CASE tier WHEN 0 THEN 0 ELSE tier + 2 END..tier + 2 LOOP
      EXIT WHEN home IS NULL OR near > 6 OR cardinality(seen) >= k;
      seen := seen || ARRAY(
        SELECT id FROM registry.keys
        WHERE municipality = home AND slot = near AND slot < 7 AND key >= q AND key < beyond
          AND id <> ALL (seen) AND (wanted IS NULL OR country = wanted)
        ORDER BY score DESC, id LIMIT k - cardinality(seen));
    END LOOP;
    EXIT WHEN cardinality(seen) >= k;
    seen := seen || ARRAY(
      SELECT id FROM registry.keys
      WHERE slot = tier AND key >= q AND key < beyond AND id <> ALL (seen)
        AND (wanted IS NULL OR country = wanted)
      ORDER BY score DESC, id LIMIT k - cardinality(seen));
  END LOOP;
  RETURN seen;
END $$;

-- Names in which every word typed begins a word, in any order: read by the rarest of the words (a
-- start of hundreds of words is none). However common it is, few thousands of names are looked at.
-- Those come first that have as many words, and in which all but the last are typed whole.
CREATE FUNCTION registry.with_words(words text[], seen int[], wanted text, k int)
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
      SELECT id FROM (SELECT * FROM registry.keys
                      WHERE (key || '') >= rarest COLLATE "C"
                        AND (key || '') < (rarest || '~') COLLATE "C" LIMIT 4000) near
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

-- The starts of words that are one slip from a start typed; and, for what is typed right for
-- seven letters and wrong thereafter, the words that begin so.
CREATE FUNCTION registry.spelled(slips text[], heads text[])
RETURNS TABLE (slip text, start text, uses int) LANGUAGE plpgsql STABLE ROWS 100
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  RETURN QUERY
  SELECT s.slip, s.start, s.uses FROM registry.slips s WHERE s.slip = ANY (slips)
  UNION ALL
  SELECT h, w.word, w.uses FROM unnest(heads) h, LATERAL (
    SELECT n.word, n.uses FROM registry.words n
    WHERE n.word >= h COLLATE "C" AND n.word < (h || '~') COLLATE "C" LIMIT 300) w;
END $$;

-- Up to k entries whose name, or a later word of it, begins with one of many spellings; those
-- whose name one of them is come first.
CREATE FUNCTION registry.respelled(spellings text[], wanted text, k int)
RETURNS TABLE (id int, spelling text) LANGUAGE plpgsql STABLE ROWS 10
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  RETURN QUERY
  SELECT f.id, f.q FROM (
    SELECT DISTINCT ON (x.id) x.id, c.q, x.key = c.q AS whole, x.slot, x.score
    FROM unnest(spellings) WITH ORDINALITY c (q, nth), LATERAL (
      SELECT n.id, n.key, n.slot, n.score, n.country FROM registry.keys n
      WHERE (n.key || '') >= c.q COLLATE "C" AND (n.key || '') < (c.q || '~') COLLATE "C"
      LIMIT 50) x
    WHERE wanted IS NULL OR x.country = wanted
    ORDER BY x.id, x.key = c.q DESC, x.slot, c.nth) f
  ORDER BY f.whole DESC, f.slot, f.score DESC, f.id LIMIT k;
END $$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA registry FROM PUBLIC;
DO $$ BEGIN
  EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA registry TO %I',
                 current_setting('app.service_role'));
END $$;
