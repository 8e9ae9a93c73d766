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

-- What registries answered of numbers that are in no copy of ours; `sub_units` are numbers and facts.
CREATE TABLE answers (
  country   text NOT NULL,
  number    text COLLATE "C" NOT NULL,
  source    text NOT NULL,
  facts     text NOT NULL,
  active    boolean NOT NULL,
  sub_units text NOT NULL DEFAULT '[]',
  as_of     timestamptz NOT NULL,
  PRIMARY KEY (country, number)
);

-- Numbers of companies in a CRM that a source is to be asked about: those that our copy lacks, and
-- now and then those of registries that tell no changes.
CREATE TABLE questions (
  country  text NOT NULL,
  number   text COLLATE "C" NOT NULL,
  due_at   timestamptz NOT NULL DEFAULT now(),
  attempts int NOT NULL DEFAULT 0,
  PRIMARY KEY (country, number)
);
CREATE INDEX questions_due ON questions (due_at);
SELECT app.grant_to_service('answers', 'SELECT, INSERT, UPDATE, DELETE'),
       app.grant_to_service('questions', 'SELECT, INSERT, UPDATE, DELETE');
