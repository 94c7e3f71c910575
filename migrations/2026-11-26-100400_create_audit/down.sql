DROP TABLE audit;
DROP FUNCTION require_api_key, refuse_audit_changes;
