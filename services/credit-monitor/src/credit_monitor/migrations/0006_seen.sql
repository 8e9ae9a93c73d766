-- How the bureau rated a company when we last looked and could not say why: what is still so after
-- a reading of notifications is believed, what has changed again may yet be told.
ALTER TABLE work ADD COLUMN seen jsonb;
