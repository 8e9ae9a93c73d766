-- What tenants reported of ratings by bureaus without an interface: the latest of each company.
CREATE TABLE reported_ratings (
  tenant_id    text NOT NULL,
  country      text NOT NULL,
  number       text NOT NULL,
  scale        text NOT NULL,
  grade        text,
  score        text,
  credit_limit numeric,
  currency     text,
  rated_on     date NOT NULL,
  -- By a clock of its own, without a zone: when the rating was last reported to be another.
  changed_at   timestamp NOT NULL,
  PRIMARY KEY (tenant_id, country, number)
);
SELECT app.protect('reported_ratings');
SELECT app.grant_to_service('reported_ratings', 'SELECT, INSERT, UPDATE');
