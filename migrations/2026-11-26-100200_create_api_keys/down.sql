DROP TABLE api_keys;
DROP FUNCTION require_permanent_admin_key, guard_api_key_changes;
