-- What each tenant decided: whom to rate and watch, and what it may cost.
CREATE TABLE credit_policies (
  tenant_id text PRIMARY KEY,
  policy    jsonb NOT NULL
);

-- Every report, noted before the bureau is asked. `question` is what it is known by until it is
-- answered; `cost` counts from when it is set aside, and is nothing for what was not charged.
-- `month` is one of the tenant's own clock.
CREATE TABLE paid_calls (
  tenant_id   text NOT NULL,
  call_id     uuid NOT NULL,
  bureau      text NOT NULL,
  company_id  uuid NOT NULL,
  kind        text NOT NULL,
  purpose     text NOT NULL,
  question    text NOT NULL,
  asked_by    text NOT NULL,
  copied      boolean NOT NULL,
  month       text NOT NULL,
  reserved_at timestamptz NOT NULL,
  asked_at    timestamptz,
  answered_at timestamptz,
  attempts    int NOT NULL DEFAULT 0,
  cost        numeric NOT NULL,
  currency    text,
  outcome     text NOT NULL CHECK (outcome IN ('RESERVED', 'ASKED', 'ANSWERED', 'RELEASED')),
  PRIMARY KEY (tenant_id, call_id)
);
CREATE INDEX paid_calls_by_month ON paid_calls (tenant_id, month);
CREATE INDEX paid_calls_by_company ON paid_calls (tenant_id, company_id, reserved_at DESC);
CREATE INDEX paid_calls_of_persons ON paid_calls (reserved_at) WHERE copied;

-- What bureaus said of persons, sealed under the company's own key, for who asked alone.
CREATE TABLE private_reports (
  tenant_id  text NOT NULL,
  check_id   uuid NOT NULL,
  company_id uuid NOT NULL,
  asked_by   text NOT NULL,
  report     jsonb NOT NULL,
  kept_at    timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, check_id)
);
CREATE INDEX private_reports_of_company ON private_reports (tenant_id, company_id, kept_at DESC);
CREATE INDEX private_reports_expire ON private_reports (expires_at);

SELECT app.open_to_service('credit_policies'), app.open_to_service('paid_calls'),
       app.open_to_service('private_reports');
SELECT app.grant_to_service('credit_policies', 'SELECT, INSERT, UPDATE'),
       app.grant_to_service('paid_calls', 'SELECT, INSERT, UPDATE, DELETE'),
       app.grant_to_service('private_reports', 'SELECT, INSERT, DELETE');

-- How often a report was ordered stands with what it costs.
ALTER TABLE work DROP COLUMN ordered;
