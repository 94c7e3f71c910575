DROP TABLE events, change_log;
DROP FUNCTION limit_transaction_duration, max_transaction_duration;
