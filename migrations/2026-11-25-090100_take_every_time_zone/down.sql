CREATE OR REPLACE FUNCTION is_time_zone(value text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    PERFORM 'epoch'::timestamptz AT TIME ZONE value;
    RETURN char_length(value) <= 64 AND value ~ '^(UTC|[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)+)$';
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN false;
END $$;
