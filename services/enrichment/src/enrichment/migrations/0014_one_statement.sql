-- Each look for names is one statement now: in a transaction of its own every expression of PL/pgSQL
-- is made ready anew, and ten of them took longer than what they led to. Whoever asks knows which
-- of the two looks it takes.
DROP FUNCTION registry.suggest;
DROP FUNCTION registry.beginning;

-- Entries of which a name or a later word begins so, the best first; some come twice. Tier after
-- tier is read, best first, until there are enough.
--   `wholes` are whole names, which come first; of names whose words are in another order those
-- that have no further ones: whoever types the words as they come to mind rather types all of
-- them. `home` is a municipality whose companies count as two tiers larger. `~` follows after all
-- that keys are made of. Plans are made once: made anew they would take longer than the answers.
CREATE FUNCTION registry.walk(q text, wholes text[], wanted text, home text, k int)
RETURNS SETOF registry.entries LANGUAGE plpgsql STABLE ROWS 10
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT e.* FROM (SELECT id, row_number() OVER () AS place FROM (
    (SELECT id FROM registry.keys
     WHERE key = ANY (wholes) AND slot < 8 AND (wanted IS NULL OR country = wanted)
     ORDER BY key = q DESC, slot, score DESC, id LIMIT k)
    UNION ALL
    (SELECT read.id FROM generate_series(0, 17) tier, LATERAL (
      (SELECT id FROM registry.keys
       WHERE home IS NOT NULL AND municipality = home AND slot < 7
         AND slot BETWEEN CASE tier WHEN 0 THEN 0 ELSE tier + 2 END AND tier + 2
         AND key >= q COLLATE "C" AND key < (q || '~') COLLATE "C"
         AND (wanted IS NULL OR country = wanted)
       ORDER BY slot, score DESC, id LIMIT k)
      UNION ALL
      (SELECT id FROM registry.keys
       WHERE tier = 8 AND strpos(q, ' ') > 0 AND slot = ANY ('{8,9,10,11,12,13,14,15}')
         AND key >= q COLLATE "C" AND key < (q || '~') COLLATE "C"
         AND strpos(substr(key, length(q) + 1), ' ') = 0
         AND (wanted IS NULL OR country = wanted)
       ORDER BY slot, score DESC, id LIMIT k)
      UNION ALL
      (SELECT id FROM registry.keys
       WHERE slot = tier AND key >= q COLLATE "C" AND key < (q || '~') COLLATE "C"
         AND (tier > 7 OR key <> ALL (wholes)) AND (wanted IS NULL OR country = wanted)
       ORDER BY score DESC, id LIMIT k)) read)
    LIMIT CASE WHEN home IS NULL THEN k ELSE 2 * k END) read) s
    JOIN registry.entries e ON e.id = s.id ORDER BY s.place;
END $$;

-- The same where few names begin so: they are read in one place and put in order. Where `most` are
-- found there may be more. Of several words, small companies' names with further ones come last.
CREATE FUNCTION registry.few(q text, wholes text[], wanted text, most int)
RETURNS SETOF registry.entries LANGUAGE plpgsql STABLE ROWS 10
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT e.* FROM (SELECT id, row_number() OVER () AS place FROM (
    (SELECT id FROM registry.keys
     WHERE key = ANY (wholes) AND slot < 8 AND (wanted IS NULL OR country = wanted)
     ORDER BY key = q DESC, slot, score DESC, id LIMIT most)
    UNION ALL
    (SELECT id FROM (SELECT id, key, slot, score FROM registry.keys
                     WHERE key >= q COLLATE "C" AND key < (q || '~') COLLATE "C"
                       AND (slot > 7 OR key <> ALL (wholes))
                       AND (wanted IS NULL OR country = wanted) LIMIT most) begun
     ORDER BY strpos(q, ' ') > 0 AND slot > 3 AND strpos(substr(key, length(q) + 1), ' ') > 0,
       slot, score DESC, id)) read) s
    JOIN registry.entries e ON e.id = s.id ORDER BY s.place;
END $$;

-- Entries in whose names every word typed begins a word, in any order, but for those seen already.
CREATE FUNCTION registry.by_words(words text[], seen int[], wanted text, k int)
RETURNS SETOF registry.entries LANGUAGE plpgsql STABLE ROWS 10
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  RETURN QUERY SELECT e.*
    FROM unnest(registry.with_words(words, seen, wanted, k)) WITH ORDINALITY s (id, place)
      JOIN registry.entries e ON e.id = s.id ORDER BY s.place;
END $$;

REVOKE EXECUTE ON FUNCTION registry.walk, registry.few, registry.by_words FROM PUBLIC;
DO $$ BEGIN
  EXECUTE format('GRANT EXECUTE ON FUNCTION registry.walk, registry.few, registry.by_words TO %I',
                 current_setting('app.service_role'));
END $$;
