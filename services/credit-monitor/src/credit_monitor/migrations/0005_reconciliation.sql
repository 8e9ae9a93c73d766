-- When each tenant's portfolio was last held against what we have, who does it now, and where the
-- two differed. `slot` is the last night that was done, `asked_at` an operator's wish.
CREATE TABLE reconciliations (
  tenant_id    text NOT NULL,
  bureau       text NOT NULL,
  slot         date NOT NULL,
  asked_at     timestamptz,
  done_at      timestamptz,
  next_at      timestamptz NOT NULL DEFAULT now(),
  failures     int NOT NULL DEFAULT 0,
  trouble      text,
  fence        bigint NOT NULL DEFAULT 0,
  leased_until timestamptz,
  members      int,
  missing      int,
  leftover     int,
  strangers    int,
  moved        int,
  undecided    int,
  PRIMARY KEY (tenant_id, bureau)
);

SELECT app.open_to_service('reconciliations');
SELECT app.grant_to_service('reconciliations', 'SELECT, INSERT, UPDATE');
