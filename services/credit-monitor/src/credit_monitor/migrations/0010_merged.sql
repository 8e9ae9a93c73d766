-- A company that became part of another is put away, and says so.
ALTER TABLE subjects ADD COLUMN merged boolean NOT NULL DEFAULT false;
