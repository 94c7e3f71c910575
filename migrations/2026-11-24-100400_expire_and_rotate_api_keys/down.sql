DROP TRIGGER api_keys_keep_an_admin_on_delete ON api_keys;
DROP TRIGGER api_keys_keep_an_admin_on_update ON api_keys;
DROP FUNCTION api_keys_keep_an_admin();
DROP TRIGGER api_keys_stay_what_they_are ON api_keys;
DROP FUNCTION api_keys_stay_what_they_are();
-- What had an end and has come to it would be good again.
UPDATE api_keys SET revoked_at = expires_at WHERE revoked_at IS NULL AND expires_at <= now();
ALTER TABLE api_keys
    DROP COLUMN expires_at,
    DROP COLUMN created_by,
    DROP COLUMN rotated_from,
    DROP COLUMN updated_at,
    DROP COLUMN version;
DROP INDEX IF EXISTS api_keys_by_time;
