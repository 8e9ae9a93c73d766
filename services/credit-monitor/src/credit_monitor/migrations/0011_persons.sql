-- A sole trader's number is kept nowhere here. `person` tells one sealed number from the next;
-- `erased` that the person is to be known no longer. A reference that begins with ~ is hidden.
ALTER TABLE subjects ADD COLUMN person text, ADD COLUMN erased boolean NOT NULL DEFAULT false;
CREATE INDEX listings_hidden ON listings (account) WHERE starts_with(reference, '~');
