-- Which companies of tenants go with which number, so that they are told what changes. A sole
-- trader's number is not kept.
CREATE TABLE crm_companies (
  tenant_id  text NOT NULL,
  company_id uuid NOT NULL,
  country    text NOT NULL,
  number     text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant_id, company_id)
);
CREATE INDEX crm_companies_numbers ON crm_companies (country, number);
SELECT app.open_to_service('crm_companies'),
       app.grant_to_service('crm_companies', 'SELECT, INSERT, UPDATE, DELETE');

-- Of those that were there before this table, all whose facts were told.
INSERT INTO crm_companies
SELECT DISTINCT ON (tenant_id, stream_id) tenant_id, stream_id, data->>'country', data->>'number'
FROM events WHERE category = 'registry-facts' AND type = 'company-enriched.v1'
ORDER BY tenant_id, stream_id, version DESC;

-- How far each feed of each source is read: the last entry, or the moment to begin at. `edition`
-- is the load that our copy is of; another one is brought up to date from its own day on.
-- `read_at` is when the feed's end was reached last, `asked_at` when somebody wished it to be.
CREATE TABLE feed_positions (
  source   text NOT NULL,
  feed     text NOT NULL,
  country  text NOT NULL,
  at       timestamptz NOT NULL,
  id       bigint,
  edition  text NOT NULL,
  entries  bigint NOT NULL DEFAULT 0,
  "left"   bigint,
  read_at  timestamptz,
  asked_at timestamptz,
  trouble  text,
  PRIMARY KEY (source, feed)
);
SELECT app.grant_to_service('feed_positions', 'SELECT, INSERT, UPDATE');

-- One company or sub-unit of our copy as it is now, in place of what was loaded.
CREATE FUNCTION registry.take_in(
  of_country text, of_number text, of_parent text, told jsonb
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  n int := (SELECT id FROM registry.table_sets WHERE live);
  own int;
  active boolean := registry.is_active(told);
BEGIN
  IF of_parent IS NOT NULL THEN
    EXECUTE format(
      'INSERT INTO registry.units_%s VALUES ($1, $2, $3, $4->>''name'', $5, $4 - ''{key,city}''::text[])
       ON CONFLICT (country, number) DO UPDATE SET (parent, name, active, facts)
         = (excluded.parent, excluded.name, excluded.active, excluded.facts)', n)
      USING of_country, of_number, of_parent, told, active;
    RETURN;
  END IF;
  EXECUTE format('SELECT id FROM registry.entries_%s WHERE country = $1 AND number = $2', n)
    INTO own USING of_country, of_number;
  PERFORM pg_advisory_xact_lock(7010);  -- ids are given one after the other
  IF own IS NULL THEN
    EXECUTE format('SELECT coalesce(max(id), 0) + 1 FROM registry.entries_%s', n) INTO own;
  END IF;
  EXECUTE format('DELETE FROM registry.keys_%s WHERE country = $1 AND id = $2', n)
    USING of_country, own;
  EXECUTE format(
    'INSERT INTO registry.entries_%s VALUES ($1, $2, $3, $4->>''name'', $4->>''key'', $4->>''city'',
       $4->''legal_form''->>''code'', $5, registry.score($4, $5), $4 - ''{key,city}''::text[])
     ON CONFLICT (id) DO UPDATE SET (name, key, city, legal_form, active, score, facts)
       = (excluded.name, excluded.key, excluded.city, excluded.legal_form, excluded.active,
          excluded.score, excluded.facts)', n)
    USING own, of_country, of_number, told, active;
  EXECUTE format(
    'INSERT INTO registry.keys_%s
     SELECT CASE WHEN $5 THEN CASE p WHEN 1 THEN 6 ELSE 13 END
                 ELSE CASE p WHEN 1 THEN 14 ELSE 15 END END,
       array_to_string(words[p:] || words[:p - 1], '' ''), registry.score($4, $5), $2, $1
     FROM string_to_array($3, '' '') words, generate_series(1, least(cardinality(words), 8)) p', n)
    USING own, of_country, told->>'key', told, active;
END $$;

-- What a company or sub-unit of our copy was, once it was deleted from its register.
CREATE FUNCTION registry.end_entry(of_country text, of_number text, ended_on date)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  gone record;
  ended jsonb := jsonb_strip_nulls(jsonb_build_object('ceased', true, 'deregistered_on', ended_on));
BEGIN
  FOR gone IN
    SELECT parent, facts FROM registry.units WHERE country = of_country AND number = of_number
    UNION ALL
    SELECT NULL, facts || jsonb_strip_nulls(jsonb_build_object('key', key, 'city', city))
    FROM registry.entries WHERE country = of_country AND number = of_number
  LOOP
    PERFORM registry.take_in(of_country, of_number, gone.parent, gone.facts || ended);
  END LOOP;
END $$;

-- What was removed for legal reasons leaves no copy, nor do its sub-units.
CREATE FUNCTION registry.purge_entry(of_country text, of_number text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  n int := (SELECT id FROM registry.table_sets WHERE live);
BEGIN
  EXECUTE format(
    'DELETE FROM registry.keys_%1$s WHERE country = $1 AND id = (
       SELECT id FROM registry.entries_%1$s WHERE country = $1 AND number = $2)', n)
    USING of_country, of_number;
  EXECUTE format('DELETE FROM registry.entries_%s WHERE country = $1 AND number = $2', n)
    USING of_country, of_number;
  EXECUTE format('DELETE FROM registry.units_%s WHERE country = $1 AND $2 IN (number, parent)', n)
    USING of_country, of_number;
END $$;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA registry FROM PUBLIC;
DO $$ BEGIN
  EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA registry TO %I',
                 current_setting('app.service_role'));
END $$;
