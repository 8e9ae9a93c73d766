-- How names are ranked and turned: the same for a load of millions and for one change.

-- Larger and older companies first; the insolvent after the others, the inactive last.
CREATE FUNCTION registry.score(active boolean, bankrupt boolean, employees int, since int)
RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN NOT active THEN -1 WHEN bankrupt THEN 0
              ELSE 100 * least(coalesce(employees, 0), 100000)
                   + 1 + least(98, greatest(0, 2100 - since)) END;
$$;

-- The slot of a name itself; its later words are eight slots below, or one for the inactive.
CREATE FUNCTION registry.slot(active boolean, is_unit boolean, score int, edges int[])
RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN NOT active THEN 16 WHEN is_unit THEN 7
              ELSE 6 - width_bucket(score, edges) END;
$$;

-- A name turned to begin with each of its words, the first eight of them; small words begin none.
CREATE FUNCTION registry.turned(key text, slot int)
RETURNS TABLE (slot smallint, key text) LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 2 AS $$
  SELECT (slot + CASE WHEN p = 1 THEN 0 WHEN slot = 16 THEN 1 ELSE 8 END)::smallint,
         array_to_string(words[p:] || words[:p - 1], ' ') COLLATE "C"
  FROM (SELECT string_to_array(key, ' ') AS words OFFSET 0) split,
       generate_series(1, least(cardinality(words), 8)) p
  WHERE p = 1 OR (length(words[p]) > 1 AND words[p] NOT IN ('och', 'og', 'the', 'av'));
$$;

-- The starts of a word within which a slip is looked for: of four to seven letters, or all three.
CREATE FUNCTION registry.starts(word text) RETURNS TABLE (start text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 4 AS $$
  SELECT left(word, n) COLLATE "C" FROM generate_series(4, least(length(word), 7)) n
  UNION ALL SELECT word COLLATE "C" WHERE length(word) = 3;
$$;

-- A start as it is, and without any one of its letters: two starts that are one slip apart have
-- one of these in common.
CREATE FUNCTION registry.slips_of(start text) RETURNS TABLE (slip text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 7 AS $$
  SELECT start COLLATE "C"
  UNION
  SELECT left(start, n - 1) || substr(start, n + 1) COLLATE "C"
  FROM generate_series(1, length(start)) n;
$$;

-- The first that is known.
CREATE AGGREGATE registry.known(anyelement) (
  SFUNC = any_value_transfn, STYPE = anyelement, PARALLEL = SAFE
);
