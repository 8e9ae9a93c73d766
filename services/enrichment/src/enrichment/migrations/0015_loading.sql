-- How far a load is, while it is under way: whoever finds nothing because there is nothing yet is
-- told so. What was put down long ago is of a load that was killed.
CREATE TABLE registry.loading (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  doing text NOT NULL, percent int NOT NULL, at timestamptz NOT NULL DEFAULT now()
);
SELECT app.grant_to_service('registry.loading', 'SELECT, INSERT, UPDATE, DELETE');
