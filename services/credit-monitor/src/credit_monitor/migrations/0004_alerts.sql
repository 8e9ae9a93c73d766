-- Who may be told, and how they want to hear. Name and address stay sealed, as events have them.
CREATE TABLE alert_people (
  tenant_id   text NOT NULL,
  user_id     uuid NOT NULL,
  role        text NOT NULL DEFAULT '',
  active      boolean NOT NULL DEFAULT false,
  name        jsonb,
  email       jsonb,
  mail        text NOT NULL DEFAULT 'AT_ONCE' CHECK (mail IN ('AT_ONCE', 'DIGEST', 'NONE')),
  digest_hour int NOT NULL DEFAULT 7 CHECK (digest_hour BETWEEN 0 AND 23),
  language    text NOT NULL DEFAULT 'sv',
  PRIMARY KEY (tenant_id, user_id)
);

-- What each tenant has decided about alerts; no row, nothing decided yet.
CREATE TABLE alert_settings (
  tenant_id            text PRIMARY KEY,
  escalate_after_hours int NOT NULL,
  escalate_to          uuid[] NOT NULL
);

-- Whom each company concerns, and which troubles its registry has told; `number` is the one these
-- are about, `troubles` null until the registry has spoken.
CREATE TABLE alert_companies (
  tenant_id  text NOT NULL,
  company_id uuid NOT NULL,
  name       text NOT NULL DEFAULT '',
  archived   boolean NOT NULL DEFAULT false,
  owners     uuid[] NOT NULL DEFAULT '{}',
  number     text,
  troubles   text[],
  PRIMARY KEY (tenant_id, company_id)
);

-- A bureau's model that moves many companies: one alert for all that one version of it moves. It
-- settles when nothing more was heard for a while.
CREATE TABLE alert_nights (
  tenant_id   text NOT NULL,
  alert_id    uuid NOT NULL,
  bureau      text NOT NULL,
  model       text,
  begun_at    timestamptz NOT NULL,
  opened_at   timestamptz NOT NULL,
  settles_at  timestamptz NOT NULL,
  told        int NOT NULL DEFAULT 0,
  correlation uuid NOT NULL,
  causation   uuid NOT NULL,
  PRIMARY KEY (tenant_id, alert_id)
);
CREATE INDEX alert_nights_due ON alert_nights (settles_at);
CREATE TABLE alert_moves (
  tenant_id  text NOT NULL,
  alert_id   uuid NOT NULL,
  company_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, alert_id, company_id)
);

-- Alerts that nobody has acknowledged; when nobody does, they are escalated, once.
CREATE TABLE alerts_open (
  tenant_id   text NOT NULL,
  alert_id    uuid NOT NULL,
  raised_at   timestamptz NOT NULL,
  escalate_at timestamptz NOT NULL,
  correlation uuid NOT NULL,
  causation   uuid NOT NULL,
  PRIMARY KEY (tenant_id, alert_id)
);
CREATE INDEX alerts_open_due ON alerts_open (escalate_at);

-- Mails: queued, sending from just before their text is given to the mail server, then sent, or
-- dropped with the reason. `fence` counts who may write, `doubts` how often the text was begun and
-- never answered for. The id makes the Message-ID.
CREATE TABLE mails (
  tenant_id    text NOT NULL,
  mail_id      uuid NOT NULL,
  user_id      uuid NOT NULL,
  digest       boolean NOT NULL,
  state        text NOT NULL DEFAULT 'queued'
               CHECK (state IN ('queued', 'sending', 'sent', 'dropped')),
  due_at       timestamptz NOT NULL,
  queued_at    timestamptz NOT NULL DEFAULT now(),
  ended_at     timestamptz,
  attempts     int NOT NULL DEFAULT 0,
  doubts       int NOT NULL DEFAULT 0,
  fence        bigint NOT NULL DEFAULT 0,
  leased_until timestamptz,
  reason       text,
  PRIMARY KEY (tenant_id, mail_id)
);
CREATE INDEX mails_due ON mails (due_at) WHERE state IN ('queued', 'sending');
CREATE INDEX mails_ended ON mails (ended_at) WHERE ended_at IS NOT NULL;

-- What each mail tells: an alert, and whether because nobody acknowledged it. Once a person and
-- reason, whatever is heard again.
CREATE TABLE mail_items (
  tenant_id text NOT NULL,
  user_id   uuid NOT NULL,
  alert_id  uuid NOT NULL,
  escalated boolean NOT NULL,
  mail_id   uuid NOT NULL,
  said      jsonb NOT NULL,
  told_at   timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, user_id, alert_id, escalated)
);
CREATE INDEX mail_items_of ON mail_items (tenant_id, mail_id);

-- What alerts say, for those who are told of them later.
CREATE TABLE mail_alerts (
  tenant_id text NOT NULL,
  alert_id  uuid NOT NULL,
  said      jsonb NOT NULL,
  PRIMARY KEY (tenant_id, alert_id)
);

SELECT app.protect('alert_people'), app.protect('alert_settings'), app.protect('alert_companies'),
       app.open_to_service('alert_nights'), app.protect('alert_moves'),
       app.open_to_service('alerts_open'), app.open_to_service('mails'),
       app.open_to_service('mail_items'), app.protect('mail_alerts');
SELECT app.grant_to_service('alert_people', 'SELECT, INSERT, UPDATE, DELETE'),
       app.grant_to_service('alert_settings', 'SELECT, INSERT, UPDATE'),
       app.grant_to_service('alert_companies', 'SELECT, INSERT, UPDATE'),
       app.grant_to_service('alert_nights', 'SELECT, INSERT, UPDATE'),
       app.grant_to_service('alert_moves', 'SELECT, INSERT, DELETE'),
       app.grant_to_service('alerts_open', 'SELECT, INSERT, UPDATE, DELETE'),
       app.grant_to_service('mails', 'SELECT, INSERT, UPDATE, DELETE'),
       app.grant_to_service('mail_items', 'SELECT, INSERT, DELETE'),
       app.grant_to_service('mail_alerts', 'SELECT, INSERT, UPDATE');
