-- `updated_at` rises with `version`: it is the clock when the row is written, not when the transaction began (which may have
-- waited for a lock since), and later than what stood there before, whatever the clock does.
CREATE FUNCTION advance_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := greatest(clock_timestamp(), OLD.updated_at + interval '1 microsecond');
    RETURN NEW;
END $$;

CREATE TRIGGER advance_updated_at BEFORE UPDATE ON categories
    FOR EACH ROW WHEN (NEW.version <> OLD.version) EXECUTE FUNCTION advance_updated_at();
CREATE TRIGGER advance_updated_at BEFORE UPDATE ON headlines
    FOR EACH ROW WHEN (NEW.version <> OLD.version) EXECUTE FUNCTION advance_updated_at();
CREATE TRIGGER advance_updated_at BEFORE UPDATE ON articles
    FOR EACH ROW WHEN (NEW.version <> OLD.version) EXECUTE FUNCTION advance_updated_at();
CREATE TRIGGER advance_updated_at BEFORE UPDATE ON authors
    FOR EACH ROW WHEN (NEW.version <> OLD.version) EXECUTE FUNCTION advance_updated_at();
CREATE TRIGGER advance_updated_at BEFORE UPDATE ON tags
    FOR EACH ROW WHEN (NEW.version <> OLD.version) EXECUTE FUNCTION advance_updated_at();
CREATE TRIGGER advance_updated_at BEFORE UPDATE ON site
    FOR EACH ROW WHEN (NEW.version <> OLD.version) EXECUTE FUNCTION advance_updated_at();
CREATE TRIGGER advance_updated_at BEFORE UPDATE ON api_keys
    FOR EACH ROW WHEN (NEW.version <> OLD.version) EXECUTE FUNCTION advance_updated_at();

-- A change can be read at most this long after its `updated_at`. Who follows changes by time asks again from that long before
-- the latest that they have seen, and misses nothing.
CREATE FUNCTION longest_write() RETURNS interval LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN interval '10 seconds';

-- A transaction that took longer is not committed. Loading in bulk, without a bound on its statements, is excepted.
CREATE FUNCTION commit_in_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF clock_timestamp() - transaction_timestamp() > longest_write() THEN
        RAISE serialization_failure USING MESSAGE = 'the transaction took too long to be committed';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER commit_in_time AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (current_setting('statement_timeout') <> '0') EXECUTE FUNCTION commit_in_time();
