-- Names, or later words, that begin so: tier after tier, best first, until there are enough. Of
-- names whose words are in another order those come first that have no further ones: whoever types
-- the words as they come to mind rather types all of them.
CREATE OR REPLACE FUNCTION registry.best_of(q text, seen int[], wanted text, home text, k int)
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
    IF tier = 8 AND strpos(q, ' ') > 0 AND cardinality(seen) < k THEN
      seen := seen || ARRAY(
        SELECT id FROM registry.keys
        WHERE slot = ANY ('{8,9,10,11,12,13,14,15}') AND key >= q AND key < beyond
          AND strpos(substr(key, length(q) + 1), ' ') = 0
          AND id <> ALL (seen) AND (wanted IS NULL OR country = wanted)
        ORDER BY slot, score DESC, id LIMIT k - cardinality(seen));
    END IF;
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
