-- Companies that were there before `crm_companies` are not in it, so that nobody would tell them
-- what changes. What happened to companies is taken in once more where there may be such; what was
-- done of it before is not done again.
SELECT app.as_service();
UPDATE checkpoints SET position = 0
WHERE consumer = 'enrichment' AND source = 'companies' AND EXISTS (
  SELECT FROM (
    SELECT DISTINCT ON (tenant_id, stream_id) tenant_id, stream_id, data->>'reason' AS reason
    FROM events
    WHERE category = 'registry-facts'
      AND type IN ('company-enriched.v1', 'company-not-in-registry.v1')
    ORDER BY tenant_id, stream_id, version DESC) told
  WHERE coalesce(told.reason, 'none') IN ('none', 'unknown-number', 'no-registry') AND NOT EXISTS (
    SELECT FROM crm_companies c WHERE (c.tenant_id, c.company_id) = (told.tenant_id, told.stream_id)));
