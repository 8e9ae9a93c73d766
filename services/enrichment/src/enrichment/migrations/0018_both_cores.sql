-- Steps of building that had a core to themselves share the work, or do less of it. An unfinished
-- load was built from the former steps: without its notes it begins anew.
DO $$
DECLARE
  n int;
BEGIN
  FOR n IN SELECT id FROM registry.table_sets WHERE NOT live LOOP
    EXECUTE format('DROP TABLE IF EXISTS registry.progress_%s', n);
  END LOOP;
END $$;

-- Rows are sorted by number first: countries are compared by the rules of a language, which takes
-- longer, and are mostly the same.
UPDATE registry.building SET sql = replace(replace(replace(sql,
    'ON (country, number, file_rank)', 'ON (number, country, file_rank)'),
    'ORDER BY country, number,', 'ORDER BY number, country,'),
    'GROUP BY country, number)', 'GROUP BY number, country)')
  WHERE step = 'companies';

-- Keys are made by two at once.
INSERT INTO registry.building
SELECT 30 + half, 'keys of half ' || half + 1, '{keys}', replace(replace(sql,
    'CREATE TABLE registry.keys_%1$s AS', 'INSERT INTO registry.keys_%1$s'),
    'WHERE head.key', format('WHERE mod(e.id, 2) = %s AND head.key', half))
FROM registry.building, generate_series(0, 1) half WHERE step = 'keys';
UPDATE registry.building SET sql = 'CREATE TABLE registry.keys_%1$s (LIKE registry.keys)'
  WHERE step = 'keys';
UPDATE registry.building
  SET upon = array_remove(upon, 'keys') || '{keys of half 1,keys of half 2}'
  WHERE 'keys' = ANY (upon) AND step NOT LIKE 'keys of %';

-- What others wait for goes first.
UPDATE registry.building SET place = 100 + array_position('{companies,facts of other countries,
  index facts,tiers,keys,keys of half 1,keys of half 2,index numbers,index ids,index parents,words,
  index tiers,index keys,firsts,slips,index slips,index key ids,index places,index words,
  index firsts,count}', step);
