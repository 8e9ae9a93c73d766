-- What the register and the registry say about each company, as far as its credit is concerned.
-- A sole trader's number is not kept: `personal` says that it is one.
CREATE TABLE subjects (
  tenant_id        text NOT NULL,
  company_id       uuid NOT NULL,
  created          boolean NOT NULL DEFAULT false,
  workplace        boolean NOT NULL DEFAULT false,
  archived         boolean NOT NULL DEFAULT false,
  personal         boolean NOT NULL DEFAULT false,
  country          text NOT NULL DEFAULT '',
  number           text,
  relations        text[] NOT NULL DEFAULT '{}',
  form_by_hand     text,
  form_by_registry text,
  registry_key     text,
  -- How far we are with the bureau: what was last asked about, when, under which reference, and
  -- up to which moment of the bureau's clock (which has no zone) its changes are recorded.
  rated_key        text,
  rated_at         timestamptz,
  reference        text,
  as_of            timestamp,
  PRIMARY KEY (tenant_id, company_id)
);

-- Who is, or may be, in our portfolios: written before the bureau is asked, so that nobody is
-- ever left there unknown to us.
CREATE TABLE listings (
  tenant_id  text NOT NULL,
  company_id uuid NOT NULL,
  portfolio  text NOT NULL,
  reference  text NOT NULL,
  state      text NOT NULL CHECK (state IN ('maybe', 'yes')),
  PRIMARY KEY (tenant_id, company_id)
);
CREATE INDEX listings_references ON listings (tenant_id, reference);

-- Each tenant's portfolio at the bureau.
CREATE TABLE portfolios (
  tenant_id  text NOT NULL,
  bureau     text NOT NULL,
  portfolio  text NOT NULL,
  PRIMARY KEY (tenant_id, bureau)
);
CREATE INDEX portfolios_by_number ON portfolios (bureau, portfolio);

-- Companies that something is to be done about. What, is decided when it is done. `generation`
-- counts how often that was said, `fence` who may do it: a worker whose lease ran out writes
-- nothing. `after_poll` waits for a reading of notifications begun after that moment; then a
-- look is due. `report` is what was paid for and not yet made use of.
CREATE TABLE work (
  tenant_id    text NOT NULL,
  company_id   uuid NOT NULL,
  id           uuid NOT NULL DEFAULT gen_random_uuid(),
  generation   int NOT NULL DEFAULT 1,
  due_at       timestamptz NOT NULL DEFAULT now(),
  after_poll   timestamptz,
  look         boolean NOT NULL DEFAULT false,
  unexplained  boolean NOT NULL DEFAULT false,
  fence        bigint NOT NULL DEFAULT 0,
  leased_until timestamptz,
  attempts     int NOT NULL DEFAULT 0,
  ordered      int NOT NULL DEFAULT 0,
  report       jsonb,
  correlation  uuid NOT NULL,
  causation    uuid,
  PRIMARY KEY (tenant_id, company_id)
);
CREATE INDEX work_due ON work (due_at);
CREATE INDEX work_waiting ON work (after_poll) WHERE after_poll IS NOT NULL;

-- What the bureau told, each once. Settled ones stay for a while, to be known again.
CREATE TABLE notices (
  tenant_id   text NOT NULL,
  bureau      text NOT NULL,
  notice_id   bigint NOT NULL,
  company_id  uuid NOT NULL,
  country     text NOT NULL,
  fact        text NOT NULL,
  old_value   text NOT NULL,
  new_value   text NOT NULL,
  at          timestamp NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  settled     boolean NOT NULL DEFAULT false,
  PRIMARY KEY (tenant_id, bureau, notice_id)
);
CREATE INDEX notices_open ON notices (tenant_id, company_id) WHERE NOT settled;
CREATE INDEX notices_old ON notices (received_at);

-- Our account at each bureau: how far its notifications are read, who reads them, and whether
-- the login was refused. `cursor` is a moment of the bureau's clock.
CREATE TABLE accounts (
  bureau           text PRIMARY KEY,
  cursor           timestamp,
  polled_at        timestamptz,
  deep_at          timestamptz,
  next_poll_at     timestamptz NOT NULL DEFAULT now(),
  failures         int NOT NULL DEFAULT 0,
  fence            bigint NOT NULL DEFAULT 0,
  leased_until     timestamptz,
  login_refused_at timestamptz,
  login_refused_as text
);
INSERT INTO accounts (bureau) VALUES ('creditsafe');

SELECT app.protect('subjects'),
       app.open_to_service('listings'), app.open_to_service('portfolios'),
       app.open_to_service('work'), app.open_to_service('notices');
SELECT app.grant_to_service('subjects', 'SELECT, INSERT, UPDATE'),
       app.grant_to_service('listings', 'SELECT, INSERT, UPDATE, DELETE'),
       app.grant_to_service('portfolios', 'SELECT, INSERT, DELETE'),
       app.grant_to_service('work', 'SELECT, INSERT, UPDATE, DELETE'),
       app.grant_to_service('notices', 'SELECT, INSERT, UPDATE, DELETE'),
       app.grant_to_service('accounts', 'SELECT, UPDATE');
