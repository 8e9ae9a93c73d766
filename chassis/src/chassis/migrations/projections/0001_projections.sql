-- Which table a read model stands in, and how far in history it is. Built by `kundvakt migrate`
-- and `kundvakt rebuild`; readers use the view of the model's own name.
CREATE TABLE projections (
  name       text PRIMARY KEY,
  version    int NOT NULL,
  table_name text NOT NULL,
  position   bigint NOT NULL,
  built_at   timestamptz NOT NULL DEFAULT now()
);
SELECT app.grant_to_service('projections', 'SELECT, UPDATE'),
       app.grant_to_reader('projections', 'SELECT');
