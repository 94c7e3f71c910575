DROP TABLE api_keys;
DROP FUNCTION refuse_api_key_deletion, require_permanent_admin_key, guard_api_key_changes;
