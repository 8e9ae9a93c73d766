-- An account is named after its bureau where it is the deployment's, which tenants share, and
-- `<bureau>/<tenant>` where it is a tenant's own.
ALTER TABLE accounts RENAME COLUMN bureau TO account;
-- Set while notifications are read: a reading that never ended may have consumed some.
ALTER TABLE accounts ADD COLUMN reading_since timestamptz;

-- Which bureau a tenant has chosen; without a row it is Creditsafe, at the deployment's account.
-- Until `spread` its companies are being told of it, those up to `spread_to` have been.
CREATE TABLE choices (
  tenant_id text PRIMARY KEY,
  bureau    text NOT NULL,
  account   text NOT NULL,
  chosen_at timestamptz NOT NULL DEFAULT now(),
  spread    boolean NOT NULL DEFAULT false,
  spread_to uuid
);
CREATE INDEX choices_spreading ON choices (tenant_id) WHERE NOT spread;
CREATE INDEX choices_accounts ON choices (account);

-- The account that a tenant's companies are dealt with at.
CREATE FUNCTION account_of(tenant text) RETURNS text LANGUAGE sql STABLE AS
  $$ SELECT coalesce((SELECT account FROM choices WHERE tenant_id = tenant), 'creditsafe') $$;

-- A tenant's own credentials at a bureau, sealed under a key of their own.
CREATE TABLE credentials (
  tenant_id text NOT NULL,
  bureau    text NOT NULL,
  sealed    bytea NOT NULL,
  set_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, bureau)
);

ALTER TABLE work ADD COLUMN account text NOT NULL DEFAULT 'creditsafe';
DROP INDEX work_due;
CREATE INDEX work_due ON work (account, due_at);
ALTER TABLE listings ADD COLUMN account text NOT NULL DEFAULT 'creditsafe';

-- A portfolio is opened by one process at a time: `fence` says by which, until when `opening`.
ALTER TABLE portfolios RENAME COLUMN bureau TO account;
ALTER TABLE portfolios ALTER COLUMN portfolio DROP NOT NULL,
  ADD COLUMN opening timestamptz, ADD COLUMN fence int NOT NULL DEFAULT 0;
ALTER TABLE notices RENAME COLUMN bureau TO account;

-- Whom a tenant no longer watches at a bureau that it has left, until the bureau knows it too.
CREATE TABLE leavings (
  tenant_id    text NOT NULL,
  account      text NOT NULL,
  portfolio    text NOT NULL,
  reference    text NOT NULL,
  company_id   uuid NOT NULL,
  due_at       timestamptz NOT NULL DEFAULT now(),
  attempts     int NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, account, portfolio, reference)
);
CREATE INDEX leavings_due ON leavings (account, due_at);

-- What a bureau answered, as it was, before anybody made sense of it: sealed, and for a while.
-- `read_at` is when it had been made sense of.
CREATE TABLE raw_answers (
  id          uuid PRIMARY KEY,
  tenant_id   text NOT NULL,
  account     text NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('report', 'notifications')),
  company_id  uuid,
  portfolio   text,
  received_at timestamptz NOT NULL DEFAULT now(),
  expires_at  timestamptz NOT NULL,
  read_at     timestamptz,
  sealed      bytea NOT NULL
);
CREATE INDEX raw_answers_unread ON raw_answers (account, received_at) WHERE read_at IS NULL;
CREATE INDEX raw_answers_expiring ON raw_answers (expires_at);
CREATE INDEX raw_answers_of_company ON raw_answers (tenant_id, company_id, received_at);

SELECT app.protect('credentials'),
       app.open_to_service('choices'), app.open_to_service('leavings'),
       app.open_to_service('raw_answers');
SELECT app.grant_to_service('credentials', 'SELECT, INSERT, UPDATE, DELETE'),
       app.grant_to_service('choices', 'SELECT, INSERT, UPDATE'),
       app.grant_to_service('leavings', 'SELECT, INSERT, UPDATE, DELETE'),
       app.grant_to_service('raw_answers', 'SELECT, INSERT, UPDATE, DELETE'),
       app.grant_to_service('accounts', 'INSERT'),
       app.grant_to_service('portfolios', 'UPDATE');
