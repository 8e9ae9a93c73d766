-- Work on as the service for the rest of a script's transaction. A table's owner defines it and
-- sees none of its rows, so a script that changes what is there as the owner changes nothing.
CREATE OR REPLACE FUNCTION app.as_service() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('SET LOCAL ROLE %I', current_setting('app.service_role'));
END $$;
